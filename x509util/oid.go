package x509util

import (
	"encoding/asn1"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Extensions (RFC 5280, section 4.2).
var (
	oidExtSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidExtKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtSubjectAltName   = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidExtIssuerAltName    = asn1.ObjectIdentifier{2, 5, 29, 18}
	oidExtBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidExtCRLPoints        = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidExtAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidExtExtendedKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidExtAuthorityInfo    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidExtSubjectInfo      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 11}
)

// maxOIDSize is the longest object identifier that Java reads, in octets of
// its content.
const maxOIDSize = 4096

// encodeOID reads a dotted object identifier and returns the content of its
// encoding. Errors are Java's.
func encodeOID(s string) (string, error) {
	var content []byte
	var first int64
	arcs := strings.Split(s, ".")
	for i, text := range arcs {
		arc, err := parseArc(text)
		if err != nil {
			return "", failIO("ObjectIdentifier() -- Invalid format: " + err.Error())
		}
		switch {
		case i == 0:
			if arc.Sign() < 0 || arc.Cmp(big.NewInt(2)) > 0 {
				return "", failIO("ObjectIdentifier() -- First oid component is invalid ")
			}
			first = arc.Int64()
			continue
		case i == 1:
			if arc.Sign() < 0 || first < 2 && arc.Cmp(big.NewInt(39)) > 0 {
				return "", failIO("ObjectIdentifier() -- Second oid component is invalid ")
			}
			arc.Add(arc, big.NewInt(40*first))
		case arc.Sign() < 0:
			return "", failIO("ObjectIdentifier() -- oid component #" + strconv.Itoa(i+1) + " must be non-negative ")
		}
		content = appendBase128(content, arc)
		if len(content) > maxOIDSize {
			return "", failIO("ObjectIdentifier encoded length exceeds the restriction in JDK (OId length(>=): " +
				strconv.Itoa(len(content)) + ", Restriction: " + strconv.Itoa(maxOIDSize) + ")")
		}
	}
	if len(arcs) < 2 {
		return "", failIO("ObjectIdentifier() -- Must be at least two oid components ")
	}
	return string(content), nil
}

// parseArc reads one number of an object identifier, with Java's complaint
// where it is none.
func parseArc(s string) (*big.Int, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if len(s)-len(digits) <= 1 && digits != "" && len(digits) <= 3*maxOIDSize && strings.Trim(digits, "0123456789") == "" {
		arc, _ := new(big.Int).SetString(s, 10)
		return arc, nil
	}
	// Java reads long numbers in groups of nine digits from the right, and
	// complains about the group.
	group := s
	for len(s) > 9 {
		size := (len(s)-1)%9 + 1
		if group = s[:size]; strings.Trim(group, "0123456789") != "" {
			break
		}
		s = s[size:]
		group = s
	}
	return nil, errors.New(`java.lang.NumberFormatException: For input string: "` + group + `"`)
}

func appendBase128(content []byte, arc *big.Int) []byte {
	groups := max(1, (arc.BitLen()+6)/7)
	for i := groups - 1; i >= 0; i-- {
		group := byte(new(big.Int).Rsh(arc, uint(7*i)).Uint64() & 0x7F)
		if i > 0 {
			group |= 0x80
		}
		content = append(content, group)
	}
	return content
}
