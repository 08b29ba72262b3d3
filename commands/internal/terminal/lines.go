package terminal

import (
	"bytes"
	"errors"
	"io"
)

// maxLine bounds a line typed or piped in; no name or password is longer.
const maxLine = 1 << 16

// Lines reads single lines and takes no byte beyond the line's end, so
// that what follows on standard input (the next answer, a certificate, the
// next program's input) is still there.
type Lines struct{ ended bool }

// Ended says whether the end of the input was read.
func (l *Lines) Ended() bool { return l.ended }

// Read returns the next line without its end (LF, CR or CRLF as Java
// reads them; a lone CR ends no line here, as on every terminal of today).
// At the end of input it returns what is left, then ok is false.
func (l *Lines) Read(r io.Reader) (line []byte, ok bool, err error) {
	if l.ended {
		return nil, false, nil
	}
	var buf [1]byte
	for {
		n, err := r.Read(buf[:])
		if n == 1 {
			if buf[0] == '\n' {
				return bytes.TrimSuffix(line, []byte("\r")), true, nil
			}
			if len(line) == maxLine {
				return nil, false, errors.New("line on standard input is too long")
			}
			line = append(line, buf[0])
		}
		if errors.Is(err, io.EOF) {
			l.ended = true
			return line, len(line) > 0, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}
