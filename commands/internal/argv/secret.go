package argv

import (
	"slices"
	"strings"
)

// masked stands for what may be a password.
const masked = "***"

// modifiers say where a password comes from: -storepass:env.
var modifiers = []string{"env", "file", "fd", "stdin", "generate"}

// shown is the last of the words as an error may show it: without what may be a
// password. That is a word behind an option for one, even a misspelt option, and
// what Shown leaves out.
func (p *parser) shown(words []string, word string) string {
	n := len(words)
	if slices.Contains(p.hidden, words[n-1]) || n > 1 && p.t.asksSecret(words[n-2]) {
		return masked
	}
	return p.t.Shown(word)
}

// Shown is a word as an error may show it, without the password that may stand in it
// behind an equals sign or a colon: "-storepass=***".
func (t *Table) Shown(word string) string {
	at := strings.IndexAny(word, ":=")
	if at < 0 || slices.Contains(modifiers, fold(word[at+1:])) || !t.secret(word[:at]) {
		return word
	}
	return word[:at+1] + masked
}

// asksSecret says whether the word behind this one is a password.
func (t *Table) asksSecret(word string) bool {
	_, modifier, _ := strings.Cut(word, ":")
	return strings.HasPrefix(word, "-") && t.secret(word) && !strings.Contains(word, "=") && fold(modifier) != "stdin"
}

// secret says whether a word names an option for a password, or something that
// is called like one: a misspelt option, or Java's
// -Djavax.net.ssl.keyStorePassword.
func (t *Table) secret(word string) bool {
	name, _, _ := strings.Cut(word, ":")
	folded := fold(name)
	if o := t.option(folded); o != nil {
		return o.Kind == Password
	}
	if slices.ContainsFunc([]string{"pass", "pw", "secret", "pin"}, func(part string) bool { return strings.Contains(folded, part) }) {
		return true
	}
	near := newSuggestion(folded)
	secret := false
	for i := range t.Options {
		o := &t.Options[i]
		for _, name := range append([]string{o.Name}, o.Synonyms...) {
			before := near.dist
			if near.offer("", name); near.dist < before {
				secret = o.Kind == Password
			}
		}
	}
	return secret
}

// dashless says whether an operand is an option for a password without its dash, or
// with another dash than the keyboard's: if it were taken for a file, an error would
// show the password behind it.
func (t *Table) dashless(word string) bool {
	name, _, _ := strings.Cut(word, "=")
	name, _, _ = strings.Cut(name, ":")
	o := t.option(fold(name))
	return o != nil && o.Kind == Password && o.Name != "new" // which may be an alias
}
