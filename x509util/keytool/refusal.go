package keytool

import (
	"bytes"
	"fmt"
	"strings"

	"gokeytool/jdk"
	"gokeytool/x509util"
)

// A Refusal is why Java can't read a certificate, and with it no keystore that
// holds it.
type Refusal struct {
	Releases []jdk.Release // of 17 and 25, those that refuse
	Err      error         // the words of the last of them, a *jdk.Error
	der      []byte
}

// RefusedByJava judges a certificate of a keystore by the releases 17 and 25
// of Java; nil if both read it. The type is the one that JKS and JCEKS name.
func RefusedByJava(certType string, der []byte) *Refusal {
	r := &Refusal{der: der}
	last := StoredError(certType, der, jdk.Release25)
	if last != nil || mayNeed25(der) {
		r.add(jdk.Release17, StoredError(certType, der, jdk.Release17))
	}
	r.add(jdk.Release25, last)
	if r.Err == nil {
		return nil
	}
	return r
}

func (r *Refusal) add(rel jdk.Release, err error) {
	if err != nil {
		r.Releases, r.Err = append(r.Releases, rel), err
	}
}

// mayNeed25 says whether a certificate that release 25 reads has what release
// 17 may not: values of indefinite length, parameters of OAEP.
func mayNeed25(der []byte) bool {
	for _, tag := range [...]byte{0x24, 0x30, 0x31, 0xa0, 0xa3} {
		if bytes.Contains(der, []byte{tag, 0x80}) {
			return true
		}
	}
	return bytes.Contains(der, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"))
}

// StoredError is JavaError for a certificate of a keystore.
func StoredError(certType string, der []byte, rel jdk.Release) error {
	switch strings.ToUpper(certType) {
	case "X.509", "X509":
		return JavaError(der, rel)
	}
	return &jdk.Error{Class: certificateException, Text: certType + " not found"}
}

// Readers names who can't read the certificate: "Java 17 and 25".
func (r *Refusal) Readers() string {
	if len(r.Releases) == 2 {
		return fmt.Sprintf("Java %d and %d", r.Releases[0], r.Releases[1])
	}
	return fmt.Sprintf("Java %d", r.Releases[0])
}

// reasons are Java's words for what people meet, in plain ones, with what the
// certificate should be.
var reasons = [...]struct{ java, plain, better string }{
	{"Empty issuer DN", "its issuer is empty", "one whose issuer has a name"},
	{"Empty subject DN", "its subject is empty", "one that names its subject"},
	{"subject field is empty, and certificate has no extensions", "its subject is empty, and so are its alternative names", "one that names its subject"},
	{"SubjectAlternativeName extension is absent", "its subject is empty, and it has no alternative names that can be read", "one that names its subject"},
	{"MUST be marked critical", "its subject is empty, and its alternative names are not marked critical", "one that names its subject, or whose alternative names are critical"},
	{"Unknown named curve", "its key is on an elliptic curve that Java has not", "one with a key on a curve that Java has, such as secp256r1"},
	{"Only named ECParameters", "it gives the parameters of its key's curve instead of the curve's name", "one whose key names its curve"},
	{"Duplicate extensions", "it has an extension twice", "one that has it once"},
	{"version 1 certificate", "it has extensions, and says that it is of version 1", "one of version 3"},
	{"not allowed in v2 certificate", "it has extensions, and says that it is not of version 3", "one of version 3"},
	{"Signature algorithm mismatch", "it names one signature algorithm inside and another outside", ""},
	{" time", "one of its dates is malformed", ""},
	{"CertificateValidity", "its dates are malformed", ""},
	{"subject key", "its key is malformed", "one with a sound key"},
	{" not found", "it is not of the type X.509", "one of the type X.509"},
}

// Reason says in plain words what is wrong with the certificate, with Java's
// where those say more.
func (r *Refusal) Reason() string {
	text := r.Err.Error()
	if name := r.criticalExtension(); name != "" {
		return fmt.Sprintf("its extension %s is marked critical, and malformed (Java says: %s)", name, text)
	}
	for _, reason := range reasons {
		if strings.Contains(text, reason.java) {
			if _, detail, ok := strings.Cut(text, "Unknown named curve: "); ok {
				return reason.plain + " (" + curveName(detail) + ")"
			}
			return reason.plain
		}
	}
	return fmt.Sprintf("it is malformed (Java says: %s)", text)
}

// criticalExtension names the critical extension that Java can't read.
func (r *Refusal) criticalExtension() string {
	c, err := x509util.ParseCertificate(r.der)
	if err != nil {
		return ""
	}
	for _, e := range c.RawExtensions {
		if e.Critical && readable(e, r.Releases[len(r.Releases)-1]) != nil {
			return kindOf(e.OID).name
		}
	}
	return ""
}

// Better says what certificate would do instead.
func (r *Refusal) Better() string {
	text := r.Err.Error()
	for _, reason := range reasons {
		if strings.Contains(text, reason.java) && reason.better != "" {
			return reason.better
		}
	}
	return "one without that fault"
}

// curveName names a curve that Java does not know, if it is one of those that
// people use.
func curveName(oid string) string {
	switch {
	case oid == "1.2.156.10197.1.301":
		return "SM2"
	case strings.HasPrefix(oid, "1.2.643."):
		return "GOST, " + oid
	case strings.HasPrefix(oid, "1.3.36.3.3.2.8.1.1."):
		return "Brainpool, " + oid
	}
	return oid
}
