package commands

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// colours of the words that give a verdict (ECMA-48, "Select graphic
// rendition").
var colours = map[string]string{"ok": "32", "warn": "33", "warning": "33", "?": "33", "FAIL": "31", "error": "31"}

// paint colours a word that gives a verdict, with the blanks around it, if what
// is written to w is seen by a person who wants colours (no-color.org).
func (e *Env) paint(w io.Writer, word string) string {
	colour, known := colours[strings.TrimSpace(word)]
	if !known || !e.colourful(w) {
		return word
	}
	return "\x1b[" + colour + "m" + word + "\x1b[m"
}

func (e *Env) colourful(w io.Writer) bool {
	if !(w == e.Stdout && e.OutTerminal || w == e.Stderr && e.ErrTerminal) {
		return false
	}
	if no, _ := e.LookupEnv("NO_COLOR"); no != "" {
		return false
	}
	if runtime.GOOS == "windows" {
		_, understands := e.LookupEnv("WT_SESSION") // the older console shows the codes
		return understands
	}
	term, _ := e.LookupEnv("TERM")
	return term != "" && term != "dumb"
}

// progress is a line at a terminal that says how far long work has come. It
// appears when the work has taken a while, and is gone when anything else is
// printed. A nil one shows nothing.
type progress struct {
	w            io.Writer
	after, every time.Duration
	begun, last  time.Time
	shown        bool
}

// newProgress begins a work. Who did not ask for silence and has a terminal for
// messages sees how it goes on.
func (s *session) newProgress() *progress {
	if !s.ErrTerminal || s.req.Has("quiet") {
		return nil
	}
	return &progress{w: s.Stderr, after: time.Second, every: 100 * time.Millisecond, begun: time.Now()}
}

// step shows how far the work has come, but not too often.
func (p *progress) step(format string, args ...any) {
	if p == nil {
		return
	}
	now := time.Now()
	if now.Sub(p.begun) < p.after || now.Sub(p.last) < p.every {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r"+format+"...\x1b[K", args...)
}

// clear takes the line away.
func (p *progress) clear() {
	if p != nil && p.shown {
		p.shown = false
		io.WriteString(p.w, "\r\x1b[K")
	}
}
