//go:build unix

package challenge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/interrupt"
	"gokeytool/internal/testtool"
)

// lines collects what a hook prints.
type lines []string

func (l *lines) add(line string) { *l = append(*l, line) }

// TestHookEnvironment compares what both commands see with what certbot's see.
func TestHookEnvironment(t *testing.T) {
	dir := t.TempDir()
	environ := append(os.Environ(), "OWN=of the caller", "CERTBOT_TOKEN=of another", "CERTBOT_OTHER=of another")
	for _, method := range []acme.Method{acme.DNS01, acme.HTTP01} {
		p := proof(method, "www.example.com", "token")
		p.Names, p.Remaining = []string{"www.example.com", "example.com"}, 1
		var said lines
		s := Hook(`env | grep -E '^(CERTBOT_|OWN)' | sort >auth.env; cat; echo " two words "; echo; echo aside >&2`,
			`env | grep -E '^(CERTBOT_|OWN)' | sort >cleanup.env`, append(environ, "PWD="+dir), said.add)
		t.Chdir(dir)
		remove := present(t, s, p)
		want := "CERTBOT_ALL_DOMAINS=www.example.com,example.com\nCERTBOT_ALL_IDENTIFIERS=www.example.com,example.com\nCERTBOT_DOMAIN=www.example.com\nCERTBOT_IDENTIFIER=www.example.com\nCERTBOT_REMAINING_CHALLENGES=1\n"
		if method == acme.HTTP01 {
			want += "CERTBOT_TOKEN=token\nCERTBOT_VALIDATION=token." + account + "\n"
		} else {
			want += "CERTBOT_VALIDATION=" + p.Record + "\n"
		}
		want += "OWN=of the caller\n"
		if got := string(testtool.ReadFile(t, "auth.env")); got != want {
			t.Errorf("%s: the command sees\n%swant\n%s", method, got, want)
		}
		if _, err := os.Stat("cleanup.env"); err == nil {
			t.Errorf("%s: the cleanup was run at once", method)
		}
		remove()
		want = strings.Replace(want, "CERTBOT_DOMAIN", "CERTBOT_AUTH_OUTPUT=two words\nCERTBOT_DOMAIN", 1)
		if got := string(testtool.ReadFile(t, "cleanup.env")); got != want {
			t.Errorf("%s: the cleanup sees\n%swant\n%s", method, got, want)
		}
		slices.Sort(said)
		if got := strings.Join(said, "|"); got != "| two words |aside" {
			t.Errorf("%s: it says %q", method, got)
		}
		if err := os.Remove("cleanup.env"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHookFails has commands that fail, in every way: the cleanup is run, once.
func TestHookFails(t *testing.T) {
	for _, test := range []struct {
		name, command, cleanup string
		want                   string // of the error
		cleaned                string // how often
	}{
		{"with a code", "exit 3", "echo x >>cleaned", "the hook for www.example.com ended with exit code 3", "x\n"},
		{"half-way", "echo one; false && true", "echo $CERTBOT_AUTH_OUTPUT >>cleaned", "ended with exit code 1", "one\n"},
		{"not found", "./no-such-command", "echo x >>cleaned", "exit code 127: the shell did not find it", "x\n"},
		{"not to be run", "./file", "echo x >>cleaned", "exit code 126: the shell may not run it", "x\n"},
		{"by a signal", "kill -9 $$", "echo x >>cleaned", "was ended: signal: killed", "x\n"},
		{"both", "exit 3", "echo x >>cleaned; exit 4", "ended with exit code 3\nthe cleanup hook for www.example.com ended with exit code 4", "x\n"},
		{"without a cleanup", "exit 3", "", "ended with exit code 3", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			testtool.WriteFiles(t, ".", map[string]string{"file": "x", "cleaned": ""})
			remove, err := Hook(test.command, test.cleanup, os.Environ(), nil).Present(t.Context(), proof(acme.DNS01, "www.example.com", "token"))
			if err == nil || remove != nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("it says %v", err)
			}
			if got := string(testtool.ReadFile(t, "cleaned")); got != test.cleaned {
				t.Errorf("the cleanup wrote %q, want %q", got, test.cleaned)
			}
		})
	}
}

// TestCleanupFails says so.
func TestCleanupFails(t *testing.T) {
	remove, err := Hook("true", "exit 5", os.Environ(), nil).Present(t.Context(), proof(acme.DNS01, "www.example.com", "token"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remove(t.Context()); err == nil || err.Error() != "the cleanup hook for www.example.com ended with exit code 5" {
		t.Errorf("it says %v", err)
	}
}

// alive says whether a process runs.
func alive(t *testing.T, pidFile string) bool {
	t.Helper()
	var pid int
	if _, err := fmt.Sscan(string(testtool.ReadFile(t, pidFile)), &pid); err != nil {
		t.Fatal(err)
	}
	state, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err == nil && !strings.HasPrefix(string(state), "Z")
}

// TestHookHangs ends a command that does not end, with what it has started, when the
// context ends.
func TestHookHangs(t *testing.T) {
	for name, command := range map[string]string{
		"polite":   "sleep 1000 & echo $! >child.tmp; mv child.tmp child; wait",
		"stubborn": "trap '' TERM; sleep 1000 & echo $! >child.tmp; mv child.tmp child; while :; do wait; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := &hook{"cd " + dir + "; " + command, "cd " + dir + "; echo $CERTBOT_DOMAIN >>cleaned", os.Environ(), nil, time.Hour, 100 * time.Millisecond}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			child := filepath.Join(dir, "child")
			go func() {
				for {
					if _, err := os.Stat(child); err == nil || ctx.Err() != nil {
						cancel()
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
			_, err := h.Present(ctx, proof(acme.DNS01, "www.example.com", "token"))
			if !errors.Is(err, context.Canceled) || err.Error() != "the hook for www.example.com was ended: context canceled" {
				t.Errorf("it says %v", err)
			}
			testtool.WaitFor(t, func() bool { return !alive(t, child) })
			if got := string(testtool.ReadFile(t, filepath.Join(dir, "cleaned"))); got != "www.example.com\n" {
				t.Errorf("the cleanup wrote %q", got)
			}
		})
	}
}

// TestHookLimit ends commands that take too long.
func TestHookLimit(t *testing.T) {
	const limit = 50 * time.Millisecond
	h := &hook{"sleep 1000", "sleep 1000", os.Environ(), nil, limit, limit}
	_, err := h.Present(t.Context(), proof(acme.DNS01, "www.example.com", "token"))
	const want = "the hook for www.example.com did not end within 50ms, and was ended\nthe cleanup hook for www.example.com did not end within 50ms, and was ended"
	if err == nil || err.Error() != want {
		t.Errorf("it says %v", err)
	}
}

// TestHookBackground leaves a server running, as one that answers http-01 itself:
// nobody waits for it, and it may go on to print.
func TestHookBackground(t *testing.T) {
	dir := t.TempDir()
	var said lines
	s := Hook("cd "+dir+"; (while ! [ -e end ]; do echo still || exit 1; sleep 0.01; done; echo well >ended) & echo started",
		"cd "+dir+"; touch end", os.Environ(), said.add)
	remove := present(t, s, proof(acme.HTTP01, "www.example.com", "token"))
	if !slices.Contains(said, "started") {
		t.Errorf("it says %q", said)
	}
	remove()
	testtool.WaitFor(t, func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "ended"))
		return string(text) == "well\n"
	})
}

// TestHookOutput prints too much, too long lines, and what is no text.
func TestHookOutput(t *testing.T) {
	var said lines
	dir := t.TempDir()
	s := Hook(`printf 'a\0b\033[2J\nlast'; head -c 10000 /dev/zero | tr '\0' x; i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; i=$((i+1)); done`,
		"cd "+dir+`; printf %s "$CERTBOT_AUTH_OUTPUT" >output`, os.Environ(), said.add)
	present(t, s, proof(acme.DNS01, "www.example.com", "token"))()
	size := 0
	for _, line := range said {
		if len(line) > maxLine {
			t.Errorf("a line of %d bytes", len(line))
		}
		size += len(line)
	}
	if said[0] != "a\x00b\x1b[2J" || said[len(said)-1] != "(what else it prints is left out)" || size > maxOutput+maxLine {
		t.Errorf("%d lines of %d bytes, from %q to %q", len(said), size, said[0], said[len(said)-1])
	}
	if output := string(testtool.ReadFile(t, filepath.Join(dir, "output"))); len(output) > maxCapture || !strings.HasPrefix(output, "ab\x1b[2J\nlastxxx") {
		t.Errorf("the cleanup sees %d bytes, %.20q", len(output), output)
	}
}

// TestHookEnded is not run for who has left.
func TestHookEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "ran")
	if _, err := Hook("touch "+file, "touch "+file, os.Environ(), nil).Present(ctx, proof(acme.DNS01, "www.example.com", "token")); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a command was run")
	}
	// What is there is taken away though the context has ended since.
	remove := func() error {
		ctx, cancel := context.WithCancel(t.Context())
		remove, err := Hook("true", "touch "+file, os.Environ(), nil).Present(ctx, proof(acme.DNS01, "www.example.com", "token"))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		return remove(ctx)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("no cleanup: %v", err)
	}
}

// TestSignal ends the program while a hook runs, and after it: what it has set is
// taken away before the program dies of the signal. This test runs itself as that
// program.
func TestSignal(t *testing.T) {
	if dir := os.Getenv("GOKEYTOOL_TEST_HOOK"); dir != "" {
		interrupt.Watch()
		s := Hook("cd "+dir+"; touch set; [ -e hang ] && sleep 1000 & wait", "cd "+dir+"; echo cleaned >>cleaned; rm set", os.Environ(), nil)
		w := Webroot(dir)
		if _, err := w.Present(context.Background(), proof(acme.HTTP01, "www.example.com", "token")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Present(context.Background(), proof(acme.DNS01, "www.example.com", "token")); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "done"), nil, 0o600)
		select {}
	}
	for _, hang := range []bool{false, true} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			dir := t.TempDir()
			until := "done"
			if hang {
				testtool.WriteFiles(t, dir, map[string]string{"hang": ""})
				until = "set"
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestSignal$")
			cmd.Env = append(os.Environ(), "GOKEYTOOL_TEST_HOOK="+dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			testtool.WaitFor(t, func() bool {
				_, err := os.Stat(filepath.Join(dir, until))
				return err == nil
			})
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != sig {
				t.Errorf("%s, hanging %v: it ends with %v", sig, hang, err)
			}
			want := []string{"cleaned", "done"}
			if hang {
				want = []string{"cleaned", "hang"}
			}
			wantTree(t, dir, want...)
			if got := string(testtool.ReadFile(t, filepath.Join(dir, "cleaned"))); got != "cleaned\n" {
				t.Errorf("%s, hanging %v: the cleanup wrote %q", sig, hang, got)
			}
		}
	}
}
