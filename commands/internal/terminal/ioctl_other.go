//go:build unix && !linux

package terminal

import "golang.org/x/sys/unix"

// The requests of ioctl by their names on BSD and macOS.
const (
	fionread        = 0x4004667f // _IOR('f', 127, int), which package unix does not name
	ioctlGetTermios = unix.TIOCGETA
	ioctlSetTermios = unix.TIOCSETA
)
