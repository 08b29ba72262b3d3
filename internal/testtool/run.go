package testtool

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// Command is a program to be run in a directory, or in the test's own if that
// is empty. It ends with the test, and reads UTF-8 from its command line.
func Command(t testing.TB, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	return cmd
}

// Run runs a program that must succeed, and returns what it prints.
func Run(t testing.TB, program string, args ...string) string {
	t.Helper()
	return Output(t, Command(t, "", program, args...))
}

// RunIn is Run in a directory.
func RunIn(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	return Output(t, Command(t, dir, program, args...))
}

// Try is Run for a program that may fail.
func Try(t testing.TB, program string, args ...string) (output string, success bool) {
	t.Helper()
	out, err := Command(t, "", program, args...).CombinedOutput()
	return string(out), err == nil
}

// Output runs a command that must succeed, and returns what it prints on its two
// streams together.
func Output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// Stdout is Output without what the command prints on its standard error.
func Stdout(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, &stderr)
	}
	return string(out)
}
