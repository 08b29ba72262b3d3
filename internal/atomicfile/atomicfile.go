// Package atomicfile writes files so that whoever looks, at whatever instant
// and whatever happens to the writer, sees the old content or the new one,
// whole.
//
// The content goes to a temporary file in the same directory, named
// .NAME.RANDOM.tmp, is synced, read back and verified, and takes the place of
// the old file by a rename, which is synced as well. On any failure the old
// file is as it was.
//
// What the old file was stays: its mode, owner and, on Linux, extended
// attributes (access control lists among them). A symbolic link stays one, and
// what it leads to is written, even if it is not there yet.
//
// A file that cannot be replaced so is written in place: its directory may not
// be written, it is a mount point of its own, it has several names (which stay
// one file), or a new file could not have its owner or access control list.
// While that lasts the file holds the old content and the new one: whoever reads
// it by Content, and whoever writes it next, finds one of them whole; see
// overwrite.
//
// A file that the user may not write is not replaced, even where the directory
// would allow it.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Write gives a file new content. A file that is not there yet gets the mode
// perm, less the umask. If verify is not nil it reads what has been written
// back from the disk, and its error is an error of Write that leaves the old file.
//
// What is not a regular file (a FIFO, a device, /dev/stdout whatever that is)
// is written directly, and not verified.
//
// The error is an *fs.PathError that names path.
func Write(path string, data []byte, perm fs.FileMode, verify func(written io.Reader) error) error {
	target, regular, err := Target(path)
	if err != nil {
		return err
	}
	if !regular {
		return writeDirectly(path, data)
	}
	old, err := writable(target)
	if err != nil {
		return named(path, err)
	}
	if old != nil && (links(old) > 1 || bound(target)) {
		err = writeInPlace(target, data, verify)
	} else if err = replaceFile(target, old, data, perm, verify); old != nil && errors.Is(err, errBound) {
		err = writeInPlace(target, data, verify)
	}
	if err != nil {
		return named(path, err)
	}
	return nil
}

// replaceFile puts a new file in the place of the old one, if there is one.
func replaceFile(target string, old fs.FileInfo, data []byte, perm fs.FileMode, verify func(io.Reader) error) error {
	Clean(target)
	if old != nil {
		perm = 0o600 // until it has the old file's mode
	}
	temp, err := create(target, perm)
	if err != nil {
		return boundError(err)
	}
	if err := replace(temp, target, old, data, verify); err != nil {
		temp.Close()
		os.Remove(temp.Name())
		return err
	}
	return nil
}

// Check says what Write would fail with before there is anything to write: the
// directory is not there, or the user may not write. It leaves nothing behind.
func Check(path string) error {
	target, regular, err := Target(path)
	if err != nil || !regular {
		return err
	}
	old, err := writable(target)
	if err != nil {
		return named(path, err)
	}
	if old != nil {
		return nil
	}
	temp, err := create(target, 0o600)
	if err != nil {
		return named(path, err)
	}
	temp.Close()
	return os.Remove(temp.Name())
}

// errBound says that no other file can have the name, or be all that the old one
// is.
var errBound = errors.New("the file cannot be replaced")

// boundError adds errBound to an error of the file system that means it.
func boundError(err error) error {
	if keepsName(err) {
		return bounded{err}
	}
	return err
}

type bounded struct{ error }

func (b bounded) Unwrap() []error { return []error{b.error, errBound} }

// writable returns the file that is to be replaced, nil if there is none, and
// an error if the user may not write it.
func writable(target string) (fs.FileInfo, error) {
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// replace fills temp and puts it in the place of target.
func replace(temp *os.File, target string, old fs.FileInfo, data []byte, verify func(io.Reader) error) error {
	if _, err := temp.Write(data); err != nil {
		return err
	}
	if old != nil {
		if err := keepMetadata(temp, target, old); err != nil {
			return bounded{err}
		}
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if verify != nil {
		if _, err := temp.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := verify(temp); err != nil {
			return &fs.PathError{Op: "verify", Path: target, Err: err}
		}
	}
	if err := rename(temp, target); err != nil {
		return boundError(err)
	}
	dir, _ := split(target)
	return syncDir(dir)
}

// create makes the temporary file, claimed so that Clean leaves it alone.
func create(target string, perm fs.FileMode) (*os.File, error) {
	prefix, suffix := pattern(target)
	for {
		name := prefix + strconv.FormatUint(rand.Uint64(), 36) + suffix
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if claim(f) {
			return f, nil
		}
		f.Close() // Clean of another process was faster and has removed it.
	}
}

// pattern returns what the names of target's temporary files begin and end with.
func pattern(target string) (prefix, suffix string) {
	return Beside(target) + ".", ".tmp"
}

// The bytes of a file that are locked, beyond all that files have: by those who
// change what it holds, in store.Lock, and by those who write it in place.
const (
	ChangesByte = 1 << 62
	contentByte = ChangesByte + 1
)

// longest is how long the base of a name may be for there to be room, among the
// 255 bytes that file systems give to it, for what is written around it: two
// dots, 13 digits and ".tmp".
const longest = 255 - 2 - 13 - 4

// Beside returns what the names of files begin with that are put beside target
// while it is written or locked. Files whose long names begin alike share it:
// their locks are one, and what living processes write stays.
func Beside(target string) string {
	dir, base := split(target)
	if len(base) > longest {
		base = strings.ToValidUTF8(base[:longest], "")
	}
	return dir + "." + base
}

// split splits a path into its directory, with a separator at the end, and its
// last part. Unlike filepath.Dir it keeps "link/.." as it is, which the file
// system resolves otherwise than the text does.
func split(path string) (dir, base string) {
	dir, base = filepath.Split(path)
	if dir == "" {
		dir = "." + string(filepath.Separator)
	}
	return dir, base
}

// Clean removes the temporary files that processes which were killed while
// they wrote path have left. Those of living processes stay.
func Clean(path string) {
	target, regular, err := Target(path)
	if err != nil || !regular {
		return
	}
	dirName, _ := split(target)
	prefix, suffix := pattern(target)
	prefix = strings.TrimPrefix(prefix, dirName)
	dir, err := os.Open(dirName)
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		random, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		random, ok = strings.CutSuffix(random, suffix)
		if _, err := strconv.ParseUint(random, 36, 64); ok && err == nil {
			removeAbandoned(dirName + name)
		}
	}
}

// Target returns the file that writing path would write, at the end of its
// symbolic links, and whether it is a regular file or none yet, to be replaced
// as a whole. The error is an *fs.PathError.
func Target(path string) (target string, regular bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", false, &fs.PathError{Op: "open", Path: path, Err: errIsDir}
	case err == nil && !info.Mode().IsRegular():
		return path, false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", false, err
	}
	target = path
	for range 40 { // as many links as Linux follows
		if ofProcess(target) {
			return path, false, nil
		}
		next, err := os.Readlink(target)
		if err != nil {
			return target, true, nil
		}
		if !filepath.IsAbs(next) {
			dir, _ := split(target)
			next = dir + next
		}
		target = next
	}
	return "", false, &fs.PathError{Op: "open", Path: path, Err: errors.New("too many levels of symbolic links")}
}

// ofProcess says whether a name stands for an open file of a process, which
// is the one to write, rather than for a place in a directory.
func ofProcess(name string) bool {
	name = filepath.ToSlash(name)
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/dev/fd/")
}

func writeDirectly(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// named makes an error of the temporary file one of the file that was asked for.
func named(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}
