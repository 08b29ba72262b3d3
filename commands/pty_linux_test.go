package commands_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// talk runs a command at a terminal of its own and answers its questions. It
// returns what the screen shows at the end, echoes included.
func talk(cmd *exec.Cmd, questions []question) (string, error) {
	keyboard, terminal, err := openTerminal()
	if err != nil {
		return "", err
	}
	defer keyboard.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	terminal.Close()
	if err != nil {
		return "", err
	}
	var screen screen
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		buf := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buf) // an error when the last program has left the terminal
			_, _ = screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	from := 0
	for _, q := range questions {
		deadline := time.Now().Add(time.Minute)
		for {
			if end := answerable(screen.text()[from:], q.prompt); end >= 0 && echoes(keyboard) != q.secret {
				from += end
				break
			}
			if time.Now().After(deadline) {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				return screen.text(), fmt.Errorf("%s: waited for %q (echo off: %v); on the screen:\n%s", cmd, q.prompt, q.secret, screen.text())
			}
			time.Sleep(2 * time.Millisecond)
		}
		if _, err := fmt.Fprintf(keyboard, "%s\n", q.answer); err != nil {
			return screen.text(), err
		}
	}
	err = cmd.Wait()
	<-shown
	return screen.text(), err
}

// answerable is where a question ends on the screen, -1 if it does not stand
// there whole: keytool shows its default, "[Unknown]:", on the next line, and
// who types before that types into it.
func answerable(screen, prompt string) int {
	at := strings.Index(screen, prompt)
	if at < 0 {
		return -1
	}
	end := at + len(prompt)
	if !strings.HasSuffix(prompt, "?") {
		return end
	}
	const preset = "]:  "
	if at = strings.Index(screen[end:], preset); at < 0 {
		return -1
	}
	return end + at + len(preset)
}

// openTerminal makes a pseudo-terminal: the keyboard and screen of a user, and
// the file that a program has as its terminal.
func openTerminal() (keyboard, terminal *os.File, err error) {
	keyboard, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(keyboard.Fd())
	err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	var number int
	if err == nil {
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		keyboard.Close()
		return nil, nil, err
	}
	return keyboard, terminal, nil
}

// echoes says whether the terminal shows what is typed.
func echoes(keyboard *os.File) bool {
	state, err := unix.IoctlGetTermios(int(keyboard.Fd()), unix.TCGETS)
	return err == nil && state.Lflag&unix.ECHO != 0
}
