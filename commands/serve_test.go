package commands

import (
	"strings"
	"testing"
	"time"

	"gokeytool/tomcat"
)

func TestServeOptions(t *testing.T) {
	u := newUnit(t, nil)
	u.LookupEnv = func(name string) (string, bool) { return "", name == "GOGC" } // leaves the collector as it is
	o := serveOptions{selfsigned: true, port: given[int64](0), duration: given(time.Millisecond)}
	if err := serve(t.Context(), u.session, o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Serving <localhost> ", "Listening on https://localhost:", "Stopped\n"} {
		if got := u.out.String(); !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	for want, o := range map[string]serveOptions{
		"-keystore does not go with -serverxml": {from: serverXMLOptions{file: "server.xml"}, besides: "keystore"},
		"-sni and -also are for the keys of":    {selfsigned: true, sni: true},
		"-port 65536: ":                         {selfsigned: true, port: given[int64](65536)},
		`-address "a b": `:                      {selfsigned: true, address: given("a b")},
		"-maxActiveSessions 0: ":                {selfsigned: true, maxActiveSessions: given[int64](0)},
		"-proxy x: ":                            {selfsigned: true, proxies: []string{"x"}},
	} {
		if err := serve(t.Context(), newUnit(t, nil).session, o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestServeAddresses(t *testing.T) {
	in := func(port, plain int) *served {
		return &served{connector: &tomcat.Connector{Port: port}, plain: &tomcat.Connector{Port: plain}}
	}
	for name, test := range map[string]struct {
		o               serveOptions
		v               *served
		addr, redirects string
	}{
		"by default":          {serveOptions{}, new(served), "127.0.0.1:8443", ""},
		"all addresses":       {serveOptions{address: given("")}, new(served), ":8443", ""},
		"of a server.xml":     {serveOptions{}, in(443, 80), "127.0.0.1:443", "127.0.0.1:80"},
		"another port":        {serveOptions{port: given[int64](9443)}, in(443, 80), "127.0.0.1:9443", ""},
		"another plain port":  {serveOptions{redirectPort: given[int64](8080)}, in(443, 80), "127.0.0.1:443", "127.0.0.1:8080"},
		"an address of IPv6":  {serveOptions{address: given("[::1]")}, new(served), "[::1]:8443", ""},
		"any free port there": {serveOptions{port: given[int64](0)}, in(443, 80), "127.0.0.1:0", ""},
	} {
		s := &serving{session: newUnit(t, nil).session, o: test.o}
		if err := s.addresses(test.v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c := test.v.config; c.Addr != test.addr || c.RedirectAddr != test.redirects {
			t.Errorf("%s: %s and %q", name, c.Addr, c.RedirectAddr)
		}
	}
}
