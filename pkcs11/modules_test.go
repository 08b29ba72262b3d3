package pkcs11

import (
	"slices"
	"testing"

	"gokeytool/internal/testtool"
)

func TestModulePaths(t *testing.T) {
	want := [][2]string{{"softhsm2", "/lib/softhsm2.so"}, {"opensc", "opensc-pkcs11.so"}}
	for _, list := range []string{
		"softhsm2: /lib/softhsm2.so\n    library-version: 2.6\n    token: tok\n        flags:\n               rng\nopensc: opensc-pkcs11.so\n",
		"module: softhsm2\n    path: /lib/softhsm2.so\n    uri: pkcs11:library-version=2.6\n    token: tok\n        path: /x\nmodule: opensc\n    path: opensc-pkcs11.so\n",
	} {
		if got := modulePaths([]byte(list)); !slices.Equal(got, want) {
			t.Errorf("%q: %q", list, got)
		}
	}
}

func TestModulePath(t *testing.T) {
	testtool.Look(t, "p11-kit")
	if path, err := ModulePath(t.Context(), Location{}, "p11-kit-trust"); err != nil || path == "" {
		t.Errorf("%q, %v", path, err)
	}
	if path, err := ModulePath(t.Context(), Location{}, "none such"); err == nil {
		t.Errorf("none such: %q", path)
	}
	if _, err := ModulePath(t.Context(), Location{Program: "none-such-program"}, "x"); err == nil {
		t.Error("no program, no error")
	}
}
