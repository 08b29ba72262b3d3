package certpath

import (
	"crypto/x509"
	encasn1 "encoding/asn1"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/x509util"
)

// someDay is one on which all certificates are made valid.
var someDay = time.Unix(1, 0)

// The extensions of RFC 5280 that the rules are about.
const (
	oidKeyUsage          = "2.5.29.15"
	oidAlternativeNames  = "2.5.29.17"
	oidBasicConstraints  = "2.5.29.19"
	oidNameConstraints   = "2.5.29.30"
	oidPolicies          = "2.5.29.32"
	oidPolicyMappings    = "2.5.29.33"
	oidAuthorityKey      = "2.5.29.35"
	oidPolicyConstraints = "2.5.29.36"
	oidUsage             = "2.5.29.37"
	oidInhibitAnyPolicy  = "2.5.29.54"
)

// javaKnows are the critical extensions that Java's PKIX takes.
var javaKnows = []string{oidKeyUsage, oidAlternativeNames, oidBasicConstraints, oidNameConstraints, oidPolicies, oidPolicyMappings,
	oidPolicyConstraints, oidUsage, oidInhibitAnyPolicy}

// opensslKnows are those of OpenSSL 3.0 (X509_supported_extension): the same,
// CRLDistributionPoints, NetscapeCertType, the IP addresses and system numbers of
// RFC 3779, and id-pkix-ocsp-nocheck.
var opensslKnows = append(slices.Clone(javaKnows), "2.5.29.31", "2.16.840.1.113730.1.1", "1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.8", "1.3.6.1.5.5.7.48.1.5")

// extensionNames are those that a reader may know.
var extensionNames = map[string]string{
	oidKeyUsage: "KeyUsage", oidAlternativeNames: "SubjectAlternativeName", oidBasicConstraints: "BasicConstraints",
	oidNameConstraints: "NameConstraints", oidPolicies: "CertificatePolicies", oidPolicyMappings: "PolicyMappings",
	oidAuthorityKey: "AuthorityKeyIdentifier", oidPolicyConstraints: "PolicyConstraints", oidUsage: "ExtendedKeyUsage",
	oidInhibitAnyPolicy: "InhibitAnyPolicy", "2.5.29.14": "SubjectKeyIdentifier", "2.5.29.18": "IssuerAlternativeName",
	"2.5.29.31": "CRLDistributionPoints", "2.5.29.46": "FreshestCRL", "1.3.6.1.5.5.7.1.1": "AuthorityInfoAccess",
	"1.3.6.1.5.5.7.1.11": "SubjectInfoAccess", "2.16.840.1.113730.1.1": "NetscapeCertType",
	"1.3.6.1.5.5.7.1.24": "TLSFeature", "1.3.6.1.4.1.11129.2.4.3": "the poison of a precertificate",
}

// criticals finds critical extensions that somebody does not know. Who doesn't
// must refuse the certificate (RFC 5280, section 4.2).
func (p *path) criticals() {
	for i, c := range p.chain {
		for _, oid := range c.CriticalExtensions() {
			unhandled := p.strict[i] != nil && slices.ContainsFunc(p.strict[i].UnhandledCriticalExtensions, func(o encasn1.ObjectIdentifier) bool { return o.String() == oid })
			who := by(!slices.Contains(opensslKnows, oid), unhandled, !p.trusted(i) && !slices.Contains(javaKnows, oid))
			name := oid
			if known := extensionNames[oid]; known != "" {
				name = known
			}
			text := fmt.Sprintf("the critical extension %s of %s is not known", name, c.Called())
			if oid == oidNameConstraints || oid == oidAlternativeNames {
				text = fmt.Sprintf("the critical %s of %s has kinds of names that are not known", name, c.Called())
			}
			p.fault(CriticalExtension, i, who, text)
		}
	}
}

// basic is what BasicConstraints say.
type basic struct {
	present, ca bool
	length      int // -1 if there is none
}

func basicConstraints(c *x509util.Certificate) basic {
	b := basic{length: -1}
	e := c.Extension(oidBasicConstraints)
	if e == nil {
		return b
	}
	b.present = true
	ca, length, tooLarge := x509util.BasicConstraints(e.Value)
	b.ca = ca
	switch {
	case tooLarge:
		b.length = math.MaxInt
	case length != nil:
		b.length = *length
	}
	return b
}

// certSign says whether KeyUsage, if there is one, lets sign certificates.
func certSign(c *x509util.Certificate) (present, may bool) {
	e := c.Extension(oidKeyUsage)
	if e == nil {
		return false, true
	}
	var bits []byte
	input := cryptobyte.String(e.Value)
	var value cryptobyte.String
	if input.ReadASN1(&value, asn1.BIT_STRING) && len(value) > 1 {
		bits = value[1:]
	}
	return true, len(bits) > 0 && bits[0]&0x04 != 0
}

// noCA finds issuers that are no CA: by BasicConstraints, version, KeyUsage.
// A root of version 1 is one for all: it could not say so.
func (p *path) noCA(i int) {
	c, issued := p.chain[i], p.chain[i-1].Called()
	b := basicConstraints(c)
	usage, may := certSign(c)
	root := p.anchor(i)
	// Of a root, Java's TLS asks the same, where PKIX by itself does not.
	java := !root || p.purpose != Any
	if b.present && b.ca {
		if !may {
			p.fault(KeyUsage, i, by(true, true, java), fmt.Sprintf("%s issued %s, but its KeyUsage does not let it sign certificates", c.Called(), issued))
		}
		return
	}
	openssl, golang := true, !root || b.present || c.Version == 3
	if !b.present && may && root {
		openssl = c.Version > 1 && !usage && !p.netscapeCA(c)
	}
	text := fmt.Sprintf("%s issued %s, but is not marked as a CA (BasicConstraints)", c.Called(), issued)
	if c.Version < 3 {
		text = fmt.Sprintf("%s issued %s, but its certificate is of version %d, which can't say that it is a CA's", c.Called(), issued, c.Version)
	}
	if c.Version < 3 && (root || p.anchor(i+1) && c.SelfSigned()) {
		java = false
	}
	p.fault(NoCA, i, by(openssl, golang || !may, java), text)
}

// netscapeCA says whether the extension by which Netscape told CAs says so.
func (p *path) netscapeCA(c *x509util.Certificate) bool {
	e := c.Extension("2.16.840.1.113730.1.1")
	return e != nil && len(e.Value) == 4 && e.Value[3]&0x07 != 0
}

// length finds a CA that allows fewer CAs below it than there are. Those whose
// certificates are of themselves don't count (RFC 5280, section 4.2.1.9), except
// for Go. To Java the root says nothing.
func (p *path) length(i int) {
	b := basicConstraints(p.chain[i])
	if !b.present || b.length < 0 {
		return
	}
	count := 0
	for _, c := range p.chain[1:i] {
		if !c.SelfSigned() {
			count++
		}
	}
	who := by(b.ca && count > b.length, i-1 > b.length, b.ca && !p.anchor(i) && count > b.length)
	if who == 0 {
		return
	}
	noun := "CAs"
	if b.length == 1 {
		noun = "CA"
	}
	allowed := fmt.Sprintf("at most %d %s", b.length, noun)
	if b.length == 0 {
		allowed = "no CA"
	}
	text := fmt.Sprintf("%s allows %s below it (pathlen:%d), but there %s", p.chain[i].Called(), allowed, b.length, map[bool]string{true: "is ", false: "are "}[i == 2])
	if i == 2 {
		text += p.chain[1].Called()
	} else {
		text += fmt.Sprint(i - 1)
	}
	if who == Go {
		text += "; it counts a CA's certificate of itself too"
	}
	p.fault(PathLength, i, who, text)
	p.faults[len(p.faults)-1].Demanded = i - 1
}

// usage finds a CA whose ExtendedKeyUsage does not pass on what the chain is to
// prove. RFC 5280 knows no such rule, but OpenSSL and Go have it; Java does not.
func (p *path) usage(i int) {
	c := p.chain[i]
	needed, name := "1.3.6.1.5.5.7.3.1", "serverAuth"
	if p.purpose == User {
		needed, name = "1.3.6.1.5.5.7.3.2", "clientAuth"
	}
	has := func(oid string) bool { return slices.Contains(c.Purposes(), oid) }
	if p.purpose == Any || c.Extension(oidUsage) == nil || has(needed) {
		return
	}
	gated := p.purpose == Server && (has("1.3.6.1.4.1.311.10.3.3") || has("2.16.840.1.113730.4.1")) // of the time of export rules
	text := fmt.Sprintf("the ExtendedKeyUsage of the CA %s lacks %s, so that nothing it issued is good for that", c.Called(), name)
	p.fault(Usage, i, by(!gated, !has("2.5.29.37.0"), false), text)
}

// identifiers finds certificates that name another key of their issuer than it
// has. OpenSSL does not find the issuer then, and Java does not find the root. And
// it finds CA certificates of a CA for itself, with another key, that OpenSSL can't
// tell from self-signed ones.
func (p *path) identifiers() {
	last := len(p.chain) - 1
	for i, c := range p.chain {
		j := min(i+1, last)
		if i == last && !c.SelfSigned() {
			break
		}
		issuer := p.chain[j]
		if i < last && c.SelfSigned() && names(c, c) == (mismatch{}) {
			p.fault(KeyIdentifier, i, OpenSSL, fmt.Sprintf("%s names itself as its issuer, and no AuthorityKeyIdentifier says that another key signed it", c.Called()))
			continue
		}
		if root := p.chain[last]; p.anchor(last) && i < last-1 && c.Issuer.Equal(root.Subject) && names(c, root) == (mismatch{}) {
			p.fault(KeyIdentifier, i, OpenSSL, fmt.Sprintf("no AuthorityKeyIdentifier says which of the two keys of %s signed %s, and it takes the root's", root.Called(), c.Called()))
			continue
		}
		wrong := names(c, issuer)
		if wrong == (mismatch{}) {
			continue
		}
		what := "another key"
		if !wrong.key {
			what = "another certificate"
		}
		text := fmt.Sprintf("the AuthorityKeyIdentifier of %s names %s than %s has", c.Called(), what, issuer.Called())
		p.fault(KeyIdentifier, i, by(true, false, i != j && p.anchor(j) && (wrong.key || wrong.serial && issuer.Version == 3)), text)
	}
}

// mismatch is what of an AuthorityKeyIdentifier is not that of an issuer.
type mismatch struct{ key, serial, issuer bool }

// names compares the AuthorityKeyIdentifier of c, as far as it has one, with an
// issuer.
func names(c, issuer *x509util.Certificate) mismatch {
	id, own := authorityKey(c), issuer.SubjectKeyID()
	return mismatch{
		key:    id.key != nil && own != nil && string(id.key) != string(own),
		serial: id.serial != nil && (issuer.Serial == nil || string(id.serial) != string(serialBytes(issuer))),
		issuer: id.issuer != nil && !id.issuer.Equal(issuer.Issuer),
	}
}

// keyID is what an AuthorityKeyIdentifier says.
type keyID struct {
	key, serial []byte
	issuer      *x509util.Name
}

func authorityKey(c *x509util.Certificate) (id keyID) {
	id.key = c.AuthorityKeyID()
	e := c.Extension(oidAuthorityKey)
	if e == nil {
		return id
	}
	var fields, skipped, names cryptobyte.String
	input := cryptobyte.String(e.Value)
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !fields.ReadOptionalASN1(&skipped, nil, asn1.Tag(0).ContextSpecific()) {
		return id
	}
	var hasNames, hasSerial bool
	var serial cryptobyte.String
	if !fields.ReadOptionalASN1(&names, &hasNames, asn1.Tag(1).ContextSpecific().Constructed()) ||
		!fields.ReadOptionalASN1(&serial, &hasSerial, asn1.Tag(2).ContextSpecific()) {
		return id
	}
	if hasSerial {
		id.serial = serial
	}
	for hasNames && !names.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&value, &tag) {
			return id
		}
		if name, err := x509util.ParseName(value); tag == tagDirectory && err == nil {
			id.issuer = &name
			return id
		}
	}
	return id
}

// serialBytes is a serial number as DER has it.
func serialBytes(c *x509util.Certificate) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(c.Serial)
	encoded, err := b.Bytes()
	if err != nil || len(encoded) < 2 {
		return nil
	}
	return encoded[2:] // a serial number is shorter than 128 bytes
}

// policies finds a policy that is demanded (RequireExplicitPolicy) and missing,
// as Go and Java do; OpenSSL does not look unless told to.
// Java also refuses critical policies with qualifiers.
func (p *path) policies() {
	p.qualifiers()
	demands := -1
	for i, c := range p.chain {
		if c.Extension(oidPolicyConstraints) != nil || c.Extension(oidPolicyMappings) != nil {
			demands = i
		}
	}
	if demands < 0 || !p.verifiable() || len(p.chain) == 1 {
		return
	}
	bare := make([]*x509.Certificate, len(p.strict)) // with nothing else that could be wrong
	for i, c := range p.strict {
		copied := *c
		copied.UnhandledCriticalExtensions, copied.KeyUsage, copied.Extensions = nil, 0, nil
		copied.BasicConstraintsValid, copied.IsCA, copied.MaxPathLen = true, true, -1
		bare[i] = &copied
	}
	if invalid, ok := p.verify(bare, x509.ExtKeyUsageAny).(x509.CertificateInvalidError); ok && invalid.Reason == x509.NoValidChains {
		p.fault(Policy, demands, Go|Java, fmt.Sprintf("%s demands a policy of the certificates below it (PolicyConstraints), and they have none in common", p.chain[demands].Called()))
	}
}

const anyPolicy = "2.5.29.32.0"

// qualifiers finds critical policies with qualifiers, as Java does: from the root
// down, for as long as a policy is left that all certificates have.
func (p *path) qualifiers() {
	valid := map[string]bool{anyPolicy: true}
	anyFor := len(p.chain) // so many certificates more may say any policy
	top := len(p.chain) - 1
	if p.anchored {
		top--
	}
	for i := top; i >= 0 && len(valid) > 0 && !p.trusted(i); i-- {
		c := p.chain[i]
		e := c.Extension(oidPolicies)
		if e == nil {
			return
		}
		stated, qualified := policiesIn(e.Value)
		if e.Critical && qualified {
			p.fault(Policy, i, Java, fmt.Sprintf("%s has critical CertificatePolicies with qualifiers, which it does not take", c.Called()))
			return
		}
		if stated[anyPolicy] && (anyFor > 0 || i > 0 && c.SelfSigned()) {
			maps.Copy(stated, valid)
			stated[anyPolicy] = valid[anyPolicy]
		} else {
			delete(stated, anyPolicy)
		}
		if !valid[anyPolicy] {
			maps.DeleteFunc(stated, func(oid string, _ bool) bool { return !valid[oid] })
		}
		maps.DeleteFunc(stated, func(_ string, is bool) bool { return !is })
		valid = stated
		if !c.SelfSigned() {
			anyFor--
		}
		if e := c.Extension(oidInhibitAnyPolicy); e != nil {
			n := 0
			if input := cryptobyte.String(e.Value); input.ReadASN1Integer(&n) {
				anyFor = min(anyFor, n)
			}
		}
	}
}

// policiesIn are the policies of CertificatePolicies, and whether one but any
// policy has a qualifier.
func policiesIn(der []byte) (oids map[string]bool, qualified bool) {
	oids = make(map[string]bool)
	input := cryptobyte.String(der)
	var list cryptobyte.String
	input.ReadASN1(&list, asn1.SEQUENCE)
	for !list.Empty() {
		var policy cryptobyte.String
		var id encasn1.ObjectIdentifier
		if !list.ReadASN1(&policy, asn1.SEQUENCE) || !policy.ReadASN1ObjectIdentifier(&id) {
			break
		}
		oids[id.String()] = true
		qualified = qualified || !policy.Empty() && id.String() != anyPolicy
	}
	return oids, qualified
}
