package argv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/internal/testtool"
)

// TestScripts types at real shells, on a terminal, and presses the tab key.
func TestScripts(t *testing.T) {
	// zsh's own tab key expands substitutions before it completes; that is bound
	// away, to see what the function does.
	shells := []struct {
		name  string
		args  []string
		setup string
	}{
		{"bash", []string{"--norc", "--noprofile", "-i"}, "PS1='> '; source script.bash"},
		{"zsh", []string{"-f", "-i"}, "PS1='> '; bindkey '^I' complete-word; autoload -U compinit; compinit -u -d $COMMON/zcompdump; source script.zsh"},
		{"fish", []string{"--no-config", "-i"}, "function fish_prompt; echo '> '; end; source script.fish"},
	}
	lines := []struct {
		name, typed, want string
		notBash           bool // bash takes what follows for another command
	}{
		{"command in keytool's style", "gokeytool -storepass x -importk\t", "-importkeystore", false},
		{"command", "gokeytool sess\t", "sessionid", false},
		{"option", "gokeytool -list -storet\t", "-storetype", false},
		{"option with two dashes", "gokeytool genkey --keya\t", "--keyalg", false},
		{"value", "gokeytool -list -storetype P\t", "PKCS12", false},
		{"value behind an equals sign", "gokeytool genkey --storetype=P\t", "--storetype=PKCS12", false},
		{"open end", "gokeytool genkey -ext san=d\tlocalhost", "san=dns:localhost", false},
		{"modifier", "gokeytool -list -storepass:e\t", "-storepass:env", false},
		{"operand", "gokeytool completion fi\t", "fish", false},
		{"file name", "gokeytool -list -keystore some-fi\t", "some-file.p12", false},
		{"substitution in double quotes", "gokeytool -list -storepass \"$(touch hostile)\" -alia\t", "-alias", false},
		{"backquotes", "gokeytool -list -storepass `touch hostile` -alia\t", "-alias", true},
		{"substitution", "gokeytool -list -dname $(touch hostile) -alia\t", "-alias", false},
		{"fish's substitution", "gokeytool -list -dname (touch hostile) -alia\t", "-alias", true},
		{"process substitution", "gokeytool -list -file <(touch hostile) -alia\t", "", false},
		{"variable with a subscript", "gokeytool -list -dname '${x[$(touch hostile)]}' -alia\t", "-alias", false},
		{"the word itself", "gokeytool -list -$(touch hostile)\t", "", false},
		{"an open quote", "gokeytool -list -dname \"$(touch hostile)\t", "", false},
		{"separators", "gokeytool -list -dname 'a;touch hostile;&|b' -alia\t", "-alias", false},
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			path := testtool.Look(t, shell.name)
			common := t.TempDir()
			for _, line := range lines {
				t.Run(line.name, func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					script, err := Script(shell.name, "gokeytool")
					if err != nil {
						t.Fatal("no script")
					}
					write(t, filepath.Join(dir, "script."+shell.name), script)
					write(t, filepath.Join(dir, "some-file.p12"), "")
					if err := os.Symlink(self, filepath.Join(dir, "gokeytool")); err != nil {
						t.Fatal(err)
					}
					cmd := exec.CommandContext(t.Context(), path, shell.args...)
					cmd.Dir = dir
					cmd.Env = []string{"ARGV_COMPLETE=1", "COMMON=" + common, "TERM=dumb", "HOME=" + dir, "LC_ALL=C.UTF-8", "PATH=" + dir + ":" + os.Getenv("PATH")}
					pty := startPty(t, cmd)
					pty.send(shell.setup + "; echo rea''dy\r")
					pty.await(t, "ready")
					pty.await(t, "> ")
					pty.send(line.typed)
					if line.want == "" || line.notBash && shell.name == "bash" {
						pty.settle()
					} else {
						pty.await(t, line.want)
					}
					if _, err := os.Stat(filepath.Join(dir, "hostile")); err == nil {
						t.Error("what was typed was executed")
					}
				})
			}
		})
	}
}

func TestScriptUnknown(t *testing.T) {
	if s, err := Script("tcsh", "gokeytool"); err == nil || s != "" {
		t.Errorf("%q", s)
	}
}

// pty is a terminal with a program on it.
type pty struct {
	master *os.File
	output chan string
	seen   string
}

func startPty(t *testing.T, cmd *exec.Cmd) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		testtool.Missing(t, "a pseudo-terminal")
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	p := &pty{master: master, output: make(chan string, 1000)}
	go func() {
		defer close(p.output)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			p.output <- string(buf[:n])
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		master.Close()
	})
	return p
}

func (p *pty) send(s string) { _, _ = p.master.WriteString(s) }

var control = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\a")

// await reads until the text appears, behind what was awaited before.
func (p *pty) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		if at := strings.Index(p.seen, text); at >= 0 {
			p.seen = p.seen[at+len(text):]
			return
		}
		select {
		case s, ok := <-p.output:
			if !ok {
				t.Fatalf("the shell ended; %q is missing in %q", text, p.seen)
			}
			p.seen = control.ReplaceAllString(p.seen+s, "")
		case <-deadline:
			t.Fatalf("%q is missing in %q", text, p.seen)
		}
	}
}

// settle waits until nothing more is printed.
func (p *pty) settle() {
	for {
		select {
		case _, ok := <-p.output:
			if !ok {
				return
			}
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
