package x509util

import (
	"crypto"

	"gokeytool/jdk"
)

// DefaultSignatureAlgorithm returns the signature algorithm, by its Java name,
// that keytool of the release picks for signing with the key.
func DefaultSignatureAlgorithm(pub crypto.PublicKey, rel jdk.Release) (string, error) {
	return "", errNotYet
}

// Sign signs tbs with the algorithm of the Java name sigAlg, ignoring case, and
// returns the DER of the AlgorithmIdentifier and the signature.
func Sign(key crypto.Signer, sigAlg string, tbs []byte) (algID, signature []byte, err error) {
	return nil, nil, errNotYet
}

// CheckSignature verifies a signature made with the algorithm of the DER-encoded
// AlgorithmIdentifier algID by the owner of pub.
func CheckSignature(pub crypto.PublicKey, algID, tbs, sig []byte) error { return errNotYet }
