package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// detectSize is how many bytes of a file Detect looks at: openssl x509 -text
// prints several kilobytes above the first line of PEM.
const detectSize = 64 << 10

// ContentOf is what data are, beside a keystore; Unknown for one.
func ContentOf(data []byte) Content {
	_, err := Detect(data)
	if e, ok := errors.AsType[*NotKeystoreError](err); ok {
		return e.What
	}
	return Unknown
}

// Content is what a file is that is no keystore of ours, as a phrase that fits
// after "this is".
type Content string

// What a file that was taken for a keystore may turn out to be.
const (
	Empty           Content = "an empty file"
	ZeroBytes       Content = "a file of zero bytes"
	PEMCertificate  Content = "a certificate in PEM"
	PEMKey          Content = "a private key in PEM"
	PEMEncryptedKey Content = "an encrypted private key in PEM"
	PEMPublicKey    Content = "a public key in PEM"
	PEMRequest      Content = "a certificate request in PEM"
	PEMPKCS7        Content = "a PKCS #7 certificate chain in PEM"
	PEMCRL          Content = "a revocation list in PEM"
	PEMKeystore     Content = "a PKCS #12 keystore in PEM"
	PEMOther        Content = "a PEM file"
	OpenSSHKey      Content = "an OpenSSH key"
	DERCertificate  Content = "a certificate in DER"
	DERKey          Content = "a private key in DER"
	DEREncryptedKey Content = "an encrypted private key in DER"
	DERPublicKey    Content = "a public key in DER"
	DERRequest      Content = "a certificate request in DER"
	DERPKCS7        Content = "a PKCS #7 certificate chain in DER"
	DERCRL          Content = "a revocation list in DER"
	DEROther        Content = "ASN.1 data, but not PKCS #12"
	BKSv1           Content = "a BouncyCastle keystore of type BKS-V1"
	BKSv2           Content = "a BouncyCastle keystore of type BKS"
	UBERv1          Content = "a BouncyCastle keystore of type UBER"
	BCFKS           Content = "a BouncyCastle keystore of type BCFKS"
	JavaObject      Content = "a serialised Java object"
	JavaClass       Content = "a Java class file"
	Zip             Content = "a zip or JAR archive"
	Gzip            Content = "a gzip archive"
	SQLite          Content = "an SQLite database"
	PGP             Content = "a PGP file"
	HTML            Content = "an HTML page"
	XML             Content = "an XML file"
	JSON            Content = "a JSON file"
	LFSPointer      Content = "a Git LFS pointer"
	Mangled         Content = "binary data that was copied as text"
	Text            Content = "a text file"
	Unknown         Content = "not a known file format"
)

// NotKeystoreError says that a file is no keystore of a format that is read,
// and what it is instead.
type NotKeystoreError struct{ What Content }

func (e *NotKeystoreError) Error() string {
	if e.What == Unknown {
		return "not a keystore"
	}
	return "not a keystore: this is " + string(e.What)
}

// Type returns the type under which a file of that content is opened where
// Options.Foreign allows it, "" if it is not.
func (c Content) Type() Type {
	switch c {
	case PEMCertificate, PEMKey, PEMEncryptedKey, PEMPKCS7:
		return PEM
	case DERCertificate:
		return DER
	case DERPKCS7:
		return PKCS7
	case BKSv1, BKSv2:
		return BKS
	case UBERv1:
		return UBER
	}
	return ""
}

// Detect tells the format of a keystore from its content, of which it needs
// the first 64 KiB at least. Whether the file is whole is for the codec to
// say. The error is a *NotKeystoreError.
func Detect(data []byte) (Type, error) {
	if len(data) >= 4 {
		switch binary.BigEndian.Uint32(data) {
		case 0xFEEDFEED:
			return JKS, nil
		case 0xCECECECE:
			return JCEKS, nil
		}
	}
	if looksPKCS12(data) {
		return PKCS12, nil
	}
	return "", &NotKeystoreError{What: identify(data[:min(len(data), detectSize)])}
}

// looksPKCS12 says whether data begins as a PFX does: a SEQUENCE, of whatever
// length and in whatever form, with the version number 3 and a SEQUENCE in it.
// The few bytes of a file that was cut off earlier are not enough to say so.
func looksPKCS12(data []byte) bool {
	body, ok := sequence(data)
	return ok && bytes.HasPrefix(body, []byte{2, 1, 3, 0x30})
}

// sequence returns what follows the header of an ASN.1 SEQUENCE, which may be
// longer than data, or of indefinite length.
func sequence(data []byte) (body []byte, ok bool) {
	if len(data) < 2 || data[0] != 0x30 {
		return nil, false
	}
	header := 2
	if data[1] > 0x80 {
		header += int(data[1] & 0x7F)
	}
	if header > 2+8 || len(data) < header {
		return nil, false
	}
	return data[header:], true
}

// identify names content that is no keystore of ours.
func identify(data []byte) Content {
	switch {
	case len(data) == 0:
		return Empty
	case len(bytes.Trim(data, "\x00")) == 0:
		return ZeroBytes
	}
	for _, magic := range []struct {
		bytes string
		what  Content
	}{
		{"\xAC\xED\x00\x05", JavaObject},
		{"\xCA\xFE\xBA\xBE", JavaClass},
		{"PK\x03\x04", Zip},
		{"PK\x05\x06", Zip},
		{"\x1F\x8B", Gzip},
		{"SQLite format 3\x00", SQLite},
		// Read in Latin-1 or as broken UTF-8, and written in UTF-8.
		{"\xC3\xBE\xC3\xAD\xC3\xBE\xC3\xAD", Mangled},
		{"\xC3\x8E\xC3\x8E\xC3\x8E\xC3\x8E", Mangled},
		{"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", Mangled},
		{"\x30\xC2\x82", Mangled},
		{"\x30\xEF\xBF\xBD", Mangled},
	} {
		if bytes.HasPrefix(data, []byte(magic.bytes)) {
			return magic.what
		}
	}
	if what := identifyBC(data); what != "" {
		return what
	}
	if body, ok := sequence(data); ok {
		return identifyDER(body)
	}
	if text, ok := asText(data); ok {
		return identifyText(text)
	}
	return Unknown
}

// identifyBC tells BouncyCastle's own keystores: version 1 or 2, a salt of 20
// bytes, and an iteration count; then, in BKS, entries that begin with a type
// of 1 to 4 and an alias, and in UBER all is encrypted.
func identifyBC(data []byte) Content {
	if len(data) < 28 {
		return ""
	}
	version, salt := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if version < 1 || version > 2 || salt != 20 {
		return ""
	}
	bks := BKSv2
	if version == 1 {
		bks = BKSv1
	}
	if len(data) < 32 {
		return bks
	}
	// A store without entries has the byte 0 and a MAC of 20 bytes.
	entries := data[32:]
	if len(entries) > 0 && entries[0] == 0 && len(entries) == 21 {
		return bks
	}
	if len(entries) > 3 && entries[0] >= 1 && entries[0] <= 4 {
		n := int(binary.BigEndian.Uint16(entries[1:]))
		alias := entries[3:]
		if alias = alias[:min(n, len(alias))]; utf8.Valid(alias) {
			return bks
		}
	}
	return UBERv1
}

// identifyDER names an ASN.1 structure by what its outer SEQUENCE begins with.
func identifyDER(body []byte) Content {
	in := cryptobyte.String(body)
	switch {
	case bytes.HasPrefix(body, []byte("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07")):
		return DERPKCS7 // an OID of PKCS #7: ContentInfo
	case in.PeekASN1Tag(asn1.INTEGER):
		return identifyKey(in)
	}
	inner, ok := sequence(body)
	if !ok {
		return DEROther
	}
	switch {
	case bytes.HasPrefix(inner, []byte{0xA0, 3, 2, 1}):
		return DERCertificate // [0] version
	case bytes.HasPrefix(inner, []byte{0x06}):
		// An AlgorithmIdentifier, then a BIT STRING or an OCTET STRING.
		var algorithm cryptobyte.String
		if !in.ReadASN1(&algorithm, asn1.SEQUENCE) {
			return DEROther
		}
		if in.PeekASN1Tag(asn1.BIT_STRING) {
			return DERPublicKey
		}
		return DEREncryptedKey
	case bytes.HasPrefix(inner, []byte{0x30}):
		// What is encrypted or signed begins with its algorithm: a BCFKS, of
		// PBES2, or a revocation list of version 1.
		first, _ := sequence(inner)
		if bytes.HasPrefix(first, []byte("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D")) {
			return BCFKS
		}
		if bytes.HasPrefix(first, []byte{0x06}) {
			return DERCRL
		}
	case bytes.HasPrefix(inner, []byte{0x02}):
		return identifySigned(inner)
	}
	return DEROther
}

// identifyKey names a structure that begins with an INTEGER: a private key.
func identifyKey(in cryptobyte.String) Content {
	var number cryptobyte.String
	if !in.ReadASN1(&number, asn1.INTEGER) || len(number) != 1 || number[0] > 1 {
		return DEROther
	}
	switch {
	case in.PeekASN1Tag(asn1.SEQUENCE), // PKCS #8
		in.PeekASN1Tag(asn1.INTEGER),      // PKCS #1
		in.PeekASN1Tag(asn1.OCTET_STRING): // SEC 1
		return DERKey
	}
	return DEROther
}

// identifySigned names a signed structure whose content begins with an
// INTEGER: a request (version 0, then a Name), a revocation list (version 1,
// then an algorithm, a Name, a time) or a certificate of version 1 (a serial
// number, then an algorithm, a Name, a SEQUENCE of times).
func identifySigned(body []byte) Content {
	in := cryptobyte.String(body)
	var second, name cryptobyte.String
	if !in.SkipASN1(asn1.INTEGER) || !in.ReadASN1(&second, asn1.SEQUENCE) {
		return DEROther
	}
	if len(second) == 0 || second.PeekASN1Tag(asn1.SET) {
		return DERRequest
	}
	if !in.ReadASN1(&name, asn1.SEQUENCE) {
		return DEROther
	}
	if in.PeekASN1Tag(asn1.UTCTime) || in.PeekASN1Tag(asn1.GeneralizedTime) {
		return DERCRL
	}
	return DERCertificate
}

// asText returns what may be text, in UTF-8 or in a character set of which
// ASCII is the larger part, without its byte order mark; UTF-16 becomes UTF-8
// as far as it is ASCII.
func asText(data []byte) (string, bool) {
	if utf16 := bytes.HasPrefix(data, []byte("\xFF\xFE")) || bytes.HasPrefix(data, []byte("\xFE\xFF")); utf16 {
		data = bytes.ReplaceAll(data[2:], []byte{0}, nil)
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	high := 0
	for _, b := range data {
		if b >= utf8.RuneSelf {
			high++
		}
		if b < ' ' && !strings.ContainsRune("\t\n\r\f\x1B", rune(b)) || b == 0x7F {
			return "", false
		}
	}
	return string(data), utf8.Valid(data) || high <= len(data)/2
}

// identifyText names a text.
func identifyText(text string) Content {
	if what := identifyPEM(text); what != "" {
		return what
	}
	text = strings.TrimSpace(text)
	start := strings.ToLower(text[:min(len(text), 512)])
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.Contains(start, "<html"):
		return HTML
	case strings.HasPrefix(start, "<"):
		return XML
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return JSON
	case strings.HasPrefix(start, "ssh-"), strings.HasPrefix(start, "ecdsa-sha2-"):
		return OpenSSHKey
	case strings.HasPrefix(start, "version https://git-lfs.github.com/spec/"):
		return LFSPointer
	}
	return Text
}

// identifyPEM names a PEM file by its first block, or by the private key if
// there is one; what is not PEM has no name.
func identifyPEM(text string) Content {
	found := Content("")
	for line := range strings.Lines(text) {
		label, ok := strings.CutPrefix(strings.TrimSpace(line), "-----BEGIN ")
		if !ok {
			continue
		}
		label, ok = strings.CutSuffix(label, "-----")
		if !ok || strings.Contains(label, "-----") { // the whole of it in a line
			continue
		}
		what := pemContent(label)
		if what == PEMKey || what == PEMEncryptedKey {
			return what
		}
		if found == "" {
			found = what
		}
	}
	return found
}

// pemContent names what a PEM block of that label holds.
func pemContent(label string) Content {
	switch {
	case label == "CERTIFICATE", label == "X509 CERTIFICATE", label == "TRUSTED CERTIFICATE":
		return PEMCertificate
	case label == "CERTIFICATE REQUEST", label == "NEW CERTIFICATE REQUEST":
		return PEMRequest
	case label == "PKCS7", label == "PKCS #7 SIGNED DATA", label == "CMS":
		return PEMPKCS7
	case label == "PKCS12":
		return PEMKeystore
	case label == "X509 CRL":
		return PEMCRL
	case label == "OPENSSH PRIVATE KEY":
		return OpenSSHKey
	case label == "ENCRYPTED PRIVATE KEY":
		return PEMEncryptedKey
	case strings.HasPrefix(label, "PGP "):
		return PGP
	case strings.HasSuffix(label, "PRIVATE KEY"):
		return PEMKey
	case strings.HasSuffix(label, "PUBLIC KEY"):
		return PEMPublicKey
	}
	return PEMOther
}
