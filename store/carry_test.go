package store

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"gokeytool/store/entry"
)

// TestCarry changes a keystore in two processes' ways at once, at random: what is
// carried over is what both have done, or an error if they have done it to the
// same entry. CARRY_ROUNDS asks for more.
func TestCarry(t *testing.T) {
	rounds := 15
	if n, err := strconv.Atoi(os.Getenv("CARRY_ROUNDS")); err == nil {
		rounds = n
	}
	der := realCertificate(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	eachType(t, func(t *testing.T, typ Type) {
		random := rand.New(rand.NewPCG(1, uint64(len(typ))))
		path := filepath.Join(t.TempDir(), "ks")
		o := Options{Password: password}
		open := func() *Store {
			s, err := Open(path, o)
			must(t, err)
			return s
		}
		var pool [4][]byte // to seal takes long
		for i := range pool {
			var err error
			pool[i], err = New(typ).Seal(entry.Key{PKCS8: pkcs8}, password)
			must(t, err)
		}
		aliases := []string{"a", "b", "c", "d", "e"}
		// change does something to one entry, and notes what there is then.
		change := func(s *Store, model map[string]string, by string) {
			alias := aliases[random.IntN(len(aliases))]
			_, there := s.Get(alias)
			switch kind := random.IntN(4); {
			case kind == 0 && there:
				must(t, s.Delete(alias))
				delete(model, alias)
			case kind == 1 && there:
				to := by + alias
				if _, taken := s.Get(to); taken {
					return
				}
				must(t, s.Rename(alias, to, created))
				model[to] = model[alias]
				delete(model, alias)
			case kind == 2:
				sealed := pool[random.IntN(len(pool))]
				s.SetSealed(alias, entry.PrivateKey, sealed, []entry.Certificate{entry.X509(der)}, created)
				model[alias] = fmt.Sprintf("%x", sealed)
			case !there:
				must(t, s.SetCertificate(alias, entry.X509(der), created))
				model[alias] = "certificate"
			}
		}
		carried, refused := 0, 0
		for range rounds {
			base, model := New(typ), make(map[string]string)
			for range 4 {
				change(base, model, "x")
			}
			must(t, base.Save(path, password))
			mine := open()
			reading := NewReading(path, mine)
			theirs := open()
			models := make(map[*Store]map[string]string)
			for _, side := range []*Store{mine, theirs} {
				models[side] = maps.Clone(model)
				by := map[*Store]string{mine: "m", theirs: "t"}[side]
				for range random.IntN(3) {
					change(side, models[side], by)
				}
			}
			merged, conflict := maps.Clone(models[theirs]), false
			for _, name := range append(slices.Collect(maps.Keys(models[mine])), slices.Collect(maps.Keys(model))...) {
				was, is, other := model[name], models[mine][name], models[theirs][name]
				if is == was {
					continue
				}
				conflict = conflict || other != was && !(was == "" && is == "certificate" && other == is)
				if merged[name] = is; is == "" {
					delete(merged, name)
				}
			}
			must(t, theirs.Save(path, password))
			now := open()
			err := reading.Carry(mine, now)
			if conflict {
				if _, ok := errors.AsType[*ChangedError](err); !ok {
					t.Fatalf("both changed one entry: %v", err)
				}
				refused++
				continue
			}
			if _, ok := errors.AsType[*ChangedError](err); ok {
				refused++ // it was changed, and changed back
				continue
			}
			must(t, err, now.Save(path, password))
			got := make(map[string]string)
			for _, e := range open().Entries() {
				if got[e.Alias] = "certificate"; e.Kind == entry.PrivateKey {
					got[e.Alias] = fmt.Sprintf("%x", e.Sealed)
				}
			}
			if len(got) != len(merged) {
				t.Fatalf("has %d entries, want %d: %v, %v", len(got), len(merged), slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(merged)))
			}
			for name, is := range merged {
				if got[name] != is {
					t.Fatalf("<%s> is not what it was made", name)
				}
			}
			carried++
		}
		t.Logf("%d carried over, %d refused", carried, refused)
		if carried < rounds/2 {
			t.Errorf("only %d of %d were carried over", carried, rounds)
		}
	})
}
