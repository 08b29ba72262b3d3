package pkcs12

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// javaList runs Interop.java over files and passwords and returns what it
// prints of each file, in the form of describe, with the dates aside.
func javaList(t testing.TB, keytool, provider string, files ...string) (lines, dates map[string][]string) {
	t.Helper()
	args := append([]string{"list", provider}, files...)
	out := runInterop(t, keytool, bouncyCastle(t, provider), args...)
	lines, dates = make(map[string][]string), make(map[string][]string)
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 6 {
			lines[f[0]] = append(lines[f[0]], strings.Join(f[1:], "\t"))
			continue
		}
		if f[2] == "key" {
			f[5] = "" // its algorithm
		}
		lines[f[0]] = append(lines[f[0]], strings.Join([]string{f[1], f[2], f[4], f[5]}, "\t"))
		dates[f[0]] = append(dates[f[0]], f[3])
	}
	return lines, dates
}

// runInterop runs Interop.java with the java beside a keytool.
func runInterop(t testing.TB, keytool, classPath string, args ...string) string {
	t.Helper()
	java := filepath.Join(filepath.Dir(keytool), "java")
	return testtool.Stdout(t, testtool.Command(t, "", java, append([]string{quickStart, "-cp", classPath, "testdata/Interop.java"}, args...)...))
}

// quickStart keeps Java from compiling what runs for a second at most.
const quickStart = "-XX:TieredStopAtLevel=1"

// bouncyCastle returns the class path that a provider needs.
func bouncyCastle(t testing.TB, provider string) string {
	t.Helper()
	if provider != "BC" {
		return "."
	}
	const jar = "/usr/share/java/bcprov.jar" // where Debian has it
	if _, err := os.Stat(jar); err != nil {
		t.Skip("BouncyCastle is not installed")
	}
	return jar
}

// TestKeytool reads what keytool makes, entry by entry as Java reads it, and
// finds that a new file of ours with the same entries is the same except for
// what is random.
func TestKeytool(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	for release, keytool := range testtool.Keytools(t) {
		for _, legacy := range []bool{false, true} {
			if legacy && release != jdk.Release17 {
				continue // it takes time and is the same
			}
			t.Run(fmt.Sprintf("%v legacy %v", release, legacy), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				store := filepath.Join(dir, "store.p12")
				params := Default
				kt := func(args ...string) {
					args = append(args, "-keystore", store, "-storepass", password, "-J"+quickStart)
					if legacy {
						args = append(args, "-J-Dkeystore.pkcs12.legacy")
					}
					testtool.RunIn(t, dir, keytool, args...)
				}
				if legacy {
					params = Java8
				}
				root := writeFile(t, dir, "root.der", identities().root.chain[0].DER)
				kt("-genkeypair", "-alias", "CA", "-keyalg", "EC", "-dname", `CN=Some\, CA,O=Ünïcode`)
				kt("-genkeypair", "-alias", "Server", "-keyalg", "EC", "-dname", "CN=server", "-signer", "ca")
				kt("-importcert", "-alias", "Root", "-file", root, "-noprompt")
				kt("-genseckey", "-alias", "aes", "-keyalg", "AES", "-keysize", "128")
				data, err := os.ReadFile(store)
				if err != nil {
					t.Fatal(err)
				}
				f := decode(t, data, password)
				if !f.Verified || FileParams(f).MACAlgorithm != params.MACAlgorithm || FileParams(f).CertAlgorithm != params.CertAlgorithm ||
					FileParams(f).CertIterations != params.CertIterations || FileParams(f).MACIterations != params.MACIterations {
					t.Errorf("verified %v, %+v", f.Verified, FileParams(f))
				}
				want, dates := javaList(t, keytool, "JDK", store, password)
				if got := describe(t, f, password); !slices.Equal(got, want[store]) {
					t.Errorf("got:\n%s\nJava:\n%s", strings.Join(got, "\n"), strings.Join(want[store], "\n"))
				}
				for i, e := range f.Entries {
					if got := fmt.Sprint(e.Created.UnixMilli()); e.Kind != entry.TrustedCertificate && got != dates[store][i] {
						t.Errorf("%s: created %s, Java says %s", e.Alias, got, dates[store][i])
					}
				}
				fresh := NewFile(params)
				for _, e := range f.Entries {
					copied := *e
					copied.Origin = nil
					fresh.Entries = append(fresh.Entries, &copied)
				}
				ours := encode(t, fresh, password)
				if a, b := anonymous(t, data), anonymous(t, ours); !bytes.Equal(a, b) {
					t.Errorf("keytool wrote\n%x\nwe write\n%x", a, b)
				}
			})
		}
	}
}

// anonymous replaces what is random in a file by zeros, and what is encrypted
// by what it is.
func anonymous(t testing.TB, data []byte) []byte {
	t.Helper()
	f := decode(t, data, password)
	o := originOf(f)
	text := bytes.Clone(data)
	blank := func(b []byte) {
		if bytes.Count(text, b) != 1 {
			t.Fatalf("%x is %d times in %x", b, bytes.Count(text, b), data)
		}
		text = bytes.Replace(text, b, make([]byte, len(b)), 1)
	}
	var plain []byte
	for _, s := range o.safes {
		if s.scheme == nil {
			continue
		}
		blank(s.ciphertext)
		algorithm := s.scheme.Algorithm()
		blank(algorithm) // its length counts
		for i := range s.bags {
			plain = append(plain, s.bags[i].raw...)
		}
	}
	// The MAC: digest and salt stand before the iteration count, at the end.
	tail := 4
	if FileParams(f).MACIterations >= 1<<15 {
		tail = 5
	}
	digest := 32
	if FileParams(f).MACAlgorithm == macSHA1 {
		digest = 20
	}
	clear(text[len(text)-tail-20 : len(text)-tail])
	clear(text[len(text)-tail-22-digest : len(text)-tail-22])
	return append(text, plain...)
}

// TestJavaReadsUs: Java and BouncyCastle read what we write as we do, in every
// profile, new and changed.
func TestJavaReadsUs(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	dir := t.TempDir()
	var args []string
	want := make(map[string][]string)
	add := func(name string, f *entry.File) {
		data := encode(t, f, password)
		path := writeFile(t, dir, name, data)
		args = append(args, path, password)
		want[path] = describe(t, decode(t, data, password), password)
	}
	for _, profile := range []string{"default", "java8", "legacy", "openssl3", "passwordless"} {
		p, _ := Profile(profile)
		add(profile, sample(t, p))
		// Changed once more: one goes, one is renamed, one comes.
		f := decode(t, encode(t, sample(t, p), password), password)
		f.Entries = slices.Delete(f.Entries, 0, 1)
		renamed := *find(t, f, "server 2")
		renamed.Alias = "renamed"
		f.Entries[slices.Index(f.Entries, find(t, f, "server 2"))] = &renamed
		f.Entries = append(f.Entries, keyEntry(t, f, "new", identities().server), certEntry("ca", identities().ca))
		add(profile+" changed", f)
	}
	// Keys first, then certificates, is how all of these are laid out.
	byKind := func(lines []string) []string {
		lines = slices.Clone(lines)
		slices.SortStableFunc(lines, func(a, b string) int {
			cert := func(s string) int { return strings.Count(s, "\tcert\t") }
			return cert(a) - cert(b)
		})
		return lines
	}
	for release, keytool := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			got, _ := javaList(t, keytool, "JDK", args...)
			for path, lines := range want {
				if !slices.Equal(got[path], byKind(lines)) {
					t.Errorf("%s: Java reads\n%s\nwe\n%s", filepath.Base(path), strings.Join(got[path], "\n"), strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// TestJavaReadsCorpus: of real files we see what Java sees, chain by chain.
func TestJavaReadsCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	var args []string
	want := make(map[string][]string)
	for _, c := range corpus(t) {
		if c.Keytool != "ok" {
			continue
		}
		path := c.Path
		args = append(args, path, c.Password)
		f := decode(t, c.Read(t), c.Password)
		f.Entries = slices.DeleteFunc(f.Entries, HiddenFromJava)
		want[path] = describe(t, f, c.Password)
	}
	for release, keytool := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			got, _ := javaList(t, keytool, "JDK", args...)
			for path, lines := range want {
				if !slices.Equal(got[path], lines) {
					t.Errorf("%s: Java reads\n%s\nwe\n%s", filepath.Base(path), strings.Join(got[path], "\n"), strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// TestJavaPasswords: since JDK 25 passwords need not be ASCII. In PBES1 it has
// a way of its own with them.
func TestJavaPasswords(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	keytool, ok := testtool.Keytools(t)[jdk.Release25]
	if !ok {
		t.Log("JDK 25 is not installed")
		return
	}
	const pass = "pässwörd密\U0001F511"
	for _, legacy := range []string{"-J-Da=b", "-J-Dkeystore.pkcs12.legacy"} {
		t.Run(legacy, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			testtool.Run(t, keytool, "-J"+quickStart, legacy, "-genkeypair", "-alias", "key", "-keyalg", "EC", "-dname", "CN=a", "-keystore", path, "-storepass", pass)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := listing(decode(t, data, pass)); got != "key key 1" {
				t.Errorf("got %s", got)
			}
			describe(t, decode(t, data, pass), pass)
		})
	}
	ids := identities()
	f := NewFile(Default)
	sealed, err := Seal(ids.server.key, []byte(pass), f)
	if err != nil {
		t.Fatal(err)
	}
	f.Entries = []*entry.Entry{{Alias: "key", Kind: entry.PrivateKey, Created: created, Sealed: sealed, Chain: ids.server.chain}}
	path := writeFile(t, t.TempDir(), "ours", encode(t, f, pass))
	if got, _ := javaList(t, keytool, "JDK", path, pass); !slices.Equal(got[path], describe(t, f, pass)) {
		t.Errorf("Java reads %q", got[path])
	}
}

func TestBouncyCastle(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	jar := bouncyCastle(t, "BC")
	keytool := testtool.Keytool(t)
	dir := t.TempDir()
	ids := identities()
	files := []string{writeFile(t, dir, "key", ids.server.key.PKCS8)}
	for i, c := range ids.server.chain {
		files = append(files, writeFile(t, dir, fmt.Sprint("cert", i), c.DER))
	}
	files = append(files, writeFile(t, dir, "trusted", ids.lone.chain[0].DER))
	for _, storeType := range []string{"PKCS12", "PKCS12-3DES-3DES"} {
		t.Run("writes "+storeType, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			const password = "pässword"
			runInterop(t, keytool, jar, append([]string{"write", storeType, path, password}, files...)...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := decode(t, data, password)
			if !f.Verified {
				t.Error("not verified")
			}
			if der, _, err := ber.ToDER(data, 20); err != nil || bytes.Equal(der, data) {
				t.Errorf("BouncyCastle wrote DER (%v)", err)
			}
			if got := aliases(f); !slices.Equal(got, []string{"the key", "trusted"}) || len(f.Entries[0].Chain) != 3 {
				t.Fatalf("got %q with %d certificates", got, len(f.Entries[0].Chain))
			}
			if k, err := Unseal(f.Entries[0], []byte(password), entry.Limits{}); err != nil || !sameKey(k.PKCS8, ids.server.ec) {
				t.Errorf("another key (%v)", err)
			}
			if !bytes.Equal(f.Entries[1].Chain[0].DER, ids.lone.chain[0].DER) {
				t.Error("another trusted certificate")
			}
			out := encode(t, f, password)
			if got := describe(t, decode(t, out, password), password); !slices.Equal(got, describe(t, f, password)) {
				t.Errorf("saved and opened again: %q", got)
			}
		})
	}
	t.Run("reads", func(t *testing.T) {
		f := NewFile(Legacy)
		f.Entries = []*entry.Entry{keyEntry(t, f, "server", ids.server), certEntry("lone", ids.lone)}
		path := writeFile(t, dir, "ours", encode(t, f, password))
		got, _ := javaList(t, keytool, "BC", path, password)
		// BouncyCastle lists the issuers in the chain as well.
		for _, want := range describe(t, f, password) {
			if !slices.Contains(got[path], want) {
				t.Errorf("BouncyCastle reads\n%s\nand not\n%s", strings.Join(got[path], "\n"), want)
			}
		}
	})
}

// sameKey says whether a PKCS #8 holds a key, in whatever encoding.
func sameKey(pkcs8 []byte, key *ecdsa.PrivateKey) bool {
	got, err := x509.ParsePKCS8PrivateKey(pkcs8)
	return err == nil && key.Equal(got)
}

func TestOpenSSLWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	ids := identities()
	key := writeFile(t, dir, "key.pem", pemBlock("PRIVATE KEY", ids.server.key.PKCS8))
	leaf := writeFile(t, dir, "leaf.pem", pemBlock("CERTIFICATE", ids.server.chain[0].DER))
	issuers := writeFile(t, dir, "issuers.pem", append(pemBlock("CERTIFICATE", ids.ca.chain[0].DER), pemBlock("CERTIFICATE", ids.root.chain[0].DER)...))
	for _, test := range []struct {
		name, password string
		args           []string
		want           Params // algorithms; empty: not looked at
	}{
		{name: "default", want: Params{CertAlgorithm: aes256, MACAlgorithm: macSHA256}},
		{name: "legacy", args: []string{"-legacy"}, want: Params{CertAlgorithm: rc2, MACAlgorithm: macSHA1}},
		{name: "legacy, descert", args: []string{"-legacy", "-descert"}, want: Params{CertAlgorithm: desede, MACAlgorithm: macSHA1}},
		{name: "RC4-40", args: []string{"-legacy", "-certpbe", "PBE-SHA1-RC4-40", "-keypbe", "PBE-SHA1-RC4-128"}, want: Params{CertAlgorithm: "PBEWithSHA1AndRC4_40"}},
		{name: "RC2-128", args: []string{"-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES"}, want: Params{CertAlgorithm: "PBEWithSHA1AndRC2_128"}},
		{name: "MD5 and DES", args: []string{"-legacy", "-certpbe", "PBE-MD5-DES", "-keypbe", "PBE-SHA1-DES"}, want: Params{CertAlgorithm: "PBEWithMD5AndDES"}},
		{name: "PKCS5 RC2", args: []string{"-legacy", "-certpbe", "PBE-SHA1-RC2-64", "-keypbe", "PBE-MD5-RC2-64"}, want: Params{CertAlgorithm: "PBEWithSHA1AndRC2"}},
		{name: "AES-128 and AES-192", args: []string{"-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC"}, want: Params{CertAlgorithm: "PBEWithHmacSHA256AndAES_128"}},
		{name: "PBES2 with Triple-DES and RC2", args: []string{"-legacy", "-certpbe", "DES-EDE3-CBC", "-keypbe", "RC2-CBC"}, want: Params{CertAlgorithm: "PBEWithHmacSHA256AndDESede"}},
		{name: "PBES2 with RC2-40 and DES", args: []string{"-legacy", "-certpbe", "RC2-40-CBC", "-keypbe", "DES-CBC"}, want: Params{CertAlgorithm: "PBEWithHmacSHA256AndRC2_40"}},
		{name: "keys in clear", args: []string{"-keypbe", "NONE"}},
		{name: "certificates in clear", args: []string{"-certpbe", "NONE"}, want: Params{CertAlgorithm: None}},
		{name: "no MAC", args: []string{"-nomac"}, want: Params{MACAlgorithm: None}},
		{name: "nothing protected", args: []string{"-nomac", "-keypbe", "NONE", "-certpbe", "NONE"}, want: Params{CertAlgorithm: None, MACAlgorithm: None}},
		{name: "MAC of SHA-224", args: []string{"-macalg", "sha224"}, want: Params{MACAlgorithm: "HmacPBESHA224"}},
		{name: "MAC of SHA-512", args: []string{"-macalg", "sha512"}, want: Params{MACAlgorithm: "HmacPBESHA512"}},
		{name: "MAC of SHA-512/256", args: []string{"-macalg", "sha512-256"}, want: Params{MACAlgorithm: "HmacPBESHA512/256"}},
		{name: "MAC of SHA3-256", args: []string{"-macalg", "sha3-256"}, want: Params{MACAlgorithm: "HmacPBESHA3-256"}},
		{name: "no iterations", args: []string{"-noiter", "-nomaciter"}},
		{name: "empty password", password: "-"},
		{name: "empty password, legacy", password: "-", args: []string{"-legacy"}},
		{name: "Latin-1 password", password: "pässwörd"},
		{name: "Chinese password", password: "密碼密碼", args: []string{"-legacy"}},
		{name: "emoji password", password: "\U0001F511\U0001F512"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pass := test.password
			switch pass {
			case "":
				pass = password
			case "-":
				pass = ""
			}
			path := filepath.Join(t.TempDir(), "store.p12")
			testtool.RunIn(t, dir, openssl, append([]string{"pkcs12", "-export", "-inkey", key, "-in", leaf, "-certfile", issuers,
				"-name", "My Key", "-out", path, "-passout", "pass:" + pass}, test.args...)...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := decode(t, data, pass)
			if len(f.Entries) != 1 || f.Entries[0].Alias != "My Key" || len(f.Entries[0].Chain) != 3 {
				t.Fatalf("got %q", describe(t, f, pass))
			}
			if k, err := Unseal(f.Entries[0], []byte(pass), entry.Limits{}); err != nil || !sameKey(k.PKCS8, ids.server.ec) {
				t.Errorf("another key (%v)", err)
			}
			if got := FileParams(f); test.want.CertAlgorithm != "" && got.CertAlgorithm != test.want.CertAlgorithm ||
				test.want.MACAlgorithm != "" && got.MACAlgorithm != test.want.MACAlgorithm {
				t.Errorf("got %+v", got)
			}
			// Changed and written again, it is still OpenSSL's to read.
			f.Entries = append(f.Entries, certEntry("lone", ids.lone))
			out := writeFile(t, t.TempDir(), "out.p12", encode(t, f, pass))
			want := append(slices.Clone(ids.server.chain), ids.lone.chain[0])
			opensslReads(t, openssl, out, pass, []*identity{ids.server}, want)
		})
	}
}

func TestOpenSSLReads(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs many times")
	}
	openssl := testtool.Look(t, "openssl")
	ids := identities()
	for _, profile := range []string{"default", "java8", "legacy", "openssl3", "passwordless"} {
		for _, pass := range []string{password, "", "pässwörd", "密碼", "\U0001F511"} {
			t.Run(profile+" "+pass, func(t *testing.T) {
				p, _ := Profile(profile)
				f := NewFile(p)
				for _, id := range []*identity{ids.server, ids.lone} {
					sealed, err := Seal(id.key, []byte(pass), f)
					if err != nil {
						t.Fatal(err)
					}
					f.Entries = append(f.Entries, &entry.Entry{Alias: id.leaf.Subject.CommonName, Kind: entry.PrivateKey, Created: created, Sealed: sealed, Chain: id.chain})
				}
				path := writeFile(t, t.TempDir(), "store.p12", encode(t, f, pass))
				opensslReads(t, openssl, path, pass, []*identity{ids.server, ids.lone}, append(slices.Clone(ids.server.chain), ids.lone.chain...))
			})
		}
	}
}

// opensslReads demands that OpenSSL finds exactly these keys and certificates.
func opensslReads(t testing.TB, openssl, path, pass string, keys []*identity, certs []entry.Certificate) {
	t.Helper()
	out := testtool.Stdout(t, testtool.Command(t, "", openssl, "pkcs12", "-legacy", "-in", path, "-passin", "pass:"+pass, "-nodes"))
	var got [][]byte
	found := 0
	for block := range pemBlocks(out) {
		if block.Type == "CERTIFICATE" {
			got = append(got, block.Bytes)
			continue
		}
		if !slices.ContainsFunc(keys, func(id *identity) bool { return sameKey(block.Bytes, id.ec) }) {
			t.Error("OpenSSL reads another key")
		}
		found++
	}
	if found != len(keys) {
		t.Errorf("OpenSSL reads %d keys, want %d", found, len(keys))
	}
	var want [][]byte
	for _, c := range certs {
		want = append(want, c.DER)
	}
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("OpenSSL reads %d certificates, or others than the %d", len(got), len(want))
	}
}

// A truststore of OpenSSL's has no trust marks: nothing is listed.
func TestOpenSSLTruststore(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	ids := identities()
	certs := writeFile(t, dir, "certs.pem", append(pemBlock("CERTIFICATE", ids.ca.chain[0].DER), pemBlock("CERTIFICATE", ids.lone.chain[0].DER)...))
	path := filepath.Join(dir, "trust.p12")
	testtool.RunIn(t, dir, openssl, "pkcs12", "-export", "-nokeys", "-in", certs, "-out", path, "-passout", "pass:"+password)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := decode(t, data, password)
	if len(f.Entries) != 0 || len(Untrusted(f)) != 2 {
		t.Fatalf("%d entries, %d untrusted", len(f.Entries), len(Untrusted(f)))
	}
	f.Entries = append(f.Entries, certEntry("root", ids.root))
	again := decode(t, encode(t, f, password), password)
	if len(again.Entries) != 1 || len(Untrusted(again)) != 2 {
		t.Errorf("after adding one: %d entries, %d untrusted", len(again.Entries), len(Untrusted(again)))
	}
}

// TestGoPKCS12 has the other Go library read what we write, and reads what it
// writes.
func TestGoPKCS12(t *testing.T) {
	ids := identities()
	for name, p := range map[string]Params{"Default": Default, "Java8": Java8, "Legacy": Legacy, "OpenSSL3": OpenSSL3, "Java26": Java26, "Passwordless": Passwordless} {
		t.Run("reads "+name, func(t *testing.T) {
			password := password
			if p.MACAlgorithm == None {
				password = ""
			}
			f := NewFile(p)
			sealed, err := Seal(ids.server.key, []byte(password), f)
			if err != nil {
				t.Fatal(err)
			}
			f.Entries = []*entry.Entry{{Alias: "server", Kind: entry.PrivateKey, Sealed: sealed, Chain: ids.server.chain}}
			key, leaf, issuers, err := gopkcs12.DecodeChain(encode(t, f, password), password)
			if err != nil {
				t.Fatal(err)
			}
			if !ids.server.ec.Equal(key) || !leaf.Equal(ids.server.leaf) || len(issuers) != 2 {
				t.Errorf("reads something else, and %d issuers", len(issuers))
			}
			trust := NewFile(p)
			trust.Entries = []*entry.Entry{certEntry("root", ids.root), certEntry("lone", ids.lone)}
			certs, err := gopkcs12.DecodeTrustStore(encode(t, trust, password), password)
			if err != nil || len(certs) != 2 {
				t.Errorf("reads %d trusted certificates (%v)", len(certs), err)
			}
		})
	}
	presets := map[string]*gopkcs12.Encoder{
		"LegacyRC2": gopkcs12.LegacyRC2, "LegacyDES": gopkcs12.LegacyDES, "Passwordless": gopkcs12.Passwordless,
		"Modern2023": gopkcs12.Modern2023, "Modern2026": gopkcs12.Modern2026,
	}
	for name, preset := range presets {
		t.Run("writes "+name, func(t *testing.T) {
			pass := password
			if name == "Passwordless" {
				pass = ""
			}
			data, err := preset.WithRand(rand.Reader).Encode(ids.server.ec, ids.server.leaf, []*x509.Certificate{ids.ca.leaf, ids.root.leaf}, pass)
			if err != nil {
				t.Fatal(err)
			}
			f := decode(t, data, pass)
			if len(f.Entries) != 1 || len(f.Entries[0].Chain) != 3 {
				t.Fatalf("got %q", describe(t, f, pass))
			}
			if k, err := Unseal(f.Entries[0], []byte(pass), entry.Limits{}); err != nil || !sameKey(k.PKCS8, ids.server.ec) {
				t.Errorf("another key (%v)", err)
			}
			data, err = preset.EncodeTrustStore([]*x509.Certificate{ids.root.leaf, ids.lone.leaf}, pass)
			if err != nil {
				t.Fatal(err)
			}
			f = decode(t, data, pass)
			if len(f.Entries) != 2 || f.Entries[1].Kind != entry.TrustedCertificate || !bytes.Equal(f.Entries[1].Chain[0].DER, ids.lone.chain[0].DER) {
				t.Errorf("truststore: got %q", describe(t, f, pass))
			}
		})
	}
}

func pemBlock(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func pemBlocks(text string) iter.Seq[*pem.Block] {
	return func(yield func(*pem.Block) bool) {
		rest := []byte(text)
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil || !yield(block) {
				return
			}
		}
	}
}
