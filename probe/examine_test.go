package probe_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"gokeytool/endpoint"
	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
	"gokeytool/probe"
)

// start serves until the test ends.
func start(t testing.TB, cfg endpoint.Config) *endpoint.Server {
	t.Helper()
	server, err := endpoint.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

func probed(t testing.TB, cfg probe.Config) *probe.Report {
	t.Helper()
	report, err := probe.Examine(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// protocol returns what a report says of a version.
func protocol(t testing.TB, report *probe.Report, name string) probe.Protocol {
	t.Helper()
	for _, p := range report.Protocols {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no %s in %+v", name, report.Protocols)
	return probe.Protocol{}
}

// TestExamine probes our own endpoint.
func TestExamine(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	other := identitytest.New(t, "p256", "localhost")
	renewed := id
	leaf := identitytest.ServerTemplate("localhost")
	root := identitytest.NewIssuer(t, "Root", nil)
	renewed.Chain = [][]byte{identitytest.Sign(t, leaf, id.Key, root).Raw, root.Cert.Raw}
	withoutRoot := id
	withoutRoot.Chain = id.Chain[:2]
	server := start(t, endpoint.Config{Identities: []identity.Identity{id}})
	cfg := probe.Config{Address: server.Addr().String(), ServerName: "localhost", Roots: identitytest.Roots(t, id), RootsName: "the test's root"}

	t.Run("good", func(t *testing.T) {
		cfg := cfg
		cfg.Against = &id
		report := probed(t, cfg)
		for _, c := range report.Checks {
			if !c.OK() || c.Warn() {
				t.Errorf("%+v", c)
			}
		}
		if report.Protocol != "TLSv1.3" || report.ALPN != "h2" || report.ClientCertificate != "none" || report.OCSP != "none" || len(report.Certificates) != 3 {
			t.Errorf("%+v", report)
		}
		if p := protocol(t, report, "TLSv1.3"); !slices.Equal(slices.Sorted(slices.Values(p.Suites)), []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
			t.Errorf("%+v", p)
		}
		// Go's secure suites for an ECDSA key.
		if p := protocol(t, report, "TLSv1.2"); len(p.Suites) != 5 || p.Suites[0] != "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" && p.Suites[0] != "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" {
			t.Errorf("%+v", p)
		}
		for _, name := range []string{"TLSv1.1", "TLSv1", "SSLv3"} {
			if p := protocol(t, report, name); p.Accepted {
				t.Errorf("%+v", p)
			}
		}
		var order []string
		for _, c := range report.Checks {
			order = append(order, c.Check)
		}
		if got := strings.Join(order, " "); got != "trust chain names dates usage strength protocols suites resumption TLSv1.3 resumption TLSv1.2 OCSP staple deployed" {
			t.Error(got)
		}
	})
	for _, test := range []struct {
		name   string
		change func(*probe.Config)
		check  string
		want   string
		detail string
	}{
		{"not trusted", func(c *probe.Config) { c.Roots = identitytest.Roots(t, other) }, "trust", "FAIL", "the chain does not lead to the test's root: certificate signed by unknown authority"},
		{"system", func(c *probe.Config) { c.Roots = nil }, "trust", "FAIL", "the system's authorities"},
		{"other name", func(c *probe.Config) { c.ServerName = "www.example.com" }, "names", "FAIL", "www.example.com is not among the names: dns:localhost"},
		{"other certificate", func(c *probe.Config) { c.Against = &other }, "deployed", "FAIL", "the server has another certificate (CN=localhost, serial "},
		{"renewed", func(c *probe.Config) { c.Against = &renewed }, "deployed", "FAIL", "; their key is the same"},
		{"root sent", func(c *probe.Config) { c.Against = &withoutRoot }, "deployed", "warn", "sends 3 certificates where the entry has 2"},
		{"empty entry", func(c *probe.Config) { c.Against = &identity.Identity{Alias: "a"} }, "deployed", "FAIL", "has no certificate"},
		{"expired", func(c *probe.Config) { c.Now = func() time.Time { return time.Now().Add(100 * 24 * time.Hour) } }, "dates", "FAIL", "expired on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := cfg
			test.change(&cfg)
			c := identitytest.Find(t, probed(t, cfg).Checks, test.check)
			if identitytest.Outcome(c) != test.want || !strings.Contains(c.Text, test.detail) {
				t.Errorf("%+v", c)
			}
		})
	}
	t.Run("leaf alone", func(t *testing.T) {
		alone := renewed
		alone.Chain = renewed.Chain[:1]
		server := start(t, endpoint.Config{Identities: []identity.Identity{alone}})
		cfg := cfg
		cfg.Address = server.Addr().String()
		if c := identitytest.Find(t, probed(t, cfg).Checks, "chain"); c.OK() {
			t.Errorf("an unknown issuer: %+v", c)
		}
		cfg.Roots = identitytest.Roots(t, renewed)
		if c := identitytest.Find(t, probed(t, cfg).Checks, "chain"); !c.OK() || c.Text != "the certificate alone; its issuer CN=Root, O=Example is trusted" {
			t.Errorf("a known issuer: %+v", c)
		}
	})
	t.Run("errors", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		for _, cfg := range []probe.Config{
			{Address: "localhost"}, {Address: silent.Addr().String(), Timeout: 100 * time.Millisecond}, {Address: "127.0.0.1:1"},
			{Address: server.Addr().String(), StartTLS: "gopher"}, {Address: server.Addr().String(), StartTLS: "smtp", Timeout: 200 * time.Millisecond},
		} {
			if report, err := probe.Examine(t.Context(), cfg); err == nil {
				t.Errorf("%+v: %+v", cfg, report)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := probe.Examine(ctx, cfg); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestExamineTakesItsTime meets a server that accepts whatever is offered, and one
// that says nothing after the first connection.
func TestExamineTakesItsTime(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	for _, silent := range []bool{false, true} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		go func() {
			for n := 0; ; n++ {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					switch {
					case n == 0:
						tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{{Certificate: id.Chain, PrivateKey: id.Key}}}).Handshake()
					case silent:
						io.Copy(io.Discard, conn)
					default:
						time.Sleep(10 * time.Millisecond)
						acceptFirst(conn)
					}
				}()
			}
		}()
		report, err := probe.Examine(t.Context(), probe.Config{Address: ln.Addr().String(), ServerName: "localhost", Roots: identitytest.Roots(t, id), Total: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		p := protocol(t, report, "TLSv1.2")
		if !p.Incomplete || p.Accepted == silent {
			t.Errorf("silent %v: %+v", silent, p)
		}
		for _, name := range []string{"protocols", "suites"} {
			if c := identitytest.Find(t, report.Checks, name); !c.Warn() || !strings.Contains(c.Text, "did not answer in time (2s for all)") {
				t.Errorf("silent %v: %+v", silent, c)
			}
		}
	}
}

// acceptFirst answers a ClientHello with a ServerHello for the first suite that
// is offered.
func acceptFirst(conn net.Conn) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	hello := make([]byte, int(head[3])<<8|int(head[4]))
	if _, err := io.ReadFull(conn, hello); err != nil {
		return
	}
	version := hello[4:6]
	rest := hello[38:]
	rest = rest[1+int(rest[0]):] // the session's id
	suite := rest[2:4]
	body := append(append(append([]byte{}, version...), make([]byte, 33)...), suite[0], suite[1], 0)
	if bytes.Contains(hello, []byte{0, 43, 0, 3, 2, 3, 4}) { // TLS 1.3
		body = append(body, 0, 6, 0, 43, 0, 2, 3, 4)
	}
	message := append([]byte{2, 0, 0, byte(len(body))}, body...)
	conn.Write(append([]byte{22, version[0], version[1], 0, byte(len(message))}, message...))
}

func TestExamineClientCertificates(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	ca := identitytest.NewIssuer(t, "Client CA", nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	template := identitytest.ServerTemplate()
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	key := identitytest.NewKey(t, "p256")
	cert := &tls.Certificate{Certificate: [][]byte{identitytest.Sign(t, template, key, ca).Raw}, PrivateKey: key}
	for _, auth := range []tls.ClientAuthType{tls.VerifyClientCertIfGiven, tls.RequireAndVerifyClientCert} {
		server := start(t, endpoint.Config{Identities: []identity.Identity{id}, Policy: endpoint.Policy{ClientAuth: auth, ClientCAs: pool}})
		cfg := probe.Config{Address: server.Addr().String(), ServerName: "localhost", Roots: identitytest.Roots(t, id)}
		report, err := probe.Examine(t.Context(), cfg)
		if required := auth == tls.RequireAndVerifyClientCert; (err != nil) != required || probe.Alerted(err) != required {
			t.Errorf("without a certificate: %v", err)
		} else if !required && (report.ClientCertificate != "requested" || !slices.Equal(report.ClientCAs, []string{"CN=Client CA, O=Example"})) {
			t.Errorf("%+v", report)
		}
		cfg.Certificate = cert
		if report := probed(t, cfg); report.ClientCertificate != "sent" {
			t.Errorf("%+v", report)
		}
	}
}

// TestExamineOpenSSL probes a server that accepts what crypto/tls can't do.
func TestExamineOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	id := identitytest.New(t, "rsa2048", "localhost")
	dir := t.TempDir()
	file := filepath.Join(dir, "server.pem")
	if err := os.WriteFile(file, identitytest.PEM(t, id), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	cmd := exec.Command(openssl, "s_server", "-accept", addr, "-cert", file, "-key", file, "-cert_chain", file, "-quiet",
		"-cipher", "ALL:eNULL:@SECLEVEL=0", "-min_protocol", "TLSv1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	testtool.WaitFor(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	report := probed(t, probe.Config{Address: addr, ServerName: "localhost", Roots: identitytest.Roots(t, id), RootsName: "the test's root"})
	for _, name := range []string{"TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"} {
		if p := protocol(t, report, name); !p.Accepted {
			t.Errorf("%+v", p)
		}
	}
	suites := protocol(t, report, "TLSv1.2").Suites
	for _, want := range []string{"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA256", "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", "TLS_DHE_RSA_WITH_AES_128_CCM_8"} {
		if !slices.Contains(suites, want) {
			t.Errorf("%s is missing in %v", want, suites)
		}
	}
	if c := identitytest.Find(t, report.Checks, "suites"); !c.Warn() || !strings.Contains(c.Text, "NULL") {
		t.Errorf("%+v", c)
	}
	if c := identitytest.Find(t, report.Checks, "protocols"); !c.Warn() || !strings.Contains(c.Text, "TLSv1.1, TLSv1 should be refused") {
		t.Errorf("%+v", c)
	}
}

func TestExamineStaple(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	root := identitytest.NewIssuer(t, "Root", nil)
	middle := identitytest.NewIssuer(t, "Intermediate", root)
	leaf := identitytest.Sign(t, identitytest.ServerTemplate("localhost"), id.Key, middle)
	staple := func(status int, next time.Duration, key crypto.Signer, signer *x509.Certificate) []byte {
		t.Helper()
		template := ocsp.Response{
			Status: status, SerialNumber: leaf.SerialNumber, ThisUpdate: time.Now().Add(-2 * time.Hour), NextUpdate: time.Now().Add(next), RevokedAt: time.Now(),
		}
		if signer != nil {
			template.Certificate = signer
		} else {
			signer = middle.Cert
		}
		der, err := ocsp.CreateResponse(middle.Cert, signer, template, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	delegate := func(usage x509.ExtKeyUsage, until time.Duration, by *identitytest.Issuer) (crypto.Signer, *x509.Certificate) {
		key := identitytest.NewKey(t, "p256")
		template := identitytest.ServerTemplate("responder")
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
		template.NotBefore, template.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(until)
		return key, identitytest.Sign(t, template, key, by)
	}
	delegated := func(usage x509.ExtKeyUsage, until time.Duration, by *identitytest.Issuer) []byte {
		key, cert := delegate(usage, until, by)
		return staple(ocsp.Good, time.Hour, key, cert)
	}
	stranger := identitytest.NewIssuer(t, "Intermediate", nil)
	full := [][]byte{leaf.Raw, middle.Cert.Raw}
	good := staple(ocsp.Good, time.Hour, middle.Key, nil)
	for _, test := range []struct {
		name   string
		staple []byte
		chain  [][]byte
		roots  *x509.Certificate
		want   string
		status string
	}{
		{"good", good, full, root.Cert, "ok", "good"},
		{"revoked", staple(ocsp.Revoked, time.Hour, middle.Key, nil), full, root.Cert, "FAIL", "revoked"},
		{"old", staple(ocsp.Good, -time.Hour, middle.Key, nil), full, root.Cert, "FAIL", "good"},
		{"forged", staple(ocsp.Good, time.Hour, identitytest.NewKey(t, "p256"), nil), full, root.Cert, "FAIL", "bad"},
		{"noise", []byte{1, 2, 3}, full, root.Cert, "FAIL", "bad"},
		{"a delegate", delegated(x509.ExtKeyUsageOCSPSigning, time.Hour, middle), full, root.Cert, "ok", "good"},
		{"a delegate that has ended", delegated(x509.ExtKeyUsageOCSPSigning, -24*time.Hour, middle), full, root.Cert, "FAIL", "bad"},
		{"another server of the CA", delegated(x509.ExtKeyUsageServerAuth, time.Hour, middle), full, root.Cert, "FAIL", "bad"},
		{"the server itself", staple(ocsp.Good, time.Hour, id.Key, leaf), full, root.Cert, "FAIL", "bad"},
		{"a delegate of a stranger", delegated(x509.ExtKeyUsageOCSPSigning, time.Hour, stranger), full, root.Cert, "FAIL", "bad"},
		{"a stranger of the same name", staple(ocsp.Good, time.Hour, stranger.Key, stranger.Cert), full, root.Cert, "FAIL", "bad"},
		{"the issuer is trusted, not sent", good, full[:1], middle.Cert, "ok", "good"},
		{"the issuer comes last", good, [][]byte{leaf.Raw, root.Cert.Raw, middle.Cert.Raw}, root.Cert, "ok", "good"},
		{"the issuer is not known", good, full[:1], root.Cert, "warn", "not verified"},
		{"a stranger, the issuer is not known", staple(ocsp.Good, time.Hour, stranger.Key, stranger.Cert), full[:1], root.Cert, "warn", "not verified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{
				Certificate: test.chain, PrivateKey: id.Key, OCSPStaple: test.staple,
			}}})
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go acceptTLS(ln)
			pool := x509.NewCertPool()
			pool.AddCert(test.roots)
			report := probed(t, probe.Config{Address: ln.Addr().String(), ServerName: "localhost", Roots: pool})
			if c := identitytest.Find(t, report.Checks, "OCSP staple"); identitytest.Outcome(c) != test.want || report.OCSP != test.status {
				t.Errorf("%s: %+v", report.OCSP, c)
			}
		})
	}
}

// acceptTLS makes handshakes and waits for the clients to leave.
func acceptTLS(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			io.Copy(io.Discard, conn)
		}()
	}
}

// TestStartTLS: a script of what each server says and hears before TLS.
func TestExamineStartTLS(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	ldapRequest := "\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
	tests := []struct {
		protocol string
		script   []string // what is said, and after "<" what must be heard
		wantErr  string
	}{
		{"smtp", []string{"220-mail\r\n220 ready\r\n", "<EHLO localhost\r\n", "250-mail\r\n250-STARTTLS\r\n250 SIZE\r\n", "<STARTTLS\r\n", "220 go\r\n"}, ""},
		{"smtp", []string{"220 ready\r\n", "<EHLO localhost\r\n", "250 mail\r\n", "<STARTTLS\r\n", "454 not now\r\n"}, `the server says "454 not now"`},
		{"smtp", []string{"554 go away\r\n"}, `the server says "554 go away"`},
		{"smtp", []string{strings.Repeat("220-", 3000)}, "the server's line is too long"},
		{"smtp", []string{strings.Repeat("220-x\r\n", 200)}, "the server says too much"},
		{"smtp", []string{"220 ready\r\n", "<EHLO localhost\r\n", "250 mail\r\n", "<STARTTLS\r\n", "220 go\r\n250 injected\r\n"}, "the server goes on in plain text"},
		{"ftp", []string{"220 ready\r\n", "<AUTH TLS\r\n", "234 go\r\n"}, ""},
		{"pop3", []string{"+OK ready\r\n", "<STLS\r\n", "+OK go\r\n"}, ""},
		{"pop3", []string{"+OK ready\r\n", "<STLS\r\n", "-ERR no\r\n"}, `the server says "-ERR no"`},
		{"imap", []string{"* OK ready\r\n", "<a STARTTLS\r\n", "* CAPABILITY IMAP4\r\na OK go\r\n"}, ""},
		{"imap", []string{"* OK ready\r\n", "<a STARTTLS\r\n", "a NO\r\n"}, `the server says "a NO"`},
		{"ldap", []string{"<" + ldapRequest, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"}, ""},
		{"ldap", []string{"<" + ldapRequest, "\x30\x84\x00\x00\x00\x0c\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"}, ""},
		{"ldap", []string{"<" + ldapRequest, "\x30\x84\x7f\xff\xff\xff\x02\x01\x01"}, "does not answer as LDAP does"},
		{"ldap", []string{"<" + ldapRequest, "\x30\xff\x02\x01\x01"}, "too long"},
		{"ldap", []string{"<" + ldapRequest, "\x30\x82\x00\x0c\x02\x01\x01\x78\x81\x07\x0a\x01\x00\x04\x00\x04\x00"}, ""},
		{"ldap", []string{"<" + ldapRequest, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"}, "result code 52"},
		{"ldap", []string{"<" + ldapRequest, "HTTP/1.1 400 Bad Request\r\n"}, "does not answer as LDAP does"},
		{"postgres", []string{"<\x00\x00\x00\x08\x04\xd2\x16\x2f", "S"}, ""},
		{"postgres", []string{"<\x00\x00\x00\x08\x04\xd2\x16\x2f", "N"}, "it does not do TLS"},
		{"postgres", []string{"<\x00\x00\x00\x08\x04\xd2\x16\x2f"}, "closed the connection"},
	}
	cert := tls.Certificate{Certificate: id.Chain, PrivateKey: id.Key}
	for i, test := range tests {
		t.Run(fmt.Sprintf("%s/%d", test.protocol, i), func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				for {
					conn, err := ln.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						r := bufio.NewReader(conn)
						for _, line := range test.script {
							if heard, ok := strings.CutPrefix(line, "<"); ok {
								got := make([]byte, len(heard))
								if _, err := io.ReadFull(r, got); err != nil || string(got) != heard {
									return
								}
							} else {
								io.WriteString(conn, line)
							}
						}
						if test.wantErr == "" {
							secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
							io.Copy(io.Discard, secure)
						}
					}()
				}
			}()
			report, err := probe.Examine(t.Context(), probe.Config{Address: ln.Addr().String(), ServerName: "localhost", StartTLS: test.protocol, Roots: identitytest.Roots(t, id), Timeout: 3 * time.Second})
			switch {
			case test.wantErr != "":
				if err == nil || !strings.HasPrefix(err.Error(), "STARTTLS: ") || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("%v, want %q", err, test.wantErr)
				}
			case err != nil:
				t.Error(err)
			case report.Protocol != "TLSv1.3" || !identitytest.Find(t, report.Checks, "trust").OK():
				t.Errorf("%+v", report)
			}
		})
	}
}
