//go:build unix

package commands_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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
		{"read-only directory", 0o600, 0o555, false, "changealias -alias a -destalias b", "the directory has to be writable too"},
		{"read-only directory, whole keystore", 0o600, 0o555, false, "storepasswd -new another", "store (Permission denied)"},
		{"read-only directory, backup", 0o600, 0o555, false, "delete -alias a -backup", "store.old (Permission denied)"},
		{"unwritable file", 0o444, 0o755, false, "delete -alias a", "store (Permission denied)"},
		{"unreadable file", 0o200, 0o755, false, "delete -alias a", "store (Permission denied)"},
		{"foreign owner", 0o644, 0o755, true, "changealias -alias a -destalias b", "store (Permission denied)"},
		{"foreign owner of a file for all", 0o666, 0o755, true, "changealias -alias a -destalias b", "cannot keep owner 0 and group 0: operation not permitted"},
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
			out, err := n.run(t, dir, append(strings.Fields(tt.command), "-keystore", "store", "-storepass", "changeit")...)
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v: %s\nwant %q", err, out, tt.want)
			}
			if after := look(t, dir); !slices.Equal(before, after) {
				t.Errorf("the directory holds\n%s\nand held\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
			}
		})
	}
}

// TestMetadata has root change a keystore of another user's, which has a
// second name: mode and owner stay, and so does the content under that name.
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
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "changealias", "-alias", "a", "-destalias", "b", "-keystore", "store", "-storepass", "changeit")
	if _, ok := openStore(t, path, "changeit").Get("b"); !ok {
		t.Error("nothing was changed")
	}
	if after, err := os.ReadFile(other); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the other name has other content (%v)", err)
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
	if "$gokeytool" "$@" -keystore store -storepass changeit; then
		echo "no error"
	fi
}
try changealias -alias a -destalias b
try delete -alias a -backup
try exportcert -alias a -file exported
try importkeystore -srckeystore before -srcstorepass changeit -destkeystore new -deststorepass changeit
cmp store before
ls -A | tr '\n' ' '
`

// TestFullDisk has commands write to a disk that is full. (keytool destroys
// the keystore, and exits with 0 after an export.)
func TestFullDisk(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-rm", "true").Run() != nil {
		t.Skip("no small disk can be made here")
	}
	dir := t.TempDir()
	saveOne(t, filepath.Join(dir, "store"))
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), unshare, "-rm", "sh", "-c", onFullDisk, "sh", disk)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "gokeytool="+filepath.Join(programs, "gokeytool"))
	out, err := cmd.CombinedOutput()
	text := string(out)
	if err != nil || strings.Contains(text, "no error") || strings.Count(text, "No space left on device") != 4 ||
		!strings.Contains(text, "gokeytool: store is as it was: ") || !strings.HasSuffix(text, "before fill store ") {
		t.Errorf("%v\n%s", err, text)
	}
}
