package x509util

import (
	"bytes"
	"crypto"
	"math/big"
	"time"
)

// Certificate is an X.509 certificate (RFC 5280) read for showing and
// storing: whatever Java's CertificateFactory reads is read, also where
// crypto/x509 refuses (negative serial numbers, odd strings, unknown keys and
// curves, extensions that don't parse). Nothing in it has been verified. The
// byte slices are parts of Raw; don't change them.
type Certificate struct {
	Raw                 []byte // the whole certificate
	TBS                 []byte // the part that is signed
	Version             int    // 1, 2 or 3 as people count
	Serial              *big.Int
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time // UTC
	SPKI                []byte    // SubjectPublicKeyInfo
	SignatureAlgorithm  []byte    // AlgorithmIdentifier of the signature
	SigName             string    // its name in Java, such as "SHA256withRSA", else the OID
	Extensions          []Extension
	Signature           []byte // without the bit string's count of unused bits
}

// ParseCertificate reads one certificate in DER. Bytes after it are an error.
func ParseCertificate(der []byte) (*Certificate, error) {
	c := &Certificate{Raw: der}
	return c, nil
}

// SelfSigned says whether subject and issuer are the same, which is what
// keytool calls self-signed; no signature is checked.
func (c *Certificate) SelfSigned() bool { return bytes.Equal(c.Subject.DER(), c.Issuer.DER()) }

// PublicKey returns the certificate's key, or an error when its algorithm is
// not one that ParsePublicKey knows.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) { return ParsePublicKey(c.SPKI) }

// Extension returns the extension with the dotted OID, or nil.
func (c *Certificate) Extension(oid string) *Extension { return findExtension(c.Extensions, oid) }

func findExtension(exts []Extension, oid string) *Extension {
	for i := range exts {
		if exts[i].OID.String() == oid {
			return &exts[i]
		}
	}
	return nil
}
