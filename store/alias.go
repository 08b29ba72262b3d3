package store

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf16"

	"gokeytool/store/entry"
)

// lower is Java's String.toLowerCase(Locale.ENGLISH), by which Java's
// keystores compare aliases. It differs from strings.ToLower in the two places
// where Unicode's full mapping does (SpecialCasing.txt): a capital I with dot
// keeps its dot, and a capital sigma at the end of a word becomes a final one.
func lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && endsWord(runes, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// endsWord says whether in the word around runes[i] a cased letter stands
// before it and none after it.
func endsWord(runes []rune, i int) bool {
	inWord := func(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) || r == '_' }
	cased := func(r rune) bool { return unicode.IsLower(r) || unicode.IsUpper(r) || unicode.IsTitle(r) }
	for j := i + 1; j < len(runes) && inWord(runes[j]); j++ {
		if cased(runes[j]) {
			return false
		}
	}
	for j := i - 1; j >= 0 && inWord(runes[j]); j-- {
		if cased(runes[j]) {
			return true
		}
	}
	return false
}

// compareUTF16 orders strings by their UTF-16 code units, as Java's
// String.compareTo. That is the order of the bytes of UTF-8, but for
// characters beyond the Basic Multilingual Plane, whose surrogates come before
// U+E000.
func compareUTF16(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		// A leading byte 0xF0 or above is a surrogate pair (U+D800 to
		// U+DBFF first), 0xEE and 0xEF are U+E000 to U+FFFF.
		if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	}
	return cmp.Compare(len(a), len(b))
}

// hashCode is Java's String.hashCode.
func hashCode(s string) uint32 {
	var h uint32
	for _, r := range s {
		if r < 0x10000 {
			h = 31*h + uint32(r)
			continue
		}
		hi, lo := utf16.EncodeRune(r)
		h = 31*(31*h+uint32(hi)) + uint32(lo)
	}
	return h
}

// hashtable is as much of java.util.Hashtable as decides the order in which
// its keys are enumerated: from the last bucket to the first, in a bucket the
// newest key first; the table begins with 11 buckets and grows to 2n+1 before
// a key is added to a table that is three quarters full.
type hashtable struct {
	buckets [][]hashEntry // in a bucket, the newest last
	count   int
}

type hashEntry struct {
	hash  uint32
	alias string
	entry *entry.Entry
}

// put adds an entry under an alias, or replaces the one that is there.
func (t *hashtable) put(alias string, e *entry.Entry) {
	hash := hashCode(alias)
	if t.buckets == nil {
		t.buckets = make([][]hashEntry, 11)
	}
	bucket := t.bucket(hash)
	for i := range *bucket {
		if (*bucket)[i].alias == alias {
			(*bucket)[i].entry = e
			return
		}
	}
	if t.count >= len(t.buckets)*3/4 {
		t.grow()
		bucket = t.bucket(hash)
	}
	*bucket = append(*bucket, hashEntry{hash, alias, e})
	t.count++
}

func (t *hashtable) bucket(hash uint32) *[]hashEntry {
	return &t.buckets[hash&0x7FFFFFFF%uint32(len(t.buckets))]
}

// grow rehashes as Java does: bucket by bucket from the last, each from its
// newest key, so that keys that stay together turn round.
func (t *hashtable) grow() {
	old := t.entries()
	t.buckets = make([][]hashEntry, 2*len(t.buckets)+1)
	for _, e := range old {
		bucket := t.bucket(e.hash)
		*bucket = append(*bucket, e)
	}
}

// entries returns what the table holds, in the order of enumeration.
func (t *hashtable) entries() []hashEntry {
	all := make([]hashEntry, 0, t.count)
	for i := len(t.buckets) - 1; i >= 0; i-- {
		for j := len(t.buckets[i]) - 1; j >= 0; j-- {
			all = append(all, t.buckets[i][j])
		}
	}
	return all
}
