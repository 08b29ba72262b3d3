package commands

import (
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/store"
)

func TestDiff(t *testing.T) {
	one, other := keyed(t, "tomcat"), keyed(t, "tomcat")
	save := func(t *testing.T, ks *store.Store, password string) string {
		t.Helper()
		name := filepath.Join(t.TempDir(), "unit.p12")
		if err := ks.Save(name, []byte(password)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	a := save(t, one, unitPassword)
	t.Run("same", func(t *testing.T) {
		u := newUnit(t, nil)
		if err := diff(t.Context(), u.session, diffOptions{a: a, b: save(t, one, unitPassword)}); err != nil {
			t.Fatal(err)
		}
		if got := u.out.String(); !strings.HasPrefix(got, "Both hold the same: ") {
			t.Errorf("said %q", got)
		}
	})
	t.Run("another certificate, and another password", func(t *testing.T) {
		u := newUnit(t, nil)
		err := diff(t.Context(), u.session, diffOptions{a: a, b: save(t, other, "another"), storepass2: []byte("another")})
		if err != exitCode(exitError) || !strings.Contains(u.out.String(), "! <tomcat> another certificate: CN=localhost, until") {
			t.Errorf("got %v, %s", err, u.out)
		}
	})
	t.Run("an alias of two keystores", func(t *testing.T) {
		u := newUnit(t, nil)
		u.opt.alias = given("tomcat")
		if err := diff(t.Context(), u.session, diffOptions{a: a, b: a}); err == nil || !strings.HasPrefix(err.Error(), "-alias is for a server") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a second password for a server", func(t *testing.T) {
		u := newUnit(t, nil)
		err := diff(t.Context(), u.session, diffOptions{a: "localhost:8443", b: a, storepass2: []byte("another")})
		if err == nil || err.Error() != "-storepass2 is for a second keystore" {
			t.Errorf("got %v", err)
		}
	})
}

// Hints name the option that gives the password of the file they are about.
func TestPasswordOption(t *testing.T) {
	u := newUnit(t, keyed(t, "tomcat"))
	if err := u.openKeystore(t.Context(), access{}); err != nil {
		t.Fatal(err)
	}
	u.opensWith("second", "storepass2")
	u.opensWith(u.ks.path, "keyfilepass") // a key of the keystore itself
	for path, want := range map[string]string{"second": "storepass2", "third": "storepass", u.ks.path: "storepass"} {
		if got := u.passwordOption(path); got != want {
			t.Errorf("%s: -%s", path, got)
		}
	}
}
