package jceks

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

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/storetest"
)

// keys are one of each kind, by alias.
func keys(t testing.TB) (named map[string]entry.Key, cert entry.Certificate) {
	pkcs8, der := testtool.Identity(t, "localhost")
	return map[string]entry.Key{
		"private":  {PKCS8: pkcs8},
		"aes":      {Algorithm: "AES", Raw: []byte("0123456789abcdef")},
		"des":      {Algorithm: "DES", Raw: []byte{1, 2, 4, 7, 8, 11, 13, 14}},
		"hmac":     {Algorithm: "HmacSHA256", Raw: bytes.Repeat([]byte("k"), 33)},
		"password": {Algorithm: "PBEWithMD5AndDES", Raw: []byte("a password")},
	}, entry.X509(der)
}

// build writes a file of keys and of a trusted certificate.
func build(t testing.TB, named map[string]entry.Key, cert entry.Certificate, storePassword, keyPassword string) (path string) {
	t.Helper()
	created := time.UnixMilli(1_600_000_000_000)
	f := &entry.File{Entries: []*entry.Entry{{Alias: "trusted", Created: created, Kind: entry.TrustedCertificate, Chain: []entry.Certificate{cert}}}}
	for alias, key := range named {
		sealed, err := Seal(key, []byte(keyPassword), quick)
		if err != nil {
			t.Fatal(err)
		}
		e := &entry.Entry{Alias: alias, Created: created, Kind: entry.SecretKey, Sealed: sealed}
		if key.PKCS8 != nil {
			e.Kind, e.Chain = entry.PrivateKey, []entry.Certificate{cert}
		}
		f.Entries = append(f.Entries, e)
	}
	data, err := Encode(f, []byte(storePassword))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "ours.jceks")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open reads a file and opens its keys.
func open(t testing.TB, path, storePassword, keyPassword string) (named map[string]entry.Key, certs map[string][]entry.Certificate) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Decode(data, []byte(storePassword), entry.DefaultLimits)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if again, err := Encode(storetest.Rebuilt(f), []byte(storePassword)); err != nil || !bytes.Equal(again, data) {
		t.Errorf("built again, %s has other bytes (error %v)", filepath.Base(path), err)
	}
	named, certs = map[string]entry.Key{}, map[string][]entry.Certificate{}
	for _, e := range f.Entries {
		certs[e.Alias] = e.Chain
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		if named[e.Alias], err = Unseal(e, []byte(keyPassword), entry.DefaultLimits); err != nil {
			t.Errorf("key %q: %v", e.Alias, err)
		}
	}
	return named, certs
}

// keytool opens each of our keys and seals it again, as objects of its own
// classes.
func TestKeytoolReadsOurs(t *testing.T) {
	for release, keytool := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			t.Parallel()
			named, cert := keys(t)
			src, dest := build(t, named, cert, "changeit", "changeit"), filepath.Join(t.TempDir(), "dest.jceks")
			testtool.Run(t, keytool, "-importkeystore", "-noprompt", "-srckeystore", src, "-srcstoretype", "JCEKS", "-srcstorepass", "changeit",
				"-destkeystore", dest, "-deststoretype", "JCEKS", "-deststorepass", "changeit")
			got, certs := open(t, dest, "changeit", "changeit")
			if diff := cmp.Diff(named, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]entry.Certificate{cert}, certs["trusted"]); diff != "" {
				t.Errorf("trusted certificate (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]entry.Certificate{cert}, certs["private"]); diff != "" {
				t.Errorf("chain (-want +got):\n%s", diff)
			}
		})
		t.Run(fmt.Sprintf("%d/beyond ASCII", release), func(t *testing.T) {
			t.Parallel()
			storePassword, keyPassword := "ლ(ಠ益ಠლ)", "changeme"
			if release >= jdk.Release25 { // before, Java knows no such key passwords
				keyPassword = "間違い🔑鍵"
			}
			_, cert := keys(t)
			named := map[string]entry.Key{"鍵🔑": {Algorithm: "AES", Raw: []byte("0123456789abcdef")}}
			src, dest := build(t, named, cert, storePassword, keyPassword), filepath.Join(t.TempDir(), "dest.jceks")
			testtool.Run(t, keytool, "-importkeystore", "-noprompt", "-srckeystore", src, "-srcstoretype", "JCEKS", "-srcstorepass", storePassword,
				"-srcalias", "鍵🔑", "-srckeypass", keyPassword, "-destkeystore", dest, "-deststoretype", "JCEKS", "-deststorepass", storePassword, "-destkeypass", keyPassword)
			got, _ := open(t, dest, storePassword, keyPassword)
			if diff := cmp.Diff(named, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeytoolIsRead(t *testing.T) {
	for release, keytool := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keystore.jceks")
			do := func(input, command string, args ...string) {
				t.Helper()
				cmd := testtool.Command(t, "", keytool, append([]string{command, "-storetype", "JCEKS", "-keystore", path, "-storepass", "changeit", "-keypass", "changeme"}, args...)...)
				cmd.Stdin = strings.NewReader(input)
				testtool.Output(t, cmd)
			}
			do("", "-genkeypair", "-alias", "schlüssel", "-keyalg", "EC", "-dname", "CN=localhost")
			do("", "-genseckey", "-alias", "aes", "-keyalg", "AES", "-keysize", "256")
			do("", "-genseckey", "-alias", "desede", "-keyalg", "DESede")
			do("a password\na password\n", "-importpass", "-alias", "password")

			named, certs := open(t, path, "changeit", "changeme")
			private, err := x509.ParsePKCS8PrivateKey(named["schlüssel"].PKCS8)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(certs["schlüssel"][0].DER)
			if err != nil {
				t.Fatal(err)
			}
			if !private.(*ecdsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
				t.Error("the key is not that of the certificate")
			}
			if k := named["aes"]; k.Algorithm != "AES" || len(k.Raw) != 32 {
				t.Errorf("aes is %d bytes of %s", len(k.Raw), k.Algorithm)
			}
			if k := named["desede"]; k.Algorithm != "DESede" || len(k.Raw) != 24 {
				t.Errorf("desede is %d bytes of %s", len(k.Raw), k.Algorithm)
			}
			if k := named["password"]; !strings.HasPrefix(k.Algorithm, "PBE") || string(k.Raw) != "a password" {
				t.Errorf("password is %q of %s", k.Raw, k.Algorithm)
			}
		})
	}
}

func TestPyjksReadsOurs(t *testing.T) {
	const script = `
import jks, sys
ks = jks.KeyStore.load(sys.argv[1], 'changeit')
for alias, key in sorted(ks.private_keys.items()):
    print(alias, key.pkey_pkcs8.hex(), len(key.cert_chain))
for alias, key in sorted(ks.secret_keys.items()):
    print(alias, key.algorithm, key.key.hex())
for alias, cert in sorted(ks.certs.items()):
    print(alias, cert.cert.hex())`
	named, cert := keys(t)
	got := testtool.Pyjks(t, script, build(t, named, cert, "changeit", "changeit"))
	want := fmt.Sprintf("private %x 1\n", named["private"].PKCS8)
	for _, alias := range []string{"aes", "des", "hmac", "password"} {
		want += fmt.Sprintf("%s %s %x\n", alias, named[alias].Algorithm, named[alias].Raw)
	}
	want += fmt.Sprintf("trusted %x\n", cert.DER)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pyjks finds (-want +got):\n%s", diff)
	}
}
