package keytool

import (
	"math"
	"math/big"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// extensionKind is an extension that Java has a class for: its name there, by
// which keytool sorts, and how it is read. Demands, their order and the errors are
// those of the classes' constructors (sun.security.x509).
type extensionKind struct {
	name string
	read func(e javaExtension) (printable, error) // nil where the value is of no interest
}

// javaExtension is an extension to be read.
type javaExtension struct {
	x509util.RawExtension
	name string // of Java's class
	rel  jdk.Release
}

// printable is a value that Java can read. Printing it cannot fail.
type printable interface{ print(t *text) }

// kindOf returns Java's class for an OID, the zero kind where it has none.
func kindOf(oid string) extensionKind { return extensionKinds[oid] }

var extensionKinds = map[string]extensionKind{
	"1.3.6.1.5.5.7.1.1":     {"AuthorityInfoAccess", reader(readInfoAccess)},
	"1.3.6.1.5.5.7.1.11":    {"SubjectInfoAccess", reader(readInfoAccess)},
	"1.3.6.1.5.5.7.48.1.5":  {"OCSPNoCheck", nil},
	"2.5.29.14":             {"SubjectKeyIdentifier", reader(readSubjectKeyID)},
	"2.5.29.15":             {"KeyUsage", reader(readKeyUsage)},
	"2.5.29.16":             {"PrivateKeyUsage", reader(readPrivateKeyUsage)},
	"2.5.29.17":             {"SubjectAlternativeName", reader(readAlternativeName)},
	"2.5.29.18":             {"IssuerAlternativeName", reader(readAlternativeName)},
	"2.5.29.19":             {"BasicConstraints", reader(readBasicConstraints)},
	"2.5.29.20":             {"CRLNumber", reader(readCRLNumber)},
	"2.5.29.21":             {"CRLReasonCode", reader(readReasonCode)},
	"2.5.29.27":             {"DeltaCRLIndicator", reader(readCRLNumber)},
	"2.5.29.28":             {"IssuingDistributionPoint", reader(readIssuingPoint)},
	"2.5.29.29":             {"CertificateIssuer", reader(readCertificateIssuer)},
	"2.5.29.30":             {"NameConstraints", reader(readNameConstraints)},
	"2.5.29.31":             {"CRLDistributionPoints", reader(readDistributionPoints)},
	"2.5.29.32":             {"CertificatePolicies", reader(readPolicies)},
	"2.5.29.33":             {"PolicyMappings", reader(readPolicyMappings)},
	"2.5.29.35":             {"AuthorityKeyIdentifier", reader(readAuthorityKeyID)},
	"2.5.29.36":             {"PolicyConstraints", reader(readPolicyConstraints)},
	"2.5.29.37":             {"ExtendedKeyUsage", reader(readExtendedKeyUsage)},
	"2.5.29.46":             {"FreshestCRL", reader(readDistributionPoints)},
	"2.5.29.54":             {"InhibitAnyPolicy", reader(readInhibitAnyPolicy)},
	"2.16.840.1.113730.1.1": {"NetscapeCertType", reader(readNetscapeCertType)},
}

// reader lets a reader of one kind stand in the table.
func reader[V printable](read func(javaExtension) (V, error)) func(javaExtension) (printable, error) {
	return func(e javaExtension) (printable, error) {
		v, err := read(e)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

// readExtension reads an extension as Java's class for it does. The value is nil
// where Java has no class or doesn't look at the value.
func readExtension(e x509util.RawExtension, rel jdk.Release) (printable, error) {
	kind := kindOf(e.OID)
	if kind.read == nil {
		return nil, nil
	}
	return kind.read(javaExtension{e, kind.name, rel})
}

type basicConstraints struct {
	ca     bool
	length int // of the path; negative is undefined, math.MaxInt32 no limit
}

func readBasicConstraints(e javaExtension) (c basicConstraints, err error) {
	const fault = "Invalid encoding of BasicConstraints"
	c.length = -1
	r, err := ber.ParseSequence(e.Value, fault)
	if err != nil || r.Empty() {
		return c, err
	}
	v, err := r.Next()
	// Anything but a boolean means "no CA" to Java.
	if err != nil || v.Tag != casn1.BOOLEAN {
		return c, err
	}
	if c.ca, err = v.Boolean(); err != nil {
		return c, err
	}
	if r.Empty() {
		c.length = math.MaxInt32
		return c, nil
	}
	if v, err = r.Next(); err != nil {
		return c, err
	}
	if v.Tag != casn1.INTEGER {
		return c, jdk.IOError(fault)
	}
	c.length, err = v.Integer(casn1.INTEGER)
	return c, err
}

// bits is the value of a BIT STRING.
type bits struct {
	octets []byte
	n      int
}

func readBits(v ber.Value) (b bits, err error) {
	b.octets, b.n, err = v.Bits()
	return b, err
}

func (b bits) has(i int) bool { return ber.BitSet(b.octets, b.n, i) }

type keyUsage bits

func readKeyUsage(e javaExtension) (keyUsage, error) {
	if len(e.Value) == 0 {
		return keyUsage{}, &jdk.Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index 0 out of bounds for length 0"}
	}
	v, err := ber.Parse(e.Value)
	if err == nil && v.Tag == casn1.OCTET_STRING { // wrapped once more
		v, err = ber.Parse(v.Body)
	}
	if err != nil {
		return keyUsage{}, err
	}
	b, err := readBits(v)
	return keyUsage(b), err
}

type netscapeCertType bits

func readNetscapeCertType(e javaExtension) (netscapeCertType, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return netscapeCertType{}, err
	}
	b, err := readBits(v)
	return netscapeCertType(b), err
}

// extendedKeyUsage is a list of OIDs.
type extendedKeyUsage []string

func readExtendedKeyUsage(e javaExtension) (u extendedKeyUsage, err error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for ExtendedKeyUsageExtension.")
	if err != nil {
		return nil, err
	}
	for !r.Empty() {
		oid, err := readOID(&r)
		if err != nil {
			return nil, err
		}
		u = append(u, oid)
	}
	return u, nil
}

func readOID(r *ber.Reader) (string, error) {
	v, err := r.Next()
	if err != nil {
		return "", err
	}
	return v.OID()
}

type alternativeName struct {
	name  string // of the extension
	names generalNames
}

func readAlternativeName(e javaExtension) (alternativeName, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return alternativeName{}, err
	}
	names, err := readGeneralNames(v, e.rel)
	return alternativeName{e.name, names}, err
}

type infoAccess struct {
	name         string // of the extension
	descriptions []accessDescription
}

type accessDescription struct {
	method   string // OID
	location generalName
}

func readInfoAccess(e javaExtension) (a infoAccess, err error) {
	a.name = e.name
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for "+e.name+"Extension.")
	if err != nil {
		return a, err
	}
	a.descriptions, err = readEach(r, func(v ber.Value) (accessDescription, error) { return readAccessDescription(v, e.rel) })
	return a, err
}

func readAccessDescription(v ber.Value, rel jdk.Release) (d accessDescription, err error) {
	parts := v.Reader()
	if d.method, err = readOID(&parts); err != nil {
		return d, err
	}
	location, err := parts.Next()
	if err != nil {
		return d, err
	}
	d.location, err = readGeneralName(location, false, rel)
	return d, err
}

// readEach reads every element of a SEQUENCE or SET, up to the first that fails.
func readEach[T any](r ber.Reader, read func(ber.Value) (T, error)) (list []T, err error) {
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return nil, err
		}
		element, err := read(v)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

type subjectKeyID []byte

func readSubjectKeyID(e javaExtension) (subjectKeyID, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return nil, err
	}
	return v.Octets()
}

// authorityKeyID has nil for what is absent.
type authorityKeyID struct {
	id     *[]byte
	names  generalNames
	serial *big.Int
}

func readAuthorityKeyID(e javaExtension) (a authorityKeyID, err error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for AuthorityKeyIdentifierExtension.")
	if err != nil {
		return a, err
	}
	var fields [3]*ber.Value
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return a, err
		}
		i := int(v.Tag & 0x1f)
		if i > 2 || !v.Context(casn1.Tag(i), i == 1) {
			return a, jdk.IOError("Invalid encoding of AuthorityKeyIdentifierExtension.")
		}
		if fields[i] != nil {
			return a, jdk.IOError("Duplicate " + [...]string{"KeyIdentifier", "GeneralNames", "SerialNumber"}[i] + " in AuthorityKeyIdentifier.")
		}
		fields[i] = &v
	}
	if v := fields[0]; v != nil {
		a.id = &v.Body
	}
	if v := fields[1]; v != nil {
		if a.names, err = readGeneralNames(v.Retag(casn1.SEQUENCE), e.rel); err != nil {
			return a, err
		}
	}
	if v := fields[2]; v != nil {
		a.serial, err = v.Retag(casn1.INTEGER).BigInteger()
	}
	return a, err
}

// privateKeyUsage is from when and until when a key may be used; nil where
// that is not said.
type privateKeyUsage [2]*time.Time

func readPrivateKeyUsage(e javaExtension) (u privateKeyUsage, err error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return u, err
	}
	if v.Tag != casn1.SEQUENCE {
		return u, jdk.IOError("Not the correct tag")
	}
	parts, err := v.Reader().All()
	if err != nil {
		return u, err
	}
	for _, part := range parts {
		i := int(part.Tag & 0x1f)
		if i > 1 || !part.Context(casn1.Tag(i), false) {
			return u, jdk.IOError("Invalid encoding of PrivateKeyUsageExtension")
		}
		if u[i] != nil {
			return u, parsingError("Duplicate " + [...]string{"notBefore", "notAfter"}[i] + " in PrivateKeyUsage.")
		}
		part = part.Retag(casn1.GeneralizedTime)
		if err := part.CheckTime(); err != nil {
			return u, err
		}
		date, err := part.Time(part.Tag)
		if err != nil {
			return u, err
		}
		u[i] = &date
	}
	return u, nil
}
