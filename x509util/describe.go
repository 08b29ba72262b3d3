package x509util

import (
	"encoding/asn1"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/jsontime"
)

// Description is what a certificate says, in one wording for all releases: the JSON
// of whatever shows certificates to programs, and the words of what shows them to
// people but is not keytool's.
type Description struct {
	Error     string        `json:"error,omitempty"` // why it can't be read; then only SHA256 and Called are set
	Subject   string        `json:"subject"`
	Called    string        `json:"-"` // what people call it: see Certificate.Called
	Issuer    string        `json:"issuer"`
	Serial    string        `json:"serial"` // hexadecimal, as keytool writes it
	NotBefore jsontime.Time `json:"notBefore"`
	NotAfter  jsontime.Time `json:"notAfter"`
	Names     []string      `json:"names"`         // see AlternativeNames; never nil
	Key       string        `json:"key"`           // see Certificate.KeyName
	Signature string        `json:"signature"`     // see Certificate.SigName
	SHA256    string        `json:"sha256"`        // the fingerprint as keytool writes it
	PEM       string        `json:"pem,omitempty"` // set by who shows the whole certificate
}

// Told is what tells a certificate from another of the same name:
// "www.example.com, serial 1f3a, until 2026-11-22 01:09 UTC".
func (d Description) Told() string {
	return fmt.Sprintf("%s, serial %s, until %s", d.Called, d.Serial, Day(d.NotAfter.Time))
}

// Describe describes a certificate in DER, as Encoded has it.
func Describe(der []byte) Description {
	c, err := ParseCertificate(der)
	if err != nil {
		return Description{
			Error: err.Error(), Called: "(unreadable certificate)",
			Names: []string{}, SHA256: Fingerprint(der, "SHA-256"),
		}
	}
	d := Description{
		Subject: c.Subject.String(), Called: c.Called(), Issuer: c.Issuer.String(),
		NotBefore: jsontime.New(c.NotBefore), NotAfter: jsontime.New(c.NotAfter),
		Names: append([]string{}, c.AlternativeNames()...),
		Key:   c.KeyName(), Signature: c.SigName, SHA256: Fingerprint(der, "SHA-256"),
	}
	if c.Serial != nil {
		d.Serial = c.Serial.Text(16)
	}
	return d
}

// DescribeAll describes the certificates of a chain.
func DescribeAll(chain [][]byte) []Description {
	all := make([]Description, len(chain))
	for i, der := range chain {
		all[i] = Describe(der)
	}
	return all
}

// ExtensionsDescription is what the extensions of a certificate or a request say,
// for programs: those that they ask for in words, and all of them. What can't be
// read is in the list of all, and nowhere else. No list is nil.
type ExtensionsDescription struct {
	CA               bool                   `json:"ca"`
	PathLength       *int                   `json:"pathLength,omitempty"`
	KeyUsage         []string               `json:"keyUsage"`         // see KeyUsages
	ExtendedKeyUsage []string               `json:"extendedKeyUsage"` // see ExtendedKeyUsages
	Extensions       []ExtensionDescription `json:"extensions"`
}

// ExtensionDescription is an extension for programs.
type ExtensionDescription struct {
	OID      string `json:"oid"` // dotted
	Critical bool   `json:"critical"`
	Value    []byte `json:"value"` // DER, in Base64
}

// DescribeExtensions describes extensions.
func DescribeExtensions(extensions []Extension) ExtensionsDescription {
	d := ExtensionsDescription{KeyUsage: []string{}, ExtendedKeyUsage: []string{}, Extensions: ListExtensions(extensions)}
	for _, e := range extensions {
		switch e.OID.String() {
		case "2.5.29.15":
			d.KeyUsage = append(d.KeyUsage, KeyUsages(e.Value)...)
		case "2.5.29.19":
			d.CA, d.PathLength, _ = BasicConstraints(e.Value)
		case "2.5.29.37":
			d.ExtendedKeyUsage = append(d.ExtendedKeyUsage, ExtendedKeyUsages(e.Value)...)
		}
	}
	return d
}

// ListExtensions lists extensions for programs; the list is never nil.
func ListExtensions(extensions []Extension) []ExtensionDescription {
	all := []ExtensionDescription{}
	for _, e := range extensions {
		all = append(all, ExtensionDescription{e.OID.String(), e.Critical, e.Value})
	}
	return all
}

// KeyUsages reads the value of a KeyUsage extension (RFC 5280, section 4.2.1.3), in
// the words that -ext takes; nil where it can't be read.
func KeyUsages(der []byte) (names []string) {
	var bits asn1.BitString
	if rest, err := asn1.Unmarshal(der, &bits); err != nil || len(rest) > 0 {
		return nil
	}
	for i, name := range keyUsages[:len(keyUsages)-1] { // the last is another word for the second
		if bits.At(i) == 1 {
			names = append(names, name)
		}
	}
	return names
}

// ExtendedKeyUsages reads the value of an ExtendedKeyUsage extension (RFC 5280,
// section 4.2.1.12), in the words that -ext takes, other purposes by their OIDs; nil
// where it can't be read.
func ExtendedKeyUsages(der []byte) (names []string) {
	var purposes []asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(der, &purposes); err != nil || len(rest) > 0 {
		return nil
	}
	for _, oid := range purposes {
		name := oid.String()
		if i := slices.Index(extendedKeyUsageOIDs[:], name); i >= 0 {
			name = extendedKeyUsages[i]
		}
		names = append(names, name)
	}
	return names
}

// IssuerURLs are where the issuer's certificate is offered: caIssuers in
// authorityInfoAccess (RFC 5280, section 4.2.2.1).
func (c *Certificate) IssuerURLs() (urls []string) {
	e := c.Extension(oidExtAuthorityInfo.String())
	if e == nil {
		return nil
	}
	var list cryptobyte.String
	input := cryptobyte.String(e.Value)
	if !input.ReadASN1(&list, casn1.SEQUENCE) {
		return nil
	}
	for !list.Empty() {
		var access, location cryptobyte.String
		var method asn1.ObjectIdentifier
		var tag casn1.Tag
		if !list.ReadASN1(&access, casn1.SEQUENCE) || !access.ReadASN1ObjectIdentifier(&method) || !access.ReadAnyASN1(&location, &tag) {
			return urls
		}
		if method.String() == "1.3.6.1.5.5.7.48.2" && tag == casn1.Tag(6).ContextSpecific() {
			urls = append(urls, string(location))
		}
	}
	return urls
}

// revocationReasons are the values of CRLReason (RFC 5280, section 5.3.1).
var revocationReasons = [...]string{0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise"}

// Reason is why the certificate was revoked, in the words of RFC 5280, section
// 5.3.1; empty if that is not said.
func (r *RevokedCertificate) Reason() string {
	for _, e := range r.Extensions {
		var reason int
		input := cryptobyte.String(e.Value)
		if e.OID.String() == "2.5.29.21" && input.ReadASN1Enum(&reason) && 0 <= reason && reason < len(revocationReasons) {
			return revocationReasons[reason]
		}
	}
	return ""
}

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
func (c *Certificate) AlternativeNames() []string { return ExtensionNames(c.Extensions) }

// ExtensionNames are the names of subjectAltName among extensions; see
// AlternativeNames.
func ExtensionNames(extensions []Extension) (names []string) {
	for _, e := range extensions {
		if e.OID.Equal(oidExtSubjectAltName) {
			names = append(names, AlternativeNames(e.Value)...)
		}
	}
	return names
}

// AlternativeNames are names (RFC 5280, section 4.2.1.6) as -ext takes them; of
// kinds that it does not know there is the tag's number.
func AlternativeNames(der []byte) (names []string) {
	input := cryptobyte.String(der)
	var list cryptobyte.String
	if !input.ReadASN1(&list, casn1.SEQUENCE) {
		return nil
	}
	for !list.Empty() {
		var value cryptobyte.String
		var tag casn1.Tag
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
