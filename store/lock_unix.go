//go:build unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"gokeytool/internal/atomicfile"
)

// tryLock takes the lock, if nobody has it; otherwise release is nil.
//
// The holder removes the file before it gives the lock up. Whoever then gets
// the lock of a file that is no longer there by that name tries again with the
// new one, so that two processes never hold different files' locks.
//
// Who cannot make the lock locks the keystore itself, for himself; who has the
// lock locks the keystore too, but beside others, so that those who can only
// read it, and lock it in no other way, do not keep him waiting.
func tryLock(name, target string) (release func() error, err error) {
	fd, err := openLock(name, target)
	if errors.Is(err, errNoLockFile) {
		held, free, lockErr := lockKeystore(target, true)
		switch {
		case lockErr != nil:
			return nil, errors.Unwrap(err)
		case !free:
			return nil, nil
		}
		return held.Close, nil
	}
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
	unlock := func() error {
		// In a directory where only owners may remove their files, another
		// user's stays.
		os.Remove(name)
		return unix.Close(fd)
	}
	keystore, free, err := lockKeystore(target, false)
	if err != nil { // it does not exist, or cannot be read: nobody has locked it so
		return unlock, nil
	}
	if !free {
		return nil, unlock()
	}
	return func() error { return errors.Join(unlock(), keystore.Close()) }, nil
}

// errNoLockFile says that no lock file can be made beside the keystore. It wraps
// the reason.
var errNoLockFile = errors.New("no lock can be made")

type noLockFile struct{ error }

func (e noLockFile) Unwrap() error        { return e.error }
func (e noLockFile) Is(target error) bool { return target == errNoLockFile }

// lockKeystore locks the keystore file itself. It is false while others do, or
// if another file has its name by now.
func lockKeystore(target string, exclusive bool) (f *os.File, free bool, err error) {
	mode := os.O_RDONLY
	if exclusive {
		mode = os.O_RDWR
	}
	if f, err = os.OpenFile(target, mode|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0); err != nil {
		return nil, false, err
	}
	free, err = atomicfile.TryLock(f, atomicfile.ChangesByte, exclusive)
	if err == nil && free {
		var held, named os.FileInfo
		if held, err = f.Stat(); err == nil {
			named, _ = os.Lstat(target)
			free = named != nil && os.SameFile(held, named)
		}
	}
	if err != nil || !free {
		f.Close()
		return nil, false, err
	}
	return f, true, nil
}

// openLock opens the lock file, or makes it. Reading is enough to lock another
// user's, but not on NFS.
func openLock(name, target string) (int, error) {
	const flags = unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
	for _, mode := range []int{unix.O_RDWR, unix.O_RDONLY} {
		fd, err := ignoringEINTR(func() (int, error) { return unix.Open(name, mode|flags, 0) })
		switch {
		case err == nil:
			return regular(fd)
		case errors.Is(err, fs.ErrNotExist):
			fd, err := ignoringEINTR(func() (int, error) { return unix.Open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|flags, 0o600) })
			if errors.Is(err, fs.ErrExist) {
				return openLock(name, target)
			}
			if err != nil {
				return -1, noLockFile{err}
			}
			shareLock(fd, target)
			return fd, nil
		case mode == unix.O_RDWR && (errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS)):
		case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ELOOP), errors.Is(err, unix.EMLINK), errors.Is(err, unix.ENXIO):
			return -1, fmt.Errorf("%w: %w", errLockTaken, err)
		default:
			return -1, err
		}
	}
	panic("unreachable")
}

// regular refuses what is not a file, as a FIFO is not.
func regular(fd int) (int, error) {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return -1, errLockTaken
	}
	return fd, nil
}

// shareLock lets those who may write the keystore lock it, whatever the umask,
// and nobody else: who may only read it must not keep them waiting. Where
// the user cannot give it away it stays his own.
func shareLock(fd int, target string) {
	mode := uint32(0o600)
	var of unix.Stat_t
	if unix.Stat(target, &of) == nil {
		_ = unix.Fchown(fd, int(of.Uid), int(of.Gid))
		writers := uint32(of.Mode) & 0o222
		mode |= writers | writers<<1
	}
	_ = unix.Fchmod(fd, mode)
}

// ownerOf names the owner of a file.
func ownerOf(info fs.FileInfo) string {
	id := strconv.FormatUint(uint64(info.Sys().(*syscall.Stat_t).Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return "user " + u.Username
	}
	return "user " + id
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
