package shell

import (
	"bufio"
	"io"
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
		"a\nb":           `$'a\x0ab'`,
		"it's\t!":        `$'it\x27s\x09\x21'`,
		"a\xffb":         `$'a\xffb'`,
		"\u202egpj":      `$'\xe2\x80\xaegpj'`,
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s, not %s", word, got, want)
		}
	}
	if got := Line("gokeytool", "list", "-alias", "my key"); got != "gokeytool list -alias 'my key'" {
		t.Error(got)
	}
}

// A note and a sentence are comments, whatever stands in them.
func TestComment(t *testing.T) {
	if got := Note("gokeytool list", "then\nrm -r /"); got != "gokeytool list  # then rm -r /" {
		t.Error(got)
	}
	if got := Note("gokeytool list", ""); got != "gokeytool list" {
		t.Error(got)
	}
	if got := Comment("") + Comment("wait"); got != "# wait" {
		t.Error(got)
	}
}

func TestKeystore(t *testing.T) {
	k := Keystore{Path: "-a b.p12", Open: []string{"-storepass:file", "pw"}, Keypass: []string{"-keypass:env", "KP"}}
	for got, want := range map[string]string{
		k.Line([]string{"delete", "-alias", "x"}):                        "gokeytool delete -alias x -keystore '-a b.p12' -storepass:file pw",
		k.KeyLine([]string{"renew", "-alias", "x"}, "-ext", "san=dns:a"): "gokeytool renew -alias x -keystore '-a b.p12' -storepass:file pw -keypass:env KP -ext san=dns:a",
		k.Operand([]string{"convert"}, "NEW.p12"):                        "gokeytool convert './-a b.p12' NEW.p12 -storepass:file pw",
		k.Java(true, "x"): `java -Djavax.net.ssl.trustStore='-a b.p12' -Djavax.net.ssl.trustStorePassword="$(head -n 1 pw)" PROGRAM`,
		Keystore{Path: "a", Open: []string{"-storepass:env", "P"}}.Java(true, ""):        `java -Djavax.net.ssl.trustStore=a -Djavax.net.ssl.trustStorePassword="$P" PROGRAM`,
		Keystore{Path: "a", Open: []string{"-storepass:env", "a b"}}.Java(true, "x"):     `java -Djavax.net.ssl.trustStore=a -Djavax.net.ssl.trustStorePassword=PASSWORD PROGRAM`,
		Keystore{Path: "a"}.Java(true, "changeit", "javax.net.ssl.trustStoreType=JCEKS"): `java -Djavax.net.ssl.trustStore=a -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=JCEKS PROGRAM`,
		Keystore{Path: "a"}.Java(false, "changeit"):                                      "java -Djavax.net.ssl.trustStore=a PROGRAM",
		Keystore{Path: "a"}.KeyLine([]string{"renew"}):                                   "gokeytool renew -keystore a",
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// bash runs lines in one process after the other.
type bash struct {
	in  io.Writer
	out *bufio.Reader
}

func startBash(tb testing.TB, program string) *bash {
	cmd := exec.Command(program, "-c", `while IFS= read -r -d '' line; do eval "$line"; printf '\0'; done`)
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &bash{in, bufio.NewReader(out)}
}

// run returns what a line prints.
func (b *bash) run(line string) (string, error) {
	if _, err := io.WriteString(b.in, line+"\x00"); err != nil {
		return "", err
	}
	out, err := b.out.ReadString(0)
	return strings.TrimSuffix(out, "\x00"), err
}

// What a shell makes of a line is what it was made of.
func FuzzLine(f *testing.F) {
	sh, err := exec.LookPath("bash")
	if err != nil {
		f.Skip("bash is not installed")
	}
	bash := startBash(f, sh)
	f.Add("\x1b[2J\r", "\xff\u202e\u00a0")
	f.Add("a", "")
	f.Add("it's $HOME `x` \\", "*\n!;&|<>\"")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.Contains(a+b, "\x00") {
			t.Skip("no word has a zero byte")
		}
		if line := Line(a, b); !visible(line) {
			t.Errorf("%q, %q: a terminal does not show all of %q", a, b, line)
		}
		out, err := bash.run("printf '%s\\037' " + Note(Line(a, b), a))
		if err != nil || out != a+"\x1f"+b+"\x1f" {
			t.Errorf("%q, %q: %q, %v", a, b, out, err)
		}
	})
}
