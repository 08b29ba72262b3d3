package pem

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
)

// pki is a chain of three certificates, leaf first, and the leaf's key.
type pki struct {
	key   crypto.Signer
	pkcs8 []byte
	chain [][]byte
}

func newPKI(t testing.TB, name string, key crypto.Signer) pki {
	t.Helper()
	p := pki{key: key}
	var err error
	if p.pkcs8, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		t.Fatal(err)
	}
	var parent *x509.Certificate
	var signer crypto.Signer
	for i, cn := range []string{"root", "intermediate", "leaf"} {
		var k crypto.Signer = key
		if i < 2 {
			if k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
				t.Fatal(err)
			}
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name + " " + cn},
			NotAfter: time.Now().AddDate(1, 0, 0), IsCA: i < 2, BasicConstraintsValid: true}
		if parent == nil {
			parent, signer = template, k
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, k.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		p.chain = append([][]byte{der}, p.chain...)
		parent, signer = template, k
	}
	return p
}

func newEC(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encode(label string, der []byte) string {
	return string(stdpem.EncodeToMemory(&stdpem.Block{Type: label, Bytes: der}))
}

func (p pki) certs(order ...int) string {
	var b strings.Builder
	for _, i := range order {
		b.WriteString(encode("CERTIFICATE", p.chain[i]))
	}
	return b.String()
}

// summary writes entries as "alias:kind/certificates".
func summary(f *entry.File) string {
	var all []string
	for _, e := range f.Entries {
		kind := "cert"
		if e.Kind == entry.PrivateKey {
			kind = "key"
		}
		var names []string
		for _, c := range e.Chain {
			cn := "?"
			if parsed, err := x509.ParseCertificate(c.DER); err == nil {
				cn = parsed.Subject.CommonName
			}
			names = append(names, cn)
		}
		all = append(all, fmt.Sprintf("%s:%s/%s", e.Alias, kind, strings.Join(names, ",")))
	}
	return strings.Join(all, " | ")
}

func TestDecode(t *testing.T) {
	a, b := newPKI(t, "a", newEC(t)), newPKI(t, "b", newEC(t))
	key := encode("PRIVATE KEY", a.pkcs8)
	encrypted := encode("ENCRYPTED PRIVATE KEY", []byte{0x30, 0}) // not to be opened here
	const chainOfA = "a leaf,a intermediate,a root"
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for _, test := range []struct{ name, text, want string }{
		{"certificate", a.certs(0), "1:cert/a leaf"},
		{"bundle", a.certs(2, 1) + b.certs(2), "1:cert/a root | 2:cert/a intermediate | 3:cert/b root"},
		{"key alone", key, "1:key/"},
		{"key and chain", key + a.certs(0, 1, 2), "1:key/" + chainOfA},
		{"chain in disorder before the key", a.certs(2, 0, 1) + key, "1:key/" + chainOfA},
		{"two keys", key + a.certs(0, 1, 2) + encode("PRIVATE KEY", b.pkcs8) + b.certs(0), "1:key/" + chainOfA + " | 2:key/b leaf"},
		{"key and strange certificates", key + b.certs(0, 1), "1:key/ | 2:cert/b leaf | 3:cert/b intermediate"},
		{"key and another's certificate", b.certs(0) + key + a.certs(0), "1:cert/b leaf | 2:key/a leaf"},
		{"encrypted key", encrypted + a.certs(2, 1, 0), "1:key/" + chainOfA},
		{"two encrypted keys", encrypted + a.certs(0) + encrypted + b.certs(0), "1:key/a leaf | 2:key/b leaf"},
		{"encrypted key beside a plain one", encrypted + key + a.certs(0) + b.certs(0), "1:key/b leaf | 2:key/a leaf"},
		{"names of openssl pkcs12", "Bag Attributes\n    friendlyName: My Server\n    localKeyID: 01 02 \nKey Attributes: <No Attributes>\n" + encrypted +
			"Bag Attributes\n    friendlyName: CA\nsubject=x\n" + b.certs(0) + "Bag Attributes\n    localKeyID: 01 02 \n" + a.certs(0),
			"My Server:key/a leaf | CA:cert/b leaf"},
		{"byte order mark and CRLF", "\xEF\xBB\xBF" + crlf("# comment: with colon\n"+key+"text\n"+a.certs(0)), "1:key/a leaf"},
		{"CR alone", strings.ReplaceAll(a.certs(0), "\n", "\r"), "1:cert/a leaf"},
		{"blanks around lines", strings.ReplaceAll(a.certs(0), "\n", "  \n\t"), "1:cert/a leaf"},
		{"other blocks", encode("EC PARAMETERS", []byte{6, 1, 1}) + encode("DH PARAMETERS", []byte{0x30, 0}) + a.certs(0), "1:cert/a leaf"},
		{"trusted certificate", encode("TRUSTED CERTIFICATE", append(bytes.Clone(a.chain[0]), 0x30, 0)), "1:cert/a leaf"},
		{"certificate that crypto/x509 refuses", encode("X509 CERTIFICATE", []byte{0x30, 0}), "1:cert/?"},
		{"no line end at the end", strings.TrimSuffix(a.certs(0), "\n"), "1:cert/a leaf"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Decode([]byte(test.text), nil, entry.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(f); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	a := newPKI(t, "a", newEC(t))
	good := a.certs(0)
	few := entry.DefaultLimits
	few.MaxEntries = 2
	for _, test := range []struct {
		name, text string
		lim        entry.Limits
		kind       error
		want       string
	}{
		{"empty", "", entry.DefaultLimits, entry.ErrDamaged, "no key and no certificate"},
		{"text", "hello", entry.DefaultLimits, entry.ErrDamaged, "no key and no certificate"},
		{"no end", "x\n" + good[:len(good)-30], entry.DefaultLimits, entry.ErrDamaged, "block CERTIFICATE does not end at offset 2"},
		{"other end", "-----BEGIN A-----\n-----END B-----\n", entry.DefaultLimits, entry.ErrDamaged, "block A ends as another at offset 18"},
		{"block in block", "-----BEGIN A-----\n-----BEGIN B-----\n", entry.DefaultLimits, entry.ErrDamaged, "a block within the block A at offset 18"},
		{"headers", "-----BEGIN A-----\n" + strings.Repeat("a: b\n", 200) + strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789äöüÄÖÜßáéíóúàèìòùâêîôûñçãõåøæœđšžčćłńśźżęąěřůýťď", ""), ": x\n"), entry.DefaultLimits, entry.ErrDamaged, "more than 100 headers in block A"},
		{"not Base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", entry.DefaultLimits, entry.ErrDamaged, "is not Base64"},
		{"no certificate", encode("CERTIFICATE", []byte("x")), entry.DefaultLimits, entry.ErrDamaged, "is no certificate"},
		{"trailing bytes", encode("CERTIFICATE", append(bytes.Clone(a.chain[0]), 0)), entry.DefaultLimits, entry.ErrDamaged, "is no certificate"},
		{"no key", encode("PRIVATE KEY", []byte{0x30, 0}), entry.DefaultLimits, entry.ErrDamaged, "malformed key"},
		{"EC key without curve", encode("EC PRIVATE KEY", []byte{0x30, 6, 2, 1, 1, 4, 1, 1}), entry.DefaultLimits, entry.ErrDamaged, "EC key without a curve"},
		{"unknown cipher", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: RC5-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", entry.DefaultLimits, entry.ErrUnsupported, `cipher "RC5-CBC"`},
		{"bad IV", "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", entry.DefaultLimits, entry.ErrDamaged, "malformed DEK-Info"},
		{"partial block", "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: DES-CBC,0011223344556677\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", entry.DefaultLimits, entry.ErrDamaged, "whole blocks"},
		{"too many", a.certs(0, 1, 2), few, entry.ErrLimit, "more than 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Decode([]byte(test.text), nil, test.lim)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) || f != nil {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, ok := errors.AsType[*entry.FormatError](err); !ok {
				t.Errorf("%T", err)
			}
		})
	}
}

// TestKeys reads keys of every kind in every format that OpenSSL writes, and
// pairs them with their certificate.
func TestKeys(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ec": newEC(t), "ed25519": ed} {
		p := newPKI(t, name, key)
		traditional := map[string][]string{"rsa": {"rsa", "-traditional"}, "ec": {"ec"}}[name]
		formats := map[string][]string{
			"plain PKCS8":  {"pkcs8", "-topk8", "-nocrypt"},
			"PBES2":        {"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "2048"},
			"PBES1 3DES":   {"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"},
			"PBES2 SHA512": {"pkcs8", "-topk8", "-v2", "aes128", "-v2prf", "hmacWithSHA512"},
		}
		if traditional != nil {
			formats["traditional"] = traditional
			for _, cipher := range []string{"des3", "aes128", "aes192", "aes256"} {
				formats["traditional "+cipher] = append(traditional[:len(traditional):len(traditional)], "-"+cipher)
			}
		}
		for format, args := range formats {
			t.Run(name+"/"+format, func(t *testing.T) {
				cmd := testtool.Command(t, "", openssl, append(args, "-inform", "DER", "-passout", "pass:pässwörd")...)
				cmd.Stdin = bytes.NewReader(p.pkcs8)
				text := testtool.Stdout(t, cmd)
				f, err := Decode(append([]byte(text), p.certs(2, 1, 0)...), nil, entry.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("1:key/%[1]s leaf,%[1]s intermediate,%[1]s root", name); summary(f) != want {
					t.Errorf("got %s, want %s", summary(f), want)
				}
				key, err := Unseal(f.Entries[0], []byte("pässwörd"), entry.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				got, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
				if err != nil {
					t.Fatal(err)
				}
				if !got.(interface{ Equal(crypto.PrivateKey) bool }).Equal(p.key) {
					t.Error("another key came out")
				}
				if strings.Contains(string(text), "ENCRYPTED") {
					if _, err := Unseal(f.Entries[0], []byte("wrong"), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
						t.Errorf("with a wrong password: %v", err)
					}
				}
			})
		}
	}
}

func TestDSA(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	dir := t.TempDir()
	run := func(args ...string) []byte {
		return []byte(testtool.Stdout(t, testtool.Command(t, dir, openssl, args...)))
	}
	run("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", "p")
	run("genpkey", "-paramfile", "p", "-out", "key")
	want := run("pkcs8", "-topk8", "-nocrypt", "-in", "key", "-outform", "DER")
	for _, args := range [][]string{{}, {"-aes128", "-passout", "pass:x"}} {
		text := run(append([]string{"dsa", "-in", "key"}, args...)...)
		f, err := Decode(text, nil, entry.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		key, err := Unseal(f.Entries[0], []byte("x"), entry.DefaultLimits)
		if err != nil || !bytes.Equal(key.PKCS8, want) {
			t.Errorf("%q: %v, got\n%s, want\n%s", args, err, hex.EncodeToString(key.PKCS8), hex.EncodeToString(want))
		}
	}
}

// What openssl pkcs12 takes out of a keystore keeps its names and chains.
func TestOpenSSLPKCS12(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	const p12 = "../../testdata/corpus/vert-x__digest__keystore.p12"
	if _, err := os.Stat(p12); err != nil {
		t.Fatal(err)
	}
	text := testtool.Stdout(t, testtool.Command(t, "", openssl, "pkcs12", "-in", filepath.FromSlash(p12), "-passin", "pass:secret", "-passout", "pass:other"))
	f, err := Decode([]byte(text), nil, entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Entries) != 6 {
		t.Errorf("%d entries: %s", len(f.Entries), summary(f))
	}
	for _, e := range f.Entries {
		key, err := Unseal(e, []byte("other"), entry.DefaultLimits)
		if err != nil || len(e.Chain) != 1 || !strings.HasPrefix(e.Alias, "sha") {
			t.Errorf("%s with %d certificates: %v", e.Alias, len(e.Chain), err)
			continue
		}
		leaf, err := x509.ParseCertificate(e.Chain[0].DER)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(publicKey(key.PKCS8), spki) {
			t.Errorf("%s has the certificate of another key", e.Alias)
		}
	}
}

// message packs certificates into a PKCS #7 message, with indefinite lengths.
func message(contents ...[]byte) []byte {
	open := func(tag byte, inner ...[]byte) []byte {
		return slices.Concat([]byte{tag, 0x80}, slices.Concat(inner...), []byte{0, 0})
	}
	return open(0x30, []byte("\x06\x09"+oidSignedData), open(0xa0, open(0x30, []byte{2, 1, 1, 0x31, 0}, open(0x30, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")),
		open(0xa0, contents...), []byte{0x31, 0})))
}

func TestDER(t *testing.T) {
	a := newPKI(t, "a", newEC(t))
	three := slices.Concat(a.chain...)
	attribute := []byte{0xa1, 2, 5, 0} // an attribute certificate, as far as it matters
	for _, test := range []struct {
		name   string
		decode func([]byte, []byte, entry.Limits) (*entry.File, error)
		data   []byte
		want   string // or the error
	}{
		{"one", DecodeDER, a.chain[0], "1:cert/a leaf"},
		{"several, and a line end", DecodeDER, append(three, "\r\n"...), "1:cert/a leaf | 2:cert/a intermediate | 3:cert/a root"},
		{"a line end alone", DecodeDER, []byte("\r\n"), "DER: no key and no certificate"},
		{"cut short", DecodeDER, three[:len(three)-1], fmt.Sprintf("DER: malformed certificate at offset %d", len(a.chain[0])+len(a.chain[1]))},
		{"something behind", DecodeDER, append(slices.Clone(a.chain[0]), "text"...), fmt.Sprintf("DER: malformed certificate at offset %d", len(a.chain[0]))},
		{"message", DecodePKCS7, message(a.chain[2], attribute, a.chain[1]), "1:cert/a root | 2:cert/a intermediate"},
		{"message in PEM, and a key", Decode, []byte(encode("PRIVATE KEY", a.pkcs8) + encode("PKCS7", message(a.chain...))), "1:key/a leaf,a intermediate,a root"},
		{"message without certificates", DecodePKCS7, message(), "PKCS7: no key and no certificate"},
		{"message cut short", DecodePKCS7, message(a.chain...)[:500], "PKCS7: message: "},
		{"other message", DecodePKCS7, []byte("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"), "PKCS7: a PKCS #7 message that is not signed data has no certificates to read"},
		{"no message", DecodePKCS7, []byte{0x30, 0}, "PKCS7: no PKCS #7 message"},
		{"too deep", DecodePKCS7, bytes.Repeat([]byte{0x30, 0x80}, 100), "PKCS7: message: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := test.decode(test.data, nil, entry.DefaultLimits)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = summary(f)
			}
			if got != test.want && (err == nil || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	few := entry.DefaultLimits
	few.MaxEntries = 2
	if _, err := DecodeDER(three, nil, few); !errors.Is(err, entry.ErrLimit) {
		t.Errorf("three certificates where two are allowed: %v", err)
	}
	if _, err := DecodePKCS7(message(a.chain...), nil, few); !errors.Is(err, entry.ErrLimit) {
		t.Errorf("three certificates where two are allowed: %v", err)
	}
}

// OpenSSL packs chains as CAs do.
func TestOpenSSLPKCS7(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	a := newPKI(t, "a", newEC(t))
	path := filepath.Join(t.TempDir(), "chain.pem")
	if err := os.WriteFile(path, []byte(a.certs(0, 1, 2)), 0o600); err != nil {
		t.Fatal(err)
	}
	for form, decode := range map[string]func([]byte, []byte, entry.Limits) (*entry.File, error){"DER": DecodePKCS7, "PEM": Decode} {
		data := testtool.Stdout(t, testtool.Command(t, "", openssl, "crl2pkcs7", "-nocrl", "-certfile", path, "-outform", form))
		f, err := decode([]byte(data), nil, entry.DefaultLimits)
		if err != nil || summary(f) != "1:cert/a leaf | 2:cert/a intermediate | 3:cert/a root" {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// FuzzDER: what is read, written one after the other, reads as the same.
// TestTextInKey has a key read in DER that has a block of PEM in an attribute.
func TestTextInKey(t *testing.T) {
	a := newPKI(t, "a", newEC(t))
	text := []byte("\n" + encode("PRIVATE KEY", newPKI(t, "b", newEC(t)).pkcs8))
	var s cryptobyte.String = a.pkcs8
	s.ReadASN1(&s, asn1.SEQUENCE)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(s)
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(text) })
	})
	key := b.BytesOrPanic()
	keys, err := DecodeKeys(key, entry.DefaultLimits)
	if err != nil || len(keys) != 1 || !bytes.Equal(keys[0].Sealed, key) {
		t.Errorf("%d keys, not the one in DER: %v", len(keys), err)
	}
}

// TestLastByte has certificates and keys read that end in any byte, with and
// without a line end behind them.
func TestLastByte(t *testing.T) {
	a := newPKI(t, "a", newEC(t))
	for last := range 256 {
		certificate, key := slices.Clone(a.chain[0]), slices.Clone(a.pkcs8)
		certificate[len(certificate)-1], key[len(key)-1] = byte(last), byte(last)
		for _, behind := range []string{"", "\n", "\r\n", "\n\n"} {
			f, err := DecodeDER(append(slices.Clip(certificate), behind...), nil, entry.DefaultLimits)
			if err != nil || len(f.Entries) != 1 || !bytes.Equal(f.Entries[0].Chain[0].DER, certificate) {
				t.Errorf("certificate that ends in %#02x, then %q: %v", last, behind, err)
			}
			keys, err := DecodeKeys(append(slices.Clip(key), behind...), entry.DefaultLimits)
			if err != nil || len(keys) != 1 || !bytes.Equal(keys[0].Sealed, key) {
				t.Errorf("key that ends in %#02x, then %q: %v", last, behind, err)
			}
		}
	}
}

func FuzzDER(f *testing.F) {
	a := newPKI(f, "a", newEC(f))
	f.Add(slices.Concat(a.chain...))
	f.Add(message(a.chain...))
	f.Add([]byte{0x30, 0, 0x30, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, decode := range []func([]byte, []byte, entry.Limits) (*entry.File, error){DecodeDER, DecodePKCS7} {
			file, err := decode(data, nil, entry.DefaultLimits)
			if err != nil {
				if _, ok := errors.AsType[*entry.FormatError](err); !ok {
					t.Fatalf("%T: %v", err, err)
				}
				continue
			}
			var again []byte
			for _, e := range file.Entries {
				again = append(again, e.Chain[0].DER...)
			}
			if back, err := DecodeDER(again, nil, entry.DefaultLimits); err != nil || len(back.Entries) != len(file.Entries) {
				t.Fatalf("%d certificates, but then %v: %v", len(file.Entries), back, err)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	a := newPKI(f, "a", newEC(f))
	f.Add([]byte(encode("PRIVATE KEY", a.pkcs8) + a.certs(0, 1, 2)))
	f.Add([]byte("Bag Attributes\n friendlyName: x\n localKeyID: 01\n" + encode("ENCRYPTED PRIVATE KEY", []byte{0x30, 0}) + a.certs(2, 1)))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\r\nDEK-Info: DES-CBC,0011223344556677\r\n\r\nAAAAAAAAAAA=\r\n-----END RSA PRIVATE KEY-----"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nMAYCAQEEAQE=\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := entry.DefaultLimits
		lim.MaxIterations = 1000
		file, err := Decode(data, nil, lim)
		if err != nil {
			if _, ok := errors.AsType[*entry.FormatError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		// What was read, written plainly, reads as the same.
		var again bytes.Buffer
		count := 0
		for _, e := range file.Entries {
			if e.Kind == entry.PrivateKey {
				Unseal(e, []byte("x"), lim) // must not panic
			}
			for _, c := range e.Chain {
				again.WriteString(encode("CERTIFICATE", c.DER))
				count++
			}
		}
		if count == 0 {
			return
		}
		certs, err := Decode(again.Bytes(), nil, lim)
		if err != nil || len(certs.Entries) != count {
			t.Fatalf("%d certificates, but then %v: %v", count, certs, err)
		}
	})
}

func TestDecodeKeys(t *testing.T) {
	p := newPKI(t, "a", newEC(t))
	utf16 := "\xFF\xFE" + strings.Join(strings.Split(encode("PRIVATE KEY", p.pkcs8), ""), "\x00") + "\x00"
	for _, test := range []struct {
		name, data string
		keys       int
	}{
		{"empty", "", 0},
		{"text", "0 is no key\n", 0},
		{"certificates", p.certs(0, 1), 0},
		{"certificate in DER", string(p.chain[0]), 0},
		{"key and chain", p.certs(0) + encode("PRIVATE KEY", p.pkcs8) + p.certs(1), 1},
		{"beside what is no certificate", encode("CERTIFICATE", []byte("x")) + encode("PRIVATE KEY", p.pkcs8), 1},
		{"UTF-16", utf16, 1},
		{"DER", string(p.pkcs8), 1},
		{"DER and more", string(p.pkcs8) + "x", 0},
		{"two", encode("PRIVATE KEY", p.pkcs8) + encode("PRIVATE KEY", p.pkcs8), 2},
	} {
		keys, err := DecodeKeys([]byte(test.data), entry.DefaultLimits)
		if err != nil || len(keys) != test.keys {
			t.Errorf("%s: %d keys, %v", test.name, len(keys), err)
			continue
		}
		for _, e := range keys {
			key, err := Unseal(e, nil, entry.DefaultLimits)
			if err != nil || Encrypted(e) || !bytes.Equal(key.PKCS8, p.pkcs8) {
				t.Errorf("%s: %x, %v", test.name, key.PKCS8, err)
			}
		}
	}
	for name, data := range map[string]string{
		"malformed":   encode("PRIVATE KEY", []byte{0x30, 0}),
		"not Base64":  "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
		"without end": "-----BEGIN PRIVATE KEY-----\n",
		"one line":    strings.ReplaceAll(encode("PRIVATE KEY", p.pkcs8), "\n", ""),
	} {
		_, err := DecodeKeys([]byte(data), entry.DefaultLimits)
		if !errors.Is(err, entry.ErrDamaged) || strings.Contains(err.Error(), "MIG") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
