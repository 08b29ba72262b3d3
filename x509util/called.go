package x509util

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Called is what people call a certificate: its subject as keytool writes it;
// of one that has none, as certificates for servers may, its alternative names,
// or else its serial number. It is not for keytool's own output.
func (c *Certificate) Called() string {
	if !c.Subject.IsEmpty() {
		return c.Subject.String()
	}
	switch names := c.AlternativeNames(); {
	case len(names) > 2:
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	case len(names) > 0:
		return strings.Join(names, ", ")
	}
	return c.serialName()
}

// Label is what the certificate's holder is called in short: its subject's
// Label, else its first alternative name. Where it has neither, it is the serial
// number if there is no subject, and empty if there is one.
func (c *Certificate) Label() string {
	if label := c.Subject.Label(); label != "" {
		return label
	}
	if names := c.AlternativeNames(); len(names) > 0 {
		_, name, _ := strings.Cut(names[0], ":")
		return name
	}
	if !c.Subject.IsEmpty() {
		return ""
	}
	return c.serialName()
}

func (c *Certificate) serialName() string {
	if c.Serial == nil {
		return "a certificate without a name"
	}
	return "serial " + c.Serial.Text(16)
}

// AlternativeNames are the names of subjectAltName; see the function of that
// name.
func (c *Certificate) AlternativeNames() []string {
	if e := c.Extension(oidExtSubjectAltName.String()); e != nil {
		return AlternativeNames(e.Value)
	}
	return nil
}

// AlternativeNames are names (RFC 5280, section 4.2.1.6) as -ext takes them; of
// kinds that it does not know there is the tag's number.
func AlternativeNames(der []byte) (names []string) {
	input := cryptobyte.String(der)
	var list cryptobyte.String
	if !input.ReadASN1(&list, cbasn1.SEQUENCE) {
		return nil
	}
	for !list.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !list.ReadAnyASN1(&value, &tag) {
			return names
		}
		switch number := byte(tag) & 0x1f; number {
		case 1:
			names = append(names, "email:"+string(value))
		case 2:
			names = append(names, "dns:"+string(value))
		case 4:
			if name, err := ParseName(value); err == nil {
				names = append(names, "dirname:"+name.String())
			}
		case 6:
			names = append(names, "uri:"+string(value))
		case 7:
			if ip, ok := netip.AddrFromSlice(value); ok {
				names = append(names, "ip:"+ip.String())
			}
		default:
			names = append(names, "other:"+strconv.Itoa(int(number)))
		}
	}
	return names
}
