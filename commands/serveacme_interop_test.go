package commands_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// TestServeACMELine runs the line as it is typed, by tls-alpn-01 and into PEM, and
// again with what it has left.
func TestServeACMELine(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{})
	dir := t.TempDir()
	program := plainProgram(t, "gokeytool")
	for i, line := range []string{
		"serve -acme -host www.example.com -agree -directory " + p.Directory + " -caFile " + p.CAFile + " -certificateFile cert.pem -certificateKeyFile key.pem -portfile port -exec 'echo $GOKEYTOOL_NAMES >>ran' -port ",
		"serve -acme -certificateFile cert.pem -certificateKeyFile key.pem -portfile port -port ",
	} {
		cmd := exec.Command("/bin/sh", "-c", "exec "+program+" "+line+fmt.Sprint(p.TLSPort))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOKEYTOOL_ACME_DIR="+filepath.Join(dir, "state"))
		said, ended := new(screen), make(chan struct{})
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var failed error
		go func() {
			defer close(ended)
			failed = cmd.Wait()
		}()
		t.Cleanup(func() { cmd.Process.Kill() })
		for deadline := time.Now().Add(time.Minute); !strings.Contains(said.text(), "Renewing cert.pem from "); time.Sleep(5 * time.Millisecond) {
			select {
			case <-ended:
				t.Fatal(said.text())
			default:
			}
			if time.Now().After(deadline) {
				t.Fatal(said.text())
			}
		}
		conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.TLSPort), &tls.Config{RootCAs: p.Roots, ServerName: "www.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if port, err := os.ReadFile(filepath.Join(dir, "port")); string(port) != fmt.Sprintln(p.TLSPort) {
			t.Errorf("port %q, %v", port, err)
		}
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if failed != nil || !strings.HasSuffix(said.text(), "Stopped\n") {
			t.Errorf("%v\n%s", failed, said.text())
		}
		if ordered := strings.Contains(said.text(), "is to be proved by tls-alpn-01"); ordered != (i == 0) {
			t.Errorf("%s\n%s", line, said.text())
		}
	}
	if ran, err := os.ReadFile(filepath.Join(dir, "ran")); string(ran) != "www.example.com\n" {
		t.Errorf("-exec: %q, %v", ran, err)
	}
}

// TestServeACMESignal ends it while the CA does not answer.
func TestServeACMESignal(t *testing.T) {
	asked := make(chan struct{}, 100)
	ca := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer ca.Close()
	dir := t.TempDir()
	testtool.WriteFiles(t, dir, map[string][]byte{"ca.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw})})
	cmd := exec.Command(plainProgram(t, "gokeytool"), "serve", "-acme", "-host", "www.example.com", "-agree", "-directory", ca.URL, "-caFile", "ca.pem",
		"-keystore", "k.p12", "-storepass", "changeit", "-port", "8443", "-portfile", "port", "-acmeDir", "state")
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(out.String(), "Stopped\n") {
		t.Errorf("%v\n%s", err, &out)
	}
	for _, file := range []string{"port", "k.p12"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			t.Errorf("%s is there", file)
		}
	}
}
