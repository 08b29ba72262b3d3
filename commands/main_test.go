//go:debug rsa1024min=0

package commands_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gokeytool/commands"
)

// programs is a directory with our program under both of its names. They are
// this very test binary, so that nothing has to be built and the race detector
// watches.
var programs string

// quickRace is the setting of GORACE for the many short runs of our program.
const quickRace = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "gokeytool", "keytool":
		os.Exit(commands.Main(os.Args, commands.System()))
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gokeytool-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, "gokeytool"))
	}
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, "keytool"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	programs = dir
	// Under the race detector each run would sleep for a second at its end.
	os.Setenv("GORACE", quickRace)
	// Nor would it, or a server that a test starts, end by the signals that are
	// ignored where the tests run under nohup, or in a script's background.
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	defer endConsumers()
	return m.Run()
}

// plainProgram is our program under that name, gokeytool or keytool, without
// the race detector: under it derivations take ten times as long, and each start
// 50 ms more. It is built once for all tests.
func plainProgram(t testing.TB, name string) string {
	t.Helper()
	dir, err := plainPrograms()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// plainPath is PATH for an environment, with the plain programs before all others.
func plainPath(t testing.TB) string {
	t.Helper()
	return "PATH=" + filepath.Dir(plainProgram(t, "gokeytool")) + string(os.PathListSeparator) + os.Getenv("PATH")
}

var plainPrograms = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(programs, "plain")
	program := filepath.Join(dir, "gokeytool")
	build := exec.Command("go", "build", "-o", program, "gokeytool")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return dir, os.Symlink(program, filepath.Join(dir, "keytool"))
})

// screen collects what a running program prints.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}
