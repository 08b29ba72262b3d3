package console

import "time"

// Progress is a line on a terminal that says how far a long task is. It appears
// after a second, and Clear removes it before anything else is printed. A nil one
// shows nothing.
type Progress struct {
	w            *Writer
	after, every time.Duration
	begun, last  time.Time
	shown        bool
}

// NewProgress returns a progress line, or nil when w is not a terminal.
func (w *Writer) NewProgress() *Progress {
	if !w.Terminal {
		return nil
	}
	return &Progress{w: w, after: time.Second, every: 100 * time.Millisecond, begun: time.Now()}
}

// Step shows how far the task is, at most ten times a second.
func (p *Progress) Step(format string, args ...any) {
	if p == nil {
		return
	}
	now := time.Now()
	if now.Sub(p.begun) < p.after || now.Sub(p.last) < p.every {
		return
	}
	p.last, p.shown = now, true
	p.w.Binary(append(appendf([]byte("\r"), format, args...), "...\x1b[K"...)) // a failed write costs only this line
}

// Clear removes the line.
func (p *Progress) Clear() {
	if p != nil && p.shown {
		p.shown = false
		p.w.Binary([]byte("\r\x1b[K"))
	}
}
