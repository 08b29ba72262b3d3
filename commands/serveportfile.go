package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/store"
)

// portFile is a file that says on which port an endpoint listens.
type portFile struct {
	name string
	text []byte
}

// write writes the file. One that an endpoint has left behind is replaced, and so
// is that of another which still runs; but nothing else is.
func (p portFile) write(ctx context.Context) error {
	lock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if held, err := p.held(); err == nil && len(bytes.Trim(held, "0123456789\n")) > 0 {
		return withHint(fmt.Errorf("%s is there already, and is not the file of a port: it stays as it is", p.name), "name another file with -portfile")
	}
	if err := atomicfile.Write(p.name, p.text, 0o644, nil); err != nil {
		return notWritten(p.name, pathCause(err))
	}
	return nil
}

// remove removes the file, unless it is another endpoint's by now.
func (p portFile) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // nobody is kept from ending
	defer cancel()
	lock, err := p.lock(ctx)
	if err != nil {
		return
	}
	defer lock.Unlock()
	if held, err := p.held(); err != nil || !bytes.Equal(held, p.text) {
		return
	}
	if target, _, err := atomicfile.Target(p.name); err == nil {
		os.Remove(target)
	}
}

// lock keeps others away while the file is looked at and then changed. Where none
// can be made the file can't be written either, or is no plain file.
func (p portFile) lock(ctx context.Context) (*store.FileLock, error) {
	lock, err := store.Lock(ctx, p.name)
	if _, taken := errors.AsType[*store.LockError](err); taken {
		return nil, err
	}
	return lock, nil
}

// held is the beginning of a plain file, longer than that of a port.
func (p portFile) held() ([]byte, error) {
	info, err := os.Stat(p.name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, err
	}
	file, err := atomicfile.Open(p.name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, 16))
}
