package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

var (
	errIsDir        = errors.New("is a directory")
	errExists error = windows.ERROR_FILE_EXISTS
)

// asItIs adds nothing to how a file is opened.
const asItIs = 0

// waysToPlace is the one way that gives a file a name which nothing has.
var waysToPlace = []func(temp *os.File, target string) error{moveNew}

// moveNew renames, and unlike os.Rename replaces nothing.
func moveNew(temp *os.File, target string) error {
	if err := temp.Close(); err != nil {
		return err
	}
	from, err := windows.UTF16PtrFromString(temp.Name())
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(target)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(from, to, windows.MOVEFILE_WRITE_THROUGH)
}

// Guard has nothing to say: the directory's rights do, on Windows.
func Guard(string, fs.FileInfo) error { return nil }

// Trusted has nothing to say either.
func Trusted(string, fs.FileInfo) error { return nil }

// wide is not known here, where the mode says nothing.
func wide(fs.FileInfo) bool { return false }

// fit has nothing to say either.
func fit(string, fs.FileInfo) error { return nil }

// follow resolves the symbolic link that a path may be.
func follow(path string) (end string, open bool, err error) {
	end = path
	for range 40 {
		next, err := os.Readlink(end)
		if err != nil {
			return end, false, nil
		}
		if !filepath.IsAbs(next) {
			dir, _ := split(end)
			next = dir + next
		}
		end = next
	}
	return "", false, errors.New("too many levels of symbolic links")
}

// openEnd opens the file at the end of the links.
func openEnd(end string) (*os.File, error) { return os.Open(end) }

// claim has nothing to do: a file that is open cannot be removed.
func claim(*os.File) bool { return true }

// removeAbandoned removes a temporary file, which fails while its writer has
// it open.
func removeAbandoned(name string) { os.Remove(name) }

// keepMetadata has nothing to do: the new file inherits its rights from the
// directory, and MoveFileEx keeps no others.
func keepMetadata(*os.File, string, fs.FileInfo) error { return nil }

// keepOwner has nothing to do either.
func keepOwner(*os.File, string, fs.FileInfo) error { return nil }

// links is how many names a file has, which does not matter here.
func links(fs.FileInfo) uint64 { return 1 }

// keepsName is false: a file that cannot be replaced is not written in place.
func keepsName(error) bool { return false }

func rename(temp *os.File, target string) error {
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), target)
}

// syncDir has nothing to do: a directory cannot be synced.
func syncDir(string) error { return nil }
