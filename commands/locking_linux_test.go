package commands_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/internal/testtool"
	"gokeytool/store"
)

// holdLock has the test itself hold the lock of a keystore.
func holdLock(t *testing.T, path string) *store.FileLock {
	t.Helper()
	lock, err := store.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
	return lock
}

// TestWaiting has commands wait for the lock: for whom is said once, and what
// -lockTimeout ends says who it is, and leaves the file.
func TestWaiting(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	before := testtool.ReadFile(t, path)
	who := "another process"
	if u, err := user.Current(); err == nil {
		if _, err := os.Stat("/proc/self"); err == nil {
			who = fmt.Sprintf("PID %d (user %s)", os.Getpid(), u.Username)
		}
	}
	words := []string{"genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC", "-dname", "CN=b", "-quiet", "-alias"}
	lock := holdLock(t, path)

	var said screen
	waiting := ours(t, dir, append(words, "waits")...)
	waiting.Stderr = &said
	var quiet screen
	inKeytools := ours(t, dir, append(append([]string{"-genkeypair"}, words[1:9]...), "-alias", "silent")...)
	inKeytools.Stdout, inKeytools.Stderr = &quiet, &quiet
	for _, cmd := range []*exec.Cmd{waiting, inKeytools} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		words []string
		env   string
		want  string
	}{
		{[]string{"-lockTimeout", "0"}, "", "is in use by " + who},
		{[]string{"-lockTimeout", "30ms"}, "1h", "is in use by " + who},
		{nil, "20ms", "is in use by " + who},
		{[]string{"-lockTimeout", "soon"}, "", "-lockTimeout soon: seconds are wanted"},
		{[]string{"-lockTimeout", "-1"}, "", "-lockTimeout -1: seconds are wanted"},
		{nil, "soon", "GOKEYTOOL_LOCK_TIMEOUT soon: seconds are wanted"},
	} {
		cmd := ours(t, dir, append(append(words, "late"), tt.words...)...)
		cmd.Env = append(os.Environ(), "GOKEYTOOL_LOCK_TIMEOUT="+tt.env)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), tt.want) {
			t.Errorf("%v %s: %v: %s", tt.words, tt.env, err, out)
		}
		if strings.Contains(tt.want, "in use") && !strings.Contains(string(out), "it is as it was") {
			t.Errorf("it does not say what to do: %s", out)
		}
	}
	if !bytes.Equal(testtool.ReadFile(t, path), before) {
		t.Error("the keystore has changed")
	}
	want := fmt.Sprintf("gokeytool: waiting for %s to be done with %s\n", who, path)
	until(t, "who it waits for", func() bool { return strings.Contains(said.text(), "waiting") })
	time.Sleep(50 * time.Millisecond)
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(waiting.Wait(), inKeytools.Wait()); err != nil {
		t.Error(err)
	}
	if said.text() != want {
		t.Errorf("%q, want %q", said.text(), want)
	}
	if strings.Contains(quiet.text(), "waiting") {
		t.Errorf("in keytool's style: %q", quiet.text())
	}
}

// A lock whose holder was killed says nothing of who has it next.
func TestStaleHolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	dead := exec.CommandContext(t.Context(), "true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	lock := holdLock(t, path)
	name := filepath.Join(dir, ".ks.lock")
	_, world, _ := strings.Cut(string(testtool.ReadFile(t, name)), " ")
	for _, text := range []string{fmt.Sprintf("%d %s", dead.Process.Pid, world), "1 elsewhere\n", "", "x", "-1 " + world, "99999999999999999999 " + world} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := ours(t, dir, "delete", "-alias", "a", "-keystore", path, "-storepass", "changeit", "-lockTimeout", "0").CombinedOutput()
		if !strings.Contains(string(out), "is in use by another process") || strings.Contains(string(out), "PID") {
			t.Errorf("%q: %s", text, out)
		}
	}
	_ = lock.Unlock()
}

// has says which of some aliases a keystore has.
func has(t *testing.T, path, password string, aliases ...string) (found []string) {
	t.Helper()
	opened, err := store.Open(path, store.Options{Password: []byte(password)})
	if err != nil {
		t.Fatal(err)
	}
	for _, alias := range aliases {
		if _, ok := opened.Get(alias); ok {
			found = append(found, alias)
		}
	}
	return found
}

// TestQuestions has a command wait for an answer while another one changes the
// same keystore: it is not kept waiting, and what both have done is there.
// QUESTIONS_ALL=1 asks each of all types of keystores.
func TestQuestions(t *testing.T) {
	root := t.TempDir()
	cert := filepath.Join(root, "cert")
	for _, line := range []string{
		"genkeypair -keystore src -storepass changeit -keyalg EC -dname CN=src -alias s -quiet",
		"exportcert -keystore src -storepass changeit -alias s -file cert",
	} {
		testtool.Output(t, ours(t, root, strings.Fields(line)...))
	}
	server := serveWith(t, root, 0, "-selfsigned")
	pem := string(testtool.ReadFile(t, cert))
	src := filepath.Join(root, "src")
	all := os.Getenv("QUESTIONS_ALL") != ""
	for i, tt := range []struct {
		line     string
		types    string // "" for all
		question string
		answers  string
		has      string // beside other
		fails    string // it says so, and changes nothing
	}{
		{line: "importcert -alias t -file " + cert, question: "Trust this certificate?", answers: "yes\n", has: "a t"},
		{line: "-importcert -alias t -file " + cert, question: "Trust this certificate?", answers: "yes\n", has: "a t"},
		{line: "importcert -alias t -noprompt", question: "", answers: pem, has: "a t"},
		{line: "importcert -alias other -file " + cert, question: "Trust this certificate?", answers: "yes\n", fails: "another process has changed <other>"},
		{line: "trust localhost:" + server.port, question: "Trust CN=localhost", answers: "yes\n", has: "a localhost"},
		{line: "importkeystore -srcstorepass changeit -srcalias s -destalias a -srckeystore " + src, question: "overwrite?", answers: "yes\n", has: "a"},
		{line: "importkeystore -srcalias s -srckeystore " + src, question: "Enter source keystore password:", answers: "changeit\n", has: "a s"},
		{line: "genkeypair -keyalg EC -alias g", question: "first and last name", answers: "x\n\n\n\n\n\nyes\n\n\n", has: "a g"},
		{line: "-genkeypair -keyalg EC -alias g", question: "first and last name", answers: "x\n\n\n\n\n\nyes\n\n\n", has: "a g"},
		{line: "genkeypair -keyalg EC -dname CN=x -alias other", types: "jks jceks", question: "Enter key password", answers: "\n", fails: "another process has changed <other>"},
		{line: "keypasswd -alias a", types: "jks jceks", question: "New key password", answers: "another\nanother\n", has: "a"},
		{line: "storepasswd", question: "New keystore password", answers: "another\nanother\n", fails: "another process has changed it"},
		{line: "keyclone -alias a -destalias c", types: "jks jceks", question: "Enter key password", answers: "\n", has: "a c"},
		{line: "importpass -alias w", types: "pkcs12 jceks", question: "", answers: "secret1\nchangeit\nchangeit\n", has: "a w"},
		{line: "delete -nopass -alias a", question: "Enter keystore password:", answers: "changeit\n", has: ""},
		{line: "rename -nopass a r", question: "Enter keystore password:", answers: "changeit\n", has: "r"},
		{line: "storepasswd -nopass -new another", types: "jks pkcs12", question: "Enter keystore password:", answers: "changeit\n", has: "a"},
		{line: "genkeypair -nopass -fresh -keyalg EC -dname CN=x -alias f", question: "Enter keystore password:", answers: "changeit\nchangeit\n\n", has: "f"},
		{line: "genkeypair -nopass -fresh -keyalg EC -dname CN=x -alias f", question: "Enter keystore password:", answers: "different\ndifferent\n\n", fails: "password"},
	} {
		types := strings.Fields(cmp.Or(tt.types, "pkcs12 jks jceks"))
		if !all {
			types = types[i%len(types):][:1]
		}
		for _, typ := range types {
			t.Run(tt.line+" "+typ, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				path := filepath.Join(dir, "ks")
				key := func(alias string, more ...string) {
					cmd := ours(t, dir, append([]string{"genkeypair", "-storetype", typ, "-keystore", path, "-storepass", "changeit", "-keypass", "changeit", "-keyalg", "EC", "-dname", "CN=" + alias, "-alias", alias, "-quiet"}, more...)...)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				}
				words := strings.Fields(tt.line)
				fresh, nopass := slices.Contains(words, "-fresh"), slices.Contains(words, "-nopass")
				words = slices.DeleteFunc(words, func(w string) bool { return w == "-fresh" || w == "-nopass" })
				if !fresh {
					key("a")
				}
				words = append(words, "-keystore", path)
				if fresh {
					words = append(words, "-storetype", typ)
				}
				if !nopass {
					words = append(words, "-storepass", "changeit")
				}
				cmd := ours(t, dir, words...)
				var said screen
				cmd.Stdout, cmd.Stderr = &said, &said
				stdin, err := cmd.StdinPipe()
				if err == nil {
					err = cmd.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				defer cmd.Process.Kill()
				if tt.question != "" {
					until(t, tt.question, func() bool { return strings.Contains(said.text(), tt.question) })
				} else {
					time.Sleep(100 * time.Millisecond) // it reads its input
				}
				key("other", "-lockTimeout", "5")
				now := testtool.ReadFile(t, path)
				if _, err := io.WriteString(stdin, tt.answers); err != nil {
					t.Fatal(err)
				}
				stdin.Close()
				err = cmd.Wait()
				if tt.fails != "" {
					if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.text(), tt.fails) || !bytes.Equal(testtool.ReadFile(t, path), now) {
						t.Errorf("%v: %s", err, said.text())
					}
					return
				}
				want := append(strings.Fields(tt.has), "other")
				password := "changeit"
				if slices.Contains(words, "another") {
					password = "another"
				}
				if got := has(t, path, password, append(want, "a")...); err != nil || !slices.Equal(slices.Compact(slices.Sorted(slices.Values(got))), slices.Sorted(slices.Values(want))) {
					t.Errorf("%v: has %v, want %v: %s", err, got, want, said.text())
				}
				if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
					t.Errorf("left: %v", files)
				}
				if out, err := ours(t, dir, "list", "-keystore", path, "-storepass", password).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
	}
}

// TestHeldFiles has a reader of the directory hold what he can for ever, while 12
// commands add to a keystore: all keys are there.
func TestHeldFiles(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	if n.credential == nil {
		t.Skip("only root can be kept waiting by another user")
	}
	for _, tt := range []struct {
		name  string
		stale bool // a lock that all may read
		holds []string
		how   string
		tried func(path string) // what else is there
		fails string            // all say so
	}{
		{name: "the directory", holds: []string{"."}, how: "-s"},
		{name: "the directory, alone", holds: []string{"."}, how: "-x"},
		{name: "the keystore", holds: []string{"ks"}, how: "-s"},
		{name: "the keystore, alone", holds: []string{"ks"}, how: "-x"},
		{name: "a lock that was left", stale: true, holds: []string{".ks.lock"}, how: "-s"},
		{name: "a lock that was left, alone", stale: true, holds: []string{".ks.lock", "ks", "."}, how: "-x"},
		{name: "a directory has its name", tried: func(path string) { _ = os.Mkdir(path, 0o700) }, fails: "is a directory"},
		{name: "a link has its name", tried: func(path string) { _ = os.Symlink("ks", path) }, fails: "is a symbolic link"},
		{name: "a FIFO has its name", tried: func(path string) { _ = unix.Mkfifo(path, 0o666) }, fails: "is not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(root, strings.ReplaceAll(tt.name, " ", "-"))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			path, lock := filepath.Join(dir, "ks"), filepath.Join(dir, ".ks.lock")
			saveOne(t, path)
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			if tt.stale {
				if err := errors.Join(os.WriteFile(lock, []byte("1 elsewhere\n"), 0o644), os.Chmod(lock, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if tt.tried != nil {
				tt.tried(lock)
			}
			for _, file := range tt.holds {
				holder := exec.CommandContext(t.Context(), "flock", tt.how, filepath.Join(dir, file), "sh", "-c", "echo held; exec sleep 1000")
				holder.SysProcAttr = &syscall.SysProcAttr{Credential: n.credential}
				out, err := holder.StdoutPipe()
				if err == nil {
					err = holder.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
				if k, err := out.Read(make([]byte, 5)); k != 5 {
					t.Fatal(err)
				}
			}
			addTwelve(t, path, tt.fails, func(alias string) *exec.Cmd {
				cmd := ours(t, dir, "genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC", "-dname", "CN=x", "-alias", alias, "-lockTimeout", "60")
				cmd.Path = plainProgram(t, "gokeytool")
				return cmd
			})
		})
	}
}

// addTwelve runs 12 commands at once that add an entry: those that end well have
// added theirs, the others say why not.
func addTwelve(t *testing.T, path, fails string, add func(alias string) *exec.Cmd) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	var want []string
	for i := range 12 {
		alias := fmt.Sprintf("x%d", i)
		all.Go(func() {
			cmd := add(alias)
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && fails == "":
				want = append(want, alias)
			case fails == "" || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), fails):
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if got := has(t, path, "changeit", append(want, "a")...); len(got) != len(want)+1 {
		t.Errorf("has %v of %v", got, want)
	}
}

// TestReaderLocks has a reader lock a keystore by fcntl, which needs no right to
// write. Whoever can make a lock beside it does not care. Whoever can only write
// it in place can't tell the reader from a writer, and says so.
func TestReaderLocks(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	if n.credential == nil {
		t.Skip("only root can tell who may write a directory")
	}
	dir := filepath.Join(root, "d")
	path := filepath.Join(dir, "ks")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	saveOne(t, path)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	whole := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(reader.Fd(), unix.F_OFD_SETLK, &whole); err != nil {
		t.Fatal(err)
	}
	line := func(alias string) []string {
		return []string{"genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC", "-dname", "CN=x", "-alias", alias}
	}
	before := testtool.ReadFile(t, path)
	out, err := n.run(t, dir, line("in-place")...)
	if err == nil || !strings.Contains(out, "is kept locked by a process") || !strings.Contains(out, "fuser -v") || !bytes.Equal(testtool.ReadFile(t, path), before) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := ours(t, dir, line("beside")...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if got := has(t, path, "changeit", "a", "beside"); len(got) != 2 {
		t.Errorf("has %v", got)
	}
}

// A server that shows nothing does not keep others from the keystore.
func TestSlowServer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	cmd := ours(t, dir, "trust", silent.Addr().String(), "-keystore", path, "-storepass", "changeit")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	out, err := ours(t, dir, "delete", "-alias", "a", "-keystore", path, "-storepass", "changeit", "-lockTimeout", "0").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
