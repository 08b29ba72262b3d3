package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// waysToPlace are the ways to give a file a name which nothing has: older kernels
// and some file systems do not know the first, others know no links.
var waysToPlace = []func(temp *os.File, target string) error{renameNew, linkNew, claimName}

// renameNew renames, and replaces nothing.
func renameNew(temp *os.File, target string) error {
	err := unix.Renameat2(unix.AT_FDCWD, temp.Name(), unix.AT_FDCWD, target, unix.RENAME_NOREPLACE)
	if err != nil {
		return err
	}
	return temp.Close()
}

// openEnd opens a file in whose path no part is a link, to be read.
func openEnd(end string) (*os.File, error) {
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_LARGEFILE, Resolve: unix.RESOLVE_NO_SYMLINKS}
	for {
		fd, err := unix.Openat2(unix.AT_FDCWD, end, &how)
		switch err {
		case nil:
			var info unix.Stat_t
			if unix.Fstat(fd, &info) == nil && info.Mode&unix.S_IFMT != unix.S_IFREG {
				_ = unix.SetNonblock(fd, true) // for Go to wait without a thread
			}
			return os.NewFile(uintptr(fd), end), nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM: // before Linux 5.6; a sandbox that does not know it
			return os.OpenFile(end, os.O_RDONLY|unix.O_NOFOLLOW, 0)
		default:
			return nil, &os.PathError{Op: "open", Path: end, Err: err}
		}
	}
}
