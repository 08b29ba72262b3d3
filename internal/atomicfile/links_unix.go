//go:build unix

package atomicfile

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxLinks is how many symbolic links Linux follows in one path.
const maxLinks = 40

// follow resolves the symbolic links of a path, one after the other, as far as it
// is there: no part of end is a link. A link that another user may have put there
// for us to follow is refused; see Guard. open says that the path leads to what a
// process has open, where links are none.
//
// The kernel of Linux refuses the same links if fs.protected_symlinks is set,
// which it is not everywhere, and not in every container.
func follow(path string) (end string, open bool, err error) {
	var done string
	if filepath.IsAbs(path) {
		done = "/"
	}
	links := 0
	for todo := strings.Split(path, "/"); len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if name == "" || name == "." {
			continue
		}
		next := filepath.Join(done, name) // of "..", too: no part of done is a link
		if ofProcess(next) {
			return path, true, nil
		}
		info, err := os.Lstat(next)
		if err != nil {
			return strings.Join(append([]string{next}, todo...), "/"), false, nil // opening it says why
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if err := mayFollow(done, info); err != nil {
			return "", false, err
		}
		to, err := os.Readlink(next)
		if err != nil {
			return "", false, err
		}
		if links++; links > maxLinks {
			return "", false, syscall.ELOOP
		}
		if filepath.IsAbs(to) {
			done = "/"
		}
		todo = append(strings.Split(to, "/"), todo...)
	}
	switch {
	case path == "":
	case done == "":
		done = "."
	case done != "/" && strings.HasSuffix(path, "/"):
		done += "/" // which only a directory may have
	}
	return done, false, nil
}

// mayFollow says why a link in a directory is not followed.
func mayFollow(dir string, link fs.FileInfo) error {
	owner, ok := stranger(dir, link)
	if !ok {
		return nil
	}
	return &RefusedError{fmt.Sprintf("a symbolic link that user %s has put into a directory of everybody's (%s) is not followed: take a file in a directory of your own", owner, shownDir(dir))}
}

// Guard says, as a *RefusedError, why what has the name of path is not used, or
// nil: in a directory where everybody may make files and only their owners may
// remove them, as /tmp, it belongs to neither the user nor the directory's owner, who
// may have put it there for the user to fill or to read. That holds for root as well. A file there that has other names may be the user's own
// file from elsewhere.
//
// It is what fs.protected_regular and fs.protected_fifos say on Linux where they
// are set. Devices are for those to whom the system gives them.
func Guard(path string, info fs.FileInfo) error {
	if info.Mode()&fs.ModeDevice != 0 || ofProcess(path) {
		return nil
	}
	dir, _ := split(path)
	if owner, ok := stranger(dir, info); ok {
		return &RefusedError{fmt.Sprintf("it belongs to user %s, and is in a directory of everybody's (%s), where he may have put it for others to use: take a file in a directory of your own", owner, shownDir(dir))}
	}
	if info.Mode().IsRegular() && links(info) > 1 && everybodys(dir) != nil {
		return &RefusedError{fmt.Sprintf("it has other names, and is in a directory of everybody's (%s), where another user may have given it this one: take a file in a directory of your own", shownDir(dir))}
	}
	return nil
}

// stranger names the owner of what is in a directory of everybody's, if he is
// neither the user nor the owner of the directory.
func stranger(dir string, info fs.FileInfo) (owner string, ok bool) {
	uid := info.Sys().(*syscall.Stat_t).Uid
	if int(uid) == os.Geteuid() {
		return "", false
	}
	in := everybodys(dir)
	if in == nil || in.Sys().(*syscall.Stat_t).Uid == uid {
		return "", false
	}
	return userName(uid), true
}

// everybodys is a directory in which everybody may make files, and remove only
// his own; nil if it is another.
func everybodys(dir string) fs.FileInfo {
	if dir == "" {
		dir = "."
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode()&fs.ModeSticky == 0 || info.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return info
}

// wide says whether everybody may use a file.
func wide(info fs.FileInfo) bool { return info.Mode().Perm()&0o007 != 0 }

// fit says why what is there may not be filled with a secret. Root may fill a
// user's file, but not one that somebody may have made because root was to come.
func fit(target string, info fs.FileInfo) error {
	uid := info.Sys().(*syscall.Stat_t).Uid
	dir, _ := split(target)
	in, err := os.Stat(dir)
	if err != nil {
		return err
	}
	forAll := in.Mode().Perm()&0o002 != 0 && in.Sys().(*syscall.Stat_t).Uid != uid
	switch me := os.Geteuid(); {
	case int(uid) != me && (me != 0 || forAll):
		return &RefusedError{fmt.Sprintf("it belongs to user %s, who would have what is secret", userName(uid))}
	case info.Mode().IsRegular() && links(info) > 1:
		return &RefusedError{"it has other names (hard links), by which others might have what is secret"}
	case !info.Mode().IsRegular() && wide(info):
		return &RefusedError{"everybody can read from it what is secret"}
	}
	return nil
}

// Trusted says, as a *RefusedError, why what was opened by the name of path is not
// believed to be a secret of the user's: another one than root owns it or may write
// it, and so knows it. Root believes every owner, but see Guard. What comes out of
// a pipe is from who has made the pipe.
func Trusted(path string, info fs.FileInfo) error {
	target, regular, err := Target(path)
	if err != nil {
		return err
	}
	if !regular && info.Mode()&fs.ModeNamedPipe == 0 || ofProcess(target) {
		return nil
	}
	if err := Guard(target, info); err != nil {
		return err
	}
	uid := info.Sys().(*syscall.Stat_t).Uid
	switch me := os.Geteuid(); {
	case me != 0 && uid != 0 && int(uid) != me:
		return &RefusedError{fmt.Sprintf("it belongs to user %s, who knows what is in it", userName(uid))}
	case info.Mode().Perm()&0o002 != 0:
		return &RefusedError{fmt.Sprintf("everybody can write it (mode %04o), and so may know what is in it", info.Mode().Perm())}
	}
	return nil
}

// shownDir is a directory as it is shown.
func shownDir(dir string) string {
	if dir == "" {
		return "."
	}
	return filepath.Clean(dir)
}

// OwnerName names the owner of a file, by his number where he has no name.
func OwnerName(info fs.FileInfo) string { return userName(info.Sys().(*syscall.Stat_t).Uid) }

// userName names a user by name, or number where he has none.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
