//go:build unix

package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Of many processes that make one file at once, one makes it, and the others read
// all that it has written: by each way there is. The last way shows an
// empty file for an instant. CREATE_ROUNDS asks for another number of rounds.
func TestCreateAtOnce(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("CREATE_ROUNDS"))
	if err != nil {
		rounds = 4
	}
	for way := range waysToPlace {
		last := way == len(waysToPlace)-1
		t.Run(strconv.Itoa(way), func(t *testing.T) {
			for range rounds {
				dir := t.TempDir()
				path := filepath.Join(dir, "f")
				start, gate, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				var all []*exec.Cmd
				outputs := make([]bytes.Buffer, 8)
				for i := range outputs {
					cmd := child(t, "create", path)
					cmd.Env = append(cmd.Env, childWay+"="+strconv.Itoa(way))
					cmd.Stdin, cmd.Stdout, cmd.Stderr = start, &outputs[i], os.Stderr
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					all = append(all, cmd)
				}
				start.Close()
				gate.Close()
				for _, cmd := range all {
					if err := cmd.Wait(); err != nil {
						t.Fatal(err)
					}
				}
				made, err := os.ReadFile(path)
				if err != nil || len(made) == 0 {
					t.Fatal(err)
				}
				for i := range outputs {
					if got := outputs[i].Bytes(); !bytes.Equal(got, made) && !(last && len(got) == 0) {
						t.Errorf("a process has %d bytes, %.12q, the file %d, %.12q", len(got), got, len(made), made)
					}
				}
				onlyFile(t, dir, "f")
			}
		})
	}
}

// What has the name is there, whatever it is, and stays as it is.
func TestCreateTaken(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"a file":          func(path string) error { return os.WriteFile(path, []byte("old"), 0o600) },
		"an empty file":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a directory":     func(path string) error { return os.Mkdir(path, 0o700) },
		"a dangling link": func(path string) error { return os.Symlink("nowhere", path) },
		"a FIFO":          func(path string) error { return unix.Mkfifo(path, 0o600) },
	} {
		for way, place := range waysToPlace {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			if err := take(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			err := Create(path, []byte("new"), 0o600, nil)
			if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != path || !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: %v", name, err)
			}
			// It may have come after we looked.
			temp, err := create(path, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if err := place(temp.File, path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s, way %d: %v", name, way, err)
			}
			os.Remove(temp.Name())
			after, err := os.Lstat(path)
			if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() {
				t.Errorf("%s, way %d: it is another now", name, way)
			}
			onlyFile(t, dir, "f")
		}
	}
}

// What is for its owner alone is so under every umask.
func TestPrivateWhateverUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o277, 0o777} {
		for name, write := range map[string]func(path string) error{
			"Write":       func(path string) error { return Write(path, []byte("x"), 0o600, nil) },
			"WriteSecret": func(path string) error { return WriteSecret(path, []byte("x")) },
			"Create":      func(path string) error { return Create(path, []byte("x"), 0o600, nil) },
		} {
			path := filepath.Join(t.TempDir(), "f")
			old := unix.Umask(umask)
			err := write(path)
			unix.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("%s under umask %03o: mode %v (%v)", name, umask, info.Mode(), err)
			}
		}
	}
}

// Who had a file of everybody's open does not read the secret that it is to hold;
// what a group may do was chosen.
func TestWriteSecret(t *testing.T) {
	for was, want := range map[fs.FileMode]fs.FileMode{0o600: 0o600, 0o640: 0o640, 0o660: 0o660, 0o644: 0o600, 0o666: 0o600, 0o602: 0o600, 0o601: 0o600} {
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, was)); err != nil {
			t.Fatal(err)
		}
		reader, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		if err := WriteSecret(path, []byte("secret")); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, "secret")
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("mode %v became %v, want %v (%v)", was, info.Mode(), want, err)
		}
		if n, _ := reader.Read(make([]byte, 1)); n != 0 && was != want {
			t.Errorf("mode %v: who had it open reads the secret", was)
		}
	}
	t.Run("of another, by root", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root can give files away")
		}
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Chown(path, mallory, 5678), WriteSecret(path, []byte("secret"))); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != mallory || st.Gid != 5678 || info.Mode() != 0o600 {
			t.Errorf("owner %d:%d, mode %v", st.Uid, st.Gid, info.Mode())
		}
	})
	t.Run("hard link", func(t *testing.T) {
		dir := t.TempDir()
		path, other := filepath.Join(dir, "f"), filepath.Join(dir, "other")
		if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Link(path, other)); err != nil {
			t.Fatal(err)
		}
		err := WriteSecret(path, []byte("secret"))
		if _, ok := errors.AsType[*RefusedError](err); !ok {
			t.Errorf("got %v", err)
		}
		wantContent(t, other, "old")
		onlyFile(t, dir, "f", "other")
	})
}

// A writer that was killed between the two names of a new file leaves nothing that
// matters.
func TestKilledBetweenNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Link(path, Beside(path)+".abc.tmp"), WriteSecret(path, []byte("new"))); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "new")
	onlyFile(t, dir, "f")
}

// The users of the tests: one who is attacked, or himself, and one who attacks.
const victim, self, mallory = 65534, -1, 1234

// What another user has put into a directory like /tmp gets nothing, and is not
// believed: for root neither. It is left as it was.
func TestEverybodysDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	binary := publicCopy(t, os.Args[0])
	sticky := 0o777 | fs.ModeSticky
	for _, test := range []struct {
		name    string
		dir     fs.FileMode
		put     func(path, aim string) error
		owner   int
		refused string // for what is written, and for a secret; empty: it is not
		reads   bool   // reading is refused as well
	}{
		{"a file", sticky, plainFile, mallory, "belongs to user 1234", false},
		{"a file of the directory's owner", sticky, plainFile, 0, "", false},
		{"one's own", sticky, plainFile, self, "", false},
		{"a file in a directory that is not sticky", 0o777, plainFile, mallory, "", false},
		{"a link", sticky, symlink, mallory, "symbolic link that user 1234", true},
		{"a link of the directory's owner", sticky, symlink, 0, "", false},
		{"one's own link", sticky, symlink, self, "", false},
		{"a link in a directory that is not sticky", 0o777, symlink, mallory, "", false},
		{"a link in a sticky directory that not all may write", 0o775 | fs.ModeSticky, symlink, mallory, "", false},
		{"a FIFO", sticky, fifo, mallory, "belongs to user 1234", false},
		{"a hard link", sticky, func(path, aim string) error { return os.Link(aim, path) }, self, "it has other names", false},
	} {
		for _, uid := range []int{victim, 0} {
			for _, does := range []string{"write", "write a secret", "open"} {
				name := fmt.Sprintf("%s: user %d does %s", test.name, uid, does)
				private := open(t, 0o755)
				aim := filepath.Join(private, "aim")
				dir := open(t, test.dir)
				path := filepath.Join(dir, "f")
				owner := test.owner
				if owner == self {
					owner = uid
				}
				if err := errors.Join(os.WriteFile(aim, []byte("old"), 0o600), os.Chown(aim, uid, uid), os.Chown(private, uid, uid),
					test.put(path, aim), os.Lchown(path, owner, owner)); err != nil {
					t.Fatal(err)
				}
				if does == "open" && strings.Contains(test.name, "FIFO") {
					continue // which waits for who writes it
				}
				cmd := child(t, does, path)
				cmd.Path = binary
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
				out, err := cmd.CombinedOutput()
				// A secret goes into no other user's file, wherever it is; of
				// root only where not all may make files.
				foreign := does == "write a secret" && owner != uid && !strings.Contains(test.name, "link")
				switch want := test.refused; {
				case does == "open" && !test.reads, want == "" && !foreign:
					if err != nil {
						t.Errorf("%s: %v: %s", name, err, out)
					}
				case err == nil || !strings.Contains(string(out), path+": ") || !strings.Contains(string(out), want):
					t.Errorf("%s: %v: %q, want %q", name, err, out, want)
				default:
					wantContent(t, aim, "old")
				}
			}
		}
	}
}

func plainFile(path, _ string) error {
	return errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Chmod(path, 0o666))
}

func symlink(path, aim string) error { return os.Symlink(aim, path) }

func fifo(path, _ string) error { return errors.Join(unix.Mkfifo(path, 0o600), os.Chmod(path, 0o622)) }

// A link in the middle of a path is one too.
func TestLinkedDirectoryOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	real, dir := t.TempDir(), open(t, 0o777|fs.ModeSticky)
	link := filepath.Join(dir, "dir")
	if err := errors.Join(os.WriteFile(filepath.Join(real, "f"), []byte("old"), 0o600), os.Symlink(real, link), os.Lchown(link, mallory, mallory)); err != nil {
		t.Fatal(err)
	}
	chain := filepath.Join(t.TempDir(), "chain") // our own, which leads there
	if err := os.Symlink(filepath.Join(link, "f"), chain); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(link, "f"), filepath.Join(link, "new"), link + "/../" + filepath.Base(real) + "/f", chain} {
		_, opened := Open(path)
		for what, err := range map[string]error{
			"Write": Write(path, nil, 0o600, nil), "Create": Create(path, nil, 0o600, nil), "WriteSecret": WriteSecret(path, nil), "Check": Check(path), "Open": opened,
		} {
			if what == "Create" && path == chain && errors.Is(err, fs.ErrExist) {
				continue
			}
			refused, ok := errors.AsType[*RefusedError](err)
			if e, isPath := errors.AsType[*fs.PathError](err); !ok || !isPath || e.Path != path || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s of %s: %v", what, path, err)
			} else if !strings.Contains(refused.Reason, dir) {
				t.Errorf("%s does not say where the link is: %v", what, err)
			}
		}
	}
	wantContent(t, filepath.Join(real, "f"), "old")
	onlyFile(t, real, "f")
}

// Open opens what os.Open does, and fails as that does.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := errors.Join(os.MkdirAll("real/deep", 0o700), os.WriteFile("real/f", []byte("content"), 0o600), os.Symlink("real/deep", "d"),
		os.Symlink("d/../f", "link"), os.Symlink("circle", "circle"), os.Symlink("nowhere", "dangling")); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("real/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, path := range []string{"real/f", "link", "d/../f", "./link", "real//f", dir + "/link", "..//" + filepath.Base(dir) + "/d/../deep/../f", "", ".", "..", "/", "real/",
		"real/f/", "link/", "d/", "missing", "missing/", "missing/../real/f", "real/f/x", "circle", "dangling", fmt.Sprintf("/dev/fd/%d", f.Fd()), fmt.Sprintf("/proc/self/fd/%d", f.Fd()),
		"/dev/null", "/dev/fd/9999", strings.Repeat("n", 300)} {
		want, wantErr := os.Open(path)
		got, err := Open(path)
		if wantErr != nil || err != nil {
			wantPath, _ := errors.AsType[*fs.PathError](wantErr)
			gotPath, _ := errors.AsType[*fs.PathError](err)
			if wantPath == nil || gotPath == nil || gotPath.Path != path || gotPath.Err != wantPath.Err {
				t.Errorf("Open(%q): %v, os.Open: %v", path, err, wantErr)
			}
			continue
		}
		a, _ := got.Stat()
		b, _ := want.Stat()
		if !os.SameFile(a, b) {
			t.Errorf("Open(%q) opened another file", path)
		}
		got.Close()
		want.Close()
	}
}
