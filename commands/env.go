package commands

import (
	"io"
	"os"
	"os/user"
	"strconv"
	"time"

	"golang.org/x/term"

	"gokeytool/commands/internal/terminal"
	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
)

// Env is what a command has of the world around it. Commands touch nothing
// else: no process-wide stream, clock or variable; so tests can give them any.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr *console.Writer

	// LookupEnv finds an environment variable, as os.LookupEnv does.
	LookupEnv func(name string) (value string, ok bool)
	// Now is the clock; its location is the one dates are printed in.
	Now func() time.Time
	// Home is the user's home directory, where .keystore is by default.
	Home func() string
	// ReadSecret prints the prompt and reads a line from the terminal without
	// echo. It is nil where standard input is no terminal; secrets are then
	// read from Stdin.
	ReadSecret func(prompt console.Text) ([]byte, error)
	// InputWaiting says whether Stdin has something to read at once. It is
	// nil where that can't be known.
	InputWaiting func() bool

	// asking is called before a question is asked; nil for nothing.
	asking func()

	lines terminal.Lines
	// defaulted: the keystore's password is that of the variable for all keystores.
	defaulted bool
	// generated are the files of the passwords that this command has made.
	generated []string
	// warnVisible: JDK 25 warns where a password may be typed in sight, that is
	// where standard input is no terminal and nothing waits in it yet.
	warnVisible bool
	// asked: a line was read that was no password. Java has then taken all
	// that was waiting into a buffer, and finds nothing.
	asked bool
}

// System is the environment of this process, which from now on ends in good order
// when a signal comes.
func System() *Env {
	interrupt.Watch()
	env := &Env{
		Stdin:     os.Stdin,
		Stdout:    terminal.Open(os.Stdout),
		Stderr:    terminal.Open(os.Stderr),
		LookupEnv: os.LookupEnv,
		Now:       time.Now,
		Home:      homeDir,
	}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		env.ReadSecret = func(prompt console.Text) ([]byte, error) { return terminal.ReadSecret(fd, env.Stderr, prompt) }
	}
	env.InputWaiting = func() bool { return terminal.InputWaiting(os.Stdin) }
	return env
}

// homeDir is the home directory as Java finds it: in the password database,
// and only failing that in the environment.
func homeDir() string {
	if u, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil && u.HomeDir != "" {
		return u.HomeDir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}
