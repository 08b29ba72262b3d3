package store

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"gokeytool/store/entry"
)

// issued is a new key with its chain, issued by a CA for localhost.
type issued struct {
	key   entry.Key
	chain []entry.Certificate
}

// issue makes a key's certificate, signed by a CA of one certificate.
func issue(t testing.TB, key crypto.Signer) (id issued, ca entry.Certificate) {
	t.Helper()
	_, issuer, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	root.Subject.CommonName = "CA"
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, issuer.Public(), issuer)
	must(t, err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), issuer)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return issued{entry.Key{PKCS8: pkcs8}, []entry.Certificate{entry.X509(leafDER), entry.X509(rootDER)}}, entry.X509(rootDER)
}

// reopened is a store as it comes out of its file.
func reopened(t testing.TB, s *Store) *Store {
	t.Helper()
	data, err := s.Bytes(password)
	must(t, err)
	s, err = Decode("store", data, Options{Password: password})
	must(t, err)
	return s
}

// handshake has a server and a client of crypto/tls meet.
func handshake(t *testing.T, server tls.Certificate, roots *x509.CertPool) error {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	go func() {
		defer there.Close()
		tls.Server(there, &tls.Config{Certificates: []tls.Certificate{server}}).Handshake()
	}()
	return tls.Client(here, &tls.Config{RootCAs: roots, ServerName: "localhost"}).Handshake()
}

func TestTLSCertificate(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey, "EC": ec, "Ed25519": ed} {
		id, ca := issue(t, key)
		eachType(t, func(t *testing.T, typ Type) {
			s := New(typ)
			must(t, s.SetCertificate("ca", ca, created), s.SetKey("server", id.key, []byte("of the key"), id.chain, created))
			s = reopened(t, s)
			for _, alias := range []string{"", "SERVER"} {
				c, err := s.TLSCertificate(alias, []byte("of the key"))
				must(t, err)
				if c.Leaf == nil || !bytes.Equal(c.Leaf.Raw, id.chain[0].DER) || len(c.Certificate) != 2 {
					t.Fatalf("%s: a chain of %d, with leaf: %v", name, len(c.Certificate), c.Leaf != nil)
				}
				pool, refused := s.CertPool()
				if err := handshake(t, c, pool); err != nil || refused != nil {
					t.Errorf("%s: %v, refused %v", name, err, refused)
				}
			}
			if _, err := s.TLSCertificate("", []byte("wrong")); !errors.Is(err, entry.ErrPassword) {
				t.Errorf("wrong password: %v", err)
			}
		})
	}
}

func TestTLSCertificateOfPEM(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	id, ca := issue(t, key)
	var file bytes.Buffer
	must(t, pem.Encode(&file, &pem.Block{Type: "PRIVATE KEY", Bytes: id.key.PKCS8}))
	for _, c := range id.chain {
		must(t, pem.Encode(&file, &pem.Block{Type: "CERTIFICATE", Bytes: c.DER}))
	}
	s, err := Decode("key.pem", file.Bytes(), Options{Foreign: true})
	must(t, err)
	c, err := s.TLSCertificate("", nil)
	must(t, err)
	var roots bytes.Buffer
	must(t, pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: ca.DER}))
	s, err = Decode("ca.pem", roots.Bytes(), Options{Foreign: true})
	must(t, err)
	pool, _ := s.CertPool()
	if err := handshake(t, c, pool); err != nil {
		t.Error(err)
	}
}

// The example is that of TestJavaOrderExample, where Tomcat took the key "zeta".
func TestTLSCertificateChosen(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for typ, want := range map[Type]string{JKS: "zeta", JCEKS: "zeta", PKCS12: "tomcat"} {
		s := New(typ)
		for _, alias := range []string{"tomcat", "zeta", "alpha", "server", "m1"} {
			id, _ := issue(t, key)
			must(t, s.SetKey(alias, id.key, password, id.chain, created))
		}
		e, _ := s.Get(want)
		c, err := s.TLSCertificate("", password)
		must(t, err)
		if !bytes.Equal(c.Leaf.Raw, e.Chain[0].DER) {
			t.Errorf("%s: not the key %q", typ, want)
		}
	}
}

func TestTLSCertificateErrors(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	id, _ := issue(t, key)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(t, err)
	agreement, err := x509.MarshalPKCS8PrivateKey(x25519)
	must(t, err)
	dsa, err := asn1.Marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}}, []byte{2, 1, 1}})
	must(t, err)

	empty := New(PKCS12)
	if _, err := empty.TLSCertificate("", nil); !is[*NoKeyError](err) {
		t.Errorf("no key: %v", err)
	}
	s := New(PKCS12)
	must(t,
		s.SetCertificate("ca", id.chain[1], created),
		s.SetKey("secret", entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, password, nil, created),
		s.SetKey("bare", id.key, password, nil, created),
		s.SetKey("other", privateKey(t), password, id.chain, created),
		s.SetKey("odd", id.key, password, []entry.Certificate{entry.X509([]byte{0x30, 0})}, created),
		s.SetKey("agreement", entry.Key{PKCS8: agreement}, password, id.chain, created),
		s.SetKey("dsa", entry.Key{PKCS8: dsa}, password, id.chain, created))
	for alias, want := range map[string]func(error) bool{
		"nobody":    is[*NoEntryError],
		"ca":        is[*KindError],
		"secret":    is[*KindError],
		"bare":      is[*TLSError],
		"other":     is[*TLSError],
		"odd":       is[*TLSError],
		"agreement": unsupported,
		"dsa":       unsupported,
	} {
		_, err := s.TLSCertificate(alias, password)
		if !want(err) {
			t.Errorf("%s: %T: %[2]v", alias, err)
		}
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func unsupported(err error) bool { return is[*TLSError](err) && errors.Is(err, entry.ErrUnsupported) }

func TestCertPool(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	id, ca := issue(t, key)
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t, s.SetCertificate("ca", ca, created), s.SetCertificate("Odd", certificate("odd"), created),
			s.SetKey("server", id.key, password, id.chain, created))
		pool, refused := s.CertPool()
		want := x509.NewCertPool()
		want.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.DER}))
		if !pool.Equal(want) {
			t.Error("the pool has not the one certificate that it should have")
		}
		if names := slices.Collect(func(yield func(string) bool) {
			for _, r := range refused {
				yield(r.Alias)
			}
		}); !slices.Equal(names, []string{"odd"}) {
			t.Errorf("refused %v", names)
		}
	})
}
