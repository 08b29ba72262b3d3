// Package javastring has what Java's String does otherwise than package strings. Text is
// UTF-8; an unpaired surrogate may stand in it as three bytes that are not.
package javastring

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Lower is Java's String.toLowerCase(Locale.ENGLISH), by which Java's
// keystores compare aliases. It differs from strings.ToLower in the two places
// where Unicode's full mapping does (SpecialCasing.txt): a capital I with dot
// keeps its dot, and a capital sigma at the end of a word becomes a final one.
// Bytes that are not UTF-8 (unpaired surrogates, as the codecs pass them on)
// stay.
func Lower(s string) string {
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

// Compare orders strings by their UTF-16 code units, as Java's
// String.compareTo. That is the order of the bytes of UTF-8, except for
// characters beyond U+FFFF (which begin with F0 or above): their surrogates
// come before U+E000 (which begins with EE).
func Compare(a, b string) int {
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

// HashCode is Java's String.hashCode: over UTF-16 code units.
func HashCode(s string) uint32 {
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
