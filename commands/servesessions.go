package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"gokeytool/endpoint"
	"gokeytool/tomcat"
)

// maxMinutes bounds the life of HTTP sessions, to a century.
const maxMinutes = 100 * 365 * 24 * 60

// loadServerXML reads -serverxml, opens everything that its connector names, and
// takes the sessions of an application.
func (s *serving) loadServerXML() (*served, error) {
	v := new(served)
	v.watch(s.o.from.file)
	watch := v.watch
	conf, err := s.readServerXML(s.o.from, func(name string) { watch(name) })
	if err != nil {
		return v, err
	}
	if v.connector, err = s.tlsConnector(s.o.from, conf); err != nil {
		return v, err
	}
	if err := s.reportFindings(s.o.from.file, tomcat.About(conf.Findings, v.connector)); err != nil {
		return v, err
	}
	v.plain, _ = tomcat.Redirecting(conf.Connectors, v.connector)
	app, findings, err := s.application(s.o.from, conf, v.connector)
	if err != nil {
		return v, err
	}
	bad := s.printFindings(s.o.from.file, findings)
	if err := s.refuse(bad > 0, "with this configuration Tomcat would not serve the application, or not as it says"); err != nil {
		return v, err
	}
	watch = func(string) {} // those of others change nothing
	s.sayOthers(s.o.from, conf, v.connector, app, differentSessions)
	v.application, v.config.TomcatMajor = app, conf.Version
	return v, s.load(v.connector, v)
}

// differentSessions says whether applications differ in what is served of them, but
// for their names.
func differentSessions(a, b *tomcat.Application) bool {
	one, other := *a, *b
	for _, app := range []*tomcat.Application{&one, &other} {
		if app.Cookie.Path == cmp.Or(app.Path, "/") {
			app.Cookie.Path = ""
		}
		app.Host, app.Path, app.Version = "", "", ""
	}
	return !reflect.DeepEqual(one, other)
}

// sessions puts what the options say of sessions, headers and proxies over what the
// application has.
func (s *serving) sessions(v *served) error {
	cfg := &v.config
	ids, err := s.sessionIDs(s.o.ids, v.application)
	if err != nil {
		return err
	}
	cfg.SessionIDs, v.ids = ids, ids
	if v.application != nil {
		v.takeApplication()
	}
	if s.o.httpSessionTimeout.given {
		cfg.SessionTimeout = -1 // as in web.xml: none
		if minutes := s.o.httpSessionTimeout.value; minutes > 0 {
			cfg.SessionTimeout = time.Duration(min(minutes, maxMinutes)) * time.Minute
		}
	}
	if most := s.o.maxActiveSessions; most.given {
		if most.value < 1 {
			return fmt.Errorf("-maxActiveSessions %d: at least one is needed, and a number without bound is not possible", most.value)
		}
		n := int(most.value)
		if v.application != nil {
			cfg.MaxActiveSessions = &n // as in Tomcat, the next one is refused
		} else {
			cfg.MaxSessions = n
		}
	}
	tracking, err := s.choose("tracking", s.o.tracking)
	if err != nil {
		return err
	}
	if s.o.tracking != "" {
		cfg.Tracking = trackings[tracking]
	}
	if s.o.hsts.given {
		if cfg.HSTS = s.o.hsts.value; cfg.Headers != nil {
			cfg.Headers.HSTS = s.o.hsts.value
		}
	}
	for _, proxy := range s.o.proxies {
		prefix, err := netip.ParsePrefix(proxy)
		if err != nil {
			address, err := netip.ParseAddr(proxy)
			if err != nil {
				return fmt.Errorf("-proxy %s: an address such as 127.0.0.1 or 10.0.0.0/8 is needed", proxy)
			}
			address = address.Unmap() // as clients' addresses are looked at
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	return nil
}

// takeApplication gives the endpoint what the application has, and the connector
// for it.
func (v *served) takeApplication() {
	cfg, app := &v.config, v.application
	cfg.ProxyName, cfg.ProxyPort = v.connector.ProxyName, v.connector.ProxyPort
	cfg.ContextPath = app.Path
	if cfg.SessionTimeout = app.Sessions.Timeout; cfg.SessionTimeout <= 0 {
		cfg.SessionTimeout = -1
	}
	if app.Sessions.MaxActive >= 0 {
		cfg.MaxActiveSessions = &app.Sessions.MaxActive
	}
	for _, mode := range []struct {
		of tomcat.TrackingModes
		to endpoint.Tracking
	}{{tomcat.TrackingCookie, endpoint.TrackCookie}, {tomcat.TrackingURL, endpoint.TrackURL}, {tomcat.TrackingSSL, endpoint.TrackTLS}} {
		if app.Sessions.Tracking&mode.of != 0 {
			cfg.Tracking |= mode.to
		}
	}
	cookie := endpoint.Cookie{
		Name: app.Cookie.Name, Path: app.Cookie.Path, Domain: app.Cookie.Domain, MaxAge: app.Cookie.MaxAge,
		HTTPOnly: app.Cookie.HTTPOnly, Secure: app.Cookie.Secure, SameSite: app.Cookie.SameSite, Partitioned: app.Cookie.Partitioned,
	}
	for _, a := range app.Cookie.Attributes {
		cookie.Attributes = append(cookie.Attributes, endpoint.CookieAttribute(a))
	}
	cfg.Cookie = &cookie
	if app.Headers != nil {
		headers := endpoint.SecurityHeaders(*app.Headers)
		cfg.Headers = &headers
	}
	if valve := app.SSLValve; valve != nil {
		cfg.SSLValve = &endpoint.SSLValve{
			ClientCert: valve.ClientCert, EscapedClientCert: valve.EscapedClientCert, Cipher: valve.Cipher,
			SessionID: valve.SessionID, KeySize: valve.KeySize, Protocol: valve.Protocol,
		}
	}
	for _, r := range app.RemoteIP {
		cfg.RemoteIP = append(cfg.RemoteIP, endpoint.RemoteIP{
			InternalProxies: r.InternalProxies, TrustedProxies: r.TrustedProxies, Ranges: cfg.TomcatMajor >= 11,
			Header: r.Header, ProxiesHeader: r.ProxiesHeader,
			ProtocolHeader: r.ProtocolHeader, HTTPSValue: r.HTTPSValue,
			HostHeader: r.HostHeader, PortHeader: r.PortHeader, HTTPPort: r.HTTPPort, HTTPSPort: r.HTTPSPort,
			ChangeLocalName: r.ChangeLocalName, ChangeLocalPort: r.ChangeLocalPort, RequestAttributes: r.RequestAttributes,
		})
	}
}

// trackings are the values of -tracking.
var trackings = map[string]endpoint.Tracking{
	"":       endpoint.TrackCookie,
	"cookie": endpoint.TrackCookie,
	"tls":    endpoint.TrackTLS,
	"ssl":    endpoint.TrackTLS,
}
