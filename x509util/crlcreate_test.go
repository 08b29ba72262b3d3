package x509util

import (
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

func TestCreateCRL(t *testing.T) {
	key, err := keys.Generate(keys.Spec{Algorithm: "EC"}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ParseDName("CN=CA, O=Example")
	if err != nil {
		t.Fatal(err)
	}
	big1, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	this := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	next := time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		revoked []Revocation
		version int
		openssl []string // what OpenSSL finds in it
	}{
		{"none", nil, 1, []string{"Version 1", "No Revoked Certificates"}},
		{"without reasons", []Revocation{{big.NewInt(5), 0}, {big1, 0}}, 1,
			[]string{"Version 1", "Serial Number: 05", "Serial Number: 018EE90FF6C373E0EE4E3F0AD2"}},
		{"with a reason", []Revocation{{big.NewInt(5), 0}, {big.NewInt(6), 1}}, 2,
			[]string{"Version 2", "Serial Number: 06", "Key Compromise", "Next Update: Jan  2 03:04:05 2060 GMT"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			der, err := CreateCRL(CRLTemplate{issuer, this, next, tt.revoked}, key, "SHA256withECDSA", jdk.Default)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseCRL(der)
			if err != nil {
				t.Fatal(err)
			}
			if c.Version != tt.version || !c.Issuer.Equal(issuer) || !c.ThisUpdate.Equal(this) || !c.NextUpdate.Equal(next) ||
				len(c.Revoked) != len(tt.revoked) {
				t.Errorf("read back: %+v", c)
			}
			for i, r := range c.Revoked {
				if r.Serial.Cmp(tt.revoked[i].Serial) != 0 || len(r.Extensions) > 0 != (tt.revoked[i].Reason > 0) {
					t.Errorf("entry %d: %+v", i, r)
				}
			}
			if err := c.CheckSignatureFrom(key.Public()); err != nil {
				t.Error(err)
			}
			file := filepath.Join(t.TempDir(), "a.crl")
			if err := os.WriteFile(file, der, 0o600); err != nil {
				t.Fatal(err)
			}
			text, err := exec.Command(testtool.Look(t, "openssl"), "crl", "-inform", "DER", "-noout", "-text", "-in", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, want := range tt.openssl {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
	if _, err := CreateCRL(CRLTemplate{Issuer: issuer}, key, "SHA256withRSA", jdk.Default); err == nil {
		t.Error("an EC key signed with RSA")
	}
}
