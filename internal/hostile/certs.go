package hostile

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jks"
	"gokeytool/store/pkcs12"
)

// Certificate is what Raw makes a certificate of. What is nil is as it is in small
// certificates. Nobody has signed it.
type Certificate struct {
	Subject, Issuer string // common names
	Serial          []byte // content of the INTEGER
	SPKI            []byte
	Signature       []byte
}

var (
	sha256WithRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	rsaEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// RSA is a SubjectPublicKeyInfo of a key with so many octets of modulus and of
// exponent.
func RSA(modulus, exponent int) []byte {
	number := func(size int) []byte {
		n := bytes.Repeat([]byte{0xA5}, size)
		n[0] = 0x5A // positive
		return n
	}
	if exponent == 0 {
		return spki(number(modulus), []byte{1, 0, 1})
	}
	return spki(number(modulus), number(exponent))
}

func spki(n, e []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		algorithm(b, rsaEncryption)
		b.AddASN1(casn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(casn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(n) })
				b.AddASN1(casn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(e) })
			})
		})
	})
	return b.BytesOrPanic()
}

func algorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1NULL()
	})
}

func name(b *cryptobyte.Builder, cn string) {
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{2, 5, 4, 3})
				b.AddASN1(casn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(cn)) })
			})
		})
	})
}

// Raw is the certificate in DER.
func (c Certificate) Raw() []byte {
	or := func(a, b []byte) []byte {
		if a != nil {
			return a
		}
		return b
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
			b.AddASN1(casn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(or(c.Serial, []byte{1})) })
			algorithm(b, sha256WithRSA)
			name(b, c.Issuer)
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, day := range []string{"200101000000Z", "400101000000Z"} {
					b.AddASN1(casn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(day)) })
				}
			})
			name(b, c.Subject)
			b.AddBytes(or(c.SPKI, RSA(256, 0)))
		})
		algorithm(b, sha256WithRSA)
		b.AddASN1BitString(or(c.Signature, make([]byte, 256)))
	})
	return b.BytesOrPanic()
}

// Entry is an entry of a Store.
type Entry struct {
	Alias string
	Key   bool // with the key of identity, which belongs to no certificate here
	Chain [][]byte
}

// Store is a JKS or PKCS12 keystore of entries, of which several can have one
// alias.
func Store(tb testing.TB, kind store.Type, entries []Entry) []byte {
	tb.Helper()
	seal, encode := jks.Seal, jks.Encode
	if kind == store.PKCS12 {
		seal, encode = pkcs12.Seal, pkcs12.Encode
	}
	f := new(entry.File)
	pkcs8, _ := identity(tb)
	key, err := seal(entry.Key{PKCS8: pkcs8}, []byte(Password), f)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		made := &entry.Entry{Alias: e.Alias, Kind: entry.TrustedCertificate}
		if e.Key {
			made.Kind, made.Sealed = entry.PrivateKey, key
		}
		for _, der := range e.Chain {
			made.Chain = append(made.Chain, entry.X509(der))
		}
		f.Entries = append(f.Entries, made)
	}
	data, err := encode(f, []byte(Password))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// Certificates are certificates in PEM.
func Certificates(list ...[]byte) []byte {
	var b bytes.Buffer
	for _, der := range list {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return b.Bytes()
}
