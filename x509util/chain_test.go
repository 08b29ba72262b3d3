package x509util

import (
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

// issued is a certificate with the key that goes with it.
type issued struct {
	certificate *Certificate
	key         crypto.Signer
}

// issue makes a certificate for CN=name, self-signed where by is nil.
func issue(t *testing.T, by *issued, name, keyName string) *issued {
	t.Helper()
	key := testkey.Make(t, keyName)
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	subject := mustName(t, "CN="+name)
	template := Template{Issuer: subject, Subject: subject, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), SPKI: spki}
	signer := key
	if by != nil {
		template.Issuer, signer = by.certificate.Subject, by.key
	}
	sigAlg, err := keys.DefaultSignatureAlgorithm(signer.Public(), jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	der, err := CreateCertificate(template, signer, sigAlg, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

// names returns the common names of a chain, leaf first.
func names(chain []*Certificate) string {
	var all []string
	for _, c := range chain {
		all = append(all, c.Subject.CommonName())
	}
	return strings.Join(all, " < ")
}

func TestChainFromCertificate(t *testing.T) {
	root := issue(t, nil, "root", "ed25519")
	middle := issue(t, root, "middle", "ec256")
	leaf := issue(t, middle, "leaf", "rsa1024")
	// One that has the name of the middle one but another key, and two that
	// sign each other.
	false1 := issue(t, nil, "middle", "ec384")
	cycleA := issue(t, &issued{issue(t, nil, "cycleB", "ec384").certificate, testkey.Make(t, "ec384")}, "cycleA", "ec256")
	cycleB := issue(t, cycleA, "cycleB", "ec384")
	inCycle := issue(t, cycleA, "inCycle", "rsa1024")
	pool := func(all ...*issued) (certificates []*Certificate) {
		for _, i := range all {
			certificates = append(certificates, i.certificate)
		}
		return certificates
	}
	for _, test := range []struct {
		name    string
		leaf    *issued
		trusted []*Certificate
		want    string
	}{
		{"complete", leaf, pool(root, middle), "leaf < middle < root"},
		{"complete with others", leaf, pool(false1, cycleA, middle, leaf, root), "leaf < middle < root"},
		{"self-signed", root, nil, "root"},
		{"nothing trusted", leaf, nil, ""},
		{"no root", leaf, pool(middle), ""},
		{"no middle", leaf, pool(root), ""},
		{"wrong key of the right name", leaf, pool(false1, root), ""},
		{"cycle", inCycle, pool(cycleA, cycleB), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			chain, err := ChainFromCertificate(test.leaf.certificate, test.trusted, Issued)
			if got := names(chain); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if test.want == "" {
				if javaErr, ok := errors.AsType[*jdk.Error](err); !ok || javaErr.Text != "Failed to establish chain from reply" {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

func TestChainFromReply(t *testing.T) {
	root := issue(t, nil, "root", "ed25519")
	middle := issue(t, root, "middle", "ec256")
	leaf := issue(t, middle, "leaf", "rsa1024")
	other := issue(t, nil, "other", "ec384")
	l, m, r, o := leaf.certificate, middle.certificate, root.certificate, other.certificate
	for _, test := range []struct {
		name    string
		reply   []*Certificate
		trusted []*Certificate
		want    string // "!" and an error; "?" where the top is not trusted
	}{
		{"in order", []*Certificate{l, m, r}, []*Certificate{r}, "leaf < middle < root"},
		{"reversed", []*Certificate{r, m, l}, []*Certificate{r}, "leaf < middle < root"},
		{"shuffled", []*Certificate{m, l, r}, []*Certificate{o, r}, "leaf < middle < root"},
		{"twice", []*Certificate{m, l, r, m, l}, []*Certificate{r}, "leaf < middle < root"},
		{"root not trusted", []*Certificate{l, m, r}, nil, "?leaf < middle < root"},
		{"root from the keystore", []*Certificate{l, m}, []*Certificate{o, r}, "leaf < middle < root"},
		{"middle not trusted", []*Certificate{m, l}, []*Certificate{o}, "?leaf < middle"},
		{"middle itself trusted", []*Certificate{m, l}, []*Certificate{m}, "leaf < middle"},
		{"another's", []*Certificate{m, r}, []*Certificate{r}, "!Certificate reply does not contain public key for <a>"},
		{"gap", []*Certificate{l, r, o}, []*Certificate{r}, "!Incomplete certificate chain in reply"},
		{"last is not looked at", []*Certificate{l, o}, nil, "?leaf < other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			reply, err := ChainFromReply("a", test.reply, l.SPKI, test.trusted, Issued)
			got := names(reply.Chain)
			if err != nil {
				got = "!" + err.Error()
			} else if !reply.Trusted {
				got = "?" + got
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCheckChain(t *testing.T) {
	root := issue(t, nil, "root", "ed25519")
	middle := issue(t, root, "middle", "ec256")
	leaf := issue(t, middle, "leaf", "rsa1024")
	l, m, r := leaf.certificate, middle.certificate, root.certificate
	for _, test := range []struct {
		name  string
		chain []*Certificate
		ok    bool
	}{
		{"empty", nil, true},
		{"one", []*Certificate{l}, true},
		{"whole", []*Certificate{l, m, r}, true},
		{"gap", []*Certificate{l, r}, false},
		{"twice", []*Certificate{l, m, r, r}, false},
	} {
		if err := CheckChain(test.chain); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
