package keytool

import (
	"fmt"
	"slices"
	"strings"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// JavaError returns what Java's CertificateFactory.generateCertificate throws
// for a certificate in DER, a *jdk.Error; nil where Java reads it. Java then
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
		err = jdk.IOError("Empty input")
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

func parsingError(text string) error {
	return &jdk.Error{Class: certificateParsingException, Text: text}
}

// javaCertificateError wraps an exception of input and output as Java does.
// Others pass as they are, those of the runtime among them.
func javaCertificateError(err error, class, prefix string) error {
	e, ok := err.(*jdk.Error)
	if !ok || !strings.HasPrefix(e.Class, "java.io.") {
		return err
	}
	return &jdk.Error{Class: class, Text: prefix + e.Class + ": " + e.Text, More: e.More}
}

func readJavaCertificate(der []byte, rel jdk.Release) error {
	parts, overrun, err := readThree(der)
	switch {
	case err != nil:
		return err
	case overrun > 0:
		return parsingError(fmt.Sprintf("signed overrun, bytes = %d", overrun))
	case parts[0].Tag != casn1.SEQUENCE:
		return parsingError("signed fields invalid")
	}
	outer, err := keys.ReadJavaAlgorithm(parts[1], rel)
	if err != nil {
		return err
	}
	if _, _, err := parts[2].Bits(); err != nil {
		return err
	}
	info := parts[0].Reader()
	info.Counted = rel < jdk.Release25
	inner, err := readJavaInfo(info, rel)
	if err != nil {
		return javaCertificateError(err, certificateParsingException, "")
	}
	if !outer.Equal(inner) {
		return &jdk.Error{Class: certificateException, Text: "Signature algorithm mismatch"}
	}
	return nil
}

// readJavaInfo reads the TBSCertificate, as X509CertInfo does. It returns the
// algorithm of the signature.
func readJavaInfo(r ber.Reader, rel jdk.Release) (a keys.Algorithm, err error) {
	const v1, v2, v3 = 0, 1, 2
	version := v1
	v, err := r.Next()
	if err != nil {
		return a, err
	}
	if v.IsContext(0) {
		if version, err = readJavaVersion(v); err != nil {
			return a, err
		}
		if v, err = r.Next(); err != nil {
			return a, err
		}
	}
	if err = v.CheckNumber(casn1.INTEGER); err != nil {
		return a, err
	}
	if v, err = r.Next(); err != nil {
		return a, err
	}
	if a, err = keys.ReadJavaAlgorithm(v, rel); err != nil {
		return a, err
	}
	issuer, err := x509util.ReadJavaName(&r)
	switch {
	case err != nil:
		return a, err
	case issuer.IsEmpty():
		return a, parsingError("Empty issuer DN not allowed in X509Certificates")
	}
	if err = readJavaValidity(&r); err != nil {
		return a, err
	}
	subject, err := x509util.ReadJavaName(&r)
	switch {
	case err != nil:
		return a, err
	case version == v1 && subject.IsEmpty():
		return a, parsingError("Empty subject DN not allowed in v1 certificate")
	}
	if v, err = r.Next(); err != nil {
		return a, err
	}
	if err = keys.ReadJavaKey(v, rel); err != nil || r.Empty() {
		return a, err
	}
	if version == v1 {
		return a, parsingError("no more data allowed for version 1 certificate")
	}
	if v, err = r.Next(); err != nil {
		return a, err
	}
	for _, number := range [...]casn1.Tag{1, 2} { // unique identifiers
		if !v.IsContext(number) {
			continue
		}
		if _, _, err = v.Retag(casn1.BIT_STRING).Bits(); err != nil || r.Empty() {
			return a, err
		}
		if v, err = r.Next(); err != nil {
			return a, err
		}
	}
	if version != v3 {
		return a, parsingError("Extensions not allowed in v2 certificate")
	}
	var exts []x509util.RawExtension // nil where there are none, not where they are empty
	if v.Context(3, true) {
		if exts, err = readJavaExtensions(v.Reader(), rel); err != nil {
			return a, err
		}
	}
	return a, checkJavaSubject(subject, exts)
}

// readJavaVersion reads [0] EXPLICIT INTEGER, of which any other form is
// passed over.
func readJavaVersion(v ber.Value) (int, error) {
	if v.Tag&ber.TagConstructed == 0 {
		return 0, nil
	}
	r := v.Reader()
	inner, err := r.Next()
	if err != nil {
		return 0, err
	}
	return inner.Integer(casn1.INTEGER)
}

func readJavaValidity(r *ber.Reader) error {
	v, err := r.Next()
	switch {
	case err != nil:
		return err
	case v.Tag != casn1.SEQUENCE:
		return jdk.IOError("Invalid encoded CertificateValidity, starting sequence tag missing.")
	case len(v.Body) == 0:
		return jdk.IOError("No data encoded for CertificateValidity")
	}
	invalid := jdk.IOError("Invalid encoding for CertificateValidity")
	n := 0
	for r := v.Standalone().Reader(); len(r.Rest) > 0; n++ {
		if _, err := r.Next(); err != nil {
			return err
		}
	}
	if n != 2 {
		return invalid
	}
	for r := v.Reader(); len(r.Rest) > 0; {
		t, err := r.Next()
		if err != nil {
			return err
		}
		if t.Tag != casn1.UTCTime && t.Tag != casn1.GeneralizedTime {
			return invalid
		}
		if err := t.CheckTime(); err != nil {
			return err
		}
	}
	return nil
}

// readJavaExtensions reads a SEQUENCE OF Extension. Only those that Java can
// read count as what they are.
func readJavaExtensions(r ber.Reader, rel jdk.Release) ([]x509util.RawExtension, error) {
	seq, err := r.Next()
	if err != nil {
		return nil, err
	}
	if seq.Tag != casn1.SEQUENCE {
		return nil, jdk.IOError("Not the correct tag")
	}
	if err := ber.WellFormed(seq); err != nil {
		return nil, err
	}
	exts := make([]x509util.RawExtension, 0, 8)
	seen := make(map[string]bool, 8)
	for r := seq.Reader(); len(r.Rest) > 0; {
		v, err := r.Next()
		if err != nil {
			return nil, err
		}
		e, err := readJavaExtension(v)
		if err != nil {
			return nil, err
		}
		if err := readable(e, rel); err != nil {
			if e.Critical {
				return nil, javaExtensionError(err)
			}
			continue
		}
		if seen[e.OID] {
			return nil, jdk.IOError("Duplicate extensions not allowed")
		}
		seen[e.OID] = true
		exts = append(exts, e)
	}
	return exts, nil
}

func readJavaExtension(v ber.Value) (e x509util.RawExtension, err error) {
	if v.Tag != casn1.SEQUENCE && v.Tag != casn1.SET {
		return e, jdk.IOError("toDerInputStream rejects tag type " + v.TagText())
	}
	r := v.Reader()
	id, err := r.Next()
	if err != nil {
		return e, err
	}
	if e.OID, err = id.OID(); err != nil {
		return e, err
	}
	value, err := r.Next()
	if err != nil {
		return e, err
	}
	if value.Tag == casn1.BOOLEAN {
		if e.Critical, err = value.Boolean(); err != nil {
			return e, err
		}
		if value, err = r.Next(); err != nil {
			return e, err
		}
	}
	e.Value, err = value.Octets()
	return e, err
}

// javaExtensionError wraps what an extension's class throws.
func javaExtensionError(err error) error {
	if e, ok := err.(*jdk.Error); ok && !strings.HasPrefix(e.Class, "java.io.") {
		return jdk.IOError(e.Class + ": " + e.Text)
	}
	return err
}

// checkJavaSubject wants alternative names, marked critical, where there is no
// subject.
func checkJavaSubject(subject x509util.Name, exts []x509util.RawExtension) error {
	if !subject.IsEmpty() {
		return nil
	}
	const incomplete = "X.509 Certificate is incomplete: "
	if exts == nil {
		return parsingError(incomplete + "subject field is empty, and certificate has no extensions")
	}
	i := slices.IndexFunc(exts, func(e x509util.RawExtension) bool { return e.OID == "2.5.29.17" })
	switch {
	case i < 0:
		return parsingError(incomplete + "subject field is empty, and SubjectAlternativeName extension is absent")
	case !exts[i].Critical:
		return parsingError(incomplete + "SubjectAlternativeName extension MUST be marked critical when subject field is empty")
	}
	return nil
}
