package keys

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
)

// TestOpenSSLKeys reads private keys that openssl makes.
func TestOpenSSLKeys(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	for _, args := range []string{
		"-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
		"-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024",
		"-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:20",
		"-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
		"-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
		"-algorithm ED25519", "-algorithm ED448", "-algorithm X25519", "-algorithm X448",
	} {
		t.Run(args, func(t *testing.T) {
			text := []byte(testtool.Stdout(t, testtool.Command(t, "", openssl, append([]string{"genpkey"}, strings.Fields(args)...)...)))
			block, _ := pem.Decode(text)
			der := block.Bytes
			key, err := ParsePrivate(der)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "key.der")
			if err := os.WriteFile(path, der, 0o600); err != nil {
				t.Fatal(err)
			}
			want := []byte(testtool.Stdout(t, testtool.Command(t, "", openssl, "pkey", "-inform", "DER", "-in", path, "-pubout", "-outform", "DER")))
			if got, err := MarshalPublic(key.Public()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("public key %x, openssl has %x, %v", got, want, err)
			}
			if sigAlg, err := DefaultSignatureAlgorithm(key.Public(), jdk.Default); err == nil {
				signAndCheck(t, key, sigAlg, jdk.Default)
			}
		})
	}
}
