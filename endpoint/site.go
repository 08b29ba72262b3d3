package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"gokeytool/sessionid"
)

// site answers requests as one configuration has it. It looks at its own cfg,
// not at the one that the server began with.
type site struct {
	*Server
	cfg     Config
	valves  []*remoteIP
	handler http.Handler
}

// newSite makes a site of a configuration with its defaults filled in.
func (s *Server) newSite(cfg Config) (*site, error) {
	fresh := &site{Server: s, cfg: cfg}
	for _, valve := range cfg.RemoteIP {
		compiled, err := newRemoteIP(valve)
		if err != nil {
			return nil, err
		}
		fresh.valves = append(fresh.valves, compiled)
	}
	fresh.handler = fresh.newHandler()
	return fresh, nil
}

// use answers requests with a site from now on.
func (s *Server) use(fresh *site) {
	active := -1
	if most := fresh.cfg.MaxActiveSessions; most != nil {
		active = *most
	}
	s.sessions.configure(fresh.cfg.SessionTimeout, fresh.cfg.MaxSessions, active)
	s.site.Store(fresh)
}

// UpdateApplication answers requests as another configuration says from now on:
// what Tomcat's configuration says of a web application and of the proxies in
// front. These are SessionIDs, Tracking, Cookie, SessionTimeout, MaxSessions,
// MaxActiveSessions, ContextPath, HSTS, Headers, TrustedProxies, SSLValve, RemoteIP,
// ProxyName, ProxyPort and TomcatMajor; its other fields are not looked at, and
// Update does not look at these. It returns what is different, a line each, which
// it logs as well. On an error all stays as it was.
//
// HTTP sessions go on, with the new timeout. UpdateApplication must not be called
// concurrently.
func (s *Server) UpdateApplication(cfg Config) ([]string, error) {
	was := s.site.Load().cfg
	next := was
	next.SessionIDs, next.Tracking, next.Cookie = cfg.SessionIDs, cfg.Tracking, cfg.Cookie
	next.SessionTimeout, next.MaxSessions, next.MaxActiveSessions = cfg.SessionTimeout, cfg.MaxSessions, cfg.MaxActiveSessions
	next.ContextPath, next.HSTS, next.Headers = cfg.ContextPath, cfg.HSTS, cfg.Headers
	next.TrustedProxies, next.SSLValve, next.RemoteIP = cfg.TrustedProxies, cfg.SSLValve, cfg.RemoteIP
	next.ProxyName, next.ProxyPort, next.TomcatMajor = cfg.ProxyName, cfg.ProxyPort, cfg.TomcatMajor
	if err := next.fill(); err != nil {
		return nil, err
	}
	fresh, err := s.newSite(next)
	if err != nil {
		return nil, err
	}
	s.use(fresh)
	changes := was.applicationChanges(&next)
	for _, change := range changes {
		s.cfg.Logger.Info("updated", "change", change)
	}
	return changes, nil
}

// applicationChanges says what is different in another configuration of an
// application.
func (c *Config) applicationChanges(next *Config) (changes []string) {
	note := func(what, was, now string) {
		if was != now {
			changes = append(changes, fmt.Sprintf("%s: %s -> %s", what, was, now))
		}
	}
	note("session ids", showGenerator(c.SessionIDs), showGenerator(next.SessionIDs))
	note("sessions are tracked by", c.Tracking.String(), next.Tracking.String())
	note("session cookie", c.Cookie.show(), next.Cookie.show())
	note("HTTP sessions end after", showTimeout(c), showTimeout(next))
	note("most HTTP sessions", fmt.Sprint(c.MaxSessions), fmt.Sprint(next.MaxSessions))
	note("maxActiveSessions", showBound(c.MaxActiveSessions), showBound(next.MaxActiveSessions))
	note("context path", c.ContextPath+"/", next.ContextPath+"/")
	note("Strict-Transport-Security", showEmpty(c.HSTS), showEmpty(next.HSTS))
	note("security headers", showHeaders(c.Headers), showHeaders(next.Headers))
	note("proxyName and proxyPort", fmt.Sprintf("%q, %d", c.ProxyName, c.ProxyPort), fmt.Sprintf("%q, %d", next.ProxyName, next.ProxyPort))
	note("request attributes of Tomcat", fmt.Sprint(c.TomcatMajor), fmt.Sprint(next.TomcatMajor))
	note("proxies whose SSLValve headers are believed", fmt.Sprint(c.TrustedProxies), fmt.Sprint(next.TrustedProxies))
	for _, part := range []struct {
		what     string
		was, now any
	}{{"SSLValve", c.SSLValve, next.SSLValve}, {"RemoteIpValve", c.RemoteIP, next.RemoteIP}} {
		if !reflect.DeepEqual(part.was, part.now) {
			changes = append(changes, part.what+" has other settings")
		}
	}
	return changes
}

// String lists the modes by the servlet API's names (SessionTrackingMode).
func (t Tracking) String() string {
	var names []string
	for i, name := range []string{"COOKIE", "URL", "SSL"} {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func showGenerator(g sessionid.Generator) string {
	standard, ok := g.(*sessionid.Standard)
	if !ok {
		return fmt.Sprintf("%T", g)
	}
	length := standard.Length
	if length == 0 {
		length = sessionid.DefaultLength
	}
	if standard.Route == "" {
		return fmt.Sprintf("%d bytes", length)
	}
	return fmt.Sprintf("%d bytes and .%s", length, standard.Route)
}

func (c *Cookie) show() string {
	text := c.header("...", -1, false, time.Time{}, newestTomcat)
	if c.MaxAge >= 0 {
		text += fmt.Sprintf("; Max-Age=%d", c.MaxAge)
	}
	return text
}

func showTimeout(c *Config) string {
	if c.SessionTimeout < 0 {
		return "never"
	}
	return c.SessionTimeout.String()
}

func showBound(most *int) string {
	if most == nil {
		return "none"
	}
	return fmt.Sprint(*most)
}

func showEmpty(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func showHeaders(h *SecurityHeaders) string {
	if h == nil {
		return "the endpoint's own"
	}
	var lines []string
	always, secure := h.filter()
	for _, header := range append(secure, always...) {
		lines = append(lines, header.name+": "+header.value[0])
	}
	return showEmpty(strings.Join(lines, ", "))
}
