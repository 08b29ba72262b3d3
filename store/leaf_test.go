package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gokeytool/store/entry"
)

// TestFindCertificateAfterChanges compares what the index finds with what
// looking at every entry in Java's order does, while a store changes.
func TestFindCertificateAfterChanges(t *testing.T) {
	slowly := func(s *Store, der string) string {
		for _, e := range s.JavaOrder() {
			if len(e.Chain) > 0 && string(e.Chain[0].DER) == der {
				return s.JavaAlias(e)
			}
		}
		return ""
	}
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		t.Run(string(typ), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			s := New(typ)
			for step := range 400 {
				alias := fmt.Sprintf("a%d", random.IntN(12))
				leaf := entry.X509(fmt.Appendf(nil, "certificate %d", random.IntN(6)))
				switch random.IntN(4) {
				case 0, 1:
					must(t, s.SetCertificate(alias, leaf, created))
				case 2:
					_ = s.Delete(alias)
				case 3:
					_ = s.Rename(alias, fmt.Sprintf("a%d", random.IntN(12)), created)
				}
				for n := range 6 {
					der := fmt.Sprintf("certificate %d", n)
					got, ok := s.FindCertificate([]byte(der))
					if want := slowly(s, der); got != want || ok != (want != "") {
						t.Fatalf("step %d: found %q, %t, want %q", step, got, ok, want)
					}
				}
			}
		})
	}
}
