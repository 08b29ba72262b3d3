package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gokeytool/internal/atomicfile"
	"gokeytool/store/entry"
)

// Bytes returns the store as a file of its format, its integrity protected by
// the password. What is returned has been decoded again and holds the same; but
// PKCS12 keeps all certificates in one place, and a chain comes back longer
// where the file has an issuer that the entry was stored without.
func (s *Store) Bytes(password []byte) ([]byte, error) {
	data, err := s.codec.encode(s.file, password)
	if err != nil {
		return nil, err
	}
	back, err := s.codec.decode(data, password, s.limits)
	if err != nil {
		return nil, fmt.Errorf("%s: what was encoded does not open: %w", s.typ, err)
	}
	if !sameEntries(s.file.Entries, back.Entries, s.typ == PKCS12) {
		return nil, fmt.Errorf("%s: what was encoded is not what the store holds", s.typ)
	}
	return data, nil
}

// Save writes the store to a file in such a way that at any instant the old or
// the new one is there, whole; see atomicfile.Write. A new file is readable by
// its owner alone. The error is a *SaveError; the file is then as it was.
func (s *Store) Save(path string, password []byte) error {
	data, err := s.Bytes(password)
	if err != nil {
		return &SaveError{Path: path, Err: err}
	}
	err = atomicfile.Write(path, data, 0o600, func(written []byte) error {
		if !bytes.Equal(written, data) {
			return errors.New("what was written reads back differently")
		}
		return nil
	})
	if err != nil {
		return &SaveError{Path: path, Err: err}
	}
	return nil
}

// sameEntries compares what a store holds with what was read back, in whatever
// order the format keeps. Where chains may grow, they may do so at their end.
func sameEntries(want, got []*entry.Entry, grow bool) bool {
	return len(want) == len(got) && slices.EqualFunc(inOrder(want), inOrder(got), func(a, b *entry.Entry) bool {
		chain := b.Chain
		if grow && len(a.Chain) > 0 && len(chain) > len(a.Chain) {
			chain = chain[:len(a.Chain)]
		}
		return a.Alias == b.Alias && a.Kind == b.Kind && bytes.Equal(a.Sealed, b.Sealed) &&
			slices.EqualFunc(a.Chain, chain, func(x, y entry.Certificate) bool { return bytes.Equal(x.DER, y.DER) })
	})
}

func inOrder(entries []*entry.Entry) []*entry.Entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b *entry.Entry) int {
		if c := strings.Compare(a.Alias, b.Alias); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
}
