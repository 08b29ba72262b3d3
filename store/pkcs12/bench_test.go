package pkcs12

import (
	"bytes"
	"fmt"
	"testing"

	"gokeytool/store/entry"
)

// benchFile has so many keys with their chains and so many certificates, in
// the manner of Java. It measures no keys, so one sealed key does for all.
func benchFile(b *testing.B, keys, certs int) []byte {
	b.Helper()
	ids := identities()
	f := NewFile(Default)
	key, cert := keyEntry(b, f, "", ids.server), certEntry("", ids.lone)
	for i := range keys {
		e := *key
		e.Alias = fmt.Sprintf("key %d", i)
		f.Entries = append(f.Entries, &e)
	}
	for i := range certs {
		e := *cert
		e.Alias = fmt.Sprintf("certificate %d", i)
		// Certificates of a usual size: 1 kB and more.
		e.Chain = []entry.Certificate{entry.X509(append(append([]byte{}, cert.Chain[0].DER...), make([]byte, 800)...))}
		f.Entries = append(f.Entries, &e)
	}
	return encode(b, f, password)
}

func BenchmarkStore(b *testing.B) {
	for _, size := range []struct{ keys, certs int }{{1, 0}, {0, 150}, {100, 0}, {0, 10_000}} {
		data := benchFile(b, size.keys, size.certs)
		f := decode(b, data, password)
		name := fmt.Sprintf("%d keys %d certs", size.keys, size.certs)
		b.Run("open "+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				decode(b, data, password)
			}
		})
		b.Run("save "+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				encode(b, f, password)
			}
		})
		b.Run("add one to "+name, func(b *testing.B) {
			more := *f
			more.Entries = append(more.Entries[:len(f.Entries):len(f.Entries)], certEntry("one more", identities().ca))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				encode(b, &more, password)
			}
		})
	}
}

// BenchmarkDerivations is the least that a file costs: its key derivations,
// one after the other. Opening a store of one key has those of the MAC and of
// the certificates side by side, so that it may take less than both.
func BenchmarkDerivations(b *testing.B) {
	mac, err := Default.mac()
	if err != nil {
		b.Fatal(err)
	}
	scheme, err := Default.certScheme()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("MAC", func(b *testing.B) {
		for b.Loop() {
			mac.Key([]byte(password))
		}
	})
	b.Run("encryption", func(b *testing.B) {
		for b.Loop() {
			scheme.Prepare([]byte(password))
		}
	})
}

// BenchmarkView opens a store of 10,000 certificates to be looked at. It is
// given new memory each time, as it uses it up.
func BenchmarkView(b *testing.B) {
	data := benchFile(b, 0, 10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := View(bytes.Clone(data), []byte(password), entry.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	key := identities().server.key
	for b.Loop() {
		if _, err := Seal(key, []byte(password), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnseal(b *testing.B) {
	e := keyEntry(b, nil, "", identities().server)
	for b.Loop() {
		if _, err := Unseal(e, []byte(password), entry.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
