package interrupt

import (
	"io"
	"os"
	"syscall"
)

// terminate is the signal that asks a program to end: here when a console is
// closed.
const terminate = syscall.SIGTERM

var ending = []os.Signal{os.Interrupt, terminate}

// die ends the program with the exit code that shells give to a signal.
func die(sig os.Signal) { os.Exit(128 + int(sig.(syscall.Signal))) }

// Output is a standard stream. A reader that goes away is an error to its writer.
func Output(file *os.File) io.Writer { return file }
