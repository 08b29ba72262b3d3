package store

import (
	"fmt"

	"gokeytool/store/entry"
)

// NoEntryError says that there is no entry of that alias.
type NoEntryError struct{ Alias string }

func (e *NoEntryError) Error() string { return fmt.Sprintf("alias %q does not exist", e.Alias) }

// EntryExistsError says that there is an entry of that alias already.
type EntryExistsError struct{ Alias string }

func (e *EntryExistsError) Error() string { return fmt.Sprintf("alias %q already exists", e.Alias) }

// KindError says that the entry of that alias is of another kind than the one
// that was wanted.
type KindError struct {
	Alias string
	Kind  entry.Kind // what the entry is
	Want  entry.Kind // what was wanted
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
	// Declared is the format that the caller asked for, if any. What Java
	// says of a file depends on it.
	Declared Type
	Err      error
}

func (e *OpenError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

func (e *OpenError) Unwrap() error { return e.Err }
