package state

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gokeytool/internal/filelock"
)

// Lock is held by the one process that may order a certificate for something, such
// as the entry of a keystore. Who waited for it looks again whether there is still
// something to be done.
type Lock struct {
	For  string // what it is for
	path string // of the order
	lock *filelock.FileLock
}

// Lock waits until no other process orders a certificate for the same thing. The
// error is a *filelock.BusyError after the time that wait has, a *filelock.LockError,
// that of the context, or an *fs.PathError.
func (d *Dir) Lock(ctx context.Context, what string, wait filelock.Wait) (*Lock, error) {
	path := filepath.Join(d.path, "orders", digest([]byte(what))[:32]+".json")
	lock, err := takeLock(ctx, path, wait)
	if err != nil {
		return nil, err
	}
	return &Lock{what, path, lock}, nil
}

// LockAccount waits until no other process changes the account at the CA of a
// directory. What it returns gives the lock up.
func (d *Dir) LockAccount(ctx context.Context, directory string) (unlock func() error, err error) {
	lock, err := takeLock(ctx, d.AccountFile(directory), filelock.Wait{})
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}

func takeLock(ctx context.Context, path string, wait filelock.Wait) (*filelock.FileLock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return wait.Lock(ctx, path)
}

// Unlock gives the lock up. Of a nil lock, or a second time, it does nothing.
func (l *Lock) Unlock() error {
	if l == nil {
		return nil
	}
	return l.lock.Unlock()
}

// Order is the order that an earlier run has left; nil with no error for none. One whose
// key is held in a token comes without it. The error is a *FileError or an *fs.PathError.
func (l *Lock) Order() (*Order, error) {
	o, err := readOrder(l.path)
	if err == nil && o != nil && o.For != l.For {
		err = &FileError{l.path, fmt.Errorf("it has the order for %q", o.For)}
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func readOrder(path string) (*Order, error) {
	var o Order
	found, err := read(path, &o)
	if err != nil || !found {
		return nil, err
	}
	if o.Key.IsZero() == (o.Held == nil) {
		return nil, &FileError{path, errors.New("the order has no key, or two")}
	}
	return &o, nil
}

// SetOrder keeps the order.
func (l *Lock) SetOrder(o *Order) error {
	if o.Key.IsZero() {
		return errors.New("an order without a key cannot be kept")
	}
	o.For = l.For
	return writeOrder(l.path, o)
}

// writeOrder writes an order, and no key that stays in a token.
func writeOrder(path string, o *Order) error {
	kept := *o
	if kept.Held != nil {
		kept.Key = Key{}
	}
	return write(path, &kept)
}

// ForgetOrder forgets the order, whose key is stored or was never certified.
func (l *Lock) ForgetOrder() error { return remove(l.path) }

// SetAside puts the order away, because nobody asks for its certificate any more: its
// key may be certified, and so is kept. It says in which file. What was put away
// before and is of no use now, since the certificates have expired, is removed.
func (l *Lock) SetAside(o *Order, now time.Time) (string, error) {
	base := strings.TrimSuffix(l.path, ".json")
	for _, path := range aside(base) {
		if old, err := readOrder(path); err == nil && old != nil && old.useless(now) {
			_ = os.Remove(path)
		}
	}
	// The name is by the order, so that a run that was killed here does it again.
	path := base + "-" + digest([]byte(o.Directory + " " + o.URL))[:12] + ".aside"
	if err := writeOrder(path, o); err != nil {
		return "", err
	}
	return path, l.ForgetOrder()
}

func aside(base string) []string {
	paths, _ := filepath.Glob(escape(base) + "-*.aside")
	return paths
}

// useless says that a certificate for the key has expired by now.
func (o *Order) useless(now time.Time) bool {
	// Of one that was not seen: no public certificate has ever lived longer.
	end := o.Made.AddDate(3, 0, 0)
	if block, _ := pem.Decode([]byte(o.Chain)); block != nil {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			end = c.NotAfter
		}
	}
	return now.After(end)
}
