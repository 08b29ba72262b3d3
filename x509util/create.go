package x509util

import (
	"crypto"
	"math/big"
	"time"
)

// Template is what a new certificate says.
type Template struct {
	Serial              *big.Int // nil for a random one as keytool makes
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	SPKI                []byte // subject's SubjectPublicKeyInfo
	Extensions          []Extension
}

// CreateCertificate makes a version 3 certificate and signs it.
func CreateCertificate(t Template, signer crypto.Signer, sigAlg string) ([]byte, error) {
	return nil, errNotYet
}

// CreateRequest makes a PKCS#10 certificate request.
func CreateRequest(subject Name, spki []byte, exts []Extension, signer crypto.Signer, sigAlg string) ([]byte, error) {
	return nil, errNotYet
}
