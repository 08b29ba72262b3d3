package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"

	"gokeytool/finding"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/tomcat/machine"
)

// locate adds to an error of opening what a Certificate of a server.xml names where
// that is, and what to do about it there.
func (s *serving) locate(c *tomcat.Certificate, err error) error {
	if err == nil || s.o.from.file == "" {
		return err
	}
	f, ok := s.troubleOf(c, err)
	if !ok {
		return err
	}
	line := fmt.Sprintf("%s: %s", s.o.from.file, f.String())
	return explainedBy(err, func(s *session) []string { return append(s.causeHints(err), line) })
}

// troubleOf says which attribute of a Certificate an error comes from.
func (s *serving) troubleOf(c *tomcat.Certificate, err error) (finding.Finding, bool) {
	base := s.tomcatOptions(s.o.from).Base
	files := []string{c.KeystoreFile}
	if c.PEM() {
		files = []string{c.CertificateFile, c.KeyFile, c.ChainFile}
	}
	for _, name := range files {
		if name == "" {
			continue
		}
		attribute := "certificateKeystoreFile"
		if c.PEM() {
			attribute = c.Names(name)
		}
		if cause, found := machine.File(name, base, !c.PEM(), true); found {
			return finding.Finding{At: c.At(attribute), Text: cause.Text, Remedy: cause.Remedy}, true
		}
	}
	var opened *store.OpenError
	if !errors.As(err, &opened) || !errors.Is(err, entry.ErrPassword) {
		return finding.Finding{}, false
	}
	f := finding.Finding{At: c.At("certificateKeystorePassword"), Text: "it does not open the keystore", Remedy: "correct it; small letters and capitals differ"}
	switch {
	case c.KeystorePasswordFile != "":
		f.At = c.At("certificateKeystorePasswordFile")
		f.Text = "the first line of " + c.KeystorePasswordFile + " does not open the keystore"
	case !c.KeystorePasswordGiven:
		f.Text, f.Remedy = "it is not there, and changeit, Tomcat's default, does not open the keystore", "set it to the keystore's password"
	}
	return f, true
}

// listenError says why a port can't be had.
func (s *serving) listenError(addr string, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	host, service, _ := net.SplitHostPort(addr)
	if op.Addr != nil { // of the two that are asked for, the one it was
		host, service, _ = net.SplitHostPort(op.Addr.String())
	}
	port, _ := strconv.Atoi(service)
	const another = "-port 0 takes any free one"
	hint := "another program may listen there, or the port (below 1024) may need privileges; " + another
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another program listens on that port; " + another
		if owner := machine.Owner(port); owner != "" {
			hint = owner + " listens on that port; " + another
		}
	case errors.Is(err, fs.ErrPermission):
		hint = "the port needs privileges here; " + another
		if cause, ok := machine.Here().Privileged(port); ok {
			hint = cause.Text + ". For Tomcat, " + cause.Remedy + ". Here, " + another
		}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "that is no address of this machine"
		if cause, ok := machine.Here().Elsewhere(host); ok {
			hint = cause.Text + "; " + strings.ReplaceAll(cause.Remedy, "leave address out", "give -address \"\"")
		}
	}
	return withHint(java("java.net.BindException", fmt.Sprintf("%s: %v", addr, op.Err)), hint)
}
