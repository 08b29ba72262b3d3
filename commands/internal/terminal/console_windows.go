package terminal

import (
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// InputWaiting is not known on Windows.
func InputWaiting(*os.File) bool { return true }

// echoOff stops the console from showing what is typed.
func echoOff(fd int) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(fd), &mode); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(fd), mode&^windows.ENABLE_ECHO_INPUT)
}

// readHidden reads a line from the console.
func readHidden(fd int) ([]byte, error) { return term.ReadPassword(fd) }
