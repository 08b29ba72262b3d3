package endpoint

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
	"gokeytool/internal/tlsname"
)

// oneChallenge answers for one token, and for one name.
type oneChallenge struct {
	token, name string
	cert        tls.Certificate
}

func (c *oneChallenge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != challengePath+c.token {
		http.NotFound(w, r)
		return
	}
	io.WriteString(w, c.token+".key")
}

func (c *oneChallenge) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch hello.ServerName {
	case c.name:
		return &c.cert, nil
	case "bad.example.com":
		return nil, errors.New("a certificate can't be made")
	}
	return nil, nil
}

func newChallenge(t *testing.T) *oneChallenge {
	id := identitytest.New(t, "rsa2048", "www.example.com")
	return &oneChallenge{"token", "www.example.com", tls.Certificate{Certificate: id.Chain, PrivateKey: id.Key}}
}

// TestChallengeHTTP asks as a CA does, at the plain port and, as one that followed a
// redirection, at the TLS port: whatever the endpoint demands of others.
func TestChallengeHTTP(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	var log syncBuffer
	server := start(t, Config{
		Hosts:        []Host{{Names: []string{"localhost"}, Identities: []identity.Identity{id}}},
		DefaultHost:  "localhost",
		RedirectAddr: "127.0.0.1:0",
		Challenges:   newChallenge(t),
		StrictSNI:    true,
		Headers:      &SecurityHeaders{HSTS: "max-age=60", FrameOptions: "DENY", NoSniff: true},
		RemoteIP:     []RemoteIP{{InternalProxies: ".*", Header: "X-Forwarded-For", ProtocolHeader: "X-Forwarded-Proto", HTTPSValue: "https"}},
		ContextPath:  "/app",
		Requests:     1, // a challenge is no request
		AccessLog:    slog.New(CommonLog(&log)),
	})
	secure := newClient(t, server, id, nil)
	secure.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	plain := &http.Client{Transport: new(http.Transport), CheckRedirect: secure.CheckRedirect, Timeout: 10 * time.Second}
	defer plain.CloseIdleConnections()
	ask := func(t *testing.T, c *http.Client, url string) (*http.Response, string) {
		request, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "www.example.com" // another host than that of the handshake
		request.Header.Set("X-Forwarded-For", "203.0.113.7")
		response, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(readAll(t, response))
	}
	for name, at := range map[string]struct {
		client *http.Client
		base   string
	}{
		"plain":  {plain, "http://" + server.RedirectAddr().String()},
		"secure": {secure.Client, secure.base},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				response, body := ask(t, at.client, at.base+challengePath+"token")
				if response.StatusCode != http.StatusOK || body != "token.key" {
					t.Errorf("%s %q", response.Status, body)
				}
				for _, header := range []string{"Set-Cookie", "Strict-Transport-Security", "X-Frame-Options"} {
					if value := response.Header.Get(header); value != "" {
						t.Errorf("%s: %s", header, value)
					}
				}
			}
			if response, _ := ask(t, at.client, at.base+challengePath+"another"); response.StatusCode != http.StatusNotFound {
				t.Errorf("another token: %s", response.Status)
			}
		})
	}
	// What is not below the path goes where it went before.
	for _, path := range []string{"/", "/.well-known/acme-challenge", "/.well-known/acme-challengetoken", "/.well-known/security.txt", "/x/.well-known/acme-challenge/token"} {
		if response, body := ask(t, plain, "http://"+server.RedirectAddr().String()+path); response.StatusCode != http.StatusFound {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
	}
	if text := log.String(); text != "" {
		t.Errorf("access log: %s", text)
	}
	if server.sessions.count(time.Now()) != 0 || server.answered.Load() != 0 {
		t.Errorf("%d sessions, %d requests", server.sessions.count(time.Now()), server.answered.Load())
	}
}

// TestChallengeTLS makes the handshakes of tls-alpn-01, and such that are none, at
// endpoints whose hosts and policies would let none of them in.
func TestChallengeTLS(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	only13 := Policy{Protocols: []uint16{tls.VersionTLS13}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: identitytest.Roots(t, id)}
	for name, cfg := range map[string]Config{
		"identity":        {Identities: []identity.Identity{id}},
		"client required": {Identities: []identity.Identity{id}, Policy: only13},
		"no default host": {Hosts: []Host{{Names: []string{"other.example.com"}, Identities: []identity.Identity{id}}}, StrictSNI: true},
		"http/1.1":        {Identities: []identity.Identity{id}, HTTP1: true, Tracking: TrackTLS},
	} {
		t.Run(name, func(t *testing.T) {
			challenge := newChallenge(t)
			cfg.Challenges = challenge
			server := start(t, cfg)
			dial := func(name string, version uint16, protocols ...string) (*tls.Conn, error) {
				return tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: name,
					NextProtos: protocols, MinVersion: version, MaxVersion: version})
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				conn, err := dial("www.example.com", version, challengeProtocol)
				if err != nil {
					t.Errorf("%s: %v", tlsname.Protocol(version), err)
					continue
				}
				defer conn.Close()
				state := conn.ConnectionState()
				if state.NegotiatedProtocol != challengeProtocol || !bytes.Equal(state.PeerCertificates[0].Raw, challenge.cert.Certificate[0]) {
					t.Errorf("%s: %q, %s", tlsname.Protocol(version), state.NegotiatedProtocol, state.PeerCertificates[0].Subject)
				}
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
				if answer, err := io.ReadAll(conn); len(answer) > 0 || isTimeout(err) {
					t.Errorf("%s: after the handshake: %q, %v", tlsname.Protocol(version), answer, err)
				}
			}
			for _, test := range []struct {
				what, name string
				version    uint16
				protocols  []string
			}{
				{"an old version", "www.example.com", tls.VersionTLS11, []string{challengeProtocol}},
				{"another name", "mail.example.com", tls.VersionTLS13, []string{challengeProtocol}},
				{"no name", "", tls.VersionTLS13, []string{challengeProtocol}},
				{"a certificate that can't be made", "bad.example.com", tls.VersionTLS13, []string{challengeProtocol}},
			} {
				if conn, err := dial(test.name, test.version, test.protocols...); err == nil {
					t.Errorf("%s: accepted", test.what)
					conn.Close()
				}
			}
			for _, protocols := range [][]string{{challengeProtocol, "http/1.1"}, {"http/1.1", challengeProtocol}} {
				conn, err := dial("www.example.com", 0, protocols...)
				if err != nil {
					continue // no such host
				}
				defer conn.Close()
				if state := conn.ConnectionState(); state.NegotiatedProtocol != "http/1.1" || bytes.Equal(state.PeerCertificates[0].Raw, challenge.cert.Certificate[0]) {
					t.Errorf("%q: %q, %s", protocols, state.NegotiatedProtocol, state.PeerCertificates[0].Subject)
				}
			}
		})
	}
}

// TestChallengeClients is seen by programs that are not made of the same library.
func TestChallengeClients(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, RedirectAddr: "127.0.0.1:0", Challenges: newChallenge(t)})
	openssl := testtool.Look(t, "openssl")
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		cmd := exec.Command(openssl, "s_client", "-connect", server.Addr().String(), "-servername", "www.example.com", "-alpn", challengeProtocol, version)
		cmd.Stdin = strings.NewReader("")
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("ALPN protocol: acme-tls/1")) || !bytes.Contains(out, []byte("subject=CN = www.example.com")) && !bytes.Contains(out, []byte("subject=CN=www.example.com")) {
			t.Errorf("%s: %v\n%s", version, err, out)
		}
	}
	curl := testtool.Look(t, "curl")
	if out := testtool.Run(t, curl, "-sS", "http://"+server.RedirectAddr().String()+challengePath+"token"); string(out) != "token.key" {
		t.Errorf("curl: %q", out)
	}
	if out := testtool.Run(t, curl, "-sSk", "-w", " %{http_version}", "https://"+server.Addr().String()+challengePath+"token"); string(out) != "token.key 2" {
		t.Errorf("curl over HTTP/2: %q", out)
	}
}

// TestNoChallenges holds that an endpoint without challenges knows nothing of them.
func TestNoChallenges(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, RedirectAddr: "127.0.0.1:0"})
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := plain.Get("http://" + server.RedirectAddr().String() + challengePath + "token")
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, response)
	if response.StatusCode != http.StatusFound {
		t.Errorf("%s", response.Status)
	}
	_, err = tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", NextProtos: []string{challengeProtocol}})
	if err == nil || !strings.Contains(err.Error(), "no application protocol") {
		t.Errorf("%v", err)
	}
}
