package testtool

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJava(t *testing.T) {
	for release := range Keytools(t) {
		java := StartJava(t, release)
		file := filepath.Join(t.TempDir(), "a.p12")
		store := []string{"-keystore", file, "-storepass", "changeit"}
		keytool := func(want bool, args ...string) string {
			t.Helper()
			out, ok := java.Keytool("", append(args, store...)...)
			if ok != want {
				t.Fatalf("JDK %d: %q: ok %v\n%s", release, args, ok, out)
			}
			return out
		}
		keytool(true, "-genkeypair", "-keyalg", "EC", "-alias", "a", "-dname", "CN=a")
		if out := keytool(false, "-delete", "-alias", "b"); !strings.HasPrefix(out, "keytool error: ") {
			t.Errorf("JDK %d: %q", release, out)
		}
		block, _ := pem.Decode([]byte(keytool(true, "-exportcert", "-rfc", "-alias", "a")))
		if got := java.Certificate(block.Bytes); got != nil {
			t.Errorf("JDK %d: a good certificate: %q", release, got)
		}
		if got := java.Certificates(block.Bytes[1:]); len(got) == 0 {
			t.Errorf("JDK %d: a damaged certificate is read", release)
		}
		entries, exceptions := java.Keystore("PKCS12", file, "changeit")
		if len(entries) != 1 || entries[0].Alias != "a" || entries[0].Kind != "key" || len(entries[0].Chain) != 1 {
			t.Errorf("JDK %d: %+v, %q", release, entries, exceptions)
		}
		if algorithm, key, exceptions := java.Key("PKCS12", file, "changeit", "a", "changeit"); algorithm != "EC" || len(key) == 0 {
			t.Errorf("JDK %d: %q, %d bytes, %q", release, algorithm, len(key), exceptions)
		}
		if err := os.Truncate(file, 100); err != nil {
			t.Fatal(err)
		}
		if entries, exceptions := java.Keystore("PKCS12", file, "changeit"); entries != nil || len(exceptions) == 0 {
			t.Errorf("JDK %d: a keystore cut short: %+v", release, entries)
		}
	}
}
