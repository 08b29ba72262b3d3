package acme

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"gokeytool/acme/state"
	"gokeytool/internal/testtool"
)

func TestRenewal(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true})
	x := newProxy(t, b.pebble)
	now := time.Now()
	c, err := Connect(t.Context(), Config{Directory: x.Directory, Roots: x.Roots, State: state.Open(t.TempDir()), UserAgent: "test", pause: quick / 10, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	issued, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web})
	if err != nil {
		t.Fatal(err)
	}
	der := issued.Chain[0]
	cert := leaf(t, b, issued)
	o := new(state.Origin)
	first, err := c.Renewal(t.Context(), der, o)
	if err != nil || !first.At.After(now) || !first.At.Before(cert.NotAfter) || o.RenewAt.IsZero() || !o.AskAgain.After(now) {
		t.Fatalf("%+v, %+v, %v", first, o, err)
	}
	x.reset(nil)
	b.pebble.SetRenewal(der, now.Add(-2*time.Hour), now.Add(-time.Hour))
	if kept, err := c.Renewal(t.Context(), der, o); err != nil || kept.At != first.At || x.count() != 0 {
		t.Errorf("asked again too early: %+v, %v", kept, err)
	}
	now = o.AskAgain
	past, err := c.Renewal(t.Context(), der, o)
	if err != nil || past.At.After(now) || !strings.Contains(past.Why, "ARI") {
		t.Errorf("in the past: %+v, %v", past, err)
	}
	// Another certificate takes its place; once more it would be replaced already.
	for range 2 {
		if _, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web, Replaces: der}); err != nil {
			t.Errorf("replacing: %v", err)
		}
		if o, err := os.ReadDir(c.cfg.State.Path() + "/orders"); err == nil {
			for _, e := range o {
				os.Remove(c.cfg.State.Path() + "/orders/" + e.Name())
			}
		}
	}
	// One for other names only is ordered as if there had been none before.
	if _, err := obtain(t, c, Request{Names: names(t, "b.example.com"), Solver: b.web, Replaces: der}); err != nil {
		t.Errorf("replacing one of other names: %v", err)
	}
	if n := strings.Count(b.pebble.Log(), "marked as replaced"); n != 1 {
		t.Errorf("%d orders have replaced another", n)
	}
	third := cert.NotAfter.Add(-cert.NotAfter.Sub(cert.NotBefore) / 3)
	for name, answer := range map[string]string{
		"garbage":       "x",
		"no window":     `{}`,
		"ends at begin": `{"suggestedWindow":{"start":"2030-01-01T00:00:00Z","end":"2030-01-01T00:00:00Z"}}`,
		"ends before":   `{"suggestedWindow":{"start":"2030-01-02T00:00:00Z","end":"2030-01-01T00:00:00Z"}}`,
		"no date":       `{"suggestedWindow":{"start":"soon","end":"later"}}`,
	} {
		x.reset(func(_ int, rw http.ResponseWriter, _ *http.Request, _ func() *answered) {
			say(rw, 200, "application/json", answer)
		})
		o := new(state.Origin)
		if got, err := c.Renewal(t.Context(), der, o); err != nil || !got.At.Equal(third) || !o.AskAgain.After(now) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for after, want := range map[string]time.Duration{"": usualAsk, "1": minAsk, "99999999": maxAsk, "7200": 2 * time.Hour, "-5": usualAsk, "x": usualAsk} {
		x.reset(func(_ int, rw http.ResponseWriter, _ *http.Request, _ func() *answered) {
			say(rw, 200, "application/json", `{"suggestedWindow":{"start":"2020-01-01T00:00:00Z","end":"2020-01-03T00:00:00Z"},"explanationURL":"https://ca.example.com/why"}`, "Retry-After", after)
		})
		o := new(state.Origin)
		got, err := c.Renewal(t.Context(), der, o)
		if err != nil || got.Explanation != "https://ca.example.com/why" || o.AskAgain.Sub(now).Round(time.Second) != want {
			t.Errorf("Retry-After %q: %+v, again in %v, %v", after, got, o.AskAgain.Sub(now), err)
		}
	}
}

func TestPlanned(t *testing.T) {
	begin := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for life, left := range map[time.Duration]time.Duration{90 * 24 * time.Hour: 30 * 24 * time.Hour, 6 * 24 * time.Hour: 3 * 24 * time.Hour} {
		_, der := testtool.SelfSigned(t, testtool.NewKey(t), x509.Certificate{NotBefore: begin, NotAfter: begin.Add(life)})
		got, err := Planned(der, nil)
		if err != nil || !got.At.Equal(begin.Add(life-left)) || got.Why == "" {
			t.Errorf("%v: %+v, %v", life, got, err)
		}
	}
	if _, err := Planned([]byte("x"), nil); err == nil {
		t.Error("no certificate")
	}
}

// certificates for seeds.
func seedPEM(f *testing.F) []byte {
	_, der := testtool.SelfSigned(f, testtool.NewKey(f), x509.Certificate{DNSNames: []string{"a.example.com"}, NotAfter: time.Now().Add(time.Hour)})
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func FuzzChain(f *testing.F) {
	seed := seedPEM(f)
	f.Add(seed)
	f.Add(append(append([]byte{}, seed...), seed...))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseChain(data)
		if err == nil && (len(c.certificates) == 0 || len(c.certificates) > maxChain || len(c.tops()) == 0) {
			t.Errorf("%d certificates", len(c.certificates))
		}
	})
}

func FuzzProblem(f *testing.F) {
	f.Add([]byte(`{"type":"urn:ietf:params:acme:error:compound","subproblems":[{"type":"urn:ietf:params:acme:error:caa","identifier":{"type":"dns","value":"a"}}]}`))
	f.Add([]byte(`{"type":5,"detail":["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := parseProblem(data)
		if p == nil {
			return
		}
		for _, method := range []Method{"", HTTP01, TLSALPN01, DNS01} {
			e := &Error{CA: "ca", Step: "s", Problem: p, method: method}
			e.Advice()
			if e.Error() == "" {
				t.Error("no words")
			}
		}
	})
}

func FuzzRenewalInfo(f *testing.F) {
	cert := &x509.Certificate{Raw: []byte("x"), NotBefore: time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}
	f.Add([]byte(`{"suggestedWindow":{"start":"2030-01-01T00:00:00Z","end":"2030-01-03T00:00:00Z"},"explanationURL":"https://a"}`))
	f.Add([]byte(`{"suggestedWindow":{"start":"0001-01-01T00:00:01Z","end":"9999-12-31T23:59:59Z"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var info renewalInfo
		if json.Unmarshal(data, &info) != nil {
			return
		}
		if at, ok := info.at(cert); ok && (at.Before(info.Window.Start.Add(-time.Second)) || at.After(info.Window.End)) {
			t.Errorf("%v is not from %v to %v", at, info.Window.Start, info.Window.End)
		}
		info.explanation()
	})
}

func FuzzHeader(f *testing.F) {
	f.Add("120", `<https://a>;rel="alternate", <https://b>; rel=alternate`)
	f.Fuzz(func(t *testing.T, after, link string) {
		h := http.Header{"Retry-After": {after}, "Link": {link}}
		if d := retryAfter(h, time.Now()); d < 0 || d > maxRetryAfter {
			t.Errorf("%q is %v", after, d)
		}
		if n := len(links(h, "alternate")); n > 8 {
			t.Errorf("%d links", n)
		}
	})
}
