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

// OIDs of algorithms whose parameters or keys are looked into.
const (
	OIDRSA               = "1.2.840.113549.1.1.1"
	OIDRSASSAPSS         = "1.2.840.113549.1.1.10"
	oidDH                = "1.2.840.113549.1.3.1"
	OIDDSA               = "1.2.840.10040.4.1"
	OIDEC                = "1.2.840.10045.2.1"
	oidSpecifiedECDSA    = "1.2.840.10045.4.3" // ecdsa-with-Specified, X9.62
	oidX25519            = "1.3.101.110"
	oidX448              = "1.3.101.111"
	oidEd25519           = "1.3.101.112"
	oidEd448             = "1.3.101.113"
	oidMGF1              = "1.2.840.113549.1.1.8"
	oidSHA1              = "1.3.14.3.2.26"
	primeFieldOID        = "1.2.840.10045.1.1"
	characteristicTwoOID = "1.2.840.10045.1.2"
)

// Algorithm is an AlgorithmIdentifier.
type Algorithm struct {
	OID    string
	Params ber.Value // zero if absent or NULL
}

// HasParams says whether there are parameters other than NULL.
func (a Algorithm) HasParams() bool { return a.Params.Full != nil }

// ReadAlgorithm reads an AlgorithmIdentifier (RFC 5280, 4.1.1.2).
func ReadAlgorithm(v ber.Value) (a Algorithm, err error) {
	if v.Tag != casn1.SEQUENCE {
		return a, jdk.IOError("algid parse error, not a sequence")
	}
	r := v.Reader()
	id, err := r.Next()
	if err != nil {
		return a, err
	}
	if a.OID, err = id.OID(); err != nil || r.Empty() {
		return a, err
	}
	params, err := r.Next()
	if err != nil {
		return a, err
	}
	if params.Tag != casn1.NULL {
		a.Params = params
	} else if len(params.Body) > 0 {
		return a, jdk.IOError("invalid NULL")
	}
	if !r.Empty() {
		return a, jdk.IOError("Invalid AlgorithmIdentifier: extra data")
	}
	return a, nil
}

// Name returns Java's name of the algorithm, or its OID.
func (a Algorithm) Name(rel jdk.Release) string {
	if a.OID == oidSpecifiedECDSA && a.HasParams() {
		if digest, err := ReadAlgorithm(a.Params); err == nil && digest.OID != oidSpecifiedECDSA {
			return withoutHyphens(digest.Name(rel)) + "withECDSA"
		}
	}
	if name := ber.OIDName(a.OID, rel); name != "" {
		return name
	}
	return a.OID
}

func withoutHyphens(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '-' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// Info is what keytool tells of a public key.
type Info struct {
	OID   string
	Name  string // the algorithm by its Java name, or the OID
	Bits  int    // size; -1 where Java knows none
	Curve string // Java's first name of an EC curve, "" if it knows none
}

var errKey = errors.New("malformed public key")

// ReadInfo looks at a SubjectPublicKeyInfo without judging the key.
func ReadInfo(spki []byte, rel jdk.Release) (k Info, err error) {
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
	k = Info{OID: alg.OID, Name: alg.Name(rel), Bits: -1}
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
		if bits = curveBits(oid); bits == 0 {
			return -1, "", nil
		}
		return bits, ber.OIDName(oid, jdk.Default), nil
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

// curveBits returns the bit length of the order of each curve in Java's
// CurveDB; 0 for others.
func curveBits(oid string) int {
	switch oid {
	case "1.3.132.0.7": // secp112r2
		return 110
	case "1.3.132.0.6": // secp112r1
		return 112
	case "1.3.132.0.4",
		"1.3.132.0.5": // sect113r1, sect113r2
		return 113
	case "1.3.132.0.29": // secp128r2
		return 126
	case "1.3.132.0.28": // secp128r1
		return 128
	case "1.3.132.0.22",
		"1.3.132.0.23": // sect131r1, sect131r2
		return 131
	case "1.3.36.3.3.2.8.1.1.1": // brainpoolP160r1
		return 160
	case "1.3.132.0.30",
		"1.3.132.0.8",
		"1.3.132.0.9": // secp160r2, secp160r1, secp160k1
		return 161
	case "1.3.132.0.2": // sect163r1
		return 162
	case "1.3.132.0.1",
		"1.3.132.0.15": // sect163k1, sect163r2
		return 163
	case "1.2.840.10045.3.0.7": // X9.62 c2tnb191v3
		return 189
	case "1.2.840.10045.3.0.6": // X9.62 c2tnb191v2
		return 190
	case "1.2.840.10045.3.0.5": // X9.62 c2tnb191v1
		return 191
	case "1.2.840.10045.3.1.1",
		"1.2.840.10045.3.1.2",
		"1.2.840.10045.3.1.3",
		"1.3.132.0.31",
		"1.3.36.3.3.2.8.1.1.3": // secp192r1, X9.62 prime192v2, X9.62 prime192v3, secp192k1, brainpoolP192r1
		return 192
	case "1.3.132.0.24",
		"1.3.132.0.25": // sect193r1, sect193r2
		return 193
	case "1.3.132.0.33",
		"1.3.36.3.3.2.8.1.1.5": // secp224r1, brainpoolP224r1
		return 224
	case "1.3.132.0.32": // secp224k1
		return 225
	case "1.3.132.0.26": // sect233k1
		return 232
	case "1.3.132.0.27": // sect233r1
		return 233
	case "1.2.840.10045.3.0.13": // X9.62 c2tnb239v3
		return 236
	case "1.2.840.10045.3.0.12": // X9.62 c2tnb239v2
		return 237
	case "1.2.840.10045.3.0.11",
		"1.3.132.0.3": // X9.62 c2tnb239v1, sect239k1
		return 238
	case "1.2.840.10045.3.1.4",
		"1.2.840.10045.3.1.5",
		"1.2.840.10045.3.1.6": // X9.62 prime239v1, X9.62 prime239v2, X9.62 prime239v3
		return 239
	case "1.2.840.10045.3.1.7",
		"1.3.132.0.10",
		"1.3.36.3.3.2.8.1.1.7": // secp256r1, secp256k1, brainpoolP256r1
		return 256
	case "1.3.132.0.16": // sect283k1
		return 281
	case "1.3.132.0.17": // sect283r1
		return 282
	case "1.3.36.3.3.2.8.1.1.9": // brainpoolP320r1
		return 320
	case "1.2.840.10045.3.0.18": // X9.62 c2tnb359v1
		return 353
	case "1.3.132.0.34",
		"1.3.36.3.3.2.8.1.1.11": // secp384r1, brainpoolP384r1
		return 384
	case "1.3.132.0.36": // sect409k1
		return 407
	case "1.3.132.0.37": // sect409r1
		return 409
	case "1.2.840.10045.3.0.20": // X9.62 c2tnb431r1
		return 418
	case "1.3.36.3.3.2.8.1.1.13": // brainpoolP512r1
		return 512
	case "1.3.132.0.35": // secp521r1
		return 521
	case "1.3.132.0.38",
		"1.3.132.0.39": // sect571k1, sect571r1
		return 570
	}
	return 0
}

// Display describes the key as keytool does: "2048-bit RSA key".
func (k Info) Display(rel jdk.Release) string {
	name := k.Name
	switch k.OID {
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

// Describe describes a SubjectPublicKeyInfo as keytool of the release does
// in warnings and certificates: "256-bit EC (secp256r1) key". It knows a name
// or at least the OID of any algorithm; "" if spki is malformed.
func Describe(spki []byte, rel jdk.Release) string {
	if rel == 0 {
		rel = jdk.Default
	}
	k, err := ReadInfo(spki, rel)
	if err != nil {
		return ""
	}
	return k.Display(rel)
}

// Family is Java's name for the kind of a key.
func (k Info) Family(rel jdk.Release) string {
	switch k.OID {
	case oidEd25519, oidEd448:
		return "EdDSA"
	case oidX25519, oidX448:
		return "XDH"
	case oidDH:
		return "DH"
	}
	if strings.HasPrefix(k.Name, "ML-DSA") && rel >= jdk.Release25 {
		return "ML-DSA"
	}
	return k.Name
}
