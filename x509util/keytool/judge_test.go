package keytool

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

func fixtureCertificate(t *testing.T, name string) *x509util.Certificate {
	t.Helper()
	c, err := x509util.ParseCertificate(testtool.ReadFile(t, "../testdata/print/"+name+".der"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Suspicion falls on those of which there is something to say, and on no others.
func TestJudgeSuspects(t *testing.T) {
	for name, der := range testtool.Files(t, "../testdata/print/*.der") {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			continue
		}
		warns := len(Judge{}.Certificate("<a>", c, Standing{})) > 0
		if got := (Judge{}).Suspects(der); got != warns {
			t.Errorf("%s: suspected %t, but Certificate warns %t", name, got, warns)
		}
	}
	if (Judge{}).Suspects([]byte("no certificate")) {
		t.Error("what is no certificate is suspected")
	}
}

// What keytool warns of certificates on their own is compared with it by
// TestPrintEqualsKeytool; here is what depends on where they stand.
func TestJudgeCertificate(t *testing.T) {
	const signature = " uses the SHA1withRSA signature algorithm which is considered a security risk"
	for _, tt := range []struct {
		name        string
		release     jdk.Release
		certificate string
		standing    Standing
		want        []string
	}{
		{"sound", 0, "rsa-4096-sha512", Standing{}, nil},
		{"both, 17", 17, "rsa-1024-sha1", Standing{}, []string{
			"<a>" + signature + ". This algorithm will be disabled in a future update.",
			"<a> uses a 1024-bit RSA key which is considered a security risk. This key size will be disabled in a future update.",
		}},
		{"both, 21", 21, "rsa-1024-sha1", Standing{}, []string{
			"<a>" + signature + ".",
			"<a> uses a 1024-bit RSA key which is considered a security risk. This key size will be disabled in a future update.",
		}},
		{"both, 25", 25, "rsa-1024-sha1", Standing{}, []string{
			"<a>" + signature + ".",
			"<a> uses a 1024-bit RSA key which is considered a security risk. It will be disabled in a future update.",
		}},
		{"trusted", 25, "rsa-1024-sha1", Standing{Trusted: true}, []string{
			"<a> uses a 1024-bit RSA key which is considered a security risk. It will be disabled in a future update.",
		}},
		{"code signing", 0, "sha1-code-signing", Standing{}, []string{"<a>" + signature + " and cannot be used to sign JARs after 2019-01-01."}},
		{"code signing, issuing", 0, "sha1-code-signing", Standing{Issuing: true}, []string{"<a>" + signature + "."}},
		{"server", 0, "sha1-server", Standing{}, []string{"<a>" + signature + "."}},
		{"server, anchored", 0, "sha1-server", Standing{Anchored: true}, []string{"<a>" + signature + " and is disabled."}},
		{"server, anchored and issuing", 0, "sha1-server", Standing{Anchored: true, Issuing: true}, []string{"<a>" + signature + "."}},
		{"client, anchored", 0, "sha1-client", Standing{Anchored: true}, []string{"<a>" + signature + "."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := fixtureCertificate(t, tt.certificate)
			got := Judge{Release: tt.release}.Certificate("<a>", c, tt.standing)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJudgeChain(t *testing.T) {
	chain := []*x509util.Certificate{fixtureCertificate(t, "sha1-code-signing"), fixtureCertificate(t, "rsa-768-sha1")}
	trusted := func(c *x509util.Certificate) bool { return c == chain[1] }
	want := []string{
		"Reply #1 of 2 uses the SHA1withRSA signature algorithm which is considered a security risk and cannot be used to sign JARs after 2019-01-01.",
		"Reply #2 of 2 uses a 768-bit RSA key which is considered a security risk and is disabled.",
	}
	if diff := cmp.Diff(want, Judge{}.Chain("Reply", chain, trusted, false)); diff != "" {
		t.Error(diff)
	}
	if got := (Judge{}).Chain("Reply", chain[1:], nil, false); len(got) != 2 || got[0][:11] != "Reply uses " {
		t.Errorf("a single certificate is numbered: %q", got)
	}
}

func TestJudgeKey(t *testing.T) {
	for name, want := range map[string][]string{
		"rsa-512-md5":    {"Key uses a 512-bit RSA key which is considered a security risk and is disabled."},
		"ec-secp224r1":   nil,
		"ec-prime192v1":  {"Key uses a 192-bit EC (secp192r1) key which is considered a security risk and is disabled."},
		"rsa-pss-key":    nil, // of 1024 bits
		"ed25519":        nil,
		"ec-explicit":    nil,
		"key-ml-kem-768": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, Judge{}.Key("Key", fixtureCertificate(t, name).SPKI)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := (Judge{}).Key("Key", []byte{1, 2, 3}); got != nil {
		t.Errorf("a malformed key: %q", got)
	}
}

func TestDescribeKey(t *testing.T) {
	for _, tt := range []struct{ name, want17, want25 string }{
		{"ed25519", "255-bit Ed25519 key", "Ed25519 key"},
		{"X448", "448-bit XDH key", "X448 key"},
		{"dh", "2048-bit DH key", "2048-bit DH key"},
		{"keytool-ML-DSA-44", "2.16.840.1.101.3.4.3.17 key of unknown size", "ML-DSA-44 key"},
		{"key-unknown", "1.2.3.4.5 key of unknown size", "1.2.3.4.5 key"},
	} {
		spki := fixtureCertificate(t, tt.name).SPKI
		for rel, want := range map[jdk.Release]string{jdk.Release17: tt.want17, jdk.Release25: tt.want25} {
			if key, err := keys.Describe(spki, rel); err != nil || key.Text(rel) != want {
				t.Errorf("%s, %d: %q, %v, want %q", tt.name, rel, key.Text(rel), err, want)
			}
		}
	}
	if key, err := keys.Describe(nil, jdk.Default); err == nil {
		t.Errorf("nothing is a %q", key.Text(jdk.Default))
	}
}
