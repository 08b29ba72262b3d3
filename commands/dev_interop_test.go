package commands_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// devClient reads a page as Java programs do: it knows no more than its trust
// store, and that the host's name has to be in the certificate.
const devClient = `
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;
class Client {
    public static void main(String[] args) throws Exception {
        var connection = (HttpsURLConnection) new URL(args[0]).openConnection();
        System.out.println(connection.getResponseCode() + " " + connection.getServerCertificates().length);
    }
}
`

// TestDevAccepted has everybody accept the files of dev: curl, Java, OpenSSL on
// both sides with the client's certificate, and a browser.
func TestDevAccepted(t *testing.T) {
	dir := t.TempDir()
	run := func(t *testing.T, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"), "HOME="+dir)
		return testtool.Output(t, cmd)
	}
	gokeytool := filepath.Join(programs, "gokeytool")
	shown := run(t, gokeytool, "dev", "-client", "alice")
	port := startServe(t, dir, "-keystore", "dev/keystore.p12", "-address", "127.0.0.1")
	url := fmt.Sprintf("https://localhost:%s/", port)

	t.Run("curl", func(t *testing.T) {
		curl := testtool.Look(t, "curl")
		for _, host := range []string{"localhost", "127.0.0.1"} {
			out := run(t, curl, "-sS", "--noproxy", "*", "--cacert", "dev/ca.pem", "https://"+host+":"+port+"/healthz")
			if out != "ok\n" && out != "ok" {
				t.Errorf("%s: %q", host, out)
			}
		}
	})
	t.Run("Java", func(t *testing.T) {
		java := testtool.Look(t, "java")
		if err := os.WriteFile(filepath.Join(dir, "Client.java"), []byte(devClient), 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, java, "-XX:TieredStopAtLevel=1", "-Djavax.net.ssl.trustStore=dev/truststore.p12", "-Djavax.net.ssl.trustStorePassword=changeit", "Client.java", url)
		if !strings.Contains(out, "200 2") {
			t.Errorf("%s", out)
		}
	})
	t.Run("browser", func(t *testing.T) {
		chromium, certutil := testtool.Look(t, "chromium"), testtool.Look(t, "certutil")
		db := filepath.Join(dir, ".pki", "nssdb")
		if err := os.MkdirAll(db, 0o700); err != nil {
			t.Fatal(err)
		}
		browse := func() string {
			return run(t, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
				"--user-data-dir="+t.TempDir(), "--dump-dom", url+"healthz")
		}
		run(t, certutil, "-N", "-d", "sql:"+db, "--empty-password")
		if page := browse(); strings.Contains(page, ">ok") {
			t.Errorf("the page is shown though the CA is not trusted: %s", page)
		}
		run(t, certutil, "-A", "-d", "sql:"+db, "-n", "dev", "-t", "C,,", "-a", "-i", "dev/ca.pem")
		if page := browse(); !strings.Contains(page, "ok") || strings.Contains(page, "ERR_CERT") {
			t.Errorf("%s", page)
		}
	})
	t.Run("OpenSSL, with the client's certificate", func(t *testing.T) {
		openssl := testtool.Look(t, "openssl")
		run(t, openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "dev/ca.pem", "-verify_hostname", "localhost", "dev/cert.pem")
		run(t, openssl, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "dev/ca.pem", "dev/client-alice.pem")
		run(t, openssl, "pkcs12", "-in", "dev/client-alice.p12", "-passin", "pass:changeit", "-nodes", "-out", "both.pem")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		listener.Close()
		server := exec.Command(openssl, "s_server", "-accept", address, "-cert", "dev/cert.pem", "-key", "dev/key.pem",
			"-CAfile", "dev/ca.pem", "-Verify", "1", "-verify_return_error", "-www")
		server.Dir = dir
		var log screen
		server.Stdout, server.Stderr = &log, &log
		stdin, err := server.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			stdin.Close()
			server.Process.Kill()
			server.Wait()
		}()
		for deadline := time.Now().Add(time.Minute); !strings.Contains(log.text(), "ACCEPT"); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("s_server: %s", log.text())
			}
		}
		ask := func(args ...string) string {
			cmd := exec.Command(openssl, append([]string{"s_client", "-connect", address, "-CAfile", "dev/ca.pem", "-verify_return_error",
				"-verify_hostname", "localhost", "-quiet", "-no_ign_eof"}, args...)...)
			cmd.Dir = dir
			cmd.Stdin = io.MultiReader(strings.NewReader("GET / HTTP/1.0\r\n\r\n"), &slowEnd{})
			out, _ := cmd.CombinedOutput() // what was answered says enough
			return string(out)
		}
		if out := ask("-cert", "dev/client-alice.pem", "-key", "dev/client-alice-key.pem"); !strings.Contains(out, "CN = alice") && !strings.Contains(out, "CN=alice") {
			t.Errorf("alice is not let in: %s\n%s", out, log.text())
		}
		if out := ask("-cert", "both.pem", "-key", "both.pem"); !strings.Contains(out, "alice") {
			t.Errorf("alice's keystore is not let in: %s", out)
		}
		if out := ask(); strings.Contains(out, "HTTP/1.0 200") {
			t.Errorf("nobody is let in: %s", out)
		}
	})
	t.Run("Tomcat, with the connector that was shown", func(t *testing.T) {
		connector := regexp.MustCompile(`(?s)  <Connector.*</Connector>\n`).FindString(shown)
		if connector == "" {
			t.Fatalf("no connector in %s", shown)
		}
		curl := testtool.Look(t, "curl")
		tomcatPort := freePort(t)
		xml := `<Server port="-1"><Service name="Catalina">` + strings.Replace(connector, `port="8443"`, `address="127.0.0.1" port="`+tomcatPort+`"`, 1) +
			`<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>`
		tomcat := testtool.StartTomcat(t, filepath.Join(dir, "tomcat"), []byte(xml))
		if !tomcat.Started {
			t.Fatalf("Tomcat has not started: %s", tomcat.Log())
		}
		address := "https://localhost:" + tomcatPort + "/"
		out := run(t, curl, "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "--cacert", "dev/ca.pem",
			"--cert", "dev/client-alice.pem", "--key", "dev/client-alice-key.pem", address)
		if out != "404" { // there is no application, but an answer
			t.Errorf("alice: %s\n%s", out, tomcat.Log())
		}
		cmd := exec.Command(curl, "-sS", "--noproxy", "*", "--cacert", filepath.Join(dir, "dev/ca.pem"), address)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("somebody without a certificate is let in: %s", out)
		}
	})
}

// slowEnd ends an input after a while, for programs that end with their input
// rather than wait for the answer.
type slowEnd struct{}

func (*slowEnd) Read([]byte) (int, error) {
	time.Sleep(2 * time.Second)
	return 0, io.EOF
}

// freePort is a TCP port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// startServe serves a keystore in dir until the test ends, and returns the
// port.
func startServe(t *testing.T, dir string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "port")
	cmd := exec.Command(filepath.Join(programs, "gokeytool"), append([]string{"serve", "-port", "0", "-portfile", file}, args...)...)
	cmd.Dir = dir
	var log screen
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if port, err := os.ReadFile(file); err == nil && len(port) > 0 {
			return string(bytes.TrimSpace(port))
		}
	}
	t.Fatalf("serve: %s", log.text())
	return ""
}
