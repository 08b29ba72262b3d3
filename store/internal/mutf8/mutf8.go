// Package mutf8 is Java's modified UTF-8, in which DataOutputStream.writeUTF
// and object serialization write strings: NUL takes two bytes (C0 80), and a
// character beyond U+FFFF is written as its two UTF-16 surrogates, three bytes
// each.
//
// In Go strings an unpaired surrogate, which Java allows, stands as those same
// three bytes. They are not valid UTF-8, but nothing is lost.
package mutf8

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Decode returns the text of b and how many bytes of b are well-formed; where
// n < len(b), b[n] is where the text breaks and s is empty.
//
// It takes what Java's readUTF takes, overlong forms and a bare NUL included,
// and beyond that the four-byte forms of standard UTF-8, which keystore-go and
// pyjks write for characters beyond U+FFFF.
func Decode(b []byte) (s string, n int) {
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	if n == len(b) {
		return string(b), n
	}
	text := append(make([]byte, 0, len(b)), b[:n]...)
	for n < len(b) {
		r, size := decodeUnit(b[n:])
		switch {
		case size == 0:
			return "", n
		case !utf16.IsSurrogate(r):
			text = utf8.AppendRune(text, r)
		default:
			low, lowSize := decodeUnit(b[n+size:])
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				text = utf8.AppendRune(text, pair)
				size += lowSize
			} else {
				text = append(text, b[n:n+size]...)
			}
		}
		n += size
	}
	return string(text), n
}

// decodeUnit reads one UTF-16 code unit, or one whole character from a
// four-byte form; size is 0 if there is none.
func decodeUnit(b []byte) (r rune, size int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	case b[0]>>5 == 0b110 && len(b) > 1 && continues(b[1]):
		return rune(b[0]&0x1F)<<6 | rune(b[1]&0x3F), 2
	case b[0]>>4 == 0b1110 && len(b) > 2 && continues(b[1]) && continues(b[2]):
		return rune(b[0]&0x0F)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F), 3
	case b[0]>>3 == 0b11110:
		if r, size := utf8.DecodeRune(b); size == 4 {
			return r, size
		}
	}
	return 0, 0
}

func continues(b byte) bool { return b>>6 == 0b10 }

// Len returns how many bytes Append adds for s.
func Len(s string) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := decodeText(s[i:])
		switch {
		case r == 0:
			n += 2
		case r > 0xFFFF:
			n += 6
		case r == utf8.RuneError:
			n += 3
		default:
			n += size
		}
		i += size
	}
	return n
}

// Append appends s as modified UTF-8. A byte that is not UTF-8 becomes U+FFFD,
// as when Java reads text.
func Append(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, size := decodeText(s[i:])
		switch {
		case r == 0:
			b = append(b, 0xC0, 0x80)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			b = appendSurrogate(appendSurrogate(b, high), low)
		case utf16.IsSurrogate(r):
			b = appendSurrogate(b, r)
		default:
			b = utf8.AppendRune(b, r)
		}
		i += size
	}
	return b
}

// decodeText reads one character of s, or an unpaired surrogate.
func decodeText(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) > 2 && s[0] == 0xED && s[1]>>5 == 0b101 && continues(s[2]) {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

func appendSurrogate(b []byte, r rune) []byte {
	return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
}
