package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// evil has a character of every kind that must not arrive.
const evil = "\x1b[31m\x07\x00\r\x7f\u0085\u009b31m\u202e\u2066\u200f\u061c\u2028\u200b\u00ad\u3164\ufe0f\U000e0041\ufeff\ue000\xff\xed\xa0\x80"

// allowed fails the test if a text holds what may not arrive.
func allowed(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for i, c := range text {
		if !Visible(c) && c != '\n' && c != '\t' && !strings.HasPrefix(text[i:], "\r\n") {
			t.Errorf("%U in %q", c, text)
		}
	}
}

type stringer struct{}

func (stringer) String() string { return "a\nb" }

type level int

func (level) String() string { return "a\nb" }

func TestPrintf(t *testing.T) {
	for _, test := range []struct {
		format string
		args   []any
		want   string
	}{
		{"<%s>\n", []any{"a\nb"}, "<a\\u000ab>\n"},
		{"%v", []any{errors.New("a\nb")}, `a\u000ab`},
		{"%s", []any{stringer{}}, `a\u000ab`},
		{"%s %[1]d", []any{level(7)}, `a\u000ab 7`},
		{"%s", []any{[]byte("a\nb")}, `a\u000ab`},
		{"%q", []any{[]string{"a\nb\u3164"}}, `["a\nb\u3164"]`},
		{"%v", []any{struct{ s string }{"\x1b"}}, `{\u001b}`},
		{"%-5s|%5s|%.2s|%*d", []any{"ab", "cd", "xyz", 3, 1}, "ab   |   cd|xy|  1"},
		{"%s|%s", []any{Text("a\n\tb\x1b"), "\t"}, "a\n\tb\\u001b|\\u0009"},
		{"%s", []any{Textf("%s\n%s", "a\nb", Text("c\nd"))}, "a\\u000ab\nc\nd"},
		{"%d %t %x %v", []any{1, true, []byte{1}, time.Second}, "1 true 01 1s"},
		{"%v", []any{nil}, "<nil>"},
		{"%s", []any{json.Number("\r\n")}, `\u000d\u000a`},
	} {
		var out bytes.Buffer
		if err := NewWriter(&out).Printf(test.format, test.args...); err != nil || out.String() != test.want {
			t.Errorf("%s: %q, %v", test.format, out.String(), err)
		}
	}
}

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	_ = w.Print("a\n", "b\tc\r\n", Text(evil))
	allowed(t, out.String())
	if !strings.HasPrefix(out.String(), "a\nb\tc\r\n\\u001b[31m") {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	b := w.Buffer()
	_ = b.Printf("%s", "a")
	if out.Len() > 0 {
		t.Error("written before it is flushed")
	}
	_ = b.Binary([]byte("\x00\x1b"))
	if err := b.Flush(); err != nil || out.String() != "a\x00\x1b" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := w.Flush(); err != nil { // nothing to do
		t.Error(err)
	}
}

// TestLines has text split at every place between two writes: the bytes are
// those of one write.
func TestLines(t *testing.T) {
	text := "a\r\nb\tc ü日🔑 " + evil + "\n end\r"
	var want bytes.Buffer
	NewWriter(&want).Lines().Write([]byte(text + "."))
	allowed(t, want.String())
	for i := range text {
		for j := i; j < len(text); j++ {
			var out bytes.Buffer
			w := NewWriter(&out).Lines()
			for _, part := range []string{text[:i], text[i:j], text[j:], "."} {
				if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			if out.String() != want.String() {
				t.Fatalf("split at %d and %d: %q, want %q", i, j, out.String(), want.String())
			}
		}
	}
}

// TestJSON has JSON say the same after it went through Lines.
func TestJSON(t *testing.T) {
	value := map[string]string{"name": strings.ToValidUTF8(evil, "\ufffd") + "\n\"\\ü" + `\u001b`}
	var out bytes.Buffer
	if err := json.NewEncoder(NewWriter(&out).Lines()).Encode(value); err != nil {
		t.Fatal(err)
	}
	allowed(t, out.String())
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["name"] != value["name"] {
		t.Errorf("%q, %v", got, err)
	}
	out.Reset()
	slog.New(slog.NewTextHandler(NewWriter(&out).Lines(), nil)).Info(evil+"\n", "a", evil+"\n")
	allowed(t, out.String())
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%q", out.String())
	}
}

func TestPaint(t *testing.T) {
	for _, test := range []struct {
		colour     bool
		word, want string
	}{
		{true, "FAIL", "\x1b[31mFAIL\x1b[m"},
		{true, "ok  ", "\x1b[32mok  \x1b[m"},
		{true, "info", "info"},
		{true, "\x1b", `\u001b`},
		{false, "FAIL", "FAIL"},
	} {
		var out bytes.Buffer
		w := NewWriter(&out)
		w.Colour = test.colour
		_ = w.Printf("%v", w.Paint(test.word))
		if out.String() != test.want {
			t.Errorf("%q: %q", test.word, out.String())
		}
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := &Progress{w: NewWriter(&out), begun: time.Now()}
	p.Clear()
	p.Step("%d files in %s", 1, "\x1b")
	p.Step("%d files", 2)
	p.Clear()
	p.Clear()
	if got, want := out.String(), "\r1 files in \\u001b...\x1b[K\r2 files...\x1b[K\r\x1b[K"; got != want {
		t.Errorf("%q", got)
	}
	out.Reset()
	p = &Progress{w: NewWriter(&out), begun: time.Now(), after: time.Hour}
	p.Step("1 file")
	p.Clear()
	p = NewWriter(&out).NewProgress() // no terminal
	p.Step("1 file")
	p.Clear()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}

// TestVisible goes through all of Unicode: nothing that Go, or the Unicode
// standard, calls a control, a format character or ignorable is visible.
func TestVisible(t *testing.T) {
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if !utf8.ValidRune(c) {
			continue
		}
		line := Line(string(c))
		if Visible(c) != (line == string(c)) || Line(line) != line {
			t.Fatalf("%U becomes %q", c, line)
		}
		if got := fmt.Sprintf("%+q", line); !Visible(c) && strings.Trim(got, `"\u0123456789abcdef`) != "" {
			t.Fatalf("%U becomes %q", c, line)
		}
	}
}
