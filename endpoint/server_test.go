package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
	"gokeytool/internal/tlsname"
	"gokeytool/sessionid"
)

var (
	plainID = regexp.MustCompile(`^[0-9A-F]{32}$`)
	tlsID   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

var versions = []uint16{tls.VersionTLS13, tls.VersionTLS12}

func onlyVersion(version uint16) func(*tls.Config) {
	return func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
}

func TestFacts(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost", "127.0.0.1")
	server := start(t, Config{Identities: []identity.Identity{id}})
	for _, version := range versions {
		t.Run(tlsname.Protocol(version), func(t *testing.T) {
			c := newClient(t, server, id, onlyVersion(version))
			facts := c.facts(t)
			if facts.Protocol != tlsname.Protocol(version) || facts.ServerName != "localhost" || facts.ALPN != "h2" || facts.HTTP != "HTTP/2.0" {
				t.Errorf("%+v", facts)
			}
			if !strings.Contains(facts.CipherSuite, "AES_128_GCM") || facts.KeySize != 128 || facts.Group != "X25519MLKEM768" && version == tls.VersionTLS13 {
				t.Errorf("suite %s, %d bits, %s", facts.CipherSuite, facts.KeySize, facts.Group)
			}
			if facts.Entry != (entryFacts{Alias: "p256", Keystore: "server.p12", StoreType: "PKCS12", Host: "_default_"}) {
				t.Errorf("entry %+v", facts.Entry)
			}
			if !tlsID.MatchString(facts.Session.ID) || facts.Session.Resumed {
				t.Errorf("TLS session %+v", facts.Session)
			}
			if facts.HTTPSession == nil || !plainID.MatchString(facts.HTTPSession.ID) || !facts.HTTPSession.New || facts.HTTPSession.Tracking != "COOKIE" {
				t.Errorf("HTTP session %+v", facts.HTTPSession)
			}
			if len(facts.Certificates) != 3 || facts.Certificates[0].Subject != "CN=localhost" || facts.Certificates[2].Issuer != "CN=Root, O=Example" {
				t.Errorf("chain %+v", facts.Certificates)
			}
			for name, want := range map[string]any{
				"jakarta.servlet.request.cipher_suite":               facts.CipherSuite,
				"jakarta.servlet.request.key_size":                   128.0,
				"jakarta.servlet.request.ssl_session_id":             facts.Session.ID,
				"jakarta.servlet.request.secure_protocol":            facts.Protocol,
				"org.apache.tomcat.util.net.secure_protocol_version": facts.Protocol,
			} {
				if got := facts.Attributes[name]; got != want {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			var javax tlsFacts
			c.get(t, "/api/tls?servlet=javax", &javax)
			if javax.Attributes["javax.servlet.request.ssl_session_id"] != facts.Session.ID || javax.Attributes["javax.servlet.request.secure_protocol"] != nil {
				t.Errorf("javax: %v", javax.Attributes)
			}
			if again := javax.HTTPSession; again.ID != facts.HTTPSession.ID || again.New || again.Requests != 2 {
				t.Errorf("second request: %+v", again)
			}
		})
	}
}

// TestTLSSessions follows a TLS session over resumption to its end.
func TestTLSSessions(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, SessionIDs: &sessionid.Standard{Route: "node1"}})
	for _, version := range versions {
		for _, http1 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/HTTP1=%v", tlsname.Protocol(version), http1), func(t *testing.T) {
				c := newClient(t, server, id, onlyVersion(version))
				c.transport.ForceAttemptHTTP2 = !http1
				first := c.facts(t)
				if !tlsID.MatchString(first.Session.ID) || !strings.HasSuffix(first.HTTPSession.ID, ".node1") || first.Session.Resumed {
					t.Fatalf("first connection: %+v", first.Session)
				}
				for range 3 { // each with the ticket of the one before
					c.reconnect()
					next := c.facts(t)
					if next.Session.ID != first.Session.ID || !next.Session.Resumed || !next.Session.Created.Equal(first.Session.Created) {
						t.Fatalf("resumed: %+v, first: %+v", next.Session, first.Session)
					}
					if next.Entry != first.Entry || len(next.Certificates) != 3 {
						t.Errorf("the entry is lost over resumption: %+v", next.Entry)
					}
					if next.HTTPSession.ID != first.HTTPSession.ID {
						t.Errorf("HTTP session %s, then %s", first.HTTPSession.ID, next.HTTPSession.ID)
					}
				}

				var ended struct{ Ended bool }
				response := c.do(t, http.MethodDelete, "/api/session", &ended)
				if !ended.Ended || !response.Close && response.ProtoMajor == 1 {
					t.Errorf("ended %v, Connection: close %v", ended.Ended, response.Close)
				}
				c.reconnect()
				after := c.facts(t)
				if after.Session.Resumed || after.Session.ID == first.Session.ID {
					t.Errorf("after invalidation: %+v", after.Session)
				}
				if after.HTTPSession.ID == first.HTTPSession.ID || !after.HTTPSession.New {
					t.Errorf("after invalidation: %+v", after.HTTPSession)
				}
				c.reconnect()
				if last := c.facts(t); last.Session.ID != after.Session.ID || !last.Session.Resumed {
					t.Errorf("the new session is not resumed: %+v", last.Session)
				}
			})
		}
	}
}

// TestInvalidationReachesOtherConnections: a second connection of an ended TLS
// session is closed at its next request.
func TestInvalidationReachesOtherConnections(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, HTTP1: true})
	one := newClient(t, server, id, nil)
	first := one.facts(t)
	other := newClient(t, server, id, func(c *tls.Config) { c.ClientSessionCache = one.transport.TLSClientConfig.ClientSessionCache })
	if facts := other.facts(t); facts.Session.ID != first.Session.ID {
		t.Fatalf("two sessions: %+v, %+v", first.Session, facts.Session)
	}
	var sink any
	one.do(t, http.MethodDelete, "/api/session", &sink)
	if response := other.do(t, http.MethodGet, "/api/tls", &sink); !response.Close {
		t.Error("the other connection stays open")
	}
}

// TestPageAfterInvalidation: with HTTP/2 a request can still come on a
// connection whose TLS session has ended. The page is then that of the next.
func TestPageAfterInvalidation(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}})
	c := newClient(t, server, id, nil)
	first := c.facts(t).Session
	server.tls.end(tlsSession{ID: first.ID, Created: first.Created}, server.cfg.Now())
	response, err := c.Get(c.base + "/")
	if err != nil {
		t.Fatal(err)
	}
	page := readAll(t, response)
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 || bytes.Contains(page, []byte(first.ID)) {
		t.Errorf("%s %s\n%s", response.Proto, response.Status, page)
	}
}

func TestTrackTLS(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, Tracking: TrackTLS, HTTP1: true})
	c := newClient(t, server, id, nil)
	var first tlsFacts
	if response := c.do(t, http.MethodGet, "/api/tls", &first); len(response.Cookies()) != 0 {
		t.Errorf("cookies %v", response.Cookies())
	}
	if first.HTTPSession.ID != first.Session.ID || first.HTTPSession.Tracking != "SSL" {
		t.Errorf("%+v", first.HTTPSession)
	}
	c.reconnect()
	second := c.facts(t)
	if second.HTTPSession.ID != first.Session.ID || second.HTTPSession.Requests != 2 {
		t.Errorf("%+v", second.HTTPSession)
	}
	other := newClient(t, server, id, func(config *tls.Config) { config.ClientSessionCache = c.transport.TLSClientConfig.ClientSessionCache })
	if facts := other.facts(t); facts.HTTPSession.Requests != 3 {
		t.Errorf("%+v", facts.HTTPSession)
	}
	var sink any
	c.do(t, http.MethodDelete, "/api/session", &sink)
	if facts := other.facts(t); facts.HTTPSession != nil {
		t.Errorf("an ended TLS session got %+v", facts.HTTPSession)
	}
	c.reconnect()
	if facts := c.facts(t); facts.HTTPSession.ID == first.HTTPSession.ID || facts.HTTPSession.Requests != 1 {
		t.Errorf("%+v", facts.HTTPSession)
	}
}

func TestHTTPSessions(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	clock := newClock()
	server := start(t, Config{Identities: []identity.Identity{id}, Now: clock.now, SessionTimeout: time.Minute, MaxSessions: 3})
	t.Run("cookie", func(t *testing.T) {
		c := newClient(t, server, id, nil)
		var facts tlsFacts
		response := c.do(t, http.MethodGet, "/api/tls", &facts)
		want := "JSESSIONID=" + facts.HTTPSession.ID + "; Path=/; HttpOnly; Secure; SameSite=Lax"
		if got := response.Header.Get("Set-Cookie"); got != want {
			t.Errorf("Set-Cookie: %s\nwant        %s", got, want)
		}
		if response := c.do(t, http.MethodGet, "/api/tls", &facts); response.Header.Get("Set-Cookie") != "" {
			t.Errorf("the cookie is set again: %s", response.Header.Get("Set-Cookie"))
		}
	})
	t.Run("a requested id is not adopted", func(t *testing.T) {
		c := newClient(t, server, id, nil)
		for _, wanted := range []string{"0123456789ABCDEF0123456789ABCDEF", "x", ""} {
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/api/session", nil)
			request.Header.Set("Cookie", "JSESSIONID="+wanted)
			response, err := (&http.Client{Transport: c.transport}).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, response)
			cookies := response.Cookies()
			if len(cookies) != 1 || cookies[0].Value == wanted || !plainID.MatchString(cookies[0].Value) {
				t.Errorf("asked for %q, got %v", wanted, cookies)
			}
		}
	})
	t.Run("new", func(t *testing.T) {
		c := newClient(t, server, id, nil)
		before := c.facts(t)
		var doc struct{ HTTPSession sessionDoc }
		c.do(t, http.MethodPost, "/api/session", &doc)
		if doc.HTTPSession.ID == before.HTTPSession.ID || !doc.HTTPSession.New {
			t.Errorf("%+v", doc)
		}
		after := c.facts(t)
		if after.HTTPSession.ID != doc.HTTPSession.ID || after.Session.ID != before.Session.ID {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		c := newClient(t, server, id, nil)
		first := c.facts(t).HTTPSession
		clock.add(59 * time.Second)
		if again := c.facts(t).HTTPSession; again.ID != first.ID {
			t.Errorf("after 59 s: %+v", again)
		}
		clock.add(60 * time.Second)
		if again := c.facts(t).HTTPSession; again.ID == first.ID || !again.New {
			t.Errorf("after 60 s more: %+v", again)
		}
	})
	t.Run("bound", func(t *testing.T) {
		clients := make([]*client, 4)
		first := make([]string, len(clients))
		for i := range clients {
			clients[i] = newClient(t, server, id, nil)
			first[i] = clients[i].facts(t).HTTPSession.ID
			clients[0].facts(t) // is used all the time
		}
		if n := server.sessions.count(clock.now()); n != 3 {
			t.Errorf("%d sessions", n)
		}
		for i, keeps := range []bool{true, false, true, true} {
			if !keeps {
				continue // asking would make a new session and push another out
			}
			if got := clients[i].facts(t).HTTPSession.ID; got != first[i] {
				t.Errorf("client %d lost its session", i)
			}
		}
		if got := clients[1].facts(t).HTTPSession.ID; got == first[1] {
			t.Error("the session that was not used for the longest time lives on")
		}
	})
}

// clock is a clock that tests turn.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func newClock() *clock { return &clock{time: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

func TestTLSSessionTimeout(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	for _, version := range versions {
		t.Run(tlsname.Protocol(version), func(t *testing.T) {
			clock := newClock()
			server := start(t, Config{Identities: []identity.Identity{id}, Now: clock.now, TLSSessionTimeout: 20 * time.Hour})
			c := newClient(t, server, id, onlyVersion(version))
			first := c.facts(t).Session
			// Over a change of the ticket key: the next one is past it.
			clock.add(13 * time.Hour)
			c.reconnect()
			if again := c.facts(t).Session; again.ID != first.ID || !again.Resumed {
				t.Errorf("after 13 h: %+v, first %+v", again, first)
			}
			clock.add(7 * time.Hour)
			c.reconnect()
			if again := c.facts(t).Session; again.ID == first.ID || again.Resumed {
				t.Errorf("after 20 h: %+v, first %+v", again, first)
			}
		})
	}
}

func TestTLSSessionCache(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, TLSSessionCache: 2})
	clients := make([]*client, 3)
	first := make([]string, len(clients))
	for i := range clients {
		clients[i] = newClient(t, server, id, nil)
		first[i] = clients[i].facts(t).Session.ID
	}
	for _, i := range []int{2, 1} {
		clients[i].reconnect()
		if facts := clients[i].facts(t); !facts.Session.Resumed || facts.Session.ID != first[i] {
			t.Errorf("client %d: %+v", i, facts.Session)
		}
	}
	clients[0].reconnect()
	if facts := clients[0].facts(t); facts.Session.Resumed {
		t.Errorf("the session beyond the bound was resumed: %+v", facts.Session)
	}
}

// TestTicketSecret: endpoints that share a secret resume each other's
// sessions; others don't.
func TestTicketSecret(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	secret := bytes.Repeat([]byte{7}, 32)
	for _, version := range versions {
		t.Run(tlsname.Protocol(version), func(t *testing.T) {
			ahead := func() time.Time { return time.Now().Add(20 * time.Minute) }
			one := start(t, Config{Identities: []identity.Identity{id}, TicketSecret: secret})
			two := start(t, Config{Identities: []identity.Identity{id}, TicketSecret: secret, Now: ahead})
			three := start(t, Config{Identities: []identity.Identity{id}, TicketSecret: bytes.Repeat([]byte{8}, 32)})
			c := newClient(t, one, id, onlyVersion(version))
			first := c.facts(t).Session
			for range 2 { // there and back again
				for _, server := range []*Server{two, one} {
					c.reconnect()
					c.base = "https://" + server.Addr().String()
					if facts := c.facts(t); !facts.Session.Resumed || facts.Session.ID != first.ID {
						t.Errorf("%+v, first %+v", facts.Session, first)
					}
				}
			}
			c.reconnect()
			c.base = "https://" + three.Addr().String()
			if facts := c.facts(t); facts.Session.Resumed {
				t.Errorf("resumed with another secret: %+v", facts.Session)
			}
		})
	}
}

func TestEndedSessionsAreBounded(t *testing.T) {
	s := newTLSSessions(time.Hour, nil, 0)
	now := time.Now()
	old := tlsSession{ID: "old", Created: now.Add(-time.Minute)}
	for i := range maxEnded {
		s.end(tlsSession{ID: fmt.Sprint(i), Created: now}, now)
	}
	if !s.live(old, now) {
		t.Fatal("a session ended that nobody ended")
	}
	s.end(tlsSession{ID: "one too many", Created: now}, now)
	if len(s.ended) != 1 {
		t.Errorf("%d ids are kept", len(s.ended))
	}
	for _, session := range []tlsSession{old, {ID: "0", Created: now.Add(-1)}, {ID: "one too many", Created: now}} {
		if s.live(session, now) || !s.hasEnded(session) {
			t.Errorf("%q lives", session.ID)
		}
	}
	if fresh := (tlsSession{ID: "fresh", Created: now.Add(1)}); !s.live(fresh, now.Add(2)) || s.hasEnded(fresh) {
		t.Error("no session lives any more")
	}
}

func TestTicketsOfOthers(t *testing.T) {
	s := newTLSSessions(time.Hour, nil, 0)
	now := time.Now()
	for name, ticket := range map[string][]byte{"none": nil, "short": {1}, "noise": bytes.Repeat([]byte{1}, 300)} {
		if state, _ := s.open(ticket, tls.ConnectionState{}, now); state != nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func FuzzTLSSession(f *testing.F) {
	f.Add(tlsSession{ID: "0123", Host: "_default_", Created: time.Unix(0, 1)}.marshal())
	f.Add([]byte(ticketMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s tlsSession
		if s.unmarshal(data) && !bytes.Equal(s.marshal(), data) {
			t.Errorf("%x becomes %x", data, s.marshal())
		}
	})
}

// aliased returns what makes identities under one CA.
func aliased(t *testing.T) func(alias, kind string, names ...string) identity.Identity {
	root := identitytest.NewIssuer(t, "Root", nil)
	middle := identitytest.NewIssuer(t, "Intermediate", root)
	return func(alias, kind string, names ...string) identity.Identity {
		id := identitytest.Issue(t, kind, middle, root, names...)
		id.Alias = alias
		return id
	}
}

// TestSelection: the server name comes first, then what the client can use.
func TestSelection(t *testing.T) {
	id := aliased(t)
	server := start(t, Config{Identities: []identity.Identity{
		id("first", "p256", "localhost"),
		id("a-rsa", "rsa2048", "a.example"),
		id("a-ec", "p256", "A.example"),
		id("wild", "p256", "*.example"),
		id("exact", "p256", "exact.example"),
		id("ed", "ed25519", "ed.example"),
	}})
	ecOnly := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	rsaOnly := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	tests := []struct {
		name   string
		suites []uint16 // TLS 1.2 where given
		want   string
	}{
		{"localhost", nil, "first"},
		{"unknown.test", nil, "first"},
		{"", nil, "first"},
		{"a.example", nil, "a-rsa"},
		{"A.EXAMPLE", nil, "a-rsa"},
		{"a.example", ecOnly, "a-ec"},
		{"a.example", rsaOnly, "a-rsa"},
		{"b.example", nil, "wild"},
		{"exact.example", nil, "exact"},
		{"deep.b.example", nil, "first"},
		{"ed.example", nil, "ed"},
		{"localhost", rsaOnly, "a-rsa"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/%d", test.name, len(test.suites)), func(t *testing.T) {
			config := &tls.Config{ServerName: test.name, InsecureSkipVerify: true, CipherSuites: test.suites}
			if test.suites != nil {
				config.MaxVersion = tls.VersionTLS12
			}
			transport := &http.Transport{TLSClientConfig: config}
			defer transport.CloseIdleConnections()
			if test.name == "" { // net/http would send the host's name
				transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					return (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: "127.0.0.1"}}).DialContext(ctx, network, addr)
				}
			}
			c := &client{&http.Client{Transport: transport}, transport, "https://" + server.Addr().String()}
			if facts := c.facts(t); facts.Entry.Alias != test.want {
				t.Errorf("served %s, want %s", facts.Entry.Alias, test.want)
			}
		})
	}
}

// TestHosts: virtual hosts match as in Tomcat, and keep sessions apart.
func TestHosts(t *testing.T) {
	made := aliased(t)
	id := func(alias string) identity.Identity {
		return made(alias, "p256", "localhost", "a.example", "b.example", "c.b.example")
	}
	deflt := id("default")
	server := start(t, Config{
		Identities: []identity.Identity{deflt},
		StrictSNI:  true,
		Hosts: []Host{
			{Names: []string{"A.example"}, Identities: []identity.Identity{id("a")}},
			{Names: []string{"*.b.example", "b.example"}, Identities: []identity.Identity{id("b")}, Policy: Policy{Protocols: []uint16{tls.VersionTLS12}}},
		},
	})
	visit := func(t *testing.T, serverName, host string, cache tls.ClientSessionCache) (facts tlsFacts, status int) {
		t.Helper()
		c := newClient(t, server, deflt, func(c *tls.Config) { c.ServerName, c.ClientSessionCache = serverName, cache })
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/api/tls", nil)
		request.Host = host
		response, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, response)
		if response.StatusCode == http.StatusOK {
			facts = decode[tlsFacts](t, body)
		}
		return facts, response.StatusCode
	}
	tests := []struct{ serverName, alias, host, protocol string }{
		{"localhost", "default", "_default_", "TLSv1.3"},
		{"a.example", "a", "a.example", "TLSv1.3"},
		{"b.example", "b", "*.b.example", "TLSv1.2"},
		{"c.b.example", "b", "*.b.example", "TLSv1.2"},
	}
	for _, test := range tests {
		t.Run(test.serverName, func(t *testing.T) {
			facts, status := visit(t, test.serverName, test.serverName, nil)
			if status != 200 || facts.Entry.Alias != test.alias || facts.Entry.Host != test.host || facts.Protocol != test.protocol {
				t.Errorf("%d %+v %s", status, facts.Entry, facts.Protocol)
			}
		})
	}
	t.Run("strict", func(t *testing.T) {
		if _, status := visit(t, "a.example", "b.example:8443", nil); status != http.StatusMisdirectedRequest {
			t.Errorf("status %d", status)
		}
		if _, status := visit(t, "b.example", "x.b.example", nil); status != http.StatusOK {
			t.Errorf("the same host under another name: status %d", status)
		}
	})
	t.Run("no resumption across hosts", func(t *testing.T) {
		cache := &sharedCache{}
		first, _ := visit(t, "localhost", "localhost", cache)
		if second, _ := visit(t, "a.example", "a.example", cache); second.Session.Resumed || second.Session.ID == first.Session.ID || second.Entry.Alias != "a" {
			t.Errorf("%+v", second)
		}
	})
}

// TestStrictAmongIdentities: where certificates are chosen by their names, a Host
// header must go with one that has the server name too.
func TestStrictAmongIdentities(t *testing.T) {
	id := aliased(t)
	ids := []identity.Identity{
		id("deflt", "p256", "localhost"),
		id("b", "p256", "b.example", "www.b.example"),
		id("rsa", "rsa2048", "b.example"),
		id("any", "p256", "*.c.example"),
	}
	for _, strict := range []bool{true, false} {
		server := start(t, Config{Identities: ids, StrictSNI: strict})
		for _, test := range []struct {
			serverName, host string
			agree            bool
		}{
			{"localhost", "localhost", true},
			{"localhost", "127.0.0.1", true},
			{"localhost", "x.example", true},
			{"b.example", "B.example:8443", true},
			{"b.example", "www.b.example", true},
			{"www.b.example", "b.example", true},
			{"x.c.example", "y.c.example", true},
			{"localhost", "b.example", false},
			{"b.example", "localhost", false},
			{"b.example", "x.c.example", false},
			{"x.c.example", "x.x.c.example", false},
		} {
			c := newClient(t, server, ids[0], func(c *tls.Config) { c.ServerName, c.InsecureSkipVerify = test.serverName, true })
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/healthz", nil)
			request.Host = test.host
			response, err := c.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			want := http.StatusOK
			if strict && !test.agree {
				want = http.StatusMisdirectedRequest
			}
			if response.StatusCode != want {
				t.Errorf("strict %t, server name %s, Host %s: %s", strict, test.serverName, test.host, response.Status)
			}
		}
	}
}

// TestUpdateSharedAlias: entries of two keystores may have one alias, and each
// is told of.
func TestUpdateSharedAlias(t *testing.T) {
	one, two, three := identitytest.New(t, "p256", "a.example"), identitytest.New(t, "p256", "b.example"), identitytest.New(t, "p256", "a.example")
	server := start(t, Config{Identities: []identity.Identity{one, two}})
	changes, err := server.Update(Config{Identities: []identity.Identity{three, two}})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 1 || !strings.Contains(changes[0], "certificate replaced: CN=a.example") {
		t.Errorf("%q", changes)
	}
}

// sharedCache is a client's session cache that gives the last session for any
// name, as no honest client does.
type sharedCache struct{ last *tls.ClientSessionState }

func (c *sharedCache) Get(string) (*tls.ClientSessionState, bool) { return c.last, c.last != nil }
func (c *sharedCache) Put(_ string, s *tls.ClientSessionState) {
	if s != nil {
		c.last = s
	}
}

func TestClientCertificates(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	ca := identitytest.NewIssuer(t, "Client CA", nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	key := identitytest.NewKey(t, "p256")
	template := identitytest.ServerTemplate()
	template.Subject.CommonName = "duke"
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	cert := tls.Certificate{Certificate: [][]byte{identitytest.Sign(t, template, key, ca).Raw}, PrivateKey: key}

	server := start(t, Config{Identities: []identity.Identity{id}, Policy: Policy{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}})
	for _, version := range versions {
		t.Run(tlsname.Protocol(version), func(t *testing.T) {
			c := newClient(t, server, id, func(config *tls.Config) {
				onlyVersion(version)(config)
				config.Certificates = []tls.Certificate{cert}
			})
			for _, resumed := range []bool{false, true} {
				facts := c.facts(t)
				if len(facts.Client.Certificates) != 1 || facts.Client.Certificates[0].Subject != "CN=duke" || !facts.Client.Verified || facts.Session.Resumed != resumed {
					t.Errorf("resumed %v: %+v", facts.Session.Resumed, facts.Client.Certificates)
				}
				list, _ := facts.Attributes["jakarta.servlet.request.X509Certificate"].([]any)
				if len(list) != 1 || !strings.HasPrefix(list[0].(string), "-----BEGIN CERTIFICATE-----\n") {
					t.Errorf("X509Certificate: %v", list)
				}
				c.reconnect()
			}
			bare := newClient(t, server, id, onlyVersion(version))
			if response, err := bare.Get(bare.base + "/"); err == nil {
				response.Body.Close()
				t.Error("a client without a certificate came in")
			}
		})
	}
	t.Run("no authorities", func(t *testing.T) {
		_, err := Listen(t.Context(), Config{Identities: []identity.Identity{id}, Policy: Policy{ClientAuth: tls.VerifyClientCertIfGiven}})
		if err == nil || !strings.Contains(err.Error(), "no authorities") {
			t.Errorf("%v", err)
		}
	})
}

// TestProtocolGap: TLS 1.1 and 1.3 without 1.2.
func TestProtocolGap(t *testing.T) {
	id := identitytest.New(t, "rsa2048", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, Policy: Policy{Protocols: []uint16{tls.VersionTLS13, tls.VersionTLS11}}})
	for _, test := range []struct {
		max  uint16
		want string
	}{{tls.VersionTLS13, "TLSv1.3"}, {tls.VersionTLS12, "TLSv1.1"}, {tls.VersionTLS10, ""}} {
		t.Run(tlsname.Protocol(test.max), func(t *testing.T) {
			c := newClient(t, server, id, func(config *tls.Config) { config.MinVersion, config.MaxVersion = tls.VersionTLS10, test.max })
			response, err := c.Get(c.base + "/api/tls")
			if err != nil {
				if test.want != "" {
					t.Fatal(err)
				}
				return
			}
			if facts := decode[tlsFacts](t, readAll(t, response)); facts.Protocol != test.want {
				t.Errorf("%s, want %q", facts.Protocol, test.want)
			}
		})
	}
}

// TestHTTP2NeedsItsSuites: a client with CBC suites alone gets HTTP/1.1, though
// it offers HTTP/2.
func TestHTTP2NeedsItsSuites(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}})
	c := newClient(t, server, id, func(config *tls.Config) {
		config.MaxVersion = tls.VersionTLS12
		config.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	})
	if facts := c.facts(t); facts.HTTP != "HTTP/1.1" || facts.CipherSuite != "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" {
		t.Errorf("%s, %s", facts.HTTP, facts.CipherSuite)
	}
}

func TestUpdate(t *testing.T) {
	root := identitytest.NewIssuer(t, "Root", nil)
	old, fresh := identitytest.Issue(t, "p256", identitytest.NewIssuer(t, "I", root), root, "localhost"), identitytest.Issue(t, "p256", identitytest.NewIssuer(t, "I", root), root, "localhost")
	old.Alias, fresh.Alias = "old", "new"
	var log syncBuffer
	server := start(t, Config{Identities: []identity.Identity{old}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	c := newClient(t, server, old, nil)
	first := c.facts(t)
	if _, err := server.Update(Config{Identities: []identity.Identity{{Alias: "bad"}}}); err == nil {
		t.Error("an identity without a key was taken")
	}
	c.reconnect()
	if facts := c.facts(t); facts.Entry.Alias != "old" || !facts.Session.Resumed {
		t.Errorf("after a refused update: %+v", facts)
	}
	changes, err := server.Update(Config{Identities: []identity.Identity{fresh}})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || !strings.HasPrefix(changes[0], "<old> no longer served: CN=localhost, serial ") || !strings.HasPrefix(changes[1], "<new> served anew: CN=localhost, serial ") {
		t.Errorf("changes: %q", changes)
	}
	if facts := c.facts(t); facts.Entry.Alias != "old" {
		t.Errorf("an open connection changed to %q", facts.Entry.Alias)
	}
	c.reconnect()
	if facts := c.facts(t); facts.Entry.Alias != "new" || facts.Session.Resumed || facts.Session.ID == first.Session.ID {
		t.Errorf("after the update: %+v %+v", facts.Entry, facts.Session)
	}
	contains(t, []byte(log.String()), `msg=updated change="<old> no longer served: CN=localhost, serial `)
	renewed := old
	renewed.Alias = "new"
	changes, err = server.Update(Config{Identities: []identity.Identity{renewed}, Hosts: []Host{{Names: []string{"a.example"}, Identities: []identity.Identity{fresh}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || !strings.HasPrefix(changes[0], "<new> certificate replaced: CN=localhost, serial ") || !strings.HasPrefix(changes[1], "<new> for a.example served anew: ") {
		t.Errorf("changes: %q", changes)
	}
	alone := renewed
	alone.Chain = renewed.Chain[:1]
	if changes, err = server.Update(Config{Identities: []identity.Identity{alone}, Policy: Policy{Protocols: []uint16{tls.VersionTLS12}}}); err != nil {
		t.Fatal(err)
	}
	if len(changes) != 3 || changes[1] != "<new> chain changed: 3 certificates -> 1" || changes[2] != "protocols: TLSv1.2, TLSv1.3 -> TLSv1.2" {
		t.Errorf("changes: %q", changes)
	}
	if conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}); err == nil {
		conn.Close()
		t.Error("the policy was not updated")
	}
}

// TestUpdateSettings: what is not a certificate is updated as well, and told.
func TestUpdateSettings(t *testing.T) {
	id, ca := identitytest.New(t, "p256", "localhost"), identitytest.New(t, "p256", "duke")
	was := Config{DefaultHost: "a.example", Hosts: []Host{
		{Names: []string{"a.example"}, Identities: []identity.Identity{id}},
		{Names: []string{"b.example"}, Identities: []identity.Identity{id}},
	}}
	server := start(t, was)
	now := was
	now.Hosts = slices.Clone(was.Hosts)
	now.DefaultHost, now.StrictSNI, now.HTTP1 = "b.example", true, true
	now.Hosts[1].Names = []string{"b.example", "*.b.example"}
	now.Hosts[1].Policy = Policy{
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, Groups: []tls.CurveID{tls.CurveP256}, NoTickets: true,
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: identitytest.Roots(t, ca), MaxIntermediates: 2, CRLs: []*x509.RevocationList{{Raw: []byte{1}}},
	}
	changes, err := server.Update(now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"ALPN: h2, http/1.1 -> http/1.1 for a.example",
		"names: b.example -> b.example, *.b.example for b.example",
		"ALPN: h2, http/1.1 -> http/1.1 for b.example",
		"cipher suites: Go's own -> TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 for b.example",
		"groups: Go's own -> secp256r1 for b.example",
		"without session tickets: false -> true for b.example",
		"client certificates: none -> asked for for b.example",
		"intermediate certificates of clients: 10 -> 2 for b.example",
		"other authorities are trusted to sign clients' certificates for b.example",
		"the revocation lists are others for b.example",
		"default host: a.example -> b.example",
		"strictSni: false -> true",
	}, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	c := newClient(t, server, id, nil)
	if facts := c.facts(t); facts.HTTP != "HTTP/1.1" || facts.Entry.Host != "b.example" || facts.Group != "secp256r1" {
		t.Errorf("after the update: %+v", facts)
	}
	if changes, err := server.Update(now); err != nil || len(changes) != 0 {
		t.Errorf("the same once more: %q, %v", changes, err)
	}
	now.TicketSecret = make([]byte, 32)
	if _, err := server.Update(now); err == nil {
		t.Error("a ticket secret came late")
	}
}

// TestUpdateTicketSecret: tickets of the secret before are taken for a while,
// and new ones are made with the new one.
func TestUpdateTicketSecret(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	clock := newClock()
	start := func(secret byte) (*Server, Config) {
		cfg := Config{Identities: []identity.Identity{id}, Now: clock.now, TicketSecret: bytes.Repeat([]byte{secret}, 32), TLSSessionTimeout: 7 * 24 * time.Hour}
		return start(t, cfg), cfg
	}
	one, cfg := start(1)
	other, _ := start(2)
	early, late := newClient(t, one, id, nil), newClient(t, one, id, nil)
	first := early.facts(t).Session
	late.facts(t)

	cfg.TicketSecret = bytes.Repeat([]byte{2}, 32)
	changes, err := one.Update(cfg)
	if err != nil || len(changes) != 1 || !strings.HasPrefix(changes[0], "ticket secret replaced") {
		t.Errorf("%q, %v", changes, err)
	}
	clock.add(12 * time.Hour)
	early.reconnect()
	if again := early.facts(t).Session; !again.Resumed || again.ID != first.ID {
		t.Errorf("12 h after the replacement: %+v, first %+v", again, first)
	}
	early.reconnect()
	early.base = "https://" + other.Addr().String()
	if again := early.facts(t).Session; !again.Resumed {
		t.Errorf("the new ticket is not made with the new secret: %+v", again)
	}
	clock.add(13 * time.Hour)
	late.reconnect()
	if again := late.facts(t).Session; again.Resumed {
		t.Errorf("25 h after the replacement: %+v", again)
	}
}

func TestPaths(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	id.Alias = `<script>alert("x")</script>`
	server := start(t, Config{Identities: []identity.Identity{id, identitytest.New(t, "rsa2048", "other.example")}, HSTS: "max-age=60; includeSubDomains"})
	c := newClient(t, server, id, nil)
	do := func(t *testing.T, method, path string, body io.Reader, header ...string) (*http.Response, []byte) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, c.base+path, body)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		plain := *c.Client
		plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		response, err := plain.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return response, readAll(t, response)
	}

	t.Run("page", func(t *testing.T) {
		response, body := do(t, "GET", "/", nil)
		contains(t, body, "&lt;script&gt;alert", "CN=Root, O=Example", "full handshake", "TLSv1.3", "Invalidate both sessions", "rsa2048")
		if bytes.Contains(body, []byte("<script")) || bytes.Contains(body, []byte("ZgotmplZ")) {
			t.Errorf("%s", body)
		}
		for _, outside := range []string{"src=", "@import", "url(", "<script", "<iframe"} {
			if bytes.Contains(body, []byte(outside)) {
				t.Errorf("the page has %q", outside)
			}
		}
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=60; includeSubDomains",
			"X-Content-Type-Options":    "nosniff",
			"X-Frame-Options":           "DENY",
			"Referrer-Policy":           "no-referrer",
			"Cache-Control":             "no-store",
			"Content-Type":              "text/html; charset=utf-8",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if policy := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
			t.Errorf("policy %s", policy)
		}
	})
	t.Run("certificates", func(t *testing.T) {
		_, body := do(t, "GET", "/api/certificates", nil)
		list := decode[[]identityFacts](t, body)
		if len(list) != 2 || !list[0].Served || list[1].Served || list[1].Alias != "rsa2048" || len(list[0].Chain) != 3 || len(list[0].Checks) != 7 {
			t.Errorf("%s", body)
		}
		if !strings.HasPrefix(list[0].Chain[0].PEM, "-----BEGIN CERTIFICATE-----\n") || list[0].Names[0] != "dns:localhost" {
			t.Errorf("%s", body)
		}
		if bytes.Contains(body, []byte("<script")) {
			t.Error("markup is not escaped in JSON")
		}
	})
	t.Run("healthz", func(t *testing.T) {
		response, body := do(t, "GET", "/healthz", nil)
		if string(body) != "ok\n" || len(response.Cookies()) != 0 {
			t.Errorf("%q %v", body, response.Cookies())
		}
	})
	t.Run("echo", func(t *testing.T) {
		_, body := do(t, "PUT", "/echo?a=%3Cb%3E", strings.NewReader("hello"), "X-Test", "<b>")
		contains(t, body, `"method": "PUT"`, `"uri": "/echo?a=%3Cb%3E"`, `"body": "hello"`, `"X-Test": [`, `\u003cb\u003e`)
		_, body = do(t, "POST", "/echo", bytes.NewReader([]byte{0xff, 0}))
		contains(t, body, `"body": ""`, `"bodyBase64": "/wA="`)
		response, _ := do(t, "POST", "/echo", bytes.NewReader(make([]byte, maxEcho+1)))
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("64 KiB and a byte: %s", response.Status)
		}
	})
	t.Run("not there", func(t *testing.T) {
		for _, test := range []struct {
			method, path string
			want         int
		}{
			{"GET", "/nosuch", 404}, {"GET", "/api", 404}, {"POST", "/", 405}, {"GET", "/session/new", 405},
			{"GET", "/session/invalidate", 405}, {"PUT", "/api/session", 405}, {"GET", "/..%2f..%2fetc/passwd", 404},
		} {
			if response, _ := do(t, test.method, test.path, nil); response.StatusCode != test.want {
				t.Errorf("%s %s: %s, want %d", test.method, test.path, response.Status, test.want)
			}
		}
	})
	t.Run("buttons", func(t *testing.T) {
		for _, path := range []string{"/session/new", "/session/invalidate"} {
			response, _ := do(t, "POST", path, nil, "Sec-Fetch-Site", "same-origin")
			if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/" {
				t.Errorf("%s: %s to %q", path, response.Status, response.Header.Get("Location"))
			}
		}
	})
	t.Run("from elsewhere", func(t *testing.T) {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
			for _, request := range []string{"POST /session/invalidate", "POST /session/new", "DELETE /api/session"} {
				method, path, _ := strings.Cut(request, " ")
				if response, _ := do(t, method, path, nil, header...); response.StatusCode != http.StatusForbidden {
					t.Errorf("%s with %v: %s", request, header, response.Status)
				}
			}
		}
	})
}

// TestRenewal holds that page and documents say when a certificate is renewed, where
// that is known.
func TestRenewal(t *testing.T) {
	id, other := identitytest.New(t, "p256", "localhost"), identitytest.New(t, "rsa2048", "localhost")
	at := time.Date(2026, 12, 24, 18, 30, 0, 0, time.UTC)
	server := start(t, Config{Identities: []identity.Identity{id, other}, Renewal: func(leaf []byte) time.Time {
		if bytes.Equal(leaf, id.Chain[0]) {
			return at
		}
		return time.Time{}
	}})
	c := newClient(t, server, id, nil)
	if facts := c.facts(t); !facts.Entry.Renewal.Equal(at) {
		t.Errorf("%v", facts.Entry.Renewal)
	}
	var list []identityFacts
	c.get(t, "/api/certificates", &list)
	if len(list) != 2 || !list[0].Renewal.Equal(at) || !list[1].Renewal.IsZero() {
		t.Errorf("%+v", list)
	}
	response, err := c.Get(c.base + "/")
	if err != nil {
		t.Fatal(err)
	}
	contains(t, readAll(t, response), "renews 24 December 2026, 18:30 UTC")
}

func TestRedirect(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, RedirectAddr: "127.0.0.1:0"})
	_, port, _ := net.SplitHostPort(server.Addr().String())
	for _, test := range []struct{ host, path, want string }{
		{"localhost:8080", "/a?b=c", "https://localhost:" + port + "/a?b=c"},
		{"[::1]:8080", "/", "https://[::1]:" + port + "/"},
		{"example.com", "//evil.example/", "https://example.com:" + port + "//evil.example/"},
		{"a b", "/", ""},
	} {
		t.Run(test.host, func(t *testing.T) {
			conn, err := net.Dial("tcp", server.RedirectAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", test.path, test.host)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if test.want == "" {
				if response.StatusCode != http.StatusBadRequest {
					t.Errorf("%s", response.Status)
				}
				return
			}
			if got := response.Header.Get("Location"); got != test.want || response.StatusCode != http.StatusFound {
				t.Errorf("%s to %s, want %s", response.Status, got, test.want)
			}
		})
	}
}

// TestHostileClients: each is turned away in time, and the endpoint goes on.
func TestHostileClients(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	var log syncBuffer
	limits := Config{
		Identities: []identity.Identity{id}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		HeaderTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, IdleTimeout: time.Second,
	}
	server := start(t, limits)
	raw := func(t *testing.T, server *Server) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(time.Minute))
		return conn
	}
	secure := func(t *testing.T, server *Server) *tls.Conn {
		t.Helper()
		conn := tls.Client(raw(t, server), &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost"})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	closes := func(t *testing.T, conn net.Conn) {
		t.Helper()
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Error("the connection stays open")
		}
	}
	t.Run("clients", func(t *testing.T) {
		t.Run("silent", func(t *testing.T) {
			t.Parallel()
			closes(t, raw(t, server))
		})
		t.Run("noise", func(t *testing.T) {
			t.Parallel()
			conn := raw(t, server)
			conn.Write(bytes.Repeat([]byte("\x00\xffnoise"), 100))
			closes(t, conn)
		})
		t.Run("half a ClientHello", func(t *testing.T) {
			t.Parallel()
			conn := raw(t, server)
			conn.Write([]byte{22, 3, 1, 2, 0, 1, 0})
			closes(t, conn)
		})
		t.Run("plain HTTP", func(t *testing.T) {
			t.Parallel()
			conn := raw(t, server)
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			answer, _ := io.ReadAll(conn)
			contains(t, answer, "400 Bad Request", "HTTP request to an HTTPS server")
		})
		t.Run("silent after the handshake", func(t *testing.T) {
			t.Parallel()
			closes(t, secure(t, server))
		})
		t.Run("slow header", func(t *testing.T) {
			t.Parallel()
			conn := secure(t, server)
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
			closes(t, conn)
		})
		t.Run("slow body", func(t *testing.T) {
			t.Parallel()
			conn := secure(t, server)
			io.WriteString(conn, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
			closes(t, conn)
		})
		t.Run("huge header", func(t *testing.T) {
			t.Parallel()
			conn := secure(t, server)
			go fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 100<<10))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s", response.Status)
			}
		})
		t.Run("a byte at a time", func(t *testing.T) {
			t.Parallel()
			conn := raw(t, server)
			go func() {
				for _, b := range bytes.Repeat([]byte{22, 3, 1, 64, 0, 1, 0, 63}, 1000) {
					if _, err := conn.Write([]byte{b}); err != nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			}()
			closes(t, conn)
		})
		t.Run("records without end", func(t *testing.T) {
			t.Parallel()
			conn := raw(t, server)
			// A ClientHello of 16 MiB by its own account, in whole records.
			record := append([]byte{22, 3, 1, 64, 0, 1, 255, 255, 255}, make([]byte, 1<<14-4)...)
			go func() {
				for {
					if _, err := conn.Write(record); err != nil {
						return
					}
				}
			}()
			closes(t, conn)
		})
		t.Run("does not read", func(t *testing.T) {
			t.Parallel()
			// The kernel need not tell a client that doesn't read: the endpoint's
			// own count of connections says when this one is let go. One more
			// is counted: that which the listener waits for.
			server := start(t, limits)
			open := func() int { return len(server.ln.places) - 1 }
			conn := secure(t, server)
			io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
				t.Fatal(err)
			}
			conn.NetConn().(*net.TCPConn).SetReadBuffer(1 << 10)
			testtool.WaitFor(t, func() bool { return open() == 1 })
			go func() {
				request := []byte("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 60000))
				for {
					if _, err := conn.Write(request); err != nil {
						return
					}
				}
			}()
			testtool.WaitFor(t, func() bool { return open() == 0 })
		})
		t.Run("announces too much", func(t *testing.T) {
			t.Parallel()
			conn := secure(t, server)
			fmt.Fprintf(conn, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775807\r\n\r\n%s", strings.Repeat("x", 100<<10))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusRequestEntityTooLarge || !response.Close {
				t.Errorf("%s, close: %t", response.Status, response.Close)
			}
		})
		t.Run("two lengths", func(t *testing.T) {
			t.Parallel()
			conn := secure(t, server)
			io.WriteString(conn, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef")
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s", response.Status)
			}
		})
		t.Run("HTTP/2 that is none", func(t *testing.T) {
			t.Parallel()
			conn := tls.Client(raw(t, server), &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost", NextProtos: []string{"h2"}})
			io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+strings.Repeat("\xff", 100))
			closes(t, conn)
		})
		t.Run("untrusting", func(t *testing.T) {
			t.Parallel()
			conn := tls.Client(raw(t, server), &tls.Config{ServerName: "localhost", RootCAs: x509.NewCertPool()})
			if err := conn.Handshake(); err == nil {
				t.Error("no error")
			}
			testtool.WaitFor(t, func() bool {
				return strings.Contains(log.String(), "client refuses the certificate") || strings.Contains(log.String(), "does not trust the issuer")
			})
		})
	})
	c := newClient(t, server, id, nil)
	c.facts(t)
}

func TestMaxConnections(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, MaxConnections: 2})
	var held []net.Conn
	for range 2 {
		conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	defer held[1].Close()
	done := make(chan tlsFacts, 1)
	c := newClient(t, server, id, nil)
	go func() { done <- c.facts(t) }()
	select {
	case <-done:
		t.Error("a third connection was served")
	case <-time.After(200 * time.Millisecond):
	}
	held[0].Close()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("no place was freed")
	}
}

func TestRefusedConfigs(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	for name, cfg := range map[string]Config{
		"there is no identity":     {},
		"has no certificate":       {Identities: []identity.Identity{{Alias: "a", Key: id.Key}}},
		"has no private key":       {Identities: []identity.Identity{{Alias: "a", Chain: id.Chain}}},
		"negative timeout":         {Identities: []identity.Identity{id}, ReadTimeout: -1},
		"a limit is negative":      {Identities: []identity.Identity{id}, MaxSessions: -1},
		"7 days are the most":      {Identities: []identity.Identity{id}, TLSSessionTimeout: 8 * 24 * time.Hour},
		"at least 32 are needed":   {Identities: []identity.Identity{id}, TicketSecret: []byte("short")},
		"can't be combined":        {Identities: []identity.Identity{id}, TicketSecret: make([]byte, 32), TLSSessionCache: 1},
		"protocol SSLv3":           {Identities: []identity.Identity{id}, Policy: Policy{Protocols: []uint16{0x0300}}},
		"a host has no name":       {Identities: []identity.Identity{id}, Hosts: []Host{{Identities: []identity.Identity{id}}}},
		"two hosts have the name":  {Identities: []identity.Identity{id}, Hosts: []Host{{Names: []string{"a"}, Identities: []identity.Identity{id}}, {Names: []string{"A"}, Identities: []identity.Identity{id}}}},
		"missing port in address":  {Identities: []identity.Identity{id}, Addr: "127.0.0.1"},
		"address already in use":   {Identities: []identity.Identity{id}, Addr: busyPort(t)},
		"missing port in address ": {Identities: []identity.Identity{id}, RedirectAddr: "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := Listen(t.Context(), cfg)
			if err == nil {
				server.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), strings.TrimSpace(name)) {
				t.Errorf("%v", err)
			}
		})
	}
}

func busyPort(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

// TestShutdown: running requests finish, idle and half-open connections don't
// hold it up, and no goroutine is left.
func TestShutdown(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	before := runtime.NumGoroutine()
	server, err := Listen(t.Context(), Config{Identities: []identity.Identity{id}, RedirectAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()

	idle := newClient(t, server, id, nil)
	idle.facts(t)
	halfOpen, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer halfOpen.Close()
	preconnected, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer preconnected.Close()
	running, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	io.WriteString(running, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel")
	time.Sleep(50 * time.Millisecond)

	start := time.Now()
	cancel()
	time.Sleep(50 * time.Millisecond)
	io.WriteString(running, "lo")
	response, err := http.ReadResponse(bufio.NewReader(running), nil)
	if err != nil {
		t.Fatalf("the running request: %v", err)
	}
	contains(t, readAll(t, response), `"body": "hello"`)
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := net.Dial("tcp", server.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
	idle.transport.CloseIdleConnections()
	testtool.WaitFor(t, func() bool { return runtime.NumGoroutine() <= before })
}

func TestURL(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8443":    "https://localhost:8443/",
		"[::1]:8443":        "https://localhost:8443/",
		"0.0.0.0:8443":      "https://localhost:8443/",
		"192.0.2.1:8443":    "https://192.0.2.1:8443/",
		"127.0.0.1:443":     "https://localhost/",
		"[2001:db8::1]:443": "https://[2001:db8::1]/",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Server{ln: &listener{Listener: fakeListener{tcp}}}).URL(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

type fakeListener struct{ addr net.Addr }

func (l fakeListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l fakeListener) Close() error              { return nil }
func (l fakeListener) Addr() net.Addr            { return l.addr }

func TestAccessLog(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	var common, structured syncBuffer
	server := start(t, Config{Identities: []identity.Identity{id}, AccessLog: slog.New(CommonLog(&common)), HTTP1: true})
	server2 := start(t, Config{Identities: []identity.Identity{id}, AccessLog: slog.New(slog.NewJSONHandler(&structured, nil)), HTTP1: true})
	for _, s := range []*Server{server, server2} {
		c := newClient(t, s, id, nil)
		for _, path := range []string{"/healthz", "/nosuch?%22%0a"} {
			response, err := c.Get(c.base + path)
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, response)
		}
		response, err := c.Head(c.base + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, response)
	}
	want := regexp.MustCompile(`^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /healthz HTTP/1\.1" 200 3
127\.0\.0\.1 - - \[.*\] "GET /nosuch\?%22%0a HTTP/1\.1" 404 19
127\.0\.0\.1 - - \[.*\] "HEAD /healthz HTTP/1\.1" 200 -
$`)
	testtool.WaitFor(t, func() bool {
		return strings.Count(common.String(), "\n") == 3 && strings.Count(structured.String(), "\n") == 3
	})
	if !want.MatchString(common.String()) {
		t.Errorf("%s", common.String())
	}
	contains(t, []byte(structured.String()), `"uri":"/healthz"`, `"status":200`, `"tls":"TLSv1.3"`, `"resumed":false`, `"session":"`)
	if got := escapeLog("/\x1b\"\\\u00e9"); got != `/\x1b\x22\x5c\xc3\xa9` {
		t.Errorf("%s", got)
	}
}

// syncBuffer is a buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}
