package jks

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/store/entry"
	"gokeytool/store/storetest"
)

// fixture is a file of another program, with what that says is in it. The
// testdata's README tells where it comes from.
type fixture struct {
	name     string
	password string
	entries  []fixtureEntry
}

type fixtureEntry struct {
	alias    string
	kind     entry.Kind
	created  int64 // milliseconds since 1970
	chain    int
	password string // of the key
	key      string // SHA-256 of the key's PKCS #8
}

var fixtures = []fixture{
	{"keystore-go__keypass__keystore.jks", "password", []fixtureEntry{
		{"alias", entry.PrivateKey, 1603706498387, 1, "keypassword", "4aee1d1da0f3e3d3699d4e5129d7038279f721f80291ed5f9bb35f8bbdf58c45"},
	}},
	{"keystore-go__testdata__keystore.jks", "password", []fixtureEntry{
		{"alias", entry.PrivateKey, 1505832060016, 0, "password", "8792adc8f37463ba2e59e53fa941eac048ee396ed15614f59db697011c617182"},
	}},
	{"pyjks__jks__RSA2048_3certs.jks", "12345678", []fixtureEntry{
		{"mykey", entry.PrivateKey, 1463338684452, 3, "12345678", "19992f533bd8f2b1b4f939acc2e5d51e5af682f84a66962e81a023e9d3a81ca9"},
	}},
	{"pyjks__jks__custom_entry_passwords.jks", "store_password", []fixtureEntry{
		{"private", entry.PrivateKey, 1463338261444, 1, "private_password", "7656dd63079731ef98a8b9698debcdbe4394df4ff12ff434587245ecfe7c110f"},
		{"cert", entry.TrustedCertificate, 1463338261444, 1, "", ""},
	}},
	{"pyjks__jks__duplicate_aliases.jks", "12345678", []fixtureEntry{
		{"my_alias", entry.TrustedCertificate, 1461880148243, 1, "", ""},
		{"my_alias", entry.TrustedCertificate, 1461880148243, 1, "", ""},
	}},
	{"pyjks__jks__empty.jks", "", nil},
	{"pyjks__jks__non_ascii_password.jks", "ლ(ಠ益ಠლ)", []fixtureEntry{
		{"mykey", entry.PrivateKey, 1463338261073, 1, "ლ(ಠ益ಠლ)", "baa919ee0763dd3672f235c9cc217e38d5a6a11c47ee27e77a816d01e3d362df"},
	}},
	{"spring-boot__ssl__test.jks", "secret", []fixtureEntry{
		{"test-alias", entry.PrivateKey, 1533918444727, 1, "password", "956621ec821ef717d904e9f40fe7f1643e0dcba3d547b78feabd86e380c17a66"},
		{"mykey", entry.TrustedCertificate, 1533919117744, 1, "", ""},
	}},
	{"tomcat__net__localhost-ec.jks", "changeit", []fixtureEntry{
		{"tomcat", entry.PrivateKey, 1786540760479, 1, "changeit", "d266ed4a3a97f7021997398aa8b8a150900754b12e63134a70d8f1579bee8ce6"},
	}},
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFixtures(t *testing.T) {
	for _, fx := range fixtures {
		t.Run(fx.name, func(t *testing.T) {
			data := read(t, fx.name)
			f, err := Decode(data, []byte(fx.password), entry.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			var got []fixtureEntry
			for i, e := range f.Entries {
				g := fixtureEntry{alias: e.Alias, kind: e.Kind, created: e.Created.UnixMilli(), chain: len(e.Chain)}
				if e.Kind == entry.PrivateKey && i < len(fx.entries) {
					g.password = fx.entries[i].password
					key, err := Unseal(e, []byte(g.password), entry.DefaultLimits)
					if err != nil {
						t.Fatalf("key %q: %v", e.Alias, err)
					}
					g.key = fmt.Sprintf("%x", sha256.Sum256(key.PKCS8))
					if _, err := Unseal(e, []byte(g.password+"x"), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
						t.Errorf("key %q with a wrong password: error %v", e.Alias, err)
					}
				}
				got = append(got, g)
			}
			if diff := cmp.Diff(fx.entries, got, cmp.AllowUnexported(fixtureEntry{})); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			again, err := Encode(f, []byte(fx.password))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, data) {
				t.Error("written back as other bytes than were read")
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, fx := range fixtures {
		f.Add(read(f, fx.name), fx.password)
	}
	storetest.FuzzDecode(f, storetest.Codec{Decode: Decode, Encode: Encode}, func(data []byte) bool { return data[7] == 2 })
}
