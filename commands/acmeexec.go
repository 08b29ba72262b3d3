package commands

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"gokeytool/internal/console"
)

// execGrace is how long a command may take to end when it is asked to, and its
// output to come after its end.
const execGrace = 10 * time.Second

// exec runs the command of -exec after a change. Until that has gone well it is kept
// that it is still to be run, and the next run does so.
func (r *acmeRun) exec(ctx context.Context, out *acmeOutcome) error {
	command := r.recipe.one("exec")
	if command == "" {
		if !r.origin.ToRun {
			return nil
		}
		r.origin.ToRun = false // it was taken away since
		return r.setOrigin(out.leaf)
	}
	words := []string{"/bin/sh", "-c", command}
	if runtime.GOOS == "windows" {
		words = []string{"cmd", "/C", command}
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	names := strings.Join(acmeHosts(out.leaf), " ")
	path := absolute(r.target.path())
	cmd.Env = append(r.environment(), "GOKEYTOOL_ALIAS="+out.alias, "GOKEYTOOL_KEYSTORE="+path, "GOKEYTOOL_NAMES="+names,
		"RENEWED_DOMAINS="+names) // as certbot's deploy hooks have it
	if r.target.pem() {
		cmd.Env = append(cmd.Env, "GOKEYTOOL_CERTFILE="+path, "GOKEYTOOL_KEYFILE="+absolute(r.target.keyFile))
	}
	both := passing{r.Stderr}
	cmd.Stdout, cmd.Stderr = both, both
	cmd.Cancel = func() error {
		if cmd.Process.Signal(syscall.SIGTERM) == nil {
			return nil
		}
		return cmd.Process.Kill() // as on Windows
	}
	cmd.WaitDelay = execGrace
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and left something running
	}
	if err != nil {
		return withHint(fmt.Errorf("the certificate of %s is stored, but the command of -exec failed: %w", r.shown(), err),
			"it is run again the next time, and nothing else; or now: "+r.acmeLine(r.target, out.alias))
	}
	out.ran = true
	r.origin.ToRun = false
	return r.setOrigin(out.leaf)
}

// setOrigin keeps what is known of the certificate.
func (r *acmeRun) setOrigin(leaf []byte) error {
	if err := r.state.SetOrigin(leaf, r.origin); err != nil {
		return stateNotWritten(r.state, err)
	}
	return nil
}

// passing writes what a command prints as it is: the user runs it.
type passing struct{ *console.Writer }

func (p passing) Write(data []byte) (int, error) { return len(data), p.Binary(data) }
