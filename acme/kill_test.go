package acme

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gokeytool/acme/state"
	"gokeytool/internal/filelock"
	"gokeytool/internal/testtool"
)

// TestKilled ends a program before and after each of the CA's answers: what is on the
// disk at that instant is all that the next run has. No key that the CA was asked to
// certify is lost, and an order that was kept is gone on with.
func TestKilled(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	w := &web{answers: make(map[string]string)}
	x := newProxy(t, p)
	for _, after := range []bool{false, true} {
		for call := 1; ; call++ {
			dir, left := t.TempDir(), filepath.Join(t.TempDir(), "left")
			ctx, cancel := context.WithCancel(t.Context())
			killed := x.killAt(t, call, after, dir, left, cancel)
			cfg := x.config(dir)
			err := run(ctx, t, cfg, w, filepath.Join(t.TempDir(), "stored"))
			cancel()
			if !*killed { // there are no more calls
				if err != nil || call < 10 {
					t.Fatalf("call %d: %v", call, err)
				}
				break
			}
			if err == nil {
				t.Fatalf("call %d: a certificate", call)
			}
			x.mu.Lock()
			certified := x.keys
			x.mu.Unlock()
			orders, err := filepath.Glob(filepath.Join(left, "orders", "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			x.reset(nil)
			cfg.State = state.Open(left)
			stored := filepath.Join(t.TempDir(), "stored")
			if err := run(t.Context(), t, cfg, w, stored); err != nil {
				t.Errorf("call %d, after %v: the next run: %v", call, after, err)
			}
			for _, key := range certified {
				if !slices.Contains(kept(t, left, stored), key) {
					t.Errorf("call %d, after %v: a key is lost", call, after)
				}
			}
			if ordered := slices.Contains(x.log, "POST /order-plz"); ordered != (len(orders) == 0) {
				t.Errorf("call %d, after %v: ordered again: %v, with %d orders kept", call, after, ordered, len(orders))
			}
		}
	}
}

// obtain gets a certificate, which is not stored yet.
func obtain(t testing.TB, c *Client, r Request) (*Issued, error) {
	t.Helper()
	if r.Lock == nil {
		l, err := c.cfg.State.Lock(t.Context(), t.Name(), filelock.Wait{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Unlock()
		r.Lock = l
	}
	if r.NewKey == nil {
		r.NewKey = newKey
	}
	if r.Method == "" {
		r.Method = HTTP01
	}
	return c.Obtain(t.Context(), r)
}

// leftOrder is an order of an earlier run, and what becomes of it.
type leftOrder struct {
	name   string
	change func(r *Request, o *state.Order)
	again  bool // it is the same certificate
	aside  int
}

// goOn changes the order that is kept of a certificate, and asks for one again. It returns
// that and the files of orders that were put aside.
func (l leftOrder) goOn(t *testing.T, c *Client, dir string, r Request, o *state.Order, issued *Issued) (next *Issued, aside []string) {
	t.Helper()
	l.change(&r, o)
	if err := r.Lock.SetOrder(o); err != nil {
		t.Fatal(err)
	}
	next, err := obtain(t, c, r)
	if err != nil {
		t.Fatal(err)
	}
	if again := slices.Equal(issued.Chain[0], next.Chain[0]); again != l.again {
		t.Errorf("the same certificate: %v", again)
	}
	aside, err = filepath.Glob(filepath.Join(dir, "orders", "*.aside"))
	if err != nil || len(aside) != l.aside {
		t.Errorf("put aside: %v, %v", aside, err)
	}
	return next, aside
}

// TestLeftOrders goes on with orders of earlier runs, or does not.
func TestLeftOrders(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true, Profiles: map[string]string{"default": "d", "short": "s"}})
	w := b.web
	first := Request{Names: names(t, "a.example.com", "c.example.com"), Solver: w, KeyIs: "EC"}
	for _, test := range []leftOrder{
		{"the same", func(*Request, *state.Order) {}, true, 0},
		{"the chain has not come yet", func(_ *Request, o *state.Order) { o.Chain = "" }, true, 0},
		{"names in another order", func(r *Request, _ *state.Order) { r.Names = names(t, "c.example.com", "a.example.com") }, true, 0},
		{"another name", func(r *Request, _ *state.Order) { r.Names = names(t, "b.example.com") }, false, 1},
		{"another name, and the chain has not come", func(r *Request, o *state.Order) { r.Names, o.Chain = names(t, "b.example.com"), "" }, false, 1},
		{"another profile", func(r *Request, _ *state.Order) { r.Profile = "short" }, false, 1},
		{"another kind of key", func(r *Request, _ *state.Order) { r.KeyIs = "RSA" }, false, 1},
		{"another account", func(_ *Request, o *state.Order) { o.Account += "0" }, false, 1},
		{"unknown to the CA", func(_ *Request, o *state.Order) { o.Chain, o.URL = "", o.URL+"0" }, false, 1},
		{"unknown, and not finalized", func(_ *Request, o *state.Order) { o.Chain, o.URL, o.Finalized = "", o.URL+"0", false }, false, 0},
		{"a chain that is none", func(_ *Request, o *state.Order) { o.Chain = "x" }, false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			c := b.client(t, dir)
			if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
				t.Fatal(err)
			}
			r := first
			r.Lock = lock(t, c, "ks")
			issued, err := obtain(t, c, r)
			if err != nil {
				t.Fatal(err)
			}
			o, err := r.Lock.Order()
			if err != nil || o == nil || o.Chain == "" || !o.Finalized {
				t.Fatalf("kept: %+v, %v", o, err)
			}
			next, _ := test.goOn(t, c, dir, r, o, issued)
			leaf(t, b, next)
			for range 2 {
				if err := next.Done(); err != nil {
					t.Error(err)
				}
			}
			if o, err := r.Lock.Order(); o != nil || err != nil {
				t.Errorf("kept after Done: %v, %v", o, err)
			}
		})
	}
}

// TestLock lets one order at a time be made for a thing, and no other thing wait.
func TestLock(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true})
	c := b.client(t, t.TempDir())
	if _, err := c.Obtain(t.Context(), Request{Names: names(t, "a.example.com")}); err == nil {
		t.Error("without a lock")
	}
	held := lock(t, c, "ks")
	lock(t, c, "other")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.cfg.State.Lock(ctx, "ks", filelock.Wait{}); err != context.DeadlineExceeded {
		t.Errorf("the second: %v", err)
	}
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	lock(t, c, "ks")
}

// TestHeldKeys orders certificates for keys that stay in a token: no file has one, and
// the next run finds it by its public half.
func TestHeldKeys(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true})
	for _, test := range []leftOrder{
		{"the same", func(*Request, *state.Order) {}, true, 0},
		{"the chain has not come yet", func(_ *Request, o *state.Order) { o.Chain = "" }, true, 0},
		{"another name", func(r *Request, _ *state.Order) { r.Names = names(t, "b.example.com") }, false, 1},
		{"the key is gone", func(r *Request, _ *state.Order) {
			r.FindKey = func([]byte) (crypto.Signer, error) { return nil, nil }
		}, false, 1},
		{"keys are in files now", func(r *Request, _ *state.Order) { r.FindKey, r.NewKey = nil, newKey }, false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			c := b.client(t, dir)
			if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
				t.Fatal(err)
			}
			token := make(map[string]crypto.Signer)
			r := Request{Names: names(t, "a.example.com"), Solver: b.web, KeyIs: "on the token", Lock: lock(t, c, "ks")}
			r.NewKey = func() (crypto.Signer, error) {
				key, err := newKey()
				if err != nil {
					return nil, err
				}
				spki, err := x509.MarshalPKIXPublicKey(key.Public())
				token[string(spki)] = key
				return struct{ crypto.Signer }{key}, err // no file can hold it
			}
			r.FindKey = func(spki []byte) (crypto.Signer, error) { return token[string(spki)], nil }
			issued, err := obtain(t, c, r)
			if err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "orders", "*.json"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if kept, err := os.ReadFile(files[0]); err != nil || bytes.Contains(kept, []byte("PRIVATE")) {
				t.Errorf("kept: %s, %v", kept, err)
			}
			o, err := r.Lock.Order()
			if err != nil || o == nil || !o.Key.IsZero() {
				t.Fatalf("kept: %+v, %v", o, err)
			}
			o.Key.Signer = issued.Key
			_, aside := test.goOn(t, c, dir, r, o, issued)
			for _, file := range aside {
				if kept, err := os.ReadFile(file); err != nil || bytes.Contains(kept, []byte("PRIVATE")) {
					t.Errorf("put aside: %s, %v", kept, err)
				}
			}
		})
	}
}
