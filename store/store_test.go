package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/store/entry"
)

var created = time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)

// certificate returns what a store takes for a certificate; it looks at none.
func certificate(name string) entry.Certificate {
	return entry.X509(append([]byte{0x30, byte(2 + len(name)), 0x0C, byte(len(name))}, name...))
}

func privateKey(t testing.TB) entry.Key {
	t.Helper()
	pkcs8, err := os.ReadFile("testdata/key.der")
	if err != nil {
		t.Fatal(err)
	}
	return entry.Key{PKCS8: pkcs8}
}

func realCertificate(t testing.TB) []byte {
	t.Helper()
	der, err := os.ReadFile("testdata/certificate.der")
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func aliases(entries []*entry.Entry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Alias)
	}
	return names
}

// eachType runs a test for every format.
func eachType(t *testing.T, test func(*testing.T, Type)) {
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		t.Run(string(typ), func(t *testing.T) { test(t, typ) })
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestParseType(t *testing.T) {
	for _, test := range []struct {
		name string
		want Type
	}{
		{"JKS", JKS}, {"jks", JKS}, {"Jceks", JCEKS}, {"pkcs12", PKCS12}, {"caseexactjks", CaseExactJKS},
		{"pem", PEM}, {"bks", BKS},
		// keytool knows none of these either.
		{"PFX", ""}, {"p12", ""}, {"PKCS11", ""}, {"", ""}, {"JKS ", ""},
	} {
		got, err := ParseType(test.name)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("ParseType(%q) = %q, %v", test.name, got, err)
		}
		if _, unknown := errors.AsType[*UnknownTypeError](err); err != nil && !unknown {
			t.Errorf("ParseType(%q): %T", test.name, err)
		}
	}
}

func TestSetAndGet(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		chain := []entry.Certificate{certificate("leaf"), certificate("issuer")}
		must(t,
			s.SetCertificate("CA-Root", certificate("ca"), created),
			s.SetKey("Tomcat", privateKey(t), []byte("secret"), chain, created))
		for _, alias := range []string{"tomcat", "Tomcat", "TOMCAT"} {
			e, ok := s.Get(alias)
			if !ok || e.Alias != "tomcat" || e.Kind != entry.PrivateKey || !e.Created.Equal(created) || len(e.Chain) != 2 {
				t.Errorf("Get(%q) = %+v, %v", alias, e, ok)
			}
			if got := s.StoredAlias(alias); got != "tomcat" {
				t.Errorf("StoredAlias(%q) = %q", alias, got)
			}
		}
		if _, ok := s.Get("other"); ok {
			t.Error("an entry that is not there is found")
		}
		if got := s.StoredAlias("OTHER"); got != "other" {
			t.Errorf("a new alias would be %q", got)
		}
		if s.Len() != 2 || !slices.Equal(aliases(s.Sorted()), []string{"ca-root", "tomcat"}) {
			t.Errorf("%d entries: %q", s.Len(), aliases(s.Sorted()))
		}
		key, err := s.Key("TOMCAT", []byte("secret"))
		if err != nil || !bytes.Equal(key.PKCS8, privateKey(t).PKCS8) {
			t.Errorf("the key does not come out as it went in: %v", err)
		}
		chain[0] = certificate("changed")
		if e, _ := s.Get("tomcat"); bytes.Equal(e.Chain[0].DER, chain[0].DER) {
			t.Error("the store holds on to the caller's slice")
		}
	})
}

func TestErrors(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t,
			s.SetCertificate("cert", certificate("ca"), created),
			s.SetCertificate("cert2", certificate("ca"), created),
			s.SetKey("key", privateKey(t), []byte("secret"), []entry.Certificate{certificate("leaf")}, created))
		before := s.Entries()
		_, noKey := s.Key("none", []byte("secret"))
		_, notKey := s.Key("cert", []byte("secret"))
		_, wrong := s.Key("key", []byte("wrong"))
		for _, test := range []struct {
			name string
			err  error
			as   any
		}{
			{"key of no entry", noKey, new(*NoEntryError)},
			{"key of a certificate", notKey, new(*KindError)},
			{"key with a wrong password", wrong, new(*KeyError)},
			{"delete no entry", s.Delete("none"), new(*NoEntryError)},
			{"rename no entry", s.Rename("none", "x", created), new(*NoEntryError)},
			{"rename to an entry", s.Rename("cert", "KEY", created), new(*EntryExistsError)},
			{"chain of no entry", s.SetChain("none", nil, created), new(*NoEntryError)},
			{"chain of a certificate", s.SetChain("cert", nil, created), new(*KindError)},
			{"certificate over a key", s.SetCertificate("key", certificate("x"), created), new(*KindError)},
		} {
			if test.err == nil || !errors.As(test.err, test.as) {
				t.Errorf("%s: got %v (%T)", test.name, test.err, test.err)
			}
		}
		if !errors.Is(wrong, entry.ErrPassword) {
			t.Errorf("a wrong password is %v", wrong)
		}
		if !slices.Equal(s.Entries(), before) {
			t.Error("a failed change changed the store")
		}
	})
	if err := New(JKS).SetKey("aes", entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, []byte("secret"), nil, created); !errors.Is(err, entry.ErrUnsupported) {
		t.Errorf("a secret key in JKS: got %v", err)
	}
}

func TestReplaceKeepsPlace(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t,
			s.SetCertificate("a", certificate("a"), created),
			s.SetCertificate("b", certificate("b"), created),
			s.SetCertificate("c", certificate("c"), created))
		later := created.Add(time.Hour)
		must(t, s.SetKey("B", privateKey(t), []byte("secret"), nil, later))
		if got := aliases(s.Entries()); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("a key over a certificate: %q", got)
		}
		if e, _ := s.Get("b"); e.Kind != entry.PrivateKey || !e.Created.Equal(later) {
			t.Errorf("got %+v", e)
		}
	})
}

func TestSetChain(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t, s.SetKey("key", privateKey(t), []byte("secret"), []entry.Certificate{certificate("self")}, created))
		old, _ := s.Get("key")
		later := created.Add(time.Hour)
		must(t, s.SetChain("KEY", []entry.Certificate{certificate("leaf"), certificate("ca")}, later))
		e, _ := s.Get("key")
		if len(e.Chain) != 2 || !e.Created.Equal(later) || !bytes.Equal(e.Sealed, old.Sealed) {
			t.Errorf("got %+v", e)
		}
		if len(old.Chain) != 1 {
			t.Error("the old entry was changed in place")
		}
		must(t, s.SetChain("key", nil, time.Time{}))
		if e, _ := s.Get("key"); !e.Created.Equal(later) {
			t.Errorf("without a time the date became %v", e.Created)
		}
	})
}

func TestSetKeyPassword(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		chain := []entry.Certificate{entry.X509(realCertificate(t))}
		must(t,
			s.SetKey("key", privateKey(t), []byte("old"), chain, created),
			s.SetCertificate("cert", certificate("c"), created))
		later := created.Add(time.Hour)
		if err := s.SetKeyPassword("key", []byte("wrong"), []byte("new"), later); !errors.Is(err, entry.ErrPassword) {
			t.Errorf("with a wrong password: %v", err)
		}
		if _, ok := errors.AsType[*KindError](s.SetKeyPassword("cert", []byte("old"), []byte("new"), later)); !ok {
			t.Error("of a certificate: no *KindError")
		}
		must(t, s.SetKeyPassword("KEY", []byte("old"), []byte("new"), later))
		key, err := s.Key("key", []byte("new"))
		if err != nil || !bytes.Equal(key.PKCS8, privateKey(t).PKCS8) {
			t.Errorf("with the new password: %v", err)
		}
		if _, err := s.Key("key", []byte("old")); !errors.Is(err, entry.ErrPassword) {
			t.Errorf("with the old password: %v", err)
		}
		if e, _ := s.Get("key"); len(e.Chain) != 1 || !e.Created.Equal(later) {
			t.Errorf("got %+v", e)
		}
		roundTrip(t, s, "changeit")
	})
}

// Attributes of a PKCS12 entry that nobody knows stay through a change.
func TestAttributesStay(t *testing.T) {
	path := filepath.Join(corpus, "formats__examples__ValidCertificatePathTest1EE_windows_tdes.p12.pfx")
	s, err := Open(path, Options{Password: []byte("password")})
	must(t, err)
	provider := []byte("\x00M\x00i\x00c\x00r\x00o\x00s\x00o\x00f\x00t\x00 \x00E\x00n\x00h\x00a\x00n\x00c\x00e\x00d")
	if data, err := os.ReadFile(path); err != nil || !bytes.Contains(data, provider) {
		t.Fatal("the file names no provider", err)
	}
	e := s.Entries()[0]
	must(t, s.Rename(e.Alias, "renamed", created), s.SetChain("renamed", e.Chain, created))
	data, err := s.Bytes([]byte("password"))
	must(t, err)
	if !bytes.Contains(data, provider) {
		t.Error("the key's provider is gone")
	}
}

func TestRename(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t,
			s.SetKey("key", privateKey(t), []byte("secret"), nil, created),
			s.SetCertificate("cert", certificate("c"), created),
			s.Rename("KEY", "New", time.Time{}))
		if got := aliases(s.Entries()); !slices.Equal(got, []string{"new", "cert"}) {
			t.Errorf("got %q", got)
		}
		if _, ok := s.Get("key"); ok {
			t.Error("the old alias is still found")
		}
		if _, err := s.Key("new", []byte("secret")); err != nil {
			t.Error(err)
		}
		must(t, s.Rename("new", "NEW", time.Time{})) // to itself
		roundTrip(t, s, "changeit")
	})
}

func TestDelete(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		for _, alias := range []string{"a", "b", "c"} {
			must(t, s.SetCertificate(alias, certificate(alias), created))
		}
		must(t, s.Delete("B"))
		if _, ok := s.Get("b"); ok || s.Len() != 2 || !slices.Equal(aliases(s.Entries()), []string{"a", "c"}) {
			t.Errorf("left are %q", aliases(s.Entries()))
		}
		must(t, s.SetCertificate("b", certificate("b"), created))
		if got := aliases(s.Entries()); !slices.Equal(got, []string{"a", "c", "b"}) {
			t.Errorf("after a new one: %q", got)
		}
	})
}

// A JKS file may hold aliases in mixed case, which Java lists but cannot find.
func TestMixedCase(t *testing.T) {
	file := func() *entry.File {
		return &entry.File{Entries: []*entry.Entry{
			{Alias: "Tomcat", Kind: entry.TrustedCertificate, Chain: []entry.Certificate{certificate("1")}},
			{Alias: "tomcat", Kind: entry.TrustedCertificate, Chain: []entry.Certificate{certificate("2")}},
			{Alias: "Other", Kind: entry.TrustedCertificate, Chain: []entry.Certificate{certificate("3")}},
		}}
	}
	found := func(s *Store, alias string) string {
		e, ok := s.Get(alias)
		if !ok {
			return ""
		}
		return string(e.Chain[0].DER[4:])
	}
	for _, test := range []struct {
		typ   Type
		alias string
		want  string
		shown string
	}{
		{JKS, "Tomcat", "1", "Tomcat"}, {JKS, "tomcat", "2", "tomcat"}, {JKS, "TOMCAT", "2", "tomcat"},
		{JKS, "Other", "3", "Other"}, {JKS, "other", "3", "Other"}, {JKS, "New", "", "new"},
		{PKCS12, "Tomcat", "2", "tomcat"}, {PKCS12, "tomcat", "2", "tomcat"}, {PKCS12, "OTHER", "3", "other"},
		{CaseExactJKS, "Tomcat", "1", "Tomcat"}, {CaseExactJKS, "tomcat", "2", "tomcat"},
		{CaseExactJKS, "TOMCAT", "", "TOMCAT"}, {CaseExactJKS, "other", "", "other"},
	} {
		s := newStore(test.typ, file(), entry.DefaultLimits)
		if got := found(s, test.alias); got != test.want {
			t.Errorf("%s: Get(%q) finds %q, want %q", test.typ, test.alias, got, test.want)
		}
		if got := s.StoredAlias(test.alias); got != test.shown {
			t.Errorf("%s: StoredAlias(%q) = %q, want %q", test.typ, test.alias, got, test.shown)
		}
	}

	s := newStore(JKS, file(), entry.DefaultLimits)
	must(t, s.SetCertificate("OTHER", certificate("4"), created))
	if got := aliases(s.Entries()); !slices.Equal(got, []string{"Tomcat", "tomcat", "Other"}) {
		t.Errorf("replaced under another case: %q", got)
	}
	must(t, s.Delete("tomcat"))
	if found(s, "tomcat") != "1" {
		t.Error("the other entry does not come to light")
	}
	s = newStore(PKCS12, file(), entry.DefaultLimits)
	must(t, s.Delete("Tomcat"))
	if found(s, "tomcat") != "" || s.Len() != 1 {
		t.Errorf("of what is one entry to Java something is left: %q", aliases(s.Entries()))
	}
}

func TestFindCertificate(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		s := New(typ)
		must(t,
			s.SetCertificate("ca", certificate("ca"), created),
			s.SetKey("key", privateKey(t), []byte("secret"), []entry.Certificate{certificate("leaf"), certificate("issuer")}, created))
		for name, want := range map[string]string{"ca": "ca", "leaf": "key", "issuer": "", "none": ""} {
			got, ok := s.FindCertificate(certificate(name).DER)
			if got != want || ok != (want != "") {
				t.Errorf("%s: %q, %v", name, got, ok)
			}
		}
	})
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	} else if _, ok := errors.AsType[*fs.PathError](err); !ok {
		t.Errorf("no file: %T", err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a directory opens")
	} else if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != dir {
		t.Errorf("a directory: %v", err)
	}

	path := filepath.Join(dir, "text")
	must(t, os.WriteFile(path, []byte("just a text\n"), 0o600))
	_, err := Open(path, Options{})
	if e, ok := errors.AsType[*NotKeystoreError](err); !ok || e.What != Text {
		t.Errorf("a text: %v", err)
	}
	if e, ok := errors.AsType[*OpenError](err); !ok || e.Path != path || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("a text: %v", err)
	}

	path = filepath.Join(dir, "jks")
	data, err := New(JKS).Bytes([]byte("changeit"))
	must(t, err, os.WriteFile(path, data[:len(data)-1], 0o600))
	_, err = Open(path, Options{Password: []byte("changeit")})
	if e, ok := errors.AsType[*OpenError](err); !ok || e.Type != JKS || !errors.Is(err, entry.ErrDamaged) {
		t.Errorf("cut off: %v", err)
	}

	// A file that only begins as a keystore does is not read beyond reason.
	path = filepath.Join(dir, "huge")
	must(t, os.WriteFile(path, data, 0o600), os.Truncate(path, maxSize+1))
	if _, err := Open(path, Options{}); !errors.Is(err, entry.ErrLimit) {
		t.Errorf("too large: %v", err)
	}
	must(t, os.WriteFile(path, []byte("x"), 0o600), os.Truncate(path, 1<<40))
	if _, err := Open(path, Options{}); err == nil {
		t.Error("a huge file of nothing opens")
	}
}

// A JKS file that is asked for as JCEKS becomes one, as in Java.
func TestOpenAsOtherType(t *testing.T) {
	s := New(JKS)
	must(t, s.SetCertificate("a", certificate("a"), created))
	data, err := s.Bytes([]byte("changeit"))
	must(t, err)
	for asked, want := range map[Type]Type{"": JKS, JKS: JKS, PKCS12: JKS, JCEKS: JCEKS, CaseExactJKS: CaseExactJKS} {
		s, err := Decode("jks", data, Options{Password: []byte("changeit"), Type: asked})
		if err != nil {
			t.Errorf("as %s: %v", asked, err)
			continue
		}
		if s.Type() != want || s.Len() != 1 || !s.Verified() {
			t.Errorf("as %s: %s with %d entries", asked, s.Type(), s.Len())
		}
	}
}
