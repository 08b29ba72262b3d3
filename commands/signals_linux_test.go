package commands_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/store"
)

// ending are the signals that end a program and that it can catch.
var ending = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

func ours(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), args...)
	cmd.Dir = dir
	return cmd
}

// until waits for something to become so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestSignals ends commands that change a keystore at random instants, most of
// them while the keystore is locked. Whatever the signal, the keystore is whole,
// has all that was said to be in it, and nothing is left beside it.
// SIGNAL_RUNS asks for more.
func TestSignals(t *testing.T) {
	runs := 24
	if n, err := strconv.Atoi(os.Getenv("SIGNAL_RUNS")); err == nil {
		runs = n
	}
	for _, place := range []string{"replaced", "in place"} {
		t.Run(place, func(t *testing.T) {
			dir := t.TempDir()
			path, lock := filepath.Join(dir, "ks"), filepath.Join(dir, ".ks.lock")
			saveOne(t, path)
			if place == "in place" {
				if err := os.Link(path, filepath.Join(t.TempDir(), "other")); err != nil {
					t.Fatal(err)
				}
			}
			saved := []string{"a"}
			for i := range runs {
				alias := fmt.Sprintf("x%d", i)
				cmd := ours(t, dir, "genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC", "-dname", "CN=x", "-alias", alias)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				for i%8 > 0 && len(ended) == 0 {
					if _, err := os.Lstat(lock); err == nil {
						break
					}
					time.Sleep(100 * time.Microsecond)
				}
				time.Sleep(rand.N(15 * time.Millisecond))
				_ = cmd.Process.Signal(ending[i%len(ending)])
				err := <-ended
				if err == nil {
					saved = append(saved, alias)
				}
				if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
					t.Fatalf("%v, after %v: left %v", ending[i%len(ending)], err, files)
				}
			}
			opened, err := store.Open(path, store.Options{Password: []byte("changeit")})
			if err != nil {
				t.Fatal(err)
			}
			for _, alias := range saved {
				if _, ok := opened.Get(alias); !ok {
					t.Errorf("%s was saved, and is lost", alias)
				}
			}
			t.Logf("%d of %d runs came to their end, %d saved", len(saved)-1, runs, opened.Len()-1)
		})
	}
}

// TestBrokenPipe has the reader of what a command says go away, while it holds
// the lock.
func TestBrokenPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	cmd := ours(t, dir, "genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC", "-dname", "CN=x", "-alias", "b")
	cmd.Stderr = write
	err = cmd.Run()
	write.Close()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGPIPE {
		t.Errorf("it ended otherwise than by SIGPIPE: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}

// atTerminal starts a program at a terminal, whose text goes nowhere.
func atTerminal(t *testing.T, cmd *exec.Cmd) (keyboard *os.File) {
	t.Helper()
	keyboard, terminal, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	// The test keeps the terminal open, or its settings would be gone.
	t.Cleanup(func() { terminal.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, keyboard) }()
	return keyboard
}

// TestEcho ends a program that asks for a password: the terminal shows again what
// is typed, whatever the signal.
func TestEcho(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	for _, sig := range ending {
		for _, line := range [][]string{{"list", "-keystore", path}, {"-delete", "-alias", "a", "-keystore", path}} {
			cmd := ours(t, dir, line...)
			keyboard := atTerminal(t, cmd)
			until(t, "a question", func() bool { return !echoes(keyboard) })
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			if !echoes(keyboard) {
				t.Errorf("%v, %v: no echo", line[0], sig)
			}
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != sig && cmd.ProcessState.ExitCode() != 128+int(sig) {
				t.Errorf("%v, %v: %v", line[0], sig, err)
			}
			if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
				t.Errorf("left: %v", files)
			}
		}
	}
}

// TestStopped stops a program that asks for a password by Ctrl-Z: the terminal
// shows what is typed until it goes on.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks")
	saveOne(t, path)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `set -m; "$0" list -keystore "$1" -rfc >list 2>questions; stty -a >settings; fg >/dev/null; echo $? >code`,
		filepath.Join(programs, "gokeytool"), path)
	cmd.Dir = dir
	keyboard := atTerminal(t, cmd)
	until(t, "a question", func() bool { return !echoes(keyboard) })
	if _, err := keyboard.Write([]byte{'Z' - '@'}); err != nil {
		t.Fatal(err)
	}
	text := func(name string) string {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		return string(data)
	}
	until(t, "the question again", func() bool {
		return strings.Count(text("questions"), "Enter keystore password:") == 2 && !echoes(keyboard)
	})
	if settings := strings.Fields(text("settings")); !slices.Contains(settings, "echo") {
		t.Errorf("while it was stopped the terminal had %v", settings)
	}
	if _, err := keyboard.WriteString("changeit\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || text("code") != "0\n" || !strings.Contains(text("list"), "BEGIN CERTIFICATE") {
		t.Errorf("%v, exit code %q: %s", err, text("code"), text("list"))
	}
	if !echoes(keyboard) {
		t.Error("no echo at the end")
	}
}

// servant is an endpoint that was started.
type servant struct {
	*exec.Cmd
	dir, port string
	out, err  *screen
}

// serveWith starts serve with a few descriptors at most, unless that is zero.
func serveWith(t *testing.T, dir string, descriptors int, args ...string) servant {
	t.Helper()
	port := filepath.Join(t.TempDir(), "port")
	cmd := ours(t, dir, append([]string{"serve", "-port", "0", "-portfile", port}, args...)...)
	if descriptors > 0 {
		cmd = exec.CommandContext(t.Context(), "sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, descriptors), "sh"}, cmd.Args...)...)
		cmd.Args[4] = filepath.Join(programs, "gokeytool")
		cmd.Dir = dir
	}
	r := servant{cmd, dir, "", new(screen), new(screen)}
	cmd.Stdout, cmd.Stderr = r.out, r.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	until(t, "the port", func() bool {
		data, _ := os.ReadFile(port)
		r.port = strings.TrimSpace(string(data))
		return r.port != ""
	})
	return r
}

// end sends a signal and waits for the end.
func (r servant) end(t *testing.T, sig syscall.Signal) error {
	t.Helper()
	if err := r.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	return r.Wait()
}

func makeKey(t *testing.T, path, name string) {
	t.Helper()
	out, err := ours(t, filepath.Dir(path), "genkeypair", "-keystore", path, "-storepass", "changeit", "-keyalg", "EC",
		"-dname", "CN="+name, "-ext", "san=dns:localhost", "-ext", "eku=serverAuth", "-alias", "tomcat").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestReloadIdentity replaces what serve serves in ways that size and time do not
// show.
func TestReloadIdentity(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "live")
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	for _, at := range []string{first, second} {
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	makeKey(t, filepath.Join(first, "k"), "one")
	for { // until it is of the same size
		makeKey(t, filepath.Join(second, "k"), "two")
		a, err := os.Stat(filepath.Join(first, "k"))
		b, err2 := os.Stat(filepath.Join(second, "k"))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if a.Size() == b.Size() {
			break
		}
		os.Remove(filepath.Join(second, "k"))
	}
	when := time.Now().Add(-time.Hour)
	for _, at := range []string{first, second} {
		if err := os.Chtimes(filepath.Join(at, "k"), when, when); err != nil {
			t.Fatal(err)
		}
	}
	point := func(to string) { // as Kubernetes does
		next := filepath.Join(dir, "next")
		if err := os.Symlink(filepath.Base(to), next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	point(first)
	r := serveWith(t, dir, 0, "-keystore", filepath.Join(path, "k"), "-storepass", "changeit")
	point(second)
	until(t, "the second certificate", func() bool {
		return strings.Contains(r.out.text(), "CN=two") || strings.Contains(r.out.text(), "-> two")
	})

	// A failed load is tried again until what hinders it is gone, and said once.
	if err := os.Mkdir(filepath.Join(dir, "gone"), 0o700); err != nil {
		t.Fatal(err)
	}
	point(filepath.Join(dir, "gone"))
	until(t, "the failure", func() bool { return strings.Contains(r.err.text(), "not reloaded") })
	time.Sleep(2200 * time.Millisecond) // it is tried twice more
	if n := strings.Count(r.err.text(), "not reloaded"); n != 1 {
		t.Errorf("the failure was said %d times: %s", n, r.err.text())
	}
	point(first)
	until(t, "the first certificate", func() bool {
		return strings.Contains(r.out.text(), "-> CN=one") || strings.Contains(r.out.text(), "-> one")
	})

	// A FIFO is not opened, and does not keep it from its end.
	if err := os.Remove(filepath.Join(first, "k")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(first, "k"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the FIFO", func() bool { return strings.Contains(r.err.text(), "is not a regular file") })
	if err := r.end(t, syscall.SIGTERM); err != nil || !strings.HasSuffix(r.out.text(), "Stopped\n") {
		t.Errorf("%v: %s", err, r.out.text())
	}
}

// TestReloadPermission has a file readable again after it was not.
func TestReloadPermission(t *testing.T) {
	root := t.TempDir()
	n := newNobody(t, root)
	dir := filepath.Join(root, "d")
	path := filepath.Join(dir, "k")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	makeKey(t, path, "one")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs screen
	cmd := exec.CommandContext(t.Context(), n.program, "serve", "-port", "0", "-keystore", path, "-storepass", "changeit")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: n.credential}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	until(t, "the port", func() bool { return strings.Contains(out.text(), "Listening") })
	if n.credential == nil {
		t.Skip("only root can take a file away from the one who serves it")
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	until(t, "the failure", func() bool { return strings.Contains(errs.text(), "not reloaded") })
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	until(t, "the reload", func() bool { return strings.Contains(out.text(), "Reloaded: ") })
}

// TestSecondSignal ends serve, with a client in the middle of a request, by a
// second signal at once.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	r := serveWith(t, dir, 0, "-selfsigned", "-redirectPort", "0")
	at := strings.Index(r.out.text(), "Redirecting http://")
	address, _, _ := strings.Cut(r.out.text()[at+len("Redirecting http://"):], "/")
	client, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	begun := time.Now()
	if err = r.end(t, syscall.SIGINT); err != nil && time.Since(begun) > 4*time.Second {
		t.Errorf("%v, after %v", err, time.Since(begun))
	}
}

// TestHanging ends programs by one signal that wait where they look at none: for
// the writer of a FIFO, at a question.
func TestHanging(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	saveOne(t, filepath.Join(dir, "ks"))
	for _, line := range []string{
		"serve -port 0 -certificateFile fifo", "serve -port 0 -keystore fifo", "smoke -keystore fifo",
		"importcert -file fifo -keystore ks -storepass changeit -alias b", "list -keystore fifo",
		"importkeystore -srckeystore fifo -srcstorepass changeit -destkeystore ks -deststorepass changeit", "check fifo", "printcert -file fifo",
	} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			cmd := ours(t, dir, strings.Fields(line)...)
			stdin, err := cmd.StdinPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(60 * time.Millisecond) // it has come to the FIFO, or to its end
			_ = cmd.Process.Signal(sig)
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				t.Errorf("%s: does not end by %v", line, sig)
				_ = cmd.Process.Kill()
				<-ended
			}
			stdin.Close()
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}

// TestOutOfDescriptors has more clients come than there are descriptors: it is
// said, without -v and not for each of them, costs next to nothing, and passes.
func TestOutOfDescriptors(t *testing.T) {
	r := serveWith(t, t.TempDir(), 40, "-selfsigned")
	var clients []net.Conn
	for range 80 {
		c, err := net.Dial("tcp", "localhost:"+r.port)
		if err != nil {
			break
		}
		clients = append(clients, c)
	}
	until(t, "the notice", func() bool { return strings.Contains(r.err.text(), "too many open files") })
	before := processorTime(t, r.Process.Pid)
	time.Sleep(time.Second)
	if used := processorTime(t, r.Process.Pid) - before; used > 300*time.Millisecond {
		t.Errorf("a second of waiting took %v of a processor", used)
	}
	if n := strings.Count(r.err.text(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, r.err.text())
	}
	if !strings.Contains(r.err.text(), "ulimit -n") {
		t.Errorf("it does not say what to do: %s", r.err.text())
	}
	for _, c := range clients {
		c.Close()
	}
	until(t, "an answer", func() bool {
		return exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), "printcert", "-sslserver", "localhost:"+r.port).Run() == nil
	})
	if err := r.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// processorTime is what a process has used, of user and system.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}
