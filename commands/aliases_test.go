package commands

import "testing"

func TestAliasOf(t *testing.T) {
	for name, want := range map[string]string{
		"ISRG Root X1": "isrg-root-x1",
		"NetLock Arany (Class Gold) Főtanúsítvány": "netlock-arany-class-gold-főtanúsítvány",
		"*.example.com":     "example-com",
		"  -- ":             "certificate",
		"":                  "certificate",
		"a\x00b\n$(reboot)": "a-b-reboot",
	} {
		if got := aliasOf(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
