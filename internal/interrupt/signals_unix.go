//go:build unix

package interrupt

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// terminate is the signal that asks a program to end.
const terminate = syscall.SIGTERM

// ending are the signals that end a Go program and can be caught. SIGPIPE is
// not among them: see Output.
var ending = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT}

// die ends the program by the signal.
func die(sig os.Signal) {
	number := sig.(syscall.Signal)
	if number != syscall.SIGQUIT && number != syscall.SIGABRT { // which would print all stacks
		signal.Reset(number)
		_ = syscall.Kill(os.Getpid(), number)
		time.Sleep(time.Second) // until it comes
	}
	os.Exit(128 + int(number))
}

// Output is a standard stream whose reader may go away. Go has the program die of
// SIGPIPE at once then; here what is to be undone is undone before.
func Output(file *os.File) io.Writer {
	if signal.Ignored(syscall.SIGPIPE) {
		return file
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // has Write return instead
	return output{file}
}

type output struct{ file *os.File }

func (o output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		undoAll()
		signal.Reset(syscall.SIGPIPE)
		_, _ = o.file.Write(p) // of which the program dies
		os.Exit(128 + int(syscall.SIGPIPE))
	}
	return n, err
}
