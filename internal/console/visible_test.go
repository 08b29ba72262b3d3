package console

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "CN=Duke, OU=Java", "CN=Duke, OU=Java"},
		{"empty", "", ""},
		{"scripts", "Müller 日本語 العربية עברית 🔑", "Müller 日本語 العربية עברית 🔑"},
		{"no-break space", "a\u00a0b", "a\u00a0b"},
		{"escape", "\x1b[31m", `\u001b[31m`},
		{"lines", "a\r\nb\tc\x00", `a\u000d\u000ab\u0009c\u0000`},
		{"delete and C1", "\x7f\u0085\u009b", `\u007f\u0085\u009b`},
		{"bidi", "\u202ea\u2066b\u200f", `\u202ea\u2066b\u200f`},
		{"line separators", "\u2028\u2029", `\u2028\u2029`},
		{"invisible", "a\u200bb\ufeff\u00ad\u3164\ufe0f", `a\u200bb\ufeff\u00ad\u3164\ufe0f`},
		{"beyond", "\U000e0041\U0010fffd", `\udb40\udc41\udbff\udffd`},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	f.Add("CN=\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Line(s)
		allowed(t, got)
		if strings.ContainsAny(got, "\n\t") || !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
		if Line(got) != got {
			t.Errorf("%q changes again", got)
		}
	})
}
