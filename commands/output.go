package commands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"gokeytool/internal/atomicfile"
	"gokeytool/x509util"
)

// maxInput bounds certificates, requests and replies, which are read whole.
const maxInput = 64 << 20

// readInput reads the named file, or standard input where name is empty.
func (s *session) readInput(name string) ([]byte, error) {
	if info, err := os.Stat(name); name == "" || err == nil && !info.Mode().IsRegular() {
		s.giveWay() // who writes it may take his time
	}
	if name == "" {
		return readAll(s.Stdin, name)
	}
	file, err := atomicfile.Open(name)
	if err != nil {
		return nil, fileError(name, pathCause(err))
	}
	defer file.Close()
	return readAll(file, name)
}

// readAll reads what was opened by that name.
func readAll(in io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fileError(name, pathCause(err))
	}
	if len(data) > maxInput {
		return nil, about(name, java("java.io.IOException", "input is larger than 64 MiB"))
	}
	return atomicfile.Settled(data), nil
}

// notWritten is why a file was not written: of one that is not there yet it is
// often its directory.
func notWritten(name string, cause error) error {
	err := fileError(name, cause)
	target, _, targetErr := atomicfile.Target(name)
	if targetErr != nil {
		return err
	}
	if _, statErr := os.Lstat(target); !errors.Is(statErr, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(target)
	switch {
	case errors.Is(cause, fs.ErrPermission):
		return withHint(err, fmt.Sprintf("there is no such file yet, and none can be made in its directory: %s may not be written by this user", dir))
	case errors.Is(cause, syscall.EROFS):
		return withHint(err, fmt.Sprintf("there is no such file yet, and none can be made in its directory: %s is on a file system that is read only", dir))
	case errors.Is(cause, fs.ErrNotExist):
		return withHint(err, fmt.Sprintf("its directory does not exist: %s", dir))
	}
	return err
}

// writeOutput writes the named file, whole or not at all, or standard output
// where name is empty. What goes there is public: certificates and requests.
func (s *session) writeOutput(name string, data []byte) error {
	if name == "" {
		return s.Stdout.Binary(data)
	}
	if s.ownStyle() && s.isKeystore(name) { // keytool writes over it
		return errKeystoreItself(name)
	}
	if err := atomicfile.Write(name, data, 0o644, nil); err != nil {
		return notWritten(name, pathCause(err))
	}
	s.warnOfName(name, typesOf(data)...)
	return nil
}

// openable says why the file that an option names can't be written. keytool
// opens its output before it looks what there is to write, and so names this
// fault first.
func openable(file optional[string]) error {
	if err := checkFileName(file); err != nil || !file.given {
		return err
	}
	if err := atomicfile.Check(file.value); err != nil {
		return notWritten(file.value, pathCause(err))
	}
	return nil
}

// errKeystoreItself refuses to write something else over the keystore.
func errKeystoreItself(name string) error {
	return fmt.Errorf("%s is the keystore itself: name another file", name)
}

// isKeystore says whether a file is the command's keystore, by whatever name.
func (s *session) isKeystore(name string) bool {
	if s.ks == nil {
		return false
	}
	file, err := os.Stat(name)
	keystore, ksErr := os.Stat(s.ks.path)
	return err == nil && ksErr == nil && os.SameFile(file, keystore)
}

// dump writes a certificate as -rfc says: in PEM, or as it is.
func (s *session) dump(out *bytes.Buffer, der []byte) {
	if s.opt.rfc {
		out.Write(x509util.EncodePEM("CERTIFICATE", der, s.release))
		return
	}
	out.Write(der)
}

// pathCause is what a *fs.PathError is about.
func pathCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
