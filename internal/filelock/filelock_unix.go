//go:build unix

package filelock

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
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
	lock, err := openLock(name, target)
	if errors.Is(err, errNoLockFile) {
		held, free, lockErr := lockKeystore(target, true)
		switch {
		case errors.Is(lockErr, errLockTaken):
			return nil, lockErr
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
	free, err := lockFile(lock)
	if err != nil || !free || !named(lock, name) {
		lock.Close()
		return nil, err
	}
	shareLock(lock, target) // of one that was there, too
	sign(lock)
	unlock := func() error {
		// In a directory where only owners may remove their files, another
		// user's stays.
		os.Remove(name)
		return lock.Close()
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

// named says whether an open file has that name still.
func named(f *os.File, name string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	is, err := os.Lstat(name)
	return err == nil && os.SameFile(held, is)
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
	if exclusive && err == nil && !free && atomicfile.LockedByReaders(f, atomicfile.ChangesByte) {
		err = &readerError{target} // it has no lock file, beside which it would be right
	}
	free = free && named(f, target)
	if err != nil || !free {
		f.Close()
		return nil, false, err
	}
	return f, true, nil
}

// openLock opens the lock file, or makes it.
func openLock(name, target string) (*os.File, error) {
	const flags = os.O_RDWR | unix.O_NOFOLLOW | unix.O_NONBLOCK
	for {
		f, err := os.OpenFile(name, flags, 0)
		switch {
		case err == nil:
			return regular(f)
		case errors.Is(err, fs.ErrNotExist):
			f, err := os.OpenFile(name, flags|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			if err != nil {
				return nil, noLockFile{errors.Unwrap(err)}
			}
			shareLock(f, target)
			return f, nil
		case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS), errors.Is(err, unix.EISDIR),
			errors.Is(err, unix.ELOOP), errors.Is(err, unix.EMLINK), errors.Is(err, unix.ENXIO):
			return nil, fmt.Errorf("%w: %w", errLockTaken, errors.Unwrap(err))
		}
		return nil, errors.Unwrap(err)
	}
}

// regular refuses what is not a file, as a FIFO is not.
func regular(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errLockTaken
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// shareLock lets those who may write the keystore lock it, whatever the umask,
// and nobody else: who may only read it must not keep them waiting. Where
// the user cannot give it away it stays his own.
func shareLock(lock *os.File, target string) {
	mode := fs.FileMode(0o600)
	if of, err := os.Stat(target); err == nil {
		owner := of.Sys().(*syscall.Stat_t)
		_ = lock.Chown(int(owner.Uid), int(owner.Gid))
		writers := of.Mode() & 0o222
		mode |= writers | writers<<1
	}
	_ = lock.Chmod(mode)
}

// sign writes into the lock who has it. Only who has it writes, and only who may
// write the keystore can.
func sign(lock *os.File) {
	if lock.Truncate(0) == nil { // for which there is room always
		_, _ = lock.WriteAt(fmt.Appendf(nil, "%d %s\n", os.Getpid(), processes()), 0)
	}
}

// processes tells apart the worlds in which process numbers mean something:
// machines, since they were started, and containers. It is empty where that
// cannot be told.
func processes() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	container, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + container
}

// holder reads from the lock who has it. Of another machine or container the
// numbers mean nothing here.
func holder(name string) Holder {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	var pid int
	var where string
	if _, err := fmt.Fscanf(io.LimitReader(f, 256), "%d %s\n", &pid, &where); err != nil || where != processes() || pid <= 0 {
		return Holder{}
	}
	process, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return Holder{} // gone, and somebody else has the lock
	}
	return Holder{PID: pid, User: atomicfile.OwnerName(process)}
}

// ownerOf names the owner of a file.
func ownerOf(info fs.FileInfo) string { return "user " + atomicfile.OwnerName(info) }
