//go:build unix

package commands

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// hangup asks serve to read its files again.
var hangup os.Signal = syscall.SIGHUP

// fileState is all by which a file tells that it may be another one, or may now
// be read: zero where there is none.
type fileState struct {
	device, inode   uint64
	size            int64
	written, edited unix.Timespec // its content, and anything of it
	mode, uid, gid  uint32
}

func stateOf(name string) fileState {
	var st unix.Stat_t
	if unix.Stat(name, &st) != nil {
		return fileState{}
	}
	return fileState{uint64(st.Dev), st.Ino, st.Size, st.Mtim, st.Ctim, uint32(st.Mode), st.Uid, st.Gid}
}
