package keytool

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"gokeytool/internal/testtool"
	"gokeytool/x509util"
)

// TestPrintRefused: what keytool refuses as a whole is shown as far as it goes.
func TestPrintRefused(t *testing.T) {
	files := testtool.Files(t, "../testdata/print/*.der")
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
			c, err := x509util.ParseCertificate(files[name])
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
	for _, der := range testtool.Files(f, "../testdata/print/*.der") {
		f.Add(der)
	}
	printers := []*Printer{{Release: 17, Location: time.FixedZone("", 3600)}, {Release: 25}}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return
		}
		if again, err := x509util.ParseCertificate(c.Raw); err != nil || !bytes.Equal(again.Raw, c.Raw) {
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
			warnings := judge.Chain("label", []*x509util.Certificate{c}, nil, true)
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
	for _, file := range testtool.Files(f, "../testdata/print/*.csr") {
		r, err := x509util.ParseRequest(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Raw)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := x509util.ParseCertificateRequest(der)
		if err != nil {
			return
		}
		if again, err := x509util.ParseCertificateRequest(r.Raw); err != nil || !bytes.Equal(again.Raw, r.Raw) {
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
	for _, der := range testtool.Files(f, "../testdata/print/*.crl") {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := x509util.ParseCRL(der)
		if err != nil {
			return
		}
		if again, err := x509util.ParseCRL(c.Raw); err != nil || !bytes.Equal(again.Raw, c.Raw) {
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
	der := testtool.Files(b, "../testdata/print/*.der")["keytool-17-all"]
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	p := Printer{Location: loc}
	b.ReportAllocs()
	for b.Loop() {
		c, err := x509util.ParseCertificate(der)
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
	der := testtool.Files(b, "../testdata/print/*.der")["keytool-17-all"]
	b.ReportAllocs()
	for b.Loop() {
		Judge{}.Suspects(der)
	}
}
