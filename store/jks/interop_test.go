package jks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pavlo-v-chernykh/keystore-go/v4"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
	"gokeytool/store/storetest"
)

func write(t testing.TB, data []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keystore.jks")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path, password string) *entry.File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Decode(data, []byte(password), entry.DefaultLimits)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return f
}

// ours is a file with a key of its own password and a trusted certificate.
func ours(t testing.TB, alias, storePassword, keyPassword string) (f *entry.File, pkcs8 []byte) {
	t.Helper()
	pkcs8, der := testtool.Identity(t, "localhost")
	sealed, err := Seal(entry.Key{PKCS8: pkcs8}, []byte(keyPassword), nil)
	if err != nil {
		t.Fatal(err)
	}
	chain := []entry.Certificate{entry.X509(der)}
	created := time.UnixMilli(1_600_000_000_000).UTC()
	return &entry.File{Entries: []*entry.Entry{
		{Alias: alias, Created: created, Kind: entry.PrivateKey, Sealed: sealed, Chain: chain},
		{Alias: "trusted " + alias, Created: created, Kind: entry.TrustedCertificate, Chain: chain},
	}}, pkcs8
}

var interop = []struct{ name, alias, storePassword, keyPassword string }{
	{"ascii", "tomcat", "changeit", "changeme"},
	{"Latin-1", "schlüssel", "pässwort", "geheimnß"},
	{"CJK and emoji", "鍵🔑", "ლ(ಠ益ಠლ)", "🔑間違い鍵"},
}

func TestKeytool(t *testing.T) {
	for release, keytool := range testtool.Keytools(t) {
		for _, tt := range interop {
			t.Run(fmt.Sprintf("%d/%s", release, tt.name), func(t *testing.T) {
				t.Parallel()
				t.Run("reads ours", func(t *testing.T) {
					f, pkcs8 := ours(t, tt.alias, tt.storePassword, tt.keyPassword)
					data, err := Encode(f, []byte(tt.storePassword))
					if err != nil {
						t.Fatal(err)
					}
					// keytool opens the key, and seals it with another password.
					src, dest := write(t, data), filepath.Join(t.TempDir(), "dest.jks")
					testtool.Run(t, keytool, "-importkeystore", "-noprompt",
						"-srckeystore", src, "-srcstoretype", "JKS", "-srcstorepass", tt.storePassword,
						"-srcalias", tt.alias, "-srckeypass", tt.keyPassword,
						"-destkeystore", dest, "-deststoretype", "JKS", "-deststorepass", "dest"+tt.storePassword,
						"-destkeypass", "key"+tt.keyPassword)
					e := open(t, dest, "dest"+tt.storePassword).Entries[0]
					if e.Alias != tt.alias {
						t.Errorf("alias %q, want %q", e.Alias, tt.alias)
					}
					key, err := Unseal(e, []byte("key"+tt.keyPassword), entry.DefaultLimits)
					if err != nil || !bytes.Equal(key.PKCS8, pkcs8) {
						t.Errorf("another key came back (error %v)", err)
					}
					if diff := cmp.Diff(f.Entries[0].Chain, e.Chain); diff != "" {
						t.Errorf("chain (-want +got):\n%s", diff)
					}
					cmd := testtool.Command(t, "", keytool, "-list", "-keystore", src, "-storepass", tt.storePassword)
					cmd.Env = append(cmd.Env, "TZ=UTC")
					list := testtool.Output(t, cmd)
					if !strings.Contains(list, "contains 2 entries") || strings.Count(list, "Sep 13, 2020") != 2 || !strings.Contains(list, "trustedCertEntry") {
						t.Errorf("keytool lists\n%s", list)
					}
				})
				t.Run("is read", func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "keystore.jks")
					testtool.Run(t, keytool, "-genkeypair", "-keyalg", "EC", "-dname", "CN=localhost", "-alias", tt.alias,
						"-storetype", "JKS", "-keystore", path, "-storepass", tt.storePassword, "-keypass", tt.keyPassword)
					f := open(t, path, tt.storePassword)
					e := f.Entries[0]
					if e.Alias != tt.alias || len(f.Entries) != 1 || len(e.Chain) != 1 {
						t.Fatalf("%d entries, the first is %q with %d certificates", len(f.Entries), e.Alias, len(e.Chain))
					}
					checkKey(t, e, tt.keyPassword)
					// Built again of what was read, the file is the same.
					data, err := Encode(storetest.Rebuilt(f), []byte(tt.storePassword))
					if err != nil {
						t.Fatal(err)
					}
					if want, _ := os.ReadFile(path); !bytes.Equal(data, want) {
						t.Error("keytool writes other bytes than we do")
					}
				})
			})
		}
	}
}

// checkKey opens a key and compares it with the certificate.
func checkKey(t *testing.T, e *entry.Entry, password string) {
	t.Helper()
	key, err := Unseal(e, []byte(password), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(e.Chain[0].DER)
	if err != nil {
		t.Fatal(err)
	}
	if !private.(*ecdsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
		t.Error("the key is not that of the certificate")
	}
}

func TestPyjksReadsOurs(t *testing.T) {
	const script = `
import jks, sys
ks = jks.KeyStore.load(sys.argv[1], sys.argv[2])
key = ks.private_keys[sys.argv[3]]
key.decrypt(sys.argv[4])
print(key.pkey_pkcs8.hex(), len(key.cert_chain), len(ks.certs))`
	for _, tt := range interop[:2] { // pyjks takes aliases for standard UTF-8
		t.Run(tt.name, func(t *testing.T) {
			f, pkcs8 := ours(t, tt.alias, tt.storePassword, tt.keyPassword)
			data, err := Encode(f, []byte(tt.storePassword))
			if err != nil {
				t.Fatal(err)
			}
			got := testtool.Pyjks(t, script, write(t, data), tt.storePassword, tt.alias, tt.keyPassword)
			if want := fmt.Sprintf("%x 1 1\n", pkcs8); got != want {
				t.Errorf("pyjks finds %s, want %s", got, want)
			}
		})
	}
}

func TestKeystoreGo(t *testing.T) {
	password := []byte("changeit")
	t.Run("reads ours", func(t *testing.T) {
		f, pkcs8 := ours(t, "tomcat", "changeit", "changeme")
		data, err := Encode(f, password)
		if err != nil {
			t.Fatal(err)
		}
		ks := keystore.New()
		if err := ks.Load(bytes.NewReader(data), password); err != nil {
			t.Fatal(err)
		}
		key, err := ks.GetPrivateKeyEntry("tomcat", []byte("changeme"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(key.PrivateKey, pkcs8) || !bytes.Equal(key.CertificateChain[0].Content, f.Entries[0].Chain[0].DER) {
			t.Error("keystore-go finds another key or certificate")
		}
		if !key.CreationTime.Equal(f.Entries[0].Created) || !ks.IsTrustedCertificateEntry("trusted tomcat") {
			t.Errorf("keystore-go finds a key of %v and %q", key.CreationTime, ks.Aliases())
		}
	})
	t.Run("is read", func(t *testing.T) {
		pkcs8, der := testtool.Identity(t, "localhost")
		created := time.UnixMilli(1_600_000_000_000).UTC()
		cert := keystore.Certificate{Type: "X.509", Content: der}
		ks := keystore.New(keystore.WithOrderedAliases(), keystore.WithCaseExactAliases())
		if err := ks.SetPrivateKeyEntry("Tomcat🔑", keystore.PrivateKeyEntry{CreationTime: created, PrivateKey: pkcs8, CertificateChain: []keystore.Certificate{cert}}, password); err != nil {
			t.Fatal(err)
		}
		if err := ks.SetTrustedCertificateEntry("ca", keystore.TrustedCertificateEntry{CreationTime: created, Certificate: cert}); err != nil {
			t.Fatal(err)
		}
		var data bytes.Buffer
		if err := ks.Store(&data, password); err != nil {
			t.Fatal(err)
		}
		f := open(t, write(t, data.Bytes()), "changeit")
		want := []*entry.Entry{
			{Alias: "Tomcat🔑", Created: created, Kind: entry.PrivateKey, Sealed: f.Entries[0].Sealed, Chain: []entry.Certificate{entry.X509(der)}},
			{Alias: "ca", Created: created, Kind: entry.TrustedCertificate, Chain: []entry.Certificate{entry.X509(der)}},
		}
		if diff := cmp.Diff(want, f.Entries, storetest.SameEntries); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		checkKey(t, f.Entries[0], "changeit")
	})
}
