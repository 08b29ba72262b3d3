package commands

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// internalError is a fault of the program itself.
type internalError struct {
	value any    // of the panic
	stack string // where it happened: functions and lines, no values
}

func (e *internalError) Error() string { return fmt.Sprintf("internal error: %v", e.value) }

// noPanic calls f, and returns a panic of it as an error: the command then ends as with
// any other, its locks released and its passwords wiped.
func noPanic(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &internalError{value, string(debug.Stack())}
		}
	}()
	return f()
}

// sayInternal says what to do about a fault of our own.
func (e *Env) sayInternal(err error) {
	if internal, ok := errors.AsType[*internalError](err); ok {
		e.Stderr.Print("gokeytool: this is a fault of gokeytool itself. Please report it with the line that was typed, without its passwords, and with what follows:\n")
		for line := range strings.Lines(internal.stack) {
			e.Stderr.Printf("%s\n", strings.TrimSuffix(line, "\n"))
		}
	}
}
