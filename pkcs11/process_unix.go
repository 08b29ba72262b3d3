//go:build unix

package pkcs11

import (
	"errors"
	"os/exec"
	"syscall"
)

// own gives the process a group of its own, so that all of it can be ended, and so that
// it can end its work when the terminal's Ctrl-C ends ours.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func endGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
