package commands

import (
	"slices"
	"strings"
	"testing"

	"gokeytool/store"
	"gokeytool/store/pkcs12"
)

func TestImportpass(t *testing.T) {
	t.Run("a line of the standard input", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12), "the password")
		if err := importpass(t.Context(), u.session, importpassOptions{}); err != nil {
			t.Fatal(err)
		}
		e, err := u.ks.get(defaultAlias)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := u.ks.KeyOf(e, []byte(unitPassword)); err != nil || string(key.Raw) != "the password" {
			t.Errorf("it holds %q, %v", key.Raw, err)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12))
		err := importpass(t.Context(), u.session, importpassOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), "no password was given") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a size", func(t *testing.T) {
		u := newUnit(t, nil)
		err := importpass(t.Context(), u.session, importpassOptions{secretKeyOptions{size: given[int64](128)}})
		if err == nil || !strings.HasPrefix(err.Error(), "-keysize does nothing here") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an algorithm that protects no keys", func(t *testing.T) {
		u := newUnit(t, store.New(store.PKCS12), "the password")
		err := importpass(t.Context(), u.session, importpassOptions{secretKeyOptions{algorithm: given("PBEWithNothing")}})
		if hints := u.hints(err); len(hints) != 1 || !strings.HasPrefix(hints[0], `-keyalg is "PBEWithNothing"; possible: `) {
			t.Errorf("%v, with hints %q", err, hints)
		}
	})
	t.Run("the property is named where it is at fault", func(t *testing.T) {
		err := &pkcs12.ProtectionError{Part: pkcs12.Keys, Property: "a.property", Value: "PBEWithNothing", Fault: pkcs12.UnknownAlgorithm}
		if hints := newUnit(t, nil).hints(ofKeyalg("AES", err)); !slices.ContainsFunc(hints, func(h string) bool { return strings.HasPrefix(h, "a.property is ") }) {
			t.Errorf("hints %q", hints)
		}
	})
}
