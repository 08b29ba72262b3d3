// Package entry holds what a keystore consists of: entries, certificates and
// keys, as the codecs read and write them. It is the leaf that the codecs and
// package store share; it knows no format.
//
// Secrets (passwords, keys) are byte slices owned by the caller, who wipes
// them with Wipe when done. A password is UTF-8 text; each codec makes of it
// the bytes that its format needs. A nil password means that none was given
// (integrity is then not checked); an empty one is the empty password.
package entry

import (
	"crypto"
	"time"
)

// Kind says what an entry holds.
type Kind uint8

// The kinds of entry that Java's KeyStore knows.
const (
	PrivateKey         Kind = iota + 1 // a private key and its certificate chain
	TrustedCertificate                 // one certificate, trusted by the owner
	SecretKey                          // a symmetric key or a password
)

// String returns Java's name of the kind, as keytool -list prints it.
func (k Kind) String() string {
	switch k {
	case PrivateKey:
		return "PrivateKeyEntry"
	case TrustedCertificate:
		return "trustedCertEntry"
	case SecretKey:
		return "SecretKeyEntry"
	}
	return "UnknownEntry"
}

// Certificate is a certificate as a keystore holds it: opaque bytes. It may be
// one that crypto/x509 refuses; a keystore carries it too.
type Certificate struct {
	Type string // TypeX509 but in odd JKS files
	DER  []byte
}

// TypeX509 is the type that Java gives to X.509 certificates.
const TypeX509 = "X.509"

// X509 returns an X.509 certificate, whose DER is not looked at.
func X509(der []byte) Certificate { return Certificate{Type: TypeX509, DER: der} }

// Entry is one entry of a keystore, as it stands in the file.
type Entry struct {
	// Alias is the name as it is written in the file. How aliases compare
	// is a rule of the store (Java folds to lower case), not of the entry.
	Alias string
	// Created is when the entry was made, to the millisecond; zero where
	// the file does not say.
	Created time.Time
	Kind    Kind
	// Chain is leaf first for a private key (possibly empty), exactly one
	// certificate for a trusted certificate, empty for a secret key.
	Chain []Certificate
	// Sealed is the protected key as stored, to be opened by the codec that
	// read it: a PKCS#8 EncryptedPrivateKeyInfo in DER for private keys in
	// JKS, JCEKS and PKCS12 (their algorithm identifiers differ); a
	// serialised SealedObject for JCEKS secret keys; the codec says what for
	// others.
	Sealed []byte
	// Origin is the codec's own note of how the entry stood in the file
	// (attributes, bags, bytes), so that an untouched entry is written back
	// as it was. Whoever changes an entry replaces it by a new one without
	// Origin, unless the codec's documentation says otherwise.
	Origin any
}

// Key is an opened key.
type Key struct {
	// PKCS8 is the PrivateKeyInfo of a private key in DER; nil for a secret key, and
	// where Signer is set.
	PKCS8 []byte
	// Signer is a private key that can be used only where it is, in a PKCS #11 token.
	Signer crypto.Signer
	// Algorithm and Raw are a secret key's algorithm by its Java name
	// ("AES", "DESede", "HmacSHA256", "PBEWithMD5AndDES") and its bytes.
	Algorithm string
	Raw       []byte
}

// Secret says whether it is a secret key.
func (k Key) Secret() bool { return k.PKCS8 == nil && k.Signer == nil }

// Wipe overwrites the key's secret bytes.
func (k Key) Wipe() {
	Wipe(k.PKCS8)
	Wipe(k.Raw)
}

// Wipe overwrites a secret.
func Wipe(secret []byte) { clear(secret) }

// File is a decoded keystore file.
type File struct {
	Entries []*Entry // in file order
	// Verified says that the integrity of the whole file was checked with
	// the password.
	Verified bool
	// Origin is the codec's own note of file-wide matters (MAC and
	// encryption parameters, unknown bags); nil for a new file.
	Origin any
}
