//go:build unix

package terminal

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// InputWaiting says whether something can be read at once, as Java's
// FileInputStream.available finds out.
func InputWaiting(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	if info.Mode().IsRegular() {
		offset, err := f.Seek(0, io.SeekCurrent)
		return err == nil && offset < info.Size()
	}
	n, err := unix.IoctlGetInt(int(f.Fd()), fionread)
	return err == nil && n > 0
}
