package tomcat

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
)

// cipherLists are lists as people write them, and some that they should not.
var cipherLists = []string{
	"ALL",
	"ALL:COMPLEMENTOFALL",
	"DEFAULT",
	"DEFAULT:!SHA1",
	"DEFAULT:-AES+nosuch:+AESGCM",
	"COMPLEMENTOFDEFAULT",
	"HIGH",
	"HIGH:!aNULL:!eNULL:!DES:!RC4:!MD5:!kRSA", // Tomcat's default
	"HIGH:!aNULL:!MD5",
	"HIGH:!aNULL:!MD5:!3DES:!CAMELLIA:!ARIA:!PSK:!SRP",
	"ECDHE:!aNULL",
	"ECDHE+AESGCM:ECDHE+CHACHA20",
	"ECDHE+AESGCM:DHE+AESGCM:ECDHE+AES:DHE+AES:RSA+AESGCM:!aNULL:!MD5:!DSS",
	"EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH",
	"EECDH+ECDSA+AESGCM:EECDH+aRSA+AESGCM:EECDH+ECDSA+SHA384:EECDH+aRSA+SHA256:EECDH:EDH+aRSA:!aNULL:!eNULL:!LOW:!EXP:!PSK:!SRP:!DSS",
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384",
	"AES128-SHA:AES256-SHA:AES128-GCM-SHA256",
	"AES:-kRSA:kRSA",
	"AES128:AES256:+AES128",
	"AESGCM:AESCCM:+ECDHE",
	"ALL:!ADH:@STRENGTH",
	"AES128:AES256:@STRENGTH",
	"AES128+ECDHE:AES256+ECDHE:@STRENGTH",
	"ALL:-SHA1:SHA1+ECDHE",
	"ALL:!SHA1:SHA1",
	"kDHE:kECDHE:kRSA",
	"DH:ADH:AECDH",
	"aRSA:aECDSA:aDSS:aNULL:aPSK",
	"ECDH+aRSA+AES256",
	"ECDSA:RSA",
	"eNULL:ALL",
	"NULL:AES128-SHA",
	"PSK:-kPSK:+RSA",
	"kRSAPSK:kDHEPSK:kECDHEPSK",
	"SRP:CAMELLIA:ARIA",
	"CAMELLIA128:CAMELLIA256:ARIAGCM",
	"SHA256:SHA384:SHA1",
	"TLSv1.2:TLSv1.0",
	"SSLv3:+TLSv1.2",
	"HIGH+AES128-SHA",
	"HIGH+kRSA+SHA256:!CAMELLIA",
	"AES128+AES256:ECDHE",
	"nonsense:ECDHE+AES:-nonsense:!nonsense",
	"HIGH,!aNULL,!PSK",
	"HIGH !aNULL !PSK",
	"+AES:AES:+CHACHA20:CHACHA20",
	"!AES:ALL",
	"ALL:-ALL:AES128-SHA256:ALL",
	"TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES256-SHA",
}

// incomparable are the suites on whose strength OpenSSL changed its mind, and
// those of GOST, which nobody has.
func incomparable(name string) bool {
	return strings.HasSuffix(name, "CCM8") || strings.HasPrefix(name, "GOST") || strings.HasPrefix(name, "IANA-GOST") || strings.HasPrefix(name, "LEGACY-GOST")
}

func TestParseCiphersLikeOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	has := make(map[string]bool)
	for _, name := range opensslCiphers(t, openssl, "ALL:COMPLEMENTOFALL") {
		has[name] = true
	}
	for _, list := range cipherLists {
		t.Run(list, func(t *testing.T) {
			got, err := ParseCiphers(list)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range got.Suites {
				if has[s.OpenSSL] && !incomparable(s.OpenSSL) {
					names = append(names, s.OpenSSL)
				}
			}
			want := slices.DeleteFunc(opensslCiphers(t, openssl, list), incomparable)
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("openssl and we differ (-openssl +ours):\n%s", diff)
			}
		})
	}
}

// opensslCiphers asks openssl what a list stands for in TLS 1.2 and below.
func opensslCiphers(t *testing.T, openssl, list string) []string {
	t.Helper()
	out := testtool.Stdout(t, testtool.Command(t, "", openssl, "ciphers", "-ciphersuites", "", list))
	return strings.Split(strings.TrimSpace(out), ":")
}

func TestSuitesLikeOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	out := testtool.Stdout(t, testtool.Command(t, "", openssl, "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL"))
	seen := 0
	for line := range strings.Lines(out) {
		f := strings.Fields(line) // 0x13,0x02 - IANA - OpenSSL version Kx= Au= Enc= Mac=
		if len(f) < 5 || incomparable(f[4]) || strings.Contains(f[4], "GOST") {
			continue
		}
		s, ok := FindSuite(f[4])
		if !ok {
			t.Errorf("%s is not in the table", f[4])
			continue
		}
		seen++
		if s.IANA() != f[2] {
			t.Errorf("%s is %s to us, and %s to openssl", s.OpenSSL, s.IANA(), f[2])
		}
		if id := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(f[0], ",", ""), "0x", "")); id != hex4(s.ID) {
			t.Errorf("%s is %04x to us, and %s to openssl", s.OpenSSL, s.ID, id)
		}
		if by, ok := FindSuite(f[2]); !ok || by != s {
			t.Errorf("%s and %s are not the same suite", f[2], f[4])
		}
	}
	if seen < 60 {
		t.Errorf("openssl printed only %d suites", seen)
	}
}

func hex4(id uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[id>>12], digits[id>>8&15], digits[id>>4&15], digits[id&15]})
}

func TestSuitesOfGo(t *testing.T) {
	for _, c := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		s, ok := FindSuite(c.Name)
		if !ok || s.ID != c.ID {
			t.Errorf("%s (%04x) of crypto/tls: found %v, %v", c.Name, c.ID, s, ok)
			continue
		}
		if !s.Supported() || s.TLS13() != (c.SupportedVersions[0] == tls.VersionTLS13) {
			t.Errorf("%s: Supported %v, TLS13 %v", s, s.Supported(), s.TLS13())
		}
	}
}

func TestFindSuite(t *testing.T) {
	for _, c := range []struct {
		name string
		id   uint16
	}{
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f},
		{"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
		{"SSL_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f}, // IBM's Java
		{"SSL_RSA_WITH_3DES_EDE_CBC_SHA", 0x000a},         // everybody's Java
		{"TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0x000a},
		{"DES-CBC3-SHA", 0x000a},
		{"SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", 0x0014},
		{"EDH-RSA-DES-CBC3-SHA", 0x0016},
		{"DHE-RSA-DES-CBC3-SHA", 0x0016},
		{"TLS_AES_128_GCM_SHA256", 0x1301},
		{"RC4-MD5", 0x0004},
		{"TLS_DH_anon_WITH_AES_128_CBC_SHA", 0x0034},
		{"ecdhe-rsa-aes128-gcm-sha256", 0},
		{"HIGH", 0},
		{"", 0},
	} {
		s, ok := FindSuite(c.name)
		if ok != (c.id != 0) || ok && s.ID != c.id {
			t.Errorf("FindSuite(%q) = %v, %v; want %04x", c.name, s, ok, c.id)
		}
	}
}

func TestSuiteNamesAreUnique(t *testing.T) {
	for i := range suites {
		s := &suites[i]
		for _, name := range []string{s.IANA(), s.OpenSSL, s.JSSE, s.alt} {
			if name == "" {
				continue
			}
			if by, ok := FindSuite(name); !ok || by != s {
				t.Errorf("%q leads to %v instead of %v", name, by, s)
			}
		}
	}
}

func TestCipherListForGo(t *testing.T) {
	for _, c := range []struct {
		list                             string
		supported, named, other, unknown string
	}{
		{list: "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256",
			supported: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			named:     "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
		{list: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA",
			supported: "TLS_RSA_WITH_AES_128_CBC_SHA",
			named:     "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
		{list: "AESGCM+RSA:AESGCM+DHE+aRSA",
			supported: "TLS_RSA_WITH_AES_256_GCM_SHA384 TLS_RSA_WITH_AES_128_GCM_SHA256",
			other:     "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
		{list: "ARIA"},
		{list: "ECDHE-ARIA128-GCM-SHA256", named: "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256"},
		{list: "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256", named: "TLS_AES_128_CCM_SHA256"},
		{list: "high:@SECLEVEL=2:-ECDHE+bogus:HIGH;MEDIUM", unknown: "high @SECLEVEL=2 -ECDHE+bogus HIGH;MEDIUM"},
	} {
		t.Run(c.list, func(t *testing.T) {
			l, err := ParseCiphers(c.list)
			if err != nil {
				t.Fatal(err)
			}
			var supported []string
			for _, id := range l.Supported() {
				supported = append(supported, tls.CipherSuiteName(id))
			}
			named, other := l.Missing()
			for _, x := range []struct{ what, got, want string }{
				{"supported", strings.Join(supported, " "), c.supported},
				{"missing by name", suiteNames(named), c.named},
				{"missing by word", suiteNames(other), c.other},
				{"unknown", strings.Join(l.Unknown, " "), c.unknown},
			} {
				if x.got != x.want {
					t.Errorf("%s: %q, want %q", x.what, x.got, x.want)
				}
			}
		})
	}
}

func suiteNames(list []*Suite) string {
	var names []string
	for _, s := range list {
		names = append(names, s.IANA())
	}
	return strings.Join(names, " ")
}

func TestParseCiphersBounds(t *testing.T) {
	if _, err := ParseCiphers(strings.Repeat("A", maxCipherList+1)); err == nil {
		t.Error("a list beyond the limit was read")
	}
	l, err := ParseCiphers("HIGH:@STRENGTH:!aNULL:-eNULL")
	if err != nil || !slices.Equal(l.AfterStrength, []string{"!aNULL", "-eNULL"}) {
		t.Errorf("AfterStrength = %q, %v", l.AfterStrength, err)
	}
}

func FuzzParseCiphers(f *testing.F) {
	for _, list := range cipherLists {
		f.Add(list)
	}
	f.Add("")
	f.Add(":::!:-:+:@:++:A+:+A+")
	f.Fuzz(func(t *testing.T, list string) {
		got, err := ParseCiphers(list)
		if err != nil {
			return
		}
		// What is selected, spelt out, selects the same in the same order.
		var names []string
		seen := make(map[*Suite]bool)
		for _, s := range got.Suites {
			if seen[s] || s.TLS13() {
				t.Fatalf("%q: %s twice, or of TLS 1.3", list, s)
			}
			seen[s] = true
			names = append(names, s.OpenSSL)
		}
		again, err := ParseCiphers(strings.Join(names, ":"))
		if err != nil || !slices.Equal(again.Suites, got.Suites) || len(again.Unknown) > 0 {
			t.Fatalf("%q: spelt out it is %v, unknown %q, %v", list, again.Suites, again.Unknown, err)
		}
		if len(got.TLS13) > 0 && !strings.Contains(list, "TLS_") && !strings.Contains(list, "SSL_") {
			t.Fatalf("%q names suites of TLS 1.3: %v", list, got.TLS13)
		}
	})
}

// TestParseCiphersLikeTomcat compares with Tomcat's own parser of the lists what
// they stand for in Java, and with Java what it offers.
func TestParseCiphersLikeTomcat(t *testing.T) {
	home := testtool.TomcatHome(t)
	testtool.Look(t, "javac") // without which java runs no source
	lists := slices.DeleteFunc(slices.Clone(cipherLists), func(list string) bool {
		return strings.Contains(list, "SSLv3") // which Tomcat does not know
	})
	classPath := filepath.Join(home, "lib", "*") + string(os.PathListSeparator) + filepath.Join(home, "bin", "tomcat-juli.jar")
	out := testtool.Stdout(t, testtool.Command(t, "", testtool.Look(t, "java"),
		append([]string{"-XX:TieredStopAtLevel=1", "-cp", classPath, filepath.Join("testdata", "Suites.java")}, lists...)...))
	lines := strings.Split(out, "\n")
	var java, ours []string
	for _, name := range strings.Fields(lines[0]) {
		if s, ok := FindSuite(name); ok && s.kx != kxRSA {
			java = append(java, s.IANA())
		}
	}
	for i := range suites {
		// Java 25 has done away with RSA key exchange.
		if s := &suites[i]; s.enabledInJava() && s.kx != kxRSA {
			ours = append(ours, s.IANA())
		}
	}
	slices.Sort(java)
	slices.Sort(ours)
	if diff := cmp.Diff(java, ours); diff != "" {
		t.Errorf("what Java offers (-Java +ours):\n%s", diff)
	}
	for i, list := range lists {
		t.Run(list, func(t *testing.T) {
			l, err := ParseCiphers(list)
			if err != nil {
				t.Fatal(err)
			}
			relevant := func(s *Suite) bool { return s.enabledInJava() && !s.TLS13() }
			var theirs, ours []string
			for _, name := range strings.Fields(lines[1+i]) {
				if s, ok := FindSuite(name); ok && relevant(s) {
					theirs = append(theirs, s.IANA())
				}
			}
			for _, s := range l.Suites {
				if relevant(s) {
					ours = append(ours, s.IANA())
				}
			}
			slices.Sort(theirs)
			slices.Sort(ours)
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("-Tomcat +ours:\n%s", diff)
			}
		})
	}
}
