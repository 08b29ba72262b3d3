package store

import (
	"errors"
	"fmt"
	"io/fs"

	"gokeytool/store/entry"
)

// NoEntryError says that there is no entry of that alias.
type NoEntryError struct{ Alias string }

func (e *NoEntryError) Error() string { return fmt.Sprintf("alias %q does not exist", e.Alias) }

// EntryExistsError says that there is an entry of that alias already.
type EntryExistsError struct{ Alias string }

func (e *EntryExistsError) Error() string { return fmt.Sprintf("alias %q already exists", e.Alias) }

// AmbiguousAliasError says that several entries of a PKCS12 file have one alias,
// and that after a change Java would see another of them than before.
type AmbiguousAliasError struct{ Alias string }

func (e *AmbiguousAliasError) Error() string {
	return fmt.Sprintf("several entries have the alias %q, and with this change Java would see another of them: delete or rename %[1]q first", e.Alias)
}

// KindError says that the entry of that alias is of another kind than the one
// that was needed.
type KindError struct {
	Alias string
	Kind  entry.Kind // what the entry is
	Want  entry.Kind // what was needed
}

func (e *KindError) Error() string {
	return fmt.Sprintf("alias %q is a %s, not a %s", e.Alias, e.Kind, e.Want)
}

// NoSecretKeysError says that a format holds no secret keys.
type NoSecretKeysError struct{ Type Type }

func (e *NoSecretKeysError) Error() string {
	return fmt.Sprintf("a %s keystore cannot hold secret keys: use PKCS12 or JCEKS", e.Type)
}

// Is makes errors.Is(err, entry.ErrUnsupported) hold.
func (e *NoSecretKeysError) Is(target error) bool { return target == entry.ErrUnsupported }

// OpenError says which file did not open as a keystore.
type OpenError struct {
	Path string
	Type Type // the format found in the file; empty where it is none that is read
	Err  error

	options Options     // how it was to be opened
	data    []byte      // the file
	near    *entry.Work // what is spent on NearMiss; nil before
}

func (e *OpenError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

func (e *OpenError) Unwrap() error { return e.Err }

// Wrapped returns what the file holds in wrappings; see the function Unwrap.
func (e *OpenError) Wrapped() []Wrapped { return Unwrap(e.data) }

// KeyError says which key did not open.
type KeyError struct {
	Path  string // of the file, where it asks for too much; else empty
	Alias string
	Type  Type
	Err   error
}

func (e *KeyError) Error() string {
	if e.Path != "" {
		return fmt.Sprintf("%s: key %q: %v", e.Path, e.Alias, e.Err)
	}
	return fmt.Sprintf("key %q: %v", e.Alias, e.Err)
}

func (e *KeyError) Unwrap() error { return e.Err }

// inFile is what an error begins with that names the file, if there is one.
func inFile(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// NoKeyError says that there is no private key in a keystore.
type NoKeyError struct{ Path string } // the file; empty for none

func (e *NoKeyError) Error() string { return inFile(e.Path) + "there is no private key" }

// TLSError says which entry crypto/tls cannot use.
type TLSError struct {
	Path  string // of the file; empty for none
	Alias string
	Err   error // of crypto/x509, or what else is wrong; perhaps entry.ErrUnsupported
}

func (e *TLSError) Error() string { return fmt.Sprintf("%s%q: %v", inFile(e.Path), e.Alias, e.Err) }

func (e *TLSError) Unwrap() error { return e.Err }

// SaveError says which file was not saved. It is as it was before; but if it was
// written in place and the disk failed while that was done, the error says so.
type SaveError struct {
	Path string
	Err  error // an *fs.PathError, or an error of the codec
}

func (e *SaveError) Error() string {
	if pe, ok := errors.AsType[*fs.PathError](e.Err); ok {
		return fmt.Sprintf("save %s: %v", e.Path, pe.Err)
	}
	return fmt.Sprintf("save %s: %v", e.Path, e.Err)
}

func (e *SaveError) Unwrap() error { return e.Err }
