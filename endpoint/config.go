package endpoint

import (
	"io"
	"log/slog"
	"net/netip"
	"time"

	"gokeytool/identity"
	"gokeytool/sessionid"
)

// Host is a virtual host of the endpoint: what Tomcat calls SSLHostConfig.
type Host struct {
	// Names are the server names that lead here: exact ("www.example.com")
	// or for any one label ("*.example.com"), in any case.
	Names []string
	// Identities may differ in key type; the first one that the client can
	// use is served.
	Identities []identity.Identity
	Policy     Policy
}

// Tracking says what an HTTP session hangs on.
type Tracking uint8

const (
	// TrackCookie: the cookie JSESSIONID.
	TrackCookie Tracking = iota
	// TrackTLS: the TLS session, as Tomcat's tracking mode SSL does. No
	// cookie is set, and the HTTP session's id is the TLS session's.
	TrackTLS
)

// Config says what an endpoint serves and how. Only Identities, or
// Hosts, must be given; the zero value of everything else is a sensible default.
type Config struct {
	// Addr is the TCP address, such as "127.0.0.1:8443"; a port of zero
	// takes a free one. Empty means "127.0.0.1:0".
	Addr string
	// Identities are served to clients that ask for no Host: by server
	// name, matched against the certificates' alternative names, then by
	// the key types the client can use. The first is the default.
	Identities []identity.Identity
	// Policy goes with Identities.
	Policy Policy
	// Hosts come before Identities when the server name matches: exact
	// names first, then those for any one label, as in Tomcat.
	Hosts []Host
	// DefaultHost names the one of Hosts for clients that ask for no name,
	// or an unknown one, where there are no Identities. Empty means the one
	// named "_default_". Where there is none, such clients are refused.
	DefaultHost string
	// StrictSNI refuses requests whose Host header leads to another host,
	// or among Identities to other certificates, than the handshake's
	// server name did, with status 421.
	StrictSNI bool
	// Keystore and StoreType are shown for identities that name none.
	Keystore, StoreType string

	// SessionIDs makes the ids of HTTP and TLS sessions; nil means
	// sessionid.Standard without a route.
	SessionIDs sessionid.Generator
	// Tracking says what HTTP sessions hang on.
	Tracking Tracking
	// SessionTimeout ends an HTTP session that was not used for so long;
	// zero means 30 minutes, as in Tomcat, and less that it has no end.
	SessionTimeout time.Duration
	// MaxSessions bounds the HTTP sessions: beyond it the one that was not
	// used for the longest time ends. Zero means 10,000.
	MaxSessions int
	// TLSSessionTimeout ends a TLS session so long after its full
	// handshake: at most 7 days, zero means 24 hours, as in Tomcat.
	TLSSessionTimeout time.Duration
	// TLSSessionCache bounds the TLS sessions that can be resumed, beyond
	// which the one not used for the longest time ends. Zero is without
	// bound: the client holds the session, the endpoint no memory.
	TLSSessionCache int
	// TicketSecret, of at least 32 bytes, makes endpoints that share it
	// resume each other's TLS sessions; their clocks must agree to within
	// an hour. Nil means a secret of one's own. It can't be combined with
	// TLSSessionCache.
	TicketSecret []byte

	// Requests ends Serve after so many requests; zero means never.
	Requests int
	// HTTP1 leaves HTTP/2 out.
	HTTP1 bool
	// HSTS is the value of Strict-Transport-Security; empty for none.
	HSTS string
	// RedirectAddr is an address for plain HTTP whose requests are led to
	// HTTPS; empty for none.
	RedirectAddr string
	// TrustedProxies are the addresses from which the request headers of
	// Tomcat's SSLValve (ssl_client_cert and others) are believed.
	TrustedProxies []netip.Prefix

	// Logger gets what happens; nil discards it.
	Logger *slog.Logger
	// Exhausted is called, at most once a minute, when no connection can be taken
	// because there are no more file descriptors; nil for nothing. Clients wait
	// then, and are served when others have gone.
	Exhausted func(error)
	// AccessLog gets one record a request; nil for none.
	AccessLog *slog.Logger
	// KeyLog gets the TLS secrets in NSS format, with which anybody can
	// read the traffic: for debugging only. Nil for none.
	KeyLog io.Writer

	// HeaderTimeout bounds a TLS handshake and the reading of a request's
	// header (10 s); ReadTimeout and WriteTimeout a whole request and its
	// answer (30 s); IdleTimeout the wait for the next request (60 s);
	// ShutdownTimeout the wait for running requests at the end (5 s). Zero
	// means the value in parentheses.
	HeaderTimeout, ReadTimeout, WriteTimeout, IdleTimeout, ShutdownTimeout time.Duration
	// MaxConnections bounds open connections; more wait. Zero means 8192,
	// as in Tomcat.
	MaxConnections int
	// MaxHeaderBytes bounds a request's header; zero means 16 KiB.
	MaxHeaderBytes int

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}
