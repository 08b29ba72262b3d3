//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var (
	errIsDir  error = syscall.EISDIR
	errExists error = syscall.EEXIST
)

// asItIs opens what has a name, be it no link that has taken it meanwhile, nor a
// FIFO to be waited for.
const asItIs = unix.O_NOFOLLOW | unix.O_NONBLOCK

// claim locks the temporary file for as long as its writer lives. It is false
// if the file was removed before.
func claim(f *os.File) bool {
	// Another process may hold the lock for as long as it takes to remove what
	// it thinks abandoned. Where there are no locks, that removes nothing. Who
	// can read the file, and holds it longer, keeps nobody from writing it.
	const patience = time.Second
	for start := time.Now(); time.Since(start) < patience; time.Sleep(time.Millisecond) {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != unix.EINTR && err != unix.EWOULDBLOCK {
			break
		}
	}
	_, err := os.Lstat(f.Name())
	return !errors.Is(err, fs.ErrNotExist)
}

// removeAbandoned removes a temporary file whose lock nobody holds.
func removeAbandoned(name string) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
		os.Remove(name)
	}
}

// keepMetadata gives temp the owner, mode and attributes of the old file.
func keepMetadata(temp *os.File, target string, old fs.FileInfo) error {
	if err := keepOwner(temp, target, old); err != nil {
		return err
	}
	if err := temp.Chmod(old.Mode()); err != nil {
		return err
	}
	return keepAttributes(temp, target)
}

// keepOwner gives temp the owner and group of the old file.
func keepOwner(temp *os.File, _ string, old fs.FileInfo) error {
	info, err := temp.Stat()
	if err != nil {
		return err
	}
	was, is := old.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	if was.Uid != is.Uid || was.Gid != is.Gid {
		if err := temp.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return fmt.Errorf("cannot keep owner %d and group %d: %w", was.Uid, was.Gid, errors.Unwrap(err))
		}
	}
	return nil
}

// links is how many names a file has.
func links(info fs.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Nlink) }

// keepsName says whether an error of making a file in a directory, or of giving
// it another's name there, means that this cannot be done there, while the file
// itself may well be written.
func keepsName(err error) bool {
	for _, errno := range []error{unix.EACCES, unix.EPERM, unix.EROFS, unix.EBUSY, unix.EXDEV, unix.ENOSYS, unix.ENOTSUP} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func rename(temp *os.File, target string) error {
	if err := os.Rename(temp.Name(), target); err != nil {
		return err
	}
	return temp.Close()
}

// syncDir makes the rename lasting.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return nil // a directory that may be written, but not read
	}
	defer dir.Close()
	// Some file systems cannot sync a directory (EINVAL), or need not.
	if err := dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}
