package keytool

import (
	"encoding/hex"
	"math"
	"math/big"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// extensionKind is an extension that Java has a class for: its name there, by
// which keytool sorts, and how its text is written. Texts and demands are
// those of the classes' toString and constructors (sun.security.x509).
type extensionKind struct {
	name  string
	write func(t *text, e x509util.RawExtension) error
}

// kindOf returns Java's class for an OID, the zero kind where it has none.
func kindOf(oid string) extensionKind {
	switch oid {
	case "1.3.6.1.5.5.7.1.1":
		return extensionKind{"AuthorityInfoAccess", (*text).infoAccess}
	case "1.3.6.1.5.5.7.1.11":
		return extensionKind{"SubjectInfoAccess", (*text).infoAccess}
	case "1.3.6.1.5.5.7.48.1.5":
		return extensionKind{"OCSPNoCheck", nil}
	case "2.5.29.14":
		return extensionKind{"SubjectKeyIdentifier", (*text).subjectKeyID}
	case "2.5.29.15":
		return extensionKind{"KeyUsage", (*text).keyUsage}
	case "2.5.29.16":
		return extensionKind{"PrivateKeyUsage", (*text).privateKeyUsage}
	case "2.5.29.17":
		return extensionKind{"SubjectAlternativeName", (*text).alternativeName}
	case "2.5.29.18":
		return extensionKind{"IssuerAlternativeName", (*text).alternativeName}
	case "2.5.29.19":
		return extensionKind{"BasicConstraints", (*text).basicConstraints}
	case "2.5.29.20":
		return extensionKind{"CRLNumber", (*text).crlNumber}
	case "2.5.29.21":
		return extensionKind{"CRLReasonCode", (*text).reasonCode}
	case "2.5.29.27":
		return extensionKind{"DeltaCRLIndicator", (*text).crlNumber}
	case "2.5.29.28":
		return extensionKind{"IssuingDistributionPoint", (*text).issuingPoint}
	case "2.5.29.29":
		return extensionKind{"CertificateIssuer", (*text).certificateIssuer}
	case "2.5.29.30":
		return extensionKind{"NameConstraints", (*text).nameConstraints}
	case "2.5.29.31":
		return extensionKind{"CRLDistributionPoints", (*text).distributionPoints}
	case "2.5.29.32":
		return extensionKind{"CertificatePolicies", (*text).policies}
	case "2.5.29.33":
		return extensionKind{"PolicyMappings", (*text).policyMappings}
	case "2.5.29.35":
		return extensionKind{"AuthorityKeyIdentifier", (*text).authorityKeyID}
	case "2.5.29.36":
		return extensionKind{"PolicyConstraints", (*text).policyConstraints}
	case "2.5.29.37":
		return extensionKind{"ExtendedKeyUsage", (*text).extendedKeyUsage}
	case "2.5.29.46":
		return extensionKind{"FreshestCRL", (*text).distributionPoints}
	case "2.5.29.54":
		return extensionKind{"InhibitAnyPolicy", (*text).inhibitAnyPolicy}
	case "2.16.840.1.113730.1.1":
		return extensionKind{"NetscapeCertType", (*text).netscapeCertType}
	}
	return extensionKind{}
}

func (t *text) basicConstraints(e x509util.RawExtension) error {
	const fault = "Invalid encoding of BasicConstraints"
	r, err := ber.ParseSequence(e.Value, fault)
	if err != nil {
		return err
	}
	ca, length := false, -1
	if !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		// Anything but a boolean means "no CA" to Java.
		if v.Tag == casn1.BOOLEAN {
			if ca, err = v.Boolean(); err != nil {
				return err
			}
			length = math.MaxInt32
			if !r.Empty() {
				if v, err = r.Next(); err != nil {
					return err
				}
				if v.Tag != casn1.INTEGER {
					return jdk.IOError(fault)
				}
				if length, err = v.Integer(casn1.INTEGER); err != nil {
					return err
				}
			}
		}
	}
	t.add("BasicConstraints:[\n  CA:")
	t.bool(ca)
	t.add("\n  PathLen:")
	switch {
	case length < 0:
		t.add(" undefined")
	case length == math.MaxInt32:
		t.add(" no limit")
	default:
		t.int(length)
	}
	t.add("\n]\n")
	return nil
}

func (t *text) keyUsage(e x509util.RawExtension) error {
	if len(e.Value) == 0 {
		return &jdk.Error{Class: "java.lang.ArrayIndexOutOfBoundsException", Text: "Index 0 out of bounds for length 0"}
	}
	v, err := ber.Parse(e.Value)
	if err == nil && v.Tag == casn1.OCTET_STRING { // wrapped once more
		v, err = ber.Parse(v.Body)
	}
	if err != nil {
		return err
	}
	return t.flags(v, "KeyUsage [\n", "]\n",
		"  DigitalSignature\n", "  Non_repudiation\n", "  Key_Encipherment\n", "  Data_Encipherment\n",
		"  Key_Agreement\n", "  Key_CertSign\n", "  Crl_Sign\n", "  Encipher_Only\n", "  Decipher_Only\n")
}

func (t *text) netscapeCertType(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	// The fifth bit is reserved; the last line lacks its end in Java as well.
	return t.flags(v, "NetscapeCertType [\n", "]\n",
		"   SSL client\n", "   SSL server\n", "   S/MIME\n", "   Object Signing\n", "",
		"   SSL CA\n", "   S/MIME CA\n", "   Object Signing CA")
}

// flags appends the line of each bit set in a BIT STRING.
func (t *text) flags(v ber.Value, before, after string, lines ...string) error {
	octets, n, err := v.Bits()
	if err != nil {
		return err
	}
	t.add(before)
	for i, line := range lines {
		if ber.BitSet(octets, n, i) {
			t.add(line)
		}
	}
	t.add(after)
	return nil
}

func (t *text) extendedKeyUsage(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for ExtendedKeyUsageExtension.")
	if err != nil {
		return err
	}
	t.add("ExtendedKeyUsages [\n  ")
	for i := 0; !r.Empty(); i++ {
		v, err := r.Next()
		if err != nil {
			return err
		}
		oid, err := v.OID()
		if err != nil {
			return err
		}
		if i > 0 {
			t.add("\n  ")
		}
		if name := ber.OIDName(oid, t.rel); name != "" {
			oid = name
		}
		t.add(oid)
	}
	t.add("\n]\n")
	return nil
}

func (t *text) alternativeName(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	t.add(kindOf(e.OID).name)
	return t.eachGeneralName(v, " [\n  ", "\n  ", "\n]\n")
}

func (t *text) infoAccess(e x509util.RawExtension) error {
	name := kindOf(e.OID).name
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for "+name+"Extension.")
	if err != nil {
		return err
	}
	t.add(name)
	t.add(" [\n  [")
	for i := 0; !r.Empty(); i++ {
		v, err := r.Next()
		if err != nil {
			return err
		}
		parts := v.Reader()
		method, err := parts.Next()
		if err != nil {
			return err
		}
		oid, err := method.OID()
		if err != nil {
			return err
		}
		location, err := parts.Next()
		if err != nil {
			return err
		}
		if i > 0 {
			t.add(", ")
		}
		t.add("\n   accessMethod: ")
		t.add(accessMethod(oid))
		t.add("\n   accessLocation: ")
		if err := t.generalName(location, false); err != nil {
			return err
		}
		t.add("\n")
	}
	t.add("]\n]\n")
	return nil
}

func accessMethod(oid string) string {
	switch oid {
	case "1.3.6.1.5.5.7.48.1":
		return "ocsp"
	case "1.3.6.1.5.5.7.48.2":
		return "caIssuers"
	case "1.3.6.1.5.5.7.48.3":
		return "timeStamping"
	case "1.3.6.1.5.5.7.48.5":
		return "caRepository"
	}
	return oid
}

func (t *text) subjectKeyID(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	id, err := v.Octets()
	if err != nil {
		return err
	}
	t.add("SubjectKeyIdentifier [\n")
	t.keyID(id)
	t.add("]\n")
	return nil
}

func (t *text) keyID(id []byte) {
	t.add("KeyIdentifier [\n")
	t.hexDump(id)
	t.add("]\n")
}

func (t *text) authorityKeyID(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for AuthorityKeyIdentifierExtension.")
	if err != nil {
		return err
	}
	var fields [3]*ber.Value
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		i := int(v.Tag & 0x1f)
		if i > 2 || !v.Context(casn1.Tag(i), i == 1) {
			return jdk.IOError("Invalid encoding of AuthorityKeyIdentifierExtension.")
		}
		if fields[i] != nil {
			return jdk.IOError("Duplicate " + [...]string{"KeyIdentifier", "GeneralNames", "SerialNumber"}[i] + " in AuthorityKeyIdentifier.")
		}
		fields[i] = &v
	}
	t.add("AuthorityKeyIdentifier [\n")
	if v := fields[0]; v != nil {
		t.keyID(v.Body)
	}
	if v := fields[1]; v != nil {
		if err := t.generalNames(v.Retag(casn1.SEQUENCE)); err != nil {
			return err
		}
		t.add("\n")
	}
	if v := fields[2]; v != nil {
		n, err := v.Retag(casn1.INTEGER).BigInteger()
		if err != nil {
			return err
		}
		t.serialNumber(n)
		t.add("\n")
	}
	t.add("]\n")
	return nil
}

// serialNumber appends the bytes of a number in two's complement.
func (t *text) serialNumber(n *big.Int) {
	t.add("SerialNumber: ")
	b := twosComplement(n)
	for i := range b {
		if i > 0 {
			t.add(":")
		}
		t.buf = hex.AppendEncode(t.buf, b[i:i+1])
	}
}

// twosComplement is the shortest encoding of n, as in an INTEGER.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	// The bytes of -n-1 inverted.
	b := new(big.Int).Not(n).Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

func (t *text) privateKeyUsage(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("Not the correct tag")
	}
	var dates [2]*ber.Value
	parts, err := v.Reader().All()
	if err != nil {
		return err
	}
	for _, part := range parts {
		i := int(part.Tag & 0x1f)
		if i > 1 || !part.Context(casn1.Tag(i), false) {
			return jdk.IOError("Invalid encoding of PrivateKeyUsageExtension")
		}
		if dates[i] != nil {
			return &jdk.Error{Class: "java.security.cert.CertificateParsingException", Text: "Duplicate " + [...]string{"notBefore", "notAfter"}[i] + " in PrivateKeyUsage."}
		}
		if err := part.Retag(casn1.GeneralizedTime).CheckTime(); err != nil {
			return err
		}
		dates[i] = &part
	}
	t.add("PrivateKeyUsage: [\n")
	for i, part := range dates {
		if part == nil {
			continue
		}
		date, err := part.Time(casn1.GeneralizedTime)
		if err != nil {
			return err
		}
		switch {
		case i == 0:
			t.add("From: ")
		case dates[0] != nil:
			t.add(", To: ")
		default:
			t.add("To: ")
		}
		t.date(date)
	}
	t.add("]\n")
	return nil
}
