package commands_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// tokenPlace is an acmePlace that speaks to a token.
type tokenPlace struct {
	*acmePlace
	hsm testtool.SoftHSM
}

// run plays a line of any command, and returns what it says and the exit code.
func (p *tokenPlace) run(words ...string) (string, int) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), plainProgram(p.t, "gokeytool"), words...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOKEYTOOL_ACME_DIR="+filepath.Join(p.dir, "state"), "HOME="+p.dir, "TZ=UTC", "PIN="+p.hsm.PIN, p.hsm.Environment)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run()
	return out.String(), cmd.ProcessState.ExitCode()
}

// acme is run for a line of acme about the entry srv.
func (p *tokenPlace) acme(code int, words ...string) string {
	p.t.Helper()
	words = append([]string{"acme", "-keystore", p.hsm.URI(), "-storepass:env", "PIN", "-alias", "srv"}, words...)
	out, got := p.run(words...)
	if got != code {
		p.t.Fatalf("%s: exit code %d\n%s", strings.Join(words, " "), got, out)
	}
	return out
}

// keys are the private keys on the token, as pkcs11-tool shows them.
func (p *tokenPlace) keys() string { return p.hsm.Tool(p.t, "-O", "--type", "privkey") }

// TestACMEOnToken gets certificates for a key that a token makes and keeps, also after a
// kill and after a refusal.
func TestACMEOnToken(t *testing.T) {
	p := &tokenPlace{newACMEPlace(t, testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1, Blocked: []string{"bad.example.com"}})), testtool.NewSoftHSM(t)}
	// A name that the CA refuses leaves nothing on the token.
	out := p.acme(1, p.first("-host", "bad.example.com")...)
	if keys := p.keys(); strings.Contains(keys, "Private Key Object") {
		t.Errorf("after a refusal:\n%s\n%s", out, keys)
	}
	// A kill leaves the key, as an entry that can be used, and an order without a key.
	hook := []string{"-directory", p.directory, "-caFile", p.caFile, "-agree", "-host", "a.example.com", "-keyalg", "EC", "-hook", "test -e go || kill -9 $PPID"}
	p.acme(-1, hook...)
	orders, err := filepath.Glob(filepath.Join(p.dir, "state", "orders", "*.json"))
	if err != nil || len(orders) != 1 {
		t.Fatal(orders, err)
	}
	if kept, err := os.ReadFile(orders[0]); err != nil || bytes.Contains(kept, []byte("PRIVATE")) || !bytes.Contains(kept, []byte(`"held"`)) {
		t.Errorf("kept: %s, %v", kept, err)
	}
	before := p.keys()
	if strings.Count(before, "Private Key Object") != 1 || !strings.Contains(before, "never extractable") {
		t.Errorf("after the kill:\n%s", before)
	}
	write(t, p.dir, "go", nil)
	out = p.acme(0, hook...)
	if !strings.Contains(out, "the order of an earlier run is gone on with") {
		t.Error(out)
	}
	if out, code := p.run("list", "-v", "-alias", "srv", "-keystore", p.hsm.URI(), "-storepass:env", "PIN"); code != 0 || !strings.Contains(out, "Issuer: CN=Pebble Intermediate") {
		t.Errorf("%d\n%s", code, out)
	}
	// It is renewed with the same key; nothing is left beside it.
	line := p.acme(0)
	p.acme(0, "-force")
	if after := p.keys(); after != before {
		t.Errorf("another key:\n%s\n%s", before, after)
	}
	if certificates := p.hsm.Tool(t, "-O", "--type", "cert"); strings.Count(certificates, "label:      srv") != 1 {
		t.Errorf("certificates:\n%s", certificates)
	}
	// The line that it prints does the same.
	_, again, found := strings.Cut(line, " on by: gokeytool ")
	if !found || strings.Contains(line, p.hsm.PIN) {
		t.Fatal(line)
	}
	sh := exec.CommandContext(t.Context(), "bash", "-c", plainProgram(t, "gokeytool")+" "+strings.TrimSpace(again))
	sh.Dir = p.dir
	sh.Env = append(os.Environ(), "GOKEYTOOL_ACME_DIR="+filepath.Join(p.dir, "state"), "HOME="+p.dir, "PIN="+p.hsm.PIN, p.hsm.Environment)
	if out, err := sh.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("nothing to do")) {
		t.Errorf("%s: %v\n%s", again, err, out)
	}
	// No key is destroyed for one of another kind.
	if out := p.acme(1, "-keyalg", "RSA"); !strings.Contains(out, "would be destroyed, for good") || p.keys() != before {
		t.Error(out)
	}
	if out := p.acme(1, "-systemd"); strings.Contains(out, "[Service]") {
		t.Error(out)
	}
	// renew knows where it came from.
	if out, code := p.run("renew", "-alias", "srv", "-force", "-keystore", p.hsm.URI(), "-storepass:env", "PIN"); code != 0 || p.keys() != before {
		t.Errorf("%d\n%s", code, out)
	}
}
