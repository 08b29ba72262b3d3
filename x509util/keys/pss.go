package keys

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

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// PSSParams is RSASSA-PSS-params (RFC 4055, section 3.1). The mask generation
// function is always MGF1.
type PSSParams struct {
	Digest, MGFDigest string // OIDs
	SaltLength        int    // octets
	Trailer           int
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
func newPSSParams(hash crypto.Hash) PSSParams {
	i := slices.IndexFunc(pssHashes[:], func(h pssHash) bool { return h.hash == hash })
	oid := pssHashes[i].oid
	return PSSParams{oid, oid, hash.Size(), 1}
}

// hash returns the hash of the parameters where making signatures with them is
// implemented: with one hash for both purposes. The error is an
// *UnsupportedError.
func (p PSSParams) hash() (crypto.Hash, error) {
	hash, mgf, err := p.hashes()
	if err == nil && hash != mgf {
		err = errPSSUnsupported
	}
	return hash, err
}

var errPSSUnsupported = unsupported("RSASSA-PSS signatures with these parameters")

// hashes returns the hash of what is signed, and that of the mask. The error is
// an *UnsupportedError.
func (p PSSParams) hashes() (hash, mgf crypto.Hash, err error) {
	find := func(oid string) crypto.Hash {
		i := slices.IndexFunc(pssHashes[:], func(h pssHash) bool { return h.oid == oid })
		if i < 0 {
			return 0
		}
		return pssHashes[i].hash
	}
	hash, mgf = find(p.Digest), find(p.MGFDigest)
	if hash == 0 || mgf == 0 || p.Trailer != 1 || p.SaltLength < 0 || p.SaltLength > MaxRSABits/8 {
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
func (p PSSParams) marshal() []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if p.Digest != oidSHA1 {
			hash := algorithmID(p.Digest, ber.Null)
			b.AddASN1(ber.Explicit(0), func(b *cryptobyte.Builder) { b.AddBytes(hash) })
			b.AddASN1(ber.Explicit(1), func(b *cryptobyte.Builder) {
				b.AddBytes(algorithmID(oidMGF1, hash))
			})
		}
		if p.SaltLength != 20 {
			b.AddASN1(ber.Explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(p.SaltLength)) })
		}
	})
	return b.BytesOrPanic()
}

var errPSS = jdk.IOError("Invalid encoding for PSSParameters")

// ParsePSSParams reads the parameters; der is nil where there are none, which
// means the defaults: SHA-1 and 20 octets of salt.
func ParsePSSParams(der []byte) (PSSParams, error) {
	p := PSSParams{Digest: oidSHA1, MGFDigest: oidSHA1, SaltLength: 20, Trailer: 1}
	if der == nil {
		return p, nil
	}
	outer, err := ber.Parse(der)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return p, errPSS
	}
	for r := outer.Reader(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return p, err
		}
		value, err := ber.Parse(field.Body)
		if err != nil {
			return p, err
		}
		var a Algorithm
		switch field.Tag {
		case ber.Explicit(0):
			a, err = ReadAlgorithm(value)
			p.Digest = a.OID
		case ber.Explicit(1):
			if a, err = ReadAlgorithm(value); err == nil && a.OID != oidMGF1 {
				err = errPSS
			}
			if err == nil {
				a, err = ReadAlgorithm(a.Params)
				p.MGFDigest = a.OID
			}
		case ber.Explicit(2):
			p.SaltLength, err = value.Integer(casn1.INTEGER)
		case ber.Explicit(3):
			p.Trailer, err = value.Integer(casn1.INTEGER)
		default:
			err = errPSS
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}
