//go:build unix

package commands_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/store"
)

// nobodyID is the user and group that owns nothing.
const nobodyID = 65534

// nobody runs our program without the rights of root, who may write everything.
type nobody struct {
	program    string
	credential *syscall.Credential // nil: who runs the test is not root
}

// newNobody puts the program where everybody can run it, into dir, and lets
// everybody into that.
func newNobody(t *testing.T, dir string) nobody {
	t.Helper()
	if os.Geteuid() != 0 {
		return nobody{program: filepath.Join(programs, "gokeytool")}
	}
	n := nobody{filepath.Join(dir, "gokeytool"), &syscall.Credential{Uid: nobodyID, Gid: nobodyID}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Link(self, n.program) != nil { // on another disk
		data, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(n.program, data, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{n.program, dir, filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := n.run(t, dir, "version"); err != nil {
		t.Skipf("nothing can be run as another user: %v %s", err, out)
	}
	return n
}

func (n nobody) run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), n.program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: n.credential}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// saveOne saves a keystore of one certificate, "a".
func saveOne(t *testing.T, path string) {
	t.Helper()
	_, chain := identityOf(t, "localhost")
	s := store.New(store.PKCS12)
	err := s.SetCertificate("a", chain[0], time.Now())
	if err == nil {
		err = s.Save(path, []byte("changeit"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// look says of each file of a directory which it is, and whose.
func look(t *testing.T, dir string) (files []string) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := name.Info()
		if err != nil {
			t.Fatal(err)
		}
		of := info.Sys().(*syscall.Stat_t)
		files = append(files, fmt.Sprintf("%s %v of %d:%d, %d bytes, inode %d of %v",
			info.Name(), info.Mode(), of.Uid, of.Gid, info.Size(), of.Ino, info.ModTime()))
	}
	return files
}

// TestNotWritable has commands change a keystore where the user may not: each
// says so, the file is what it was, and nothing is left beside it.
func TestNotWritable(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	for _, tt := range []struct {
		name      string
		file, dir fs.FileMode
		foreign   bool // the file is root's
		command   string
		want      string
	}{
		{"read-only directory, new file", 0o600, 0o555, false, "exportcert -alias a -file other", ": . may not be written by this user"},
		{"read-only directory, new keystore", 0o600, 0o555, false, "genkeypair -keyalg EC -dname CN=b -keystore other", ": . may not be written by this user"},
		{"read-only directory, backup", 0o600, 0o555, false, "delete -alias a -backup", "store.old (Permission denied)"},
		{"unwritable file", 0o444, 0o755, false, "delete -alias a", "store (Permission denied)"},
		{"unwritable file, backup", 0o444, 0o755, false, "delete -alias a -backup", "store (Permission denied)"},
		{"unwritable file, migrated", 0o444, 0o755, false, "migrate -to jks store", "store (Permission denied)"},
		{"unwritable file, imported into itself", 0o444, 0o755, false, "-importkeystore -srckeystore store -srcstorepass changeit -deststoretype jks -noprompt", "store (Permission denied)"},
		{"unreadable file", 0o200, 0o755, false, "delete -alias a", "store (Permission denied)"},
		{"foreign owner", 0o644, 0o755, true, "changealias -alias a -destalias b", "store (Permission denied)"},
		{"foreign owner of a file for keys", 0o666, 0o755, true, "convert -to jks store store -noprompt", "store belongs to another user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.foreign && n.credential == nil {
				t.Skip("only root can make files of another owner")
			}
			dir := filepath.Join(root, tt.name)
			path := filepath.Join(dir, "store")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			saveOne(t, path)
			if n.credential != nil {
				own := []string{dir, path}
				if tt.foreign {
					own = own[:1]
				}
				for _, path := range own {
					if err := os.Chown(path, nobodyID, nobodyID); err != nil {
						t.Fatal(err)
					}
				}
			}
			for path, mode := range map[string]fs.FileMode{path: tt.file, dir: tt.dir} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { _ = os.Chmod(dir, 0o755) }) // to be removed
			before := look(t, dir)
			words := append(strings.Fields(tt.command), "-storepass", "changeit")
			if !slices.Contains(words, "-keystore") && words[0] != "convert" && words[0] != "migrate" {
				words = append(words, "-keystore", "store")
			}
			out, err := n.run(t, dir, words...)
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v: %s\nwant %q", err, out, tt.want)
			}
			if after := look(t, dir); !slices.Equal(before, after) {
				t.Errorf("the directory holds\n%s\nand held\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
			}
		})
	}
}

// TestInPlace has commands change files that cannot be replaced, as keytool
// does: whoever may write the file may do it wherever the file is. It stays the
// same file, and nothing is left beside it.
func TestInPlace(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	own := os.Geteuid()
	if n.credential != nil {
		own = nobodyID
	}
	for i, place := range []struct {
		name      string
		dir, file fs.FileMode
		owner     int // of the file; that of the directory is root
		link      bool
	}{
		{"read-only directory", 0o555, 0o600, own, false},
		{"directory of root", 0o755, 0o600, own, false},
		{"directory of root, group's file", 0o755, 0o664, 0, false},
		{"directory for all, file of root", 0o777, 0o666, 0, false},
		{"sticky directory", 0o777 | fs.ModeSticky, 0o666, 0, false},
		{"through a link", 0o755, 0o600, own, true},
	} {
		t.Run(place.name, func(t *testing.T) {
			if place.owner != own && n.credential == nil {
				t.Skip("only root can make files of another owner")
			}
			typ := []store.Type{store.JKS, store.JCEKS, store.PKCS12}[i%3]
			dir := filepath.Join(root, place.name)
			path, exported := filepath.Join(dir, "store"), filepath.Join(dir, "a.crt")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			_, chain := identityOf(t, "localhost")
			s := store.New(typ)
			if err := errors.Join(s.SetCertificate("a", chain[0], time.Now()), s.Save(path, []byte("changeit")),
				os.WriteFile(exported, []byte("old"), 0o600)); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{path, exported} {
				if err := errors.Join(os.Lchown(name, place.owner, own), os.Chmod(name, place.file)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, place.dir); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(dir, 0o755) }) // to be removed
			work := dir
			if place.link {
				work = filepath.Join(root, "links")
				if err := errors.Join(os.Mkdir(work, 0o755), os.Symlink(path, filepath.Join(work, "store")), os.Symlink(exported, filepath.Join(work, "a.crt"))); err != nil {
					t.Fatal(err)
				}
			}
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			password := "changeit"
			for _, command := range []string{
				"changealias -alias a -destalias b",
				"-genkeypair -alias key -keyalg EC -dname CN=key -keypass changeit",
				"exportcert -alias b -rfc -file a.crt",
				"importcert -alias c -file a.crt -noprompt",
				"-storepasswd -new another",
				"delete -alias c",
				"export -alias b -file a.crt -rfc",
			} {
				words := strings.Fields(command)
				out, err := n.run(t, work, slices.Concat(words[:1], []string{"-keystore", "store", "-storepass", password}, words[1:])...)
				if err != nil {
					t.Fatalf("%s: %v\n%s", command, err, out)
				}
				if words[0] == "-storepasswd" {
					password = "another"
				}
			}
			if got := openStore(t, path, password); got.Type() != typ || got.Len() != 2 {
				t.Errorf("%s of %d entries", got.Type(), got.Len())
			}
			if text, err := os.ReadFile(exported); err != nil || !bytes.HasPrefix(text, []byte("-----BEGIN")) {
				t.Errorf("exported: %v, %q", err, text)
			}
			after, err := os.Stat(path)
			if err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() {
				t.Errorf("another file, or another mode: %v", err)
			}
			if left := look(t, dir); len(left) != 2 {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// TestInterrupted has commands open keystores that a process left half written:
// which is read, completed, and said. To Java they are whole afterwards.
func TestInterrupted(t *testing.T) {
	for _, typ := range []store.Type{store.JKS, store.JCEKS, store.PKCS12} {
		t.Run(string(typ), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "store")
			_, chain := identityOf(t, "localhost")
			s := store.New(typ)
			var states [2][]byte
			for i, alias := range []string{"old", "new"} {
				var err error
				if err = s.SetCertificate(alias, chain[0], time.Now()); err == nil {
					states[i], err = s.Bytes([]byte("changeit"))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			torn := tornBetween(t, states[0], states[1])
			for _, command := range []string{
				"list -keystore store -storepass changeit",
				"-list -keystore store -storepass changeit",
				"changealias -alias new -destalias newer -keystore store -storepass changeit",
			} {
				if err := os.WriteFile(path, torn, 0o600); err != nil {
					t.Fatal(err)
				}
				words := strings.Fields(command)
				out, err := gokeytool(t, dir, words...)
				if err != nil || words[0] == "list" && !(strings.Contains(out, "new, ") && strings.Contains(out, "store: a write that was interrupted has been completed")) {
					t.Errorf("%s: %v\n%s", command, err, out)
				}
				if data, err := os.ReadFile(path); err != nil || words[0] != "changealias" && !bytes.Equal(data, states[1]) {
					t.Errorf("%s: %d bytes, not %d", command, len(data), len(states[1]))
				}
			}
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := gokeytool(t, dir, "check", "store", "-storepass", "changeit")
			if !strings.Contains(out, "interrupted-write: ") || !strings.Contains(out, "2 certificates") {
				t.Errorf("check:\n%s", out)
			}
		})
	}
}

// TestInterruptedForReader has a user read a keystore that he may not write, which
// another has left half written: it is whole to him, and stays as it is.
func TestInterruptedForReader(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	_, chain := identityOf(t, "localhost")
	s := store.New(store.PKCS12)
	var states [2][]byte
	for i, alias := range []string{"old", "new"} {
		err := s.SetCertificate(alias, chain[0], time.Now())
		if err == nil {
			states[i], err = s.Bytes([]byte("changeit"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(root, "store")
	if err := os.WriteFile(path, tornBetween(t, states[0], states[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	before := look(t, root)
	out, err := n.run(t, root, "list", "-keystore", "store", "-storepass", "changeit")
	if err != nil || !strings.Contains(out, "new, ") || !strings.Contains(out, "a write was interrupted. What is read here is whole") {
		t.Errorf("%v: %s", err, out)
	}
	if after := look(t, root); !slices.Equal(before, after) {
		t.Errorf("changed: %s", after)
	}
}

// TestLockInTheWay has something else in the place of the lock: nothing is
// written, and what is advised makes way.
func TestLockInTheWay(t *testing.T) {
	for _, tt := range []struct {
		is    string
		style string
		take  func(lock string) error
	}{
		{"is a directory", "", func(lock string) error { return os.Mkdir(lock, 0o700) }},
		{"is a symbolic link", "", func(lock string) error { return os.Symlink("store", lock) }},
		{"is not a regular file", "-", func(lock string) error { return syscall.Mkfifo(lock, 0o600) }},
	} {
		dir := filepath.Join(t.TempDir(), "it's here")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "store")
		saveOne(t, path)
		if err := tt.take(filepath.Join(dir, ".store.lock")); err != nil {
			t.Fatal(err)
		}
		before := look(t, dir)
		command := []string{tt.style + "changealias", "-alias", "a", "-destalias", "b", "-keystore", path, "-storepass", "changeit"}
		t.Setenv("GOKEYTOOL_HINTS", "on")
		out, err := gokeytool(t, dir, command...)
		if after := look(t, dir); err == nil || !strings.Contains(out, tt.is) || !slices.Equal(before, after) {
			t.Errorf("%v: %s", err, out)
		}
		_, remedy, ok := strings.Cut(out, "remove what is in the way: ")
		if cleared, err := exec.Command("bash", "-c", remedy).CombinedOutput(); !ok || err != nil {
			t.Fatalf("%v: %s\nof %s", err, cleared, out)
		}
		mustRun(t, dir, command...)
	}
}

// tornBetween is a file of which a part has been overwritten with new content,
// in place, when its writer was killed.
func tornBetween(t *testing.T, old, new []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := errors.Join(os.WriteFile(path, old, 0o600), os.Link(path, filepath.Join(dir, "other"))); err != nil {
		t.Fatal(err)
	}
	var state []byte
	err := atomicfile.Write(path, new, 0o600, func(io.Reader) (err error) {
		state, err = os.ReadFile(path)
		return err
	})
	if err != nil || !bytes.HasPrefix(state, old) || len(state) < len(old)+len(new) {
		t.Fatalf("%v: of %d and %d bytes %d", err, len(old), len(new), len(state))
	}
	copy(state, new[:len(new)/2])
	return state
}

// onMounts mounts a keystore over another, in a directory that can be written
// and on a file system that cannot, and changes it under that name.
const onMounts = `
set -e
mount -t tmpfs none "$1"
cp store "$1/src"
cd "$1"
mkdir m ro
touch m/store
mount --bind src m/store
mount -t tmpfs none ro
touch ro/store
mount --bind src ro/store
mount -o remount,ro ro
"$gokeytool" changealias -alias a -destalias b -keystore m/store -storepass changeit
"$gokeytool" -changealias -alias b -destalias c -keystore ro/store -storepass changeit
"$gokeytool" list -keystore src -storepass changeit -alias c
if "$gokeytool" exportcert -alias c -file ro/new -keystore src -storepass changeit; then
	echo "no error"
fi
ls -A m ro | tr '\n' ' '
`

// TestMountPoint changes keystores that are mount points of their own, as
// containers have them. Who put a new file in their place would be told that
// they are busy.
func TestMountPoint(t *testing.T) {
	out, err := mounting(t, onMounts)
	if err != nil || strings.Contains(out, "no error") || !strings.Contains(out, "c, ") ||
		!strings.Contains(out, "ro is on a file system that is read only") || !strings.HasSuffix(out, "m: store  ro: store ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// mounting runs a shell script that mounts on the directory that is its first
// argument, beside a keystore.
func mounting(t *testing.T, script string) (string, error) {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-rm", "true").Run() != nil {
		t.Skip("nothing can be mounted here")
	}
	dir := t.TempDir()
	saveOne(t, filepath.Join(dir, "store"))
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), unshare, "-rm", "sh", "-c", script, "sh", disk)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "gokeytool="+filepath.Join(programs, "gokeytool"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestMetadata has root change a keystore of another user's, which has a
// second name: mode and owner stay, and the names stay those of one file.
func TestMetadata(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "store"), filepath.Join(dir, "other")
	saveOne(t, path)
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	owner := os.Geteuid()
	if owner == 0 {
		owner = nobodyID
		if err := os.Chown(path, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "changealias", "-alias", "a", "-destalias", "b", "-keystore", "store", "-storepass", "changeit")
	if _, ok := openStore(t, path, "changeit").Get("b"); !ok {
		t.Error("nothing was changed")
	}
	if _, ok := openStore(t, other, "changeit").Get("b"); !ok {
		t.Error("nothing was changed under the other name")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; info.Mode() != 0o640 || int(uid) != owner {
		t.Errorf("the file is %v of %d", info.Mode(), uid)
	}
}

// onFullDisk makes a disk of 256 KiB with a keystore on it, fills the disk and
// tries to write.
const onFullDisk = `
set -e
mount -t tmpfs -o size=256k none "$1"
cd "$1"
cp ../store store
cp store before
cat /dev/zero >fill 2>/dev/null || true
try() {
	if "$gokeytool" "$@"; then
		echo "no error"
	fi
}
store="-keystore store -storepass changeit"
try changealias -alias a -destalias b $store
try delete -alias a -backup $store
try exportcert -alias a -file exported $store
try importkeystore -srckeystore before -srcstorepass changeit -destkeystore new -deststorepass changeit
cmp store before
ls -A | tr '\n' ' '
`

// TestFullDisk has commands write to a disk that is full. (keytool destroys
// the keystore, and exits with 0 after an export.)
func TestFullDisk(t *testing.T) {
	text, err := mounting(t, onFullDisk)
	if err != nil || strings.Contains(text, "no error") || strings.Count(text, "No space left on device") != 4 ||
		!strings.Contains(text, "gokeytool: store is as it was: ") || !strings.HasSuffix(text, "before fill store ") {
		t.Errorf("%v\n%s", err, text)
	}
}
