package commands_test

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestPrintServer has keytool and ours print the chain of one server.
func TestPrintServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	dir := t.TempDir()
	ours := filepath.Join(programs, "keytool")
	run := func(program string, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v\n%s%s", cmd, err, &out, &errs)
		}
		return out.String() + errs.String()
	}
	openssl := testtool.Look(t, "openssl")
	run(ours, "-genkeypair", "-alias", "root", "-keyalg", "RSA", "-keysize", "1024", "-sigalg", "SHA1withRSA", "-dname", "CN=Root", "-ext", "bc:c",
		"-keystore", "k.p12", "-storepass", "changeit")
	run(ours, "-genkeypair", "-alias", "leaf", "-keyalg", "EC", "-dname", "CN=localhost", "-signer", "root", "-ext", "san=dns:localhost",
		"-keystore", "k.p12", "-storepass", "changeit")
	run(ours, "-delete", "-alias", "root", "-keystore", "k.p12", "-storepass", "changeit")
	run(openssl, "pkcs12", "-in", "k.p12", "-nodes", "-out", "k.pem", "-passin", "pass:changeit")
	pem, err := os.ReadFile(filepath.Join(dir, "k.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()
	address := strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	for release, theirs := range testtool.Keytools(t) {
		for _, option := range []string{"-v", "-rfc"} {
			args := []string{"-printcert", option, "-sslserver", address}
			t.Setenv("GOKEYTOOL_JDK", strconv.Itoa(int(release)))
			want, got := run(theirs, args...), run(ours, args...)
			if want != got || !strings.Contains(want, "1024-bit RSA key") {
				t.Errorf("JDK %v, %s: got\n%s\nwant\n%s", release, option, got, want)
			}
		}
	}
}
