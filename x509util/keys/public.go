package keys

import (
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys, and old keystores hold them
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MarshalPublic encodes a public key as SubjectPublicKeyInfo (RFC 5280,
// 4.1.2.7).
func MarshalPublic(pub crypto.PublicKey) ([]byte, error) {
	alg, err := keyAlgorithmID(pub)
	if err != nil {
		return nil, err
	}
	var bits []byte
	switch k := pub.(type) {
	case *rsa.PublicKey:
		bits = marshalRSAPublicKey(k)
	case *PSSPublicKey:
		bits = marshalRSAPublicKey(k.PublicKey)
	case *ecdsa.PublicKey:
		if bits, err = k.Bytes(); err != nil {
			return nil, err
		}
	case ed25519.PublicKey:
		bits = k
	case *dsa.PublicKey:
		bits = marshalInteger(k.Y)
	case *DHPublicKey:
		bits = marshalInteger(k.y)
	case *NamedPublicKey:
		bits = []byte(k.octets)
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(alg)
		b.AddASN1BitString(bits)
	})
	return b.Bytes()
}

// keyAlgorithmID returns the AlgorithmIdentifier of a public key.
func keyAlgorithmID(pub crypto.PublicKey) ([]byte, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return algorithmID(OIDRSA, ber.Null), nil
	case *PSSPublicKey:
		return algorithmID(OIDRSASSAPSS, k.Params), nil
	case *ecdsa.PublicKey:
		for i := range curves {
			if curves[i].implementation() == k.Curve {
				return algorithmID(OIDEC, ber.EncodeOID(curves[i].OID)), nil
			}
		}
		return nil, keyError("unknown curve")
	case ed25519.PublicKey:
		return algorithmID(oidEd25519, nil), nil
	case *dsa.PublicKey:
		return algorithmID(OIDDSA, marshalDSAParams(&k.Parameters)), nil
	case *DHPublicKey:
		return algorithmID(oidDH, k.group.marshal()), nil
	case *NamedPublicKey:
		return algorithmID(k.algorithm.oid, nil), nil
	}
	return nil, unsupported("public keys of this kind")
}

func marshalRSAPublicKey(k *rsa.PublicKey) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(k.N)
		b.AddASN1Int64(int64(k.E))
	})
	return b.BytesOrPanic()
}

// ParsePublic decodes a SubjectPublicKeyInfo. Errors wrap ErrKey.
func ParsePublic(spki []byte) (crypto.PublicKey, error) {
	outer, err := ber.Parse(spki)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	parts, err := ber.First(outer, 2)
	if err != nil {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	alg, err := ReadAlgorithm(parts[0])
	if err != nil {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	bits, count, err := parts[1].Bits()
	if err != nil || count%8 != 0 {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	switch alg.OID {
	case OIDRSA, OIDRSASSAPSS:
		key, err := parseRSAPublicKey(bits)
		if err != nil {
			return nil, err
		}
		if alg.OID == OIDRSASSAPSS {
			return &PSSPublicKey{key, alg.Params.Full}, nil
		}
		return key, nil
	case OIDEC:
		c, err := namedCurve(alg)
		if err != nil {
			return nil, err
		}
		key, err := ecdsa.ParseUncompressedPublicKey(c, bits)
		if err != nil && len(bits) > 0 && (bits[0] == 2 || bits[0] == 3) {
			return nil, unsupported("EC keys with a compressed point")
		}
		if err != nil {
			return nil, keyError("malformed EC key")
		}
		return key, nil
	case oidEd25519:
		if len(bits) != ed25519.PublicKeySize {
			return nil, keyError("malformed Ed25519 key")
		}
		return ed25519.PublicKey(bits), nil
	case OIDDSA:
		return parseDSAPublicKey(alg, bits)
	case oidDH:
		return parseDHPublicKey(alg, bits)
	}
	if a := namedAlgorithmBy(alg.OID); a != nil {
		if len(bits) != a.publicSize {
			return nil, keyError("malformed %s key", a.name)
		}
		return &NamedPublicKey{a, string(bits)}, nil
	}
	return nil, unsupported("%s keys", algorithmName(alg))
}

func parseRSAPublicKey(bits []byte) (*rsa.PublicKey, error) {
	sequence, err := ber.Parse(bits)
	if err != nil {
		return nil, keyError("malformed RSA key")
	}
	numbers, err := readIntegers(sequence, 2, MaxRSABits)
	if err != nil {
		return nil, keyError("malformed RSA key")
	}
	n, e := numbers[0], numbers[1]
	if err := checkRSA(n, e); err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// checkRSA bounds modulus and public exponent. crypto/rsa takes exponents
// below 2^31; Java also knows longer ones, which nobody uses.
func checkRSA(n, e *big.Int) error {
	switch {
	case n.BitLen() < minRSABits || n.BitLen() > MaxRSABits:
		return unsupported("RSA keys of %d bits", n.BitLen())
	case e.BitLen() > 31:
		return unsupported("RSA keys with an exponent of %d bits", e.BitLen())
	case e.Cmp(big.NewInt(2)) < 0:
		return keyError("RSA exponent of %d bits", e.BitLen())
	}
	return nil
}

// namedCurve returns the arithmetic of the curve in an algorithm's parameters.
func namedCurve(alg Algorithm) (elliptic.Curve, error) {
	if alg.Params.Tag != casn1.OBJECT_IDENTIFIER {
		return nil, unsupported("EC keys on a curve without a name")
	}
	oid, err := alg.Params.OID()
	if err != nil {
		return nil, keyError("malformed EC key")
	}
	c := curveByName(oid)
	if c == nil {
		return nil, &UnsupportedError{"EC keys on " + foreignName(oid), &jdk.Error{Class: "java.io.IOException", Text: "Unknown named curve: " + oid}}
	}
	if c.implementation() == nil {
		return nil, &UnsupportedError{"EC keys on " + c.Name, &jdk.Error{Class: "java.security.SignatureException", Text: "Curve not supported: " + c.String()}}
	}
	return c.implementation(), nil
}
