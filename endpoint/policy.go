package endpoint

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/internal/tlsname"
)

// Policy is what the endpoint agrees to in a handshake. The zero value accepts
// TLS 1.2 and 1.3 with Go's secure suites and asks for no client certificate.
type Policy struct {
	// Protocols are TLS version numbers, such as tls.VersionTLS12, in any
	// order and with gaps where asked for. None means TLS 1.2 and 1.3.
	Protocols []uint16
	// CipherSuites for TLS 1.2 and below; none means Go's secure ones.
	// TLS 1.3's suites and the order of all of them are Go's choice.
	CipherSuites []uint16
	// Groups for the key exchange; none means Go's, which begin with the
	// post-quantum hybrid X25519MLKEM768.
	Groups []tls.CurveID
	// NoTickets does without session tickets, and so without resumption.
	NoTickets bool

	// ClientAuth says whether clients are asked for a certificate, and
	// ClientCAs who may have signed it.
	ClientAuth tls.ClientAuthType
	ClientCAs  *x509.CertPool
	// MaxIntermediates bounds the CAs between a client's certificate and
	// the CA in ClientCAs, where certificates are verified; what
	// Tomcat calls certificateVerificationDepth. Zero means 10, as is its
	// default, and negative none.
	MaxIntermediates int
	// CRLs say which certificates of clients were revoked. Where there are
	// any, each certificate below the CA must be covered by one that
	// is current, as in Java.
	CRLs []*x509.RevocationList
}

// protocols returns the policy's versions.
func (p *Policy) protocols() []uint16 {
	if p.Protocols == nil {
		return []uint16{tls.VersionTLS12, tls.VersionTLS13}
	}
	return p.Protocols
}

// suited is the policy for identities: without TLS 1.3 where none of them can make the
// signatures for it.
func (p Policy) suited(ids []identity.Identity) Policy {
	if !slices.ContainsFunc(ids, func(id identity.Identity) bool { return !id.NoPSS }) {
		p.Protocols = slices.DeleteFunc(slices.Clone(p.protocols()), func(v uint16) bool { return v == tls.VersionTLS13 })
	}
	return p
}

// gaps reports whether the policy's versions leave some out in between:
// crypto/tls knows only a range.
func (p *Policy) gaps() bool {
	protocols := slices.Compact(slices.Sorted(slices.Values(p.protocols())))
	return int(protocols[len(protocols)-1]-protocols[0])+1 != len(protocols)
}

// best returns the newest version that both the policy and a client have, or
// zero.
func (p *Policy) best(offered []uint16) uint16 {
	best := uint16(0)
	for _, version := range offered {
		if version > best && slices.Contains(p.protocols(), version) {
			best = version
		}
	}
	return best
}

// changes says in which settings a policy differs from one that takes its
// place.
func (p *Policy) changes(next *Policy) (changes []string) {
	note := func(what, was, now string) {
		if was != now {
			changes = append(changes, fmt.Sprintf("%s: %s -> %s", what, was, now))
		}
	}
	list := func(names []string) string { return cmp.Or(strings.Join(names, ", "), "Go's own") }
	versions := func(p *Policy) string {
		return list(tlsname.List(slices.Sorted(slices.Values(p.protocols())), tlsname.Protocol))
	}
	note("protocols", versions(p), versions(next))
	note("cipher suites", list(tlsname.List(p.CipherSuites, tlsname.Suite)), list(tlsname.List(next.CipherSuites, tlsname.Suite)))
	note("groups", list(tlsname.List(p.Groups, tlsname.Group)), list(tlsname.List(next.Groups, tlsname.Group)))
	note("without session tickets", fmt.Sprint(p.NoTickets), fmt.Sprint(next.NoTickets))
	note("client certificates", clientAuthName(p.ClientAuth), clientAuthName(next.ClientAuth))
	note("intermediate certificates of clients", fmt.Sprint(p.maxIntermediates()), fmt.Sprint(next.maxIntermediates()))
	if !p.ClientCAs.Equal(next.ClientCAs) {
		changes = append(changes, "other authorities are trusted to sign clients' certificates")
	}
	if !slices.EqualFunc(p.CRLs, next.CRLs, func(a, b *x509.RevocationList) bool { return bytes.Equal(a.Raw, b.Raw) }) {
		changes = append(changes, "the revocation lists are others")
	}
	return changes
}

// clientAuthName says whether clients' certificates are asked for.
func clientAuthName(auth tls.ClientAuthType) string {
	switch auth {
	case tls.NoClientCert:
		return "none"
	case tls.RequestClientCert:
		return "asked for, not verified"
	case tls.RequireAnyClientCert:
		return "required, not verified"
	case tls.VerifyClientCertIfGiven:
		return "asked for"
	}
	return "required"
}

// config makes the part of a tls.Config that the policy decides.
func (p *Policy) config() (*tls.Config, error) {
	protocols := p.protocols()
	for _, version := range protocols {
		if version < tls.VersionTLS10 || version > tls.VersionTLS13 {
			return nil, fmt.Errorf("endpoint: protocol %s is not possible: TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3 are", tlsname.Protocol(version))
		}
	}
	if p.ClientAuth >= tls.VerifyClientCertIfGiven && p.ClientCAs == nil {
		// crypto/tls would take the system's CAs instead.
		return nil, errors.New("endpoint: client certificates are to be verified, but there are no authorities to trust")
	}
	return &tls.Config{
		MinVersion:             slices.Min(protocols),
		MaxVersion:             slices.Max(protocols),
		CipherSuites:           p.CipherSuites,
		CurvePreferences:       p.Groups,
		ClientAuth:             p.ClientAuth,
		ClientCAs:              p.ClientCAs,
		SessionTicketsDisabled: p.NoTickets,
	}, nil
}

// admit decides on a client whose chains crypto/tls has verified.
func (p *Policy) admit(chains [][]*x509.Certificate, now time.Time) error {
	if p.ClientAuth < tls.VerifyClientCertIfGiven || len(chains) == 0 {
		return nil
	}
	limit := p.maxIntermediates()
	var err error
	for _, chain := range chains {
		if len(chain)-2 > limit {
			err = fmt.Errorf("the client's chain has %d intermediate certificates; %d are allowed", len(chain)-2, limit)
			continue
		}
		if err = p.revoked(chain, now); err == nil {
			return nil
		}
	}
	return err
}

func (p *Policy) maxIntermediates() int { return max(cmp.Or(p.MaxIntermediates, 10), 0) }

// revoked holds a client's chain against the revocation lists.
func (p *Policy) revoked(chain []*x509.Certificate, now time.Time) error {
	if len(p.CRLs) == 0 {
		return nil
	}
	for i, cert := range chain[:len(chain)-1] {
		issuer := chain[i+1]
		covered := false
		for _, crl := range p.CRLs {
			if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) || now.Before(crl.ThisUpdate) ||
				!crl.NextUpdate.IsZero() && now.After(crl.NextUpdate) || crl.CheckSignatureFrom(issuer) != nil {
				continue
			}
			covered = true
			for _, entry := range crl.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
					return fmt.Errorf("the client's certificate with the serial number %x is revoked", cert.SerialNumber)
				}
			}
		}
		if !covered {
			return fmt.Errorf("there is no current revocation list of %s", issuer.Subject)
		}
	}
	return nil
}

// Examine looks at what a policy means for the identities that are to be
// served under it: whether protocols and cipher suites leave each of them a way
// to be used, and whether clients can come in.
func (p *Policy) Examine(ids []identity.Identity) finding.Checks {
	checks := finding.Checks{p.examineProtocols()}
	for _, id := range ids {
		checks = append(checks, p.examineSuites(id))
	}
	if p.ClientAuth != tls.NoClientCert {
		checks = append(checks, p.examineClients())
	}
	return checks
}

func (p *Policy) examineProtocols() finding.Finding {
	protocols := slices.Clone(p.protocols())
	slices.Sort(protocols)
	c := finding.Finding{Check: "protocols", Severity: finding.Good, Text: strings.Join(tlsname.List(protocols, tlsname.Protocol), ", ")}
	if slices.Min(protocols) < tls.VersionTLS12 {
		c.Severity = finding.Warning
		c.Text += ": TLSv1 and TLSv1.1 are broken (RFC 8996); browsers and Java refuse them"
		c.Remedy = shell.Comment("leave only TLSv1.2 and TLSv1.3")
	}
	for _, version := range protocols {
		if version < tls.VersionTLS10 || version > tls.VersionTLS13 {
			return finding.Finding{Check: c.Check, Text: tlsname.Protocol(version) + " is not possible", Remedy: shell.Comment("leave only TLSv1.2 and TLSv1.3")}
		}
	}
	return c
}

// examineSuites checks that an enabled suite takes the identity's key. It is
// what Tomcat means by "No available certificate or key corresponds to the SSL
// cipher suites which are enabled".
func (p *Policy) examineSuites(id identity.Identity) finding.Finding {
	c := finding.Finding{Check: "enabled suites"}
	if id.Key == nil {
		c.Text = "there is no private key"
		return c
	}
	kind := ""
	switch id.Key.Public().(type) {
	case *rsa.PublicKey:
		kind = "RSA"
	case *ecdsa.PublicKey, ed25519.PublicKey:
		kind = "ECDSA"
	default:
		c.Text = fmt.Sprintf("no suite takes the key of %q", id.Alias)
		return c
	}
	if slices.Contains(p.protocols(), tls.VersionTLS13) {
		c.Severity, c.Text = finding.Good, "TLSv1.3 takes any key"
	}
	var fit []string
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		enabled := slices.Contains(p.CipherSuites, suite.ID) || p.CipherSuites == nil && !suite.Insecure
		older := slices.ContainsFunc(suite.SupportedVersions, func(v uint16) bool { return v <= tls.VersionTLS12 && slices.Contains(p.protocols(), v) })
		signs := strings.Contains(suite.Name, "_"+kind+"_") // TLS_RSA_... and TLS_ECDHE_RSA_...
		if enabled && older && signs {
			fit = append(fit, suite.Name)
		}
	}
	switch {
	case len(fit) > 0:
		c.Severity = finding.Good
		c.Text = fmt.Sprintf("%d of the enabled suites for TLSv1.2 and below take the %s key of %q", len(fit), kind, id.Alias)
	case !c.OK():
		c.Text = fmt.Sprintf("none of the enabled suites takes the %s key of %q: every handshake will fail", kind, id.Alias)
		c.Remedy = shell.Comment("enable TLSv1.3, or a suite of the kind TLS_ECDHE_" + kind + "_*")
	case slices.Min(p.protocols()) <= tls.VersionTLS12:
		c.Severity = finding.Warning
		c.Text = fmt.Sprintf("none of the enabled suites for TLSv1.2 and below takes the %s key of %q: only TLSv1.3 works", kind, id.Alias)
		c.Remedy = shell.Comment("enable a suite of the kind TLS_ECDHE_" + kind + "_*, or only TLSv1.3")
	}
	return c
}

func (p *Policy) examineClients() finding.Finding {
	c := finding.Finding{Check: "client certificates", Severity: finding.Good}
	c.Text = clientAuthName(p.ClientAuth)
	switch p.ClientAuth {
	case tls.VerifyClientCertIfGiven:
		c.Text += "; one that is sent must be signed by a trusted authority"
	case tls.RequireAndVerifyClientCert:
		c.Text += ", signed by a trusted authority"
	}
	if p.ClientAuth >= tls.VerifyClientCertIfGiven && (p.ClientCAs == nil || p.ClientCAs.Equal(x509.NewCertPool())) {
		c.Severity = finding.Error
		c.Text = "no authority is trusted, so that every client certificate is refused"
		c.Remedy = shell.Comment("name a truststore that holds the CA's certificate")
	}
	return c
}
