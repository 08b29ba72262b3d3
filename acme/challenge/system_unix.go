//go:build unix

package challenge

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"gokeytool/internal/atomicfile"
)

// another names the owner of a file who is neither the user nor root.
func another(info fs.FileInfo) (owner string, is bool) {
	uid := info.Sys().(*syscall.Stat_t).Uid
	if uid == 0 || int(uid) == os.Geteuid() {
		return "", false
	}
	return atomicfile.OwnerName(info), true
}

// shell is a command line for the shell, in a process group of its own: what the
// terminal's keys end is the program, which then ends the group.
func shell(line string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// ask asks a command and all that it has started to end.
func ask(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// kill ends a command and all that it has started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
