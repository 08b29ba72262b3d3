//go:debug rsa1024min=0

package signedjar

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// names are the signers' names, each with those of its chain, and behind "at"
// those of the time stamp.
func names(signers []*Signer) string {
	var all []string
	for _, s := range signers {
		var words []string
		for _, c := range s.Chain {
			words = append(words, c.Subject.CommonName())
		}
		for i, c := range s.Timestamp {
			if i == 0 {
				words = append(words, "at")
			}
			words = append(words, c.Subject.CommonName())
		}
		all = append(all, strings.Join(words, " "))
	}
	return strings.Join(all, ", ")
}

func signersOf(data []byte) ([]*Signer, error) {
	return Signers(bytes.NewReader(data), int64(len(data)))
}

func TestSigners(t *testing.T) {
	for file, want := range map[string]string{
		"unsigned":    "",
		"chain":       "sub Root",
		"two":         "Ec, Root",
		"timestamped": "Ec at TSA",
		"md5":         "Root",
		"m512":        "Ec",
		"ed":          "ed",
		"dsa":         "dsa",
		"pss":         "Root",
		"weak":        "Weak",
		"weakchain":   "Leaf Sub Root",
		"weakthree":   "Tiny, Weak, Leaf Sub Root",
		"weaktsa":     "Leaf Sub Root at TSA Sub Root",
		"weaktwotsa":  "Weak at TSA Sub Root, Leaf Sub Root at TSA Sub Root",
		"rsa512":      "Tiny",
		"dsa512":      "DSA",
		"sha3":        "Weak",
		"sha3ec":      "Good",
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + file + ".jar")
			if err != nil {
				t.Fatal(err)
			}
			signers, err := signersOf(data)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(signers); got != want {
				t.Errorf("signers %q, want %q", got, want)
			}
			for _, s := range signers {
				if (s.Timestamp == nil) != s.Time.IsZero() {
					t.Errorf("time %v of %d certificates", s.Time, len(s.Timestamp))
				}
			}
		})
	}
}

// rewrite returns a JAR with one file changed; nil takes it out.
func rewrite(t testing.TB, name string, file string, change func([]byte) []byte) []byte {
	t.Helper()
	archive, err := zip.OpenReader("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	found := false
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == file {
			found = true
			if data = change(data); data == nil {
				continue
			}
		}
		entry, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Fatalf("%s has no %s", name, file)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSignersChanged(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte {
			if at < 0 {
				at += len(data)
			}
			data[at] ^= 1
			return data
		}
	}
	replace := func(old, new string) func([]byte) []byte {
		return func(data []byte) []byte {
			if !bytes.Contains(data, []byte(old)) {
				t.Fatalf("no %q in\n%s", old, data)
			}
			return bytes.Replace(data, []byte(old), []byte(new), 1)
		}
	}
	remove := func([]byte) []byte { return nil }
	for _, tt := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string // the signers, or
		err        string
	}{
		{"a file", "a.txt", flip(0), "", "SHA-256 digest error for a.txt"},
		{"a file taken out", "a.txt", remove, "sub Root", ""},
		{"a digest in the manifest", "META-INF/MANIFEST.MF", replace("Name: a.txt\r\nSHA-256-Digest: ", "Name: a.txt\r\nSHA-256-Digest: A"),
			"", "invalid SHA-256 signature file digest for a.txt"},
		{"the head of the manifest", "META-INF/MANIFEST.MF", replace("Manifest-Version: 1.0", "Manifest-Version: 1.1"),
			"", "Invalid signature file digest for Manifest main attributes"},
		{"a section added", "META-INF/MANIFEST.MF", func(data []byte) []byte { return append(data, "Name: new\r\n\r\n"...) }, "sub Root", ""},
		{"the manifest taken out", "META-INF/MANIFEST.MF", remove, "", ""},
		{"the signature file", "META-INF/SUB.SF", flip(30), "", "cannot verify signature block file META-INF/SUB"},
		{"the signature", "META-INF/SUB.EC", flip(-1), "", "cannot verify signature block file META-INF/SUB"},
		{"the signature cut", "META-INF/SUB.EC", func(data []byte) []byte { return data[:100] }, "", "cannot verify signature block file META-INF/SUB"},
		{"no signature", "META-INF/SUB.EC", remove, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signers, err := signersOf(rewrite(t, "chain.jar", tt.file, tt.change))
			if got := names(signers); got != tt.want {
				t.Errorf("signers %q, want %q", got, tt.want)
			}
			var verify *VerifyError
			if tt.err == "" && err != nil || tt.err != "" && (!errors.As(err, &verify) || verify.Text != tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
	if _, err := signersOf([]byte("no archive")); !errors.Is(err, ErrFormat) {
		t.Errorf("text: error %v", err)
	}
	stamped := rewrite(t, "timestamped.jar", "META-INF/EC.EC", func(data []byte) []byte {
		at := bytes.LastIndex(data, []byte("20261122")) // the time that TSA signed
		if at < 0 {
			t.Fatal("no time in the time stamp")
		}
		return flip(at + 3)(data)
	})
	if signers, err := signersOf(stamped); err == nil {
		t.Errorf("another time is accepted: %s", names(signers))
	}
}

// TestJarsigner signs a JAR with the JDK's jarsigner.
func TestJarsigner(t *testing.T) {
	keytool, err := filepath.EvalSymlinks(testtool.Keytool(t))
	if err != nil {
		t.Fatal(err)
	}
	jarsigner := filepath.Join(filepath.Dir(keytool), "jarsigner")
	if _, err := os.Stat(jarsigner); err != nil {
		t.Skip("this Java has no jarsigner")
	}
	dir := t.TempDir()
	run := func(program string, args ...string) {
		t.Helper()
		testtool.RunIn(t, dir, program, args...)
	}
	data, err := os.ReadFile("testdata/unsigned.jar")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.jar"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"RSA", "EC", "DSA"} {
		run(keytool, "-genkeypair", "-alias", alg, "-keyalg", alg, "-dname", "CN="+alg, "-keystore", "k.p12", "-storepass", "changeit")
		run(jarsigner, "-keystore", "k.p12", "-storepass", "changeit", "a.jar", alg)
	}
	if data, err = os.ReadFile(filepath.Join(dir, "a.jar")); err != nil {
		t.Fatal(err)
	}
	signers, err := signersOf(data)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(signers), "DSA, EC, RSA"; got != want {
		t.Errorf("signers %q, want %q", got, want)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte("Manifest-Version: 1.0\r\n\r\nName: a\r\nSHA-256-Digest: x\r\n y\r\n\r\n"))
	f.Add([]byte("A: b\nC: d\r\r\n\nName: e"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		// The sections are the whole file, in order.
		rest := bytes.TrimPrefix(data, m.rawMain)
		for _, s := range m.sections {
			at := bytes.Index(rest, s.raw)
			if at < 0 || len(bytes.Trim(rest[:at], "\r\n")) > 0 {
				t.Fatalf("section %q is out of place", s.name)
			}
			rest = rest[at+len(s.raw):]
		}
		if len(bytes.Trim(rest, "\r\n")) > 0 {
			t.Fatalf("%q is in no section", rest)
		}
	})
}

func FuzzSigners(f *testing.F) {
	files, err := filepath.Glob("testdata/*.jar")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		signers, err := signersOf(data)
		if err != nil && len(signers) > 0 {
			t.Fatalf("signers of a JAR that is none: %s", names(signers))
		}
		for _, s := range signers {
			if len(s.Chain) == 0 {
				t.Fatal("a signer without a certificate")
			}
		}
	})
}
