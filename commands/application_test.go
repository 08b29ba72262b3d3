package commands

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/endpoint"
	"gokeytool/internal/testtool"
	"gokeytool/tomcat"
)

// engineXML is a server.xml with an Engine that holds these elements.
func engineXML(host string) string {
	return `<Server><Service name="Catalina"><Connector port="8443" SSLEnabled="true"><SSLHostConfig/></Connector>
<Connector port="8080"/>
<Engine name="Catalina" defaultHost="localhost" jvmRoute="node7"><Host name="localhost" appBase="webapps">` + host + `</Host></Engine></Service></Server>`
}

// generatorXML is a Context whose ids have so many bytes.
func generatorXML(length string) string {
	return `<Context><Manager><SessionIdGenerator sessionIdLength="` + length + `"/></Manager></Context>`
}

// TestSessionIDsOfServerXML: from each of the files that Tomcat reads, and the
// options before them.
func TestSessionIDsOfServerXML(t *testing.T) {
	for name, test := range map[string]struct {
		files, war map[string]string
		from       serverXMLOptions
		ids        idOptions
		digits     int
		route      string
		says       string
	}{
		"the Engine's route":         {files: map[string]string{"conf/server.xml": engineXML("")}, digits: 32, route: ".node7"},
		"a connector without TLS":    {files: map[string]string{"conf/server.xml": engineXML("")}, from: serverXMLOptions{connector: given[int64](8080)}, digits: 32, route: ".node7"},
		"a Context in server.xml":    {files: map[string]string{"conf/server.xml": engineXML(strings.Replace(generatorXML("24"), "<Context", `<Context path=""`, 1))}, digits: 48, route: ".node7"},
		"conf/context.xml":           {files: map[string]string{"conf/server.xml": engineXML(""), "conf/context.xml": generatorXML("20")}, digits: 40, route: ".node7"},
		"the context.xml of a host":  {files: map[string]string{"conf/server.xml": engineXML(""), "conf/Catalina/localhost/context.xml.default": generatorXML("21")}, digits: 42, route: ".node7"},
		"that of an application":     {files: map[string]string{"conf/server.xml": engineXML(""), "conf/Catalina/localhost/shop.xml": generatorXML("22")}, digits: 44, route: ".node7"},
		"META-INF":                   {files: map[string]string{"conf/server.xml": engineXML(""), "webapps/shop/META-INF/context.xml": generatorXML("23")}, digits: 46, route: ".node7"},
		"a WAR":                      {files: map[string]string{"conf/server.xml": engineXML(""), "webapps/none.txt": ""}, war: map[string]string{"META-INF/context.xml": generatorXML("24")}, digits: 48, route: ".node7"},
		"an application that is not": {files: map[string]string{"conf/server.xml": engineXML("")}, from: serverXMLOptions{context: given("shop")}, digits: 32, route: ".node7", says: "no application /shop"},
		"one of two": {
			files:  map[string]string{"conf/server.xml": engineXML(""), "webapps/a/META-INF/context.xml": generatorXML("23"), "webapps/b/META-INF/context.xml": generatorXML("25")},
			digits: 46, route: ".node7", says: "this is the application //localhost/a; different in this are //localhost/b: choose with -context",
		},
		"the other of two": {
			files: map[string]string{"conf/server.xml": engineXML(""), "webapps/a/META-INF/context.xml": generatorXML("23"), "webapps/b/META-INF/context.xml": generatorXML("25")},
			from:  serverXMLOptions{context: given("b")}, digits: 50, route: ".node7",
		},
		"two that are alike": {
			files:  map[string]string{"conf/server.xml": engineXML(""), "webapps/a/WEB-INF/web.xml": "<web-app/>", "webapps/b/WEB-INF/web.xml": "<web-app/>"},
			digits: 32, route: ".node7",
		},
		"options": {
			files: map[string]string{"conf/server.xml": engineXML(""), "conf/context.xml": generatorXML("20")},
			ids:   idOptions{given[int64](2), given("n1")}, digits: 4, route: ".n1",
		},
		"no route":          {files: map[string]string{"conf/server.xml": engineXML("")}, ids: idOptions{route: given("")}, digits: 32},
		"connectors alone":  {files: map[string]string{"conf/server.xml": `<Server><Service><Connector port="8443" SSLEnabled="true"/></Service></Server>`}, digits: 32},
		"no HTTP connector": {files: map[string]string{"conf/server.xml": strings.ReplaceAll(engineXML(""), "<Connector ", `<Connector protocol="AJP/1.3" `)}, digits: 32, route: ".node7"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			testtool.WriteFiles(t, dir, test.files)
			if test.war != nil {
				testtool.WriteFiles(t, dir, map[string][]byte{"webapps/shop.war": testtool.WAR(t, test.war)})
			}
			u := newUnit(t, nil)
			test.from.file = filepath.Join(dir, "conf", "server.xml")
			if err := sessionID(t.Context(), u.session, sessionIDOptions{ids: test.ids, from: test.from, count: 1}); err != nil {
				t.Fatal(err)
			}
			digits, route, _ := strings.Cut(strings.TrimSpace(u.out.String()), ".")
			if len(digits) != test.digits || strings.TrimPrefix(test.route, ".") != route {
				t.Errorf("printed %q", u.out.String())
			}
			if got := u.err.String(); test.says == "" && got != "" || !strings.Contains(got, test.says) {
				t.Errorf("said %q", got)
			}
		})
	}
}

// TestSettings: what is not as in an application of which Tomcat is told nothing is
// said in words.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	testtool.WriteFiles(t, dir, map[string]string{"conf/server.xml": engineXML(""), "conf/web.xml": `<web-app>
<session-config><session-timeout>90</session-timeout><tracking-mode>SSL</tracking-mode></session-config></web-app>`,
		"webapps/shop/META-INF/context.xml": `<Context sessionCookieName="S" useHttpOnly="false"><Manager maxActiveSessions="3"/>
<Valve className="org.apache.catalina.valves.SSLValve"/><Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="X-Proto"/></Context>`,
		"webapps/shop/WEB-INF/web.xml": `<web-app><session-config><session-timeout>0</session-timeout><tracking-mode>COOKIE</tracking-mode></session-config></web-app>`})
	settings := func(context string, o serveOptions) []string {
		t.Helper()
		u := newUnit(t, nil)
		o.from = serverXMLOptions{file: filepath.Join(dir, "conf", "server.xml"), context: given(context)}
		s := &serving{session: u.session, o: o}
		conf, err := s.readServerXML(o.from, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		v := &served{connector: &conf.Connectors[0]}
		if v.application, _, err = s.application(o.from, conf, v.connector); err != nil {
			t.Fatal(err)
		}
		if err := s.sessions(v); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, set := range v.settings() {
			list = append(list, set.what+": "+set.value)
		}
		return list
	}
	for _, test := range []struct {
		context string
		o       serveOptions
		want    string
	}{
		{"/", serveOptions{}, "Sessions of //localhost/: ids of 16 bytes with .node7, tracked by the TLS session, 90 minutes\n" +
			"Headers of //localhost/: \nProxies in front of //localhost/: "},
		{"/", serveOptions{ids: idOptions{route: given("")}, tracking: "cookie", httpSessionTimeout: given[int64](30)},
			"Sessions of //localhost/: \nHeaders of //localhost/: \nProxies in front of //localhost/: "},
		{"shop", serveOptions{}, "Sessions of //localhost/shop: ids of 16 bytes with .node7, cookie S; Path=/shop; Secure, without end, at most 3 at once\n" +
			"Headers of //localhost/shop: \nProxies in front of //localhost/shop: SSLValve, RemoteIpValve with X-Forwarded-For, X-Proto"},
		{"shop", serveOptions{hsts: given("max-age=1"), httpSessionTimeout: given[int64](1), maxActiveSessions: given[int64](9)},
			"Sessions of //localhost/shop: ids of 16 bytes with .node7, cookie S; Path=/shop; Secure, 1 minute, at most 9 at once\n" +
				"Headers of //localhost/shop: Strict-Transport-Security: max-age=1\nProxies in front of //localhost/shop: SSLValve, RemoteIpValve with X-Forwarded-For, X-Proto"},
	} {
		if got := strings.Join(settings(test.context, test.o), "\n"); got != test.want {
			t.Errorf("%s: %s", test.context, got)
		}
	}
}

// TestOverridden: an option that says what the files say is not worth a word.
func TestOverridden(t *testing.T) {
	app := &tomcat.Application{
		Sessions: tomcat.Sessions{IDLength: 24, Route: "node7", Timeout: 10 * time.Minute, MaxActive: 5},
		Headers:  &tomcat.SecurityHeaders{HSTS: "max-age=1"},
	}
	usual := &tomcat.Application{Sessions: tomcat.Sessions{IDLength: 16, Timeout: 30 * time.Minute, MaxActive: -1}}
	options := func(length int64, route string, timeout, most int64, hsts string) serveOptions {
		return serveOptions{ids: idOptions{given(length), given(route)}, httpSessionTimeout: given(timeout), maxActiveSessions: given(most), hsts: given(hsts)}
	}
	for _, test := range []struct {
		app  *tomcat.Application
		o    serveOptions
		want string
	}{
		{app, serveOptions{}, ""},
		{app, options(24, "node7", 10, 5, "max-age=1"), ""},
		{app, options(16, "", 30, 6, ""), "-sessionIdLength (24), -jvmRoute (node7), -httpSessionTimeout (10 minutes), -maxActiveSessions (5), -hsts (max-age=1)"},
		{usual, options(1, "a", 1, 1, "max-age=0"), ""},
	} {
		s := &serving{session: newUnit(t, nil).session, o: test.o}
		if got := strings.Join(s.overridden(test.app), ", "); got != test.want {
			t.Errorf("%q", got)
		}
	}
}

func TestCookieText(t *testing.T) {
	c := &endpoint.Cookie{Name: "N", Path: "/a", Domain: "example.com", MaxAge: 0, HTTPOnly: true, SameSite: "None", Partitioned: true,
		Attributes: []endpoint.CookieAttribute{{Name: "Priority", Value: "High"}, {Name: "Flag"}}}
	text, usual := cookieText(c)
	if text != "N; Path=/a; Domain=example.com; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High; Flag" || usual {
		t.Error(text)
	}
	if text, usual := cookieText(&endpoint.Cookie{Name: "JSESSIONID", Path: "/", MaxAge: -1, HTTPOnly: true}); !usual {
		t.Error(text)
	}
	if got := minutes(90 * time.Second); got != "1m30s" {
		t.Error(got)
	}
}

func TestContextName(t *testing.T) {
	for typed, want := range map[string]string{"": "/", "/": "/", "ROOT": "/", "root": "/", "shop": "/shop", "/shop": "/shop", "//h/shop": "//h/shop", "a#b##2": "/a#b##2"} {
		if got := contextName(typed); got != want {
			t.Errorf("%q: %q", typed, got)
		}
	}
	if got := applicationName(&tomcat.Application{Host: "h", Path: "/a", Version: "2"}); got != "//h/a##2" {
		t.Error(got)
	}
}
