package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"gokeytool/internal/atomicfile"
	"gokeytool/store/entry"
)

// ChangedError says that another process has changed a keystore since it was read,
// in the same entry or as a whole.
type ChangedError struct {
	Path  string
	Alias string // of the entry that both changed; empty where it is the whole
}

func (e *ChangedError) Error() string {
	if e.Alias != "" {
		return fmt.Sprintf("%s: another process has changed <%s> in the meantime", e.Path, e.Alias)
	}
	return fmt.Sprintf("%s: another process has changed it in the meantime", e.Path)
}

// A Reading is what a keystore file held when it was read to be changed. With it the
// lock can be given up while a question waits for its answer, and the changes be
// carried over into what the file holds then.
type Reading struct {
	path    string
	there   bool // there was a file
	sum     [sha256.Size]byte
	entries []*entry.Entry
}

// NewReading notes what a store holds that was opened from that file, or that was
// made because there is no file.
func NewReading(path string, s *Store) Reading {
	return Reading{path: path, there: s.sum != [sha256.Size]byte{}, sum: s.sum, entries: s.Entries()}
}

// Current says whether the file still holds the same. The caller has the lock.
func (r Reading) Current(o Options) (bool, error) {
	data, err := readFile(r.path, o)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return !r.there, nil
	case err != nil:
		return false, err
	}
	return r.there && sha256.Sum256(atomicfile.Settled(data)) == r.sum, nil
}

// Carry makes the changes that changed has had since the reading in now as well,
// the store that the file holds now. An entry that only one of the two has changed
// is taken from that one. The error is a *ChangedError if both have changed the
// same entry, or if the file has another type now; now may then be half changed.
func (r Reading) Carry(changed, now *Store) error {
	if changed.typ != now.typ {
		return &ChangedError{Path: r.path}
	}
	gone, fresh := without(r.entries, changed.file.Entries), without(changed.file.Entries, r.entries)
	fold := changed.typ.fold
	touched := make(map[string]string) // what is shown of each
	for _, e := range append(slices.Clone(gone), fresh...) {
		touched[fold(e.Alias)] = changed.JavaAlias(e)
	}
	was := make(map[*entry.Entry]*entry.Entry) // entries of now by what they were
	for name, shown := range touched {
		before := of(r.entries, name, fold)
		after := now.names()[name]
		if !slices.EqualFunc(before, after, sameEntry) {
			if mine := of(fresh, name, fold); before == nil && slices.EqualFunc(mine, after, sameTrusted) {
				fresh = without(fresh, mine) // both have added the same
				continue
			}
			return &ChangedError{Path: r.path, Alias: shown}
		}
		for i, e := range before {
			was[e] = after[i]
		}
	}
	for _, e := range gone {
		heir := slices.IndexFunc(fresh, func(f *entry.Entry) bool { return inherits(f, e) || fold(f.Alias) == fold(e.Alias) })
		if heir < 0 {
			now.remove(was[e])
			continue
		}
		made := *fresh[heir]
		if made.Origin != nil {
			made.Origin = was[e].Origin
		}
		now.replace(was[e], &made)
		fresh = slices.Delete(fresh, heir, heir+1)
	}
	for _, e := range fresh {
		now.add(e)
	}
	return nil
}

// inherits says whether an entry is a changed form of another. Changed entries of
// PKCS12 keep their Origin, which no two entries of one reading share.
func inherits(e, old *entry.Entry) bool {
	_, bytes := e.Origin.([]byte)
	return e.Origin != nil && !bytes && e.Origin == old.Origin
}

// without are the entries of a list that are not in another.
func without(list, other []*entry.Entry) []*entry.Entry {
	in := make(map[*entry.Entry]bool, len(other))
	for _, e := range other {
		in[e] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(e *entry.Entry) bool { return in[e] })
}

// of are the entries of a list that have an alias, as it compares.
func of(list []*entry.Entry, name string, fold func(string) string) (found []*entry.Entry) {
	for _, e := range list {
		if fold(e.Alias) == name {
			found = append(found, e)
		}
	}
	return found
}

func sameTrusted(a, b *entry.Entry) bool {
	return a.Kind == entry.TrustedCertificate && sameEntry(a, b)
}
