package tomcat

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/testtool"
)

// chosen is a connector with TLS, and what Tomcat makes of it.
type chosen struct {
	name, attributes, content string
	// handler is the beginning of the name that Tomcat's log gives it, and
	// empty where it does not start.
	handler string
	log     string // what Tomcat says of it
	// client says how it takes a client with a certificate: of nobody's
	// trust, of the CA's, or both.
	client string
	http2  bool
	finds  []string
}

const (
	keystoreHost = `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`
	pemHost      = `<SSLHostConfig><Certificate certificateFile="conf/pem.crt" certificateKeyFile="conf/pem.key"/></SSLHostConfig>`
	clientsHost  = `<SSLHostConfig protocols="TLSv1.2" %s><Certificate $KS/></SSLHostConfig>`
	javaTLS      = ` sslImplementationName="` + implementationJava + `"`
)

// TestTomcatEngine asks real Tomcats, with libtcnative and without, which
// implementation they choose, and compares what is said here.
func TestTomcatEngine(t *testing.T) {
	testtool.TomcatHome(t)
	testtool.Tomcat9.Look(t)
	libraries, _ := filepath.Glob("/usr/lib/*/libtcnative-1.so")
	if len(libraries) == 0 {
		testtool.Missing(t, "libtcnative-1")
	}
	with, without := "-Djava.library.path="+filepath.Dir(libraries[0]), "-Djava.library.path="+t.TempDir()
	base := t.TempDir()
	keystores(t, base)
	strangers := testtool.NewKey(t)
	ours, err := tls.LoadX509KeyPair(filepath.Join(base, "conf", "pem.crt"), filepath.Join(base, "conf", "pem.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, certificate := selfSigned(t, "stranger", strangers)
	clients := map[string]tls.Certificate{"ours": ours, "strangers": {Certificate: [][]byte{certificate.DER}, PrivateKey: strangers}}

	for _, c := range []struct {
		name    string
		release testtool.TomcatRelease
		option  string
		server  string // what is in the Server before its Service
		stops   string // what the log says of Tomcat that does not start at all
		finds   []string
		chosen  []chosen
	}{
		{
			name: "library", release: testtool.Tomcat9, option: with, server: native(`SSLRandomSeed="seed"`), finds: []string{"warning SSLRandomSeed seeds itself"},
			chosen: []chosen{
				{name: "HTTP/1.1", content: http2 + keystoreHost, handler: "https-openssl-nio", http2: true, finds: []string{"info protocol OpenSSL does TLS where libtcnative is found"}},
				{name: "NIO2", attributes: `protocol="` + protocolNIO2 + `"`, content: pemHost, handler: "https-openssl-nio2", finds: []string{"info protocol OpenSSL does TLS"}},
				{name: "native with a keystore", attributes: apr, content: http2 + keystoreHost, handler: "https-openssl-apr", http2: true, finds: []string{"info protocol where libtcnative is not found", "info protocol since 8.5.39 and 9.0.17"}},
				{name: "native with PEM", attributes: apr + ` SSLCertificateFile="conf/pem.crt" SSLCertificateKeyFile="conf/pem.key"`, handler: "https-openssl-apr", finds: []string{"info protocol where libtcnative is not found"}},
				{name: "Java", attributes: javaTLS, content: keystoreHost, handler: "https-jsse-nio"},
				{name: "OpenSSL", attributes: openSSLByJNI, content: keystoreHost, handler: "https-openssl-nio", finds: []string{"info sslImplementationName where libtcnative is not found"}},
				{name: "no such implementation", attributes: `sslImplementationName="JSSE"`, content: keystoreHost, log: "Unable to create SSLImplementation for class [JSSE]", finds: []string{"error sslImplementationName write " + implementationJava}},
				{name: "BIO", attributes: `protocol="` + protocolBIO + `" keystoreFile="conf/rsa.p12"`, log: "ClassNotFoundException: " + protocolBIO, finds: []string{"error protocol ClassNotFoundException: " + protocolBIO}},
				{name: "small letters", attributes: `protocol="http/1.1" keystoreFile="conf/rsa.p12"`, log: "ClassNotFoundException: http/1.1", finds: []string{"error protocol write HTTP/1.1 exactly"}},
				{name: "CA in PEM", attributes: openSSLByJNI, content: fmt.Sprintf(clientsHost, `certificateVerification="required" caCertificateFile="conf/pem.crt"`), handler: "https-openssl-nio", client: "ours",
					finds: []string{"info sslImplementationName where"}},
				{name: "any CA", attributes: openSSLByJNI, content: fmt.Sprintf(clientsHost, `certificateVerification="optionalNoCA"`), handler: "https-openssl-nio", client: "none",
					finds: []string{"info sslImplementationName where", "info certificateVerification libtcnative 1.2.35"}},
				{name: "no CA", attributes: openSSLByJNI, content: fmt.Sprintf(clientsHost, `certificateVerification="optional"`), handler: "https-openssl-nio", client: "none",
					finds: []string{"info sslImplementationName where", "error certificateVerification OpenSSL trusts none"}},
				{name: "truststore before PEM", attributes: openSSLByJNI, content: fmt.Sprintf(clientsHost, `certificateVerification="required" truststoreFile="conf/trust.jks" caCertificateFile="conf/nosuch"`), handler: "https-openssl-nio", client: "ours",
					finds: []string{"info sslImplementationName where", "warning caCertificateFile OpenSSL takes the truststore"}},
			},
		},
		{
			name: "library, native if it can be", release: testtool.Tomcat9, option: with, server: native(`useAprConnector="true" useOpenSSL="false" SSLEngine="ON"`),
			chosen: []chosen{
				{name: "HTTP/1.1", content: keystoreHost, handler: "https-openssl-apr", finds: []string{"warning protocol useAprConnector=\"true\""}},
				{name: "NIO", attributes: `protocol="` + protocolNIO + `"`, content: keystoreHost, handler: "https-jsse-nio"},
			},
		},
		{
			name: "library, no listener", release: testtool.Tomcat9, option: with,
			chosen: []chosen{
				{name: "HTTP/1.1", content: keystoreHost, handler: "https-jsse-nio"},
				{name: "native", attributes: apr, content: pemHost, log: "requires the AprLifecycleListener which is not available", finds: []string{"error protocol requires the AprLifecycleListener which is not available"}},
				{name: "OpenSSL", attributes: openSSLByJNI, content: keystoreHost, log: "UnsatisfiedLinkError", finds: []string{"error sslImplementationName UnsatisfiedLinkError"}},
			},
		},
		{
			name: "no library", release: testtool.Tomcat9, option: without, server: native(`SSLEngine="off"`),
			chosen: []chosen{
				{name: "HTTP/1.1", content: keystoreHost, handler: "https-jsse-nio", finds: []string{"info protocol OpenSSL does TLS", "warning protocol Java ends with a crash"}},
				{name: "native", attributes: apr, content: pemHost, log: "requires the APR/native library which is not available", finds: []string{"error protocol without it, or with version 2, Tomcat does not start this connector"}},
			},
		},
		{
			name: "library, engine off", release: testtool.Tomcat9, option: with, server: native(`SSLEngine="off"`), stops: "SIGSEGV",
			chosen: []chosen{{name: "HTTP/1.1", content: keystoreHost, finds: []string{"info protocol OpenSSL does TLS", "warning protocol Java ends with a crash"}}},
		},
		{
			name: "a class that is none, with elements", release: testtool.Tomcat9, option: without, stops: "Cannot start server. Server instance is not configured.",
			chosen: []chosen{{name: "http/1.1", attributes: `protocol="http/1.1"`, content: keystoreHost, finds: []string{"error protocol before 9.0.119 it does not start at all"}}},
		},
		{
			name: "no library, FIPS mode", release: testtool.Tomcat10, option: without, server: native(`FIPSMode="yes"`), stops: "Failed to enter FIPS mode", finds: []string{"error FIPSMode stops as soon as it has"},
		},
		{
			name: "Tomcat 10", release: testtool.Tomcat10, option: with,
			server: native(`useAprConnector="true" SSLEngine="off"`) + "<Listener className=\"" + listenerForeign + "\"/>\n<Listener className=\"" + listenerReload + "\" checkPeriod=\"1\" daysBefore=\"often\"/>\n",
			finds: []string{"warning useAprConnector failed to set property [useAprConnector]", "info className 10.1.22", "info className 10.1.14",
				"error daysBefore is not a number", "info  within 14 days, which it looks for every 1 seconds"},
			chosen: []chosen{
				{name: "HTTP/1.1", content: keystoreHost, handler: "https-jsse-nio", log: "failed to set property [useAprConnector]", finds: []string{"info protocol OpenSSL does TLS", "info protocol [off] is not a valid value"}},
				{name: "NIO2", attributes: `protocol="` + protocolNIO2 + `"` + javaTLS, content: http2 + pemHost, handler: "https-jsse-nio2", http2: true, log: "failed to set property [daysBefore] to [often]"},
				{name: "OpenSSL", attributes: openSSLByJNI, content: keystoreHost, log: "A suitable Tomcat Native implementation is not available", finds: []string{"error sslImplementationName set SSLEngine to on"}},
				{name: "AJP", attributes: `protocol="AJP/1.3"`, content: keystoreHost, log: "SSL is not supported with AJP. The SSL host configuration for [_default_] was ignored", finds: []string{"error SSLEnabled No SSLHostConfig element was found", "warning  SSL is not supported with AJP"}},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ports := freePorts(t, len(c.chosen)+1)
			// A connector without TLS is none of this.
			text := fmt.Sprintf("<Server port=\"-1\" periodicEventDelay=\"1\">\n%s<Service name=\"Catalina\">\n<Connector port=\"%d\" address=\"127.0.0.1\"/>\n", c.server, ports[len(c.chosen)])
			var lines []int
			for i, connector := range c.chosen {
				lines = append(lines, strings.Count(text, "\n")+1)
				text += configuration{attributes: `SSLEnabled="true" ` + connector.attributes, content: connector.content}.xml(ports[i])
			}
			text += "<Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\"/></Engine>\n</Service></Server>\n"

			conf, err := Read([]byte(text), Options{Version: int(c.release), Base: base})
			if err != nil {
				t.Fatal(err)
			}
			own := func(line int) (list []finding.Finding) {
				for _, f := range conf.Findings {
					if f.At.Connector == line {
						list = append(list, f)
					}
				}
				return list
			}
			checkFindings(t, own(0), c.finds)
			for i, connector := range c.chosen {
				t.Run(connector.name, func(t *testing.T) { checkFindings(t, own(lines[i]), connector.finds) })
			}

			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "conf"), os.DirFS(filepath.Join(base, "conf"))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "conf", "server.xml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			tomcat := c.release.Start(t, dir, c.option, "-XX:-CreateCoredumpOnCrash")
			if c.stops != "" {
				if tomcat.Started { // Tomcat 10 may stop only then
					for deadline := time.Now().Add(time.Minute); !strings.Contains(tomcat.Log(), "Stopping service"); time.Sleep(50 * time.Millisecond) {
						if time.Now().After(deadline) {
							t.Fatalf("it has started, and does not stop:\n%s", tomcat.Log())
						}
					}
				}
				if !strings.Contains(tomcat.Log(), c.stops) {
					t.Errorf("its log does not say %q:\n%s", c.stops, tomcat.Log())
				}
				return
			}
			if !tomcat.Started {
				t.Fatalf("Tomcat has not started:\n%s", tomcat.Log())
			}
			for i, connector := range c.chosen {
				t.Run(connector.name+" in Tomcat", func(t *testing.T) { connector.compare(t, tomcat, ports[i], clients) })
			}
		})
	}
}

// compare asks a running Tomcat for a connector.
func (c chosen) compare(t *testing.T, tomcat *testtool.Tomcat, port int, clients map[string]tls.Certificate) {
	if !strings.Contains(tomcat.Log(), c.log) {
		t.Errorf("Tomcat's log does not say %q", c.log)
	}
	handler := fmt.Sprintf("Starting ProtocolHandler [\"%s-127.0.0.1-%d\"]", c.handler, port)
	if c.handler != "" && !strings.Contains(tomcat.Log(), handler) {
		t.Errorf("Tomcat's log does not say %s:\n%s", handler, tomcat.Log())
	}
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err == nil {
		if got := conn.ConnectionState().NegotiatedProtocol == "h2"; got != c.http2 {
			t.Errorf("HTTP/2 is offered: %v", got)
		}
		conn.Close()
	}
	if serves := err == nil; serves != (c.handler != "") && c.client == "" {
		t.Errorf("it serves: %v, %v", serves, err)
	}
	if c.client == "" {
		return
	}
	for name, certificate := range clients {
		err := answered(port, certificate)
		if let := err == nil; let != strings.Contains(c.client, name) {
			t.Errorf("it lets in a client with a certificate of %s: %v, %v", name, let, err)
		}
	}
}

// answered says why a client with a certificate gets no answer.
func answered(port int, certificate tls.Certificate) error {
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{
		InsecureSkipVerify: true,
		// Whichever CAs the server names.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil },
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// TestTomcatReloads has Tomcat 10 take a new certificate by itself, because the
// old one expires soon.
func TestTomcatReloads(t *testing.T) {
	base := t.TempDir()
	conf := filepath.Join(base, "conf")
	if err := os.MkdirAll(conf, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, days int) {
		t.Helper()
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		pkcs8, der := testtool.SelfSigned(t, crypto.Signer(key), x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, days)})
		data := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		if err := os.WriteFile(filepath.Join(conf, "new"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(conf, "new"), filepath.Join(conf, "server.pem")); err != nil {
			t.Fatal(err)
		}
	}
	write("old", 10)
	port := freePorts(t, 1)[0]
	text := fmt.Sprintf("<Server port=\"-1\" periodicEventDelay=\"1\">\n<Listener className=%q checkPeriod=\"1\"/>\n<Service name=\"Catalina\">\n%s<Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\"/></Engine>\n</Service></Server>\n",
		listenerReload, configuration{attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateFile="conf/server.pem"/></SSLHostConfig>`}.xml(port))
	tomcat := testtool.StartTomcat(t, base, []byte(text))
	if !tomcat.Started {
		t.Fatalf("Tomcat has not started:\n%s", tomcat.Log())
	}
	served := func() string {
		t.Helper()
		name, err := handshake(fmt.Sprintf("127.0.0.1:%d", port), "", tls.VersionTLS13, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, tomcat.Log())
		}
		return name
	}
	if name := served(); name != "old" {
		t.Fatalf("it serves CN=%s", name)
	}
	write("renewed", 90)
	for deadline := time.Now().Add(time.Minute); served() != "renewed"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it serves the old certificate still:\n%s", tomcat.Log())
		}
	}
	if log := tomcat.Log(); !strings.Contains(log, "reloaded TLS configuration") {
		t.Errorf("its log:\n%s", log)
	}
}
