//go:debug rsa1024min=0

package x509util

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

func mustName(t *testing.T, s string) Name {
	t.Helper()
	name, err := ParseDName(s)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCreateAsKeytool makes the certificates of real keytools again from the
// same options, with their keys: what is signed must be the same octets.
func TestCreateAsKeytool(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name, dname, sigAlg string
		start               time.Time
		days                int64
		exts                []string
	}{
		{"rsa", "CN=Duke, OU=Java+O=x, C=US", "", start, 365, []string{"bc:c", "ku:c=kCS,cRLSign"}},
		{"ec", "CN=ünï", "", start, 36500, []string{"san=dns:example.com,ip:::1"}},
		{"ed25519", "EMAILADDRESS=a@b.c, DC=x", "", start.AddDate(29, 0, 0), 90, nil},
		{"ed448", "CN=ed448", "", start, 90, nil},
		{"pss", "CN=pss", "", start, 90, nil},
		{"dsa", "CN=dsa", "SHA256withDSA", start, 90, nil},
		{"mldsa", "CN=mldsa", "", start, 90, nil},
	} {
		for dir, rel := range map[string]jdk.Release{"17": jdk.Release17, "25": jdk.Release25} {
			if rel == jdk.Release17 && test.name == "mldsa" {
				continue
			}
			t.Run(dir+" "+test.name, func(t *testing.T) {
				base := filepath.Join("testdata/keytool", dir, test.name)
				theirs, err := ParseCertificate(testtool.ReadFile(t, base+".der"))
				if err != nil {
					t.Fatal(err)
				}
				key, err := keys.ParsePrivate(testtool.ReadFile(t, base+".pk8"))
				if err != nil {
					t.Fatal(err)
				}
				ours := selfSigned(t, key, test.dname, test.sigAlg, test.exts, rel, func(t *Template) {
					t.Serial, t.NotBefore = theirs.Serial, test.start
					t.NotAfter, err = EndDate(test.start, test.days)
				})
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(ours.TBS, theirs.TBS) || !bytes.Equal(ours.SignatureAlgorithm, theirs.SignatureAlgorithm) {
					t.Errorf("made\n%x\nkeytool made\n%x", ours.TBS, theirs.TBS)
				}
				if err := ours.CheckSignatureFrom(theirs); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// selfSigned makes a self-signed certificate.
func selfSigned(t *testing.T, key crypto.Signer, dname, sigAlg string, specs []string, rel jdk.Release, change func(*Template)) *Certificate {
	t.Helper()
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	exts, err := BuildExtensions(specs, ExtensionContext{SubjectKey: spki, Release: rel})
	if err != nil {
		t.Fatal(err)
	}
	name := mustName(t, dname)
	template := Template{Issuer: name, Subject: name, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), SPKI: spki, Extensions: exts}
	if change != nil {
		change(&template)
	}
	if sigAlg == "" {
		if sigAlg, err = keys.DefaultSignatureAlgorithm(key.Public(), rel); err != nil {
			t.Fatal(err)
		}
	}
	der, err := CreateCertificate(template, key, sigAlg, rel)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestIssueAsKeytool makes the certificates that a real keytool issued for a
// request again: one with extensions honored, one by an issuer that has a key
// identifier of its own making.
func TestIssueAsKeytool(t *testing.T) {
	for dir, rel := range map[string]jdk.Release{"17": jdk.Release17, "25": jdk.Release25} {
		for _, test := range []struct {
			issued, issuer, request string
			exts                    []string
		}{
			{"issued", "rsa", "ec", []string{"honored=all", "eku=sA"}},
			{"oddissued", "odd", "ed25519", nil},
		} {
			t.Run(dir+" "+test.issued, func(t *testing.T) {
				path := func(name string) string { return filepath.Join("testdata/keytool", dir, name) }
				theirs, err := ParseCertificate(testtool.ReadFile(t, path(test.issued+".der")))
				if err != nil {
					t.Fatal(err)
				}
				issuer, err := ParseCertificate(testtool.ReadFile(t, path(test.issuer+".der")))
				if err != nil {
					t.Fatal(err)
				}
				request, err := ParseRequest(testtool.ReadFile(t, path(test.request+".csr")))
				if err != nil {
					t.Fatal(err)
				}
				exts, err := BuildExtensions(test.exts, ExtensionContext{
					SubjectKey: request.SPKI, IssuerKey: issuer.SPKI, IssuerKeyID: issuer.SubjectKeyID(),
					Requested: request.Extensions, Release: rel,
				})
				if err != nil {
					t.Fatal(err)
				}
				key := testkey.Make(t, "rsa1024")
				if test.issuer != "rsa" {
					key = testkey.Make(t, "ec256")
				}
				sigAlg, err := keys.DefaultSignatureAlgorithm(key.Public(), rel)
				if err != nil {
					t.Fatal(err)
				}
				der, err := CreateCertificate(Template{
					Serial: theirs.Serial, Issuer: issuer.Subject, Subject: request.Subject,
					NotBefore: theirs.NotBefore, NotAfter: theirs.NotAfter, SPKI: request.SPKI, Extensions: exts,
				}, key, sigAlg, rel)
				if err != nil {
					t.Fatal(err)
				}
				ours, err := ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(ours.TBS, theirs.TBS) {
					t.Errorf("made\n%x\nkeytool made\n%x", ours.TBS, theirs.TBS)
				}
			})
		}
	}
}

// TestRequestAsKeytool makes the requests of real keytools again.
func TestRequestAsKeytool(t *testing.T) {
	for _, test := range []struct {
		name, dname string
		exts        []string
	}{
		{"rsa", "CN=Duke, OU=Java+O=x, C=US", []string{"san=dns:a"}},
		{"ec", "CN=other", nil},
		{"ed25519", "EMAILADDRESS=a@b.c, DC=x", nil},
		{"ed448", "CN=ed448", nil},
		{"pss", "CN=pss", nil},
		{"dsa", "CN=dsa", nil},
		{"mldsa", "CN=mldsa", nil},
	} {
		for dir, rel := range map[string]jdk.Release{"17": jdk.Release17, "25": jdk.Release25} {
			if rel == jdk.Release17 && test.name == "mldsa" {
				continue
			}
			t.Run(dir+" "+test.name, func(t *testing.T) {
				base := filepath.Join("testdata/keytool", dir, test.name)
				text := testtool.ReadFile(t, base+".csr")
				theirs, err := ParseRequest(text)
				if err != nil {
					t.Fatal(err)
				}
				key, err := keys.ParsePrivate(testtool.ReadFile(t, base+".pk8"))
				if err != nil {
					t.Fatal(err)
				}
				exts, err := BuildExtensions(test.exts, ExtensionContext{SubjectKey: theirs.SPKI, Release: rel})
				if err != nil {
					t.Fatal(err)
				}
				sigAlg, err := keys.DefaultSignatureAlgorithm(key.Public(), rel)
				if err != nil {
					t.Fatal(err)
				}
				der, err := CreateRequest(mustName(t, test.dname), theirs.SPKI, exts, key, sigAlg, rel)
				if err != nil {
					t.Fatal(err)
				}
				ours, err := ParseRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(ours.TBS, theirs.TBS) || !bytes.Equal(ours.SignatureAlgorithm, theirs.SignatureAlgorithm) {
					t.Errorf("made\n%x\nkeytool made\n%x", ours.TBS, theirs.TBS)
				}
				if err := keys.CheckSignature(key.Public(), ours.SignatureAlgorithm, ours.TBS, ours.Signature); err != nil {
					t.Error(err)
				}
				if again := EncodePEM("NEW CERTIFICATE REQUEST", theirs.Raw, rel); !bytes.Equal(again, text) {
					t.Errorf("as PEM\n%q\nkeytool's\n%q", again, text)
				}
			})
		}
	}
}

// TestCreateCertificate looks at what crypto/x509 makes of certificates.
func TestCreateCertificate(t *testing.T) {
	for _, key := range []string{"rsa1024", "ec256", "ec384", "ed25519"} {
		t.Run(key, func(t *testing.T) {
			c := selfSigned(t, testkey.Make(t, key), "CN=localhost, O=Ex", "", []string{"san=dns:localhost,ip:127.0.0.1", "bc:c=ca:true,pathlen:1", "ku=kCS,dS", "eku=sA"}, jdk.Default, nil)
			std, err := x509.ParseCertificate(c.Raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := std.CheckSignatureFrom(std); err != nil {
				t.Error(err)
			}
			if err := std.VerifyHostname("127.0.0.1"); err != nil {
				t.Error(err)
			}
			if !std.IsCA || std.MaxPathLen != 1 || std.Subject.CommonName != "localhost" || std.Version != 3 {
				t.Errorf("CA %t, path length %d, %s, version %d", std.IsCA, std.MaxPathLen, std.Subject, std.Version)
			}
			if bits := std.SerialNumber.BitLen(); std.SerialNumber.Sign() <= 0 || bits > 64 {
				t.Errorf("serial number of %d bits", bits)
			}
		})
	}
}

func TestCreateLate(t *testing.T) {
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		days int64
		want string // end or error
	}{
		{90, "2027-02-19 00:00:00 +0000 UTC"},
		{0, "2026-11-21 00:00:00 +0000 UTC"},
		{-1, "2026-11-20 00:00:00 +0000 UTC"},
		{2912118, "9999-12-31 00:00:00 +0000 UTC"},
		{2912119, "Validity period ends at calendar year 10000 which is greater than 9999"},
		{10000000, "Validity period ends at calendar year 29405 which is greater than 9999"},
	} {
		end, err := EndDate(start, test.days)
		got := end.String()
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%d days: got %s, want %s", test.days, got, test.want)
		}
	}
	key := testkey.Make(t, "ec256")
	name := mustName(t, "CN=a")
	spki, _ := keys.MarshalPublic(key.Public())
	_, err := CreateCertificate(Template{Serial: big.NewInt(1), Issuer: name, Subject: name, NotBefore: start,
		NotAfter: start.AddDate(8000, 0, 0), SPKI: spki}, key, "SHA256withECDSA", jdk.Default)
	if javaErr, ok := errors.AsType[*jdk.Error](err); !ok || !strings.Contains(javaErr.Text, "10026") {
		t.Errorf("got %v", err)
	}
}
