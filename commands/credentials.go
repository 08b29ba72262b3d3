package commands

import (
	"regexp"
	"strings"
	"sync"
)

// credentials are the user and the password in a URL, of which Java's file names
// have one slash only.
var credentials = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]+://?)[^\s/?#@'"<>]*:\S*@`) })

// pinValue is the PIN in the URI of a token.
var pinValue = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(pin-value=)[^&;,\]\s"']+`) })

// withoutPIN is a text without the PINs that may stand in its URIs of tokens.
func withoutPIN(text string) string {
	if !strings.Contains(text, "=") {
		return text
	}
	return pinValue().ReplaceAllString(text, "$1***")
}

// withoutCredentials is what is said about a line, without the passwords that may
// stand in its URLs, and the PINs.
func withoutCredentials(text string) string {
	text = withoutPIN(text)
	if !strings.Contains(text, ":/") {
		return text
	}
	return credentials().ReplaceAllString(text, "$1***@")
}

// withoutUser is the address of a server, as withoutCredentials has it, without
// what stands before an "@": nobody logs in there.
func withoutUser(address string) string {
	if at := strings.LastIndex(address, "@"); at >= 0 {
		return "***" + address[at:]
	}
	return address
}
