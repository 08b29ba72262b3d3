package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection of a client. The handshake fills it in before the
// first request is read; it does not change afterwards.
type conn struct {
	net.Conn
	server *Server
	places <-chan struct{} // one is freed when it closes
	closed atomic.Bool

	offer    offer
	host     *host
	identity *served
	session  tlsSession
	resumed  bool

	// offered is the session of the ticket that was opened last: the one
	// that is resumed, if any is.
	offered         tlsSession
	offeredIdentity *served
}

// offer is what a client brings forward in its ClientHello.
type offer struct {
	protocols  []uint16
	suites     []uint16
	groups     []tls.CurveID
	signatures []tls.SignatureScheme
	alpn       []string
}

// Close also frees the connection's place.
func (c *conn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		defer func() { <-c.places }()
	}
	return c.Conn.Close()
}

// listener hands out connections as *conn, a bounded number at a time.
type listener struct {
	net.Listener
	server *Server
	places chan struct{} // holds one element for each open connection
	done   chan struct{} // closed when the listener is
	once   sync.Once
	said   time.Time // when it was said that there are no descriptors
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	raw, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		l.sayExhausted(err)
		return nil, err
	}
	return &conn{Conn: raw, server: l.server, places: l.places}, nil
}

// sayExhausted tells when there are no file descriptors. net/http waits then, up
// to a second, and tries again.
func (l *listener) sayExhausted(err error) {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return
	}
	if say := l.server.cfg.Exhausted; say != nil && time.Since(l.said) > time.Minute {
		l.said = time.Now()
		say(err)
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type connKey struct{}

// connContext makes the connection known to handlers.
func connContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		if c, ok := t.NetConn().(*conn); ok {
			return context.WithValue(ctx, connKey{}, c)
		}
	}
	return ctx
}

// connOf returns the connection of a request's context.
func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// configure is tls.Config.GetConfigForClient: it finds the host and makes a
// configuration for this one connection, whose callbacks know it.
func (s *Server) configure(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c, ok := hello.Conn.(*conn)
	if !ok {
		return nil, fmt.Errorf("endpoint: connection of type %T", hello.Conn)
	}
	if s.cfg.Challenges != nil && isChallenge(hello) {
		if config, err := s.challenge(hello); config != nil || err != nil {
			return config, err
		}
	}
	// The slices of hello are its own, made for this handshake.
	c.offer = offer{hello.SupportedVersions, hello.CipherSuites, hello.SupportedCurves, hello.SignatureSchemes, hello.SupportedProtos}
	c.host = s.hosts.Load().find(hello.ServerName)
	if c.host == nil {
		return nil, fmt.Errorf("no host has the server name %q", hello.ServerName)
	}
	config := c.host.config.Clone()
	if c.host.gaps {
		if version := c.host.policy.best(hello.SupportedVersions); version != 0 {
			config.MinVersion, config.MaxVersion = version, version
		}
	}
	if !canHTTP2(hello, config) {
		config.NextProtos = []string{"http/1.1"}
	}
	config.VerifyConnection = c.settle
	config.WrapSession = c.wrapSession
	config.UnwrapSession = c.unwrapSession
	return config, nil
}

// canHTTP2 reports whether HTTP/2 may be agreed to in a handshake. RFC 9113,
// section 9.2, needs TLS 1.2 with an ephemeral key exchange and an
// authenticated cipher; a client without them gets HTTP/1.1 instead of an
// error. Where there is one, crypto/tls prefers it.
func canHTTP2(hello *tls.ClientHelloInfo, config *tls.Config) bool {
	for _, version := range hello.SupportedVersions {
		if version >= tls.VersionTLS13 && config.MaxVersion >= tls.VersionTLS13 {
			return true
		}
	}
	if config.MaxVersion < tls.VersionTLS12 || !slices.Contains(hello.SupportedVersions, tls.VersionTLS12) {
		return false
	}
	for _, id := range hello.CipherSuites {
		if config.CipherSuites != nil && !slices.Contains(config.CipherSuites, id) {
			continue
		}
		switch id {
		case tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
			return true
		}
	}
	return false
}

// settle finds out which TLS session this is, once it is known whether one is
// resumed. As VerifyConnection it is called in every handshake; TLS 1.3 may
// have made its ticket by then.
func (c *conn) settle(cs tls.ConnectionState) error {
	if c.session.ID != "" {
		return nil
	}
	if err := c.host.policy.admit(cs.VerifiedChains, c.server.cfg.Now()); err != nil {
		return err
	}
	if cs.DidResume {
		c.session, c.identity, c.resumed = c.offered, c.offeredIdentity, true
		return nil
	}
	c.session = tlsSession{ID: newTLSID(), Created: c.server.cfg.Now(), Host: c.host.name, Leaf: c.identity.leaf}
	return nil
}

func (c *conn) wrapSession(cs tls.ConnectionState, state *tls.SessionState) ([]byte, error) {
	if err := c.settle(cs); err != nil {
		return nil, err
	}
	return c.server.tls.seal(cs, state, c.session, c.server.cfg.Now())
}

// unwrapSession opens a ticket. A session is resumed only at the host it was
// made at, since others may have another policy (who may come in, above all),
// and only while the certificate that was served then is served still.
func (c *conn) unwrapSession(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	state, session := c.server.tls.open(ticket, cs, c.server.cfg.Now())
	if state == nil || session.Host != c.host.name {
		return nil, nil
	}
	identity := c.host.byLeaf(session.Leaf)
	if identity == nil {
		return nil, nil
	}
	c.offered, c.offeredIdentity = session, identity
	return state, nil
}
