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

func TestTomcatConfigOptions(t *testing.T) {
	for name, test := range map[string]struct {
		o       tomcatConfigOptions
		printed string
		err     string
	}{
		"tomcat": {o: tomcatConfigOptions{port: given[int64](1234)}, printed: `port="1234"`},
		"kafka":  {o: tomcatConfigOptions{server: "Kafka"}, printed: "listeners=SSL://:9093\n"},
		"nginx":  {o: tomcatConfigOptions{server: "nginx"}, printed: "server_name localhost;\n"},
		"none":   {o: tomcatConfigOptions{server: "IIS"}, err: "-server IIS: "},
		"port":   {o: tomcatConfigOptions{port: given[int64](0)}, err: "-port 0: "},
		"7.0":    {o: tomcatConfigOptions{tomcat: given[int64](6)}, err: "-tomcat 6: "},
		"twice":  {o: tomcatConfigOptions{twice: true}, err: "name the keystore once"},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit(t, keyed(t, "tomcat"))
			err := tomcatConfig(t.Context(), u.session, test.o)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)) {
				t.Fatal(err)
			}
			if got := u.out.String(); !strings.Contains(got, test.printed) {
				t.Errorf("printed %q", got)
			}
		})
	}
}
