package argv

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the files mean was found with JDK 17 and 25; TestDifferential asks them
// again.
func TestConfigured(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		err        string
	}{
		{"nothing", "", nil, ""},
		{"another command", "keytool.delete=-v", nil, ""},
		{"all and command", "keytool.genkeypair=-b\nkeytool.all=-a", []string{"-a", "-b"}, ""},
		{"older name", "keytool.genkey -v", []string{"-v"}, ""},
		{"keys are case-sensitive", "keytool.GENKEY=-v\nKeytool.all=-v", nil, ""},
		{"the last one counts", "keytool.all=-a\nkeytool.all=-b", []string{"-b"}, ""},
		{"both names", "keytool.genkey=-v\nkeytool.genkeypair=-v", nil,
			"java.io.IOException: Cannot have both -genkeypair and -genkey as pre-configured options"},
		{"quotes", `keytool.all=-alias "a b"'c d' x"y`, []string{"-alias", "a b", "c d", "x", "y"}, ""},
		{"empty quotes", `keytool.all=-alias ""`, []string{"-alias", ""}, ""},
		{"a quote ends with the line", `keytool.all='a\nb' c`, []string{"a", "b", " c"}, ""},
		{"escapes of the file", `keytool.all=a\tb\ \u002dc`, []string{"a", "b", "-c"}, ""},
		{"escapes within quotes", `keytool.all='\\t\\x\\\\'`, []string{"\tx\\"}, ""},
		{"octal within quotes", `keytool.all='\\101\\0622\\4567\\e'`, []string{"A22%67e"}, ""},
		{"an escape at the end", `keytool.all='a\\`, []string{"a"}, ""},
		{"no escapes outside quotes", `keytool.all=C:\\dir`, []string{`C:\dir`}, ""},
		{"continued lines", "keytool.\\\n\tall = -a\\\r\n   b\\\\\n-c", []string{`-ab\`}, ""},
		{"comments", "#keytool.all=-a\\\n!keytool.all=-b\n keytool.all=-d\\\n\n-e", []string{"-d"}, ""},
		{"Latin-1 and Unicode", "keytool.all=\xe9\\u20ac\\uD83D\\uDE00", []string{"é€😀"}, ""},
		{"bad Unicode", `keytool.all=\u12`, nil, `java.lang.IllegalArgumentException: Malformed \uxxxx encoding.`},
		{"bad Unicode elsewhere", `x=\uzzzz`, nil, `java.lang.IllegalArgumentException: Malformed \uxxxx encoding.`},
		{"properties", "keytool.all=${user.home}/k a${user.home}b", []string{"/home/duke/k", "a/home/dukeb"}, ""},
		{"properties within quotes", `keytool.all='${user.home} x'`, []string{"/home/duke x"}, ""},
		{"double braces", `keytool.all=${{user.home}}x`, []string{"${{user.home}}x"}, ""},
		{"double braces at the end", `keytool.all=${{user.home}}`, []string{"${{user.home}}"}, ""},
		{"open braces", `keytool.all=a${user.home`, []string{"a${user.home"}, ""},
		{"unset property", `keytool.all=${no}`, nil,
			"sun.security.util.PropertyExpander$ExpandException: unable to expand property no"},
		{"too large", string(make([]byte, maxConf+1)), nil, "java.io.IOException: f is larger than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := testEnv()
			env.ReadFile = func(string) ([]byte, error) { return []byte(tt.text), nil }
			p := &parser{t: TableDefault(), env: env, req: &Request{}}
			got, err := p.configured("f", p.t.Command("genkeypair"))
			text := ""
			if f, ok := errors.AsType[*Failure](err); ok {
				text = f.JavaText()
			}
			if diff := cmp.Diff(tt.err, text); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
