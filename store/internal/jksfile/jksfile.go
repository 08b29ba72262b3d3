// Package jksfile reads and writes the container that Java's JKS and JCEKS
// keystores share; they differ in their magic number and in that JCEKS knows
// secret keys. All numbers are big-endian, all strings modified UTF-8 behind a
// 16-bit length in bytes:
//
//	magic, version (1 or 2), number of entries: 32 bits each
//	per entry:
//	  tag (1 private key, 2 trusted certificate, 3 secret key): 32 bits
//	  alias: string
//	  creation time, milliseconds since 1970: 64 bits
//	  private key: length, protected key, number of certificates, certificates
//	  trusted certificate: one certificate
//	  secret key: a Java serialization stream, of which only its own
//	    structure says where it ends
//	SHA-1 over password in UTF-16BE, "Mighty Aphrodite", all the above
//
// A certificate is its type (a string; absent in version 1, which has only
// X.509), its length and its bytes.
//
// As in Java, what follows the digest is ignored, and without a password the
// digest need not even be there. Unlike Java, negative counts are refused
// rather than taken for zero.
package jksfile

import (
	"crypto/sha1"
	"crypto/subtle"
	"unicode/utf16"
	"unicode/utf8"

	"gokeytool/store/entry"
)

// Both versions are read, the second is written.
const (
	version1 = 1
	version2 = 2
)

// What an entry begins with.
const (
	tagPrivateKey         = 1
	tagTrustedCertificate = 2
	tagSecretKey          = 3
)

// Format is JKS or JCEKS.
type Format struct {
	Name  string
	Magic uint32
	// Accept is a second magic number that is read, if not zero.
	Accept uint32
	// SecretKey returns how many bytes the serialised object at the start
	// of data takes. It is nil for a format without secret keys. Errors
	// are *entry.FormatError with the offset counted in data.
	SecretKey func(data []byte, lim entry.Limits) (int, error)
}

// original is the Origin of an entry read from a version 2 file: all its
// bytes there, which may differ from what Encode would make of the same entry
// where an alias is oddly encoded.
type original struct{ bytes []byte }

// digest is the integrity check of a file.
func digest(password, body []byte) [sha1.Size]byte {
	secret := UTF16(password)
	defer entry.Wipe(secret)
	h := sha1.New()
	h.Write(secret)
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(body)
	return [sha1.Size]byte(h.Sum(nil))
}

func verify(password, body, want []byte) bool {
	got := digest(password, body)
	return subtle.ConstantTimeCompare(got[:], want) == 1
}

// UTF16 returns a password as Java's characters, high byte first. A password
// that is not UTF-8 is taken for Latin-1. The caller wipes the result.
func UTF16(password []byte) []byte {
	// UTF-16 takes at most two bytes for one of UTF-8: no secret is left
	// behind by a growing slice.
	out := make([]byte, 0, 2*len(password))
	if !utf8.Valid(password) {
		for _, c := range password {
			out = append(out, 0, c)
		}
		return out
	}
	for len(password) > 0 {
		r, size := utf8.DecodeRune(password)
		password = password[size:]
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			out = append(out, byte(high>>8), byte(high), byte(low>>8), byte(low))
		} else {
			out = append(out, byte(r>>8), byte(r))
		}
	}
	return out
}
