package commands

import (
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// withSecretKey is a keystore with a secret key.
func withSecretKey(t *testing.T) *store.Store {
	t.Helper()
	ks := store.New(store.PKCS12)
	if err := ks.SetKey("secret", entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, []byte(unitPassword), nil, newUnit(t, nil).Now()); err != nil {
		t.Fatal(err)
	}
	return ks
}

func TestConvert(t *testing.T) {
	to := func(typ string) targetOptions { return targetOptions{typ: given(typ)} }
	for _, test := range []struct {
		name, newFile string
		target        targetOptions
		encrypt       bool
		newpass       string
		want          store.Type
		fails         string // a part of the error
	}{
		{name: "the name of the file decides", newFile: "new.jceks", want: store.JCEKS},
		{name: "-to where it says nothing", newFile: "new", target: to("jceks"), want: store.JCEKS},
		{name: "a name of what is only read", newFile: "new.bks", fails: "its name says BKS"},
		{name: "no such profile", newFile: "new.p12", target: targetOptions{profile: given("none")}, fails: "-profile none is not known"},
		{name: "a profile of another format", newFile: "new", target: targetOptions{given("jks"), given("java8")}, fails: "-profile is for -to pkcs12"},
		{name: "encrypted keys in a keystore", newFile: "new.p12", encrypt: true, fails: "-encrypt is for -to pem"},
		{name: "a password for keys in clear", newFile: "new.pem", newpass: "another", fails: "-new does nothing without -encrypt"},
		{name: "secret keys are not for PEM", newFile: "new.pem", fails: "Alias <secret> holds a secret key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUnit(t, withSecretKey(t))
			if test.newpass != "" {
				u.opt.newpass = []byte(test.newpass)
			}
			file := filepath.Join(t.TempDir(), test.newFile)
			err := convert(t.Context(), u.session, convertOptions{target: test.target, newFile: file, encrypt: test.encrypt})
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			made, err := store.Open(file, store.Options{Password: []byte(unitPassword)})
			if err != nil {
				t.Fatal(err)
			}
			if _, there := made.Get("secret"); made.Type() != test.want || !there {
				t.Errorf("%s, with the key: %t", made.Type(), there)
			}
		})
	}
}
