package x509util

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

// writeTemp writes a file that is gone after the test.
func writeTemp(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOpenSSL has openssl verify certificates and requests of every algorithm
// that it knows, and read the private keys.
func TestOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	for _, test := range []struct{ key, sigAlg, text string }{
		{"rsa1024", "SHA256withRSA", "sha256WithRSAEncryption"},
		{"rsa1024", "SHA3-256withRSA", "RSA-SHA3-256"},
		{"rsa1024", "SHA1withRSA", "sha1WithRSAEncryption"},
		{"rsa1024", "RSASSA-PSS", "rsassaPss"},
		{"pss1024", "RSASSA-PSS", "rsassaPss"},
		{"ec256", "SHA256withECDSA", "ecdsa-with-SHA256"},
		{"ec384", "SHA384withECDSA", "ecdsa-with-SHA384"},
		{"ed25519", "Ed25519", "ED25519"},
		{"ed448", "Ed448", "ED448"},
		{"dsa2048", "SHA256withDSA", "dsa_with_SHA256"},
	} {
		t.Run(test.key+" "+test.sigAlg, func(t *testing.T) {
			key := testkey.Make(t, test.key)
			c := selfSigned(t, key, "CN=a, O=\"b, c\"", test.sigAlg, []string{"bc:c", "ku=kCS", "san=dns:a,ip:::1"}, jdk.Default, nil)
			cert := writeTemp(t, dir, "cert.pem", EncodePEM("CERTIFICATE", c.Raw, jdk.Default))
			if text := testtool.Run(t, openssl, "x509", "-in", cert, "-noout", "-text"); !strings.Contains(text, test.text) {
				t.Errorf("no %s in\n%s", test.text, text)
			}
			testtool.Run(t, openssl, "verify", "-auth_level", "0", "-check_ss_sig", "-CAfile", cert, cert)
			request, err := CreateRequest(c.Subject, c.SPKI, c.Extensions, key, test.sigAlg, jdk.Default)
			if err != nil {
				t.Fatal(err)
			}
			req := writeTemp(t, dir, "req.pem", EncodePEM("NEW CERTIFICATE REQUEST", request, jdk.Default))
			if text := testtool.Run(t, openssl, "req", "-in", req, "-noout", "-verify", "-text"); !strings.Contains(text, "DNS:a") {
				t.Errorf("no DNS:a in\n%s", text)
			}
			pkcs8, err := keys.MarshalPrivate(key)
			if err != nil {
				t.Fatal(err)
			}
			private := writeTemp(t, dir, "key.der", pkcs8)
			out, err := exec.Command(openssl, "pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER").Output()
			if err != nil || !bytes.Equal(out, c.SPKI) {
				t.Errorf("openssl finds the public key %x, %v", out, err)
			}
		})
	}
}

// TestKeytoolReads has every keytool print certificates of all algorithms that
// it knows and a request, whose signature it checks.
func TestKeytoolReads(t *testing.T) {
	dir := t.TempDir()
	for rel, keytool := range testtool.Keytools(t) {
		names := []string{"rsa1024", "pss1024", "ec256", "ec384", "ed25519", "ed448", "dsa2048"}
		if rel >= jdk.Release25 {
			names = append(names, "mldsa44")
		}
		var pem []byte
		for _, key := range names {
			c := selfSigned(t, testkey.Make(t, key), "CN="+key, "", []string{"bc:c", "san=dns:a", "eku=sA", "aia=ocsp:uri:http://a/"}, rel, nil)
			pem = append(pem, EncodePEM("CERTIFICATE", c.Raw, rel)...)
		}
		text := testtool.Run(t, keytool, "-printcert", "-file", writeTemp(t, dir, "certs.pem", pem))
		for _, key := range names {
			if !strings.Contains(text, "Owner: CN="+key+"\n") {
				t.Errorf("JDK %d: no %s in\n%s", rel, key, text)
			}
		}
		if strings.Contains(text, "Unparseable") {
			t.Errorf("JDK %d:\n%s", rel, text)
		}
		key := names[len(names)-1]
		c := selfSigned(t, testkey.Make(t, key), "CN="+key, "", nil, rel, nil)
		sigAlg, _ := keys.DefaultSignatureAlgorithm(testkey.Make(t, key).Public(), rel)
		request, err := CreateRequest(c.Subject, c.SPKI, c.Extensions, testkey.Make(t, key), sigAlg, rel)
		if err != nil {
			t.Fatal(err)
		}
		text = testtool.Run(t, keytool, "-printcertreq", "-file", writeTemp(t, dir, "req.pem", EncodePEM("NEW CERTIFICATE REQUEST", request, rel)))
		if !strings.Contains(text, "Subject: CN="+key) {
			t.Errorf("JDK %d:\n%s", rel, text)
		}
	}
}

// TestJavaVerifies has every JDK verify a certificate of every signature
// algorithm.
func TestJavaVerifies(t *testing.T) {
	of := map[string][]string{"withRSA": {"rsa2048"}, "RSASSA-PSS": {"rsa2048", "pss1024"}, "withECDSA": {"ec256", "ec384"}, "withDSA": {"dsa2048"}}
	for rel, keytool := range testtool.Keytools(t) {
		java := filepath.Join(filepath.Dir(keytool), "java")
		if _, err := os.Stat(java); err != nil {
			continue // a runtime without the launcher for sources
		}
		var pem []byte
		var want []string
		for _, a := range keys.SignatureAlgorithms() {
			names := of[a[max(0, strings.Index(a, "with")):]]
			if names == nil { // a key of the same name
				names = []string{strings.ToLower(strings.ReplaceAll(a, "-", ""))}
			}
			for _, name := range names {
				key := testkey.Make(t, name)
				if _, err := keys.NewSigning(key, a, rel); err != nil {
					continue
				}
				c := selfSigned(t, key, "CN="+name, a, nil, rel, nil)
				pem = append(pem, EncodePEM("CERTIFICATE", c.Raw, rel)...)
				want = append(want, "CN="+name+" "+a+" verified")
			}
		}
		if len(want) < 30 {
			t.Fatalf("only %d certificates", len(want))
		}
		out, err := exec.Command(java, "testdata/Verify.java",
			writeTemp(t, t.TempDir(), "certs.pem", pem)).CombinedOutput()
		if err != nil {
			t.Fatalf("JDK %d: %v\n%s", rel, err, out)
		}
		if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
			t.Errorf("JDK %d:\n%s\nwant\n%s", rel, out, strings.Join(want, "\n"))
		}
	}
}
