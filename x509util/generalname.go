package x509util

import (
	"net/netip"
	"strconv"
	"strings"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// HostName is a host as -ext names it among the alternative names: "dns:" and a
// name, or "ip:" and an address.
func HostName(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return "ip:" + host
	}
	return "dns:" + host
}

var generalNameTypes = [...]string{"EMAIL", "URI", "DNS", "IP", "OID"}

// generalName encodes a GeneralName (RFC 5280, 4.2.1.6) after Java's checks,
// which are lax about mail addresses and strict about DNS names.
func generalName(kind, value string, wildcards bool) ([]byte, error) {
	i, err := oneOf(kind, generalNameTypes[:]...)
	if err != nil {
		return nil, err
	}
	var content string
	var tag casn1.Tag
	switch i {
	case 0:
		tag, content, err = 1, asciiOnly(value), checkMail(value)
	case 1:
		tag, content, err = 6, escapeNonASCII(value), CheckURI(value)
	case 2:
		tag, content, err = 2, value, checkDNSName(value, wildcards)
	case 3:
		tag = 7
		content, err = encodeIP(value)
	case 4:
		tag = 8
		if content, err = ber.OIDContent(value); err != nil {
			err = jdk.IOError("Unable to create OIDName: java.io.IOException: " + err.Error())
		}
	default:
		err = jdk.PlainError("Unrecognized GeneralName type: " + kind)
	}
	if err != nil {
		return nil, err
	}
	return ber.Encode(ber.Implicit(tag), content), nil
}

func checkMail(s string) error {
	domain := s[strings.Index(s, "@")+1:]
	switch {
	case s == "":
		return jdk.IOError("RFC822Name may not be null or empty")
	case domain == "":
		return jdk.IOError("RFC822Name may not end with @")
	case domain == ".":
		return jdk.IOError("RFC822Name domain may not be just .")
	}
	return nil
}

// checkDNSName wants letters, digits and hyphens between dots; where wildcards
// are allowed the first component may be an asterisk.
func checkDNSName(s string, wildcards bool) error {
	switch {
	case s == "":
		return jdk.IOError("DNSName must not be null or empty")
	case strings.Contains(s, " "):
		return jdk.IOError("DNSName with blank components is not permitted")
	case s[0] == '.' || s[len(s)-1] == '.':
		return jdk.IOError("DNSName may not begin or end with a .")
	}
	wildcard := wildcards && len(s) >= 3 && s[:2] == "*." && isAlphanumeric(s[2])
	for component := range strings.SplitSeq(s, ".") {
		switch {
		case component == "":
			return jdk.IOError("DNSName with empty components are not permitted")
		case isAlphanumeric(component[0]) || wildcard:
		case wildcards:
			return jdk.IOError("DNSName components must begin with a letter, digit, " +
				"or the first component can have only a wildcard character *")
		default:
			return jdk.IOError("DNSName components must begin with a letter or digit")
		}
		for i := 1; i < len(component); i++ {
			if !isAlphanumeric(component[i]) && component[i] != '-' {
				return jdk.IOError("DNSName components must consist of letters, digits, and hyphens")
			}
		}
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// encodeIP returns the octets of an address, with those of a mask behind it
// where one follows after a slash. keytool would look up anything else as a
// host name; here that is an unknown host.
func encodeIP(s string) (string, error) {
	switch {
	case s == "":
		return "", jdk.IOError("IPAddress cannot be null or empty")
	case strings.HasSuffix(s, "/") || !strings.ContainsAny(s, ".:"):
		return "", jdk.IOError("Invalid IPAddress: " + s)
	}
	base, mask, masked := strings.Cut(s, "/")
	address, err := parseIP(base)
	if err != nil || !masked {
		return address, err
	}
	if !strings.Contains(s, ":") {
		bits, err := parseIP(mask)
		if err != nil || len(bits) != 4 || len(address) != 4 {
			return "", unknownHost(mask)
		}
		return address + bits, nil
	}
	length, err := jdk.ParseInt(mask)
	if err != nil {
		return "", err
	}
	if length < 0 || length > 128 {
		return "", jdk.IOError("IPv6Address prefix length (" + strconv.Itoa(length) + ") in out of valid range [0,128]")
	}
	octets := make([]byte, 32)
	copy(octets, address)
	for i := range length {
		octets[16+i/8] |= 0x80 >> (i % 8)
	}
	return string(octets), nil
}

func unknownHost(s string) error {
	return &jdk.Error{Class: "java.net.UnknownHostException", Text: s + ": Name or service not known"}
}

// parseIP reads an address as Java's InetAddress does: four numbers or fewer
// with dots, the last of which then fills the rest; or IPv6, where one that
// maps IPv4 becomes that, a zone is dropped and brackets may stand around it.
func parseIP(s string) (string, error) {
	text := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && strings.Contains(s, ":") {
		text = s[1 : len(s)-1]
	}
	if strings.Contains(text, ":") {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return "", unknownHost(s)
		}
		return string(address.WithZone("").Unmap().AsSlice()), nil
	}
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return "", unknownHost(s)
	}
	var octets [4]byte
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, err := strconv.ParseUint(part, 10, bits)
		if err != nil {
			return "", unknownHost(s)
		}
		if i < len(parts)-1 {
			octets[i] = byte(n)
			continue
		}
		for j := 3; j >= i; j-- {
			octets[j] = byte(n)
			n >>= 8
		}
	}
	return string(octets[:]), nil
}

// escapeNonASCII writes what is beyond ASCII as %XX, as java.net.URI does.
func escapeNonASCII(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + digits[c>>4:c>>4+1] + digits[c&15:c&15+1])
		}
	}
	return b.String()
}
