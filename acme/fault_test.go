package acme

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/acme/state"
	"gokeytool/internal/filelock"
	"gokeytool/internal/testtool"
)

// run is one run of a program that wants a certificate: it stores what comes, and
// says so.
func run(ctx context.Context, t testing.TB, cfg Config, w *web, stored string) error {
	t.Helper()
	c, err := Connect(ctx, cfg)
	if err != nil {
		return err
	}
	if _, err := c.Register(ctx, Registration{Agreed: true}); err != nil {
		return err
	}
	l, err := cfg.State.Lock(ctx, "ks", filelock.Wait{})
	if err != nil {
		return err
	}
	defer l.Unlock()
	issued, err := c.Obtain(ctx, Request{Lock: l, Names: names(t, "a.example.com", "b.example.com"), Method: HTTP01, Solver: w, NewKey: newKey})
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(issued.Key.Public())
	if err != nil {
		return err
	}
	if err := os.WriteFile(stored, public, 0o600); err != nil {
		return err
	}
	return issued.Done()
}

// kept are the public keys of the keys that a state directory has, and of what was
// stored.
func kept(t testing.TB, dir, stored string) []string {
	t.Helper()
	var keys []string
	if data, err := os.ReadFile(stored); err == nil {
		keys = append(keys, string(data))
	}
	for _, pattern := range []string{"*.json", "*.aside"} {
		paths, err := filepath.Glob(filepath.Join(dir, "orders", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var order state.Order
			if err := json.Unmarshal(data, &order); err != nil {
				t.Fatal(path, err)
			}
			public, err := x509.MarshalPKIXPublicKey(order.Key.Public())
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, string(public))
		}
	}
	return keys
}

// TestFaults has the CA fail at each of its answers, once and for good, in each way:
// there is a clear error or a certificate, no key is lost, and the next run succeeds.
func TestFaults(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	w := &web{answers: make(map[string]string)}
	clean := newProxy(t, p)
	cfg := func(t *testing.T, x *proxy) Config {
		return x.config(t.TempDir())
	}
	if err := run(t.Context(), t, cfg(t, clean), w, filepath.Join(t.TempDir(), "stored")); err != nil {
		t.Fatal(err)
	}
	calls := clean.count()
	if calls < 10 {
		t.Fatalf("only %d calls", calls)
	}
	for i, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newProxy(t, p)
			for _, forGood := range []bool{false, true} {
				for call := 1; call <= calls; call++ {
					if forGood && call%4 != i%4 { // where they differ little
						continue
					}
					x.reset(func(n int, rw http.ResponseWriter, r *http.Request, forward func() *answered) {
						if n == call || n > call && forGood {
							faults[name](rw, r, forward)
							return
						}
						forward().write(rw)
					})
					cfg, stored := cfg(t, x), filepath.Join(t.TempDir(), "stored")
					err := run(t.Context(), t, cfg, w, stored)
					if e, ok := errors.AsType[*Error](err); err != nil && (!ok || !strings.Contains(err.Error(), e.CA) || e.Step == "") {
						t.Errorf("call %d, for good %v: not a clear error: %v", call, forGood, err)
					}
					if err == nil && forGood && call < calls {
						t.Errorf("call %d, for good: a certificate", call)
					}
					x.mu.Lock()
					certified := x.keys
					x.mu.Unlock()
					for _, key := range certified {
						if !slices.Contains(kept(t, cfg.State.Path(), stored), key) {
							t.Errorf("call %d, for good %v: a key is lost after %v", call, forGood, err)
						}
					}
					x.reset(nil)
					if err := run(t.Context(), t, cfg, w, stored); err != nil {
						t.Errorf("call %d, for good %v: the next run: %v (after %v)", call, forGood, err, x.log)
					}
				}
			}
		})
	}
}
