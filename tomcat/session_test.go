package tomcat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gokeytool/finding"
)

// applicationCase is an application of which something is expected.
type applicationCase struct {
	name    string
	version int // 10 where there is none
	files   base
	at      string // the application; "/app" where there is none
	// want is what show makes of the application.
	want string
	// say are parts of findings, each with its severity in front; where there
	// is none, nothing is said.
	say []string
}

// runApplications runs cases; show makes a text of what they are about.
func runApplications(t *testing.T, cases []applicationCase, show func(*Application) string) {
	t.Helper()
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s/%d", c.name, c.version), func(t *testing.T) {
			if c.version == 0 {
				c.version = 10
			}
			if c.at == "" {
				c.at = "/app"
			}
			_, war := c.files["webapps/app.war"]
			if !war && c.files["conf/server.xml"] == "" {
				c.files["webapps/app/index.html"] = ""
			}
			a, findings := c.files.read(t, c.version, c.at)
			if got := show(a); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			checkSaid(t, findings, c.say)
		})
	}
}

// checkSaid compares findings with what is expected.
func checkSaid(t *testing.T, findings []finding.Finding, say []string) {
	t.Helper()
	var all []string
	for _, f := range findings {
		all = append(all, f.String())
		if f.Text == "" || f.Severity == finding.Error && f.Remedy == "" {
			t.Errorf("no text or no remedy: %+v", f)
		}
	}
	text := strings.Join(all, "\n")
	for _, part := range say {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q in:\n%s", part, text)
		}
	}
	if len(say) == 0 && text != "" {
		t.Errorf("it is said:\n%s", text)
	}
	if len(say) > 0 && len(findings) != len(say) {
		t.Errorf("%d findings, not %d:\n%s", len(findings), len(say), text)
	}
}

// manager is a conf/context.xml with a Manager.
func manager(attributes, inside string) base {
	return base{"conf/context.xml": "<Context>\n<Manager " + attributes + ">" + inside + "</Manager></Context>"}
}

func TestSessionIDLength(t *testing.T) {
	length := func(text string) base { return manager("", `<SessionIdGenerator sessionIdLength="`+text+`"/>`) }
	const short = "The requested session ID length of [%s] is too short so the current value of [16] will be used"
	cases := []applicationCase{
		{"none", 0, base{}, "", "16", nil},
		{"no value", 0, manager("", "<SessionIdGenerator/>"), "", "16", nil},
		{"some", 0, length("24"), "", "24", nil},
		{"plus", 0, length("+24"), "", "24", nil},
		{"short", 0, length("4"), "", "4", []string{"conf/context.xml: line 2: warning: SessionIdGenerator sessionIdLength: ids of 8 digits can be guessed"}},
		{"zero", 10, length("0"), "", "16", []string{"warning: SessionIdGenerator sessionIdLength: Tomcat 10.1.56 and later keeps 16 (\"" + fmt.Sprintf(short, "0") + "\"); before, all clients get the same session id"}},
		{"zero", 11, length("0"), "", "16", []string{"Tomcat 11.0.23 and later"}},
		{"zero", 12, length("0"), "", "16", []string{"warning: SessionIdGenerator sessionIdLength: Tomcat keeps 16"}},
		{"zero", 7, length("0"), "", "16", []string{"error: SessionIdGenerator sessionIdLength: all clients get the same session id, without digits"}},
		{"negative", 9, length("-5"), "", "16", []string{fmt.Sprintf("Tomcat 9.0.119 and later keeps 16 (\""+short, "-5")}},
		{"one", 9, length("1"), "", "1", []string{"before, session ids have two digits"}},
		{"one", 10, length("1"), "", "16", []string{"too short"}},
		{"space", 0, length(" 24"), "", "16", []string{`" 24" is not a number: Tomcat ignores it`}},
		{"hexadecimal", 0, length("0x18"), "", "16", []string{"is not a number"}},
		{"too large a number", 0, length("99999999999"), "", "16", []string{"is not a number"}},
		{"empty", 0, length(""), "", "16", []string{`"" is not a number`}},
		{"large", 0, length("1024"), "", "1024", nil},
		{"too large", 0, length("1025"), "", "16", []string{"make cookies that browsers drop"}},
		{"huge", 0, length("2147483647"), "", "16", []string{"HeadersTooLargeException"}},
		{"a property", 0, length("${none:-20}"), "", "20", nil},
		{"no property", 0, length("${none}"), "", "16", []string{"the property ${none} has no value", "is not a number"}},
		{"of two the last", 0, manager("", `<SessionIdGenerator sessionIdLength="20"/>`+"\n"+`<SessionIdGenerator sessionIdLength="30"/>`), "", "30", []string{"line 2: warning: SessionIdGenerator: that of line 3 takes its place"}},
		{"the manager's own", 7, manager(`sessionIdLength="20"`, `<SessionIdGenerator sessionIdLength="30"/>`), "", "20", nil},
		{"the manager's own", 9, manager(`sessionIdLength="20"`, ``), "", "16", []string{"warning: Manager sessionIdLength: Tomcat 9 no longer has this attribute"}},
		{"in the wrong place", 0, base{"conf/context.xml": `<Context sessionIdLength="20"><SessionIdGenerator/></Context>`}, "", "16",
			[]string{"Context sessionIdLength: Context has no such attribute", "warning: SessionIdGenerator: it is ignored here; put it into a Manager"}},
		{"misspelt", 0, manager("", `<SessionIDGenerator sessionIdLength="20"/>`), "", "16", []string{"is <SessionIdGenerator> meant?"}},
		{"misspelt attribute", 0, manager("", `<SessionIdGenerator sessionIDLength="20"/>`), "", "16", []string{"warning: SessionIdGenerator sessionIDLength: SessionIdGenerator has no such attribute, and Tomcat ignores it; is sessionIdLength meant?"}},
	}
	runApplications(t, cases, func(a *Application) string { return fmt.Sprint(a.Sessions.IDLength) })
}

func TestRoute(t *testing.T) {
	engine := func(attributes, generator string) base {
		return base{
			"conf/server.xml":        simpleServer(attributes, "", ""),
			"webapps/app/index.html": "",
			"conf/context.xml":       "<Context><Manager>" + generator + "</Manager></Context>",
		}
	}
	cases := []applicationCase{
		{"none", 0, engine("", ""), "", "", nil},
		{"of the engine", 0, engine(`jvmRoute="node7"`, ""), "", "node7", nil},
		{"of the generator", 0, engine("", `<SessionIdGenerator jvmRoute="own"/>`), "", "", []string{"warning: SessionIdGenerator jvmRoute: Tomcat puts the Engine's jvmRoute in its place when the Manager starts, even where that has none"}},
		{"of both", 0, engine(`jvmRoute="node7"`, `<SessionIdGenerator jvmRoute="own"/>`), "", "node7", []string{"ids end with .node7"}},
		{"the same", 0, engine(`jvmRoute="node7"`, `<SessionIdGenerator jvmRoute="node7"/>`), "", "node7", []string{"info: SessionIdGenerator jvmRoute"}},
		{"not for a cookie", 0, engine(`jvmRoute="a;b"`, ""), "", "a;b", []string{"error: Engine jvmRoute: \"a;b\" does not belong in a cookie"}},
		{"misspelt", 0, engine(`jvmroute="x"`, ""), "", "", []string{"is jvmRoute meant?"}},
		{"a property", 0, engine(`jvmRoute="${none:-n1}"`, ""), "", "n1", nil},
		{"of a Manager", 0, base{"conf/context.xml": `<Context><Manager jvmRoute="x"/></Context>`}, "", "", []string{"Manager has no such attribute", "the Engine's jvmRoute only"}},
	}
	runApplications(t, cases, func(a *Application) string { return a.Sessions.Route })
}

// The property jvmRoute is the Engine's default until Tomcat 9.
func TestRouteOfJava(t *testing.T) {
	for version, want := range map[int]string{7: "java", 9: "java", 10: "", 11: ""} {
		options := base{}.options(version)
		options.Lookup = func(name string) (string, bool) { return "java", name == "jvmRoute" }
		conf, err := Read([]byte(simpleServer("", "", "")), options)
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := conf.Application(&conf.Connectors[0], "/")
		if err != nil || a.Sessions.Route != want {
			t.Errorf("Tomcat %d: %q, %v", version, a.Sessions.Route, err)
		}
	}
}

func TestManager(t *testing.T) {
	inServer := func(manager string) base {
		return base{"conf/server.xml": simpleServer("", "", `<Context path="/app">`+manager+`</Context>`)}
	}
	clustered := func(cluster, webXML, context string) base {
		return base{
			"conf/server.xml":             simpleServer("", "", `<Cluster className="org.apache.catalina.ha.tcp.SimpleTcpCluster">`+cluster+`</Cluster>`),
			"webapps/app/WEB-INF/web.xml": webXML, "conf/context.xml": "<Context>" + context + "</Context>",
		}
	}
	const distributable = "<web-app><distributable/></web-app>"
	cases := []applicationCase{
		{"bound", 0, manager(`maxActiveSessions="5"`, ""), "", "5 16", nil},
		{"no bound", 0, manager(`maxActiveSessions="-7"`, ""), "", "-1 16", nil},
		{"none possible", 0, manager(`maxActiveSessions="0"`, ""), "", "0 16", []string{"warning: Manager maxActiveSessions: no session can be made (\"createSession: Too many active sessions\")"}},
		{"no number", 0, manager(`maxActiveSessions="many"`, ""), "", "-1 16", []string{"is not a number"}},
		{"the last one", 0, base{"conf/context.xml": `<Context><Manager maxActiveSessions="5"/><Manager/></Context>`}, "", "-1 16", nil},
		{"maxInactiveInterval", 7, manager(`maxInactiveInterval="5"`, ""), "", "-1 16", []string{"Tomcat puts the session-timeout of web.xml in its place"}},
		{"maxInactiveInterval", 9, manager(`maxInactiveInterval="5"`, ""), "", "-1 16", []string{"Tomcat 9 no longer has this attribute"}},
		{"persistent", 0, manager(`className="org.apache.catalina.session.PersistentManager" maxIdleSwap="5"`, `<Store className="org.apache.catalina.session.FileStore"/>`), "", "-1 16", nil},
		{"persistent without store", 0, manager(`className="org.apache.catalina.session.PersistentManager"`, ""), "", "-1 16", []string{"No Store configured, persistence disabled"}},
		{"attribute of another", 0, manager(`maxIdleSwap="5"`, ""), "", "-1 16", []string{"Manager has no such attribute"}},
		{"delta without cluster", 10, manager(`className="org.apache.catalina.ha.session.DeltaManager"`, ""), "", "-1 16", []string{"error: Manager: it needs a Cluster"}},
		{"delta without cluster", 8, manager(`className="org.apache.catalina.ha.session.DeltaManager"`, ""), "", "-1 16", []string{"keeps the sessions to itself"}},
		{"of the cluster", 0, clustered(`<Manager className="org.apache.catalina.ha.session.BackupManager" maxActiveSessions="9"><SessionIdGenerator sessionIdLength="20"/></Manager>`, distributable, ""), "", "9 20", nil},
		{"of the cluster, no class", 0, clustered(``, distributable, ""), "", "-1 16", nil},
		{"not distributable", 0, clustered(`<Manager className="org.apache.catalina.ha.session.BackupManager" maxActiveSessions="9"/>`, "<web-app/>", ""), "", "-1 16", nil},
		{"its own", 0, clustered(`<Manager maxActiveSessions="9"/>`, distributable, `<Manager maxActiveSessions="3"/>`), "", "3 16", nil},
		{"memcached", 0, manager(`className="de.javakaffee.web.msm.MemcachedBackupSessionManager" memcachedNodes="n1:h:1"`, `<SessionIdGenerator sessionIdLength="20"/>`), "", "-1 20", []string{"info: Manager: de.javakaffee.web.msm.MemcachedBackupSessionManager keeps sessions in memcached, and adds the name of its node"}},
		{"Redisson", 0, manager(`className="org.redisson.tomcat.RedissonSessionManager" configPath="x"`, ""), "", "-1 16", []string{"in Redis"}},
		{"Hazelcast", 0, manager(`className="com.hazelcast.session.HazelcastSessionManager"`, ""), "", "-1 16", []string{"in Hazelcast"}},
		{"unknown", 0, manager(`className="com.example.Manager"`, ""), "", "-1 16", []string{"warning: Manager className: the class com.example.Manager is not one of Tomcat's, and has to be in its lib, or Tomcat does not start the application; here it is taken for org.apache.catalina.session.StandardManager"}},
		{"unknown of Tomcat", 0, manager(`className="org.apache.catalina.session.StandardManger"`, ""), "", "-1 16", []string{"error: Manager className: there is no class org.apache.catalina.session.StandardManger: Tomcat does not start the application (\"ClassNotFoundException\"); is org.apache.catalina.session.StandardManager meant?"}},
		{"in another package", 0, manager(`className="org.apache.catalina.core.StandardManager"`, ""), "", "-1 16", []string{"is org.apache.catalina.session.StandardManager meant?"}},
		{"unknown in server.xml", 0, inServer(`<Manager className="org.apache.catalina.Nothing"/>`), "", "-1 16", []string{"Tomcat does not start at all"}},
		{"abstract", 0, manager(`className="org.apache.catalina.session.ManagerBase"`, ""), "", "-1 16", []string{"is no Manager"}},
		{"generator unknown", 0, manager("", `<SessionIdGenerator className="com.example.Ids" sessionIdLength="20"/>`), "", "-1 20", []string{"here it is taken for org.apache.catalina.util.StandardSessionIdGenerator"}},
		{"generator of Spring Boot", 0, manager("", `<SessionIdGenerator className="org.springframework.boot.web.embedded.tomcat.LazySessionIdGenerator"/>`), "", "-1 16", []string{"info: SessionIdGenerator"}},
		{"in a Host", 0, base{"conf/server.xml": simpleServer("", "", `<Manager/>`), "webapps/app/x": ""}, "", "-1 16", []string{"warning: Manager: it is ignored here; put it into a Context"}},
	}
	runApplications(t, cases, func(a *Application) string { return fmt.Sprint(a.Sessions.MaxActive, a.Sessions.IDLength) })
}

func TestSecureRandom(t *testing.T) {
	cases := []applicationCase{
		{"SHA1PRNG", 0, manager(`secureRandomAlgorithm="SHA1PRNG" secureRandomProvider="SUN"`, ""), "", "", nil},
		{"other case", 0, manager(`secureRandomAlgorithm="nativeprng"`, ""), "", "", nil},
		{"DRBG", 0, manager(`secureRandomAlgorithm="DRBG"`, ""), "", "", nil},
		{"empty", 0, manager(`secureRandomAlgorithm="" secureRandomProvider=""`, ""), "", "", nil},
		{"unknown", 0, manager(`secureRandomAlgorithm="NOPE"`, ""), "", "", []string{"Exception initializing random number generator using algorithm [NOPE]"}},
		{"unknown provider", 0, manager(`secureRandomProvider="NOPROV"`, ""), "", "", []string{"using provider [NOPROV]"}},
		{"provider without", 0, manager(`secureRandomProvider="SunJCE"`, ""), "", "", []string{"the provider has no random numbers"}},
		{"class", 0, manager(`secureRandomClass="java.security.SecureRandom"`, ""), "", "", nil},
		{"no such class", 0, manager(`secureRandomClass="com.example.Random"`, ""), "", "", []string{"warning: Manager secureRandomClass"}},
		{"no SecureRandom", 0, manager(`secureRandomClass="java.util.Random"`, ""), "", "", []string{`"java.util.Random" is no java.security.SecureRandom`}},
		{"on the generator", 0, manager("", `<SessionIdGenerator secureRandomAlgorithm="NOPE" secureRandomClass="x" secureRandomProvider="y"/>`), "", "",
			[]string{"secureRandomAlgorithm: Tomcat puts the Manager's in its place", "secureRandomClass: Tomcat", "secureRandomProvider: Tomcat"}},
	}
	runApplications(t, cases, func(*Application) string { return "" })
}

// webXMLFiles has a WEB-INF/web.xml.
func webXMLFiles(inside string) base {
	return base{"webapps/app/WEB-INF/web.xml": "<web-app>\n" + inside + "</web-app>"}
}

func TestSessionTimeout(t *testing.T) {
	timeout := func(text string) base {
		return webXMLFiles("<session-config><session-timeout>" + text + "</session-timeout></session-config>")
	}
	cases := []applicationCase{
		{"none", 0, base{}, "", "30m0s", nil},
		{"some", 0, timeout("5"), "", "5m0s", nil},
		{"trimmed", 0, timeout("\n  +7 "), "", "7m0s", nil},
		{"zero", 0, timeout("0"), "", "never", nil},
		{"negative", 0, timeout("-1"), "", "never", nil},
		{"more than an int of seconds", 0, timeout("35791395"), "", "never", []string{"more seconds than Java's int holds"}},
		{"no number", 0, timeout("1.5"), "", "30m0s", []string{`line 2: error: session-timeout: "1.5" is not a number of minutes: Tomcat does not start the application`}},
		{"empty", 0, timeout(""), "", "30m0s", []string{"does not start the application"}},
		{"a property", 0, timeout("${none:-9}"), "", "9m0s", nil},
		{"a comment inside", 0, timeout("1<!-- x -->2"), "", "12m0s", nil},
		{"of the Context", 0, base{"conf/context.xml": `<Context sessionTimeout="5"/>`}, "", "5m0s", nil},
		{"of both", 0, base{"conf/context.xml": `<Context sessionTimeout="5"/>`, "conf/web.xml": "<web-app><session-config><session-timeout>6</session-timeout></session-config></web-app>"}, "", "6m0s", []string{"comes after it, and wins"}},
		{"of three", 0, base{
			"conf/web.xml": "<web-app><session-config><session-timeout>6</session-timeout></session-config></web-app>",
			"conf/Catalina/localhost/web.xml.default": "<web-app><session-config><session-timeout>7</session-timeout></session-config></web-app>",
			"webapps/app/WEB-INF/web.xml":             "<web-app><session-config><session-timeout>8</session-timeout></session-config></web-app>",
		}, "", "8m0s", nil},
		{"of the host", 0, base{
			"conf/web.xml": "<web-app><session-config><session-timeout>6</session-timeout></session-config></web-app>",
			"conf/Catalina/localhost/web.xml.default": "<web-app><session-config><session-timeout>7</session-timeout></session-config></web-app>",
		}, "", "7m0s", nil},
		{"twice", 0, webXMLFiles("<session-config/><session-config/>"), "", "30m0s", []string{"<session-config> element is limited to 1 occurrence"}},
		{"misplaced", 0, webXMLFiles("<session-timeout>5</session-timeout>"), "", "30m0s", []string{"put it into session-config"}},
	}
	runApplications(t, cases, func(a *Application) string {
		if a.Sessions.Timeout < 0 {
			return "never"
		}
		return a.Sessions.Timeout.Round(time.Second).String()
	})
}

func TestTracking(t *testing.T) {
	modes := func(list ...string) string {
		var b strings.Builder
		b.WriteString("<session-config>")
		for _, mode := range list {
			b.WriteString("<tracking-mode>" + mode + "</tracking-mode>")
		}
		return b.String() + "</session-config>"
	}
	plain := base{
		"conf/server.xml":             strings.Replace(simpleServer("", "", ""), "SSLEnabled", "x", 1),
		"webapps/app/WEB-INF/web.xml": "<web-app>" + modes("SSL") + "</web-app>",
	}
	secure := webXMLFiles(modes("SSL"))
	secure["conf/server.xml"] = strings.Replace(simpleServer("", "", ""), "SSLEnabled", `secure="true" SSLEnabled`, 1)
	noCookies := webXMLFiles(modes("COOKIE"))
	noCookies["conf/context.xml"] = `<Context cookies="false"/>`
	cases := []applicationCase{
		{"none", 0, base{}, "", "cookie url", nil},
		{"cookie", 0, webXMLFiles(modes(" COOKIE ")), "", "cookie", nil},
		{"both", 0, webXMLFiles(modes("URL", "COOKIE", "COOKIE")), "", "cookie url", nil},
		{"TLS", 0, secure, "", "ssl", nil},
		{"TLS on a connector that is not secure", 0, webXMLFiles(modes("SSL")), "", "ssl", []string{`Tomcat does not look at the TLS session`}},
		{"TLS and more", 0, webXMLFiles(modes("COOKIE", "SSL")), "", "cookie ssl", []string{"SSL may not be configured with other modes"}},
		{"TLS without TLS", 0, plain, "", "ssl", []string{"is not supported by that context"}},
		{"other case", 0, webXMLFiles(modes("cookie")), "", "cookie url", []string{`"cookie" is no tracking mode: Tomcat does not start the application`}},
		{"no cookies", 0, base{"conf/context.xml": `<Context cookies="false"/>`}, "", "url", nil},
		{"no cookies, oddly", 0, base{"conf/context.xml": `<Context cookies="yes"/>`}, "", "url", []string{"neither true nor false"}},
		{"cookies where there are none", 0, noCookies, "", "cookie", []string{"is not supported by that context"}},
		{"nearest file", 0, base{"conf/web.xml": "<web-app>" + modes("URL") + "</web-app>", "webapps/app/WEB-INF/web.xml": "<web-app>" + modes("COOKIE") + "</web-app>"}, "", "cookie", nil},
	}
	runApplications(t, cases, func(a *Application) string {
		var list []string
		for i, name := range []string{"cookie", "url", "ssl"} {
			if a.Sessions.Tracking&(1<<i) != 0 {
				list = append(list, name)
			}
		}
		return strings.Join(list, " ")
	})
}
