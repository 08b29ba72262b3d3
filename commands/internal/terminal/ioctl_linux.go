package terminal

import "golang.org/x/sys/unix"

// The requests of ioctl by their names on Linux.
const (
	fionread        = unix.TIOCINQ // FIONREAD by its other name
	ioctlGetTermios = unix.TCGETS
	ioctlSetTermios = unix.TCSETS
)
