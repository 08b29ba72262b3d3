package pkcs12

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"gokeytool/store/internal/ber"
)

// What Java's UTF_16BE makes of the same bytes (JDK 17 and 25).
func TestUTF16(t *testing.T) {
	for bmp, want := range map[string]string{
		"":                         "",
		"\x00a\x00\xe9":            "aé",
		"\x5b\xc6":                 "密",
		"\xd8\x3d\xdd\x11\x00a":    "\U0001F511a",
		"\xd8\x3d":                 "\uFFFD", // half a pair
		"\xd8\x3d\x00a":            "\uFFFD",
		"\xdd\x11\xd8\x3d":         "\uFFFD\uFFFD",
		"\x00a\x00":                "a\uFFFD", // half a character
		"\xd8\x3d\x00":             "\uFFFD",
		"\xdd\x11\x00":             "\uFFFD\uFFFD",
		"\xd8\x3d\xd8\x3d\xdd\x11": "\uFFFD\uFFFD",
	} {
		got := decodeUTF16([]byte(bmp))
		if got != want {
			t.Errorf("%x: got %q, want %q", bmp, got, want)
		}
		if again := decodeUTF16(encodeUTF16(got)); again != got {
			t.Errorf("%q is written and read as %q", got, again)
		}
	}
}

// certificateOf makes as much of a certificate as has a subject.
func certificateOf(subject []byte) []byte {
	empty := ber.TLV(0x30)
	return ber.TLV(0x30, ber.TLV(0x30, ber.Integer(1), empty, empty, empty, subject, empty))
}

// What Java makes of subjects: KeyStore stores it as the friendlyName of
// issuers' certificates. The texts are those of X500Principal.getName (JDK 17).
func TestSubjectLabel(t *testing.T) {
	rdn := func(oid, tag string, value string) []byte {
		return ber.TLV(0x31, ber.TLV(0x30, ber.TLV(0x06, []byte(oid)), ber.TLV(tag[0], []byte(value))))
	}
	const (
		utf8, printable, ia5, bmp, integer = "\x0c", "\x13", "\x16", "\x1e", "\x02"
		cn, o, dc                          = "\x55\x04\x03", "\x55\x04\x0a", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"
		email, serial                      = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "\x55\x04\x05"
	)
	for _, test := range []struct {
		name    string
		subject []byte
		want    string
	}{
		{"order", ber.TLV(0x30, rdn(o, printable, "Org"), rdn(cn, utf8, "Näme")), "CN=Näme,O=Org"},
		{"escapes", ber.TLV(0x30, rdn(cn, utf8, ` a,b+c"d\e<f>g;h=i#j `)), `CN=\ a\,b\+c\"d\\e\<f\>g\;h\=i\#j\ `},
		{"domain", ber.TLV(0x30, rdn(dc, ia5, "com"), rdn(dc, ia5, "example")), "DC=example,DC=com"},
		{"unknown types", ber.TLV(0x30, rdn(email, ia5, "a@b"), rdn(serial, printable, "1")), "2.5.4.5=#130131,1.2.840.113549.1.9.1=#1603614062"},
		{"no text", ber.TLV(0x30, rdn(cn, integer, "\x05")), "CN=#020105"},
		{"BMPString", ber.TLV(0x30, rdn(cn, bmp, "\x00a\x5b\xc6")), "CN=a密"},
		{"two in a set", ber.TLV(0x30, ber.TLV(0x31, ber.TLV(0x30, ber.TLV(0x06, []byte(cn)), ber.TLV(0x0c, []byte("a"))),
			ber.TLV(0x30, ber.TLV(0x06, []byte(o)), ber.TLV(0x0c, []byte("b"))))), "CN=a+O=b"},
		{"empty", ber.TLV(0x30), ""},
		{"no name", ber.TLV(0x30, ber.TLV(0x02, []byte{1})), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := subjectLabel(certificateOf(test.subject)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if got := subjectLabel([]byte("no certificate")); got != "" {
		t.Errorf("of garbage: %q", got)
	}
}

func TestCanonicalName(t *testing.T) {
	name := func(cn string) []byte {
		der, err := asn1.Marshal(pkix.Name{CommonName: cn}.ToRDNSequence())
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	same := [][2]string{{"Root CA", "root ca"}, {"Root CA", " Root   CA "}, {"Root", "Root"}}
	for _, pair := range same {
		if canonicalName(name(pair[0])) != canonicalName(name(pair[1])) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
	if canonicalName(name("Root")) == canonicalName(name("Roots")) {
		t.Error("different names are the same")
	}
}
