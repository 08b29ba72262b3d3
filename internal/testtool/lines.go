package testtool

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed Lines.java
var lines []byte

// Lines is a Java machine that plays lines with keytool's own classes, one after
// the other: most of a line's time is the start of Java. Not for use by several
// goroutines at once.
type Lines struct {
	Dir    string // its working directory
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	stderr bytes.Buffer
}

// Printed is what a command line left: its outputs in UTF-8, and its exit code.
type Printed struct {
	Stdout, Stderr string
	Code           int
}

// CompileLines compiles what StartLines needs, for all releases of keytool, and
// returns the directory with the classes. It is there until the test ends.
func CompileLines(t testing.TB) (classes string) {
	t.Helper()
	classes = t.TempDir()
	source := filepath.Join(classes, "Lines.java")
	if err := os.WriteFile(source, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t, Look(t, "javac"), "--release", "17", "-Xlint:-options", "-d", classes, source)
	return classes
}

// StartLines starts the Java beside a keytool with flags for it, in a directory
// and with that environment. The classes are those of CompileLines. It ends with
// the test.
func StartLines(t testing.TB, keytool, classes string, flags []string, dir string, env []string) *Lines {
	t.Helper()
	args := append(flags, "-Xlog:disable", "--add-opens=java.base/sun.security.tools.keytool=ALL-UNNAMED", "-cp", classes, "Lines")
	l := &Lines{Dir: dir, cmd: exec.Command(filepath.Join(filepath.Dir(keytool), "java"), args...)}
	l.cmd.Dir, l.cmd.Env, l.cmd.Stderr = dir, env, &l.stderr
	in, err := l.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.in, l.out = in, out
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := l.cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", l.cmd, err, &l.stderr)
		}
	})
	return l
}

// Stop ends the machine before the test does.
func (l *Lines) Stop() { l.in.Close() }

// Play runs keytool with these arguments and what stands on its standard input.
// After an error the machine is of no more use.
func (l *Lines) Play(args []string, stdin string) (Printed, error) {
	request := binary.BigEndian.AppendUint32(nil, uint32(len(args)))
	for _, text := range append(args[:len(args):len(args)], stdin) {
		request = append(binary.BigEndian.AppendUint32(request, uint32(len(text))), text...)
	}
	_, err := l.in.Write(request)
	stdout, err1 := l.read()
	stderr, err2 := l.read()
	code := make([]byte, 4)
	_, err3 := io.ReadFull(l.out, code)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		return Printed{}, fmt.Errorf("%s: %w\n%s", l.cmd, err, &l.stderr)
	}
	return Printed{string(stdout), string(stderr), int(binary.BigEndian.Uint32(code))}, nil
}

// read reads what one of the streams got.
func (l *Lines) read() ([]byte, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(l.out, size); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(size))
	_, err := io.ReadFull(l.out, data)
	return data, err
}
