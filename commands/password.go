package commands

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/commands/internal/terminal"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
)

// defaultPasswordVariable holds the password of keystores for lines of our own
// style that give none. keytool's style does not look at it: there the same line
// must ask as keytool does.
const defaultPasswordVariable = "GOKEYTOOL_STOREPASS"

// setDefaultPassword takes the keystore's password from the environment, where
// the command has use for one and the line says nothing of it.
func (e *Env) setDefaultPassword(table *argv.Table, req *argv.Request) {
	said := slices.ContainsFunc([]string{"storepass", "keystorePass", "serverxml", "protected"}, req.Has)
	if req.Style != argv.Subcommand || said || !table.Command(req.Command).Documents(table.Option("storepass")) {
		return
	}
	if password, _ := e.LookupEnv(defaultPasswordVariable); password != "" {
		if req.Secrets == nil {
			req.Secrets = make(map[string][]byte)
		}
		req.Secrets["storepass"] = []byte(password)
		e.defaulted = true
	}
}

// readPasswordLine reads a password from standard input or another open file
// descriptor.
func (e *Env) readPasswordLine(fd int) ([]byte, error) {
	reader, lines := e.Stdin, &e.lines
	if fd != 0 {
		file := os.NewFile(uintptr(fd), fmt.Sprintf("file descriptor %d", fd))
		if file == nil {
			return nil, fmt.Errorf("file descriptor %d is not open", fd)
		}
		reader, lines = file, new(terminal.Lines)
	}
	line, ok, err := lines.Read(reader)
	if err == nil && !ok {
		err = io.EOF
	}
	return line, err
}

// generatePassword makes a password of 26 letters and digits (130 random bits)
// and keeps it in a file for its owner alone. A file that is there is not
// touched: its first line is the password, so that the same line works again, and
// several that run at once all have one password. The file is on the disk, whole,
// before anything is protected by what it holds.
//
// It is not taken away again where the command then fails: another one may have
// protected a key by it in the meantime.
func (e *Env) generatePassword(req *argv.Request, option, name string) ([]byte, error) {
	for tries := 0; ; tries++ {
		password, err := keptPassword(name)
		switch {
		case errors.Is(err, errNoPassword) && tries < 10: // where others make it; see atomicfile.Create
			time.Sleep(10 * time.Millisecond)
			continue
		case err == nil:
			_ = atomicfile.Lasting(name) // it was read, whatever the file system says
			return password, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, pathCause(err)
		}
		if err := atomicfile.Check(name); err != nil {
			return nil, pathCause(err)
		}
		if err := uselessNew(req, option); err != nil {
			if password, again := keptPassword(name); again == nil { // another process has made both since
				return password, nil
			}
			return nil, err
		}
		target, _, err := atomicfile.Target(name)
		if err != nil {
			return nil, pathCause(err)
		}
		password = []byte(rand.Text())
		err = atomicfile.Create(target, append(bytes.Clone(password), '\n'), 0o600, nil)
		switch {
		case err == nil:
			e.Stderr.Printf("gokeytool: a new password is kept in %s\n", name)
			e.generated = append(e.generated, name)
			return password, nil
		case !errors.Is(err, fs.ErrExist) || tries > 10:
			return nil, pathCause(err)
		}
	}
}

// errNoPassword says that a file which should keep a password keeps none.
var errNoPassword = errors.New("its first line is empty")

// keptPassword is the first line of a file that keeps a generated password.
// Whoever else could have written it knows the password.
func keptPassword(name string) ([]byte, error) {
	file, err := openTrusted(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	line, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	if len(line) == 0 {
		return nil, errNoPassword
	}
	return line, nil
}

// openTrusted opens a file with a secret of ours. What another user may have put
// there is refused.
func openTrusted(name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil { // opening a FIFO waits for who writes it
		if err := atomicfile.Trusted(name, info); err != nil {
			return nil, err
		}
	}
	file, err := atomicfile.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = atomicfile.Trusted(name, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// uselessNew refuses to make a password for a keystore that has one.
func uselessNew(req *argv.Request, option string) error {
	keystore := map[string]string{"storepass": "keystore", "srcstorepass": "srckeystore", "signerstorepass": "signerkeystore"}[option]
	path, given := req.Value(keystore)
	storetype, _ := req.Value(map[string]string{"storepass": "storetype", "srcstorepass": "srcstoretype"}[option])
	if isTokenURI(path) || isToken(storetype) || slices.ContainsFunc(req.Operands, isTokenURI) {
		return errors.New("there is no such file, and a new password is no token's PIN")
	}
	if !given {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	return fmt.Errorf("there is no such file, and a new password would not open %s, which is there already", path)
}

// refusePlanted refuses, in our own style, a password in a file that another user
// may have put there to be used: see atomicfile.Guard. keytool uses it, and root is asked to, with
// what users leave for him in /tmp.
func (e *Env) refusePlanted(req *argv.Request) error {
	if req.Style == argv.Keytool || os.Geteuid() == 0 {
		return nil
	}
	for _, option := range slices.Sorted(maps.Keys(req.Origins)) {
		from := req.Origins[option]
		info, err := os.Stat(from.Value)
		if from.Modifier != "file" || err != nil {
			continue
		}
		target, _, err := atomicfile.Target(from.Value)
		if err == nil {
			err = atomicfile.Guard(target, info)
		}
		if err != nil {
			return fmt.Errorf("%s, the file of the password of -%s, is not used: %w", from.Value, option, pathCause(err))
		}
	}
	return nil
}

// sayReadable tells of the passwords of the line that stand in files; see sayWhoReads.
func (e *Env) sayReadable(req *argv.Request) {
	var names []string
	for _, from := range req.Origins {
		if from.Modifier == "file" {
			names = append(names, from.Value)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		e.sayWhoReads("the password", name)
	}
}

// sayWhoReads tells, where hints are shown in either style, that others can read or
// own a file with a secret. It is used: keytool uses it, and the secrets of containers
// are such files, which belong to root.
func (e *Env) sayWhoReads(what, name string) {
	if !e.wantHints(argv.Keytool) {
		return
	}
	info, err := os.Stat(name)
	switch {
	case err != nil || !info.Mode().IsRegular():
	case ofAnother(info) && !ofRoot(info):
		e.Stderr.Printf("gokeytool: %s is in a file of another user, who knows it: %s\n", what, name)
	case ofUser(info) && othersMay(info, 0o007) && mayWrite(name):
		e.Stderr.Printf("gokeytool: everybody can read %s (mode %04o); to keep it from others: %s\n",
			what, info.Mode().Perm(), shell.Line("chmod", "o=", shell.File(name)))
	}
}

// sayGenerated says, where the command has failed, that the passwords which it has
// made are kept.
func (e *Env) sayGenerated() {
	for _, name := range e.generated {
		e.Stderr.Printf("gokeytool: the new password stays in %s, from where the same line takes it\n", name)
	}
}
