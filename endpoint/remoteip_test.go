package endpoint

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
)

// usualRemoteIP is a RemoteIpValve as Tomcat 10.1 has it where nothing is set.
var usualRemoteIP = RemoteIP{
	InternalProxies: `10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|0:0:0:0:0:0:0:1|::1|fe[89ab]\p{XDigit}:.*|f[cd]\p{XDigit}{2}+:.*`,
	Header:          "X-Forwarded-For", ProxiesHeader: "X-Forwarded-By", ProtocolHeader: "X-Forwarded-Proto", HTTPSValue: "https",
	HTTPPort: 80, HTTPSPort: 443, RequestAttributes: true,
}

func TestRemoteIP(t *testing.T) {
	with := func(change func(*RemoteIP)) []RemoteIP {
		valve := usualRemoteIP
		change(&valve)
		return []RemoteIP{valve}
	}
	usual := []RemoteIP{usualRemoteIP}
	trusting := with(func(v *RemoteIP) { v.TrustedProxies = `192\.0\.2\.\d+` })
	direct := seen{remoteAddr: "127.0.0.1", scheme: "https", secure: true, serverName: "localhost", serverPort: 8443, localPort: 8443}
	from := func(address string, change ...func(*seen)) seen {
		v := direct
		v.remoteAddr = address
		for _, c := range change {
			c(&v)
		}
		return v
	}
	plain := func(v *seen) { v.scheme, v.secure, v.serverPort = "http", false, 80 }
	standard := func(v *seen) { v.serverPort = 443 }
	for _, test := range []struct {
		name    string
		valves  []RemoteIP
		remote  string
		headers string // "name: value|name: value"
		want    seen
		after   string // of X-Forwarded-For and X-Forwarded-By
	}{
		{"none", usual, "", "", direct, "|"},
		{"one", usual, "", "X-Forwarded-For: 203.0.113.7", from("203.0.113.7"), "|"},
		{"internal ones are passed", usual, "", "X-Forwarded-For: 198.51.100.1, 203.0.113.7 ,10.0.0.2", from("203.0.113.7"), "198.51.100.1|"},
		{"trusted ones are kept", trusting, "", "X-Forwarded-For: 198.51.100.1, 203.0.113.7, 192.0.2.3, 10.1.1.1, 192.0.2.4", from("203.0.113.7"), "198.51.100.1|192.0.2.3,192.0.2.4"},
		{"only proxies", usual, "", "X-Forwarded-For: 10.0.0.1, 10.0.0.2", from("10.0.0.1"), "|"},
		{"several headers", usual, "", "X-Forwarded-For: 198.51.100.1|X-Forwarded-For: 203.0.113.7", from("203.0.113.7"), "198.51.100.1|"},
		{"not a proxy", usual, "203.0.113.1:5", "X-Forwarded-For: 198.51.100.1|X-Forwarded-Proto: http", from("203.0.113.1"), "198.51.100.1|"},
		{"a trusted proxy itself", trusting, "192.0.2.9:5", "X-Forwarded-For: 203.0.113.7", from("203.0.113.7"), "|192.0.2.9"},
		{"IPv6 as Java writes it", usual, "[::1]:5", "X-Forwarded-For: 2001:db8::1", from("2001:db8::1"), "|"},
		{"IPv6 of a link", usual, "[fe80::1%eth0]:5", "X-Forwarded-For: a", from("a"), "|"},
		{"IPv6 that matches nothing", usual, "[2001:db8::1]:5", "X-Forwarded-For: a", from("2001:db8:0:0:0:0:0:1"), "a|"},
		{"IPv4 in IPv6", usual, "[::ffff:127.0.0.1]:5", "X-Forwarded-For: a", from("a"), "|"},
		{"junk is an address", usual, "", "X-Forwarded-For: <b>, 10.0.0.1.1", from("10.0.0.1.1"), "<b>|"},
		{"empty ones", usual, "", "X-Forwarded-For: a, ,", from(""), "a|"},
		{"commas alone", usual, "", "X-Forwarded-For: ,,", direct, ",,|"},
		{"https", usual, "", "X-Forwarded-Proto: HTTPS", from("127.0.0.1", standard), "|"},
		{"http", usual, "", "X-Forwarded-Proto: http", from("127.0.0.1", plain), "|"},
		{"https all the way", usual, "", "X-Forwarded-Proto: https, https", from("127.0.0.1", standard), "|"},
		{"not all the way", usual, "", "X-Forwarded-Proto: https|X-Forwarded-Proto: http", from("127.0.0.1", plain), "|"},
		{"empty scheme", usual, "", "X-Forwarded-Proto: ", from("127.0.0.1", plain), "|"},
		{"no header for the scheme", with(func(v *RemoteIP) { v.ProtocolHeader = "" }), "", "X-Forwarded-Proto: http", direct, "|"},
		{"own value and ports", with(func(v *RemoteIP) { v.HTTPSValue, v.HTTPSPort, v.ChangeLocalPort = "on", 1443, true }), "", "X-Forwarded-Proto: on",
			from("127.0.0.1", func(v *seen) { v.serverPort, v.localPort = 1443, 1443 }), "|"},
		{"port", with(func(v *RemoteIP) { v.PortHeader = "P" }), "", "X-Forwarded-Proto: https|P: 99", from("127.0.0.1", func(v *seen) { v.serverPort = 99 }), "|"},
		{"port that is none", with(func(v *RemoteIP) { v.PortHeader = "P" }), "", "X-Forwarded-Proto: https|P: 99a", from("127.0.0.1", standard), "|"},
		{"port alone", with(func(v *RemoteIP) { v.PortHeader = "P" }), "", "P: 99", direct, "|"},
		{"host", with(func(v *RemoteIP) { v.HostHeader, v.ChangeLocalName = "H", true }), "", "H: www.example.com:99",
			from("127.0.0.1", func(v *seen) { v.serverName, v.localName = "www.example.com", "www.example.com" }), "|"},
		{"host that is none", with(func(v *RemoteIP) { v.HostHeader = "H" }), "", "H: a_b", direct, "|"},
		{"no proxies are known", []RemoteIP{{Header: "X-Forwarded-For"}}, "", "X-Forwarded-For: 203.0.113.7", direct, "203.0.113.7|"},
		{"ranges", []RemoteIP{{InternalProxies: "127.0.0.0/8, ::1", Ranges: true, Header: "X-Forwarded-For"}}, "", "X-Forwarded-For: 203.0.113.7, 127.9.9.9, 0:0:0:0:0:0:0:1", from("203.0.113.7"), "|"},
		{"ranges are Tomcat 11's", []RemoteIP{{InternalProxies: "127.0.0.0/8", Header: "X-Forwarded-For"}}, "", "X-Forwarded-For: 203.0.113.7", direct, "203.0.113.7|"},
		{"one after the other", append(with(func(v *RemoteIP) { v.ProtocolHeader = "" }), with(func(v *RemoteIP) { v.InternalProxies = "a" })...), "",
			"X-Forwarded-For: b, a|X-Forwarded-Proto: http", from("b", plain), "|"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, header := direct, http.Header{}
			if test.remote != "" {
				v.remoteAddr = javaAddress(test.remote)
			}
			for line := range strings.SplitSeq(test.headers, "|") {
				if name, value, ok := strings.Cut(line, ": "); ok {
					header.Add(name, value)
				}
			}
			for _, cfg := range test.valves {
				valve, err := newRemoteIP(cfg)
				if err != nil {
					t.Fatal(err)
				}
				valve.apply(&v, header)
			}
			after := header
			if v.header != nil {
				after = v.header
			}
			if diff := cmp.Diff(test.want.facts(), v.facts()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := strings.Join(after.Values("X-Forwarded-For"), " & ") + "|" + strings.Join(after.Values("X-Forwarded-By"), " & "); got != test.after {
				t.Errorf("headers %s, want %s", got, test.after)
			}
		})
	}
}

// TestSeen: the request as it comes, through the whole endpoint, and in the access
// log.
func TestSeen(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	var log syncBuffer
	server := start(t, Config{Identities: []identity.Identity{id}, RemoteIP: []RemoteIP{usualRemoteIP}, AccessLog: slog.New(CommonLog(&log)), HSTS: "max-age=1"})
	c := newClient(t, server, id, nil)
	response, body := c.ask(t, "GET", "/api/tls", "Host", "www.example.com:99", "X-Forwarded-For", "\"198.51.100.1\" - -", "X-Forwarded-Proto", "http")
	got := decode[tlsFacts](t, body).Request
	want := seenFacts{"http", false, "www.example.com", 80, `"198.51.100.1" - -`, `"198.51.100.1" - -`, "", got.LocalPort}
	if got != want || got.LocalPort == 0 || response.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%+v", got)
	}
	_, body = c.ask(t, "GET", "/", "X-Forwarded-For", "<b>", "X-Forwarded-Proto", "http")
	contains(t, body, `<dd>http <span class="badge soon">not secure</span> from <bdi>&lt;b&gt;</bdi>, to <bdi>127.0.0.1</bdi> port 80</dd>`)
	if _, body = c.ask(t, "GET", "/"); strings.Contains(string(body), "For applications") {
		t.Error("proxies are shown where there are none")
	}
	_, body = c.ask(t, "GET", "/echo", "X-Forwarded-For", "a, 198.51.100.1, 10.0.0.1")
	contains(t, body, "\"X-Forwarded-For\": [\n      \"a\"\n    ]")
	server.http.Shutdown(t.Context())
	contains(t, []byte(log.String()), `\x22198.51.100.1\x22 - - - - [`, "198.51.100.1 - - [")

	direct := newClient(t, start(t, Config{Identities: []identity.Identity{id}, ProxyName: "proxy.example"}), id, nil)
	for host, want := range map[string]int{"a": 443, "a:80": 80, "[::1]:81": 81, "[::1]": 443} {
		_, body := direct.ask(t, "GET", "/api/tls", "Host", host)
		if got := decode[tlsFacts](t, body).Request; got.ServerPort != want || got.ServerName != "proxy.example" || got.RemoteAddr != "127.0.0.1" || !got.Secure || got.Scheme != "https" {
			t.Errorf("%s: %+v", host, got)
		}
	}
}

func TestJavaHost(t *testing.T) {
	for value, want := range map[string]string{
		"a": "a", "www.example.com": "www.example.com", "a.": "a.", "a:80": "a", "a:": "a", "1.2.3.4:80": "1.2.3.4", "256.1.1.1": "256.1.1.1", "1-a": "1-a", "[::1]": "[::1]", "[::1]:80": "[::1]", "[::ffff:1.2.3.4]": "[::ffff:1.2.3.4]",
		"": "", "a_b": "", "-a": "", "a-": "", "a..b": "", ".a": "", "a.-b": "", "a-.b": "", "a:x": "", "a:99999999999": "", "a:1:2": "", "[::1": "", "[::1]x": "", "[1]": "", "a b": "", ":80": "", "[fe80::1%1]": "",
	} {
		if got, ok := javaHost(value); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", value, got, ok, want)
		}
	}
}

func BenchmarkRemoteIP(b *testing.B) {
	valve, err := newRemoteIP(usualRemoteIP)
	if err != nil {
		b.Fatal(err)
	}
	header := http.Header{"X-Forwarded-For": {"203.0.113.7, 10.0.0.1"}, "X-Forwarded-Proto": {"https"}}
	b.ReportAllocs()
	for b.Loop() {
		v := seen{remoteAddr: "127.0.0.1"}
		valve.apply(&v, header)
		if v.remoteAddr != "203.0.113.7" {
			b.Fatal(v.remoteAddr)
		}
	}
}

func FuzzRemoteIP(f *testing.F) {
	valve, err := newRemoteIP(RemoteIP{InternalProxies: usualRemoteIP.InternalProxies, TrustedProxies: "a.*", Header: "A", ProxiesHeader: "B", ProtocolHeader: "C", HTTPSValue: "https", HostHeader: "D", PortHeader: "E"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("203.0.113.7, 10.0.0.1", "", "https,http", "[::1]:80", "99")
	f.Add(",, ,", "a", ",", "a..", "-1")
	f.Fuzz(func(t *testing.T, a, b, c, d, e string) {
		v := seen{remoteAddr: "10.0.0.1"}
		valve.apply(&v, http.Header{"A": {a, b}, "C": {c}, "D": {d}, "E": {e}})
		if v.secure != (v.scheme == "https") {
			t.Errorf("%+v", v)
		}
		if v.remoteAddr != "10.0.0.1" && !strings.Contains(a+", "+b, v.remoteAddr) {
			t.Errorf("nobody said %q", v.remoteAddr)
		}
	})
}
