package terminal

import (
	"io"
	"os"

	"golang.org/x/term"

	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
)

// ReadSecret prints the prompt and reads a line without echo. A signal
// that ends or stops the program puts the terminal back as it was before.
func ReadSecret(fd int, stderr *console.Writer, prompt console.Text) ([]byte, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	restore := func() { _ = term.Restore(fd, state) }
	// Whoever answers at once (a program does) must find the echo off.
	off := func() error { return echoOff(fd) }
	ask := func() { stderr.Print(prompt) }
	asked := whenStopped(restore, func() { _ = interrupt.Whole(off); ask() })
	silent, err := interrupt.Make(off, func() {
		restore()
		_, _ = os.Stderr.WriteString("\n")
	})
	if err != nil {
		asked()
		return nil, err
	}
	ask()
	secret, err := readHidden(fd)
	asked()
	_ = silent.End(func() error { restore(); return nil })
	stderr.Print("\n")
	if err == io.EOF {
		err = nil
	}
	return secret, err
}
