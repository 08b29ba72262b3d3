package tomcat

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/finding"
)

// FuzzConnectors reads whatever it gets. What it reads without an error among
// the findings, it writes and reads again.
func FuzzConnectors(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.xml"))
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 0)
	}
	// A part of what there is: seeds are run before anything else.
	for i, c := range configurations {
		if i%4 == 0 {
			f.Add(server(c.xml(8443)), 9+i/4%2)
		}
	}
	cases := snippetCases()
	for i, name := range slices.Sorted(maps.Keys(cases)) {
		if i%4 != 0 {
			continue
		}
		c := cases[name]
		text, err := Snippet(c.version, c.c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(server(text), c.version)
	}
	f.Fuzz(func(t *testing.T, data []byte, version int) {
		if version < 7 || version > 12 {
			version = 0
		}
		options := Options{Version: version, Lookup: func(name string) (string, bool) {
			return "/" + name, len(name)%2 == 0 && !strings.HasPrefix(name, "javax.")
		}}
		connectors, findings, err := readConnectors(data, options)
		if err != nil {
			return
		}
		if len(findings) > maxFindings+1 {
			t.Fatalf("%d findings", len(findings))
		}
		for i := range connectors {
			c := &connectors[i]
			if !c.TLS {
				continue
			}
			for _, h := range c.Hosts {
				if len(h.Names) != 1 || len(h.Protocols) == 0 || len(h.Certificates) == 0 {
					t.Fatalf("%+v", h)
				}
			}
			roundTrip(t, c, About(findings, c))
		}
	})
}

// roundTrip writes a connector and reads it back.
func roundTrip(t *testing.T, c *Connector, findings []finding.Finding) {
	for _, f := range findings {
		if f.Severity == finding.Error {
			return
		}
	}
	text, err := Snippet(c.Version, *c)
	if err != nil || strings.Contains(text, "${") || strings.Contains(text, "file:") {
		return // it says why not, or is not taken literally
	}
	back, _, err := readConnectors([]byte("<Server><Service>"+text+"</Service></Server>"), Options{Version: c.Version})
	if err != nil || len(back) != 1 {
		t.Fatalf("%v: read back from:\n%s", err, text)
	}
	want := *c
	completed(&want)
	wantHosts(&want)
	wantHosts(&back[0])
	if reflect.DeepEqual(want, back[0]) {
		return // the usual case, quickly
	}
	if diff := cmp.Diff(want, back[0], sameConnector...); diff != "" {
		t.Fatalf("-want +read back:\n%s\nfrom:\n%s", diff, text)
	}
}

// wantHosts evens out what a snippet leaves to the defaults.
func wantHosts(c *Connector) {
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if h.SessionTimeout < time.Second {
			h.SessionTimeout = 24 * time.Hour
		}
		if h.VerificationDepth < 1 {
			h.VerificationDepth = 10
		}
		h.SessionCacheSize = max(h.SessionCacheSize, 0)
		if h.SessionCacheSize == 0 {
			h.SessionCacheSize = -1
		}
		for j := range h.Certificates {
			// Those of password files that were not read.
			if cert := &h.Certificates[j]; cert.KeystorePasswordFile != "" {
				cert.KeystorePassword = nil
			}
		}
	}
}

// FuzzAttributes gives attributes, one "name=value" a line, in both dialects at
// once, so that the fuzzer need not know XML.
func FuzzAttributes(f *testing.F) {
	for _, attributes := range []string{
		"port=443\nkeystoreFile=a.p12\nkeystorePass=secret\nclientAuth=want\ntruststoreFile=t",
		"SSLCertificateFile=a\nSSLCertificateKeyFile=b\nSSLProtocol=all -TLSv1\nSSLCipherSuite=HIGH:!kRSA:+AES",
		"certificateKeystoreFile=file:///a\ncertificateKeystoreType=JCEKS\ncertificateKeyAlias=\ntype=EC\nprotocols=TLSv1.3",
		"groups=x25519, P-256,x448\nsessionTimeout=-5\nsessionCacheSize=0\ncertificateVerification=optionalNoCA\ncertificateVerificationDepth=x",
		"cipherSuites=TLS_AES_128_GCM_SHA256\nciphers=@STRENGTH:ALL\nhonorCipherOrder=yes\nsslProtocol=TLSv1\nbogus=${a:-b}${c}",
	} {
		f.Add(10, attributes)
		f.Add(12, attributes)
	}
	f.Fuzz(func(t *testing.T, version int, text string) {
		if version < 8 || version > 12 {
			version = 10
		}
		var attributes []Attribute
		for line := range strings.SplitSeq(text, "\n") {
			if name, value, ok := strings.Cut(line, "="); ok {
				attributes = append(attributes, Attribute{name, value})
			}
		}
		c, findings := FromAttributes(attributes, Options{Version: version})
		roundTrip(t, &c, findings)
		for _, f := range findings {
			if f.At.Line != 0 || f.Text == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// FuzzApplication reads every file of an application, each as it comes.
func FuzzApplication(f *testing.F) {
	server := simpleServer(`jvmRoute="n1"`, `deployIgnore="x.*"`, `<Context path="/app" cookies="no"><Manager><SessionIdGenerator sessionIdLength="0"/></Manager></Context>`+
		`<Valve className="org.apache.catalina.valves.RemoteIpValve" internalProxies="("/><Alias> a </Alias>`)
	contextXML := `<Context sessionCookieName="S" sessionCookiePath="${x}" override="true"><Manager className="org.redisson.tomcat.RedissonSessionManager"/>` +
		`<CookieProcessor sameSiteCookies="lax" partitioned="true"/><Valve className="org.apache.catalina.valves.SSLValve" sslCipherHeader=""/></Context>`
	webXML := `<web-app><session-config><session-timeout>-1</session-timeout><tracking-mode>SSL</tracking-mode><cookie-config><name>n</name><path>/</path>` +
		`<domain>example.com</domain><http-only>false</http-only><secure>true</secure><max-age>9</max-age><attribute><attribute-name>SameSite</attribute-name><attribute-value>Lax</attribute-value></attribute></cookie-config></session-config>` +
		`<filter><filter-name>h</filter-name><filter-class>org.apache.catalina.filters.HttpHeaderSecurityFilter</filter-class><init-param><param-name>hstsPreload</param-name><param-value>true</param-value></init-param></filter>` +
		`<filter><filter-name>r</filter-name><filter-class>org.apache.catalina.filters.RemoteIpFilter</filter-class></filter>` +
		`<filter-mapping><filter-name>h</filter-name><url-pattern>/*</url-pattern><dispatcher>REQUEST</dispatcher></filter-mapping><filter-mapping><filter-name>r</filter-name><servlet-name>*</servlet-name></filter-mapping></web-app>`
	f.Add(server, contextXML, "", "<Context/>", webXML, "", "<web-app/>", "/app", 10)
	f.Add(simpleServer("", "", ""), "", contextXML, contextXML, "<web-app/>", webXML, webXML, "/app##2", 9)
	f.Add(simpleServer("", "", ""), "<x", "<Context>", "<web-app/>", "", "<Context/>", "<a>&b;</a>", "//localhost/app", 7)
	f.Add(server, contextXML, "", contextXML, webXML, webXML, webXML, "//a/app", 12)
	f.Fuzz(func(t *testing.T, server, context, hostContext, own, web, hostWeb, ownWeb, name string, version int) {
		if version < 7 || version > 12 {
			version = 0
		}
		b := base{
			"conf/context.xml": context, "conf/Catalina/localhost/context.xml.default": hostContext,
			"conf/web.xml": web, "conf/Catalina/localhost/web.xml.default": hostWeb,
			"webapps/app/META-INF/context.xml": own, "webapps/app/WEB-INF/web.xml": ownWeb,
			"webapps/app##2.war": "", "webapps/app##2.war!/META-INF/context.xml": own, "webapps/app##2.war!/WEB-INF/web.xml": ownWeb,
		}
		conf, err := Read([]byte(server), b.options(version))
		if err != nil {
			return
		}
		for i := range conf.Connectors {
			c := &conf.Connectors[i]
			a, findings, err := conf.Application(c, name)
			names, _ := conf.Applications(c)
			if len(names) > maxApplications || len(findings) > maxFindings+1 {
				t.Fatalf("%d applications, %d findings", len(names), len(findings))
			}
			for _, f := range append(findings, conf.CheckApplications(c)...) {
				if f.Text == "" {
					t.Fatalf("%+v", f)
				}
			}
			if err != nil {
				continue
			}
			s := a.Sessions
			if s.IDLength < 1 || s.IDLength > 1024 || s.Tracking == 0 || s.Timeout == 0 || s.MaxActive < -1 ||
				a.Cookie.Name == "" || a.Cookie.Path == "" || a.Cookie.MaxAge < -1 {
				t.Fatalf("%+v", a)
			}
			break
		}
	})
}
