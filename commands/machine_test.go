package commands_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gokeytool/internal/testtool"
)

// machine is a Java machine that plays lines with keytool's own classes, one
// after the other; see testdata/differential/Lines.java.
type machine struct {
	kind   string // see machineKind
	dir    string // its working directory
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
	testtool.Output(t, cmd)
}

// startMachine starts the Java beside a keytool, with the classes of a
// directory. It ends with the test.
func startMachine(t *testing.T, keytool, classes string, flags []string, dir string, env []string) *machine {
	t.Helper()
	args := append(flags, "-Xlog:disable", "--add-opens=java.base/sun.security.tools.keytool=ALL-UNNAMED", "-cp", classes, "Lines")
	m := &machine{dir: dir, cmd: exec.Command(filepath.Join(filepath.Dir(keytool), "java"), args...)}
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

// machines lends Java machines, each with a working directory of its own. Most
// of a line's time is the start of Java, and the rest is short once its code is
// compiled.
type machines struct {
	t       *testing.T // of all that borrow
	classes string     // the directory of Lines.class
	mu      sync.Mutex
	idle    map[string][]*machine
}

// borrow returns a machine of a keytool in an empty directory. The environment
// and the flags of Java are those for that directory.
func (ms *machines) borrow(keytool string, environment func(dir string) (env, flags []string)) *machine {
	ms.t.Helper()
	kind := machineKind(keytool, environment)
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if n := len(ms.idle[kind]); n > 0 {
		m := ms.idle[kind][n-1]
		ms.idle[kind] = ms.idle[kind][:n-1]
		return m
	}
	dir := ms.t.TempDir()
	env, flags := environment(dir)
	m := startMachine(ms.t, keytool, ms.classes, flags, dir, env)
	m.kind = kind
	return m
}

// giveBack empties a machine's directory, for the next to borrow it.
func (ms *machines) giveBack(m *machine) {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		ms.t.Error(err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(m.dir, entry.Name())); err != nil {
			ms.t.Error(err)
		}
	}
	ms.mu.Lock()
	ms.idle[m.kind] = append(ms.idle[m.kind], m)
	ms.mu.Unlock()
}

// machineKind names the machines that differ in nothing but their directory.
func machineKind(keytool string, environment func(dir string) (env, flags []string)) string {
	env, flags := environment("DIR")
	return strings.Join(slices.Concat([]string{keytool}, env, flags), "\x00")
}
