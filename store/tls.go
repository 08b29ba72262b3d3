package store

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"gokeytool/store/entry"
)

// TLSCertificate returns a private key of the store with its certificate chain,
// as crypto/tls takes it for a server or a client, with Leaf set. Without an
// alias it is the first private key in JavaOrder: the one that Tomcat serves
// where none is named, and of a keystore with one key that.
//
// The password is the key's; the key stays open in what is returned.
//
// The errors are those of Key, a *NoKeyError where there is none to choose, and
// a *TLSError where crypto/tls can't use the key or its certificate. An RSA,
// ECDSA or Ed25519 key it can; one of DSA, DH, X25519, Ed448 or RSASSA-PSS
// is entry.ErrUnsupported.
func (s *Store) TLSCertificate(alias string, password []byte) (tls.Certificate, error) {
	e, err := s.forTLS(alias)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := s.KeyOf(e, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	defer key.Wipe()
	c, err := tlsCertificate(key, e.Chain)
	if err != nil {
		return tls.Certificate{}, &TLSError{Path: s.path, Alias: s.JavaAlias(e), Err: err}
	}
	return c, nil
}

// forTLS is the entry of a private key.
func (s *Store) forTLS(alias string) (*entry.Entry, error) {
	if alias == "" {
		for _, e := range s.JavaOrder() {
			if e.Kind == entry.PrivateKey {
				return e, nil
			}
		}
		return nil, &NoKeyError{Path: s.path}
	}
	e, ok := s.Get(alias)
	switch {
	case !ok:
		return nil, &NoEntryError{Alias: alias}
	case e.Kind != entry.PrivateKey:
		return nil, &KindError{Alias: s.JavaAlias(e), Kind: e.Kind, Want: entry.PrivateKey}
	}
	return e, nil
}

func tlsCertificate(key entry.Key, chain []entry.Certificate) (c tls.Certificate, err error) {
	if len(chain) == 0 {
		return c, errors.New("it has no certificate")
	}
	if c.Leaf, err = x509.ParseCertificate(chain[0].DER); err != nil {
		return c, fmt.Errorf("its certificate: %w", err)
	}
	if key.Signer != nil {
		return withChain(c, key.Signer, chain)
	}
	private, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
	if err != nil {
		return c, fmt.Errorf("%w by crypto/tls: %w", entry.ErrUnsupported, err)
	}
	switch private.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
	default:
		return c, fmt.Errorf("%w by crypto/tls: a key of the type %T", entry.ErrUnsupported, private)
	}
	return withChain(c, private.(crypto.Signer), chain)
}

// withChain completes a certificate for crypto/tls.
func withChain(c tls.Certificate, private crypto.Signer, chain []entry.Certificate) (tls.Certificate, error) {
	if same, ok := private.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(c.Leaf.PublicKey) {
		return c, errors.New("its certificate is that of another key")
	}
	c.PrivateKey = private
	for _, each := range chain {
		c.Certificate = append(c.Certificate, each.DER)
	}
	return c, nil
}

// CertPool returns the trusted certificates of the store, those that Java sees,
// as RootCAs or ClientCAs of crypto/tls. Those that crypto/x509 does not parse
// are left out, and refused says which. The certificates of keys are not in it, though Java trusts them in
// a truststore too. Nor is what was not read of an encrypted PKCS12 file as
// there was no password: see Unread.
func (s *Store) CertPool() (pool *x509.CertPool, refused []*TLSError) {
	pool = x509.NewCertPool()
	for _, e := range s.JavaOrder() {
		if e.Kind != entry.TrustedCertificate {
			continue
		}
		c, err := x509.ParseCertificate(e.Chain[0].DER)
		if err != nil {
			refused = append(refused, &TLSError{Path: s.path, Alias: s.JavaAlias(e), Err: err})
			continue
		}
		pool.AddCert(c)
	}
	return pool, refused
}
