package store

import (
	"gokeytool/internal/javastring"
	"gokeytool/store/entry"
)

// hashtable is as much of java.util.Hashtable as decides the order in which
// its keys are enumerated: from the last bucket to the first, in a bucket the
// newest key first; the table begins with 11 buckets and grows to 2n+1 before
// a key is added to a table that is three quarters full.
type hashtable struct {
	buckets [][]*hashEntry // in a bucket, the newest last
	byAlias map[string]*hashEntry
}

type hashEntry struct {
	hash  uint32
	alias string
	entry *entry.Entry
}

// put adds an entry under an alias, or replaces the one that is there. That is
// not looked for in its bucket: all may be in one.
func (t *hashtable) put(alias string, e *entry.Entry) {
	if t.buckets == nil {
		t.buckets = make([][]*hashEntry, 11)
		t.byAlias = make(map[string]*hashEntry)
	}
	if there := t.byAlias[alias]; there != nil {
		there.entry = e
		return
	}
	if len(t.byAlias) >= len(t.buckets)*3/4 {
		t.grow()
	}
	made := &hashEntry{javastring.HashCode(alias), alias, e}
	t.byAlias[alias] = made
	bucket := t.bucket(made.hash)
	*bucket = append(*bucket, made)
}

func (t *hashtable) bucket(hash uint32) *[]*hashEntry {
	return &t.buckets[hash&0x7FFFFFFF%uint32(len(t.buckets))]
}

// grow rehashes as Java does: bucket by bucket from the last, each from its
// newest key, so that keys that stay together turn round.
func (t *hashtable) grow() {
	old := t.entries()
	t.buckets = make([][]*hashEntry, 2*len(t.buckets)+1)
	for _, e := range old {
		bucket := t.bucket(e.hash)
		*bucket = append(*bucket, e)
	}
}

// entries returns what the table holds, in the order of enumeration.
func (t *hashtable) entries() []*hashEntry {
	all := make([]*hashEntry, 0, len(t.byAlias))
	for i := len(t.buckets) - 1; i >= 0; i-- {
		for j := len(t.buckets[i]) - 1; j >= 0; j-- {
			all = append(all, t.buckets[i][j])
		}
	}
	return all
}
