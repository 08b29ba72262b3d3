// Package jks reads and writes JKS, the keystore format of Sun's Java.
package jks

import (
	"errors"

	"gokeytool/store/entry"
)

// Decode reads a JKS file. With a nil password its integrity is not checked.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	return nil, errors.ErrUnsupported
}

// Encode writes a JKS file, sealed with the password.
func Encode(f *entry.File, password []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Seal protects a private key with a password.
func Seal(key entry.Key, password []byte, f *entry.File) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Unseal opens a protected private key.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	return entry.Key{}, errors.ErrUnsupported
}
