package commands

import (
	"bytes"
	"testing"
	"time"
)

func TestPaint(t *testing.T) {
	var out, other bytes.Buffer
	env := func(terminal bool, vars map[string]string) *Env {
		return &Env{Stdout: &out, OutTerminal: terminal, LookupEnv: func(name string) (string, bool) {
			value, ok := vars[name]
			return value, ok
		}}
	}
	terminal := map[string]string{"TERM": "xterm", "WT_SESSION": "x"}
	for _, test := range []struct {
		name string
		env  *Env
		word string
		want string
	}{
		{"at a terminal", env(true, terminal), "FAIL", "\x1b[31mFAIL\x1b[m"},
		{"with its blanks", env(true, terminal), "ok  ", "\x1b[32mok  \x1b[m"},
		{"another word", env(true, terminal), "info", "info"},
		{"in a file", env(false, terminal), "FAIL", "FAIL"},
		{"not wanted", env(true, map[string]string{"TERM": "xterm", "WT_SESSION": "x", "NO_COLOR": "1"}), "FAIL", "FAIL"},
		{"set but empty", env(true, map[string]string{"TERM": "xterm", "WT_SESSION": "x", "NO_COLOR": ""}), "FAIL", "\x1b[31mFAIL\x1b[m"},
		{"a terminal without", env(true, map[string]string{"TERM": "dumb"}), "FAIL", "FAIL"},
	} {
		if got := test.env.paint(&out, test.word); got != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
		if got := test.env.paint(&other, test.word); got != test.word {
			t.Errorf("%s, elsewhere: %q", test.name, got)
		}
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, begun: time.Now()}
	p.clear()
	p.step("%d files", 1)
	p.step("%d files", 2)
	p.clear()
	p.clear()
	if got, want := out.String(), "\r1 files...\x1b[K\r2 files...\x1b[K\r\x1b[K"; got != want {
		t.Errorf("%q", got)
	}
	out.Reset()
	p = &progress{w: &out, begun: time.Now(), after: time.Hour}
	p.step("1 file")
	p.clear()
	p = nil
	p.step("1 file")
	p.clear()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}
