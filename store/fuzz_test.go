package store

import (
	"errors"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// FuzzOpen: whatever a file holds, it opens or says why; what is opened has an
// order, finds its entries and its certificates, and what Java would say of what
// does not is text.
func FuzzOpen(f *testing.F) {
	for _, m := range testtool.Corpus(f, corpus) {
		if data := m.Read(f); len(data) < 1500 {
			f.Add(data)
		}
	}
	limits := entry.Limits{MaxIterations: 30, MaxEntries: 100, MaxDepth: 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, password := range [][]byte{nil, []byte("changeit")} {
			o := Options{Password: password, Limits: limits, Foreign: true}
			o.Limits.Work = entry.NewWork(500, 0, nil)
			s, err := Decode("file", data, o)
			if err != nil {
				opened, ok := errors.AsType[*OpenError](err)
				if !ok {
					t.Fatalf("%v is no *OpenError", err)
				}
				JavaError(err, jdk.Default)
				opened.Damage()
				opened.Wrapped()
				opened.NearMiss()
				continue
			}
			if len(s.Sorted()) != s.Len() || len(s.JavaOrder()) > s.Len() {
				t.Fatalf("%d entries, %d sorted, %d in Java's order", s.Len(), len(s.Sorted()), len(s.JavaOrder()))
			}
			if err := s.CheckCost(); err != nil && !errors.Is(err, entry.ErrLimit) {
				t.Fatal(err)
			}
			for _, e := range s.Entries() {
				if found, ok := s.Get(s.JavaAlias(e)); !ok || s.JavaAlias(found) != s.JavaAlias(e) {
					t.Fatalf("%q is not found", s.JavaAlias(e))
				}
				if len(e.Chain) > 0 {
					s.FindCertificate(e.Chain[0].DER)
				}
			}
		}
	})
}
