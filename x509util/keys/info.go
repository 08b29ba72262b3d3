package keys

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Info is what there is to say of a public key of any algorithm.
type Info struct {
	Algorithm string // by its name in Java of the release, or the OID
	Bits      int    // size; -1 where Java knows none
	Curve     string // Java's first name of an elliptic curve, "" if it knows none

	oid string // of the algorithm: Java knows several by one name
}

var errKey = errors.New("malformed public key")

// Describe says what key a SubjectPublicKeyInfo holds, without judging it. Where it
// is malformed, the error comes with what could be read.
func Describe(spki []byte, rel jdk.Release) (k Info, err error) {
	outer, err := ber.Parse(spki)
	if err != nil {
		return k, err
	}
	r := outer.Reader()
	id, err := r.Next()
	if err != nil {
		return k, err
	}
	alg, err := ReadAlgorithm(id)
	if err != nil {
		return k, err
	}
	bits, err := r.Next()
	if err != nil {
		return k, err
	}
	key, _, err := bits.Bits()
	if err != nil {
		return k, err
	}
	k = Info{oid: alg.OID, Algorithm: alg.Name(rel), Bits: -1}
	switch alg.OID {
	case OIDRSA, OIDRSASSAPSS:
		k.Bits, err = firstIntegerBits(key)
	case OIDDSA, oidDH:
		if !alg.HasParams() {
			break // inherited parameters
		}
		k.Bits, err = firstIntegerBits(alg.Params.Full)
	case OIDEC:
		k.Bits, k.Curve, err = curveFacts(alg.Params)
	case oidX25519, oidEd25519:
		k.Bits = 255
	case oidX448, oidEd448:
		k.Bits = 448
	}
	return k, err
}

// firstIntegerBits returns the bit length of the first of a sequence of
// integers: the modulus of RSA, the prime of DSA and DH.
func firstIntegerBits(der []byte) (int, error) {
	seq, err := ber.Parse(der)
	if err != nil {
		return -1, err
	}
	r := seq.Reader()
	v, err := r.Next()
	if err != nil {
		return -1, err
	}
	if v.Tag != casn1.INTEGER {
		return -1, errKey
	}
	return bitLength(v.Body), nil
}

// bitLength returns the number of bits of an unsigned number, high byte first.
func bitLength(number []byte) int {
	for len(number) > 0 && number[0] == 0 {
		number = number[1:]
	}
	if len(number) == 0 {
		return 0
	}
	return 8*(len(number)-1) + bits.Len8(number[0])
}

// curveFacts returns the size of the group's order and the name of a curve,
// given by name or by its parameters (RFC 3279, 2.3.5).
func curveFacts(params ber.Value) (bits int, name string, err error) {
	if params.Tag == casn1.OBJECT_IDENTIFIER {
		oid, err := params.OID()
		if err != nil {
			return -1, "", err
		}
		c := curveByOID(oid)
		if c == nil {
			return -1, "", nil
		}
		return c.bits, c.Name, nil
	}
	if params.Tag != casn1.SEQUENCE {
		return -1, "", errKey
	}
	// version, fieldID, curve, base, order, ...
	r := params.Reader()
	var fields [5]ber.Value
	for i := range fields {
		if fields[i], err = r.Next(); err != nil {
			return -1, "", err
		}
	}
	return bitLength(fields[4].Body), "", nil
}

// String describes the key as keytool of JDK 25 does: "2048-bit RSA", "256-bit EC
// (secp256r1)", "Ed25519".
func (k Info) String() string { return strings.TrimSuffix(k.Text(jdk.Release25), " key") }

// Text describes the key as keytool of the release does in warnings and
// certificates: "256-bit EC (secp256r1) key".
func (k Info) Text(rel jdk.Release) string {
	name := k.Algorithm
	switch k.oid {
	case oidDH:
		name = "DH"
	case oidX25519, oidX448:
		if rel < jdk.Release25 {
			name = "XDH"
			break
		}
		return name + " key"
	case oidEd25519, oidEd448:
		if rel >= jdk.Release25 {
			return name + " key"
		}
	}
	if k.Curve != "" {
		name += " (" + k.Curve + ")"
	}
	switch {
	case k.Bits >= 0:
		return strconv.Itoa(k.Bits) + "-bit " + name + " key"
	case rel < jdk.Release25:
		return name + " key of unknown size"
	}
	return name + " key"
}

// Family is Java's name for the kind of a key: "EdDSA" for Ed25519.
func (k Info) Family(rel jdk.Release) string {
	switch k.oid {
	case oidEd25519, oidEd448:
		return "EdDSA"
	case oidX25519, oidX448:
		return "XDH"
	case oidDH:
		return "DH"
	}
	if strings.HasPrefix(k.Algorithm, "ML-DSA") && rel >= jdk.Release25 {
		return "ML-DSA"
	}
	return k.Algorithm
}
