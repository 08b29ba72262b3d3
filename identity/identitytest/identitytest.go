// Package identitytest makes identities for tests: keys, and certificates of
// CAs that exist for a test only.
package identitytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
)

// Issuer is a CA of the tests.
type Issuer struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// NewKey makes a key; kind is "rsa2048", "p256", "ed25519" and the like.
func NewKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "rsa1024":
		t.Setenv("GODEBUG", "rsa1024min=0")
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case "rsa2048":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "p224":
		key, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key of kind %q", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ServerTemplate is a certificate in which no check finds a fault.
func ServerTemplate(names ...string) *x509.Certificate {
	c := &x509.Certificate{
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(90 * 24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	if len(names) > 0 {
		c.Subject.CommonName = names[0]
	}
	return c
}

func CATemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(3650 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// Sign makes a certificate; by nil, a self-signed one.
func Sign(t testing.TB, template *x509.Certificate, key crypto.Signer, by *Issuer) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func NewIssuer(t testing.TB, name string, by *Issuer) *Issuer {
	t.Helper()
	key := NewKey(t, "p256")
	return &Issuer{Sign(t, CATemplate(name), key, by), key}
}

// New makes a key and a chain of leaf, intermediate and root.
func New(t testing.TB, kind string, names ...string) identity.Identity {
	t.Helper()
	root := NewIssuer(t, "Root", nil)
	return Issue(t, kind, NewIssuer(t, "Intermediate", root), root, names...)
}

func Issue(t testing.TB, kind string, intermediate, root *Issuer, names ...string) identity.Identity {
	t.Helper()
	key := NewKey(t, kind)
	leaf := Sign(t, ServerTemplate(names...), key, intermediate)
	return identity.Identity{Alias: kind, Key: key, Keystore: "server.p12", StoreType: "PKCS12",
		Chain: [][]byte{leaf.Raw, intermediate.Cert.Raw, root.Cert.Raw}}
}

// Roots is a pool with the top of an identity's chain.
func Roots(t testing.TB, id identity.Identity) *x509.CertPool {
	t.Helper()
	top, err := x509.ParseCertificate(id.Chain[len(id.Chain)-1])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(top)
	return pool
}

// Find returns the check with a name.
func Find(t testing.TB, checks finding.Checks, name string) finding.Finding {
	t.Helper()
	c, ok := checks.Find(name)
	if !ok {
		t.Fatalf("no check %q in %+v", name, checks)
	}
	return c
}

// Outcome is a finding in a word: "FAIL", "warn" or "ok".
func Outcome(c finding.Finding) string {
	switch {
	case !c.OK():
		return "FAIL"
	case c.Warn():
		return "warn"
	}
	return "ok"
}

// PEM is an identity as curl reads it: certificates and key.
func PEM(t testing.TB, id identity.Identity) []byte {
	t.Helper()
	var out []byte
	for _, der := range id.Chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
}
