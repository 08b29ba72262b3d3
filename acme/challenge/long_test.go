//go:build long && unix

package challenge_test

import (
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/acme"
	"gokeytool/acme/state"
	"gokeytool/internal/testtool"
)

// TestStepCALong has a second CA, which is another program than pebble, certify names
// of every kind by every method, and then what else one does with a CA.
func TestStepCALong(t *testing.T) {
	ca := testtool.StartStepCA(t)
	c, dir := client(t, ca.Directory, ca.Roots)
	p := newProofs(t, &ca.NameServer, ca.HTTPPort, ca.TLSPort)
	t.Run("all", func(t *testing.T) { proveAll(t, c, dir, ca.Roots, p) })

	t.Run("renewal", func(t *testing.T) {
		first := obtain(t, c, dir, ca.Roots, acme.HTTP01, p[acme.HTTP01], "renewed.example")
		var origin state.Origin
		renewal, err := c.Renewal(t.Context(), first.Chain[0], &origin)
		if err != nil || c.Directory().ARI {
			t.Fatalf("ARI %v: %v", c.Directory().ARI, err)
		}
		// It says nothing, so a third of the life decides.
		leaf, err := x509.ParseCertificate(first.Chain[0])
		if err != nil {
			t.Fatal(err)
		}
		if left := leaf.NotAfter.Sub(renewal.At); left < leaf.NotAfter.Sub(leaf.NotBefore)/4 || left > leaf.NotAfter.Sub(leaf.NotBefore)/2 {
			t.Errorf("renewed at %v (%s), of a life from %v to %v", renewal.At, renewal.Why, leaf.NotBefore, leaf.NotAfter)
		}
		second := obtain(t, c, dir, ca.Roots, acme.HTTP01, p[acme.HTTP01], "renewed.example")
		if string(first.Chain[0]) == string(second.Chain[0]) {
			t.Error("it is the same certificate")
		}
	})
	t.Run("revocation", func(t *testing.T) {
		byAccount := obtain(t, c, dir, ca.Roots, acme.HTTP01, p[acme.HTTP01], "account.example")
		if err := c.Revoke(t.Context(), byAccount.Chain[0], nil, 4); err != nil {
			t.Error(err)
		}
		byKey := obtain(t, c, dir, ca.Roots, acme.HTTP01, p[acme.HTTP01], "key.example")
		if err := c.Revoke(t.Context(), byKey.Chain[0], byKey.Key, 1); err != nil {
			t.Error(err)
		}
		if err := c.Revoke(t.Context(), byKey.Chain[0], byKey.Key, 1); err == nil || !strings.Contains(err.Error(), "revoked") {
			t.Errorf("revoked again: %v", err)
		}
	})
	t.Run("roll-over", func(t *testing.T) {
		// The open version does not do it, and says so: the old key stays in use.
		if err := c.RollOver(t.Context()); err == nil || !strings.Contains(err.Error(), "not implemented") {
			t.Errorf("it has a roll-over now, which is to be tested: %v", err)
		}
		obtain(t, c, dir, ca.Roots, acme.HTTP01, p[acme.HTTP01], "rolled.example")
	})
	t.Run("contact", func(t *testing.T) {
		account, err := c.SetContact(t.Context(), []string{"mailto:admin@example.com"})
		if err != nil || len(account.Contact) != 1 {
			t.Errorf("%+v, %v", account, err)
		}
	})
	t.Run("deactivation", func(t *testing.T) {
		if err := c.Deactivate(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("EAB", func(t *testing.T) {
		// Its open version makes no keys for external accounts, so that only its
		// refusals can be seen.
		for what, eab := range map[string]*acme.EAB{
			"none":  nil,
			"wrong": {KeyID: "no-such-key", Key: []byte("0123456789abcdef0123456789abcdef")},
		} {
			c, err := acme.Connect(t.Context(), acme.Config{Directory: ca.EABDirectory, Roots: ca.Roots, State: state.Open(filepath.Join(t.TempDir(), "acme")), UserAgent: "gokeytool tests"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Register(t.Context(), acme.Registration{Agreed: true, EAB: eab})
			var its *acme.Error
			if !errors.As(err, &its) {
				t.Errorf("%s: %v", what, err)
			}
			t.Log(what, err)
		}
	})
}
