package jceks

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gokeytool/store/entry"
	"gokeytool/store/jks"
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
	key      string // "AES 00ff..", or the SHA-256 of a private key's PKCS #8
	err      error  // of Unseal
}

var fixtures = []fixture{
	{"activemq-artemis__security-resources__client-keystore.jceks", "securepass", []fixtureEntry{
		{"client", entry.PrivateKey, 1711108293155, 2, "securepass", "2e2e9af8faf2e99dc58849db4e8b7845487b977660cb3b52c6e10e2cc5e193a7", nil},
		{"client-ca", entry.TrustedCertificate, 1711108293268, 1, "", "", nil},
	}},
	{"keystore-explorer__CryptoFileUtilTest__keystore.jceks", "123456", []fixtureEntry{
		{"test", entry.PrivateKey, 1637329950795, 1, "123456", "a70f06b438fa6a40ba79f3d3974e0245677040d0271153a2939cc8906643dc3c", nil},
	}},
	{"pyjks__jceks__AES128.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461241074700, 0, "12345678", "AES 666e0221cc44c1fc4aabf458f9dfdd3c", nil},
	}},
	{"pyjks__jceks__AES256.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461241074702, 0, "12345678", "AES e7d7c262668221787b6b5a0f687712fde4be52e9e7d7c262668221787b6b5a0f", nil},
	}},
	{"pyjks__jceks__DES.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461241074454, 0, "12345678", "DES 4cf2fe915d082a43", nil},
	}},
	{"pyjks__jceks__DESede.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461241074643, 0, "12345678", "DESede 675e5245e9673b4c8fc194ceec433b318c45c2e0675e5245", nil},
	}},
	{"pyjks__jceks__PBKDF2WithHmacSHA1.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461356668788, 0, "12345678", "PBKDF2WithHmacSHA1 579536d9a27f7e314ef4e3ffa57626efe670e8f4d296cd31ba1a827d9a3b1ee1", nil},
	}},
	{"pyjks__jceks__RSA1024.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.PrivateKey, 1463338261710, 1, "12345678", "5de7b7055560db1ecefc546e55810766014f53f2ca38849a50cb09db518fe344", nil},
	}},
	{"pyjks__jceks__custom_entry_passwords.jceks", "store_password", []fixtureEntry{
		{"secret", entry.SecretKey, 1463338261488, 0, "secret_password", "AES 3f680504c66cc25aae65d0fa49c526ec", nil},
		{"private", entry.PrivateKey, 1463338261552, 1, "private_password", "7656dd63079731ef98a8b9698debcdbe4394df4ff12ff434587245ecfe7c110f", nil},
		{"cert", entry.TrustedCertificate, 1463338261477, 1, "", "", nil},
	}},
	{"pyjks__jceks__duplicate_aliases.jceks", "12345678", []fixtureEntry{
		{"my_alias", entry.TrustedCertificate, 1461880148243, 1, "", "", nil},
		{"my_alias", entry.TrustedCertificate, 1461880148243, 1, "", "", nil},
	}},
	{"pyjks__jceks__empty.jceks", "", nil},
	{"pyjks__jceks__unknown_sealed_object_sealAlg.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461459654451, 0, "12345678", "", entry.ErrUnsupported},
	}},
	{"pyjks__jceks__unknown_type_inside_sealed_object.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461451248241, 0, "12345678", "", entry.ErrUnsupported},
	}},
	{"pyjks__jceks__unknown_type_of_sealed_object.jceks", "12345678", []fixtureEntry{
		{"mykey", entry.SecretKey, 1461451252848, 0, "12345678", "", entry.ErrUnsupported},
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

func show(key entry.Key) string {
	if key.PKCS8 != nil {
		return fmt.Sprintf("%x", sha256.Sum256(key.PKCS8))
	}
	return fmt.Sprintf("%s %x", key.Algorithm, key.Raw)
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
				if e.Kind != entry.TrustedCertificate && i < len(fx.entries) {
					g.password, g.err = fx.entries[i].password, fx.entries[i].err
					key, err := Unseal(e, []byte(g.password), entry.DefaultLimits)
					if !errors.Is(err, g.err) {
						t.Fatalf("key %q: error %v, want %v", e.Alias, err, g.err)
					}
					if err == nil {
						g.key = show(key)
						if _, err := Unseal(e, []byte(g.password+"x"), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
							t.Errorf("key %q with a wrong password: error %v", e.Alias, err)
						}
					}
				}
				got = append(got, g)
			}
			if diff := cmp.Diff(fx.entries, got, cmp.AllowUnexported(fixtureEntry{}), cmpopts.EquateErrors()); diff != "" {
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

// Java's JCEKS keystore reads JKS files, keys included, and writes them as
// JCEKS, and so do we.
func TestFromJKS(t *testing.T) {
	password := []byte("changeit")
	key := entry.Key{PKCS8: []byte("a private key")}
	sealed, err := jks.Seal(key, password, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &entry.File{Entries: []*entry.Entry{{Alias: "key", Created: time.UnixMilli(1).UTC(), Kind: entry.PrivateKey, Sealed: sealed}}}
	data, err := jks.Encode(want, password)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Decode(data, password, entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = Encode(f, password); err != nil {
		t.Fatal(err)
	}
	if f, err = Decode(data, password, entry.DefaultLimits); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Entries, f.Entries, storetest.SameEntries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if got, err := Unseal(f.Entries[0], password, entry.DefaultLimits); err != nil || !bytes.Equal(got.PKCS8, key.PKCS8) {
		t.Errorf("key %q, error %v", got.PKCS8, err)
	}
	if _, err := jks.Decode(data, password, entry.DefaultLimits); !errors.Is(err, entry.ErrDamaged) {
		t.Errorf("JCEKS taken for JKS: error %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, fx := range fixtures {
		f.Add(read(f, fx.name), fx.password)
	}
	storetest.FuzzDecode(f, storetest.Codec{Decode: Decode, Encode: Encode}, func(data []byte) bool { return data[0] == 0xCE && data[7] == 2 })
}
