package testtool

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// NewKey makes a private key on the curve P-256.
func NewKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// SelfSigned makes a certificate of a key, both in DER, the key as PKCS #8. The
// certificate says what the template does; a template without a serial number has
// 1, one without an end is good for an hour.
func SelfSigned(t testing.TB, key crypto.Signer, template x509.Certificate) (pkcs8, certificate []byte) {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(1)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err = x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8, certificate
}

// Identity is SelfSigned of a new key and a name.
func Identity(t testing.TB, name string) (pkcs8, certificate []byte) {
	t.Helper()
	return SelfSigned(t, NewKey(t), x509.Certificate{Subject: pkix.Name{CommonName: name}})
}
