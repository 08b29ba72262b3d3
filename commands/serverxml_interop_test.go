package commands_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
)

// serverXML is a connector that a real Tomcat 10 and serve are both given.
type serverXML struct {
	name, attributes, content string
	// tomcat is what Tomcat's log says of it; empty where it says nothing.
	tomcat string
	// ours is what serve says of it on its standard error; empty for nothing.
	ours string
	// listens says that Tomcat listens, refused that serve does not. Where
	// both do, the same clients must get the same certificates of both.
	listens, refused bool
	// fails says that Tomcat listens, and no handshake succeeds.
	fails bool
}

var serverXMLs = []serverXML{
	{name: "PKCS12", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "PKCS12 with several keys", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.p12"/></SSLHostConfig>`, listens: true, ours: `server\.xml: line \d+: warning: .* Tomcat serves "alpha", the first that Java enumerates`},
	{name: "JKS with several keys", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks"/></SSLHostConfig>`, listens: true, ours: `server\.xml: line \d+: warning: .* Tomcat serves "zeta", the first that Java enumerates`},
	{name: "JCEKS with several keys", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jceks" certificateKeystoreType="JCEKS"/></SSLHostConfig>`, listens: true, ours: `server\.xml: line \d+: warning: .* Tomcat serves "zeta", the first that Java enumerates`},
	{name: "alias in other letters", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks" certificateKeyAlias="ALPHA"/></SSLHostConfig>`, listens: true},
	{name: "PEM", content: `<SSLHostConfig><Certificate certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem" certificateChainFile="conf/ca.pem"/></SSLHostConfig>`, listens: true},
	{name: "RSA and EC", content: `<SSLHostConfig><Certificate type="RSA" certificateKeystoreFile="conf/rsa.p12"/><Certificate type="EC" certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, listens: true},
	{name: "hosts", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>` +
		`<SSLHostConfig hostName="www.example.com"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>` +
		`<SSLHostConfig hostName="*.example.com" protocols="TLSv1.2"><Certificate certificateKeystoreFile="conf/many.jks" certificateKeyAlias="zeta"/></SSLHostConfig>`, listens: true},
	{name: "other default host", attributes: `defaultSSLHostConfigName="www.example.com"`, content: `<SSLHostConfig hostName="www.example.com"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, listens: true},
	{name: "key password of its own", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/own.jks" certificateKeyPassword="secretkey"/></SSLHostConfig>`, listens: true},
	{name: "property and password file", content: `<SSLHostConfig><Certificate certificateKeystoreFile="${catalina.base}/conf/rsa.p12" certificateKeystorePasswordFile="conf/password"/></SSLHostConfig>`, listens: true},
	{name: "TLS 1.2 alone", content: `<SSLHostConfig protocols="TLSv1.2"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, listens: true},
	{name: "TLS 1.3 alone", content: `<SSLHostConfig protocols="TLSv1.3"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, listens: true},
	{name: "ciphers", content: `<SSLHostConfig ciphers="ECDHE+AES256+AESGCM"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "ciphers of another key type", content: `<SSLHostConfig protocols="TLSv1.2" ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true, fails: true, refused: true, ours: `FAIL  enabled suites`},
	{name: "clients needed, PKCS12", content: `<SSLHostConfig protocols="TLSv1.2" certificateVerification="required" truststoreFile="conf/truststore.p12" truststorePassword="changeit"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "clients needed, JKS", content: `<SSLHostConfig certificateVerification="required" truststoreFile="conf/trust.jks" truststorePassword="changeit"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "clients wanted", content: `<SSLHostConfig protocols="TLSv1.2" certificateVerification="optional" truststoreFile="conf/trust.jks" truststorePassword="changeit"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "clients needed, issued without intermediates", content: `<SSLHostConfig protocols="TLSv1.2" certificateVerification="required" certificateVerificationDepth="0" truststoreFile="conf/trust.jks"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},
	{name: "clients needed, any number of intermediates", content: `<SSLHostConfig protocols="TLSv1.2" certificateVerification="required" certificateVerificationDepth="-1" truststoreFile="conf/trust.jks"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true},

	{name: "no such file", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/nowhere.p12"/></SSLHostConfig>`, refused: true, tomcat: `nowhere.p12`, ours: `nowhere\.p12 \(No such file`},
	{name: "wrong password", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/rsa.p12" certificateKeystorePassword="wrongone"/></SSLHostConfig>`, refused: true, tomcat: `keystore password was incorrect`, ours: `keystore password was incorrect`},
	{name: "no such alias", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/rsa.p12" certificateKeyAlias="nobody"/></SSLHostConfig>`, refused: true, tomcat: `Alias name [nobody] does not identify a key entry`, ours: `Alias name \[nobody\] does not identify a key entry`},
	{name: "wrong key password", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/own.jks"/></SSLHostConfig>`, refused: true, tomcat: `Cannot recover key`, ours: `Cannot recover key\n.*certificateKeyPassword`},
	{name: "certificates alone", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/truststore.p12"/></SSLHostConfig>`, refused: true, tomcat: `does not identify a key entry`, ours: `key`},
	{name: "flat dialect", attributes: `keystoreFile="conf/rsa.p12" keystorePass="changeit"`, refused: true, tomcat: `failed to set property [keystoreFile]`, ours: `line \d+: error: .*keystoreFile`},
	{name: "misspelt attribute", content: `<SSLHostConfig protcols="TLSv1.2"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, listens: true, refused: true, tomcat: `failed to set property [protcols]`, ours: `is protocols meant`},
	{name: "protocols that are none", content: `<SSLHostConfig protocols="TLS"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `None of the [protocols] specified are supported`, ours: `error: .*protocols`},
	{name: "expired", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/expired.p12"/></SSLHostConfig>`, listens: true, ours: `FAIL  dates`},
	{name: "DSA", content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/dsa.p12"/></SSLHostConfig>`, listens: true, fails: true, refused: true, ours: `FAIL  suites`},
	{name: "another key", content: `<SSLHostConfig><Certificate certificateFile="conf/cert.pem" certificateKeyFile="conf/other.pem"/></SSLHostConfig>`, listens: true, fails: true, refused: true, ours: `FAIL  key`},
	{name: "clients needed, nobody trusted", content: `<SSLHostConfig protocols="TLSv1.2" certificateVerification="required" truststoreFile="conf/truststore.p12"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `trustAnchors parameter must be non-empty`, ours: `truststorePassword`},
	{name: "clients needed, a key in place of authorities", content: `<SSLHostConfig certificateVerification="required" truststoreFile="conf/rsa.p12" truststorePassword="changeit"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `trustAnchors parameter must be non-empty`, ours: `no authority is trusted`},
	{name: "clients not asked, nobody trusted", content: `<SSLHostConfig truststoreFile="conf/rsa.p12" truststorePassword="changeit"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `trustAnchors parameter must be non-empty`, ours: `holds no certificate of an authority\n.*truststore`},
	{name: "clients not asked, no truststore", content: `<SSLHostConfig truststoreFile="conf/nobody.p12"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `nobody.p12`, ours: `nobody\.p12 \(No such file`},
	{name: "clients not asked, no list", content: `<SSLHostConfig truststoreFile="conf/trust.jks" certificateRevocationListFile="conf/nolist"><Certificate certificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, refused: true, tomcat: `nolist`, ours: `nolist \(No such file`},
}

// TestServerXML gives a server.xml of many connectors to a real Tomcat 10 and,
// connector by connector, to serve, and compares them as clients see them.
func TestServerXML(t *testing.T) {
	testtool.TomcatHome(t)
	openssl := testtool.Look(t, "openssl")
	base := t.TempDir()
	conf := filepath.Join(base, "conf")
	run := func(program string, line ...string) {
		t.Helper()
		cmd := exec.Command(program, line...)
		cmd.Dir = base
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(base, "data"))
		testtool.Output(t, cmd)
	}
	ours := filepath.Join(programs, "gokeytool")
	run(ours, "dev", "-dir", "conf", "-client", "alice")
	genkey := func(file, alias string, more ...string) {
		t.Helper()
		run(ours, append([]string{"genkeypair", "-alias", alias, "-dname", "CN=" + alias, "-ext", "san=dns:localhost", "-ext", "eku=serverAuth,clientAuth",
			"-keystore", "conf/" + file, "-storepass", "changeit"}, more...)...)
	}
	genkey("rsa.p12", "rsa", "-keyalg", "RSA", "-keysize", "2048")
	genkey("ec.p12", "ec", "-keyalg", "EC")
	genkey("mallory.p12", "mallory", "-keyalg", "EC")
	genkey("dsa.p12", "dsa", "-keyalg", "DSA", "-keysize", "2048")
	genkey("expired.p12", "expired", "-keyalg", "EC", "-startdate", "2020/01/01", "-validity", "10")
	genkey("own.jks", "own", "-keyalg", "EC", "-storetype", "JKS", "-keypass", "secretkey")
	for _, kind := range []string{"p12", "jks", "jceks"} {
		for _, alias := range []string{"alpha", "tomcat", "zeta", "m1"} {
			genkey("many."+kind, alias, "-keyalg", "EC", "-storetype", map[string]string{"p12": "PKCS12", "jks": "JKS", "jceks": "JCEKS"}[kind])
		}
	}
	run(ours, "importcert", "-noprompt", "-alias", "ca", "-file", "conf/ca.pem", "-keystore", "conf/trust.jks", "-storetype", "JKS", "-storepass", "changeit")
	run(openssl, "pkcs12", "-in", "conf/mallory.p12", "-passin", "pass:changeit", "-nodes", "-out", "conf/mallory.pem")
	run(openssl, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "conf/other.pem")
	if err := os.WriteFile(filepath.Join(conf, "password"), []byte("changeit\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	var connectors []testtool.Connector
	for _, c := range serverXMLs {
		connectors = append(connectors, testtool.Connector{Attributes: `protocol="HTTP/1.1" ` + c.attributes, Content: c.content})
	}
	tomcat, ports := testtool.StartConnectors(t, base, connectors)

	alice, err := tls.LoadX509KeyPair(filepath.Join(conf, "client-alice.pem"), filepath.Join(conf, "client-alice-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	mallory, err := tls.LoadX509KeyPair(filepath.Join(conf, "mallory.pem"), filepath.Join(conf, "mallory.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range serverXMLs {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(tomcat.Log(), c.tomcat) {
				t.Errorf("Tomcat's log does not say %q", c.tomcat)
			}
			theirAddr := fmt.Sprintf("127.0.0.1:%d", ports[i])
			conn, err := net.DialTimeout("tcp", theirAddr, time.Minute)
			if err == nil {
				conn.Close()
			}
			if listens := err == nil; listens != c.listens {
				t.Errorf("Tomcat listens: %v", listens)
			}
			ourAddr, said := serveXML(t, filepath.Join(programs, "gokeytool"), base, "-tomcat", "10", "-connector", fmt.Sprint(ports[i]))
			if matched, err := regexp.MatchString(c.ours, said); err != nil || !matched || strings.Contains(said, "wrongone") {
				t.Errorf("serve does not say %q, but:\n%s", c.ours, said)
			}
			if refused := ourAddr == ""; refused != c.refused {
				t.Errorf("serve refuses: %v\n%s", refused, said)
			}
			if !c.listens || t.Failed() {
				return
			}
			theirs := seenBy(theirAddr, strings.Contains(c.content, "certificateVerification"), alice, mallory)
			if c.fails {
				for client, certificate := range theirs {
					if certificate != "refused" {
						t.Errorf("Tomcat serves %s to %s", certificate, client)
					}
				}
			}
			if c.refused {
				return
			}
			if diff := cmp.Diff(theirs, seenBy(ourAddr, strings.Contains(c.content, "certificateVerification"), alice, mallory)); diff != "" {
				t.Errorf("what clients see differs (-Tomcat +serve):\n%s", diff)
			}
		})
	}
}

// serveXML has serve of a program take base/conf/server.xml, and further options, on
// a free port until the test ends. The address is empty where it would not; said is its
// standard error.
func serveXML(t *testing.T, program, base string, options ...string) (addr, said string) {
	t.Helper()
	args := append([]string{"serve", "-serverxml", filepath.Join(base, "conf", "server.xml"), "-port", "0", "-for", "120s"}, options...)
	cmd := exec.Command(program, args...)
	// A file has all that was said before it listens; a pipe may lag behind.
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	text := func() string {
		data, err := os.ReadFile(stderr.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "Listening on https://"); ok {
			_, port, err := net.SplitHostPort(strings.TrimSuffix(url, "/"))
			if err != nil {
				t.Fatal(err)
			}
			return "127.0.0.1:" + port, text()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("serve does not listen, and exits with 0")
	}
	return "", text()
}

// seenBy says which certificate each of many clients is served, or that it is
// refused.
func seenBy(addr string, mutual bool, alice, mallory tls.Certificate) map[string]string {
	clients := map[string]*tls.Certificate{"nobody": nil}
	if mutual {
		clients["alice"], clients["mallory"] = &alice, &mallory
	}
	kinds := []struct {
		name    string
		version uint16
		suites  []uint16
	}{
		{"TLSv1", tls.VersionTLS10, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
		{"TLSv1.1", tls.VersionTLS11, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
		{"TLSv1.2 RSA AES128", tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
		{"TLSv1.2 RSA AES256", tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}},
		{"TLSv1.2 ECDSA AES128", tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}},
		{"TLSv1.3", tls.VersionTLS13, nil},
	}
	seen := make(map[string]string)
	for _, name := range []string{"", "www.example.com", "shop.example.com", "unknown.test"} {
		for _, kind := range kinds {
			for who, certificate := range clients {
				config := &tls.Config{InsecureSkipVerify: true, ServerName: name, MinVersion: kind.version, MaxVersion: kind.version, CipherSuites: kind.suites}
				if certificate != nil {
					config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
				}
				seen[fmt.Sprintf("%s with %s for %q", who, kind.name, name)] = servedTo(addr, config)
			}
		}
	}
	return seen
}

// servedTo is the common name of the certificate a client is served. With TLS
// 1.3 a client learns after the handshake that its own is refused.
func servedTo(addr string, config *tls.Config) string {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", addr, config)
	if err != nil {
		return "refused"
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET /healthz HTTP/1.0\r\n\r\n")
	if n, _ := conn.Read(make([]byte, 1)); n == 0 {
		return "refused"
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}
