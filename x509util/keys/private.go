package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"

	"gokeytool/x509util/internal/ber"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MarshalPrivate encodes a private key as PKCS#8 (RFC 5958, version 1),
// byte for byte as Java does: an elliptic curve key, for one, comes without
// its public key. The result is secret and belongs to the caller.
func MarshalPrivate(key crypto.Signer) ([]byte, error) {
	alg, err := keyAlgorithmID(key.Public())
	if err != nil {
		return nil, err
	}
	var inner cryptobyte.Builder
	switch k := key.(type) {
	case *rsa.PrivateKey:
		addRSAPrivateKey(&inner, k)
	case *PSSPrivateKey:
		addRSAPrivateKey(&inner, k.PrivateKey)
	case *ecdsa.PrivateKey:
		scalar, err := k.Bytes()
		if err != nil {
			return nil, err
		}
		inner.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { // RFC 5915
			b.AddASN1Int64(1)
			b.AddASN1OctetString(scalar)
		})
	case ed25519.PrivateKey:
		inner.AddASN1OctetString(k.Seed())
	case *DSAPrivateKey:
		inner.AddASN1BigInt(k.X)
	case *DHPrivateKey:
		inner.AddASN1BigInt(k.x)
	case *NamedPrivateKey:
		inner.AddASN1OctetString(k.secret)
	default:
		return nil, unsupported("private keys of this kind")
	}
	content, err := inner.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(alg)
		b.AddASN1OctetString(content)
	})
	return b.Bytes()
}

// addRSAPrivateKey adds an RSAPrivateKey (RFC 8017, A.1.2). A key whose primes
// are not known has zeros in their place, as in Java.
func addRSAPrivateKey(b *cryptobyte.Builder, k *rsa.PrivateKey) {
	p, q, dP, dQ, qInv := new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	if len(k.Primes) == 2 {
		one := big.NewInt(1)
		p, q = k.Primes[0], k.Primes[1]
		dP.Mod(k.D, new(big.Int).Sub(p, one))
		dQ.Mod(k.D, new(big.Int).Sub(q, one))
		qInv.ModInverse(q, p)
	}
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range []*big.Int{new(big.Int), k.N, big.NewInt(int64(k.E)), k.D, p, q, dP, dQ, qInv} {
			b.AddASN1BigInt(n)
		}
	})
}

// ParsePrivate decodes a PKCS#8 private key, version 1 or 2. The key shares
// no memory with pkcs8. Errors wrap ErrKey and say nothing of the content.
func ParsePrivate(pkcs8 []byte) (crypto.Signer, error) {
	outer, err := ber.Parse(pkcs8)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed PKCS#8")
	}
	parts, err := ber.First(outer, 3)
	if err != nil || parts[2].Tag != casn1.OCTET_STRING {
		return nil, keyError("malformed PKCS#8")
	}
	alg, err := ReadAlgorithm(parts[1])
	if err != nil {
		return nil, keyError("malformed PKCS#8")
	}
	content := parts[2].Body
	switch alg.OID {
	case OIDRSA, OIDRSASSAPSS:
		key, err := parseRSAPrivateKey(content)
		if err != nil {
			return nil, err
		}
		if alg.OID == OIDRSASSAPSS {
			return &PSSPrivateKey{key, bytes.Clone(alg.Params.Full)}, nil
		}
		return key, nil
	case OIDEC:
		return parseECPrivateKey(alg, content)
	case oidEd25519:
		seed, err := ber.Parse(content)
		if err != nil || seed.Tag != casn1.OCTET_STRING || len(seed.Body) != ed25519.SeedSize {
			return nil, keyError("malformed Ed25519 key")
		}
		return ed25519.NewKeyFromSeed(seed.Body), nil
	case OIDDSA:
		return parseDSAPrivateKey(alg, content)
	case oidDH:
		return parseDHPrivateKey(alg, content)
	}
	if a := namedAlgorithmBy(alg.OID); a != nil {
		return a.parsePrivate(content)
	}
	return nil, unsupported("%s keys", algorithmName(alg))
}

// EmbeddedPublic returns the SubjectPublicKeyInfo of a PKCS#8 key that brings
// its public half with it, as OpenSSL writes those on elliptic curves (RFC 5915),
// on any curve; nil where it does not.
func EmbeddedPublic(pkcs8 []byte) []byte {
	outer, err := ber.Parse(pkcs8)
	if err != nil {
		return nil
	}
	parts, err := ber.First(outer, 3)
	if err != nil {
		return nil
	}
	if alg, err := ReadAlgorithm(parts[1]); err != nil || alg.OID != OIDEC {
		return nil
	}
	key, err := ber.Parse(parts[2].Body)
	if err != nil {
		return nil
	}
	for r := key.Reader(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return nil
		}
		if bits, err := ber.Parse(field.Body); field.Tag == ber.Explicit(1) && err == nil && bits.Tag == casn1.BIT_STRING {
			return ber.Encode(casn1.SEQUENCE, string(parts[1].Full)+string(bits.Full))
		}
	}
	return nil
}

func parseRSAPrivateKey(content []byte) (*rsa.PrivateKey, error) {
	malformed := keyError("malformed RSA key")
	sequence, err := ber.Parse(content)
	if err != nil {
		return nil, malformed
	}
	numbers, err := readIntegers(sequence, 9, MaxRSABits)
	if err != nil {
		return nil, malformed
	}
	n, e, d, p, q := numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
	if err := checkRSA(n, e); err != nil {
		return nil, err
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d}
	if p.Sign() != 0 && q.Sign() != 0 {
		key.Primes = []*big.Int{p, q}
	}
	// Taking over what the file has precomputed is several times faster than
	// computing it, and it is still verified. Validate costs next to nothing then.
	key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv = numbers[6], numbers[7], numbers[8]
	if key.Precompute(); key.Validate() == nil {
		return key, nil
	}
	key.Precomputed = rsa.PrecomputedValues{}
	if key.Precompute(); key.Validate() != nil {
		return nil, malformed
	}
	return key, nil
}

// parseECPrivateKey reads an ECPrivateKey (RFC 5915) of the curve that the
// algorithm names.
func parseECPrivateKey(alg Algorithm, content []byte) (crypto.Signer, error) {
	c, err := namedCurve(alg)
	if err != nil {
		return nil, err
	}
	sequence, err := ber.Parse(content)
	if err != nil || sequence.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed EC key")
	}
	parts, err := ber.First(sequence, 2)
	if err != nil || parts[1].Tag != casn1.OCTET_STRING {
		return nil, keyError("malformed EC key")
	}
	// Old releases of Java wrote the number with as many octets as it needed.
	size := (c.Params().N.BitLen() + 7) / 8
	number := new(big.Int).SetBytes(parts[1].Body)
	if number.BitLen() > 8*size {
		return nil, keyError("malformed EC key")
	}
	key, err := ecdsa.ParseRawPrivateKey(c, number.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, keyError("malformed EC key")
	}
	return key, nil
}
