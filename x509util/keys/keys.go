// Package keys generates, reads, writes and describes the asymmetric keys that keytool
// knows, and signs and verifies with them. It knows nothing of certificates.
//
// Private keys are PKCS #8 (RFC 5958), public keys SubjectPublicKeyInfo (RFC 5280,
// 4.1.2.7). There are RSA (512 to 16384 bits), RSASSA-PSS, EC on the three curves that
// Java's provider has (secp256r1, secp384r1, secp521r1), Ed25519, Ed448, DSA and
// ML-DSA; and X25519, X448, DH and ML-KEM, which sign nothing. Keys of other
// algorithms and curves are described, not used: an UnsupportedError says so.
// Signatures with MD2 are made and verified, as in Java. crypto/rsa refuses keys below
// 1024 bits unless the program has the setting "//go:debug rsa1024min=0".
//
// Names of algorithms and defaults are those of keytool of a release; see package
// jdk.
package keys

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// ErrKey is wrapped by the errors for keys that are malformed, out of bounds
// or of an algorithm that is not implemented.
var ErrKey = errors.New("unusable key")

func keyError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrKey}, args...)...)
}

// An UnsupportedError is the error for a key or a signature of a kind that is
// not implemented. It may be as good as any. It wraps ErrKey.
type UnsupportedError struct {
	What string     // in the plural: "EC keys on brainpoolP256r1"
	Java *jdk.Error // what keytool says where it would use such a key; nil if not known
}

// Error says what is not supported.
func (e *UnsupportedError) Error() string { return e.What + " are not supported" }

// Unwrap returns ErrKey.
func (e *UnsupportedError) Unwrap() error { return ErrKey }

func unsupported(format string, args ...any) error {
	return &UnsupportedError{What: fmt.Sprintf(format, args...)}
}

// RSA keys have 512 to 16384 bits, as in Java. The upper bound is also what
// keeps a hostile certificate from occupying the processor for minutes.
const (
	minRSABits = 512
	MaxRSABits = 16384
)

// PSSPrivateKey is an RSA key of the algorithm RSASSA-PSS (RFC 4055), which
// makes only signatures of that kind.
type PSSPrivateKey struct {
	*rsa.PrivateKey
	Params []byte // RSASSA-PSS-params in DER that bind the key; nil for none
}

// Public returns a *PSSPublicKey.
func (k *PSSPrivateKey) Public() crypto.PublicKey {
	return &PSSPublicKey{&k.PrivateKey.PublicKey, k.Params}
}

// PSSPublicKey is the public part of a PSSPrivateKey.
type PSSPublicKey struct {
	*rsa.PublicKey
	Params []byte // as in PSSPrivateKey
}

// Equal reports whether x is the same key.
func (k *PSSPublicKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(*PSSPublicKey)
	return ok && k.PublicKey.Equal(o.PublicKey)
}

// readIntegers reads n positive integers of so many bits at most in a
// sequence. A negative one is read as if it were not, as some certificates are
// written that way.
func readIntegers(sequence ber.Value, n, maxBits int) ([]*big.Int, error) {
	if sequence.Tag != casn1.SEQUENCE {
		return nil, ErrKey
	}
	parts, err := ber.First(sequence, n)
	if err != nil {
		return nil, err
	}
	numbers := make([]*big.Int, n)
	for i, v := range parts {
		if v.Tag != casn1.INTEGER || len(v.Body) > maxBits/8+1 {
			return nil, ErrKey
		}
		numbers[i] = new(big.Int).SetBytes(v.Body)
	}
	return numbers, nil
}

// readInteger reads der as one such integer.
func readInteger(der []byte, maxBits int) (*big.Int, error) {
	numbers, err := readIntegers(ber.Value{Tag: casn1.SEQUENCE, Body: der}, 1, maxBits)
	if err != nil {
		return nil, err
	}
	return numbers[0], nil
}
