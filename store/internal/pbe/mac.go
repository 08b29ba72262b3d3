package pbe

import (
	"crypto/hmac"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// MAC is the integrity check of a file with all of its parameters: an HMAC
// whose key comes from the key derivation of PKCS #12 (RFC 7292 section 4)
// or, as PBMAC1, from PBKDF2 (RFC 9579).
type MAC struct {
	loose      bool
	hash       *Hash
	pbmac1     *pbkdf2Params // nil for the MAC of RFC 7292
	salt       []byte
	iterations int
	digest     []byte
	keys       *Keys // where the key is remembered; nil: nowhere
}

// Bounds of a PBMAC1 key in bytes. RFC 9579 advises to refuse shorter keys:
// whoever sets a short one can forge a file that some key fits, whatever the
// password. No HMAC here gains by more than the upper bound.
const (
	minMACKey = 20
	maxMACKey = 64
)

// NewMAC returns a MAC with a fresh salt. Names are Java's, in any case:
// "HmacPBESHA256", and for PBMAC1 (Java 26) "PBEWithHmacSHA256". The error is
// an entry.ErrUnsupported.
func NewMAC(name string, iterations int) (*MAC, error) {
	m := &MAC{iterations: iterations}
	for i := range Hashes {
		h := &Hashes[i]
		if strings.EqualFold(name, "HmacPBE"+h.Name) {
			m.hash = h
			return m.Fresh(), nil
		}
		if size := h.New().Size(); h.HMACOID != "" && strings.EqualFold(name, "PBEWithHmac"+h.Name) {
			m.hash, m.pbmac1 = h, &pbkdf2Params{prf: h, iterations: iterations, keySize: size}
			return m.Fresh(), nil
		}
	}
	return nil, unsupported(fmt.Sprintf("MAC algorithm %q", name))
}

// Fresh returns a MAC of the same algorithm and iteration count with a new
// salt.
func (m *MAC) Fresh() *MAC {
	f := *m
	f.salt, f.keys = randomBytes(saltSize), nil
	if m.pbmac1 != nil {
		p := *m.pbmac1
		p.salt = f.salt
		f.pbmac1 = &p
	}
	return &f
}

// Name is the algorithm's name, as NewMAC takes it; for a PBMAC1 whose PRF
// and HMAC differ, which Java cannot name, it is the HMAC's.
func (m *MAC) Name() string {
	if m.pbmac1 != nil {
		return "PBEWithHmac" + m.hash.Name
	}
	return "HmacPBE" + m.hash.Name
}

// Iterations is the iteration count of the key derivation, as in
// Scheme.Iterations.
func (m *MAC) Iterations() int { return m.iterations }

// ParseMAC reads the content of a MacData (RFC 7292 section 4). Errors are
// *entry.FormatError.
func ParseMAC(macData cryptobyte.String) (*MAC, error) {
	m := &MAC{iterations: 1} // the default
	var digestInfo, algorithm, oid cryptobyte.String
	ok := macData.ReadASN1(&digestInfo, asn1.SEQUENCE) &&
		digestInfo.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) &&
		digestInfo.ReadASN1Bytes(&m.digest, asn1.OCTET_STRING) &&
		macData.ReadASN1Bytes(&m.salt, asn1.OCTET_STRING) &&
		(macData.Empty() || readCount(&macData, &m.iterations))
	if !ok {
		return nil, damaged("MAC malformed")
	}
	rest := algorithm
	if !rest.Empty() {
		var params cryptobyte.String
		var tag asn1.Tag
		m.loose = !rest.ReadAnyASN1(&params, &tag) || tag == asn1.NULL && !params.Empty()
	}
	m.loose = m.loose || !rest.Empty() || !digestInfo.Empty() || !macData.Empty()
	if string(oid) == oidPBMAC1 {
		if err := m.parsePBMAC1(algorithm); err != nil {
			return nil, err
		}
	} else if m.hash = HashByDigest(oid); m.hash == nil {
		return nil, unsupported("MAC algorithm " + OIDString(oid))
	}
	if m.iterations < 1 {
		return nil, damaged("iteration count of the MAC below 1")
	}
	if len(m.digest) != m.hash.New().Size() {
		return nil, damaged("MAC of the wrong length")
	}
	return m, nil
}

// parsePBMAC1 reads PBMAC1-params (RFC 8018 appendix A.5). Salt and
// iteration count beside them in the MacData mean nothing then (RFC 9579).
func (m *MAC) parsePBMAC1(algorithm cryptobyte.String) error {
	var params, kdf, hmacAlgorithm, oid cryptobyte.String
	ok := algorithm.ReadASN1(&params, asn1.SEQUENCE) &&
		params.ReadASN1(&kdf, asn1.SEQUENCE) &&
		params.ReadASN1(&hmacAlgorithm, asn1.SEQUENCE) &&
		hmacAlgorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER)
	if !ok {
		return damaged("parameters of PBMAC1 malformed")
	}
	p, err := parsePBKDF2(kdf)
	if err != nil {
		return err
	}
	if p.keySize == 0 { // RFC 9579: it must be there
		return damaged("PBMAC1 without a key length")
	}
	if p.keySize < minMACKey || p.keySize > maxMACKey {
		return damaged(fmt.Sprintf("PBMAC1 with a key of %d bytes", p.keySize))
	}
	if m.hash = HashByHMAC(oid); m.hash == nil {
		return unsupported("MAC algorithm " + OIDString(oid))
	}
	m.pbmac1, m.iterations = &p, p.iterations
	return nil
}

// Odd is what Java does not take of the MacData; empty if it takes it.
func (m *MAC) Odd() string { return odd(m.loose, m.salt) }

// Verify says whether the MAC over content is right under the password.
func (m *MAC) Verify(content, password []byte) bool {
	return m.eachKey(password, func(key []byte) bool {
		return hmac.Equal(m.sum(key, content), m.digest)
	})
}

// Key derives the key of the MAC, for Seal. The caller wipes it. The error is
// ErrForbidden.
func (m *MAC) Key(password []byte) (key []byte, err error) {
	done := m.eachKey(password, func(k []byte) bool {
		key = append(key, k...)
		return true
	})
	if !done {
		return nil, ErrForbidden
	}
	return key, nil
}

// Seal returns the MacData in DER for content, given in pieces, under a key
// from Key.
func (m *MAC) Seal(key []byte, content ...[]byte) []byte {
	algorithm := ber.TLV(0x30, oidTLV(m.hash.DigestOID), null)
	iterations := ber.Integer(m.iterations)
	if m.pbmac1 != nil {
		params := ber.TLV(0x30, m.pbmac1.algorithm(), ber.TLV(0x30, oidTLV(m.hash.HMACOID), null))
		algorithm = ber.TLV(0x30, oidTLV(oidPBMAC1), params)
	} else if m.iterations == 1 {
		iterations = nil // DER leaves a default out
	}
	return ber.TLV(0x30,
		ber.TLV(0x30, algorithm, ber.TLV(0x04, m.sum(key, content...))),
		ber.TLV(0x04, m.salt), iterations)
}

func (m *MAC) sum(key []byte, content ...[]byte) []byte {
	h := hmac.New(m.hash.New, key)
	for _, part := range content {
		h.Write(part)
	}
	return h.Sum(nil)
}

// Remember has m look for its key in keys, and put it there when it has
// derived it and found it right.
func (m *MAC) Remember(keys *Keys) { m.keys = keys }

// eachKey hands keys to try: the one that is remembered, those that derive
// makes of the password.
func (m *MAC) eachKey(password []byte, try func(key []byte) bool) bool {
	if m.keys == nil {
		return m.derive(password, try)
	}
	id := m.id()
	if known := m.keys.get(id); known != nil && try(known) {
		return true
	}
	return m.derive(password, func(key []byte) bool {
		if !try(key) {
			return false
		}
		m.keys.put(id, key)
		return true
	})
}

// id tells the derivation of the key from all others with that password.
func (m *MAC) id() string {
	if m.pbmac1 != nil {
		return string(m.pbmac1.algorithm())
	}
	return string(ber.TLV(0x30, oidTLV(m.hash.DigestOID), ber.TLV(0x04, m.salt), ber.Integer(m.iterations)))
}

func (m *MAC) derive(password []byte, try func(key []byte) bool) bool {
	once := func(key []byte) bool {
		defer entry.Wipe(key)
		return key != nil && try(key)
	}
	if m.pbmac1 != nil {
		return once(m.pbmac1.derive(password))
	}
	return EachPassword(password, func(bmp []byte) bool {
		return once(DeriveKey(m.hash, bmp, m.salt, m.iterations, ForMAC, m.hash.New().Size()))
	})
}
