package tomcat

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
)

func TestSessionCookie(t *testing.T) {
	context := func(attributes, inside string) base {
		return base{"conf/context.xml": "<Context " + attributes + ">" + inside + "</Context>"}
	}
	config := func(inside string) base {
		return webXMLFiles("<session-config><cookie-config>" + inside + "</cookie-config></session-config>")
	}
	both := func(attributes, inside string) base {
		b := config(inside)
		b["conf/context.xml"] = "<Context " + attributes + "/>"
		return b
	}
	attribute := func(name, value string) string {
		return "<attribute><attribute-name>" + name + "</attribute-name><attribute-value>" + value + "</attribute-value></attribute>"
	}
	const usual = "; Path=/app; HttpOnly"
	cases := []applicationCase{
		{"none", 0, base{}, "", "JSESSIONID" + usual, nil},
		{"name of the Context", 0, both(`sessionCookieName="A"`, "<name>B</name>"), "", "A" + usual, nil},
		{"name of web.xml", 0, both(`sessionCookieName=""`, "<name> B </name>"), "", "B" + usual, nil},
		{"bad name", 0, context(`sessionCookieName="a b"`, ""), "", "JSESSIONID" + usual, []string{"error: Context sessionCookieName: \"a b\" is no name of a cookie: Tomcat gives an error 500"}},
		{"path of the Context", 0, both(`sessionCookiePath="/"`, "<path>/x</path>"), "", "JSESSIONID; Path=/; HttpOnly", nil},
		{"path of web.xml", 0, config("<path>/x</path>"), "", "JSESSIONID; Path=/x; HttpOnly", nil},
		{"relative path", 0, config("<path>rel</path>"), "", "JSESSIONID; Path=rel; HttpOnly", []string{"does not begin with /"}},
		{"bad path", 0, config("<path>/a;b</path>"), "", "JSESSIONID" + usual, []string{"was specified for this cookie"}},
		{"slash", 0, context(`sessionCookiePathUsesTrailingSlash="true"`, ""), "", "JSESSIONID; Path=/app/; HttpOnly", nil},
		{"domain", 0, both(`sessionCookieDomain="Example.COM"`, "<domain>b.example</domain>"), "", "JSESSIONID; Domain=example.com" + usual, nil},
		{"domain of web.xml", 0, config("<domain>b.example</domain>"), "", "JSESSIONID; Domain=b.example" + usual, nil},
		{"domain with a dot", 0, config("<domain>.example.com</domain>"), "", "JSESSIONID" + usual, []string{"An invalid domain [.example.com] was specified for this cookie"}},
		{"domain with a dot, legacy", 9, base{
			"conf/context.xml": `<Context sessionCookieDomain=".example.com"><CookieProcessor className="org.apache.tomcat.util.http.LegacyCookieProcessor"/></Context>`,
		}, "", "JSESSIONID; Domain=.example.com" + usual, nil},
		{"http-only", 0, both(`useHttpOnly="false"`, "<http-only>true</http-only>"), "", "JSESSIONID" + usual, nil},
		{"not http-only", 0, both(`useHttpOnly="false"`, "<http-only>false</http-only>"), "", "JSESSIONID; Path=/app", nil},
		{"http-only in vain", 0, config("<http-only>false</http-only>"), "", "JSESSIONID" + usual, []string{"info: http-only: the Context's useHttpOnly is true"}},
		{"secure", 0, config("<secure> TRUE </secure>"), "", "JSESSIONID; Path=/app; Secure; HttpOnly", nil},
		{"secure, oddly", 0, config("<secure>yes</secure>"), "", "JSESSIONID" + usual, []string{"neither true nor false"}},
		{"max-age", 0, config("<max-age>60</max-age>"), "", "JSESSIONID; Max-Age=60" + usual, nil},
		{"max-age zero", 0, config("<max-age>0</max-age>"), "", "JSESSIONID; Max-Age=0" + usual, nil},
		{"max-age negative", 0, config("<max-age>-5</max-age>"), "", "JSESSIONID" + usual, nil},
		{"max-age no number", 9, config("<max-age>abc</max-age>"), "", "JSESSIONID" + usual, []string{"Tomcat does not start the application (\"NumberFormatException\")"}},
		{"max-age no number", 10, config("<max-age>abc</max-age>"), "", "JSESSIONID" + usual, []string{"Tomcat gives an error 500 where a session begins"}},
		{"SameSite", 0, context("", `<CookieProcessor sameSiteCookies="LAX"/>`), "", "JSESSIONID" + usual + "; SameSite=Lax", nil},
		{"SameSite unset", 0, context("", `<CookieProcessor sameSiteCookies="unset"/>`), "", "JSESSIONID" + usual, nil},
		{"SameSite unknown", 0, context("", `<CookieProcessor sameSiteCookies=" lax"/>`), "", "JSESSIONID" + usual, []string{"must be one of: unset, none, lax, strict."}},
		{"SameSite none", 0, context("", `<CookieProcessor sameSiteCookies="none"/>`), "", "JSESSIONID" + usual + "; SameSite=None", []string{"info: CookieProcessor: browsers take SameSite=None only with Secure"}},
		{"SameSite misspelt", 0, context("", `<CookieProcessor samesitecookies="lax"/>`), "", "JSESSIONID" + usual, []string{"is sameSiteCookies meant?"}},
		{"CookieProcessor", 7, context("", `<CookieProcessor sameSiteCookies="lax"/>`), "", "JSESSIONID" + usual, []string{"Tomcat 7 does not have this element"}},
		{"LegacyCookieProcessor", 10, context("", `<CookieProcessor className="org.apache.tomcat.util.http.LegacyCookieProcessor"/>`), "", "JSESSIONID" + usual, []string{"Tomcat 10 no longer has the class"}},
		{"small letter", 0, context("", `<cookieProcessor sameSiteCookies="lax"/>`), "", "JSESSIONID" + usual, []string{"is <CookieProcessor> meant?"}},
		{"attribute", 0, config(attribute("SameSite", "Strict") + attribute("Foo", "bar") + attribute("Bar", "")), "", "JSESSIONID" + usual + "; SameSite=Strict; Bar=; Foo=bar", nil},
		{"attribute", 9, config(attribute("SameSite", "Strict")), "", "JSESSIONID" + usual, []string{"Tomcat 9 does not have this element"}},
		{"known attribute", 0, config(attribute("secure", "true") + attribute("Path", "/at") + attribute("Max-Age", "9")), "", "JSESSIONID; Max-Age=9; Path=/at; Secure; HttpOnly", nil},
		{"half an attribute", 0, config("<attribute><attribute-name>x</attribute-name></attribute>"), "", "JSESSIONID" + usual, []string{"no attribute-name or no attribute-value"}},
		{"usePartitioned", 9, context(`usePartitioned="true"`, ""), "", "JSESSIONID" + usual, []string{"Tomcat 9 does not have this attribute, which came with 10.1"}},
		{"usePartitioned", 10, context(`usePartitioned="true"`, ""), "", "JSESSIONID" + usual + "; Partitioned", nil},
		{"partitioned", 10, context("", `<CookieProcessor partitioned="true"/>`), "", "JSESSIONID" + usual, []string{"the Context's usePartitioned counts"}},
		{"partitioned", 11, context("", `<CookieProcessor partitioned="true"/>`), "", "JSESSIONID" + usual + "; Partitioned", nil},
		{"attribute Partitioned", 10, config(attribute("Partitioned", "true")), "", "JSESSIONID" + usual + "; Partitioned", nil},
		{"attribute Partitioned", 11, config(attribute("Partitioned", "true")), "", "JSESSIONID" + usual, nil},
		{"part by part", 0, base{
			"conf/web.xml":                "<web-app><session-config><cookie-config><name>G</name><path>/g</path></cookie-config></session-config></web-app>",
			"webapps/app/WEB-INF/web.xml": "<web-app><session-config><cookie-config><name>O</name></cookie-config></session-config></web-app>",
		}, "", "O; Path=/g; HttpOnly", nil},
		{"unknown element", 0, config("<http-onyl>true</http-onyl>"), "", "JSESSIONID" + usual, []string{"is <http-only> meant?"}},
	}
	runApplications(t, cases, func(a *Application) string {
		c := a.Cookie
		var b strings.Builder
		b.WriteString(c.Name)
		if c.MaxAge >= 0 {
			fmt.Fprintf(&b, "; Max-Age=%d", c.MaxAge)
		}
		if c.Domain != "" {
			b.WriteString("; Domain=" + c.Domain)
		}
		b.WriteString("; Path=" + c.Path)
		for _, flag := range []struct {
			set  bool
			text string
		}{{c.Secure, "; Secure"}, {c.HTTPOnly, "; HttpOnly"}, {c.SameSite != "", "; SameSite=" + c.SameSite}, {c.Partitioned, "; Partitioned"}} {
			if flag.set {
				b.WriteString(flag.text)
			}
		}
		for _, more := range c.Attributes {
			b.WriteString("; " + more.Name + "=" + more.Value)
		}
		return b.String()
	})
	// The root, and a path that is written otherwise in a URL.
	for at, path := range map[string]string{"/": "/", "/a b": "/a%20b", "/foo/bar": "/foo/bar", "": "/"} {
		if a, _ := (base{}).read(t, 10, at); a.Cookie.Path != path {
			t.Errorf("%q: %q", at, a.Cookie.Path)
		}
	}
}

// securityXML is a web.xml with a HttpHeaderSecurityFilter that is mapped so.
func securityXML(mapping string, parameters ...string) string {
	var b strings.Builder
	b.WriteString("<filter>\n<filter-name>h</filter-name><filter-class>" + securityFilter + "</filter-class>\n")
	for i := 0; i+1 < len(parameters); i += 2 {
		b.WriteString("<init-param><param-name>" + parameters[i] + "</param-name><param-value>" + parameters[i+1] + "</param-value></init-param>\n")
	}
	return b.String() + "</filter>\n<filter-mapping><filter-name>h</filter-name>" + mapping + "</filter-mapping>"
}

func TestSecurityHeaders(t *testing.T) {
	const all = "<url-pattern>/*</url-pattern>"
	age := []string{"hstsMaxAgeSeconds", "31536000"}
	with := func(parameters ...string) base { return webXMLFiles(securityXML(all, append(age, parameters...)...)) }
	mapped := func(mapping string) base { return webXMLFiles(securityXML(mapping, age...)) }
	const usual = "max-age=31536000|DENY|nosniff"
	cases := []applicationCase{
		{"none", 0, base{}, "", "", nil},
		{"usual", 0, with(), "", usual, nil},
		{"usual", 7, with(), "", usual + "|xss", nil},
		{"usual", 9, with(), "", usual + "|xss", nil},
		{"not in 9", 9, with("xssProtectionEnabled", "false"), "", usual, nil},
		{"default", 0, webXMLFiles(securityXML(all)), "", "max-age=0|DENY|nosniff", []string{"max-age=0 has browsers forget"}},
		{"all of it", 0, with("hstsIncludeSubDomains", "TRUE", "hstsPreload", "true", "antiClickJackingOption", "sameorigin", "xssProtectionEnabled", "true"), "", "max-age=31536000;includeSubDomains;preload|SAMEORIGIN|nosniff|xss", nil},
		{"nothing of it", 0, with("hstsEnabled", "false", "antiClickJackingEnabled", "false", "blockContentTypeSniffingEnabled", "false"), "", "", nil},
		{"ALLOW-FROM", 0, with("antiClickJackingOption", "ALLOW-FROM", "antiClickJackingUri", "https://a.example/x"), "", "max-age=31536000|ALLOW-FROM https://a.example/x|nosniff", nil},
		{"ALLOW-FROM without", 0, with("antiClickJackingOption", "ALLOW-FROM"), "", "max-age=31536000|ALLOW-FROM null|nosniff", []string{"Null value for anti click jacking URI"}},
		{"no option", 0, with("antiClickJackingOption", "OTHER"), "", usual, []string{"does not start the application"}},
		{"no URI", 0, with("antiClickJackingUri", "a b"), "", usual, []string{`"a b" is no URI`}},
		{"no number", 0, webXMLFiles(securityXML(all, "hstsMaxAgeSeconds", "1y")), "", "max-age=0|DENY|nosniff", []string{"Tomcat does not start the application (\"The property [hstsMaxAgeSeconds] is not defined for filters of type [org.apache.catalina.filters.HttpHeaderSecurityFilter]\")", "browsers forget"}},
		{"negative", 0, webXMLFiles(securityXML(all, "hstsMaxAgeSeconds", "-1")), "", "max-age=0|DENY|nosniff", []string{"Tomcat takes 0 for it", "browsers forget"}},
		{"unknown parameter", 0, with("hstsMaxAge", "5"), "", usual, []string{"The property [hstsMaxAge] is not defined for filters of type [org.apache.catalina.filters.HttpHeaderSecurityFilter]\"); is hstsMaxAgeSeconds meant?"}},
		{"gone parameter", 11, with("xssProtectionEnabled", "true"), "", usual, []string{"Tomcat 11 no longer has this init-param: Tomcat does not start the application"}},
		{"the first of two", 0, with("hstsMaxAgeSeconds", "7"), "", usual, nil},
		{"servlet-name", 0, mapped("<servlet-name>*</servlet-name>"), "", usual, nil},
		{"every pattern", 0, mapped("<url-pattern> * </url-pattern>"), "", usual, nil},
		{"a part", 0, mapped("<url-pattern>/admin/*</url-pattern>"), "", "", []string{"info: filter-mapping: it is mapped to a part of the application only"}},
		{"errors only", 0, mapped(all + "<dispatcher>ERROR</dispatcher>"), "", "", []string{"it has no dispatcher REQUEST"}},
		{"requests too", 0, mapped(all + "<dispatcher>ERROR</dispatcher><dispatcher>request</dispatcher>"), "", usual, nil},
		{"unknown dispatcher", 0, mapped(all + "<dispatcher>GET</dispatcher>"), "", usual, []string{`"GET" is no dispatcher`}},
		{"bad pattern", 0, mapped("<url-pattern>x</url-pattern>"), "", "", []string{"Invalid <url-pattern> [x] in filter mapping"}},
		{"mapped to nothing", 0, mapped(""), "", "", []string{"must specify either a <url-pattern> or a <servlet-name>"}},
		{"no mapping", 0, webXMLFiles("<filter><filter-name>h</filter-name><filter-class>" + securityFilter + "</filter-class><init-param><param-name>hstsEnabled</param-name><param-value>false</param-value></init-param></filter>"), "", "", []string{"no filter-mapping leads to it"}},
		{"unknown filter", 0, webXMLFiles("<filter-mapping><filter-name>x</filter-name><url-pattern>/*</url-pattern></filter-mapping>"), "", "", []string{"Filter mapping specifies an unknown filter name [x]"}},
		{"wrong package", 0, webXMLFiles("<filter><filter-name>h</filter-name><filter-class>org.apache.catalina.HttpHeaderSecurityFilter</filter-class></filter>"), "", "", []string{"there is no class org.apache.catalina.HttpHeaderSecurityFilter"}},
		{"same name twice", 0, webXMLFiles(securityXML(all, age...) + "<filter><filter-name>h</filter-name></filter>"), "", usual, []string{"Duplicate filter name [h]"}},
		{"for all applications", 0, base{"conf/web.xml": "<web-app>" + securityXML(all, age...) + "</web-app>"}, "", usual, nil},
		{"merged", 0, base{
			"conf/web.xml":                "<web-app>" + securityXML(all, age...) + "</web-app>",
			"webapps/app/WEB-INF/web.xml": "<web-app><filter><filter-name>h</filter-name><init-param><param-name>antiClickJackingOption</param-name><param-value>SAMEORIGIN</param-value></init-param></filter></web-app>",
		}, "", "max-age=31536000|SAMEORIGIN|nosniff", nil},
		{"mapping replaced", 0, base{
			"conf/web.xml":                "<web-app>" + securityXML(all, age...) + "</web-app>",
			"webapps/app/WEB-INF/web.xml": "<web-app><filter-mapping><filter-name>h</filter-name><url-pattern>/only</url-pattern></filter-mapping></web-app>",
		}, "", "", []string{"a part of the application only"}},
		{"two filters", 0, webXMLFiles(securityXML(all, age...) + strings.ReplaceAll(securityXML(all, "hstsEnabled", "false", "antiClickJackingOption", "SAMEORIGIN"), ">h<", ">g<")), "", "max-age=31536000|SAMEORIGIN|nosniff", nil},
	}
	runApplications(t, cases, func(a *Application) string {
		if a.Headers == nil {
			return ""
		}
		var list []string
		for _, s := range []string{a.Headers.HSTS, a.Headers.FrameOptions} {
			if s != "" {
				list = append(list, s)
			}
		}
		if a.Headers.NoSniff {
			list = append(list, "nosniff")
		}
		if a.Headers.XSSProtection {
			list = append(list, "xss")
		}
		return strings.Join(list, "|")
	})
}

func TestProxies(t *testing.T) {
	valve := func(class, attributes string) base {
		return base{"conf/context.xml": `<Context><Valve className="` + class + `" ` + attributes + `/></Context>`}
	}
	ip := func(attributes string) base { return valve(remoteIPValve, attributes) }
	show := func(a *Application) string {
		var b strings.Builder
		for _, r := range a.RemoteIP {
			fmt.Fprintf(&b, "%s %s %s %s [%s] %d %d %v;", r.Header, r.ProxiesHeader, r.ProtocolHeader, r.HTTPSValue, r.HostHeader+r.PortHeader, r.HTTPPort, r.HTTPSPort, r.ChangeLocalPort)
			if r.InternalProxies != internalProxies(10) {
				b.WriteString(" internal " + r.InternalProxies)
			}
			if r.TrustedProxies != "" {
				b.WriteString(" trusted " + r.TrustedProxies)
			}
		}
		return b.String()
	}
	const usual = "X-Forwarded-For X-Forwarded-By X-Forwarded-Proto https [] 80 443 false;"
	filter := func(parameter, value string) base {
		return webXMLFiles("<filter><filter-name>r</filter-name><filter-class>" + remoteIPFilter + "</filter-class><init-param><param-name>" + parameter + "</param-name><param-value>" + value + "</param-value></init-param></filter><filter-mapping><filter-name>r</filter-name><url-pattern>/*</url-pattern></filter-mapping>")
	}
	runApplications(t, []applicationCase{
		{"none", 0, base{}, "", "", nil},
		{"valve", 0, ip(""), "", usual, nil},
		{"every attribute", 0, ip(`remoteIpHeader="A" proxiesHeader="B" protocolHeader="C" protocolHeaderHttpsValue="on" hostHeader="D" portHeader="E" httpServerPort="8080" httpsServerPort="8443" changeLocalPort="true" internalProxies="1\.2\.3\.4" trustedProxies="5\..*"`), "",
			`A B C on [DE] 8080 8443 true; internal 1\.2\.3\.4 trusted 5\..*`, nil},
		{"empty", 0, ip(`internalProxies="" protocolHeader=""`), "", "X-Forwarded-For X-Forwarded-By  https [] 80 443 false; internal ", nil},
		{"bad expression", 0, ip(`internalProxies="("`), "", usual, []string{"Tomcat ignores it"}},
		{"networks", 10, ip(`trustedProxies="10.0.0.0/8"`), "", usual, []string{"networks as 10.0.0.0/8 came with 11"}},
		{"networks", 11, ip(`internalProxies="10.0.0.0/8" trustedProxies="192.168.0.0/16"`), "", usual + " internal 10.0.0.0/8 trusted 192.168.0.0/16", nil},
		{"expression", 11, ip(`internalProxies="1\..*"`), "", usual + ` internal 1\..*`, nil},
		{"addresses", 12, ip(`internalProxies="1.2.3.4, ::1"`), "", usual + " internal 1.2.3.4/32,::1/128", nil},
		{"no address", 12, ip(`internalProxies="1\..*"`), "", usual + " internal " + networks, []string{"is no address and no network"}},
		{"quantifiers", 10, ip(`internalProxies="10\.\d{1,3}[,]"`), "", usual + ` internal 10\.\d{1,3}[,]`, nil},
		{"list of addresses", 10, ip(`internalProxies="1.2.3.4,1.2.3.5"`), "", usual + " internal 1.2.3.4,1.2.3.5", []string{"one regular expression"}},
		{"bad port", 0, ip(`httpsServerPort="https"`), "", usual, []string{"is not a number"}},
		{"bad header", 0, ip(`remoteIpHeader="a b"`), "", " X-Forwarded-By X-Forwarded-Proto https [] 80 443 false;", []string{"is no name of a header"}},
		{"unknown attribute", 0, ip(`protocolHeaderSslValue="x"`), "", usual, []string{"Valve has no such attribute"}},
		{"misspelt class", 0, valve("org.apache.catalina.valves.RemoteIPValve", ""), "", "", []string{"is org.apache.catalina.valves.RemoteIpValve meant?"}},
		{"no class", 0, valve("", ""), "", "", []string{"it has no className"}},
		{"another valve", 0, valve("org.apache.catalina.valves.AccessLogValve", ""), "", "", nil},
		{"a valve of others", 0, valve("com.example.AccessLogValve", ""), "", "", []string{"warning: Valve className: the class com.example.AccessLogValve is not one of Tomcat's, and has to be in its lib, or Tomcat does not start the application"}},
		{"a valve that is gone", 12, valve("org.apache.catalina.valves.RemoteAddrValve", ""), "", "", []string{"Tomcat 12 no longer has the class"}},
		{"filter", 0, filter("protocolHeader", "X-Proto"), "", "X-Forwarded-For X-Forwarded-By X-Proto https [] 80 443 false;", nil},
		{"filter, bad port", 0, filter("httpServerPort", "x"), "", usual, []string{"Tomcat does not start the application"}},
		{"filter, bad expression", 0, filter("trustedProxies", "("), "", usual, []string{"Tomcat does not start the application"}},
		{"filter, unknown", 0, filter("protocolheader", "X-Proto"), "", usual, []string{"is protocolHeader meant?"}},
		{"in order", 0, base{
			"conf/server.xml": strings.Replace(simpleServer("", "", `<Valve className="`+remoteIPValve+`" remoteIpHeader="H"/><Context path="/app"><Valve className="`+remoteIPValve+`" remoteIpHeader="C"/></Context>`),
				"<Host", `<Valve className="`+remoteIPValve+`" remoteIpHeader="E"/><Host`, 1),
		}, "", strings.NewReplacer("X-Forwarded-For", "E").Replace(usual) + strings.NewReplacer("X-Forwarded-For", "H").Replace(usual) + strings.NewReplacer("X-Forwarded-For", "C").Replace(usual), nil},
	}, show)
	runApplications(t, []applicationCase{
		{"none", 0, base{}, "", "<nil>", nil},
		{"default", 7, valve(sslValve, ""), "", "&{0 ssl_client_cert  ssl_cipher ssl_session_id ssl_cipher_usekeysize }", nil},
		{"default", 10, valve(sslValve, ""), "", "&{0 ssl_client_cert ssl_client_escaped_cert ssl_cipher ssl_session_id ssl_cipher_usekeysize }", nil},
		{"default", 11, valve(sslValve, ""), "", "&{0 ssl_client_cert ssl_client_escaped_cert ssl_cipher ssl_session_id ssl_cipher_usekeysize ssl_secure_protocol}", nil},
		{"every attribute", 11, valve(sslValve, `sslClientCertHeader="a" sslClientEscapedCertHeader="b" sslCipherHeader="c" sslSessionIdHeader="d" sslCipherUserKeySizeHeader="e" sslSecureProtocolHeader="f"`), "", "&{0 a b c d e f}", nil},
		{"of another release", 10, valve(sslValve, `sslSecureProtocolHeader="f"`), "", "&{0 ssl_client_cert ssl_client_escaped_cert ssl_cipher ssl_session_id ssl_cipher_usekeysize }", []string{"Tomcat 10 does not have this attribute, which came with 11"}},
		{"unknown attribute", 10, valve(sslValve, `sslCipherUsekeySizeHeader="f"`), "", "&{0 ssl_client_cert ssl_client_escaped_cert ssl_cipher ssl_session_id ssl_cipher_usekeysize }", []string{"is sslCipherUserKeySizeHeader meant?"}},
		{"in the Engine", 10, base{"conf/server.xml": strings.Replace(simpleServer("", "", `<Context path="/app"/>`), "<Host", `<Valve className="`+sslValve+`"/><Host`, 1)}, "", "&{2 ssl_client_cert ssl_client_escaped_cert ssl_cipher ssl_session_id ssl_cipher_usekeysize }", nil},
	}, func(a *Application) string { return fmt.Sprint(a.SSLValve) })
}

// cookieContext is a Context that names the cookie, by which it is told.
func cookieContext(name string) string { return `<Context sessionCookieName="` + name + `"/>` }

// Which files are read, and which of them wins.
func TestContextFiles(t *testing.T) {
	inServer := func(attributes string) string {
		return simpleServer("", "", "<Context path=\"/app\" "+attributes+"/>")
	}
	external := base{
		"conf/Catalina/localhost/app.xml":   `<Context docBase="/base/srv/x"/>`,
		"srv/x/META-INF/context.xml":        cookieContext("M"),
		"srv/x/WEB-INF/web.xml":             "<web-app><session-config><cookie-config><name>W</name></cookie-config></session-config></web-app>",
		"webapps/app/META-INF/context.xml":  cookieContext("N"),
		"webapps/app/WEB-INF/web.xml":       "<web-app/>",
		"conf/Catalina/localhost/other.xml": "<Context/>",
	}
	cases := []applicationCase{
		{"for all", 0, base{"conf/context.xml": cookieContext("A")}, "", "A", nil},
		{"for the host", 0, base{"conf/context.xml": cookieContext("A"), "conf/Catalina/localhost/context.xml.default": cookieContext("H")}, "", "H", nil},
		{"its own", 0, base{"conf/context.xml": cookieContext("A"), "conf/Catalina/localhost/context.xml.default": cookieContext("H"), "webapps/app/META-INF/context.xml": cookieContext("M")}, "", "M", nil},
		{"descriptor", 0, base{"conf/context.xml": cookieContext("A"), "webapps/app/META-INF/context.xml": cookieContext("M"), "conf/Catalina/localhost/app.xml": cookieContext("D")}, "", "D", nil},
		{"empty descriptor", 0, base{"conf/context.xml": cookieContext("A"), "webapps/app/META-INF/context.xml": cookieContext("M"), "conf/Catalina/localhost/app.xml": "<Context/>"}, "", "A", nil},
		{"server.xml loses", 0, base{"conf/server.xml": inServer(`sessionCookieName="S"`), "conf/context.xml": cookieContext("A")}, "", "A",
			[]string{"line 2: warning: Context sessionCookieName: /base/conf/context.xml line 1 says A, and wins: Tomcat reads it after the server.xml"}},
		{"server.xml overrides", 0, base{"conf/server.xml": inServer(`sessionCookieName="S" override="true"`), "conf/context.xml": cookieContext("A")}, "", "S", nil},
		{"META-INF beside server.xml", 0, base{"conf/server.xml": inServer(""), "webapps/app/META-INF/context.xml": cookieContext("M"), "conf/Catalina/localhost/app.xml": cookieContext("D")}, "", "JSESSIONID", nil},
		{"Manager of server.xml loses", 0, base{
			"conf/server.xml":  simpleServer("", "", `<Context path="/app"><Manager maxActiveSessions="1"/></Context>`),
			"conf/context.xml": `<Context><Manager/></Context>`,
		}, "", "JSESSIONID", []string{"warning: Manager: that of /base/conf/context.xml line 1 takes its place"}},
		{"override", 0, base{"conf/context.xml": cookieContext("A"), "webapps/app/META-INF/context.xml": `<Context override="true"/>`}, "", "JSESSIONID", nil},
		{"another context.xml", 0, base{"conf/server.xml": inServer(`defaultContextXml="conf/b.xml"`), "conf/context.xml": cookieContext("A"), "conf/b.xml": cookieContext("B")}, "", "B", nil},
		{"another web.xml", 0, base{"conf/server.xml": inServer(`defaultWebXml="conf/b.xml"`), "conf/b.xml": "<web-app><session-config><cookie-config><name>W</name></cookie-config></session-config></web-app>"}, "", "W", nil},
		{"WAR", 0, base{"webapps/app.war": "", "webapps/app.war!/META-INF/context.xml": cookieContext("M")}, "", "M", nil},
		{"WAR, and the same unpacked", 0, base{"webapps/app.war": "", "webapps/app.war!/META-INF/context.xml": cookieContext("M"), "webapps/app/META-INF/context.xml": cookieContext("U")}, "", "U", nil},
		{"WAR, not unpacked", 0, base{"conf/server.xml": simpleServer("", `unpackWARs="false"`, ""), "webapps/app.war": "", "webapps/app.war!/META-INF/context.xml": cookieContext("M"), "webapps/app/META-INF/context.xml": cookieContext("U")}, "", "M", nil},
		{"elsewhere", 0, external, "", "W", nil},
		{"docBase in appBase", 0, base{"conf/Catalina/localhost/app.xml": `<Context docBase="x"/>`}, "", "JSESSIONID", []string{"inside the host appBase has been specified, and will be ignored"}},
		{"path in a descriptor", 0, base{"conf/Catalina/localhost/app.xml": `<Context path="/x"/>`}, "", "JSESSIONID", []string{"Tomcat ignores this one, and takes /app"}},
		{"deployXML", 0, base{"conf/server.xml": simpleServer("", `deployXML="false"`, ""), "webapps/app/META-INF/context.xml": cookieContext("M")}, "", "M", []string{"error: Host deployXML: the application /app has a context.xml of its own: Tomcat does not start it"}},
		{"xmlBase", 0, base{"conf/server.xml": simpleServer("", `xmlBase="conf/xb"`, ""), "conf/xb/app.xml": cookieContext("D"), "conf/Catalina/localhost/app.xml": cookieContext("X")}, "", "D", nil},
		{"nothing is deployed", 0, base{"conf/server.xml": simpleServer("", `deployOnStartup="false" autoDeploy="false"`, ""), "webapps/app/META-INF/context.xml": cookieContext("M")}, "", "JSESSIONID", []string{"it has no application /app"}},
		{"no such application", 0, base{"conf/context.xml": cookieContext("A"), "webapps/app/x": ""}, "/other", "A", []string{"warning: Host: it has no application /other"}},
		{"levels", 0, base{"webapps/foo#bar/META-INF/context.xml": cookieContext("M")}, "/foo/bar", "M", nil},
		{"the newest version", 0, base{"webapps/app##1/META-INF/context.xml": cookieContext("V1"), "webapps/app##2/META-INF/context.xml": cookieContext("V2"), "webapps/app/META-INF/context.xml": cookieContext("V")}, "", "V2", nil},
		{"a version", 0, base{"webapps/app##1/META-INF/context.xml": cookieContext("V1"), "webapps/app##2/META-INF/context.xml": cookieContext("V2")}, "/app##1", "V1", nil},
		{"the root", 0, base{"webapps/ROOT/META-INF/context.xml": cookieContext("R")}, "/", "R", nil},
		{"not XML", 0, base{"conf/context.xml": "<Context>\n<Manager"}, "", "JSESSIONID", []string{"/base/conf/context.xml: line 2: error: unexpected EOF: Tomcat does not start the application"}},
		{"wrong root", 0, base{"webapps/app/META-INF/context.xml": "<context/>"}, "", "JSESSIONID", []string{"the root element is <context>, not <Context>"}},
		{"unknown attribute", 0, base{"conf/context.xml": `<Context sessionCookiename="x" cookiez="y" unpackWAR="true"/>`}, "", "JSESSIONID", []string{"is sessionCookieName meant?", "is cookies meant?"}},
	}
	runApplications(t, cases, func(a *Application) string { return a.Cookie.Name })
}

func TestHosts(t *testing.T) {
	const server = `<Server><Service name="S"><Connector port="1"/><Engine name="Eins" defaultHost="%s">
<Host name="One" appBase="one"><Alias>www.one.example</Alias></Host>
<Host name="two" appBase="two" deployIgnore="x.*"><Alias> WWW.two.example </Alias></Host></Engine></Service></Server>`
	files := func(defaultHost string) base {
		return base{
			"conf/server.xml":               fmt.Sprintf(server, defaultHost),
			"conf/Eins/one/ROOT.xml":        cookieContext("ONE"),
			"two/ROOT/META-INF/context.xml": cookieContext("TWO"), "two/x1/index.html": "",
		}
	}
	show := func(a *Application) string { return a.Host + " " + a.Cookie.Name }
	runApplications(t, []applicationCase{
		{"default", 0, files("ONE"), "/", "one ONE", nil},
		{"alias as default", 0, files("www.two.example"), "/", "two TWO", nil},
		{"named", 0, files("one"), "//Two/", "two TWO", nil},
		{"alias", 0, files("one"), "//www.TWO.example", "two TWO", nil},
		{"no such default", 0, files("three"), "/", "one ONE", []string{"warning: Engine defaultHost: no Host has this name"}},
		{"ignored", 0, files("one"), "//two/x1", "two JSESSIONID", []string{"it has no application /x1"}},
	}, show)
	conf, err := Read([]byte(fmt.Sprintf(server, "one")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := conf.Application(&conf.Connectors[0], "//three/app"); err == nil || err.Error() != `there is no Host "three", but one, two` {
		t.Error(err)
	}
	twice := `<Server><Service><Connector port="1"/><Engine name="e"><Host name="A"/><Host name="a"/></Engine></Service></Server>`
	conf, err = Read([]byte(twice), Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, findings, err := conf.Application(&conf.Connectors[0], "/")
	if err != nil {
		t.Fatal(err)
	}
	checkSaid(t, findings, []string{"Child name [a] is not unique", "it has no defaultHost", "it has no application /"})
}

// Each thing is said once, however many applications it concerns.
func TestCheckApplications(t *testing.T) {
	b := base{"conf/context.xml": `<Context nonsense="x"/>`, "webapps/bad/META-INF/context.xml": `<Context><Manager maxActiveSessions="x"/></Context>`}
	for i := range 20 {
		b[fmt.Sprintf("webapps/app%02d/index.html", i)] = ""
	}
	conf, err := Read([]byte(simpleServer("", "", "")), b.options(10))
	if err != nil {
		t.Fatal(err)
	}
	if services := conf.Services(); len(services) != 1 {
		t.Fatal(services)
	}
	checkSaid(t, conf.CheckApplications(conf.Services()[0]), []string{
		"/base/conf/context.xml: line 1: warning: Context nonsense", "/base/webapps/bad/META-INF/context.xml: line 1: warning: Manager maxActiveSessions",
	})
	for i := range 200 {
		b[fmt.Sprintf("webapps/more%03d/index.html", i)] = ""
	}
	conf, err = Read([]byte(simpleServer("", "", "")), b.options(10))
	if err != nil {
		t.Fatal(err)
	}
	if names, all := conf.Applications(conf.Services()[0]); len(names) != maxApplications || all {
		t.Error(len(names), all)
	}
	checkSaid(t, conf.CheckApplications(conf.Services()[0]), []string{"Context nonsense", "Manager maxActiveSessions", "there are more than 100 applications"})
}

// A WAR that was changed since it was unpacked counts; one that is the same, and a
// directory that does not say of which WAR it is, do not.
func TestUnpackedWAR(t *testing.T) {
	b := base{"webapps/app.war": "", "webapps/app.war!/META-INF/context.xml": cookieContext("WAR"), "webapps/app/META-INF/context.xml": cookieContext("DIR"), "webapps/app/META-INF/war-tracker": ""}
	for changed, want := range map[bool]string{false: "DIR", true: "WAR"} {
		options := b.options(10)
		stat := options.Stat
		options.Stat = func(name string) (fs.FileInfo, error) {
			info, err := stat(name)
			if changed && strings.HasSuffix(name, "war-tracker") {
				return older{info}, err
			}
			return info, err
		}
		conf, err := Read([]byte(simpleServer("", "", "")), options)
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := conf.Application(&conf.Connectors[0], "/app")
		if err != nil || a.Cookie.Name != want {
			t.Errorf("changed %v: %q, %v", changed, a.Cookie.Name, err)
		}
	}
}

// older is a file of the year 2000.
type older struct{ fs.FileInfo }

func (older) ModTime() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// What costs much is looked at once, or not beyond a bound.
func TestValvesAreBounded(t *testing.T) {
	b := base{"conf/context.xml": "<Context>" + strings.Repeat(`<Valve className="`+remoteIPValve+`" internalProxies="(((a{1,9}){1,9}){1,9})"/>`, 5000) + "</Context>"}
	a, findings := b.read(t, 10, "/app")
	if len(a.RemoteIP) != maxAttributes {
		t.Error(len(a.RemoteIP))
	}
	checkSaid(t, findings, []string{"it has no application /app", "there are more than 512 valves"})
}
