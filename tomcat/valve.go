package tomcat

import (
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
)

// The valves and filters that are read.
const (
	sslValve       = "org.apache.catalina.valves.SSLValve"
	remoteIPValve  = "org.apache.catalina.valves.RemoteIpValve"
	remoteIPFilter = "org.apache.catalina.filters.RemoteIpFilter"
	securityFilter = "org.apache.catalina.filters.HttpHeaderSecurityFilter"
)

// valveClasses are the valves that come with Tomcat.
var valveClasses = nameList{
	sslValve, remoteIPValve,
	"org.apache.catalina.authenticator.BasicAuthenticator", "org.apache.catalina.authenticator.DigestAuthenticator",
	"org.apache.catalina.authenticator.FormAuthenticator", "org.apache.catalina.authenticator.NonLoginAuthenticator",
	"org.apache.catalina.authenticator.SSLAuthenticator", "org.apache.catalina.authenticator.SingleSignOn",
	"org.apache.catalina.authenticator.SpnegoAuthenticator", "org.apache.catalina.authenticator.jaspic.JaspicAuthenticator@9-",
	"org.apache.catalina.ha.authenticator.ClusterSingleSignOn", "org.apache.catalina.ha.session.JvmRouteBinderValve",
	"org.apache.catalina.ha.tcp.ReplicationValve", "org.apache.catalina.valves.AccessLogValve",
	"org.apache.catalina.valves.CometConnectionManagerValve@-7", "org.apache.catalina.valves.CrawlerSessionManagerValve",
	"org.apache.catalina.valves.ErrorReportValve", "org.apache.catalina.valves.ExtendedAccessLogValve",
	"org.apache.catalina.valves.FilterValve@11-", "org.apache.catalina.valves.HealthCheckValve@9-",
	"org.apache.catalina.valves.JDBCAccessLogValve@-11", "org.apache.catalina.valves.JsonAccessLogValve@8-",
	"org.apache.catalina.valves.JsonErrorReportValve@8-", "org.apache.catalina.valves.LoadBalancerDrainingValve@8-",
	"org.apache.catalina.valves.ParameterLimitValve@9-", "org.apache.catalina.valves.PersistentValve",
	"org.apache.catalina.valves.ProxyErrorReportValve@8-", "org.apache.catalina.valves.RemoteAddrValve@-11",
	"org.apache.catalina.valves.RemoteCIDRValve", "org.apache.catalina.valves.RemoteHostValve",
	"org.apache.catalina.valves.SemaphoreValve", "org.apache.catalina.valves.StuckThreadDetectionValve",
	"org.apache.catalina.valves.rewrite.RewriteValve@8-",
}

// valves reads the valves in front of an application, in the order in which
// requests pass them: those of the Engine, the Host, and the Contexts.
func (r *reader) valves(a *Application, ctx *context) {
	h := ctx.app.host
	var list []*element
	for _, e := range append([]*element{h.engine.element, h.element}, ctx.elements...) {
		for _, child := range e.children {
			if child.name == "Valve" {
				list = append(list, child)
			}
		}
	}
	if len(list) > maxAttributes {
		r.about(list[maxAttributes], finding.Warning, fmt.Sprintf("there are more than %d valves: the others are not looked at", maxAttributes), "")
		list = list[:maxAttributes]
	}
	var before *element
	for _, e := range list {
		switch class := r.className(e, ""); class {
		case sslValve:
			if before != nil {
				r.about(e, finding.Info, "there is one in front of it: what this one finds takes its place", "remove one of them")
			}
			before = e
			a.SSLValve = r.sslValve(e)
		case remoteIPValve:
			settings := r.settings(e, "")
			r.known(settings, remoteIPValveAttributes)
			ip := r.remoteIP(settings, false)
			if e.file == "" {
				ip.Line = e.line
			}
			a.RemoteIP = append(a.RemoteIP, ip)
		default:
			if !slices.Contains(slices.Collect(valveClasses.names(r.version)), class) {
				r.missingClass(e, class, "", valveClasses)
			}
		}
	}
}

// sslValve reads an SSLValve.
func (r *reader) sslValve(e *element) *SSLValve {
	list := r.settings(e, "")
	r.known(list, sslValveAttributes)
	header := func(name, otherwise string) string {
		if since, until, _ := sslValveAttributes.find(name); r.version < since || r.version > until {
			return ""
		}
		if at := list.get(name); at != nil {
			return r.header(at)
		}
		return otherwise
	}
	v := &SSLValve{
		ClientCert:        header("sslClientCertHeader", "ssl_client_cert"),
		EscapedClientCert: header("sslClientEscapedCertHeader", "ssl_client_escaped_cert"),
		Cipher:            header("sslCipherHeader", "ssl_cipher"),
		SessionID:         header("sslSessionIdHeader", "ssl_session_id"),
		KeySize:           header("sslCipherUserKeySizeHeader", "ssl_cipher_usekeysize"),
		Protocol:          header("sslSecureProtocolHeader", "ssl_secure_protocol"),
	}
	if e.file == "" {
		v.Line = e.line
	}
	return v
}

// header reads the name of a header.
func (r *reader) header(at *setting) string {
	if strings.ContainsFunc(at.value, func(x rune) bool {
		return x <= ' ' || x > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, x)
	}) {
		r.say(at, finding.Warning, fmt.Sprintf("%q is no name of a header: no request has it", at.value), "write the header's name")
		return ""
	}
	return at.value
}

// The addresses that are believed without being named: Java's expressions, until
// Tomcat 11, and networks.
const (
	privateNetworks = `10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|169\.254\.\d{1,3}\.\d{1,3}|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|`
	sharedNetworks  = `100\.6[4-9]{1}\.\d{1,3}\.\d{1,3}|100\.[7-9]{1}\d{1}\.\d{1,3}\.\d{1,3}|100\.1[0-1]{1}\d{1}\.\d{1,3}\.\d{1,3}|100\.12[0-7]{1}\.\d{1,3}\.\d{1,3}|` +
		`172\.1[6-9]{1}\.\d{1,3}\.\d{1,3}|172\.2[0-9]{1}\.\d{1,3}\.\d{1,3}|172\.3[0-1]{1}\.\d{1,3}\.\d{1,3}|`
	loopback = `0:0:0:0:0:0:0:1|::1`
	localIP6 = `|fe[89ab]\p{XDigit}:.*|f[cd]\p{XDigit}{2}+:.*`
	networks = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,100.64.0.0/10,127.0.0.0/8,::1/128,fe80::/10,fc00::/7"
)

// internalProxies are those that a release believes without being told.
func internalProxies(version int) string {
	switch {
	case version < 8:
		return privateNetworks + loopback
	case version == 8:
		return privateNetworks + sharedNetworks + loopback
	case version < 11:
		return privateNetworks + sharedNetworks + loopback + localIP6
	}
	return networks
}

// remoteIP reads the settings of a RemoteIpValve, or the init-params of a filter,
// with which the application does not start where a value is wrong.
func (r *reader) remoteIP(list settings, filter bool) RemoteIP {
	ip := RemoteIP{
		InternalProxies: internalProxies(r.version),
		Header:          "X-Forwarded-For", ProxiesHeader: "X-Forwarded-By",
		ProtocolHeader: "X-Forwarded-Proto", HTTPSValue: "https",
		HTTPPort: 80, HTTPSPort: 443,
		RequestAttributes: true,
	}
	for _, s := range []struct {
		name string
		to   *string
	}{
		{"remoteIpHeader", &ip.Header}, {"proxiesHeader", &ip.ProxiesHeader}, {"protocolHeader", &ip.ProtocolHeader},
		{"hostHeader", &ip.HostHeader}, {"portHeader", &ip.PortHeader},
	} {
		if at := list.get(s.name); at != nil {
			*s.to = r.header(at)
		}
	}
	if at := list.get("protocolHeaderHttpsValue"); at != nil {
		ip.HTTPSValue = at.value
	}
	for _, s := range []struct {
		name string
		to   *int
	}{{"httpServerPort", &ip.HTTPPort}, {"httpsServerPort", &ip.HTTPSPort}} {
		if at := list.get(s.name); at != nil {
			*s.to = r.filterInteger(at, *s.to, filter)
		}
	}
	ip.ChangeLocalName = r.boolean(list.get("changeLocalName"), false)
	ip.ChangeLocalPort = r.boolean(list.get("changeLocalPort"), false)
	if !filter {
		ip.RequestAttributes = r.boolean(list.get("requestAttributesEnabled"), true)
	}
	if at := list.get("internalProxies"); at != nil {
		ip.InternalProxies = r.proxies(at, ip.InternalProxies, filter)
	}
	if at := list.get("trustedProxies"); at != nil {
		ip.TrustedProxies = r.proxies(at, "", filter)
	}
	return ip
}

// filterInteger is integer; in a filter, what is none keeps the application from
// starting.
func (r *reader) filterInteger(at *setting, otherwise int, filter bool) int {
	if !filter {
		return r.integer(at, otherwise)
	}
	n, ok := javaInt(at.value)
	if !ok {
		r.say(at, finding.Error, fmt.Sprintf("%q is not a number", at.value)+doesNotStart+` ("One or more Filters failed to start")`, "write digits")
		return otherwise
	}
	return n
}
