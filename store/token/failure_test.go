package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// failing is a token of which one call fails, or all from that one on: of those that
// change something, and those after them.
type failing struct {
	module
	at, calls int
	all       bool
}

func (f *failing) fails() error {
	f.calls++
	if f.calls == f.at || f.all && f.calls > f.at {
		return pkcs11.FunctionFailed
	}
	return nil
}

func (f *failing) do(writable bool, g func(session) error) error {
	return f.module.do(writable, func(s session) error { return g(failingSession{s, f}) })
}

type failingSession struct {
	session
	f *failing
}

func (s failingSession) Get(o pkcs11.Object, types ...pkcs11.AttributeType) (map[pkcs11.AttributeType][]byte, error) {
	if s.f.calls > 0 {
		if err := s.f.fails(); err != nil {
			return nil, err
		}
	}
	return s.session.Get(o, types...)
}

func (s failingSession) Set(o pkcs11.Object, template ...pkcs11.Attribute) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.session.Set(o, template...)
}

func (s failingSession) Create(template ...pkcs11.Attribute) (pkcs11.Object, error) {
	if err := s.f.fails(); err != nil {
		return 0, err
	}
	return s.session.Create(template...)
}

func (s failingSession) Copy(o pkcs11.Object, template ...pkcs11.Attribute) (pkcs11.Object, error) {
	if err := s.f.fails(); err != nil {
		return 0, err
	}
	return s.session.Copy(o, template...)
}

func (s failingSession) Destroy(o pkcs11.Object) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.session.Destroy(o)
}

// snapshot is what a token holds, without handles, in a fixed order.
func snapshot(t testing.TB, k *Keystore) (all [][32]byte) {
	t.Helper()
	err := k.token.do(false, func(s session) error {
		c, err := k.read(s)
		if err == nil {
			for _, o := range c.all() {
				all = append(all, o.fingerprint())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// pki is a CA, one below it, and what they certify.
type pki struct {
	rootKey, caKey *ecdsa.PrivateKey
	root, ca       *x509.Certificate
}

func newPKI(t testing.TB, name string) pki {
	p := pki{rootKey: newEC(t), caKey: newEC(t)}
	p.root = certify(t, "Root "+name, 1, p.rootKey.Public(), nil, p.rootKey)
	p.ca = certify(t, "CA "+name, 2, p.caKey.Public(), p.root, p.rootKey)
	return p
}

func (p pki) chain(t testing.TB, subject string, serial int64, public crypto.PublicKey) []entry.Certificate {
	leaf := certify(t, subject, serial, public, p.ca, p.caKey)
	return []entry.Certificate{entry.X509(leaf.Raw), entry.X509(p.ca.Raw), entry.X509(p.root.Raw)}
}

func selfSigned(t testing.TB, subject string, serial int64, key crypto.Signer) []entry.Certificate {
	return []entry.Certificate{entry.X509(certify(t, subject, serial, key.Public(), nil, key).Raw)}
}

// edit is a change of entries, as package store makes them.
type edit func(t testing.TB, k *Keystore, entries []*entry.Entry) []*entry.Entry

func find(t testing.TB, entries []*entry.Entry, alias string) int {
	t.Helper()
	i := slices.IndexFunc(entries, func(e *entry.Entry) bool { return e.Alias == alias })
	if i < 0 {
		t.Fatalf("no entry %q", alias)
	}
	return i
}

func add(alias string, key entry.Key, chain []entry.Certificate) edit {
	return func(t testing.TB, k *Keystore, entries []*entry.Entry) []*entry.Entry {
		t.Helper()
		sealed, err := k.Seal(key)
		if err != nil {
			t.Fatal(err)
		}
		e := &entry.Entry{Alias: alias, Kind: entry.PrivateKey, Chain: chain, Sealed: sealed}
		if key.Secret() {
			e.Kind = entry.SecretKey
		}
		if i := slices.IndexFunc(entries, func(e *entry.Entry) bool { return e.Alias == alias }); i >= 0 {
			entries[i] = e
			return entries
		}
		return append(entries, e)
	}
}

func setChain(alias string, chain []entry.Certificate) edit {
	return func(t testing.TB, _ *Keystore, entries []*entry.Entry) []*entry.Entry {
		i := find(t, entries, alias)
		e := *entries[i]
		e.Chain = chain
		entries[i] = &e
		return entries
	}
}

func rename(alias, to string) edit {
	return func(t testing.TB, _ *Keystore, entries []*entry.Entry) []*entry.Entry {
		i := find(t, entries, alias)
		e := *entries[i]
		e.Alias = to
		entries[i] = &e
		return entries
	}
}

func remove(aliases ...string) edit {
	return func(_ testing.TB, _ *Keystore, entries []*entry.Entry) []*entry.Entry {
		return slices.DeleteFunc(entries, func(e *entry.Entry) bool { return slices.Contains(aliases, e.Alias) })
	}
}

func clone(alias, to string) edit {
	return func(t testing.TB, k *Keystore, entries []*entry.Entry) []*entry.Entry {
		e := entries[find(t, entries, alias)]
		key, err := k.Unseal(e)
		if err != nil {
			t.Fatal(err)
		}
		return add(to, key, e.Chain)(t, k, entries)
	}
}

// generate makes a key on the token, and an entry of it.
func generate(alias string, spec KeySpec) edit {
	return func(t testing.TB, k *Keystore, entries []*entry.Entry) []*entry.Entry {
		t.Helper()
		key, err := k.Generate(spec)
		if err != nil {
			t.Fatal(err)
		}
		return add(alias, key, selfSigned(t, alias, 9, key.Signer))(t, k, entries)
	}
}

var p256 = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}

// Whatever call of a change fails, the token is as it was, or holds what it is to hold
// where a key was removed already. Where the token is lost in the middle no key is, but
// those that were to go.
func TestApplyFails(t *testing.T) {
	t.Parallel()
	a, b, c := newEC(t), newEC(t), newEC(t)
	p := newPKI(t, "1")
	secret := entry.Key{Algorithm: "AES", Raw: bytes.Repeat([]byte{7}, 16)}
	steps := []struct {
		name  string
		edits []edit
		want  []string // aliases, sorted
		count int      // of objects
	}{
		{"a key with a chain", []edit{add("a", pkcs8(t, a), p.chain(t, "a", 10, a.Public()))}, []string{"a"}, 4},
		{"a second one of the CA", []edit{add("b", pkcs8(t, b), p.chain(t, "b", 11, b.Public()))}, []string{"a", "b"}, 6},
		{"a secret key", []edit{add("secret", secret, nil)}, []string{"a", "b", "secret"}, 7},
		{"another certificate", []edit{setChain("b", selfSigned(t, "b", 12, b))}, []string{"a", "b", "secret"}, 7},
		{"another chain without the CA", []edit{setChain("a", selfSigned(t, "a", 13, a))}, []string{"a", "b", "secret"}, 5},
		{"the CA's reply", []edit{setChain("a", p.chain(t, "a", 14, a.Public()))}, []string{"a", "b", "secret"}, 7},
		{"another alias", []edit{rename("a", "ä")}, []string{"b", "secret", "ä"}, 7},
		{"another alias of the secret", []edit{rename("secret", "word")}, []string{"b", "word", "ä"}, 7},
		{"another key in its place", []edit{add("b", pkcs8(t, c), p.chain(t, "c", 15, c.Public()))}, []string{"b", "word", "ä"}, 7},
		{"two change names", []edit{rename("b", "x"), rename("ä", "b"), rename("x", "ä")}, []string{"b", "word", "ä"}, 7},
		{"a copy", []edit{clone("b", "copy")}, []string{"b", "copy", "word", "ä"}, 9},
		{"one made on the token", []edit{generate("made", KeySpec{Algorithm: "EC", Curve: p256})}, []string{"b", "copy", "made", "word", "ä"}, 11},
		{"one is removed", []edit{remove("made")}, []string{"b", "copy", "word", "ä"}, 9},
		{"all are removed", []edit{remove("b", "copy", "word", "ä")}, nil, 0},
	}
	h := testtool.NewSoftHSM(t)
	token := tokenModule{openToken(t, h)}
	for _, step := range steps {
		for at := 1; ; at++ {
			k := openKeystore(t, token.Token, options(false))
			entries := k.Entries()
			before := snapshot(t, k)
			for _, edit := range step.edits {
				entries = edit(t, k, entries)
			}
			flaky := &failing{module: token, at: at}
			k.token = flaky
			err := k.Apply(entries)
			k.token = token
			if flaky.calls < at && err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if err == nil {
				break // nothing failed, or what can be done without
			}
			if !errors.Is(err, pkcs11.FunctionFailed) {
				t.Fatalf("%s, call %d: %v", step.name, at, err)
			}
			if err := k.Discard(); err != nil {
				t.Errorf("%s, call %d: %v", step.name, at, err)
			}
			after := snapshot(t, k)
			if removed := strings.Contains(err.Error(), "entries before it were removed"); removed != (len(after) < len(before)) {
				t.Errorf("%s, call %d: %d objects, then %d: %v", step.name, at, len(before), len(after), err)
			} else if !removed && !slices.Equal(before, after) {
				t.Fatalf("%s, call %d: %v: the token is not as it was\n%s", step.name, at, err, h.Tool(t, "-O"))
			}
		}
		k := openKeystore(t, token.Token, options(false))
		var got []string
		for _, e := range k.Entries() {
			got = append(got, e.Alias)
			if e.Kind != entry.PrivateKey {
				continue
			}
			key, err := k.Unseal(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := key.Signer.Sign(nil, bytes.Repeat([]byte{1}, 32), crypto.SHA256); err != nil {
				t.Errorf("%s: <%s>: %v", step.name, e.Alias, err)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, step.want) || len(snapshot(t, k)) != step.count {
			t.Fatalf("%s: %q, %d objects; want %q, %d\n%s", step.name, got, len(snapshot(t, k)), step.want, step.count, h.Tool(t, "-O"))
		}
	}
}

// A token that is lost in the middle of a change keeps its keys, and one of them is an
// entry that can be used.
func TestApplyIsCutOff(t *testing.T) {
	t.Parallel()
	a, b := newEC(t), newEC(t)
	p := newPKI(t, "1")
	h := testtool.NewSoftHSM(t)
	token := tokenModule{openToken(t, h)}
	for _, change := range [][]edit{
		{rename("a", "b"), setChain("b", selfSigned(t, "a", 21, a))},
		{add("a", pkcs8(t, b), selfSigned(t, "b", 22, b))},
	} {
		for at := 1; ; at++ {
			k := openKeystore(t, token.Token, options(false))
			entries := remove("a", "b")(t, k, k.Entries())
			if err := k.Apply(add("a", pkcs8(t, a), p.chain(t, "a", 20, a.Public()))(t, k, entries)); err != nil {
				t.Fatal(err)
			}
			k = openKeystore(t, token.Token, options(false))
			entries = k.Entries()
			for _, edit := range change {
				entries = edit(t, k, entries)
			}
			flaky := &failing{module: token, at: at, all: true}
			k.token = flaky
			_ = k.Apply(entries)
			after := openKeystore(t, token.Token, options(false))
			usable := 0
			for _, e := range after.Entries() {
				if key, err := after.Unseal(e); err == nil {
					if _, err := key.Signer.Sign(nil, bytes.Repeat([]byte{1}, 32), crypto.SHA256); err == nil {
						usable++
					}
				}
			}
			if usable == 0 {
				t.Fatalf("call %d: no key can be used\n%s", at, h.Tool(t, "-O"))
			}
			// What was left behind is in the way of nothing.
			if err := after.Apply(nil); err != nil {
				t.Fatalf("call %d: %v", at, err)
			}
			destroyAll(t, token)
			if flaky.calls < at {
				break
			}
		}
	}
}

// destroyAll empties a token.
func destroyAll(t testing.TB, token module) {
	t.Helper()
	err := token.do(true, func(s session) error {
		all, err := s.Find()
		for _, o := range all {
			err = errors.Join(err, s.Destroy(o))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
