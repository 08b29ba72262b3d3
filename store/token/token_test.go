package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/pkcs11"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// readCertificate is Options.Certificate.
func readCertificate(der []byte) (Certificate, error) {
	c, err := x509util.ParseCertificate(der)
	if err != nil {
		return Certificate{}, err
	}
	return Certificate{
		Subject: c.Subject.Canonical(), Issuer: c.Issuer.Canonical(), SubjectDER: c.Subject.DER(), IssuerDER: c.Issuer.DER(),
		Serial: c.Serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter, SPKI: c.SPKI,
	}, nil
}

func options(java bool) Options {
	return Options{Certificate: readCertificate, Public: keys.ParsePublic, Java: java, Release: jdk.Release17}
}

// openToken opens a token, as its user.
func openToken(t testing.TB, h testtool.SoftHSM) *pkcs11.Token {
	t.Helper()
	opened, err := pkcs11.Open(context.Background(), pkcs11.Location{Module: h.Module, Environment: []string{h.Environment, "PATH=/usr/bin:/bin:/opt/homebrew/bin"}}, pkcs11.Selection{Label: h.Label})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	if err := opened.Login([]byte(h.PIN)); err != nil {
		t.Fatal(err)
	}
	return opened
}

func openKeystore(t testing.TB, opened *pkcs11.Token, o Options) *Keystore {
	t.Helper()
	k, err := Open(opened, o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// certify makes a certificate; a nil issuer has it sign itself.
func certify(t testing.TB, subject string, serial int64, public crypto.PublicKey, issuer *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: subject}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newEC(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t testing.TB, key any) entry.Key {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return entry.Key{PKCS8: der}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	opened := openToken(t, h)
	k := openKeystore(t, opened, options(false))
	p256 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	for i, spec := range []KeySpec{{Algorithm: "RSA", Bits: 2048}, {Algorithm: "EC", Curve: p256}, {Algorithm: "Ed25519"}} {
		made, err := k.Generate(spec)
		if err != nil {
			t.Fatalf("%v: %v", spec, err)
		}
		c := certify(t, spec.Algorithm, int64(i+1), made.Signer.Public(), nil, made.Signer)
		sealed, err := k.Seal(made)
		if err != nil {
			t.Fatal(err)
		}
		entries := append(k.Entries(), &entry.Entry{Alias: "key " + spec.Algorithm, Kind: entry.PrivateKey, Chain: []entry.Certificate{entry.X509(c.Raw)}, Sealed: sealed})
		if err := k.Apply(entries); err != nil {
			t.Fatal(err)
		}
	}
	again := openKeystore(t, opened, options(false))
	for _, e := range again.Entries() {
		key, err := again.Unseal(e)
		if err != nil {
			t.Fatal(err)
		}
		digest, opts := sha256.Sum256(nil), crypto.SignerOpts(crypto.SHA256)
		message := digest[:]
		if e.Alias == "key Ed25519" {
			opts = crypto.Hash(0)
		}
		if _, err := key.Signer.Sign(rand.Reader, message, opts); err != nil {
			t.Errorf("%s: %v", e.Alias, err)
		}
	}
	if len(again.Entries()) != 3 {
		t.Errorf("%d entries", len(again.Entries()))
	}
}
