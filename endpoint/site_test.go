package endpoint

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/sessionid"
)

// ask makes a request with headers, in pairs, without a cookie jar.
func (c *client) ask(t testing.TB, method, path string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Add(headers[i], headers[i+1])
	}
	plain := &http.Client{Transport: c.transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := plain.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response, readAll(t, response)
}

func TestCookieSettings(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	now := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	all := Cookie{Name: "SID", Path: "/app", Domain: "example.com", MaxAge: 3600, HTTPOnly: true, SameSite: "None", Partitioned: true,
		Attributes: []CookieAttribute{{"Priority", "High"}, {"x", ""}}}
	for _, test := range []struct {
		name   string
		cookie Cookie
		proto  string // said by a proxy
		want   string
	}{
		{"all", all, "", "SID=ID; Path=/app; Domain=example.com; Max-Age=3600; Expires=Sun, 29-Nov-2026 11:00:00 GMT; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High; x="},
		{"little", Cookie{Name: "a", MaxAge: -1}, "", "a=ID; Secure"},
		{"not secure", Cookie{Name: "a", MaxAge: -1}, "http", "a=ID"},
		{"secure in any case", Cookie{Name: "a", MaxAge: -1, Secure: true}, "http", "a=ID; Secure"},
		{"ends at once", Cookie{Name: "a", Path: "/"}, "", "a=ID; Path=/; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:10 GMT; Secure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, Config{Identities: []identity.Identity{id}, Cookie: &test.cookie, TomcatMajor: 10, Now: func() time.Time { return now },
				RemoteIP: []RemoteIP{{InternalProxies: ".*", ProtocolHeader: "P", HTTPSValue: "https"}}})
			c := newClient(t, server, id, nil)
			c.transport.TLSClientConfig.InsecureSkipVerify = true // the clock is not that of the certificate
			var headers []string
			if test.proto != "" {
				headers = []string{"P", test.proto}
			}
			response, body := c.ask(t, "GET", "/api/tls", headers...)
			facts := decode[tlsFacts](t, body)
			if got := strings.ReplaceAll(response.Header.Get("Set-Cookie"), facts.HTTPSession.ID, "ID"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if test.name == "all" { // Tomcat 11
				if got := test.cookie.header("ID", -1, true, now, 11); !strings.HasSuffix(got, "; Priority=High; x") {
					t.Errorf("%s", got)
				}
			}
			response, body = c.ask(t, "GET", "/api/tls", "Cookie", "JSESSIONID=x; "+test.cookie.Name+"=nosuch; "+test.cookie.Name+"="+facts.HTTPSession.ID)
			if again := decode[tlsFacts](t, body).HTTPSession; again.ID != facts.HTTPSession.ID || response.Header.Get("Set-Cookie") != "" {
				t.Errorf("the session is not found: %+v", again)
			}
			response, _ = c.ask(t, "DELETE", "/api/session", headers...)
			value, rest, _ := strings.Cut(response.Header.Get("Set-Cookie"), "; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:10 GMT")
			place, _, _ := strings.Cut(test.want, "; Max-Age")
			place, _, _ = strings.Cut(place, "; Secure")
			if value != strings.Replace(place, "ID", "", 1) || strings.Contains(rest, "Max-Age") {
				if test.cookie.Name != "SID" || value != "SID=; Path=/app; Domain=example.com" {
					t.Errorf("deleted by %s", response.Header.Get("Set-Cookie"))
				}
			}
		})
	}
}

func TestRefusedSettings(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	for name, cfg := range map[string]Config{
		"name of the session cookie":      {Cookie: &Cookie{Name: "a b"}},
		`name of the session cookie, ""`:  {Cookie: &Cookie{}},
		"domain of the session cookie":    {Cookie: &Cookie{Name: "a", Domain: ".example.com"}},
		`Path of the session cookie, "/a`: {Cookie: &Cookie{Name: "a", Path: "/a;b"}},
		"SameSite of the session cookie":  {Cookie: &Cookie{Name: "a", SameSite: "Lax\r\nX: y"}},
		`"c d" can't be the name`:         {Cookie: &Cookie{Name: "a", Attributes: []CookieAttribute{{"c d", ""}}}},
		"can't hang on anything else":     {Tracking: TrackTLS | TrackCookie},
		"does not begin with a slash":     {ContextPath: "app"},
		"or ends with one":                {ContextPath: "/app/"},
		"internalProxies: not a regular":  {RemoteIP: []RemoteIP{{InternalProxies: "("}}},
		"trustedProxies: not possible":    {RemoteIP: []RemoteIP{{TrustedProxies: "(?!a)"}}},
		`"10.0.0.0/33" is no range`:       {RemoteIP: []RemoteIP{{TrustedProxies: "10.0.0.0/33", Ranges: true}}},
		`"proxy" is no address`:           {RemoteIP: []RemoteIP{{TrustedProxies: "10.0.0.0/8, proxy", Ranges: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Identities = []identity.Identity{id}
			server, err := Listen(t.Context(), cfg)
			if err == nil {
				server.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
		})
	}
}

// generator makes the ids that a test gives it.
type generator func() (string, error)

func (g generator) Generate() (string, error)            { return g() }
func (g generator) GenerateRoute(string) (string, error) { return g() }

func TestMaxActiveSessions(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	two, none := 2, 0
	clock := newClock()
	server := start(t, Config{Identities: []identity.Identity{id}, MaxActiveSessions: &two, SessionTimeout: time.Minute, Now: clock.now})
	status := func(t *testing.T, want int, method, path string, headers ...string) *http.Response {
		t.Helper()
		response, body := newClient(t, server, id, nil).ask(t, method, path, headers...)
		if response.StatusCode != want || want == 500 && !strings.Contains(string(body), "too many active sessions: 2 of 2 (maxActiveSessions)") {
			t.Errorf("%s %s: %s\n%s", method, path, response.Status, body)
		}
		return response
	}
	cookie := status(t, 200, "GET", "/api/tls").Cookies()[0]
	status(t, 200, "GET", "/")
	for _, path := range []string{"/", "/api/tls", "/api/session"} {
		if response := status(t, 500, "GET", path); response.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie", path)
		}
	}
	status(t, 500, "POST", "/api/session")
	status(t, 200, "GET", "/healthz")
	status(t, 200, "GET", "/api/tls", "Cookie", cookie.String())
	status(t, 200, "POST", "/api/session", "Cookie", cookie.String())
	clock.add(time.Minute)
	status(t, 200, "GET", "/api/tls")
	changes, err := server.UpdateApplication(Config{MaxActiveSessions: &none})
	if err != nil || !cmp.Equal(changes, []string{"HTTP sessions end after: 1m0s -> 30m0s", "maxActiveSessions: 2 -> 0"}) {
		t.Errorf("%q, %v", changes, err)
	}
	if response, body := newClient(t, server, id, nil).ask(t, "GET", "/api/tls"); response.StatusCode != 500 {
		t.Errorf("%s %s", response.Status, body)
	}
}

func TestSessionIDsRunOut(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	given := map[string]bool{}
	server := start(t, Config{Identities: []identity.Identity{id}, SessionIDs: &sessionid.Standard{Length: 1, Route: "a"}})
	c := newClient(t, server, id, nil)
	for range 300 {
		response, body := c.ask(t, "GET", "/api/tls")
		if response.StatusCode == 500 {
			contains(t, body, "no free session id: the ids are too short (sessionIdLength)")
			break
		}
		id := decode[tlsFacts](t, body).HTTPSession.ID
		if given[id] {
			t.Fatalf("%s was given twice", id)
		}
		given[id] = true
	}
	if len(given) < 128 || len(given) > 256 {
		t.Errorf("%d ids of one byte", len(given))
	}
	for name, draw := range map[string]generator{
		"no free session id": func() (string, error) { return "", nil },
		"no more entropy":    func() (string, error) { return "", errors.New("no more entropy") },
	} {
		c := newClient(t, start(t, Config{Identities: []identity.Identity{id}, SessionIDs: draw}), id, nil)
		response, body := c.ask(t, "GET", "/api/session")
		if response.StatusCode != 500 || !strings.Contains(string(body), name) {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
}

// TestTrackURL: without a cookie and without ids in links each request has a
// session of its own.
func TestTrackURL(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	c := newClient(t, start(t, Config{Identities: []identity.Identity{id}, Tracking: TrackURL}), id, nil)
	var first, second tlsFacts
	response := c.do(t, "GET", "/api/tls", &first)
	c.get(t, "/api/tls", &second)
	if len(response.Cookies()) != 0 || first.HTTPSession.Tracking != "URL" || second.HTTPSession.ID == first.HTTPSession.ID {
		t.Errorf("%v, %+v, %+v", response.Cookies(), first.HTTPSession, second.HTTPSession)
	}
	contains(t, func() []byte { _, body := c.ask(t, "GET", "/"); return body }(), "each request has one of its own")
	both := newClient(t, start(t, Config{Identities: []identity.Identity{id}, Tracking: TrackURL | TrackCookie}), id, nil)
	response = both.do(t, "GET", "/api/tls", &first)
	if len(response.Cookies()) != 1 || first.HTTPSession.Tracking != "COOKIE" {
		t.Errorf("%v, %+v", response.Cookies(), first.HTTPSession)
	}
}

func TestContextPath(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, ContextPath: "/a b/app", Cookie: &Cookie{Name: "S", Path: "/a%20b/app", MaxAge: -1}})
	c := newClient(t, server, id, nil)
	for _, path := range []string{"/", "/a%20b/app"} {
		if response, _ := c.ask(t, "GET", path); response.StatusCode != 302 || response.Header.Get("Location") != "/a%20b/app/" {
			t.Errorf("%s: %s to %q", path, response.Status, response.Header.Get("Location"))
		}
	}
	response, body := c.ask(t, "GET", "/a%20b/app/")
	contains(t, body, `action="/a%20b/app/session/new"`, `href="/a%20b/app/api/tls"`)
	if response.StatusCode != 200 {
		t.Errorf("%s", response.Status)
	}
	for _, path := range []string{"/a%20b/app/api/certificates", "/api/certificates", "/healthz"} {
		if response, _ := c.ask(t, "GET", path); response.StatusCode != 200 {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	for _, path := range []string{"/a%20b/apple/api/tls", "/a%20b/"} {
		if response, _ := c.ask(t, "GET", path); response.StatusCode != 404 {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	if response, _ := c.ask(t, "POST", "/a%20b/app/session/invalidate"); response.StatusCode != 303 || response.Header.Get("Location") != "/a%20b/app/" {
		t.Errorf("%s to %q", response.Status, response.Header.Get("Location"))
	}
	// A browser brings the cookie back below the path, and nowhere else.
	c = newClient(t, start(t, Config{Identities: []identity.Identity{id}, ContextPath: "/app", Cookie: &Cookie{Name: "S", Path: "/app", MaxAge: -1}}), id, nil)
	var first, below, root tlsFacts
	c.get(t, "/api/tls", &first)
	c.get(t, "/app/api/tls", &below)
	c.get(t, "/api/tls", &root)
	if below.HTTPSession.ID != first.HTTPSession.ID || root.HTTPSession.ID == first.HTTPSession.ID {
		t.Errorf("%+v\n%+v\n%+v", first.HTTPSession, below.HTTPSession, root.HTTPSession)
	}
}

func TestSecurityHeaders(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	names := []string{"Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection"}
	for _, test := range []struct {
		name    string
		headers *SecurityHeaders
		proto   string
		want    [4]string
	}{
		{"our own", nil, "https", [4]string{"max-age=1", "DENY", "nosniff", ""}},
		{"our own, not secure", nil, "http", [4]string{"", "DENY", "nosniff", ""}},
		{"all", &SecurityHeaders{"max-age=2;includeSubDomains", "SAMEORIGIN", true, true}, "https", [4]string{"max-age=2;includeSubDomains", "SAMEORIGIN", "nosniff", "1; mode=block"}},
		{"all, not secure", &SecurityHeaders{"max-age=2", "DENY", true, true}, "http", [4]string{"", "DENY", "nosniff", "1; mode=block"}},
		{"none", &SecurityHeaders{}, "https", [4]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, Config{Identities: []identity.Identity{id}, HSTS: "max-age=1", Headers: test.headers,
				RemoteIP: []RemoteIP{{InternalProxies: `127\..*`, ProtocolHeader: "X-Forwarded-Proto", HTTPSValue: "https"}}})
			c := newClient(t, server, id, nil)
			for _, path := range []string{"/", "/api/tls", "/healthz"} {
				response, _ := c.ask(t, "GET", path, "X-Forwarded-Proto", test.proto)
				want := test.want
				if path == "/healthz" && test.headers == nil {
					want[1] = ""
				}
				for i, name := range names {
					if got := response.Header.Values(name); strings.Join(got, "|") != want[i] {
						t.Errorf("%s: %s is %q, want %q", path, name, got, want[i])
					}
				}
				if path != "/healthz" && !strings.Contains(response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
					t.Errorf("%s: the policy is gone", path)
				}
			}
		})
	}
}

func TestUpdateApplication(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	var log syncBuffer
	server := start(t, Config{Identities: []identity.Identity{id}, Logger: slog.New(slog.NewTextHandler(&log, nil)), AccessLog: slog.New(CommonLog(io.Discard))})
	c := newClient(t, server, id, nil)
	first := c.facts(t)
	seven := 7
	next := Config{
		SessionIDs: &sessionid.Standard{Length: 24, Route: "b"}, Cookie: &Cookie{Name: "S", Path: "/x", MaxAge: 5}, Tracking: TrackCookie | TrackURL,
		SessionTimeout: -1, MaxSessions: 9, MaxActiveSessions: &seven, ContextPath: "/x", HSTS: "max-age=1", Headers: &SecurityHeaders{NoSniff: true, HSTS: "max-age=2"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, SSLValve: &usualSSLValve, RemoteIP: []RemoteIP{{}},
		ProxyName: "p", ProxyPort: 1, TomcatMajor: 9,
	}
	changes, err := server.UpdateApplication(next)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"session ids: 16 bytes -> 24 bytes and .b",
		"sessions are tracked by: COOKIE -> COOKIE, URL",
		"session cookie: JSESSIONID=...; Path=/; HttpOnly; Secure; SameSite=Lax -> S=...; Path=/x; Max-Age=5",
		"HTTP sessions end after: 30m0s -> never",
		"most HTTP sessions: 10000 -> 9",
		"maxActiveSessions: none -> 7",
		"context path: / -> /x/",
		"Strict-Transport-Security: none -> max-age=1",
		"security headers: the endpoint's own -> Strict-Transport-Security: max-age=2, X-Content-Type-Options: nosniff",
		`proxyName and proxyPort: "", 0 -> "p", 1`,
		"request attributes of Tomcat: 11 -> 9",
		"proxies whose SSLValve headers are believed: [] -> [127.0.0.0/8]",
		"SSLValve has other settings",
		"RemoteIpValve has other settings",
	}, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	response, body := c.ask(t, "GET", "/x/api/tls", "Cookie", "S="+first.HTTPSession.ID)
	facts := decode[tlsFacts](t, body)
	if facts.HTTPSession.ID != first.HTTPSession.ID || facts.HTTPSession.TimeoutSeconds != -1 || response.Header.Get("Strict-Transport-Security") != "max-age=2" {
		t.Errorf("%+v %v", facts.HTTPSession, response.Header)
	}
	if facts.Attributes["javax.servlet.request.key_size"] == nil || facts.Request.ServerName != "p" || facts.Request.ServerPort != 1 {
		t.Errorf("%v %+v", facts.Attributes, facts.Request)
	}
	if fresh := c.facts(t).HTTPSession; len(fresh.ID) != 48+2 || !strings.HasSuffix(fresh.ID, ".b") {
		t.Errorf("%+v", fresh)
	}
	contains(t, []byte(log.String()), `msg=updated change="maxActiveSessions: none -> 7"`)
	if changes, err := server.UpdateApplication(next); err != nil || len(changes) != 0 {
		t.Errorf("the same once more: %q, %v", changes, err)
	}
	bad := next
	bad.RemoteIP = []RemoteIP{{InternalProxies: "*"}}
	if _, err := server.UpdateApplication(bad); err == nil {
		t.Error("a bad expression was taken")
	}
	if facts := c.facts(t); facts.Request.ServerName != "p" {
		t.Errorf("after a refused update: %+v", facts.Request)
	}
}
