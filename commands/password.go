package commands

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/atomicfile"
	"gokeytool/x509util"
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
		reader, lines = file, new(lineReader)
	}
	line, ok, err := lines.readLine(reader)
	if err == nil && !ok {
		err = io.EOF
	}
	return line, err
}

// generatePassword makes a password of 26 letters and digits (130 random bits)
// and keeps it in a file for its owner alone. A file that is there is not
// touched: its first line is the password, so that the same line works again.
func (e *Env) generatePassword(name string) ([]byte, error) {
	data, err := readSmallFile(name)
	if err == nil {
		line := data
		if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
			line = data[:i]
		}
		if len(line) == 0 {
			return nil, errors.New("its first line is empty")
		}
		return line, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, pathCause(err)
	}
	password := []byte(rand.Text())
	if err := atomicfile.Write(name, append(bytes.Clone(password), '\n'), 0o600, nil); err != nil {
		return nil, pathCause(err)
	}
	fmt.Fprintf(e.Stderr, "gokeytool: a new password is kept in %s\n", x509util.Printable(name))
	return password, nil
}
