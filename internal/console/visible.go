package console

import (
	"unicode"
	"unicode/utf8"
)

// Visible says whether a terminal shows a character as it is. Control characters
// (C0, DEL, C1), line and paragraph separators, bidirectional controls, what is
// shown as nothing at all (zero-width characters, fillers, variation selectors,
// tags), private-use and unassigned characters are not visible.
func Visible(c rune) bool {
	switch {
	case ' ' <= c && c < 0x7f:
		return true
	case c < 0xa0:
		return false
	}
	return (unicode.IsPrint(c) || unicode.Is(unicode.Zs, c)) &&
		!unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Line returns text that came from elsewhere (a file, another machine, the
// command line) as a part of one line: what is not Visible, line ends and
// tabs as well, is written as \uXXXX, so that a name can neither control the
// terminal nor fake lines nor hide its end. Text of any script stays as it is;
// what is not UTF-8 becomes U+FFFD. Line does not change what it has returned.
func Line(text string) string {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return string(AppendLine(make([]byte, 0, len(text)+8), text))
		}
	}
	return text
}

// AppendLine appends Line(text) to dst.
func AppendLine(dst []byte, text string) []byte {
	for _, c := range text {
		dst = appendVisible(dst, c)
	}
	return dst
}

// appendLines appends text, with its line ends and tabs.
func appendLines(dst []byte, text string) []byte {
	for i, c := range text {
		if c == '\n' || c == '\t' || c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			dst = append(dst, byte(c))
			continue
		}
		dst = appendVisible(dst, c)
	}
	return dst
}

func appendVisible(dst []byte, c rune) []byte {
	if Visible(c) {
		return utf8.AppendRune(dst, c)
	}
	return appendEscape(dst, c)
}

// appendEscape writes c as in Java source and in JSON, in two parts beyond
// U+FFFF.
func appendEscape(dst []byte, c rune) []byte {
	if c > 0xffff {
		c -= 0x10000
		dst = appendEscape(dst, 0xd800|c>>10)
		c = 0xdc00 | c&0x3ff
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15])
}
