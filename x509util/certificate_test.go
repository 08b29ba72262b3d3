package x509util

import (
	"bytes"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// fixtures returns the files of testdata/print with the extension.
func fixtures(t testing.TB, ext string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/print/*" + ext)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no *%s in testdata/print", ext)
	}
	files := make(map[string][]byte, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ext)] = data
	}
	return files
}

// TestParseCertificateAsGo compares the fields with those of crypto/x509 for
// the certificates that it reads too.
func TestParseCertificateAsGo(t *testing.T) {
	read := 0
	for name, der := range fixtures(t, ".der") {
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
	good := fixtures(t, ".der")["keytool-17-all"]
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

// TestPrintRefused: what keytool refuses as a whole is shown as far as it goes.
func TestPrintRefused(t *testing.T) {
	files := fixtures(t, ".der")
	for name, want := range map[string]string{
		"refused-duplicate":    "#2: ObjectId: 1.2.3.4 Criticality=false",
		"refused-critical":     "Unparseable KeyUsage extension due to\njava.io.EOFException: not enough content",
		"refused-empty-issuer": "Owner: CN=odd\nIssuer: \nSerial number: 1\n",
		"refused-rsa-100":      "Subject Public Key Algorithm: 100-bit RSA key (disabled)\n",
		"refused-ec-unknown":   "Subject Public Key Algorithm: EC key\n",
		"ec-explicit":          "Subject Public Key Algorithm: 256-bit EC key\n",
		"value-2.5.29.37-ab":   "Unparseable ExtendedKeyUsage extension due to\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := ParseCertificate(files[name])
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := new(Printer).Certificate(&out, c); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is not in:\n%s", want, out.String())
			}
		})
	}
}

// checkText fails if text could steer a terminal.
func checkText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, c := range text {
		if c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
			t.Fatalf("control character %U in %q", c, text)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	for _, der := range fixtures(f, ".der") {
		f.Add(der)
	}
	printers := []*Printer{{Release: 17, Location: time.FixedZone("", 3600)}, {Release: 25}}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		if err != nil {
			return
		}
		if again, err := ParseCertificate(c.Raw); err != nil || !bytes.Equal(again.Raw, c.Raw) {
			t.Fatalf("Raw is not stable: %v", err)
		}
		if !bytes.Contains(c.Raw, c.SPKI) {
			t.Error("the public key is not part of the certificate")
		}
		for _, p := range printers {
			var out strings.Builder
			if err := p.Certificate(&out, c); err != nil {
				t.Fatal(err)
			}
			checkText(t, out.String())
			judge := Judge{Release: p.Release}
			warnings := judge.Chain("label", []*Certificate{c}, nil, true)
			for _, w := range warnings {
				checkText(t, w)
			}
			if len(warnings) > 0 && !judge.Suspects(der) {
				t.Errorf("not suspected, in spite of %q", warnings)
			}
		}
	})
}

func FuzzParseCertificateRequest(f *testing.F) {
	for _, file := range fixtures(f, ".csr") {
		r, err := ParseRequest(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Raw)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := ParseCertificateRequest(der)
		if err != nil {
			return
		}
		if again, err := ParseCertificateRequest(r.Raw); err != nil || !bytes.Equal(again.Raw, r.Raw) {
			t.Fatalf("Raw is not stable: %v", err)
		}
		var out strings.Builder
		if err := new(Printer).Request(&out, r); err != nil {
			t.Fatal(err)
		}
		checkText(t, out.String())
		Judge{}.Request("label", r)
	})
}

func FuzzParseCRL(f *testing.F) {
	for _, der := range fixtures(f, ".crl") {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCRL(der)
		if err != nil {
			return
		}
		if again, err := ParseCRL(c.Raw); err != nil || !bytes.Equal(again.Raw, c.Raw) {
			t.Fatalf("Raw is not stable: %v", err)
		}
		var out strings.Builder
		if err := new(Printer).CRL(&out, c); err != nil {
			t.Fatal(err)
		}
		checkText(t, out.String())
		Judge{}.CRL("label", c, nil)
	})
}

// BenchmarkPrint prints a certificate with a dozen extensions: 10,000 of them
// have to take well under a second.
func BenchmarkPrint(b *testing.B) {
	der := fixtures(b, ".der")["keytool-17-all"]
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	p := Printer{Location: loc}
	b.ReportAllocs()
	for b.Loop() {
		c, err := ParseCertificate(der)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Certificate(io.Discard, c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSuspects is what a plain list does with each certificate, beside its
// fingerprint.
func BenchmarkSuspects(b *testing.B) {
	der := fixtures(b, ".der")["keytool-17-all"]
	b.ReportAllocs()
	for b.Loop() {
		Judge{}.Suspects(der)
	}
}

func BenchmarkParseCertificate(b *testing.B) {
	der := fixtures(b, ".der")["keytool-17-all"]
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
			c := fixtureCertificate(t, name)
			if !c.SelfSigned() {
				t.Error("not self-signed")
			}
			if err := c.CheckSignatureFrom(c); err != nil {
				t.Error(err)
			}
			if err := c.CheckSignatureFrom(fixtureCertificate(t, "rsa-4096-sha512")); err == nil {
				t.Error("another key verifies the signature")
			}
		})
	}
	if fixtureCertificate(t, "openssl-server").SelfSigned() {
		t.Error("a certificate of a CA is self-signed")
	}
	for name, file := range fixtures(t, ".csr") {
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
	list, err := ParseCRL(fixtures(t, ".crl")["keytool-17"])
	if err != nil {
		t.Fatal(err)
	}
	pub, err := fixtureCertificate(t, "keytool-17-all").PublicKey()
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
