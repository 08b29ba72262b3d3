package jks

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/asn1"
	"fmt"
	"unicode/utf8"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/jksfile"
)

// oidKeyProtector is JavaSoft's key protection algorithm: the key is XORed
// with a chain of SHA-1 hashes that starts from a salt, and followed by a
// SHA-1 of password and key.
var oidKeyProtector = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 17, 1, 1}

const saltSize = 20

// Seal protects a private key as Java's JKS does. The file is not looked at:
// the algorithm has no parameters.
func Seal(key entry.Key, password []byte, _ *entry.File) ([]byte, error) {
	if len(key.PKCS8) == 0 {
		return nil, fmt.Errorf("JKS: only private keys can be stored: %w", entry.ErrUnsupported)
	}
	if password == nil {
		return nil, fmt.Errorf("JKS: a key cannot be protected %w", entry.ErrNoPassword)
	}
	if narrow, ok := latin1(password); ok {
		defer entry.Wipe(narrow)
		return sealLatin1(key.PKCS8, narrow)
	}
	return sealWide(key.PKCS8, password)
}

// Unseal opens a private key that JKS protected. The error is entry.ErrPassword
// if the password is wrong, entry.ErrUnsupported if the key is protected
// otherwise, entry.ErrDamaged if its structure is broken.
func Unseal(e *entry.Entry, password []byte, _ entry.Limits) (entry.Key, error) {
	if e.Kind != entry.PrivateKey {
		return entry.Key{}, fmt.Errorf("JKS: a %v has no private key: %w", e.Kind, entry.ErrUnsupported)
	}
	protected, err := parse(e.Sealed)
	if err != nil {
		return entry.Key{}, err
	}
	var plain []byte
	if narrow, ok := latin1(password); ok {
		defer entry.Wipe(narrow)
		plain, err = unsealLatin1(e.Sealed, narrow)
	} else {
		plain, err = unsealWide(protected, password)
	}
	if err != nil {
		return entry.Key{}, fmt.Errorf("JKS: private key: %w", err)
	}
	return entry.Key{PKCS8: plain}, nil
}

// parse returns the salt, key and hash in a sealed key, which is
//
//	EncryptedPrivateKeyInfo ::= SEQUENCE {
//	  encryptionAlgorithm  AlgorithmIdentifier,
//	  encryptedData        OCTET STRING }          -- PKCS #8, RFC 5208
func parse(sealed []byte) (protected []byte, err error) {
	damaged := func(what string) error {
		return &entry.FormatError{Kind: entry.ErrDamaged, Format: "JKS", Offset: -1, What: "protected key: " + what}
	}
	input := cryptobyte.String(sealed)
	var info, algorithm, data cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!info.ReadASN1(&data, cbasn1.OCTET_STRING) || !info.Empty() {
		return nil, damaged("not an EncryptedPrivateKeyInfo")
	}
	if !oid.Equal(oidKeyProtector) {
		return nil, &entry.FormatError{Kind: entry.ErrUnsupported, Format: "JKS", Offset: -1,
			What: fmt.Sprintf("protected key: algorithm %v", oid)}
	}
	if len(data) < saltSize+sha1.Size {
		return nil, damaged(fmt.Sprintf("%d bytes are too few for salt and hash", len(data)))
	}
	return data, nil
}

// latin1 returns the password with one byte a character, which keystore-go
// widens to the two of Java's; ok is false if a character needs both.
func latin1(password []byte) (narrow []byte, ok bool) {
	narrow = make([]byte, 0, len(password))
	if !utf8.Valid(password) {
		return append(narrow, password...), true
	}
	for len(password) > 0 {
		r, size := utf8.DecodeRune(password)
		if r > 0xFF {
			entry.Wipe(narrow)
			return nil, false
		}
		narrow = append(narrow, byte(r))
		password = password[size:]
	}
	return narrow, true
}

// The files of one entry that carry a key to keystore-go and back have this
// alias and an empty password of their own.
const alias = "key"

var noPassword = []byte{}

func sealLatin1(plain, password []byte) ([]byte, error) {
	ks := keystore.New()
	if err := ks.SetPrivateKeyEntry(alias, keystore.PrivateKeyEntry{PrivateKey: plain}, password); err != nil {
		return nil, fmt.Errorf("JKS: %w", err)
	}
	var file bytes.Buffer
	if err := ks.Store(&file, noPassword); err != nil {
		return nil, fmt.Errorf("JKS: %w", err)
	}
	f, err := format.Decode(file.Bytes(), nil, entry.DefaultLimits)
	if err != nil {
		return nil, err
	}
	return f.Entries[0].Sealed, nil
}

// unsealLatin1 opens a key that parse has found whole; all that is left to
// fail is the password.
func unsealLatin1(sealed, password []byte) ([]byte, error) {
	file, err := format.Encode(&entry.File{Entries: []*entry.Entry{
		{Alias: alias, Kind: entry.PrivateKey, Sealed: sealed},
	}}, noPassword)
	if err != nil {
		return nil, err
	}
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(file), noPassword); err != nil {
		return nil, err
	}
	e, err := ks.GetPrivateKeyEntry(alias, password)
	if err != nil {
		return nil, entry.ErrPassword
	}
	return e.PrivateKey, nil
}

func sealWide(plain, password []byte) ([]byte, error) {
	secret := jksfile.UTF16(password)
	defer entry.Wipe(secret)
	protected := make([]byte, saltSize, saltSize+len(plain)+sha1.Size)
	rand.Read(protected)
	protected = append(protected, plain...)
	applyKeystream(protected[saltSize:], protected[:saltSize], secret)
	sum := keyHash(secret, plain)
	protected = append(protected, sum[:]...)

	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidKeyProtector)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(protected)
	})
	return b.Bytes()
}

func unsealWide(protected, password []byte) ([]byte, error) {
	secret := jksfile.UTF16(password)
	defer entry.Wipe(secret)
	end := len(protected) - sha1.Size
	plain := bytes.Clone(protected[saltSize:end])
	applyKeystream(plain, protected[:saltSize], secret)
	sum := keyHash(secret, plain)
	if subtle.ConstantTimeCompare(sum[:], protected[end:]) != 1 {
		entry.Wipe(plain)
		return nil, entry.ErrPassword
	}
	return plain, nil
}

// applyKeystream XORs data with SHA-1(secret, salt), then with
// SHA-1(secret, the hash before), and so on.
func applyKeystream(data, salt, secret []byte) {
	h := sha1.New()
	block := bytes.Clone(salt)
	for len(data) > 0 {
		h.Reset()
		h.Write(secret)
		h.Write(block)
		block = h.Sum(block[:0])
		data = data[subtle.XORBytes(data, data, block):]
	}
	entry.Wipe(block)
}

func keyHash(secret, plain []byte) [sha1.Size]byte {
	h := sha1.New()
	h.Write(secret)
	h.Write(plain)
	return [sha1.Size]byte(h.Sum(nil))
}
