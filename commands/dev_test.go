package commands

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/store"
)

func TestDevHosts(t *testing.T) {
	for _, test := range []struct {
		name  string
		given []string
		want  string // a part of the error, if it begins with "!"
	}{
		{"nothing", nil, "localhost 127.0.0.1 ::1"},
		{"this machine, once", []string{"LOCALHOST", "127.0.0.1"}, "localhost 127.0.0.1 ::1"},
		{"name", []string{"App.Test."}, "app.test"},
		{"wildcard", []string{"*.app.test"}, "*.app.test"},
		{"addresses", []string{"10.0.0.1", "[FD00::1]", "::ffff:10.0.0.2"}, "10.0.0.1 fd00::1 10.0.0.2"},
		{"zone", []string{"fe80::1%eth0"}, "fe80::1"},
		{"underscore", []string{"my_service"}, "my_service"},
		{"URL", []string{"https://localhost"}, "!is no host name"},
		{"port", []string{"localhost:8443"}, "!is no host name"},
		{"empty", []string{""}, "!is no host name"},
		{"empty label", []string{"a..b"}, "!is no host name"},
		{"star inside", []string{"www.*.test"}, "!is no host name"},
		{"two stars", []string{"*.*.test"}, "!is no host name"},
		{"dash first", []string{"-host"}, "!is no host name"},
		{"umlaut", []string{"münchen.test"}, "!is no host name"},
		{"comma", []string{"a,ip:1.2.3.4"}, "!is no host name"},
		{"long label", []string{strings.Repeat("a", 64)}, "!is no host name"},
		{"long", []string{strings.Repeat("a.", 127)}, "a" + strings.Repeat(".a", 126)},
		{"too long", []string{strings.Repeat("a.", 128)}, "!is no host name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			hosts, err := devHosts(test.given)
			if want, fails := strings.CutPrefix(test.want, "!"); fails {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, %v; want an error with %q", hosts, err, want)
				}
				return
			}
			if err != nil || !slices.Equal(hosts, strings.Fields(test.want)) {
				t.Errorf("%v, %v; want %s", hosts, err, test.want)
			}
		})
	}
}

func TestClientName(t *testing.T) {
	for name, ok := range map[string]bool{
		"alice": true, "a.b@example.com": true, "x-1_2": true, "Ä": false, "": false, ".alice": false, "-v": false,
		"../alice": false, "a/b": false, `a\b`: false, "a b": false, "a,O=b": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
	} {
		if err := checkClientName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestDev(t *testing.T) {
	for name, test := range map[string]struct {
		options devOptions
		fails   string
	}{
		"short password": {devOptions{password: []byte("short"), days: devDays}, "Keystore password must be at least 6 characters"},
		"no day":         {devOptions{password: []byte(unitPassword)}, "-validity 0: from 1 to 825 days"},
		"too long":       {devOptions{password: []byte(unitPassword), days: 826}, "-validity 826: from 1 to 825 days"},
		"no host":        {devOptions{password: []byte(unitPassword), days: devDays, hosts: []string{"a/b"}}, "-host \"a/b\" is no host name"},
		"no name":        {devOptions{password: []byte(unitPassword), days: devDays, clients: []string{"a/b"}}, "-client \"a/b\": a name has"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := dev(t.Context(), newUnit(t, nil).session, test.options); err == nil || !strings.HasPrefix(err.Error(), test.fails) {
				t.Errorf("got %v, want %s", err, test.fails)
			}
		})
	}
	t.Run("a server and a client", func(t *testing.T) {
		u := newUnit(t, nil)
		o := devOptions{dir: filepath.Join(t.TempDir(), "dev"), clients: []string{"alice"}, days: 7, password: []byte("a secret")}
		if err := dev(t.Context(), u.session, o); err != nil {
			t.Fatal(err)
		}
		for file, alias := range map[string]string{"keystore.p12": devAlias, "client-alice.p12": "alice", "truststore.p12": "dev-ca"} {
			ks, err := store.Open(filepath.Join(o.dir, file), store.Options{Password: o.password})
			if err != nil {
				t.Fatal(err)
			}
			if _, there := ks.Get(alias); !there || ks.Len() != 1 {
				t.Errorf("%s has no %s", file, alias)
			}
		}
		if got := u.out.String(); !strings.Contains(got, "Password of all keystores: PASSWORD;") {
			t.Errorf("it says %s", got)
		}
	})
}
