package token

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// ckkChaCha20 is CKK_CHACHA20 (PKCS #11 3.0, pkcs11t.h).
const ckkChaCha20 = 0x33

// Algorithms of keys (RFC 3279, 5480, 8410).
var (
	oidRSA    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidDSA    = asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}
	oidDH     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}
	oidEC     = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidX25519 = asn1.ObjectIdentifier{1, 3, 101, 110}
	oidX448   = asn1.ObjectIdentifier{1, 3, 101, 111}
	oidEd     = asn1.ObjectIdentifier{1, 3, 101, 112}
	oidEd448  = asn1.ObjectIdentifier{1, 3, 101, 113}
)

// pointSizes are the lengths of a public key on the curves that have names, by the DER of
// their OIDs: modules give the point as it is, or as an OCTET STRING.
var pointSizes = map[string]int{
	"\x06\x05\x2b\x81\x04\x00\x21":                 57,  // secp224r1
	"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07":     65,  // secp256r1
	"\x06\x05\x2b\x81\x04\x00\x0a":                 65,  // secp256k1
	"\x06\x05\x2b\x81\x04\x00\x22":                 97,  // secp384r1
	"\x06\x05\x2b\x81\x04\x00\x23":                 133, // secp521r1
	"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07": 65,  // brainpoolP256r1
	"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b": 97,  // brainpoolP384r1
	"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d": 129, // brainpoolP512r1
	"\x06\x03\x2b\x65\x70":                         32,  // Ed25519
	"\x06\x03\x2b\x65\x6e":                         32,  // X25519
	"\x06\x03\x2b\x65\x71":                         57,  // Ed448
	"\x06\x03\x2b\x65\x6f":                         56,  // X448
}

// parts are attributes of a key by their types.
type parts map[pkcs11.AttributeType][]byte

// list are the attributes, in the order of their types.
func (p parts) list() []pkcs11.Attribute {
	var list []pkcs11.Attribute
	for _, t := range slices.Sorted(maps.Keys(p)) {
		list = append(list, pkcs11.Attribute{Type: t, Value: p[t]})
	}
	return list
}

// wipe overwrites them.
func (p parts) wipe() {
	for _, value := range p {
		entry.Wipe(value)
	}
}

// point is a public key of a curve without the OCTET STRING around it, as PKCS #11
// demands one and some modules have none.
func point(params, value []byte) []byte {
	if len(value) == pointSizes[string(params)] {
		return value
	}
	return unwrapped(value)
}

func unwrapped(value []byte) []byte {
	s := cryptobyte.String(value)
	var inner cryptobyte.String
	if s.ReadASN1(&inner, casn1.OCTET_STRING) && s.Empty() && len(inner) > 0 {
		return inner
	}
	return value
}

// readAlgorithm reads an AlgorithmIdentifier.
func readAlgorithm(s *cryptobyte.String) (oid asn1.ObjectIdentifier, params []byte, ok bool) {
	var sequence cryptobyte.String
	ok = s.ReadASN1(&sequence, casn1.SEQUENCE) && sequence.ReadASN1ObjectIdentifier(&oid)
	return oid, sequence, ok
}

// publicParts are the attributes of the public key in a SubjectPublicKeyInfo, as far as a
// private key may have them too; nil for none that is known. The point is as it is.
func publicParts(spki []byte) parts {
	s := cryptobyte.String(spki)
	var outer cryptobyte.String
	if !s.ReadASN1(&outer, casn1.SEQUENCE) {
		return nil
	}
	oid, params, ok := readAlgorithm(&outer)
	var bits asn1.BitString
	if !ok || !outer.ReadASN1BitString(&bits) || bits.BitLength%8 != 0 {
		return nil
	}
	switch {
	case oid.Equal(oidRSA), oid.Equal(oidPSS):
		key, ok := integers(bits.Bytes, 2)
		if !ok {
			return nil
		}
		return parts{pkcs11.Modulus: key[0].Bytes(), pkcs11.PublicExponent: key[1].Bytes()}
	case oid.Equal(oidEC), oid.Equal(oidEd), oid.Equal(oidEd448), oid.Equal(oidX25519), oid.Equal(oidX448):
		return parts{pkcs11.ECParams: params, pkcs11.ECPoint: bits.Bytes}
	case oid.Equal(oidDSA):
		group, ok := integers(params, 3)
		if !ok {
			return nil
		}
		return parts{pkcs11.Prime: group[0].Bytes(), pkcs11.Subprime: group[1].Bytes(), pkcs11.Base: group[2].Bytes()}
	}
	return nil
}

// integers reads a SEQUENCE that begins with so many integers.
func integers(der []byte, count int) ([]*big.Int, bool) {
	s := cryptobyte.String(der)
	var sequence cryptobyte.String
	if !s.ReadASN1(&sequence, casn1.SEQUENCE) {
		return nil, false
	}
	list := make([]*big.Int, count)
	for i := range list {
		list[i] = new(big.Int)
		if !sequence.ReadASN1Integer(list[i]) {
			return nil, false
		}
	}
	return list, true
}

// publicInfo is the SubjectPublicKeyInfo of a public key that a token has made.
func publicInfo(keyType uint64, p parts) ([]byte, error) {
	var b cryptobyte.Builder
	integer := func(b *cryptobyte.Builder, value []byte) { b.AddASN1BigInt(new(big.Int).SetBytes(value)) }
	need := func(types ...pkcs11.AttributeType) error {
		for _, t := range types {
			if len(p[t]) == 0 {
				return fmt.Errorf("the token does not say the attribute %#x of the public key", uint64(t))
			}
		}
		return nil
	}
	info := func(algorithm func(*cryptobyte.Builder), bits func() []byte) ([]byte, error) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.SEQUENCE, algorithm)
			b.AddASN1BitString(bits())
		})
		return b.Bytes()
	}
	switch keyType {
	case pkcs11.KeyRSA:
		if err := need(pkcs11.Modulus, pkcs11.PublicExponent); err != nil {
			return nil, err
		}
		return info(func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		}, func() []byte {
			var key cryptobyte.Builder
			key.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				integer(b, p[pkcs11.Modulus])
				integer(b, p[pkcs11.PublicExponent])
			})
			return key.BytesOrPanic()
		})
	case pkcs11.KeyEC:
		if err := need(pkcs11.ECParams, pkcs11.ECPoint); err != nil {
			return nil, err
		}
		return info(func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidEC)
			b.AddBytes(p[pkcs11.ECParams])
		}, func() []byte { return point(p[pkcs11.ECParams], p[pkcs11.ECPoint]) })
	case pkcs11.KeyECEdwards, pkcs11.KeyECMontgomery:
		if err := need(pkcs11.ECPoint); err != nil {
			return nil, err
		}
		bits := p[pkcs11.ECPoint]
		if len(bits) != 32 && len(bits) != 56 && len(bits) != 57 {
			bits = unwrapped(bits)
		}
		oid := map[string]asn1.ObjectIdentifier{"64 32": oidEd, "64 57": oidEd448, "65 32": oidX25519, "65 56": oidX448}[fmt.Sprint(keyType, len(bits))]
		if oid == nil {
			return nil, fmt.Errorf("the token says %d bytes for the public key", len(bits))
		}
		return info(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) }, func() []byte { return bits })
	case pkcs11.KeyDSA:
		if err := need(pkcs11.Prime, pkcs11.Subprime, pkcs11.Base, pkcs11.Value); err != nil {
			return nil, err
		}
		return info(func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidDSA)
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				integer(b, p[pkcs11.Prime])
				integer(b, p[pkcs11.Subprime])
				integer(b, p[pkcs11.Base])
			})
		}, func() []byte {
			var y cryptobyte.Builder
			integer(&y, p[pkcs11.Value])
			return y.BytesOrPanic()
		})
	}
	return nil, fmt.Errorf("keys of the type %#x are %w", keyType, entry.ErrUnsupported)
}

var errPKCS8 = errors.New("malformed private key")

// privateParts are the attributes of a private key in PKCS #8, secret ones among them, which the
// caller wipes. With forJava the error for a key that Java's provider does not know is Java's.
func privateParts(pkcs8 []byte, forJava bool) (keyType uint64, p parts, err error) {
	s := cryptobyte.String(pkcs8)
	var outer, key cryptobyte.String
	var version int64
	if !s.ReadASN1(&outer, casn1.SEQUENCE) || !outer.ReadASN1Integer(&version) {
		return 0, nil, errPKCS8
	}
	oid, params, ok := readAlgorithm(&outer)
	if !ok || !outer.ReadASN1(&key, casn1.OCTET_STRING) {
		return 0, nil, errPKCS8
	}
	octets := func(keyType uint64) (uint64, parts, error) {
		if forJava {
			return 0, nil, unsupportedByJava(oid)
		}
		var value cryptobyte.String
		if !key.ReadASN1(&value, casn1.OCTET_STRING) {
			return 0, nil, errPKCS8
		}
		encoded, err := asn1.Marshal(oid)
		return keyType, parts{pkcs11.ECParams: encoded, pkcs11.Value: bytes.Clone(value)}, err
	}
	switch {
	case oid.Equal(oidRSA), oid.Equal(oidPSS):
		types := []pkcs11.AttributeType{0, pkcs11.Modulus, pkcs11.PublicExponent, pkcs11.PrivateExponent, pkcs11.Prime1, pkcs11.Prime2, pkcs11.Exponent1, pkcs11.Exponent2, pkcs11.Coefficient}
		numbers, ok := integers(key, len(types))
		if !ok {
			return 0, nil, errPKCS8
		}
		p = make(parts)
		for i, t := range types[1:] {
			p[t] = numbers[i+1].Bytes()
		}
		return pkcs11.KeyRSA, p, nil
	case oid.Equal(oidEC):
		var sequence, value cryptobyte.String
		var version int64
		if !key.ReadASN1(&sequence, casn1.SEQUENCE) || !sequence.ReadASN1Integer(&version) || !sequence.ReadASN1(&value, casn1.OCTET_STRING) {
			return 0, nil, errPKCS8
		}
		return pkcs11.KeyEC, parts{pkcs11.ECParams: bytes.Clone(params), pkcs11.Value: new(big.Int).SetBytes(value).Bytes()}, nil
	case oid.Equal(oidDSA), oid.Equal(oidDH):
		x := new(big.Int)
		count := 3
		if oid.Equal(oidDH) {
			count = 2
		}
		group, ok := integers(params, count)
		if !ok || !key.ReadASN1Integer(x) {
			return 0, nil, errPKCS8
		}
		p = parts{pkcs11.Prime: group[0].Bytes(), pkcs11.Base: group[count-1].Bytes(), pkcs11.Value: x.Bytes()}
		if oid.Equal(oidDH) {
			return pkcs11.KeyDH, p, nil
		}
		p[pkcs11.Subprime] = group[1].Bytes()
		return pkcs11.KeyDSA, p, nil
	case oid.Equal(oidEd), oid.Equal(oidEd448):
		return octets(pkcs11.KeyECEdwards)
	case oid.Equal(oidX25519), oid.Equal(oidX448):
		return octets(pkcs11.KeyECMontgomery)
	}
	return 0, nil, unsupportedByJava(oid)
}

// unsupportedByJava is the error for private keys that Java's provider does not store.
func unsupportedByJava(oid asn1.ObjectIdentifier) error {
	class := "sun.security.pkcs.NamedPKCS8Key"
	switch {
	case oid.Equal(oidEd), oid.Equal(oidEd448):
		class = "sun.security.ec.ed.EdDSAPrivateKeyImpl"
	case oid.Equal(oidX25519), oid.Equal(oidX448):
		class = "sun.security.ec.XDHPrivateKeyImpl"
	}
	return &Error{
		Java: javaError("java.security.KeyStoreException", "unsupported key type: "+class),
		What: fmt.Sprintf("private keys of the algorithm %s can't be stored on a token here", oid),
		Err:  entry.ErrUnsupported,
	}
}

// secretType is a kind of secret key by Java's name for it.
type secretType struct {
	keyType uint64
	sizes   []int       // in bytes; nil for any
	since   jdk.Release // from which Java knows it for a token
}

var secretTypesByName = map[string]secretType{
	"AES": {pkcs11.KeyAES, []int{16, 24, 32}, 0}, "DES": {pkcs11.KeyDES, []int{8}, jdk.Release21}, "DESEDE": {pkcs11.KeyDES3, []int{16, 24}, 0},
	"RC4": {pkcs11.KeyRC4, nil, 0}, "ARCFOUR": {pkcs11.KeyRC4, nil, 0}, "BLOWFISH": {pkcs11.KeyBlowfish, nil, 0},
	"CHACHA20": {ckkChaCha20, []int{32}, 0}, "CHACHA20-POLY1305": {ckkChaCha20, []int{32}, 0}, "GENERIC": {pkcs11.KeyGenericSecret, nil, 0},
}

// secretParts are the attributes of a secret key.
func secretParts(key entry.Key, release jdk.Release, forJava bool) (keyType uint64, value []byte, err error) {
	name := strings.ToUpper(key.Algorithm)
	t, ok := secretTypesByName[name]
	switch {
	case strings.HasPrefix(name, "HMAC"):
		t, ok = secretType{keyType: pkcs11.KeyGenericSecret}, true
	case !forJava && name == "GENERIC SECRET": // as Unseal calls it
		t, ok = secretType{keyType: pkcs11.KeyGenericSecret}, true
	}
	if !ok || len(key.Raw) == 0 || forJava && release < t.since || t.sizes != nil && !slices.Contains(t.sizes, len(key.Raw)) {
		return 0, nil, &Error{
			Java: javaError("java.security.KeyStoreException", "Cannot convert to PKCS11 keys"),
			What: fmt.Sprintf("a token holds no secret key of the algorithm %s with %d bytes", key.Algorithm, len(key.Raw)),
			Err:  entry.ErrUnsupported,
		}
	}
	value = bytes.Clone(key.Raw)
	if t.keyType == pkcs11.KeyDES || t.keyType == pkcs11.KeyDES3 {
		oddParity(value)
		if t.keyType == pkcs11.KeyDES3 && len(value) == 16 {
			return pkcs11.KeyDES2, value, nil
		}
	}
	return t.keyType, value, nil
}

// oddParity sets the lowest bit of each byte such that an odd number of them is set.
func oddParity(key []byte) {
	for i, b := range key {
		ones := 0
		for bit := b >> 1; bit != 0; bit >>= 1 {
			ones += int(bit & 1)
		}
		key[i] = b&^1 | byte(1-ones&1)
	}
}

// secretName is Java's name for a type of secret keys on a token.
func secretName(keyType uint64) string {
	switch keyType {
	case pkcs11.KeyDES:
		return "DES"
	case pkcs11.KeyDES3:
		return "DESede"
	case pkcs11.KeyAES:
		return "AES"
	case pkcs11.KeyBlowfish:
		return "Blowfish"
	case pkcs11.KeyRC4:
		return "ARCFOUR"
	}
	return "Generic Secret"
}
