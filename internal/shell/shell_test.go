package shell

import (
	"os/exec"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"":               "''",
		"tomcat":         "tomcat",
		"/etc/a-b_c.p12": "/etc/a-b_c.p12",
		"CN=a,O=b":       "CN=a,O=b",
		"two words":      "'two words'",
		"it's":           `'it'\''s'`,
		"$HOME":          "'$HOME'",
		"~":              "'~'",
		"ä":              "'ä'",
		"a\nb":           "'a\nb'",
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s, not %s", word, got, want)
		}
	}
	if got := Line("gokeytool", "list", "-alias", "my key"); got != "gokeytool list -alias 'my key'" {
		t.Error(got)
	}
}

// What a shell makes of a line is what it was made of.
func FuzzLine(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("sh is not installed")
	}
	f.Add("a", "")
	f.Add("it's $HOME `x` \\", "*\n!;&|<>\"")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.Contains(a+b, "\x00") {
			t.Skip("no word has a zero byte")
		}
		out, err := exec.Command(sh, "-c", "printf '%s\\037' "+Line(a, b)).Output()
		if err != nil || string(out) != a+"\x1f"+b+"\x1f" {
			t.Errorf("%q, %q: %q, %v", a, b, out, err)
		}
	})
}
