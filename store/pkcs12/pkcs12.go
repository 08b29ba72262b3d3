// Package pkcs12 reads and writes PKCS #12 files (RFC 7292) as Java does.
package pkcs12

import (
	"errors"

	"gokeytool/store/entry"
)

// Decode reads a PKCS12 file. With a nil password its integrity is not
// checked, and what is encrypted stays unread.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	return nil, errors.ErrUnsupported
}

// Encode writes a PKCS12 file, protected with the password.
func Encode(f *entry.File, password []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Seal protects a private key, a secret key or a password for f.
func Seal(key entry.Key, password []byte, f *entry.File) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Unseal opens the key of an entry.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	return entry.Key{}, errors.ErrUnsupported
}

// Untrusted returns the certificates of f that Java does not list: those that
// stand in no entry, because they carry no trust mark and complete no chain.
func Untrusted(f *entry.File) []entry.Certificate { return nil }
