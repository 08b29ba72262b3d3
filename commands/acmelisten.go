package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"gokeytool/acme"
	"gokeytool/acme/challenge"
	"gokeytool/internal/shell"
	"gokeytool/tomcat/machine"
)

// acmeListener is challenge.Listen whose errors say what to do about them.
type acmeListener struct{ acme.Solver }

func listenForACME(method acme.Method, address string) acme.Solver {
	return acmeListener{challenge.Listen(method, address)}
}

// Present listens, if nobody does yet.
func (l acmeListener) Present(ctx context.Context, p acme.Proof) (func(context.Context) error, error) {
	remove, err := l.Solver.Present(ctx, p)
	if e, ok := errors.AsType[*challenge.ListenError](err); ok {
		return nil, withHint(err, acmeListenHints(e, p.Name)...)
	}
	return remove, err
}

// acmeListenHints says how a name is proved where an address can't be had.
func acmeListenHints(e *challenge.ListenError, name string) []string {
	host, service, err := net.SplitHostPort(e.Address)
	if err != nil {
		return []string{"-address is HOST:PORT, or :PORT for all addresses"}
	}
	port, _ := strconv.Atoi(service)
	otherwise := "-via dns-01 -hook COMMAND has a command set the record _acme-challenge." + name + ", and needs no port"
	if e.Method == acme.HTTP01 {
		otherwise = "-webroot DIR has a server that runs there answer, where DIR is what it serves at http://" + name + "/"
	}
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		owner := machine.Owner(port)
		if owner == "" {
			owner = "another program"
		}
		return []string{fmt.Sprintf("%s listens on port %d", owner, port), otherwise}
	case errors.Is(e.Err, fs.ErrPermission):
		hint := fmt.Sprintf("port %d is for root", port)
		if program := ownProgram(); runtime.GOOS == "linux" && program != "" {
			hint += ", or for a program that was given the right to it: " + shell.Line("sudo", "setcap", "cap_net_bind_service=+ep", program)
		}
		return []string{hint, otherwise}
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return []string{fmt.Sprintf("%s is no address of this machine; -address :%d takes all that are", host, port)}
	}
	return nil
}

// ownProgram is the file of this program; empty where it is not known.
func ownProgram() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return ""
	}
	return program
}
