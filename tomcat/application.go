package tomcat

import (
	"fmt"
	"strings"
	"time"

	"gokeytool/finding"
)

// Application is a web application as Tomcat's configuration has it: what it says
// of sessions, of the headers of answers, and of proxies in front. It comes of the
// Engine, Host and Context in server.xml, of the context.xml and web.xml for all
// applications, and of its own.
type Application struct {
	// Host is the name of the Host it runs on, Path the path of its context:
	// empty for the root, else with a slash first.
	Host, Path string
	// Version is what follows "##" in its name; empty for none.
	Version string

	Sessions Sessions
	Cookie   Cookie
	// Headers are those that HttpHeaderSecurityFilter adds to answers; nil
	// where no such filter is mapped.
	Headers *SecurityHeaders
	// SSLValve is the one in front of the application; nil for none.
	SSLValve *SSLValve
	// RemoteIP are the RemoteIpValves and RemoteIpFilters in front, in the order
	// in which requests pass them.
	RemoteIP []RemoteIP
}

// Sessions are the settings of an application's Manager, of its
// SessionIdGenerator, and of session-config in web.xml.
type Sessions struct {
	// IDLength is sessionIdLength, in random bytes; 16 unless told otherwise.
	IDLength int
	// Route is the jvmRoute that ids end with; empty for none.
	Route string
	// Timeout ends a session that was not used for so long; negative for never.
	// It is 30 minutes unless told otherwise.
	Timeout time.Duration
	// MaxActive is maxActiveSessions: beyond it, no session can be made. It is
	// negative for no bound.
	MaxActive int
	// Tracking are the modes by which sessions are tracked; never empty.
	Tracking TrackingModes
}

// TrackingModes is a set of the servlet API's SessionTrackingMode.
type TrackingModes uint8

// The modes.
const (
	TrackingCookie TrackingModes = 1 << iota
	TrackingURL
	TrackingSSL
)

// Cookie is the session cookie, as SessionCookieConfig and the Context make it.
type Cookie struct {
	// Name is JSESSIONID unless told otherwise.
	Name string
	// Path is that of the application, "/" for the root, unless told otherwise.
	Path string
	// Domain is empty for none.
	Domain string
	// MaxAge is in seconds; negative for a cookie that ends with the browser.
	MaxAge int
	// HTTPOnly is true unless told otherwise.
	HTTPOnly bool
	// Secure has the cookie marked Secure also where requests are not secure.
	Secure bool
	// SameSite is the value of that attribute as it is sent, such as "Lax";
	// empty for none.
	SameSite string
	// Partitioned marks the cookie so.
	Partitioned bool
	// Attributes are further ones, by name, as Servlet 6 allows them.
	Attributes []CookieAttribute
}

// CookieAttribute is an attribute of a cookie; Value may be empty.
type CookieAttribute struct{ Name, Value string }

// SecurityHeaders is what org.apache.catalina.filters.HttpHeaderSecurityFilter
// adds to answers.
type SecurityHeaders struct {
	// HSTS is the value of Strict-Transport-Security, which only secure
	// requests are answered with; empty for none.
	HSTS string
	// FrameOptions is the value of X-Frame-Options; empty for none.
	FrameOptions string
	// NoSniff adds X-Content-Type-Options: nosniff.
	NoSniff bool
	// XSSProtection adds X-XSS-Protection: 1; mode=block (Tomcat 7 to 10.1).
	XSSProtection bool
}

// SSLValve is org.apache.catalina.valves.SSLValve: the request headers by which a
// proxy in front tells of the client's TLS. The valve believes everybody.
type SSLValve struct {
	// Line is where it stands in server.xml; zero where that is another file.
	Line int
	// The names of the headers, of which ClientCert, EscapedClientCert, Cipher,
	// SessionID and KeySize default to ssl_client_cert, ssl_client_escaped_cert,
	// ssl_cipher, ssl_session_id and ssl_cipher_usekeysize, and Protocol to
	// ssl_secure_protocol. Protocol is there since Tomcat 11, EscapedClientCert
	// since 8.5: they are empty where a release has them not, as is a header
	// that was given an empty name.
	ClientCert, EscapedClientCert, Cipher, SessionID, KeySize, Protocol string
}

// RemoteIP is org.apache.catalina.valves.RemoteIpValve, or the filter of that
// name: how requests that come through proxies show the client's address and
// scheme.
type RemoteIP struct {
	Line int
	// InternalProxies and TrustedProxies say by their addresses which proxies
	// are believed; what matches none of them is a client. What has a "/" is a
	// list of networks in CIDR notation, between commas (Tomcat 11 and later);
	// anything else is a regular expression of Java that the whole address has
	// to match. An empty one matches nothing.
	InternalProxies, TrustedProxies string
	// Header has the addresses (X-Forwarded-For), ProxiesHeader gets those of
	// trusted proxies (X-Forwarded-By).
	Header, ProxiesHeader string
	// ProtocolHeader tells of the scheme (X-Forwarded-Proto), with the value
	// HTTPSValue for https. Empty for none.
	ProtocolHeader, HTTPSValue string
	// HostHeader and PortHeader tell of the host and port that were asked for;
	// empty for none.
	HostHeader, PortHeader string
	// HTTPPort and HTTPSPort are the ports where no header tells.
	HTTPPort, HTTPSPort int
	// ChangeLocalName and ChangeLocalPort change the local name and port too.
	ChangeLocalName, ChangeLocalPort bool
	// RequestAttributes hands the client's address on to an AccessLogValve.
	RequestAttributes bool
}

// Application reads what is said of a web application that is reached through one
// of the connectors, or for nil through the first Service: of the one with that name, as Tomcat writes it for JMX:
// "//host/path", or "/path" on the Engine's default host; "/" is the root, and
// "##version" may follow. What is to be said comes back with it, each with its file
// where that is not the server.xml. Where there is no such application, a finding
// says so, unless the name is empty, and what a new one would get is returned. The
// error says that there is no such host.
func (c *Configuration) Application(connector *Connector, name string) (*Application, []finding.Finding, error) {
	r := c.reader()
	eng := r.engineOf(c.service(connector))
	host, path, full := eng.defaultHost, name, false
	if rest, ok := strings.CutPrefix(name, "//"); ok {
		host, path, _ = strings.Cut(rest, "/")
		host, full = strings.ToLower(host), true
	}
	h := eng.byName(host)
	switch {
	case h != nil || full && eng.element != nil:
	case len(eng.hosts) > 0:
		h = eng.hosts[0] // a finding says that the default host is missing
	default:
		app := webapp{host: r.noHost(eng), name: parseContextName(path, false)}
		a := r.application(&app, c.trackable(connector))
		c.tracks(r, connector, a)
		return a, r.sorted(), nil
	}
	if h == nil {
		return nil, r.sorted(), fmt.Errorf("there is no Host %q%s", clip(host, 80), eng.hostNames())
	}
	app := r.find(h, parseContextName(path, false))
	if app.missing && name != "" {
		r.about(h.element, finding.Warning, fmt.Sprintf("it has no application %s: what is said here is what a new one would get", app.name), "")
	}
	a := r.application(&app, c.trackable(connector))
	c.tracks(r, connector, a)
	return a, r.sorted(), nil
}

// tracks reports where an application hangs its sessions on the TLS session, and
// the connector says nothing of it (CoyoteAdapter.parseSessionSslId): there the
// attribute counts, not what the request is.
func (c *Configuration) tracks(r *reader, connector *Connector, a *Application) {
	service := c.service(connector)
	if a.Sessions.Tracking != TrackingSSL || service == nil || !c.trackable(connector) {
		return
	}
	for _, e := range service.children {
		if e.name != elementConnector || e.line != connector.Line {
			continue
		}
		if secure, _, _ := expand(value(e, "secure"), r.lookup, &r.room); !strings.EqualFold(secure, "true") {
			r.about(e, finding.Error, "sessions are tracked by TLS (tracking-mode SSL), but the connector does not have secure=\"true\": Tomcat does not look at the TLS session then, and each request begins a session", `add secure="true"`)
		}
	}
}

// reader is a new one for the configuration.
func (c *Configuration) reader() *reader {
	if c.documents == nil {
		c.documents = make(map[string]document)
	}
	return &reader{
		opt: c.opt, version: c.Version, room: maxExpanded, documents: c.documents, lenient: true,
		said: make(map[finding.Finding]bool), checked: make(map[*element]bool),
	}
}

// noHost stands for the Host of a Service that has none.
func (r *reader) noHost(eng *engine) *virtualHost {
	if eng.element == nil {
		eng.element = &element{name: "Engine"}
	}
	return &virtualHost{element: &element{name: "Host"}, engine: eng, name: "localhost", appBase: r.inBase("webapps"), configBase: r.inBase("conf"), unpackWARs: true}
}

// hostNames lists the names of the hosts for an error.
func (eng *engine) hostNames() string {
	var names []string
	for _, h := range eng.hosts[:min(len(eng.hosts), 8)] {
		names = append(names, h.name)
	}
	if names == nil {
		return ""
	}
	return ", but " + clip(strings.Join(names, ", "), 400)
}

// trackable says whether sessions may hang on the TLS session: a connector of the
// Service has SSLEnabled.
func (c *Configuration) trackable(connector *Connector) bool {
	service := c.service(connector)
	if service == nil {
		return connector != nil && connector.TLS
	}
	r := c.reader()
	for _, e := range service.children {
		if e.name == elementConnector {
			enabled, _, _ := expand(value(e, "SSLEnabled"), r.lookup, &r.room)
			if strings.EqualFold(enabled, "true") {
				return true
			}
		}
	}
	return false
}

// application reads what is said of an application.
func (r *reader) application(app *webapp, tls bool) *Application {
	a := &Application{Host: app.host.name, Path: app.name.path, Version: app.name.version}
	ctx := r.contextOf(app)
	web := r.webXMLOf(app, ctx)
	r.sessions(a, ctx, web, tls)
	r.cookie(a, ctx, web)
	r.valves(a, ctx)
	r.filters(a, web)
	return a
}

// service is the Service element that a connector stands in, and for none the first
// one; nil for one that was not read from a file.
func (c *Configuration) service(connector *Connector) *element {
	for _, service := range c.root.children {
		if connector == nil {
			if service.name == "Service" {
				return service
			}
			continue
		}
		for _, e := range service.children {
			if e.name == elementConnector && e.line == connector.Line {
				return service
			}
		}
	}
	return nil
}
