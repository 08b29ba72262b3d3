package pkcs11

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// maxModules bounds what is read of a list of modules, in bytes.
const maxModules = 1 << 20

// ModulePath is the path of the module that p11-kit is configured with by a name (the
// module-name of RFC 7512): as "p11-kit list-modules" has it. The error names those that
// there are, or is a *ProgramError.
func ModulePath(ctx context.Context, at Location, name string) (string, error) {
	program := cmp.Or(at.Program, "p11-kit")
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(at.Timeout, DefaultTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "list-modules")
	cmd.Env, cmd.WaitDelay = at.Environment, time.Second
	out := limited{room: maxModules}
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", &ProgramError{Program: program, Module: "list-modules", Err: err}
	}
	paths := modulePaths(out.Bytes())
	var names []string
	for _, m := range paths {
		if m[0] == name {
			return m[1], nil
		}
		names = append(names, fmt.Sprintf("%q", m[0]))
	}
	slices.Sort(names)
	return "", fmt.Errorf("p11-kit has no module of the name %q; it has %s", name, cmp.Or(strings.Join(names, ", "), "none"))
}

// modulePaths are names and paths of modules in the output of list-modules: up to 0.24
// "NAME: PATH", since 0.25 "module: NAME" and, indented, "path: PATH".
func modulePaths(list []byte) (paths [][2]string) {
	module := ""
	for line := range strings.Lines(string(list)) {
		line = strings.TrimRight(line, "\r\n")
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case !ok:
		case !indented && key == "module":
			module = value
		case !indented:
			paths = append(paths, [2]string{key, value})
		case key == "path" && module != "":
			paths = append(paths, [2]string{module, value})
			module = ""
		}
	}
	return paths
}

// limited is a buffer that takes no more than there is room.
type limited struct {
	bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.room {
		return 0, errors.New("too long a list of modules")
	}
	return l.Buffer.Write(p)
}
