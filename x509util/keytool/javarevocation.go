package keytool

import (
	"math/big"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type distributionPoints struct {
	name   string // of the extension
	points []distributionPoint
}

// distributionPoint has nil for what is absent.
type distributionPoint struct {
	name    printable // generalNames or directoryName
	reasons *bits
	issuer  generalNames
}

func readDistributionPoints(e javaExtension) (d distributionPoints, err error) {
	d.name = e.name
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for "+e.name+" extension.")
	if err != nil {
		return d, err
	}
	d.points, err = readEach(r, func(v ber.Value) (distributionPoint, error) { return readDistributionPoint(v, e.rel) })
	return d, err
}

func readDistributionPoint(v ber.Value, rel jdk.Release) (p distributionPoint, err error) {
	if v.Tag != casn1.SEQUENCE {
		return p, jdk.IOError("Invalid encoding of DistributionPoint.")
	}
	var fields [3]*ber.Value
	for r := v.Reader(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return p, err
		}
		i := int(field.Tag & 0x1f)
		if i > 2 || !field.Context(casn1.Tag(i), i != 1) {
			return p, jdk.IOError("Invalid encoding of DistributionPoint.")
		}
		if fields[i] != nil {
			return p, jdk.IOError("Duplicate " + [...]string{"DistributionPointName", "Reasons", "CRLIssuer"}[i] + " in DistributionPoint.")
		}
		fields[i] = &field
	}
	name, reasons, issuer := fields[0], fields[1], fields[2]
	if name == nil && issuer == nil {
		return p, jdk.IOError("One of fullName, relativeName,  and crlIssuer has to be set")
	}
	if name != nil {
		if p.name, err = readPointName(*name, "Invalid DistributionPointName in DistributionPoint", rel); err != nil {
			return p, err
		}
	}
	if reasons != nil {
		if p.reasons, err = readReasons(*reasons); err != nil {
			return p, err
		}
	}
	if issuer != nil {
		p.issuer, err = readGeneralNames(issuer.Retag(casn1.SEQUENCE), rel)
	}
	return p, err
}

// readPointName reads the DistributionPointName that v holds.
func readPointName(v ber.Value, fault string, rel jdk.Release) (printable, error) {
	r := v.Reader()
	choice, err := r.Next()
	switch {
	case err != nil:
		return nil, err
	case choice.Context(0, true):
		return readGeneralNames(choice.Retag(casn1.SEQUENCE), rel)
	case choice.Context(1, true):
		return readRelativeName(choice.Body)
	}
	return nil, jdk.IOError(fault)
}

func readReasons(v ber.Value) (*bits, error) {
	b, err := readBits(v.Retag(casn1.BIT_STRING))
	return &b, err
}

// issuingPoint has nil for what is absent.
type issuingPoint struct {
	name    printable // generalNames or directoryName
	reasons *bits
	only    [6]bool // by the number of the tag
}

func readIssuingPoint(e javaExtension) (p issuingPoint, err error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for IssuingDistributionPointExtension.")
	if err != nil {
		return p, err
	}
	var name, reasons *ber.Value
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return p, err
		}
		number := v.Tag & 0x1f
		switch {
		case v.Context(0, true):
			name = &v
		case v.Context(3, false):
			reasons = &v
		case number >= 1 && number <= 5 && v.Context(number, false):
			if p.only[number], err = v.Boolean(); err != nil {
				return p, err
			}
		default:
			return p, jdk.IOError("Invalid encoding of IssuingDistributionPoint")
		}
	}
	if name != nil {
		if p.name, err = readPointName(*name, "Invalid encoding for DistributionPointName", e.rel); err != nil {
			return p, err
		}
	}
	if reasons != nil {
		p.reasons, err = readReasons(*reasons)
	}
	return p, err
}

// crlNumber is that of a list, or of the list that a delta list adds to.
type crlNumber struct {
	name   string // of the extension
	number *big.Int
}

func readCRLNumber(e javaExtension) (crlNumber, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return crlNumber{}, err
	}
	n, err := v.BigInteger()
	return crlNumber{e.name, n}, err
}

// reasonCode may be none of RFC 5280, 5.3.1.
type reasonCode int

func readReasonCode(e javaExtension) (reasonCode, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return 0, err
	}
	code, err := v.Integer(casn1.ENUM)
	return reasonCode(code), err
}

type certificateIssuer generalNames

func readCertificateIssuer(e javaExtension) (certificateIssuer, error) {
	v, err := ber.Parse(e.Value)
	if err != nil {
		return nil, err
	}
	names, err := readGeneralNames(v, e.rel)
	return certificateIssuer(names), err
}
