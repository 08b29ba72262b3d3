package ber

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// String types that cryptobyte has no names for.
const (
	tagUniversalString = casn1.Tag(28)
	TagBMPString       = casn1.Tag(30)
)

// DecodeString reads a string of that type as Java does: octets that it can't have
// become U+FFFD. ok is false where the type is not one of a string.
func DecodeString(tag casn1.Tag, value []byte) (s string, ok bool) {
	switch tag {
	case casn1.UTF8String:
		return DecodeUTF8(value), true
	case casn1.PrintableString, casn1.IA5String, casn1.GeneralString:
		return DecodeBytes(value, 0x7F), true
	case casn1.T61String:
		return DecodeBytes(value, 0xFF), true
	case TagBMPString:
		units := make([]uint16, 0, len(value)/2+1)
		for i := 0; i+1 < len(value); i += 2 {
			units = append(units, uint16(value[i])<<8|uint16(value[i+1]))
		}
		if len(value)%2 == 1 {
			units = append(units, 0xFFFD)
		}
		return string(utf16.Decode(units)), true
	case tagUniversalString:
		runes := make([]rune, 0, len(value)/4+1)
		for ; len(value) >= 4; value = value[4:] {
			runes = append(runes, rune(value[0])<<24|rune(value[1])<<16|rune(value[2])<<8|rune(value[3]))
		}
		if len(value) > 0 {
			runes = append(runes, 0xFFFD)
		}
		return string(runes), true
	}
	return "", false
}

// DecodeBytes decodes a charset that agrees with Unicode up to last.
func DecodeBytes(value []byte, last byte) string {
	for _, c := range value {
		if c >= 0x80 {
			runes := make([]rune, len(value))
			for i, c := range value {
				runes[i] = rune(c)
				if c > last {
					runes[i] = 0xFFFD
				}
			}
			return string(runes)
		}
	}
	return string(value)
}

// DecodeUTF8 decodes UTF-8 as Java does: what can't begin or continue a
// character becomes one U+FFFD for each longest piece that could have.
func DecodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		if c == utf8.RuneError && size == 1 {
			size = malformedLength(b)
		}
		s.WriteRune(c)
		b = b[size:]
	}
	return s.String()
}

// malformedLength returns how many octets at the beginning of b Java replaces
// by one U+FFFD.
func malformedLength(b []byte) int {
	continues := func(i int) bool { return i < len(b) && b[i]&0xC0 == 0x80 }
	switch lead := b[0]; {
	case lead < 0xE0 || lead > 0xF4 || !continues(1) ||
		lead == 0xE0 && b[1] < 0xA0 || lead == 0xF0 && b[1] < 0x90 || lead == 0xF4 && b[1] > 0x8F:
		return 1
	case lead == 0xED && b[1] > 0x9F && continues(2): // a surrogate
		return 3
	case lead < 0xF0 || !continues(2):
		return 2
	}
	return 3
}
