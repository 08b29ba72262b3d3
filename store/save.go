package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gokeytool/internal/atomicfile"
	"gokeytool/store/entry"
)

// Bytes returns the store as a file of its format, its integrity protected by
// the password. What is returned has been decoded again and holds the same; but
// PKCS12 keeps all certificates in one place, and a chain comes back longer
// where the file has an issuer that the entry was stored without.
//
// A store that was opened with Options.ReadOnly has no Bytes.
func (s *Store) Bytes(password []byte) ([]byte, error) {
	if s.typ.Foreign() {
		return nil, s.typ.notWritten()
	}
	if s.readOnly {
		return nil, errors.New("the keystore was opened to be read only")
	}
	data, back, err := s.codec.both(s.file, password, s.limits)
	if data == nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: what was encoded does not open: %w", s.typ, err)
	}
	if !sameEntries(s.file.Entries, back.Entries, s.typ == PKCS12) {
		return nil, fmt.Errorf("%s: what was encoded is not what the store holds", s.typ)
	}
	return data, nil
}

// both encodes a file and decodes what has come of it. There are no data if
// the first fails.
func (c codec) both(f *entry.File, password []byte, lim entry.Limits) (data []byte, back *entry.File, err error) {
	if c.encodeDecode != nil {
		return c.encodeDecode(f, password, lim)
	}
	if data, err = c.encode(f, password); err != nil {
		return nil, nil, err
	}
	// The digest of JKS and JCEKS has just been made of these very bytes: to
	// make it again would prove nothing.
	back, err = c.decode(data, nil, lim)
	return data, back, err
}

// Save writes the store to a file in such a way that at any instant the old or
// the new one is there, whole; see atomicfile.Write. A new file is readable by
// its owner alone. The error is a *SaveError; the file is then as it was.
func (s *Store) Save(path string, password []byte) error {
	data, err := s.Bytes(password)
	if err != nil {
		return &SaveError{Path: path, Err: err}
	}
	err = atomicfile.Write(path, data, 0o600, func(written io.Reader) error { return sameContent(written, data) })
	if err != nil {
		return &SaveError{Path: path, Err: err}
	}
	return nil
}

// sameContent reads the written file and compares it with what it should hold.
func sameContent(written io.Reader, data []byte) error {
	buf := make([]byte, min(len(data)+1, 64<<10))
	for {
		n, err := written.Read(buf)
		if !bytes.HasPrefix(data, buf[:n]) {
			return errDiffers
		}
		data = data[n:]
		switch {
		case err == io.EOF && len(data) == 0:
			return nil
		case err == io.EOF:
			return errDiffers
		case err != nil:
			return err
		}
	}
}

var errDiffers = errors.New("what was written reads back differently")

// sameEntries compares what a store holds with what was read back, in whatever
// order the format keeps. Where chains may grow, they may do so at their end.
func sameEntries(want, got []*entry.Entry, grow bool) bool {
	same := func(a, b *entry.Entry) bool { return sameEntry(a, b, grow) }
	return slices.EqualFunc(want, got, same) || // the usual case
		len(want) == len(got) && slices.EqualFunc(inOrder(want), inOrder(got), same)
}

func sameEntry(a, b *entry.Entry, grow bool) bool {
	chain := b.Chain
	if grow && len(a.Chain) > 0 && len(chain) > len(a.Chain) {
		chain = chain[:len(a.Chain)]
	}
	return a.Alias == b.Alias && a.Kind == b.Kind && bytes.Equal(a.Sealed, b.Sealed) &&
		slices.EqualFunc(a.Chain, chain, func(x, y entry.Certificate) bool { return bytes.Equal(x.DER, y.DER) })
}

func inOrder(entries []*entry.Entry) []*entry.Entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b *entry.Entry) int {
		if c := strings.Compare(a.Alias, b.Alias); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
}
