package keytool

import (
	"strconv"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// generalNames has at least one name.
type generalNames []generalName

// generalName is a GeneralName (RFC 5280, 4.2.1.6): one of the types below.
type generalName printable

type (
	otherName     string // OID
	rfc822Name    string
	dnsName       string
	x400Address   struct{}
	directoryName struct{ x509util.Name }
	ediPartyName  struct{ assigner, party *string } // nil if absent
	uriName       string
	ipAddress     []byte // 4 or 16 octets, or twice that with a mask
	oidName       string
)

func readGeneralNames(v ber.Value, rel jdk.Release) (generalNames, error) {
	if v.Tag != casn1.SEQUENCE {
		return nil, jdk.IOError("Invalid encoding for GeneralNames.")
	}
	r := v.Reader()
	if r.Empty() {
		return nil, jdk.IOError("No data available in passed DER encoded value.")
	}
	return readEach(r, func(v ber.Value) (generalName, error) { return readGeneralName(v, false, rel) })
}

// readGeneralName reads a name. Those of a name constraint have URIs without a
// scheme.
func readGeneralName(v ber.Value, constraint bool, rel jdk.Release) (generalName, error) {
	number := v.Tag & 0x1f
	primitive := v.Context(number, false)
	constructed := v.Context(number, true)
	switch number {
	case 0:
		if !constructed {
			return nil, jdk.IOError("Invalid encoding of Other-Name")
		}
		return readOtherName(v, rel)
	case 1:
		if !primitive {
			return nil, jdk.IOError("Invalid encoding of RFC822 name")
		}
		return readRFC822Name(v)
	case 2:
		if !primitive {
			return nil, jdk.IOError("Invalid encoding of DNSName")
		}
		return dnsName(ia5(v)), nil
	case 3:
		if !constructed {
			return nil, jdk.IOError("Invalid encoding of X400Address name")
		}
		return x400Address{}, nil
	case 4:
		if !constructed {
			return nil, jdk.IOError("Invalid encoding of Directory name")
		}
		return readDirectoryName(v.Reader())
	case 5:
		if !constructed {
			return nil, jdk.IOError("Invalid encoding of EDI name")
		}
		return readEDIPartyName(v, rel)
	case 6:
		if !primitive {
			return nil, jdk.IOError("Invalid encoding of URI")
		}
		return readURIName(v, constraint)
	case 7:
		if !primitive {
			return nil, jdk.IOError("Invalid encoding of IP address")
		}
		return readIPAddress(v)
	case 8:
		if !primitive {
			return nil, jdk.IOError("Invalid encoding of OID name")
		}
		oid, err := ber.OIDText(v.Body)
		return oidName(oid), err
	}
	return nil, jdk.IOError("Unrecognized GeneralName tag, (" + strconv.Itoa(int(number)) + ")")
}

// ia5 decodes an IA5String as Java does, each octet beyond ASCII as U+FFFD.
func ia5(v ber.Value) string {
	s, _ := ber.DecodeString(casn1.IA5String, v.Body)
	return s
}

func readOtherName(v ber.Value, rel jdk.Release) (otherName, error) {
	r := v.Reader()
	oid, err := readOID(&r)
	if err != nil {
		return "", err
	}
	value, err := r.Next()
	if err != nil {
		return "", err
	}
	if !value.Context(0, true) && rel >= jdk.Release25 {
		return "", jdk.IOError("value is not EXPLICTly tagged [0]") // so spelt by Java
	}
	return otherName(oid), nil
}

func readRFC822Name(v ber.Value) (rfc822Name, error) {
	name := ia5(v)
	if name == "" {
		return "", jdk.IOError("RFC822Name may not be null or empty")
	}
	domain := name
	for i := range len(name) {
		if name[i] == '@' {
			domain = name[i+1:]
			break
		}
	}
	switch domain {
	case "":
		return "", jdk.IOError("RFC822Name may not end with @")
	case ".":
		return "", jdk.IOError("RFC822Name domain may not be just .")
	}
	return rfc822Name(name), nil
}

func readDirectoryName(r ber.Reader) (directoryName, error) {
	name, err := x509util.ReadJavaName(&r)
	return directoryName{name}, err
}

// readRelativeName reads a RelativeDistinguishedName given by its content.
func readRelativeName(body []byte) (directoryName, error) {
	set := ber.AppendHeader(nil, casn1.SET, len(body))
	set = append(set, body...)
	return readDirectoryName(ber.Reader{Rest: append(ber.AppendHeader(nil, casn1.SEQUENCE, len(set)), set...)})
}

func readEDIPartyName(v ber.Value, rel jdk.Release) (name ediPartyName, err error) {
	parts, err := v.Reader().All()
	if err != nil {
		return name, err
	}
	if len(parts) < 1 || len(parts) > 2 {
		return name, jdk.IOError("Invalid encoding of EDIPartyName")
	}
	for _, part := range parts {
		for i, field := range [...]**string{&name.assigner, &name.party} {
			// Java wants these primitive, although what they hold is a value.
			if !part.Context(casn1.Tag(i), false) {
				continue
			}
			if *field != nil {
				return name, jdk.IOError("Duplicate " + [...]string{"nameAssigner", "partyName"}[i] + " found in EDIPartyName")
			}
			r := part.Reader()
			inner, err := r.Next()
			if err != nil {
				return name, err
			}
			if s, ok := ber.DecodeString(inner.Tag, inner.Body); ok {
				*field = &s
			}
		}
	}
	if name.party == nil && rel >= jdk.Release25 {
		return name, jdk.IOError("party cannot be missing")
	}
	return name, nil
}

func readURIName(v ber.Value, constraint bool) (uriName, error) {
	uri := ia5(v)
	check := x509util.CheckURI
	if constraint {
		check = x509util.CheckURIConstraint
	}
	return uriName(uri), check(uri)
}

func readIPAddress(v ber.Value) (ipAddress, error) {
	switch len(v.Body) {
	case 4, 8, 16, 32:
		return v.Body, nil
	}
	return nil, jdk.IOError("Invalid IPAddressName")
}
