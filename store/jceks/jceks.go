// Package jceks reads and writes JCEKS, the keystore format of Sun's JCE provider.
package jceks

import (
	"errors"

	"gokeytool/store/entry"
)

// Decode reads a JCEKS file. With a nil password its integrity is not checked.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	return nil, errors.ErrUnsupported
}

// Encode writes a JCEKS file, sealed with the password.
func Encode(f *entry.File, password []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Seal protects a private or secret key with a password.
func Seal(key entry.Key, password []byte, f *entry.File) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Unseal opens a protected private or secret key.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	return entry.Key{}, errors.ErrUnsupported
}
