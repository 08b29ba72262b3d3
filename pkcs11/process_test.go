//go:build unix

package pkcs11_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/pkcs11"
)

// program writes a script that stands for p11-kit.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p11-kit")
	testtool.WriteFiles(t, filepath.Dir(path), map[string]string{"p11-kit": "#!/bin/sh\n" + text})
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProcessDies: the process that is killed is started again, for the same key.
func TestProcessDies(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	pids := filepath.Join(t.TempDir(), "pids")
	token, err := pkcs11.Open(t.Context(), pkcs11.Location{Module: h.Module, Environment: append(environment(h), "PIDS="+pids),
		Program: program(t, `echo $$ >>"$PIDS"; exec p11-kit "$@"`)}, pkcs11.Selection{Label: h.Label})
	if err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	if err := token.Login([]byte(h.PIN)); err != nil {
		t.Fatal(err)
	}
	ref, public := makeKey(t, token, "EC", "key")
	k := token.Key(ref, public)
	last := func() (pid int) {
		t.Helper()
		text, err := os.ReadFile(pids)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(string(text))
		pid, err = strconv.Atoi(lines[len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	kill := func() {
		t.Helper()
		if err := syscall.Kill(last(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	if err := signs(k); err != nil {
		t.Error(err)
	}
	kill()
	if err := token.Do(true, func(s *pkcs11.Session) error { _, err := s.Find(); return err }); err != nil {
		t.Error(err)
	}
	// Inside of Do the call fails, and the next Do works.
	err = token.Do(true, func(s *pkcs11.Session) error {
		kill()
		_, err := s.Find()
		return err
	})
	var p *pkcs11.ProgramError
	var c *pkcs11.CallError
	if !errors.As(err, &p) || !errors.As(err, &c) || c.Call != "C_FindObjectsInit" || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
	if err := token.Do(true, func(s *pkcs11.Session) error { _, err := s.Find(); return err }); err != nil {
		t.Error(err)
	}
	pid := last()
	token.Close()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is still there: %v", err)
	}
}

// TestTokenGone: where SoftHSM's token is moved away and back.
func TestTokenGone(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	token := login(t, h)
	ref, public := makeKey(t, token, "EC", "key")
	k := token.Key(ref, public)
	tokens := filepath.Join(h.Dir, "tokens")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(tokens, tokens+".away")
	if err := signs(k); err == nil {
		t.Error("a key that is not there signs")
	}
	if err := signs(k); err == nil {
		t.Error("a key that is not there signs")
	}
	move(tokens+".away", tokens)
	if err := signs(k); err != nil {
		t.Error(err)
	}
}

// TestProgram: what stands in the way before a module answers.
func TestProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, says string }{
		"hangs":             {"exec sleep 1000", "no answer in time"},
		"hangs in a child":  {"sleep 1000 & wait", "no answer in time"},
		"ends":              {"echo some words >&2; exit 3", "its process ended: exit status 3: some words"},
		"speaks otherwise":  {"echo Hello; exec sleep 1000", "version 72 of the protocol is not known"},
		"answers malformed": {`printf '\0'; yes`, "the answer is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pkcs11.Open(t.Context(), pkcs11.Location{Program: program(t, c.script), Module: "/example.so",
				Timeout: patience}, pkcs11.Selection{})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "/example.so") {
				t.Errorf("%v, not: %s", err, c.says)
			}
		})
	}
	for _, program := range []string{"no-such-p11-kit", filepath.Join(t.TempDir(), "p11-kit")} {
		_, err := pkcs11.Open(t.Context(), pkcs11.Location{Program: program}, pkcs11.Selection{})
		var p *pkcs11.ProgramError
		if !errors.As(err, &p) || !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "install it with") {
			t.Errorf("%v", err)
		}
	}
}

// TestOldProgram: releases of p11-kit before 0.24 end when they are offered a version.
func TestOldProgram(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	script := `version=$(dd bs=1 count=1 2>/dev/null | od -An -tu1)
[ $version -eq 0 ] || { echo "p11-kit: unsupported version received: $version" >&2; exit 1; }
{ printf '\0'; cat; } | p11-kit "$@"`
	token, err := pkcs11.Open(t.Context(), pkcs11.Location{Program: program(t, script), Module: h.Module, Environment: environment(h)},
		pkcs11.Selection{Label: h.Label})
	if err != nil {
		t.Fatal(err)
	}
	token.Close()
}

// TestServer: p11-kit server's socket, whose path is escaped in its address.
func TestServer(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	dir, err := os.MkdirTemp("", "p 11")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	cmd := h.Command(t, testtool.Look(t, "p11-kit"), "server", "-f", "-p", h.Module, "-n", path, "pkcs11:token="+h.Label)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	at := pkcs11.Location{Address: "unix:path=" + strings.ReplaceAll(path, " ", "%20")}
	var token *pkcs11.Token
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if token, err = pkcs11.Open(t.Context(), at, pkcs11.Selection{}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	defer token.Close()
	if err := token.Login([]byte(h.PIN)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"RSA", "EC", "Ed25519"} {
		ref, public := makeKey(t, token, kind, kind)
		if err := signs(token.Key(ref, public)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, address := range []string{"vsock:cid=2;port=3", "unix:path=relative", "unix:path=/a%zz", "unix:path=" + dir + "/none"} {
		var p *pkcs11.ProgramError
		if _, err := pkcs11.Open(t.Context(), pkcs11.Location{Address: address}, pkcs11.Selection{}); !errors.As(err, &p) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
