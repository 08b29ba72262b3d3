package x509util

import (
	"crypto"

	"gokeytool/jdk"
)

// KeySpec says what key pair to generate, by keytool's option values.
type KeySpec struct {
	Algorithm string // -keyalg, any case
	Size      int    // -keysize in bits; 0 for the default of the release
	Group     string // -groupname; "" for the default
}

// GenerateKey makes a key pair.
func GenerateKey(spec KeySpec, rel jdk.Release) (crypto.Signer, error) { return nil, errNotYet }

// MarshalPrivateKey encodes a private key as PKCS#8, byte for byte as Java does.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) { return nil, errNotYet }

// ParsePrivateKey decodes a PKCS#8 private key.
func ParsePrivateKey(pkcs8 []byte) (crypto.Signer, error) { return nil, errNotYet }

// MarshalPublicKey encodes a public key as SubjectPublicKeyInfo.
func MarshalPublicKey(pub crypto.PublicKey) ([]byte, error) { return nil, errNotYet }

// ParsePublicKey decodes a SubjectPublicKeyInfo.
func ParsePublicKey(spki []byte) (crypto.PublicKey, error) { return nil, errNotYet }

// KeyName describes a key as keytool's messages do: "3072-bit RSA" (25),
// "2,048 bit RSA" (17).
func KeyName(pub crypto.PublicKey, rel jdk.Release) string { return "" }
