package pkcs12

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/internal/pbe"
)

// certNames is what chains are built of: a certificate's names in the form in
// which Java compares them, and its key identifiers.
type certNames struct {
	subject, issuer string
	subjectKeyID    []byte // of the SubjectKeyIdentifier extension; nil if absent
	issuerKeyID     []byte // of the AuthorityKeyIdentifier extension; nil if absent
}

// signedItself says whether a certificate of one name for subject and issuer
// signed itself: by its signature, or its key identifiers where crypto/x509
// can't tell.
func signedItself(der []byte, n *certNames) bool {
	if c, err := x509.ParseCertificate(der); err == nil && verifiable(c) {
		err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
		_, insecure := errors.AsType[x509.InsecureAlgorithmError](err)
		if !insecure && !errors.Is(err, x509.ErrUnsupportedAlgorithm) {
			return err == nil
		}
	}
	return n.issuerKeyID == nil || n.subjectKeyID == nil || string(n.issuerKeyID) == string(n.subjectKeyID)
}

// maxRSABits is the longest RSA key whose signatures are verified, as in package
// x509util. One of a million bits would take minutes.
const maxRSABits = 16384

func verifiable(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return !ok || key.N.BitLen() <= maxRSABits
}

// Tags of a TBSCertificate (RFC 5280 section 4.1).
var (
	tagVersion    = asn1.Tag(0).Constructed().ContextSpecific()
	tagExtensions = asn1.Tag(3).Constructed().ContextSpecific()
)

// parseNames reads the names of a certificate; ok is false for what is no
// certificate. Everything else in it may be odd.
func parseNames(der []byte) (n certNames, ok bool) {
	var tbs, issuer, subject, extensions, list cryptobyte.String
	if !readTBS(der, &tbs) ||
		!tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
		!tbs.SkipASN1(asn1.SEQUENCE) || // validity
		!tbs.ReadASN1Element(&subject, asn1.SEQUENCE) ||
		!tbs.SkipASN1(asn1.SEQUENCE) { // public key
		return n, false
	}
	n.issuer, n.subject = canonicalName(issuer), canonicalName(subject)
	for !tbs.Empty() {
		var tag asn1.Tag
		if !tbs.ReadAnyASN1(&extensions, &tag) {
			return n, true
		}
		if tag != tagExtensions || !extensions.ReadASN1(&list, asn1.SEQUENCE) {
			continue
		}
		for !list.Empty() {
			var extension, oid, value cryptobyte.String
			if !list.ReadASN1(&extension, asn1.SEQUENCE) ||
				!extension.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
				!extension.SkipOptionalASN1(asn1.BOOLEAN) ||
				!extension.ReadASN1(&value, asn1.OCTET_STRING) {
				break
			}
			switch string(oid) {
			case "\x55\x1d\x0e": // 2.5.29.14, SubjectKeyIdentifier
				value.ReadASN1Bytes(&n.subjectKeyID, asn1.OCTET_STRING)
			case "\x55\x1d\x23": // 2.5.29.35, AuthorityKeyIdentifier
				var id cryptobyte.String
				if value.ReadASN1(&value, asn1.SEQUENCE) &&
					value.ReadASN1(&id, asn1.Tag(0).ContextSpecific()) {
					n.issuerKeyID = id
				}
			}
		}
	}
	return n, true
}

// readTBS reads a certificate up to its issuer.
func readTBS(der []byte, tbs *cryptobyte.String) bool {
	cert := cryptobyte.String(der)
	return cert.ReadASN1(&cert, asn1.SEQUENCE) &&
		cert.ReadASN1(tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(tagVersion) &&
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) // signature algorithm
}

// eachAttribute walks a Name: first tells the first attribute of each
// RelativeDistinguishedName.
func eachAttribute(name cryptobyte.String, visit func(first bool, oid []byte, tag asn1.Tag, value, element []byte)) bool {
	if !name.ReadASN1(&name, asn1.SEQUENCE) {
		return false
	}
	for !name.Empty() {
		var set cryptobyte.String
		if !name.ReadASN1(&set, asn1.SET) {
			return false
		}
		for first := true; !set.Empty(); first = false {
			var pair, oid, element, value cryptobyte.String
			var tag asn1.Tag
			if !set.ReadASN1(&pair, asn1.SEQUENCE) ||
				!pair.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
				!pair.ReadAnyASN1Element(&element, &tag) {
				return false
			}
			rest := element
			rest.ReadAnyASN1(&value, &tag)
			visit(first, oid, tag, value, element)
		}
	}
	return true
}

// canonicalName is a form of a Name that is equal where Java's X500Principals
// are: PrintableString and UTF8String compare without regard to case, to
// spaces at the ends and to their number between words; other types exactly.
func canonicalName(der []byte) string {
	var b strings.Builder
	ok := eachAttribute(der, func(first bool, oid []byte, tag asn1.Tag, value, element []byte) {
		if first {
			b.WriteByte(',')
		} else {
			b.WriteByte('+')
		}
		b.WriteString(hex.EncodeToString(oid))
		b.WriteByte('=')
		if tag == asn1.PrintableString || tag == asn1.UTF8String {
			b.WriteString(strings.Join(strings.Fields(strings.ToLower(string(value))), " "))
		} else {
			b.WriteByte('#')
			b.WriteString(hex.EncodeToString(element))
		}
	})
	if !ok {
		return string(der)
	}
	return b.String()
}

// subjectLabel returns a certificate's subject as RFC 2253 writes it, which is
// what Java makes the friendlyName of an issuer's certificate
// (X500Principal.getName). It is empty for what is no certificate.
func subjectLabel(cert []byte) string {
	var tbs, subject cryptobyte.String
	if !readTBS(cert, &tbs) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, asn1.SEQUENCE) {
		return ""
	}
	// RFC 2253 section 2.1 has the last RelativeDistinguishedName first.
	label := ""
	var rdn strings.Builder
	flush := func() {
		switch {
		case rdn.Len() == 0:
		case label == "":
			label = rdn.String()
		default:
			label = rdn.String() + "," + label
		}
		rdn.Reset()
	}
	ok := eachAttribute(subject, func(first bool, oid []byte, tag asn1.Tag, value, element []byte) {
		if first {
			flush()
		} else {
			rdn.WriteByte('+')
		}
		name := keyword(oid)
		text, isText := attributeText(tag, value)
		isText = isText && name != ""
		if name == "" {
			name = pbe.OIDString(oid)
		}
		rdn.WriteString(name)
		rdn.WriteByte('=')
		if isText {
			rdn.WriteString(escape2253(text))
		} else {
			rdn.WriteByte('#')
			rdn.WriteString(hex.EncodeToString(element))
		}
	})
	flush()
	if !ok {
		return ""
	}
	return label
}

// keyword returns an attribute type's keyword in RFC 2253 section 2.3, or
// empty if it has none.
func keyword(oid []byte) string {
	switch string(oid) {
	case "\x55\x04\x03":
		return "CN"
	case "\x55\x04\x06":
		return "C"
	case "\x55\x04\x07":
		return "L"
	case "\x55\x04\x08":
		return "ST"
	case "\x55\x04\x09":
		return "STREET"
	case "\x55\x04\x0a":
		return "O"
	case "\x55\x04\x0b":
		return "OU"
	case "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":
		return "DC"
	case "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":
		return "UID"
	}
	return ""
}

// attributeText returns the text of a value of one of the string types.
func attributeText(tag asn1.Tag, value []byte) (string, bool) {
	switch tag {
	case asn1.UTF8String, asn1.PrintableString, asn1.IA5String, asn1.GeneralString:
		return string(value), true
	case asn1.T61String: // read as Latin-1, as everybody writes it
		runes := make([]rune, len(value))
		for i, c := range value {
			runes[i] = rune(c)
		}
		return string(runes), true
	case tagBMPString:
		return decodeUTF16(value), true
	}
	return "", false
}

// escape2253 escapes a value as RFC 2253 section 2.4 has it.
func escape2253(s string) string {
	var b strings.Builder
	last := len(strings.TrimRight(s, " "))
	leading := true
	for i, r := range s {
		switch {
		case r == 0:
			b.WriteString(`\00`)
			continue
		case strings.ContainsRune(`,=+<>#;"\`, r), r == ' ' && (leading || i >= last):
			b.WriteByte('\\')
		}
		leading = leading && r == ' '
		b.WriteRune(r)
	}
	return b.String()
}

const tagBMPString = asn1.Tag(30)

// decodeUTF16 reads a BMPString as Java's decoder does. Java writes pairs of
// surrogates in it; the first of a pair is U+FFFD together with what stands in
// the place of the second, and so are a second by itself and half a character.
func decodeUTF16(b []byte) string {
	var buf [64]byte
	text := buf[:0]
	for len(b) > 0 {
		r, n := utf8.RuneError, min(len(b), 2)
		if n == 2 {
			r = rune(b[0])<<8 | rune(b[1])
		}
		if utf16.IsSurrogate(r) {
			var low rune
			if r < 0xDC00 {
				n = min(len(b), 4)
			}
			if n == 4 {
				low = rune(b[2])<<8 | rune(b[3])
			}
			r = utf16.DecodeRune(r, low)
		}
		text = utf8.AppendRune(text, r)
		b = b[n:]
	}
	return string(text)
}

func encodeUTF16(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = append(b, byte(u>>8), byte(u))
	}
	return b
}
