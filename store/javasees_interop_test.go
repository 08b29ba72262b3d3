package store

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/pkcs12"
)

// sight is what there is to see in a keystore, each entry as a line: alias,
// kind, whether the keystore's password opens the key, chain.
type sight struct {
	entries []string
	trusted []string
	refused string // why it does not open
	notes   []string
	known   []string // all certificates that list or check tell of
}

func seenByJava(java *testtool.Java, typ Type, data []byte, password string) (s sight) {
	contents, exceptions := java.Contents(string(typ), data, password)
	if exceptions != nil {
		return sight{refused: strings.Join(exceptions, " <- ")}
	}
	for _, e := range contents.Entries {
		key := e.Key
		switch {
		case e.Kind == "key" && strings.HasPrefix(key, "ok "):
			key = "ok"
		case e.Key != "" && !strings.HasPrefix(key, "ok "):
			s.notes, key = append(s.notes, e.Alias+": "+e.Key), "no"
		}
		s.entries = append(s.entries, fmt.Sprintf("%s\t%s\t%s\t%s", e.Alias, e.Kind, key, strings.Join(e.Chain, " ")))
	}
	s.trusted = contents.Trusted
	return s
}

// onlyInJava are the kinds of private keys that Java knows and crypto/x509 does
// not: DSA and Ed448.
var onlyInJava = []string{"1.2.840.10040.4.1", "1.3.101.113"}

func seenByUs(typ Type, data []byte, password string) (s sight) {
	opened, err := Decode("x", bytes.Clone(data), Options{Password: []byte(password), Type: typ})
	if err != nil {
		return sight{refused: err.Error()}
	}
	for _, e := range opened.Entries() {
		for _, c := range e.Chain {
			if !strings.EqualFold(c.Type, "X.509") && !strings.EqualFold(c.Type, "X509") {
				s.refused = "a certificate of a type that Java does not know" // check tells
			}
			s.known = append(s.known, digestOf(c))
		}
	}
	for _, c := range opened.Untrusted() {
		s.known = append(s.known, digestOf(c))
	}
	for _, e := range opened.JavaOrder() {
		if pkcs12.HiddenFromJava(e) {
			continue
		}
		kind, key := "trusted", ""
		if e.Kind != entry.TrustedCertificate {
			kind, key = "key", "no"
			opens, err := opened.KeyOf(e, []byte(password))
			if err == nil && e.Kind == entry.PrivateKey {
				_, err = x509.ParsePKCS8PrivateKey(opens.PKCS8)
				if err != nil && slices.ContainsFunc(onlyInJava, func(oid string) bool { return strings.HasSuffix(err.Error(), "unknown algorithm: "+oid) }) {
					err = nil
				}
			}
			if err == nil {
				key = "ok"
			} else {
				s.notes = append(s.notes, err.Error())
			}
			if e.Kind == entry.SecretKey {
				if kind = "secret"; err == nil {
					key = "ok " + opens.Algorithm + " " + hex.EncodeToString(opens.Raw)
				}
			}
		}
		var chain []string
		for i, c := range e.Chain {
			chain = append(chain, digestOf(c))
			if i == 0 {
				s.trusted = append(s.trusted, digestOf(c))
			}
		}
		s.entries = append(s.entries, fmt.Sprintf("%s\t%s\t%s\t%s", opened.JavaAlias(e), kind, key, strings.Join(chain, " ")))
	}
	slices.Sort(s.trusted)
	s.trusted = slices.Compact(s.trusted)
	if opened.Type() == PKCS12 {
		s.refused = opened.Refused()
	}
	return s
}

// digestOf is the SHA-256 of a certificate without what is behind it.
func digestOf(c entry.Certificate) string {
	der, _, err := ber.ToDER(c.DER, 100)
	if err != nil {
		der = c.DER
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// differs says how what we see differs from what Java sees.
func differs(java, ours sight) string {
	switch {
	case java.refused != "" && ours.refused != "":
		return ""
	case java.refused != "":
		return "Java refuses it: " + java.refused
	case ours.refused != "":
		return "we refuse it: " + ours.refused
	case !slices.Equal(java.entries, ours.entries):
		return fmt.Sprintf("Java sees\n  %s\nwe see\n  %s\n%q, %q", strings.Join(java.entries, "\n  "), strings.Join(ours.entries, "\n  "), java.notes, ours.notes)
	case !slices.Equal(java.trusted, ours.trusted):
		return fmt.Sprintf("Java trusts %q, we say %q", java.trusted, ours.trusted)
	}
	return ""
}

// fromEnvironment reads a number from the environment.
func fromEnvironment(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What Java sees in a PKCS12 file is what we see, however odd the file: the
// entries, in their order, their kinds and chains, which keys the password
// opens, whom a TrustManager trusts. JAVA_SEES_FILES is how many files are
// tried, JAVA_SEES_SEED where they begin; JAVA_SEES_KEEP is a directory that
// they are kept in.
func TestJavaSees(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	files := fromEnvironment(t, "JAVA_SEES_FILES", 300)
	seed := fromEnvironment(t, "JAVA_SEES_SEED", 1)
	made := newMaterial(t)
	java17, java25 := testtool.StartJava(t, jdk.Release17), testtool.StartJava(t, jdk.Release25)
	var opened, entries, refused, lost, faults int
	for i := range files {
		m := &maker{Rand: mathrand.New(mathrand.NewPCG(uint64(seed), uint64(i))), material: made}
		data := m.file()
		if dir := os.Getenv("JAVA_SEES_KEEP"); dir != "" {
			must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d-%d.p12", seed, i)), data, 0o600))
		}
		ours := seenByUs(PKCS12, data, filePassword)
		by25 := seenByJava(java25, PKCS12, data, filePassword)
		for _, java := range []*testtool.Java{java25, java17} {
			theirs := by25
			if java == java17 {
				theirs = seenByJava(java, PKCS12, data, filePassword)
			}
			diff := differs(theirs, ours)
			switch {
			case java == java17 && diff != "" && differs(by25, theirs) != "":
				// Java 17 loses what stands behind an element of indefinite length,
				// and looks at fewer parameters. Whom it trusts we tell of.
				lost++
				for _, certificate := range theirs.trusted {
					if !slices.Contains(ours.known, certificate) {
						t.Errorf("file %d: Java 17 trusts %s, which we don't know\n%s", i, certificate, base64.StdEncoding.EncodeToString(data))
					}
				}
			case diff != "":
				t.Errorf("file %d, Java %d: %s\n%s", i, java.Release, diff, base64.StdEncoding.EncodeToString(data))
				if faults++; faults == 20 {
					t.Fatal("and perhaps more")
				}
			case theirs.refused != "":
				refused++
			default:
				opened++
				entries += len(theirs.entries)
			}
		}
	}
	t.Logf("%d files, 17 and 25: opened %d times with %d entries, refused %d times, read otherwise by 17 %d times", files, opened, entries, refused, lost)
	if opened < files || entries < files || lost > files/20 {
		t.Errorf("of %d files each Java opened %d only, with %d entries, and 17 read %d otherwise", files, opened/2, entries/2, lost)
	}
}

// What Java lists can be deleted by the name that Java gives it, and Java lists
// the rest as before: a private key perhaps with a longer chain, as Java knows
// only which certificate is its own. What nobody lists stays in the file.
func TestJavaSeesDeleted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	files := fromEnvironment(t, "JAVA_SEES_FILES", 300) / 3
	seed := fromEnvironment(t, "JAVA_SEES_SEED", 1)
	made := newMaterial(t)
	java := testtool.StartJava(t, jdk.Release25)
	tried, ambiguous := 0, 0
	for i := range files {
		m := &maker{Rand: mathrand.New(mathrand.NewPCG(uint64(seed), uint64(1_000_000+i))), material: made}
		data := m.file()
		before, exceptions := java.Contents(string(PKCS12), data, filePassword)
		if exceptions != nil || len(before.Entries) == 0 {
			continue
		}
		gone := before.Entries[m.IntN(len(before.Entries))].Alias
		fail := func(format string, args ...any) {
			t.Errorf("file %d, without %q: %s\n%s", i, gone, fmt.Sprintf(format, args...), base64.StdEncoding.EncodeToString(data))
		}
		s, err := Decode("x", bytes.Clone(data), Options{Password: []byte(filePassword)})
		if err != nil {
			fail("%v", err)
			continue
		}
		passed := s.Passed()
		if err := s.Delete(gone); err != nil {
			fail("%v", err)
			continue
		}
		written, err := s.Bytes([]byte(filePassword))
		if of, ok := errors.AsType[*AmbiguousAliasError](err); ok && of.Alias != gone {
			ambiguous++
			continue
		}
		if err != nil {
			fail("%v", err)
			continue
		}
		after, exceptions := java.Contents(string(PKCS12), written, filePassword)
		if exceptions != nil {
			fail("Java refuses it: %q", exceptions)
			continue
		}
		// Keys that Java did not list may be listed now.
		for _, e := range before.Entries {
			at := slices.IndexFunc(after.Entries, func(now testtool.JavaContent) bool { return now.Alias == e.Alias })
			if e.Alias == gone {
				if at >= 0 {
					fail("it is still there: %v", after.Entries[at])
				}
				continue
			}
			if at < 0 {
				fail("%q is gone too", e.Alias)
				continue
			}
			now := after.Entries[at]
			if now.Kind != e.Kind || strings.HasPrefix(e.Key, "ok ") && now.Key != e.Key || !slices.Equal(now.Chain[:min(len(now.Chain), 1)], e.Chain[:min(len(e.Chain), 1)]) {
				fail("%v became %v", e, now)
			}
		}
		for _, certificate := range after.Trusted {
			ofNewKey := slices.ContainsFunc(after.Entries, func(now testtool.JavaContent) bool {
				was := slices.ContainsFunc(before.Entries, func(e testtool.JavaContent) bool { return e.Alias == now.Alias })
				return !was && now.Kind == "key" && len(now.Chain) > 0 && now.Chain[0] == certificate
			})
			if !slices.Contains(before.Trusted, certificate) && !ofNewKey {
				fail("%s is trusted now", certificate)
			}
		}
		again, err := Decode("x", written, Options{Password: []byte(filePassword)})
		if err != nil {
			fail("%v", err)
			continue
		}
		left := again.Passed()
		for _, list := range [][]pkcs12.Hidden{passed, left} { // parts may have changed places
			slices.SortFunc(list, func(a, b pkcs12.Hidden) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		if fmt.Sprint(passed) != fmt.Sprint(left) {
			fail("of %v that Java passes over there is %v left", passed, left)
		}
		tried++
	}
	t.Logf("%d of %d files, and %d refused because of another alias that several entries have", tried, files, ambiguous)
	if tried < files/4 || ambiguous > files/50 {
		t.Errorf("only %d of %d files", tried, files)
	}
}

// seenOtherwise is what Java says of files that it does not open, but we do: for
// their algorithms, which check tells.
var seenOtherwise = []string{
	"expecting the object identifier for AES cipher",
	"Password is not ASCII",
	"Algorithm HmacPBE1.2.840.113549.1.5.14 not available",
	"java.io.IOException: Invalid secret key format", // JCEKS: of a class that Java does not know
}

// tooSlow says whether a file has many rounds of derivation.
func tooSlow(typ Type, data []byte) bool {
	if typ != PKCS12 {
		return typ == JCEKS
	}
	f, err := pkcs12.Decode(data, nil, entry.Limits{})
	if err != nil {
		return false
	}
	p := pkcs12.FileParams(f)
	return p.CertIterations+p.KeyIterations+p.MACIterations > 20_000
}

// The same of the files that programs made, and of those that were made to show
// what Java does not; those that take long, with JAVA_SEES_FILES only.
func TestJavaSeesCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	type file struct {
		path, password string
		typ            Type
	}
	var files []file
	for _, m := range testtool.Corpus(t, corpus) {
		// Java calls a private key without certificates in JKS a secret one.
		if typ := Type(m.Format); (typ == PKCS12 || typ == JKS || typ == JCEKS) && m.Name != "keystore-go__testdata__keystore.jks" {
			files = append(files, file{m.Path, m.Password, typ})
		}
	}
	for pattern, typ := range map[string]Type{"testdata/odd/*.p12": PKCS12, "jks/testdata/*.jks": JKS, "jceks/testdata/*.jceks": JCEKS} {
		paths, err := filepath.Glob(pattern)
		must(t, err)
		for _, path := range paths {
			if filepath.Base(path) == "keystore-go__testdata__keystore.jks" {
				continue
			}
			files = append(files, file{path, filePassword, typ})
		}
	}
	if len(files) < 130 {
		t.Fatalf("%d files only", len(files))
	}
	java17, java25 := testtool.StartJava(t, jdk.Release17), testtool.StartJava(t, jdk.Release25)
	opened := 0
	for _, f := range files {
		data, err := os.ReadFile(f.path)
		must(t, err)
		if os.Getenv("JAVA_SEES_FILES") == "" && tooSlow(f.typ, data) {
			continue
		}
		ours := seenByUs(f.typ, data, f.password)
		for _, java := range []*testtool.Java{java17, java25} {
			theirs := seenByJava(java, f.typ, data, f.password)
			if theirs.refused == "" {
				opened++
			}
			diff := differs(theirs, ours)
			known := slices.ContainsFunc(seenOtherwise, func(reason string) bool { return strings.Contains(theirs.refused, reason) })
			if diff != "" && !known {
				t.Errorf("%s, Java %d: %s", f.path, java.Release, diff)
			}
		}
	}
	t.Logf("%d files, opened by Java %d times", len(files), opened)
}
