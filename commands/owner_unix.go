//go:build unix

package commands

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// othersMay says whether others than the owner may use a file in one of these
// ways, as the bits of a mode say.
func othersMay(info fs.FileInfo, ways fs.FileMode) bool { return info.Mode().Perm()&ways != 0 }

// ofUser says whether a file belongs to the user who runs us.
func ofUser(info fs.FileInfo) bool { return int(info.Sys().(*syscall.Stat_t).Uid) == os.Geteuid() }

// mayWrite says whether the user may write a file, which root may not on a file
// system that is read only.
func mayWrite(name string) bool { return unix.Access(name, unix.W_OK) == nil }

// ofRoot says whether a file is root's, who can read every file anyway.
func ofRoot(info fs.FileInfo) bool { return info.Sys().(*syscall.Stat_t).Uid == 0 }

// ofAnother says whether a file belongs to another user than the one who runs
// us. To root every file is as his own.
func ofAnother(info fs.FileInfo) bool {
	user := os.Geteuid()
	return user != 0 && int(info.Sys().(*syscall.Stat_t).Uid) != user
}
