package commands

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestACMEStateDirectory: the option comes before the variables, and these before
// the home directory. What the XDG specification takes for no path is none.
func TestACMEStateDirectory(t *testing.T) {
	work := t.TempDir()
	t.Chdir(work)
	for _, test := range []struct {
		name, option, env, home, want string
	}{
		{"option", "here", "GOKEYTOOL_ACME_DIR=/var/acme XDG_STATE_HOME=/state HOME=/home/u", "", work + "/here"},
		{"absolute option", "/srv/acme", "", "", "/srv/acme"},
		{"variable", "", "GOKEYTOOL_ACME_DIR=/var/acme XDG_STATE_HOME=/state HOME=/home/u", "", "/var/acme"},
		{"relative variable", "", "GOKEYTOOL_ACME_DIR=var HOME=/home/u", "", work + "/var"},
		{"empty variable", "", "GOKEYTOOL_ACME_DIR= HOME=/home/u", "", "/home/u/.local/state/gokeytool/acme"},
		{"XDG", "", "XDG_STATE_HOME=/state HOME=/home/u", "", "/state/gokeytool/acme"},
		{"relative XDG", "", "XDG_STATE_HOME=state HOME=/home/u", "", "/home/u/.local/state/gokeytool/acme"},
		{"no HOME", "", "", "/home/w", "/home/w/.local/state/gokeytool/acme"},
		{"relative HOME", "", "HOME=.", "/home/w", "/home/w/.local/state/gokeytool/acme"},
		{"no home at all", "", "", "?", ""},
		{"no home, XDG", "", "XDG_STATE_HOME=/state", "?", "/state/gokeytool/acme"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUnit(t, nil)
			u.Home = func() string { return test.home }
			u.LookupEnv = func(name string) (string, bool) {
				for word := range strings.FieldsSeq(test.env) {
					if value, ok := strings.CutPrefix(word, name+"="); ok {
						return value, true
					}
				}
				return "", false
			}
			dir, err := u.acmeState(optional[string]{test.option, test.option != ""})
			switch {
			case test.want == "" && err == nil:
				t.Errorf("got %s", dir.Path())
			case test.want != "" && err != nil:
				t.Error(err)
			case test.want != "" && dir.Path() != filepath.FromSlash(test.want):
				t.Errorf("got %s, want %s", dir.Path(), test.want)
			}
		})
	}
	if _, err := newUnit(t, nil).acmeState(given("")); err == nil {
		t.Error("-acmeDir may be empty")
	}
}

// TestACMEStateOfOthers: a directory that another user could have filled is refused.
func TestACMEStateOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make directories of another owner")
	}
	for _, test := range []struct {
		name, want string
		mode       fs.FileMode
		owner      int
	}{
		{"own", "", 0o700, 0},
		{"read by all", "", 0o755, 0},
		{"a group's", "", 0o770, 0},
		{"everybody's", "everybody can write it", 0o777, 0},
		{"everybody's as /tmp", "everybody can write it", 0o777 | fs.ModeSticky, 0},
		{"another's", "it belongs to another user", 0o700, 1234},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "acme")
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, test.owner, -1); err != nil {
				t.Fatal(err)
			}
			_, err := newUnit(t, nil).acmeState(given(path))
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "below")} {
		if _, err := newUnit(t, nil).acmeState(given(path)); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}
