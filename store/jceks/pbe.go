package jceks

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"math"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
)

const saltSize = 8

// parameters are those of PBEWithMD5AndTripleDES:
//
//	PBEParameter ::= SEQUENCE {          -- PKCS #5, RFC 8018 appendix A.3
//	  salt            OCTET STRING (SIZE(8)),
//	  iterationCount  INTEGER }
type parameters struct {
	salt       [saltSize]byte
	iterations int
}

func newParameters(iterations int) parameters {
	p := parameters{iterations: iterations}
	for p.halvesEqual() { // as they are at first, and else once in four thousand million times
		rand.Read(p.salt[:])
	}
	return p
}

func (p parameters) halvesEqual() bool { return bytes.Equal(p.salt[:4], p.salt[4:]) }

func (p parameters) add(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(p.salt[:])
		b.AddASN1Int64(int64(p.iterations))
	})
}

// readParameters reads the parameters at the start of input.
func readParameters(input *cryptobyte.String) (parameters, error) {
	var params, salt cryptobyte.String
	var p parameters
	var iterations int64
	if !input.ReadASN1(&params, cbasn1.SEQUENCE) || !params.ReadASN1(&salt, cbasn1.OCTET_STRING) ||
		!params.ReadASN1Integer(&iterations) || !params.Empty() {
		return p, damaged("malformed encryption parameters")
	}
	if len(salt) != saltSize || iterations < 1 {
		return p, damaged(fmt.Sprintf("%d bytes of salt, %d iterations", len(salt), iterations))
	}
	copy(p.salt[:], salt)
	p.iterations = int(min(iterations, math.MaxInt))
	return p, nil
}

func damaged(what string) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: "JCEKS", Offset: -1, What: "protected key: " + what}
}

// encrypt encrypts with PBEWithMD5AndTripleDES and PKCS #5 padding.
func (p parameters) encrypt(plain, password []byte) []byte {
	padding := des.BlockSize - len(plain)%des.BlockSize
	out := make([]byte, 0, len(plain)+padding)
	out = append(out, plain...)
	out = append(out, bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, iv := p.cipher(p.salt, password)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

// decrypt returns what encrypt was given. The content is accepted only if
// looksRight; else the error is entry.ErrPassword. It is entry.ErrLimit where
// the derivation of the key is beyond lim.
func (p parameters) decrypt(data, password []byte, lim entry.Limits, looksRight func([]byte) bool) ([]byte, error) {
	if len(data) == 0 || len(data)%des.BlockSize != 0 {
		return nil, damaged(fmt.Sprintf("%d bytes are no whole number of blocks", len(data)))
	}
	salts := [][saltSize]byte{p.salt}
	if p.halvesEqual() {
		salts = p.inverted()
	}
	if err := lim.Derive("JCEKS", "key", p.iterations); err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	for _, salt := range salts {
		block, iv := p.cipher(salt, password)
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
		n := len(plain) - int(plain[len(plain)-1])
		if n >= len(plain)-des.BlockSize && n < len(plain) &&
			bytes.Count(plain[n:], plain[n:n+1]) == len(plain)-n && looksRight(plain[:n]) {
			return plain[:n], nil
		}
	}
	entry.Wipe(plain)
	return nil, entry.ErrPassword
}

// inverted returns the salts that may be meant by one whose halves are the
// same. Sun's code inverts the first half then: JDK 17 and 25 turn around its
// bytes, older releases by a slip of the pen make of a b c d not d c b a but
// d a b d.
func (p parameters) inverted() [][saltSize]byte {
	turned, slipped := p.salt, p.salt
	a, b, c, d := p.salt[0], p.salt[1], p.salt[2], p.salt[3]
	copy(turned[:], []byte{d, c, b, a})
	copy(slipped[:], []byte{d, a, b, d})
	return [][saltSize]byte{turned, slipped}
}

// cipher derives key and initialisation vector: MD5 over one half of the salt
// and the password, then again and again over the hash and the password; that
// of the first half and half of that of the other make the key, the rest the
// vector.
func (p parameters) cipher(salt [saltSize]byte, password []byte) (block cipher.Block, iv []byte) {
	var derived [2 * md5.Size]byte
	defer entry.Wipe(derived[:24])
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			buf := make([]byte, md5.Size+len(password))
			defer entry.Wipe(buf)
			copy(buf[md5.Size:], password)
			first := buf[md5.Size-saltSize/2:]
			copy(first, salt[i*saltSize/2:][:saltSize/2])
			sum := md5.Sum(first)
			for range p.iterations - 1 {
				copy(buf, sum[:])
				sum = md5.Sum(buf)
			}
			copy(derived[i*md5.Size:], sum[:])
		})
	}
	both.Wait()
	block, err := des.NewTripleDESCipher(derived[:24])
	if err != nil {
		panic(err) // 24 bytes are always a key
	}
	return block, bytes.Clone(derived[24:])
}

// oidKeyProtector is JavaSoft's PBEWithMD5AndTripleDES as it protects keys.
var oidKeyProtector = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 19, 1}

// errOtherProtector is what unsealPrivate returns if a key is not under
// PBEWithMD5AndTripleDES.
var errOtherProtector = errors.New("other key protection algorithm")

func sealPrivate(pkcs8, password []byte, iterations int) ([]byte, error) {
	p := newParameters(iterations)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidKeyProtector)
			p.add(b)
		})
		b.AddASN1OctetString(p.encrypt(pkcs8, password))
	})
	return b.Bytes()
}

// unsealPrivate opens an EncryptedPrivateKeyInfo (PKCS #8, RFC 5208).
func unsealPrivate(sealed, password []byte, lim entry.Limits) (entry.Key, error) {
	p, data, err := splitPrivate(sealed)
	if err != nil {
		return entry.Key{}, err
	}
	plain, err := p.decrypt(data, password, lim, isPrivateKeyInfo)
	if err != nil {
		return entry.Key{}, fmt.Errorf("JCEKS: private key: %w", err)
	}
	return entry.Key{PKCS8: plain}, nil
}

func splitPrivate(sealed []byte) (p parameters, data cryptobyte.String, err error) {
	input := cryptobyte.String(sealed)
	var info, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!info.ReadASN1(&data, cbasn1.OCTET_STRING) || !info.Empty() {
		return p, nil, damaged("not an EncryptedPrivateKeyInfo")
	}
	if !oid.Equal(oidKeyProtector) {
		return p, nil, errOtherProtector
	}
	if p, err = readParameters(&algorithm); err == nil && !algorithm.Empty() {
		err = damaged("malformed encryption parameters")
	}
	return p, data, err
}

// isPrivateKeyInfo tells a private key from what a wrong password makes of it.
func isPrivateKeyInfo(der []byte) bool {
	input := cryptobyte.String(der)
	var info cryptobyte.String
	return input.ReadASN1(&info, cbasn1.SEQUENCE) && input.Empty() &&
		info.SkipASN1(cbasn1.INTEGER) && info.SkipASN1(cbasn1.SEQUENCE) && info.SkipASN1(cbasn1.OCTET_STRING)
}
