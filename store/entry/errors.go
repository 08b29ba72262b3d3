package entry

import (
	"errors"
	"fmt"
)

// The ways in which a keystore can fail to open, told apart with errors.Is.
// Codecs wrap them with what they know.
var (
	// ErrPassword: the integrity check or a decryption failed while the
	// structure is whole; the password is wrong or the content was changed.
	ErrPassword = errors.New("password incorrect")
	// ErrNoPassword: there is no password to protect a key or a file with.
	ErrNoPassword = errors.New("without a password")
	// ErrDamaged: the bytes are not a well-formed file of the format.
	ErrDamaged = errors.New("damaged file")
	// ErrUnsupported: well-formed, but using what this program cannot do.
	ErrUnsupported = errors.New("unsupported")
	// ErrHeld: the key stays in its token, and can't be stored elsewhere.
	ErrHeld = errors.New("the key never leaves its token")
	// ErrLimit: a size, count or iteration number beyond Limits.
	ErrLimit = errors.New("limit exceeded")
)

// FormatError is an ErrDamaged, ErrUnsupported or ErrLimit with its place.
type FormatError struct {
	Kind   error  // ErrDamaged, ErrUnsupported or ErrLimit
	Format string // "JKS", "PKCS12", ...
	Offset int    // byte offset in the file; -1 if not known
	What   string // what is wrong, in a few words
	// Enough is the Limits.MaxIterations that would do, where that is what is
	// wrong; 0 else.
	Enough int
}

func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s", e.Format, e.What)
	}
	return fmt.Sprintf("%s: %s at offset %d", e.Format, e.What, e.Offset)
}

// Unwrap makes errors.Is(err, e.Kind) hold.
func (e *FormatError) Unwrap() error { return e.Kind }
