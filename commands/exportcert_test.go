package commands

import (
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/store"
)

func TestExporting(t *testing.T) {
	for _, test := range []struct {
		name  string
		o     exportcertOptions
		want  exporting // of which key, own, issuers and format are compared
		fails string
	}{
		{name: "a key", o: exportcertOptions{key: true}, want: exporting{key: true, format: "pem"}},
		{name: "a key with its chain", o: exportcertOptions{key: true, fullchain: true}, want: exporting{key: true, own: true, issuers: true, format: "pem"}},
		{name: "the chain above", o: exportcertOptions{chain: true}, want: exporting{issuers: true, format: "pem"}},
		{name: "a profile is of PKCS12", o: exportcertOptions{profile: given("java8")}, want: exporting{own: true, issuers: true, format: "p12"}},
		{name: "p7b has all", o: exportcertOptions{format: given("P7B")}, want: exporting{own: true, issuers: true, format: "p7b"}},
		{name: "a secret key", o: exportcertOptions{key: true, format: given("hex")}, want: exporting{key: true, format: "hex"}},
		{name: "text of a certificate", o: exportcertOptions{format: given("hex")}, fails: "-format hex is for -key, of a secret key alone"},
		{name: "two things in DER", o: exportcertOptions{fullchain: true, format: given("der")}, fails: "-format der holds one thing"},
		{name: "a key in PKCS7", o: exportcertOptions{key: true, format: given("p7b")}, fails: "-format p7b holds certificates alone"},
		{name: "encrypted certificates", o: exportcertOptions{encrypt: true}, fails: "-encrypt is for -key in pem or der"},
		{name: "a profile of PEM", o: exportcertOptions{profile: given("java8"), format: given("pem")}, fails: "-profile is for -format p12"},
		{name: "no such format", o: exportcertOptions{format: given("doc")}, fails: "-format doc is not known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUnit(t, nil)
			u.req.Command = "exportcert"
			got, err := u.exporting(test.o)
			if test.fails != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.fails) {
					t.Errorf("got %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.key != test.want.key || got.own != test.want.own || got.issuers != test.want.issuers || got.format != test.want.format {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestExportcert(t *testing.T) {
	ks := keyed(t, "tomcat")
	export := func(t *testing.T, o exportcertOptions, file string) *unit {
		t.Helper()
		u := newUnit(t, ks)
		u.req.Command = "exportcert"
		u.opt.alias = given("tomcat")
		if file != "" {
			u.opt.file = given(file)
		}
		if err := exportcert(t.Context(), u.session, o); err != nil {
			t.Fatal(err)
		}
		return u
	}
	t.Run("DER", func(t *testing.T) {
		if u := export(t, exportcertOptions{}, ""); u.out.String() != string(certificateIn(t, ks, "tomcat").Raw) {
			t.Errorf("wrote %d bytes", u.out.Len())
		}
	})
	t.Run("an encrypted key", func(t *testing.T) {
		u := export(t, exportcertOptions{key: true, encrypt: true, keyfilepass: []byte("another")}, "")
		block, rest := pem.Decode(u.out.Bytes())
		if block == nil || block.Type != "ENCRYPTED PRIVATE KEY" || len(rest) > 0 {
			t.Errorf("wrote %v", block)
		}
	})
	t.Run("a keystore", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "new.p12")
		u := export(t, exportcertOptions{format: given("p12"), keyfilepass: []byte("another")}, file)
		made, err := store.Open(file, store.Options{Password: []byte("another")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := made.Key("tomcat", []byte("another")); err != nil {
			t.Error(err)
		}
		if got, want := u.err.String(), "Stored in file <"+file+">\n"; got != want {
			t.Errorf("said %q", got)
		}
	})
	t.Run("no trusted certificates", func(t *testing.T) {
		u := newUnit(t, ks)
		err := exportcert(t.Context(), u.session, exportcertOptions{bundle: given("-")})
		if err == nil || !strings.HasSuffix(err.Error(), "holds no trusted certificates that can be read") {
			t.Errorf("got %v", err)
		}
	})
}
