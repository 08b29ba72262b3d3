package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/tlsname"
	"gokeytool/probe"
	"gokeytool/x509util"
)

// SmokeConfig says what Smoke proves.
type SmokeConfig struct {
	// Identity is what the endpoint serves.
	Identity identity.Identity
	// Host is the name that a client would ask for; empty for the first
	// alternative name of the certificate.
	Host string
	// Policy goes with the identity. Clients are not asked for a
	// certificate, whatever it says.
	Policy Policy
	// Timeout bounds each connection; zero means 10 s.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Smoke proves an identity: it examines it, then serves it on a free loopback
// port and connects as a client, with each protocol version of the policy, the
// newest first. The client trusts the last certificate of the chain and
// nothing else. The checks are those of Examine, then a handshake for each
// version, a resumption for each version, HTTP, and whether a probe sees from
// outside what is served.
func Smoke(ctx context.Context, cfg SmokeConfig) finding.Checks {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	checks := identity.Examine(cfg.Identity, identity.Options{Now: cfg.Now(), Host: cfg.Host})
	if len(checks) == 1 || cfg.Identity.Key == nil {
		return checks // there is nothing to serve
	}
	inside := checks
	readable, left := readableChain(cfg.Identity.Chain)
	if len(left) > 0 {
		cfg.Identity.Chain = readable
		checks = append(checks, finding.Finding{Check: "sent", Severity: finding.Warning,
			Text: "left out of the handshakes, as this client can't read them: " + strings.Join(left, ", ")})
		inside = identity.Examine(cfg.Identity, identity.Options{Now: cfg.Now(), Host: cfg.Host})
	}
	var chain []*x509util.Certificate
	for _, der := range cfg.Identity.Chain {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return checks
		}
		chain = append(chain, c)
	}
	server, stop, err := serveForSmoke(ctx, &cfg)
	if err != nil {
		return append(checks, finding.Finding{Check: "serve", Text: err.Error()})
	}
	defer stop()

	s := &smoker{
		cfg:     &cfg,
		address: server.Addr().String(),
		host:    cmp.Or(cfg.Host, firstHost(cfg.Identity.Chain[0])),
		// A failed check explains why a verifying client refuses.
		explained: slices.ContainsFunc(checks, func(c finding.Finding) bool { return !c.OK() }),
		chain:     chain,
	}
	policy := cfg.Policy.suited([]identity.Identity{cfg.Identity})
	versions := slices.Clone(policy.protocols())
	slices.Sort(versions)
	slices.Reverse(versions)
	var handshakes, resumptions finding.Checks
	answers := finding.Finding{Check: "HTTP"}
	for _, version := range versions {
		handshake, resumption, answer := s.prove(ctx, version)
		handshakes = append(handshakes, handshake)
		resumptions = append(resumptions, resumption)
		if answers.Text == "" || !answer.OK() {
			answers = answer
		}
	}
	checks = append(checks, handshakes...)
	checks = append(checks, resumptions...)
	inside = append(inside[:len(inside):len(inside)], resumptions...)
	return append(checks, answers, s.fromOutside(ctx, inside, versions))
}

// readableChain is the chain without the issuers that crypto/tls can't read, and
// what those are called. The leaf stays.
func readableChain(chain [][]byte) (readable [][]byte, left []string) {
	for i, der := range chain {
		if _, err := x509.ParseCertificate(der); i > 0 && err != nil {
			left = append(left, x509util.Describe(der).Called)
			continue
		}
		readable = append(readable, der)
	}
	return readable, left
}

// fromOutside holds what a probe sees of the endpoint against what is served and
// what Examine found: the same certificate, the same verdicts on it, and of all
// protocol versions those that are configured.
func (s *smoker) fromOutside(ctx context.Context, inside finding.Checks, versions []uint16) finding.Finding {
	c := finding.Finding{Check: "probe"}
	id := s.cfg.Identity
	roots := x509.NewCertPool()
	if top, err := x509.ParseCertificate(id.Chain[len(id.Chain)-1]); err == nil {
		roots.AddCert(top)
	}
	report, err := probe.Examine(ctx, probe.Config{
		Address: s.address, ServerName: s.host, Roots: roots, RootsName: "the end of the chain",
		Against: &id, Timeout: s.cfg.Timeout, Now: s.cfg.Now,
	})
	if err != nil {
		c.Text = err.Error()
		return c
	}
	var accepted, configured, differ []string
	suites := 0
	for _, protocol := range report.Protocols {
		if protocol.Accepted {
			accepted = append(accepted, protocol.Name)
			suites += len(protocol.Suites)
		}
	}
	for _, version := range versions {
		configured = append(configured, tlsname.Protocol(version))
	}
	if !slices.Equal(accepted, configured) {
		differ = append(differ, fmt.Sprintf("%s are accepted, %s configured", strings.Join(accepted, ", "), strings.Join(configured, ", ")))
	}
	dates := slices.ContainsFunc(inside, func(own finding.Finding) bool { return own.Check == "dates" && own.OK() })
	agreed := 0
	for _, seen := range report.Checks {
		if seen.Check == "deployed" && !seen.OK() {
			differ = append(differ, seen.Text)
		}
		at := slices.IndexFunc(inside, func(own finding.Finding) bool { return own.Check == seen.Check })
		// A probe's suites are those that are accepted, not those of the key,
		// and it resumes no session of an expired certificate.
		// To a client that trusts the only certificate of a chain, nothing is
		// missing of it.
		if at < 0 || seen.Check == "suites" || strings.HasPrefix(seen.Check, "resumption") && !dates || seen.Check == "chain" && len(id.Chain) == 1 {
			continue
		}
		if own := inside[at]; own.OK() != seen.OK() || own.Warn() != seen.Warn() {
			differ = append(differ, fmt.Sprintf("%s: %s", seen.Check, seen.Text))
			continue
		}
		agreed++
	}
	if len(differ) > 0 {
		c.Text = "seen from outside it is different: " + strings.Join(differ, "; ")
		return c
	}
	c.Severity = finding.Good
	c.Text = fmt.Sprintf("from outside: this certificate, the same verdict in %d checks, %s with %d suites and nothing older", agreed, strings.Join(accepted, " and "), suites)
	return c
}

// serveForSmoke starts an endpoint on a free loopback port.
func serveForSmoke(ctx context.Context, cfg *SmokeConfig) (*Server, func(), error) {
	policy := cfg.Policy
	policy.ClientAuth, policy.ClientCAs = tls.NoClientCert, nil
	config := Config{Identities: []identity.Identity{cfg.Identity}, Policy: policy, Now: cfg.Now, ShutdownTimeout: time.Second}
	server, err := Listen(ctx, config)
	if err != nil {
		config.Addr = "[::1]:0" // a machine without IPv4
		var err6 error
		if server, err6 = Listen(ctx, config); err6 != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx)
	}()
	return server, func() { cancel(); <-ended }, nil
}

// firstHost is the first name of a certificate that a client could ask for.
func firstHost(der []byte) string {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return "localhost"
	}
	for _, name := range leaf.DNSNames {
		return strings.Replace(name, "*", "www", 1)
	}
	for _, ip := range leaf.IPAddresses {
		return ip.String()
	}
	return "localhost"
}

// smoker is a client that proves an endpoint.
type smoker struct {
	cfg       *SmokeConfig
	address   string
	host      string
	explained bool
	chain     []*x509util.Certificate // which is served
}

// visit is what came of one connection and one request on it.
type visit struct {
	state   tls.ConnectionState
	verdict error // of verifying the chain
	status  string
	cookie  string
	facts   struct {
		Session struct {
			ID      string `json:"id"`
			Resumed bool   `json:"resumed"`
		} `json:"session"`
		HTTPSession struct {
			ID string `json:"id"`
		} `json:"httpSession"`
	}
}

// prove connects twice with one protocol version.
func (s *smoker) prove(ctx context.Context, version uint16) (handshake, resumption, answer finding.Finding) {
	handshake.Check = "handshake " + tlsname.Protocol(version)
	resumption.Check = "resumption " + tlsname.Protocol(version)
	answer.Check = "HTTP"

	cache := tls.NewLRUClientSessionCache(1)
	first, err := s.visit(ctx, version, cache)
	if err != nil {
		handshake.Text = err.Error()
		resumption.Text = "there was no handshake"
		answer.Text = "there was no handshake"
		return handshake, resumption, answer
	}
	handshake.Severity = finding.Good
	handshake.Text = tlsname.Suite(first.state.CipherSuite)
	if first.state.CurveID != 0 {
		handshake.Text += ", " + tlsname.Group(first.state.CurveID)
	}
	top := s.chain[len(s.chain)-1].Called()
	switch {
	case !sameChain(first.state.PeerCertificates, s.cfg.Identity.Chain):
		handshake.Severity = finding.Error
		handshake.Text += "; another chain was sent than the entry's"
	case first.verdict == nil && len(s.chain) == 1:
		handshake.Text += ", verified by a client that trusts this very certificate"
	case first.verdict == nil:
		handshake.Text += fmt.Sprintf(", verified by a client that trusts %s alone", top)
	case s.explained:
		handshake.Severity = finding.Warning
		handshake.Text += fmt.Sprintf("; a client that trusts %s refuses the certificate: %s", top, identity.Plain(first.verdict))
	default:
		handshake.Severity = finding.Error
		handshake.Text = fmt.Sprintf("a client that trusts %s refuses the certificate: %s", top, identity.Plain(first.verdict))
	}

	switch cookie := first.cookie; {
	case first.status != "200 OK":
		answer.Text = "GET /api/tls: " + first.status
	case cookie == "" || cookie != first.facts.HTTPSession.ID:
		answer.Text = "GET /api/tls: 200 OK, but without a session cookie"
	default:
		answer.Severity = finding.Good
		answer.Text = fmt.Sprintf("GET /api/tls: 200 OK over %s, %s=%s", httpName(first.state.NegotiatedProtocol), defaultCookie.Name, cookie)
	}

	second, err := s.visit(ctx, version, cache)
	switch {
	case err != nil:
		resumption.Text = err.Error()
	case !second.state.DidResume || !second.facts.Session.Resumed:
		resumption.Text = "the second connection made a full handshake"
	case second.facts.Session.ID == "" || second.facts.Session.ID != first.facts.Session.ID:
		resumption.Text = fmt.Sprintf("the session id changed from %s to %s", first.facts.Session.ID, second.facts.Session.ID)
	default:
		resumption.Severity = finding.Good
		resumption.Text = "the TLS session id stays " + second.facts.Session.ID
	}
	return handshake, resumption, answer
}

func httpName(alpn string) string {
	if alpn == "h2" {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}

// visit connects, asks for /api/tls, and leaves.
func (s *smoker) visit(ctx context.Context, version uint16, cache tls.ClientSessionCache) (*visit, error) {
	timeout := s.cfg.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	v := new(visit)
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", s.address)
		},
		TLSClientConfig: &tls.Config{
			MinVersion: version, MaxVersion: version,
			ServerName:         s.host,
			CipherSuites:       s.cfg.Policy.CipherSuites,
			CurvePreferences:   s.cfg.Policy.Groups,
			ClientSessionCache: cache,
			// Clients don't resume sessions of expired certificates; we
			// prove the server, and the dates elsewhere.
			Time: s.withinValidity,
			// We verify ourselves, to tell a failed handshake from a
			// refused certificate.
			InsecureSkipVerify: true,
			VerifyConnection: func(cs tls.ConnectionState) error {
				v.verdict = s.verify(cs.PeerCertificates)
				return nil
			},
		},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://smoke.invalid/api/tls", nil)
	if err != nil {
		return nil, err
	}
	request.Host = s.host
	if strings.Contains(s.host, ":") {
		request.Host = "[" + s.host + "]"
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	v.state, v.status = *response.TLS, response.Status
	for _, cookie := range response.Cookies() {
		if cookie.Name == defaultCookie.Name {
			v.cookie = cookie.Value
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &v.facts); err != nil {
			return nil, fmt.Errorf("GET /api/tls: %w", err)
		}
	}
	return v, nil
}

// withinValidity is the time, or the nearest one at which the certificate is
// valid.
func (s *smoker) withinValidity() time.Time {
	now, leaf := s.cfg.Now(), s.chain[0]
	switch {
	case now.Before(leaf.NotBefore):
		return leaf.NotBefore
	case now.After(leaf.NotAfter):
		return leaf.NotAfter
	}
	return now
}

// verify does what a client does that trusts the top of the chain alone.
func (s *smoker) verify(sent []*x509.Certificate) error {
	if len(sent) == 0 {
		return errors.New("no certificate was sent")
	}
	opts := x509.VerifyOptions{
		DNSName:       s.host,
		CurrentTime:   s.cfg.Now(),
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
	}
	opts.Roots.AddCert(sent[len(sent)-1])
	for _, c := range sent[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := sent[0].Verify(opts)
	return err
}

// sameChain reports whether a peer sent exactly the chain.
func sameChain(sent []*x509.Certificate, chain [][]byte) bool {
	return slices.EqualFunc(sent, chain, func(c *x509.Certificate, der []byte) bool { return bytes.Equal(c.Raw, der) })
}
