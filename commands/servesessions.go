package commands

import (
	"fmt"
	"net/netip"
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
	conf, err := s.readServerXML(s.o.from, func(name string) ([]byte, error) {
		v.watch(name)
		return readSmallFile(name)
	})
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
	if err := s.reportFindings(s.o.from.file, findings); err != nil {
		return v, err
	}
	v.application = app
	return v, s.load(v.connector, v)
}

// sessions puts what the options say of sessions, headers and proxies over what the
// application has.
func (s *serving) sessions(v *served) error {
	cfg := &v.config
	ids, err := s.sessionIDs(s.o.ids, v.application)
	if err != nil {
		return err
	}
	cfg.SessionIDs = ids
	if app := v.application; app != nil {
		takeApplication(cfg, app)
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
		cfg.MaxSessions = int(most.value)
	}
	tracking, err := s.choose("tracking", s.o.tracking)
	if err != nil {
		return err
	}
	if s.o.tracking != "" {
		cfg.Tracking = trackings[tracking]
	}
	if s.o.hsts.given {
		cfg.HSTS = s.o.hsts.value
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

// takeApplication gives the endpoint what an application has.
func takeApplication(cfg *endpoint.Config, app *tomcat.Application) {
	cfg.SessionTimeout = app.Sessions.Timeout
	if app.Sessions.MaxActive > 0 {
		cfg.MaxSessions = app.Sessions.MaxActive
	}
	if app.Sessions.Tracking == tomcat.TrackingSSL {
		cfg.Tracking = endpoint.TrackTLS
	}
	if app.Headers != nil {
		cfg.HSTS = app.Headers.HSTS
	}
}

// trackings are the values of -tracking.
var trackings = map[string]endpoint.Tracking{
	"":       endpoint.TrackCookie,
	"cookie": endpoint.TrackCookie,
	"tls":    endpoint.TrackTLS,
	"ssl":    endpoint.TrackTLS,
}
