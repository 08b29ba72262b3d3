package x509util

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// opensslCA makes certificates with OpenSSL, in a directory of its own.
type opensslCA struct {
	t       *testing.T
	openssl string
	dir     string
}

func (o *opensslCA) run(args ...string) (string, error) {
	cmd := exec.Command(o.openssl, args...)
	cmd.Dir = o.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (o *opensslCA) must(args ...string) {
	o.t.Helper()
	if out, err := o.run(args...); err != nil {
		o.t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (o *opensslCA) certificate(name string) *Certificate {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.dir, name))
	if err != nil {
		o.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	c, err := ParseCertificate(block.Bytes)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// curveNames are those that OpenSSL knows.
func (o *opensslCA) curveNames() []string {
	out, err := o.run("ecparam", "-list_curves")
	if err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
	var names []string
	for line := range strings.Lines(out) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// issue has the key of ca.key sign a certificate for leaf.key, and returns what
// is known of the one as the issuer of the other, after having held that against
// "openssl verify". The same certificate with one bit of the signature changed
// must not be better.
//
// ok is false for what OpenSSL does not sign.
func (o *opensslCA) issue(t *testing.T, options ...string) (_ Relation, ok bool) {
	t.Helper()
	o.t = t
	if out, err := o.run(append([]string{"req", "-x509", "-key", "ca.key", "-subj", "/CN=CA", "-days", "9", "-out", "ca.crt"}, options...)...); err != nil {
		t.Logf("OpenSSL does not sign so: %.80s", out)
		return 0, false
	}
	if out, err := o.run(append([]string{"req", "-x509", "-key", "leaf.key", "-subj", "/CN=leaf", "-CA", "ca.crt", "-CAkey", "ca.key",
		"-days", "9", "-out", "leaf.crt"}, options...)...); err != nil {
		t.Logf("OpenSSL does not sign so: %.80s", out)
		return 0, false
	}
	ca, leaf := o.certificate("ca.crt"), o.certificate("leaf.crt")
	relation := leaf.IssuedBy(ca)
	out, err := o.run("verify", "-auth_level", "0", "-CAfile", "ca.crt", "leaf.crt")
	if err == nil && relation < Unverifiable {
		t.Errorf("relation %d, but: %s", relation, out)
	}
	if chain := CompleteChain(leaf, []*Certificate{ca}); err == nil && len(chain) != 2 {
		t.Error("the issuer's certificate is lost")
	}
	broken := *leaf
	broken.Signature = append([]byte(nil), leaf.Signature...)
	broken.Signature[len(broken.Signature)-2] ^= 1
	want := Unverifiable
	if relation == Issued {
		want = WrongSignature
	}
	if got := broken.IssuedBy(ca); got != want {
		t.Errorf("with a bit changed the relation is %d, want %d", got, want)
	}
	if text := leaf.UnverifiableText(ca); (text != "") != (relation == Unverifiable) {
		t.Errorf("relation %d, said %q", relation, text)
	}
	return relation, true
}

// somePerKind are curves of each kind that OpenSSL has; all are tried with
// X509UTIL_ALL_CURVES set.
var somePerKind = []string{"secp112r1", "secp224r1", "secp256k1", "secp521r1", "prime192v2", "prime256v1", "sect163k1", "c2tnb191v1",
	"wap-wsg-idm-ecid-wtls1", "Oakley-EC2N-3", "brainpoolP256r1", "brainpoolP384t1", "SM2"}

// TestIssuedByCurves: an issuer is kept, and never called wrong, on any curve of
// OpenSSL's, as key of the CA and of the leaf.
func TestIssuedByCurves(t *testing.T) {
	o := &opensslCA{t, testtool.Look(t, "openssl"), t.TempDir()}
	curves := somePerKind
	if os.Getenv("X509UTIL_ALL_CURVES") != "" {
		curves = o.curveNames()
	}
	verifiable := 0
	for _, name := range curves {
		t.Run(name, func(t *testing.T) {
			o.t = t
			o.must("ecparam", "-name", name, "-genkey", "-noout", "-out", "ca.key")
			o.must("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "leaf.key")
			if relation, _ := o.issue(t); relation == Issued {
				verifiable++
			}
			if err := os.Rename(filepath.Join(o.dir, "ca.key"), filepath.Join(o.dir, "leaf.key")); err != nil {
				t.Fatal(err)
			}
			o.must("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
			if relation, ok := o.issue(t); ok && relation != Issued {
				t.Errorf("relation %d of a CA on P-256 to a key on this curve", relation)
			}
		})
	}
	if verifiable < 2 {
		t.Errorf("signatures on %d curves were verified", verifiable)
	}
}

// TestIssuedByAlgorithms: the same with all kinds of keys and signatures.
func TestIssuedByAlgorithms(t *testing.T) {
	o := &opensslCA{t, testtool.Look(t, "openssl"), t.TempDir()}
	o.must("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "leaf.key")
	digests := []string{"-md4", "-md5", "-ripemd160", "-sha1", "-sha224", "-sha256", "-sha384", "-sha512", "-sha512-224", "-sha512-256",
		"-sha3-224", "-sha3-256", "-sha3-384", "-sha3-512", "-sm3", "-blake2b512", "-blake2s256"}
	pss := func(hash, mgf, salt string) []string {
		return []string{hash, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:" + mgf, "-sigopt", "rsa_pss_saltlen:" + salt}
	}
	made, plain := 0, [][]string{nil}
	hashed := make([][]string, len(digests))
	for i, d := range digests {
		hashed[i] = []string{d}
	}
	padded := append(hashed[:len(hashed):len(hashed)],
		pss("-sha1", "sha1", "20"), pss("-sha256", "sha256", "-1"), pss("-sha256", "sha256", "0"), pss("-sha256", "sha256", "-2"),
		pss("-sha384", "sha1", "48"), pss("-sha512", "sha256", "10"), pss("-sha3-256", "sha3-256", "-1"), pss("-md5", "md5", "-1"))
	for _, kind := range []struct {
		name    string
		make    [][]string
		options [][]string
	}{
		{"RSA", [][]string{{"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "ca.key"}}, padded},
		{"RSA exponent", [][]string{{"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-pkeyopt", "rsa_keygen_pubexp:1099511627777", "-out", "ca.key"}}, plain},
		{"RSA-PSS", [][]string{{"genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "ca.key"}}, append(hashed[3:8:8], pss("-sha256", "sha1", "7"))},
		{"EC", [][]string{{"ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "ca.key"}}, hashed},
		{"EC explicit", [][]string{{"ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-noout", "-out", "ca.key"}}, plain},
		{"EC compressed", [][]string{{"ecparam", "-name", "prime256v1", "-conv_form", "compressed", "-genkey", "-noout", "-out", "ca.key"}}, plain},
		{"DSA", [][]string{{"genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", "dsa.pem"}, {"genpkey", "-paramfile", "dsa.pem", "-out", "ca.key"}}, hashed},
		{"Ed25519", [][]string{{"genpkey", "-algorithm", "Ed25519", "-out", "ca.key"}}, plain},
		{"Ed448", [][]string{{"genpkey", "-algorithm", "Ed448", "-out", "ca.key"}}, plain},
		{"SM2", [][]string{{"genpkey", "-algorithm", "SM2", "-out", "ca.key"}}, [][]string{{"-sm3"}}},
	} {
		o.t = t
		for _, args := range kind.make {
			o.must(args...)
		}
		for _, options := range kind.options {
			t.Run(kind.name+strings.Join(options, ""), func(t *testing.T) {
				relation, ok := o.issue(t, options...)
				if ok {
					made++
				}
				if ok && slices.Contains(options, "rsa_padding_mode:pss") && relation != Issued {
					t.Errorf("relation %d of RSASSA-PSS", relation)
				}
			})
		}
	}
	if made < 40 {
		t.Errorf("OpenSSL made certificates of %d kinds", made)
	}
}

// TestIssuedByWrong: what is wrong is found, also where keys are not supported.
func TestIssuedByWrong(t *testing.T) {
	o := &opensslCA{t, testtool.Look(t, "openssl"), t.TempDir()}
	o.must("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "leaf.key")
	certify := func(algorithm []string, name string) *Certificate {
		o.must(append(algorithm, "-out", "ca.key")...)
		o.must("req", "-x509", "-key", "ca.key", "-subj", "/CN=CA", "-days", "9", "-out", name)
		return o.certificate(name)
	}
	brainpool := []string{"ecparam", "-name", "brainpoolP256r1", "-genkey", "-noout"}
	first := certify(brainpool, "first.crt")
	o.must("req", "-x509", "-key", "leaf.key", "-subj", "/CN=leaf", "-CA", "first.crt", "-CAkey", "ca.key", "-days", "9", "-out", "leaf.crt")
	leaf := o.certificate("leaf.crt")
	for _, test := range []struct {
		name   string
		issuer *Certificate
		want   Relation
	}{
		{"its issuer", first, Unverifiable},
		{"another key of that name and kind", certify(brainpool, "other.crt"), OtherIssuer},
		{"another key of that name, which can verify", certify([]string{"ecparam", "-name", "prime256v1", "-genkey", "-noout"}, "p256.crt"), WrongSignature},
		{"a key that makes no such signatures", certify([]string{"genpkey", "-algorithm", "RSA"}, "rsa.crt"), WrongSignature},
		{"another name", leaf, OtherIssuer},
	} {
		if got := leaf.IssuedBy(test.issuer); got != test.want {
			t.Errorf("%s: relation %d, want %d", test.name, got, test.want)
		}
	}
	// A key on a curve that is not supported makes no RSA signatures.
	rsaSigned := o.certificate("rsa.crt")
	if got := rsaSigned.IssuedBy(first); got != WrongSignature {
		t.Errorf("an RSA signature by a key on a curve: relation %d", got)
	}
}
