//go:debug rsa1024min=0

package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// keytoolFiles are what real keytools made, by release; see testdata/README.md.
func keytoolFiles(t *testing.T, pattern string) map[string]jdk.Release {
	t.Helper()
	files := make(map[string]jdk.Release)
	for dir, rel := range map[string]jdk.Release{"17": jdk.Release17, "25": jdk.Release25} {
		names, _ := filepath.Glob("../testdata/keytool/" + dir + "/" + pattern)
		if len(names) < 5 {
			t.Fatalf("only %d files %s of JDK %d", len(names), pattern, rel)
		}
		for _, name := range names {
			files[name] = rel
		}
	}
	return files
}

// TestPrivateKeys reads the private keys of real keytools and writes them
// again, byte for byte; each is the one of the certificate beside it.
func TestPrivateKeys(t *testing.T) {
	for name := range keytoolFiles(t, "*.pk8") {
		t.Run(name, func(t *testing.T) {
			der := testtool.ReadFile(t, name)
			key, err := ParsePrivate(der)
			if err != nil {
				t.Fatal(err)
			}
			clear(der) // as callers do with secrets
			again, err := MarshalPrivate(key)
			if err != nil {
				t.Fatal(err)
			}
			der = testtool.ReadFile(t, name)
			if !bytes.Equal(again, der) {
				t.Errorf("encoded again as %x, was %x", again, der)
			}
			spki, err := MarshalPublic(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			c, err := x509.ParseCertificate(testtool.ReadFile(t, strings.TrimSuffix(name, ".pk8")+".der"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(spki, c.RawSubjectPublicKeyInfo) {
				t.Errorf("public key %x, the certificate has %x", spki, c.RawSubjectPublicKeyInfo)
			}
			for cut := range der {
				if cut < 200 || cut > len(der)-20 {
					if _, err := ParsePrivate(der[:cut]); err == nil {
						t.Fatalf("accepted when cut to %d octets", cut)
					} else if !errors.Is(err, ErrKey) {
						t.Fatalf("error is no ErrKey: %v", err)
					}
				}
			}
		})
	}
}

func TestGenerateKey(t *testing.T) {
	for _, test := range []struct {
		spec       Spec
		name17     string // in "Generating ... key pair"; "!" and an error
		name25     string
		sig17, sig string
	}{
		{Spec{Algorithm: "rsa", Size: 512}, "512 bit RSA", "512-bit RSA", "SHA256withRSA", "SHA256withRSA"},
		{Spec{Algorithm: "RSA", Size: 1025}, "1,025 bit RSA", "1025-bit RSA", "SHA256withRSA", "SHA384withRSA"},
		{Spec{Algorithm: "1.2.840.113549.1.1"}, "-1 bit RSA", "3072-bit RSA", "SHA256withRSA", "SHA384withRSA"},
		{Spec{Algorithm: "RSA", Size: 511}, "!java.lang.IllegalArgumentException: Invalid key sizes",
			"!java.lang.IllegalArgumentException: java.security.InvalidAlgorithmParameterException: Invalid key sizes", "", ""},
		{Spec{Algorithm: "RSA", Size: 16385}, "!java.lang.IllegalArgumentException: Invalid key sizes",
			"!java.lang.IllegalArgumentException: java.security.InvalidAlgorithmParameterException: Invalid key sizes", "", ""},
		{Spec{Algorithm: "RSA", Size: -7}, "!java.lang.IllegalArgumentException: Public exponent must be no longer than -7 bits",
			"!java.lang.IllegalArgumentException: java.security.InvalidAlgorithmParameterException: Public exponent must be no longer than -7 bits", "", ""},
		{Spec{Algorithm: "RSA", Group: "2048"}, "!java.lang.IllegalArgumentException: Params must be instance of RSAKeyGenParameterSpec",
			"!java.lang.IllegalArgumentException: Params must be instance of RSAKeyGenParameterSpec", "", ""},
		{Spec{Algorithm: "RSASSA-PSS", Size: 1024}, "1,024 bit RSASSA-PSS", "1024-bit RSASSA-PSS", "RSASSA-PSS", "RSASSA-PSS"},
		{Spec{Algorithm: "EC"}, "256 bit EC (secp256r1)", "384-bit EC (secp384r1)", "SHA256withECDSA", "SHA384withECDSA"},
		{Spec{Algorithm: "ec", Size: 521}, "521 bit EC (secp521r1)", "521-bit EC (secp521r1)", "SHA512withECDSA", "SHA512withECDSA"},
		{Spec{Algorithm: "EC", Group: "nist p-256"}, "256 bit EC (secp256r1)", "256-bit EC (secp256r1)", "SHA256withECDSA", "SHA384withECDSA"},
		{Spec{Algorithm: "EC", Group: "1.3.132.0.34"}, "384 bit EC (secp384r1)", "384-bit EC (secp384r1)", "SHA384withECDSA", "SHA384withECDSA"},
		{Spec{Algorithm: "EC", Group: "P-256"}, "!java.lang.IllegalArgumentException: Unknown curve name: P-256",
			"!java.lang.IllegalArgumentException: Unknown curve name: P-256", "", ""},
		{Spec{Algorithm: "EC", Group: "secp256k1"}, "!java.lang.IllegalArgumentException: Curve not supported: secp256k1 (1.3.132.0.10)",
			"!java.lang.IllegalArgumentException: Curve not supported: secp256k1 (1.3.132.0.10)", "", ""},
		{Spec{Algorithm: "EC", Size: 224}, "!java.security.ProviderException: Curve not supported:  secp224r1 [NIST P-224] (1.3.132.0.33)",
			"!java.security.ProviderException: Curve not supported:  secp224r1 [NIST P-224] (1.3.132.0.33)", "", ""},
		{Spec{Algorithm: "EllipticCurve", Size: 100}, "!java.lang.IllegalArgumentException: Key size must be at least 112 bits",
			"!java.lang.IllegalArgumentException: Key size must be at least 112 bits", "", ""},
		{Spec{Algorithm: "1.2.840.10045.2.1"}, "!java.security.NoSuchAlgorithmException: 1.2.840.10045.2.1 KeyPairGenerator not available",
			"384-bit EC (secp384r1)", "", "SHA384withECDSA"},
		{Spec{Algorithm: "EC", Size: 256, Group: "secp256r1"}, "!java.lang.Exception: Cannot specify both -groupname and -keysize",
			"!java.lang.Exception: Cannot specify both -groupname and -keysize", "", ""},
		{Spec{Algorithm: "Ed25519"}, "255 bit Ed25519", "Ed25519", "Ed25519", "Ed25519"},
		{Spec{Algorithm: "EdDSA"}, "255 bit Ed25519", "Ed25519", "Ed25519", "Ed25519"},
		{Spec{Algorithm: "OID.1.3.101.112"}, "-1 bit Ed25519", "Ed25519", "Ed25519", "Ed25519"},
		{Spec{Algorithm: "EdDSA", Size: 448}, "448 bit Ed448", "Ed448", "Ed448", "Ed448"},
		{Spec{Algorithm: "EdDSA", Group: "ed448"}, "448 bit Ed448", "Ed448", "Ed448", "Ed448"},
		{Spec{Algorithm: "Ed448"}, "448 bit Ed448", "Ed448", "Ed448", "Ed448"},
		{Spec{Algorithm: "Ed25519", Size: 256}, "!java.lang.IllegalArgumentException: Unsupported size: 256",
			"!java.lang.IllegalArgumentException: Unsupported size: 256", "", ""},
		{Spec{Algorithm: "Ed25519", Size: 448}, "!java.lang.IllegalArgumentException: Parameters must be Ed25519",
			"!java.lang.IllegalArgumentException: Parameters must be Ed25519", "", ""},
		{Spec{Algorithm: "Ed25519", Group: "Ed448"}, "!java.lang.IllegalArgumentException: java.security.InvalidParameterException: Parameters must be Ed25519",
			"!java.lang.IllegalArgumentException: java.security.InvalidParameterException: Parameters must be Ed25519", "", ""},
		{Spec{Algorithm: "EdDSA", Group: "x"}, "!java.lang.IllegalArgumentException: Unsupported name: x",
			"!java.lang.IllegalArgumentException: Unsupported name: x", "", ""},
		{Spec{Algorithm: "X25519"}, "255 bit XDH", "X25519", "!Cannot derive signature algorithm from XDH", "!Cannot derive signature algorithm from XDH"},
		{Spec{Algorithm: "XDH", Group: "X448"}, "448 bit XDH", "X448", "!Cannot derive signature algorithm from XDH", "!Cannot derive signature algorithm from XDH"},
		{Spec{Algorithm: "dh"}, "2,048 bit DH", "3072-bit DH", "!Cannot derive signature algorithm from DH", "!Cannot derive signature algorithm from DH"},
		{Spec{Algorithm: "DH", Size: 1024}, "1,024 bit DH", "1024-bit DH", "!Cannot derive signature algorithm from DH", "!Cannot derive signature algorithm from DH"},
		{Spec{Algorithm: "DH", Size: 100}, "!java.lang.IllegalArgumentException: DH key size must be multiple of 64, and can only range from 512 to 8192 (inclusive). The specific key size 100 is not supported",
			"!java.lang.IllegalArgumentException: DH key size must be multiple of 64, and can only range from 512 to 8192 (inclusive). The specific key size 100 is not supported", "", ""},
		{Spec{Algorithm: "DSA"}, "2,048 bit DSA", "2048-bit DSA", "SHA256withDSA", "SHA256withDSA"},
		{Spec{Algorithm: "DSA", Size: 512}, "512 bit DSA", "512-bit DSA", "SHA256withDSA", "SHA256withDSA"},
		{Spec{Algorithm: "DSA", Size: 4096}, "!java.lang.IllegalArgumentException: Invalid DSA Prime Size: 4096",
			"!java.lang.IllegalArgumentException: Invalid DSA Prime Size: 4096", "", ""},
		{Spec{Algorithm: "DSA", Size: 600}, "!java.lang.IllegalArgumentException: Unsupported prime and subprime size combination: 600, 160",
			"!java.lang.IllegalArgumentException: Unsupported prime and subprime size combination: 600, 160", "", ""},
		{Spec{Algorithm: "ML-DSA"}, "!java.security.NoSuchAlgorithmException: ML-DSA KeyPairGenerator not available", "ML-DSA-65", "", "ML-DSA-65"},
		{Spec{Algorithm: "ml-dsa-44"}, "!java.security.NoSuchAlgorithmException: ml-dsa-44 KeyPairGenerator not available", "ML-DSA-44", "", "ML-DSA-44"},
		{Spec{Algorithm: "ML-DSA", Group: "ml-dsa-87"}, "!java.security.NoSuchAlgorithmException: ML-DSA KeyPairGenerator not available", "ML-DSA-87", "", "ML-DSA-87"},
		{Spec{Algorithm: "ML-DSA-44", Group: "ML-DSA-65"}, "!java.security.NoSuchAlgorithmException: ML-DSA-44 KeyPairGenerator not available",
			"!java.lang.IllegalArgumentException: Unsupported parameter set name: ML-DSA-65", "", ""},
		{Spec{Algorithm: "ML-DSA", Size: 44}, "!java.security.NoSuchAlgorithmException: ML-DSA KeyPairGenerator not available",
			"!java.lang.IllegalArgumentException: keysize not supported", "", ""},
		{Spec{Algorithm: "ML-KEM"}, "!java.security.NoSuchAlgorithmException: ML-KEM KeyPairGenerator not available", "ML-KEM-768", "",
			"!Cannot derive signature algorithm from ML-KEM"},
		{Spec{Algorithm: "AES"}, "!java.security.NoSuchAlgorithmException: AES KeyPairGenerator not available",
			"!java.security.NoSuchAlgorithmException: AES KeyPairGenerator not available", "", ""},
	} {
		for _, rel := range []jdk.Release{jdk.Release17, jdk.Release25} {
			wantName, wantSig := test.name25, test.sig
			if rel == jdk.Release17 {
				wantName, wantSig = test.name17, test.sig17
			}
			t.Run(strings.Join([]string{test.spec.Algorithm, test.spec.Group, wantName}, " "), func(t *testing.T) {
				key, err := Generate(test.spec, rel)
				if want, isErr := strings.CutPrefix(wantName, "!"); isErr {
					if javaErr, ok := errors.AsType[*jdk.Error](err); !ok || javaErr.Class+": "+javaErr.Text != want {
						t.Fatalf("got %v, want %s", err, want)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if name := GeneratedName(test.spec, key.Public(), rel); name != wantName {
					t.Errorf("name %q, want %q", name, wantName)
				}
				sig, err := DefaultSignatureAlgorithm(key.Public(), rel)
				if err != nil {
					sig = "!" + err.Error()
				}
				if sig != wantSig {
					t.Errorf("signature algorithm %q, want %q", sig, wantSig)
				}
				roundTripKey(t, key)
				if err == nil {
					signAndCheck(t, key, sig, rel)
				}
			})
		}
	}
}

// roundTripKey encodes both halves of a key and reads them back.
func roundTripKey(t *testing.T, key crypto.Signer) {
	t.Helper()
	der, err := MarshalPrivate(key)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParsePrivate(der)
	if err != nil {
		t.Fatal(err)
	}
	der2, err := MarshalPrivate(again)
	if err != nil || !bytes.Equal(der, der2) {
		t.Errorf("private key changed on the way: %v", err)
	}
	spki, err := MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ParsePublic(spki)
	if err != nil {
		t.Fatal(err)
	}
	spki2, err := MarshalPublic(pub)
	if err != nil || !bytes.Equal(spki, spki2) {
		t.Errorf("public key changed on the way: %v", err)
	}
}

// signAndCheck signs and verifies, and sees that changes are found.
func signAndCheck(t *testing.T, key crypto.Signer, sigAlg string, rel jdk.Release) {
	t.Helper()
	message := []byte("to be signed")
	algID, sig, err := Sign(key, sigAlg, rel, message)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckSignature(key.Public(), algID, message, sig); err != nil {
		t.Error(err)
	}
	if err := CheckSignature(key.Public(), algID, []byte("to be signet"), sig); !errors.Is(err, ErrSignature) {
		t.Errorf("other message: %v", err)
	}
	if err := CheckSignature(key.Public(), algID, message, sig[1:]); !errors.Is(err, ErrSignature) {
		t.Errorf("cut signature: %v", err)
	}
}

// TestParseKeysBounded feeds keys that are too big or malformed.
func TestParseKeysBounded(t *testing.T) {
	huge := append([]byte{0x02, 0x83, 0x02, 0x00, 0x00}, bytes.Repeat([]byte{0xFF}, 0x20000)...)
	rsaBits := encodeTestBits(append(huge, 2, 3, 1, 0, 1))
	for name, spki := range map[string][]byte{
		"megabit RSA": ber.Encode(0x30, string(algorithmID(OIDRSA, ber.Null))+rsaBits),
		"tiny RSA":    ber.Encode(0x30, string(algorithmID(OIDRSA, ber.Null))+encodeTestBits([]byte{2, 1, 3, 2, 1, 3})),
		"even exponent of zero": ber.Encode(0x30, string(algorithmID(OIDRSA, ber.Null))+
			encodeTestBits(append(append([]byte{2, 0x81, 128}, bytes.Repeat([]byte{0x7F}, 128)...), 2, 1, 0))),
		"EC point off the curve": ber.Encode(0x30, string(algorithmID(OIDEC, ber.EncodeOID("1.2.840.10045.3.1.7")))+
			string(ber.Encode(3, "\x00\x04"+strings.Repeat("\x01", 64)))),
		"EC without a curve": ber.Encode(0x30, string(algorithmID(OIDEC, nil))+string(ber.Encode(3, "\x00\x04"))),
		"DSA without params": ber.Encode(0x30, string(algorithmID(OIDDSA, nil))+string(ber.Encode(3, "\x00\x02\x01\x03"))),
		"short Ed25519":      ber.Encode(0x30, string(algorithmID(oidEd25519, nil))+string(ber.Encode(3, "\x00abc"))),
		"unknown":            ber.Encode(0x30, string(algorithmID("1.2.3", nil))+string(ber.Encode(3, "\x00abc"))),
		"empty":              nil,
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := ParsePublic(spki); !errors.Is(err, ErrKey) {
				t.Errorf("got %v, %v", key, err)
			}
		})
	}
}

func encodeTestBits(sequence []byte) string {
	return string(ber.Encode(3, "\x00"+string(ber.Encode(0x30, string(sequence)))))
}

// TestMODPGroups compares the primes with their ends as Java has them.
func TestMODPGroups(t *testing.T) {
	ends := map[int]string{
		768: "625e7ec6f44c42e9a63a3620ffffffffffffffff", 1024: "7c4b1fe649286651ece65381ffffffffffffffff",
		1536: "4abc9804f1746c08ca237327ffffffffffffffff", 2048: "98fa051015728e5a8aacaa68ffffffffffffffff",
		3072: "e0fd108e4b82d120a93ad2caffffffffffffffff", 4096: "90a6c08f4df435c934063199ffffffffffffffff",
		6144: "0b7474d6e694f91e6dcc4024ffffffffffffffff", 8192: "80b96e7160c980dd98edd3dfffffffffffffffff",
	}
	for _, known := range modpGroups {
		p := modpGroup(known.bits, known.k, known.length).p.Text(16)
		if len(p) != known.bits/4 || !strings.HasPrefix(p, "ffffffffffffffffc90fdaa22168c234c4c6628b") || !strings.HasSuffix(p, ends[known.bits]) {
			t.Errorf("%d bits: %s", known.bits, p)
		}
	}
}

// FuzzParsePrivateKey demands that a key that is read can be written and read
// again, and that its public half is one that can be read.
func FuzzParsePrivateKey(f *testing.F) {
	names, _ := filepath.Glob("../testdata/keytool/*/*.pk8")
	if len(names) < 10 {
		f.Fatal("no seeds")
	}
	for _, name := range names {
		f.Add(testtool.ReadFile(f, name))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := ParsePrivate(der)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Fatalf("not an ErrKey: %v", err)
			}
			return
		}
		roundTripKey(t, key)
	})
}

// FuzzParsePublicKey demands that a key that is read can be written and read
// again.
func FuzzParsePublicKey(f *testing.F) {
	names, _ := filepath.Glob("../testdata/keytool/*/*.der")
	for _, name := range names {
		if c, err := x509.ParseCertificate(testtool.ReadFile(f, name)); err == nil {
			f.Add(c.RawSubjectPublicKeyInfo)
		}
	}
	f.Fuzz(func(t *testing.T, spki []byte) {
		key, err := ParsePublic(spki)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Fatalf("not an ErrKey: %v", err)
			}
			return
		}
		again, err := MarshalPublic(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePublic(again); err != nil {
			t.Fatal(err)
		}
		// Whatever is verified with it must not panic.
		for _, a := range sigAlgorithms {
			CheckSignature(key, algorithmID(a.oid, nil), []byte("x"), spki)
		}
	})
}

// SpecOf names the kind of a key so that Generate makes another of it.
func TestSpecOf(t *testing.T) {
	for _, spec := range []Spec{
		{Algorithm: "RSA", Size: 2048}, {Algorithm: "RSASSA-PSS", Size: 2048}, {Algorithm: "EC", Group: "secp521r1"},
		{Algorithm: "Ed25519"}, {Algorithm: "Ed448"}, {Algorithm: "X25519"}, {Algorithm: "ML-DSA-65"},
	} {
		key, err := Generate(spec, jdk.Release25)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := MarshalPublic(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := SpecOf(spki); err != nil || got != spec {
			t.Errorf("%v: %v, %v", spec, got, err)
		}
	}
	if _, err := SpecOf([]byte{0x30, 0}); err == nil {
		t.Error("a spec of no key")
	}
}
