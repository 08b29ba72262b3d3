package commands_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestJSONAgainstKeytool compares list -json with what the JDK's keytool says
// of its own keystore, and the PEM in it with what OpenSSL reads.
func TestJSONAgainstKeytool(t *testing.T) {
	keytool, openssl := testtool.Keytool(t), testtool.Look(t, "openssl")
	dir := t.TempDir()
	run := func(stdin, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		return testtool.Stdout(t, cmd)
	}
	store := []string{"-keystore", "k.jks", "-storetype", "jks", "-storepass", "changeit"}
	run("", keytool, append([]string{"-genkeypair", "-alias", "B", "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=Łódź, O=Ex\\, ample", "-ext", "san=dns:b.example,ip:10.0.0.1",
		"-ext", "bc:c=ca:true,pathlen:3", "-keypass", "changeit"}, store...)...)
	run("", keytool, append([]string{"-genkeypair", "-alias", "a", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=a", "-signer", "B", "-keypass", "changeit"}, store...)...)
	text := run("", keytool, append([]string{"-list", "-v"}, store...)...)

	var list struct {
		Version  int
		Type     string
		Verified bool
		Warnings []string
		Entries  []struct {
			Alias, Kind string
			Chain       []struct {
				Subject, Issuer, Serial, Key, Signature, SHA1, SHA256, PEM string
				Names                                                      []string
				CA, SelfSigned                                             bool
			}
		}
	}
	if err := json.Unmarshal([]byte(run("", plainProgram(t, "gokeytool"), append([]string{"list", "-json"}, store...)...)), &list); err != nil {
		t.Fatal(err)
	}
	all := func(expression string) (found []string) {
		for _, match := range regexp.MustCompile(`(?m)`+expression).FindAllStringSubmatch(text, -1) {
			found = append(found, match[1])
		}
		return found
	}
	var aliases, owners, issuers, serials, sha1, sha256, signatures []string
	for _, e := range list.Entries {
		aliases = append(aliases, e.Alias)
		if e.Kind != "privateKey" {
			t.Errorf("%s is a %s", e.Alias, e.Kind)
		}
		for _, c := range e.Chain {
			owners, issuers, serials = append(owners, c.Subject), append(issuers, c.Issuer), append(serials, c.Serial)
			sha1, sha256, signatures = append(sha1, c.SHA1), append(sha256, c.SHA256), append(signatures, c.Signature)
			if out := run(c.PEM, openssl, "x509", "-noout", "-fingerprint", "-sha256"); !strings.HasSuffix(strings.TrimSpace(out), c.SHA256) {
				t.Errorf("OpenSSL reads another certificate: %s, %s", out, c.SHA256)
			}
		}
	}
	for _, compared := range []struct {
		what       string
		ours, java []string
	}{
		{"aliases", aliases, all(`^Alias name: (.*)$`)},
		{"owners", owners, all(`^Owner: (.*)$`)},
		{"issuers", issuers, all(`^Issuer: (.*)$`)},
		{"serial numbers", serials, all(`^Serial number: (.*)$`)},
		{"SHA-1", sha1, all(`^\s+SHA1: (.*)$`)},
		{"SHA-256", sha256, all(`^\s+SHA256: (.*)$`)},
		{"signatures", signatures, all(`^Signature algorithm name: (\S+)`)},
	} {
		if len(compared.java) == 0 || !slices.Equal(compared.ours, compared.java) {
			t.Errorf("%s: %q, keytool has %q", compared.what, compared.ours, compared.java)
		}
	}
	if list.Version != 1 || list.Type != "JKS" || !list.Verified || len(list.Warnings) != 1 {
		t.Errorf("%+v", list)
	}
	if b := list.Entries[1].Chain[0]; !b.CA || !b.SelfSigned || b.Key != "2048-bit RSA" || !slices.Equal(b.Names, []string{"dns:b.example", "ip:10.0.0.1"}) {
		t.Errorf("%+v", b)
	}
}

// TestJSONSigners reads who has signed a JAR, and when, from printcert -json.
func TestJSONSigners(t *testing.T) {
	for jar, want := range map[string]string{"timestamped": "1 signers, timestamp of 1", "two": "2 signers, timestamp of 0", "unsigned": "0 signers, timestamp of 0"} {
		out, err := exec.Command(plainProgram(t, "gokeytool"), "printcert", "-json", "-jarfile", "../internal/signedjar/testdata/"+jar+".jar").Output()
		if err != nil {
			t.Fatal(err)
		}
		var report struct {
			Version int
			Signers []struct {
				Certificates, Timestamp []struct{ Subject, SHA256 string }
			}
		}
		if err := json.Unmarshal(out, &report); err != nil || report.Version != 1 {
			t.Fatalf("%v\n%s", err, out)
		}
		stamps := 0
		for _, signer := range report.Signers {
			if len(signer.Certificates) == 0 || signer.Certificates[0].Subject == "" {
				t.Errorf("%s: a signer without a name", jar)
			}
			stamps += len(signer.Timestamp)
		}
		if got := fmt.Sprintf("%d signers, timestamp of %d", len(report.Signers), stamps); got != want {
			t.Errorf("%s: %s, not %s", jar, got, want)
		}
	}
}
