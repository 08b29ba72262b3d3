package commands_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"gokeytool/internal/testtool"
)

// machine is a Java machine that plays lines with keytool's own classes, one
// after the other; see testdata/differential/Lines.java.
type machine struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	stderr bytes.Buffer
}

// compileLines compiles Lines.java for all releases into a directory.
func compileLines(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(testtool.Look(t, "javac"), "--release", "17", "-Xlint:-options", "-d", dir,
		filepath.Join(projectDir(t), "commands", "testdata", "differential", "Lines.java"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// startMachine starts the Java beside a keytool, with the classes of a
// directory. It ends with the test.
func startMachine(t *testing.T, keytool, classes string, flags []string, dir string, env []string) *machine {
	t.Helper()
	args := append(flags, "-Xlog:disable", "--add-opens=java.base/sun.security.tools.keytool=ALL-UNNAMED", "-cp", classes, "Lines")
	m := &machine{cmd: exec.Command(filepath.Join(filepath.Dir(keytool), "java"), args...)}
	m.cmd.Dir, m.cmd.Env, m.cmd.Stderr = dir, env, &m.stderr
	in, err := m.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.in, m.out = in, out
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := m.cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", m.cmd, err, &m.stderr)
		}
	})
	return m
}

// play runs one line.
func (m *machine) play(args []string, stdin string) (output, error) {
	request := binary.BigEndian.AppendUint32(nil, uint32(len(args)))
	for _, text := range append(args, stdin) {
		request = append(binary.BigEndian.AppendUint32(request, uint32(len(text))), text...)
	}
	if _, err := m.in.Write(request); err != nil {
		return output{}, err
	}
	stdout, err1 := m.read()
	stderr, err2 := m.read()
	code := make([]byte, 4)
	_, err3 := io.ReadFull(m.out, code)
	return output{string(stdout), string(stderr), int(binary.BigEndian.Uint32(code))}, errors.Join(err1, err2, err3)
}

// read reads what one of the streams got.
func (m *machine) read() ([]byte, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(m.out, size); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(size))
	_, err := io.ReadFull(m.out, data)
	return data, err
}
