package commands

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/testtool"
	"gokeytool/store"
)

// proved is a solver for a CA that looks at nothing.
type proved struct{}

func (proved) Present(context.Context, acme.Proof) (func(context.Context) error, error) {
	return func(context.Context) error { return nil }, nil
}

// acmeUnit is a unit whose CA is a pebble, whose state is in a directory of the test,
// and whose clock is the machine's.
func acmeUnit(t *testing.T, p *testtool.Pebble, dir string, answers ...string) *unit {
	t.Helper()
	u := newUnit(t, nil, answers...)
	u.Now = time.Now
	u.LookupEnv = func(name string) (string, bool) {
		if name == "GOKEYTOOL_ACME_DIR" {
			return filepath.Join(dir, "state"), true
		}
		return "", false
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("out: %s\nerr: %s", u.out, u.err)
		}
	})
	return u
}

// recipeOf is what a line for a pebble says: "host a" and so on.
func recipeOf(p *testtool.Pebble, options ...string) acmeRecipe {
	r := acmeRecipe{"directory": {p.Directory}, "caFile": {p.CAFile}}
	for _, option := range options {
		name, value, _ := strings.Cut(option, " ")
		r[name] = append(r[name], value)
	}
	return r
}

// byPebble is what a run says of itself to a pebble that looks at nothing.
var byPebble = acmeHow{agree: true, solver: proved{}, method: acme.HTTP01}

func TestACMETargets(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true})
	for _, tt := range []struct {
		name  string
		files func(t *testing.T, dir string) acmeTarget
		alias string
		keep  bool // FILE.old
	}{
		{"new PKCS12", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{keystore: filepath.Join(dir, "k.p12"), storepass: []byte("changeit")}
		}, "mykey", false},
		{"new JKS", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{keystore: filepath.Join(dir, "k.jks"), storetype: given("JKS"), alias: given("www"), storepass: []byte("changeit"), keypass: []byte("secretkey")}
		}, "www", false},
		{"new JCEKS", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{keystore: filepath.Join(dir, "k.jceks"), storetype: given("JCEKS"), storepass: []byte("changeit")}
		}, "mykey", false},
		{"the only key", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{keystore: saved(t, dir, keyed(t, "tomcat"), ""), storepass: []byte(unitPassword)}
		}, "tomcat", true},
		{"beside another", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{keystore: saved(t, dir, keyed(t, "tomcat"), ""), alias: given("new"), storepass: []byte(unitPassword)}
		}, "new", false},
		{"PEM", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem")}
		}, "", false},
		{"PEM, chain apart", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), chainFile: filepath.Join(dir, "chain.pem")}
		}, "", false},
		{"PEM, key encrypted", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), keypass: []byte("secretkey")}
		}, "", false},
		{"one PEM", func(t *testing.T, dir string) acmeTarget {
			return acmeTarget{certFile: filepath.Join(dir, "all.pem"), keyFile: filepath.Join(dir, "all.pem")}
		}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			target := tt.files(t, dir)
			u := acmeUnit(t, p, dir)
			recipe := recipeOf(p, "host www.example.com", "host 192.0.2.7", "host *.example.org", "host bücher.example")
			recipe["host"] = slices.DeleteFunc(recipe["host"], func(h string) bool { return strings.HasPrefix(h, "*") }) // by dns-01 alone
			out, err := u.certifyByACME(t.Context(), target, recipe, byPebble)
			if err != nil {
				t.Fatal(err, u.hints(err))
			}
			if !out.changed || out.alias != tt.alias || out.renewal.At.IsZero() {
				t.Errorf("%+v", out)
			}
			if got, want := fmt.Sprint(acmeHosts(out.leaf)), "[www.example.com xn--bcher-kva.example 192.0.2.7]"; got != want {
				t.Errorf("certified are %s", got)
			}
			olds, _ := filepath.Glob(filepath.Join(dir, "*.old"))
			if kept := len(olds) > 0; kept != tt.keep || kept != strings.Contains(u.err.String(), "as it was is kept as") {
				t.Errorf("kept: %q, said: %s", olds, u.err)
			}
			holdsACME(t, u, target, out, p)
			before := snapshot(t, dir)

			again, err := acmeUnit(t, p, dir).certifyByACME(t.Context(), target, nil, byPebble)
			if err != nil || again.changed || !bytes.Equal(again.leaf, out.leaf) || again.renewal.At.Before(time.Now()) {
				t.Errorf("again: %+v %v", again, err)
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("something has changed:\n%s\n%s", before, after)
			}

			force := byPebble
			force.force = true
			forced, err := acmeUnit(t, p, dir).certifyByACME(t.Context(), target, nil, force)
			if err != nil || !forced.changed || !bytes.Equal(forced.old, out.leaf) {
				t.Fatalf("forced: %+v %v", forced, err)
			}
			holdsACME(t, u, target, forced, p)
			if sameKey(forced.leaf, out.leaf) {
				t.Error("the key is the old one")
			}
			if more, _ := filepath.Glob(filepath.Join(dir, "*.old*")); len(more) != len(olds) {
				t.Errorf("a renewal keeps %q", more)
			}
		})
	}
}

// saved is a keystore as a file.
func saved(t *testing.T, dir string, ks *store.Store, name string) string {
	t.Helper()
	path := filepath.Join(dir, "ks.p12")
	if name != "" {
		path = filepath.Join(dir, name)
	}
	if err := ks.Save(path, []byte(unitPassword)); err != nil {
		t.Fatal(err)
	}
	return path
}

// snapshot is what a directory holds, beside its state.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			fmt.Fprintf(&text, "%s %v %x\n", filepath.Base(file), info.Mode(), sha256.Sum256(testtool.ReadFile(t, file)))
		}
	}
	return text.String()
}

// holdsACME looks whether a target holds what the outcome says: a key that belongs to
// the certificate, and a chain that a client believes.
func holdsACME(t *testing.T, u *unit, target acmeTarget, out acmeOutcome, p *testtool.Pebble) {
	t.Helper()
	place, err := acmeUnit(t, p, t.TempDir()).openACME(t.Context(), out.target)
	if err != nil {
		t.Fatal(err)
	}
	defer place.end()
	chain := place.chain()
	if target.chainFile != "" {
		chain = append(chain, pemCertificates(testtool.ReadFile(t, target.chainFile))...)
	}
	if len(chain) != 2 || !bytes.Equal(chain[0], out.leaf) {
		t.Fatalf("%d certificates", len(chain))
	}
	key, err := place.key()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		t.Fatal(err)
	}
	if !leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
		t.Error("the key is not the certificate's")
	}
	roots, issuers := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(p.Root(0))
	issuers.AppendCertsFromPEM(pemOf(chain[1:]))
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: issuers}); err != nil {
		t.Error(err)
	}
	if file := target.keyFile; file != "" {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
	}
}

// TestACMEDryRun tries all with the CA's directory for tests, where it has one: the CA
// itself hears nothing of it, and nothing is changed.
func TestACMEDryRun(t *testing.T) {
	genuine, staging := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true}), testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true})
	dir := t.TempDir()
	u := acmeUnit(t, staging, dir)
	how := byPebble
	how.dryRun = true
	keystore := saved(t, dir, keyed(t, "tomcat"), "")
	before := snapshot(t, dir)
	r, out, err := u.openACMERun(t.Context(), acmeTarget{keystore: keystore, storepass: []byte(unitPassword)},
		recipeOf(staging, "host www.example.com", "exec touch "+filepath.Join(dir, "ran")), how)
	if err != nil {
		t.Fatal(err)
	}
	r.ca = acme.CA{Title: "a CA", Directory: genuine.Directory, Staging: staging.Directory}
	if r.lock, err = r.lockFor(t.Context(), r.what()); err != nil {
		t.Fatal(err)
	}
	err = r.run(t.Context(), &out)
	r.lock.Unlock()
	r.place.end()
	if err != nil {
		t.Fatal(err)
	}
	if !out.dry || out.changed || out.ca != staging.Directory {
		t.Errorf("%+v", out)
	}
	if after := snapshot(t, dir); after != before {
		t.Errorf("something has changed:\n%s\n%s", before, after)
	}
	if log := genuine.Log(); strings.Contains(log, "POST ") {
		t.Errorf("the CA was asked:\n%s", log)
	}
	if n := strings.Count(staging.Log(), "Issued certificate serial"); n != 1 {
		t.Errorf("%d certificates were issued for the test", n)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "state", "orders", "*.json")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if known, _ := filepath.Glob(filepath.Join(dir, "state", "certificates", "*")); len(known) > 0 {
		t.Errorf("kept: %q", known)
	}
	u.sayACME(out)
	if said := u.err.String(); !strings.Contains(said, "all went well, and nothing was changed") {
		t.Errorf("said: %s", said)
	}
}
