package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gokeytool/sessionid"
	"gokeytool/x509util"
)

// Server is an endpoint that listens.
type Server struct {
	cfg      Config // with its defaults filled in
	ln       *listener
	http     *http.Server
	redirect *redirector // nil for none
	hosts    atomic.Pointer[hosts]
	tls      *tlsSessions
	sessions *httpSessions
	site     atomic.Pointer[site]
	waiting  waiting
	answered atomic.Int64
	enough   chan struct{} // closed after Config.Requests
}

// Listen checks cfg and opens the endpoint's port or ports. The caller must
// call Serve or Close. It does not examine the identities: see Examine.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:      cfg,
		tls:      newTLSSessions(cfg.TLSSessionTimeout, cfg.TicketSecret, cfg.TLSSessionCache),
		sessions: new(httpSessions),
		enough:   make(chan struct{}),
	}
	application, err := s.newSite(s.cfg)
	if err != nil {
		return nil, err
	}
	s.use(application)
	h, err := newHosts(&s.cfg)
	if err != nil {
		return nil, err
	}
	s.hosts.Store(h)

	raw, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	s.ln = &listener{Listener: raw, server: s, places: make(chan struct{}, cfg.MaxConnections), done: make(chan struct{})}
	s.http = s.newHTTPServer(s.challenged(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.site.Load().handler.ServeHTTP(w, r) })))
	s.http.TLSConfig = &tls.Config{GetConfigForClient: s.configure, Time: cfg.Now}
	s.http.ConnContext = connContext
	s.http.ConnState = s.waiting.note
	if cfg.RedirectAddr != "" {
		if s.redirect, err = newRedirector(ctx, s); err != nil {
			raw.Close()
			return nil, err
		}
	}
	return s, nil
}

// newHTTPServer returns a server with the limits of the configuration.
func (s *Server) newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: s.cfg.HeaderTimeout,
		ReadTimeout:       s.cfg.ReadTimeout,
		WriteTimeout:      s.cfg.WriteTimeout,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    s.cfg.MaxHeaderBytes,
		ErrorLog:          log.New(errorLog{s.cfg.Logger}, "", 0),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100},
	}
}

// fill checks the configuration and puts the defaults where nothing is given.
func (c *Config) fill() error {
	defaults := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	defaults(&c.SessionTimeout, 30*time.Minute)
	if c.SessionTimeout < 0 {
		c.SessionTimeout = -time.Second // as it is shown
	}
	defaults(&c.TLSSessionTimeout, 24*time.Hour)
	defaults(&c.HeaderTimeout, 10*time.Second)
	defaults(&c.ReadTimeout, 30*time.Second)
	defaults(&c.WriteTimeout, 30*time.Second)
	defaults(&c.IdleTimeout, 60*time.Second)
	defaults(&c.ShutdownTimeout, 5*time.Second)
	for _, d := range []time.Duration{c.TLSSessionTimeout, c.HeaderTimeout, c.ReadTimeout, c.WriteTimeout, c.IdleTimeout, c.ShutdownTimeout} {
		if d < 0 {
			return fmt.Errorf("endpoint: negative timeout %v", d)
		}
	}
	if c.TLSSessionTimeout > maxTLSSession {
		return fmt.Errorf("endpoint: TLS sessions of %v are not possible: 7 days are the most (RFC 8446)", c.TLSSessionTimeout)
	}
	numbers := func(n *int, otherwise int) bool {
		if *n == 0 {
			*n = otherwise
		}
		return *n > 0
	}
	if !numbers(&c.MaxSessions, 10000) || !numbers(&c.MaxConnections, 8192) || !numbers(&c.MaxHeaderBytes, 16<<10) || c.TLSSessionCache < 0 || c.Requests < 0 {
		return errors.New("endpoint: a limit is negative")
	}
	if c.TicketSecret != nil && len(c.TicketSecret) < 32 {
		return fmt.Errorf("endpoint: the ticket secret has %d bytes; at least 32 are needed", len(c.TicketSecret))
	}
	if c.TicketSecret != nil && c.TLSSessionCache > 0 {
		return errors.New("endpoint: a cache of TLS sessions can't be combined with a ticket secret: the sessions of other endpoints are not in it")
	}
	if c.Tracking == 0 {
		c.Tracking = TrackCookie
	}
	if c.Tracking&TrackTLS != 0 && c.Tracking != TrackTLS {
		return errors.New("endpoint: HTTP sessions that hang on the TLS session can't hang on anything else as well")
	}
	if c.Cookie == nil {
		c.Cookie = &defaultCookie
	}
	if err := c.Cookie.check(); err != nil {
		return err
	}
	if c.ContextPath != "" && (c.ContextPath[0] != '/' || strings.HasSuffix(c.ContextPath, "/")) {
		return fmt.Errorf("endpoint: the context path %q does not begin with a slash, or ends with one", c.ContextPath)
	}
	if c.TomcatMajor == 0 {
		c.TomcatMajor = newestTomcat
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.SessionIDs == nil {
		c.SessionIDs = new(sessionid.Standard)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Addr returns the address that the endpoint listens at.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// URL returns the endpoint's address for a browser on this machine, such as
// "https://localhost:8443/".
func (s *Server) URL() string {
	addr, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		return "https://" + s.Addr().String() + "/"
	}
	name := "localhost"
	if !addr.IP.IsLoopback() && !addr.IP.IsUnspecified() {
		name = addr.IP.String()
	}
	if addr.Port == 443 {
		return "https://" + strings.TrimSuffix(net.JoinHostPort(name, ""), ":") + "/"
	}
	return "https://" + net.JoinHostPort(name, strconv.Itoa(addr.Port)) + "/"
}

// Serve answers connections until ctx ends, or Config.Requests are answered,
// then lets running requests finish and returns nil. It must be called once.
func (s *Server) Serve(ctx context.Context) error {
	s.cfg.Logger.Info("listening", "address", s.Addr().String(), "url", s.URL())
	if addr, ok := s.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		s.cfg.Logger.Warn("other machines can connect", "address", addr.String())
	}

	failed := make(chan error, 2)
	go func() { failed <- s.http.ServeTLS(s.ln, "", "") }()
	running := 1
	if s.redirect != nil {
		running++
		go func() { failed <- s.redirect.serve() }()
	}

	var err error
	select {
	case <-ctx.Done():
		s.cfg.Logger.Info("shutting down")
	case <-s.enough:
		s.cfg.Logger.Info("shutting down", "requests", s.cfg.Requests)
	case err = <-failed:
		running--
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer cancel()
	s.waiting.close()
	if s.http.Shutdown(grace) != nil {
		s.http.Close()
	}
	if s.redirect != nil && s.redirect.http.Shutdown(grace) != nil {
		s.redirect.http.Close()
	}
	for range running {
		if e := <-failed; err == nil && !errors.Is(e, http.ErrServerClosed) {
			err = e
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// waiting holds the connections that have not sent a request yet, such as those
// that browsers open in advance. http.Server.Shutdown waits for them.
type waiting struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	ended bool
}

// note is http.Server.ConnState.
func (w *waiting) note(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state != http.StateNew {
		delete(w.conns, c)
		return
	}
	if w.ended {
		c.Close()
		return
	}
	if w.conns == nil {
		w.conns = make(map[net.Conn]struct{})
	}
	w.conns[c] = struct{}{}
}

// close closes them, and those that come.
func (w *waiting) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for c := range w.conns {
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn() // without a word: a handshake may be under way
		}
		c.Close()
	}
}

// Close closes the ports of a server that is not to serve.
func (s *Server) Close() error {
	if s.redirect != nil {
		s.redirect.ln.Close()
	}
	return s.ln.Close()
}

// Update serves what another configuration says from now on: its Identities
// with their Policy, Hosts, DefaultHost, StrictSNI, HTTP1 and TicketSecret; its
// other fields are not looked at. It returns what is different, a line each,
// which it logs as well. On an error all stays as it was.
//
// Connections that are open go on; TLS sessions of identities that are gone
// can't be resumed. Tickets made with the TicketSecret that was go on to be
// taken for at least 12 hours. Update does not examine the identities, and must
// not be called concurrently.
func (s *Server) Update(cfg Config) ([]string, error) {
	next := s.cfg
	next.Identities, next.Policy = cfg.Identities, cfg.Policy
	next.Hosts, next.DefaultHost, next.StrictSNI = cfg.Hosts, cfg.DefaultHost, cfg.StrictSNI
	next.HTTP1, next.TicketSecret = cfg.HTTP1, cfg.TicketSecret
	if err := next.fill(); err != nil {
		return nil, err
	}
	if (next.TicketSecret == nil) != (s.cfg.TicketSecret == nil) {
		return nil, errors.New("endpoint: a ticket secret can be replaced, but neither given nor taken away later")
	}
	fresh, err := newHosts(&next)
	if err != nil {
		return nil, err
	}
	changes := difference(s.hosts.Swap(fresh), fresh)
	if s.tls.replaceSecret(next.TicketSecret, next.Now()) {
		changes = append(changes, "ticket secret replaced; that which was opens tickets for 12 hours or more")
	}
	for _, change := range changes {
		s.cfg.Logger.Info("updated", "change", change)
	}
	return changes, nil
}

// difference says which certificates are served that were not, and the other
// way round, and what else is different in hosts that stay.
func difference(old, fresh *hosts) (changes []string) {
	type place struct {
		host, alias string
		n           int // of those with the alias, which keystores may share
	}
	var places []place // in a steady order
	collect := func(h *hosts) map[place]*served {
		all := make(map[place]*served)
		for _, host := range h.all {
			for _, id := range host.identities {
				at := place{host: host.name, alias: id.Alias}
				for all[at] != nil {
					at.n++
				}
				all[at] = id
				if !slices.Contains(places, at) {
					places = append(places, at)
				}
			}
		}
		return all
	}
	before, after := collect(old), collect(fresh)
	show := func(id *served) string { return x509util.Describe(id.Chain[0]).Told() }
	for _, at := range places {
		what := ""
		switch was, now := before[at], after[at]; {
		case now == nil:
			what = "no longer served: " + show(was)
		case was == nil:
			what = "served anew: " + show(now)
		case now.leaf != was.leaf:
			what = "certificate replaced: " + show(was) + " -> " + show(now)
		case !slices.EqualFunc(now.Chain, was.Chain, bytes.Equal):
			what = fmt.Sprintf("chain changed: %d certificates -> %d", len(was.Chain), len(now.Chain))
		default:
			continue
		}
		where := "<" + at.alias + ">"
		if at.host != defaultHost {
			where += " for " + at.host
		}
		changes = append(changes, where+" "+what)
	}
	for _, was := range old.all {
		at := slices.IndexFunc(fresh.all, func(h *host) bool { return h.name == was.name })
		if at < 0 {
			continue
		}
		for _, change := range was.changes(fresh.all[at]) {
			if was.name != defaultHost {
				change += " for " + was.name
			}
			changes = append(changes, change)
		}
	}
	if was, now := old.deflt.called(), fresh.deflt.called(); was != now {
		changes = append(changes, fmt.Sprintf("default host: %s -> %s", was, now))
	}
	if old.strict != fresh.strict {
		changes = append(changes, fmt.Sprintf("strictSni: %t -> %t", old.strict, fresh.strict))
	}
	return changes
}

// errorLog brings net/http's messages to a slog.Logger.
type errorLog struct{ logger *slog.Logger }

func (l errorLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	// "http: TLS handshake error from 127.0.0.1:40312: EOF"
	if rest, ok := strings.CutPrefix(text, "http: TLS handshake error from "); ok {
		remote, cause, _ := strings.Cut(rest, ": ")
		attrs := []any{"remote", remote, "cause", cause}
		if hint := handshakeHint(cause); hint != "" {
			attrs = append(attrs, "hint", hint)
		}
		l.logger.Warn("TLS handshake failed", attrs...)
		return len(line), nil
	}
	l.logger.Warn(text)
	return len(line), nil
}

// handshakeHint says what commonly stands behind a failed handshake.
func handshakeHint(cause string) string {
	for _, known := range []struct{ part, hint string }{
		{"unknown certificate authority", "the client does not trust the issuer of the certificate"},
		{"bad certificate", "the client refuses the certificate: its name, dates or issuer"},
		{"unknown certificate", "the client refuses the certificate: its name, dates or issuer"},
		{"certificate required", "a client certificate is required, and the client sent none"},
		{"client didn't provide a certificate", "a client certificate is required, and the client sent none"},
		{"failed to verify certificate", "the client's certificate is not signed by a trusted authority"},
		{"offered only unsupported versions", "the client speaks none of the protocols that are enabled"},
		{"no cipher suite supported by both", "the client and the key have no cipher suite in common"},
		{"first record does not look like a TLS handshake", "the client does not speak TLS: http:// instead of https://, perhaps"},
		{"EOF", "the client went away: a port scan, or a refused certificate"},
	} {
		if strings.Contains(cause, known.part) {
			return known.hint
		}
	}
	return ""
}
