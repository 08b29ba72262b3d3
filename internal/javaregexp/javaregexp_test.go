package javaregexp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// tomcat are the defaults of RemoteIpValve's internalProxies, of 7 to 10.1.
const tomcat = `10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|169\.254\.\d{1,3}\.\d{1,3}|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|` +
	`100\.6[4-9]{1}\.\d{1,3}\.\d{1,3}|100\.[7-9]{1}\d{1}\.\d{1,3}\.\d{1,3}|100\.1[0-1]{1}\d{1}\.\d{1,3}\.\d{1,3}|100\.12[0-7]{1}\.\d{1,3}\.\d{1,3}|` +
	`172\.1[6-9]{1}\.\d{1,3}\.\d{1,3}|172\.2[0-9]{1}\.\d{1,3}\.\d{1,3}|172\.3[0-1]{1}\.\d{1,3}\.\d{1,3}|` +
	`0:0:0:0:0:0:0:1|::1|fe[89ab]\p{XDigit}:.*|f[cd]\p{XDigit}{2}+:.*`

func TestCompile(t *testing.T) {
	for _, test := range []struct {
		expr     string
		yes, no  []string
		cause    error
		contains string
	}{
		{expr: tomcat, yes: []string{"10.1.2.3", "fd00:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:1%eth0", "172.31.0.1"}, no: []string{"10.1.2.3.4", "11.1.2.3", "172.32.0.1", "x10.1.2.3", "", "fd0:1"}},
		{expr: `192\.0\.2\.(1|2)`, yes: []string{"192.0.2.1"}, no: []string{"192.0.2.12", "192x0.2.1"}},
		{expr: `(?<last>a+)\Q.*\E\x2e\u002e\056`, yes: []string{"aa.*..."}, no: []string{"aaxx..."}},
		{expr: `(?i)PROXY\d++\.example`, yes: []string{"proxy12.EXAMPLE"}, no: []string{"proxy.example"}},
		{expr: `[\d.]++`, yes: []string{"1.2"}, no: []string{""}},
		{expr: `(?i)(PROXY|a(b|\d++))`, yes: []string{"proxy", "A12"}, no: []string{"a"}},
		{expr: `(\d++)?1`, cause: ErrUnsupported, contains: "the possessive quantifier"},
		{expr: `\d++1`, cause: ErrUnsupported, contains: "the possessive quantifier"},
		{expr: `(?!10\.).*`, cause: ErrUnsupported, contains: "looking ahead, (?! at byte 0"},
		{expr: `a(?<=a)`, cause: ErrUnsupported, contains: "looking behind"},
		{expr: `(?>a)`, cause: ErrUnsupported, contains: "atomic"},
		{expr: `(a)\1`, cause: ErrUnsupported, contains: "reference to a group"},
		{expr: `[a-z&&[^b]]`, cause: ErrUnsupported, contains: "intersection"},
		{expr: `[a[bc]]`, cause: ErrUnsupported, contains: "within another"},
		{expr: `(?x)a b`, cause: ErrUnsupported, contains: "flags"},
		{expr: `\p{javaLowerCase}`, cause: ErrUnsupported, contains: "family"},
		{expr: `a{1,2000}`, cause: ErrUnsupported, contains: "repeat"},
		{expr: strings.Repeat("(", 300) + strings.Repeat(")", 300), cause: ErrUnsupported, contains: "deep"},
		{expr: strings.Repeat("a", MaxLength+1), cause: ErrUnsupported, contains: "bytes"},
		{expr: `(a`, cause: ErrSyntax, contains: "unclosed group"},
		{expr: `a)`, cause: ErrSyntax, contains: "unmatched"},
		{expr: `*`, cause: ErrSyntax, contains: "dangling"},
		{expr: `a**`, cause: ErrSyntax, contains: "dangling"},
		{expr: `[a`, cause: ErrSyntax, contains: "unclosed character class"},
		{expr: `[z-a]`, cause: ErrSyntax, contains: "range"},
		{expr: `\y`, cause: ErrSyntax, contains: "escape"},
		{expr: `a{`, cause: ErrSyntax, contains: "repetition"},
		{expr: `a\`, cause: ErrSyntax, contains: "backslash"},
		{expr: "\xff", cause: ErrSyntax, contains: "UTF-8"},
	} {
		t.Run(abridge(test.expr), func(t *testing.T) {
			re, err := Compile(test.expr)
			if !errors.Is(err, test.cause) || err != nil && !strings.Contains(err.Error(), test.contains) {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			for _, text := range test.yes {
				if !re.MatchString(text) {
					t.Errorf("%q does not match", text)
				}
			}
			for _, text := range test.no {
				if re.MatchString(text) {
					t.Errorf("%q matches", text)
				}
			}
		})
	}
}

// pieces are what random expressions are put together from.
var pieces = []string{
	"a", "b", "1", "2", "1", ".", `\.`, "-", ":", "é", `\d`, `\D`, `\w`, `\W`, `\s`, `\S`, `\h`, `\p{XDigit}`, `\P{Alpha}`, `\pL`, `\p{Lu}`, `\p{IsLatin}`,
	"[ab]", "[^a]", "[a-c1]", `[\d.]`, `[\w-]`, "[]a]", "[a-]", "[-a]", `[\]]`, `[^\s\d]`, "[.]", `[\p{Digit}:]`, `[\Q]a\E]`, `[a\-z]`, `[a^]`,
	"*", "+", "?", "*?", "++", "?+", "*+", "{2}", "{1,2}", "{0,}", "{2}+", "{1,3}+", "{1}?", "{", "}", "{,2}", "{2,1}",
	"(", ")", "(", ")", "(?:", "(?i)", "(?i:", "(?-i)", "(?<n>", "|", "|", "^", "$", `\A`, `\z`, `\Z`, `\b`, `\B`,
	`\Qa.b\E`, `\Q`, `\x41`, `\u0061`, `\x{62}`, `\061`, `\t`, `\e`, `\ca`, `\-`, `\_`, `\y`, `\R`, "]", "&&", "[a&&b]", "(?=a)", `\1`, "",
}

// TestJava gives random expressions to Java as well.
func TestJava(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	java := testtool.Look(t, "java")
	const count = 3000
	random := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "a", "b", "A", "B", "1", "12", "ab", "aa", "a1", ".", "1.2", "a.b", "-", ":", "]", "é", "É", " ", "\t", "aab", "1a", "}", "a}", "^", "_", "\x1b"}
	for range 40 {
		var text strings.Builder
		for range 1 + random.IntN(5) {
			text.WriteString([]string{"a", "b", "1", "2", ".", "-", ":", "A", "é", " "}[random.IntN(10)])
		}
		texts = append(texts, text.String())
	}
	var exprs []string
	var in strings.Builder
	for len(exprs) < count {
		var expr strings.Builder
		for range 1 + random.IntN(7) {
			expr.WriteString(pieces[random.IntN(len(pieces))])
		}
		exprs = append(exprs, expr.String())
		in.WriteString(hex.EncodeToString([]byte(expr.String())))
		for _, text := range texts {
			in.WriteString(" " + hex.EncodeToString([]byte(text)))
		}
		in.WriteString("\n")
	}
	cmd := testtool.Command(t, "", java, "testdata/Match.java")
	cmd.Stdin = strings.NewReader(in.String())
	answers := strings.Split(strings.TrimSuffix(testtool.Stdout(t, cmd), "\n"), "\n")
	if len(answers) != count {
		t.Fatalf("%d answers", len(answers))
	}
	compared, refused := 0, 0
	for i, expr := range exprs {
		re, err := Compile(expr)
		switch {
		case errors.Is(err, ErrUnsupported):
			refused++
			continue
		case err != nil:
			if answers[i] != "bad" {
				t.Errorf("%q: Java takes it; %v", expr, err)
			}
			continue
		case answers[i] == "bad":
			t.Errorf("%q: Java does not take it", expr)
			continue
		}
		compared++
		for n, text := range texts {
			if strings.ContainsAny(text, "éÉ") && strings.Contains(strings.ToLower(expr), `\b`) {
				continue // words end elsewhere in Java 19 and later
			}
			if got := fmt.Sprint(map[bool]int{true: 1}[re.MatchString(text)]); got != answers[i][n:n+1] {
				t.Errorf("%q with %q: %s, in Java %s (%s)", expr, text, got, answers[i][n:n+1], re)
			}
		}
	}
	t.Logf("%d expressions compared, %d refused as not possible", compared, refused)
	if compared < count/4 {
		t.Errorf("only %d of %d expressions could be compared", compared, count)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(tomcat, "10.0.0.1")
	for _, piece := range pieces {
		f.Add("a"+piece+"b", "ab")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		re, err := Compile(expr)
		if (re == nil) == (err == nil) {
			t.Fatalf("%v, %v", re, err)
		}
		if re != nil {
			re.MatchString(text)
		} else if errors.Is(err, ErrSyntax) == errors.Is(err, ErrUnsupported) {
			t.Fatalf("%v", err)
		}
	})
}
