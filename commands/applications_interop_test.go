package commands_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// webapp is a configuration of a web application that Tomcat 9, Tomcat 10 and
// serve are each given. In texts, APP is the name of its directory.
type webapp struct {
	// name says what is told to them, in Markdown.
	name string
	// host is the Host it runs on; localhost if empty. Hosts are in
	// webappsServer.
	host string
	// server is its Context in server.xml, context the content of its
	// META-INF/context.xml, web that of its WEB-INF/web.xml; each without the
	// outermost element.
	server, context, web string
	// files are further ones, by their names from catalina.base.
	files map[string]string
	// dir is the name of its directory, or of its WAR without ".war", where
	// that is not the path.
	dir string
	war bool
	// request are headers of the request, and what the application sees of
	// the client is part of the answer.
	request map[string]string
	// sessions is how many are begun; one unless told otherwise.
	sessions int
	// why explains what is different in the answers of serve.
	why string
}

// securityFilter is HttpHeaderSecurityFilter in a web.xml, mapped to all paths or to none.
func securityFilter(params string, mapping bool) string {
	text := `<filter><filter-name>headers</filter-name><filter-class>org.apache.catalina.filters.HttpHeaderSecurityFilter</filter-class>` + params + `</filter>`
	if mapping {
		text += `<filter-mapping><filter-name>headers</filter-name><url-pattern>/*</url-pattern></filter-mapping>`
	}
	return text
}

func initParam(name, value string) string {
	return "<init-param><param-name>" + name + "</param-name><param-value>" + value + "</param-value></init-param>"
}

func generator(attributes string) string {
	return `<Manager><SessionIdGenerator ` + attributes + `/></Manager>`
}

func sessionConfig(content string) string { return "<session-config>" + content + "</session-config>" }

// anotherClass is why serve takes what Tomcat does not, here.
const anotherClass = "such a class may be in Tomcat's `lib`: `serve` warns of it"

// webapps stand in one server.xml; others, which change all applications or stop
// Tomcat, have their own below.
var webapps = []webapp{
	{name: "nothing"},

	{name: "`Manager`, `SessionIdGenerator sessionIdLength=\"24\"` in server.xml", server: generator(`sessionIdLength="24"`)},
	{name: "`SessionIdGenerator jvmRoute=\"own\"`, the Engine has `node7`", context: generator(`jvmRoute="own"`)},
	{name: "`SessionIdGenerator jvmRoute=\"own\"`, the Engine has none", host: "unrouted", context: generator(`jvmRoute="own"`)},
	{name: "`sessionIdLength=\"0\"`", context: generator(`sessionIdLength="0"`), why: "ids without digits are the same for all clients: they are not given"},
	{name: "`sessionIdLength=\"1\"`", context: generator(`sessionIdLength="1"`)},
	{name: "`sessionIdLength=\"abc\"`", context: generator(`sessionIdLength="abc"`)},
	{name: "`sessionIdLength=\"200\"`, `className` given", context: generator(`className="org.apache.catalina.util.StandardSessionIdGenerator" sessionIdLength="200"`)},
	{name: "`Manager sessionIdLength=\"8\"`", context: `<Manager sessionIdLength="8"/>`},
	{name: "`Manager secureRandomAlgorithm=\"none\"`", context: `<Manager secureRandomAlgorithm="none"/>`},
	{name: "`SessionIdGenerator` of an unknown class", context: generator(`className="com.example.Ids"`), why: anotherClass},
	{name: "two `Manager`", context: generator(`sessionIdLength="4"`) + `<Manager/>`},

	{name: "`Manager maxActiveSessions=\"2\"`, the second session", context: `<Manager maxActiveSessions="2"/>`, sessions: 2},
	{name: "`Manager maxActiveSessions=\"2\"`, the third session", context: `<Manager maxActiveSessions="2"/>`, sessions: 3},
	{name: "`session-timeout` 5", web: sessionConfig("<session-timeout> 5 </session-timeout>")},
	{name: "`session-timeout` 0", web: sessionConfig("<session-timeout>0</session-timeout>")},
	{name: "`session-timeout` abc", web: sessionConfig("<session-timeout>abc</session-timeout>")},
	{name: "`Context sessionTimeout=\"5\"`, `session-timeout` 6", context: ` sessionTimeout="5">`, web: sessionConfig("<session-timeout>6</session-timeout>")},

	{name: "`tracking-mode` COOKIE", web: sessionConfig("<tracking-mode>COOKIE</tracking-mode>")},
	{name: "`tracking-mode` URL", web: sessionConfig("<tracking-mode>URL</tracking-mode>")},
	{name: "`tracking-mode` SSL, the Connector without `secure`", web: sessionConfig("<tracking-mode>SSL</tracking-mode>"), why: "with `-force` sessions hang on TLS; in Tomcat each request begins one"},
	{name: "`tracking-mode` SSL, `Connector secure=\"true\"`", host: "unrouted", web: sessionConfig("<tracking-mode>SSL</tracking-mode>")},
	{name: "`tracking-mode` SSL and COOKIE", web: sessionConfig("<tracking-mode>SSL</tracking-mode><tracking-mode>COOKIE</tracking-mode>")},
	{name: "`tracking-mode` cookie", web: sessionConfig("<tracking-mode>cookie</tracking-mode>")},
	{name: "`Context cookies=\"false\"`", context: ` cookies="false">`},

	{name: "`cookie-config`: all", web: sessionConfig("<cookie-config><name>SID</name><domain>Example.com</domain><path>/all</path><comment>no</comment><http-only>false</http-only><secure>true</secure><max-age>60</max-age></cookie-config>")},
	{name: "`sessionCookieName`, `Path` and `Domain` besides `cookie-config`", context: ` sessionCookieName="CTX" sessionCookiePath="/" sessionCookieDomain="example.org">`,
		web: sessionConfig("<cookie-config><name>WEB</name><path>/web</path><domain>example.com</domain></cookie-config>")},
	{name: "`useHttpOnly=\"false\"`", context: ` useHttpOnly="false">`},
	{name: "`sessionCookiePathUsesTrailingSlash=\"true\"`", context: ` sessionCookiePathUsesTrailingSlash="true">`},
	{name: "`sessionCookieName=\"a b\"`", context: ` sessionCookieName="a b">`, why: "Tomcat answers every request that begins a session so; with `-force` the cookie has its usual name"},
	{name: "`usePartitioned=\"true\"`", context: ` usePartitioned="true">`},
	{name: "`CookieProcessor sameSiteCookies=\"STRICT\"`", context: `<CookieProcessor sameSiteCookies="STRICT"/>`},
	{name: "`CookieProcessor sameSiteCookies=\"sloppy\"`", context: `<CookieProcessor sameSiteCookies="sloppy"/>`},
	{name: "`LegacyCookieProcessor`", context: `<CookieProcessor className="org.apache.tomcat.util.http.LegacyCookieProcessor"/>`},
	{name: "`cookie-config`: attribute SameSite", web: sessionConfig("<cookie-config><attribute><attribute-name>SameSite</attribute-name><attribute-value>Lax</attribute-value></attribute></cookie-config>")},
	{name: "`max-age` abc", web: sessionConfig("<cookie-config><max-age>abc</max-age></cookie-config>"), why: "Tomcat 10 answers every request that begins a session so; with `-force` there is no Max-Age"},

	{name: "`HttpHeaderSecurityFilter`", web: securityFilter("", true)},
	{name: "`HttpHeaderSecurityFilter`: HSTS whole, SAMEORIGIN", web: securityFilter(initParam("hstsMaxAgeSeconds", "600")+initParam("hstsIncludeSubDomains", "true")+initParam("hstsPreload", "true")+initParam("antiClickJackingOption", "sameorigin")+initParam("xssProtectionEnabled", "true"), true)},
	{name: "`HttpHeaderSecurityFilter` that no mapping names", web: securityFilter(initParam("hstsMaxAgeSeconds", "600"), false)},
	{name: "`hstsMaxAgeSeconds` abc", web: securityFilter(initParam("hstsMaxAgeSeconds", "abc"), true)},
	{name: "`antiClickJackingOption` ALLOW", web: securityFilter(initParam("antiClickJackingOption", "ALLOW"), true)},

	{name: "`RemoteIpValve`", context: `<Valve className="org.apache.catalina.valves.RemoteIpValve"/>`, request: map[string]string{"X-Forwarded-For": "203.0.113.9, 192.168.0.7", "X-Forwarded-Proto": "https"}},
	{name: "`RemoteIpValve`, the proxy spoke plain HTTP", context: `<Valve className="org.apache.catalina.valves.RemoteIpValve"/>`, request: map[string]string{"X-Forwarded-Proto": "http"}},
	{name: "`RemoteIpValve`, headers named", context: `<Valve className="org.apache.catalina.valves.RemoteIpValve" remoteIpHeader="X-Real-IP" protocolHeader="X-Https" protocolHeaderHttpsValue="on" portHeader="X-Port" httpsServerPort="9443"/>`, request: map[string]string{"X-Real-IP": "203.0.113.9", "X-Https": "on", "X-Port": "8444"}},
	{name: "`RemoteIpValve internalProxies` of others", context: `<Valve className="org.apache.catalina.valves.RemoteIpValve" internalProxies="10\.0\.0\.1"/>`, request: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}},
	{name: "`SSLValve`", context: `<Valve className="org.apache.catalina.valves.SSLValve"/>`, request: map[string]string{"ssl_client_cert": "CERTIFICATE", "ssl_cipher": "OTHER"}},
	{name: "`Valve` of an unknown class", context: `<Valve className="com.example.Valve"/>`, why: anotherClass},

	{name: "the host's `context.xml.default` and `web.xml.default`", host: "defaults", dir: "APP"},
	{name: "the application's own besides them", host: "defaults", context: ` sessionCookieName="OWN">`, web: sessionConfig("<session-timeout>7</session-timeout>") + `<filter-mapping><filter-name>headers</filter-name><url-pattern>/*</url-pattern></filter-mapping>`},
	{name: "`Context override=\"true\"` besides them", host: "defaults", context: ` override="true">`},
	{name: "`Context` in server.xml: META-INF/context.xml is not read", server: ` sessionCookieName="SERVER">`, context: ` sessionCookieName="META">`},
	{name: "`conf/Catalina/localhost/APP.xml`: META-INF/context.xml is not read", context: ` sessionCookieName="META">`, files: map[string]string{"conf/Catalina/localhost/APP.xml": "<Context>" + generator(`sessionIdLength="20"`) + "</Context>"}},
	{name: "META-INF/context.xml in a WAR", context: ` sessionCookieName="WAR">`, war: true},
	{name: "a path of several levels", dir: "APP#deep", context: ` sessionCookieName="DEEP">`},
	{name: "`Host deployXML=\"false\"`, and META-INF/context.xml", host: "nodeploy", context: ` sessionCookieName="META">`},
}

// webappsServer is the server.xml of webapps. Connectors are filled in.
const webappsServer = `<Server port="-1">
<Service name="Catalina">
CONNECTOR
<Engine name="Catalina" defaultHost="localhost" jvmRoute="node7">
<Host name="localhost" appBase="webapps" autoDeploy="false">
CONTEXTS</Host>
<Host name="defaults" appBase="defaults" autoDeploy="false"/>
<Host name="nodeploy" appBase="nodeploy" autoDeploy="false" deployXML="false"/>
</Engine>
</Service>
<Service name="Other">
CONNECTOR
<Engine name="Other" defaultHost="unrouted"><Host name="unrouted" appBase="unrouted" autoDeploy="false"/></Engine>
</Service>
</Server>
`

// webappsFiles are files besides them.
var webappsFiles = map[string]string{
	"conf/Catalina/defaults/context.xml.default": "<Context sessionCookieName=\"HOST\">" + generator(`sessionIdLength="12"`) + "</Context>",
	"conf/Catalina/defaults/web.xml.default":     webXML(sessionConfig("<session-timeout>9</session-timeout>") + securityFilter(initParam("hstsMaxAgeSeconds", "9")+initParam("xssProtectionEnabled", "false"), false)),
}

// path is the path of the application at place i of its list.
func (a *webapp) path(i int) string {
	return "/" + strings.ReplaceAll(a.place(i), "#", "/")
}

// place is the name of its directory.
func (a *webapp) place(i int) string {
	return strings.ReplaceAll(cmp.Or(a.dir, "APP"), "APP", fmt.Sprintf("a%02d", i))
}

// contextXML is an element Context, of which the content may begin with attributes.
func contextXML(attributes, content string) string {
	if strings.HasPrefix(content, " ") { // attributes of its own
		return "<Context" + attributes + content + "</Context>"
	}
	return "<Context" + attributes + ">" + content + "</Context>"
}

func webXML(content string) string { return "<web-app>" + content + "</web-app>" }

// writeWebapps writes applications below base, and returns the Contexts for
// server.xml.
func writeWebapps(t *testing.T, base string, apps []webapp, probe []byte) (contexts string) {
	t.Helper()
	for i, a := range apps {
		place := a.place(i)
		files := map[string][]byte{"WEB-INF/classes/Probe.class": probe}
		if a.context != "" {
			files["META-INF/context.xml"] = []byte(contextXML("", a.context))
		}
		if a.web != "" {
			files["WEB-INF/web.xml"] = []byte(webXML(a.web))
		}
		root := strings.ReplaceAll(cmp.Or(a.host, "localhost"), "localhost", "webapps") + "/" + place
		if a.war {
			testtool.WriteFiles(t, base, map[string][]byte{root + ".war": testtool.WAR(t, files)})
		} else {
			below := make(map[string][]byte)
			for name, content := range files {
				below[root+"/"+name] = content
			}
			testtool.WriteFiles(t, base, below)
		}
		for name, content := range a.files {
			testtool.WriteFiles(t, base, map[string][]byte{strings.ReplaceAll(name, "APP", place): []byte(content)})
		}
		if a.server != "" {
			contexts += contextXML(fmt.Sprintf(" path=%q docBase=%q", a.path(i), place), a.server) + "\n"
		}
	}
	return contexts
}

// webappsOfConf have conf/context.xml and conf/web.xml besides.
var webappsOfConf = []webapp{
	{name: "conf/context.xml, conf/web.xml"},
	{name: "conf/context.xml comes before the `Context` in server.xml", server: ` sessionCookieName="SERVER" useHttpOnly="false">` + generator(`sessionIdLength="7"`)},
	{name: "META-INF/context.xml comes before conf/context.xml", context: ` sessionCookieName="META">` + generator(`sessionIdLength="5"`)},
	{name: "`override=\"true\"` in server.xml", server: ` sessionCookieName="SERVER" override="true">`},
	{name: "WEB-INF/web.xml comes before conf/web.xml, part by part", web: sessionConfig("<session-timeout>7</session-timeout><cookie-config><path>/own</path></cookie-config>")},
	{name: "a filter of conf/web.xml, with further parameters of the application's", web: `<filter><filter-name>headers</filter-name>` + initParam("antiClickJackingOption", "SAMEORIGIN") + `</filter>`},
	{name: "a filter of conf/web.xml, mapped elsewhere by the application", web: `<filter-mapping><filter-name>headers</filter-name><url-pattern>/elsewhere</url-pattern></filter-mapping>`},
}

var webappsOfConfFiles = map[string]string{
	"conf/context.xml": "<Context sessionCookieName=\"CONF\"><CookieProcessor sameSiteCookies=\"lax\"/>" + generator(`sessionIdLength="10"`) + "</Context>",
	"conf/web.xml": webXML(sessionConfig("<session-timeout>11</session-timeout><cookie-config><path>/conf</path><max-age>300</max-age></cookie-config>") +
		securityFilter(initParam("hstsMaxAgeSeconds", "31536000")+initParam("xssProtectionEnabled", "false"), true)),
}

// servers are files server.xml that may stop Tomcat as a whole, with one
// application.
var servers = []struct{ name, content, why string }{
	{"`Manager` of an unknown class in server.xml", `<Context path="/a00" docBase="a00"><Manager className="com.example.Manager"/></Context>`, anotherClass},
	{"`LegacyCookieProcessor` in server.xml", `<Context path="/a00" docBase="a00"><CookieProcessor className="org.apache.tomcat.util.http.LegacyCookieProcessor"/></Context>`, ""},
}

// connectors are Connectors with TLS, each on a port of its own in one server.xml.
var connectors = []connector{
	{name: "`protocol=\"HTTP/1.1\"`", attributes: `protocol="HTTP/1.1"`},
	{name: "`Http11NioProtocol`", attributes: `protocol="org.apache.coyote.http11.Http11NioProtocol"`},
	{name: "`Http11Nio2Protocol`", attributes: `protocol="org.apache.coyote.http11.Http11Nio2Protocol"`},
	{name: "`JSSEImplementation`", attributes: `sslImplementationName="org.apache.tomcat.util.net.jsse.JSSEImplementation"`},
	{name: "`sslImplementationName` of an unknown class", attributes: `sslImplementationName="com.example.SSL"`, why: anotherClass},
	{name: "`UpgradeProtocol` for HTTP/2", content: `<UpgradeProtocol className="org.apache.coyote.http2.Http2Protocol"/>`},
}

// lonelyConnectors may stop Tomcat as a whole: each has its own.
var lonelyConnectors = []connector{
	{name: "`Http11Protocol`, the BIO of Tomcat 7", attributes: `protocol="org.apache.coyote.http11.Http11Protocol"`},
	{name: "`Http11AprProtocol`, without the native library", attributes: `protocol="org.apache.coyote.http11.Http11AprProtocol"`},
	{name: "`OpenSSLImplementation`, without the native library", attributes: `sslImplementationName="org.apache.tomcat.util.net.openssl.OpenSSLImplementation"`},
}

type connector struct{ name, attributes, content, why string }

const simpleServer = `<Server port="-1">
<Service name="Catalina">
CONNECTOR
<Engine name="Catalina" defaultHost="localhost" jvmRoute="node7">
<Host name="localhost" appBase="webapps" autoDeploy="false">
CONTEXTS</Host>
</Engine>
</Service>
</Server>
`

// appAnswer is what a client of an application is answered.
type appAnswer struct {
	// fails says why there is no session: the rest is empty then.
	fails string
	// digits are those of its id, up to the route.
	digits, route     string
	cookie            string
	timeout, tracking string
	headers           []string
	client            string
	// forced says that serve has to be told -force.
	forced bool
}

// without lists what is different from another answer.
func (a appAnswer) without(usual appAnswer) string {
	if a.fails != "" {
		return a.fails
	}
	var parts []string
	for _, part := range []struct{ value, usual, none string }{
		{a.digits, usual.digits, ""}, {a.route, usual.route, "no route"}, {a.cookie, usual.cookie, "no cookie"},
		{a.timeout, usual.timeout, ""}, {a.tracking, usual.tracking, ""}, {strings.Join(a.headers, ", "), strings.Join(usual.headers, ", "), ""}, {a.client, usual.client, ""},
	} {
		if part.value != part.usual {
			parts = append(parts, cmp.Or(part.value, part.none))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "the usual")
}

// answerRow is a row of the table: the answers to one configuration.
type answerRow struct {
	name, why    string
	tomcat, ours [2]appAnswer // by testtool.TomcatReleases
}

// TestApplications gives Tomcat 9, Tomcat 10 and serve the same configurations,
// and compares what clients are answered. docs/tomcat-answers.md has the table.
func TestApplications(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many Tomcats")
	}
	for _, release := range testtool.TomcatReleases {
		release.Look(t)
	}
	var rows []*answerRow
	add := func(name, why string) { rows = append(rows, &answerRow{name: name, why: why}) }
	for _, a := range slices.Concat(webapps, webappsOfConf) {
		add(a.name, a.why)
	}
	for _, s := range servers {
		add(s.name, s.why)
	}
	for _, c := range slices.Concat(connectors, lonelyConnectors) {
		add(c.name, c.why)
	}
	t.Run("releases", func(t *testing.T) {
		for i, release := range testtool.TomcatReleases {
			t.Run(fmt.Sprint("Tomcat ", release), func(t *testing.T) {
				t.Parallel()
				lab := newLaboratory(t, release)
				rest := rows
				take := func(n int) func(j int, tomcat, ours appAnswer) {
					part := rest[:n]
					rest = rest[n:]
					return func(j int, tomcat, ours appAnswer) { part[j].tomcat[i], part[j].ours[i] = tomcat, ours }
				}
				lab.run(t, webappsServer, webappsFiles, webapps, take(len(webapps)))
				lab.run(t, simpleServer, webappsOfConfFiles, webappsOfConf, take(len(webappsOfConf)))
				for _, s := range servers {
					lab.run(t, strings.ReplaceAll(simpleServer, "CONTEXTS", s.content), nil, []webapp{{name: s.name}}, take(1))
				}
				lab.runConnectors(t, connectors, take(len(connectors)))
				for _, c := range lonelyConnectors {
					lab.runConnectors(t, []connector{c}, take(1))
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	var table strings.Builder
	for _, r := range rows {
		usual := rows[0].tomcat[1]
		if r == rows[0] {
			usual = appAnswer{}
		}
		var tomcat, ours [2]string
		for i := range tomcat {
			tomcat[i], ours[i] = r.tomcat[i].without(usual), r.ours[i].without(usual)
		}
		column := "="
		if ours != tomcat {
			if column = ours[1]; ours[0] != ours[1] {
				column = "9: " + ours[0] + "; 10: " + ours[1]
			}
			if r.why == "" {
				t.Errorf("%s: the answers differ, and nothing says why:\nTomcat: %q\nserve:  %q", r.name, tomcat, ours)
			}
		} else if r.why != "" {
			t.Errorf("%s: the answers are the same, though it is said: %s", r.name, r.why)
		}
		if r.ours[0].forced || r.ours[1].forced {
			column += " with `-force`"
		}
		ten := tomcat[1]
		if ten == tomcat[0] {
			ten = "="
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", r.name, tomcat[0], ten, column, r.why)
	}
	const document, begin = "../docs/tomcat-answers.md", "| --- | --- | --- | --- | --- |\n"
	head, old, found := strings.Cut(string(testtool.ReadFile(t, document)), begin)
	switch {
	case !found:
		t.Fatalf("%s has no table", document)
	case old == table.String():
	case *update:
		if err := os.WriteFile(document, []byte(head+begin+table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not have this table; -update writes it:\n%s", document, table.String())
	}
}

// laboratory has what the configurations of a release have in common.
type laboratory struct {
	release     testtool.TomcatRelease
	probe       []byte
	keystore    []byte
	certificate string // as SSLValve takes it
}

func newLaboratory(t *testing.T, release testtool.TomcatRelease) *laboratory {
	t.Helper()
	dir := t.TempDir()
	gokeytool := plainProgram(t, "gokeytool")
	testtool.RunIn(t, dir, gokeytool, "genkeypair", "-alias", "lab", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost", "-ext", "eku=serverAuth",
		"-keystore", "lab.p12", "-storepass", "changeit")
	certificate := testtool.RunIn(t, dir, gokeytool, "exportcert", "-rfc", "-alias", "lab", "-keystore", "lab.p12", "-storepass", "changeit")
	return &laboratory{
		release:     release,
		probe:       release.Probe(t),
		keystore:    testtool.ReadFile(t, filepath.Join(dir, "lab.p12")),
		certificate: strings.Join(strings.Fields(certificate), " "),
	}
}

// run starts Tomcat with applications, asks it and serve for each, and reports
// both answers.
func (l *laboratory) run(t *testing.T, server string, files map[string]string, apps []webapp, report func(i int, tomcat, ours appAnswer)) {
	t.Helper()
	base := t.TempDir()
	contexts := writeWebapps(t, base, apps, l.probe)
	ports := freePorts(t, 2) // of each Service
	for i, attributes := range []string{"", `secure="true"`} {
		server = strings.Replace(server, "CONNECTOR", tlsConnector(ports[i], attributes, ""), 1)
	}
	all := map[string][]byte{
		"conf/lab.p12":    l.keystore,
		"conf/server.xml": []byte(strings.ReplaceAll(server, "CONTEXTS", contexts)),
	}
	for name, content := range files {
		all[name] = []byte(content)
	}
	testtool.WriteFiles(t, base, all)
	tomcat := l.release.Start(t, base)
	for i, a := range apps {
		host, port := cmp.Or(a.host, "localhost"), ports[0]
		if a.host == "unrouted" {
			port = ports[1]
		}
		theirs := appAnswer{fails: "Tomcat does not start"}
		if tomcat.Started {
			theirs = l.askTomcat(t, &a, port, host, a.path(i))
		}
		var ours appAnswer
		t.Run(a.name, func(t *testing.T) { // serve ends with it
			options := []string{"-tomcat", fmt.Sprint(int(l.release)), "-connector", fmt.Sprint(port), "-context", "//" + host + a.path(i)}
			addr, said := serveXML(t, plainProgram(t, "gokeytool"), base, options...)
			if addr == "" && strings.Contains(theirs.fails, "not start") {
				ours = theirs // so it is refused
				return
			}
			refused := addr == ""
			if refused {
				addr, said = serveXML(t, plainProgram(t, "gokeytool"), base, append(options, "-force")...)
			}
			if ours = (appAnswer{fails: "refused"}); addr != "" {
				ours = l.askServe(t, &a, addr, host, a.path(i))
			}
			ours.forced = refused
			// The endpoint's own pages have these without being told.
			ours.headers = slices.DeleteFunc(ours.headers, func(header string) bool {
				name, _, _ := strings.Cut(header, ":")
				return (name == "`X-Frame-Options" || name == "`X-Content-Type-Options") && !strings.Contains(strings.Join(theirs.headers, ""), name)
			})
			t.Logf("Tomcat: %+v\nserve:  %+v\n%s", theirs, ours, said)
		})
		report(i, theirs, ours)
	}
	t.Logf("Tomcat %d says:\n%s", l.release, tomcat.Log())
}

// freePorts returns ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close() // once each has its own
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func tlsConnector(port int, attributes, content string) string {
	return fmt.Sprintf(`<Connector port="%d" address="127.0.0.1" SSLEnabled="true" %s>%s<SSLHostConfig><Certificate certificateKeystoreFile="conf/lab.p12"/></SSLHostConfig></Connector>`, port, attributes, content)
}

// runConnectors starts Tomcat with the connectors, and has each of them, and serve
// for each, negotiate a protocol.
func (l *laboratory) runConnectors(t *testing.T, connectors []connector, report func(i int, tomcat, ours appAnswer)) {
	t.Helper()
	base := t.TempDir()
	ports := freePorts(t, len(connectors))
	var text string
	for i, c := range connectors {
		text += tlsConnector(ports[i], c.attributes, c.content) + "\n"
	}
	testtool.WriteFiles(t, base, map[string][]byte{
		"conf/lab.p12":    l.keystore,
		"conf/server.xml": []byte(strings.NewReplacer("CONNECTOR", text, "CONTEXTS", "").Replace(simpleServer)),
	})
	tomcat := l.release.Start(t, base)
	for i, c := range connectors {
		theirs := negotiated(t, fmt.Sprintf("127.0.0.1:%d", ports[i]))
		t.Run(c.name, func(t *testing.T) {
			addr, said := serveXML(t, plainProgram(t, "gokeytool"), base, "-tomcat", fmt.Sprint(int(l.release)), "-connector", fmt.Sprint(ports[i]))
			ours := appAnswer{fails: "does not listen"}
			if addr != "" {
				ours = negotiated(t, addr)
			}
			t.Logf("Tomcat: %+v\nserve:  %+v\n%s", theirs, ours, said)
			report(i, theirs, ours)
		})
	}
	t.Logf("Tomcat %d says:\n%s", l.release, tomcat.Log())
}

// negotiated is the protocol on which a server agrees with a client that prefers
// HTTP/2.
func negotiated(t *testing.T, addr string) appAnswer {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		return appAnswer{fails: "does not listen"}
	}
	defer conn.Close()
	// A server that knows no ALPN speaks it too.
	return appAnswer{fails: cmp.Or(conn.ConnectionState().NegotiatedProtocol, "http/1.1")}
}

// ask asks for as many sessions as are to be begun, and returns the last answer.
func (l *laboratory) ask(t *testing.T, a *webapp, addr, host, path string, into any) *http.Response {
	t.Helper()
	// Without a cache, a client of TLS 1.3 tells Java that it resumes nothing,
	// and its session has no id.
	config := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var res *http.Response
	for range max(a.sessions, 1) {
		req, err := http.NewRequest("GET", "https://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		for name, value := range a.request {
			req.Header.Set(name, strings.ReplaceAll(value, "CERTIFICATE", l.certificate))
		}
		if res, err = client.Do(req); err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == http.StatusOK {
			if err := json.Unmarshal(data, into); err != nil {
				t.Fatalf("%v\n%s", err, data)
			}
		}
	}
	return res
}

// askTomcat asks the probe.
func (l *laboratory) askTomcat(t *testing.T, a *webapp, port int, host, path string) appAnswer {
	t.Helper()
	var said struct {
		ID, Tracking, Scheme, RemoteAddr string
		MaxInactiveInterval, ServerPort  int
		Secure                           bool
		Attributes                       map[string]string
	}
	res := l.ask(t, a, fmt.Sprintf("127.0.0.1:%d", port), host, path+"/", &said)
	if res.StatusCode == http.StatusNotFound {
		return appAnswer{fails: "does not start"}
	}
	var subject, cipher, tlsID string
	for name, value := range said.Attributes {
		switch {
		case strings.HasSuffix(name, ".servlet.request.X509Certificate"):
			subject = value
		case strings.HasSuffix(name, ".servlet.request.cipher_suite"):
			cipher = value
		case strings.HasSuffix(name, ".servlet.request.ssl_session_id"):
			tlsID = value
		}
	}
	tracking := said.Tracking
	for _, mode := range []string{"COOKIE", "URL"} { // what it hangs on, for clients with cookies
		if strings.Contains(tracking, mode) {
			tracking = mode
			break
		}
	}
	return a.answer(res, said.ID, tlsID, said.MaxInactiveInterval, tracking, path, seenClient(said.RemoteAddr, said.Scheme, said.Secure, said.ServerPort, subject, cipher))
}

// seenClient is what an application sees of the client.
func seenClient(addr, scheme string, secure bool, port int, subject, cipher string) string {
	text := fmt.Sprintf("from %s, %s, port %d", addr, scheme, port)
	if !secure {
		text += ", not secure"
	}
	if subject != "" {
		text += ", certificate " + subject
	}
	if cipher == "OTHER" { // as a proxy has it
		text += ", cipher " + cipher
	}
	return text
}

// askServe asks serve.
func (l *laboratory) askServe(t *testing.T, a *webapp, addr, host, path string) appAnswer {
	t.Helper()
	var said struct {
		Session     struct{ ID string }
		HTTPSession struct {
			ID, Tracking   string
			TimeoutSeconds int
		}
		Request struct {
			Scheme, RemoteAddr string
			Secure             bool
			ServerPort         int
		}
		Attributes map[string]any
	}
	res := l.ask(t, a, addr, host, path+"/api/tls", &said)
	var subject, cipher string
	for name, value := range said.Attributes {
		switch {
		case strings.HasSuffix(name, ".servlet.request.X509Certificate"):
			if chain, _ := value.([]any); len(chain) > 0 {
				block, _ := pem.Decode([]byte(fmt.Sprint(chain[0])))
				certificate, err := x509.ParseCertificate(block.Bytes)
				if err != nil {
					t.Fatal(err)
				}
				subject = certificate.Subject.String()
			}
		case strings.HasSuffix(name, ".servlet.request.cipher_suite"):
			cipher = fmt.Sprint(value)
		}
	}
	return a.answer(res, said.HTTPSession.ID, said.Session.ID, said.HTTPSession.TimeoutSeconds, said.HTTPSession.Tracking, path,
		seenClient(said.Request.RemoteAddr, said.Request.Scheme, said.Request.Secure, said.Request.ServerPort, subject, cipher))
}

// answer puts what was answered in words.
func (a *webapp) answer(res *http.Response, id, tlsID string, timeout int, tracking, path, client string) appAnswer {
	if res.StatusCode != http.StatusOK {
		return appAnswer{fails: fmt.Sprint("status ", res.StatusCode)}
	}
	digits, route, routed := strings.Cut(id, ".")
	answer := appAnswer{digits: fmt.Sprint(len(digits), " digits"), tracking: tracking, timeout: fmt.Sprint(timeout, " s")}
	if tracking == "SSL" && strings.EqualFold(id, tlsID) {
		answer.digits = "the TLS session's id"
	}
	if routed {
		answer.route = "`." + route + "`"
	}
	if timeout <= 0 {
		answer.timeout = "no end"
	}
	for _, cookie := range res.Header["Set-Cookie"] {
		cookie = strings.ReplaceAll(cookie, "="+id+";", ";")
		cookie = regexp.MustCompile(`Expires=[^;]*`).ReplaceAllString(cookie, "Expires")
		// Their order means nothing, and is not the same in all releases.
		parts := strings.Split(strings.NewReplacer("="+path+";", "=/APP;", "="+path+"/;", "=/APP/;").Replace(cookie), "; ")
		slices.Sort(parts[1:])
		answer.cookie = "`" + strings.Join(parts, "; ") + "`"
	}
	for _, name := range []string{"Strict-Transport-Security", "X-XSS-Protection", "X-Frame-Options", "X-Content-Type-Options"} {
		if value := res.Header.Get(name); value != "" {
			answer.headers = append(answer.headers, "`"+name+": "+value+"`")
		}
	}
	if a.request != nil {
		answer.client = client
	}
	return answer
}
