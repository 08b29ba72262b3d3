package jceks

import (
	"fmt"
	"testing"
	"time"

	"gokeytool/store/entry"
)

func BenchmarkCodec(b *testing.B) {
	sealed, err := Seal(entry.Key{Algorithm: "AES", Raw: make([]byte, 32)}, []byte("changeit"), quick)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 150, 10_000} {
		f := &entry.File{}
		for i := range n {
			f.Entries = append(f.Entries, &entry.Entry{Alias: fmt.Sprintf("key %d", i), Created: time.UnixMilli(int64(i)), Kind: entry.SecretKey, Sealed: sealed})
		}
		data, err := Encode(f, []byte("changeit"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("Decode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Decode(data, []byte("changeit"), entry.DefaultLimits); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Encode/%d", n), func(b *testing.B) {
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

// A key that Java has sealed: 200,000 iterations.
func BenchmarkUnseal(b *testing.B) {
	sealed, err := Seal(entry.Key{PKCS8: pkcs8}, []byte("changeit"), nil)
	if err != nil {
		b.Fatal(err)
	}
	e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
	for b.Loop() {
		if _, err := Unseal(e, []byte("changeit"), entry.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
