package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Origins are how all certificates came that something is known of, and what keeps
// one of them from being read.
func (d *Dir) Origins() ([]Origin, error) {
	entries, err := os.ReadDir(filepath.Join(d.path, "certificates"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var origins []Origin
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		o, err := readOrigin(filepath.Join(d.path, "certificates", e.Name()))
		if err != nil {
			errs = append(errs, err)
		} else if o != nil {
			origins = append(origins, *o)
		}
	}
	return origins, errors.Join(errs...)
}

// compromised is what is kept of a key that others have.
type compromised struct {
	Revoked time.Time `json:"revoked"` // its certificate
}

func (d *Dir) compromisedFile(spki []byte) string {
	return filepath.Join(d.path, "compromised", digest(spki)+".json")
}

// SetCompromised notes that a key, by its SubjectPublicKeyInfo, is one that others
// have: its certificate was revoked for that.
func (d *Dir) SetCompromised(spki []byte, revoked time.Time) error {
	return write(d.compromisedFile(spki), compromised{revoked.UTC()})
}

// Compromised says since when a key is known to be one that others have; false for
// not. The error is a *FileError or an *fs.PathError.
func (d *Dir) Compromised(spki []byte) (since time.Time, ok bool, err error) {
	var c compromised
	ok, err = read(d.compromisedFile(spki), &c)
	return c.Revoked, ok && err == nil, err
}
