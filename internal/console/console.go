// Package console writes all text to a terminal, a pipe or a log. Its Writer
// escapes characters that would control a terminal or that cannot be seen, wherever
// they come from: an alias, a subject, the name of a file or a request. What is not
// text has its own methods: Binary for files, Paint and Progress for our own control
// sequences.
//
// The type says whether line ends are kept. A Text is written by this program and
// may have several lines; everything else that is printed is a part of one line, and
// a line end in it is escaped. What was read from a file is not a Text and does not
// become one by accident: only constants and Textf make one.
package console

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Text is text of our own, which may have several lines.
type Text string

// Textf formats a Text, as Writer.Printf does.
func Textf(format string, args ...any) Text {
	return Text(appendf(nil, format, args...))
}

// Writer writes to a terminal, a pipe or a file. It is not an io.Writer, so that
// fmt cannot write to it without escapes; Lines returns one where it is needed.
type Writer struct {
	// Terminal says that a person reads what is written, Colour that words are
	// coloured.
	Terminal, Colour bool
	w                io.Writer
}

// NewWriter returns a Writer to w, which is not a terminal unless the caller says so.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Discard is a Writer that writes nothing.
var Discard = NewWriter(io.Discard)

// Printf formats as fmt.Printf does. The format's line ends are written, and so
// are those of arguments that are Text; all other arguments are parts of a line.
func (w *Writer) Printf(format string, args ...any) error {
	return w.Binary(appendf(nil, format, args...))
}

// Print writes text of our own.
func (w *Writer) Print(texts ...Text) error {
	var line []byte
	for _, text := range texts {
		line = appendLines(line, string(text))
	}
	return w.Binary(line)
}

// Binary writes bytes as they are, such as the content of a file on the standard
// output. It is not for text.
func (w *Writer) Binary(data []byte) error {
	_, err := w.w.Write(data)
	return err
}

// Lines is w for a program's own text and for JSON, where no line end comes from
// elsewhere: line ends are kept, and everything else that is not Visible is escaped.
// In JSON the escapes stand for the same characters. Characters may be split between
// two writes; several goroutines may write.
func (w *Writer) Lines() io.Writer { return &lines{w: w.w} }

// Buffer is a Writer that collects what is written to w until Flush.
func (w *Writer) Buffer() *Writer {
	return w.Through(func(w io.Writer) io.Writer { return bufio.NewWriterSize(w, 32<<10) })
}

// Through is w with another writer before it, which gets escaped text and our own
// control sequences, and may hold them back.
func (w *Writer) Through(wrap func(io.Writer) io.Writer) *Writer {
	return &Writer{Terminal: w.Terminal, Colour: w.Colour, w: wrap(w.w)}
}

// Flush writes what a Buffer has collected.
func (w *Writer) Flush() error {
	if b, ok := w.w.(*bufio.Writer); ok {
		return b.Flush()
	}
	return nil
}

// appendf formats text. It changes args.
func appendf(dst []byte, format string, args ...any) []byte {
	for i, arg := range args {
		switch arg.(type) {
		case int, int64, uint64, uint16, bool, Painted: // nothing to escape, and a width must be an int
		default:
			args[i] = visible{arg}
		}
	}
	return fmt.Appendf(dst, format, args...)
}

// visible formats a value as fmt does, and escapes what comes out.
type visible struct{ value any }

func (v visible) Format(f fmt.State, verb rune) {
	text := fmt.Sprintf(fmt.FormatString(f, verb), v.value)
	if _, ok := v.value.(Text); ok {
		f.Write(appendLines(nil, text))
		return
	}
	io.WriteString(f, Line(text))
}

// lines is what Writer.Lines returns.
type lines struct {
	mu      sync.Mutex
	w       io.Writer
	pending []byte // the first bytes of a character, or a CR
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	data := p
	if len(l.pending) > 0 {
		data = append(l.pending, p...)
	}
	whole := len(data) - unfinished(data)
	l.pending = bytes.Clone(data[whole:])
	if data = data[:whole]; !plain(data) {
		data = appendLines(make([]byte, 0, len(data)+64), string(data))
	}
	if _, err := l.w.Write(data); err != nil {
		return 0, err
	}
	return len(p), nil
}

// unfinished is how many bytes at the end depend on the next one.
func unfinished(data []byte) int {
	if bytes.HasSuffix(data, []byte("\r")) {
		return 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		if tail := data[len(data)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// plain says whether all of a text is ASCII that is written as it is.
func plain(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c >= 0x7f) && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// colours of the words that give a verdict (ECMA-48, "Select graphic
// rendition").
var colours = map[string]string{"ok": "32", "warn": "33", "warning": "33", "?": "33", "FAIL": "31", "error": "31"}

// Painted is a word of ours that may be coloured.
type Painted struct{ word, colour string }

// Paint colours a word that gives a verdict, with the blanks around it, if w
// shows colours. It is written by Printf, with %v.
func (w *Writer) Paint(word string) Painted {
	if !w.Colour {
		return Painted{word: word}
	}
	return Painted{word, colours[strings.TrimSpace(word)]}
}

func (p Painted) String() string {
	word := Line(p.word)
	if p.colour == "" {
		return word
	}
	return "\x1b[" + p.colour + "m" + word + "\x1b[m"
}
