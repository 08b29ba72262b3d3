package argv

import "strings"

// fold brings a name to the form in which names are compared: without hyphens,
// blanks and invisible characters, A-Z in lower case. keytool compares with a
// java.text.Collator of primary strength, to which exactly these characters
// weigh nothing; letters with accents, which it takes for their base letter,
// are not folded here.
func fold(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = 'a' <= s[i] && s[i] <= 'z'
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case weightless(r):
		case 'A' <= r && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func weightless(r rune) bool {
	switch {
	case r <= ' ', r == '-', 0x7f <= r && r <= 0xa0, r == 0xad, // controls, blanks, hyphens
		0x300 <= r && r <= 0x345, r == 0x360, r == 0x361, 0x483 <= r && r <= 0x486, // combining marks
		0x2000 <= r && r <= 0x2015, 0x20d0 <= r && r <= 0x20e1, // spaces, dashes, marks for symbols
		r == 0x2212, r == 0x3000, r == 0xfeff:
		return true
	}
	return false
}

// is reports whether a folded word is the name, which may be written with
// capitals and hyphens.
func is(folded, name string) bool {
	return len(folded) == len(name)-strings.Count(name, "-") && folded == fold(name)
}
