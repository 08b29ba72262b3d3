package disk

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/finding"
	"gokeytool/internal/testtool"
	"gokeytool/tomcat"
)

// The files of all applications of the interop test.
const (
	sharedContext = `<Context sessionCookieDomain="all.example"><Manager><SessionIdGenerator sessionIdLength="%d"/></Manager></Context>`
	hostContext   = `<Context sessionCookiePath="/${none:-host}"/>`
	sharedWeb     = `<web-app><session-config><session-timeout>41</session-timeout><cookie-config><name>ALL</name><max-age>7</max-age></cookie-config></session-config>
<filter><filter-name>all</filter-name><filter-class>org.apache.catalina.filters.HttpHeaderSecurityFilter</filter-class>
<init-param><param-name>hstsMaxAgeSeconds</param-name><param-value>5</param-value></init-param></filter>
<filter-mapping><filter-name>all</filter-name><url-pattern>/*</url-pattern></filter-mapping></web-app>`
	hostWeb = `<web-app><session-config><session-timeout>42</session-timeout></session-config></web-app>`
)

// interopApplications are applications by their names, with files of which "APP"
// is the application's directory, "DESCRIPTOR" its context.xml on the Host, and
// "SERVER" a Context in the server.xml.
var interopApplications = map[string]map[string]string{
	"plain":          {},
	"metainf":        {"APP/META-INF/context.xml": `<Context sessionCookiePath="/own"><Manager><SessionIdGenerator sessionIdLength="20"/></Manager></Context>`},
	"descriptor":     {"APP/META-INF/context.xml": `<Context sessionCookieName="M"/>`, "DESCRIPTOR": `<Context sessionCookieName="D"/>`},
	"server":         {"SERVER": `sessionCookieName="S" sessionCookieDomain="server.example"`, "APP/META-INF/context.xml": `<Context sessionCookieName="M"/>`},
	"server-over":    {"SERVER": `sessionCookieDomain="server.example" override="true"`},
	"override":       {"APP/META-INF/context.xml": `<Context override="true"/>`},
	"web":            {"APP/WEB-INF/web.xml": `<web-app><session-config><session-timeout> 5 </session-timeout><cookie-config><max-age>9</max-age></cookie-config></session-config></web-app>`},
	"no-http-only":   {"APP/META-INF/context.xml": `<Context useHttpOnly="false" sessionCookiePathUsesTrailingSlash="true"/>`},
	"odd-boolean":    {"APP/META-INF/context.xml": `<Context useHttpOnly="yes"/>`},
	"same-site":      {"APP/META-INF/context.xml": `<Context><CookieProcessor sameSiteCookies="LAX"/></Context>`},
	"bad-same-site":  {"APP/META-INF/context.xml": `<Context><CookieProcessor sameSiteCookies="lax "/></Context>`},
	"foo#bar":        {"APP/META-INF/context.xml": `<Context sessionCookiePath=""/>`},
	"route":          {"APP/META-INF/context.xml": `<Context><Manager><SessionIdGenerator jvmRoute="own"/></Manager></Context>`},
	"bad-length":     {"APP/META-INF/context.xml": `<Context><Manager><SessionIdGenerator sessionIdLength="0x10"/></Manager></Context>`},
	"bad-random":     {"APP/META-INF/context.xml": `<Context><Manager secureRandomAlgorithm="NOPE" secureRandomProvider="x"/></Context>`},
	"bad-manager":    {"APP/META-INF/context.xml": `<Context><Manager className="org.apache.catalina.session.StandardManger"/></Context>`},
	"bad-processor":  {"APP/META-INF/context.xml": `<Context><CookieProcessor className="org.apache.tomcat.util.http.Rfc6265CookieProcesor"/></Context>`},
	"legacy":         {"APP/META-INF/context.xml": `<Context sessionCookieDomain=".dot.example"><CookieProcessor className="org.apache.tomcat.util.http.LegacyCookieProcessor"/></Context>`},
	"bad-valve":      {"APP/META-INF/context.xml": `<Context><Valve className="org.apache.catalina.valves.RemoteIPValve"/></Context>`},
	"bad-xml":        {"APP/META-INF/context.xml": `<Context>`},
	"wrong-root":     {"APP/META-INF/context.xml": `<context/>`},
	"unknown":        {"APP/META-INF/context.xml": `<Context nonsense="x"><Manger/><SessionIdGenerator sessionIdLength="9"/></Context>`},
	"bad-name":       {"APP/META-INF/context.xml": `<Context sessionCookieName="a b"/>`},
	"bad-domain":     {"APP/META-INF/context.xml": `<Context sessionCookieDomain=".a.example"/>`},
	"bad-path":       {"APP/WEB-INF/web.xml": `<web-app><session-config><cookie-config><path>/a</path></cookie-config></session-config></web-app>`, "APP/META-INF/context.xml": `<Context sessionCookiePath="/a;b"/>`},
	"bad-timeout":    {"APP/WEB-INF/web.xml": `<web-app><session-config><session-timeout>1.5</session-timeout></session-config></web-app>`},
	"bad-age":        {"APP/WEB-INF/web.xml": `<web-app><session-config><cookie-config><max-age>abc</max-age></cookie-config></session-config></web-app>`},
	"bad-tracking":   {"APP/WEB-INF/web.xml": `<web-app><session-config><tracking-mode>cookie</tracking-mode></session-config></web-app>`},
	"ssl-tracking":   {"APP/WEB-INF/web.xml": `<web-app><session-config><tracking-mode>SSL</tracking-mode></session-config></web-app>`},
	"url-tracking":   {"APP/WEB-INF/web.xml": `<web-app><session-config><tracking-mode>URL</tracking-mode></session-config></web-app>`},
	"no-cookies":     {"APP/META-INF/context.xml": `<Context cookies="false"/>`},
	"no-cookies-but": {"APP/META-INF/context.xml": `<Context cookies="false"/>`, "APP/WEB-INF/web.xml": `<web-app><session-config><tracking-mode>COOKIE</tracking-mode></session-config></web-app>`},
	"twice":          {"APP/WEB-INF/web.xml": `<web-app><session-config/><session-config/></web-app>`},
	"attribute":      {"APP/WEB-INF/web.xml": `<web-app><session-config><cookie-config><attribute><attribute-name>SameSite</attribute-name><attribute-value>Strict</attribute-value></attribute></cookie-config></session-config></web-app>`},
	"partitioned":    {"APP/META-INF/context.xml": `<Context usePartitioned="true"/>`},
	"parameter":      {"APP/WEB-INF/web.xml": `<web-app><filter><filter-name>all</filter-name><init-param><param-name>hstsPreload</param-name><param-value>true</param-value></init-param></filter></web-app>`},
	"bad-parameter":  {"APP/WEB-INF/web.xml": `<web-app><filter><filter-name>all</filter-name><init-param><param-name>hsts</param-name><param-value>true</param-value></init-param></filter></web-app>`},
	"only":           {"APP/WEB-INF/web.xml": `<web-app><filter-mapping><filter-name>all</filter-name><url-pattern>/only</url-pattern></filter-mapping></web-app>`},
	"no-filter":      {"APP/WEB-INF/web.xml": `<web-app><filter-mapping><filter-name>none</filter-name><url-pattern>/*</url-pattern></filter-mapping></web-app>`},
	"bad-pattern":    {"APP/WEB-INF/web.xml": `<web-app><filter-mapping><filter-name>all</filter-name><url-pattern>x</url-pattern></filter-mapping></web-app>`},
	"error-only":     {"APP/WEB-INF/web.xml": `<web-app><filter-mapping><filter-name>all</filter-name><url-pattern>/*</url-pattern><dispatcher>ERROR</dispatcher></filter-mapping></web-app>`},
	"war.war":        {"APP/META-INF/context.xml": `<Context sessionCookieName="W"/>`, "APP/WEB-INF/web.xml": `<web-app><session-config><session-timeout>3</session-timeout></session-config></web-app>`},
	"none":           {"APP/META-INF/context.xml": `<Context><Manager maxActiveSessions="0"/></Context>`},
	"forever":        {"APP/WEB-INF/web.xml": `<web-app><session-config><session-timeout>0</session-timeout></session-config></web-app>`},
}

// TestApplications gives applications to Tomcat, and compares what it answers with
// what is read: the session's id and time-out, the cookie, the headers, and which
// of them it does not start.
func TestApplications(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Tomcat")
	}
	for _, release := range testtool.TomcatReleases {
		t.Run(fmt.Sprint("Tomcat", int(release)), func(t *testing.T) { applicationsOf(t, release) })
	}
}

func applicationsOf(t *testing.T, release testtool.TomcatRelease) {
	base, port := t.TempDir(), freePort(t)
	write := func(name string, data []byte) {
		file := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	probe := release.Probe(t)
	var contexts strings.Builder
	for name, files := range interopApplications {
		in := map[string][]byte{"WEB-INF/classes/Probe.class": probe}
		for file, text := range files {
			switch file {
			case "SERVER":
				fmt.Fprintf(&contexts, "<Context path=\"/%s\" docBase=\"%s\" %s/>\n", name, name, text)
			case "DESCRIPTOR":
				write("conf/Catalina/localhost/"+name+".xml", []byte(text))
			default:
				in[strings.TrimPrefix(file, "APP/")] = []byte(text)
			}
		}
		if strings.HasSuffix(name, ".war") {
			write("webapps/"+name, testtool.WAR(t, in))
			continue
		}
		for file, data := range in {
			write("webapps/"+name+"/"+file, data)
		}
	}
	write("conf/context.xml", fmt.Appendf(nil, sharedContext, 24))
	write("conf/Catalina/localhost/context.xml.default", []byte(hostContext))
	write("conf/web.xml", []byte(sharedWeb))
	write("conf/Catalina/localhost/web.xml.default", []byte(hostWeb))
	server := fmt.Appendf(nil, `<Server port="-1"><Service name="Catalina"><Connector port="%d" address="127.0.0.1" scheme="https" secure="true"/>
<Engine name="Catalina" defaultHost="localhost" jvmRoute="n7"><Host name="localhost" appBase="webapps" unpackWARs="false">%s</Host></Engine></Service></Server>`, port, contexts.String())
	write("conf/server.xml", server)

	options := tomcat.Options{Version: int(release), Base: base}
	Use(&options)
	conf, err := tomcat.Read(server, options)
	if err != nil {
		t.Fatal(err)
	}
	tc := release.Start(t, base)
	if !tc.Started {
		t.Fatal(tc.Log())
	}
	for _, name := range slices.Sorted(maps.Keys(interopApplications)) {
		path := "/" + strings.ReplaceAll(strings.TrimSuffix(name, ".war"), "#", "/")
		a, findings, err := conf.Application(&conf.Connectors[0], path)
		if err != nil {
			t.Fatal(err)
		}
		fails := slices.ContainsFunc(findings, func(f finding.Finding) bool { return f.Severity == finding.Error }) || a.Sessions.MaxActive == 0
		want := "fails"
		if !fails {
			want = described(a)
		}
		if got := answered(t, port, path); got != want {
			t.Errorf("%s:\n%v\nhere   %s\nTomcat %s", name, findings, want, got)
		}
	}
}

// described is what Tomcat should answer of an application.
func described(a *tomcat.Application) string {
	seconds := int(a.Sessions.Timeout.Seconds())
	if a.Sessions.Timeout < 0 {
		seconds = -60
	}
	c := a.Cookie
	cookie := c.Name + "=ID"
	if c.MaxAge >= 0 {
		cookie += fmt.Sprintf("; Max-Age=%d", c.MaxAge)
	}
	if c.Domain != "" {
		cookie += "; Domain=" + c.Domain
	}
	cookie += "; Path=" + c.Path + "; Secure"
	if c.HTTPOnly {
		cookie += "; HttpOnly"
	}
	if c.SameSite != "" {
		cookie += "; SameSite=" + c.SameSite
	}
	if c.Partitioned {
		cookie += "; Partitioned"
	}
	if a.Sessions.Tracking&tomcat.TrackingCookie == 0 {
		cookie = ""
	}
	headers := make([]string, 4)
	if h := a.Headers; h != nil {
		headers[0], headers[1] = h.HSTS, h.FrameOptions
		if h.NoSniff {
			headers[2] = "nosniff"
		}
		if h.XSSProtection {
			headers[3] = "1; mode=block"
		}
	}
	return fmt.Sprintf("%d .%s %d s, %s, %q", a.Sessions.IDLength, a.Sessions.Route, seconds, cookie, headers)
}

// expires is the part of a cookie that no configuration has.
var expires = regexp.MustCompile(`; Expires=[^;]*`)

// answered is what Tomcat answers.
func answered(t *testing.T, port int, path string) string {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s/", port, path))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "fails"
	}
	var page struct {
		ID       string
		Interval int `json:"maxInactiveInterval"`
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	digits, route, _ := strings.Cut(page.ID, ".")
	cookie := strings.Replace(expires.ReplaceAllString(response.Header.Get("Set-Cookie"), ""), page.ID, "ID", 1)
	var headers []string
	for _, name := range []string{"Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection"} {
		headers = append(headers, response.Header.Get(name))
	}
	return fmt.Sprintf("%d .%s %d s, %s, %q", len(digits)/2, route, page.Interval, cookie, headers)
}

// freePort is a TCP port that was free a moment ago.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
