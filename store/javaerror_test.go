package store

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
)

var update = flag.Bool("update", false, "ask the installed keytool again for what is recorded in testdata")

const javaErrors = "testdata/javaerrors.tsv"

// brokenFiles are files that Java refuses, or is asked to open with a wrong
// password.
func brokenFiles(t *testing.T) map[string][]byte {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		must(t, err)
		return data
	}
	cert, key := read("testdata/certificate.der"), read("testdata/key.der")
	jks := read(filepath.Join(corpus, "tomcat__net__user1.jks"))
	jceks := read(filepath.Join(corpus, "activemq-artemis__security-resources__client-keystore.jceks"))
	p12 := read(filepath.Join(corpus, "vert-x__tls__server-truststore.p12"))
	patch := func(data []byte, at int, with ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[at:], with)
		return data
	}
	files := map[string][]byte{
		"empty":           {},
		"zeros":           make([]byte, 100),
		"one-letter":      []byte("a"),
		"text":            []byte("hello world, this is text\n"),
		"page.html":       []byte("<!DOCTYPE html><html><body>" + strings.Repeat("not found ", 20) + "</body></html>"),
		"short.html":      []byte("<!DOCTYPE html><html>"),
		"cert.pem":        pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		"key.pem":         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"cert.der":        cert,
		"key.der":         key,
		"base64":          []byte(base64.StdEncoding.EncodeToString(p12)),
		"zip":             append([]byte("PK\x03\x04\x14\x00"), make([]byte, 100)...),
		"gzip":            append([]byte("\x1F\x8B\x08\x00\x00"), make([]byte, 100)...),
		"random":          {0x9B, 0x41, 0xA7, 0x13, 0x5D, 0xC0, 0x22, 0x8E, 0xF1, 0x06},
		"oid.der":         unhex("3082010006092a864886f70d010702" + strings.Repeat("00", 0xF5)),
		"long-length":     unhex("30820100 0285" + strings.Repeat("00", 0xFE)),
		"too-long":        unhex("30820100 027f" + strings.Repeat("00", 0x20) + strings.Repeat("00", 0xDE)),
		"not-enough":      unhex("300502030100" + "00"),
		"redundant":       unhex("30820001 020103"),
		"short-form":      unhex("308105 0201033000"),
		"negative-length": unhex("3084ffffffff 020103"),
		"five-lengths":    unhex("3085ffffffffff 020103"),
		"version-4.p12":   bytes.Replace(p12, []byte{2, 1, 3, 0x30}, []byte{2, 1, 4, 0x30}, 1),
		"version-3.jks":   patch(jks, 7, 3),
		"negative.jks":    patch(jks, 8, 0xFF, 0xFF, 0xFF, 0xFF),
		"tag-9.jks":       patch(jks, 15, 9),
		"tag-3.jks":       patch(jks, 15, 3),
		"wrong.jks":       jks,
		"wrong.jceks":     jceks,
		"wrong.p12":       p12,
	}
	for name, data := range map[string][]byte{"jks": jks, "jceks": jceks, "p12": p12} {
		for _, n := range []int{3, 4, 7, 8, 12, 23, 30, len(data) / 2, len(data) - 1} {
			files[fmt.Sprintf("cut-%d.%s", n, name)] = data[:n]
		}
	}
	return files
}

// TestJavaError compares with what keytool said, once recorded, of every file
// under every type.
func TestJavaError(t *testing.T) {
	files := brokenFiles(t)
	if *update {
		recordJavaErrors(t, files)
	}
	recorded, err := os.ReadFile(javaErrors)
	must(t, err)
	n := 0
	for line := range strings.Lines(string(recorded)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		name, typ, want := fields[0], fields[1], fields[2]
		n++
		t.Run(name+"/"+typ, func(t *testing.T) {
			o := Options{Password: []byte("no such password")}
			if typ != "-" {
				o.Type = Type(typ)
			}
			path := filepath.Join(t.TempDir(), name)
			must(t, os.WriteFile(path, files[name], 0o600))
			s, err := Open(path, o)
			if err == nil {
				t.Fatalf("opens, with %d entries", s.Len())
			}
			if want == "java.io.StreamCorruptedException: invalid stream header: 000004FF" {
				// what serialised objects are good for is not followed
				want = "java.io.IOException: JCEKS: secret key: not a Java serialization stream at offset 31"
			}
			for _, rel := range []jdk.Release{jdk.Release17, jdk.Release25} {
				got, ok := JavaError(fmt.Errorf("wrapped: %w", err), rel)
				got = strings.ReplaceAll(got, path, name)
				if got != want || ok != (want != "") {
					t.Errorf("%q, %v, want %q (of %v)", got, ok, want, err)
				}
			}
		})
	}
	if n < 4*len(files) {
		t.Errorf("%d lines for %d files: run with -update", n, len(files))
	}
}

func recordJavaErrors(t *testing.T, files map[string][]byte) {
	var out bytes.Buffer
	out.WriteString("# What keytool -list -storepass 'no such password' says of a file, with -storetype or without (-).\n" +
		"# JDK 17 and 25 agree. Recorded by go test -run TestJavaError -update.\n")
	dir := t.TempDir()
	tools := testtool.Keytools(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(t, os.WriteFile(filepath.Join(dir, name), files[name], 0o600))
		for _, typ := range []string{"-", "JKS", "JCEKS", "PKCS12"} {
			said := make(map[string]bool)
			for _, keytool := range tools {
				args := []string{"-list", "-keystore", name, "-storepass", "no such password"}
				if typ != "-" {
					args = append(args, "-storetype", typ)
				}
				cmd := exec.Command(keytool, args...)
				cmd.Dir = dir
				answer, _ := cmd.Output()
				text, ok := strings.CutPrefix(strings.TrimSpace(string(answer)), "keytool error: ")
				if !ok {
					t.Fatalf("%s as %s: keytool says %s", name, typ, answer)
				}
				said[text] = true
			}
			if len(said) != 1 {
				t.Errorf("%s as %s: the releases differ: %q", name, typ, slices.Sorted(maps.Keys(said)))
			}
			for text := range said {
				fmt.Fprintf(&out, "%s\t%s\t%s\n", name, typ, text)
			}
		}
	}
	must(t, os.WriteFile(javaErrors, out.Bytes(), 0o644))
}

func TestJavaErrorOfUse(t *testing.T) {
	_, missing := Open("/none/such", Options{})
	_, locked := Lock(t.Context(), "/none/such")
	save := func(op string, err error) error {
		return &SaveError{Path: "dir/ks", Err: &os.PathError{Op: op, Path: "dir/ks", Err: err}}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{missing, "java.lang.Exception: Keystore file does not exist: /none/such"},
		{locked, "java.io.FileNotFoundException: /none/such (No such file or directory)"},
		{save("open", syscall.EACCES), "java.io.FileNotFoundException: dir/ks (Permission denied)"},
		{save("open", syscall.ENOENT), "java.io.FileNotFoundException: dir/ks (No such file or directory)"},
		{save("open", syscall.EISDIR), "java.io.FileNotFoundException: dir/ks (Is a directory)"},
		{save("write", syscall.ENOSPC), "java.io.IOException: No space left on device"},
		{&KeyError{Type: JKS, Err: entry.ErrPassword}, "java.security.UnrecoverableKeyException: Cannot recover key"},
		{&KeyError{Type: JCEKS, Err: entry.ErrPassword}, "java.security.UnrecoverableKeyException: Given final block not properly padded. Such issues can arise if a bad key is used during decryption."},
		{&KeyError{Type: PKCS12, Err: entry.ErrPassword}, "java.security.UnrecoverableKeyException: Get Key failed: Given final block not properly padded. Such issues can arise if a bad key is used during decryption."},
		{&KeyError{Type: JKS, Err: entry.ErrDamaged}, ""},
		{&NoEntryError{Alias: "a"}, "java.lang.Exception: Alias <a> does not exist"},
		{&EntryExistsError{Alias: "a"}, "java.lang.Exception: Destination alias <a> already exists"},
		{&KindError{Alias: "a", Want: entry.PrivateKey}, "java.lang.Exception: Alias <a> has no key"},
		{&KindError{Alias: "a", Want: entry.TrustedCertificate}, "java.security.KeyStoreException: Cannot overwrite own certificate"},
		{&NoSecretKeysError{Type: JKS}, "java.security.KeyStoreException: Cannot store non-PrivateKeys"},
		{&UnknownTypeError{Name: "pfx"}, "java.security.KeyStoreException: PFX not found"},
		{errors.New("other"), ""},
		{nil, ""},
	} {
		got, ok := JavaError(test.err, jdk.Default)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%v: %q, %v, want %q", test.err, got, ok, test.want)
		}
	}
}
