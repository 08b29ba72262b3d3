package x509util

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/x509util/keys"
)

// TestSignedData reads and verifies what OpenSSL signs.
func TestSignedData(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(openssl, args...)
		cmd.Dir = dir
		testtool.Output(t, cmd)
	}
	content := []byte("what is signed\n")
	if err := os.WriteFile(filepath.Join(dir, "content"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	for alg, newkey := range map[string][]string{
		"rsa": {"-newkey", "rsa:2048"}, "ec": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
	} {
		run(append([]string{"req", "-x509", "-nodes", "-keyout", alg + ".key", "-out", alg + ".pem", "-subj", "/CN=" + alg}, newkey...)...)
		for kind, options := range map[string][]string{
			"with attributes": nil, "without attributes": {"-noattr"}, "by key id": {"-keyid"}, "SHA-512": {"-md", "sha512"},
			"content inside": {"-nodetach"}, "indefinite length": {"-nodetach", "-stream", "-indef"},
		} {
			t.Run(alg+" "+kind, func(t *testing.T) {
				run(append([]string{"cms", "-sign", "-binary", "-in", "content", "-signer", alg + ".pem", "-inkey", alg + ".key",
					"-outform", "DER", "-out", "signed"}, options...)...)
				der, err := os.ReadFile(filepath.Join(dir, "signed"))
				if err != nil {
					t.Fatal(err)
				}
				d, err := ParseSignedData(der)
				if err != nil {
					t.Fatal(err)
				}
				if len(d.Signers) != 1 || d.Content != nil && !bytes.Equal(d.Content, content) {
					t.Fatalf("%d signers of %q", len(d.Signers), d.Content)
				}
				chain, err := d.Verify(&d.Signers[0], content)
				if err != nil {
					t.Fatal(err)
				}
				if len(chain) != 1 || chain[0].Subject.CommonName() != alg {
					t.Errorf("signed by %d certificates, first %v", len(chain), chain[0].Subject)
				}
				if _, err := d.Verify(&d.Signers[0], []byte("something else")); !errors.Is(err, keys.ErrSignature) {
					t.Errorf("other content: error %v", err)
				}
			})
		}
	}
}

func FuzzParseSignedData(f *testing.F) {
	files, err := filepath.Glob("testdata/*.p7b")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseSignedData(data)
		if err != nil {
			return
		}
		for i := range d.Signers {
			chain, err := d.Verify(&d.Signers[i], d.Content)
			if err == nil && len(chain) == 0 {
				t.Fatal("verified by nobody")
			}
			d.Signers[i].Timestamp()
		}
	})
}
