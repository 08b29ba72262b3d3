package commands

import "testing"

func TestStorepasswd(t *testing.T) {
	for name, test := range map[string]struct {
		options storepasswdOptions
		opens   string // the key that had the keystore's password
	}{
		"the keystore alone":         {opens: unitPassword},
		"and keys with the same one": {storepasswdOptions{same: true}, "another password"},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit(t, withKeys(t, map[string]string{"same": unitPassword, "own": "password of own"}))
			u.opt.newpass = []byte("another password")
			if err := storepasswd(t.Context(), u.session, test.options); err != nil {
				t.Fatal(err)
			}
			if !u.opens(t, "same", test.opens) || !u.opens(t, "own", "password of own") {
				t.Error("the keys have other passwords")
			}
		})
	}
	t.Run("of PKCS12 every key", func(t *testing.T) {
		u := newUnit(t, withSecretKey(t))
		u.opt.newpass = []byte("another password")
		if err := storepasswd(t.Context(), u.session, storepasswdOptions{}); err != nil {
			t.Fatal(err)
		}
		if !u.opens(t, "secret", "another password") {
			t.Error("the key has another password")
		}
	})
}
