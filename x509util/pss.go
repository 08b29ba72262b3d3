package x509util

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// pssParams is RSASSA-PSS-params (RFC 4055, section 3.1). The mask generation
// function is always MGF1.
type pssParams struct {
	digest, mgfDigest string // OIDs
	saltLength        int    // octets
	trailer           int
}

// pssHash is a hash of RSASSA-PSS.
type pssHash struct {
	oid  string
	hash crypto.Hash
}

var pssHashes = [...]pssHash{
	{oidSHA1, crypto.SHA1},
	{"2.16.840.1.101.3.4.2.4", crypto.SHA224},
	{"2.16.840.1.101.3.4.2.1", crypto.SHA256},
	{"2.16.840.1.101.3.4.2.2", crypto.SHA384},
	{"2.16.840.1.101.3.4.2.3", crypto.SHA512},
	{"2.16.840.1.101.3.4.2.5", crypto.SHA512_224},
	{"2.16.840.1.101.3.4.2.6", crypto.SHA512_256},
	{"2.16.840.1.101.3.4.2.7", crypto.SHA3_224},
	{"2.16.840.1.101.3.4.2.8", crypto.SHA3_256},
	{"2.16.840.1.101.3.4.2.9", crypto.SHA3_384},
	{"2.16.840.1.101.3.4.2.10", crypto.SHA3_512},
}

// newPSSParams returns the usual parameters for a hash: a salt as long as the
// hash.
func newPSSParams(hash crypto.Hash) pssParams {
	i := slices.IndexFunc(pssHashes[:], func(h pssHash) bool { return h.hash == hash })
	oid := pssHashes[i].oid
	return pssParams{oid, oid, hash.Size(), 1}
}

// hash returns the hash of the parameters where making signatures with them is
// implemented: with one hash for both purposes. The error is an
// *UnsupportedError.
func (p pssParams) hash() (crypto.Hash, error) {
	hash, mgf, err := p.hashes()
	if err == nil && hash != mgf {
		err = errPSSUnsupported
	}
	return hash, err
}

var errPSSUnsupported = unsupported("RSASSA-PSS signatures with these parameters")

// hashes returns the hash of what is signed, and that of the mask. The error is
// an *UnsupportedError.
func (p pssParams) hashes() (hash, mgf crypto.Hash, err error) {
	find := func(oid string) crypto.Hash {
		i := slices.IndexFunc(pssHashes[:], func(h pssHash) bool { return h.oid == oid })
		if i < 0 {
			return 0
		}
		return pssHashes[i].hash
	}
	hash, mgf = find(p.digest), find(p.mgfDigest)
	if hash == 0 || mgf == 0 || p.trailer != 1 || p.saltLength < 0 || p.saltLength > MaxRSABits/8 {
		return 0, 0, errPSSUnsupported
	}
	return hash, mgf, nil
}

// verifyPSS verifies a signature (RFC 8017, 8.1.2 and 9.1.2), also where the mask
// has another hash than what is signed, which crypto/rsa does not do. The error is
// that of rsa.VerifyPSS.
func verifyPSS(k *rsa.PublicKey, hash, mgf crypto.Hash, saltLength int, digest, signature []byte) error {
	if hash == mgf {
		return rsa.VerifyPSS(k, hash, digest, signature, &rsa.PSSOptions{SaltLength: saltLength})
	}
	number := new(big.Int).SetBytes(signature)
	bits := k.N.BitLen() - 1
	size := (bits + 7) / 8
	if len(signature) != k.Size() || number.Cmp(k.N) >= 0 || k.N.Bit(0) == 0 || size < hash.Size()+saltLength+2 {
		return rsa.ErrVerification
	}
	if number.Exp(number, big.NewInt(int64(k.E)), k.N); number.BitLen() > bits {
		return rsa.ErrVerification
	}
	encoded := number.FillBytes(make([]byte, size))
	block, sum := encoded[:size-hash.Size()-1], encoded[size-hash.Size()-1:size-1]
	mask(block, sum, mgf)
	block[0] &= 0xFF >> (8*size - bits)
	padding, salt := block[:len(block)-saltLength-1], block[len(block)-saltLength:]
	h := hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(salt)
	if encoded[size-1] != 0xBC || len(bytes.TrimLeft(padding, "\x00")) > 0 || block[len(padding)] != 1 || !bytes.Equal(h.Sum(nil), sum) {
		return rsa.ErrVerification
	}
	return nil
}

// mask combines block with the octets that MGF1 makes of a seed (RFC 8017, B.2.1).
func mask(block, seed []byte, hash crypto.Hash) {
	for i := 0; len(block) > 0; i++ {
		h := hash.New()
		h.Write(seed)
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
		block = block[subtle.XORBytes(block, block, h.Sum(nil)):]
	}
}

// marshal encodes the parameters as Java does: what is not the default is
// written out, hashes with NULL parameters.
func (p pssParams) marshal() []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if p.digest != oidSHA1 {
			hash := algorithmID(p.digest, derNull)
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddBytes(hash) })
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				b.AddBytes(algorithmID(oidMGF1, hash))
			})
		}
		if p.saltLength != 20 {
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(p.saltLength)) })
		}
	})
	return b.BytesOrPanic()
}

var errPSS = failIO("Invalid encoding for PSSParameters")

// parsePSSParams reads the parameters; der is nil where there are none, which
// means the defaults: SHA-1 and 20 octets of salt.
func parsePSSParams(der []byte) (pssParams, error) {
	p := pssParams{digest: oidSHA1, mgfDigest: oidSHA1, saltLength: 20, trailer: 1}
	if der == nil {
		return p, nil
	}
	outer, err := readValue(der)
	if err != nil || outer.tag != casn1.SEQUENCE {
		return p, errPSS
	}
	for r := outer.reader(); !r.empty(); {
		field, err := r.next()
		if err != nil {
			return p, err
		}
		value, err := readValue(field.body)
		if err != nil {
			return p, err
		}
		var a algorithm
		switch field.tag {
		case explicit(0):
			a, err = readAlgorithm(value)
			p.digest = a.oid
		case explicit(1):
			if a, err = readAlgorithm(value); err == nil && a.oid != oidMGF1 {
				err = errPSS
			}
			if err == nil {
				a, err = readAlgorithm(a.params)
				p.mgfDigest = a.oid
			}
		case explicit(2):
			p.saltLength, err = value.integer(casn1.INTEGER)
		case explicit(3):
			p.trailer, err = value.integer(casn1.INTEGER)
		default:
			err = errPSS
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}
