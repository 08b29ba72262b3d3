package commands

import (
	"strconv"
	"strings"
	"unicode"

	"gokeytool/store"
	"gokeytool/x509util"
)

// freeAlias is an alias that a keystore does not have, for a certificate: the
// one it had where it comes from, else its subject's name.
func freeAlias(in *store.Store, c *x509util.Certificate, had string) string {
	if had != "" {
		return numbered(in, had)
	}
	return numbered(in, aliasOf(c.Label()))
}

// numbered is an alias that a keystore does not have: base, or else base with a
// number. It may be empty, as Java allows.
func numbered(in *store.Store, base string) string {
	const few = 1000
	free := func(n int) (alias string, free bool) {
		if alias = base; n > 1 {
			alias += "-" + strconv.Itoa(n)
		}
		_, taken := in.Get(alias)
		return alias, !taken
	}
	n := 1
	for ; n < few; n++ {
		if alias, ok := free(n); ok {
			return alias
		}
	}
	// Of thousands of one name, not each looks at all before it.
	for taken := n - 1; ; {
		alias, ok := free(n)
		switch {
		case ok && n == taken+1:
			return alias
		case ok:
			n = taken + (n-taken)/2
		default:
			taken, n = n, 2*n
		}
	}
}

// aliasOf makes an alias of a name: letters and digits in lower case, with a
// hyphen for whatever is between them. It can be typed in a shell as it is.
func aliasOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "certificate"
	}
	return strings.Join(words, "-")
}

// has says whether the keystore has an entry of that alias.
func (k *keystore) has(alias string) bool {
	_, ok := k.Store.Get(alias)
	return ok
}
