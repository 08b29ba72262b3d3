package commands

import (
	"strings"
	"testing"

	"gokeytool/store"
)

func TestMigrate(t *testing.T) {
	t.Run("to another format", func(t *testing.T) {
		u := newUnit(t, withSecretKey(t))
		if err := migrate(t.Context(), u.session, migrateOptions{targetOptions{typ: given("jceks")}}); err != nil {
			t.Fatal(err)
		}
		for path, typ := range map[string]store.Type{u.ks.path: store.JCEKS, u.ks.path + ".old": store.PKCS12} {
			ks, err := store.Open(path, store.Options{Password: []byte(unitPassword)})
			if err != nil || ks.Type() != typ || ks.Len() != 1 {
				t.Errorf("%s: %v, want %s", path, err, typ)
			}
		}
	})
	t.Run("to what it is", func(t *testing.T) {
		u := newUnit(t, withSecretKey(t))
		if err := migrate(t.Context(), u.session, migrateOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := u.err.String(); !strings.HasSuffix(got, "is PKCS12 already\n") {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("not to PEM", func(t *testing.T) {
		u := newUnit(t, withSecretKey(t))
		err := migrate(t.Context(), u.session, migrateOptions{targetOptions{typ: given("pem")}})
		if err == nil || err.Error() != "a keystore is not turned into PEM in place" {
			t.Errorf("got %v", err)
		}
	})
}
