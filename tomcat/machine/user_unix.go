//go:build unix

package machine

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// User is the one as whom Tomcat runs.
type User struct {
	// Name and Home are empty where the machine does not know them.
	Name, Home string
	// Owns is the directory that tells it, because Tomcat writes there.
	Owns string

	uid    int
	groups []int
}

// RunsAs says as whom Tomcat runs: the owner of what it writes, logs, work or temp
// in catalina.base. It is not ok where that can't be told, and where it is root or
// who asks, because then there is nothing to be said.
func RunsAs(base string) (User, bool) {
	for _, name := range []string{"logs", "work", "temp"} {
		dir := filepath.Join(base, name)
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		uid, _, ok := ownerOf(info)
		if !ok || !info.IsDir() {
			continue
		}
		if uid == 0 || uid == os.Geteuid() {
			return User{}, false
		}
		u := User{Name: "the user " + strconv.Itoa(uid), Owns: dir, uid: uid}
		if known, err := user.LookupId(strconv.Itoa(uid)); err == nil {
			u.Name, u.Home = known.Username, known.HomeDir
			ids, _ := known.GroupIds()
			for _, id := range append(ids, known.Gid) {
				if gid, err := strconv.Atoi(id); err == nil {
					u.groups = append(u.groups, gid)
				}
			}
		}
		return u, true
	}
	return User{}, false
}

// Unreadable says why a user can't read a file: its own permissions, or those of a
// directory above it. It is not ok where the user can, and where a list of access
// rights, or something else, makes it uncertain.
func (u User) Unreadable(path string) (Cause, bool) {
	real, err := filepath.Abs(path)
	if err != nil {
		return Cause{}, false
	}
	if real, err = filepath.EvalSymlinks(real); err != nil {
		return Cause{}, false
	}
	parts := strings.Split(strings.TrimPrefix(real, "/"), "/")
	for i := range parts {
		at := "/" + strings.Join(parts[:i], "/")
		if ok, certain := u.may(at, 1); certain && !ok {
			return Cause{
				fmt.Sprintf("the user %s, to whom %s belongs, does not get to it: %s has %s", u.Name, u.Owns, at, describe(at)),
				"put the file where Tomcat's user gets to, such as its conf directory",
			}, true
		}
	}
	if ok, certain := u.may(real, 4); certain && !ok {
		return Cause{
			fmt.Sprintf("the user %s, to whom %s belongs, can't read it: it has %s", u.Name, u.Owns, describe(real)),
			"give the file to a group of that user with chgrp, and the group the right to read it with chmod g+r",
		}, true
	}
	return Cause{}, false
}

// may says whether the permissions of a file give the user a right, 4 to read and 1
// to pass through.
func (u User) may(path string, right fs.FileMode) (ok, certain bool) {
	info, err := os.Stat(path)
	if err != nil || hasACL(path) {
		return false, false
	}
	uid, gid, known := ownerOf(info)
	mode := info.Mode().Perm()
	switch {
	case !known:
		return false, false
	case uid == u.uid:
		return mode>>6&right != 0, true
	case slices.Contains(u.groups, gid):
		return mode>>3&right != 0, true
	}
	return mode&right != 0, true
}

// describe is the mode of a file, with its owner and group.
func describe(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "an unknown mode"
	}
	uid, gid, _ := ownerOf(info)
	owner, group := strconv.Itoa(uid), strconv.Itoa(gid)
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return fmt.Sprintf("the mode %04o and belongs to %s:%s", info.Mode().Perm(), owner, group)
}

// ownerOf is who a file belongs to.
func ownerOf(info fs.FileInfo) (uid, gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
