// Package systemd writes the settings of systemd's unit files, so that words and
// paths arrive as they are (systemd.syntax(7), systemd.service(5), systemd.unit(5)).
package systemd

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf8"

	"gokeytool/internal/console"
)

// Command is the value of ExecStart=: a program's absolute path and its words. No
// variable and no specifier in them is replaced.
func Command(program string, args ...string) string {
	words := []string{quote(program, false)}
	for _, arg := range args {
		words = append(words, quote(arg, true))
	}
	return strings.Join(words, " ")
}

// plain are the characters of words that need no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-$"

// quote writes a word. In the path of the program systemd replaces no variables, and
// takes two dollars for two.
func quote(word string, variables bool) string {
	var b strings.Builder
	for i, size := 0, 0; i < len(word); i += size {
		r, n := utf8.DecodeRuneInString(word[i:])
		size = n
		switch {
		case r == utf8.RuneError || !console.Visible(r):
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '%', r == '$' && variables:
			b.WriteRune(r)
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	if word != "" && strings.Trim(word, plain) == "" {
		return b.String()
	}
	return `"` + b.String() + `"`
}

// Paths is the value of a setting that lists absolute paths, such as ReadWritePaths=.
// Releases differ in how they read escapes there: a path that needs some is an error.
func Paths(paths ...string) (string, error) {
	var words []string
	for _, path := range paths {
		if err := writable(path); err != nil || strings.ContainsAny(path, `"\`) {
			return "", fmt.Errorf("systemd takes no path such as %q", path)
		}
		words = append(words, quote(path, false))
	}
	return strings.Join(words, " "), nil
}

// Path is the value of a setting that is one absolute path, such as WorkingDirectory=.
func Path(path string) (string, error) {
	if err := writable(path); err != nil || strings.HasSuffix(path, `\`) {
		return "", fmt.Errorf("systemd takes no path such as %q", path)
	}
	return strings.ReplaceAll(path, "%", "%%"), nil
}

// writable says why a text can't stand in a unit file as it is.
func writable(text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !console.Visible(r) }) || strings.TrimSpace(text) != text {
		return fmt.Errorf("%q can't stand in a unit file", text)
	}
	return nil
}

// maxName bounds a part of a unit's name, which has 255 characters at most with all.
const maxName = 120

// Name is a text as a part of a unit's name: what may not stand there is a hyphen. Of
// a long one the end stays, and a digest of the rest.
func Name(text string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:", r) {
			return r
		}
		return '-'
	}, text)
	name = strings.Trim(name, "-.")
	if len(name) > maxName {
		name = fmt.Sprintf("%x-%s", sha256.Sum256([]byte(text)), name)[:9] + strings.TrimLeft(name[len(name)-maxName:], "-.")
	}
	return name
}
