//go:debug rsa1024min=0

package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/jsontime"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// findings are a verdict's, in short: "error expired <tomcat>".
func findings(v check.Verdict) []string {
	list := []string{}
	for _, f := range v.Findings {
		list = append(list, fmt.Sprintf("%s %s <%s>", f.Severity, f.ID, f.Alias))
	}
	return list
}

// TestFindings makes a file for each kind of finding, and demands that it is
// found and nothing else is.
func TestFindings(t *testing.T) {
	// What every JKS and PKCS12 file made here has to hear.
	const (
		old    = "warning old-format <>"
		modern = "info modern-encryption <>"
		takes  = "info java-truststore <>" // of truststores
	)
	root := newCA(t, "CN=Root")
	middle := issue(t, template{name: "CN=Middle", ext: []string{"bc:c", "ku=keyCertSign"}, issuer: root, ends: 2000 * day})
	leaf := issue(t, template{issuer: middle})
	good := issue(t, template{})
	tests := map[string]struct {
		file    func(t *testing.T) string
		options check.Options
		status  check.Status
		want    []string
		text    string // somewhere in a finding's text
		remedy  string // somewhere in a remedy
	}{
		"healthy": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).key("tomcat", leaf, middle, root).save() },
			status: check.Healthy, want: []string{modern},
		},
		"healthy trust store": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).cert("root", root).save() },
			status: check.Healthy, want: []string{takes, modern},
		},
		"JKS": {
			file:   func(t *testing.T) string { return makeStore(t, store.JKS).key("tomcat", good).save() },
			status: check.Healthy, want: []string{old}, remedy: "gokeytool migrate ",
		},
		"JKS, strictly": {
			file:    func(t *testing.T) string { return makeStore(t, store.JKS).key("tomcat", good).save() },
			options: check.Options{Strict: true},
			status:  check.Faulty, want: []string{old},
		},
		"JCEKS": {
			file:   func(t *testing.T) string { return makeStore(t, store.JCEKS).key("tomcat", good).save() },
			status: check.Healthy, want: []string{old},
		},
		"JKS trust store": {
			file:   func(t *testing.T) string { return makeStore(t, store.JKS).cert("root", root).save() },
			status: check.Healthy, want: []string{"info old-format <>"},
		},
		"expired": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{from: -100 * day, ends: -3 * day})).save()
			},
			status: check.Faulty, want: []string{"error expired <tomcat>", modern},
			text: "expired on 2026-08-29 12:00 UTC, 3 days ago", remedy: "gokeytool renew -alias tomcat",
		},
		"expired issuer": {
			file: func(t *testing.T) string {
				old := issue(t, template{name: "CN=Old", ext: []string{"bc:c"}, from: -100 * day, ends: -day})
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{issuer: old}), old).save()
			},
			status: check.Faulty, want: []string{"error expired <tomcat>", modern},
			text: "certificate 2 of 2, CN=Old,", remedy: "importcert -alias tomcat -keystore",
		},
		"expired trusted certificate": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).cert("ca", issue(t, template{from: -100 * day, ends: -3 * day})).save()
			},
			status: check.Healthy, want: []string{"warning expired <ca>", takes, modern}, remedy: "delete -backup -alias ca",
		},
		"expires soon": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ends: 10 * day})).save()
			},
			status: check.Healthy, want: []string{"warning expires-soon <tomcat>", modern}, text: "in 10 days", remedy: "renew -alias tomcat",
		},
		"expires within": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", good).cert("ca", issue(t, template{ends: 50 * day})).save()
			},
			options: check.Options{Within: 60 * day},
			status:  check.Faulty, want: []string{"error expires-soon <ca>", modern},
		},
		"expires, but not within": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ends: 10 * day})).save()
			},
			options: check.Options{Within: 9 * day},
			status:  check.Healthy, want: []string{modern},
		},
		"not yet valid": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{from: 2 * day})).save()
			},
			status: check.Faulty, want: []string{"error not-yet-valid <tomcat>", modern},
		},
		"long life": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ends: 900 * day})).save()
			},
			status: check.Healthy, want: []string{"info long-life <tomcat>", modern},
		},
		"key of another certificate": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", &identity{key: root.key, der: good.der}).save()
			},
			status: check.Faulty, want: []string{"error key-mismatch <tomcat>", modern},
		},
		"DSA key of another certificate": {
			file: func(t *testing.T) string {
				one := issue(t, template{algorithm: "DSA", size: 2048})
				two := issue(t, template{algorithm: "DSA", size: 2048})
				return makeStore(t, store.PKCS12).key("tomcat", &identity{key: one.key, der: two.der}).save()
			},
			status: check.Faulty, want: []string{"error key-mismatch <tomcat>", "error key-type <tomcat>", modern},
		},
		"DSA key": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{algorithm: "DSA", size: 2048})).save()
			},
			status: check.Faulty, want: []string{"error key-type <tomcat>", modern}, text: "every handshake fails",
		},
		"Ed25519 key": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{algorithm: "Ed25519"})).save()
			},
			status: check.Healthy, want: []string{"warning key-type <tomcat>", modern},
		},
		"chain without its issuer": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).key("tomcat", leaf).save() },
			status: check.Faulty, want: []string{"error chain-incomplete <tomcat>", modern}, remedy: "chain -complete -ca CAFILE -alias tomcat",
		},
		"chain with a gap": {
			file:   func(t *testing.T) string { return makeStore(t, store.JKS).key("tomcat", leaf, root).save() },
			status: check.Faulty, want: []string{"error chain-incomplete <tomcat>", old},
		},
		"chain out of order": {
			file:   func(t *testing.T) string { return makeStore(t, store.JKS).key("tomcat", leaf, root, middle).save() },
			status: check.Faulty, want: []string{"error chain-order <tomcat>", old}, text: "out of order", remedy: "chain -complete -alias tomcat",
		},
		"chain with a wrong signature": {
			file: func(t *testing.T) string {
				other := newCA(t, "CN=Root")
				return makeStore(t, store.JKS).key("tomcat", leaf, middle, other).save()
			},
			status: check.Faulty, want: []string{"error chain-broken <tomcat>", old},
		},
		"chain without the root": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).key("tomcat", leaf, middle).save() },
			status: check.Healthy, want: []string{"info chain-without-root <tomcat>", modern},
		},
		"no alternative name, nor purpose": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ext: []string{}})).save()
			},
			status: check.Healthy, want: []string{"warning names <tomcat>", "info usage <tomcat>", modern}, remedy: "san=dns:localhost",
		},
		"no alternative name, of a server": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ext: []string{"eku=serverAuth"}})).save()
			},
			status: check.Faulty, want: []string{"error names <tomcat>", modern},
		},
		"no alternative name, of a client": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("alice", issue(t, template{ext: []string{"eku=clientAuth"}})).save()
			},
			status: check.Healthy, want: []string{modern},
		},
		"no alternative name, of a CA": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).key("ca", root).save() },
			status: check.Healthy, want: []string{modern},
		},
		"weak key": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{algorithm: "RSA", size: 1024, ext: []string{"san=dns:localhost"}})).save()
			},
			status: check.Healthy, want: []string{"warning weak-key <tomcat>", "info usage <tomcat>", modern}, remedy: "renew -alias tomcat",
		},
		"weak key of a server": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{algorithm: "RSA", size: 1024})).save()
			},
			status: check.Faulty, want: []string{"error weak-key <tomcat>", modern},
		},
		"key that Java refuses": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("a", issue(t, template{algorithm: "RSA", size: 768, ext: []string{"san=dns:localhost"}})).save()
			},
			status: check.Faulty, want: []string{"error weak-key <a>", "info usage <a>", modern},
		},
		"weak key of a trusted certificate": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).cert("ca", issue(t, template{algorithm: "RSA", size: 1024})).save()
			},
			status: check.Healthy, want: []string{"warning weak-key <ca>", takes, modern},
		},
		"weak signature": {
			file: func(t *testing.T) string {
				ca := newCA(t, "CN=SHA-1")
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{issuer: ca, signature: "SHA1withECDSA", ext: []string{"san=dns:localhost"}}), ca).save()
			},
			status: check.Healthy, want: []string{"warning weak-signature <tomcat>", "info usage <tomcat>", modern},
		},
		"weak signature of a server": {
			file: func(t *testing.T) string {
				ca := newCA(t, "CN=SHA-1")
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{issuer: ca, signature: "SHA1withECDSA"}), ca).save()
			},
			status: check.Faulty, want: []string{"error weak-signature <tomcat>", modern},
		},
		"key without digitalSignature": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).key("tomcat", issue(t, template{ext: []string{"san=dns:localhost", "eku=serverAuth", "ku=keyEncipherment"}})).save()
			},
			status: check.Faulty, want: []string{"error usage <tomcat>", modern},
		},
		"key password": {
			file:   func(t *testing.T) string { return makeStore(t, store.JKS).keyUnder("another1", "tomcat", good).save() },
			status: check.Faulty, want: []string{"error key-password <tomcat>", old}, text: "Cannot recover key", remedy: "keypasswd -same -alias tomcat",
		},
		"key password given": {
			file:    func(t *testing.T) string { return makeStore(t, store.JKS).keyUnder("another1", "tomcat", good).save() },
			options: check.Options{KeyPassword: []byte("another1")},
			status:  check.Healthy, want: []string{old, "info key-password <tomcat>"},
		},
		"key password in PKCS12": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).keyUnder("another1", "tomcat", good).save()
			},
			status: check.Faulty, want: []string{"error key-password <tomcat>", modern}, remedy: "keypasswd -same -alias tomcat",
		},
		"password of a secret key": {
			file: func(t *testing.T) string {
				s := makeStore(t, store.JCEKS)
				ok(t, s.SetKey("aes", entry.Key{Algorithm: "AES", Raw: make([]byte, 32)}, []byte("another1"), nil, today))
				return s.save()
			},
			status: check.Faulty, want: []string{"error key-password <aes>", old},
		},
		"several keys": {
			file: func(t *testing.T) string {
				return makeStore(t, store.JKS).key("tomcat", good).key("zeta", good).key("alpha", good).save()
			},
			status: check.Healthy, want: []string{old, "info several-keys <zeta>"}, text: "of 3 keys Tomcat serves this one",
		},
		"trust mark": {
			file: func(t *testing.T) string {
				s := newStore{t, store.NewPKCS12(pkcs12.Passwordless)}.cert("root", root).cert("other", good)
				data, err := s.Bytes(nil)
				ok(t, err)
				return write(t, "unmarked.p12", withoutMark(data))
			},
			status: check.Faulty, want: []string{"error trust-mark <>"}, text: "2 certificates in it lack Java's trust mark", remedy: "gokeytool trustmark ",
		},
		"empty": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).save() },
			status: check.Healthy, want: []string{"warning empty <>", modern}, text: "the trustAnchors parameter must be non-empty",
		},
		"mixed case": {
			file:   func(t *testing.T) string { return rawJKS(t, trusted("MyRoot", root)) },
			status: check.Faulty, want: []string{"error alias-case <MyRoot>", "info old-format <>"}, remedy: "gokeytool rename MyRoot myroot -keystore",
		},
		"aliases that differ in case": {
			file:   func(t *testing.T) string { return rawJKS(t, trusted("root", root), trusted("ROOT", good)) },
			status: check.Faulty, want: []string{"error alias-case <ROOT>", "info old-format <>"}, text: `"root", "ROOT"`, remedy: "gokeytool rename ROOT root-2",
		},
		"alias twice": {
			file:   func(t *testing.T) string { return rawJKS(t, trusted("root", root), trusted("root", good)) },
			status: check.Healthy, want: []string{"warning duplicate-alias <root>", "info old-format <>"},
		},
		"alias that is a number": {
			file:   func(t *testing.T) string { return makeStore(t, store.PKCS12).key("1", good).save() },
			status: check.Healthy, want: []string{"info numbered-alias <1>", modern}, remedy: "gokeytool rename 1 NAME",
		},
		"certificate that can't be read": {
			file: func(t *testing.T) string {
				return rawJKS(t, &entry.Entry{Alias: "root", Kind: entry.TrustedCertificate, Created: today, Chain: []entry.Certificate{entry.X509([]byte{0x30, 0})}})
			},
			status: check.Faulty, want: []string{"error unreadable-certificate <root>", "info old-format <>"},
		},
		"changeit": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).keyUnder("changeit", "tomcat", good).saveUnder("changeit")
			},
			status: check.Healthy, want: []string{"warning other-password <>", "warning default-password <>", modern},
		},
		"changeit on a trust store": {
			file:    func(t *testing.T) string { return makeStore(t, store.PKCS12).cert("root", root).saveUnder("changeit") },
			options: check.Options{Password: []byte("changeit")},
			status:  check.Healthy, want: []string{takes, modern},
		},
		"empty password": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).keyUnder("", "tomcat", good).saveUnder("")
			},
			options: check.Options{Password: []byte{}},
			status:  check.Healthy, want: []string{"warning empty-password <>", modern},
		},
		"password beyond ASCII": {
			file: func(t *testing.T) string {
				return makeStore(t, store.PKCS12).keyUnder("gehéim1", "tomcat", good).saveUnder("gehéim1")
			},
			options: check.Options{Password: []byte("gehéim1")},
			status:  check.Healthy, want: []string{"warning password-not-ascii <>"}, remedy: "storepasswd",
		},
		"needs its password": {
			file:    func(t *testing.T) string { return makeStore(t, store.PKCS12).key("tomcat", good).save() },
			options: check.Options{Password: []byte("wrong1")},
			status:  check.Unchecked, want: []string{"error password <>", modern}, text: "neither the password given nor changeit", remedy: "-storepass:file PASSWORDFILE",
		},
		// A JKS file shows its certificates to everybody.
		"needs its password, but is seen to have expired": {
			file: func(t *testing.T) string {
				return makeStore(t, store.JKS).key("tomcat", issue(t, template{from: -9 * day, ends: -day})).save()
			},
			options: check.Options{Password: []byte("wrong1")},
			status:  check.Unchecked, want: []string{"error password <>", "error expired <tomcat>", old},
		},
		"for Java 8": {
			file: func(t *testing.T) string {
				return newStore{t, store.NewPKCS12(pkcs12.Java8)}.key("tomcat", good).save()
			},
			status: check.Healthy, want: []string{"warning legacy-encryption <>"}, text: "-legacy",
		},
		"for everything": {
			file: func(t *testing.T) string {
				return newStore{t, store.NewPKCS12(pkcs12.Legacy)}.key("tomcat", good).save()
			},
			status: check.Healthy, want: []string{},
		},
		"PBMAC1": {
			file: func(t *testing.T) string {
				return newStore{t, store.NewPKCS12(pkcs12.Java26)}.key("tomcat", good).save()
			},
			status: check.Healthy, want: []string{"warning pbmac1 <>"}, text: "Java before 26",
		},
		"AES-192": {
			file: func(t *testing.T) string {
				p := pkcs12.Default
				p.KeyAlgorithm = "PBEWithHmacSHA256AndAES_192"
				return newStore{t, store.NewPKCS12(p)}.key("tomcat", good).save()
			},
			status: check.Healthy, want: []string{"warning not-for-java <>"}, text: "AES_192",
		},
		"an entry of the year 20000": {
			file: func(t *testing.T) string {
				s := makeStore(t, store.JKS)
				ok(t, s.SetKey("tomcat", entry.Key{PKCS8: pkcs8(t, good.key)}, []byte(password), chain(good), time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)))
				return s.save()
			},
			status: check.Healthy, want: []string{"warning odd-date <tomcat>", "warning old-format <>"}, text: "20000",
		},
		"PEM": {
			file: func(t *testing.T) string {
				return write(t, "cert.pem", pemOf("CERTIFICATE", good.der, "PRIVATE KEY", pkcs8(t, good.key)))
			},
			status: check.Healthy, want: []string{},
		},
		"PEM without a key": {
			file:   func(t *testing.T) string { return write(t, "cert.pem", pemOf("CERTIFICATE", leaf.der)) },
			status: check.Healthy, want: []string{},
		},
		"PEM with the wrong key": {
			file: func(t *testing.T) string {
				return write(t, "cert.pem", pemOf("CERTIFICATE", leaf.der, "PRIVATE KEY", pkcs8(t, good.key)))
			},
			status: check.Faulty, want: []string{"error key-mismatch <2>"},
		},
		"request": {
			file:   func(t *testing.T) string { return write(t, "r", pemOf("CERTIFICATE REQUEST", []byte{0x30, 0})) },
			status: check.Unchecked, want: []string{"error not-a-keystore <>"}, text: "a certificate request in PEM", remedy: "printcertreq",
		},
		"no bytes": {
			file:   func(t *testing.T) string { return write(t, "empty.jks", nil) },
			status: check.Unchecked, want: []string{"error not-a-keystore <>"}, text: "an empty file",
		},
		"cut off": {
			file: func(t *testing.T) string {
				data, err := os.ReadFile(makeStore(t, store.JKS).key("tomcat", good).save())
				ok(t, err)
				return write(t, "cut.jks", data[:len(data)/2])
			},
			status: check.Unchecked, want: []string{"error damaged <>"},
		},
		"too large": {
			file:    func(t *testing.T) string { return makeStore(t, store.JKS).key("tomcat", good).save() },
			options: check.Options{MaxSize: 100},
			status:  check.Unchecked, want: []string{"error limit <>"},
		},
		"too much work": {
			file:    func(t *testing.T) string { return makeStore(t, store.PKCS12).key("tomcat", good).save() },
			options: check.Options{Limits: entry.Limits{MaxIterations: 100, MaxEntries: 100, MaxDepth: 64}},
			status:  check.Unchecked, want: []string{"error limit <>"},
		},
		"missing": {
			file:   func(t *testing.T) string { return filepath.Join(t.TempDir(), "nothing") },
			status: check.Unchecked, want: []string{"error unreadable <>"}, text: "does not exist",
		},
		"directory": {
			file:   func(t *testing.T) string { return t.TempDir() },
			status: check.Unchecked, want: []string{"error unreadable <>"}, text: "not a regular file",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := test.options
			o.Now = today
			if o.Password == nil {
				o.Password = []byte(password)
			}
			path := test.file(t)
			v := check.File(t.Context(), path, o)
			if v.Status != test.status {
				t.Errorf("status %s, want %s", v.Status, test.status)
			}
			if diff := cmp.Diff(test.want, findings(v)); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%s", diff, texts(v))
			}
			if !strings.Contains(texts(v), test.text) || !strings.Contains(texts(v), test.remedy) {
				t.Errorf("%q or %q is not in\n%s", test.text, test.remedy, texts(v))
			}
			for _, f := range v.Findings {
				if f.Text == "" || strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, password) {
					t.Errorf("%s: text %q", f.ID, f.Text)
				}
			}
		})
	}
}

func texts(v check.Verdict) string {
	var b strings.Builder
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "%s: %s\n\t%s\n", f.ID, f.Text, f.Remedy)
	}
	return b.String()
}

func TestFileMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the modes of files mean nothing on Windows")
	}
	id := issue(t, template{})
	keys := makeStore(t, store.PKCS12).key("tomcat", id).save()
	certs := makeStore(t, store.PKCS12).cert("root", id).save()
	for _, test := range []struct {
		path string
		mode os.FileMode
		want bool
	}{{keys, 0o644, true}, {keys, 0o640, false}, {keys, 0o600, false}, {certs, 0o644, false}} {
		ok(t, os.Chmod(test.path, test.mode))
		v := check.File(t.Context(), test.path, check.Options{Password: []byte(password), Now: today})
		found := slices.Contains(findings(v), "warning file-mode <>")
		if found != test.want {
			t.Errorf("mode %o: found %v, want %v", test.mode, found, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	root := newCA(t, "CN=Root, O=Test")
	path := makeStore(t, store.JKS).key("tomcat", issue(t, template{issuer: root}), root).cert("root", root).save()
	v := check.File(t.Context(), path, check.Options{Password: []byte(password), Now: today})
	if v.Type != store.JKS || v.Password != check.PasswordGiven || v.Serves != "tomcat" || v.Path != path || len(v.Entries) != 2 {
		t.Fatalf("%+v", v)
	}
	e := v.Entries[slices.IndexFunc(v.Entries, func(e check.Entry) bool { return e.Alias == "tomcat" })]
	if e.Kind != "PrivateKeyEntry" || !e.Created.Equal(today) || len(e.Chain) != 2 {
		t.Fatalf("%+v", e)
	}
	want := x509util.Description{
		Subject: "CN=localhost", Called: "CN=localhost", Issuer: "CN=Root, O=Test", Key: "256-bit EC (secp256r1)", Signature: "SHA256withECDSA",
		NotBefore: jsontime.New(today.Add(-day)), NotAfter: jsontime.New(today.Add(300 * day)), Serial: e.Chain[0].Serial, Names: []string{"dns:localhost"}, SHA256: e.Chain[0].SHA256,
	}
	if diff := cmp.Diff(want, e.Chain[0]); diff != "" {
		t.Error(diff)
	}
	if ends, known := v.Ends(today); !known || !ends.Equal(today.Add(300*day)) {
		t.Errorf("ends %v %v", ends, known)
	}
	text, err := json.Marshal(v)
	ok(t, err)
	var again check.Verdict
	ok(t, json.Unmarshal(text, &again))
	if diff := cmp.Diff(v, again, cmpopts.IgnoreFields(x509util.Description{}, "Called")); diff != "" { // which is not in JSON
		t.Errorf("through JSON: %s", diff)
	}
}

func TestEnds(t *testing.T) {
	at := func(kind entry.Kind, ends ...time.Duration) check.Entry {
		e := check.Entry{Kind: kind.String()}
		for _, d := range ends {
			e.Chain = append(e.Chain, x509util.Description{NotAfter: jsontime.New(today.Add(d))})
		}
		return e
	}
	for name, test := range map[string]struct {
		entries []check.Entry
		want    time.Duration
	}{
		"the first of a chain":    {[]check.Entry{at(entry.PrivateKey, 5*day, 3*day), at(entry.TrustedCertificate, day)}, 3 * day},
		"of those that are valid": {[]check.Entry{at(entry.TrustedCertificate, -day), at(entry.TrustedCertificate, 7*day)}, 7 * day},
		"the last that has ended": {[]check.Entry{at(entry.TrustedCertificate, -day), at(entry.TrustedCertificate, -7*day)}, -day},
	} {
		t.Run(name, func(t *testing.T) {
			if end, known := (check.Verdict{Entries: test.entries}).Ends(today); !known || !end.Equal(today.Add(test.want)) {
				t.Errorf("%v %v", end, known)
			}
		})
	}
	if _, known := (check.Verdict{}).Ends(today); known {
		t.Error("an empty keystore ends")
	}
}

// tree makes a directory of the named files.
func tree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		ok(t, os.MkdirAll(filepath.Dir(path), 0o700))
		ok(t, os.WriteFile(path, data, 0o600))
	}
	return dir
}

// paths are those of verdicts, relative to a directory.
func paths(t *testing.T, ctx context.Context, dir string, operands ...string) []string {
	t.Helper()
	list := []string{}
	for i, operand := range operands {
		operands[i] = filepath.Join(dir, operand)
	}
	for v := range check.Files(ctx, operands, check.Options{Password: []byte(password), Now: today}) {
		rel, err := filepath.Rel(dir, v.Path)
		ok(t, err)
		list = append(list, filepath.ToSlash(rel)+" "+string(v.Status))
	}
	return list
}

func TestFiles(t *testing.T) {
	data, err := makeStore(t, store.JKS).cert("root", newCA(t, "CN=Root")).Bytes([]byte(password))
	ok(t, err)
	dir := tree(t, map[string][]byte{
		"a/one.jks": data, "a/readme.txt": []byte("hello"), "a/b/two": data, "a/empty": nil,
		"c/three.jks": data, "c/cut.jks": data[:40], "c/cert.pem": pemOf("CERTIFICATE", []byte{0x30, 0}),
	})
	outside := filepath.Join(t.TempDir(), "outside.jks")
	ok(t, os.WriteFile(outside, data, 0o600))
	for link, target := range map[string]string{
		"c/link.jks": outside, "c/inside": filepath.Join(dir, "c", "three.jks"), "c/up": dir, "c/broken": "nowhere", "d": filepath.Join(dir, "a"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	for name, test := range map[string]struct{ operands, want []string }{
		"directory":           {[]string{"a"}, []string{"a/b/two healthy", "a/one.jks healthy"}},
		"everything":          {[]string{"."}, []string{"a/b/two healthy", "a/one.jks healthy", "c/cut.jks unchecked", "c/link.jks healthy", "c/three.jks healthy"}},
		"in the order given":  {[]string{"c", "a"}, []string{"c/cut.jks unchecked", "c/link.jks healthy", "c/three.jks healthy", "a/b/two healthy", "a/one.jks healthy"}},
		"once":                {[]string{"a/one.jks", "a", "a/b", "a/one.jks"}, []string{"a/one.jks healthy", "a/b/two healthy"}},
		"named":               {[]string{"a/readme.txt", "a/one.jks"}, []string{"a/readme.txt unchecked", "a/one.jks healthy"}},
		"pattern":             {[]string{"[ac]/*.jks"}, []string{"a/one.jks healthy", "c/cut.jks unchecked", "c/link.jks healthy", "c/three.jks healthy"}},
		"pattern for all":     {[]string{"a/*"}, []string{"a/b/two healthy", "a/one.jks healthy"}},
		"pattern for nothing": {[]string{"*.p12"}, []string{"*.p12 unchecked"}},
		"no pattern":          {[]string{"a/[", "a/one.jks"}, []string{"a/[ unchecked", "a/one.jks healthy"}},
		"link to a directory": {[]string{"d"}, []string{"d/b/two healthy", "d/one.jks healthy"}},
		"nothing to find":     {[]string{"nowhere"}, []string{"nowhere unchecked"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, paths(t, t.Context(), dir, test.operands...)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("reader that leaves", func(t *testing.T) {
		for range check.Files(t.Context(), []string{dir}, check.Options{}) {
			break
		}
	})
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := paths(t, ctx, dir, "."); len(got) > 5 {
			t.Errorf("%q", got)
		}
	})
}

// TestFilesInOrder looks at more files than are ever in memory.
func TestFilesInOrder(t *testing.T) {
	data, err := makeStore(t, store.JKS).cert("root", newCA(t, "CN=Root")).Bytes([]byte(password))
	ok(t, err)
	files := make(map[string][]byte)
	var want []string
	for i := range 500 {
		name := fmt.Sprintf("%d/%03d.jks", i/100, i)
		files[name] = data
		want = append(want, name+" healthy")
		files[name+".txt"] = bytes.Repeat([]byte("no keystore "), i)
	}
	if diff := cmp.Diff(want, paths(t, t.Context(), tree(t, files), ".")); diff != "" {
		t.Error(diff)
	}
}

// TestForgeable knows the BKS whose MAC proves nothing.
func TestForgeable(t *testing.T) {
	for name, want := range map[string]bool{"version1.bks": true, "version2.bks": false} {
		v := check.File(t.Context(), "../store/bks/testdata/"+name, check.Options{Password: []byte("changeit"), Now: today})
		got := slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.ID == "weak-integrity" })
		if got != want || v.Status == check.Unchecked {
			t.Errorf("%s: %v, %s", name, got, texts(v))
		}
	}
}
