package x509util

import (
	"math/big"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

func TestCalled(t *testing.T) {
	key, err := keys.Generate(keys.Spec{Algorithm: "EC"}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ dname, san, called, label string }{
		{"CN=a, O=b", "dns:c", "CN=a, O=b", "a"},
		{"O=b", "dns:c", "O=b", "b"},
		{"C=DE", "dns:c", "C=DE", "c"},
		{"C=DE", "", "C=DE", ""},
		{"", "dns:a.example", "dns:a.example", "a.example"},
		{"", "ip:127.0.0.1,dns:a", "ip:127.0.0.1, dns:a", "127.0.0.1"},
		{"", "uri:spiffe://a/b,dns:b,dns:c", "uri:spiffe://a/b and 2 more", "spiffe://a/b"},
		{"", "", "serial 1a2b", "serial 1a2b"},
	} {
		c := &Certificate{Serial: big.NewInt(0x1a2b)}
		if test.dname != "" {
			if c.Subject, err = ParseDName(test.dname); err != nil {
				t.Fatal(err)
			}
		}
		if test.san != "" {
			if c.Extensions, err = BuildExtensions([]string{"san=" + test.san}, ExtensionContext{SubjectKey: spki, Release: jdk.Default}); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Called(); got != test.called {
			t.Errorf("%q, %q: called %q, not %q", test.dname, test.san, got, test.called)
		}
		if got := c.Label(); got != test.label {
			t.Errorf("%q, %q: label %q, not %q", test.dname, test.san, got, test.label)
		}
	}
}
