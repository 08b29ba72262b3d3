//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/store/entry"
)

// The test binary is its own child process: told by these variables what to do
// to which keystore.
const (
	childDoes  = "STORE_TEST_CHILD"
	childFile  = "STORE_TEST_FILE"
	childAlias = "STORE_TEST_ALIAS"
)

func TestMain(m *testing.M) {
	path, alias := os.Getenv(childFile), os.Getenv(childAlias)
	var err error
	switch os.Getenv(childDoes) {
	case "":
		os.Exit(m.Run())
	case "add":
		err = add(path, alias)
	case "add until killed":
		for i := 0; err == nil; i++ {
			err = add(path, fmt.Sprintf("%s-%d", alias, i))
			if i == 0 {
				os.Stdout.WriteString(".")
			}
		}
	case "hold the lock":
		if _, err = Lock(context.Background(), path); err == nil {
			os.Stdout.WriteString("locked\n")
			time.Sleep(time.Hour)
		}
	case "add on a full disk":
		signal.Ignore(syscall.SIGXFSZ)
		if err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1024, Max: 1024}); err == nil {
			err = add(path, alias)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// add does what every command does that changes a keystore.
func add(path, alias string) error {
	lock, err := Lock(context.Background(), path)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	s, err := Open(path, Options{Password: password})
	if errors.Is(err, os.ErrNotExist) {
		s = New(JKS)
	} else if err != nil {
		return err
	}
	if err := s.SetCertificate(alias, entry.X509(make([]byte, 20_000)), created); err != nil {
		return err
	}
	return s.Save(path, password)
}

func child(does, path, alias string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	// Under the race detector a program would sleep for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childDoes+"="+does, childFile+"="+path, childAlias+"="+alias)
	return cmd
}

func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the directory holds %v (%v)", entries, err)
	}
}

// Of 20 processes that add to one store at once, none loses another's entry.
// (Of keytool's, 1 of 20 entries survives.)
func TestWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ks")
	var all []*exec.Cmd
	for i := range 20 {
		cmd := child("add", path, fmt.Sprintf("entry-%d", i))
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		all = append(all, cmd)
	}
	for _, cmd := range all {
		must(t, cmd.Wait())
	}
	s, err := Open(path, Options{Password: password})
	must(t, err)
	if s.Len() != 20 {
		t.Errorf("%d of 20 entries survived", s.Len())
	}
	onlyFile(t, path)
}

// Killed at any moment, a writer leaves the store whole and openable, and the
// next run leaves no litter. Several write at once, so that kills meet holders
// of the lock and those who wait for it.
func TestKilledWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ks")
	must(t, add(path, "first"))
	count := 1
	for round := range 15 {
		var all []*exec.Cmd
		for i := range 3 {
			cmd := child("add until killed", path, fmt.Sprintf("round-%d-%d", round, i))
			started, err := cmd.StdoutPipe()
			must(t, err, cmd.Start())
			t.Cleanup(func() { cmd.Process.Kill() })
			all = append(all, cmd)
			if i == 0 {
				if _, err := started.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		for _, cmd := range all {
			cmd.Process.Kill()
		}
		for _, cmd := range all {
			cmd.Wait()
		}
		s, err := Open(path, Options{Password: password})
		must(t, err)
		if s.Len() <= count {
			t.Fatalf("round %d: %d entries, there were %d", round, s.Len(), count)
		}
		count = s.Len()
	}
	must(t, add(path, "last"))
	onlyFile(t, path)
}

// The lock of a process that was killed is free.
func TestKilledHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ks")
	cmd := child("hold the lock", path, "")
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	buf := make([]byte, 7)
	if _, err := out.Read(buf); err != nil || string(buf) != "locked\n" {
		t.Fatalf("%q, %v", buf, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	must(t, add(path, "a"))
	onlyFile(t, path)
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ks")
	must(t, New(JKS).Save(path, password))
	before, err := os.ReadFile(path)
	must(t, err)
	out, err := child("add on a full disk", path, "a").CombinedOutput()
	if want := "save " + path + ": file too large"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("got %v: %s, want %q", err, out, want)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the store was changed (%v)", err)
	}
	onlyFile(t, path)
}

// keytool makes new stores readable by all.
func TestNewStoreIsPrivate(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	path := filepath.Join(t.TempDir(), "ks")
	must(t, New(PKCS12).Save(path, password))
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}
