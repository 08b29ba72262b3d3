//go:build unix

package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is its own child process: told by this variable what to do,
// it writes the file that the next one names.
const (
	childDoes = "ATOMICFILE_TEST_CHILD"
	childFile = "ATOMICFILE_TEST_FILE"
	childWay  = "ATOMICFILE_TEST_WAY"
)

func TestMain(m *testing.M) {
	path := os.Getenv(childFile)
	var err error
	switch os.Getenv(childDoes) {
	case "":
		os.Exit(m.Run())
	case "write":
		err = Write(path, []byte("new"), 0o600, nil)
	case "write a secret":
		err = WriteSecret(path, []byte("new"))
	case "open":
		var f *os.File
		if f, err = Open(path); err == nil {
			_, err = io.Copy(os.Stdout, f)
		}
	case "create":
		io.Copy(io.Discard, os.Stdin) // until all may begin
		way, _ := strconv.Atoi(os.Getenv(childWay))
		waysToPlace = waysToPlace[way:]
		mine := bytes.Repeat([]byte(strconv.Itoa(os.Getpid())+"\n"), 1000)
		if err = Create(path, mine, 0o600, nil); err == nil {
			os.Stdout.Write(mine)
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		var theirs []byte
		theirs, err = os.ReadFile(path)
		os.Stdout.Write(theirs)
	case "write until killed":
		for i := 0; ; i++ {
			if err := Write(path, contentOf(i), 0o600, nil); err != nil {
				break
			}
			if i == 1 {
				os.Stdout.WriteString(".")
			}
		}
	case "write to a full disk":
		signal.Ignore(syscall.SIGXFSZ)
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			break
		}
		err = Write(path, make([]byte, 10_000), 0o600, nil)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, does, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	// Under the race detector a program would sleep for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childDoes+"="+does, childFile+"="+path)
	return cmd
}

// contentOf is recognised as whole: a megabyte of one letter.
func contentOf(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, 1<<20) }

func TestMode(t *testing.T) {
	old := unix.Umask(0o027)
	defer unix.Umask(old)
	for _, test := range []struct {
		name      string
		was, perm fs.FileMode
		want      fs.FileMode
	}{
		{"new and private", 0, 0o600, 0o600},
		{"new under umask", 0, 0o666, 0o640},
		{"old mode stays", 0o644, 0o600, 0o644},
		{"old private mode stays", 0o600, 0o666, 0o600},
		{"old odd mode stays", 0o751, 0o600, 0o751},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if test.was != 0 {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, test.was); err != nil {
					t.Fatal(err)
				}
			}
			if err := Write(path, []byte("x"), test.perm, nil); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != test.want {
				t.Errorf("mode %v, want %v", info.Mode(), test.want)
			}
		})
	}
}

func TestSymlinks(t *testing.T) {
	for _, test := range []struct {
		name  string
		links map[string]string // name: what it says
		exist bool              // the file at the end is there
	}{
		{"to a file", map[string]string{"link": "real/f"}, true},
		{"to a link", map[string]string{"link": "real/second", "real/second": "f"}, true},
		{"to nothing yet", map[string]string{"link": "real/f"}, false},
		{"back through a linked directory", map[string]string{"dir": "real/deep", "link": "dir/../f"}, true},
		{"to nothing behind a linked directory", map[string]string{"dir": "real/deep", "link": "dir/../f"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			real := filepath.Join(dir, "real")
			if err := os.MkdirAll(filepath.Join(real, "deep"), 0o700); err != nil {
				t.Fatal(err)
			}
			if test.exist {
				if err := os.WriteFile(filepath.Join(real, "f"), []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for name, to := range test.links {
				if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			if err := Write(filepath.Join(dir, "link"), []byte("new"), 0o600, nil); err != nil {
				t.Fatal(err)
			}
			wantContent(t, filepath.Join(real, "f"), "new")
			onlyFile(t, filepath.Join(real, "deep"))
			for name, to := range test.links {
				if got, err := os.Readlink(filepath.Join(dir, name)); err != nil || got != to {
					t.Errorf("the link %s says %q now (%v)", name, got, err)
				}
			}
		})
	}
	t.Run("in a circle", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.Symlink("f", path); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, nil, 0o600, nil); !errors.Is(err, unix.ELOOP) {
			t.Errorf("got %v", err)
		}
	})
}

func TestHardLink(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "f"), filepath.Join(dir, "other")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, other); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "new")
	wantContent(t, other, "new")
}

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	result := make(chan []byte)
	go func() {
		got, _ := os.ReadFile(path)
		result <- got
	}()
	if err := Write(path, []byte("through the pipe"), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	if got := <-result; string(got) != "through the pipe" {
		t.Errorf("read %q", got)
	}
	if info, _ := os.Lstat(path); info.Mode()&fs.ModeNamedPipe == 0 {
		t.Error("the FIFO was replaced")
	}
}

func TestStandardOutput(t *testing.T) {
	t.Run("pipe", func(t *testing.T) {
		out, err := child(t, "write", "/dev/stdout").Output()
		if err != nil || string(out) != "new" {
			t.Errorf("got %q, %v", out, err)
		}
	})
	t.Run("file", func(t *testing.T) {
		f, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd := child(t, "write", "/dev/stdout")
		cmd.Stdout = f
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		// The open file itself was written, not another under its name.
		got, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
		if err != nil || string(got) != "new" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("full device", func(t *testing.T) {
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip(err)
		}
		if err := Write("/dev/full", []byte("x"), 0o600, nil); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "write to a full disk", path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), path+": file too large") {
		t.Errorf("got %v: %s", err, out)
	}
	wantContent(t, path, "old")
	onlyFile(t, dir, "f")
}

// Killed at any moment, a writer leaves the old or the new content, and
// nothing that the next one does not remove; also where the file has a second
// name and is written in place.
func TestKill(t *testing.T) {
	t.Run("replaced", func(t *testing.T) {
		dir := t.TempDir()
		testKill(t, filepath.Join(dir, "f"))
		onlyFile(t, dir, "f")
	})
	t.Run("in place", func(t *testing.T) {
		dir, elsewhere := t.TempDir(), t.TempDir()
		path := filepath.Join(dir, "f")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Link(path, filepath.Join(elsewhere, "f"))); err != nil {
			t.Fatal(err)
		}
		testKill(t, path)
		wantContent(t, filepath.Join(elsewhere, "f"), "after")
		onlyFile(t, dir, "f")
	})
}

func testKill(t *testing.T, path string) {
	if err := os.WriteFile(path, contentOf(0), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		cmd := child(t, "write until killed", path)
		started, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		if _, err := started.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got = Settled(got); len(got) != 1<<20 || len(bytes.Trim(got, string(got[:1]))) != 0 {
			t.Fatalf("round %d: the file is torn", i)
		}
	}
	if err := Write(path, []byte("after"), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "after")
}

// nobody runs a child as a user without rights over root's files, which the
// test gives a directory of its own.
func nobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

// open makes a directory that all users reach, as t.TempDir's are not.
func open(t *testing.T, mode fs.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "atomicfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRights(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	for _, test := range []struct {
		name      string
		dir, file fs.FileMode
		owner     int
		want      string // of the error; empty: it succeeds
	}{
		{"own file", 0o777, 0o600, 65534, ""},
		{"own file, read-only", 0o777, 0o400, 65534, "permission denied"},
		{"foreign file, unwritable", 0o777, 0o644, 0, "permission denied"},
		{"foreign file, writable", 0o777, 0o666, 0, ""},
		{"foreign file in a sticky directory", 0o777 | fs.ModeSticky, 0o666, 0, ""},
		{"read-only directory", 0o755, 0o600, 65534, ""},
		{"read-only directory, foreign file", 0o755, 0o666, 0, ""},
		{"read-only directory, file to be written only", 0o755, 0o200, 65534, ""},
		{"read-only directory, read-only file", 0o755, 0o400, 65534, "permission denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := open(t, test.dir)
			path := filepath.Join(dir, "f")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chown(path, test.owner, test.owner), os.Chmod(path, test.file)); err != nil {
				t.Fatal(err)
			}
			cmd := nobody(t, child(t, "write", path))
			cmd.Path = publicCopy(t, os.Args[0])
			out, err := cmd.CombinedOutput()
			if test.want == "" {
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				wantContent(t, path, "new")
			} else {
				if err == nil || !strings.Contains(string(out), path+": "+test.want) {
					t.Errorf("got %v: %q, want %q", err, out, test.want)
				}
				wantContent(t, path, "old")
			}
			onlyFile(t, dir, "f")
		})
	}
}

// publicCopy copies the test binary to where every user may run it.
func publicCopy(t *testing.T, binary string) string {
	t.Helper()
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(open(t, 0o755), "test")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOwnerStays(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := errors.Join(os.WriteFile(path, nil, 0o640), os.Chown(path, 1234, 5678)); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if st.Uid != 1234 || st.Gid != 5678 || info.Mode() != 0o640 {
		t.Errorf("owner %d:%d, mode %v", st.Uid, st.Gid, info.Mode())
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1 << 12, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "f")
			data := make([]byte, size)
			for b.Loop() {
				if err := Write(path, data, 0o600, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
