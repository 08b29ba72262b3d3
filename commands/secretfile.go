package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
)

// writeSecret writes a file that holds keys. One that is there already is
// replaced only if the user says so.
func (s *session) writeSecret(name string, data []byte) error {
	target, regular, err := atomicfile.Target(name)
	if err != nil {
		return fileError(name, pathCause(err))
	}
	info, err := os.Stat(target)
	if err == nil && regular && ofAnother(info) {
		return withHint(fmt.Errorf("%s belongs to another user, who would have the keys", name), "name another file, or remove this one before")
	}
	if err := atomicfile.CheckSecret(name); err != nil {
		return secretNotWritten(name, err)
	}
	if s.isKeystore(name) {
		return errKeystoreItself(name)
	}
	if err == nil && regular && info.Size() > 0 && !s.opt.noprompt {
		yes, err := s.promptYesNo(console.Textf("%s exists. Replace it? [no]:  ", name))
		if err != nil {
			return err
		}
		if !yes {
			return withHint(fmt.Errorf("%s is left as it was", name), "-noprompt replaces it")
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(name, pathCause(err))
	}
	write := func() error { return atomicfile.WriteSecret(name, data) }
	if errors.Is(err, fs.ErrNotExist) && !s.opt.noprompt { // nobody was asked about what is there by now
		write = func() error { return atomicfile.Create(target, data, 0o600, nil) }
	}
	lock, err := s.lock(context.Background(), name)                        // it may be a keystore that another is changing
	if _, path := errors.AsType[*fs.PathError](err); err != nil && !path { // it can't be written then
		return err
	}
	defer lock.Unlock()
	if err := write(); errors.Is(err, fs.ErrExist) {
		return withHint(fmt.Errorf("%s was made by another program in the meantime, and is left as it is", name), "-noprompt replaces it")
	} else if err != nil {
		return secretNotWritten(name, err)
	}
	s.talk().Printf("Stored in file <%s>\n", name)
	s.warnOfName(name, typesOf(data)...)
	s.sayMode(name, info)
	return nil
}

// secretNotWritten is why a file for keys was not written.
func secretNotWritten(name string, err error) error {
	if refused, ok := errors.AsType[*atomicfile.RefusedError](err); ok {
		hints := []string{"name another file, or remove this one before"}
		if info, err := os.Stat(name); err == nil && ofUser(info) && othersMay(info, 0o007) {
			hints = append(hints, "or take it from others, if none of them uses it: "+shell.Line("chmod", "o=", shell.File(name)))
		}
		return withHint(fmt.Errorf("%s is not written: %s", name, refused.Reason), hints...)
	}
	return notWritten(name, pathCause(err))
}

// sayMode says who may use a file that holds secrets now, if others than its
// owner could when it was there before.
func (s *session) sayMode(name string, before fs.FileInfo) {
	info, err := os.Stat(name)
	if err != nil || before == nil || !info.Mode().IsRegular() {
		return
	}
	was, is := before.Mode().Perm(), info.Mode().Perm()
	switch {
	case othersMay(info, 0o077):
		s.Stderr.Printf("gokeytool: others than its owner can use this file (mode %04o): %s\n", is, shell.Line("chmod", "600", shell.File(name)))
	case othersMay(before, 0o077) && was != is:
		s.Stderr.Printf("gokeytool: everybody could use %s (mode %04o), and now its owner alone can (mode %04o)\n", name, was, is)
	}
}
