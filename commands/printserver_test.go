package commands_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store"
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

// thief signs with a key that is not that of its public half: what somebody has
// who took a certificate from a server that shows it.
type thief struct {
	crypto.Signer
	public crypto.PublicKey
}

func (s thief) Public() crypto.PublicKey { return s.public }

// TestServerWithoutKey meets servers that show a certificate whose key they have
// not, and those that have it, but refuse the client.
func TestServerWithoutKey(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		cmd := exec.Command(filepath.Join(programs, "gokeytool"), append(args, "-storepass", "changeit")...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("genkeypair", "-alias", "a", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost", "-keystore", "k.p12"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	opened, err := store.Open(filepath.Join(dir, "k.p12"), store.Options{Password: []byte("changeit")})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := opened.Get("a")
	key, err := opened.KeyOf(e, []byte("changeit"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	own := parsed.(crypto.Signer)
	another, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, demand := range []tls.ClientAuthType{tls.NoClientCert, tls.RequireAnyClientCert} {
			for _, honest := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, client certificates %s, honest %v", tls.VersionName(version), demand, honest), func(t *testing.T) {
					var signer crypto.Signer = own
					if !honest {
						signer = thief{another, own.Public()}
					}
					server := httptest.NewUnstartedServer(http.NotFoundHandler())
					server.Config.ErrorLog = log.New(io.Discard, "", 0)
					server.TLS = &tls.Config{
						Certificates: []tls.Certificate{{Certificate: [][]byte{e.Chain[0].DER}, PrivateKey: signer}},
						MinVersion:   version, MaxVersion: version, ClientAuth: demand,
					}
					server.StartTLS()
					defer server.Close()
					address := strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
					trusted := filepath.Join(t.TempDir(), "t.p12")
					for _, args := range [][]string{{"diff", "k.p12", address}, {"trust", address, "-noprompt", "-keystore", trusted}} {
						out, err := run(args...)
						if (err == nil) != honest || strings.Contains(out, "has not proved that it has its key") == honest {
							t.Errorf("%q: %v\n%s", args, err, out)
						}
					}
					if _, err := os.Stat(trusted); (err == nil) != honest {
						t.Errorf("the truststore: %v", err)
					}
					if out, err := run("printcert", "-sslserver", address); err != nil || !strings.Contains(out, "CN=localhost") {
						t.Errorf("printcert: %v\n%s", err, out)
					}
				})
			}
		}
	}
}
