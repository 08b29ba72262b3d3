package endpoint

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
)

// run runs a program with some input and returns what it prints.
func run(t testing.TB, input, program string, args ...string) string {
	t.Helper()
	cmd := testtool.Command(t, "", program, args...)
	cmd.Stdin = strings.NewReader(input)
	return testtool.Stdout(t, cmd)
}

// answers finds the JSON documents of /api/tls in a program's output.
func answers(t testing.TB, output string, want int) []tlsFacts {
	t.Helper()
	var found []tlsFacts
	for rest := output; ; {
		at := strings.Index(rest, "{\n  \"entry\"")
		if at < 0 {
			break
		}
		rest = rest[at:]
		var facts tlsFacts
		if err := json.NewDecoder(strings.NewReader(rest)).Decode(&facts); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		found = append(found, facts)
		rest = rest[1:]
	}
	if len(found) != want {
		t.Fatalf("%d answers, want %d\n%s", len(found), want, output)
	}
	return found
}

// resumed fails the test unless the second of two visits resumed the TLS
// session of the first.
func resumed(t testing.TB, visits []tlsFacts) {
	t.Helper()
	first, second := visits[0].Session, visits[1].Session
	if first.Resumed || !second.Resumed || first.ID == "" || second.ID != first.ID {
		t.Errorf("first %+v\nsecond %+v", first, second)
	}
}

const getTLS = "GET /api/tls HTTP/1.0\r\nHost: localhost\r\n\r\n"

// keyKinds are the kinds of key that the clients are tried with.
var keyKinds = []string{"rsa2048", "p256", "p384", "p521", "ed25519"}

func TestCurl(t *testing.T) {
	curl := testtool.Look(t, "curl")
	for _, kind := range keyKinds {
		id := identitytest.New(t, kind, "localhost")
		server := start(t, Config{Identities: []identity.Identity{id}})
		root := writeRoot(t, id)
		_, port, _ := net.SplitHostPort(server.Addr().String())
		for _, test := range []struct{ name, protocol, http string }{
			{"--tlsv1.3", "TLSv1.3", "HTTP/2.0"},
			{"--tls-max=1.2", "TLSv1.2", "HTTP/2.0"},
			{"--http1.1", "TLSv1.3", "HTTP/1.1"},
		} {
			t.Run(kind+"/"+test.name, func(t *testing.T) {
				args := append(strings.Split(test.name, "="), "-sS", "--cacert", root, "--noproxy", "*", "--resolve", "localhost:"+port+":127.0.0.1", "https://localhost:"+port+"/api/tls")
				facts := answers(t, run(t, "", curl, args...), 1)[0]
				if facts.Protocol != test.protocol || facts.HTTP != test.http || facts.ServerName != "localhost" {
					t.Errorf("%s %s %s", facts.Protocol, facts.HTTP, facts.ServerName)
				}
			})
		}
	}
}

func TestOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	for _, kind := range keyKinds {
		id := identitytest.New(t, kind, "localhost")
		server := start(t, Config{Identities: []identity.Identity{id}})
		root := writeRoot(t, id)
		for _, version := range []string{"-tls1_3", "-tls1_2"} {
			t.Run(kind+version, func(t *testing.T) {
				session := filepath.Join(t.TempDir(), "session")
				args := []string{"s_client", "-connect", server.Addr().String(), "-servername", "localhost", "-CAfile", root,
					"-verify_return_error", "-verify_hostname", "localhost", "-quiet", version}
				first := run(t, getTLS, openssl, append(args, "-sess_out", session)...)
				second := run(t, getTLS, openssl, append(args, "-sess_in", session)...)
				resumed(t, answers(t, first+second, 2))
			})
		}
	}
}

func TestGnuTLS(t *testing.T) {
	gnutls := testtool.Look(t, "gnutls-cli")
	for _, kind := range []string{"rsa2048", "p256", "ed25519"} {
		id := identitytest.New(t, kind, "localhost")
		server := start(t, Config{Identities: []identity.Identity{id}})
		root := writeRoot(t, id)
		_, port, _ := net.SplitHostPort(server.Addr().String())
		for _, version := range []string{"1.3", "1.2"} {
			t.Run(kind+"/"+version, func(t *testing.T) {
				out := run(t, getTLS, gnutls, "--x509cafile", root, "--port", port, "--sni-hostname", "localhost", "--verify-hostname", "localhost",
					"--priority", "NORMAL:-VERS-ALL:+VERS-TLS"+version, "--resume", "--waitresumption", "127.0.0.1")
				// Without --logfile the answer stands between its own lines.
				facts := answers(t, out, 1)[0]
				if !facts.Session.Resumed || facts.Protocol != "TLSv"+version {
					t.Errorf("%+v", facts.Session)
				}
			})
		}
	}
}

func TestNode(t *testing.T) {
	node := testtool.Look(t, "node")
	for _, kind := range []string{"rsa2048", "p256"} {
		id := identitytest.New(t, kind, "localhost")
		server := start(t, Config{Identities: []identity.Identity{id}})
		root := writeRoot(t, id)
		_, port, _ := net.SplitHostPort(server.Addr().String())
		for _, version := range []string{"TLSv1.3", "TLSv1.2"} {
			t.Run(kind+"/"+version, func(t *testing.T) {
				visits := answers(t, run(t, "", node, "testdata/visit.js", port, root, version), 2)
				resumed(t, visits)
				if visits[0].Protocol != version {
					t.Errorf("%s", visits[0].Protocol)
				}
			})
		}
	}
}

func TestJava(t *testing.T) {
	java, keytool := testtool.Look(t, "java"), testtool.Keytool(t)
	id := identitytest.New(t, "p256", "localhost", "127.0.0.1")
	server := start(t, Config{Identities: []identity.Identity{id}})
	trust := filepath.Join(t.TempDir(), "trust.p12")
	run(t, "", keytool, "-importcert", "-noprompt", "-alias", "root", "-file", writeRoot(t, id), "-keystore", trust, "-storetype", "PKCS12", "-storepass", "changeit")
	for _, version := range []string{"TLSv1.3", "TLSv1.2"} {
		t.Run(version, func(t *testing.T) {
			visits := answers(t, run(t, "", java, "-Djavax.net.ssl.trustStore="+trust, "-Djavax.net.ssl.trustStorePassword=changeit",
				"-Djdk.tls.client.protocols="+version, "testdata/Visit.java", "https://"+server.Addr().String()+"/api/tls"), 2)
			// Java's TLS 1.2 client resumes only where the ServerHello has a
			// session id; crypto/tls leaves it empty beside a ticket (as RFC
			// 5077, section 3.4, allows).
			if version == "TLSv1.3" {
				resumed(t, visits)
			}
			if visits[0].Protocol != version || visits[0].KeySize != 256 && visits[0].KeySize != 128 {
				t.Errorf("%+v", visits[0])
			}
		})
	}
}

// TestCurlMutual has curl come with a client certificate.
func TestCurlMutual(t *testing.T) {
	curl := testtool.Look(t, "curl")
	id := identitytest.New(t, "rsa2048", "localhost")
	ca := identitytest.New(t, "p256", "duke")
	server := start(t, Config{Identities: []identity.Identity{id}, Policy: Policy{ClientAuth: tls.RequestClientCert}})
	key := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(key, identitytest.PEM(t, ca), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(server.Addr().String())
	args := []string{"-sS", "--cacert", writeRoot(t, id), "--noproxy", "*", "--resolve", "localhost:" + port + ":127.0.0.1", "https://localhost:" + port + "/api/tls"}
	if facts := answers(t, run(t, "", curl, args...), 1)[0]; len(facts.Client.Certificates) != 0 {
		t.Errorf("%+v", facts.Client)
	}
	facts := answers(t, run(t, "", curl, append(args, "--cert", key)...), 1)[0]
	if len(facts.Client.Certificates) != 3 || facts.Client.Certificates[0].Subject != "CN=duke" || facts.Client.Verified {
		t.Errorf("%+v", facts.Client)
	}
}
