package commands_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// A JKS keystore may hold a chain in any order, PKCS12 can't: the entry is
// refused in keytool's words, and nothing is half written.
func TestDisorderedChain(t *testing.T) {
	dir := t.TempDir()
	writeDisordered(t, filepath.Join(dir, "k.jks"))
	before, err := os.ReadFile(filepath.Join(dir, "k.jks"))
	if err != nil {
		t.Fatal(err)
	}

	line := []string{"-importkeystore", "-noprompt", "-srckeystore", "k.jks", "-destkeystore", "k.p12", "-deststoretype", "pkcs12",
		"-srcstorepass", "changeit", "-deststorepass", "changeit"}
	ours, err := gokeytool(t, dir, line...)
	if err != nil {
		t.Fatalf("importkeystore: %v\n%s", err, ours)
	}
	theirs := func() string {
		keytool := testtool.Keytool(t)
		cmd := exec.CommandContext(t.Context(), keytool, slices.Replace(slices.Clone(line), 5, 6, "theirs.p12")...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("keytool: %v\n%s", err, out)
		}
		return strings.ReplaceAll(string(out), "theirs.p12", "k.p12")
	}()
	if ours != theirs {
		t.Errorf("ours:\n%s\nkeytool's:\n%s", ours, theirs)
	}

	out, err := gokeytool(t, dir, "convert", "-to", "pkcs12", "-storepass", "changeit", "k.jks", "c.p12")
	if err == nil || !strings.Contains(out, "Certificate chain is not valid") || !strings.Contains(out, "gokeytool chain -complete -alias ") {
		t.Errorf("convert: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "c.p12")); err == nil {
		t.Error("convert left a file")
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "k.jks")); !slices.Equal(before, after) {
		t.Error("k.jks was changed")
	}

	// What the error advises puts the chain in order.
	out, err = gokeytool(t, dir, "chain", "-complete", "-keystore", "k.jks", "-storepass", "changeit")
	if want := []string{"CN=leaf", "CN=sub", "(moved)", "CN=root", "(moved)"}; err != nil || !inOrder(out, want) {
		t.Errorf("chain: %v\n%s", err, out)
	}
	if out, err := gokeytool(t, dir, "convert", "-to", "pkcs12", "-storepass", "changeit", "k.jks", "c.p12"); err != nil {
		t.Errorf("convert: %v\n%s", err, out)
	}
}

// inOrder says whether text has all the words, one behind the other.
func inOrder(text string, words []string) bool {
	for _, word := range words {
		_, after, found := strings.Cut(text, word)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// Chains of a JKS keystore that are no chains come to PKCS12 as with keytool, or
// are refused in its words: by importkeystore, and by migrate, which then leaves
// the file as it was. None fails as late as when the keystore is saved.
func TestBrokenChains(t *testing.T) {
	for _, chain := range [][]int{
		{0}, {0, 1}, {0, 2}, {0, 2, 1}, {0, 1, 1}, {0, 1, 2, 2}, {0, 0}, {0, 1, 0}, {0, 1, 2, 0}, {1, 0}, {1, 2}, {2, 1, 0}, {2, 2}, {2},
	} {
		t.Run(fmt.Sprint(chain), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "k.jks")
			writeChain(t, path, chain)
			line := func(to string) []string {
				return []string{"-importkeystore", "-noprompt", "-srckeystore", "k.jks", "-destkeystore", to, "-deststoretype", "pkcs12",
					"-srcstorepass", "changeit", "-deststorepass", "changeit"}
			}
			listed := func(name string) []string {
				s, err := store.Open(filepath.Join(dir, name), store.Options{Password: []byte("changeit")})
				if err != nil {
					t.Fatal(err)
				}
				var held []string
				for _, e := range s.Entries() {
					held = append(held, e.Alias)
					for _, c := range e.Chain {
						held = append(held, fmt.Sprintf("%x", sha256.Sum256(c.DER)))
					}
				}
				return held
			}
			ours, err := gokeytool(t, dir, line("ours.p12")...)
			if err != nil {
				t.Fatalf("importkeystore: %v\n%s", err, ours)
			}
			keytool := exec.CommandContext(t.Context(), testtool.Keytool(t), line("java.p12")...)
			keytool.Dir = dir
			out, err := keytool.CombinedOutput()
			if err != nil {
				t.Fatalf("keytool: %v\n%s", err, out)
			}
			if theirs := strings.ReplaceAll(string(out), "java.p12", "ours.p12"); ours != theirs {
				t.Errorf("ours:\n%s\nkeytool's:\n%s", ours, theirs)
			}
			if mine, theirs := listed("ours.p12"), listed("java.p12"); !slices.Equal(mine, theirs) {
				t.Errorf("ours holds %v\nkeytool's %v", mine, theirs)
			}

			before := listed("k.jks")
			refused := strings.Contains(ours, "Certificate chain is not valid")
			ours, err = gokeytool(t, dir, "migrate", "k.jks", "-storepass", "changeit")
			if refused != (err != nil) || refused != strings.Contains(ours, "Certificate chain is not valid") {
				t.Errorf("migrate: %v\n%s", err, ours)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if typ, err := store.Detect(data); err != nil || refused != (typ == store.JKS) {
				t.Errorf("%s, %v", typ, err)
			}
			if after := listed("k.jks"); refused && !slices.Equal(before, after) {
				t.Errorf("held %v, now %v", before, after)
			} else if !refused && !slices.Equal(after, listed("java.p12")) {
				t.Errorf("migrate left %v", after)
			}
		})
	}
}

// writeDisordered writes a JKS keystore whose one key has its root before the
// certificate between them.
func writeDisordered(t *testing.T, path string) {
	t.Helper()
	writeChain(t, path, []int{0, 2, 1})
}

// writeChain writes a JKS keystore with the key of a leaf (0) of a CA
// (1) of a root (2), which has those of their certificates for a chain.
func writeChain(t *testing.T, path string, order []int) {
	t.Helper()
	names := []string{"leaf", "sub", "root"}
	keys := make([]*ecdsa.PrivateKey, len(names))
	certificates := make([]*x509.Certificate, len(names))
	for i := len(names) - 1; i >= 0; i-- {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 1), Subject: pkix.Name{CommonName: names[i]},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: i > 0, BasicConstraintsValid: true,
		}
		parent, signer := template, keys[i]
		if i < len(names)-1 {
			parent, signer = certificates[i+1], keys[i+1]
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, keys[i].Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		if certificates[i], err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var chain []entry.Certificate
	for _, i := range order {
		chain = append(chain, entry.X509(certificates[i].Raw))
	}
	s := store.New(store.JKS)
	if err := s.SetKey("k", entry.Key{PKCS8: pkcs8}, []byte("changeit"), chain, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(path, []byte("changeit")); err != nil {
		t.Fatal(err)
	}
}
