package x509util

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

// testChain is three certificates, leaf first.
func testChain(t *testing.T) []*Certificate {
	t.Helper()
	root := issue(t, nil, "root", "ed25519")
	middle := issue(t, root, "middle", "ec256")
	leaf := issue(t, middle, "leaf", "rsa1024")
	return []*Certificate{leaf.certificate, middle.certificate, root.certificate}
}

// TestParseCertificates feeds the forms in which people keep certificates.
func TestParseCertificates(t *testing.T) {
	chain := testChain(t)
	pem := func(i int) string { return string(EncodePEM("CERTIFICATE", chain[i].Raw, jdk.Release25)) }
	key, err := keys.MarshalPrivate(testkey.Make(t, "ec256"))
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := string(EncodePEM("PRIVATE KEY", key, jdk.Release25))
	unix := strings.ReplaceAll(pem(0), "\r\n", "\n")
	var utf16LE, utf16BE []byte
	for _, u := range utf16.Encode([]rune("\uFEFF" + pem(0))) {
		utf16LE = append(utf16LE, byte(u), byte(u>>8))
		utf16BE = append(utf16BE, byte(u>>8), byte(u))
	}
	signedData := func(certificates ...*Certificate) []byte {
		var set []byte
		for _, c := range certificates {
			set = append(set, c.Raw...)
		}
		data := ber.Encode(0x30, string(ber.EncodeOID("1.2.840.113549.1.7.1")))
		signed := ber.Encode(0x30, "\x02\x01\x01\x31\x00"+string(data)+string(ber.Encode(0xA0, string(set)))+"\x31\x00")
		return ber.Encode(0x30, string(ber.EncodeOID(oidSignedData))+string(ber.Encode(0xA0, string(signed))))
	}
	// The same with indefinite lengths, as some authorities send it.
	indefinite := slices.Concat([]byte{0x30, 0x80}, ber.EncodeOID(oidSignedData), []byte{0xA0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0,
		0x30, 0x80}, ber.EncodeOID("1.2.840.113549.1.7.1"), []byte{0, 0, 0xA0, 0x80}, chain[0].Raw, chain[1].Raw,
		[]byte{0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0})
	for _, test := range []struct {
		name  string
		input []byte
		want  []int // indices in chain
	}{
		{"DER", chain[0].Raw, []int{0}},
		{"DER after DER", slices.Concat(chain[1].Raw, chain[0].Raw), []int{1, 0}},
		{"DER and a line end", append(slices.Clone(chain[0].Raw), '\n'), []int{0}},
		{"PEM", []byte(pem(0)), []int{0}},
		{"PEM with line feeds", []byte(unix), []int{0}},
		{"PEM with carriage returns", []byte(strings.ReplaceAll(unix, "\n", "\r")), []int{0}},
		{"PEM without the last line end", []byte(strings.TrimRight(unix, "\n")), []int{0}},
		{"PEM with a byte order mark", []byte("\uFEFF" + pem(0)), []int{0}},
		{"PEM in UTF-16LE", utf16LE, []int{0}},
		{"PEM in UTF-16BE", utf16BE, []int{0}},
		{"PEM with text around", []byte("subject=CN = leaf\nissuer=...\n" + pem(0) + "\n---\nno more\n"), []int{0}},
		{"PEM indented", []byte("  " + strings.ReplaceAll(unix, "\n", "\n  ")), []int{0}},
		{"PEM with blank lines", []byte(strings.ReplaceAll(unix, "\n", "\n\n")), []int{0}},
		{"PEM in one line", []byte("-----BEGIN CERTIFICATE-----\n" + strings.ReplaceAll(strings.TrimPrefix(strings.TrimSuffix(
			unix, "-----END CERTIFICATE-----\n"), "-----BEGIN CERTIFICATE-----\n"), "\n", "") + "\n-----END CERTIFICATE-----"), []int{0}},
		{"bundle", []byte(pem(2) + "# comment\n" + pem(0) + pem(1)), []int{2, 0, 1}},
		{"key before certificates", []byte(keyPEM + pem(0) + pem(1)), []int{0, 1}},
		{"X509 CERTIFICATE", []byte(strings.ReplaceAll(pem(0), "CERTIFICATE", "X509 CERTIFICATE")), []int{0}},
		{"TRUSTED CERTIFICATE", EncodePEM("TRUSTED CERTIFICATE", append(slices.Clone(chain[0].Raw), 0x30, 0), jdk.Release17), []int{0}},
		{"PKCS #7 in DER", signedData(chain...), []int{0, 1, 2}},
		{"PKCS #7 in BER", indefinite, []int{0, 1}},
		{"PKCS #7 in PEM", EncodePEM("PKCS7", signedData(chain[2], chain[0]), jdk.Release25), []int{2, 0}},
		{"PKCS #7 labelled as certificate", EncodePEM("CERTIFICATE", signedData(chain[1]), jdk.Release25), []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseCertificates(test.input)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(test.want) {
				t.Fatalf("%d certificates, want %d", len(got), len(test.want))
			}
			for i, c := range got {
				if !bytes.Equal(c.Raw, chain[test.want[i]].Raw) {
					t.Errorf("certificate %d is %s", i, c.Subject)
				}
			}
		})
	}
}

// TestInputError names inputs that hold no certificate.
func TestInputError(t *testing.T) {
	key, err := keys.MarshalPrivate(testkey.Make(t, "ec256"))
	if err != nil {
		t.Fatal(err)
	}
	spki, _ := keys.MarshalPublic(testkey.Make(t, "ec256").Public())
	request, err := CreateRequest(mustName(t, "CN=a"), spki, nil, testkey.Make(t, "ec256"), "SHA256withECDSA", jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	certificate := testChain(t)[0].Raw
	for _, test := range []struct{ name, input, want string }{
		{"nothing", "", "empty"},
		{"blanks", " \r\n", "blank"},
		{"private key", string(EncodePEM("PRIVATE KEY", key, jdk.Default)), "a private key"},
		{"private key in DER", string(key), "a private key"},
		{"encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", "an encrypted private key"},
		{"public key", string(EncodePEM("PUBLIC KEY", spki, jdk.Default)), "a public key"},
		{"public key in DER", string(spki), "a public key"},
		{"request", string(EncodePEM("NEW CERTIFICATE REQUEST", request, jdk.Default)), "a certificate request"},
		{"request in DER", string(request), "a certificate request"},
		{"revocation list", "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "a certificate revocation list"},
		{"JKS", "\xFE\xED\xFE\xED\x00\x00\x00\x02", "a JKS keystore"},
		{"JCEKS", "\xCE\xCE\xCE\xCE\x00\x00\x00\x02", "a JCEKS keystore"},
		{"PKCS #12", "\x30\x0F\x02\x01\x03\x30\x0A\x06\x08\x2a\x86\x48\x86\xf7\x0d\x01\x07", "a PKCS #12 keystore"},
		{"HTML", "\n<!DOCTYPE html><html>", "an HTML page"},
		{"XML", "<?xml version='1.0'?>", "an XML document"},
		{"JAR", "PK\x03\x04....", "a ZIP or JAR file"},
		{"SSH", "ssh-ed25519 AAAA a@b", "an SSH public key"},
		{"cut PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n", "damaged PEM"},
		{"bare base64", "MIIBszCCAVmgAwIBAgIU\nabcd\n", "base64 without the lines BEGIN and END around it"},
		{"cut DER", string(certificate[:100]), "damaged or cut-off DER"},
		{"text", "hello", "neither PEM nor DER"},
	} {
		t.Run(test.name, func(t *testing.T) {
			certificates, err := ParseCertificates([]byte(test.input))
			input, ok := errors.AsType[*InputError](err)
			if !ok {
				t.Fatalf("got %d certificates, %v", len(certificates), err)
			}
			if input.What != test.want {
				t.Errorf("%q, want %q", input.What, test.want)
			}
		})
	}
}

func TestParseRequest(t *testing.T) {
	spki, _ := keys.MarshalPublic(testkey.Make(t, "ec256").Public())
	der, err := CreateRequest(mustName(t, "CN=a"), spki, nil, testkey.Make(t, "ec256"), "SHA256withECDSA", jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string][]byte{
		"DER":        der,
		"keytool's":  EncodePEM("NEW CERTIFICATE REQUEST", der, jdk.Release17),
		"OpenSSL's":  EncodePEM("CERTIFICATE REQUEST", der, jdk.Release25),
		"text first": append([]byte("Certificate Request:\n    Data:\n"), EncodePEM("CERTIFICATE REQUEST", der, jdk.Release25)...),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseRequest(input)
			if err != nil {
				t.Fatal(err)
			}
			if r.Subject.String() != "CN=a" || !bytes.Equal(r.SPKI, spki) {
				t.Errorf("%s, key %x", r.Subject, r.SPKI)
			}
		})
	}
	_, err = ParseRequest(EncodePEM("CERTIFICATE", testChain(t)[0].Raw, jdk.Default))
	if input, ok := errors.AsType[*InputError](err); !ok || input.What != "a certificate" {
		t.Errorf("a certificate: %v", err)
	}
}

// TestPKCS7OfOpenSSL reads what openssl crl2pkcs7 writes.
func TestPKCS7OfOpenSSL(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	chain := testChain(t)
	bundle := filepath.Join(t.TempDir(), "chain.pem")
	var pem []byte
	for _, c := range chain {
		pem = append(pem, EncodePEM("CERTIFICATE", c.Raw, jdk.Default)...)
	}
	if err := os.WriteFile(bundle, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"DER", "PEM"} {
		out := []byte(testtool.Stdout(t, testtool.Command(t, "", openssl, "crl2pkcs7", "-nocrl", "-certfile", bundle, "-outform", form)))
		got, err := ParseCertificates(out)
		if err != nil || len(got) != 3 || !bytes.Equal(got[0].Raw, chain[0].Raw) {
			t.Errorf("%s: %d certificates, %v", form, len(got), err)
		}
	}
}

// FuzzParseCertificates demands that what is read is read again from its own
// PEM, and that failures say what the input is.
func FuzzParseCertificates(f *testing.F) {
	files, _ := filepath.Glob("testdata/keytool/*/*")
	if len(files) < 20 {
		f.Fatal("no seeds")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 2000 {
			f.Add(data)
		}
	}
	f.Add([]byte("\xFF\xFE-\x00-\x00"))
	f.Add([]byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ParseCertificates(data)
		if err != nil {
			if _, ok := errors.AsType[*InputError](err); !ok {
				t.Fatalf("not an *InputError: %v", err)
			}
			return
		}
		var pem []byte
		for _, c := range got {
			pem = append(pem, EncodePEM("CERTIFICATE", c.Raw, jdk.Default)...)
		}
		again, err := ParseCertificates(pem)
		if len(got) > 0 && (err != nil || len(again) != len(got)) {
			t.Fatalf("%d certificates, then %d: %v", len(got), len(again), err)
		}
		if r, err := ParseRequest(data); err == nil {
			if again, err := ParseRequest(r.Raw); err != nil || !bytes.Equal(again.TBS, r.TBS) {
				t.Fatalf("request: %v", err)
			}
		}
	})
}
