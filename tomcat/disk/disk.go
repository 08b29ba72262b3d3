// Package disk gives package tomcat the files of this machine: each of a bounded
// size, and of a WAR only what is asked for.
package disk

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"gokeytool/internal/atomicfile"
	"gokeytool/tomcat"
)

const (
	// maxEntries bounds a directory that is listed.
	maxEntries = 10_000
	// maxDirectory bounds what is read of a WAR to find a file in it: its
	// central directory and the file, in bytes.
	maxDirectory = 16 << 20
)

// Use has options read the files of this machine. ReadFile stays as it is where it
// is set.
func Use(opt *tomcat.Options) {
	if opt.ReadFile == nil {
		opt.ReadFile = ReadFile
	}
	opt.Stat, opt.ReadDir, opt.ReadWAR = os.Stat, ReadDir, ReadWAR
}

// ReadFile reads a regular file of at most tomcat.MaxSize bytes.
func ReadFile(name string) ([]byte, error) {
	f, _, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name)
}

// open opens a regular file.
func open(name string) (*os.File, int64, error) {
	// A FIFO would wait for a writer.
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := atomicfile.Open(name)
	return f, info.Size(), err
}

// read reads at most tomcat.MaxSize bytes.
func read(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, tomcat.MaxSize+1))
	if err == nil && len(data) > tomcat.MaxSize {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %d bytes", tomcat.MaxSize)}
	}
	if err != nil {
		clear(data) // it may be a password
		return nil, err
	}
	return data, nil
}

// ReadDir lists a directory, of at most 10000 files, in the order of their names.
func ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := atomicfile.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	files, err := dir.ReadDir(maxEntries + 1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(files) > maxEntries {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %d files", maxEntries)}
	}
	slices.SortFunc(files, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return files, nil
}

// ReadWAR reads a file in a WAR, of at most tomcat.MaxSize bytes when it is
// unpacked. The WAR may be of any size; the directory in it is bounded.
func ReadWAR(war, name string) ([]byte, error) {
	f, size, err := open(war)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	archive, err := zip.NewReader(&limited{f, maxDirectory}, size)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: war, Err: err}
	}
	for _, entry := range archive.File {
		if entry.Name != name {
			continue
		}
		unpacked, err := entry.Open()
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: war, Err: err}
		}
		defer unpacked.Close()
		return read(unpacked, war+"!/"+name)
	}
	return nil, &fs.PathError{Op: "read", Path: war + "!/" + name, Err: fs.ErrNotExist}
}

// limited reads no more than so many bytes in all.
type limited struct {
	r    io.ReaderAt
	room int64
}

func (l *limited) ReadAt(p []byte, offset int64) (int, error) {
	if l.room -= int64(len(p)); l.room < 0 {
		return 0, fmt.Errorf("its directory has more than %d bytes", maxDirectory)
	}
	return l.r.ReadAt(p, offset)
}
