package keytool

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

// TestPolicyErrors demands Java's words for lists that it does not understand.
func TestPolicyErrors(t *testing.T) {
	const unknown = "Error in security property. Constraint unknown: "
	for list, want := range map[string]string{
		"RSA KeySize < 1024":          unknown + "KeySize < 1024",
		"RSA foo":                     unknown + "foo",
		"RSA keySize ~ 1024":          "Error in security property. ~ is not a legal Operator",
		"RSA keySize < x":             `For input string: "x"`,
		"RSA jdkCA & jdkCA":           "Only one jdkCA entry allowed in property. Constraint: RSA jdkCA & jdkCA",
		"SHA1 denyAfter 2019-02-31":   "Invalid denyAfter date",
		"SHA1 denyAfter 19-02-01":     unknown + "denyAfter 19-02-01",
		"MD5, RSA, secp256r1, X509 &": unknown,
	} {
		_, err := ParsePolicy(func(string) string { return list }, time.Now())
		var java *jdk.Error
		if !errors.As(err, &java) || java.Text != want {
			t.Errorf("%s: %v, want %s", list, err, want)
		}
	}
}

// TestPolicyIsStock compares a policy of the release's own lists with what is
// said without one, for every kind of signature and many sizes of keys.
func TestPolicyIsStock(t *testing.T) {
	lists := map[string]string{
		"jdk.certpath.disabledAlgorithms": "MD2, MD5, SHA1 jdkCA & usage TLSServer, RSA keySize < 1024, DSA keySize < 1024, EC keySize < 224, SHA1 usage SignedJAR & denyAfter 2019-01-01",
		"jdk.security.legacyAlgorithms":   "SHA1, RSA keySize < 2048, DSA keySize < 2048, DES, DESede, MD5, RC2, ARCFOUR",
	}
	policy, err := ParsePolicy(func(name string) string { return lists[name] }, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	plain, same := Judge{}, Judge{Policy: policy}
	n := 0
	for _, u := range []usage{usageAny, usageTLSServer, usageTLSClient, usageSignedJAR} {
		for _, anchored := range []bool{false, true} {
			in := circumstances{usage: u, anchored: anchored}
			for _, name := range keys.SignatureAlgorithms() {
				want, wantAfter := plain.signature(name, in)
				got, after := same.signature(name, in)
				if got != want || after != wantAfter {
					t.Errorf("%s, %+v: %v %q, want %v %q", name, in, got, after, want, wantAfter)
				}
				n++
			}
			for _, algorithm := range []string{"RSA", "DSA", "EC", "RSASSA-PSS", "Ed25519"} {
				for bits := -1; bits < 4097; bits += 7 {
					k := keys.Info{Algorithm: algorithm, Bits: bits}
					if got, want := same.key(k, in), plain.key(k, in); got != want {
						t.Errorf("%s of %d bits: %v, want %v", k.Algorithm, bits, got, want)
					}
					n++
				}
			}
		}
	}
	if n < 20000 {
		t.Errorf("only %d compared", n)
	}
}

func TestAlgorithmParts(t *testing.T) {
	for name, want := range map[string]string{
		"SHA1withRSA":           "SHA1 RSA",
		"SHA-1":                 "SHA1",
		"PBEWithMD5AndDES":      "PBE MD5 DES",
		"DES/CBC/NoPadding":     "DES CBC NoPadding",
		"SHA256withRSAandMGF1":  "SHA256 RSA MGF1",
		"SHA512/224withRSA":     "SHA512 224 RSA",
		"Ed25519":               "Ed25519",
		"":                      "",
		"with":                  "",
		"SHA1withDSAinP1363Fmt": "SHA1 DSA P1363Fmt",
	} {
		if got := algorithmParts(name); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
