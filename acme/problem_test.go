package acme

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestProblems: each kind of problem that RFC 8555 and RFC 9773 have is said in words,
// and for those that the page about ACME lists with something to do, so does the error.
func TestProblems(t *testing.T) {
	for _, kind := range strings.Fields(`accountDoesNotExist alreadyRevoked badCSR badNonce badPublicKey badRevocationReason
		badSignatureAlgorithm caa compound connection dns externalAccountRequired incorrectResponse invalidContact malformed
		orderNotReady rateLimited rejectedIdentifier serverInternal tls unauthorized unsupportedContact unsupportedIdentifier
		userActionRequired alreadyReplaced`) {
		if words := (&Problem{Type: namespace + kind}).Words(); !strings.HasSuffix(words, " ("+kind+")") {
			t.Errorf("%s is said as %q", kind, words)
		}
	}
	page, err := os.ReadFile("../docs/acme.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## What the CA says\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := 0
	for _, row := range regexp.MustCompile(`(?m)^\| (`+"`"+`.*?) \|`).FindAllStringSubmatch(section, -1) {
		for _, m := range regexp.MustCompile("`([a-zA-Z]+)`").FindAllStringSubmatch(row[1], -1) {
			listed++
			kind := m[1]
			if _, ok := kinds[kind]; !ok {
				t.Errorf("the page lists %s, which has no words", kind)
			}
			for _, method := range []Method{HTTP01, TLSALPN01, DNS01} {
				e := &Error{CA: "ca.example.com", Step: "proving", method: method,
					Problem: &Problem{Type: namespace + kind, Name: "www.example.com", Detail: "said by the CA", Instance: "https://ca.example.com/do"}}
				if text := e.Error(); !strings.Contains(text, "www.example.com") || !strings.Contains(text, "said by the CA") {
					t.Errorf("%s: %s", kind, text)
				}
				if kind != "alreadyRevoked" && len(e.Advice()) == 0 {
					t.Errorf("%s by %s: nothing is advised", kind, method)
				}
			}
		}
	}
	if listed < 20 {
		t.Errorf("the page lists %d kinds", listed)
	}
	v6 := &Error{method: HTTP01, Problem: &Problem{Type: namespace + "unauthorized", Name: "2001:db8::1"}}
	if !slices.ContainsFunc(v6.Advice(), func(line string) bool { return strings.Contains(line, "http://[2001:db8::1]/") }) {
		t.Errorf("%q", v6.Advice())
	}
}
