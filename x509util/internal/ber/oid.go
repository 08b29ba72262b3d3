package ber

import (
	"errors"
	"math/big"
	"strconv"
	"strings"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// maxOIDSize is the longest object identifier that Java reads, in octets of
// its content.
const maxOIDSize = 4096

// OIDContent reads a dotted object identifier and returns the content of its
// encoding. Errors are Java's.
func OIDContent(s string) (string, error) {
	var content []byte
	var first int64
	arcs := strings.Split(s, ".")
	for i, text := range arcs {
		arc, err := parseArc(text)
		if err != nil {
			return "", jdk.IOError("ObjectIdentifier() -- Invalid format: " + err.Error())
		}
		switch {
		case i == 0:
			if arc.Sign() < 0 || arc.Cmp(big.NewInt(2)) > 0 {
				return "", jdk.IOError("ObjectIdentifier() -- First oid component is invalid ")
			}
			first = arc.Int64()
			continue
		case i == 1:
			if arc.Sign() < 0 || first < 2 && arc.Cmp(big.NewInt(39)) > 0 {
				return "", jdk.IOError("ObjectIdentifier() -- Second oid component is invalid ")
			}
			arc.Add(arc, big.NewInt(40*first))
		case arc.Sign() < 0:
			return "", jdk.IOError("ObjectIdentifier() -- oid component #" + strconv.Itoa(i+1) + " must be non-negative ")
		}
		content = appendBase128(content, arc)
		if len(content) > maxOIDSize {
			return "", jdk.IOError("ObjectIdentifier encoded length exceeds the restriction in JDK (OId length(>=): " +
				strconv.Itoa(len(content)) + ", Restriction: " + strconv.Itoa(maxOIDSize) + ")")
		}
	}
	if len(arcs) < 2 {
		return "", jdk.IOError("ObjectIdentifier() -- Must be at least two oid components ")
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

// OID reads an OBJECT IDENTIFIER as dotted decimal.
func (v Value) OID() (string, error) {
	if v.Tag != casn1.OBJECT_IDENTIFIER {
		return "", jdk.IOError("DerValue.getOID, not an OID " + v.TagText())
	}
	return OIDText(v.Body)
}

// OIDText reads the content of an OBJECT IDENTIFIER as dotted decimal.
func OIDText(b []byte) (string, error) {
	if s := commonOID(b); s != "" {
		return s, nil
	}
	if len(b) > maxOIDSize {
		return "", jdk.IOError("ObjectIdentifier encoded length exceeds the restriction in JDK (OId length(>=): " +
			strconv.Itoa(len(b)) + ", Restriction: " + strconv.Itoa(maxOIDSize) + ")")
	}
	if len(b) < 1 || b[len(b)-1]&0x80 != 0 {
		return "", jdk.IOError("ObjectIdentifier() -- Invalid DER encoding, not ended")
	}
	var short [32]byte // enough for most
	dst := short[:0]
	arc, first := uint64(0), true
	start := 0
	for i, x := range b {
		if i == start && x == 0x80 {
			return "", jdk.IOError("ObjectIdentifier() -- Invalid DER encoding, useless extra octet detected")
		}
		arc = arc<<7 | uint64(x&0x7f)
		if x&0x80 != 0 {
			continue
		}
		switch {
		case i-start >= 9: // beyond 63 bits, as in 2.25.UUID
			dst = appendLongArc(dst, b[start:i+1], first)
		case !first:
			dst = strconv.AppendUint(append(dst, '.'), arc, 10)
		case arc >= 80:
			dst = strconv.AppendUint(append(dst, "2."...), arc-80, 10)
		default:
			dst = append(dst, byte('0'+arc/40), '.')
			dst = strconv.AppendUint(dst, arc%40, 10)
		}
		arc, first, start = 0, false, i+1
	}
	return string(dst), nil
}

// commonOID returns as text what nearly every certificate has, which thus takes
// no memory; "" for any other.
func commonOID(b []byte) string {
	switch string(b) {
	case "\x55\x04\x03":
		return "2.5.4.3" // commonName
	case "\x55\x04\x06":
		return "2.5.4.6" // countryName
	case "\x55\x04\x07":
		return "2.5.4.7" // localityName
	case "\x55\x04\x08":
		return "2.5.4.8" // stateOrProvinceName
	case "\x55\x04\x0a":
		return "2.5.4.10" // organizationName
	case "\x55\x04\x0b":
		return "2.5.4.11" // organizationalUnitName
	case "\x55\x1d\x0e":
		return "2.5.29.14" // subjectKeyIdentifier
	case "\x55\x1d\x0f":
		return "2.5.29.15" // keyUsage
	case "\x55\x1d\x11":
		return "2.5.29.17" // subjectAltName
	case "\x55\x1d\x13":
		return "2.5.29.19" // basicConstraints
	case "\x55\x1d\x1f":
		return "2.5.29.31" // cRLDistributionPoints
	case "\x55\x1d\x20":
		return "2.5.29.32" // certificatePolicies
	case "\x55\x1d\x23":
		return "2.5.29.35" // authorityKeyIdentifier
	case "\x55\x1d\x25":
		return "2.5.29.37" // extKeyUsage
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01":
		return "1.2.840.113549.1.1.1" // rsaEncryption
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05":
		return "1.2.840.113549.1.1.5" // SHA1withRSA
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b":
		return "1.2.840.113549.1.1.11" // SHA256withRSA
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c":
		return "1.2.840.113549.1.1.12" // SHA384withRSA
	case "\x2a\x86\x48\xce\x3d\x02\x01":
		return "1.2.840.10045.2.1" // ecPublicKey
	case "\x2a\x86\x48\xce\x3d\x03\x01\x07":
		return "1.2.840.10045.3.1.7" // secp256r1
	case "\x2b\x81\x04\x00\x22":
		return "1.3.132.0.34" // secp384r1
	case "\x2a\x86\x48\xce\x3d\x04\x03\x02":
		return "1.2.840.10045.4.3.2" // SHA256withECDSA
	case "\x2a\x86\x48\xce\x3d\x04\x03\x03":
		return "1.2.840.10045.4.3.3" // SHA384withECDSA
	}
	return ""
}

func appendLongArc(dst, b []byte, first bool) []byte {
	// The groups of seven bits, from the last, are packed into octets: shifting the
	// number for each would take the square of their count.
	packed := make([]byte, (7*len(b)+7)/8)
	bits, have, at := uint(0), 0, len(packed)
	for i := len(b) - 1; i >= 0; i-- {
		bits |= uint(b[i]&0x7f) << have
		for have += 7; have >= 8; have -= 8 {
			at--
			packed[at] = byte(bits)
			bits >>= 8
		}
	}
	if have > 0 {
		at--
		packed[at] = byte(bits)
	}
	n := new(big.Int).SetBytes(packed[at:])
	if first {
		n.Sub(n, big.NewInt(80))
		dst = append(dst, '2')
	}
	return n.Append(append(dst, '.'), 10)
}
