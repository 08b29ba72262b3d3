//go:build unix

package commands_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// smtpServer serves mail, and STARTTLS with the files in dev: PORT.
const smtpServer = `
import ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("dev/cert.pem", "dev/key.pem")
Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]), tls_context=context).start()
time.sleep(120)
`

// TestProbeStartTLS probes servers that begin TLS late: a mail server, and
// PostgreSQL where that is installed.
func TestProbeStartTLS(t *testing.T) {
	python := testtool.Look(t, "python3")
	if debian := "/usr/bin/python3"; exec.Command(debian, "-c", "import aiosmtpd").Run() == nil {
		python = debian // another one may stand before it on PATH
	}
	if err := exec.Command(python, "-c", "import aiosmtpd").Run(); err != nil {
		testtool.Missing(t, "aiosmtpd")
	}
	dir := t.TempDir()
	run := func(program string, args ...string) (string, error) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	ours := filepath.Join(programs, "gokeytool")
	if out, err := run(ours, "dev"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var chain []byte
	for _, name := range []string{"cert.pem", "ca.pem"} {
		text, err := os.ReadFile(filepath.Join(dir, "dev", name))
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, text...)
	}
	if err := os.WriteFile(filepath.Join(dir, "dev", "fullchain.pem"), chain, 0o644); err != nil {
		t.Fatal(err)
	}

	probe := func(t *testing.T, port, protocol string, start *exec.Cmd, wants ...string) {
		t.Helper()
		var log screen
		start.Stdout, start.Stderr = &log, &log
		if err := start.Start(); err != nil {
			t.Fatal(err)
		}
		defer start.Wait()
		defer start.Process.Signal(syscall.SIGINT)
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not listen:\n%s", start.Path, log.text())
			}
		}
		out, err := run(ours, "probe", "localhost:"+port, "-starttls", protocol, "-truststoreFile", "dev/ca.pem", "-against", "dev/keystore.p12")
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		for _, want := range append(wants, "  TLSv1.3  TLS_AES_", "  ok    trust ") {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}
	freePort := func(t *testing.T) string {
		t.Helper()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		return fmt.Sprint(ln.Addr().(*net.TCPAddr).Port)
	}
	t.Run("smtp", func(t *testing.T) {
		port := freePort(t)
		cmd := exec.Command(python, "-c", smtpServer, port)
		cmd.Dir = dir
		// It sends no root, which the client knows.
		probe(t, port, "smtp", cmd, "  ok    chain               the certificate alone; its issuer CN=gokeytool", "  warn  deployed ")
	})
	t.Run("postgres", func(t *testing.T) {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if len(found) == 0 {
			testtool.Missing(t, "PostgreSQL")
		}
		bin := filepath.Dir(found[0])
		data := filepath.Join(dir, "pg")
		var attributes *syscall.SysProcAttr
		if os.Getuid() == 0 { // as whom PostgreSQL does not run
			attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
				if err := os.Chmod(d, 0o777); err != nil {
					t.Fatal(err)
				}
			}
		}
		initdb := exec.Command(found[0], "-D", data, "-A", "trust", "-N", "-U", "postgres")
		initdb.SysProcAttr, initdb.Dir = attributes, dir
		if out, err := initdb.CombinedOutput(); err != nil {
			t.Fatalf("initdb: %v\n%s", err, out)
		}
		for _, name := range []string{"fullchain.pem", "key.pem"} {
			text, err := os.ReadFile(filepath.Join(dir, "dev", name))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(data, name)
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if attributes != nil {
				if err := os.Chown(file, 65534, 65534); err != nil {
					t.Fatal(err)
				}
			}
		}
		port := freePort(t)
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data,
			"-c", "ssl=on", "-c", "ssl_cert_file=fullchain.pem", "-c", "ssl_key_file=key.pem")
		cmd.SysProcAttr, cmd.Dir = attributes, dir
		probe(t, port, "postgres", cmd, "  ok    chain               2 certificates, in order", "  ok    deployed ")
	})
}
