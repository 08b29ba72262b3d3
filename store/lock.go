package store

import (
	"context"
	"io/fs"
	"time"

	"gokeytool/internal/atomicfile"
)

// FileLock is held by the one process that may change a keystore file.
type FileLock struct {
	release func() error
}

// Lock waits until no other process holds the lock of the file, or until the
// context is done, and takes it. The file need not exist; its directory must.
// Whoever holds the lock also removes what a process that was killed while it
// saved the file may have left behind.
//
// The lock is a file beside the keystore, named .NAME.lock, that exists while
// the lock is held or waited for. It is advisory: it keeps apart those who ask
// for it. A file that is not a regular one (/dev/stdout, a FIFO), or a
// file system that knows no locks, is used without one. The error is an *fs.PathError
// or that of the context.
func Lock(ctx context.Context, path string) (*FileLock, error) {
	target, regular, err := atomicfile.Target(path)
	if err != nil {
		return nil, err
	}
	if !regular {
		return &FileLock{release: func() error { return nil }}, nil
	}
	name := atomicfile.Beside(target) + ".lock"
	const first, longest = time.Millisecond, 25 * time.Millisecond
	for wait := first; ; wait = min(2*wait, longest) {
		release, err := tryLock(name)
		if err != nil {
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		}
		if release != nil {
			atomicfile.Clean(path)
			return &FileLock{release}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
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
