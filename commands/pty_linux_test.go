package commands_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// talk runs a command at a terminal of its own and answers its questions. What
// stands on the screen at the end, echoes included, is its standard output.
func talk(t *testing.T, cmd *exec.Cmd, step diffStep) output {
	t.Helper()
	keyboard, terminal := openTerminal(t)
	defer keyboard.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	var screen screen
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		buf := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buf) // an error when the last program has left the terminal
			screen.write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	from := 0
	for _, question := range step.talk {
		// A question that ends in an asterisk is for a secret: nothing is
		// typed before the terminal has stopped to echo.
		prompt, secret := strings.CutSuffix(question.prompt, "*")
		deadline := time.Now().Add(30 * time.Second)
		for {
			at := strings.Index(screen.text()[from:], prompt)
			if at >= 0 && echoes(t, keyboard) != secret {
				from += at + len(prompt)
				break
			}
			if time.Now().After(deadline) {
				_ = cmd.Process.Kill()
				t.Fatalf("%s: waited for %q (secret: %v); on the screen:\n%s", cmd, prompt, secret, screen.text())
			}
			time.Sleep(2 * time.Millisecond)
		}
		fmt.Fprintf(keyboard, "%s\n", question.answer)
	}
	err := cmd.Wait()
	<-shown
	return output{Stdout: screen.text(), Code: exitCode(t, cmd, err)}
}

// screen collects what a terminal shows.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// openTerminal makes a pseudo-terminal: the keyboard and screen of a user, and
// the file that a program has as its terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, terminal
}

// echoes says whether the terminal shows what is typed.
func echoes(t *testing.T, keyboard *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(keyboard.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}
