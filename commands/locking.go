package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/store"
)

// lockTimeoutVariable is how long is waited for others where -lockTimeout is not
// given.
const lockTimeoutVariable = "GOKEYTOOL_LOCK_TIMEOUT"

// lockTimeout is how long to wait for others who change a keystore; false where
// it is as long as it takes.
func (s *session) lockTimeout() (time.Duration, bool, error) {
	value, given := s.req.Value("lockTimeout")
	name := "-lockTimeout"
	if !given {
		value, _ = s.LookupEnv(lockTimeoutVariable)
		if name = lockTimeoutVariable; value == "" {
			return 0, false, nil
		}
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, false, fmt.Errorf("%s %s: seconds are wanted, or a time such as 500ms or 2m; 0 for not waiting at all", name, value)
	}
	return d, true, nil
}

// lock locks a file that is to be changed. Who has to wait for more than a second
// is told for whom.
func (s *session) lock(ctx context.Context, path string) (*store.FileLock, error) {
	return s.lockAs(ctx, path, path)
}

// lockAs is lock for a file that stands for something, which is called so.
func (s *session) lockAs(ctx context.Context, path, called string) (*store.FileLock, error) {
	timeout, bounded, err := s.lockTimeout()
	if err != nil {
		return nil, err
	}
	wait := store.Wait{Timeout: timeout, Said: func(h store.Holder) {
		s.hint(fmt.Sprintf("waiting for %v to be done with %s", h, called))
	}}
	if bounded && timeout == 0 {
		wait.Timeout = -1
	}
	return wait.Lock(ctx, path)
}

// busyHints say what to do about a keystore that others did not give up in time.
func busyHints(err *store.BusyError) []string {
	hints := []string{"it is as it was; to wait longer: -lockTimeout, in seconds, or without it for as long as it takes"}
	if err.Holder.PID > 0 {
		hints = append(hints, fmt.Sprintf("to see what it is waiting for: ps -fp %d", err.Holder.PID))
	}
	return hints
}

// giveWay gives up the lock of the keystore that is to be changed, while a
// question waits for its answer, or the network for a server: settle has it again.
func (s *session) giveWay() {
	if s.changing != nil {
		s.changing.close()
	}
}

// settle sees to it that the keystore is locked, and has in it what others have
// written while it was not, beside what the command has changed. Where both have
// changed the same, that is an error.
func (k *keystore) settle() error {
	if k.lock != nil {
		return nil // since it was read
	}
	current, err := k.relock()
	if err != nil || current {
		return err
	}
	_, statErr := os.Stat(k.path)
	if statErr != nil || k.replaces || k.exists && !samePassword(k.password, k.opened) {
		return &store.ChangedError{Path: k.path} // it is gone, or all that is in it is written again
	}
	changed, reading := k.Store, k.reading
	k.exists, k.fresh = true, false
	if err := k.load(k.storetype); err != nil {
		return err
	}
	if err := reading.Carry(changed, k.Store); err != nil {
		return err
	}
	if k.adapt != nil {
		return k.adapt()
	}
	return nil
}

// same is settle for a command that makes a whole new keystore of what it read.
func (k *keystore) same() error {
	current, err := k.relock()
	if err == nil && !current {
		err = &store.ChangedError{Path: k.path}
	}
	return err
}

// relock locks the keystore, if it is not locked still, and says whether it holds
// what was read.
func (k *keystore) relock() (current bool, err error) {
	if k.none {
		return true, nil
	}
	if k.lock == nil {
		if err := k.acquire(); err != nil {
			return false, err
		}
	}
	if k.token != nil {
		return true, nil // it is compared with what was read when it is written
	}
	if _, regular, err := atomicfile.Target(k.path); err != nil || !regular || k.unlocked != nil {
		return true, nil // nobody else writes it, or it can't be written
	}
	current, err = k.reading.Current(k.options)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = fileError(k.path, path.Err)
	}
	return current, err
}
