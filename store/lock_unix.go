//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock, if nobody has it; otherwise release is nil.
//
// The holder removes the file before it gives the lock up. Whoever then gets
// the lock of a file that is no longer there by that name tries again with the
// new one, so that two processes never hold different files' locks.
func tryLock(name string) (release func() error, err error) {
	fd, err := openLock(name)
	if err != nil {
		return nil, err
	}
	switch err := flock(fd); {
	case err == nil:
	case errors.Is(err, unix.EWOULDBLOCK):
		unix.Close(fd)
		return nil, nil
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOLCK):
		// No locks here: keytool, which has none anywhere, works too.
	default:
		unix.Close(fd)
		return nil, err
	}
	var held, named unix.Stat_t
	if err := unix.Fstat(fd, &held); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := unix.Lstat(name, &named); err != nil || named.Dev != held.Dev || named.Ino != held.Ino {
		unix.Close(fd)
		return nil, nil
	}
	return func() error {
		// In a directory where only owners may remove their files, another
		// user's stays.
		os.Remove(name)
		return unix.Close(fd)
	}, nil
}

// openLock opens the lock file, or makes it. Reading is enough to lock another
// user's, but not on NFS.
func openLock(name string) (int, error) {
	const flags = unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
	for _, mode := range []int{unix.O_RDWR, unix.O_RDONLY} {
		fd, err := ignoringEINTR(func() (int, error) { return unix.Open(name, mode|flags, 0) })
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			if !errors.Is(err, fs.ErrNotExist) {
				return fd, err
			}
			break
		}
	}
	return ignoringEINTR(func() (int, error) { return unix.Open(name, unix.O_RDWR|unix.O_CREAT|flags, 0o644) })
}

func flock(fd int) error {
	_, err := ignoringEINTR(func() (int, error) { return 0, unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	return err
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
