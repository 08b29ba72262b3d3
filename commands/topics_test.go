package commands_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/testtool"
)

// topicFiles are the lines that make the files which topics name.
const topicFiles = `
set -e
gokeytool genkeypair -alias ca -keyalg EC -dname 'CN=Example Root' -ext bc:c -ext ku:c=keyCertSign,cRLSign -validity 3650 -keystore ca.p12
gokeytool export -alias ca -rfc -file ca.pem -keystore ca.p12
gokeytool genkeypair -alias sub -keyalg EC -dname 'CN=Example Sub CA' -ext bc:c -ext ku:c=keyCertSign -signer ca -keystore ca.p12
gokeytool export -alias sub -rfc -file sub.pem -keystore ca.p12
gokeytool genkeypair -alias www -keyalg EC -dname CN=www.example.com -ext san=dns:www.example.com -ext eku=serverAuth -signer sub -keystore ca.p12
gokeytool export -alias www -key -file key.pem -keystore ca.p12
gokeytool export -alias www -rfc -file www.pem -keystore ca.p12
gokeytool export -alias www -fullchain -file fullchain.pem -keystore ca.p12
gokeytool import -keyfile key.pem -file fullchain.pem -alias www -keystore server.p12
gokeytool import -keyfile key.pem -file www.pem -alias www -keystore short.p12
gokeytool genkeypair -alias www -keyalg EC -dname CN=www.example.com -keystore waiting.p12
gokeytool certreq -alias www -file waiting.csr -keystore waiting.p12
gokeytool gencert -alias ca -infile waiting.csr -rfc -outfile reply.pem -keystore ca.p12
gokeytool genkeypair -alias tomcat -keyalg EC -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth -keystore keystore.p12
cp keystore.p12 served.p12
gokeytool genkeypair -alias tomcat -keyalg EC -dname CN=localhost -ext san=dns:localhost -keypass another -keystore keystore.jks -storetype jks
gokeytool genkeypair -alias 1 -keyalg EC -dname CN=localhost -keystore unnamed.p12
gokeytool genseckey -alias aes -keyalg AES -keysize 128 -keystore secrets.p12
gokeytool convert -profile legacy keystore.p12 legacy.p12
gokeytool import -bundle sub.pem -keystore truststore.p12
openssl pkcs12 -export -nokeys -in ca.pem -out unmarked.p12 -passout env:GOKEYTOOL_STOREPASS
echo changeit > pass
mkdir conf
cat > conf/server.xml <<END
<Server><Service><Connector port="8443" SSLEnabled="true"><SSLHostConfig>
<Certificate certificateKeystoreFile="keystore.p12" certificateKeystorePassword="changeit" certificateKeyAlias="tomcat"/>
</SSLHostConfig></Connector></Service></Server>
END
`

// verdicts are the commands that exit with 1 where something is not right,
// which may be what they are asked for.
var verdicts = []string{"check", "smoke", "probe", "diff"}

// The lines of every topic work one after the other, in a directory with the
// files that they name.
func TestTopics(t *testing.T) {
	testtool.Look(t, "openssl")
	files := t.TempDir()
	env := append(os.Environ(), plainPath(t),
		"GOKEYTOOL_STOREPASS=changeit", "XDG_DATA_HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir(), "GOKEYTOOL_ACME_DIR=", "GORACE="+quickRace)
	sh := func(dir, line, stdin string) (string, error) {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir, cmd.Env, cmd.Stdin = dir, env, strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := sh(files, topicFiles, ""); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := startTopicServer(t, files, env)
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{})

	for _, topic := range argv.TableDefault().Topics {
		t.Run(topic.Title, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(files)); err != nil {
				t.Fatal(err)
			}
			for _, e := range topic.Examples {
				line := strings.ReplaceAll(e.Line, "localhost:8443", server)
				command := strings.Fields(line)[1]
				stdin := "another\n" // the password of a key
				switch command {
				case "acme":
					if strings.Contains(line, " -host ") {
						line += fmt.Sprintf(" -directory %s -caFile %s -address 127.0.0.1:%d", pebble.Directory, pebble.CAFile, pebble.HTTPPort)
					}
				case "serve":
					line += " -port 0 -for 1ms"
				case "trust":
					stdin = "yes\n"
				}
				out, err := sh(dir, line, stdin)
				t.Logf("$ %s\n%s", line, out)
				for _, verdict := range verdicts {
					if command == verdict && err != nil && err.Error() == "exit status 1" && !strings.Contains(out, "keytool error") {
						err = nil
					}
				}
				if err != nil {
					t.Errorf("%s: %v\n%s", line, err, out)
				}
			}
		})
	}
}

// startTopicServer serves served.p12 and returns its address.
func startTopicServer(t *testing.T, dir string, env []string) string {
	cmd := exec.Command(filepath.Join(programs, "gokeytool"), "serve", "-keystore", "served.p12", "-port", "0", "-portfile", "port")
	cmd.Dir, cmd.Env = dir, env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if port, err := os.ReadFile(filepath.Join(dir, "port")); err == nil && len(port) > 0 {
			return "localhost:" + strings.TrimSpace(string(port))
		}
	}
	t.Fatal("the server did not start")
	return ""
}
