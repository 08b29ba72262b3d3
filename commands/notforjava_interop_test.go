package commands_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// unreadableKinds are certificates that no Java reads, each wrong in one way.
var unreadableKinds = []struct {
	name            string
	issuer, subject string
	extensions      []x509util.Extension
	reason          string
}{
	{name: "nobody", reason: "its issuer is empty"},
	{
		name: "nameless", issuer: "CN=ca", reason: "its subject is empty, and its alternative names are not marked critical",
		extensions: []x509util.Extension{extensionOf("2.5.29.17", false, "\x30\x03\x82\x01a")},
	},
	{
		name: "twice", issuer: "CN=ca", subject: "CN=twice", reason: "it has an extension twice",
		extensions: []x509util.Extension{extensionOf("2.5.29.14", false, "\x04\x01a"), extensionOf("2.5.29.14", false, "\x04\x01b")},
	},
	{
		name: "critical", issuer: "CN=ca", subject: "CN=critical", reason: "its extension SubjectAlternativeName is marked critical, and malformed",
		extensions: []x509util.Extension{extensionOf("2.5.29.17", true, "\x01\x02")},
	},
}

func extensionOf(oid string, critical bool, value string) x509util.Extension {
	var id asn1.ObjectIdentifier
	for _, arc := range strings.Split(oid, ".") {
		n := 0
		for _, c := range arc {
			n = 10*n + int(c-'0')
		}
		id = append(id, n)
	}
	return x509util.Extension{OID: id, Critical: critical, Value: []byte(value)}
}

// certificateFor makes a certificate for a key, signed by an issuer.
func certificateFor(t *testing.T, key crypto.Signer, issuer, subject string, extensions []x509util.Extension, by crypto.Signer) []byte {
	t.Helper()
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	template := x509util.Template{SPKI: spki, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), Extensions: extensions}
	for name, text := range map[*x509util.Name]string{&template.Issuer: issuer, &template.Subject: subject} {
		if text == "" {
			continue
		}
		if *name, err = x509util.ParseDName(text); err != nil {
			t.Fatal(err)
		}
	}
	der, err := x509util.CreateCertificate(template, by, "SHA256withECDSA", jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestNotForJava tries to bring certificates that Java can't read into keystores
// by every door: none is taken, and what was there Java still opens. With
// -notforjava they are taken, Java opens nothing then, which check says, and
// does again when they are deleted.
func TestNotForJava(t *testing.T) {
	var javas []*testtool.Java
	for release := range testtool.Keytools(t) {
		javas = append(javas, testtool.StartJava(t, release))
	}
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	types := []string{"pkcs12", "jks", "jceks"}
	for i, kind := range unreadableKinds {
		t.Run(kind.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, label string, ders ...[]byte) {
				var text []byte
				for _, der := range ders {
					text = append(text, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})...)
				}
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			key, ca := newKey(), newKey()
			pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			signer, issuer := ca, kind.issuer
			if issuer == "" {
				signer = key // signed by itself
			}
			bad := certificateFor(t, key, issuer, kind.subject, kind.extensions, signer)
			good := certificateFor(t, ca, "CN=ca", "CN=ca", nil, ca)
			own := certificateFor(t, key, "CN=own", "CN=own", nil, key)
			write("bad.pem", "CERTIFICATE", bad)
			write("good.pem", "CERTIFICATE", good)
			write("own.pem", "CERTIFICATE", own)
			write("bundle.pem", "CERTIFICATE", good, bad)
			write("key.pem", "PRIVATE KEY", pkcs8)

			entries := func(java *testtool.Java, name string) int {
				found, exceptions := java.Keystore(javaType(t, dir, name), filepath.Join(dir, name), "changeit")
				if exceptions != nil {
					return -1
				}
				return len(found)
			}
			opens := func(name string, want int) {
				t.Helper()
				for _, java := range javas {
					if got := entries(java, name); got != want {
						t.Errorf("JDK %d sees %d entries in %s, want %d", java.Release, got, name, want)
					}
				}
			}
			types := types
			if i > 0 { // one is enough for the other kinds
				types = types[i%3 : i%3+1]
			}
			for _, typ := range types {
				open := func(name string) []string {
					return []string{"-keystore", name, "-storetype", typ, "-storepass", "changeit"}
				}
				use := func(name string) []string { return append(open(name), "-keypass", "changeit") }
				base, source := "base."+typ, "source."+typ
				mustRun(t, dir, append([]string{"import", "-noprompt", "-alias", "good", "-file", "good.pem"}, use(base)...)...)
				mustRun(t, dir, append([]string{"import", "-noprompt", "-alias", "key", "-keyfile", "key.pem", "-file", "own.pem"}, use(base)...)...)
				opens(base, 2)
				mustRun(t, dir, append([]string{"import", "-notforjava", "-noprompt", "-alias", "trusted", "-file", "bad.pem"}, use(source)...)...)
				mustRun(t, dir, append([]string{"import", "-notforjava", "-noprompt", "-alias", "bad", "-keyfile", "key.pem", "-file", "bad.pem"}, use(source)...)...)
				opens(source, -1)

				other := map[string]string{"pkcs12": "jks", "jks": "pkcs12", "jceks": "pkcs12"}[typ]
				from := []string{"-srckeystore", source, "-srcstorepass", "changeit", "-noprompt"}
				for door, args := range map[string][]string{
					"import":                  append([]string{"import", "-noprompt", "-alias", "x", "-file", "bad.pem"}, use(base)...),
					"-importcert":             append([]string{"-importcert", "-noprompt", "-alias", "x", "-file", "bad.pem"}, use(base)...),
					"import of a reply":       append([]string{"import", "-noprompt", "-alias", "key", "-file", "bad.pem"}, use(base)...),
					"-importcert of a reply":  append([]string{"-importcert", "-noprompt", "-alias", "key", "-file", "bad.pem"}, use(base)...),
					"import -bundle":          append([]string{"import", "-bundle", "bundle.pem"}, open(base)...),
					"import -keyfile":         append([]string{"import", "-noprompt", "-alias", "x", "-keyfile", "key.pem", "-file", "bad.pem"}, use(base)...),
					"import -keyfile, replac": append([]string{"import", "-noprompt", "-alias", "key", "-keyfile", "key.pem", "-file", "bad.pem"}, use(base)...),
					"importkeystore":          append(append([]string{"importkeystore"}, from...), open(base)...),
					"-importkeystore":         append(append([]string{"-importkeystore"}, from...), open(base)...),
					"genkeypair":              append([]string{"genkeypair", "-alias", "x", "-keyalg", "EC", "-dname", "CN=x", "-ext", "2.5.29.17:critical=0102"}, use(base)...),
					"renew":                   append([]string{"renew", "-alias", "key", "-ext", "2.5.29.17:critical=0102"}, use(base)...),
					"selfcert":                append([]string{"selfcert", "-alias", "key", "-ext", "2.5.29.17:critical=0102"}, use(base)...),
					"convert":                 {"convert", "-to", other, source, "converted", "-storepass", "changeit"},
					"migrate":                 {"migrate", "-to", other, source, "-storepass", "changeit"},
				} {
					before := readAll(t, dir)
					out, err := gokeytool(t, dir, args...)
					if err == nil {
						t.Errorf("%s, %s: taken\n%s", typ, door, out)
					}
					if !strings.HasPrefix(args[0], "-") && !strings.Contains(out, kind.reason) && !strings.Contains(out, "SubjectAlternativeName is marked critical") {
						t.Errorf("%s, %s: no reason:\n%s", typ, door, out)
					}
					for name, data := range readAll(t, dir) {
						if !bytes.Equal(data, before[name]) {
							t.Errorf("%s, %s: has changed %s", typ, door, name)
						}
					}
				}
				opens(base, 2)

				// What is there already stays, and does not keep others from being seen to.
				mustRun(t, dir, append([]string{"import", "-noprompt", "-alias", "good", "-file", "good.pem"}, use(source)...)...)
				mustRun(t, dir, append([]string{"changealias", "-alias", "good", "-destalias", "better"}, use(source)...)...)
				for _, alias := range []string{"bad", "trusted"} {
					out, err := gokeytool(t, dir, "check", "-v", source, "-storepass", "changeit")
					if err == nil || !strings.Contains(out, "can't open this keystore at all") || regexp.MustCompile(`read by Java`).MatchString(out) {
						t.Errorf("%s: check:\n%s", typ, out)
					}
					if out, err := gokeytool(t, dir, "smoke", "-keystore", source, "-storepass", "changeit"); err == nil || !strings.Contains(out, "FAIL  Java") {
						t.Errorf("%s: smoke:\n%s", typ, out)
					}
					if out, err := gokeytool(t, dir, "tomcat-config", source, "-storepass", "changeit"); err == nil || alias == "bad" && !strings.Contains(out, "at all, because of") {
						t.Errorf("%s: tomcat-config:\n%s", typ, out)
					}
					mustRun(t, dir, append([]string{"delete", "-alias", alias}, open(source)...)...)
				}
				opens(source, 1)
			}
		})
	}
}

// javaType is the type of a keystore for Java's KeyStore.getInstance.
func javaType(t *testing.T, dir, name string) string {
	return string(openStore(t, filepath.Join(dir, name), "changeit").Type())
}

// readAll reads all files of a directory.
func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[file.Name()] = data
	}
	return all
}

// TestForeignCertificates: what is no X.509 certificate, or one that Java can't
// read and that is no entry, is found and goes nowhere.
func TestForeignCertificates(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	sm2, err := os.ReadFile("../x509util/testdata/print/ec-SM2.der")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]entry.Certificate{
		"pgp.jks":     {Type: "PGP", DER: []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")},
		"garbage.jks": entry.X509([]byte("not a certificate")),
		"empty.jks":   entry.X509(nil),
		"sm2.jks":     entry.X509(sm2),
	} {
		s := store.New(store.JKS)
		if err := s.SetCertificate("x", c, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(filepath.Join(dir, name), []byte("changeit")); err != nil {
			t.Fatal(err)
		}
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sm2})
	if err := os.WriteFile(filepath.Join(dir, "sm2.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	export := exec.Command(openssl, "pkcs12", "-export", "-nokeys", "-in", "sm2.pem", "-out", "unmarked.p12", "-passout", "pass:changeit")
	export.Dir = dir
	testtool.Output(t, export)
	for release := range testtool.Keytools(t) {
		java := testtool.StartJava(t, release)
		for _, name := range []string{"pgp.jks", "garbage.jks", "empty.jks", "sm2.jks", "unmarked.p12"} {
			if entries, exceptions := java.Keystore("PKCS12", filepath.Join(dir, name), "changeit"); exceptions == nil {
				t.Errorf("JDK %d opens %s: %+v", release, name, entries)
			}
		}
	}
	for _, name := range []string{"pgp.jks", "garbage.jks", "empty.jks", "sm2.jks", "unmarked.p12"} {
		out, err := gokeytool(t, dir, "check", "-v", name, "-storepass", "changeit")
		if err == nil || !strings.Contains(out, "can't open this keystore at all") || strings.Contains(out, "read by Java") {
			t.Errorf("%s: check: %v\n%s", name, err, out)
		}
		doors := [][]string{
			{"convert", name, "new.p12", "-storepass", "changeit"},
			{"migrate", name, "-storepass", "changeit"},
			{"importkeystore", "-srckeystore", name, "-srcstorepass", "changeit", "-destkeystore", "new.p12", "-deststorepass", "changeit", "-noprompt"},
			{"-importkeystore", "-srckeystore", name, "-srcstorepass", "changeit", "-destkeystore", "new.p12", "-deststorepass", "changeit", "-noprompt"},
			{"import", "-bundle", name, "-keyfilepass", "changeit", "-keystore", "new.p12", "-storepass", "changeit"},
		}
		if name == "unmarked.p12" { // it has no entries to import
			doors = [][]string{doors[0], doors[4], {"trustmark", name, "-storepass", "changeit"}}
		}
		for _, args := range doors {
			before := readAll(t, dir)
			if out, err := gokeytool(t, dir, args...); err == nil {
				t.Errorf("%q: taken\n%s", args, out)
			}
			for file, data := range readAll(t, dir) {
				if !bytes.Equal(data, before[file]) {
					t.Errorf("%q has changed %s", args, file)
				}
			}
		}
	}
}

// TestStoredCertificates puts certificates that are damaged at random into
// keystores and has Java open these: it does where it reads the certificate.
func TestStoredCertificates(t *testing.T) {
	files, err := filepath.Glob("../x509util/testdata/print/*.der")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	questions := 150
	if s := os.Getenv("GOKEYTOOL_TEST_QUESTIONS"); s != "" {
		if questions, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	open, _ := pkcs12.Profile("passwordless")
	for release := range testtool.Keytools(t) {
		java := testtool.StartJava(t, release)
		read := 0
		for range questions {
			name := files[mathrand.IntN(len(files))]
			der, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			switch mathrand.IntN(4) {
			case 0:
				der[mathrand.IntN(len(der))] ^= 1 << mathrand.IntN(8)
			case 1:
				der[mathrand.IntN(min(len(der), 200))] = byte(mathrand.IntN(256))
			case 2:
				der = der[:len(der)-mathrand.IntN(3)]
			case 3:
				der = append(der, make([]byte, mathrand.IntN(3))...)
			}
			want := keytool.StoredError(entry.TypeX509, der, release)
			if want == nil {
				read++
			}
			for typ, made := range map[string]*store.Store{"JKS": store.New(store.JKS), "PKCS12": store.NewPKCS12(open)} {
				if err := made.SetCertificate("x", entry.X509(der), time.Now()); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "x")
				if err := made.Save(file, []byte("changeit")); err != nil {
					continue // it would not be what was put in
				}
				if _, exceptions := java.Keystore(typ, file, "changeit"); (exceptions != nil) != (want != nil) {
					t.Errorf("JDK %d, %s, %s: Java says %q, we %v\n%x", release, typ, name, exceptions, want, der)
				}
			}
		}
		t.Logf("JDK %d: %d certificates, %d of them readable", release, questions, read)
	}
}
