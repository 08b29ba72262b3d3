package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/tlsname"
	"gokeytool/x509util"
)

// Config says which server Examine looks at, and what it is held against.
type Config struct {
	// Address is HOST:PORT.
	Address string
	// ServerName is the name that is asked for and that the certificate
	// must have; empty for the host of Address.
	ServerName string
	// StartTLS is one of StartTLSProtocols, or empty where the server
	// speaks TLS from the beginning.
	StartTLS string
	// Roots are trusted, and RootsName says what they are: "the truststore
	// trust.p12". Nil and empty mean the system's CAs.
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

// Report is what a server looks like from outside.
type Report struct {
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
	Protocols    []Protocol             `json:"protocols"`
	Certificates []x509util.Description `json:"certificates"`
	// ClientCertificate is "none", "requested" or "sent".
	ClientCertificate string         `json:"clientCertificate"`
	ClientCAs         []string       `json:"clientCAs,omitempty"` // that the server names
	OCSP              string         `json:"ocsp"`                // of the stapled response
	Checks            finding.Checks `json:"checks"`
	// Chain is the chain in DER, as it was sent.
	Chain [][]byte `json:"-"`
}

// Protocol says whether a version is accepted, and with which suites, in
// the order in which the server picks them.
type Protocol struct {
	Name     string   `json:"name"`
	Accepted bool     `json:"accepted"`
	Suites   []string `json:"suites"`
	// Incomplete: a connection failed, or there was no time, before all was
	// known.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Examine looks at a server as a client: its chain and whether it is trusted, the
// protocol versions and cipher suites it accepts (SSL 3.0 and suites that Go
// can't do included), resumption, the stapled OCSP response, and whether it
// asks for a client certificate. It sends no request. The error is for a server
// that can't be reached, or with which no handshake succeeds.
func Examine(ctx context.Context, cfg Config) (*Report, error) {
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
	report := &Report{
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
	report.Certificates = x509util.DescribeAll(report.Chain)

	scans, err := p.scan(ctx)
	if err != nil {
		return nil, err
	}
	report.Protocols = scans
	report.Checks = append(report.Checks, p.examineChain(first)...)
	var staple finding.Finding
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
	cfg         *Config
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
	if err := StartTLS(conn, p.cfg.StartTLS); err != nil {
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
	shown, _ := Certificates(conn, p.cfg.ServerName)
	return HandshakeBar(shown)
}

// HandshakeBar says which of the certificates in DER that a server shows has a
// key that is not supported here, so that Go's TLS makes no handshake with it; nil
// if none has. The error wraps a *keys.UnsupportedError.
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

// connect makes a handshake. Where that is asked for, it waits a moment for what a
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
		if _, err := conn.Read(make([]byte, 1)); p.asked != "none" && Alerted(err) {
			return nil, err
		}
	}
	return &state, nil
}

// Alerted says whether an error is an alert with which a server has ended TLS: it
// speaks TLS, but not with this client. crypto/tls has no type for alerts, but its
// error for them is a *net.OpError.
func Alerted(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// scan finds out which versions and suites the server accepts.
func (p *prober) scan(ctx context.Context) ([]Protocol, error) {
	var all []Protocol
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12, tls.VersionTLS11, tls.VersionTLS10, VersionSSL3} {
		suites, err := Suites(ctx, p.dial, version, p.cfg.ServerName)
		// A connection may end a moment before the context, by the same clock.
		deadline, _ := ctx.Deadline()
		late := !time.Now().Before(deadline)
		if err != nil && len(suites) == 0 && !late {
			return nil, fmt.Errorf("%s: %w", tlsname.Protocol(version), cmp.Or(ctx.Err(), err))
		}
		all = append(all, Protocol{Name: tlsname.Protocol(version), Accepted: len(suites) > 0, Suites: tlsname.List(suites, tlsname.Suite), Incomplete: err != nil})
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
