package x509util

import (
	"net"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/x509util/internal/ber"
)

// Purpose is what a certificate is for: a set of uses. The empty set is a
// certificate that does not say, and of which nothing is known: as most that sign
// Android apps, JARs and SAML are, and many of servers.
type Purpose uint16

const (
	// ForServer: a TLS server shows it. It says so by serverAuth, or is
	// known to be served.
	ForServer Purpose = 1 << iota
	// ForHost: it does not say what it is for, but names a host, as those of
	// TLS servers do.
	ForHost
	ForClient // a TLS client shows it
	ForCode   // it signs programs: apps, JARs
	ForMail   // it signs or receives mail
	ForTime   // it signs time stamps
	ForOCSP   // it signs answers about certificates
	ForElse   // it says something else
	ForCA     // it signs certificates, by its basic constraints
)

// Use is what is known of a certificate's use, beyond what it says itself.
type Use struct {
	// Served: a TLS server shows it, as the connector of a server.xml.
	Served bool
}

// PurposeOf tells what a certificate is for by BasicConstraints and
// ExtendedKeyUsage (RFC 5280 sections 4.2.1.9 and 4.2.1.12), where these say
// nothing by the names of hosts in it, and by its use.
func PurposeOf(c *Certificate, use Use) Purpose {
	var p Purpose
	if c.EndEntity() {
		p = c.statedPurpose()
	} else {
		p = ForCA // whatever those that it signs are for
	}
	// A CA is one by its KeyUsage too. openssl req -x509 makes every
	// certificate a CA's, and gives it none.
	if (p == 0 || p == ForCA && c.Extension("2.5.29.15") == nil) && c.namesHost() {
		p |= ForHost
	}
	if use.Served {
		p = p&^ForHost | ForServer
	}
	return p
}

// statedPurpose is what ExtendedKeyUsage says. That any use is good says
// nothing.
func (c *Certificate) statedPurpose() (p Purpose) {
	for _, oid := range c.Purposes() {
		switch oid {
		case "1.3.6.1.5.5.7.3.1":
			p |= ForServer
		case "1.3.6.1.5.5.7.3.2":
			p |= ForClient
		case "1.3.6.1.5.5.7.3.3":
			p |= ForCode
		case "1.3.6.1.5.5.7.3.4":
			p |= ForMail
		case "1.3.6.1.5.5.7.3.8":
			p |= ForTime
		case "1.3.6.1.5.5.7.3.9":
			p |= ForOCSP
		case "2.5.29.37.0":
		default:
			p |= ForElse
		}
	}
	return p
}

// TLS says whether a TLS server shows the certificate, as far as one can tell.
func (p Purpose) TLS() bool { return p&(ForServer|ForHost) != 0 }

// Open says whether the certificate may be made into a TLS server's: it is
// one's, or does not say what it is for.
func (p Purpose) Open() bool { return p == 0 || p.TLS() }

// Noticed says who notices that the certificate is another, in a clause; empty
// for what nothing but a TLS server shows, whose clients trust its issuer.
func (p Purpose) Noticed() string {
	var who []string
	for _, of := range []struct {
		purpose Purpose
		who     string
	}{
		{ForCode, "updates of apps and JARs that the old one signed are refused"},
		{ForCA, "whoever trusts this CA needs the new one"},
		{ForClient, "servers that know this very certificate need the new one"},
		{ForMail, "whoever writes to its owner needs the new one, and old mail the old key"},
		{ForTime | ForOCSP | ForElse, "whoever trusts this very certificate needs the new one"},
		{ForHost, "whoever trusts or pins this very certificate (clients, SAML partners) needs the new one"},
	} {
		if p&of.purpose != 0 {
			who = append(who, of.who)
		}
	}
	if p == 0 {
		who = append(who, "updates of apps that the old one signed are refused, and whoever trusts it (SAML partners, clients) needs the new one")
	}
	if len(who) == 0 {
		return ""
	}
	return "the fingerprint changes: " + strings.Join(who, ", and ")
}

// namesHost says whether there is a host among the alternative names or, where
// there are none, in the common name.
func (c *Certificate) namesHost() bool {
	names := c.Extension("2.5.29.17")
	if names == nil {
		return LooksLikeHost(c.Subject.CommonName())
	}
	list := cryptobyte.String(names.Value)
	if !list.ReadASN1(&list, casn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		var name cryptobyte.String
		var tag casn1.Tag
		if !list.ReadAnyASN1(&name, &tag) {
			return false
		}
		if tag == casn1.Tag(2).ContextSpecific() || tag == casn1.Tag(7).ContextSpecific() { // dNSName, iPAddress
			return true
		}
	}
	return false
}

// LooksLikeHost says whether a common name is that of a host rather than of a
// person or a program: an IP address, localhost, or a name with a domain.
func LooksLikeHost(name string) bool {
	if name == "localhost" || net.ParseIP(name) != nil {
		return true
	}
	labels := strings.Split(strings.TrimPrefix(strings.ToLower(name), "*."), ".")
	for _, label := range labels {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	// Apps are named the other way round, com.example.app.
	if top := labels[0]; len(labels) > 2 && (top == "com" || top == "org" || top == "net" || top == "io") {
		return false
	}
	return len(labels) > 1
}

// BasicConstraints reads the value of that extension (RFC 5280, section 4.2.1.9),
// as far as it can be read. pathLength is nil where there is none, and also where
// it is too large for an int.
func BasicConstraints(der []byte) (ca bool, pathLength *int, tooLarge bool) {
	var fields cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&fields, casn1.SEQUENCE) ||
		fields.PeekASN1Tag(casn1.BOOLEAN) && !fields.ReadASN1Boolean(&ca) {
		return false, nil, false
	}
	if !fields.PeekASN1Tag(casn1.INTEGER) {
		return ca, nil, false
	}
	var n int
	if !fields.ReadASN1Integer(&n) {
		return ca, nil, true
	}
	if n < 0 {
		return ca, nil, false
	}
	return ca, &n, false
}

// Purposes returns the OIDs of the extended key usages, none if there are none
// or they can't be read.
func (c *Certificate) Purposes() []string {
	for _, e := range c.RawExtensions {
		if e.OID != "2.5.29.37" {
			continue
		}
		r, err := ber.ParseSequence(e.Value, "")
		if err != nil {
			return nil
		}
		var oids []string
		for !r.Empty() {
			v, err := r.Next()
			if err != nil {
				return nil
			}
			oid, err := v.OID()
			if err != nil {
				return nil
			}
			oids = append(oids, oid)
		}
		return oids
	}
	return nil
}

// EndEntity says whether the certificate is not that of a CA, by its basic
// constraints.
func (c *Certificate) EndEntity() bool {
	for _, e := range c.RawExtensions {
		if e.OID != "2.5.29.19" {
			continue
		}
		r, err := ber.ParseSequence(e.Value, "")
		if err != nil {
			return true
		}
		v, err := r.Next()
		return err != nil || v.Tag != 1 || len(v.Body) != 1 || v.Body[0] == 0
	}
	return true
}
