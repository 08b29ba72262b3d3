package keytool

import (
	"net/netip"
	"strconv"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// generalNames appends a GeneralNames as Java lists are printed.
func (t *text) generalNames(v ber.Value) error {
	return t.eachGeneralName(v, "[", ", ", "]")
}

// eachGeneralName appends the names of a GeneralNames with text before,
// between and after them.
func (t *text) eachGeneralName(v ber.Value, before, between, after string) error {
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("Invalid encoding for GeneralNames.")
	}
	r := v.Reader()
	if r.Empty() {
		return jdk.IOError("No data available in passed DER encoded value.")
	}
	t.add(before)
	for i := 0; !r.Empty(); i++ {
		name, err := r.Next()
		if err != nil {
			return err
		}
		if i > 0 {
			t.add(between)
		}
		if err := t.generalName(name, false); err != nil {
			return err
		}
	}
	t.add(after)
	return nil
}

// generalName appends a GeneralName (RFC 5280, 4.2.1.6). Those of a name
// constraint have URIs without a scheme.
func (t *text) generalName(v ber.Value, constraint bool) error {
	number := v.Tag & 0x1f
	primitive := v.Context(number, false)
	constructed := v.Context(number, true)
	switch number {
	case 0:
		if !constructed {
			return jdk.IOError("Invalid encoding of Other-Name")
		}
		return t.otherName(v)
	case 1:
		if !primitive {
			return jdk.IOError("Invalid encoding of RFC822 name")
		}
		return t.rfc822Name(ia5(v))
	case 2:
		if !primitive {
			return jdk.IOError("Invalid encoding of DNSName")
		}
		t.add("DNSName: ")
		t.untrusted(ia5(v))
	case 3:
		if !constructed {
			return jdk.IOError("Invalid encoding of X400Address name")
		}
		t.add("X400Address: <DER-encoded value>")
	case 4:
		if !constructed {
			return jdk.IOError("Invalid encoding of Directory name")
		}
		return t.directoryName(v.Reader())
	case 5:
		if !constructed {
			return jdk.IOError("Invalid encoding of EDI name")
		}
		return t.ediPartyName(v)
	case 6:
		if !primitive {
			return jdk.IOError("Invalid encoding of URI")
		}
		uri := ia5(v)
		check := x509util.CheckURI
		if constraint {
			check = x509util.CheckURIConstraint
		}
		if err := check(uri); err != nil {
			return err
		}
		t.add("URIName: ")
		t.untrusted(uri)
	case 7:
		if !primitive {
			return jdk.IOError("Invalid encoding of IP address")
		}
		return t.ipAddress(v.Body)
	case 8:
		if !primitive {
			return jdk.IOError("Invalid encoding of OID name")
		}
		oid, err := ber.OIDText(v.Body)
		if err != nil {
			return err
		}
		t.add("OIDName: ")
		t.add(oid)
	default:
		return jdk.IOError("Unrecognized GeneralName tag, (" + strconv.Itoa(int(number)) + ")")
	}
	return nil
}

// ia5 decodes an IA5String as Java does, each octet beyond ASCII as U+FFFD.
func ia5(v ber.Value) string {
	s, _ := ber.DecodeString(casn1.IA5String, v.Body)
	return s
}

func (t *text) directoryName(r ber.Reader) error {
	name, err := x509util.ReadJavaName(&r)
	if err != nil {
		return err
	}
	t.untrusted(name.String())
	return nil
}

// relativeName appends a RelativeDistinguishedName given by its content.
func (t *text) relativeName(body []byte) error {
	set := ber.AppendHeader(nil, casn1.SET, len(body))
	set = append(set, body...)
	return t.directoryName(ber.Reader{Rest: append(ber.AppendHeader(nil, casn1.SEQUENCE, len(set)), set...)})
}

func (t *text) rfc822Name(name string) error {
	if name == "" {
		return jdk.IOError("RFC822Name may not be null or empty")
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
		return jdk.IOError("RFC822Name may not end with @")
	case ".":
		return jdk.IOError("RFC822Name domain may not be just .")
	}
	t.add("RFC822Name: ")
	t.untrusted(name)
	return nil
}

func (t *text) otherName(v ber.Value) error {
	r := v.Reader()
	id, err := r.Next()
	if err != nil {
		return err
	}
	oid, err := id.OID()
	if err != nil {
		return err
	}
	value, err := r.Next()
	if err != nil {
		return err
	}
	if !value.Context(0, true) && t.rel >= jdk.Release25 {
		return jdk.IOError("value is not EXPLICTly tagged [0]") // so spelt by Java
	}
	t.add("Other-Name: Unrecognized ObjectIdentifier: ")
	t.add(oid)
	return nil
}

func (t *text) ediPartyName(v ber.Value) error {
	parts, err := v.Reader().All()
	if err != nil {
		return err
	}
	if len(parts) < 1 || len(parts) > 2 {
		return jdk.IOError("Invalid encoding of EDIPartyName")
	}
	var names [2]*string
	for _, part := range parts {
		for i, what := range [...]string{"nameAssigner", "partyName"} {
			// Java wants these primitive, although what they hold is a value.
			if !part.Context(casn1.Tag(i), false) {
				continue
			}
			if names[i] != nil {
				return jdk.IOError("Duplicate " + what + " found in EDIPartyName")
			}
			r := part.Reader()
			inner, err := r.Next()
			if err != nil {
				return err
			}
			if s, ok := ber.DecodeString(inner.Tag, inner.Body); ok {
				names[i] = &s
			}
		}
	}
	if names[1] == nil && t.rel >= jdk.Release25 {
		return jdk.IOError("party cannot be missing")
	}
	t.add("EDIPartyName: ")
	if names[0] != nil {
		t.add("  nameAssigner = ")
		t.untrusted(*names[0])
		t.add(",")
	}
	t.add("  partyName = ")
	if names[1] == nil {
		t.add("null")
	} else {
		t.untrusted(*names[1])
	}
	return nil
}

// ipAddress appends an address, or a network with its mask (IPv4) or the
// length of its prefix (IPv6).
func (t *text) ipAddress(b []byte) error {
	switch len(b) {
	case 4, 8:
		t.add("IPAddress: ")
		t.ipv4(b[:4])
		if len(b) == 8 {
			t.add("/")
			t.ipv4(b[4:])
		}
		return nil
	case 16, 32:
		t.add("IPAddress: ")
		start := len(t.buf)
		t.ipv6(b[:16])
		if len(b) == 16 {
			return nil
		}
		prefix := 0
		for prefix < 128 && ber.BitSet(b[16:], 128, prefix) {
			prefix++
		}
		for i := prefix; i < 128; i++ {
			if ber.BitSet(b[16:], 128, i) { // Java shows what it can't name
				t.buf = t.buf[:start]
				t.hexDump(b)
				return nil
			}
		}
		t.add("/")
		t.int(prefix)
		return nil
	}
	return jdk.IOError("Invalid IPAddressName")
}

func (t *text) ipv4(b []byte) { t.buf = netip.AddrFrom4([4]byte(b)).AppendTo(t.buf) }

// ipv6 appends eight groups without "::", as Java's Inet6Address does; an IPv4
// address within IPv6 as the IPv4 address, as InetAddress.getByAddress does.
func (t *text) ipv6(b []byte) {
	if a := netip.AddrFrom16([16]byte(b)); a.Is4In6() {
		t.buf = a.Unmap().AppendTo(t.buf)
		return
	}
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			t.add(":")
		}
		t.buf = strconv.AppendUint(t.buf, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
}
