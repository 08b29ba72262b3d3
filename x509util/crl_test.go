package x509util

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/testtool"
	"gokeytool/x509util/internal/ber"
)

func TestParseCRLs(t *testing.T) {
	files := testtool.Files(t, "testdata/print/*.crl")
	one, two := files["crl-reasons"], files["keytool-17"]
	pem := func(der []byte) string {
		return "-----BEGIN X509 CRL-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END X509 CRL-----\n"
	}
	tlv := func(tag casn1.Tag, parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		return append(ber.AppendHeader(nil, tag, len(body)), body...)
	}
	signed := tlv(0x30,
		[]byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2},
		tlv(0xa0, tlv(0x30, []byte{2, 1, 1}, tlv(0x31), tlv(0x30), tlv(0xa1, one, two), tlv(0x31))))
	for _, tt := range []struct {
		name string
		data []byte
		want [][]byte
	}{
		{"DER", one, [][]byte{one}},
		{"two in DER", append(bytes.Clone(one), two...), [][]byte{one, two}},
		{"DER with a line end", append(bytes.Clone(one), '\n'), [][]byte{one}},
		{"PEM", []byte("text\n" + pem(one) + "more\n" + pem(two)), [][]byte{one, two}},
		{"PEM with CRLF", []byte(strings.ReplaceAll(pem(one), "\n", "\r\n")), [][]byte{one}},
		{"PKCS7", signed, [][]byte{one, two}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lists, err := ParseCRLs(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if len(lists) != len(tt.want) {
				t.Fatalf("%d lists, want %d", len(lists), len(tt.want))
			}
			for i, c := range lists {
				if !bytes.Equal(c.Raw, tt.want[i]) {
					t.Errorf("list %d is another", i)
				}
			}
		})
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "certificate": testtool.Files(t, "testdata/print/*.der")["ed25519"], "cut": one[:100],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCRLs(data)
			var input *InputError
			if !errors.As(err, &input) {
				t.Errorf("error %v", err)
			}
		})
	}
}
