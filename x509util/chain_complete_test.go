package x509util

import (
	"crypto"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

// testIssuer is a name with a key, for making certificates in tests.
type testIssuer struct {
	name Name
	key  crypto.Signer
	spki []byte
}

func newTestIssuer(t *testing.T, dname string) testIssuer {
	t.Helper()
	name, err := ParseDName(dname)
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.Generate(keys.Spec{Algorithm: "Ed25519"}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return testIssuer{name, key, spki}
}

// certify makes a certificate for subject.
func (i testIssuer) certify(t *testing.T, subject testIssuer) *Certificate {
	t.Helper()
	der, err := CreateCertificate(Template{
		Issuer: i.name, Subject: subject.name, SPKI: subject.spki,
		NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0),
	}, i.key, "Ed25519", jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompleteChain(t *testing.T) {
	root, sub, leaf := newTestIssuer(t, "CN=root"), newTestIssuer(t, "CN=sub"), newTestIssuer(t, "CN=leaf")
	other := newTestIssuer(t, "CN=sub") // the name of sub with another key
	rootCert, subCert, leafCert := root.certify(t, root), root.certify(t, sub), sub.certify(t, leaf)
	otherCert := root.certify(t, other)

	tests := []struct {
		name string
		leaf *Certificate
		pool []*Certificate
		want []*Certificate
	}{
		{"nothing known", leafCert, nil, []*Certificate{leafCert}},
		{"up to the root", leafCert, []*Certificate{rootCert, subCert}, []*Certificate{leafCert, subCert, rootCert}},
		{"as far as it goes", leafCert, []*Certificate{subCert}, []*Certificate{leafCert, subCert}},
		{"a name is not enough", leafCert, []*Certificate{otherCert, rootCert}, []*Certificate{leafCert}},
		{"itself among them", leafCert, []*Certificate{leafCert, subCert}, []*Certificate{leafCert, subCert}},
		{"a root alone", rootCert, []*Certificate{subCert}, []*Certificate{rootCert}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := CompleteChain(test.leaf, test.pool)
			if len(got) != len(test.want) {
				t.Fatalf("chain of %d certificates, want %d", len(got), len(test.want))
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("certificate %d is %s by %s", i, got[i].Subject, got[i].Issuer)
				}
			}
		})
	}
}

// Certificates that sign each other in many ways once took time that doubled
// with each of them.
func TestChainOfMutualSigners(t *testing.T) {
	a, b := newTestIssuer(t, "CN=a"), newTestIssuer(t, "CN=b")
	var pool []*Certificate
	for range 12 {
		pool = append(pool, a.certify(t, b), b.certify(t, a))
	}
	done := make(chan int)
	go func() {
		_, err := ChainFromCertificate(pool[0], pool, Issued)
		if err == nil {
			t.Error("a chain was found where there is no root")
		}
		done <- len(CompleteChain(pool[0], pool))
	}()
	select {
	case n := <-done:
		if n > maxChain {
			t.Errorf("chain of %d certificates", n)
		}
	case <-time.After(time.Minute):
		t.Fatal("no end after a minute")
	}
}
