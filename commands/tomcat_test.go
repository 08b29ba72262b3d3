package commands_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// tomcatStore is a keystore that Tomcat is to serve.
type tomcatStore struct {
	name string
	// lines make the file k, in a directory where ca.p12, root.pem are.
	lines []string
	// certificate is what a client must trust; "" for that of the alias itself.
	certificate string
	alias       string // the key that is to be served; "" for the one our serve chooses
	attributes  string // of Tomcat's Certificate element
}

var tomcatStores = []tomcatStore{
	{
		name:  "PKCS12 self-signed RSA",
		lines: []string{"-genkey -alias tomcat -keyalg RSA -dname CN=localhost -ext san=dns:localhost -keystore k -storepass changeit"},
		alias: "tomcat", attributes: `certificateKeyAlias="tomcat"`,
	},
	{
		name:  "JKS self-signed EC",
		lines: []string{"-genkey -alias tomcat -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore k -storetype JKS -storepass changeit -keypass changeit"},
		alias: "tomcat", attributes: `certificateKeyAlias="tomcat"`,
	},
	{
		name: "PKCS12 signed by a CA",
		lines: []string{
			"-genkey -alias tomcat -keyalg EC -dname CN=localhost -keystore k -storepass changeit",
			"-certreq -alias tomcat -file csr -keystore k -storepass changeit",
			"-gencert -alias root -infile csr -outfile reply -ext san=dns:localhost -keystore ca.p12 -storepass changeit",
			"-import -noprompt -alias root -trustcacerts -file root.pem -keystore k -storepass changeit",
			"-import -alias tomcat -file reply -keystore k -storepass changeit",
		},
		certificate: "root.pem", alias: "tomcat",
	},
	{
		name: "JKS signed by an intermediate CA, key password of its own",
		lines: []string{
			"-genkey -alias tomcat -keyalg RSA -keysize 2048 -dname CN=localhost -keystore k -storetype JKS -storepass changeit -keypass secretkey",
			"-certreq -alias tomcat -file csr -keystore k -storepass changeit -keypass secretkey",
			"-gencert -rfc -alias sub -infile csr -outfile reply -ext san=dns:localhost -keystore ca.p12 -storepass changeit",
			"-import -noprompt -alias tomcat -file reply -keystore k -storepass changeit -keypass secretkey",
		},
		certificate: "root.pem", alias: "tomcat", attributes: `certificateKeyPassword="secretkey"`,
	},
	{
		name: "PKCS12, the second key by its alias",
		lines: []string{
			"-genkey -alias first -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore k -storepass changeit",
			"-genkey -alias Second -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore k -storepass changeit",
		},
		alias: "second", attributes: `certificateKeyAlias="SECOND"`,
	},
	{
		name:  "PKCS12 in the old algorithms",
		lines: []string{"-genkey -alias tomcat -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore k -storepass changeit -J-Dkeystore.pkcs12.legacy"},
		alias: "tomcat",
	},
	{name: "PKCS12, the first of several keys", lines: severalKeys("PKCS12")},
	{name: "JKS, the first of several keys", lines: severalKeys("JKS")},
}

func severalKeys(storetype string) (lines []string) {
	for _, alias := range []string{"zeta", "beta", "alpha", "gamma", "tomcat"} {
		lines = append(lines, "-genkey -alias "+alias+" -keyalg EC -dname CN=localhost -keystore k -storepass changeit -keypass changeit -storetype "+storetype)
	}
	return lines
}

// TestTomcat gives keystores made by our program to a real Tomcat, one
// connector for each, and fetches a page from it: with curl, which trusts what
// our program exported, and the certificate served must be the keystore's.
func TestTomcat(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	curl := testtool.Look(t, "curl")
	testtool.TomcatHome(t)
	base := t.TempDir()
	gokeytool := func(t *testing.T, dir, line string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(programs, "gokeytool"), strings.Fields(line)...)
		cmd.Dir = dir
		testtool.Output(t, cmd)
	}
	for _, line := range []string{
		"-genkeypair -alias root -keyalg EC -dname CN=Root -ext bc:c -keystore ca.p12 -storepass changeit",
		"-exportcert -rfc -alias root -file root.pem -keystore ca.p12 -storepass changeit",
		"-genkeypair -alias sub -keyalg EC -dname CN=Sub -signer root -ext bc=0 -keystore ca.p12 -storepass changeit",
	} {
		gokeytool(t, base, line)
	}
	var connectors strings.Builder
	for i, store := range tomcatStores {
		dir := storeDir(base, i)
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		for _, line := range store.lines {
			gokeytool(t, dir, line)
		}
		if store.alias != "" {
			gokeytool(t, dir, "-exportcert -rfc -alias "+store.alias+" -file served.pem -keystore k -storepass changeit")
		}
		fmt.Fprintf(&connectors, `
      <Connector address="127.0.0.1" port="0" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true" scheme="https" secure="true">
        <SSLHostConfig><Certificate certificateKeystoreFile="%s" certificateKeystorePassword="changeit" %s/></SSLHostConfig>
      </Connector>`, filepath.Join(dir, "k"), store.attributes)
	}
	ports := startTomcat(t, connectors.String(), len(tomcatStores))

	for i, store := range tomcatStores {
		t.Run(store.name, func(t *testing.T) {
			dir := storeDir(base, i)
			served := servedCertificate(t, ports[i])
			if store.alias == "" {
				if !bytes.Equal(served, ourChoice(t, dir)) {
					t.Error("serve and Tomcat choose different keys")
				}
				return
			}
			trusted := store.certificate
			if trusted == "" {
				trusted = "served.pem"
			}
			url := fmt.Sprintf("https://localhost:%s/", ports[i])
			cmd := exec.Command(curl, "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "30", "--cacert", trusted, url)
			cmd.Dir = dir
			page, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(page), "served by Tomcat") {
				t.Errorf("curl --cacert %s %s: %v\n%s", trusted, url, err, page)
			}
			if !bytes.Equal(served, readPEM(t, filepath.Join(dir, "served.pem"))) {
				t.Error("Tomcat serves another certificate than the keystore's")
			}
		})
	}
}

func storeDir(base string, i int) string {
	return fmt.Sprintf("%s-%d", base, i)
}

// startTomcat starts Tomcat with these connectors and a page, and returns their
// ports.
func startTomcat(t *testing.T, connectors string, n int) []string {
	t.Helper()
	base := t.TempDir()
	root := filepath.Join(base, "webapps", "ROOT")
	if err := os.MkdirAll(filepath.Join(root, "WEB-INF"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"index.html": "served by Tomcat\n",
		"WEB-INF/web.xml": `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
      <servlet><servlet-name>default</servlet-name><servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>
      <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
      <welcome-file-list><welcome-file>index.html</welcome-file></welcome-file-list>
    </web-app>`,
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tomcat := testtool.StartTomcat(t, base, []byte(`<Server port="-1"><Service name="Catalina">`+connectors+`
      <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
    </Service></Server>`))

	// Tomcat logs the connectors when it starts them, in order:
	// Starting ProtocolHandler ["https-jsse-nio-127.0.0.1-auto-1-35791"]
	started := regexp.MustCompile(`Starting ProtocolHandler \["https-\S+-auto-\d+-(\d+)"\]`)
	found := started.FindAllStringSubmatch(tomcat.Log(), -1)
	if !tomcat.Started || len(found) != n {
		t.Fatalf("Tomcat did not start all connectors:\n%s", tomcat.Log())
	}
	ports := make([]string, n)
	for i, match := range found {
		ports[i] = match[1]
	}
	return ports
}

// ourChoice is the certificate that serve shows when it is given no alias.
func ourChoice(t *testing.T, dir string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"),
		"serve", "-keystore", "k", "-storepass", "changeit", "-port", "0", "-portfile", "port")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if port, err := os.ReadFile(filepath.Join(dir, "port")); err == nil && len(port) > 0 {
			return servedCertificate(t, strings.TrimSpace(string(port)))
		}
	}
	t.Fatal("serve did not start")
	return nil
}

// servedCertificate is the certificate that a server shows.
func servedCertificate(t *testing.T, port string) []byte {
	t.Helper()
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Raw
}

func readPEM(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s: no PEM", path)
	}
	return block.Bytes
}
