package check_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/pkcs12"
)

// These tests compare what findings say of other programs with those programs.

// run returns what a program prints, and whether it succeeded.
func found(t testing.TB, v check.Verdict, id string) finding.Finding {
	t.Helper()
	i := slices.IndexFunc(v.Findings, func(f finding.Finding) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("%s: no finding %q among %q", v.Path, id, findings(v))
	}
	return v.Findings[i]
}

func file(t testing.TB, path string) check.Verdict {
	t.Helper()
	return check.File(t.Context(), path, check.Options{Password: []byte(password), Now: today})
}

// OpenSSL's trust store has certificates, and Java sees none of them until the
// remedy was carried out.
func TestTrustMarkIsMissing(t *testing.T) {
	openssl, keytool := testtool.Look(t, "openssl"), testtool.Keytool(t)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	p12 := filepath.Join(dir, "trust.p12")
	ok(t, os.WriteFile(ca, pemOf("CERTIFICATE", newCA(t, "CN=Root").der), 0o600))
	if out, success := testtool.Try(t, openssl, "pkcs12", "-export", "-nokeys", "-in", ca, "-out", p12, "-passout", "pass:"+password); !success {
		t.Fatal(out)
	}
	f := found(t, file(t, p12), "trust-mark")
	if f.Severity != finding.Error || !strings.HasPrefix(f.Text, "1 certificate in it lacks") {
		t.Errorf("%+v", f)
	}
	if out, _ := testtool.Try(t, keytool, "-list", "-keystore", p12, "-storepass", password); !strings.Contains(out, "contains 0 entries") {
		t.Errorf("keytool sees entries:\n%s", out)
	}
	if out, success := testtool.Try(t, keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", ca, "-keystore", p12, "-storepass", password); !success {
		t.Fatal(out)
	}
	if v := file(t, p12); slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.Severity == finding.Error }) {
		t.Errorf("keytool put the certificate in, and still: %q", findings(v))
	}
}

// Java does not see a key that is not encrypted.
func TestHiddenKey(t *testing.T) {
	openssl, keytool := testtool.Look(t, "openssl"), testtool.Keytool(t)
	id := issue(t, template{})
	in := write(t, "both.pem", pemOf("PRIVATE KEY", pkcs8(t, id.key), "CERTIFICATE", id.der))
	p12 := filepath.Join(t.TempDir(), "open.p12")
	if out, success := testtool.Try(t, openssl, "pkcs12", "-export", "-keypbe", "NONE", "-name", "tomcat", "-in", in, "-out", p12, "-passout", "pass:"+password); !success {
		t.Fatal(out)
	}
	v := file(t, p12)
	if f := found(t, v, "hidden-key"); f.Alias != "tomcat" || v.Serves != "" || v.Status != check.Faulty {
		t.Errorf("%+v", v)
	}
	if out, _ := testtool.Try(t, keytool, "-list", "-keystore", p12, "-storepass", password); !strings.Contains(out, "contains 0 entries") {
		t.Errorf("keytool sees entries:\n%s", out)
	}
}

// A key under another password: Java's words are those of the finding.
func TestCannotRecoverKey(t *testing.T) {
	keytool := testtool.Keytool(t)
	path := makeStore(t, store.JKS).keyUnder("another1", "tomcat", issue(t, template{})).save()
	found(t, file(t, path), "key-password")
	out, success := testtool.Try(t, keytool, "-certreq", "-alias", "tomcat", "-keystore", path, "-storepass", password, "-keypass", password)
	if success || !strings.Contains(out, "Cannot recover key") {
		t.Errorf("keytool says: %s", out)
	}
}

// An alias in mixed case is listed and not found.
func TestMixedCaseIsNotFound(t *testing.T) {
	keytool := testtool.Keytool(t)
	path := rawJKS(t, trusted("MyRoot", newCA(t, "CN=Root")))
	found(t, file(t, path), "alias-case")
	if out, _ := testtool.Try(t, keytool, "-list", "-keystore", path, "-storepass", password); !strings.Contains(out, "contains 1 entry") || !strings.Contains(out, "Alias <MyRoot> does not exist") {
		t.Errorf("keytool lists it:\n%s", out)
	}
	if out, success := testtool.Try(t, keytool, "-list", "-alias", "MyRoot", "-keystore", path, "-storepass", password); success || !strings.Contains(out, "does not exist") {
		t.Errorf("keytool finds it:\n%s", out)
	}
}

// Java's words for a wrong password differ by format.
func TestWrongPassword(t *testing.T) {
	keytool := testtool.Keytool(t)
	for _, typ := range []store.Type{store.JKS, store.PKCS12} {
		path := makeStore(t, typ).cert("root", newCA(t, "CN=Root")).save()
		v := check.File(t.Context(), path, check.Options{Password: []byte("wrong1")})
		_, java, _ := strings.Cut(found(t, v, "password").Text, "Java says: ")
		if out, success := testtool.Try(t, keytool, "-list", "-keystore", path, "-storepass", "wrong1"); success || !strings.Contains(strings.ToLower(out), strings.ToLower(java)) {
			t.Errorf("%s: keytool says %q, not %q", typ, out, java)
		}
	}
}

// Passwords beyond ASCII open in Java 25 and not before.
func TestPasswordNotASCII(t *testing.T) {
	keytools := testtool.Keytools(t)
	source := write(t, "Open.java", []byte(strings.Replace(openJava, "args[0].toCharArray()", `"geh\u00e9im1".toCharArray()`, 1)))
	id := issue(t, template{})
	path := makeStore(t, store.PKCS12).keyUnder("gehéim1", "tomcat", id).saveUnder("gehéim1")
	v := check.File(t.Context(), path, check.Options{Password: []byte("gehéim1"), Now: today})
	found(t, v, "password-not-ascii")
	for release, keytool := range keytools {
		out, _ := testtool.Try(t, javaOf(t, keytool), source, "", path)
		opened := strings.TrimSpace(out) == "EC"
		if opened != javaReads(reads(t, v, "Java"), release) || !opened && !strings.Contains(out, "Password is not ASCII") {
			t.Errorf("Java %v says: %s", release, out)
		}
	}
}

// javaOf is the java beside a keytool.
func javaOf(t testing.TB, keytool string) string {
	t.Helper()
	keytool, err := filepath.EvalSymlinks(keytool)
	ok(t, err)
	return testtool.Look(t, filepath.Join(filepath.Dir(keytool), "java"))
}

// reads says what a verdict claims of a program.
func reads(t testing.TB, v check.Verdict, name string) check.Reader {
	t.Helper()
	i := slices.IndexFunc(v.Readers, func(r check.Reader) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("%s: nothing is said of %s", v.Path, name)
	}
	return v.Readers[i]
}

// javaReads says whether a release reads a file, by what is claimed.
func javaReads(r check.Reader, release jdk.Release) bool {
	switch r.Since {
	case "26":
		return false // newer than every release that is tested with
	case "20":
		return release > jdk.Release17
	case "25":
		return release >= jdk.Release25
	}
	return r.Reads
}

// Who can read a PKCS12 file: the installed keytools and OpenSSL are asked.
func TestReaders(t *testing.T) {
	keytools, openssl := testtool.Keytools(t), testtool.Look(t, "openssl")
	id := issue(t, template{})
	with := func(change func(p *pkcs12.Params)) pkcs12.Params {
		p := pkcs12.Default
		change(&p)
		return p
	}
	profiles := map[string]pkcs12.Params{
		"default": pkcs12.Default, "java8": pkcs12.Java8, "legacy": pkcs12.Legacy, "java26": pkcs12.Java26,
		"aes192":       with(func(p *pkcs12.Params) { p.KeyAlgorithm = "PBEWithHmacSHA256AndAES_192" }),
		"rc2-128":      with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithSHA1AndRC2_128" }),
		"rc4":          with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithSHA1AndRC4_128" }),
		"des":          with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithMD5AndDES" }),
		"two-key-3des": with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithSHA1And2KeyDESede" }),
		"mac-sha512":   with(func(p *pkcs12.Params) { p.MACAlgorithm = "HmacPBESHA512" }),
		"mac-sha3":     with(func(p *pkcs12.Params) { p.MACAlgorithm = "HmacPBESHA3-256" }),
		"prf-sha512":   with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithHmacSHA512AndAES_128" }),
		"prf-512-256":  with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithHmacSHA512/256AndAES_256" }),
		"prf-sha3":     with(func(p *pkcs12.Params) { p.CertAlgorithm = "PBEWithHmacSHA3-256AndAES_256" }),
		"no-mac":       with(func(p *pkcs12.Params) { p.MACAlgorithm = pkcs12.None }),
	}
	names := slices.Sorted(maps.Keys(profiles))
	source := write(t, "Open.java", []byte(openJava))
	args := []string{source, password}
	for _, name := range names {
		args = append(args, newStore{t, store.NewPKCS12(profiles[name])}.key("tomcat", id).save())
	}
	opened := make(map[jdk.Release][]string)
	for release, keytool := range keytools {
		out, success := testtool.Try(t, javaOf(t, keytool), args...)
		opened[release] = strings.Split(strings.TrimSpace(out), "\n")
		if !success || len(opened[release]) != len(names) {
			t.Fatalf("Java %v: %s", release, out)
		}
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			path := args[2+i]
			v := file(t, path)
			java := reads(t, v, "Java")
			for release, lines := range opened {
				if got := lines[i] == "EC"; got != javaReads(java, release) {
					t.Errorf("Java %v: %s, claimed %+v", release, lines[i], java)
				}
			}
			if name != "prf-sha3" { // which releases do is not known
				opensslReads(t, openssl, path, reads(t, v, "OpenSSL"))
			}
		})
	}
}

// openJava opens PKCS12 keystores and the key "tomcat" in each, and prints its
// algorithm, or what fails.
const openJava = `
import java.io.FileInputStream;
import java.security.KeyStore;

class Open {
    public static void main(String[] args) throws Exception {
        char[] password = args[0].toCharArray();
        for (int i = 1; i < args.length; i++) {
            try {
                KeyStore ks = KeyStore.getInstance("PKCS12");
                ks.load(new FileInputStream(args[i]), password);
                System.out.println(ks.getKey("tomcat", password).getAlgorithm());
            } catch (Exception e) {
                System.out.println((e + " " + e.getCause()).replace("\\n", " "));
            }
        }
    }
}
`

// opensslReads compares what is claimed with an OpenSSL 3.0 to 3.3.
func opensslReads(t testing.TB, openssl, path string, claim check.Reader) {
	t.Helper()
	out, plain := testtool.Try(t, openssl, "pkcs12", "-in", path, "-passin", "pass:"+password, "-passout", "pass:"+password)
	_, legacy := testtool.Try(t, openssl, "pkcs12", "-legacy", "-in", path, "-passin", "pass:"+password, "-passout", "pass:"+password)
	wantLegacy := claim.Reads && claim.Since != "3.4"
	wantPlain := wantLegacy && !strings.Contains(claim.Note, "-legacy")
	if plain != wantPlain || legacy != wantLegacy {
		t.Errorf("OpenSSL: reads %v, with -legacy %v, claimed %+v\n%s", plain, legacy, claim, out)
	}
}

// On the corpus the claims about Java are compared with what keytool 17 made of
// each file, as its manifest says.
func TestReadersOnCorpus(t *testing.T) {
	n := 0
	for _, m := range testtool.Corpus(t, corpus) {
		if m.Format != "PKCS12" {
			continue
		}
		v := check.File(t.Context(), m.Path, check.Options{Password: []byte(m.Password), Now: corpusDay})
		if v.Status == check.Unchecked || v.Password != check.PasswordGiven {
			continue
		}
		switch m.Name {
		case "gnutls__data__pbes1-no-salt.p12": // Java wants a salt
			continue
		case "gnutls__data__pkcs12_5certs.p12": // was tried with another command, for which the password is too short
			continue
		}
		n++
		java := reads(t, v, "Java")
		if got := m.Keytool == "ok"; got != javaReads(java, jdk.Release17) {
			t.Errorf("%s: keytool 17 says %q, claimed %+v", m.Name, m.Keytool, java)
		}
	}
	if n < 50 {
		t.Errorf("%d files only", n)
	}
}

// Tomcat serves the first key in Java's order; keytool lists them sorted, so
// Java itself is asked.
func TestServes(t *testing.T) {
	java := javaOf(t, testtool.Keytool(t))
	source := write(t, "FirstKey.java", []byte(`
import java.io.File;
import java.security.KeyStore;
import java.util.Collections;

class FirstKey {
    public static void main(String[] args) throws Exception {
        for (int i = 1; i < args.length; i++) {
            KeyStore ks = KeyStore.getInstance(new File(args[i]), args[0].toCharArray());
            for (String alias : Collections.list(ks.aliases())) {
                if (ks.isKeyEntry(alias)) {
                    System.out.println(alias);
                    break;
                }
            }
        }
    }
}
`))
	id := issue(t, template{})
	args := []string{source, password}
	var want []string
	for _, typ := range []store.Type{store.JKS, store.PKCS12} {
		for n := range 12 {
			s := makeStore(t, typ)
			s.cert("aaa", id)
			for i := range n + 1 {
				s.key(fmt.Sprintf("key%d", i*i*7919), id)
			}
			path := s.save()
			args = append(args, path)
			want = append(want, file(t, path).Serves)
		}
	}
	out, success := testtool.Try(t, java, args...)
	if got := strings.Fields(out); !success || !slices.Equal(got, want) {
		t.Errorf("Java's first keys are\n%s\nwant %q", out, want)
	}
}
