package commands

import (
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/store"
)

// sourceOf saves a keystore to import from.
func sourceOf(t *testing.T, ks *store.Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.p12")
	if err := ks.Save(path, []byte(unitPassword)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportkeystore(t *testing.T) {
	t.Run("all", func(t *testing.T) {
		u := newUnit(t, trusting(t, map[string][]byte{"there": []byte("one")}))
		u.opt.srcstorepass = []byte(unitPassword)
		source := sourceOf(t, trusting(t, map[string][]byte{"first": []byte("two"), "second": []byte("three")}))
		u.opt.notForJava = true // they are no certificates
		if err := importkeystore(t.Context(), u.session, importkeystoreOptions{srckeystore: given(source)}); err != nil {
			t.Fatal(err)
		}
		if got := u.ks.Len(); got != 3 {
			t.Errorf("%d entries", got)
		}
		if got := u.err.String(); !strings.Contains(got, "2 entries successfully imported, 0 entries failed or cancelled\n") {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("one, under another alias", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12))
		u.opt.srcstorepass, u.opt.alias = []byte(unitPassword), given("secret")
		source := sourceOf(t, withSecretKey(t))
		if err := importkeystore(t.Context(), u.session, importkeystoreOptions{srckeystore: given(source), destalias: given("new")}); err != nil {
			t.Fatal(err)
		}
		if _, there := u.ks.Store.Get("new"); !there || u.ks.Len() != 1 {
			t.Errorf("it is there: %t", there)
		}
	})
	t.Run("another alias for all", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12))
		u.opt.srcstorepass = []byte(unitPassword)
		source := sourceOf(t, withSecretKey(t))
		err := importkeystore(t.Context(), u.session, importkeystoreOptions{srckeystore: given(source), destalias: given("new")})
		if want := "if alias not specified, destalias and srckeypass must not be specified"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("the password of a key in PKCS12 is that of its keystore", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12))
		u.opt.srcstorepass, u.opt.srckeypass, u.opt.alias = []byte(unitPassword), []byte("another"), given("secret")
		source := sourceOf(t, withSecretKey(t))
		if err := importkeystore(t.Context(), u.session, importkeystoreOptions{srckeystore: given(source)}); err != nil {
			t.Fatal(err)
		}
		if got := u.err.String(); !strings.Contains(got, "Ignoring user-specified -srckeypass value.\n") {
			t.Errorf("it says %q", got)
		}
		if got := string(u.opt.srckeypass); got != "another" {
			t.Errorf("the option is %q now", got)
		}
	})
	t.Run("no source", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12))
		if err := importkeystore(t.Context(), u.session, importkeystoreOptions{}); err == nil || err.Error() != "Please specify -srckeystore" {
			t.Errorf("got %v", err)
		}
	})
}
