package commands_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

const acmeDocument = "../docs/acme.md"

// documentBlocks are the fenced blocks of a section of a document, in their order,
// by language.
func documentBlocks(t testing.TB, document, section string) map[string][]string {
	t.Helper()
	_, text, found := strings.Cut(string(testtool.ReadFile(t, filepath.FromSlash(document))), "\n## "+section+"\n")
	if !found {
		t.Fatalf("%s has no section %q", document, section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := make(map[string][]string)
	for i, part := range strings.Split(text, "\n```") {
		if language, block, ok := strings.Cut(part, "\n"); ok && i%2 == 1 {
			blocks[language] = append(blocks[language], block+"\n")
		}
	}
	return blocks
}

// reloadingTomcat is a Tomcat with its manager, whose keystore is renewed in its
// place, and the ways of docs/acme.md to have it read that again.
type reloadingTomcat struct {
	*testtool.Tomcat
	httpPort, port string
	lines          []string // of the shell, with the ports of this Tomcat
}

// startReloadingTomcat starts a Tomcat with what is in base, conf/keystore.p12
// among it, and with further SSLHostConfigs. Release 9 is given the manager of 10,
// whose files are the same.
func startReloadingTomcat(t *testing.T, release testtool.TomcatRelease, base, hosts string) *reloadingTomcat {
	t.Helper()
	if _, err := os.Stat("/usr/share/tomcat10-admin/manager"); err != nil { // which the document names
		testtool.Missing(t, "Tomcat's manager (tomcat10-admin)")
	}
	blocks := documentBlocks(t, acmeDocument, "After a renewal: the server takes the new file")
	if len(blocks["xml"]) != 3 || len(blocks["conf"]) != 1 || len(blocks["java"]) != 1 || len(blocks["sh"]) != 3 {
		t.Fatalf("the section has other blocks: %q", blocks)
	}
	ports := freePorts(t, 2)
	tc := &reloadingTomcat{httpPort: strconv.Itoa(ports[0]), port: strconv.Itoa(ports[1])}
	listener := ""
	if release == testtool.Tomcat10 {
		listener = strings.Replace(blocks["xml"][0], `checkPeriod="3600"`, `checkPeriod="1"`, 1)
	}
	testtool.WriteFiles(t, base, map[string]string{
		"conf/server.xml": fmt.Sprintf(`<Server port="-1" periodicEventDelay="1">
%s
<GlobalNamingResources><Resource name="UserDatabase" auth="Container" type="org.apache.catalina.UserDatabase" factory="org.apache.catalina.users.MemoryUserDatabaseFactory" pathname="conf/tomcat-users.xml"/></GlobalNamingResources>
<Service name="Catalina">
<Connector port="%s" address="127.0.0.1"/>
<Connector port="%s" SSLEnabled="true" maxKeepAliveRequests="-1"><SSLHostConfig><Certificate certificateKeystoreFile="conf/keystore.p12" certificateKeystorePassword="changeit"/></SSLHostConfig>%s</Connector>
<Engine name="Catalina" defaultHost="localhost"><Realm className="org.apache.catalina.realm.UserDatabaseRealm" resourceName="UserDatabase"/><Host name="localhost" appBase="webapps"/></Engine>
</Service></Server>
`, listener, tc.httpPort, tc.port, hosts),
		"conf/tomcat-users.xml":               "<tomcat-users>" + blocks["xml"][1] + "</tomcat-users>\n",
		"conf/manager.curl":                   blocks["conf"][0],
		"conf/Catalina/localhost/manager.xml": blocks["xml"][2],
		"TomcatReload.java":                   blocks["java"][0],
	})
	tc.Tomcat = release.Start(t, base)
	if !tc.Started {
		t.Fatalf("Tomcat has not started:\n%s", tc.Log())
	}
	testtool.WriteFiles(t, base, map[string]string{"tomcat.pid": strconv.Itoa(tc.Process) + "\n"})
	for _, line := range blocks["sh"] {
		tc.lines = append(tc.lines, strings.NewReplacer("localhost:8080", "localhost:"+tc.httpPort, "port=8443", "port="+tc.port).Replace(line))
	}
	return tc
}

// Each way of docs/acme.md has a real Tomcat serve a keystore that was renewed in
// its place, and none of them does so with one that can't be read.
func TestTomcatTakesRenewedKeystore(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	testtool.Look(t, "curl")
	testtool.Look(t, "javac") // java has it compile the source
	for _, release := range testtool.TomcatReleases {
		t.Run(fmt.Sprint("Tomcat ", release), func(t *testing.T) {
			t.Parallel()
			release.Look(t)
			base := t.TempDir()
			program := plainProgram(t, "gokeytool")
			keystore := filepath.Join(base, "conf", "keystore.p12")
			if err := os.Mkdir(filepath.Dir(keystore), 0o755); err != nil {
				t.Fatal(err)
			}
			gokeytool := func(args ...string) {
				t.Helper()
				testtool.Run(t, program, append(args, "-alias", "tomcat", "-keystore", keystore, "-storepass", "changeit")...)
			}
			gokeytool("genkeypair", "-keyalg", "EC", "-dname", "CN=localhost", "-validity", "90")
			tc := startReloadingTomcat(t, release, base, "")
			served := servedCertificate(t, tc.port)
			inFile := func() []byte {
				t.Helper()
				gokeytool("export", "-rfc", "-file", filepath.Join(base, "now.pem"))
				return readPEM(t, filepath.Join(base, "now.pem"))
			}
			sh := func(line string) (string, error) {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
				cmd.Dir, cmd.Env = base, append(os.Environ(), "no_proxy=*")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			for _, line := range tc.lines {
				gokeytool("renew", "-newkey")
				if !bytes.Equal(servedCertificate(t, tc.port), served) {
					t.Fatal("Tomcat has read the keystore by itself")
				}
				if out, err := sh(line); err != nil {
					t.Fatalf("$ %s%v\n%s%s", line, err, out, tc.Log())
				}
				served = servedCertificate(t, tc.port)
				if !bytes.Equal(served, inFile()) {
					t.Errorf("$ %sTomcat serves the old certificate", line)
				}
			}
			// Where the new file can't be read, that is said, and the old
			// certificate stays.
			good := testtool.ReadFile(t, keystore)
			if err := os.WriteFile(keystore, good[:len(good)/2], 0o600); err != nil {
				t.Fatal(err)
			}
			for _, line := range tc.lines {
				if out, err := sh(line); err == nil {
					t.Errorf("$ %sno error with half a keystore:\n%s", line, out)
				}
			}
			if !bytes.Equal(servedCertificate(t, tc.port), served) {
				t.Error("half a keystore changes what Tomcat serves")
			}
			if err := os.WriteFile(keystore, good, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := sh(strings.Replace(tc.lines[0], "sslReload", "sslReload?tlsHostName=www.example.com", 1)); err == nil {
				t.Errorf("no error for an unknown host:\n%s", out)
			}
			if release != testtool.Tomcat10 {
				return // 9.0.70 does not have the listener
			}
			gokeytool("renew", "-newkey", "-validity", "20")
			if out, err := sh(tc.lines[0]); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			gokeytool("renew", "-newkey", "-validity", "90")
			renewed := inFile()
			testtool.WaitFor(t, func() bool { return bytes.Equal(servedCertificate(t, tc.port), renewed) })
		})
	}
}
