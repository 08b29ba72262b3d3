package commands_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gokeytool/internal/testtool"
)

// machine is a Java machine that is lent.
type machine struct {
	*testtool.Lines
	kind string // see machineKind
}

// machines lends Java machines, each with a working directory of its own.
type machines struct {
	t       *testing.T // of all that borrow
	classes string     // see testtool.CompileLines
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
	return &machine{testtool.StartLines(ms.t, keytool, ms.classes, flags, dir, env), kind}
}

// giveBack empties a machine's directory, for the next to borrow it.
func (ms *machines) giveBack(m *machine) {
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		ms.t.Error(err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(m.Dir, entry.Name())); err != nil {
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
