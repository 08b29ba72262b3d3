package x509util

import (
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
)

// testSPKI is the key that the recorded extensions are for.
const testSPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

// TestExtensions compares with what keytool made of -ext values, recorded in
// testdata/extensions-*.txt. The values of one line are separated by " | ";
// "@request" sets the extensions that "@req" lines have as request, "@aki"
// asks for an AuthorityKeyIdentifier.
func TestExtensions(t *testing.T) {
	for rel, name := range map[jdk.Release]string{
		jdk.Release17: "testdata/extensions-17.txt",
		jdk.Release25: "testdata/extensions-25.txt",
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		if len(lines) < 250 {
			t.Fatalf("only %d recorded lines in %s", len(lines), name)
		}
		var request []Extension
		for _, line := range lines {
			input, want, _ := strings.Cut(line, "\t")
			t.Run(input, func(t *testing.T) {
				spki, _ := hex.DecodeString(testSPKI)
				ctx := ExtensionContext{SubjectKey: spki, Release: rel}
				text, isRequest := strings.CutPrefix(input, "@request ")
				var specs []string
				for spec := range strings.SplitSeq(text, " | ") {
					switch spec {
					case "@aki":
						ctx.IssuerKey = []byte("of another")
						ctx.IssuerKeyID, _ = KeyID(spki)
					case "@req":
						ctx.Requested = request
					default:
						specs = append(specs, spec)
					}
				}
				exts, err := BuildExtensions(specs, ctx)
				if isRequest {
					request = exts
					return // the order recorded is not that of a result
				}
				var b cryptobyte.Builder
				addExtensions(&b, exts)
				got := hex.EncodeToString(b.BytesOrPanic())
				if javaErr, ok := errors.AsType[*jdk.Error](err); ok {
					got = "!" + javaErr.Class + ": " + strings.ReplaceAll(javaErr.Error(), "\n", `\n`)
				} else if err != nil {
					t.Fatalf("not an *Error: %v", err)
				}
				if got != want {
					t.Errorf("JDK %d\n got %s\nwant %s", rel, got, want)
				}
			})
		}
	}
}

// FuzzBuildExtensions demands that errors are Java's, that the result is in
// order, and that a certificate with it can be made and read again.
func FuzzBuildExtensions(f *testing.F) {
	for line := range strings.Lines(string(testtool.ReadFile(f, "testdata/extensions-25.txt"))) {
		input, _, _ := strings.Cut(line, "\t")
		f.Add(input)
	}
	spki, err := hex.DecodeString(testSPKI)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, specs string) {
		exts, err := BuildExtensions(strings.Split(specs, " | "), ExtensionContext{
			SubjectKey: spki, IssuerKey: []byte("another"), IssuerKeyID: []byte{1}, Requested: []Extension{{OID: oidExtKeyUsage}},
		})
		if err != nil {
			if _, ok := errors.AsType[*jdk.Error](err); !ok {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		for i := 1; i < len(exts); i++ {
			if exts[i-1].OID.String() >= exts[i].OID.String() {
				t.Fatalf("%s before %s", exts[i-1].OID, exts[i].OID)
			}
		}
		var b cryptobyte.Builder
		addExtensions(&b, exts)
		if _, err := b.Bytes(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "dns:localhost", "*.example.com": "dns:*.example.com",
		"127.0.0.1": "ip:127.0.0.1", "::1": "ip:::1", "fe80::1%eth0": "dns:fe80::1%eth0",
	} {
		if got := HostName(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
