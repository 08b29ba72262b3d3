package keytool

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util"
)

// FuzzParsePolicy: a policy of security properties is read, or refused in Java's
// words, and says something of each certificate then.
func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{
		"MD2, MD5, SHA1 jdkCA & usage TLSServer, RSA keySize < 1024, DSA keySize < 1024, EC keySize < 224, SHA1 usage SignedJAR & denyAfter 2019-01-01, include jdk.disabled.namedCurves",
		"SHA1, RSA keySize < 2048, DES, DESede, MD5, RC2, ARCFOUR", "RSA keySize == 5 & denyAfter 9999-99-99", "include x", "", ",,&", "EC keySize >= 1 & keySize < 0",
	} {
		f.Add(text, "secp112r1, secp256k1")
	}
	c, err := x509util.ParseCertificate(testtool.Files(f, "../testdata/print/*.der")["keytool-17-all"])
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1.8e9, 0)
	f.Fuzz(func(t *testing.T, value, included string) {
		policy, err := ParsePolicy(func(name string) string {
			if strings.HasPrefix(name, "jdk.certpath") || strings.HasPrefix(name, "jdk.security") {
				return value
			}
			return included
		}, now)
		if err != nil {
			if _, ok := errors.AsType[*jdk.Error](err); !ok {
				t.Fatalf("%v is no *Error", err)
			}
			return
		}
		for _, warning := range (Judge{Policy: policy}).Chain("label", []*x509util.Certificate{c}, nil, true) {
			checkText(t, warning)
		}
	})
}
