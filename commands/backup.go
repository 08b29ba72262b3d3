package commands

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"gokeytool/internal/atomicfile"
)

// backUp copies a keystore to FILE.old, or FILE.old2 and on where that exists.
func (s *session) backUp(path string) (string, error) {
	data, err := readWhole(path)
	if err != nil {
		return "", fileError(path, pathCause(err))
	}
	data = atomicfile.Settled(data)
	for n := 1; ; n++ {
		name := path + ".old"
		if n > 1 {
			name += strconv.Itoa(n)
		}
		switch err := atomicfile.Create(name, data, 0o600, nil); {
		case err == nil:
			return name, nil
		case !errors.Is(err, fs.ErrExist):
			return "", notWritten(name, pathCause(err))
		}
	}
}

// dropBackup takes the copy of a keystore away that was not changed after all; but
// not while it holds parts of what it was to become.
func dropBackup(path, backup string) {
	if !atomicfile.Interrupted(path) {
		os.Remove(backup)
	}
}

// readWhole reads a file as atomicfile.Open opens it.
func readWhole(path string) ([]byte, error) {
	file, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// keepBackup keeps the keystore as it was beside the one that is to be saved. end
// says so when it was saved, and takes the copy away if it was not.
func (s *session) keepBackup(path string) (end func(saved bool), err error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return func(bool) {}, nil // nothing that could be lost
	}
	name, err := s.backUp(path)
	return func(saved bool) {
		if !saved {
			dropBackup(path, name)
			return
		}
		s.talk().Printf("gokeytool: the keystore as it was is kept as %s\n", name)
	}, err
}
