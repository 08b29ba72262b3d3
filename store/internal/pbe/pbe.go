// Package pbe is the password-based cryptography of PKCS #12 files: the key
// derivation and the encryption schemes of RFC 7292 appendices B and C, the
// PBES1 and PBES2 of RFC 8018, and the two kinds of MAC (RFC 7292 section 4
// and PBMAC1 of RFC 9579). BouncyCastle's keystores use the same derivation,
// and one cipher more.
//
// Nothing here runs a derivation before the caller, who knows the limits,
// has seen its iteration count. Passwords are UTF-8.
package pbe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rc4"
	"errors"
	"fmt"
	"hash"
	"math"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	//lint:ignore SA1019 BouncyCastle's UBER files are encrypted with it
	"golang.org/x/crypto/twofish"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// Salt sizes in bytes of what is written: Java's for PKCS #12 and PBES2, and
// the one that the PBES1 of PKCS #5 prescribes.
const (
	saltSize      = 20
	pkcs5SaltSize = 8
)

// suite is how to encrypt: an algorithm with everything but its salt, counts
// and initialization vector.
type suite struct {
	family  family
	oid     string           // of the scheme; PBES2's own for all of its suites
	name    string           // the part behind "PBEWith"; PBES2: behind the PRF
	cipher  *blockCipher     // nil for RC4
	keySize int              // in bytes
	hash    func() hash.Hash // of PKCS #5 PBES1
}

type family uint8

const (
	pkcs12Scheme family = iota // RFC 7292 appendix C
	pbes1                      // RFC 8018 section 6.1
	pbes2                      // RFC 8018 section 6.2
)

type blockCipher struct {
	size int // of a block, in bytes
	new  func(key []byte, rc2Bits int) (cipher.Block, error)
}

var (
	aesCipher = &blockCipher{aes.BlockSize, func(key []byte, _ int) (cipher.Block, error) { return aes.NewCipher(key) }}
	desCipher = &blockCipher{des.BlockSize, func(key []byte, _ int) (cipher.Block, error) { return des.NewCipher(key) }}
	tripleDES = &blockCipher{des.BlockSize, func(key []byte, _ int) (cipher.Block, error) {
		if len(key) == 16 { // two keys: the third is the first
			key = append(key[:16:16], key[:8]...)
			defer entry.Wipe(key)
		}
		return des.NewTripleDESCipher(key)
	}}
	twofishCipher = &blockCipher{twofish.BlockSize, func(key []byte, _ int) (cipher.Block, error) { return twofish.NewCipher(key) }}
	rc2           = &blockCipher{8, func(key []byte, bits int) (cipher.Block, error) { return newRC2(key, bits), nil }}
)

// Arcs of object identifiers, as the content octets of their DER.
const (
	OIDPKCS12PBE  = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01" // 1.2.840.113549.1.12.1
	OIDPKCS5      = "\x2a\x86\x48\x86\xf7\x0d\x01\x05"     // 1.2.840.113549.1.5
	OIDEncryption = "\x2a\x86\x48\x86\xf7\x0d\x03"         // 1.2.840.113549.3
	OIDNISTHash   = "\x60\x86\x48\x01\x65\x03\x04\x02"     // 2.16.840.1.101.3.4.2
)

const (
	oidPBKDF2 = OIDPKCS5 + "\x0c"
	oidPBES2  = OIDPKCS5 + "\x0d"
	oidPBMAC1 = OIDPKCS5 + "\x0e"
	oidAES    = "\x60\x86\x48\x01\x65\x03\x04\x01" // 2.16.840.1.101.3.4.1
	oidDESCBC = "\x2b\x0e\x03\x02\x07"             // 1.3.14.3.2.7
)

// suites of PBES1 and PKCS #12, under Java's names where Java has one.
var suites = [...]suite{
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x01", name: "SHA1AndRC4_128", keySize: 16},
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x02", name: "SHA1AndRC4_40", keySize: 5},
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x03", name: "SHA1AndDESede", cipher: tripleDES, keySize: 24},
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x04", name: "SHA1And2KeyDESede", cipher: tripleDES, keySize: 16},
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x05", name: "SHA1AndRC2_128", cipher: rc2, keySize: 16},
	{family: pkcs12Scheme, oid: OIDPKCS12PBE + "\x06", name: "SHA1AndRC2_40", cipher: rc2, keySize: 5},
	{family: pbes1, oid: OIDPKCS5 + "\x03", name: "MD5AndDES", cipher: desCipher, keySize: 8, hash: md5.New},
	{family: pbes1, oid: OIDPKCS5 + "\x06", name: "MD5AndRC2", cipher: rc2, keySize: 8, hash: md5.New},
	{family: pbes1, oid: OIDPKCS5 + "\x0a", name: "SHA1AndDES", cipher: desCipher, keySize: 8, hash: SHA1.New},
	{family: pbes1, oid: OIDPKCS5 + "\x0b", name: "SHA1AndRC2", cipher: rc2, keySize: 8, hash: SHA1.New},
}

var tripleDESSuite = &suites[2]

// suites2 are the ciphers of PBES2; oid is the cipher's.
var suites2 = [...]suite{
	{family: pbes2, oid: oidAES + "\x02", name: "AES_128", cipher: aesCipher, keySize: 16},
	{family: pbes2, oid: oidAES + "\x16", name: "AES_192", cipher: aesCipher, keySize: 24},
	{family: pbes2, oid: oidAES + "\x2a", name: "AES_256", cipher: aesCipher, keySize: 32},
	{family: pbes2, oid: OIDEncryption + "\x07", name: "DESede", cipher: tripleDES, keySize: 24},
	{family: pbes2, oid: oidDESCBC, name: "DES", cipher: desCipher, keySize: 8},
	{family: pbes2, oid: OIDEncryption + "\x02", name: "RC2_128", cipher: rc2, keySize: 16},
	{family: pbes2, oid: OIDEncryption + "\x02", name: "RC2_64", cipher: rc2, keySize: 8},
	{family: pbes2, oid: OIDEncryption + "\x02", name: "RC2_40", cipher: rc2, keySize: 5},
}

// twofishSuite is BouncyCastle's PBEWithSHAAndTwofish-CBC, which no object
// identifier stands for: it is not among the suites.
var twofishSuite = suite{family: pkcs12Scheme, name: "SHA1AndTwofish", cipher: twofishCipher, keySize: 32}

// rc2Versions are the rc2ParameterVersion numbers of the key sizes in use
// (RFC 8018 appendix B.2.3).
var rc2Versions = [...]struct{ bits, version int }{{40, 160}, {64, 120}, {128, 58}}

// Scheme is an encryption scheme with all of its parameters.
type Scheme struct {
	suite      *suite
	prf        *Hash // of PBES2
	salt       []byte
	iterations int
	iv         []byte // of PBES2
	keys       *Keys  // where the key is remembered; nil: nowhere
	loose      bool   // more stands in the AlgorithmIdentifier than belongs there
}

// NewScheme returns the scheme of that name with fresh salt and
// initialization vector. Names are Java's, in any case:
// "PBEWithSHA1AndRC2_40", "PBEWithHmacSHA256AndAES_256". The error is an
// entry.ErrUnsupported.
func NewScheme(name string, iterations int) (*Scheme, error) {
	s := &Scheme{iterations: iterations}
	for i := range suites {
		if strings.EqualFold(name, "PBEWith"+suites[i].name) {
			s.suite = &suites[i]
			return s.Fresh(), nil
		}
	}
	for i := range Hashes {
		prefix := "PBEWithHmac" + Hashes[i].Name + "And"
		if Hashes[i].HMACOID == "" || len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
			continue
		}
		for j := range suites2 {
			if strings.EqualFold(name[len(prefix):], suites2[j].name) {
				s.prf, s.suite = &Hashes[i], &suites2[j]
				return s.Fresh(), nil
			}
		}
	}
	return nil, unsupported(fmt.Sprintf("encryption algorithm %q", name))
}

// TripleDES returns the scheme PBEWithSHA1AndDESede of a file that gives salt
// and iteration count, from 1, by themselves.
func TripleDES(salt []byte, iterations int) *Scheme {
	return &Scheme{suite: tripleDESSuite, salt: salt, iterations: iterations}
}

// Twofish is TripleDES for BouncyCastle's PBEWithSHAAndTwofish-CBC.
func Twofish(salt []byte, iterations int) *Scheme {
	return &Scheme{suite: &twofishSuite, salt: salt, iterations: iterations}
}

// Fresh returns a scheme of the same algorithm and iteration count with a new
// salt and initialization vector.
func (s *Scheme) Fresh() *Scheme {
	f := *s
	f.salt, f.keys = randomBytes(saltSize), nil
	switch s.suite.family {
	case pbes1:
		f.salt = f.salt[:pkcs5SaltSize]
	case pbes2:
		f.iv = randomBytes(s.suite.cipher.size)
	}
	return &f
}

// Name is the algorithm's name, as NewScheme takes it.
func (s *Scheme) Name() string {
	if s.suite.family == pbes2 {
		return "PBEWithHmac" + s.prf.Name + "And" + s.suite.name
	}
	return "PBEWith" + s.suite.name
}

// Iterations is the iteration count of the key derivation, at least 1; a
// count beyond what int holds is math.MaxInt.
func (s *Scheme) Iterations() int { return s.iterations }

// ParseScheme reads an AlgorithmIdentifier's content (OBJECT IDENTIFIER and
// parameters). Errors are *entry.FormatError.
func ParseScheme(algorithm cryptobyte.String) (*Scheme, error) {
	var oid, params cryptobyte.String
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return nil, damaged("encryption algorithm malformed")
	}
	s := new(Scheme)
	if string(oid) == oidPBES2 {
		return s, s.parsePBES2(algorithm)
	}
	for i := range suites {
		if suites[i].oid == string(oid) {
			s.suite = &suites[i]
		}
	}
	if s.suite == nil {
		return nil, unsupported("encryption algorithm " + OIDString(oid))
	}
	rest := algorithm
	s.loose = !rest.SkipASN1(asn1.SEQUENCE) || !rest.Empty()
	// pkcs-12PbeParams and PBEParameter: SEQUENCE { salt, iterations }.
	ok := algorithm.ReadASN1(&params, asn1.SEQUENCE) &&
		params.ReadASN1Bytes(&s.salt, asn1.OCTET_STRING) &&
		readCount(&params, &s.iterations)
	if !ok {
		return nil, damaged("parameters of " + s.Name() + " malformed")
	}
	s.loose = s.loose || !params.Empty()
	return s, s.checkIterations()
}

// parsePBES2 reads PBES2-params (RFC 8018 appendix A.4).
func (s *Scheme) parsePBES2(algorithm cryptobyte.String) error {
	var params, kdf, scheme, oid cryptobyte.String
	ok := algorithm.ReadASN1(&params, asn1.SEQUENCE)
	s.loose = !algorithm.Empty()
	var tag asn1.Tag // of the cipher, whatever it is for Java
	ok = ok && params.ReadASN1(&kdf, asn1.SEQUENCE) &&
		params.ReadAnyASN1(&scheme, &tag) &&
		scheme.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER)
	if !ok {
		return damaged("parameters of PBES2 malformed")
	}
	k, err := parsePBKDF2(kdf)
	if err != nil {
		return err
	}
	s.prf, s.salt, s.iterations, s.loose = k.prf, k.salt, k.iterations, s.loose || k.loose
	if string(oid) == OIDEncryption+"\x02" {
		return s.parseRC2(scheme, k.keySize)
	}
	for i := range suites2 {
		if suites2[i].oid == string(oid) {
			s.suite = &suites2[i]
		}
	}
	if s.suite == nil {
		return unsupported("cipher " + OIDString(oid))
	}
	if !scheme.ReadASN1Bytes(&s.iv, asn1.OCTET_STRING) || len(s.iv) != s.suite.cipher.size {
		return damaged("initialization vector malformed")
	}
	return nil
}

// parseRC2 reads RC2-CBC-Parameter (RFC 8018 appendix B.2.3): a number that
// stands for the effective key bits, 32 bits when absent, and the vector.
func (s *Scheme) parseRC2(scheme cryptobyte.String, keySize int) error {
	var params cryptobyte.String
	version := 0
	ok := scheme.ReadASN1(&params, asn1.SEQUENCE) &&
		(!params.PeekASN1Tag(asn1.INTEGER) || readCount(&params, &version)) &&
		params.ReadASN1Bytes(&s.iv, asn1.OCTET_STRING) && len(s.iv) == rc2.size
	if !ok {
		return damaged("parameters of RC2 malformed")
	}
	for _, v := range rc2Versions {
		if v.version != version || keySize != 0 && keySize != v.bits/8 {
			continue
		}
		for i := range suites2 {
			if suites2[i].cipher == rc2 && suites2[i].keySize == v.bits/8 {
				s.suite = &suites2[i]
				return nil
			}
		}
	}
	return unsupported("RC2 with an unusual key size")
}

// Algorithm returns the AlgorithmIdentifier in DER.
func (s *Scheme) Algorithm() []byte {
	if s.suite.family != pbes2 {
		params := ber.TLV(0x30, ber.TLV(0x04, s.salt), ber.Integer(s.iterations))
		return ber.TLV(0x30, oidTLV(s.suite.oid), params)
	}
	params := ber.TLV(0x04, s.iv)
	for _, v := range rc2Versions {
		if s.suite.cipher == rc2 && s.suite.keySize == v.bits/8 {
			params = ber.TLV(0x30, ber.Integer(v.version), params)
		}
	}
	kdf := pbkdf2Params{prf: s.prf, salt: s.salt, iterations: s.iterations, keySize: s.suite.keySize}
	return ber.TLV(0x30, oidTLV(oidPBES2),
		ber.TLV(0x30, kdf.algorithm(), ber.TLV(0x30, oidTLV(s.suite.oid), params)))
}

// Odd is what Java does not take of the parameters; empty if it takes them.
func (s *Scheme) Odd() string { return odd(s.loose, s.salt) }

func odd(loose bool, salt []byte) string {
	switch {
	case loose:
		return "more in its parameters than belongs there"
	case len(salt) < minSalt:
		return fmt.Sprintf("a salt of fewer than %d bytes", minSalt)
	}
	return ""
}

// minSalt is the size in bytes of the shortest salt that Java takes.
const minSalt = 8

// ErrForbidden: this process may not use the algorithm; Go is set to strict
// FIPS 140 rules.
var ErrForbidden = errors.New("algorithm forbidden by FIPS 140 mode")

// ErrBlocks: the ciphertext is not a whole number of blocks, so no password
// can be right.
var ErrBlocks = errors.New("ciphertext cut short")

// Decrypt decrypts ciphertext into new memory. A wrong password is told by
// the padding or else by valid, which is asked whether the plaintext is what
// was to be found; ok is false then. The error is ErrBlocks.
func (s *Scheme) Decrypt(ciphertext, password []byte, valid func(plaintext []byte) bool) (plaintext []byte, ok bool, err error) {
	buf := make([]byte, len(ciphertext))
	plaintext, ok, err = s.decrypt(buf, ciphertext, password, valid)
	if !ok {
		entry.Wipe(buf)
	}
	return plaintext, ok, err
}

// DecryptInPlace is Decrypt into the memory of the ciphertext, which is as it
// was unless ok is true.
func (s *Scheme) DecryptInPlace(ciphertext, password []byte, valid func(plaintext []byte) bool) (plaintext []byte, ok bool, err error) {
	return s.decrypt(ciphertext, ciphertext, password, valid)
}

func (s *Scheme) decrypt(buf, ciphertext, password []byte, valid func(plaintext []byte) bool) (plaintext []byte, ok bool, err error) {
	if c := s.suite.cipher; c != nil && (len(ciphertext) == 0 || len(ciphertext)%c.size != 0) {
		return nil, false, ErrBlocks
	}
	inPlace := len(buf) > 0 && &buf[0] == &ciphertext[0]
	ok = s.eachKey(password, func(key, iv []byte) bool {
		if s.suite.cipher == nil {
			stream, _ := rc4.NewCipher(key)
			stream.XORKeyStream(buf, ciphertext)
			if plaintext = buf; valid(plaintext) {
				return true
			}
			if inPlace {
				stream, _ = rc4.NewCipher(key)
				stream.XORKeyStream(buf, buf)
			}
			return false
		}
		block, err := s.suite.cipher.new(key, 8*len(key))
		if err != nil {
			return false
		}
		pad, ok := padding(block, iv, ciphertext)
		if !ok {
			return false
		}
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(buf, ciphertext)
		end := len(buf) - pad
		if plaintext = buf[:end:end]; valid(plaintext) {
			return true
		}
		if inPlace {
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(buf, buf)
		}
		return false
	})
	if !ok {
		return nil, false, nil
	}
	return plaintext, true, nil
}

// padding decrypts only the last block, and returns how much of it is the
// padding of RFC 8018 section 6.1.1: n bytes of value n.
func padding(block cipher.Block, iv, ciphertext []byte) (n int, ok bool) {
	size := block.BlockSize()
	at := len(ciphertext) - size
	if at > 0 {
		iv = ciphertext[at-size : at]
	}
	last := make([]byte, size)
	defer entry.Wipe(last)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(last, ciphertext[at:])
	n = int(last[size-1])
	if n == 0 || n > size {
		return 0, false
	}
	for _, b := range last[size-n:] {
		if int(b) != n {
			return 0, false
		}
	}
	return n, true
}

// Encrypt encrypts plaintext in its own memory, which it extends by the
// padding, and returns it. The error is ErrForbidden.
func (s *Scheme) Encrypt(plaintext, password []byte) ([]byte, error) {
	done := s.eachKey(password, func(key, iv []byte) bool {
		if s.suite.cipher == nil {
			stream, _ := rc4.NewCipher(key)
			stream.XORKeyStream(plaintext, plaintext)
			return true
		}
		block, err := s.suite.cipher.new(key, 8*len(key))
		if err != nil {
			return false
		}
		pad := block.BlockSize() - len(plaintext)%block.BlockSize()
		for range pad {
			plaintext = append(plaintext, byte(pad))
		}
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(plaintext, plaintext)
		return true
	})
	if !done {
		return nil, ErrForbidden
	}
	return plaintext, nil
}

// Remember has s look for its key in keys, and put it there when it has
// derived it and found it right.
func (s *Scheme) Remember(keys *Keys) { s.keys = keys }

// Prepare derives the key from the password for keys that s remembers.
func (s *Scheme) Prepare(password []byte) {
	s.eachKey(password, func(_, _ []byte) bool { return true })
}

// eachKey hands key and vector to try: those that are remembered, those that
// derive makes of the password.
func (s *Scheme) eachKey(password []byte, try func(key, iv []byte) bool) bool {
	if s.keys == nil {
		return s.derive(password, try)
	}
	id, size := string(s.Algorithm()), s.suite.keySize
	if known := s.keys.get(id); known != nil && try(known[:size], known[size:]) {
		return true
	}
	return s.derive(password, func(key, iv []byte) bool {
		if !try(key, iv) {
			return false
		}
		s.keys.put(id, key, iv)
		return true
	})
}

// derive derives key and vector from the password and hands them to try,
// and again for the other form of an empty password while try returns false.
func (s *Scheme) derive(password []byte, try func(key, iv []byte) bool) bool {
	once := func(key, iv []byte) bool {
		defer entry.Wipe(key)
		return key != nil && try(key, iv)
	}
	switch s.suite.family {
	case pbes1:
		// PBKDF1 (RFC 8018 section 5.1): a key of 8 bytes, a vector of 8.
		h := s.suite.hash()
		h.Write(password)
		h.Write(s.salt)
		dk := h.Sum(nil)
		for range s.iterations - 1 {
			h.Reset()
			h.Write(dk)
			dk = h.Sum(dk[:0])
		}
		return once(dk[:8:8], dk[8:16])
	case pbes2:
		kdf := pbkdf2Params{prf: s.prf, salt: s.salt, iterations: s.iterations, keySize: s.suite.keySize}
		return once(kdf.derive(password), s.iv)
	}
	return EachPassword(password, func(bmp []byte) bool {
		var iv []byte
		if s.suite.cipher != nil {
			iv = DeriveKey(SHA1, bmp, s.salt, s.iterations, ForIV, s.suite.cipher.size)
		}
		return once(DeriveKey(SHA1, bmp, s.salt, s.iterations, ForKey, s.suite.keySize), iv)
	})
}

func (s *Scheme) checkIterations() error {
	if s.iterations < 1 {
		return damaged("iteration count below 1")
	}
	return nil
}

// pbkdf2Params are the parameters of PBKDF2 (RFC 8018 appendix A.2).
type pbkdf2Params struct {
	prf        *Hash
	salt       []byte
	iterations int
	keySize    int // 0 when the file does not say
	loose      bool
}

// parsePBKDF2 reads the content of an AlgorithmIdentifier of PBKDF2.
func parsePBKDF2(algorithm cryptobyte.String) (p pbkdf2Params, err error) {
	var oid, params, prf, prfOID cryptobyte.String
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return p, damaged("key derivation malformed")
	}
	if string(oid) != oidPBKDF2 {
		return p, unsupported("key derivation " + OIDString(oid))
	}
	if !algorithm.ReadASN1(&params, asn1.SEQUENCE) {
		return p, damaged("parameters of PBKDF2 malformed")
	}
	if params.PeekASN1Tag(asn1.SEQUENCE) {
		return p, unsupported("PBKDF2 with a salt from elsewhere")
	}
	ok := params.ReadASN1Bytes(&p.salt, asn1.OCTET_STRING) &&
		readCount(&params, &p.iterations) &&
		(!params.PeekASN1Tag(asn1.INTEGER) || readCount(&params, &p.keySize))
	if !ok {
		return p, damaged("parameters of PBKDF2 malformed")
	}
	p.prf = SHA1
	if params.PeekASN1Tag(asn1.SEQUENCE) {
		if !params.ReadASN1(&prf, asn1.SEQUENCE) || !prf.ReadASN1(&prfOID, asn1.OBJECT_IDENTIFIER) {
			return p, damaged("parameters of PBKDF2 malformed")
		}
		if p.prf = HashByHMAC(prfOID); p.prf == nil {
			return p, unsupported("pseudo-random function " + OIDString(prfOID))
		}
		prf.SkipOptionalASN1(asn1.NULL)
		p.loose = !prf.Empty()
	}
	if p.iterations < 1 {
		return p, damaged("iteration count below 1")
	}
	return p, nil
}

// algorithm returns the AlgorithmIdentifier in DER, as Java writes it: with
// the key length and the PRF, also where that is the default.
func (p pbkdf2Params) algorithm() []byte {
	prf := ber.TLV(0x30, oidTLV(p.prf.HMACOID), null)
	return ber.TLV(0x30, oidTLV(oidPBKDF2), ber.TLV(0x30,
		ber.TLV(0x04, p.salt), ber.Integer(p.iterations), ber.Integer(p.keySize), prf))
}

// derive returns nil where Go refuses to derive a key, which is in processes
// under strict FIPS 140 rules.
func (p pbkdf2Params) derive(password []byte) []byte {
	key, err := pbkdf2.Key(p.prf.New, string(password), p.salt, p.iterations, p.keySize)
	if err != nil {
		return nil
	}
	return key
}

// readCount reads an INTEGER. One below zero becomes -1, one that int cannot
// hold becomes math.MaxInt.
func readCount(s *cryptobyte.String, n *int) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.INTEGER) || len(content) == 0 {
		return false
	}
	*n = 0
	if content[0]&0x80 != 0 {
		*n = -1
		return true
	}
	for _, b := range content {
		if *n > math.MaxInt>>8 {
			*n = math.MaxInt
			return true
		}
		*n = *n<<8 | int(b)
	}
	return true
}

var null = []byte{0x05, 0x00}

func oidTLV(content string) []byte { return ber.TLV(0x06, []byte(content)) }

// OIDString writes an object identifier's content octets in dotted form.
func OIDString(content []byte) string {
	var b strings.Builder
	arc, first := uint64(0), true
	for _, c := range content {
		if arc > math.MaxUint64>>7 {
			return fmt.Sprintf("%x", content)
		}
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(arc/40, 2)
			fmt.Fprintf(&b, "%d.%d", top, arc-40*top)
			first = false
		} else {
			fmt.Fprintf(&b, ".%d", arc)
		}
		arc = 0
	}
	return b.String()
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func damaged(what string) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: "PKCS12", Offset: -1, What: what}
}

func unsupported(what string) error {
	return &entry.FormatError{Kind: entry.ErrUnsupported, Format: "PKCS12", Offset: -1, What: what + " is not supported"}
}
