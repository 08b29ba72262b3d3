package commands

import (
	"os"

	"golang.org/x/sys/windows"
)

// inputWaiting is not known on Windows.
func inputWaiting(*os.File) bool { return true }

// echoOff stops the console from showing what is typed.
func echoOff(fd int) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(fd), &mode); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(fd), mode&^windows.ENABLE_ECHO_INPUT)
}
