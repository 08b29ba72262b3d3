package x509util

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

// purposeSample makes self-signed certificates with one key.
func purposeSample(t *testing.T) func(name string, ext ...string) *Certificate {
	t.Helper()
	key, err := keys.Generate(keys.Spec{Algorithm: "EC", Group: "secp256r1"}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	return func(name string, ext ...string) *Certificate {
		t.Helper()
		subject, err := ParseDName(name)
		if err != nil {
			t.Fatal(err)
		}
		extensions, err := BuildExtensions(ext, ExtensionContext{SubjectKey: spki, IssuerKey: spki})
		if err != nil {
			t.Fatal(err)
		}
		der, err := CreateCertificate(Template{Issuer: subject, Subject: subject, SPKI: spki, Extensions: extensions,
			NotBefore: now, NotAfter: now.Add(time.Hour)}, key, "SHA256withECDSA", jdk.Default)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// TestPurposeOfUsages goes through all combinations of extended key usages, with
// and without a host, for a CA, and served by a connector.
func TestPurposeOfUsages(t *testing.T) {
	usages := []struct {
		name string
		is   Purpose
	}{
		{"serverAuth", ForServer}, {"clientAuth", ForClient}, {"codeSigning", ForCode}, {"emailProtection", ForMail},
		{"timeStamping", ForTime}, {"OCSPSigning", ForOCSP}, {"1.3.6.1.4.1.311.10.3.12", ForElse}, {"anyExtendedKeyUsage", 0},
	}
	issue := purposeSample(t)
	for set := range 1 << len(usages) {
		var names []string
		var want Purpose
		for i, u := range usages {
			if set>>i&1 == 1 {
				names = append(names, u.name)
				want |= u.is
			}
		}
		for _, host := range []bool{false, true} {
			for _, ca := range []bool{false, true} {
				var ext []string
				if names != nil {
					ext = append(ext, "eku="+strings.Join(names, ","))
				}
				want := want
				if want == 0 && host {
					want = ForHost
				}
				if host {
					ext = append(ext, "san=dns:www.example.com")
				}
				if ca {
					ext, want = append(ext, "bc:c"), ForCA
					if host { // as of openssl req -x509
						want |= ForHost
					}
				}
				c := issue("CN=Somebody", ext...)
				what := fmt.Sprintf("%v, host %v, CA %v", names, host, ca)
				if got := PurposeOf(c, Use{}); got != want {
					t.Errorf("%s: %b, not %b", what, got, want)
				}
				served := PurposeOf(c, Use{Served: true})
				if served != want&^ForHost|ForServer {
					t.Errorf("%s, served: %b", what, served)
				}
				// Who notices is left out only where nobody but a TLS
				// server shows the certificate.
				if got := PurposeOf(c, Use{}).Noticed() == ""; got != (want == ForServer) {
					t.Errorf("%s: noticed by %q", what, PurposeOf(c, Use{}).Noticed())
				}
				if !served.TLS() || !served.Open() {
					t.Errorf("%s: served, and no server's", what)
				}
			}
		}
	}
}

func TestPurposeOfNames(t *testing.T) {
	issue := purposeSample(t)
	for _, test := range []struct {
		name, san, ku string
		want          Purpose
	}{
		{name: "CN=localhost", want: ForHost},
		{name: "CN=127.0.0.1", want: ForHost},
		{name: "CN=*.example.com, O=Example", want: ForHost},
		{name: "CN=Android Debug, O=Android, C=US"},
		{name: "CN=Acme Games"},
		{name: "CN=com.acme.games, O=Acme"},
		{name: "CN=io.example.com", want: 0},
		{name: "CN=org.example", want: ForHost},
		{name: "CN=Acme Inc."},
		{name: "O=example.com"},
		{name: "CN=Tomcat", san: "ip:10.0.0.1", want: ForHost},
		{name: "CN=ca.example.com", san: "dns:ca.example.com", ku: "keyCertSign", want: ForCA},
		{name: "CN=alice", san: "email:alice@example.com"},
		{name: "CN=idp.example.com", san: "uri:https://idp.example.com/saml"},
	} {
		var ext []string
		if test.san != "" {
			ext = []string{"san=" + test.san}
		}
		if test.ku != "" {
			ext = append(ext, "bc:c", "ku="+test.ku)
		}
		if got := PurposeOf(issue(test.name, ext...), Use{}); got != test.want {
			t.Errorf("%s %s: %b, not %b", test.name, test.san, got, test.want)
		}
	}
	// No purpose can be read from what is no list of them.
	c := issue("CN=Somebody", "2.5.29.37=0500")
	if got := PurposeOf(c, Use{}); got != 0 {
		t.Errorf("a broken ExtendedKeyUsage: %b", got)
	}
}
