package commands

import (
	"strings"
	"testing"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// withKeys is a JCEKS keystore with secret keys, whose passwords are given by alias.
func withKeys(t *testing.T, passwords map[string]string) *store.Store {
	t.Helper()
	ks := store.New(store.JCEKS)
	for alias, password := range passwords {
		if err := ks.SetKey(alias, entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, []byte(password), nil, newUnit(t, nil).Now()); err != nil {
			t.Fatal(err)
		}
	}
	return ks
}

// opens says whether a password opens the key of an alias.
func (u *unit) opens(t *testing.T, alias, password string) bool {
	t.Helper()
	ks, err := store.Open(u.ks.path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, there := ks.Get(alias)
	if !there {
		t.Fatalf("no <%s>", alias)
	}
	_, err = ks.KeyOf(e, []byte(password))
	return err == nil
}

func TestKeypasswd(t *testing.T) {
	t.Run("one key", func(t *testing.T) {
		u := newUnit(t, withKeys(t, map[string]string{"a": "password of a", "b": "password of b"}))
		u.opt.alias, u.opt.keypass, u.opt.newpass = given("a"), []byte("password of a"), []byte("another password")
		if err := keypasswd(t.Context(), u.session, keypasswdOptions{}); err != nil {
			t.Fatal(err)
		}
		if !u.opens(t, "a", "another password") || !u.opens(t, "b", "password of b") {
			t.Error("the keys have other passwords")
		}
	})
	t.Run("all that the keystore's password does not open", func(t *testing.T) {
		u := newUnit(t, withKeys(t, map[string]string{"a": "password of a", "b": unitPassword}), "password of a")
		if err := keypasswd(t.Context(), u.session, keypasswdOptions{same: true}); err != nil {
			t.Fatal(err)
		}
		if !u.opens(t, "a", unitPassword) || !u.opens(t, "b", unitPassword) {
			t.Error("the keys have other passwords")
		}
		if got := u.err.String(); !strings.HasSuffix(got, "The key <a> has the keystore's password now\n") {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("not the one of -keypass", func(t *testing.T) {
		u := newUnit(t, withKeys(t, map[string]string{"a": "password of a"}))
		u.opt.keypass = []byte("no password")
		err := keypasswd(t.Context(), u.session, keypasswdOptions{same: true})
		if hints := u.hints(err); len(hints) != 1 || !strings.HasPrefix(hints[0], "neither the keystore's password nor that of -keypass opens the key of <a>") {
			t.Errorf("%v, with hints %q", err, hints)
		}
		if !u.opens(t, "a", "password of a") {
			t.Error("the key has another password")
		}
	})
}
