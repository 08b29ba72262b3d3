package jks

import (
	"fmt"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
)

// certificates is a file of n trusted certificates of usual size.
func certificates(n int) *entry.File {
	f := &entry.File{}
	for i := range n {
		der := make([]byte, 1000)
		copy(der, fmt.Sprint(i))
		f.Entries = append(f.Entries, &entry.Entry{
			Alias:   fmt.Sprintf("certificate %d", i),
			Created: time.UnixMilli(int64(i)),
			Kind:    entry.TrustedCertificate,
			Chain:   []entry.Certificate{entry.X509(der)},
		})
	}
	return f
}

var sizes = []int{1, 150, 10_000}

func BenchmarkDecode(b *testing.B) {
	for _, n := range sizes {
		data, err := Encode(certificates(n), []byte("changeit"))
		if err != nil {
			b.Fatal(err)
		}
		for _, password := range [][]byte{[]byte("changeit"), nil} {
			b.Run(fmt.Sprintf("verified=%t/%d", password != nil, n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					if _, err := Decode(data, password, entry.DefaultLimits); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range sizes {
		f := certificates(n)
		data, err := Encode(f, []byte("changeit"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Encode(f, []byte("changeit")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUnseal(b *testing.B) {
	for _, password := range []string{"changeit", "間違い"} {
		b.Run(password, func(b *testing.B) {
			pkcs8, _ := testtool.Identity(b, "localhost")
			sealed, err := Seal(entry.Key{PKCS8: pkcs8}, []byte(password), nil)
			if err != nil {
				b.Fatal(err)
			}
			e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Unseal(e, []byte(password), entry.DefaultLimits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
