package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestExplainHolds runs what explain prints: keytool's lines with the JDK's
// keytool, OpenSSL's with OpenSSL. The passwords are put in.
func TestExplainHolds(t *testing.T) {
	keytool := testtool.Keytool(t)
	testtool.Look(t, "openssl")
	bash := testtool.Look(t, "bash")
	dir := t.TempDir()
	run := func(t *testing.T, line string) string {
		t.Helper()
		for _, passwords := range [][2]string{
			{"openssl pkcs12 -export", "openssl pkcs12 -passin pass:changeit -passout pass:changeit -export"},
			{"openssl pkcs12 -in", "openssl pkcs12 -passin pass:changeit -passout pass:changeit -in"},
			{"keytool -", keytool + " -"}, {"PASSWORD", "changeit"},
		} {
			line = strings.ReplaceAll(line, passwords[0], passwords[1])
		}
		cmd := exec.Command(bash, "-e", "-o", "pipefail", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "GOKEYTOOL_JDK=17", plainPath(t))
		return testtool.Output(t, cmd)
	}
	// explained are the lines for a program.
	explained := func(t *testing.T, program, line string) (lines []string) {
		t.Helper()
		out := run(t, plainProgram(t, "gokeytool")+" explain "+line)
		_, rest, found := strings.Cut(out, "\n"+program+"\n")
		if !found {
			t.Fatalf("nothing on %s in %s", program, out)
		}
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "  ") {
				break
			}
			lines = append(lines, strings.TrimSpace(line))
		}
		return lines
	}
	store := " -storepass changeit -keystore k.p12"
	genkey := "keytool -genkey -alias tomcat -keyalg EC -dname 'CN=localhost, O=A/B, C=PL' -ext san=dns:localhost,ip:127.0.0.1 -ext ku=digitalSignature -ext eku=serverAuth -validity 30"
	for _, program := range []string{"keytool", "gokeytool", "openssl"} {
		t.Run(program, func(t *testing.T) {
			for _, file := range []string{"k.p12", "k.jks", "c.pem", "r.csr", "2.p12"} {
				os.Remove(filepath.Join(dir, file))
			}
			for _, line := range explained(t, program, genkey+store) {
				run(t, line)
			}
			text := run(t, "keytool -list -v"+store)
			for _, want := range []string{"Alias name: tomcat", "PrivateKeyEntry", "Owner: CN=localhost, O=A/B, C=PL", "DNSName: localhost", "IPAddress: 127.0.0.1", "serverAuth", "DigitalSignature", "ECDSA", "256-bit EC"} {
				if !strings.Contains(text, want) {
					t.Errorf("genkeypair: no %q in %s", want, text)
				}
			}
			for _, line := range []string{
				"keytool -exportcert -rfc -alias tomcat -file c.pem" + store,
				"keytool -certreq -alias tomcat -dname CN=req -ext san=dns:req.example -file r.csr" + store,
				"keytool -importkeystore -srckeystore k.p12 -srcstorepass changeit -destkeystore 2.p12 -deststorepass changeit -srcalias tomcat -destalias other",
				"keytool -list" + store,
				"keytool -printcert -file c.pem",
				"keytool -printcertreq -file r.csr",
			} {
				for _, line := range explained(t, program, line) {
					run(t, line)
				}
			}
			if text := run(t, "keytool -printcert -file c.pem"); !strings.Contains(text, "Owner: CN=localhost") {
				t.Errorf("exportcert: %s", text)
			}
			if text := run(t, "keytool -printcertreq -file r.csr"); !strings.Contains(text, "DNSName: req.example") {
				t.Errorf("certreq: %s", text)
			}
			if text := run(t, "keytool -list -keystore 2.p12 -storepass changeit"); !strings.Contains(text, "other, ") {
				t.Errorf("importkeystore: %s", text)
			}
		})
	}
}
