package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"gokeytool/certpath"
	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/x509util"
)

// examineChain looks at the certificates that the server sent.
func (p *prober) examineChain(state *tls.ConnectionState) finding.Checks {
	id := identity.Identity{}
	if p.cfg.Against != nil {
		id.Alias, id.Keystore = p.cfg.Against.Alias, p.cfg.Against.Keystore
	}
	for _, cert := range state.PeerCertificates {
		id.Chain = append(id.Chain, cert.Raw)
	}
	found := identity.Examine(id, identity.Options{Now: p.cfg.Now(), Host: p.cfg.ServerName})
	leaf, err := x509util.ParseCertificate(id.Chain[0])
	if err != nil || len(found) == 1 {
		return found // which says why the chain can't be looked at
	}
	checks := slices.DeleteFunc(found, func(c finding.Finding) bool { return c.Check == "key" || c.Check == "suites" })
	chain := &checks[0] // after the key
	trust, path := p.examineTrust(state)
	if trust.OK() && len(id.Chain) == 1 && !leaf.SelfSigned() {
		// Nothing is missing to a client that knows the issuer.
		*chain = finding.Finding{Check: "chain", Severity: finding.Good, Text: fmt.Sprintf("the certificate alone; its issuer %s is trusted", leaf.Issuer)}
	}
	if chain.OK() && trust.OK() {
		trust = refusedFor(x509util.PurposeOf(leaf, x509util.Use{}), path, trust)
	}
	return append(finding.Checks{trust}, checks...)
}

// refusedFor is the verdict on trust where programs refuse the whole path, up to
// the root that is trusted and perhaps was not sent.
func refusedFor(purpose x509util.Purpose, path []*x509.Certificate, trust finding.Finding) finding.Finding {
	var certs []*x509util.Certificate
	for _, cert := range path {
		c, err := x509util.ParseCertificate(cert.Raw)
		if err != nil {
			return trust
		}
		certs = append(certs, c)
	}
	if faults := certpath.Judge(certs, certpath.For(purpose)); len(faults) > 0 {
		trust.Severity = finding.Error
		trust.Text = "the chain leads" + strings.TrimPrefix(trust.Text, "trusted: the chain leads") + ", but " + certpath.Refusals(faults)
	}
	return trust
}

// examineTrust verifies the chain as a client does, but for its name and dates,
// which are other checks. It returns the path to a root.
func (p *prober) examineTrust(state *tls.ConnectionState) (finding.Finding, []*x509.Certificate) {
	c := finding.Finding{Check: "trust"}
	leaf := state.PeerCertificates[0]
	opts := x509.VerifyOptions{Roots: p.cfg.Roots, Intermediates: x509.NewCertPool(), CurrentTime: p.cfg.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if opts.CurrentTime.After(leaf.NotAfter) {
		opts.CurrentTime = leaf.NotAfter
	} else if opts.CurrentTime.Before(leaf.NotBefore) {
		opts.CurrentTime = leaf.NotBefore
	}
	for _, cert := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 {
		opts.KeyUsages = nil // a server's, as far as the leaf goes: see usage
	}
	chains, err := leaf.Verify(opts)
	if err != nil {
		if doubts := p.doubts(state.PeerCertificates); doubts != "" {
			c.Severity = finding.Warning
			c.Text = fmt.Sprintf("the chain leads to %s by its names alone: %s", p.cfg.RootsName, doubts)
			return c, nil
		}
		c.Text = fmt.Sprintf("the chain does not lead to %s: %s", p.cfg.RootsName, identity.Plain(err))
		return c, nil
	}
	c.Severity = finding.Good
	root := chains[0][len(chains[0])-1]
	c.Text = fmt.Sprintf("trusted: the chain leads to %s of %s", showName(root.RawSubject), p.cfg.RootsName)
	return c, chains[0]
}

// doubts says which signatures can't be verified on the way to one of the unread
// roots; it is empty where none leads there.
func (p *prober) doubts(sent []*x509.Certificate) string {
	var pool []*x509util.Certificate
	for _, cert := range sent {
		if c, err := x509util.ParseCertificate(cert.Raw); err == nil {
			pool = append(pool, c)
		}
	}
	if len(pool) < len(sent) {
		return ""
	}
	chain := x509util.CompleteChain(pool[0], append(pool[1:], p.cfg.UnreadRoots...))
	if !slices.Contains(p.cfg.UnreadRoots, chain[len(chain)-1]) {
		return ""
	}
	return strings.Join(x509util.UnverifiableTexts(chain), "; ")
}

// examineScans judges the versions and suites that are accepted. Servers that
// begin TLS late are not Tomcat, and have other names for the remedies.
func (p *prober) examineScans(scans []Protocol) finding.Checks {
	protocols := finding.Finding{Check: "protocols", Severity: finding.Good}
	suites := finding.Finding{Check: "suites", Severity: finding.Good}
	var accepted, old, weak []string
	n, incomplete := 0, false
	for _, scan := range scans {
		incomplete = incomplete || scan.Incomplete
		if !scan.Accepted {
			continue
		}
		accepted = append(accepted, scan.Name)
		if scan.Name != "TLSv1.3" && scan.Name != "TLSv1.2" {
			old = append(old, scan.Name)
		}
		n += len(scan.Suites)
		for _, suite := range scan.Suites {
			if weakSuite(suite) && !slices.Contains(weak, suite) {
				weak = append(weak, suite)
			}
		}
	}
	protocols.Text = "accepted: " + strings.Join(accepted, ", ")
	switch {
	case len(old) == len(accepted) && incomplete:
		protocols.Severity = finding.Warning
	case len(old) == len(accepted):
		protocols.Severity = finding.Error
		protocols.Text += "; browsers and Java want TLSv1.2 or TLSv1.3"
		protocols.Remedy = shell.Comment("enable TLSv1.2 and TLSv1.3")
	case len(old) > 0:
		protocols.Severity = finding.Warning
		protocols.Text += "; " + strings.Join(old, ", ") + " should be refused (RFC 8996, RFC 7568)"
		protocols.Remedy = shell.Comment(`protocols="TLSv1.2+TLSv1.3" in SSLHostConfig`)
	}
	if protocols.Remedy != "" && p.cfg.StartTLS != "" {
		protocols.Remedy = shell.Comment("leave only TLSv1.2 and TLSv1.3")
	}
	suites.Text = fmt.Sprintf("%d accepted", n)
	if len(weak) > 0 {
		suites.Severity = finding.Warning
		suites.Text += "; weak: " + text.Elide(weak, 6)
		suites.Remedy = shell.Comment(`ciphers="HIGH:!aNULL:!eNULL:!DES:!RC4:!MD5:!kRSA" in SSLHostConfig, which is Tomcat's default`)
		if p.cfg.StartTLS != "" {
			suites.Remedy = shell.Comment("the cipher list HIGH:!aNULL:!eNULL:!DES:!RC4:!MD5:!kRSA, where it is OpenSSL's")
		}
	}
	if incomplete {
		protocols.Severity, suites.Severity = finding.Warning, finding.Warning
		unknown := fmt.Sprintf("; not all is known, as the server did not answer in time (%s for all)", p.cfg.Total)
		protocols.Text += unknown
		suites.Text += unknown
	}
	return finding.Checks{protocols, suites}
}

// weakSuite reports whether nobody should accept a suite any more (RFC 9325,
// section 4.1).
func weakSuite(name string) bool {
	return slices.ContainsFunc([]string{"NULL", "EXPORT", "anon", "RC4", "RC2", "_DES", "DES40", "3DES", "IDEA", "MD5"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// examineResumption connects twice.
func (p *prober) examineResumption(ctx context.Context, name string) finding.Finding {
	c := finding.Finding{Check: "resumption " + name, Severity: finding.Good}
	version := uint16(tls.VersionTLS12)
	if name == "TLSv1.3" {
		version = tls.VersionTLS13
	}
	cache := tls.NewLRUClientSessionCache(1)
	if _, err := p.connect(ctx, version, version, cache); err != nil {
		c.Severity, c.Text = finding.Warning, fmt.Sprintf("not known: %v", err)
		return c
	}
	second, err := p.connect(ctx, version, version, cache)
	switch {
	case err != nil:
		c.Severity, c.Text = finding.Warning, fmt.Sprintf("not known: %v", err)
	case second.DidResume:
		c.Text = "the second connection resumed the first one's session"
	default:
		c.Severity, c.Text = finding.Warning, "the second connection made a full handshake: sessions are not resumed by ticket"
	}
	return c
}

// compareDeployed says whether a server has the chain of an entry.
func compareDeployed(deployed [][]byte, id identity.Identity) finding.Finding {
	c := finding.Finding{Check: "deployed"}
	entry := fmt.Sprintf("entry %q", id.Alias)
	if id.Keystore != "" {
		entry += " of " + id.Keystore
	}
	if len(id.Chain) == 0 || len(deployed) == 0 {
		c.Text = entry + " has no certificate"
		return c
	}
	if !bytes.Equal(deployed[0], id.Chain[0]) {
		theirs, ours := x509util.Describe(deployed[0]), x509util.Describe(id.Chain[0])
		c.Text = fmt.Sprintf("the server has another certificate (%s, serial %s, until %s) than %s (%s, serial %s, until %s)",
			theirs.Called, theirs.Serial, x509util.Day(theirs.NotAfter.Time), entry, ours.Called, ours.Serial, x509util.Day(ours.NotAfter.Time))
		if sameKey(deployed[0], id.Chain[0]) {
			c.Text += "; their key is the same"
		}
		c.Remedy = shell.Comment("copy the keystore to the server and reload it, or import the server's certificate if that is the newer one")
		return c
	}
	c.Severity = finding.Good
	c.Text = "the server has the certificate of " + entry
	if !slices.EqualFunc(deployed, id.Chain, bytes.Equal) {
		c.Severity = finding.Warning
		c.Text += fmt.Sprintf(", but sends %d certificates where the entry has %d", len(deployed), len(id.Chain))
	}
	return c
}

// sameKey reports whether two certificates have the same public key.
func sameKey(a, b []byte) bool {
	x, errX := x509.ParseCertificate(a)
	y, errY := x509.ParseCertificate(b)
	return errX == nil && errY == nil && bytes.Equal(x.RawSubjectPublicKeyInfo, y.RawSubjectPublicKeyInfo)
}
