package keys

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Equal compares algorithms with their parameters, byte for byte.
func (a Algorithm) Equal(b Algorithm) bool {
	return a.OID == b.OID && a.HasParams() == b.HasParams() && bytes.Equal(a.Params.Encoded(), b.Params.Encoded())
}

// ReadJavaKey reads a SubjectPublicKeyInfo as Java's KeyFactory of the
// algorithm does. Keys of algorithms that it has none for are kept as they are.
func ReadJavaKey(v ber.Value, rel jdk.Release) error {
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("corrupt subject key")
	}
	r := v.Reader()
	id, err := r.Next()
	if err != nil {
		return err
	}
	a, err := ReadJavaAlgorithm(id, rel)
	if err != nil {
		return err
	}
	key, err := r.Next()
	if err != nil {
		return err
	}
	octets, bits, err := key.Bits()
	if err != nil {
		return err
	}
	if unused := 8*len(octets) - bits; unused > 0 {
		octets = bytes.Clone(octets)
		octets[len(octets)-1] &= 0xff << unused
	}
	if err := checkJavaKey(a, octets, bits, rel); err != nil {
		return err
	}
	if !r.Empty() {
		return jdk.IOError("excess subject key")
	}
	return nil
}

// checkJavaKey judges a key of so many bits.
func checkJavaKey(a Algorithm, key []byte, bits int, rel jdk.Release) error {
	refused := func(text string) error { return jdk.IOError("subject key, " + text) }
	invalid := func(text string) error { return refused("java.security.InvalidKeyException: " + text) }
	switch name := a.Name(rel); name {
	case "RSA", "RSASSA-PSS":
		if text := rsaKeyFault(key, rel); text != "" {
			return invalid(text)
		}
	case "EC":
		if text := ecKeyFault(a, key); text != "" {
			return invalid(text)
		}
	case "DSA":
		r := ber.Reader{Rest: key}
		if err := readNumbers(&r, 1); err != nil {
			return &jdk.Error{Class: "java.io.IOException", Text: "subject key, Inappropriate key specification: Invalid key: y value", More: err.Error()}
		}
	case "DiffieHellman":
		r := ber.Reader{Rest: key}
		if readNumbers(&r, 1) != nil || !a.HasParams() {
			return refused("Inappropriate key specification")
		}
	case "HSS/LMS":
		if text := hssKeyFault(key); text != "" && rel >= jdk.Release21 {
			return invalid(text)
		}
	case "X25519", "Ed25519":
		return octetKeyFault(name, key, bits, 32, invalid)
	case "X448":
		return octetKeyFault(name, key, bits, 56, invalid)
	case "Ed448":
		return octetKeyFault(name, key, bits, 57, invalid)
	default:
		if rel >= jdk.Release25 && namedAlgorithmBy(name) != nil && a.HasParams() {
			return invalid("algorithm identifier has params")
		}
	}
	return nil
}

// rsaKeyFault returns what Java's KeyFactory says of an RSAPublicKey that it
// refuses, else "".
func rsaKeyFault(key []byte, rel jdk.Release) string {
	numbers, err := readRSAKey(key)
	if err != nil {
		return "Invalid RSA public key"
	}
	n, e := numbers[0], numbers[1]
	size := 8 * len(n)
	switch {
	case size < minRSABits:
		return fmt.Sprintf("RSA keys must be at least %d bits long", minRSABits)
	case size > MaxRSABits:
		return fmt.Sprintf("RSA keys must be no longer than %d bits", MaxRSABits)
	case size > 3072 && bitLength(e) > 64:
		return "RSA exponents can be no longer than 64 bits  if modulus is greater than 3072 bits"
	case len(e) > len(n), len(e) == len(n) && bytes.Compare(e, n) >= 0:
		return "exponent is larger than modulus"
	case len(e) == 0, len(e) == 1 && e[0] < 3:
		return "exponent is smaller than 3"
	}
	return ""
}

// readRSAKey reads modulus and exponent, the bits of which Java takes for
// those of positive numbers, without zeros before them.
func readRSAKey(key []byte) (numbers [2][]byte, err error) {
	v, err := ber.Parse(key)
	if err != nil {
		return numbers, err
	}
	if v.Tag != casn1.SEQUENCE {
		return numbers, jdk.IOError("Not a SEQUENCE")
	}
	r := v.Reader()
	for i := range numbers {
		n, err := r.Next()
		if err != nil {
			return numbers, err
		}
		if err := n.CheckNumber(casn1.INTEGER); err != nil {
			return numbers, err
		}
		numbers[i] = bytes.TrimLeft(n.Body, "\x00")
	}
	if !r.Empty() {
		return numbers, jdk.IOError("Extra data available")
	}
	return numbers, nil
}

// ecKeyFault is rsaKeyFault of a point of a curve: its form and length count,
// not whether it is on the curve.
func ecKeyFault(a Algorithm, key []byte) string {
	if !a.HasParams() {
		return "EC domain parameters must be encoded in the algorithm identifier"
	}
	oid, _ := a.Params.OID()
	if len(key) == 0 || key[0] != 4 || (len(key)-1)/2 != (curveByOID(oid).FieldBits()+7)/8 {
		return "Invalid EC key"
	}
	return ""
}

// octetKeyFault returns the error for a key that is not of that many octets.
// One without any makes Java stumble, but for X448.
func octetKeyFault(name string, key []byte, bits, size int, invalid func(string) error) error {
	switch {
	case bits == 8*size:
		return nil
	case len(key) > 0 || name == "X448":
		return invalid(fmt.Sprintf("key length must be %d", size))
	case name == "X25519":
		return &jdk.Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index 0 out of bounds for length 0"}
	}
	return &jdk.Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index -1 out of bounds for length 0"}
}

// hssKeyFault is rsaKeyFault of the key of a tree of hashes (RFC 8554), of the
// kinds that Java has: SHA-256 with 32 octets.
func hssKeyFault(key []byte) string {
	const tooShort = "LMS public key is too short"
	if len(key) < 12 {
		return tooShort
	}
	if key[0] == byte(casn1.OCTET_STRING) && int(int8(key[1])) == len(key)-2 {
		key = key[2:]
	}
	if len(key) < 12 {
		return tooShort
	}
	lms, ots := binary.BigEndian.Uint32(key[4:]), binary.BigEndian.Uint32(key[8:])
	switch {
	case lms < 5 || lms > 9:
		return "Unsupported or bad LMS type"
	case ots < 1 || ots > 4:
		return "Unsupported or bad OTS Algorithm Identifier."
	case len(key) != 4+24+32:
		return "Wrong LMS public key length"
	}
	return ""
}
