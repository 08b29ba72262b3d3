package store

import (
	"os"
	"testing"
	"time"

	"gokeytool/store/entry"
)

var created = time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)

// certificate returns what a store takes for a certificate; it looks at none.
func certificate(name string) entry.Certificate {
	return entry.Certificate{Type: "X.509", DER: append([]byte{0x30, byte(2 + len(name)), 0x0C, byte(len(name))}, name...)}
}

func privateKey(t testing.TB) entry.Key {
	t.Helper()
	pkcs8, err := os.ReadFile("testdata/key.der")
	if err != nil {
		t.Fatal(err)
	}
	return entry.Key{PKCS8: pkcs8}
}

func aliases(entries []*entry.Entry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Alias)
	}
	return names
}
