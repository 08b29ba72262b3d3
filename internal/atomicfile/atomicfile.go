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
// would allow it. In a directory where everybody may make files, as /tmp, another
// user's file, FIFO or symbolic link is not used at all; see Guard.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gokeytool/internal/interrupt"
)

// Write gives a file new content. A file that is not there yet gets the mode
// perm, less the umask; one for its owner only (0600) gets it whatever the umask.
// If verify is not nil it reads what has been written back from the disk, and its
// error is an error of Write that leaves the old file.
//
// What is not a regular file (a FIFO, a device, /dev/stdout whatever that is)
// is written directly, and not verified.
//
// The error is an *fs.PathError that names path. It wraps a *RefusedError where
// somebody else may have put there what has the name; see Guard.
func Write(path string, data []byte, perm fs.FileMode, verify func(written io.Reader) error) error {
	return write(path, payload{data: data, verify: verify}, perm)
}

// WriteSecret is Write for what nobody but the user may read: a key, a password.
// A new file has mode 0600. One that is there must be a file of the user's (root
// may fill another user's) that has no other name; one that all may use is replaced by one with
// mode 0600, and one that cannot be replaced is refused, with a *RefusedError.
// What a group may do with it is kept: somebody has chosen it.
func WriteSecret(path string, data []byte) error {
	return write(path, payload{data: data, secret: true}, 0o600)
}

// AppendSecret opens a file to which secrets are added as they come up. It is made,
// or must be one that WriteSecret would fill; but one that all may use is refused:
// who has it open goes on reading. The error is an *fs.PathError.
func AppendSecret(path string) (*os.File, error) {
	target, regular, err := Target(path)
	if err != nil {
		return nil, err
	}
	var f *os.File
	if regular {
		f, err = appendTo(target)
	} else if err = fitStream(target, payload{secret: true}); err == nil {
		f, err = os.OpenFile(target, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, named(path, err)
	}
	return f, nil
}

// appendTo opens a regular file for AppendSecret, or makes it.
func appendTo(target string) (*os.File, error) {
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Chmod(0o600) // whatever the umask
	} else if errors.Is(err, fs.ErrExist) {
		if f, err = os.OpenFile(target, os.O_WRONLY|os.O_APPEND|asItIs, 0); err == nil {
			err = fitToAppend(f, target)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func fitToAppend(f *os.File, target string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := Guard(target, info); err != nil {
		return err
	}
	if err := fit(target, info); err != nil {
		return err
	}
	if wide(info) {
		return &RefusedError{fmt.Sprintf("everybody can use it (mode %04o), and who has it open would go on reading", info.Mode().Perm())}
	}
	return nil
}

// payload is what a file is to hold.
type payload struct {
	data   []byte
	verify func(written io.Reader) error
	secret bool
}

func write(path string, c payload, perm fs.FileMode) error {
	target, regular, err := Target(path)
	if err != nil {
		return err
	}
	if !regular {
		err = writeStream(target, c)
	} else {
		err = writeRegular(target, c, perm)
	}
	if err != nil {
		return named(path, err)
	}
	return nil
}

// writeRegular replaces a file, or writes it in place where that cannot be.
func writeRegular(target string, c payload, perm fs.FileMode) error {
	old, err := writable(target)
	if err != nil {
		return err
	}
	if old != nil && c.secret {
		if err := fit(target, old); err != nil {
			return err
		}
	}
	if old != nil && (links(old) > 1 || bound(target)) {
		return writeInPlace(target, old, c)
	}
	err = replaceFile(target, old, c, perm)
	if old != nil && errors.Is(err, errBound) {
		return writeInPlace(target, old, c)
	}
	return err
}

// replaceFile puts a new file in the place of the old one, if there is one.
func replaceFile(target string, old fs.FileInfo, c payload, perm fs.FileMode) error {
	Clean(target)
	if old != nil {
		perm = 0o600 // until it has the old file's mode
	}
	temp, err := create(target, perm)
	if err != nil {
		return boundError(err)
	}
	if err := temp.replace(target, old, c); err != nil {
		temp.Close()
		temp.Undo()
		return err
	}
	return nil
}

// Create makes a file that is not there yet. It appears with all its content: two
// that make it at once do not mix, and one of them gets an error that is
// fs.ErrExist. What the other has written is lasting then, and need only be read.
// (On a file system that can neither link nor rename without replacing, the name
// stands for an empty file for an instant.)
//
// A symbolic link that has the name is not followed: it is there. See Target.
// Otherwise all is as with Write.
func Create(path string, data []byte, perm fs.FileMode, verify func(written io.Reader) error) error {
	err := createFile(path, payload{data: data, verify: verify}, perm)
	if err != nil {
		return named(path, err)
	}
	return nil
}

func createFile(path string, c payload, perm fs.FileMode) error {
	dir, _ := split(path)
	if _, _, err := follow(dir); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		_ = syncDir(dir)
		return errExists
	}
	Clean(path)
	temp, err := create(path, perm)
	if err != nil {
		return err
	}
	if err = fill(temp.File, path, c, nil); err == nil {
		err = temp.End(func() error { return placeNew(temp.File, path) })
	}
	if err != nil {
		temp.Close()
		temp.Undo()
		_ = syncDir(dir) // for what another has made
		return err
	}
	return syncDir(dir)
}

// Lasting waits until the name of a file, which another process may just have made
// by Create, is on the disk.
func Lasting(path string) error {
	target, regular, err := Target(path)
	if err != nil || !regular {
		return err
	}
	dir, _ := split(target)
	return syncDir(dir)
}

// placeNew gives temp its name, if nothing has it, in the first way that the
// system and the file system know.
func placeNew(temp *os.File, target string) error {
	var err error
	for _, way := range waysToPlace {
		if err = way(temp, target); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// claimName takes the name with an empty file, and puts temp in its place.
func claimName(temp *os.File, target string) error {
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if err := rename(temp, target); err != nil {
		os.Remove(target)
		return err
	}
	return nil
}

// Check says what Write would fail with before there is anything to write: the
// directory is not there, or the user may not write. It leaves nothing behind.
func Check(path string) error { return check(path, payload{}) }

// CheckSecret says what WriteSecret would fail with.
func CheckSecret(path string) error { return check(path, payload{secret: true}) }

func check(path string, c payload) error {
	target, regular, err := Target(path)
	if err != nil {
		return err
	}
	if !regular {
		if err := fitStream(target, c); err != nil {
			return named(path, err)
		}
		return nil
	}
	old, err := writable(target)
	if err == nil && old != nil && c.secret {
		err = fit(target, old)
	}
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
	temp.Undo()
	return nil
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
	f, err := os.OpenFile(target, os.O_WRONLY|asItIs, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && links(info) > 1 { // the other name may be what a killed Create has left
		Clean(target)
		info, err = f.Stat()
	}
	if err != nil {
		return nil, err
	}
	return info, Guard(target, info)
}

// temporary is a new file that is to get a name. It does not outlive its process:
// Undo removes it, as does a signal.
type temporary struct {
	*os.File
	*interrupt.Made
}

// replace fills the temporary file and puts it in the place of target.
func (temp temporary) replace(target string, old fs.FileInfo, c payload) error {
	if err := fill(temp.File, target, c, old); err != nil {
		return err
	}
	if err := temp.End(func() error { return rename(temp.File, target) }); err != nil {
		return boundError(err)
	}
	dir, _ := split(target)
	return syncDir(dir)
}

// fill writes the content into temp, and to the disk. Of an old file temp becomes
// what that was; but a secret gets only the owner of a file that everybody may use.
func fill(temp *os.File, target string, c payload, old fs.FileInfo) error {
	if _, err := temp.Write(c.data); err != nil {
		return err
	}
	if old != nil {
		keep := keepMetadata
		if c.secret && wide(old) {
			keep = keepOwner
		}
		if err := keep(temp, target, old); err != nil {
			return bounded{err}
		}
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if c.verify == nil {
		return nil
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := c.verify(temp); err != nil {
		return &fs.PathError{Op: "verify", Path: target, Err: err}
	}
	return nil
}

// create makes the temporary file, claimed so that Clean leaves it alone.
func create(target string, perm fs.FileMode) (temp temporary, err error) {
	prefix, suffix := pattern(target)
	for {
		name := prefix + strconv.FormatUint(rand.Uint64(), 36) + suffix
		temp.Made, err = interrupt.Make(func() (err error) {
			temp.File, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
			return err
		}, func() { os.Remove(name) })
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return temp, err
		}
		if claim(temp.File) {
			if perm&0o077 == 0 { // whatever the umask
				err = temp.Chmod(perm)
			}
			if err != nil {
				temp.Close()
				temp.Undo()
				return temp, err
			}
			return temp, nil
		}
		temp.Close()
		temp.Undo() // Clean of another process was faster and has removed it.
	}
}

// pattern returns what the names of target's temporary files begin and end with.
func pattern(target string) (prefix, suffix string) {
	return Beside(target) + ".", ".tmp"
}

// The bytes of a file that are locked, beyond all that files have: by those who
// change what it holds, in filelock.Lock, and by those who write it in place.
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
// as a whole. The error is an *fs.PathError; it wraps a *RefusedError where a
// link is not followed.
func Target(path string) (target string, regular bool, err error) {
	end, ofProcess, err := follow(path) // before the system, which refuses some links without a word
	if err != nil {
		return "", false, named(path, err)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", false, &fs.PathError{Op: "open", Path: path, Err: errIsDir}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", false, err
	case ofProcess:
		return path, false, nil
	}
	// Where only directories are links it keeps its name.
	if last, err := os.Lstat(path); err != nil || last.Mode()&fs.ModeSymlink == 0 {
		end = path
	}
	return end, info == nil || info.Mode().IsRegular(), nil
}

// ofProcess says whether a name stands for an open file of a process, which
// is the one to write, rather than for a place in a directory.
func ofProcess(name string) bool {
	name = filepath.ToSlash(name)
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/dev/fd/")
}

// Open opens a file to be read, as os.Open does, but follows no symbolic link
// that Target would not follow. The error is an *fs.PathError.
func Open(path string) (*os.File, error) {
	end, ofProcess, err := follow(path)
	if err != nil {
		return nil, named(path, err)
	}
	if ofProcess {
		return os.Open(path)
	}
	f, err := openEnd(end)
	if err != nil {
		return nil, named(path, err)
	}
	return f, nil
}

// RefusedError says why a file is not used though the system would let the user.
// It is fs.ErrPermission, as what Linux does where it refuses the same.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

func (e *RefusedError) Is(target error) bool { return target == fs.ErrPermission }

// writeStream writes what is not a regular file, or is one that a process has open.
func writeStream(target string, c payload) error {
	if err := fitStream(target, c); err != nil {
		return err
	}
	return writeDirectly(target, c, 0)
}

// writeDirectly writes a file, opened with these flags too, as it is.
func writeDirectly(target string, c payload, flags int) error {
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_TRUNC|flags, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(c.data)
	return errors.Join(err, f.Close())
}

// fitStream looks, before it is opened, at what is no regular file: opening a FIFO
// waits for its reader, and lets him know.
func fitStream(target string, c payload) error {
	info, err := os.Lstat(target)
	if err != nil || info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) == 0 {
		return nil // a device, or a link to what a process has open
	}
	if err := Guard(target, info); err != nil {
		return err
	}
	if c.secret {
		return fit(target, info)
	}
	return nil
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
