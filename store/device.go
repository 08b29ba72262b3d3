package store

import (
	"errors"

	"gokeytool/store/entry"
)

// Device is what keeps a keystore that is no file, as a PKCS #11 token does.
type Device interface {
	// Entries are those that the device holds, in Java's order.
	Entries() []*entry.Entry
	// Seal notes a key that is to be stored and returns what stands for it in an entry.
	Seal(key entry.Key) (sealed []byte, err error)
	// Unseal returns the key of an entry, which may be one that can be used only where
	// it is.
	Unseal(e *entry.Entry) (entry.Key, error)
	// Apply makes the device hold these entries. An error leaves it as it was.
	Apply(entries []*entry.Entry) error
}

// OpenDevice returns the keystore of a device, of the type PKCS11. It has no password:
// who opened the device has given its PIN. Aliases are compared as they are. Save and
// Create change the device, whatever their path and password are; Bytes is an error.
func OpenDevice(name string, d Device) *Store {
	s := &Store{typ: PKCS11, limits: entry.DefaultLimits, device: d, path: name}
	s.codec = codec{
		seal:   func(key entry.Key, _ []byte, _ *entry.File) ([]byte, error) { return d.Seal(key) },
		unseal: func(e *entry.Entry, _ []byte, _ entry.Limits) (entry.Key, error) { return d.Unseal(e) },
	}
	s.file = &entry.File{Entries: d.Entries(), Verified: true}
	return s
}

// apply is write for a device.
func (s *Store) apply() error {
	if err := s.device.Apply(s.Entries()); err != nil {
		return &SaveError{Path: s.path, Err: err}
	}
	return nil
}

var errNoFile = errors.New("a token is no file")
