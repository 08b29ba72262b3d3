package x509util

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestParseCertificateAsGo compares the fields with those of crypto/x509 for
// the certificates that it reads too.
func TestParseCertificateAsGo(t *testing.T) {
	read := 0
	for name, der := range testtool.Files(t, "testdata/print/*.der") {
		want, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		read++
		t.Run(name, func(t *testing.T) {
			c, err := ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(c.Raw, want.Raw) || !bytes.Equal(c.TBS, want.RawTBSCertificate) ||
				!bytes.Equal(c.SPKI, want.RawSubjectPublicKeyInfo) || !bytes.Equal(c.Signature, want.Signature) {
				t.Error("parts differ")
			}
			if !bytes.Equal(c.Subject.DER(), want.RawSubject) || !bytes.Equal(c.Issuer.DER(), want.RawIssuer) {
				t.Error("names differ")
			}
			if c.Version != want.Version || c.Serial.Cmp(want.SerialNumber) != 0 {
				t.Errorf("version %d, serial %v; want %d, %v", c.Version, c.Serial, want.Version, want.SerialNumber)
			}
			if !c.NotBefore.Equal(want.NotBefore) || !c.NotAfter.Equal(want.NotAfter) {
				t.Errorf("valid %v to %v; want %v to %v", c.NotBefore, c.NotAfter, want.NotBefore, want.NotAfter)
			}
			if len(c.Extensions) != len(want.Extensions) {
				t.Fatalf("%d extensions, want %d", len(c.Extensions), len(want.Extensions))
			}
			for i, e := range want.Extensions {
				if got := c.Extensions[i]; !got.OID.Equal(e.Id) || got.Critical != e.Critical || !bytes.Equal(got.Value, e.Value) {
					t.Errorf("extension %d is %v, want %v", i, got, e)
				}
			}
		})
	}
	if read < 30 {
		t.Errorf("crypto/x509 read only %d", read)
	}
}

// TestParseCertificateFaults: what isn't a certificate is an error that says
// where it fails.
func TestParseCertificateFaults(t *testing.T) {
	good := testtool.Files(t, "testdata/print/*.der")["keytool-17-all"]
	for _, tt := range []struct {
		name string
		der  []byte
		want string
	}{
		{"empty", nil, "Too short"},
		{"one byte", []byte{0x30}, "Too short"},
		{"cut", good[:len(good)-1], "not enough content"},
		{"not a sequence", []byte{0x04, 0x00}, "not a sequence"},
		{"empty sequence", []byte{0x30, 0x00}, "signed part"},
		{"long tag", []byte{0x3f, 0x81, 0x00, 0x00}, "Tag number over 30"},
		{"huge length", []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, "Invalid length"},
		{"length of lengths", []byte{0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1}, "Invalid lenByte"},
		{"endless", bytes.Repeat([]byte{0x30, 0x80}, 1000), "nested too deeply"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ParseCertificate(tt.der)
			if err == nil {
				t.Fatalf("read as %v", c)
			}
			if !strings.HasPrefix(err.Error(), "malformed certificate: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
		})
	}
}

func BenchmarkParseCertificate(b *testing.B) {
	der := testtool.Files(b, "testdata/print/*.der")["keytool-17-all"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCertificate(der); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSignatures(t *testing.T) {
	for _, name := range []string{"rsa-2048-sha1", "rsa-pss-signature", "ec-prime256v1", "ed25519", "keytool-25-all"} {
		t.Run(name, func(t *testing.T) {
			c := sample(t, name)
			if !c.SelfSigned() {
				t.Error("not self-signed")
			}
			if err := c.CheckSignatureFrom(c); err != nil {
				t.Error(err)
			}
			if err := c.CheckSignatureFrom(sample(t, "rsa-4096-sha512")); err == nil {
				t.Error("another key verifies the signature")
			}
		})
	}
	if sample(t, "openssl-server").SelfSigned() {
		t.Error("a certificate of a CA is self-signed")
	}
	for name, file := range testtool.Files(t, "testdata/print/*.csr") {
		t.Run(name, func(t *testing.T) {
			r, err := ParseRequest(file)
			if err != nil {
				t.Fatal(err)
			}
			err = r.CheckSignature()
			if name == "request-md5" {
				return // whether MD5 is still verified is not of interest here
			}
			if err != nil {
				t.Error(err)
			}
			tampered := *r
			tampered.TBS = append(bytes.Clone(r.TBS), 0)
			if tampered.CheckSignature() == nil {
				t.Error("a changed request verifies")
			}
		})
	}
	list, err := ParseCRL(testtool.Files(t, "testdata/print/*.crl")["keytool-17"])
	if err != nil {
		t.Fatal(err)
	}
	pub, err := sample(t, "keytool-17-all").PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(pub); err != nil {
		t.Error(err)
	}
}

// TestEncoded: what Java makes of a certificate before it takes the fingerprint.
func TestEncoded(t *testing.T) {
	inner := []byte{0x30, 3, 2, 1, 5}
	for name, data := range map[string][]byte{
		"DER": inner, "bytes behind": append(bytes.Clone(inner), 0, 1), "long length": {0x30, 0x82, 0, 3, 2, 1, 5},
		"indefinite length": {0x30, 0x80, 2, 1, 5, 0, 0}, "indefinite length, bytes behind": {0x30, 0x80, 2, 1, 5, 0, 0, 9},
	} {
		if got := Encoded(data); !bytes.Equal(got, inner) {
			t.Errorf("%s: %x", name, got)
		}
	}
	for _, none := range [][]byte{nil, {}, {0x30}, {0x30, 5, 0}, {0x30, 0x80, 2, 1, 5}, {4, 1, 0, 0}, []byte("-----BEGIN")} {
		if got := Encoded(none); !bytes.Equal(got, none) {
			t.Errorf("%x becomes %x", none, got)
		}
	}
}

func TestFingerprint(t *testing.T) {
	for hash, want := range map[string]string{
		"SHA-1":   "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D",
		"SHA-256": "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD",
		"MD5":     "",
	} {
		if got := Fingerprint([]byte("abc"), hash); got != want {
			t.Errorf("%s: %q, want %q", hash, got, want)
		}
	}
}

// sample returns a certificate of testdata/print.
func sample(t *testing.T, name string) *Certificate {
	t.Helper()
	c, err := ParseCertificate(testtool.ReadFile(t, "testdata/print/"+name+".der"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
