package acme

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// issuer certifies what a test asks it to.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func certify(t testing.TB, by *issuer, key crypto.Signer, template x509.Certificate) (*issuer, []byte) {
	t.Helper()
	template.SerialNumber = big.NewInt(7)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	}
	parent, signer := &template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{cert, key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestHostileChain has a CA send chains that are none, or not those that were asked
// for: none of them is kept, and the next run gets the right one.
func TestHostileChain(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	x := newProxy(t, p)
	key, caKey, otherKey := testtool.NewKey(t), testtool.NewKey(t), testtool.NewKey(t)
	ca := x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root, rootPEM := certify(t, nil, caKey, ca)
	_, otherRoot := certify(t, nil, otherKey, ca)
	site := x509.Certificate{DNSNames: []string{"a.example.com"}}
	leafOf := func(key crypto.Signer, template x509.Certificate) string {
		_, data := certify(t, root, key, template)
		return string(data)
	}
	late, early := site, site
	late.NotBefore, late.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	early.NotBefore, early.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	good := leafOf(key, site)
	for name, test := range map[string]struct{ chain, want string }{
		"another key":         {leafOf(otherKey, site), "another key"},
		"another name":        {leafOf(key, x509.Certificate{DNSNames: []string{"b.example.com"}}), "not for a.example.com"},
		"no name":             {leafOf(key, x509.Certificate{}), "not for a.example.com"},
		"a wildcard in place": {leafOf(key, x509.Certificate{DNSNames: []string{"*.example.com"}}), "not for a.example.com"},
		"expired":             {leafOf(key, late), "expired"},
		"not yet valid":       {leafOf(key, early), "not valid before"},
		"empty":               {"", "empty"},
		"a page":              {"<html></html>", "not a chain"},
		"a key":               {good + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "PRIVATE KEY"},
		"text after it":       {good + "text", "not a chain"},
		"no certificate":      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"},
		"half":                {good[:len(good)/2], "damaged"},
		"a stranger's issuer": {good + string(otherRoot), "does not certify"},
		"a loop":              {good + good, "does not certify"},
		"very long":           {good + strings.Repeat(string(rootPEM), 1000), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			x.reset(func(_ int, rw http.ResponseWriter, r *http.Request, forward func() *answered) {
				if strings.HasPrefix(r.URL.Path, "/certZ/") {
					say(rw, 200, "application/pem-certificate-chain", test.chain, "Replay-Nonce", "bm8")
					return
				}
				forward().write(rw)
			})
			c := x.registered(t)
			r := Request{Lock: lock(t, c, "ks"), Names: names(t, "a.example.com"), Solver: &web{answers: map[string]string{}}, NewKey: func() (crypto.Signer, error) { return key, nil }}
			_, err := obtain(t, c, r)
			if e, ok := errors.AsType[*Error](err); !ok || e.Step != "fetching the certificate" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if o, err := r.Lock.Order(); err != nil || o == nil || o.Chain != "" || !sameKey(o.Key.Public(), key.Public()) {
				t.Errorf("kept: %+v, %v", o, err)
			}
			x.reset(nil)
			if _, err := obtain(t, c, r); err != nil {
				t.Errorf("the next run: %v", err)
			}
		})
	}
	// A root at the end is left out.
	c, err := parseChain([]byte(good + string(rootPEM)))
	if err != nil || len(c.certificates) != 1 || c.root == nil || c.fits(key.Public(), names(t, "a.example.com"), time.Now()) != nil {
		t.Errorf("with its root: %+v, %v", c, err)
	}
}

// TestRefused says what the CA did not find, for which name, and what to do.
func TestRefused(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{Blocked: []string{"blocked.example.com"}, Profiles: map[string]string{"default": "d", "short": "s"}})
	c := b.client(t, t.TempDir())
	if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	nowhere := &web{answers: make(map[string]string)} // which nobody serves
	l := lock(t, c, "ks")
	_, err := obtain(t, c, Request{Lock: l, Names: names(t, "a.example.com", "b.example.com"), Solver: nowhere})
	e, ok := errors.AsType[*Error](err)
	if !ok || !strings.Contains(err.Error(), "a.example.com") || !strings.Contains(err.Error(), "b.example.com") || len(e.Advice()) == 0 || len(nowhere.answers) != 0 {
		t.Errorf("not found: %v", err)
	}
	if o, err := l.Order(); o != nil || err != nil {
		t.Errorf("an order that is invalid is kept: %v, %v", o, err)
	}
	if _, err := obtain(t, c, Request{Lock: l, Names: names(t, "blocked.example.com"), Solver: b.web}); kindOf(err) != "rejectedIdentifier" || !strings.Contains(err.Error(), "blocked.example.com") {
		t.Errorf("blocked: %v", err)
	}
	if _, err := obtain(t, c, Request{Lock: l, Names: names(t, "a.example.com"), Profile: "long", Solver: b.web}); err == nil || !strings.Contains(err.Error(), "default, short") {
		t.Errorf("unknown profile: %v", err)
	}
	for _, r := range []Request{{Names: names(t, "*.example.com")}, {Names: names(t, "192.0.2.1"), Method: DNS01}, {}} {
		r.Lock = l
		if _, err := obtain(t, c, r); err == nil {
			t.Errorf("%v by %s", r.Names, r.Method)
		}
	}
	if err := c.Authorize(t.Context(), Request{Names: names(t, "a.example.com"), Method: HTTP01, Solver: b.web}); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if err := c.Authorize(t.Context(), Request{Names: names(t, "a.example.com"), Method: HTTP01, Solver: nowhere}); err == nil {
		t.Error("dry run without a proof")
	}
	if len(b.web.answers) != 0 {
		t.Errorf("left behind: %v", b.web.answers)
	}
	failing := fmt.Errorf("no room")
	if _, err := obtain(t, c, Request{Lock: l, Names: names(t, "a.example.com"), NewKey: func() (crypto.Signer, error) { return nil, failing }, Solver: b.web}); !errors.Is(err, failing) {
		t.Errorf("no key: %v", err)
	}
}

// TestChain chooses by the issuer's name.
func TestChain(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true, AlternateRoots: 2})
	c := b.client(t, t.TempDir())
	if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		block, _ := pem.Decode(b.pebble.Root(i))
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		want := root.Subject.CommonName
		issued, err := obtain(t, c, Request{Lock: lock(t, c, want), Names: names(t, "a.example.com"), Chain: want, Solver: b.web})
		if err != nil {
			t.Fatal(err)
		}
		top, err := x509.ParseCertificate(issued.Chain[len(issued.Chain)-1])
		if err != nil || top.Issuer.CommonName != want {
			t.Errorf("root %d: %v, %v", i, top.Issuer, err)
		}
	}
	var said []string
	_, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Chain: "Nobody", Solver: b.web, Said: func(s string) { said = append(said, s) }})
	if err != nil || !strings.Contains(strings.Join(said, "\n"), `no chain of the CA ends at "Nobody"`) {
		t.Errorf("no such chain: %v, %v", said, err)
	}
}

// TestHostileOrders has a CA send orders and authorizations in which something is
// missing, odd or not asked for. Each is an error that says what, and the next run gets
// its certificate.
func TestHostileOrders(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	x := newProxy(t, p)
	const order, authorization = "/my-order/", "/authZ/"
	for name, test := range map[string]struct {
		path   string
		change func(map[string]any)
		want   string
	}{
		"nothing to prove":      {order, func(o map[string]any) { delete(o, "authorizations") }, "names nothing to be proved"},
		"far too much to prove": {order, func(o map[string]any) { o["authorizations"] = make([]string, 1000) }, "1000 authorizations for 1 names"},
		"an unknown status":     {order, func(o map[string]any) { o["status"] = "frozen\x1b[2J" }, "which ACME does not know"},
		"no status":             {order, func(o map[string]any) { delete(o, "status") }, "which ACME does not know"},
		"valid, of nothing":     {order, func(o map[string]any) { o["status"] = "valid" }, "does not say where the certificate is"},
		"invalid, and no word":  {order, func(o map[string]any) { o["status"] = "invalid" }, "does not say why"},
		"ready, without a URL":  {order, func(o map[string]any) { o["status"] = "ready"; delete(o, "finalize") }, "does not say where that is done"},
		"another name":          {authorization, func(a map[string]any) { a["identifier"] = map[string]string{"type": "dns", "value": "b.example.com"} }, "was not asked to be certified"},
		"an address":            {authorization, func(a map[string]any) { a["identifier"] = map[string]string{"type": "ip", "value": "192.0.2.1"} }, "was not asked to be certified"},
		"a wildcard":            {authorization, func(a map[string]any) { a["wildcard"] = true }, "was not asked to be certified"},
		"no identifier":         {authorization, func(a map[string]any) { delete(a, "identifier") }, "was not asked to be certified"},
		"no challenge":          {authorization, func(a map[string]any) { delete(a, "challenges") }, "offers no way"},
		"another challenge": {authorization, func(a map[string]any) {
			a["challenges"] = []map[string]string{{"type": "dns-01", "status": "pending", "token": "t"}}
		}, "does not offer http-01, but dns-01"},
		"a token with a path": {authorization, func(a map[string]any) {
			a["challenges"] = []map[string]string{{"type": "http-01", "status": "pending", "token": "../../etc/cron.d/x"}}
		}, "is none"},
		"an empty token": {authorization, func(a map[string]any) {
			a["challenges"] = []map[string]string{{"type": "http-01", "status": "pending", "token": ""}}
		}, "is none"},
		"a challenge that failed": {authorization, func(a map[string]any) {
			a["challenges"] = []map[string]string{{"type": "http-01", "status": "invalid", "token": "t"}}
		}, "its challenge is"},
		"an expired authorization": {authorization, func(a map[string]any) { a["status"] = "expired" }, "is expired"},
	} {
		t.Run(name, func(t *testing.T) {
			x.reset(func(_ int, rw http.ResponseWriter, r *http.Request, forward func() *answered) {
				a := forward()
				var object map[string]any
				if strings.HasPrefix(r.URL.Path, test.path) && json.Unmarshal(a.body, &object) == nil {
					test.change(object)
					a.body, _ = json.Marshal(object)
					a.header.Del("Content-Length")
				}
				a.write(rw)
			})
			c := x.registered(t)
			solver := &web{answers: map[string]string{}}
			r := Request{Lock: lock(t, c, "ks"), Names: names(t, "a.example.com"), Solver: solver}
			_, err := obtain(t, c, r)
			if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if x.count() > 30 {
				t.Errorf("%d requests", x.count())
			}
			if len(solver.answers) > 0 {
				t.Errorf("left behind: %v", solver.answers)
			}
			x.reset(nil)
			if _, err := obtain(t, c, r); err != nil {
				t.Errorf("the next run: %v", err)
			}
		})
	}
}
