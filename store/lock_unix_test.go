//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/store/entry"
)

// What has the name of the lock, and is none, is an error: without a lock
// nothing may be written.
func TestLockTaken(t *testing.T) {
	for name, take := range map[string]func(lock string) error{
		"is a directory":        func(lock string) error { return os.Mkdir(lock, 0o700) },
		"is a symbolic link":    func(lock string) error { return os.Symlink("elsewhere", lock) },
		"is not a regular file": func(lock string) error { return unix.Mkfifo(lock, 0o600) },
	} {
		path := filepath.Join(t.TempDir(), "ks")
		lock := filepath.Join(filepath.Dir(path), ".ks.lock")
		must(t, take(lock))
		_, err := Lock(t.Context(), path)
		if e, ok := errors.AsType[*LockError](err); !ok || e.Lock != lock || !strings.HasSuffix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// asNobody runs a child as a user who owns nothing, where the test is root's.
func asNobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	data, err := os.ReadFile(cmd.Path)
	must(t, err)
	dir := openDir(t, 0o755)
	cmd.Path = filepath.Join(dir, "test")
	must(t, os.WriteFile(cmd.Path, data, 0o755))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

// openDir makes a directory that all users reach.
func openDir(t *testing.T, mode fs.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "store")
	must(t, err, os.Chmod(dir, mode))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// The lock that another user has left behind, unreadable, is an error that says
// whose it is; one that has the rights that it should have is no hindrance.
func TestLockOfAnother(t *testing.T) {
	dir := openDir(t, 0o777)
	path, lock := filepath.Join(dir, "ks"), filepath.Join(dir, ".ks.lock")
	must(t, New(JKS).Save(path, password), os.Chmod(path, 0o666), os.WriteFile(lock, nil, 0o600))
	out, err := asNobody(t, child("add", path, "a")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), ".ks.lock: belongs to user root, and cannot be opened") {
		t.Errorf("%v: %s", err, out)
	}
	must(t, os.Remove(lock))
	held, err := Lock(t.Context(), path)
	must(t, err)
	info, err := os.Stat(lock)
	must(t, err)
	if info.Mode() != 0o666 {
		t.Errorf("the lock of a file that all may write has mode %v", info.Mode())
	}
	must(t, os.Chmod(path, 0o644), held.Unlock())
	held, err = Lock(t.Context(), path)
	must(t, err)
	if info, err = os.Stat(lock); err != nil || info.Mode() != 0o600 {
		t.Errorf("that of a file for its owner alone has mode %v (%v)", info.Mode(), err)
	}
	must(t, held.Unlock())
}

// Where no lock can be made beside the keystore, the file itself is locked: for
// those who lock it so too, and for those who can make a lock.
func TestLockOfFileItself(t *testing.T) {
	dir := openDir(t, 0o755)
	path := filepath.Join(dir, "ks")
	must(t, New(JKS).Save(path, password), os.Chmod(path, 0o666))
	cmd := asNobody(t, child("hold the lock", path, ""))
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	if n, err := out.Read(make([]byte, 7)); n != 7 {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked beside: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	held, err := Lock(t.Context(), path)
	must(t, err, held.Unlock())
	onlyFile(t, path)

	// Who can only read the file keeps nobody waiting who can write beside it.
	reader, err := os.Open(path)
	must(t, err)
	defer reader.Close()
	must(t, unix.Flock(int(reader.Fd()), unix.LOCK_EX))
	held, err = Lock(t.Context(), path)
	must(t, err, held.Unlock())
}

// Of many processes that add to one store at once, some of them root's, who can
// replace it, the others of a user who can only write it in place, none loses
// another's entry.
func TestWritersInPlace(t *testing.T) {
	dir := openDir(t, 0o755)
	path := filepath.Join(dir, "ks")
	must(t, New(JKS).Save(path, password), os.Chmod(path, 0o666))
	nobody := asNobody(t, child("add", path, ""))
	var all sync.WaitGroup
	for i := range 20 {
		cmd := child("add", path, fmt.Sprintf("entry-%d", i))
		if i%2 == 0 {
			cmd.Path, cmd.Dir, cmd.SysProcAttr = nobody.Path, nobody.Dir, nobody.SysProcAttr
		}
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	s, err := Open(path, Options{Password: password})
	must(t, err)
	if s.Len() != 20 {
		t.Errorf("%d of 20 entries survived", s.Len())
	}
	onlyFile(t, path)
}

// Killed at any moment, who writes a store in place leaves it readable; the
// next run finds what was saved last.
func TestKilledInPlace(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		path := filepath.Join(t.TempDir(), "ks")
		s := New(typ)
		must(t, s.SetCertificate("first", entry.X509(realCertificate(t)), created),
			s.Save(path, password), os.Link(path, filepath.Join(t.TempDir(), "other")))
		count := 1
		for round := range 15 {
			cmd := child("add until killed", path, fmt.Sprintf("round-%d", round))
			started, err := cmd.StdoutPipe()
			must(t, err, cmd.Start())
			t.Cleanup(func() { cmd.Process.Kill() })
			if _, err := started.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(round) * time.Millisecond)
			cmd.Process.Kill()
			cmd.Wait()
			s, err := Open(path, Options{Password: password})
			must(t, err)
			if s.Len() <= count {
				t.Fatalf("round %d: %d entries, there were %d", round, s.Len(), count)
			}
			count = s.Len()
		}
		must(t, add(path, "last"))
		onlyFile(t, path)
	})
}
