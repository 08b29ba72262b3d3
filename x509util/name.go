package x509util

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/unicode/norm"

	"gokeytool/internal/javastring"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// Name is a distinguished name (RFC 5280, section 4.1.2.4). It keeps the DER
// it was read from or made as. The zero Name is the empty name.
type Name struct {
	der  []byte
	rdns []rdn // most significant first
}

// An rdn is a set of attributes, in the order of the encoding or, of what
// ParseDName has read, in that of the text.
type rdn []attribute

type attribute struct {
	oid   string // content of the OBJECT IDENTIFIER, which is valid
	value ber.Value
}

// A keyword names an attribute type in text.
type keyword struct {
	text    string
	oid     string // content of the OBJECT IDENTIFIER
	rfc2253 bool   // one of those of RFC 2253, which count in comparing
}

// The attribute types as contents of OBJECT IDENTIFIERs.
const (
	attrCommonName      = "\x55\x04\x03"                             // 2.5.4.3
	attrOrganization    = "\x55\x04\x0a"                             // 2.5.4.10
	attrOrgUnit         = "\x55\x04\x0b"                             // 2.5.4.11
	attrEmailAddress    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"     // 1.2.840.113549.1.9.1
	attrDomainComponent = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" // 0.9.2342.19200300.100.1.25
)

// keywords are those that Java reads and writes. Of several for one attribute
// type the first is written.
var keywords = [...]keyword{
	{"CN", attrCommonName, true},
	{"C", "\x55\x04\x06", true},
	{"L", "\x55\x04\x07", true},
	{"ST", "\x55\x04\x08", true},
	{"S", "\x55\x04\x08", true},
	{"O", "\x55\x04\x0a", true},
	{"OU", "\x55\x04\x0b", true},
	{"T", "\x55\x04\x0c", false},
	{"IP", "\x2b\x06\x01\x04\x01\x2a\x02\x0b\x02\x01", false}, // 1.3.6.1.4.1.42.2.11.2.1, of SKIP
	{"STREET", "\x55\x04\x09", true},
	{"DC", attrDomainComponent, true},
	{"DNQ", "\x55\x04\x2e", false},
	{"DNQUALIFIER", "\x55\x04\x2e", false},
	{"SURNAME", "\x55\x04\x04", false},
	{"GIVENNAME", "\x55\x04\x2a", false},
	{"INITIALS", "\x55\x04\x2b", false},
	{"GENERATION", "\x55\x04\x2c", false},
	{"EMAILADDRESS", attrEmailAddress, false},
	{"EMAIL", attrEmailAddress, false},
	{"UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", true}, // 0.9.2342.19200300.100.1.1
	{"SERIALNUMBER", "\x55\x04\x05", false},
}

// ParseName reads a DER-encoded name. Values may be of any type and hold any
// bytes; only the structure has to be right.
func ParseName(der []byte) (Name, error) {
	sequence, err := ber.Parse(der)
	if err != nil {
		return Name{}, err
	}
	if sequence.Tag != casn1.SEQUENCE {
		return Name{}, jdk.IOError("Sequence tag error")
	}
	n, err := readName(sequence)
	n.der = der
	return n, err
}

func readName(sequence ber.Value) (n Name, err error) {
	if err := ber.WellFormed(sequence); err != nil {
		return Name{}, err
	}
	for sets := sequence.Reader(); len(sets.Rest) > 0; {
		set, _ := sets.Next()
		if set.Tag != casn1.SET {
			return Name{}, jdk.IOError("X500 RDN")
		}
		set = set.Standalone()
		if err := ber.WellFormed(set); err != nil {
			return Name{}, err
		}
		var r rdn
		for parts := set.Reader(); len(parts.Rest) > 0; {
			sequence, _ := parts.Next()
			a, err := readAttribute(sequence)
			if err != nil {
				return Name{}, err
			}
			r = append(r, a)
		}
		n.rdns = append(n.rdns, r)
	}
	return n, nil
}

func readAttribute(sequence ber.Value) (attribute, error) {
	if sequence.Tag != casn1.SEQUENCE {
		return attribute{}, jdk.IOError("AVA not a sequence")
	}
	parts := sequence.Reader()
	oid, err := parts.Next()
	if err != nil {
		return attribute{}, err
	}
	if _, err = oid.OID(); err != nil {
		return attribute{}, err
	}
	value, err := parts.Next()
	if err != nil {
		return attribute{}, err
	}
	if !parts.Empty() {
		return attribute{}, jdk.IOError("AVA, extra bytes = " + strconv.Itoa(len(parts.Rest)))
	}
	return attribute{string(oid.Body), value}, nil
}

// DER returns the encoded name.
func (n Name) DER() []byte {
	if n.der == nil {
		return []byte{0x30, 0}
	}
	return n.der
}

// IsEmpty reports whether the name has no attributes.
func (n Name) IsEmpty() bool {
	return !slices.ContainsFunc(n.rdns, func(r rdn) bool { return len(r) > 0 })
}

// CommonName returns the CN that stands first in text, or "" where there is
// none.
func (n Name) CommonName() string { return n.first(attrCommonName) }

// Label returns what people call the holder of the name: its CN, else its OU,
// else its O, or "" where there is none of them.
func (n Name) Label() string {
	for _, oid := range []string{attrCommonName, attrOrgUnit, attrOrganization} {
		if s := n.first(oid); s != "" {
			return s
		}
	}
	return ""
}

// first returns the attribute of that kind that stands first in text.
func (n Name) first(oid string) string {
	for _, r := range slices.Backward(n.rdns) {
		for _, a := range r {
			if a.oid == oid {
				s, _ := a.text()
				return s
			}
		}
	}
	return ""
}

// String returns the name as Java's X500Name.toString does and keytool prints
// it: least significant part first, "CN=Duke, OU=Java, O=\"Example, Inc.\"".
// Attributes without a keyword are written "OID.2.5.4.17=...", values that are
// not strings as '#' and the hex digits of their DER.
func (n Name) String() string {
	var b strings.Builder
	for i, r := range slices.Backward(n.rdns) {
		if i < len(n.rdns)-1 {
			b.WriteString(", ")
		}
		for j, a := range r {
			if j > 0 {
				b.WriteString(" + ")
			}
			a.write(&b)
		}
	}
	return b.String()
}

func (a attribute) write(b *strings.Builder) {
	if k := keywordOf(a.oid); k != nil {
		b.WriteString(k.text)
	} else {
		b.WriteString("OID.")
		b.WriteString(a.dotted())
	}
	b.WriteByte('=')
	text, ok := a.text()
	if !ok {
		b.WriteByte('#')
		b.WriteString(hex.EncodeToString(a.value.Full))
		return
	}
	quoted, needed := quote(text)
	if needed {
		b.WriteByte('"')
		b.WriteString(quoted)
		b.WriteByte('"')
	} else {
		b.WriteString(quoted)
	}
}

// quote escapes quotation marks and backslashes, and says whether the value
// has to stand in quotation marks: where there are separators, blanks at
// either end or several together. A value that begins and ends with a
// quotation mark counts as quoted already.
func quote(s string) (escaped string, needed bool) {
	quoted := len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"'
	var b strings.Builder
	wasBlank := false
	for i, c := range s {
		if quoted && (i == 0 || i == len(s)-1) {
			b.WriteRune(c)
			continue
		}
		blank := c == ' ' || c == '\n'
		if strings.ContainsRune(",+=\n<>#;\\\"", c) || blank && (wasBlank || i == 0) {
			needed = true
		}
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		wasBlank = blank
		b.WriteRune(c)
	}
	return b.String(), (needed || wasBlank) && !quoted
}

// text returns the value as Java decodes it: what a charset can't decode
// becomes U+FFFD. It is not ok for values that are not strings.
func (a attribute) text() (s string, ok bool) {
	return ber.DecodeString(a.value.Tag, a.value.Body)
}

// Equal reports whether two names are equal as Java's X500Name.equals has it:
// the parts of one are those of the other, in their order; values of RFC 2253
// attributes that are PrintableString or UTF8String are compared ignoring
// case, blanks at the ends, the number of blanks between words and Unicode's
// compatibility forms, all others byte for byte.
func (n Name) Equal(o Name) bool {
	return len(n.rdns) == len(o.rdns) && n.Within(o)
}

// Key is the same text for names that are Equal, and another for others.
func (n Name) Key() string {
	var b strings.Builder
	for _, r := range n.rdns {
		for _, text := range r.canonical() {
			b.WriteString(strconv.Itoa(len(text)) + ":" + text + "+")
		}
		b.WriteByte(',')
	}
	return b.String()
}

// Within reports whether a name is o or stands below it in the directory: it
// begins with the parts of o, which are compared as by Equal.
func (n Name) Within(o Name) bool {
	if len(n.rdns) < len(o.rdns) {
		return false
	}
	for i := range o.rdns {
		if len(n.rdns[i]) != len(o.rdns[i]) || !slices.Equal(n.rdns[i].canonical(), o.rdns[i].canonical()) {
			return false
		}
	}
	return true
}

// Values are the values of the attributes of a type, given as "2.5.4.3", in the
// order of the encoding.
func (n Name) Values(oid string) (values []string) {
	for _, r := range n.rdns {
		for _, a := range r {
			if a.dotted() == oid {
				text, _ := a.text()
				values = append(values, text)
			}
		}
	}
	return values
}

// canonical returns what is compared of each attribute, sorted: those of RFC 2253 come
// first.
func (r rdn) canonical() []string {
	var known, others []string
	for _, a := range r {
		if k := keywordOf(a.oid); k != nil && k.rfc2253 {
			known = append(known, a.canonical())
		} else {
			others = append(others, a.canonical())
		}
	}
	slices.SortFunc(known, javastring.Compare)
	slices.SortFunc(others, javastring.Compare)
	return append(known, others...)
}

// Canonical returns the name as Java's X500Principal.getName(CANONICAL) does: least
// significant part first, "cn=duke,o=example\\, inc.". Names that are Equal have the same.
func (n Name) Canonical() string {
	parts := make([]string, 0, len(n.rdns))
	for _, r := range slices.Backward(n.rdns) {
		parts = append(parts, strings.Join(r.canonical(), "+"))
	}
	return strings.Join(parts, ",")
}

// dotted returns the attribute's type as "2.5.4.3".
func (a attribute) dotted() string {
	s, _ := ber.OIDText([]byte(a.oid))
	return s
}

// canonical returns the attribute as Java compares it (AVA.toRFC2253CanonicalString).
func (a attribute) canonical() string {
	k := keywordOf(a.oid)
	if k == nil || !k.rfc2253 {
		return a.dotted() + "=#" + hex.EncodeToString(a.value.Full)
	}
	if a.value.Tag != casn1.PrintableString && a.value.Tag != casn1.UTF8String {
		return strings.ToLower(k.text) + "=#" + hex.EncodeToString(a.value.Full)
	}
	text := ber.DecodeBytes(a.value.Body, 0xFF) // here, not in text, Java takes a PrintableString for Latin-1
	if a.value.Tag == casn1.UTF8String {
		text, _ = a.text()
	}
	var b strings.Builder
	wasBlank := false
	for i, c := range text {
		if i == 0 && c == '#' || strings.ContainsRune(",+<>;\"\\", c) {
			b.WriteByte('\\')
		}
		if c != ' ' || !wasBlank {
			b.WriteRune(c)
		}
		wasBlank = c == ' '
	}
	folded := javastring.Lower(strings.ReplaceAll(strings.ToUpper(k.text+"="+javaTrim(b.String())), "ß", "SS"))
	return norm.NFKD.String(folded)
}

// javaTrim is Java's String.trim: blanks and control characters go.
func javaTrim(s string) string {
	return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' })
}

func keywordOf(oid string) *keyword {
	for i := range keywords {
		if keywords[i].oid == oid {
			return &keywords[i]
		}
	}
	return nil
}

// ReadJavaName reads a name as X500Name does. Where no sequence follows, that
// takes all the rest for the content of one.
func ReadJavaName(r *ber.Reader) (Name, error) {
	rest := *r
	v, err := r.Next()
	if err == nil {
		err = ber.WellFormed(v)
	}
	if err != nil || v.Tag != casn1.SEQUENCE {
		v = rest.AsValue(casn1.SEQUENCE)
	}
	n, err := readName(v)
	if err != nil {
		return Name{}, err
	}
	return n, n.checkBMPStrings()
}

// checkBMPStrings returns Java's error where a BMPString holds a surrogate
// pair: it is a string of UCS-2.
func (n Name) checkBMPStrings() error {
	for _, r := range n.rdns {
		for _, a := range r {
			if a.value.Tag != ber.TagBMPString {
				continue
			}
			for i := 0; i+3 < len(a.value.Body); i += 2 {
				b := a.value.Body[i:]
				if utf16.DecodeRune(rune(b[0])<<8|rune(b[1]), rune(b[2])<<8|rune(b[3])) != '\uFFFD' {
					return jdk.IOError("Illegal character in BMPString, index: " + strconv.Itoa(i/2))
				}
			}
		}
	}
	return nil
}
