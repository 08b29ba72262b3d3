// Package hostile makes files that ask for more work than anybody should do for
// them, for the tests of what reads files.
package hostile

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/pkcs12"
)

// Password is that of all files.
const Password = "changeit"

// cheap is an iteration count that takes as many bytes in DER as those that are
// put in its place.
const cheap = 40_000

// sealed is a key under Password whose iteration count says rounds, from 32,768 to
// 8,388,607. It does not open.
func sealed(tb testing.TB, kind store.Type, key entry.Key, rounds int) []byte {
	tb.Helper()
	var data []byte
	var err error
	if kind == store.JCEKS {
		data, err = jceks.Seal(key, []byte(Password), &entry.File{Origin: &jceks.Params{Iterations: cheap}})
	} else {
		p := pkcs12.Default
		p.KeyIterations = cheap
		data, err = pkcs12.Seal(key, []byte(Password), pkcs12.NewFile(p))
	}
	if err != nil {
		tb.Fatal(err)
	}
	number := func(n int) []byte { return []byte{0x02, 3, byte(n >> 16), byte(n >> 8), byte(n)} }
	if bytes.Count(data, number(cheap)) != 1 {
		tb.Fatal("the iteration count stands not once in a sealed key")
	}
	return bytes.Replace(data, number(cheap), number(rounds), 1)
}

// Keys is a PKCS12 or JCEKS keystore of n keys that take so many iterations each,
// and of as many certificates. Every fourth is a secret key.
func Keys(tb testing.TB, kind store.Type, n, rounds int) []byte {
	tb.Helper()
	s := store.New(kind)
	pkcs8, chain := identity(tb)
	private := sealed(tb, kind, entry.Key{PKCS8: pkcs8}, rounds)
	secret := sealed(tb, kind, entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, rounds)
	for i := range n {
		if alias := fmt.Sprintf("key%d", i); i%4 == 3 {
			s.SetSealed(alias, entry.SecretKey, secret, nil, time.Time{})
		} else {
			s.SetSealed(alias, entry.PrivateKey, private, chain, time.Time{})
		}
	}
	data, err := s.Bytes([]byte(Password))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// PEM is a file of n encrypted keys that take so many iterations each.
func PEM(tb testing.TB, n, rounds int) []byte {
	tb.Helper()
	pkcs8, chain := identity(tb)
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].DER})
	key := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed(tb, store.PKCS12, entry.Key{PKCS8: pkcs8}, rounds)})
	return append(data, bytes.Repeat(key, n)...)
}

// identity is a key of its own and its certificate.
func identity(tb testing.TB) (pkcs8 []byte, chain []entry.Certificate) {
	tb.Helper()
	pkcs8, der := testtool.SelfSigned(tb, testtool.NewKey(tb), x509.Certificate{
		Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"leaf.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	})
	return pkcs8, []entry.Certificate{entry.X509(der)}
}
