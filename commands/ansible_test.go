package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestAnsible has Ansible's modules for keystores drive our program in
// keytool's place, and Java's keytool read what they made.
func TestAnsible(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Ansible")
	}
	playbook := testtool.Look(t, "ansible-playbook")
	openssl := testtool.Look(t, "openssl")
	keytool := testtool.Keytool(t)
	if out, err := exec.Command("ansible-doc", "-l", "community.general").Output(); err != nil || !strings.Contains(string(out), "java_cert") {
		testtool.Missing(t, "Ansible's collection community.general")
	}
	dir := t.TempDir()
	run := func(program string, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "ANSIBLE_NOCOLOR=1", "GOKEYTOOL_HINTS=off", "LC_ALL=C.UTF-8")
		return testtool.Output(t, cmd)
	}
	run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "365", "-subj", "/CN=localhost")
	run(openssl, "pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-name", "tomcat", "-out", "bundle.p12", "-passout", "pass:changeit")
	play, err := filepath.Abs("testdata/ansible/play.yml")
	if err != nil {
		t.Fatal(err)
	}
	run(playbook, "-i", "localhost,", "-e", "bin="+filepath.Dir(plainProgram(t, "gokeytool")), "-e", "dir="+dir, play)
	for file, want := range map[string]string{"t.p12": "tomcat, ", "k.jks": "other, "} {
		list := run(keytool, "-list", "-keystore", file, "-storepass", "changeit")
		if !strings.Contains(list, "contains 1 entry") || !strings.Contains(list, want) || !strings.Contains(list, "PrivateKeyEntry") {
			t.Errorf("%s holds something else than %s:\n%s", file, want, list)
		}
	}
}
