package keytool

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// UnreadableError returns what Java's CertificateFactory.generateCertificates
// ends with on an input that ParseCertificates refuses: keytool passes that on
// where it takes a CA's reply. It is nil where Java finds nothing
// wrong, only no certificate, as with an empty file; and where it does not
// come to the same end.
//
// Java looks at the first block only, DER or PEM under any label.
func UnreadableError(data []byte, rel jdk.Release) error {
	for len(data) > 0 {
		der, err := firstBlock(data, rel)
		if err != nil {
			return javaCertificateError(err, certificateException, "")
		}
		if der == nil {
			return &jdk.Error{Class: certificateException, Text: "No certificate data found"}
		}
		if _, ok := x509util.ParsePKCS7(der); ok {
			return nil
		}
		if err := certificateError(der, rel); err != nil {
			return err
		}
		if data[0] != byte(casn1.SEQUENCE) {
			return nil
		}
		data = data[len(der):] // what stands behind a certificate in DER
	}
	return nil
}

// CriticalError returns why Java refuses a request: of the extensions requested,
// one that is critical can't be read.
func CriticalError(r *x509util.Request, rel jdk.Release) error {
	return criticalError(r.RawExtensions, rel)
}

// ReadableExtensions returns the requested extensions without those that Java
// can't read: it passes over them.
func ReadableExtensions(r *x509util.Request, rel jdk.Release) []x509util.Extension {
	return x509util.PlainExtensions(slices.DeleteFunc(slices.Clone(r.RawExtensions), func(e x509util.RawExtension) bool { return readable(e, rel) != nil }))
}

func criticalError(exts []x509util.RawExtension, rel jdk.Release) error {
	for _, e := range exts {
		if !e.Critical {
			continue
		}
		if err := readable(e, rel); err != nil {
			return err
		}
	}
	return nil
}

// readable returns why Java can't read an extension of a kind it knows.
func readable(e x509util.RawExtension, rel jdk.Release) error {
	_, err := readExtension(e, rel)
	if _, ok := errors.AsType[*jdk.Error](err); ok || err == nil {
		return err
	}
	return jdk.IOError(err.Error())
}

// readThree returns the three values that certificates and revocation lists
// consist of, and how many octets follow them.
func readThree(der []byte) (values [3]ber.Value, overrun int, err error) {
	outer, err := ber.Parse(der)
	if err != nil {
		return values, 0, err
	}
	if der[1] == 0x80 { // of indefinite length
		if outer, err = ber.Parse(outer.Encoded()); err != nil {
			return values, 0, err
		}
	}
	r := outer.Reader()
	for i := range values {
		if values[i], err = r.Next(); err != nil {
			return values, 0, err
		}
	}
	return values, len(r.Rest), nil
}

// UnreadableCRLError returns what CertificateFactory.generateCRLs ends with on
// an input that ParseCRLs refuses.
func UnreadableCRLError(data []byte, rel jdk.Release) error {
	fail := func(text string) error { return &jdk.Error{Class: "java.security.cert.CRLException", Text: text} }
	if len(data) == 0 {
		return nil
	}
	der, err := firstBlock(data, rel)
	if err != nil {
		return fail(err.Error())
	}
	if der == nil {
		return fail("No CRL data found")
	}
	values, overrun, err := readThree(der)
	tbs := values[0]
	switch {
	case err != nil:
		return fail("Parsing error: " + err.Error())
	case overrun > 0:
		return fail(fmt.Sprintf("signed overrun, bytes = %d", overrun))
	case tbs.Tag != casn1.SEQUENCE:
		return fail("signed CRL fields invalid")
	}
	list := tbs.Reader()
	if list.Peek() == casn1.INTEGER {
		version, err := list.Next()
		if err != nil {
			return fail("Parsing error: " + err.Error())
		}
		if n, err := version.BigInteger(); err != nil || !n.IsInt64() || n.Int64() != 1 {
			return fail("Invalid version")
		}
	}
	algorithm, err := list.Next()
	if err == nil {
		_, err = keys.ReadJavaAlgorithm(algorithm, rel)
	}
	if err != nil {
		return fail("Parsing error: " + err.Error())
	}
	return nil
}

// UnreadableRequestError returns what keytool ends with on an input that
// ParseRequest refuses. It decodes what stands between the first two lines
// that begin with five hyphens and have the word in them, which may be empty.
func UnreadableRequestError(data []byte, word string, rel jdk.Release) error {
	text := new(strings.Builder)
	started := false
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, hyphens) && strings.Contains(line, word) {
			if started {
				break
			}
			started = true
		} else if started {
			text.WriteString(line)
		}
	}
	der, err := decodeJavaBase64(text.String())
	if err != nil {
		text := err.Error()
		if rel < jdk.Release25 {
			return jdk.IOError("java.lang.IllegalArgumentException: " + text)
		}
		return &jdk.Error{Class: "java.lang.IllegalArgumentException", Text: text}
	}
	outer, _, err := ber.Split(der)
	if err != nil {
		return err
	}
	if outer.Tag != casn1.SEQUENCE {
		return jdk.IOError("Not the correct tag")
	}
	r := outer.Reader()
	parts, err := r.All()
	if err != nil {
		return err
	}
	if len(parts) != 3 {
		return &jdk.Error{Class: "java.lang.IllegalArgumentException", Text: "not a PKCS #10 request"}
	}
	if _, err := keys.ReadJavaAlgorithm(parts[1], rel); err != nil {
		return err
	}
	if _, _, err := parts[2].Bits(); err != nil {
		return err
	}
	info := parts[0].Reader()
	version, err := info.Next()
	if err != nil {
		return err
	}
	n, err := version.BigInteger()
	if err != nil {
		return err
	}
	if n.Sign() != 0 {
		return &jdk.Error{Class: "java.lang.IllegalArgumentException", Text: "not PKCS #10 v1"}
	}
	return nil
}

// firstBlock finds the bytes of the first block of the input as Java's
// X509Factory does, which is less forgiving than decodePEM. They are nil where
// there is none.
func firstBlock(data []byte, rel jdk.Release) ([]byte, error) {
	if data[0] == byte(casn1.SEQUENCE) {
		return firstValue(data)
	}
	find := firstPEM
	if rel < jdk.Release25 {
		find = firstLinePEM
	}
	block, err := find(data)
	if err != nil || block == nil {
		return nil, err
	}
	if block.header != block.footer {
		format := "Header and footer do not match: %s %s"
		if rel < jdk.Release25 {
			format = "Header and footer do not match: -----BEGIN %s----- -----END %s-----"
		}
		return nil, jdk.IOError(fmt.Sprintf(format, block.header, block.footer))
	}
	der, err := decodeJavaBase64(block.body)
	if err != nil {
		return nil, jdk.IOError("java.lang.IllegalArgumentException: " + err.Error())
	}
	return der, nil
}

// firstValue cuts a value of BER off the input, as Java reads it from a stream.
func firstValue(data []byte) ([]byte, error) {
	n, err := streamed(data, 0)
	if err != nil {
		return nil, err
	}
	return data[:n:n], nil
}

// streamed returns the size of the value that the input begins with.
func streamed(in []byte, depth int) (size int, err error) {
	switch {
	case depth >= ber.MaxNesting:
		return 0, jdk.IOError("Nesting sequence depth limit reached.")
	case len(in) == 0:
		return 0, jdk.IOError("BER/DER tag info absent")
	case in[0]&0x1f == 0x1f:
		return 0, jdk.IOError("Multi octets tag not supported")
	case len(in) == 1:
		return 0, jdk.IOError("BER/DER length info absent")
	}
	size, length := 2, int(in[1])
	switch octets := length - 0x80; {
	case length < 0x80:
	case length == 0x80 && casn1.Tag(in[0])&ber.TagConstructed == 0:
		return 0, jdk.IOError("Non constructed encoding must have definite length")
	case length == 0x80:
		for end := false; !end; {
			n, err := streamed(in[size:], depth+1)
			if err != nil {
				return 0, err
			}
			end = in[size] == 0
			size += n
		}
		return size, nil
	case octets > 4:
		return 0, jdk.IOError("Invalid BER/DER data (too huge?)")
	case len(in) < size+octets:
		return 0, jdk.IOError("Incomplete BER/DER length info")
	case octets == 4 && in[size] > 127:
		return 0, jdk.IOError("Invalid BER/DER data (a little huge?)")
	default:
		length = 0
		for _, b := range in[size : size+octets] {
			length = length<<8 | int(b)
		}
		size += octets
	}
	if len(in)-size < length {
		return 0, jdk.IOError("Incomplete BER/DER data")
	}
	return size + length, nil
}

// decodeJavaBase64 decodes as Java's basic decoder does, but for white space: the
// padding may be missing, but not half of it.
func decodeJavaBase64(text string) ([]byte, error) {
	text = strings.Join(strings.Fields(text), "")
	if len(text) == 1 {
		return nil, jdk.IOError("Input byte[] should at least have 2 bytes for base64 bytes")
	}
	n := len(text) - len(strings.TrimLeft(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
	padding := text[n:]
	switch {
	case padding != "" && padding[0] != '=':
		return nil, jdk.IOError(fmt.Sprintf("Illegal base64 character %x", padding[0]))
	case padding != "" && n%4 == 0, n%4 == 2 && padding != "" && !strings.HasPrefix(padding, "=="):
		return nil, jdk.IOError("Input byte array has wrong 4-byte ending unit")
	case n%4 == 1:
		return nil, jdk.IOError("Last unit does not have enough valid bits")
	}
	if want := (4 - n%4) % 4; len(padding) > want {
		return nil, jdk.IOError(fmt.Sprintf("Input byte array has incorrect ending byte at %d", n+want))
	}
	return base64.RawStdEncoding.DecodeString(text[:n])
}

// javaPEM is a block as it stands, with the labels of its first and last line.
type javaPEM struct{ header, body, footer string }

const hyphens = "-----"

// firstLinePEM finds a block as JDK 17 does: it begins at the beginning of a
// line, with any text up to its end, and the body ends at the first hyphen.
func firstLinePEM(data []byte) (*javaPEM, error) {
	for i := range data {
		if !bytes.HasPrefix(data[i:], []byte(hyphens)) || i > 0 && data[i-1] != '\n' && data[i-1] != '\r' {
			continue
		}
		incomplete := jdk.IOError("Incomplete data")
		rest := data[i:]
		end := bytes.IndexAny(rest, "\r\n")
		if end < 0 {
			return nil, incomplete
		}
		header, lineEnd := string(rest[:end]), rest[end]
		rest = rest[end+1:]
		if bytes.HasPrefix(rest, []byte("\n")) && lineEnd == '\r' {
			rest, lineEnd = rest[1:], '\n'
		}
		end = bytes.IndexByte(rest, '-')
		if end < 0 {
			return nil, incomplete
		}
		body := string(rest[:end])
		rest = rest[end:]
		if end = bytes.IndexAny(rest, "\n"+string(lineEnd)); end >= 0 {
			rest = rest[:end]
		}
		footer := strings.ReplaceAll(string(rest), "\r", "")
		return newJavaPEM(header, body, footer)
	}
	return nil, nil
}

// firstPEM finds a block as JDK 25 does: anywhere, with five hyphens and an
// end of line behind its label. An input that ends within it has none.
func firstPEM(data []byte) (*javaPEM, error) {
	i := bytes.Index(data, []byte(hyphens))
	if i < 0 {
		return nil, nil
	}
	rest := data[i+len(hyphens):]
	end := bytes.IndexAny(rest, "-\r\n")
	if end < 0 {
		return nil, nil
	}
	if !bytes.HasPrefix(rest[end:], []byte(hyphens)) {
		return nil, jdk.IOError("Incomplete header")
	}
	header := hyphens + string(rest[:end]) + hyphens
	if !strings.HasPrefix(header, "-----BEGIN ") {
		return nil, jdk.IOError("Illegal header: " + header)
	}
	rest = rest[end+len(hyphens):]
	if len(rest) == 0 || !strings.ContainsRune("\r\n \t", rune(rest[0])) {
		return nil, jdk.IOError("No EOL character found")
	}
	body, rest, err := untilHyphens(rest)
	if rest == nil {
		return nil, err
	}
	footer, rest, err := untilHyphens(rest)
	if rest == nil {
		return nil, err
	}
	return newJavaPEM(header, string(body), hyphens+string(footer)+hyphens)
}

// untilHyphens splits the input at the five hyphens that its next hyphen has to
// begin. The rest is nil where they are fewer, an error, or where the input ends
// before.
func untilHyphens(in []byte) (before, rest []byte, err error) {
	i := bytes.IndexByte(in, '-')
	if i < 0 {
		return nil, nil, nil
	}
	if rest, ok := bytes.CutPrefix(in[i:], []byte(hyphens)); ok {
		return in[:i], rest, nil
	}
	if len(bytes.TrimLeft(in[i:], "-")) == 0 {
		return nil, nil, nil
	}
	return nil, nil, jdk.IOError("Incomplete footer")
}

func newJavaPEM(header, body, footer string) (*javaPEM, error) {
	begin, ok := label(header, "-----BEGIN ")
	if !ok {
		return nil, jdk.IOError("Illegal header: " + header)
	}
	end, ok := label(footer, "-----END ")
	if !ok {
		return nil, jdk.IOError("Illegal footer: " + footer)
	}
	return &javaPEM{begin, body, end}, nil
}

// label returns what stands between a line's beginning and its five hyphens.
func label(line, begin string) (string, bool) {
	if len(line) < len(begin)+len(hyphens) || !strings.HasPrefix(line, begin) || !strings.HasSuffix(line, hyphens) {
		return "", false
	}
	return line[len(begin) : len(line)-len(hyphens)], true
}
