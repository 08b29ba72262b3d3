package commands

import (
	"fmt"
	"os"

	"gokeytool/internal/atomicfile"
)

// readTicketKey reads the secret by which endpoints resume each other's sessions.
// Who else knows it reads their traffic.
func (s *serving) readTicketKey(name string) ([]byte, error) {
	file, err := openTrusted(name)
	if err != nil {
		return nil, fileError(name, pathCause(err))
	}
	defer file.Close()
	return readAll(file, name)
}

// closeTicketKey takes a ticket key of the user's from those who could read it, and
// says so. One that is not the user's own, as a container may have it, stays as it is.
func (s *serving) closeTicketKey(name string) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return // a pipe is read once
	}
	file, err := openTrusted(name)
	if err != nil {
		return // as reading it will say
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || !othersMay(info, 0o007) {
		return
	}
	now := ""
	if ofUser(info) && file.Chmod(0o600) == nil {
		now = "; from now on its owner alone can (mode 0600)"
	}
	s.Stderr.Printf("gokeytool: everybody could read %s (mode %04o), and with it this endpoint's traffic%s\n", name, info.Mode().Perm(), now)
}

// keyLogOrNew refuses a file that holds something else than the secrets of TLS, a line
// each that begins with a label or # (NSS Key Log Format): they would be added to it.
func keyLogOrNew(name string) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	file, err := atomicfile.Open(name)
	if err != nil {
		return nil // as opening it to be written will say
	}
	defer file.Close()
	var first [1]byte
	if _, err := file.Read(first[:]); err == nil && first[0] != '#' && (first[0] < 'A' || first[0] > 'Z') {
		return withHint(fmt.Errorf("%s is there already, and holds something else than a key log: it stays as it is", name), "name another file with -keylog")
	}
	return nil
}
