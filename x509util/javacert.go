package x509util

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// JavaError returns what Java's CertificateFactory.generateCertificate throws
// for a certificate in DER, an *Error; nil where Java reads it. Java then
// refuses every JKS, JCEKS and PKCS12 keystore that holds it, with all its
// entries. As in Java, what follows the certificate is not looked at.
//
// Java reads the whole certificate at once (sun.security.x509.X509CertImpl),
// its key and its critical extensions with it, so that nothing of a certificate
// that passes is refused later. The signature is not verified.
func JavaError(der []byte, rel jdk.Release) error {
	block, err := []byte(nil), error(nil)
	if len(der) > 0 {
		block, err = firstBlock(der, rel)
	}
	if err == nil && block == nil {
		err = failIO("Empty input")
	}
	if err != nil {
		return javaCertificateError(err, certificateException, "Could not parse certificate: ")
	}
	return certificateError(block, rel)
}

// JavaError is that of the certificate.
func (c *Certificate) JavaError(rel jdk.Release) error { return JavaError(c.Raw, rel) }

const (
	certificateException        = "java.security.cert.CertificateException"
	certificateParsingException = "java.security.cert.CertificateParsingException"
)

// certificateError is JavaError for exactly one value.
func certificateError(der []byte, rel jdk.Release) error {
	return javaCertificateError(readJavaCertificate(der, rel), certificateException, "Unable to initialize, ")
}

func parsingError(text string) error { return &Error{Class: certificateParsingException, Text: text} }

// javaCertificateError wraps an exception of input and output as Java does.
// Others pass as they are, those of the runtime among them.
func javaCertificateError(err error, class, prefix string) error {
	e, ok := err.(*Error)
	if !ok || !strings.HasPrefix(e.Class, "java.io.") {
		return err
	}
	return &Error{Class: class, Text: prefix + e.Class + ": " + e.Text, More: e.More}
}

func readJavaCertificate(der []byte, rel jdk.Release) error {
	parts, overrun, err := readThree(der)
	switch {
	case err != nil:
		return err
	case overrun > 0:
		return parsingError(fmt.Sprintf("signed overrun, bytes = %d", overrun))
	case parts[0].tag != casn1.SEQUENCE:
		return parsingError("signed fields invalid")
	}
	outer, err := readJavaAlgorithm(parts[1], rel)
	if err != nil {
		return err
	}
	if _, _, err := parts[2].bits(); err != nil {
		return err
	}
	info := parts[0].reader()
	info.counted = rel < jdk.Release25
	inner, err := readJavaInfo(info, rel)
	if err != nil {
		return javaCertificateError(err, certificateParsingException, "")
	}
	if !outer.equal(inner) {
		return &Error{Class: certificateException, Text: "Signature algorithm mismatch"}
	}
	return nil
}

// readJavaInfo reads the TBSCertificate, as X509CertInfo does. It returns the
// algorithm of the signature.
func readJavaInfo(r derReader, rel jdk.Release) (a algorithm, err error) {
	const v1, v2, v3 = 0, 1, 2
	version := v1
	v, err := r.next()
	if err != nil {
		return a, err
	}
	if v.isContext(0) {
		if version, err = readJavaVersion(v); err != nil {
			return a, err
		}
		if v, err = r.next(); err != nil {
			return a, err
		}
	}
	if err = v.checkNumber(casn1.INTEGER); err != nil {
		return a, err
	}
	if v, err = r.next(); err != nil {
		return a, err
	}
	if a, err = readJavaAlgorithm(v, rel); err != nil {
		return a, err
	}
	issuer, err := readJavaName(&r)
	switch {
	case err != nil:
		return a, err
	case issuer.IsEmpty():
		return a, parsingError("Empty issuer DN not allowed in X509Certificates")
	}
	if err = readJavaValidity(&r); err != nil {
		return a, err
	}
	subject, err := readJavaName(&r)
	switch {
	case err != nil:
		return a, err
	case version == v1 && subject.IsEmpty():
		return a, parsingError("Empty subject DN not allowed in v1 certificate")
	}
	if v, err = r.next(); err != nil {
		return a, err
	}
	if err = readJavaKey(v, rel); err != nil || r.empty() {
		return a, err
	}
	if version == v1 {
		return a, parsingError("no more data allowed for version 1 certificate")
	}
	if v, err = r.next(); err != nil {
		return a, err
	}
	for _, number := range [...]casn1.Tag{1, 2} { // unique identifiers
		if !v.isContext(number) {
			continue
		}
		if _, _, err = v.retag(casn1.BIT_STRING).bits(); err != nil || r.empty() {
			return a, err
		}
		if v, err = r.next(); err != nil {
			return a, err
		}
	}
	if version != v3 {
		return a, parsingError("Extensions not allowed in v2 certificate")
	}
	var exts []extension // nil where there are none, not where they are empty
	if v.context(3, true) {
		if exts, err = readJavaExtensions(v.reader(), rel); err != nil {
			return a, err
		}
	}
	return a, checkJavaSubject(subject, exts)
}

// isContext says whether v is context-specific with the number, in either
// form.
func (v derValue) isContext(number casn1.Tag) bool {
	return v.tag&^tagConstructed == tagContext|number
}

// readJavaVersion reads [0] EXPLICIT INTEGER, of which any other form is
// passed over.
func readJavaVersion(v derValue) (int, error) {
	if v.tag&tagConstructed == 0 {
		return 0, nil
	}
	r := v.reader()
	inner, err := r.next()
	if err != nil {
		return 0, err
	}
	return inner.integer(casn1.INTEGER)
}

// readJavaName reads a name as X500Name does. Where no sequence follows, that
// takes all the rest for the content of one.
func readJavaName(r *derReader) (Name, error) {
	rest := *r
	v, err := r.next()
	if err == nil {
		err = wellFormed(v)
	}
	if err != nil || v.tag != casn1.SEQUENCE {
		v = derValue{casn1.SEQUENCE, nil, rest.rest, rest.place}.standalone()
	}
	n, err := readName(v)
	if err != nil {
		return Name{}, err
	}
	return n, n.checkBMPStrings()
}

// checkBMPStrings returns Java's error where a BMPString holds a surrogate
// pair: it is a string of UCS-2.
func (n Name) checkBMPStrings() error {
	for _, r := range n.rdns {
		for _, a := range r {
			if a.value.tag != tagBMPString {
				continue
			}
			for i := 0; i+3 < len(a.value.body); i += 2 {
				b := a.value.body[i:]
				if utf16.DecodeRune(rune(b[0])<<8|rune(b[1]), rune(b[2])<<8|rune(b[3])) != '\uFFFD' {
					return failIO("Illegal character in BMPString, index: " + strconv.Itoa(i/2))
				}
			}
		}
	}
	return nil
}

func readJavaValidity(r *derReader) error {
	v, err := r.next()
	switch {
	case err != nil:
		return err
	case v.tag != casn1.SEQUENCE:
		return failIO("Invalid encoded CertificateValidity, starting sequence tag missing.")
	case len(v.body) == 0:
		return failIO("No data encoded for CertificateValidity")
	}
	invalid := failIO("Invalid encoding for CertificateValidity")
	n := 0
	for r := v.standalone().reader(); len(r.rest) > 0; n++ {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	if n != 2 {
		return invalid
	}
	for r := v.reader(); len(r.rest) > 0; {
		t, err := r.next()
		if err != nil {
			return err
		}
		if t.tag != casn1.UTCTime && t.tag != casn1.GeneralizedTime {
			return invalid
		}
		if err := t.checkTime(); err != nil {
			return err
		}
	}
	return nil
}

// standalone is v as Java reads it once more from an encoding of its own.
func (v derValue) standalone() derValue {
	v.place = place{at: headerSize(len(v.body)), counted: v.counted}
	return v
}

// checkTime returns Java's error where a time is in a form that it doesn't
// read: where seconds lack, only "Z" may follow.
func (v derValue) checkTime() error {
	minutes, kind := 10, "UTC"
	if v.tag == casn1.GeneralizedTime {
		minutes, kind = 12, "Generalized"
	}
	if len(v.body) > minutes+2 && (v.body[minutes] == '+' || v.body[minutes] == '-') {
		return failIO("Parse " + kind + " time, invalid format")
	}
	_, err := v.time(v.tag)
	return err
}

// readJavaExtensions reads a SEQUENCE OF Extension. Only those that Java can
// read count as what they are.
func readJavaExtensions(r derReader, rel jdk.Release) ([]extension, error) {
	seq, err := r.next()
	if err != nil {
		return nil, err
	}
	if seq.tag != casn1.SEQUENCE {
		return nil, failIO("Not the correct tag")
	}
	if err := wellFormed(seq); err != nil {
		return nil, err
	}
	exts := make([]extension, 0, 8)
	seen := make(map[string]bool, 8)
	for r := seq.reader(); len(r.rest) > 0; {
		v, err := r.next()
		if err != nil {
			return nil, err
		}
		e, err := readJavaExtension(v)
		if err != nil {
			return nil, err
		}
		if err := e.readable(rel); err != nil {
			if e.critical {
				return nil, javaExtensionError(err)
			}
			continue
		}
		if seen[e.oid] {
			return nil, failIO("Duplicate extensions not allowed")
		}
		seen[e.oid] = true
		exts = append(exts, e)
	}
	return exts, nil
}

func readJavaExtension(v derValue) (e extension, err error) {
	if v.tag != casn1.SEQUENCE && v.tag != casn1.SET {
		return e, failIO("toDerInputStream rejects tag type " + v.tagText())
	}
	r := v.reader()
	id, err := r.next()
	if err != nil {
		return e, err
	}
	if e.oid, err = id.oid(); err != nil {
		return e, err
	}
	value, err := r.next()
	if err != nil {
		return e, err
	}
	if value.tag == casn1.BOOLEAN {
		if e.critical, err = value.boolean(); err != nil {
			return e, err
		}
		if value, err = r.next(); err != nil {
			return e, err
		}
	}
	e.value, err = value.octets()
	return e, err
}

// javaExtensionError wraps what an extension's class throws.
func javaExtensionError(err error) error {
	if e, ok := err.(*Error); ok && !strings.HasPrefix(e.Class, "java.io.") {
		return failIO(e.Class + ": " + e.Text)
	}
	return err
}

// checkJavaSubject wants alternative names, marked critical, where there is no
// subject.
func checkJavaSubject(subject Name, exts []extension) error {
	if !subject.IsEmpty() {
		return nil
	}
	const incomplete = "X.509 Certificate is incomplete: "
	if exts == nil {
		return parsingError(incomplete + "subject field is empty, and certificate has no extensions")
	}
	i := slices.IndexFunc(exts, func(e extension) bool { return e.oid == oidExtSubjectAltName.String() })
	switch {
	case i < 0:
		return parsingError(incomplete + "subject field is empty, and SubjectAlternativeName extension is absent")
	case !exts[i].critical:
		return parsingError(incomplete + "SubjectAlternativeName extension MUST be marked critical when subject field is empty")
	}
	return nil
}

// equal compares algorithms with their parameters, byte for byte.
func (a algorithm) equal(b algorithm) bool {
	return a.oid == b.oid && a.hasParams() == b.hasParams() && bytes.Equal(a.params.encoded(), b.params.encoded())
}

// readJavaKey reads a SubjectPublicKeyInfo as Java's KeyFactory of the
// algorithm does. Keys of algorithms that it has none for are kept as they are.
func readJavaKey(v derValue, rel jdk.Release) error {
	if v.tag != casn1.SEQUENCE {
		return failIO("corrupt subject key")
	}
	r := v.reader()
	id, err := r.next()
	if err != nil {
		return err
	}
	a, err := readJavaAlgorithm(id, rel)
	if err != nil {
		return err
	}
	key, err := r.next()
	if err != nil {
		return err
	}
	octets, bits, err := key.bits()
	if err != nil {
		return err
	}
	if unused := 8*len(octets) - bits; unused > 0 {
		octets = bytes.Clone(octets)
		octets[len(octets)-1] &= 0xff << unused
	}
	if err := checkJavaKey(a, octets, bits, rel); err != nil {
		return err
	}
	if !r.empty() {
		return failIO("excess subject key")
	}
	return nil
}

// checkJavaKey judges a key of so many bits.
func checkJavaKey(a algorithm, key []byte, bits int, rel jdk.Release) error {
	refused := func(text string) error { return failIO("subject key, " + text) }
	invalid := func(text string) error { return refused("java.security.InvalidKeyException: " + text) }
	switch name := a.name(rel); name {
	case "RSA", "RSASSA-PSS":
		if text := rsaKeyFault(key, rel); text != "" {
			return invalid(text)
		}
	case "EC":
		if text := ecKeyFault(a, key); text != "" {
			return invalid(text)
		}
	case "DSA":
		r := derReader{rest: key}
		if err := readNumbers(&r, 1); err != nil {
			return &Error{Class: "java.io.IOException", Text: "subject key, Inappropriate key specification: Invalid key: y value", More: err.Error()}
		}
	case "DiffieHellman":
		r := derReader{rest: key}
		if readNumbers(&r, 1) != nil || !a.hasParams() {
			return refused("Inappropriate key specification")
		}
	case "HSS/LMS":
		if text := hssKeyFault(key); text != "" && rel >= jdk.Release21 {
			return invalid(text)
		}
	case "X25519", "Ed25519":
		return octetKeyFault(name, key, bits, 32, invalid)
	case "X448":
		return octetKeyFault(name, key, bits, 56, invalid)
	case "Ed448":
		return octetKeyFault(name, key, bits, 57, invalid)
	default:
		if rel >= jdk.Release25 && namedAlgorithmBy(name) != nil && a.hasParams() {
			return invalid("algorithm identifier has params")
		}
	}
	return nil
}

// rsaKeyFault returns what Java's KeyFactory says of an RSAPublicKey that it
// refuses, else "".
func rsaKeyFault(key []byte, rel jdk.Release) string {
	numbers, err := readRSAKey(key)
	if err != nil {
		return "Invalid RSA public key"
	}
	n, e := numbers[0], numbers[1]
	size := 8 * len(n)
	switch {
	case size < minRSABits:
		return fmt.Sprintf("RSA keys must be at least %d bits long", minRSABits)
	case size > MaxRSABits:
		return fmt.Sprintf("RSA keys must be no longer than %d bits", MaxRSABits)
	case size > 3072 && bitLength(e) > 64:
		return "RSA exponents can be no longer than 64 bits  if modulus is greater than 3072 bits"
	case len(e) > len(n), len(e) == len(n) && bytes.Compare(e, n) >= 0:
		return "exponent is larger than modulus"
	case len(e) == 0, len(e) == 1 && e[0] < 3:
		return "exponent is smaller than 3"
	}
	return ""
}

// readRSAKey reads modulus and exponent, the bits of which Java takes for
// those of positive numbers, without zeros before them.
func readRSAKey(key []byte) (numbers [2][]byte, err error) {
	v, err := readValue(key)
	if err != nil {
		return numbers, err
	}
	if v.tag != casn1.SEQUENCE {
		return numbers, failIO("Not a SEQUENCE")
	}
	r := v.reader()
	for i := range numbers {
		n, err := r.next()
		if err != nil {
			return numbers, err
		}
		if err := n.checkNumber(casn1.INTEGER); err != nil {
			return numbers, err
		}
		numbers[i] = bytes.TrimLeft(n.body, "\x00")
	}
	if !r.empty() {
		return numbers, failIO("Extra data available")
	}
	return numbers, nil
}

// ecKeyFault is rsaKeyFault of a point of a curve: its form and length count,
// not whether it is on the curve.
func ecKeyFault(a algorithm, key []byte) string {
	if !a.hasParams() {
		return "EC domain parameters must be encoded in the algorithm identifier"
	}
	oid, _ := a.params.oid()
	if len(key) == 0 || key[0] != 4 || (len(key)-1)/2 != (curveByOID(oid).fieldBits()+7)/8 {
		return "Invalid EC key"
	}
	return ""
}

// octetKeyFault returns the error for a key that is not of that many octets.
// One without any makes Java stumble, but for X448.
func octetKeyFault(name string, key []byte, bits, size int, invalid func(string) error) error {
	switch {
	case bits == 8*size:
		return nil
	case len(key) > 0 || name == "X448":
		return invalid(fmt.Sprintf("key length must be %d", size))
	case name == "X25519":
		return &Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index 0 out of bounds for length 0"}
	}
	return &Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index -1 out of bounds for length 0"}
}

// hssKeyFault is rsaKeyFault of the key of a tree of hashes (RFC 8554), of the
// kinds that Java has: SHA-256 with 32 octets.
func hssKeyFault(key []byte) string {
	const tooShort = "LMS public key is too short"
	if len(key) < 12 {
		return tooShort
	}
	if key[0] == byte(casn1.OCTET_STRING) && int(int8(key[1])) == len(key)-2 {
		key = key[2:]
	}
	if len(key) < 12 {
		return tooShort
	}
	lms, ots := binary.BigEndian.Uint32(key[4:]), binary.BigEndian.Uint32(key[8:])
	switch {
	case lms < 5 || lms > 9:
		return "Unsupported or bad LMS type"
	case ots < 1 || ots > 4:
		return "Unsupported or bad OTS Algorithm Identifier."
	case len(key) != 4+24+32:
		return "Wrong LMS public key length"
	}
	return ""
}
