package x509util

import (
	"fmt"
	"slices"
	"strings"

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
		if err := readable(e, rel); err != nil {
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
	i := slices.IndexFunc(exts, func(e extension) bool { return e.oid == "2.5.29.17" })
	switch {
	case i < 0:
		return parsingError(incomplete + "subject field is empty, and SubjectAlternativeName extension is absent")
	case !exts[i].critical:
		return parsingError(incomplete + "SubjectAlternativeName extension MUST be marked critical when subject field is empty")
	}
	return nil
}
