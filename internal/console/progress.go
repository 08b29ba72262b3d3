package console

import "time"

// Progress is a line at a terminal that says how far long work has come. It
// appears when the work has taken a while, and is gone when anything else is
// printed. A nil one shows nothing.
type Progress struct {
	w            *Writer
	after, every time.Duration
	begun, last  time.Time
	shown        bool
}

// NewProgress begins a work. Only a terminal shows it.
func (w *Writer) NewProgress() *Progress {
	if !w.Terminal {
		return nil
	}
	return &Progress{w: w, after: time.Second, every: 100 * time.Millisecond, begun: time.Now()}
}

// Step shows how far the work has come, but not too often.
func (p *Progress) Step(format string, args ...any) {
	if p == nil {
		return
	}
	now := time.Now()
	if now.Sub(p.begun) < p.after || now.Sub(p.last) < p.every {
		return
	}
	p.last, p.shown = now, true
	p.w.Binary(append(appendf([]byte("\r"), format, args...), "...\x1b[K"...)) // who doesn't see it misses nothing
}

// Clear takes the line away.
func (p *Progress) Clear() {
	if p != nil && p.shown {
		p.shown = false
		p.w.Binary([]byte("\r\x1b[K"))
	}
}
