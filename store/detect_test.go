package store

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"gokeytool/internal/testtool"
)

// notKeystores are files that users take for keystores.
func notKeystores(t testing.TB) map[Content][][]byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	sec1, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}}, key)
	must(t, err)
	noName, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	must(t, err)
	cert := realCertificate(t)
	parsed, err := x509.ParseCertificate(cert)
	must(t, err)
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}, Subject: parsed.Subject, RawSubject: parsed.RawSubject}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: created, NextUpdate: created.AddDate(1, 0, 0)}, issuer, key)
	must(t, err)
	// A certificate of version 1 has no [0] and no extensions.
	v1 := v1Certificate(cert)
	// PBES2, PBKDF2 with 2048 iterations, AES-256.
	encrypted := unhex("3081a1301c06092a864886f70d01050d300f300d06092a864886f70d01050c30000481810000") // its beginning
	// degenerate SignedData with no certificates
	pkcs7 := unhex("302306092a864886f70d010702a0163014020101310030 0b06092a864886f70d010701 3100")

	block := func(label string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(corpus, name))
		must(t, err)
		return data
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	p12 := read("tomcat__net__user1.jks")
	certPEM := block("CERTIFICATE", cert)
	var latin1 []byte
	for _, b := range read("tomcat__net__ca.jks") {
		latin1 = append(latin1, string(rune(b))...)
	}
	return map[Content][][]byte{
		Empty:     {{}},
		ZeroBytes: {make([]byte, 1), make([]byte, 5000)},
		PEMCertificate: {
			certPEM, block("X509 CERTIFICATE", cert), block("TRUSTED CERTIFICATE", cert),
			join([]byte("\xEF\xBB\xBFsubject=CN = x\r\nissuer=CN = x\r\n"), bytes.ReplaceAll(certPEM, []byte("\n"), []byte("\r\n"))),
			join([]byte("\xFF\xFE"), utf16LE(string(certPEM))),
		},
		PEMKey:          {block("PRIVATE KEY", pkcs8), block("RSA PRIVATE KEY", pkcs8), join(certPEM, block("EC PRIVATE KEY", sec1))},
		PEMEncryptedKey: {block("ENCRYPTED PRIVATE KEY", encrypted)},
		PEMPublicKey:    {block("PUBLIC KEY", spki)},
		PEMRequest:      {block("CERTIFICATE REQUEST", request), block("NEW CERTIFICATE REQUEST", request)},
		PEMPKCS7:        {block("PKCS7", pkcs7)},
		PEMCRL:          {block("X509 CRL", crl)},
		PEMKeystore:     {block("PKCS12", p12)},
		PEMOther:        {block("DH PARAMETERS", []byte{0x30, 0})},
		OpenSSHKey:      {block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), []byte("ssh-ed25519 AAAA me@here\n")},
		PGP:             {block("PGP PUBLIC KEY BLOCK", []byte{1})},
		DERCertificate:  {cert, v1},
		DERKey:          {pkcs8, sec1, x509.MarshalPKCS1PrivateKey(rsaKey)},
		DEREncryptedKey: {encrypted},
		DERPublicKey:    {spki},
		DERRequest:      {request, noName},
		DERPKCS7:        {pkcs7},
		DERCRL:          {crl},
		DEROther:        {{0x30, 0}, {0x30, 0x80, 0, 0}, {0x30, 3, 1, 1, 0}, unhex("300602010330010000")[:4], bytes.Repeat([]byte{0x30, 0x80}, 3000)},
		BKSv2:           {read("keystore-explorer__CryptoFileUtilTest__keystore.bks")},
		BKSv1:           {join([]byte{0, 0, 0, 1}, read("keystore-explorer__CryptoFileUtilTest__keystore.bks")[4:])},
		UBERv1:          {read("keystore-explorer__CryptoFileUtilTest__keystore.uber"), read("pyjks__uber__christmas.uber"), read("pyjks__uber__empty.uber")},
		BCFKS:           {read("keystore-explorer__CryptoFileUtilTest__keystore.bcfks")},
		JavaObject:      {[]byte("\xAC\xED\x00\x05sr\x00")},
		JavaClass:       {[]byte("\xCA\xFE\xBA\xBE\x00\x00\x00\x3D")},
		Zip:             {[]byte("PK\x03\x04\x14\x00")},
		Gzip:            {[]byte("\x1F\x8B\x08\x00\x00")},
		SQLite:          {[]byte("SQLite format 3\x00\x10\x00")},
		HTML:            {[]byte("<!DOCTYPE html>\n<html>"), []byte("\n <HTML><head>"), []byte("<?xml version=\"1.0\"?><html xmlns=\"x\">")},
		XML:             {[]byte("<?xml version=\"1.0\"?><Server port=\"8005\"/>")},
		JSON:            {[]byte("{\"kind\": \"Secret\"}"), []byte(" [1, 2]")},
		LFSPointer:      {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 2218\n")},
		Mangled:         {latin1, []byte(string([]rune(string(read("tomcat__net__ca.jks"))))), []byte("\x30\xEF\xBF\xBD\n\uFFFD"), []byte("\x30\u0082\n\x00\x02\x01\x03\x30")},
		Text:            {[]byte("changeit\n"), []byte("keystore=x\npassword=y\n"), []byte("\xEF\xBB\xBF# comment"), []byte("Größe\r\n"), []byte("0"), []byte("Gr\xF6\xDFe in Latin-1")},
		Unknown:         {{0x01}, []byte("\xFE\xED\xFE"), []byte("\x7FELF\x02\x01\x01\x00"), bytes.Repeat([]byte{0xFF, 0}, 3000)},
	}
}

func unhex(s string) []byte {
	n, ok := new(big.Int).SetString(strings.ReplaceAll(s, " ", ""), 16)
	if !ok {
		panic("no hexadecimal number: " + s)
	}
	return n.Bytes()
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// v1Certificate makes of a certificate one of version 1, which has no [0].
func v1Certificate(cert []byte) []byte {
	var c struct {
		TBS, Algorithm, Signature asn1.RawValue
	}
	if _, err := asn1.Unmarshal(cert, &c); err != nil {
		panic(err)
	}
	c.TBS.Bytes, c.TBS.FullBytes = c.TBS.Bytes[5:], nil
	out, err := asn1.Marshal(c)
	if err != nil {
		panic(err)
	}
	return out
}

func TestDetect(t *testing.T) {
	for want, files := range notKeystores(t) {
		t.Run(string(want), func(t *testing.T) {
			for i, data := range files {
				typ, err := Detect(data)
				e, ok := errors.AsType[*NotKeystoreError](err)
				if !ok {
					t.Errorf("%d: %q, %v", i, typ, err)
				} else if e.What != want {
					t.Errorf("%d: %q", i, e.What)
				}
			}
		})
	}
	for _, test := range []struct {
		head string
		want Type
	}{
		{"\xFE\xED\xFE\xED", JKS},
		{"\xCE\xCE\xCE\xCE\x00\x00\x00\x02", JCEKS},
		{"\x30\x82\x0A\x00\x02\x01\x03\x30", PKCS12},
		{"\x30\x80\x02\x01\x03\x30\x80", PKCS12},
		{"\x30\x50\x02\x01\x03\x30\x4B", PKCS12},
		{"\x30\x84\x00\x00\x0A\x00\x02\x01\x03\x30", PKCS12},
	} {
		if got, err := Detect([]byte(test.head)); got != test.want {
			t.Errorf("%x: %q, %v", test.head, got, err)
		}
	}
}

func TestDetectCorpus(t *testing.T) {
	for _, m := range testtool.Corpus(t, corpus) {
		got, err := Detect(m.Read(t))
		e, not := errors.AsType[*NotKeystoreError](err)
		if string(got) != m.Format && !(not && strings.HasSuffix(string(e.What), " "+m.Format)) {
			t.Errorf("%s: %q, %v", m.Name, got, err)
		}
	}
}

func FuzzDetect(f *testing.F) {
	for _, files := range notKeystores(f) {
		for _, data := range files {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		typ, err := Detect(data)
		_, not := errors.AsType[*NotKeystoreError](err)
		if (typ == "") != not {
			t.Fatalf("%q, %v", typ, err)
		}
		// The beginning decides.
		if again, _ := Detect(data[:min(len(data), detectSize)]); again != typ {
			t.Fatalf("%q whole, but %q by its beginning", typ, again)
		}
	})
}
