package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
	"gokeytool/internal/tlsname"
	"gokeytool/x509util"
)

// besideTomcat starts a Tomcat whose application /N has the Nth of some elements
// in its Context, with the probe of package testtool in it. It serves with the
// same key as the endpoints that it is compared with.
func besideTomcat(t *testing.T, release testtool.TomcatRelease, id identity.Identity, hostConfig string, contexts []string, options ...string) *client {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	base := t.TempDir()
	write := func(name string, data []byte) {
		file := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	probe := release.Probe(t)
	var elements strings.Builder
	for n, content := range contexts {
		write(fmt.Sprintf("applications/%d/WEB-INF/classes/Probe.class", n), probe)
		fmt.Fprintf(&elements, "<Context path=\"/%d\" docBase=\"%s/applications/%[1]d\">%[3]s</Context>\n", n, base, content)
	}
	write("conf/server.pem", identitytest.PEM(t, id))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	write("conf/server.xml", fmt.Appendf(nil, `<Server port="-1"><Service name="Catalina">
<Connector port="%d" address="127.0.0.1" SSLEnabled="true" maxKeepAliveRequests="-1"><SSLHostConfig %s><Certificate certificateFile="conf/server.pem"/></SSLHostConfig></Connector>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps">
%s</Host></Engine></Service></Server>`, port, hostConfig, elements.String()))
	ln.Close()
	if tc := release.Start(t, base, options...); !tc.Started {
		t.Fatalf("Tomcat has not started:\n%s", tc.Log())
	}
	config := &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{&http.Client{Transport: transport}, transport, fmt.Sprintf("https://127.0.0.1:%d", port)}
}

// probed is what the probe answers, as far as it is compared.
type probed struct {
	ID         string            `json:"id"`
	Secure     bool              `json:"secure"`
	Scheme     string            `json:"scheme"`
	ServerName string            `json:"serverName"`
	ServerPort int               `json:"serverPort"`
	RemoteAddr string            `json:"remoteAddr"`
	RemoteHost string            `json:"remoteHost"`
	LocalPort  int               `json:"localPort"`
	Headers    map[string]string `json:"headers"`
	Attributes map[string]string `json:"attributes"`
}

func (c *client) probe(t *testing.T, path string, headers ...string) probed {
	t.Helper()
	response, body := c.ask(t, "GET", path, headers...)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %q: %s\n%s", path, headers, response.Status, body)
	}
	var p probed
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return p
}

// forwarded are valves with the elements that configure them in Tomcat.
func forwarded() (elements []string, valves []RemoteIP) {
	usual := usualRemoteIP
	for _, test := range []struct {
		attributes string
		change     func(*RemoteIP)
	}{
		{"", func(*RemoteIP) {}},
		{`internalProxies="127\.0\.0\.1|10(\.\d{1,3}){3}" trustedProxies="(?i)(PROXY|192\.0\.2\.\d++)"`, func(v *RemoteIP) {
			v.InternalProxies, v.TrustedProxies = `127\.0\.0\.1|10(\.\d{1,3}){3}`, `(?i)(PROXY|192\.0\.2\.\d++)`
		}},
		{`internalProxies="" trustedProxies=".*1"`, func(v *RemoteIP) { v.InternalProxies, v.TrustedProxies = "", ".*1" }},
		{`internalProxies="" trustedProxies=""`, func(v *RemoteIP) { v.InternalProxies = "" }},
		{`remoteIpHeader="x-real-ip" proxiesHeader="via" protocolHeader="scheme" protocolHeaderHttpsValue="on" hostHeader="x-forwarded-host" portHeader="x-forwarded-port" changeLocalPort="true" changeLocalName="true" httpServerPort="8080" httpsServerPort="8443"`,
			func(v *RemoteIP) {
				v.Header, v.ProxiesHeader, v.ProtocolHeader, v.HTTPSValue, v.HostHeader, v.PortHeader = "x-real-ip", "via", "scheme", "on", "x-forwarded-host", "x-forwarded-port"
				v.ChangeLocalName, v.ChangeLocalPort, v.HTTPPort, v.HTTPSPort = true, true, 8080, 8443
			}},
		{`portHeader="x-forwarded-port" hostHeader="x-forwarded-host"`, func(v *RemoteIP) { v.PortHeader, v.HostHeader = "x-forwarded-port", "x-forwarded-host" }},
	} {
		valve := usual
		test.change(&valve)
		if !strings.Contains(test.attributes, "internalProxies") { // its default differs by release
			test.attributes += ` internalProxies="` + usual.InternalProxies + `"`
		}
		elements = append(elements, `<Valve className="org.apache.catalina.valves.RemoteIpValve" `+test.attributes+`/>`)
		valves = append(valves, valve)
	}
	return elements, valves
}

// TestTomcatRemoteIP gives generated headers to a real RemoteIpValve as well.
func TestTomcatRemoteIP(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	elements, valves := forwarded()
	addresses := []string{"203.0.113.7", "198.51.100.1", "10.0.0.1", "10.1.1.1", "127.0.0.1", "192.168.7.1", "172.20.1.1", "192.0.2.1", "192.0.2.22", "::1", "0:0:0:0:0:0:0:1", "fe80::1", "fd00:1::2",
		"2001:db8::1", "proxy", "PROXY", "unknown", "", " ", "_hidden", "10.0.0.1:80", "[::1]:80", "1", "\"a\"", "100.64.0.1", "169.254.1.1"}
	others := map[string][]string{
		"x-forwarded-proto": {"https", "http", "HTTPS", "https,https", "https, http", "", ",", "on", "ftp"}, "scheme": {"on", "ON", "off", "https"},
		"x-forwarded-host": {"www.example.com", "www.example.com:99", "a_b", "[::1]:7", "1.2.3.4", "256.1.1.1", "a-", "-a", "a..b", "a:", "a:x", "", "a.", "[::1", "[1::2:3:4:5:6:7]", "[::ffff:1.2.3.4]", "a:99999999999", "[::1]x", "0.0.0.0:1"},
		"x-forwarded-port": {"8080", "443", "", "x", "-1", "+7", "99999999999", " 80 ", "0x10", "2147483647"}, "x-forwarded-by": {"a", "b,c"}, "via": {"d"},
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range others {
			if !yield(name) {
				return
			}
		}
	})
	for _, release := range testtool.TomcatReleases {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			theirs := besideTomcat(t, release, id, "", elements)
			random := rand.New(rand.NewPCG(7, uint64(release)))
			for n, valve := range valves {
				ours := newClient(t, start(t, Config{Identities: []identity.Identity{id}, RemoteIP: []RemoteIP{valve}, HTTP1: true}), id, nil)
				failed := 0
				for range 250 {
					var headers []string
					for range random.IntN(3) {
						var list []string
						for range 1 + random.IntN(4) {
							list = append(list, addresses[random.IntN(len(addresses))])
						}
						headers = append(headers, []string{"x-forwarded-for", "x-real-ip"}[random.IntN(2)], strings.Join(list, []string{",", ", ", " , "}[random.IntN(3)]))
					}
					for range random.IntN(4) {
						name := names[random.IntN(len(names))]
						headers = append(headers, name, others[name][random.IntN(len(others[name]))])
					}
					headers = append(headers, "Host", []string{"www.example.com", "localhost:8443", "[::1]:80"}[random.IntN(3)])
					if release == testtool.Tomcat9 && changedSince9(headers) {
						continue
					}
					want := theirs.probe(t, fmt.Sprintf("/%d/x?make=no", n), headers...)
					_, body := ours.ask(t, "GET", "/api/tls", headers...)
					got := decode[tlsFacts](t, body).Request
					_, body = ours.ask(t, "GET", "/echo", headers...)
					seen := decode[struct{ Headers http.Header }](t, body).Headers
					wanted := seenFacts{want.Scheme, want.Secure, want.ServerName, want.ServerPort, want.RemoteAddr, want.RemoteHost, got.LocalName, want.LocalPort}
					if !valve.ChangeLocalPort {
						wanted.LocalPort = got.LocalPort
					} else if want.LocalPort != want.ServerPort && got.LocalPort != got.ServerPort {
						wanted.LocalPort = got.LocalPort // its own, both
					}
					diff := cmp.Diff(wanted, got)
					for _, name := range []string{valve.Header, valve.ProxiesHeader} {
						var their string
						for header, value := range want.Headers { // as the client or the valve writes it
							if strings.EqualFold(header, name) {
								their = value
							}
						}
						if our := strings.Join(seen.Values(name), " | "); their != our {
							diff += fmt.Sprintf("%s: %q, in Tomcat %q\n", name, our, their)
						}
					}
					if diff != "" {
						if failed++; failed > 10 {
							t.FailNow()
						}
						t.Errorf("%s with %q (-Tomcat +ours):\n%s", elements[n], headers, diff)
					}
				}
			}
		})
	}
}

// changedSince9 reports whether headers are among those of which later releases
// make something else than Tomcat 9.0.70: the endpoint follows those.
func changedSince9(headers []string) bool {
	protos := 0
	for i := 0; i < len(headers); i += 2 {
		switch name, value := headers[i], headers[i+1]; name {
		case "x-forwarded-proto", "scheme":
			protos++ // only the first header was looked at
		case "x-forwarded-host":
			if strings.Contains(value, ":99999999999") {
				return true // any number was a port
			}
		case "x-forwarded-for", "x-real-ip":
			if list := strings.Split(value, ","); trim(list[len(list)-1]) == "" {
				return true // empty elements at the end were none
			}
		}
	}
	return protos > 1
}

// TestTomcatAttributes compares the request attributes with those of a real
// Tomcat, name by name and value by value.
func TestTomcatAttributes(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	ca, key := identitytest.NewIssuer(t, "Client CA", nil), identitytest.NewKey(t, "p256")
	template := identitytest.ServerTemplate("duke")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	duke := tls.Certificate{Certificate: [][]byte{identitytest.Sign(t, template, key, ca).Raw, ca.Cert.Raw}, PrivateKey: key}
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.Cert)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte(encodePEM(ca.Cert.Raw)), 0o600); err != nil {
		t.Fatal(err)
	}
	testtool.Run(t, testtool.Keytool(t), "-importcert", "-noprompt", "-alias", "ca", "-file", filepath.Join(dir, "ca.pem"), "-keystore", filepath.Join(dir, "trust.p12"), "-storepass", "changeit", "-storetype", "PKCS12")

	for _, release := range testtool.TomcatReleases {
		theirs := besideTomcat(t, release, id, fmt.Sprintf(`certificateVerification="optional" truststoreFile="%s/trust.p12" truststorePassword="changeit"`, dir), []string{""})
		server := start(t, Config{Identities: []identity.Identity{id}, TomcatMajor: int(release), HTTP1: true, Policy: Policy{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: trusted}})
		for _, version := range versions {
			for _, withCertificate := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d/%s/%v", release, tlsname.Protocol(version), withCertificate), func(t *testing.T) {
					adjust := func(config *tls.Config) {
						config.MinVersion, config.MaxVersion = version, version
						config.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
						config.ClientSessionCache = nil
						if withCertificate {
							config.Certificates = []tls.Certificate{duke}
						}
					}
					their := &client{&http.Client{}, &http.Transport{TLSClientConfig: theirs.transport.TLSClientConfig.Clone()}, theirs.base}
					adjust(their.transport.TLSClientConfig)
					t.Cleanup(their.transport.CloseIdleConnections)
					want := their.probe(t, "/0/x").Attributes
					got := make(map[string]string)
					for name, value := range newClient(t, server, id, adjust).facts(t).Attributes {
						got[name] = fmt.Sprint(value)
						if list, ok := value.([]any); ok {
							got[name] = showSubjects(t, list)
						}
					}
					servlet := servletRequest(int(release))
					for _, set := range []map[string]string{want, got} {
						if !tlsID.MatchString(set[servlet+"ssl_session_id"]) || set[servlet+"ssl_session_mgr"] == "" {
							t.Errorf("%v", set)
						}
						set[servlet+"ssl_session_id"], set[servlet+"ssl_session_mgr"] = "", ""
						if version == tls.VersionTLS13 { // each chooses its own
							set[servlet+"cipher_suite"], set[servlet+"key_size"] = "", ""
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-Tomcat +ours:\n%s", diff)
					}
				})
			}
		}
	}
}

// showSubjects lists the subjects of certificates in PEM as the probe does.
func showSubjects(t *testing.T, list []any) string {
	t.Helper()
	var subjects []string
	for _, text := range list {
		certs, err := x509util.ParseCertificates([]byte(text.(string)))
		if err != nil {
			t.Fatal(err)
		}
		subjects = append(subjects, strings.ReplaceAll(x509util.Describe(certs[0].Raw).Subject, ", ", ","))
	}
	return strings.Join(subjects, " | ")
}

// TestTomcatInvalidation ends a TLS session by ssl_session_mgr, in Tomcat and here.
// The answer closes the connection, and the next makes a full handshake; in Tomcat
// only where Java keeps the sessions itself, since it goes on to take tickets that
// it has no record of (Java 13 and later).
func TestTomcatInvalidation(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	visit := func(t *testing.T, c *client, method, path string) *http.Response {
		response, _ := c.ask(t, method, path)
		c.reconnect()
		return response
	}
	check := func(t *testing.T, c *client, path, method, invalidate string, want bool) {
		t.Helper()
		if first, second := visit(t, c, "GET", path), visit(t, c, "GET", path); first.TLS.DidResume || !second.TLS.DidResume {
			t.Errorf("the session is not resumed")
		}
		if !visit(t, c, method, invalidate).Close {
			t.Error("the connection stays open")
		}
		if after := visit(t, c, "GET", path); after.TLS.DidResume != want {
			t.Errorf("resumed afterwards: %v", after.TLS.DidResume)
		}
	}
	for _, tickets := range []bool{true, false} {
		t.Run(fmt.Sprintf("Tomcat/tickets=%v", tickets), func(t *testing.T) {
			c := besideTomcat(t, testtool.Tomcat10, id, "", []string{""}, fmt.Sprintf("-Djdk.tls.server.enableSessionTicketExtension=%v", tickets))
			check(t, c, "/0/x", "GET", "/0/x?manager=yes", tickets)
		})
	}
	t.Run("endpoint", func(t *testing.T) {
		c := newClient(t, start(t, Config{Identities: []identity.Identity{id}, HTTP1: true}), id, nil)
		check(t, c, "/api/tls", "DELETE", "/api/session", false)
	})
}
