package terminal

import (
	"io"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		input string
		lines []string
		rest  string // what is left for whoever reads next
	}{
		{"", nil, ""},
		{"one", []string{"one"}, ""},
		{"one\n", []string{"one"}, ""},
		{"one\r\ntwo\n", []string{"one", "two"}, ""},
		{"a\rb\n", []string{"a\rb"}, ""},
		{"\n\nend", []string{"", "", "end"}, ""},
		{"yes\n-----BEGIN CERTIFICATE-----\n", []string{"yes"}, "-----BEGIN CERTIFICATE-----\n"},
	} {
		input := strings.NewReader(tt.input)
		var lines Lines
		for i, want := range tt.lines {
			got, ok, err := lines.Read(input)
			if string(got) != want || !ok || err != nil {
				t.Errorf("%q: line %d is %q, %t, %v, want %q", tt.input, i+1, got, ok, err, want)
			}
		}
		if rest, _ := io.ReadAll(input); string(rest) != tt.rest {
			t.Errorf("%q: %q is left, want %q", tt.input, rest, tt.rest)
		}
		if tt.rest == "" {
			if got, ok, err := lines.Read(input); len(got) != 0 || ok || err != nil || !lines.Ended() {
				t.Errorf("%q: at its end there is %q, %t, %v", tt.input, got, ok, err)
			}
		}
	}
	if _, _, err := new(Lines).Read(strings.NewReader(strings.Repeat("x", maxLine+1) + "\n")); err == nil {
		t.Error("a line beyond the bound is taken")
	}
}
