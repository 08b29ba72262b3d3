package x509util

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// InputError says that an input is something else than what is read.
type InputError struct {
	What string // what it is, if that is known: "a private key", "an HTML page"
	Err  error  // what reading it as a certificate or request ended with; may be nil
}

func (e *InputError) Error() string {
	text := "the input is " + e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *InputError) Unwrap() error { return e.Err }

// ParseCertificates reads the certificates of a file, in its order: DER (one or
// several after each other), PEM with whatever stands around the blocks, or
// PKCS #7 in DER or PEM. That is what keytool -importcert and -printcert read,
// and somewhat more: a byte order mark, UTF-16, blocks of other kinds beside
// certificates, several PKCS #7 blocks.
//
// An input without any certificate is an *InputError.
func ParseCertificates(data []byte) ([]*Certificate, error) {
	if len(data) > 0 && data[0] == byte(casn1.SEQUENCE) {
		return parseDERCertificates(data)
	}
	blocks := decodePEM(data)
	var certificates []*Certificate
	for _, b := range blocks {
		if !strings.Contains(b.label, "CERTIFICATE") && !strings.Contains(b.label, "PKCS") && b.label != "CMS" ||
			strings.Contains(b.label, "REQUEST") {
			continue
		}
		found, err := parseDERCertificates(b.der)
		if b.label == "TRUSTED CERTIFICATE" { // with OpenSSL's notes of trust behind it
			found, err = parseFirstCertificate(b.der)
		}
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, found...)
	}
	if len(certificates) == 0 && len(blocks) > 0 {
		// Java does not care for the label of the first block.
		certificates, _ = parseDERCertificates(blocks[0].der)
	}
	if len(certificates) == 0 {
		return nil, &InputError{What: describe(data, blocks)}
	}
	return certificates, nil
}

// parseDERCertificates reads a PKCS #7 structure or certificates one after the
// other.
func parseDERCertificates(data []byte) ([]*Certificate, error) {
	if certificates, ok := ParsePKCS7(data); ok {
		return certificates, nil
	}
	var certificates []*Certificate
	for rest := data; len(rest) > 0; {
		if len(certificates) > 0 && rest[0] != byte(casn1.SEQUENCE) {
			break // to Java that may be text, which it passes over
		}
		_, n, err := ber.Split(rest)
		if err != nil && len(certificates) > 0 {
			break // something else behind the certificates, such as a line end
		}
		if err != nil {
			return nil, &InputError{describe(data, nil), err}
		}
		c, err := ParseCertificate(rest[:n:n])
		if err != nil {
			return nil, &InputError{describe(data, nil), err}
		}
		certificates = append(certificates, c)
		rest = rest[n:]
	}
	return certificates, nil
}

func parseFirstCertificate(data []byte) ([]*Certificate, error) {
	_, n, err := ber.Split(data)
	if err != nil {
		return nil, &InputError{describe(data, nil), err}
	}
	c, err := ParseCertificate(data[:n:n])
	if err != nil {
		return nil, &InputError{describe(data, nil), err}
	}
	return []*Certificate{c}, nil
}

const oidSignedData = "1.2.840.113549.1.7.2"

// ParsePKCS7 returns the certificates of a SignedData (RFC 2315, 9.1), which
// is how CAs hand out chains. Nothing else in it is looked at, nor what
// stands behind it, such as a line end.
func ParsePKCS7(data []byte) (certificates []*Certificate, ok bool) {
	outer, _, err := ber.Split(data)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, false
	}
	parts, err := ber.First(outer, 2)
	if err != nil || !parts[1].Context(0, true) {
		return nil, false
	}
	if oid, err := parts[0].OID(); err != nil || oid != oidSignedData {
		return nil, false
	}
	signed, err := ber.Parse(parts[1].Body)
	if err != nil || signed.Tag != casn1.SEQUENCE {
		return nil, false
	}
	for r := signed.Reader(); !r.Empty(); {
		v, err := r.Next()
		if err != nil {
			return nil, false
		}
		if !v.Context(0, true) {
			continue
		}
		for set := v.Reader(); !set.Empty(); {
			choice, err := set.Next()
			if err != nil {
				return nil, false
			}
			if choice.Tag != casn1.SEQUENCE {
				continue // an attribute certificate
			}
			c, err := ParseCertificate(choice.Full)
			if err != nil {
				return nil, false
			}
			certificates = append(certificates, c)
		}
		return certificates, true
	}
	return nil, true
}

// ParseRequest reads a certificate request in PEM or DER. An input that is
// something else is an *InputError.
func ParseRequest(data []byte) (*Request, error) {
	if len(data) > 0 && data[0] == byte(casn1.SEQUENCE) {
		if _, n, err := ber.Split(data); err == nil && len(bytes.Trim(data[n:], "\r\n")) == 0 {
			data = data[:n:n] // an editor has left a line end behind it
		}
		return parseDERRequest(data)
	}
	blocks := decodePEM(data)
	for _, b := range blocks {
		if strings.Contains(b.label, "REQUEST") {
			return parseDERRequest(b.der)
		}
	}
	return nil, &InputError{What: describe(data, blocks)}
}

func parseDERRequest(der []byte) (*Request, error) {
	r, err := ParseCertificateRequest(der)
	if err != nil {
		return nil, &InputError{describe(der, nil), err}
	}
	return r, nil
}

// EncodePEM wraps der in PEM as keytool of the release does, with lines of 64
// characters. JDK 25 ends all lines with CR LF; releases before it do so
// within the data only and end the others with LF.
func EncodePEM(blockType string, der []byte, rel jdk.Release) []byte {
	end := "\r\n"
	if rel < jdk.Release25 {
		end = "\n"
	}
	var b bytes.Buffer
	b.WriteString("-----BEGIN " + blockType + "-----" + end)
	text := base64.StdEncoding.EncodeToString(der)
	for len(text) > 64 {
		b.WriteString(text[:64] + "\r\n")
		text = text[64:]
	}
	b.WriteString(text + end + "-----END " + blockType + "-----" + end)
	return b.Bytes()
}

// A pemBlock is a piece of PEM text.
type pemBlock struct {
	label string // "CERTIFICATE"
	der   []byte
}

// decodePEM finds the PEM blocks in a text (RFC 7468). It is forgiving where
// encoding/pem isn't: lines may end anyhow and be indented, and text may stand
// before, between and after the blocks. A block without an end or with text
// that is not base64 is left out.
func decodePEM(data []byte) []pemBlock {
	var blocks []pemBlock
	var current *pemBlock
	var text strings.Builder
	for line := range bytes.FieldsFuncSeq(toUTF8(data), func(c rune) bool { return c == '\r' || c == '\n' }) {
		line = bytes.TrimSpace(line)
		label, begins := armor(line, "BEGIN ")
		_, ends := armor(line, "END ")
		switch {
		case begins:
			current = &pemBlock{label: label}
			text.Reset()
		case ends && current != nil:
			der, err := base64.StdEncoding.DecodeString(text.String())
			if err == nil {
				current.der = der
				blocks = append(blocks, *current)
			}
			current = nil
		case current != nil && !bytes.Contains(line, []byte(":")): // else a header, as of an encrypted key
			text.Write(bytes.ReplaceAll(line, []byte(" "), nil))
		}
	}
	return blocks
}

// armor returns the label of a line such as "-----BEGIN CERTIFICATE-----".
func armor(line []byte, word string) (label string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("-----"+word))
	if !ok {
		return "", false
	}
	return string(bytes.TrimRight(rest, "-")), true
}

// toUTF8 removes a byte order mark, and decodes UTF-16 that begins with one, as
// the Windows shell writes it.
func toUTF8(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF")); ok {
		return text
	}
	high, low := 0, 1
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		high, low = 1, 0
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+high])<<8|uint16(data[i+low]))
	}
	return []byte(string(utf16.Decode(units)))
}

// describe says in a few words what an input is that is not what was asked
// for.
func describe(data []byte, blocks []pemBlock) string {
	text := bytes.TrimSpace(toUTF8(data))
	start := strings.ToLower(string(text[:min(len(text), 256)]))
	switch {
	case len(data) == 0:
		return "empty"
	case len(text) == 0:
		return "blank"
	case len(blocks) > 0:
		return describeLabel(blocks[0].label)
	case bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}):
		return "a JKS keystore"
	case bytes.HasPrefix(data, []byte{0xCE, 0xCE, 0xCE, 0xCE}):
		return "a JCEKS keystore"
	case data[0] == byte(casn1.SEQUENCE):
		return describeDER(data)
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"):
		return "an HTML page"
	case strings.HasPrefix(start, "<"):
		return "an XML document"
	case strings.HasPrefix(start, "pk\x03\x04"):
		return "a ZIP or JAR file"
	case strings.HasPrefix(start, "ssh-"):
		return "an SSH public key"
	case strings.HasPrefix(start, "-----begin"):
		return "damaged PEM"
	case strings.HasPrefix(start, "mi") && !strings.ContainsAny(start, " :"):
		return "base64 without the lines BEGIN and END around it"
	}
	return "neither PEM nor DER"
}

func describeLabel(label string) string {
	switch {
	case strings.Contains(label, "REQUEST"):
		return "a certificate request"
	case strings.Contains(label, "CERTIFICATE"):
		return "a certificate"
	case strings.HasPrefix(label, "ENCRYPTED") && strings.HasSuffix(label, "PRIVATE KEY"):
		return "an encrypted private key"
	case strings.HasSuffix(label, "PRIVATE KEY"), strings.HasPrefix(label, "PGP PRIVATE KEY"):
		return "a private key"
	case strings.HasSuffix(label, "PUBLIC KEY"), strings.HasPrefix(label, "PGP PUBLIC KEY"):
		return "a public key"
	case strings.HasSuffix(label, "CRL"):
		return "a certificate revocation list"
	case strings.HasPrefix(label, "PKCS"), label == "CMS":
		return "a PKCS #7 message"
	case strings.HasSuffix(label, "PARAMETERS"):
		return "key parameters"
	}
	return "PEM of another kind"
}

// describeDER tells DER structures apart by their first values.
func describeDER(data []byte) string {
	outer, _, err := ber.Split(data)
	if err != nil {
		return "damaged or cut-off DER"
	}
	r := outer.Reader()
	parts, _ := r.All()
	tags := make([]casn1.Tag, 0, 3)
	for _, v := range parts[:min(len(parts), 3)] {
		tags = append(tags, v.Tag)
	}
	has := func(want ...casn1.Tag) bool { return len(tags) >= len(want) && slices.Equal(tags[:len(want)], want) }
	switch {
	case has(casn1.SEQUENCE, casn1.SEQUENCE, casn1.BIT_STRING):
		return describeSigned(parts[0])
	case has(casn1.INTEGER, casn1.SEQUENCE, casn1.OCTET_STRING):
		return "a private key"
	case has(casn1.INTEGER, casn1.SEQUENCE):
		return "a PKCS #12 keystore"
	case has(casn1.INTEGER, casn1.INTEGER, casn1.INTEGER), has(casn1.INTEGER, casn1.OCTET_STRING):
		return "a private key"
	case has(casn1.SEQUENCE, casn1.OCTET_STRING):
		return "an encrypted private key"
	case has(casn1.SEQUENCE, casn1.BIT_STRING):
		return "a public key"
	case has(casn1.OBJECT_IDENTIFIER):
		return "a PKCS #7 message"
	}
	return "DER of another kind"
}

// describeSigned tells certificates, requests and revocation lists apart by
// what is signed.
func describeSigned(tbs ber.Value) string {
	r := tbs.Reader()
	parts, _ := r.All()
	if len(parts) > 0 && parts[0].Tag == casn1.INTEGER && len(parts) <= 4 && len(parts) >= 3 &&
		parts[1].Tag == casn1.SEQUENCE && parts[2].Tag == casn1.SEQUENCE {
		return "a certificate request"
	}
	for i, v := range parts[:min(len(parts), 4)] {
		if (v.Tag == casn1.UTCTime || v.Tag == casn1.GeneralizedTime) && i >= 2 {
			return "a certificate revocation list"
		}
	}
	return "a certificate"
}
