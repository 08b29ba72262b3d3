package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/interrupt"
	"gokeytool/store"
)

// saveKeystore ends a command that changed its keystore.
func (s *session) saveKeystore() error {
	if err := s.ks.save(); err != nil {
		return err
	}
	s.announceStored()
	s.warnOfFormat()
	return nil
}

// announceStored says, with -v, that the keystore was written.
func (s *session) announceStored() {
	if s.opt.verbose {
		s.Stderr.Printf("[Storing %s]\n", s.ks.path)
	}
}

// save writes the keystore file.
func (k *keystore) save() error {
	if k.none {
		return errNone()
	}
	if err := k.settle(); err != nil {
		return err
	}
	if k.unlocked != nil { // it would be written beside others
		return k.notSaved(pathCause(k.unlocked))
	}
	if k.refuse != nil {
		if err := k.refuse(k); err != nil {
			return err
		}
	}
	if k.token != nil {
		return interrupt.Whole(func() error { return k.Save(k.path, nil) })
	}
	end := func(bool) {}
	if k.backup != nil && k.exists {
		var err error
		if end, err = k.backup(k.path); err != nil {
			return err
		}
	}
	write := k.Save
	if k.fresh { // what is there by now is not ours to replace
		write = k.Create
	}
	err := write(k.path, k.password)
	end(err == nil)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return k.notSaved(path.Err)
		}
		return err
	}
	k.created = k.created || !k.exists
	k.fresh = false
	k.exists, k.jks = true, k.Type() == store.JKS
	return nil
}

// notSaved is why the file system did not take the keystore, which keytool
// writes into the old file: we put a new one in its place.
func (k *keystore) notSaved(cause error) error {
	err := notWritten(k.path, cause)
	if errors.Is(cause, fs.ErrExist) {
		return withHint(err, fmt.Sprintf("%s was not there when the command began; another program has made it since, and it is as that has left it: run the command again to add to it", k.path))
	}
	if unfinished, ok := errors.AsType[*atomicfile.UnfinishedError](cause); ok {
		return withHint(err, k.path+": "+unfinished.Error())
	}
	if _, refused := errors.AsType[*atomicfile.RefusedError](cause); refused {
		return err
	}
	if _, plain := cause.(syscall.Errno); !plain {
		return withHint(err, fmt.Sprintf("%s is as it was: %v", k.path, cause))
	}
	if k.exists && errors.Is(cause, syscall.ENOSPC) {
		return withHint(err, fmt.Sprintf("%s is as it was: a new file is to take its place, so there has to be room for both", k.path))
	}
	return err
}
