package store

import (
	"context"

	"gokeytool/internal/filelock"
)

// FileLock is held by the one process that may change a keystore file. Its Unlock
// gives it up.
type FileLock = filelock.FileLock

// LockError says that a keystore cannot be locked because of what has the name of
// its lock: a directory, a link, or the lock of another user that cannot be
// opened, such as one that a killed process has left.
type LockError = filelock.LockError

// Holder is the process that has a lock. It is zero where that cannot be told: it
// is on another machine, in another container, or has no lock file.
type Holder = filelock.Holder

// BusyError says that others did not give the lock of a keystore up in time.
type BusyError = filelock.BusyError

// Wait is how long Lock waits for others.
type Wait = filelock.Wait

// Lock waits until no other process holds the lock of a keystore, or until the
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
func Lock(ctx context.Context, path string) (*FileLock, error) { return filelock.Lock(ctx, path) }
