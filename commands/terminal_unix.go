//go:build unix

package commands

import "golang.org/x/sys/unix"

// echoOff stops the terminal from showing what is typed.
func echoOff(fd int) error {
	settings, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return err
	}
	settings.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, ioctlSetTermios, settings)
}
