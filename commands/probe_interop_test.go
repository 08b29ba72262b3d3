//go:build unix

package commands_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
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

// Configurations of servers that begin TLS late, with DIR and PORT to be filled
// in. Those of Dovecot stand for a user of its own where root starts it.
const (
	dovecotConf = `
base_dir = DIR/dovecot
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap pop3
ssl = required
ssl_cert = <DIR/dev/fullchain.pem
ssl_key = <DIR/dev/key.pem
ssl_dh =
passdb {
  driver = static
}
service PROTOCOL-login {
  chroot =
  inet_listener PROTOCOL {
    port = PORT
  }
  inet_listener PROTOCOLs {
    port = 0
  }
}
service OTHER-login {
  inet_listener OTHER {
    port = 0
  }
  inet_listener OTHERs {
    port = 0
  }
}
service anvil {
  chroot =
}
`
	slapdConf = `
pidfile DIR/slapd.pid
TLSCACertificateFile DIR/dev/ca.pem
TLSCertificateFile DIR/dev/fullchain.pem
TLSCertificateKeyFile DIR/dev/ec.pem
`
	vsftpdConf = `
listen=YES
listen_address=127.0.0.1
listen_port=PORT
background=NO
anonymous_enable=YES
ssl_enable=YES
allow_anon_ssl=YES
ssl_ciphers=HIGH
rsa_cert_file=DIR/dev/fullchain.pem
rsa_private_key_file=DIR/dev/key.pem
secure_chroot_dir=DIR/empty
seccomp_sandbox=NO
max_login_fails=1
`
	pgbouncerConf = `
[databases]
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = PORT
unix_socket_dir =
auth_type = any
client_tls_sslmode = require
client_tls_cert_file = DIR/dev/fullchain.pem
client_tls_key_file = DIR/dev/key.pem
`
)

// TestProbeStartTLS probes servers that begin TLS late: for mail, directories,
// files and databases.
func TestProbeStartTLS(t *testing.T) {
	python := testtool.Python(t, "aiosmtpd")
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
		defer start.Process.Signal(syscall.SIGTERM)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
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
	write := func(t *testing.T, name, text string, more ...string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		text = strings.NewReplacer(append(more, "DIR", dir)...).Replace(text)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	// sbin finds a server, which may not be on the PATH of everybody.
	sbin := func(t *testing.T, name string) string {
		t.Helper()
		if file, err := exec.LookPath("/usr/sbin/" + name); err == nil {
			return file
		}
		return testtool.Look(t, name)
	}
	// Two servers do not run as root, and root's files are not theirs.
	asNobody := func(t *testing.T, files ...string) *syscall.SysProcAttr {
		t.Helper()
		if os.Getuid() != 0 {
			return nil
		}
		for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range files {
			if err := os.Chown(file, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for protocol, other := range map[string]string{"imap": "pop3", "pop3": "imap"} {
		t.Run(protocol, func(t *testing.T) {
			dovecot, port := sbin(t, "dovecot"), freePort(t)
			conf := dovecotConf
			if os.Getuid() != 0 {
				me, err := user.Current()
				if err != nil {
					t.Fatal(err)
				}
				group, err := user.LookupGroupId(me.Gid)
				if err != nil {
					t.Fatal(err)
				}
				conf += "default_internal_user = " + me.Username + "\ndefault_login_user = " + me.Username + "\ndefault_internal_group = " + group.Name + "\n"
			}
			file := write(t, "dovecot.conf", conf, "PROTOCOL", protocol, "OTHER", other, "PORT", port)
			probe(t, port, protocol, exec.Command(dovecot, "-F", "-c", file), "  ok    chain               2 certificates, in order", "  ok    deployed ")
		})
	}
	t.Run("ldap", func(t *testing.T) {
		slapd, port := sbin(t, "slapd"), freePort(t)
		// It reads no key in PKCS #8.
		if out, err := run(testtool.Look(t, "openssl"), "ec", "-in", "dev/key.pem", "-out", "dev/ec.pem"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		probe(t, port, "ldap", exec.Command(slapd, "-d", "0", "-h", "ldap://127.0.0.1:"+port, "-f", write(t, "slapd.conf", slapdConf)),
			"  ok    chain               2 certificates, in order", "  ok    deployed ", "-> # leave only TLSv1.2 and TLSv1.3")
	})
	t.Run("ftp", func(t *testing.T) {
		vsftpd, port := sbin(t, "vsftpd"), freePort(t)
		conf := vsftpdConf
		if os.Getuid() != 0 {
			conf += "run_as_launching_user=YES\n"
		}
		if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
			t.Fatal(err)
		}
		probe(t, port, "ftp", exec.Command(vsftpd, write(t, "vsftpd.conf", conf, "PORT", port)),
			"  ok    chain               2 certificates, in order", "  ok    deployed ")
	})
	t.Run("pgbouncer", func(t *testing.T) {
		pgbouncer, port := sbin(t, "pgbouncer"), freePort(t)
		file := write(t, "pgbouncer.ini", pgbouncerConf, "PORT", port)
		cmd := exec.Command(pgbouncer, file)
		cmd.SysProcAttr = asNobody(t, file, filepath.Join(dir, "dev", "key.pem"))
		probe(t, port, "postgres", cmd, "  ok    chain               2 certificates, in order", "  ok    deployed ")
	})
	// PostgreSQL itself is large; PgBouncer speaks for it where it is missing.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		bin := filepath.Dir(found[0])
		data := filepath.Join(dir, "pg")
		attributes := asNobody(t)
		initdb := exec.Command(found[0], "-D", data, "-A", "trust", "-N", "-U", "postgres")
		initdb.SysProcAttr, initdb.Dir = attributes, dir
		testtool.Output(t, initdb)
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
