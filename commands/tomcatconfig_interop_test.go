package commands_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gokeytool/internal/testtool"
)

// configReader opens a keystore as Spring Boot and Kafka do, with nothing but
// the properties in a file, and takes the key out.
const configReader = `
import java.io.*;
import java.net.URL;
import java.security.KeyStore;
import java.util.Properties;
class Config {
    public static void main(String[] args) throws Exception {
        var p = new Properties();
        try (var in = new FileInputStream(args[0])) { p.load(in); }
        boolean spring = p.containsKey("server.ssl.key-store");
        InputStream in = spring ? new URL(p.getProperty("server.ssl.key-store")).openStream()
            : new FileInputStream(p.getProperty("ssl.keystore.location"));
        var prefix = spring ? "server.ssl.key-store-" : "ssl.keystore.";
        var ks = KeyStore.getInstance(p.getProperty(prefix + "type"));
        ks.load(in, p.getProperty(prefix + "password").toCharArray());
        var alias = p.getProperty("server.ssl.key-alias", ks.aliases().nextElement());
        var pass = p.getProperty(spring ? "server.ssl.key-password" : "ssl.key.password", p.getProperty(prefix + "password"));
        System.out.println(ks.getKey(alias, pass.toCharArray()).getAlgorithm());
    }
}
`

// TestTomcatConfig has those servers, or the Java below them, take what the
// command prints.
func TestTomcatConfig(t *testing.T) {
	// Whatever means something to a server or to its configuration.
	dir := filepath.Join(t.TempDir(), "my \"keys\" & schlüssel 日 it's a\\t %41 %zz #x?y=1;a{b} $c $ ~<!--]]>\u202e\u200b=:!*[a]")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	runIn := func(t *testing.T, dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		return testtool.Stdout(t, cmd)
	}
	run := func(t *testing.T, name string, args ...string) string {
		t.Helper()
		return runIn(t, dir, name, args...)
	}
	gokeytool := plainProgram(t, "gokeytool")
	const alias = "Tom & \"Cat\" 'a' \\u0041\\ %41 $c {d} #;!=: \u202e\u200b日"
	for _, typ := range []string{"pkcs12", "jks", "jceks"} {
		run(t, gokeytool, "genkeypair", "-alias", alias, "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost",
			"-storetype", typ, "-keystore", "k."+typ, "-storepass", "changeit", "-keypass", "changeit")
	}
	run(t, gokeytool, "exportcert", "-rfc", "-alias", alias, "-file", "cert.pem", "-keystore", "k.jks", "-storepass", "changeit")

	for _, server := range []string{"spring-boot", "kafka"} {
		for _, typ := range []string{"pkcs12", "jks", "jceks"} {
			t.Run(server+" "+typ, func(t *testing.T) {
				java := testtool.Look(t, "java")
				properties := run(t, gokeytool, "tomcat-config", "k."+typ, "-server", server)
				for name, text := range map[string]string{"Config.java": configReader, "p": properties} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if out := run(t, java, "-XX:TieredStopAtLevel=1", "Config.java", "p"); out != "EC\n" {
					t.Errorf("%q\n%s", out, properties)
				}
			})
		}
	}
	t.Run("Tomcat", func(t *testing.T) {
		curl := testtool.Look(t, "curl")
		port := freePort(t)
		connector := run(t, gokeytool, "tomcat-config", "k.jks", "-tomcat", "10", "-port", port)
		xml := `<Server port="-1"><Service name="Catalina">` + connector +
			`<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>`
		tomcat := testtool.StartTomcat(t, filepath.Join(t.TempDir(), "tomcat"), []byte(xml))
		if !tomcat.Started {
			t.Fatalf("Tomcat has not started with %s: %s", connector, tomcat.Log())
		}
		run(t, gokeytool, "exportcert", "-rfc", "-alias", alias, "-file", "jks.pem", "-keystore", "k.jks", "-storepass", "changeit")
		if out := run(t, curl, "-sS", "-o", os.DevNull, "-w", "%{http_code}", "--noproxy", "*", "--cacert", "jks.pem", "https://localhost:"+port+"/"); out != "404" {
			t.Errorf("%s\n%s", out, tomcat.Log())
		}
	})
	t.Run("nginx", func(t *testing.T) {
		nginx, openssl, curl := testtool.Look(t, "nginx"), testtool.Look(t, "openssl"), testtool.Look(t, "curl")
		port := freePort(t)
		of := dir
		dir := strings.NewReplacer("$", "", "\u202e", "", "\u200b", "").Replace(dir) // what nginx has no way to write
		if err := os.CopyFS(dir, os.DirFS(of)); err != nil {
			t.Fatal(err)
		}
		run := func(t *testing.T, name string, args ...string) string {
			t.Helper()
			return runIn(t, dir, name, args...)
		}
		block := run(t, gokeytool, "tomcat-config", "k.pkcs12", "-server", "nginx", "-port", port)
		run(t, openssl, "pkcs12", "-in", "k.pkcs12", "-passin", "pass:changeit", "-nodes", "-nocerts", "-out", "k.key.pem")
		run(t, openssl, "pkcs12", "-in", "k.pkcs12", "-passin", "pass:changeit", "-nokeys", "-out", "k.fullchain.pem")
		conf := "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n" + block + "}\n"
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(nginx, "-p", dir, "-c", "nginx.conf", "-e", "stderr")
		var log screen
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			cmd.Process.Kill()
			cmd.Wait()
		}()
		var out []byte
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			client := exec.Command(curl, "-sS", "--noproxy", "*", "--cacert", "k.fullchain.pem", "https://localhost:"+port+"/nothing")
			client.Dir = dir
			if out, _ = client.CombinedOutput(); strings.Contains(string(out), "nginx") {
				return
			}
		}
		t.Errorf("%s\n%s\n%s", out, log.text(), conf)
	})
}

// TestNginxConfig has nginx read the names of files with each character that a
// configuration of it has a use for, in many orders.
func TestNginxConfig(t *testing.T) {
	nginx := testtool.Look(t, "nginx")
	top := t.TempDir()
	const marks = `"'\;{}#%&()*?[]~!^é日|<> =:,@+-.tnr`
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{`a\`, `\`, `"`, `'`, `a\n`, `data:x`, `engine:x:y`, ` `, `#`, `;`, `{`, `}`, `%20`, `~`}
	for range 10 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(string([]rune(marks)[random.IntN(utf8.RuneCountInString(marks))]))
		}
		if name := b.String(); name != "." && name != ".." {
			names = append(names, name)
		}
	}
	keystore := filepath.Join(top, "k.p12")
	if out, code := inProcess("gokeytool", "", nil, "genkeypair", "-alias", `a"b\;{$x}`, "-keyalg", "EC", "-dname", "CN=a", "-keystore", keystore, "-storepass", "changeit"); code != 0 {
		t.Fatal(out)
	}
	data, err := os.ReadFile(keystore)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		dir := filepath.Join(top, fmt.Sprint(i), name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		file := write(t, dir, "k"+name+".p12", data)
		block, code := inProcess("gokeytool", "", nil, "tomcat-config", file, "-server", "nginx")
		if code != 0 {
			t.Errorf("%q: %s", name, block)
			continue
		}
		// The two commands in the comments make the files that nginx then opens.
		for line := range strings.Lines(block) {
			if command, ok := strings.CutPrefix(line, "#   "); ok {
				if out, err := paste(t, dir, command, "", []string{"GOKEYTOOL_STOREPASS=changeit"}); err != nil {
					t.Fatalf("%q: %s: %v\n%s", name, command, err, out)
				}
			}
		}
		conf := write(t, top, "nginx.conf", []byte("pid nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+block+"}\n"))
		if out, err := exec.Command(nginx, "-t", "-p", top, "-c", conf, "-e", "stderr").CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s\n%s", name, err, out, block)
		}
	}
}
