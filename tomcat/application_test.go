package tomcat

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/finding"
)

// base is a catalina.base in memory, by the names of its files.
type base map[string]string

// options read it.
func (b base) options(version int) Options {
	files := make(fstest.MapFS)
	for name, text := range b {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	local := func(name string) string {
		return strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "/base/")
	}
	return Options{
		Version:  version,
		Base:     "/base",
		ReadFile: func(name string) ([]byte, error) { return files.ReadFile(local(name)) },
		Stat:     func(name string) (fs.FileInfo, error) { return files.Stat(local(name)) },
		ReadDir:  func(name string) ([]fs.DirEntry, error) { return files.ReadDir(local(name)) },
		ReadWAR: func(war, name string) ([]byte, error) {
			return files.ReadFile(local(war) + "!/" + name)
		},
	}
}

// simpleServer has an Engine with a Host, and what is in either.
func simpleServer(engine, host, inside string) string {
	return `<Server><Service name="Catalina"><Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="k"/></SSLHostConfig></Connector>
<Engine name="Catalina" defaultHost="localhost" ` + engine + `><Host name="localhost" appBase="webapps" ` + host + `>` + inside + `</Host></Engine></Service></Server>`
}

// read reads an application of it, and what is said.
func (b base) read(t *testing.T, version int, name string) (*Application, []finding.Finding) {
	t.Helper()
	server := b["conf/server.xml"]
	if server == "" {
		server = simpleServer("", "", "")
	}
	conf, err := Read([]byte(server), b.options(version))
	if err != nil {
		t.Fatal(err)
	}
	a, findings, err := conf.Application(&conf.Connectors[0], name)
	if err != nil {
		t.Fatal(err)
	}
	return a, findings
}

func TestApplication(t *testing.T) {
	b := base{
		"conf/server.xml":  simpleServer(`jvmRoute="node7"`, "", `<Context path="/app"><Manager maxActiveSessions="9"><SessionIdGenerator sessionIdLength="24"/></Manager></Context>`),
		"conf/context.xml": `<Context sessionCookieName="SID"><CookieProcessor sameSiteCookies="strict"/></Context>`,
		"conf/web.xml":     `<web-app><session-config><session-timeout>5</session-timeout></session-config></web-app>`,
		"webapps/app/WEB-INF/web.xml": `<web-app><filter><filter-name>h</filter-name><filter-class>org.apache.catalina.filters.HttpHeaderSecurityFilter</filter-class>
<init-param><param-name>hstsMaxAgeSeconds</param-name><param-value> 600 </param-value></init-param></filter>
<filter-mapping><filter-name>h</filter-name><url-pattern>/*</url-pattern></filter-mapping></web-app>`,
	}
	a, findings := b.read(t, 10, "/app")
	want := &Application{
		Host: "localhost", Path: "/app",
		Sessions: Sessions{IDLength: 24, Route: "node7", Timeout: 5 * time.Minute, MaxActive: 9, Tracking: TrackingCookie | TrackingURL},
		Cookie:   Cookie{Name: "SID", Path: "/app", MaxAge: -1, HTTPOnly: true, SameSite: "Strict"},
		Headers:  &SecurityHeaders{HSTS: "max-age=600", FrameOptions: "DENY", NoSniff: true},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(findings) > 0 {
		t.Errorf("%v", findings)
	}
}

func TestApplications(t *testing.T) {
	b := base{
		"conf/server.xml":                  simpleServer("", "", `<Context path="/app" docBase="elsewhere"/><Context docBase="by#name"/>`),
		"conf/Catalina/localhost/y.xml":    "<Context/>",
		"conf/Catalina/localhost/ROOT.xml": "<Context/>",
		"webapps/foo#bar.war":              "",
		"webapps/y/index.html":             "",
		"webapps/x##2/index.html":          "",
		"webapps/META-INF/MANIFEST.MF":     "",
		"webapps/readme.txt":               "",
	}
	conf, err := Read([]byte(b["conf/server.xml"]), b.options(10))
	if err != nil {
		t.Fatal(err)
	}
	names, all := conf.Applications(&conf.Connectors[0])
	want := []string{"//localhost/app", "//localhost/by/name", "//localhost/", "//localhost/y", "//localhost/foo/bar", "//localhost/x##2"}
	if !slices.Equal(names, want) || !all {
		t.Errorf("%q, %v", names, all)
	}
}

// A part of a configuration has the defaults, and nothing is said of what is
// missing in it.
func TestApplicationWithoutEngine(t *testing.T) {
	for _, server := range []string{
		`<Server><Service><Connector port="1"/></Service></Server>`,
		`<Server><Service name="Catalina"><Connector port="1"/></Service></Server>`,
	} {
		conf, err := Read([]byte(server), Options{Version: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, connector := range []*Connector{&conf.Connectors[0], {Line: 77}} {
			a, findings, err := conf.Application(connector, "/app")
			if err != nil || len(findings) > 0 {
				t.Fatal(findings, err)
			}
			if a.Sessions.IDLength != 16 || a.Cookie.Path != "/app" || a.Sessions.Timeout != 30*time.Minute {
				t.Errorf("%+v", a)
			}
		}
		if findings := conf.CheckApplications(&conf.Connectors[0]); len(findings) > 0 {
			t.Error(findings)
		}
	}
}
