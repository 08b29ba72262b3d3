package commands_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store"
)

// passwordKinds are passwords of every kind. keytool, and so do we, makes no
// keystore with an empty one, but opens what others made.
var passwordKinds = []struct{ name, password string }{
	{"ASCII", "changeit"}, {"Latin-1", "pässwörtß"}, {"CJK", "間違い鍵間違"}, {"emoji", "🔑🔒🔑🔒"}, {"empty", ""},
}

// rsaFiles writes a private key and its certificate to key.der and cert.der.
// Every reader gives an RSA key back in the same encoding.
func rsaFiles(t testing.TB, dir string) (pkcs8, cert []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, cert = testtool.SelfSigned(t, key, x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}})
	for name, data := range map[string][]byte{"key.der": pkcs8, "cert.der": cert} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pkcs8, cert
}

// makeStore has our commands make a keystore with an entry of every kind of
// key.der and cert.der.
func makeStore(t testing.TB, dir, name string, typ store.Type, storepass, keypass string) {
	t.Helper()
	use := []string{"-keystore", name, "-storetype", string(typ), "-storepass", storepass, "-J-Djdk.jceks.iterationCount=10000"}
	mustRun(t, dir, append([]string{"import", "-alias", "the key", "-keyfile", "key.der", "-file", "cert.der", "-keypass", keypass}, use...)...)
	mustRun(t, dir, append([]string{"import", "-alias", "trusted", "-file", "cert.der", "-noprompt"}, use...)...)
	if typ != store.JKS {
		mustRun(t, dir, append([]string{"genseckey", "-alias", "secret", "-keyalg", "AES", "-keysize", "256", "-keypass", keypass}, use...)...)
	}
}

// checkImport has our commands import what another program wrote of key.der
// and cert.der, and looks at what has come.
func checkImport(t testing.TB, dir, from, storepass string, pkcs8, cert []byte, secret bool) {
	t.Helper()
	to := from + ".p12"
	mustRun(t, dir, "importkeystore", "-srckeystore", from, "-srcstorepass", storepass, "-destkeystore", to, "-deststorepass", "changeit", "-noprompt")
	got := openStore(t, filepath.Join(dir, to), "changeit")
	key, err := got.Key("the key", []byte("changeit"))
	if err != nil || !bytes.Equal(key.PKCS8, pkcs8) {
		t.Errorf("%s: another key: %v", from, err)
	}
	for _, alias := range []string{"the key", "trusted"} {
		if e, ok := got.Get(alias); !ok || len(e.Chain) != 1 || !bytes.Equal(e.Chain[0].DER, cert) {
			t.Errorf("%s: %s has another certificate", from, alias)
		}
	}
	if !secret {
		return
	}
	if key, err = got.Key("secret", []byte("changeit")); err != nil || key.Algorithm != "AES" || string(key.Raw) != "0123456789abcdef" {
		t.Errorf("%s: another secret key: %v", from, err)
	}
}

// pyjks writes a JKS keystore of key.der and cert.der for every password given
// behind them, and lists files given with their passwords.
const pyjksScript = `
import jks, sys
words = sys.argv[1:]
if words[0] == 'write':
    key, cert = (open(name, 'rb').read() for name in words[1:3])
    for file, password in zip(words[3::2], words[4::2]):
        entries = [jks.PrivateKeyEntry.new('the key', [cert], key), jks.TrustedCertEntry.new('trusted', cert)]
        entries[0].encrypt(password)
        jks.KeyStore.new('jks', entries).save(file, password)
else:
    for file, password, keypass in zip(words[1::3], words[2::3], words[3::3]):
        store = jks.KeyStore.load(file, password, try_decrypt_keys=False)
        for alias, e in sorted(store.entries.items()):
            if not e.is_decrypted():
                e.decrypt(keypass)
        for alias, e in sorted(store.private_keys.items()):
            print(file, alias, e.pkey_pkcs8.hex(), ' '.join(c[1].hex() for c in e.cert_chain))
        for alias, e in sorted(store.secret_keys.items()):
            print(file, alias, e.algorithm, e.key.hex())
        for alias, e in sorted(store.certs.items()):
            print(file, alias, e.cert.hex())`

// TestPyjks has pyjks read the JKS and JCEKS keystores that our commands make,
// and our commands those that it makes, under every kind of password.
func TestPyjks(t *testing.T) {
	dir := t.TempDir()
	pkcs8, cert := rsaFiles(t, dir)
	list, write := []string{"list"}, []string{"write", filepath.Join(dir, "key.der"), filepath.Join(dir, "cert.der")}
	var want strings.Builder
	for _, kind := range passwordKinds {
		theirs := filepath.Join(dir, "theirs "+kind.name)
		write = append(write, theirs, kind.password)
		if kind.password == "" {
			continue
		}
		for _, typ := range []store.Type{store.JKS, store.JCEKS} {
			keypass := kind.password
			if typ == store.JCEKS && kind.name != "ASCII" {
				keypass = "changeme" // pyjks takes no others there
			}
			name := string(typ) + " " + kind.name
			makeStore(t, dir, name, typ, kind.password, keypass)
			path := filepath.Join(dir, name)
			list = append(list, path, kind.password, keypass)
			fmt.Fprintf(&want, "%s the key %x %x\n", path, pkcs8, cert)
			if typ == store.JCEKS {
				secret, err := openStore(t, path, kind.password).Key("secret", []byte(keypass))
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&want, "%s secret %s %x\n", path, secret.Algorithm, secret.Raw)
			}
			fmt.Fprintf(&want, "%s trusted %x\n", path, cert)
		}
	}
	if got := testtool.Pyjks(t, pyjksScript, list...); got != want.String() {
		t.Errorf("pyjks finds\n%s\nwant\n%s", got, want.String())
	}
	testtool.Pyjks(t, pyjksScript, write...)
	for _, kind := range passwordKinds {
		checkImport(t, dir, "theirs "+kind.name, kind.password, pkcs8, cert, false)
	}
}

// TestBouncyCastle has BouncyCastle read the PKCS12 keystores that our commands
// make, and our commands those that it makes, under every kind of password.
func TestBouncyCastle(t *testing.T) {
	dir := t.TempDir()
	pkcs8, cert := rsaFiles(t, dir)
	args := []string{filepath.Join(dir, "key.der"), filepath.Join(dir, "cert.der")}
	for _, kind := range passwordKinds {
		args = append(args, "write", "PKCS12", filepath.Join(dir, "theirs "+kind.name), kind.password, kind.password)
		if kind.password == "" {
			continue
		}
		// BouncyCastle knows no secret keys in PKCS12, and stops at them.
		name := "ours " + kind.name
		mustRun(t, dir, "import", "-alias", "the key", "-keyfile", "key.der", "-file", "cert.der", "-keystore", name, "-storepass", kind.password)
		mustRun(t, dir, "import", "-alias", "trusted", "-file", "cert.der", "-noprompt", "-keystore", name, "-storepass", kind.password)
		args = append(args, "list", "PKCS12", filepath.Join(dir, name), kind.password, kind.password)
	}
	lines := strings.Split(testtool.BouncyCastle(t, args...), "\n")
	for _, kind := range passwordKinds {
		checkImport(t, dir, "theirs "+kind.name, kind.password, pkcs8, cert, false)
		path := filepath.Join(dir, "ours "+kind.name)
		for _, want := range []string{
			fmt.Sprintf("%s\tthe key\tkey\t1\t%x\tRSA %x", path, cert, pkcs8),
			fmt.Sprintf("%s\ttrusted\tcert\t1\t%x\t", path, cert),
		} {
			if kind.password != "" && !slices.Contains(lines, want) {
				t.Errorf("BouncyCastle reads\n%s\nand not\n%s", strings.Join(lines, "\n"), want)
			}
		}
	}
}
