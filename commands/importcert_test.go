package commands

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/store"
	"gokeytool/x509util"
)

// writtenPEM is a file with a certificate.
func writtenPEM(t *testing.T, c *x509util.Certificate) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "certificate.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificateIn is the certificate of an alias.
func certificateIn(t *testing.T, ks *store.Store, alias string) *x509util.Certificate {
	t.Helper()
	c, err := (&keystore{Store: ks}).certificate(alias)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImportcert(t *testing.T) {
	ks := keyed(t, "tomcat")
	own, other := certificateIn(t, ks, "tomcat"), certificateIn(t, keyed(t, "other"), "other")
	t.Run("trusted", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias, u.opt.file, u.opt.noprompt = given("ca"), given(writtenPEM(t, other)), true
		if err := importcert(t.Context(), u.session, importcertOptions{}); err != nil {
			t.Fatal(err)
		}
		if c := certificateIn(t, u.ks.Store, "ca"); !bytes.Equal(c.Raw, other.Raw) {
			t.Errorf("it is %s", c.Subject)
		}
		if got := u.err.String(); !strings.Contains(got, "Certificate was added to keystore\n") {
			t.Errorf("said %q", got)
		}
	})
	t.Run("the user says no", func(t *testing.T) {
		u := newUnit(t, ks, "no")
		u.opt.alias, u.opt.file = given("ca"), given(writtenPEM(t, other))
		err := importcert(t.Context(), u.session, importcertOptions{})
		if err == nil || err.Error() != "Certificate was not added to keystore" || u.ks.has("ca") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a reply for another key", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias, u.opt.file = given("tomcat"), given(writtenPEM(t, other))
		err := importcert(t.Context(), u.session, importcertOptions{})
		if err == nil || err.Error() != "Public keys in reply and keystore don't match" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the reply that is there", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias, u.opt.file = given("tomcat"), given(writtenPEM(t, own))
		err := importcert(t.Context(), u.session, importcertOptions{})
		if err == nil || err.Error() != "Certificate reply and certificate in keystore are identical" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a key", func(t *testing.T) {
		source := filepath.Join(t.TempDir(), "key.p12")
		if err := ks.Save(source, []byte(unitPassword)); err != nil {
			t.Fatal(err)
		}
		u := newUnit(t, trusting(t, map[string][]byte{"ca": other.Raw}))
		u.opt.alias = given("new")
		err := importcert(t.Context(), u.session, importcertOptions{keyfile: given(source), keyfilepass: []byte(unitPassword)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.ks.Key("new", []byte(unitPassword)); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key without its password", func(t *testing.T) {
		source := filepath.Join(t.TempDir(), "key.p12")
		if err := ks.Save(source, []byte(unitPassword)); err != nil {
			t.Fatal(err)
		}
		u := newUnit(t, trusting(t, map[string][]byte{"ca": other.Raw}))
		err := importcert(t.Context(), u.session, importcertOptions{keyfile: given(source)})
		if err == nil || !strings.HasSuffix(err.Error(), "key.p12 needs its password, and none was given: what it encrypts was not read") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a bundle", func(t *testing.T) {
		u := newUnit(t, ks)
		err := importcert(t.Context(), u.session, importcertOptions{bundle: given(writtenPEM(t, other))})
		if err != nil {
			t.Fatal(err)
		}
		if c := certificateIn(t, u.ks.Store, "localhost"); !bytes.Equal(c.Raw, other.Raw) {
			t.Errorf("it is %s", c.Subject)
		}
	})
}

// A certificate that was issued for a key of the keystore belongs to the key.
func TestKeepBeside(t *testing.T) {
	ks := keyed(t, "tomcat")
	renewed := keyed(t, "other")
	c := *certificateIn(t, renewed, "other")
	c.SPKI = certificateIn(t, ks, "tomcat").SPKI
	for _, test := range []struct {
		name string
		adds adding
		want bool
	}{
		{name: "nobody is asked", adds: adding{asks: true}},
		{name: "-force", adds: adding{force: true}, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUnit(t, ks)
			if err := u.openKeystore(t.Context(), access{}); err != nil {
				t.Fatal(err)
			}
			test.adds.line = func(alias string) string { return "LINE " + alias }
			yes, err := u.keepBeside(u.ownKeys(""), &c, test.adds)
			if yes != test.want || (err == nil) != test.want {
				t.Errorf("%t, %v", yes, err)
			}
			if err != nil && !strings.Contains(strings.Join(u.hints(err), "\n"), "LINE tomcat") {
				t.Errorf("hints %q", u.hints(err))
			}
		})
	}
}
