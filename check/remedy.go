package check

import "strings"

// command is a command line of gokeytool.
func command(words ...string) string {
	quoted := make([]string, len(words)+1)
	quoted[0] = "gokeytool"
	for i, word := range words {
		quoted[i+1] = quote(word)
	}
	return strings.Join(quoted, " ")
}

// quote makes a word of a command line for a POSIX shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:,=@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
