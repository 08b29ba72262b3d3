package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

var errIsDir = errors.New("is a directory")

// claim has nothing to do: a file that is open cannot be removed.
func claim(*os.File) bool { return true }

// removeAbandoned removes a temporary file, which fails while its writer has
// it open.
func removeAbandoned(name string) { os.Remove(name) }

// keepMetadata has nothing to do: the new file inherits its rights from the
// directory, and MoveFileEx keeps no others.
func keepMetadata(*os.File, string, fs.FileInfo) error { return nil }

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
