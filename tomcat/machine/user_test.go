//go:build unix

package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestUser looks as root at what another user can read.
func TestUser(t *testing.T) {
	if os.Getuid() != 0 {
		testtool.Missing(t, "root, who may give files away")
	}
	const uid, gid = 54321, 54322
	base := put(t, "logs/", "conf/key.p12", "conf/closed/key.p12")
	// The directory of the test is root's alone.
	for dir := base; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, ok := RunsAs(base); ok {
		t.Fatal("root is told as Tomcat's user")
	}
	if err := os.Chown(filepath.Join(base, "logs"), uid, gid); err != nil {
		t.Fatal(err)
	}
	user, ok := RunsAs(base)
	if !ok || user.Name != "the user 54321" || user.Owns != filepath.Join(base, "logs") {
		t.Fatalf("%v %+v", ok, user)
	}
	user.groups = []int{gid}
	key, closed := filepath.Join(base, "conf", "key.p12"), filepath.Join(base, "conf", "closed")
	for _, test := range []struct {
		name     string
		uid, gid int
		mode     os.FileMode
		want     string
	}{
		{"root's", 0, 0, 0o600, "can't read it: it has the mode 0600"},
		{"for all", 0, 0, 0o644, ""},
		{"the user's", uid, 0, 0o400, ""},
		{"the user's, closed to the user", uid, 0, 0o044, "0044"},
		{"the group's", 0, gid, 0o640, ""},
		{"closed to the group", 0, gid, 0o604, "0604"},
	} {
		if err := os.Chown(key, test.uid, test.gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(key, test.mode); err != nil {
			t.Fatal(err)
		}
		cause, found := user.Unreadable(key)
		if found != (test.want != "") || !strings.Contains(cause.Text, test.want) {
			t.Errorf("%s: %v %+v", test.name, found, cause)
		}
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(closed, "key.p12")
	if err := os.Chmod(inside, 0o644); err != nil {
		t.Fatal(err)
	}
	if cause, found := user.Unreadable(inside); !found || !strings.Contains(cause.Text, "does not get to it") {
		t.Errorf("%v %+v", found, cause)
	}
	if _, found := user.Unreadable(filepath.Join(base, "none")); found {
		t.Error("a file that is not there can't be read")
	}
}
