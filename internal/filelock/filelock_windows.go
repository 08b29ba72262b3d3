package filelock

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock, if nobody has it; otherwise release is nil. The lock
// is the file itself, which no two processes can have open and which Windows
// removes when it is closed, by whatever end the process comes to.
func tryLock(name, _ string) (release func() error, err error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	const alone = 0 // share mode
	for range 10 {
		var h windows.Handle
		h, err = windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE|windows.DELETE, alone, nil,
			windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
		switch {
		case err == nil:
			return func() error { return windows.CloseHandle(h) }, nil
		case errors.Is(err, windows.ERROR_SHARING_VIOLATION), errors.Is(err, windows.ERROR_DELETE_PENDING):
			return nil, nil
		case !errors.Is(err, windows.ERROR_ACCESS_DENIED):
			return nil, err
		}
		// Access is denied for good, or while a file is being removed.
		time.Sleep(time.Millisecond)
	}
	return nil, err
}

// ownerOf names the owner of a file, whom Windows keeps to itself.
func ownerOf(fs.FileInfo) string { return "another user" }

// holder cannot be told: nobody else can open the lock.
func holder(string) Holder { return Holder{} }
