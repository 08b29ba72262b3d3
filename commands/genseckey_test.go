package commands

import (
	"testing"

	"gokeytool/store"
	"gokeytool/store/entry"
)

func TestGenseckey(t *testing.T) {
	for _, test := range []struct {
		name  string
		spec  secretKeyOptions
		want  entry.Key // but for its bytes
		bytes int
		fails string
	}{
		{name: "AES", spec: secretKeyOptions{given("aes"), given[int64](256)}, want: entry.Key{Algorithm: "AES"}, bytes: 32},
		{name: "DESede has a size of its own", spec: secretKeyOptions{algorithm: given("DESede")}, want: entry.Key{Algorithm: "DESede"}, bytes: 24},
		{name: "no size", spec: secretKeyOptions{given("AES"), given[int64](-1)}, fails: "Please provide -keysize for secret key generation"},
		{name: "wrong size", spec: secretKeyOptions{given("AES"), given[int64](129)}, fails: "java.security.InvalidParameterException: Wrong keysize: must be equal to 128, 192 or 256"},
		{name: "no algorithm", fails: "The -keyalg option must be specified."},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUnit(t, store.New(store.PKCS12))
			u.opt.alias = given("key")
			err := genseckey(t.Context(), u.session, genseckeyOptions{test.spec})
			if test.fails != "" {
				if text, _ := u.javaText(err); err == nil || text != test.fails && err.Error() != test.fails {
					t.Errorf("got %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			e, err := u.ks.get("key")
			if err != nil {
				t.Fatal(err)
			}
			key, err := u.ks.KeyOf(e, []byte(unitPassword))
			if err != nil || key.Algorithm != test.want.Algorithm || len(key.Raw) != test.bytes {
				t.Errorf("%d bytes of %s, %v", len(key.Raw), key.Algorithm, err)
			}
		})
	}
}

func TestSetOddParity(t *testing.T) {
	key := []byte{0x00, 0x01, 0xFE, 0xFF, 0x34}
	setOddParity(key)
	if want := [...]byte{0x01, 0x01, 0xFE, 0xFE, 0x34}; [5]byte(key) != want {
		t.Errorf("% x, want % x", key, want)
	}
}
