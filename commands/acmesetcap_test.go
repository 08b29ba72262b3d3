//go:build unix

package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"gokeytool/internal/testtool"
	kernel "gokeytool/tomcat/machine"
)

// TestACMESetcap is not let listen on port 80, and runs the line that it prints.
func TestACMESetcap(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("who is not root can neither become another user nor give a program rights")
		return
	}
	testtool.Look(t, "setcap")
	p := testtool.StartPebble(t, testtool.PebbleConfig{})
	dir := t.TempDir()
	for d := dir; d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	program, home := filepath.Join(dir, "gokeytool"), filepath.Join(dir, "home")
	testtool.Run(t, "cp", plainProgram(t, "gokeytool"), program)
	testtool.WriteFiles(t, dir, map[string]string{"ca.pem": string(testtool.ReadFile(t, p.CAFile)), "bin/sudo": "#!/bin/sh\nexec \"$@\"\n"})
	for _, d := range []string{home, filepath.Join(dir, "bin", "sudo")} {
		if err := os.MkdirAll(d, 0o755); err != nil && d == home {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(home, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	asNobody := func() string {
		cmd := exec.Command(program, "acme", "-host", "www.example.com", "-keystore", "k.p12", "-storepass", "changeit",
			"-directory", p.Directory, "-caFile", "../ca.pem", "-agree", "-address", "127.0.0.1:80")
		cmd.Dir = home
		cmd.Env = append(os.Environ(), "HOME="+home, "GOKEYTOOL_ACME_DIR="+filepath.Join(home, "state"), "GOKEYTOOL_HINTS=on")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	out := asNobody()
	line := regexp.MustCompile(`(?m)port 80 is for root, or for a program that was given the right to it: (sudo setcap .*)$`).FindStringSubmatch(out)
	if kernel.Here().Reserved <= 80 {
		// Here everybody may, and it is the CA that does not find it at another port.
		if line != nil || !strings.Contains(out, "connection") {
			t.Errorf("it says\n%s", out)
		}
		return
	}
	if line == nil {
		t.Fatalf("it says\n%s", out)
	}
	cmd := testtool.Command(t, dir, "bash", "-c", line[1])
	cmd.Env = append(cmd.Env, "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	testtool.Output(t, cmd)
	if out := asNobody(); strings.Contains(out, "permission denied") || !strings.Contains(out, "connection") {
		t.Errorf("with the right to it, it says\n%s", out)
	}
}
