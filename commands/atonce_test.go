package commands_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// atOnceRounds is how often processes race each other in a test: once, or
// as ATONCE_ROUNDS says.
func atOnceRounds() int {
	if n, err := strconv.Atoi(os.Getenv("ATONCE_ROUNDS")); err == nil {
		return n
	}
	return 1
}

// atOnce runs several lines of our program at once, and demands that all succeed.
func atOnce(t *testing.T, dir string, lines ...string) {
	t.Helper()
	type run struct {
		cmd *exec.Cmd
		out bytes.Buffer
	}
	runs := make([]run, len(lines))
	for i, line := range lines {
		r := &runs[i]
		r.cmd = exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), strings.Fields(line)...)
		r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = dir, &r.out, &r.out
		r.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"))
	}
	for i := range runs {
		if err := runs[i].cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range runs {
		if err := runs[i].cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", lines[i], err, runs[i].out.String())
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// firstLine is the password that a file keeps.
func firstLine(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if len(line) != 26 {
		t.Fatalf("%s keeps %q", name, line)
	}
	return line
}

// opened opens a keystore with a password, and every key in it.
func opened(t *testing.T, path string, password, keypass []byte) *store.Store {
	t.Helper()
	s, err := store.Open(path, store.Options{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range s.Entries() {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		if _, err := s.KeyOf(e, keypass); err != nil {
			t.Fatalf("<%s> of %s: %v", e.Alias, path, err)
		}
	}
	return s
}

// nothingLeft demands that no temporary or lock file is left.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(hidden) > 0 {
		t.Errorf("left behind: %q", hidden)
	}
}

const four = 4

// each makes a line for each of four processes.
func each(format string) (lines []string) {
	for i := range four {
		lines = append(lines, fmt.Sprintf(format, i))
	}
	return lines
}

// TestGenerateAtOnce has several processes generate one password, for whatever it
// is: what each of them protects opens with the password that is kept.
func TestGenerateAtOnce(t *testing.T) {
	made := each("k%d.p12")
	for _, tt := range []struct {
		name  string
		first []string // run before
		lines []string
		check func(t *testing.T, dir string, password []byte)
	}{
		{"new keystores", nil, each("genkeypair -alias a -keyalg EC -dname CN=a -keystore k%d.p12 -storepass:generate pass"),
			func(t *testing.T, dir string, password []byte) {
				for _, name := range made {
					opened(t, filepath.Join(dir, name), password, password)
				}
			}},
		{"new passwords", each("genkeypair -alias a -keyalg EC -dname CN=a -keystore k%d.p12 -storepass changeit"), each("storepasswd -keystore k%d.p12 -storepass changeit -new:generate pass"),
			func(t *testing.T, dir string, password []byte) {
				for _, name := range made {
					opened(t, filepath.Join(dir, name), password, password)
				}
			}},
		{"passwords of keys", nil, each("genkeypair -alias a%[1]d -keyalg EC -dname CN=a -keystore k.jks -storetype JKS -storepass changeit -keypass:generate pass"),
			func(t *testing.T, dir string, password []byte) {
				if n := opened(t, filepath.Join(dir, "k.jks"), []byte("changeit"), password).Len(); n != four {
					t.Errorf("%d keys", n)
				}
			}},
		{"exported files", []string{"genkeypair -alias a -keyalg EC -dname CN=a -keystore k.p12 -storepass changeit"},
			each("export -alias a -format p12 -keyfilepass:generate pass -file k%d.p12 -keystore k.p12 -storepass changeit"),
			func(t *testing.T, dir string, password []byte) {
				for _, name := range made {
					opened(t, filepath.Join(dir, name), password, password)
				}
			}},
		{"imported keystores", []string{"genkeypair -alias a -keyalg EC -dname CN=a -keystore k.p12 -storepass changeit"},
			each("importkeystore -srckeystore k.p12 -srcstorepass changeit -destkeystore k%d.p12 -deststorepass:generate pass"),
			func(t *testing.T, dir string, password []byte) {
				for _, name := range made {
					opened(t, filepath.Join(dir, name), password, password)
				}
			}},
		{"one keystore, by two commands", []string{"dev -dir dev -quiet"}, []string{
			"genkeypair -alias a -keyalg EC -dname CN=a -keystore k.p12 -storepass:generate pass",
			"genkeypair -alias b -keyalg EC -dname CN=b -keystore k.p12 -storepass:generate pass",
			"importcert -alias c -file dev/ca.pem -noprompt -keystore k.p12 -storepass:generate pass",
			"genseckey -alias d -keyalg AES -keysize 128 -keystore k.p12 -storepass:generate pass",
		}, func(t *testing.T, dir string, password []byte) {
			if n := opened(t, filepath.Join(dir, "k.p12"), password, password).Len(); n != four {
				t.Errorf("%d entries", n)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range atOnceRounds() {
				dir := t.TempDir()
				for _, line := range tt.first {
					atOnce(t, dir, line)
				}
				atOnce(t, dir, tt.lines...)
				tt.check(t, dir, firstLine(t, dir, "pass"))
				nothingLeft(t, dir)
			}
		})
	}
}

// TestBackupsAtOnce has several processes keep a keystore as it was: no copy takes
// the place of another.
func TestBackupsAtOnce(t *testing.T) {
	for range atOnceRounds() {
		dir := t.TempDir()
		path := filepath.Join(dir, "k.p12")
		for i := range four {
			atOnce(t, dir, fmt.Sprintf("genseckey -alias a%d -keyalg AES -keysize 128 -keystore k.p12 -storepass changeit", i))
		}
		atOnce(t, dir, each("delete -backup -alias a%d -keystore k.p12 -storepass changeit")...)
		var entries []int
		for _, name := range []string{".old", ".old2", ".old3", ".old4"} {
			entries = append(entries, opened(t, path+name, []byte("changeit"), []byte("changeit")).Len())
		}
		if !slices.Equal(entries, []int{4, 3, 2, 1}) {
			t.Errorf("the backups have %d entries", entries)
		}
		nothingLeft(t, dir)
	}
}

// TestExportAtOnce has several processes export their keys to one file, each of
// which would ask before it replaced another's: one does, and the others say that they have not.
func TestExportAtOnce(t *testing.T) {
	dir := t.TempDir()
	for i := range four {
		atOnce(t, dir, fmt.Sprintf("genkeypair -alias a%d -keyalg EC -dname CN=a -keystore k.p12 -storepass changeit", i))
	}
	for range 2 * atOnceRounds() {
		path := filepath.Join(dir, "key.pem")
		var stored atomic.Int32
		var all sync.WaitGroup
		for i := range four {
			all.Go(func() {
				cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), "export", "-key", "-alias", fmt.Sprintf("a%d", i), "-file", "key.pem", "-keystore", "k.p12", "-storepass", "changeit")
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				switch {
				case err == nil:
					stored.Add(1)
				case !bytes.Contains(out, []byte("key.pem is left as it was")) && !bytes.Contains(out, []byte("made by another program in the meantime")):
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		all.Wait()
		if n := stored.Load(); n != 1 {
			t.Errorf("%d processes say that they have stored their key", n)
		}
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		nothingLeft(t, dir)
	}
}

// TestDevAtOnce has several processes make what a machine needs: they have one CA,
// and in each directory keystore, key and certificate belong together.
func TestDevAtOnce(t *testing.T) {
	for range atOnceRounds() {
		dir := t.TempDir()
		atOnce(t, dir, "dev -dir one", "dev -dir two -client alice", "dev -dir one -host a.test", "dev -dir one -host b.test")
		var cas [][]byte
		for _, sub := range []string{"one", "two"} {
			at := func(name string) string { return filepath.Join(dir, sub, name) }
			pair, err := tls.LoadX509KeyPair(at("cert.pem"), at("key.pem"))
			if err != nil {
				t.Fatalf("%s: %v", sub, err)
			}
			s := opened(t, at("keystore.p12"), []byte("changeit"), []byte("changeit"))
			if e, ok := s.Get("tomcat"); !ok || !bytes.Equal(e.Chain[0].DER, pair.Certificate[0]) {
				t.Errorf("%s: the keystore has another certificate than cert.pem", sub)
			}
			ca, err := os.ReadFile(at("ca.pem"))
			if err != nil {
				t.Fatal(err)
			}
			cas = append(cas, ca)
			nothingLeft(t, filepath.Join(dir, sub))
		}
		if !bytes.Equal(cas[0], cas[1]) {
			t.Error("there are two CAs")
		}
		nothingLeft(t, filepath.Join(dir, "data", "gokeytool"))
	}
}

// TestNewKeystoreOfAnother has another program make the keystore while ours, which
// has found none, asks questions: it is not replaced.
func TestNewKeystoreOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.p12")
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), "genkeypair", "-alias", "a", "-keyalg", "EC", "-keystore", path, "-storepass", "changeit")
	answers, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := new(screen)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(said.text(), "?") && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if err := os.WriteFile(path, []byte("of another"), 0o600); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(answers, strings.Repeat("a\n", 6)+"yes\n")
	answers.Close()
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(said.text(), path+" is a text file, not a keystore") {
		t.Errorf("%v: %s", err, said.text())
	}
	if data, _ := os.ReadFile(path); string(data) != "of another" {
		t.Errorf("the file holds %d bytes", len(data))
	}
}
