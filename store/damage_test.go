package store

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf16"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// TestDiagnose spoils keystores of every format in every way. What is lost is
// said, what is not is undone by the line that is printed.
func TestDiagnose(t *testing.T) {
	bash := testtool.Look(t, "bash")
	testtool.Look(t, "iconv")
	cert := realCertificate(t)
	t.Chdir(t.TempDir())
	all := bytes.ReplaceAll
	manglings := []struct {
		name   string
		mangle func([]byte) []byte
		cause  string
		undone bool
	}{
		{"CR LF", func(d []byte) []byte { return all(d, []byte("\n"), []byte("\r\n")) }, "changed to CR LF", true},
		{"sed's CR LF", func(d []byte) []byte { return append(all(d, []byte("\n"), []byte("\r\n")), '\r') }, "changed to CR LF", true},
		{"CR LF, cut short", func(d []byte) []byte { return all(d, []byte("\n"), []byte("\r\n"))[:len(d)/2] }, "CR LF: they were changed", false},
		{"LF", func(d []byte) []byte { return all(d, []byte("\r"), nil) }, "no byte CR", false},
		{"CR", func(d []byte) []byte { return all(d, []byte("\n"), []byte("\r")) }, "no byte LF", false},
		{"UTF-8", func(d []byte) []byte { return []byte(strings.ToValidUTF8(string(d), "\uFFFD")) }, "replaced what is none", false},
		{"Latin-1", func(d []byte) []byte {
			runes := make([]rune, len(d))
			for i, b := range d {
				runes[i] = rune(b)
			}
			return []byte(string(runes))
		}, "Latin-1", true},
		{"UTF-16", func(d []byte) []byte {
			wide := []byte{0xFF, 0xFE}
			for _, u := range utf16.Encode([]rune(strings.ToValidUTF8(string(d), "\u2588"))) {
				wide = append(wide, byte(u), byte(u>>8))
			}
			return wide
		}, "UTF-16", false},
		{"seven bits", func(d []byte) []byte {
			d = bytes.Clone(d)
			for i := range d {
				d[i] &= 0x7F
			}
			return d
		}, "seven bits", false},
		{"half", func(d []byte) []byte { return d[:len(d)/2] }, "cut short", false},
		{"but a byte", func(d []byte) []byte { return d[:len(d)-1] }, "cut short", false},
		{"zeros", func(d []byte) []byte { return append(bytes.Clone(d[:len(d)/2]), make([]byte, len(d)/2)...) }, "bytes are zero", false},
		{"an empty line", func(d []byte) []byte { return append([]byte("\n"), d...) }, "1 byte stands before", true},
		{"an answer", func(d []byte) []byte { return append([]byte("HTTP/1.1 200 OK\r\n\r\n"), d...) }, "19 bytes stand before", true},
	}
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		s := New(typ)
		if typ == PKCS12 {
			s = NewPKCS12(pkcs12.Default)
		}
		for _, alias := range strings.Fields("a b c d e f g h i j k l m n o p q r s t") {
			must(t, s.SetCertificate(alias, entry.X509(cert), created))
		}
		data, err := s.Bytes([]byte("changeit"))
		must(t, err)
		for _, m := range manglings {
			if typ != PKCS12 && (m.name == "CR" || m.name == "LF") {
				continue // a certificate may have no such byte, or all of them; what is encrypted has each
			}
			t.Run(string(typ)+"/"+m.name, func(t *testing.T) {
				spoilt := m.mangle(data)
				d, ok := Diagnose(spoilt)
				if !ok || !strings.Contains(d.Cause, m.cause) {
					t.Fatalf("%v: %s", ok, d.Cause)
				}
				line := d.Command("a file")
				if m.undone != (line != "") {
					t.Fatalf("%q", line)
				}
				if line == "" {
					return
				}
				must(t, os.WriteFile("a file", spoilt, 0o600))
				target := Wrapped{keystore: typ}.target()
				if out, err := exec.Command(bash, "-c", line).CombinedOutput(); err != nil || len(out) > 0 {
					t.Fatalf("%s: %v\n%s", line, err, out)
				}
				got, err := os.ReadFile(target)
				must(t, err)
				must(t, os.Remove(target))
				if !bytes.Equal(got, data) {
					t.Errorf("%s: other content", line)
				}
			})
		}
		t.Run(string(typ)+"/whole", func(t *testing.T) {
			if d, ok := Diagnose(data); ok {
				t.Error(d.Cause)
			}
		})
	}
}

// TestDamagedInJavasWords: whatever is done to a keystore, there is a first line.
func TestDamagedInJavasWords(t *testing.T) {
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		s := New(typ)
		must(t, s.SetCertificate("a", entry.X509(realCertificate(t)), created))
		data, err := s.Bytes([]byte("changeit"))
		must(t, err)
		for i := range data {
			for _, spoilt := range [][]byte{data[:i], append(bytes.Clone(data[:i]), data[i+1:]...), append(append(bytes.Clone(data[:i]), '\r'), data[i:]...)} {
				_, err := Decode("file", spoilt, Options{Password: []byte("changeit"), Limits: entry.Limits{MaxIterations: 10000, MaxEntries: 1000, MaxDepth: 64}})
				if err == nil || errors.Is(err, entry.ErrUnsupported) || errors.Is(err, entry.ErrLimit) {
					continue
				}
				if _, ok := JavaError(err, 0); !ok {
					t.Fatalf("%s, byte %d: %v", typ, i, err)
				}
			}
		}
	}
}
