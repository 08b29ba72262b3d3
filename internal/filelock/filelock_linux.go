package filelock

import (
	"os"

	"gokeytool/internal/atomicfile"
)

// lockFile locks an open lock file, if nobody has. It is a lock that only who
// can write the file can have: whoever comes to read it keeps nobody waiting by
// flock.
func lockFile(f *os.File) (bool, error) {
	free, err := atomicfile.TryLock(f, 0, true)
	if err == nil && !free && atomicfile.LockedByReaders(f, 0) {
		err = &readerError{f.Name()}
	}
	return free, err
}
