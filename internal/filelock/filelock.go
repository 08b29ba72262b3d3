// Package filelock lets one process at a time change a file, which need not be there
// yet: a keystore, or what is kept of certificates that renew by themselves.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/interrupt"
)

// FileLock is held by the one process that may change a keystore file.
type FileLock struct {
	made    *interrupt.Made
	release func() error // nil if nothing is held
}

// LockError says that a keystore cannot be locked because of what has the name of
// its lock: a directory, a link, or the lock of another user that cannot be
// opened, such as one that a killed process has left.
type LockError struct {
	Path string // the keystore
	Lock string // the file that should be its lock
	Err  error
	Held bool // it is locked by one who locks in no way of ours, and may only read it
}

func (e *LockError) Error() string {
	return fmt.Sprintf("cannot lock %s: %s: %v", e.Path, e.Lock, e.Err)
}

func (e *LockError) Unwrap() error { return e.Err }

// errLockTaken says that what has the name of the lock cannot be locked.
var errLockTaken = errors.New("the name of the lock is taken")

// readerError says that another program keeps a file locked, by a lock for which
// it needs only the right to read it. This package takes no such locks.
type readerError struct{ file string }

func (e *readerError) Error() string {
	return "is kept locked by a process that need only read it for that"
}
func (e *readerError) Is(target error) bool { return target == errLockTaken }

// lockPatience is how long another user's lock may be one that cannot be opened:
// until it has the rights that it should have, or is gone.
const lockPatience = 2 * time.Second

// Holder is the process that has a lock. It is zero where that cannot be told: it
// is on another machine, in another container, or has no lock file.
type Holder struct {
	PID  int
	User string // its name, or else its number
}

func (h Holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("PID %d (user %s)", h.PID, h.User)
}

// BusyError says that others did not give the lock of a keystore up in time.
type BusyError struct {
	Path   string // the keystore
	Holder Holder // who had it in the end
	Waited time.Duration
}

func (e *BusyError) Error() string {
	if e.Waited == 0 {
		return fmt.Sprintf("%s is in use by %v", e.Path, e.Holder)
	}
	return fmt.Sprintf("%s is in use by %v, also after %v of waiting", e.Path, e.Holder, e.Waited)
}

// Wait is how long Lock waits for others.
type Wait struct {
	// Timeout is the time after which there is a *BusyError: at once if it is
	// negative; zero is as long as it takes.
	Timeout time.Duration
	// Said is called, once, when it has waited for a second. It may be nil.
	Said func(Holder)
}

// saidAfter is when Wait.Said is called.
const saidAfter = time.Second

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
func Lock(ctx context.Context, path string) (*FileLock, error) { return Wait{}.Lock(ctx, path) }

// Lock is the function Lock with bounds.
func (w Wait) Lock(ctx context.Context, path string) (*FileLock, error) {
	target, regular, err := atomicfile.Target(path)
	if err != nil {
		return nil, err
	}
	if !regular {
		return &FileLock{}, nil
	}
	name := atomicfile.Beside(target) + ".lock"
	start := time.Now()
	const first, longest = time.Millisecond, 25 * time.Millisecond
	for pause := first; ; pause = min(2*pause, longest) {
		lock, err := take(name, target)
		waited := time.Since(start)
		// What may pass by itself: another user's lock that does not have its
		// rights yet, and a reader's that is no more than a glance.
		reader, byReader := errors.AsType[*readerError](err)
		passing := byReader || errors.Is(err, fs.ErrPermission)
		switch {
		case err == nil:
			atomicfile.Clean(path)
			_ = atomicfile.Recover(path) // a file that cannot be written is read through it
			return lock, nil
		case errors.Is(err, errLockTaken) && passing && waited < lockPatience:
		case byReader:
			return nil, &LockError{Path: path, Lock: reader.file, Err: reader, Held: true}
		case errors.Is(err, errLockTaken):
			return nil, &LockError{Path: path, Lock: name, Err: lockCause(name, err)}
		case !errors.Is(err, errBusy):
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		case w.Timeout != 0 && waited >= w.Timeout:
			return nil, &BusyError{Path: path, Holder: holder(name), Waited: max(w.Timeout, 0)}
		case w.Said != nil && waited >= saidAfter:
			w.Said(holder(name))
			w.Said = nil
		}
		if w.Timeout > 0 {
			pause = min(pause, max(w.Timeout-waited, 0))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// errBusy says that another process has the lock.
var errBusy = errors.New("locked by another process")

// take takes the lock, which a signal that ends the program gives up.
func take(name, target string) (*FileLock, error) {
	var release func() error
	made, err := interrupt.Make(func() (err error) {
		release, err = tryLock(name, target)
		if err == nil && release == nil {
			err = errBusy
		}
		return err
	}, func() { _ = release() })
	if err != nil {
		return nil, err
	}
	return &FileLock{made, release}, nil
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
	var err error
	_ = l.made.End(func() error {
		err = release()
		return nil
	})
	return err
}
