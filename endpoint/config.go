package endpoint

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
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

// Tracking is a set of ways in which HTTP sessions are kept from one request to
// the next: the servlet API's SessionTrackingMode. The zero value stands for
// TrackCookie.
type Tracking uint8

const (
	// TrackCookie: the session cookie.
	TrackCookie Tracking = 1 << iota
	// TrackURL: ids in the links of pages, which the endpoint does not do. Where
	// it is the only way, each request has a session of its own.
	TrackURL
	// TrackTLS: the TLS session, as Tomcat's tracking mode SSL does. No cookie
	// is set, and the HTTP session's id is the TLS session's. It goes with no
	// other, as in Tomcat.
	TrackTLS
)

// Cookie is the session cookie, as Tomcat's Rfc6265CookieProcessor writes it.
type Cookie struct {
	Name string
	// Path and Domain are left out where they are empty.
	Path, Domain string
	// MaxAge is in seconds: zero ends the cookie at once, and a negative one is
	// left out, so that the cookie ends with the browser.
	MaxAge   int
	HTTPOnly bool
	// Secure marks the cookie so always; otherwise it is marked in the answers
	// to secure requests only, which a proxy of RemoteIP may have others than.
	Secure bool
	// SameSite is the value of that attribute; empty for none.
	SameSite    string
	Partitioned bool
	// Attributes are further ones, in their order.
	Attributes []CookieAttribute
}

// CookieAttribute is a further attribute of a cookie.
type CookieAttribute struct{ Name, Value string }

// SecurityHeaders are those that Tomcat's HttpHeaderSecurityFilter adds.
type SecurityHeaders struct {
	// HSTS is the value of Strict-Transport-Security, for the answers to secure
	// requests; empty for none.
	HSTS string
	// FrameOptions is the value of X-Frame-Options; empty for none.
	FrameOptions string
	// NoSniff adds X-Content-Type-Options: nosniff.
	NoSniff bool
	// XSSProtection adds X-XSS-Protection: 1; mode=block.
	XSSProtection bool
}

// SSLValve names the request headers by which a proxy in front tells of the
// client's TLS, as Tomcat's SSLValve has them. A header without a name is not
// looked at.
type SSLValve struct {
	ClientCert, EscapedClientCert, Cipher, SessionID, KeySize, Protocol string
}

// RemoteIP is Tomcat's RemoteIpValve, or its RemoteIpFilter: by the headers of
// proxies that are known by their addresses, requests get the address, scheme,
// host and port that the client had.
type RemoteIP struct {
	// InternalProxies and TrustedProxies are regular expressions of Java, which
	// must match an address whole; empty for none.
	InternalProxies, TrustedProxies string
	// Ranges takes an expression that has a slash in it as a list of address
	// ranges such as "10.0.0.0/8,::1/128", as Tomcat 11 does.
	Ranges bool
	// Header has the addresses on the way (X-Forwarded-For), ProxiesHeader gets
	// those of trusted proxies (X-Forwarded-By).
	Header, ProxiesHeader string
	// ProtocolHeader tells of the scheme (X-Forwarded-Proto): HTTPSValue stands
	// for https, anything else for http. Empty for none.
	ProtocolHeader, HTTPSValue string
	// HostHeader and PortHeader tell of host and port; empty for none.
	HostHeader, PortHeader string
	// HTTPPort and HTTPSPort are the ports where ProtocolHeader tells of the
	// scheme and PortHeader of no port.
	HTTPPort, HTTPSPort int
	// ChangeLocalName and ChangeLocalPort change the local ones as well.
	ChangeLocalName, ChangeLocalPort bool
	// RequestAttributes has the access log show the client's address, too.
	RequestAttributes bool
}

// Challenges answers a CA that asks whether the endpoint's names are ours, as ACME
// does. It must be safe for concurrent use.
type Challenges interface {
	// ServeHTTP answers requests below /.well-known/acme-challenge/ (http-01; RFC
	// 8555, section 8.3).
	http.Handler
	// Certificate is that of a handshake which offers acme-tls/1 and nothing else
	// (tls-alpn-01; RFC 8737); nil where there is none for its server name.
	Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
}

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

	// SessionIDs makes the ids of HTTP sessions; nil means sessionid.Standard
	// without a route.
	SessionIDs sessionid.Generator
	// Tracking says what HTTP sessions hang on.
	Tracking Tracking
	// Cookie is the session cookie where Tracking has TrackCookie; nil means
	// JSESSIONID with Path=/, HttpOnly, Secure and SameSite=Lax.
	Cookie *Cookie
	// SessionTimeout ends an HTTP session that was not used for so long;
	// zero means 30 minutes, as in Tomcat, and less that it has no end.
	SessionTimeout time.Duration
	// MaxSessions bounds the HTTP sessions: beyond it the one that was not
	// used for the longest time ends. Zero means 10,000.
	MaxSessions int
	// MaxActiveSessions is Tomcat's bound: beyond it no HTTP session begins, and
	// requests that need one are answered with status 500. Zero is for no session
	// at all, nil for no such bound; MaxSessions bounds them in any case.
	MaxActiveSessions *int
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
	// ContextPath is a path, such as "/app", below which the pages are served
	// too, and to which "/" leads; empty for the root alone. A session cookie
	// with that Path is then sent back.
	ContextPath string
	// HSTS is the value of Strict-Transport-Security; empty for none.
	HSTS string
	// Headers are those of Tomcat's HttpHeaderSecurityFilter, which take the
	// place of HSTS and of the endpoint's own: those that it leaves out are not
	// sent. Nil means HSTS and the endpoint's own.
	Headers *SecurityHeaders
	// RedirectAddr is an address for plain HTTP whose requests are led to
	// HTTPS; empty for none.
	RedirectAddr string
	// Renewal is when a certificate, as DER, is renewed next, as the page and the
	// documents show it: the zero time for not known. Nil means that none is. It must
	// be safe for concurrent use.
	Renewal func(leaf []byte) time.Time
	// Challenges are answered before anything else is looked at; nil for none.
	Challenges Challenges
	// TrustedProxies are the addresses from which the request headers of
	// Tomcat's SSLValve (ssl_client_cert and others) are believed.
	TrustedProxies []netip.Prefix
	// SSLValve names these headers otherwise, and has everybody believed, as
	// Tomcat does, unless there are TrustedProxies. Nil means their usual names.
	SSLValve *SSLValve
	// RemoteIP are Tomcat's RemoteIpValves, in the order in which requests pass
	// them.
	RemoteIP []RemoteIP
	// ProxyName and ProxyPort are a Connector's attributes: the server's name
	// and port as applications see them. Empty and zero for the client's.
	ProxyName string
	ProxyPort int
	// TomcatMajor is the major release of the Tomcat whose request attributes
	// are shown; zero means the newest.
	TomcatMajor int

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
