package store

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

const corpus = "../testdata/corpus"

// better is what we make of files where keytool fails, or sees something else:
// entries as "alias:kind", or "-" and what the error says.
var better = map[string][]string{
	// Of two entries of one alias Java forgets the first.
	"pyjks__jks__duplicate_aliases.jks":     {"my_alias:cert", "my_alias:cert"},
	"pyjks__jceks__duplicate_aliases.jceks": {"my_alias:cert", "my_alias:cert"},
	// keytool calls a private key without certificates a secret key.
	"keystore-go__testdata__keystore.jks": {"alias:key"},
	// keytool opens every secret key, or refuses the file.
	"pyjks__jceks__unknown_type_of_sealed_object.jceks":     {"mykey:secret"},
	"pyjks__jceks__unknown_type_inside_sealed_object.jceks": {"mykey:secret"},
	"pyjks__jceks__unknown_sealed_object_sealAlg.jceks":     {"mykey:secret"},
	// PBES2 with RC2 or AES-192, keys without encryption, PBMAC1, an empty
	// salt, a password beyond ASCII.
	"formats__examples__example4.pfx":       {"1:key"},
	"formats__examples__example5.pfx":       {"1:key"},
	"formats__examples__example7.pfx":       {"1:key"},
	"formats__examples__example8.pfx":       {"1:key"},
	"formats__examples__example10.pfx":      {"1:key"},
	"formats__examples__example11.pfx":      {"1:key"},
	"formats__examples__example12.pfx":      {"1:key"},
	"formats__examples__example13.pfx":      {"1:key"},
	"gnutls__data__key-corpus-rc2-1.p12":    {"localhost:key"},
	"gnutls__data__key-corpus-rc2-3.p12":    {"localhost:key"},
	"gnutls__data__key-utf8-2.p12":          {"1:key"},
	"gnutls__data__pbes1-no-salt.p12":       {"localhost:key"},
	"gnutls__data__pkcs12_5certs.p12":       {"test key:key"},
	"gnutls__data__pbmac1_512_512.good.p12": {"1:key"},
	// Not to be opened, and why.
	"gnutls__data__gost01.p12":                              {"-", "MAC algorithm 1.2.643.2.2.9 is not supported"},
	"gnutls__data__mem-leak.p12":                            {"-", "MAC algorithm 1.3.14.3.18.26 is not supported"},
	"gnutls__data__pbmac1_256_256.bad-iter.p12":             {"-", "password incorrect"},
	"gnutls__data__pbmac1_256_256.extended-mac.p12":         {"-", "MAC of the wrong length"},
	"gnutls__data__pbmac1_256_256.no-len.p12":               {"-", "PBMAC1 without a key length"},
	"gnutls__data__pbmac1_256_256.truncated-mac.p12":        {"-", "MAC of the wrong length"},
	"keystore-explorer__CryptoFileUtilTest__keystore.bcfks": {"-", "a BouncyCastle keystore of type BCFKS"},
	"keystore-explorer__CryptoFileUtilTest__keystore.bks":   {"-", "a BouncyCastle keystore of type BKS"},
	"keystore-explorer__CryptoFileUtilTest__keystore.uber":  {"-", "a BouncyCastle keystore of type UBER"},
	"pyjks__uber__christmas.uber":                           {"-", "a BouncyCastle keystore of type UBER"},
	"pyjks__uber__custom_entry_passwords.uber":              {"-", "a BouncyCastle keystore of type UBER"},
	"pyjks__uber__empty.uber":                               {"-", "a BouncyCastle keystore of type UBER"},
}

// summary writes entries as the manifest does.
func summary(s *Store) []string {
	names := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "cert", entry.SecretKey: "secret"}
	var all []string
	for _, e := range s.Sorted() {
		all = append(all, s.JavaAlias(e)+":"+names[e.Kind])
	}
	return all
}

func TestCorpus(t *testing.T) {
	for _, m := range testtool.Corpus(t, corpus) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(m.Path, Options{Password: []byte(m.Password)})
			want := m.Aliases
			if special, ok := better[m.Name]; ok {
				want = special
			}
			if m.Want == "list" && err != nil {
				t.Fatalf("keytool lists it: %v", err)
			}
			if len(want) == 2 && want[0] == "-" {
				if err == nil || !strings.Contains(err.Error(), want[1]) {
					t.Errorf("got %v, want %q", err, want[1])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Type()) != m.Format {
				t.Errorf("type %s, want %s", s.Type(), m.Format)
			}
			if got := summary(s); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			roundTrip(t, s, m.Password)
		})
	}
}

// roundTrip demands that saving keeps every entry.
func roundTrip(t *testing.T, s *Store, password string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := s.Save(path, []byte(password)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path, Options{Password: []byte(password)})
	if err != nil {
		t.Fatal(err)
	}
	if again.Type() != s.Type() || !slices.Equal(aliases(again.JavaOrder()), aliases(s.JavaOrder())) {
		t.Errorf("saved and opened again: %s %q, before %s %q",
			again.Type(), aliases(again.JavaOrder()), s.Type(), aliases(s.JavaOrder()))
	}
	if !sameEntries(s.Entries(), again.Entries(), sameEntry) {
		t.Error("saved and opened again the entries differ")
	}
	for i, e := range again.Entries() {
		if s.Type() == PKCS12 && e.Kind == entry.TrustedCertificate {
			continue // the format has no place for its date
		}
		if before := s.Entries()[i]; !e.Created.Equal(before.Created) {
			t.Errorf("%s: created %v, before %v", e.Alias, e.Created, before.Created)
		}
	}
	one, err := s.Bytes([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	if s.Type() != PKCS12 {
		// JKS and JCEKS have nothing random in them but the keys.
		if two, err := again.Bytes([]byte(password)); err != nil || !bytes.Equal(one, two) {
			t.Errorf("the bytes change from one saving to the next (%v)", err)
		}
	}
}

// What Java does not see is found too, but is not Java's first choice.
func TestHiddenFromJava(t *testing.T) {
	s, err := Open(filepath.Join(corpus, "formats__examples__example7.pfx"), Options{Password: []byte("1234")})
	must(t, err)
	hidden := s.Entries()[0]
	if order := s.JavaOrder(); len(order) != 1 || !pkcs12.HiddenFromJava(order[0]) {
		t.Fatalf("got %q", aliases(order))
	}
	must(t, s.SetCertificate("ca", certificate("ca"), created))
	if order := s.JavaOrder(); len(order) != 2 || order[1] != hidden {
		t.Errorf("got %q", aliases(order))
	}
}

func TestCorpusWrongPassword(t *testing.T) {
	for _, m := range testtool.Corpus(t, corpus) {
		if m.Want != "list" || m.Password == "" {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(m.Path, Options{Password: []byte(m.Password + "x")})
			if !errors.Is(err, entry.ErrPassword) {
				t.Errorf("got %v", err)
			}
		})
	}
}
