// Package shell writes command lines to be pasted into bash. Whatever this
// program advises comes from here: it is one line, ASCII control characters and
// others that a terminal would not show are escaped, no password stands in it,
// and what is not to be run is a comment.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gokeytool/internal/console"
)

// Plain says whether a word needs no quotes: it has letters and digits of
// ASCII and marks that no shell, nor nginx, takes for more than they are.
func Plain(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") == ""
}

// Quote makes a word of a command line. One with characters that don't survive
// a terminal and its clipboard (line ends, escapes, what is not UTF-8) is
// written as $'...' with these in hexadecimal, which bash, ksh, zsh and POSIX
// since 2024 know.
func Quote(word string) string {
	switch {
	case Plain(word):
		return word
	case visible(word):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(word) {
		if c := word[i]; c == ' ' || Plain(string(rune(c))) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// visible says whether a text is UTF-8 that a terminal shows as it is.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) && r != ' ' || !console.Visible(r) })
}

// File is the path of a file where a command might take it for an option.
func File(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}

// Line makes a command line of words.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// Comment makes a line that bash passes over, of advice that no command
// follows. The empty text stays empty.
func Comment(text string) string {
	if text == "" {
		return ""
	}
	return "# " + strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// Note puts a comment behind a line. Without one the line stays as it is.
func Note(line, text string) string {
	if text == "" {
		return line
	}
	return line + "  " + Comment(text)
}

// Keystore is a keystore as the lines about it name it.
type Keystore struct {
	Path string
	// Open are the words that give its password again, such as
	// -storepass:file and pw, and whatever else it takes to open it; Keypass
	// those for its keys. They are empty where there is nothing to repeat:
	// the command asks then.
	Open, Keypass []string
}

// Line is a command of gokeytool that takes the keystore as -keystore: the
// command's words, the keystore's, and further ones.
func (k Keystore) Line(command []string, more ...string) string {
	words := append([]string{"gokeytool"}, command...)
	words = append(words, "-keystore", k.Path)
	words = append(words, k.Open...)
	return Line(append(words, more...)...)
}

// KeyLine is Line for a command that opens a key.
func (k Keystore) KeyLine(command []string, more ...string) string {
	return k.Line(command, append(k.Keypass[:len(k.Keypass):len(k.Keypass)], more...)...)
}

// Operand is a command of gokeytool that takes the keystore as an operand,
// with further operands behind it.
func (k Keystore) Operand(command []string, more ...string) string {
	words := append([]string{"gokeytool"}, command...)
	words = append(words, File(k.Path))
	words = append(words, more...)
	return Line(append(words, k.Open...)...)
}

// Java is a line that starts a program in Java, PROGRAM, with the keystore as its
// truststore. A PKCS12 file shows Java no certificate without its password, so
// the line gives it: by the file or variable of Open, as changeit where that is
// what known says, which is no secret, and else as PASSWORD, to be filled in.
// Where there is none, protected is false. Further properties are NAME=VALUE.
func (k Keystore) Java(protected bool, known string, properties ...string) string {
	words := []string{"java", "-Djavax.net.ssl.trustStore=" + Quote(k.Path)}
	if protected {
		words = append(words, "-Djavax.net.ssl.trustStorePassword="+k.secret(known))
	}
	for _, property := range properties {
		words = append(words, Quote("-D"+property))
	}
	return strings.Join(append(words, "PROGRAM"), " ")
}

// secret is the keystore's password as a part of a word.
func (k Keystore) secret(known string) string {
	if len(k.Open) >= 2 {
		switch option, value := k.Open[0], k.Open[1]; {
		case option == "-storepass:file":
			return `"$(head -n 1 ` + Quote(File(value)) + `)"`
		case option == "-storepass:env" && variable(value):
			return `"$` + value + `"`
		}
	}
	if known == "changeit" {
		return known
	}
	return "PASSWORD"
}

// variable says whether a shell has variables of that name.
func variable(name string) bool {
	letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	return name != "" && strings.ContainsAny(name[:1], letters) && strings.Trim(name, letters+"0123456789") == ""
}
