package commands

import (
	"strings"
	"testing"

	"gokeytool/internal/shell"
)

func TestProperty(t *testing.T) {
	for value, want := range map[string]string{
		"":               "k=\n",
		"/a b/k.p12":     "k=/a b/k.p12\n",
		" a ":            "k=\\ a \n",
		`C:\keys\k.p12`:  "k=C:\\\\keys\\\\k.p12\n",
		"a\nserver=evil": "k=a\\nserver=evil\n",
		"schlüssel":      "k=schl\\u00fcssel\n",
		"\x1b[31m":       "k=\\u001b[31m\n",
		"𝄞":              "k=\\ud834\\udd1e\n",
	} {
		var b strings.Builder
		property(&b, "k", value)
		if b.String() != want {
			t.Errorf("%q: %q, want %q", value, b.String(), want)
		}
	}
}

func TestQuotes(t *testing.T) {
	for word, want := range map[string][2]string{
		"k.p12":     {"k.p12", "k.p12"},
		"":          {"''", `""`},
		"a b":       {"'a b'", `"a b"`},
		"it's":      {`'it'\''s'`, `"it's"`},
		`a"b\c`:     {`'a"b\c'`, `"a\"b\\c"`},
		"a;rm -rf~": {"'a;rm -rf~'", `"a;rm -rf~"`},
	} {
		if got := shell.Quote(word); got != want[0] {
			t.Errorf("shell: %q: %s", word, got)
		}
		if got := nginxQuote(word); got != want[1] {
			t.Errorf("nginx: %q: %s", word, got)
		}
	}
}
