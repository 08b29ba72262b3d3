package acme

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gokeytool/acme/state"
	"gokeytool/internal/filelock"
	"gokeytool/internal/testtool"
)

// web answers http-01 on Pebble's port.
type web struct {
	mu      sync.Mutex
	answers map[string]string // by path
	present int               // how often something was put there
}

// Present is that of Solver.
func (w *web) Present(_ context.Context, p Proof) (func(context.Context) error, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path := "/.well-known/acme-challenge/" + p.Token
	w.answers[path] = p.KeyAuthorization
	w.present++
	return func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.answers, path)
		return nil
	}, nil
}

func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer, ok := w.answers[r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	fmt.Fprint(rw, answer)
}

// serveWeb answers on a port of the loopback interface.
func serveWeb(t testing.TB, port int) *web {
	t.Helper()
	w := &web{answers: make(map[string]string)}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return w
}

// bed is a CA, and what a client of it has.
type bed struct {
	pebble *testtool.Pebble
	web    *web
}

func newBed(t testing.TB, config testtool.PebbleConfig) *bed {
	t.Helper()
	p := testtool.StartPebble(t, config)
	return &bed{p, serveWeb(t, p.HTTPPort)}
}

// quick is a pause for tests.
const quick = 20 * time.Millisecond

// client is one with a state directory of its own, or with that which is given.
func (b *bed) client(t testing.TB, dir string) *Client {
	t.Helper()
	c, err := Connect(t.Context(), b.config(dir))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bed) config(dir string) Config {
	return Config{Directory: b.pebble.Directory, Roots: b.pebble.Trusted, State: state.Open(dir), UserAgent: "test", pause: quick}
}

func newKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func names(t testing.TB, hosts ...string) []Name {
	t.Helper()
	list, err := ParseNames(hosts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// lock takes the lock for something until the test ends.
func lock(t testing.TB, c *Client, what string) *state.Lock {
	t.Helper()
	l, err := c.cfg.State.Lock(t.Context(), what, filelock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Unlock() })
	return l
}

// leaf checks a certificate that has come.
func leaf(t testing.TB, b *bed, issued *Issued, names ...string) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(issued.Chain[0])
	if err != nil {
		t.Fatal(err)
	}
	between := x509.NewCertPool()
	for _, der := range issued.Chain[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		between.AddCert(c)
	}
	for _, name := range names {
		if err := cert.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: b.pebble.Roots, Intermediates: between}); err != nil {
		t.Error(err)
	}
	if !sameKey(cert.PublicKey, issued.Key.Public()) {
		t.Error("the certificate has another key")
	}
	return cert
}

func TestObtain(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{})
	dir := filepath.Join(t.TempDir(), "acme")
	c := b.client(t, dir)
	account, err := c.Register(t.Context(), Registration{Agreed: true, Contact: []string{"mailto:admin@example.com"}})
	if err != nil || !account.New {
		t.Fatal(account, err)
	}
	issued, err := c.Obtain(t.Context(), Request{Lock: lock(t, c, "ks"), Names: names(t, "www.example.com", "example.com"), Method: HTTP01, Solver: b.web, NewKey: newKey, Said: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	leaf(t, b, issued, "www.example.com", "example.com")
	if err := issued.Done(); err != nil {
		t.Fatal(err)
	}
}
