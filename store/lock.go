package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"gokeytool/internal/atomicfile"
)

// FileLock is held by the one process that may change a keystore file.
type FileLock struct {
	release func() error
}

// LockError says that a keystore cannot be locked because of what has the name of
// its lock: a directory, a link, or the lock of another user that cannot be
// opened, as it is left behind by one who was killed.
type LockError struct {
	Path string // the keystore
	Lock string // the file that should be its lock
	Err  error
}

func (e *LockError) Error() string {
	return fmt.Sprintf("cannot lock %s: %s: %v", e.Path, e.Lock, e.Err)
}

func (e *LockError) Unwrap() error { return e.Err }

// errLockTaken says that what has the name of the lock cannot be locked.
var errLockTaken = errors.New("the name of the lock is taken")

// lockPatience is how long another user's lock may be one that cannot be opened:
// until it has the rights that it should have, or is gone.
const lockPatience = 2 * time.Second

// Lock waits until no other process holds the lock of the file, or until the
// context is done, and takes it. The file need not exist; its directory must.
// Whoever holds the lock also removes what a process that was killed while it
// saved the file may have left behind, and completes what it wrote in place.
//
// The lock is a file beside the keystore, named .NAME.lock, that exists while
// the lock is held or waited for. All who may write the keystore may lock it,
// and nobody else. Where no file can be made beside the keystore, its own is
// locked, which the others heed too. The lock is advisory: it keeps apart
// those who ask for it. A file that is not a regular one (/dev/stdout, a FIFO),
// or a file system that knows no locks, is used without one.
//
// The error is a *LockError, that of the context, or an *fs.PathError: where the
// keystore cannot be written anyway.
func Lock(ctx context.Context, path string) (*FileLock, error) {
	target, regular, err := atomicfile.Target(path)
	if err != nil {
		return nil, err
	}
	if !regular {
		return &FileLock{release: func() error { return nil }}, nil
	}
	name := atomicfile.Beside(target) + ".lock"
	start := time.Now()
	const first, longest = time.Millisecond, 25 * time.Millisecond
	for wait := first; ; wait = min(2*wait, longest) {
		release, err := tryLock(name, target)
		switch {
		case errors.Is(err, errLockTaken) && errors.Is(err, fs.ErrPermission) && time.Since(start) < lockPatience:
		case errors.Is(err, errLockTaken):
			return nil, &LockError{Path: path, Lock: name, Err: lockCause(name, err)}
		case err != nil:
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		case release != nil:
			atomicfile.Clean(path)
			_ = atomicfile.Recover(path) // a file that cannot be written is read through it
			return &FileLock{release}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// lockCause says what it is that has the name of the lock.
func lockCause(name string, err error) error {
	info, statErr := os.Lstat(name)
	switch {
	case statErr != nil:
		return err
	case info.IsDir():
		return errors.New("is a directory")
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("is a symbolic link")
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	}
	return fmt.Errorf("belongs to %s, and cannot be opened: %w", ownerOf(info), fs.ErrPermission)
}

// Unlock gives the lock up. Of a nil lock, or a second time, it does nothing.
func (l *FileLock) Unlock() error {
	if l == nil || l.release == nil {
		return nil
	}
	release := l.release
	l.release = nil
	return release()
}
