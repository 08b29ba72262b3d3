package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestQuickstart runs scripts/quickstart as a new user would: first with Go and
// a plain system alone, then with curl.
func TestQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	bash := testtool.Look(t, "bash")

	// What every system has, and Go.
	plain := t.TempDir()
	for _, name := range []string{"bash", "cat", "chmod", "cut", "dirname", "grep", "ls", "mkdir", "mktemp", "rm", "sed", "seq", "sleep", "tr", "go"} {
		path := testtool.Look(t, name)
		if name == "go" { // finds its own home from where it is
			path, _ = filepath.EvalSymlinks(path)
		}
		if err := os.Symlink(path, filepath.Join(plain, name)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(t *testing.T, path string, args ...string) (out, temp string) {
		temp = t.TempDir()
		cmd := exec.Command(bash, append([]string{filepath.Join(projectDir(t), "scripts", "quickstart")}, args...)...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
			return strings.HasPrefix(s, "PATH=") || strings.HasPrefix(s, "TMPDIR=") || strings.HasPrefix(s, "GOTMPDIR=")
		}), "PATH="+path, "TMPDIR="+temp)
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return string(text), temp
	}
	proved := func(t *testing.T, out string) {
		for _, want := range []string{"PKCS12, 2 entries", "JKS, 2 entries", "handshake TLSv1.3", "handshake TLSv1.2", "Proved: both keystores"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in its output:\n%s", want, out)
			}
		}
		if strings.Contains(out, "FAIL") || strings.Contains(out, "warn") {
			t.Errorf("something is not as it should be:\n%s", out)
		}
	}

	t.Run("with Go alone", func(t *testing.T) {
		out, temp := run(t, plain)
		proved(t, out)
		if strings.Contains(out, "curl") {
			t.Errorf("there was no curl:\n%s", out)
		}
		if left, _ := os.ReadDir(temp); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("with curl, kept", func(t *testing.T) {
		testtool.Look(t, "curl")
		dir := filepath.Join(t.TempDir(), "new", "dir")
		out, temp := run(t, os.Getenv("PATH"), "--keep", dir)
		proved(t, out)
		if strings.Count(out, "$ curl --cacert root.crt") != 2 {
			t.Errorf("curl was not asked twice:\n%s", out)
		}
		if left, _ := os.ReadDir(temp); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		kept := fileNames(t, dir)
		want := []string{"ca.p12", "gokeytool", "pass", "root.crt", "tomcat.crt", "tomcat.csr", "tomcat.jks", "tomcat.p12"}
		if !slices.Equal(kept, want) {
			t.Errorf("kept %q, want %q", kept, want)
		}
	})
	t.Run("help", func(t *testing.T) {
		if out, _ := run(t, plain, "--help"); !strings.Contains(out, "--keep DIR") {
			t.Errorf("help: %s", out)
		}
	})
}

// TestACMEQuickstart runs scripts/acme-quickstart: from nothing to a Tomcat that
// serves what a CA has certified.
func TestACMEQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program, and starts Tomcat")
	}
	testtool.Look(t, "curl")
	testtool.TomcatHome(t)
	testtool.StartPebble(t, testtool.PebbleConfig{}) // skips where there is none
	t.Parallel()
	script := filepath.Join(projectDir(t), "scripts", "acme-quickstart")
	temp, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	cmd := testtool.Command(t, t.TempDir(), testtool.Look(t, "bash"), script, "--keep", kept)
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	out := testtool.Output(t, cmd)
	for _, want := range []string{"Served by Tomcat", "nothing to do", "Proved: a client that trusts only the root"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in its output:\n%s", want, out)
		}
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	names := fileNames(t, kept)
	if want := []string{"acme", "ca.pem", "conf", "gokeytool", "root.pem", "webapps"}; !slices.Equal(names, want) {
		t.Errorf("kept %q, want %q", names, want)
	}
	if out := testtool.Run(t, "bash", script, "--help"); !strings.Contains(out, "--keep DIR") {
		t.Errorf("help: %s", out)
	}
}
