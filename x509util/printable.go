package x509util

import (
	"unicode"
	"unicode/utf8"
)

// Printable returns s safe for a terminal: control characters (line ends and
// tabulators as well), bidirectional controls, other invisible format
// characters and private-use ones are written as \uXXXX, so that a name can
// neither steer the terminal nor forge lines or hide its end. Text of any
// script stays as it is; what is not UTF-8 becomes U+FFFD.
func Printable(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return string(appendPrintable(make([]byte, 0, len(s)+8), s))
		}
	}
	return s
}

func appendPrintable(dst []byte, s string) []byte {
	for _, c := range s {
		switch {
		case ' ' <= c && c < 0x7f:
			dst = append(dst, byte(c))
		case unicode.IsPrint(c), c == utf8.RuneError, unicode.Is(unicode.Zs, c):
			dst = utf8.AppendRune(dst, c)
		default:
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

// appendEscape writes c as in Java source, in two parts beyond U+FFFF.
func appendEscape(dst []byte, c rune) []byte {
	if c > 0xffff {
		c -= 0x10000
		dst = appendEscape(dst, 0xd800|c>>10)
		c = 0xdc00 | c&0x3ff
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15])
}
