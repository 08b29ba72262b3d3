package keytool

import (
	"math/big"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func (t *text) distributionPoints(e x509util.RawExtension) error {
	name := kindOf(e.OID).name
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for "+name+" extension.")
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
		if i > 0 {
			t.add(", ")
		}
		if err := t.distributionPoint(v); err != nil {
			return err
		}
	}
	t.add("]]\n")
	return nil
}

func (t *text) distributionPoint(v ber.Value) error {
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("Invalid encoding of DistributionPoint.")
	}
	var fields [3]*ber.Value
	for r := v.Reader(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return err
		}
		i := int(field.Tag & 0x1f)
		if i > 2 || !field.Context(casn1.Tag(i), i != 1) {
			return jdk.IOError("Invalid encoding of DistributionPoint.")
		}
		if fields[i] != nil {
			return jdk.IOError("Duplicate " + [...]string{"DistributionPointName", "Reasons", "CRLIssuer"}[i] + " in DistributionPoint.")
		}
		fields[i] = &field
	}
	name, reasons, issuer := fields[0], fields[1], fields[2]
	if name == nil && issuer == nil {
		return jdk.IOError("One of fullName, relativeName,  and crlIssuer has to be set")
	}
	t.add("DistributionPoint:\n     ")
	if name != nil {
		if err := t.pointName(*name, "Invalid DistributionPointName in DistributionPoint"); err != nil {
			return err
		}
	}
	t.add("\n")
	if reasons != nil {
		if err := t.pointReasons(*reasons); err != nil {
			return err
		}
	}
	if issuer != nil {
		t.add("   CRLIssuer:")
		if err := t.generalNames(issuer.Retag(casn1.SEQUENCE)); err != nil {
			return err
		}
		t.add("\n")
	}
	return nil
}

// pointName appends the DistributionPointName that v holds.
func (t *text) pointName(v ber.Value, fault string) error {
	r := v.Reader()
	choice, err := r.Next()
	switch {
	case err != nil:
		return err
	case choice.Context(0, true):
		return t.generalNames(choice.Retag(casn1.SEQUENCE))
	case choice.Context(1, true):
		return t.relativeName(choice.Body)
	}
	return jdk.IOError(fault)
}

func (t *text) pointReasons(v ber.Value) error {
	octets, n, err := v.Retag(casn1.BIT_STRING).Bits()
	if err != nil {
		return err
	}
	reasons := [...]string{
		"", "key compromise", "CA compromise", "affiliation changed", "superseded",
		"cessation of operation", "certificate hold", "privilege withdrawn", "AA compromise",
	}
	t.add("   ReasonFlags:\n")
	for i := range n {
		if !ber.BitSet(octets, n, i) {
			continue
		}
		t.add("    ")
		if i > 0 && i < len(reasons) {
			t.add(reasons[i])
		} else {
			t.add("Unknown reason ")
			t.int(i)
		}
		t.add("\n")
	}
	return nil
}

func (t *text) issuingPoint(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for IssuingDistributionPointExtension.")
	if err != nil {
		return err
	}
	var name, reasons *ber.Value
	var only [6]bool // by the number of the tag
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		number := v.Tag & 0x1f
		switch {
		case v.Context(0, true):
			name = &v
		case v.Context(3, false):
			reasons = &v
		case number >= 1 && number <= 5 && v.Context(number, false):
			if only[number], err = v.Boolean(); err != nil {
				return err
			}
		default:
			return jdk.IOError("Invalid encoding of IssuingDistributionPoint")
		}
	}
	t.add("IssuingDistributionPoint [\n  ")
	if name != nil {
		t.add("DistributionPointName:\n     ")
		if err := t.pointName(*name, "Invalid encoding for DistributionPointName"); err != nil {
			return err
		}
		t.add("\n")
	}
	if reasons != nil {
		err := t.flags(reasons.Retag(casn1.BIT_STRING), "Reason Flags [\n", "]\n",
			"  Unused\n", "  Key Compromise\n", "  CA Compromise\n", "  Affiliation_Changed\n", "  Superseded\n",
			"  Cessation Of Operation\n", "  Certificate Hold\n", "  Privilege Withdrawn\n", "  AA Compromise\n")
		if err != nil {
			return err
		}
	}
	t.add("  Only contains user certs: ")
	t.bool(only[1])
	t.add("\n  Only contains CA certs: ")
	t.bool(only[2])
	t.add("\n  Only contains attribute certs: ")
	t.bool(only[5])
	t.add("\n  Indirect CRL: ")
	t.bool(only[4])
	t.add("\n]\n")
	return nil
}

func (t *text) crlNumber(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	n, err := v.BigInteger()
	if err != nil {
		return err
	}
	if kindOf(e.OID).name == "CRLNumber" {
		t.add("CRL Number: ")
	} else {
		t.add("Base CRL Number: ")
	}
	t.words(n)
	t.add("\n")
	return nil
}

// words appends a number in hexadecimal, four bytes a word and eight words a
// line (sun.security.util.Debug.toHexString).
func (t *text) words(n *big.Int) {
	digits := new(big.Int).Abs(n).Text(16)
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if n.Sign() < 0 {
		t.add("   -")
	} else {
		t.add("    ")
	}
	for i := 0; i < len(digits); i += 2 {
		if i > 0 && i%64 == 0 {
			t.add("\n    ")
		} else if i > 0 && i%8 == 0 {
			t.add(" ")
		}
		t.add(digits[i : i+2])
	}
}

func (t *text) reasonCode(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	code, err := v.Integer(casn1.ENUM)
	if err != nil {
		return err
	}
	reasons := [...]string{
		"UNSPECIFIED", "KEY_COMPROMISE", "CA_COMPROMISE", "AFFILIATION_CHANGED", "SUPERSEDED",
		"CESSATION_OF_OPERATION", "CERTIFICATE_HOLD", "UNUSED", "REMOVE_FROM_CRL", "PRIVILEGE_WITHDRAWN", "AA_COMPROMISE",
	}
	if code < 0 || code >= len(reasons) {
		code = 0
	}
	t.add("    Reason Code: ") // without an end of line
	t.add(reasons[code])
	return nil
}

func (t *text) certificateIssuer(e x509util.RawExtension) error {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	t.add("Certificate Issuer [\n")
	if err := t.generalNames(v); err != nil {
		return err
	}
	t.add("]\n")
	return nil
}
