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
	// Extract returns the key of an entry with its bytes, for another place. Where the
	// device does not give them out the error is entry.ErrHeld.
	Extract(e *entry.Entry) (entry.Key, error)
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

// Device is the device of OpenDevice; nil for a keystore that is a file.
func (s *Store) Device() Device { return s.device }

// Extract returns the key of an entry of a device with its bytes, for another place. The
// error is entry.ErrHeld where the device does not give them out, and for a file, whose
// keys KeyOf opens.
func (s *Store) Extract(e *entry.Entry) (entry.Key, error) {
	if s.device == nil {
		return entry.Key{}, entry.ErrHeld
	}
	return s.device.Extract(e)
}

// apply is write for a device.
func (s *Store) apply() error {
	if err := s.device.Apply(s.Entries()); err != nil {
		return &SaveError{Path: s.path, Err: err}
	}
	return nil
}

var errNoFile = errors.New("a token is no file")
