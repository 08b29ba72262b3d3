package commands

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// unit is what a command has of the world when it is called by its run function: a
// session in our own style, with streams that are read after it. Each option is given
// in the struct of its command, or in opt, the common ones.
type unit struct {
	*session
	out, err *bytes.Buffer
}

// unitPassword opens the keystores of newUnit.
const unitPassword = "changeit"

// newUnit is a session on a keystore, or on none if it is nil. Answers are the lines
// that the user types.
func newUnit(t *testing.T, ks *store.Store, answers ...string) *unit {
	t.Helper()
	u := &unit{out: new(bytes.Buffer), err: new(bytes.Buffer)}
	env := &Env{
		Stdin:     strings.NewReader(strings.Join(append(answers, ""), "\n")),
		Stdout:    console.NewWriter(u.out),
		Stderr:    console.NewWriter(u.err),
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
		Home:      t.TempDir,
	}
	u.session = newSession(env, argv.TableDefault(), &argv.Request{Style: argv.Subcommand}, jdk.Default)
	if ks != nil {
		path := filepath.Join(t.TempDir(), "unit.p12")
		if err := ks.Save(path, []byte(unitPassword)); err != nil {
			t.Fatal(err)
		}
		u.opt.keystore = given(path)
		u.opt.storepass = []byte(unitPassword)
	}
	return u
}

// given is the value of an option that was given.
func given[T any](value T) optional[T] { return optional[T]{value, true} }

// trusting is a PKCS12 keystore with trusted certificates by alias.
func trusting(t *testing.T, certificates map[string][]byte) *store.Store {
	t.Helper()
	ks := store.New(store.PKCS12)
	for alias, der := range certificates {
		if err := ks.SetCertificate(alias, entry.X509(der), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return ks
}

// keyed is a PKCS12 keystore with a key for localhost.
func keyed(t *testing.T, alias string) *store.Store {
	t.Helper()
	u := newUnit(t, store.New(store.PKCS12))
	u.opt.alias = given(alias)
	err := genkeypair(t.Context(), u.session, genkeypairOptions{
		issuance: issuance{days: 90, extensions: []string{"san=dns:localhost"}},
		dname:    given("CN=localhost"), keyalg: given("EC"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return u.ks.Store
}

func TestRunFunctionIsAUnit(t *testing.T) {
	ks := trusting(t, map[string][]byte{"first": []byte("one"), "second": []byte("two")})
	t.Run("delete", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias = given("first")
		if err := deleteEntry(t.Context(), u.session); err != nil {
			t.Fatal(err)
		}
		left, err := store.Open(u.opt.keystore.value, store.Options{Password: []byte(unitPassword)})
		if err != nil {
			t.Fatal(err)
		}
		if _, there := left.Get("first"); there || left.Len() != 1 {
			t.Errorf("%d entries are left, first among them: %t", left.Len(), there)
		}
	})
	t.Run("delete asks for the alias", func(t *testing.T) {
		u := newUnit(t, ks, "second")
		if err := deleteEntry(t.Context(), u.session); err != nil {
			t.Fatal(err)
		}
		if got := u.err.String(); got != "Enter alias name:  " {
			t.Errorf("asked %q", got)
		}
	})
	t.Run("changealias", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias = given("first")
		err := changealias(t.Context(), u.session, changealiasOptions{destalias: given("second")})
		if want := "Destination alias <second> already exists"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("genkeypair", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias = given("new")
		err := genkeypair(t.Context(), u.session, genkeypairOptions{
			issuance: issuance{days: 7}, dname: given("CN=example"), keyalg: given("EC"),
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := u.ks.certificate("new")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.NotAfter.Sub(u.Now()); got != 7*24*time.Hour {
			t.Errorf("valid for %s", got)
		}
	})
}
