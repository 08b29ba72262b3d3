package acme

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/acme/state"
	"gokeytool/internal/testtool"
)

func TestAccount(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true})
	dir := t.TempDir()
	c := b.client(t, dir)
	var terms *TermsError
	if _, err := c.Register(t.Context(), Registration{}); !errors.Is(err, ErrTerms) || !errors.As(err, &terms) || terms.URL != c.Directory().Terms || terms.URL == "" {
		t.Errorf("not agreed: %v", err)
	}
	if _, err := c.Account(t.Context()); !errors.Is(err, ErrNoAccount) {
		t.Errorf("no account: %v", err)
	}
	if _, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web}); !errors.Is(err, ErrNoAccount) {
		t.Errorf("no account: %v", err)
	}
	for name, call := range map[string]func() error{
		"RollOver":   func() error { return c.RollOver(t.Context()) },
		"Deactivate": func() error { return c.Deactivate(t.Context()) },
		"SetContact": func() error { _, err := c.SetContact(t.Context(), nil); return err },
	} {
		if err := call(); !errors.Is(err, ErrNoAccount) {
			t.Errorf("%s without an account: %v", name, err)
		}
	}
	made, err := c.Register(t.Context(), Registration{Agreed: true, Contact: []string{"mailto:admin@example.com"}})
	if err != nil || !made.New || made.URL == "" || made.Status != "valid" || made.Terms != terms.URL {
		t.Fatalf("made: %+v, %v", made, err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "accounts"), c.cfg.State.AccountFile(c.cfg.Directory)} {
		if info, err := os.Stat(path); err != nil || path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	again, err := b.client(t, dir).Register(t.Context(), Registration{})
	if err != nil || again.New || again.URL != made.URL {
		t.Errorf("found: %+v, %v", again, err)
	}
	changed, err := c.Register(t.Context(), Registration{Contact: []string{"mailto:other@example.com"}})
	if err != nil || changed.URL != made.URL || !slices.Equal(changed.Contact, []string{"mailto:other@example.com"}) {
		t.Errorf("other contact: %+v, %v", changed, err)
	}
	if none, err := c.SetContact(t.Context(), nil); err != nil || len(none.Contact) != 0 {
		t.Errorf("no contact: %+v, %v", none, err)
	}
	if _, err := c.SetContact(t.Context(), []string{"tel:+123"}); kindOf(err) != "unsupportedContact" {
		t.Errorf("a telephone: %v", err)
	}
	shown, err := c.Account(t.Context())
	if err != nil || shown.URL != made.URL || len(shown.Contact) != 0 {
		t.Errorf("shown: %+v, %v", shown, err)
	}
	before, err := c.cfg.State.Account(c.cfg.Directory)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RollOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := c.cfg.State.Account(c.cfg.Directory)
	if err != nil || sameKey(before.Key.Public(), after.Key.Public()) || !after.NextKey.IsZero() || after.URL != before.URL {
		t.Errorf("rolled over: %+v, %v", after, err)
	}
	if _, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web}); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	if err := c.Deactivate(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Account(t.Context()); !errors.Is(err, ErrNoAccount) {
		t.Errorf("deactivated: %v", err)
	}
	// As one that another machine has deactivated.
	if err := c.cfg.State.SetAccount(after); err != nil {
		t.Fatal(err)
	}
	_, err = c.Register(t.Context(), Registration{Agreed: true})
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(strings.Join(e.Advice(), " "), c.cfg.State.AccountFile(c.cfg.Directory)) {
		t.Errorf("deactivated elsewhere: %v", err)
	}
}

func kindOf(err error) string {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return ""
	}
	return e.Kind()
}

// TestAccountGone has a CA that has lost the account.
func TestAccountGone(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true})
	c := b.client(t, t.TempDir())
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	lost := &state.Account{Directory: c.cfg.Directory, URL: strings.TrimSuffix(c.cfg.Directory, "/dir") + "/my-account/lost", Key: state.Key{Signer: key}}
	if err := c.cfg.State.SetAccount(lost); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), Registration{}); !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(), lost.URL) {
		t.Errorf("not agreed: %v", err)
	}
	_, err = obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web})
	if e, ok := errors.AsType[*Error](err); !ok || len(e.Advice()) == 0 {
		t.Errorf("without registration: %v", err)
	}
	made, err := c.Register(t.Context(), Registration{Agreed: true})
	if err != nil || !made.New || made.URL == lost.URL {
		t.Fatalf("made again: %+v, %v", made, err)
	}
	if _, err := obtain(t, c, Request{Names: names(t, "a.example.com"), Solver: b.web}); err != nil {
		t.Error(err)
	}
}

func TestEAB(t *testing.T) {
	key := []byte{0xfb, 0xef, 0xbe, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29}
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, EAB: map[string]string{"kid-1": base64.RawURLEncoding.EncodeToString(key)}})
	register := func(eab *EAB) error {
		b := &bed{pebble: p}
		c := b.client(t, t.TempDir())
		if !c.Directory().NeedsEAB {
			t.Error("no EAB needed")
		}
		a, err := c.Register(t.Context(), Registration{Agreed: true, EAB: eab})
		if err == nil && a.EABKeyID != eab.KeyID {
			t.Errorf("bound to %q", a.EABKeyID)
		}
		return err
	}
	for name, text := range map[string]string{
		"base64url":              base64.RawURLEncoding.EncodeToString(key),
		"base64url with padding": base64.URLEncoding.EncodeToString(key),
		"base64":                 base64.RawStdEncoding.EncodeToString(key),
		"base64 with padding":    base64.StdEncoding.EncodeToString(key),
		"a line":                 base64.StdEncoding.EncodeToString(key) + "\r\n",
	} {
		if err := register(&EAB{"kid-1", []byte(text)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := register(nil); !errors.Is(err, ErrEAB) {
		t.Errorf("none: %v", err)
	}
	good := []byte(base64.RawURLEncoding.EncodeToString(key))
	for name, eab := range map[string]*EAB{"key": {"kid-1", good[:len(good)-4]}, "key id": {"kid-2", good}} {
		err := register(eab)
		if e, ok := errors.AsType[*Error](err); !ok || e.Problem == nil || !strings.Contains(strings.Join(e.Advice(), " "), "-eabKid") {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
	for _, eab := range []*EAB{{"", good}, {"kid-1", nil}, {"kid-1", []byte("not base64!")}} {
		if err := register(eab); err == nil || strings.Contains(err.Error(), string(good)) {
			t.Errorf("%q: %v", eab.KeyID, err)
		}
	}
}

// TestRollOverKilled ends a program before and after each answer to a change of the
// account's key: the next run has the key that the CA knows.
func TestRollOverKilled(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	x := newProxy(t, p)
	for _, after := range []bool{false, true} {
		for call := 1; ; call++ {
			x.reset(nil)
			dir, left := t.TempDir(), filepath.Join(t.TempDir(), "left")
			cfg := x.config(dir)
			c, err := Connect(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			made, err := c.Register(t.Context(), Registration{Agreed: true})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			killed := x.killAt(t, call, after, dir, left, cancel)
			err = c.RollOver(ctx)
			cancel()
			if !*killed {
				if err != nil || call == 1 {
					t.Fatalf("call %d: %v", call, err)
				}
				break
			}
			x.reset(nil)
			cfg.State = state.Open(left)
			if c, err = Connect(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			found, err := c.Account(t.Context())
			if err != nil || found.URL != made.URL {
				t.Errorf("call %d, after %v: %+v, %v", call, after, found, err)
			}
			if err := c.RollOver(t.Context()); err != nil {
				t.Errorf("call %d, after %v: again: %v", call, after, err)
			}
		}
	}
	// Only the answer is lost: it is found out at once.
	c := x.registered(t)
	lost := false
	x.reset(func(_ int, rw http.ResponseWriter, r *http.Request, forward func() *answered) {
		a := forward()
		if strings.Contains(r.URL.Path, "rollover") && !lost {
			lost = true
			drop(rw)
			return
		}
		a.write(rw)
	})
	if err := c.RollOver(t.Context()); err != nil || !lost {
		t.Errorf("%v, %v", lost, err)
	}
	if _, err := c.Account(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRevoke revokes by the account and by the certificate's key.
func TestRevoke(t *testing.T) {
	b := newBed(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: 30})
	c := b.client(t, t.TempDir())
	if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	issue := func(name string) *Issued {
		issued, err := obtain(t, c, Request{Lock: lock(t, c, name), Names: names(t, name), Solver: b.web})
		if err != nil {
			t.Fatal(err)
		}
		return issued
	}
	one, two := issue("a.example.com"), issue("b.example.com")
	if err := c.Revoke(t.Context(), one.Chain[0], nil, 4); err != nil {
		t.Error(err)
	}
	if err := c.Revoke(t.Context(), one.Chain[0], nil, 4); kindOf(err) != "alreadyRevoked" {
		t.Errorf("again: %v", err)
	}
	if err := c.Revoke(t.Context(), two.Chain[0], one.Key, 1); err == nil {
		t.Error("by another key")
	}
	if err := c.Revoke(t.Context(), two.Chain[0], nil, 7); kindOf(err) != "badRevocationReason" {
		t.Errorf("reason 7: %v", err)
	}
	// Who has the key needs no account.
	if err := b.client(t, t.TempDir()).Revoke(t.Context(), two.Chain[0], two.Key, 1); err != nil {
		t.Error(err)
	}
	if err := c.Revoke(t.Context(), []byte("no certificate"), nil, 0); err == nil {
		t.Error("no certificate")
	}
}
