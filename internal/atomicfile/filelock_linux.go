package atomicfile

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// TryLock locks one byte of an open file, as a mark: for this open file only,
// if nobody has locked it, or (not exclusive) beside others who have locked it
// so. The lock ends when the file is closed. Nobody is kept from reading or
// writing, and only who opened the file for writing can lock it for himself.
// Where the file system knows no locks it is taken for free.
func TryLock(f *os.File, at int64, exclusive bool) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart, Start: at, Len: 1}
	if exclusive {
		lock.Type = unix.F_WRLCK
	}
	for {
		err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
		switch {
		case err == nil, errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOLCK), errors.Is(err, unix.EINVAL):
			return true, nil
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, os.NewSyscallError("lock", err)
		}
	}
}

// LockedByReaders says whether a byte is locked by those who locked it beside
// others, as who can only read the file can.
func LockedByReaders(f *os.File, at int64) bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: at, Len: 1}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock) == nil && lock.Type == unix.F_RDLCK
}
