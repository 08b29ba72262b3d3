//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// echoOff stops the terminal from showing what is typed, and has it give lines.
func echoOff(fd int) error {
	settings, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return err
	}
	settings.Lflag &^= unix.ECHO
	settings.Lflag |= unix.ICANON | unix.ISIG
	settings.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(fd, ioctlSetTermios, settings)
}

// readHidden reads a line from the terminal. It changes no setting of it: a signal
// that ends the program may just have put them back.
func readHidden(int) ([]byte, error) {
	line, _, err := new(Lines).Read(os.Stdin)
	return line, err
}
