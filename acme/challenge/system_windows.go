package challenge

import (
	"io/fs"
	"os/exec"
	"strconv"
	"syscall"
)

// another is for systems whose files have owners that can be compared.
func another(fs.FileInfo) (owner string, is bool) { return "", false }

// shell is a command line for the shell, which takes it as it is.
func shell(line string) *exec.Cmd {
	cmd := exec.Command("cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /S /C "` + line + `"`, CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return cmd
}

// ask does nothing: without a console, Windows has nothing to ask with.
func ask(*exec.Cmd) {}

// kill ends a command and all that it has started.
func kill(cmd *exec.Cmd) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
}
