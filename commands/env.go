package commands

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/term"

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

	lines lineReader
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
		Stdout:    openConsole(os.Stdout),
		Stderr:    openConsole(os.Stderr),
		LookupEnv: os.LookupEnv,
		Now:       time.Now,
		Home:      homeDir,
	}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		env.ReadSecret = func(prompt console.Text) ([]byte, error) { return readTerminalSecret(fd, env.Stderr, prompt) }
	}
	env.InputWaiting = func() bool { return inputWaiting(os.Stdin) }
	return env
}

// openConsole is a stream of this process. It is coloured where a person who
// wants colours sees it (no-color.org).
func openConsole(file *os.File) *console.Writer {
	w := console.NewWriter(interrupt.Output(file))
	w.Terminal = term.IsTerminal(int(file.Fd()))
	w.Colour = w.Terminal && wantsColours(os.LookupEnv)
	return w
}

// wantsColours says whether a terminal shows colours, and is to.
func wantsColours(lookup func(name string) (string, bool)) bool {
	if no, _ := lookup("NO_COLOR"); no != "" {
		return false
	}
	if runtime.GOOS == "windows" {
		_, understands := lookup("WT_SESSION") // the older console shows the codes
		return understands
	}
	term, _ := lookup("TERM")
	return term != "" && term != "dumb"
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

// maxLine bounds a line typed or piped in; no name or password is longer.
const maxLine = 1 << 16

// lineReader reads single lines and takes no byte beyond the line's end, so
// that what follows on standard input (the next answer, a certificate, the
// next program's input) is still there.
type lineReader struct{ eof bool }

// readLine returns the next line without its end (LF, CR or CRLF as Java
// reads them; a lone CR ends no line here, as on every terminal of today).
// At the end of input it returns what is left, then ok is false.
func (l *lineReader) readLine(r io.Reader) (line []byte, ok bool, err error) {
	if l.eof {
		return nil, false, nil
	}
	var buf [1]byte
	for {
		n, err := r.Read(buf[:])
		if n == 1 {
			if buf[0] == '\n' {
				return bytes.TrimSuffix(line, []byte("\r")), true, nil
			}
			if len(line) == maxLine {
				return nil, false, errors.New("line on standard input is too long")
			}
			line = append(line, buf[0])
		}
		if errors.Is(err, io.EOF) {
			l.eof = true
			return line, len(line) > 0, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}
