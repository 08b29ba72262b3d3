package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gokeytool/store/entry"
)

// benchStores are stores of the sizes that matter: one entry, as many as a
// JDK's cacerts, and as many as nobody should have; and 100 private keys.
func benchStores(b *testing.B, run func(b *testing.B, s *Store, path string)) {
	cert := entry.X509(make([]byte, 1400))
	copy(cert.DER, realCertificate(b))
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		for _, n := range []int{1, 150, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", typ, n), func(b *testing.B) {
				s := New(typ)
				for i := range n {
					must(b, s.SetCertificate(fmt.Sprintf("certificate-%d", i), cert, created))
				}
				path := filepath.Join(b.TempDir(), "ks")
				must(b, s.Save(path, password))
				b.ReportAllocs()
				run(b, s, path)
			})
		}
	}
	for _, typ := range []Type{JKS, PKCS12} {
		b.Run(fmt.Sprintf("%s/100keys", typ), func(b *testing.B) {
			s := New(typ)
			for i := range 100 {
				must(b, s.SetKey(fmt.Sprintf("key-%d", i), privateKey(b), password, []entry.Certificate{cert}, created))
			}
			path := filepath.Join(b.TempDir(), "ks")
			must(b, s.Save(path, password))
			b.ReportAllocs()
			run(b, s, path)
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	benchStores(b, func(b *testing.B, _ *Store, path string) {
		for b.Loop() {
			if _, err := Open(path, Options{Password: password}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkList is what keytool -list needs: the entries in their order, of a
// store that will not be saved.
func BenchmarkList(b *testing.B) {
	benchStores(b, func(b *testing.B, _ *Store, path string) {
		for b.Loop() {
			s, err := Open(path, Options{Password: password, ReadOnly: true})
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range s.Sorted() {
				s.JavaAlias(e)
			}
		}
	})
}

func BenchmarkSave(b *testing.B) {
	benchStores(b, func(b *testing.B, s *Store, path string) {
		for b.Loop() {
			must(b, s.Save(path, password))
		}
	})
}

// BenchmarkAdd is what every change of a keystore is: open, change, save.
func BenchmarkAdd(b *testing.B) {
	benchStores(b, func(b *testing.B, _ *Store, path string) {
		for b.Loop() {
			s, err := Open(path, Options{Password: password})
			must(b, err, s.SetCertificate("another", certificate("another"), time.Now()), s.Save(path, password))
		}
	})
}

func BenchmarkJavaOrder(b *testing.B) {
	benchStores(b, func(b *testing.B, s *Store, _ string) {
		for b.Loop() {
			s.JavaOrder()
		}
	})
}
