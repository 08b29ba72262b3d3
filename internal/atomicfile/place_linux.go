package atomicfile

import (
	"golang.org/x/sys/unix"
)

// bound says whether the name of a file is known to be one that cannot be given
// to another file: a mount point of its own, or in a directory from which
// nothing may be removed.
func bound(target string) bool {
	var file, in unix.Statx_t
	dir, _ := split(target)
	if unix.Statx(unix.AT_FDCWD, target, unix.AT_STATX_DONT_SYNC, 0, &file) != nil ||
		unix.Statx(unix.AT_FDCWD, dir, unix.AT_STATX_DONT_SYNC, 0, &in) != nil {
		return false
	}
	return file.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 || in.Attributes&unix.STATX_ATTR_APPEND != 0 ||
		file.Dev_major != in.Dev_major || file.Dev_minor != in.Dev_minor
}
