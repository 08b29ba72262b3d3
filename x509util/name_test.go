package x509util

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestNameEqual compares with what Java said, recorded in
// testdata/names-equal.txt.
func TestNameEqual(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(string(testtool.ReadFile(t, "testdata/names-equal.txt")), "\n"), "\n")
	if len(lines) < 30 {
		t.Fatalf("only %d lines", len(lines))
	}
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		a, b, want := mustName(t, fields[0]), mustName(t, fields[1]), fields[2] == "true"
		if a.Equal(b) != want || b.Equal(a) != want {
			t.Errorf("%s and %s: equal %t, want %t", a, b, !want, want)
		}
	}
}

func TestName(t *testing.T) {
	n := mustName(t, "CN=first, OU=unit, CN=second")
	if n.CommonName() != "first" || n.IsEmpty() {
		t.Errorf("common name %q, empty %t", n.CommonName(), n.IsEmpty())
	}
	for _, empty := range []Name{{}, mustName(t, "")} {
		if !empty.IsEmpty() || empty.String() != "" || empty.CommonName() != "" || !bytes.Equal(empty.DER(), []byte{0x30, 0}) {
			t.Errorf("empty name is %q, %x", empty, empty.DER())
		}
	}
	der := mustName(t, "CN=Duke, C=US").DER()
	for cut := range der {
		if n, err := ParseName(der[:cut]); err == nil {
			t.Errorf("cut to %d octets: %s", cut, n)
		}
	}
	if n, err := ParseName(append(bytes.Clone(der), 0)); err == nil {
		t.Errorf("with an octet more: %s", n)
	}
}

// FuzzParseDName demands that a name written as text and read again is the
// same, or at least equal, where Java's syntax can say it.
func FuzzParseDName(f *testing.F) {
	data, err := os.ReadFile("testdata/dnames.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		input, _, _ := strings.Cut(line, "\t")
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseDName(s)
		if err != nil {
			return
		}
		again, err := ParseName(n.DER())
		if err != nil {
			t.Fatalf("made %x, which can't be read: %v", n.DER(), err)
		}
		if !again.Equal(n) || len(again.String()) != len(n.String()) { // but for the order
			t.Fatalf("%q became %q", n, again)
		}
	})
}

// FuzzParseName demands that what is read is kept, and is equal to itself.
func FuzzParseName(f *testing.F) {
	files, _ := filepath.Glob("testdata/keytool/*/*.der")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if c, err := ParseCertificate(data); err == nil {
			f.Add(c.Subject.DER())
		}
	}
	f.Add([]byte{0x30, 0})
	f.Add([]byte("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x1e\x01a"))
	f.Fuzz(func(t *testing.T, der []byte) {
		n, err := ParseName(der)
		if err != nil {
			return
		}
		if !bytes.Equal(n.DER(), der) {
			t.Fatalf("%x became %x", der, n.DER())
		}
		if !n.Equal(n) {
			t.Fatalf("%s is not equal to itself", n)
		}
		_ = n.String()
	})
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"CN=Duke, OU=Java, O=Sun":   "Duke",
		"OU=Class 2 CA, O=Star":     "Class 2 CA",
		"O=Star, C=US":              "Star",
		"C=US":                      "",
		"CN=first, CN=second, O=it": "first",
	} {
		if got := mustName(t, name).Label(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
