package store

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"gokeytool/store/entry"
)

// lower is Java's String.toLowerCase(Locale.ENGLISH), by which Java's
// keystores compare aliases. It differs from strings.ToLower in the two places
// where Unicode's full mapping does (SpecialCasing.txt): a capital I with dot
// keeps its dot, and a capital sigma at the end of a word becomes a final one.
// Bytes that are not UTF-8 (unpaired surrogates, as the codecs pass them on)
// stay.
func lower(s string) string {
	if !slices.ContainsFunc([]byte(s), func(b byte) bool { return b >= utf8.RuneSelf }) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError:
			b.WriteString(s[i : i+size])
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && endsWord(s[:i], s[i+size:]):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		i += size
	}
	return b.String()
}

// endsWord says whether in its word a letter has a cased one before it and
// none after it.
func endsWord(before, after string) bool {
	for _, r := range after {
		if !inWord(r) {
			break
		}
		if cased(r) {
			return false
		}
	}
	for len(before) > 0 {
		r, size := utf8.DecodeLastRuneInString(before)
		if !inWord(r) {
			return false
		}
		if cased(r) {
			return true
		}
		before = before[:len(before)-size]
	}
	return false
}

// inWord says whether Java's word breaks (java.text.BreakIterator) leave a
// character in the middle of a word.
func inWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("_-.'", r)
}

func cased(r rune) bool { return unicode.IsLower(r) || unicode.IsUpper(r) || unicode.IsTitle(r) }

// compareUTF16 orders strings by their UTF-16 code units, as Java's
// String.compareTo. That is the order of the bytes of UTF-8, except for
// characters beyond U+FFFF (which begin with F0 or above): their surrogates
// come before U+E000 (which begins with EE).
func compareUTF16(a, b string) int {
	rank := func(b byte) byte {
		switch {
		case b >= 0xF0:
			return b - 2
		case b >= 0xEE:
			return b + 0x10
		}
		return b
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return cmp.Compare(rank(a[i]), rank(b[i]))
		}
	}
	return cmp.Compare(len(a), len(b))
}

// hashCode is Java's String.hashCode: over UTF-16 code units.
func hashCode(s string) uint32 {
	var h uint32
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1 && len(s)-i >= 3 && s[i] == 0xED:
			// An unpaired surrogate, as the codecs pass it on.
			h, size = 31*h+uint32(0xD000|int(s[i+1]&0x3F)<<6|int(s[i+2]&0x3F)), 3
		case r < 0x10000:
			h = 31*h + uint32(r)
		default:
			high, low := utf16.EncodeRune(r)
			h = 31*(31*h+uint32(high)) + uint32(low)
		}
		i += size
	}
	return h
}

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
	made := &hashEntry{hashCode(alias), alias, e}
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
