package commands

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/endpoint"
	"gokeytool/internal/text"
	"gokeytool/sessionid"
	"gokeytool/tomcat"
)

// setting is what is served of an application in one respect, in words. They are
// empty where it is as if Tomcat had been told nothing.
type setting struct{ what, value string }

// settings are those of the application; none where there is no server.xml.
func (v *served) settings() (list []setting) {
	if v.application == nil {
		return nil
	}
	line := func(what string, parts []string) {
		list = append(list, setting{what, strings.Join(parts, ", ")})
	}
	name := applicationName(v.application)
	line("Sessions of "+name, v.sessionSettings())
	line("Headers of "+name, headerSettings(v.config.Headers, v.config.HSTS))
	line("Proxies in front of "+name, v.proxySettings())
	return list
}

func (v *served) sessionSettings() (parts []string) {
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if v.ids.Length != sessionid.DefaultLength || v.ids.Route != "" {
		ids := fmt.Sprintf("ids of %d bytes", v.ids.Length)
		if v.ids.Route != "" {
			ids += " with ." + v.ids.Route
		}
		add("%s", ids)
	}
	switch tracking := v.config.Tracking; {
	case tracking&endpoint.TrackTLS != 0:
		add("tracked by the TLS session")
	case tracking == endpoint.TrackURL:
		add("tracked by URLs alone, which is not done here: each request begins a session")
	default:
		if cookie, usual := cookieText(v.config.Cookie); !usual {
			add("cookie %s", cookie)
		}
	}
	switch timeout := v.config.SessionTimeout; {
	case timeout < 0:
		add("without end")
	case timeout != 30*time.Minute:
		add("%s", minutes(timeout))
	}
	if most := v.config.MaxActiveSessions; most != nil {
		add("at most %d at once", *most)
	}
	return parts
}

// overridden says which options took the place of what the application has and Tomcat
// has not by default.
func (s *serving) overridden(app *tomcat.Application) (list []string) {
	note := func(option string, given, set bool, was string) {
		if given && set {
			list = append(list, fmt.Sprintf("-%s (%s)", option, was))
		}
	}
	has, o := app.Sessions, s.o
	note("sessionIdLength", o.ids.length.given, has.IDLength != sessionid.DefaultLength && int64(has.IDLength) != o.ids.length.value, fmt.Sprint(has.IDLength))
	note("jvmRoute", o.ids.route.given, has.Route != "" && has.Route != o.ids.route.value, has.Route)
	timeout, chosen := "no end", o.httpSessionTimeout.value
	if has.Timeout > 0 {
		timeout = minutes(has.Timeout)
	}
	same := has.Timeout <= 0 && chosen <= 0 || int64(has.Timeout/time.Minute) == chosen
	note("httpSessionTimeout", o.httpSessionTimeout.given, has.Timeout != 30*time.Minute && !same, timeout)
	note("maxActiveSessions", o.maxActiveSessions.given, has.MaxActive >= 0 && int64(has.MaxActive) != o.maxActiveSessions.value, fmt.Sprint(has.MaxActive))
	if app.Headers != nil {
		note("hsts", o.hsts.given, app.Headers.HSTS != "" && app.Headers.HSTS != o.hsts.value, app.Headers.HSTS)
	}
	return list
}

// minutes is a time as people say it.
func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return text.Count(int(d/time.Minute), "minute", "minutes")
	}
	return d.String()
}

// cookieText is a session cookie without its value, as it is sent over TLS, and
// whether it is the usual one of an application at the root.
func cookieText(c *endpoint.Cookie) (text string, usual bool) {
	var b strings.Builder
	b.WriteString(c.Name)
	add := func(name, value string) {
		if value != "" {
			b.WriteString("; " + name + "=" + value)
		}
	}
	flag := func(name string, set bool) {
		if set {
			b.WriteString("; " + name)
		}
	}
	add("Path", c.Path)
	add("Domain", c.Domain)
	if c.MaxAge >= 0 {
		add("Max-Age", fmt.Sprint(c.MaxAge))
	}
	flag("HttpOnly", c.HTTPOnly)
	flag("Secure", true)
	add("SameSite", c.SameSite)
	flag("Partitioned", c.Partitioned)
	for _, a := range c.Attributes {
		flag(a.Name, a.Value == "")
		add(a.Name, a.Value)
	}
	return b.String(), b.String() == "JSESSIONID; Path=/; HttpOnly; Secure"
}

func headerSettings(h *endpoint.SecurityHeaders, hsts string) (parts []string) {
	if h == nil {
		h = &endpoint.SecurityHeaders{HSTS: hsts}
	}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+": "+value)
		}
	}
	add("Strict-Transport-Security", h.HSTS)
	add("X-Frame-Options", h.FrameOptions)
	if h.NoSniff {
		add("X-Content-Type-Options", "nosniff")
	}
	if h.XSSProtection {
		add("X-XSS-Protection", "1; mode=block")
	}
	return parts
}

func (v *served) proxySettings() (parts []string) {
	if v.config.SSLValve != nil {
		parts = append(parts, "SSLValve")
	}
	for _, r := range v.config.RemoteIP {
		headers := slices.DeleteFunc([]string{r.Header, r.ProtocolHeader, r.HostHeader, r.PortHeader}, func(name string) bool { return name == "" })
		parts = append(parts, "RemoteIpValve with "+strings.Join(headers, ", "))
	}
	if v.config.ProxyName != "" {
		parts = append(parts, "proxyName "+v.config.ProxyName)
	}
	if v.config.ProxyPort != 0 {
		parts = append(parts, fmt.Sprintf("proxyPort %d", v.config.ProxyPort))
	}
	return parts
}
