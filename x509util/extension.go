package x509util

import (
	"crypto/sha1"
	"encoding/asn1"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// Extension is one X.509 extension (RFC 5280, section 4.2).
type Extension struct {
	OID      asn1.ObjectIdentifier
	Critical bool
	Value    []byte // content of the OCTET STRING
}

// ExtensionContext is what BuildExtensions needs to know beside the -ext values.
type ExtensionContext struct {
	SubjectKey  []byte // SubjectPublicKeyInfo of the subject
	IssuerKey   []byte // SubjectPublicKeyInfo of the issuer; nil when self-signed
	IssuerKeyID []byte // the issuer's key identifier, where its certificate has one
	// Requested are the extensions of a request, which honored= chooses
	// from; nil where there is no request, and honored= then means nothing.
	Requested []Extension
	Existing  []Extension // those of a certificate that is renewed
	Release   jdk.Release
}

// KeyID returns the identifier of a public key, the SHA-1 hash of its bits
// (RFC 5280, 4.2.1.2, method 1).
func KeyID(spki []byte) ([]byte, error) {
	outer, err := ber.Parse(spki)
	if err != nil {
		return nil, err
	}
	parts, err := ber.First(outer, 2)
	if err != nil {
		return nil, err
	}
	bits, _, err := parts[1].Bits()
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(bits)
	return id[:], nil
}

// BuildExtensions makes extensions of the values of keytool's -ext options,
// name{:critical}{=value} each, and adds SubjectKeyIdentifier always and
// AuthorityKeyIdentifier unless self-signed. Of several with one OID the last
// stays: existing ones, the two identifiers, those of honored=, and the -ext
// values in their order. The result is in keytool's order: by dotted OID as
// text. Errors are *jdk.Error with Java's text.
func BuildExtensions(specs []string, ctx ExtensionContext) ([]Extension, error) {
	b := extensionBuilder{found: make(map[string]Extension), rel: ctx.Release}
	for _, e := range ctx.Existing {
		b.set(e)
	}
	id, err := KeyID(ctx.SubjectKey)
	if err != nil {
		return nil, err
	}
	b.set(Extension{oidExtSubjectKeyID, false, ber.Encode(casn1.OCTET_STRING, string(id))})
	if ctx.IssuerKey != nil && string(ctx.IssuerKey) != string(ctx.SubjectKey) {
		id := ctx.IssuerKeyID
		if id == nil {
			if id, err = KeyID(ctx.IssuerKey); err != nil {
				return nil, err
			}
		}
		value := ber.Encode(casn1.SEQUENCE, string(ber.Encode(ber.Implicit(0), string(id))))
		b.set(Extension{oidExtAuthorityKeyID, false, value})
	}
	if ctx.Requested != nil {
		for _, spec := range specs {
			if list, ok := strings.CutPrefix(strings.ToLower(spec), "honored="); ok {
				if err := b.honor(list, ctx.Requested); err != nil {
					return nil, err
				}
				break // only the first counts
			}
		}
	}
	for _, spec := range specs {
		if err := b.add(spec); err != nil {
			return nil, err
		}
	}
	all := make([]Extension, 0, len(b.found))
	for _, oid := range slices.Sorted(maps.Keys(b.found)) {
		all = append(all, b.found[oid])
	}
	return all, nil
}

// An extensionBuilder gathers extensions by dotted OID.
type extensionBuilder struct {
	found map[string]Extension
	rel   jdk.Release
}

func (b *extensionBuilder) set(e Extension) { b.found[e.OID.String()] = e }

// wrapIO is how keytool passes on an IOException met in an extension; other
// errors stay as they are.
func wrapIO(err error) error {
	if e, ok := err.(*jdk.Error); ok && strings.HasPrefix(e.Class, "java.io.") || ok && strings.HasPrefix(e.Class, "java.net.") {
		return &jdk.Error{Class: "java.lang.RuntimeException", Text: e.Class + ": " + e.Text}
	}
	return err
}

// honor takes over requested extensions, or drops them, by a list such as
// "all", "all,-ku" or "bc:critical,san".
func (b *extensionBuilder) honor(list string, requested []Extension) error {
	items := javaSplit(list, ",")
	if slices.Contains(items, "all") {
		for _, e := range requested {
			b.set(e)
		}
	}
	for _, item := range items {
		if item == "all" {
			continue
		}
		name, remove := strings.CutPrefix(item, "-")
		critical := -1
		if !remove {
			var flag string
			var flagged bool
			if name, flag, flagged = strings.Cut(item, ":"); flagged {
				var err error
				if critical, err = oneOf(flag, "non-critical", "critical"); err != nil {
					return err
				}
				if critical < 0 {
					return jdk.PlainError("Illegal value: " + item)
				}
			}
		}
		oid, err := extensionOID(name)
		if err != nil {
			return err
		}
		key := oid.String()
		if remove {
			if _, ok := b.found[key]; !ok {
				return wrapIO(jdk.IOError("No extension found with name " + key))
			}
			delete(b.found, key)
			continue
		}
		i := slices.IndexFunc(requested, func(e Extension) bool { return e.OID.Equal(oid) })
		if i < 0 {
			return b.notRequested(key)
		}
		e := requested[i]
		if critical >= 0 {
			e.Critical = critical == 1
		}
		b.set(e)
	}
	return nil
}

// notRequested is the answer to honoring an extension that the request lacks;
// JDK 25 stumbles over it.
func (b *extensionBuilder) notRequested(oid string) error {
	if b.rel >= jdk.Release25 || b.rel == 0 {
		return &jdk.Error{Class: "java.lang.NullPointerException", Text: `Cannot invoke "sun.security.x509.Extension.isCritical()" because "e" is null`}
	}
	return wrapIO(jdk.IOError("No extension found with name " + oid))
}

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

// extensionNames are the names that -ext knows. Those after the empty one are
// not documented, and never make an abbreviation ambiguous.
var extensionNames = [...]string{
	"BasicConstraints", "KeyUsage", "ExtendedKeyUsage", "SubjectAlternativeName", "IssuerAlternativeName",
	"SubjectInfoAccess", "AuthorityInfoAccess", "", "CRLDistributionPoints",
}

var extensionOIDs = [...]asn1.ObjectIdentifier{
	oidExtBasicConstraints, oidExtKeyUsage, oidExtExtendedKeyUsage, oidExtSubjectAltName, oidExtIssuerAltName,
	oidExtSubjectInfo, oidExtAuthorityInfo, nil, oidExtCRLPoints,
}

// extensionOID returns the OID of an extension named in -ext, which may be the
// OID itself.
func extensionOID(name string) (asn1.ObjectIdentifier, error) {
	i, err := oneOf(name, extensionNames[:]...)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return extensionOIDs[i], nil
	}
	return parseObjectIdentifier(name)
}

// parseObjectIdentifier reads a dotted OID whose numbers fit an int.
func parseObjectIdentifier(s string) (asn1.ObjectIdentifier, error) {
	if _, err := ber.OIDContent(s); err != nil {
		return nil, wrapIO(err)
	}
	var oid asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			return nil, jdk.PlainError("Illegal value: " + s)
		}
		oid = append(oid, n)
	}
	return oid, nil
}

// add makes one extension of a value of -ext.
func (b *extensionBuilder) add(spec string) error {
	name, value, hasValue := strings.Cut(spec, "=")
	name, flag, flagged := strings.Cut(name, ":")
	critical := false
	if flagged {
		i, err := oneOf(flag, "critical")
		if err != nil {
			return err
		}
		critical = i == 0 // anything else is ignored
	}
	if strings.EqualFold(name, "honored") {
		return nil
	}
	i, err := oneOf(name, extensionNames[:]...)
	if err != nil {
		return err
	}
	if i < 0 {
		return b.addRaw(spec, name, value, critical)
	}
	illegal := jdk.PlainError("Illegal value: " + spec)
	if hasValue && value == "" && (b.rel >= jdk.Release25 || b.rel == 0) {
		return illegal
	}
	oid := extensionOIDs[i]
	var der []byte
	switch {
	case oid.Equal(oidExtBasicConstraints):
		der, err = basicConstraints(spec, value, hasValue)
	case !hasValue && (oid.Equal(oidExtSubjectInfo) || oid.Equal(oidExtAuthorityInfo)) && critical:
		err = notCritical(spec)
	case !hasValue:
		err = illegal
	case oid.Equal(oidExtKeyUsage):
		der, err = keyUsage(value)
	case oid.Equal(oidExtExtendedKeyUsage):
		der, err = b.extendedKeyUsage(value)
	case oid.Equal(oidExtSubjectAltName), oid.Equal(oidExtIssuerAltName):
		var names []byte
		if names, err = generalNames(spec, value, oid.Equal(oidExtSubjectAltName)); err == nil && len(names) == 0 {
			err = b.emptyError("names cannot be null or empty")
		}
		der = ber.Encode(casn1.SEQUENCE, string(names))
	case oid.Equal(oidExtSubjectInfo), oid.Equal(oidExtAuthorityInfo):
		if critical {
			return notCritical(spec)
		}
		der, err = infoAccess(spec, value)
	case oid.Equal(oidExtCRLPoints):
		der, err = crlPoint(spec, value)
	}
	if err != nil {
		return wrapIO(err)
	}
	b.set(Extension{oid, critical, der})
	return nil
}

func notCritical(spec string) error {
	return jdk.PlainError("This extension cannot be marked as critical. " + spec)
}

// emptyError is the answer to a list with nothing in it. Releases before 25
// notice only when the certificate is encoded.
func (b *extensionBuilder) emptyError(text string) error {
	if b.rel >= jdk.Release25 || b.rel == 0 {
		return jdk.ArgumentError(text)
	}
	return &jdk.Error{Class: "java.security.cert.CertificateEncodingException", Text: "java.io.IOException: No value to encode for the extension!"}
}

// addRaw makes an extension of an OID and the hex digits of its value; other
// characters are ignored.
func (b *extensionBuilder) addRaw(spec, name, value string, critical bool) error {
	oid, err := parseObjectIdentifier(name)
	if err != nil {
		return err
	}
	var der []byte
	count := 0
	for _, c := range value {
		d := hexDigit(c)
		if d < 0 {
			continue
		}
		if count%2 == 0 {
			der = append(der, byte(d)<<4)
		} else {
			der[count/2] |= byte(d)
		}
		count++
	}
	if count%2 != 0 {
		return jdk.PlainError("Odd number of hex digits found: " + spec)
	}
	b.set(Extension{oid, critical, der})
	return nil
}

// RawKeyUsages says whether the extended key usages among the values of -ext
// stand there by their OID, with hex digits: they are no such object to Java.
// The last of several counts.
func RawKeyUsages(specs []string) bool {
	raw := false
	for _, spec := range specs {
		name, _, _ := strings.Cut(spec, "=")
		name, _, _ = strings.Cut(name, ":")
		if oid, err := extensionOID(name); err == nil && oid.Equal(oidExtExtendedKeyUsage) {
			raw = name == oid.String()
		}
	}
	return raw
}

// basicConstraints reads nothing ("ca"), a path length, or
// "ca:true|false,pathlen:N".
func basicConstraints(spec, value string, hasValue bool) ([]byte, error) {
	ca, pathLen := true, -1
	if n, err := jdk.ParseInt(value); hasValue && err == nil {
		pathLen = n
	} else if hasValue {
		ca = false
		for _, part := range javaSplit(value, ",") {
			pair := javaSplit(part, ":")
			switch {
			case len(pair) == 2 && strings.EqualFold(pair[0], "ca"):
				ca = strings.EqualFold(pair[1], "true")
			case len(pair) == 2 && strings.EqualFold(pair[0], "pathlen"):
				if pathLen, err = jdk.ParseInt(pair[1]); err != nil {
					return nil, err
				}
			default:
				return nil, jdk.PlainError("Illegal value: " + spec)
			}
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if ca {
			b.AddASN1Boolean(true)
			if pathLen >= 0 {
				b.AddASN1Int64(int64(pathLen))
			}
		}
	})
	return b.Bytes()
}

// keyUsages are the bits of KeyUsage; contentCommitment is another name of
// nonRepudiation.
var keyUsages = [...]string{
	"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly", "contentCommitment",
}

func keyUsage(value string) ([]byte, error) {
	var bits uint16 // the first bit is the highest
	for _, name := range javaSplit(value, ",") {
		i, err := oneOf(name, keyUsages[:]...)
		switch {
		case err != nil:
			return nil, err
		case i < 0:
			return nil, jdk.PlainError("Unknown keyUsage type: " + name)
		case i == len(keyUsages)-1:
			i = 1
		}
		bits |= 1 << (15 - i)
	}
	octets := []byte{byte(bits >> 8), byte(bits)}
	if octets[1] == 0 {
		octets = octets[:1]
	}
	unused := 0
	for unused < 7 && octets[len(octets)-1]>>unused&1 == 0 {
		unused++
	}
	return ber.Encode(casn1.BIT_STRING, string(append([]byte{byte(unused)}, octets...))), nil
}

var extendedKeyUsages = [...]string{
	"anyExtendedKeyUsage", "serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning",
}

var extendedKeyUsageOIDs = [...]string{
	"2.5.29.37.0", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3",
	"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9",
}

func (b *extensionBuilder) extendedKeyUsage(value string) ([]byte, error) {
	usages, err := oidList(value, extendedKeyUsages[:], extendedKeyUsageOIDs[:], "Unknown extendedkeyUsage type: ")
	if err != nil {
		return nil, err
	}
	if len(usages) == 0 {
		return nil, b.emptyError("key usages cannot be null or empty")
	}
	return ber.Encode(casn1.SEQUENCE, string(slices.Concat(usages...))), nil
}

// oidList encodes the OIDs in a list, given by name or in dotted form.
func oidList(list string, names, oids []string, unknown string) ([][]byte, error) {
	var encoded [][]byte
	for _, name := range javaSplit(list, ",") {
		oid, err := namedOID(name, names, oids, unknown)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, oid)
	}
	return encoded, nil
}

func namedOID(name string, names, oids []string, unknown string) ([]byte, error) {
	oid := name
	i, err := oneOf(name, names...)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		oid = oids[i]
	}
	content, err := ber.OIDContent(oid)
	if err != nil {
		return nil, jdk.PlainError(unknown + name)
	}
	return ber.Encode(casn1.OBJECT_IDENTIFIER, content), nil
}

// generalNames encodes a list of "type:value", without the sequence around it.
func generalNames(spec, list string, wildcards bool) ([]byte, error) {
	var names []byte
	for _, item := range javaSplit(list, ",") {
		kind, value, ok := strings.Cut(item, ":")
		if !ok {
			return nil, jdk.PlainError("Illegal item " + item + " in " + spec)
		}
		name, err := generalName(kind, value, wildcards)
		if err != nil {
			return nil, err
		}
		names = append(names, name...)
	}
	return names, nil
}

var (
	accessMethods    = [...]string{"OCSP", "caIssuers", "timeStamping", "caRepository"}
	accessMethodOIDs = [...]string{"1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.3", "1.3.6.1.5.5.7.48.5"}
)

// infoAccess reads a list of "method:type:value".
func infoAccess(spec, list string) ([]byte, error) {
	var descriptions []byte
	for _, item := range javaSplit(list, ",") {
		method, rest, ok := strings.Cut(item, ":")
		kind, value, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			return nil, jdk.PlainError("Illegal value: " + spec)
		}
		oid, err := namedOID(method, accessMethods[:], accessMethodOIDs[:], "Unknown AccessDescription type: ")
		if err != nil {
			return nil, err
		}
		name, err := generalName(kind, value, false)
		if err != nil {
			return nil, err
		}
		descriptions = append(descriptions, ber.Encode(casn1.SEQUENCE, string(oid)+string(name))...)
	}
	return ber.Encode(casn1.SEQUENCE, string(descriptions)), nil
}

// crlPoint makes CRLDistributionPoints with one point that has several names.
func crlPoint(spec, list string) ([]byte, error) {
	names, err := generalNames(spec, list, false)
	if err != nil {
		return nil, err
	}
	fullName := ber.Encode(ber.Explicit(0), string(names))
	point := ber.Encode(ber.Explicit(0), string(fullName))
	return ber.Encode(casn1.SEQUENCE, string(ber.Encode(casn1.SEQUENCE, string(point)))), nil
}

// oneOf finds which of the words s is or abbreviates, -1 for none: exactly;
// else by its beginning or its initials ("kCS" for keyCertSign); else by
// these ignoring case. Words behind an empty one yield to those before it.
func oneOf(s string, words ...string) (int, error) {
	if i := slices.Index(words, s); i >= 0 && s != "" {
		return i, nil
	}
	for _, same := range []func(word string) bool{
		func(word string) bool { return s == initials(word) || strings.HasPrefix(word, s) },
		func(word string) bool {
			return strings.EqualFold(s, initials(word)) || strings.HasPrefix(strings.ToUpper(word), strings.ToUpper(s))
		},
	} {
		var found []int
		limit := len(words)
		for i, word := range words {
			if word == "" {
				limit = i
			} else if same(word) {
				found = append(found, i)
			}
		}
		switch {
		case len(found) == 0:
			continue
		case len(found) == 1 || found[1] > limit:
			return found[0], nil
		}
		said := &jdk.Error{Class: "java.lang.Exception", Text: "command " + s + " is ambiguous:", More: "    "}
		for _, i := range found {
			if i < limit {
				said.More += " " + words[i]
			}
		}
		return -1, said
	}
	return -1, nil
}

// initials returns a word's first letter and whatever else is not a lower-case
// letter.
func initials(word string) string {
	return word[:1] + strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' {
			return -1
		}
		return c
	}, word[1:])
}

// javaSplit is Java's String.split: empty parts at the end are left out, but
// an empty string has one.
func javaSplit(s, separator string) []string {
	parts := strings.Split(s, separator)
	for len(parts) > 0 && parts[len(parts)-1] == "" && s != "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}
