//go:build unix

package commands

import (
	"io/fs"
	"os"
	"syscall"
)

// ofAnother says whether a file belongs to another user than the one who runs
// us. To root every file is as his own.
func ofAnother(info fs.FileInfo) bool {
	user := os.Geteuid()
	return user != 0 && int(info.Sys().(*syscall.Stat_t).Uid) != user
}
