// Package shell writes command lines to be pasted into a POSIX shell.
package shell

import "strings"

// Plain says whether a word needs no quotes: it has letters and digits of
// ASCII and marks that no shell, nor nginx, takes for more than they are.
func Plain(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") == ""
}

// Quote makes a word of a command line.
func Quote(word string) string {
	if Plain(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
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
