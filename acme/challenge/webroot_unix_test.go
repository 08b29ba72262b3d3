//go:build unix

package challenge

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gokeytool/acme"
	"gokeytool/internal/testtool"
)

// TestWebrootModes lets the server read, whatever the umask.
func TestWebrootModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	present(t, Webroot(dir), proof(acme.HTTP01, "www.example.com", "token"))
	for name, want := range map[string]os.FileMode{".well-known": 0o755, ".well-known/acme-challenge": 0o755, ".well-known/acme-challenge/token": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
}

// TestWebrootLinks has links below the directory, of the user's and of others'.
func TestWebrootLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("the links of other users need root")
	}
	const stranger = 4711
	for _, test := range []struct {
		name  string
		to    string // relative to the webroot
		other bool   // the link is another user's
		ok    bool
	}{
		{"own, out of it", "../elsewhere", false, true},
		{"own, inside", "inside", false, true},
		{"another's, out of it", "../elsewhere", true, false},
		{"another's, inside", "inside", true, true},
		{"own, to nothing", "../nothing", false, false},
	} {
		if test.other && os.Geteuid() != 0 {
			continue
		}
		for _, link := range []string{".well-known", ".well-known/acme-challenge"} {
			base := t.TempDir()
			dir := filepath.Join(base, "webroot")
			testtool.WriteFiles(t, base, map[string]string{"webroot/inside/file": "x", "elsewhere/file": "x"})
			path := filepath.Join(dir, link)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(dir, test.to), path); err != nil {
				t.Fatal(err)
			}
			if test.other {
				if err := os.Lchown(path, stranger, stranger); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, base)
			remove, err := Webroot(dir).Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token"))
			if (err == nil) != test.ok {
				t.Errorf("%s at %s: %v", test.name, link, err)
			}
			if err == nil {
				if _, err := os.Stat(filepath.Join(dir, ".well-known", "acme-challenge", "token")); err != nil {
					t.Errorf("%s at %s: %v", test.name, link, err)
				}
				if err := remove(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if after := tree(t, base); strings.Join(after, " ") != strings.Join(before, " ") {
				t.Errorf("%s at %s: there were %v, and are %v", test.name, link, before, after)
			}
		}
	}
	// The file itself is never a link.
	base := t.TempDir()
	testtool.WriteFiles(t, base, map[string]string{"target": "x", "webroot/.well-known/acme-challenge/x": "x"})
	if err := os.Symlink(filepath.Join(base, "target"), filepath.Join(base, "webroot/.well-known/acme-challenge/token")); err != nil {
		t.Fatal(err)
	}
	if _, err := Webroot(filepath.Join(base, "webroot")).Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token")); err == nil {
		t.Error("a link is taken for the file")
	}
	if got := string(testtool.ReadFile(t, filepath.Join(base, "target"))); got != "x" {
		t.Errorf("what it leads to holds %q now", got)
	}
}
