package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"gokeytool/certpath"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/internal/tlsname"
	"gokeytool/probe"
	"gokeytool/x509util"
)

// StartTLSProtocols are those of ProbeConfig.StartTLS.
var StartTLSProtocols = probe.StartTLSProtocols

// ProbeConfig says which server Probe looks at, and what it is held against.
type ProbeConfig struct {
	// Address is HOST:PORT.
	Address string
	// ServerName is the name that is asked for and that the certificate
	// must have; empty for the host of Address.
	ServerName string
	// StartTLS is one of StartTLSProtocols, or empty where the server
	// speaks TLS from the beginning.
	StartTLS string
	// Roots are trusted, and RootsName says what they are: "the truststore
	// trust.p12". Nil and empty mean the system's authorities.
	Roots     *x509.CertPool
	RootsName string
	// UnreadRoots are trusted too, but of a kind that Go's TLS can't take. A
	// chain that leads to one by names and key identifiers is not called
	// untrusted.
	UnreadRoots []*x509util.Certificate
	// Certificate is the client's own, where the server asks for one.
	Certificate *tls.Certificate
	// Against is an entry that the server should have; nil for none. It
	// needs no key.
	Against *identity.Identity
	// Timeout bounds each connection; zero means 10 s.
	Timeout time.Duration
	// Total bounds all connections together; zero means a minute. What is not
	// known by then is said to be unknown.
	Total time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// ProbeReport is what a server looks like from outside.
type ProbeReport struct {
	Address    string `json:"address"`
	ServerName string `json:"serverName"`
	StartTLS   string `json:"startTls,omitempty"`
	// Protocol, CipherSuite, Group and ALPN are those of a connection to
	// which this client agrees to everything that Go can do.
	Protocol    string `json:"protocol"`
	CipherSuite string `json:"cipherSuite"`
	Group       string `json:"group,omitempty"`
	ALPN        string `json:"alpn,omitempty"`
	// Protocols are the versions looked for, newest first.
	Protocols    []ProbedProtocol            `json:"protocols"`
	Certificates []identity.CertificateFacts `json:"certificates"`
	// ClientCertificate is "none", "requested" or "sent".
	ClientCertificate string           `json:"clientCertificate"`
	ClientCAs         []string         `json:"clientCAs,omitempty"` // that the server names
	OCSP              string           `json:"ocsp"`                // of the stapled response
	Checks            []identity.Check `json:"checks"`
	// Chain is the chain in DER, as it was sent.
	Chain [][]byte `json:"-"`
}

// ProbedProtocol says whether a version is accepted, and with which suites, in
// the order in which the server picks them.
type ProbedProtocol struct {
	Name     string   `json:"name"`
	Accepted bool     `json:"accepted"`
	Suites   []string `json:"suites"`
	// Incomplete: a connection failed, or there was no time, before all was
	// known.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Probe looks at a server as a client: its chain and whether it is trusted, the
// protocol versions and cipher suites it accepts (SSL 3.0 and suites that Go
// can't do included), resumption, the stapled OCSP response, and whether it
// asks for a client certificate. It sends no request. The error is for a server
// that can't be reached, or with which no handshake succeeds.
func Probe(ctx context.Context, cfg ProbeConfig) (*ProbeReport, error) {
	host, _, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("%q is not HOST:PORT: %w", cfg.Address, err)
	}
	cfg.ServerName = cmp.Or(cfg.ServerName, host)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Total = cmp.Or(cfg.Total, time.Minute)
	if cfg.Roots == nil {
		cfg.RootsName = "the system's authorities"
	}
	p := &prober{cfg: &cfg}
	canceled := ctx.Err
	ctx, cancel := context.WithTimeout(ctx, cfg.Total)
	defer cancel()

	first, err := p.connect(ctx, tls.VersionTLS10, tls.VersionTLS13, nil)
	if err != nil {
		return nil, cmp.Or(p.unsupported(ctx, err), err)
	}
	report := &ProbeReport{
		Address: cfg.Address, ServerName: cfg.ServerName, StartTLS: cfg.StartTLS,
		Protocol: tlsname.Protocol(first.Version), CipherSuite: tlsname.Suite(first.CipherSuite), ALPN: first.NegotiatedProtocol,
		ClientCertificate: p.asked, ClientCAs: p.authorities,
	}
	if first.CurveID != 0 {
		report.Group = tlsname.Group(first.CurveID)
	}
	for _, cert := range first.PeerCertificates {
		report.Chain = append(report.Chain, cert.Raw)
	}
	report.Certificates = identity.DescribeAll(report.Chain)

	scans, err := p.scan(ctx)
	if err != nil {
		return nil, err
	}
	report.Protocols = scans
	report.Checks = append(report.Checks, p.examineChain(first)...)
	var staple identity.Check
	staple, report.OCSP = p.examineStaple(first)
	report.Checks = append(report.Checks, p.examineScans(scans)...)
	for _, scan := range scans {
		if scan.Accepted && (scan.Name == "TLSv1.3" || scan.Name == "TLSv1.2") {
			report.Checks = append(report.Checks, p.examineResumption(ctx, scan.Name))
		}
	}
	report.Checks = append(report.Checks, staple)
	if cfg.Against != nil {
		report.Checks = append(report.Checks, compareDeployed(report.Chain, *cfg.Against))
	}
	if err := canceled(); err != nil {
		return nil, err
	}
	return report, nil
}

// prober holds what the connections of a probe share.
type prober struct {
	cfg         *ProbeConfig
	asked       string
	authorities []string
}

// dial connects and brings the server to the beginning of TLS.
func (p *prober) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.cfg.Address)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if err := probe.StartTLS(conn, p.cfg.StartTLS); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// unsupported says which of a server's certificates has a key that is not
// supported here, where that is why a handshake failed; else nil.
func (p *prober) unsupported(ctx context.Context, failure error) error {
	if !strings.Contains(failure.Error(), "failed to parse certificate") {
		return nil
	}
	conn, err := p.dial(ctx)
	if err != nil {
		return nil
	}
	defer conn.Close()
	shown, _ := probe.Certificates(conn, p.cfg.ServerName)
	return HandshakeBar(shown)
}

// HandshakeBar says which of the certificates in DER that a server shows has a
// key that is not supported here, so that Go's TLS makes no handshake with it; nil
// if none has. The error wraps an *x509util.UnsupportedError.
func HandshakeBar(shown [][]byte) error {
	for i, der := range shown {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return nil
		}
		if reason := identity.UnsupportedKey(c); reason != nil {
			return fmt.Errorf("certificate %d of %d that the server shows, %s, makes a handshake impossible here: %w", i+1, len(shown), c.Called(), reason)
		}
	}
	return nil
}

// ticketWatch is a session cache that tells when a session comes in.
type ticketWatch struct {
	tls.ClientSessionCache
	came func()
}

func (w ticketWatch) Put(key string, session *tls.ClientSessionState) {
	w.ClientSessionCache.Put(key, session)
	w.came()
}

// connect makes a handshake. Where that is wanted, it waits a moment for what a
// server of TLS 1.3 says afterwards: a ticket, or that it refuses the client's
// certificate.
func (p *prober) connect(ctx context.Context, low, high uint16, cache tls.ClientSessionCache) (*tls.ConnectionState, error) {
	raw, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	p.asked, p.authorities = "none", nil
	config := &tls.Config{
		ServerName: p.cfg.ServerName, MinVersion: low, MaxVersion: high, Time: p.cfg.Now,
		InsecureSkipVerify: true, // verified later, to say all that is wrong
		GetClientCertificate: func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			p.asked = "requested"
			for _, der := range info.AcceptableCAs {
				p.authorities = append(p.authorities, showName(der))
			}
			if p.cfg.Certificate == nil {
				return new(tls.Certificate), nil
			}
			p.asked = "sent"
			return p.cfg.Certificate, nil
		},
	}
	if p.cfg.StartTLS == "" {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	established := false
	if cache != nil {
		config.ClientSessionCache = ticketWatch{cache, func() {
			if established { // with TLS 1.2 it comes in the handshake
				raw.SetReadDeadline(time.Now())
			}
		}}
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	established = true
	state := conn.ConnectionState()
	if state.Version == tls.VersionTLS13 && (cache != nil && !state.DidResume || p.asked != "none") {
		conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		var refused tls.AlertError
		if _, err := conn.Read(make([]byte, 1)); err != nil && p.asked != "none" && (errors.As(err, &refused) || strings.Contains(err.Error(), "remote error: tls:")) {
			return nil, err
		}
	}
	return &state, nil
}

// scan finds out which versions and suites the server accepts.
func (p *prober) scan(ctx context.Context) ([]ProbedProtocol, error) {
	var all []ProbedProtocol
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12, tls.VersionTLS11, tls.VersionTLS10, probe.VersionSSL3} {
		suites, err := probe.Suites(ctx, p.dial, version, p.cfg.ServerName)
		// A connection may end a moment before the context, by the same clock.
		deadline, _ := ctx.Deadline()
		late := !time.Now().Before(deadline)
		if err != nil && len(suites) == 0 && !late {
			return nil, fmt.Errorf("%s: %w", tlsname.Protocol(version), cmp.Or(ctx.Err(), err))
		}
		all = append(all, ProbedProtocol{Name: tlsname.Protocol(version), Accepted: len(suites) > 0, Suites: tlsname.List(suites, tlsname.Suite), Incomplete: err != nil})
	}
	return all, nil
}

// showName shows a name as keytool does.
func showName(der []byte) string {
	name, err := x509util.ParseName(der)
	if err != nil {
		return "(unreadable name)"
	}
	return name.String()
}

// examineChain looks at the certificates that the server sent.
func (p *prober) examineChain(state *tls.ConnectionState) []identity.Check {
	id := identity.Identity{}
	if p.cfg.Against != nil {
		id.Alias, id.Keystore = p.cfg.Against.Alias, p.cfg.Against.Keystore
	}
	for _, cert := range state.PeerCertificates {
		id.Chain = append(id.Chain, cert.Raw)
	}
	found := identity.Examine(id, identity.Options{Now: p.cfg.Now(), Host: p.cfg.ServerName})
	at := slices.IndexFunc(found, func(c identity.Check) bool { return c.Name == "chain" })
	leaf, err := x509util.ParseCertificate(id.Chain[0])
	if err != nil || at < 0 || len(found) == 1 {
		return found // which says why
	}
	checks := slices.DeleteFunc(found, func(c identity.Check) bool { return c.Name == "key" || c.Name == "suites" })
	chain := &checks[0]
	trust, path := p.examineTrust(state)
	if trust.OK && len(id.Chain) == 1 && !leaf.SelfSigned() {
		// Nothing is missing to a client that knows the issuer.
		*chain = identity.Check{Name: "chain", OK: true, Detail: fmt.Sprintf("the certificate alone; its issuer %s is trusted", leaf.Issuer)}
	}
	if chain.OK && trust.OK {
		trust = refusedFor(x509util.PurposeOf(leaf, x509util.Use{}), path, trust)
	}
	return append([]identity.Check{trust}, checks...)
}

// refusedFor is the verdict on trust where programs refuse the whole path, up to
// the root that is trusted and perhaps was not sent.
func refusedFor(purpose x509util.Purpose, path []*x509.Certificate, trust identity.Check) identity.Check {
	var certs []*x509util.Certificate
	for _, cert := range path {
		c, err := x509util.ParseCertificate(cert.Raw)
		if err != nil {
			return trust
		}
		certs = append(certs, c)
	}
	if faults := certpath.Judge(certs, certpath.For(purpose)); len(faults) > 0 {
		trust.OK = false
		trust.Detail = "the chain leads" + strings.TrimPrefix(trust.Detail, "trusted: the chain leads") + ", but " + certpath.Refusals(faults)
	}
	return trust
}

// examineTrust verifies the chain as a client does, but for its name and dates,
// which are other checks. It returns the path to a root.
func (p *prober) examineTrust(state *tls.ConnectionState) (identity.Check, []*x509.Certificate) {
	c := identity.Check{Name: "trust"}
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
			c.OK, c.Warn = true, true
			c.Detail = fmt.Sprintf("the chain leads to %s by its names alone: %s", p.cfg.RootsName, doubts)
			return c, nil
		}
		c.Detail = fmt.Sprintf("the chain does not lead to %s: %s", p.cfg.RootsName, identity.Plain(err))
		return c, nil
	}
	c.OK = true
	root := chains[0][len(chains[0])-1]
	c.Detail = fmt.Sprintf("trusted: the chain leads to %s of %s", showName(root.RawSubject), p.cfg.RootsName)
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

// examineStaple looks at the stapled OCSP response.
func (p *prober) examineStaple(state *tls.ConnectionState) (identity.Check, string) {
	c := identity.Check{Name: "OCSP staple", OK: true}
	if len(state.OCSPResponse) == 0 {
		c.Detail = "none"
		return c, "none"
	}
	leaf := state.PeerCertificates[0]
	issuer := p.issuerOf(state)
	response, err := ocsp.ParseResponseForCert(state.OCSPResponse, leaf, issuer)
	if err == nil && issuer != nil {
		err = authorized(response, issuer)
	}
	if err != nil {
		c.OK, c.Detail = false, fmt.Sprintf("the stapled response is bad: %v", err)
		return c, "bad"
	}
	if issuer == nil {
		// Anybody could have signed it.
		c.Warn, c.Detail = true, "not verified: the server does not send the issuer of its certificate, and the issuer is not in "+p.cfg.RootsName
		return c, "not verified"
	}
	status := map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked"}[response.Status]
	status = cmp.Or(status, "unknown")
	c.OK = response.Status == ocsp.Good
	c.Detail = fmt.Sprintf("%s, of %s", status, x509util.Day(response.ThisUpdate))
	if !response.NextUpdate.IsZero() {
		c.Detail += ", good until " + x509util.Day(response.NextUpdate)
		if p.cfg.Now().After(response.NextUpdate) {
			c.OK = false
			c.Detail = fmt.Sprintf("the stapled response (%s) was good until %s", status, x509util.Day(response.NextUpdate))
		}
	}
	return c, status
}

// issuerOf returns the certificate that signed the server's: of those that it
// sent, or of those that are trusted. nil if none of them did.
func (p *prober) issuerOf(state *tls.ConnectionState) *x509.Certificate {
	leaf := state.PeerCertificates[0]
	for _, c := range state.PeerCertificates {
		if bytes.Equal(c.RawSubject, leaf.RawIssuer) && leaf.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: p.cfg.Roots, CurrentTime: leaf.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || len(chains[0]) < 2 {
		return nil
	}
	return chains[0][1]
}

// authorized says why a response whose signature is good does not count: it must
// be signed by the issuer of the certificate, or by somebody to whom the issuer
// has given that task (RFC 6960, section 4.2.2.2), not by any of its customers.
func authorized(response *ocsp.Response, issuer *x509.Certificate) error {
	signer := response.Certificate
	switch {
	case signer == nil || bytes.Equal(signer.Raw, issuer.Raw):
		return nil
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fmt.Errorf("it is signed by %s, which may not sign responses (no OCSPSigning)", showName(signer.RawSubject))
	case response.ProducedAt.Before(signer.NotBefore) || response.ProducedAt.After(signer.NotAfter):
		return fmt.Errorf("it is signed by %s, whose certificate was not valid on %s", showName(signer.RawSubject), x509util.Day(response.ProducedAt))
	}
	return nil
}

// examineScans judges the versions and suites that are accepted. Servers that
// begin TLS late are not Tomcat, and have other names for the remedies.
func (p *prober) examineScans(scans []ProbedProtocol) []identity.Check {
	protocols := identity.Check{Name: "protocols", OK: true}
	suites := identity.Check{Name: "suites", OK: true}
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
	protocols.Detail = "accepted: " + strings.Join(accepted, ", ")
	switch {
	case len(old) == len(accepted) && incomplete:
		protocols.Warn = true
	case len(old) == len(accepted):
		protocols.OK = false
		protocols.Detail += "; browsers and Java want TLSv1.2 or TLSv1.3"
		protocols.Remedy = shell.Comment("enable TLSv1.2 and TLSv1.3")
	case len(old) > 0:
		protocols.Warn = true
		protocols.Detail += "; " + strings.Join(old, ", ") + " should be refused (RFC 8996, RFC 7568)"
		protocols.Remedy = shell.Comment(`protocols="TLSv1.2+TLSv1.3" in SSLHostConfig`)
	}
	if protocols.Remedy != "" && p.cfg.StartTLS != "" {
		protocols.Remedy = shell.Comment("leave only TLSv1.2 and TLSv1.3")
	}
	suites.Detail = fmt.Sprintf("%d accepted", n)
	if len(weak) > 0 {
		suites.Warn = true
		suites.Detail += "; weak: " + text.Elide(weak, 6)
		suites.Remedy = shell.Comment(`ciphers="HIGH:!aNULL:!eNULL:!DES:!RC4:!MD5:!kRSA" in SSLHostConfig, which is Tomcat's default`)
		if p.cfg.StartTLS != "" {
			suites.Remedy = shell.Comment("the cipher list HIGH:!aNULL:!eNULL:!DES:!RC4:!MD5:!kRSA, where it is OpenSSL's")
		}
	}
	if incomplete {
		protocols.Warn, suites.Warn = true, true
		unknown := fmt.Sprintf("; not all is known, as the server did not answer in time (%s for all)", p.cfg.Total)
		protocols.Detail += unknown
		suites.Detail += unknown
	}
	return []identity.Check{protocols, suites}
}

// weakSuite reports whether nobody should accept a suite any more (RFC 9325,
// section 4.1).
func weakSuite(name string) bool {
	return slices.ContainsFunc([]string{"NULL", "EXPORT", "anon", "RC4", "RC2", "_DES", "DES40", "3DES", "IDEA", "MD5"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// examineResumption connects twice.
func (p *prober) examineResumption(ctx context.Context, name string) identity.Check {
	c := identity.Check{Name: "resumption " + name, OK: true}
	version := uint16(tls.VersionTLS12)
	if name == "TLSv1.3" {
		version = tls.VersionTLS13
	}
	cache := tls.NewLRUClientSessionCache(1)
	if _, err := p.connect(ctx, version, version, cache); err != nil {
		c.Warn, c.Detail = true, fmt.Sprintf("not known: %v", err)
		return c
	}
	second, err := p.connect(ctx, version, version, cache)
	switch {
	case err != nil:
		c.Warn, c.Detail = true, fmt.Sprintf("not known: %v", err)
	case second.DidResume:
		c.Detail = "the second connection resumed the first one's session"
	default:
		c.Warn, c.Detail = true, "the second connection made a full handshake: sessions are not resumed by ticket"
	}
	return c
}

// compareDeployed says whether a server has the chain of an entry.
func compareDeployed(deployed [][]byte, id identity.Identity) identity.Check {
	c := identity.Check{Name: "deployed"}
	entry := fmt.Sprintf("entry %q", id.Alias)
	if id.Keystore != "" {
		entry += " of " + id.Keystore
	}
	if len(id.Chain) == 0 || len(deployed) == 0 {
		c.Detail = entry + " has no certificate"
		return c
	}
	if !bytes.Equal(deployed[0], id.Chain[0]) {
		theirs, ours := identity.Describe(deployed[0]), identity.Describe(id.Chain[0])
		c.Detail = fmt.Sprintf("the server has another certificate (%s, serial %s, until %s) than %s (%s, serial %s, until %s)",
			theirs.Called, theirs.Serial, x509util.Day(theirs.NotAfter.Time), entry, ours.Called, ours.Serial, x509util.Day(ours.NotAfter.Time))
		if sameKey(deployed[0], id.Chain[0]) {
			c.Detail += "; their key is the same"
		}
		c.Remedy = shell.Comment("copy the keystore to the server and reload it, or import the server's certificate if that is the newer one")
		return c
	}
	c.OK = true
	c.Detail = "the server has the certificate of " + entry
	if !slices.EqualFunc(deployed, id.Chain, bytes.Equal) {
		c.Warn = true
		c.Detail += fmt.Sprintf(", but sends %d certificates where the entry has %d", len(deployed), len(id.Chain))
	}
	return c
}

// sameKey reports whether two certificates have the same public key.
func sameKey(a, b []byte) bool {
	x, errX := x509.ParseCertificate(a)
	y, errY := x509.ParseCertificate(b)
	return errX == nil && errY == nil && bytes.Equal(x.RawSubjectPublicKeyInfo, y.RawSubjectPublicKeyInfo)
}
