package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"gokeytool/internal/atomicfile"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// Bytes returns the store as a file of its format, its integrity protected by
// the password. What is returned has been decoded again and holds the same; but
// a PKCS12 file says only which certificate is a key's own. The chain above it
// is found by names and key identifiers among all certificates of the file, as
// Java does, and so may come back as another where two of them have one name.
//
// A store that was opened with Options.ReadOnly has no Bytes.
func (s *Store) Bytes(password []byte) ([]byte, error) {
	if s.device != nil {
		return nil, errNoFile
	}
	if s.typ.Foreign() {
		return nil, s.typ.notWritten()
	}
	if s.readOnly {
		return nil, errors.New("the keystore was opened to be read only")
	}
	lim := s.limits
	lim.Work = nil // of our own doing
	data, back, err := s.codec.both(s.file, password, lim)
	if data == nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: what was encoded does not open: %w", s.typ, err)
	}
	same := sameEntry
	if s.codec.loose != nil {
		same = s.codec.sameKey(back)
	}
	if alias, flips := s.flips(back); flips {
		return nil, &AmbiguousAliasError{Alias: alias}
	}
	if !sameEntries(s.file.Entries, back.Entries, same) {
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
// its owner only. The error is a *SaveError; the file is then as it was.
func (s *Store) Save(path string, password []byte) error {
	return s.write(path, password, func(data []byte, verify func(io.Reader) error) error {
		return atomicfile.Write(path, data, 0o600, verify)
	})
}

// Create is Save for a file that is not there yet. If somebody else has made it
// meanwhile it is left to him, and the error is fs.ErrExist.
func (s *Store) Create(path string, password []byte) error {
	return s.write(path, password, func(data []byte, verify func(io.Reader) error) error {
		target, regular, err := atomicfile.Target(path)
		if err != nil {
			return err
		}
		if !regular {
			return atomicfile.Write(path, data, 0o600, verify)
		}
		return atomicfile.Create(target, data, 0o600, verify)
	})
}

// write encodes the store and has it written, and read back.
func (s *Store) write(path string, password []byte, write func(data []byte, verify func(io.Reader) error) error) error {
	if s.device != nil {
		return s.apply()
	}
	data, err := s.Bytes(password)
	if err == nil {
		err = write(data, func(written io.Reader) error { return sameContent(written, data) })
	}
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

// flips says of which alias, that several entries have, Java would see another
// one in the file to be written: it sees the last, and they may change places.
func (s *Store) flips(back *entry.File) (alias string, flips bool) {
	if s.typ != PKCS12 {
		return "", false
	}
	var was, now map[string]*entry.Entry
	for alias, same := range s.names() {
		if len(same) < 2 {
			continue
		}
		if was == nil {
			was, now = s.seen(s.file.Entries), s.seen(back.Entries)
		}
		e, other := was[alias], now[alias]
		if e == nil || other == nil {
			continue
		}
		if e.Kind != other.Kind || !bytes.Equal(e.Sealed, other.Sealed) || !bytes.Equal(leaf(e), leaf(other)) {
			return alias, true
		}
	}
	return "", false
}

// leaf is an entry's own certificate; nil if it has none.
func leaf(e *entry.Entry) []byte {
	if len(e.Chain) == 0 {
		return nil
	}
	return e.Chain[0].DER
}

// seen are the entries that Java sees, by alias.
func (s *Store) seen(entries []*entry.Entry) map[string]*entry.Entry {
	seen := make(map[string]*entry.Entry, len(entries))
	for _, e := range entries {
		if !pkcs12.HiddenFromJava(e) {
			seen[s.typ.fold(e.Alias)] = e
		}
	}
	return seen
}

// sameEntries compares what a store holds with what was read back, in whatever
// order the format keeps.
func sameEntries(want, got []*entry.Entry, same func(a, b *entry.Entry) bool) bool {
	return slices.EqualFunc(want, got, same) || // the usual case
		len(want) == len(got) && slices.EqualFunc(inOrder(want), inOrder(got), same)
}

func sameEntry(a, b *entry.Entry) bool { return sameHead(a, b) && sameChain(a, b) }

func sameHead(a, b *entry.Entry) bool {
	return a.Alias == b.Alias && a.Kind == b.Kind && bytes.Equal(a.Sealed, b.Sealed)
}

func sameChain(a, b *entry.Entry) bool {
	return slices.EqualFunc(a.Chain, b.Chain, func(x, y entry.Certificate) bool { return bytes.Equal(x.DER, y.DER) })
}

// sameKey compares entries whose chains were put together again of all
// certificates of the file: besides its own certificate, all of an entry have to
// be somewhere in it.
func (c codec) sameKey(back *entry.File) func(a, b *entry.Entry) bool {
	there := sync.OnceValue(func() map[string]bool {
		set := make(map[string]bool)
		for _, e := range back.Entries {
			for _, c := range e.Chain {
				set[string(c.DER)] = true
			}
		}
		for _, loose := range c.loose(back) {
			set[string(loose.DER)] = true
		}
		return set
	})
	return func(a, b *entry.Entry) bool {
		if !sameHead(a, b) || len(a.Chain) > 0 && (len(b.Chain) == 0 || !bytes.Equal(a.Chain[0].DER, b.Chain[0].DER)) {
			return false
		}
		return sameChain(a, b) || !slices.ContainsFunc(a.Chain, func(c entry.Certificate) bool { return !there()[string(c.DER)] })
	}
}

func inOrder(entries []*entry.Entry) []*entry.Entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b *entry.Entry) int {
		if c := strings.Compare(a.Alias, b.Alias); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
}
