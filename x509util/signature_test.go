package x509util

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/x509util/keys"
)

// TestKeytoolSignatures verifies what real keytools signed.
func TestKeytoolSignatures(t *testing.T) {
	issuers := map[string]string{"issued.der": "rsa.der", "oddissued.der": "odd.der"}
	names, _ := filepath.Glob("testdata/keytool/*/*.der")
	if len(names) < 10 {
		t.Fatal("no certificates of keytool")
	}
	for _, name := range names {
		c, err := ParseCertificate(testtool.ReadFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		by, issued := issuers[filepath.Base(name)]
		if !issued && !c.SelfSigned() {
			continue // the issuer is not here
		}
		t.Run(name, func(t *testing.T) {
			issuer := c
			if issued {
				if issuer, err = ParseCertificate(testtool.ReadFile(t, filepath.Join(filepath.Dir(name), by))); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.CheckSignatureFrom(issuer); err != nil {
				t.Error(err)
			}
			c.Signature = slices.Clone(c.Signature)
			c.Signature[len(c.Signature)-1] ^= 1
			if err := c.CheckSignatureFrom(issuer); !errors.Is(err, keys.ErrSignature) {
				t.Errorf("changed signature: %v", err)
			}
		})
	}
}
