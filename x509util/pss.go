package x509util

import (
	"crypto"
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

// hash returns the hash of the parameters where signatures with them are
// implemented: with one hash for both purposes. The error is an
// *UnsupportedError.
func (p pssParams) hash() (crypto.Hash, error) {
	i := slices.IndexFunc(pssHashes[:], func(h pssHash) bool { return h.oid == p.digest })
	if i < 0 || p.mgfDigest != p.digest || p.trailer != 1 || p.saltLength < 0 || p.saltLength > maxRSABits/8 {
		return 0, unsupported("RSASSA-PSS signatures with these parameters")
	}
	return pssHashes[i].hash, nil
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
