package tomcat

import (
	"crypto/tls"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gokeytool/finding"
)

var update = flag.Bool("update", false, "write the golden files again")

// snippetCases are connectors with all that the dialects can say.
func snippetCases() map[string]struct {
	version int
	c       Connector
} {
	type snippet = struct {
		version int
		c       Connector
	}
	return map[string]snippet{
		"keystore10": {10, Connector{Port: 8443, Hosts: []SSLHost{{
			Certificates: []Certificate{{KeystoreFile: "conf/tomcat.p12", KeystorePassword: []byte("changeit"), KeyAlias: "tomcat"}},
		}}}},
		"keystore7": {7, Connector{Port: 8443, Hosts: []SSLHost{{
			Certificates: []Certificate{{KeystoreFile: "${catalina.base}/conf/tomcat.jks", KeystorePassword: []byte(`a"b<c>&d'é`), KeyAlias: "tomcat", KeyPassword: []byte("other")}},
		}}}},
		"token10": {10, Connector{Port: 8443, Hosts: []SSLHost{{
			Verification: VerificationRequired, Truststore: Truststore{File: "t.p12", Provider: "SUN"},
			Certificates: []Certificate{{KeystoreType: TokenType, KeystoreProvider: "SunPKCS11-Tok", KeystorePasswordFile: "/pin", KeyAlias: "Tomcat"}},
		}}}},
		"token7": {7, Connector{Port: 8443, Hosts: []SSLHost{{
			Truststore:   Truststore{File: "t.jks"},
			Certificates: []Certificate{{KeystoreType: TokenType, KeystorePassword: []byte("1234"), KeyAlias: "Tomcat"}},
		}}}},
		"pem7": {7, Connector{Port: 8443, Hosts: []SSLHost{{
			Protocols: []uint16{tls.VersionTLS12}, Verification: VerificationRequired, CACertificateFile: "/ca.pem",
			Certificates: []Certificate{{CertificateFile: "/a.pem", KeyFile: "/a.key", ChainFile: "/chain.pem", KeyPassword: []byte("k")}},
		}}}},
		"everything7": {7, Connector{Port: 443, Address: "::1", Hosts: []SSLHost{{
			Protocols: []uint16{tls.VersionTLS11, tls.VersionTLS12}, Ciphers: "ECDHE+AESGCM:kRSA+AESGCM", HonorCipherOrder: true,
			Verification: VerificationOptional, VerificationDepth: 2,
			Truststore: Truststore{File: "t.jks", Type: "JCEKS", Password: []byte("t")}, CRLFile: "crl.pem", SessionCacheSize: 5, SessionTimeout: time.Minute,
			Certificates: []Certificate{{KeystoreFile: "a.jceks", KeystoreType: "JCEKS", KeystorePassword: []byte("p")}},
		}}}},
		"everything9": {9, Connector{Port: 443, Address: "127.0.0.1", HTTP2: true, DefaultHost: "www.example.com", Hosts: []SSLHost{
			{
				Names: []string{"www.example.com"}, Protocols: []uint16{tls.VersionTLS12, tls.VersionTLS13}, Ciphers: "HIGH:!aNULL:!DHE", HonorCipherOrder: true,
				Groups: []tls.CurveID{tls.X25519, tls.SecP256r1MLKEM768}, Verification: VerificationOptionalNoCA, VerificationDepth: 3,
				Truststore: Truststore{File: "/t.p12", Password: []byte("t")}, CACertificateFile: "/ca.pem", CACertificatePath: "/ca", CRLFile: "/crl.pem", CRLPath: "/crl",
				RevocationEnabled: true, OCSPEnabled: true, SessionCacheSize: 7, SessionTimeout: 5 * time.Second, NoTickets: true,
				Certificates: []Certificate{
					{Type: "RSA", KeystoreFile: "/a.p12", KeystorePasswordFile: "/pw", KeyAlias: "ä", KeyPasswordFile: "/kpw"},
					{Type: "EC", CertificateFile: "/ec.pem"},
				},
			},
			{Names: []string{"*.example.com"}, Certificates: []Certificate{{KeystoreFile: "/b.jks", KeystorePassword: []byte("p")}}},
		}}},
	}
}

func TestSnippet(t *testing.T) {
	for name, c := range snippetCases() {
		t.Run(name, func(t *testing.T) {
			text, err := Snippet(c.version, c.c)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "snippet", name+".xml")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Errorf("-%s +got:\n%s", golden, diff)
			}
			got := readBack(t, c.version, text)
			want2 := c.c
			completed(&want2)
			if diff := cmp.Diff(want2, got, sameConnector...); diff != "" {
				t.Errorf("read back -want +got:\n%s", diff)
			}
		})
	}
}

// readBack reads a snippet, in whose findings there is no error.
func readBack(t *testing.T, version int, text string) Connector {
	t.Helper()
	asItIs := func(name string) (string, bool) { return "${" + name + "}", !strings.HasPrefix(name, "javax.") }
	// The native connector needs its listener.
	listener := "<Listener className=\"" + listenerNative + "\"/>"
	got, findings, err := readConnectors([]byte("<Server>"+listener+"<Service>"+text+"</Service></Server>"), Options{Version: version, Lookup: asItIs})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d connectors, %v in:\n%s", len(got), err, text)
	}
	for _, f := range findings {
		if f.Severity == finding.Error {
			t.Errorf("%s in:\n%s", f, text)
		}
	}
	return got[0]
}

// sameConnector compares what a snippet says: not the lines, what follows from
// the version, and what the cipher list stands for.
var sameConnector = []cmp.Option{
	cmpopts.IgnoreFields(Connector{}, "Line", "Version", "TLS", "StrictSNI"),
	cmpopts.IgnoreFields(SSLHost{}, "Line", "Ciphers", "CipherSuites"),
	cmpopts.IgnoreFields(Certificate{}, "Line", "Flat", "KeystorePasswordGiven", "KeystoreTypeGiven"),
}

// completed puts the defaults in the place of what a snippet leaves out.
func completed(c *Connector) {
	if c.DefaultHost == "" {
		c.DefaultHost = DefaultHostName
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if len(h.Names) == 0 {
			h.Names = []string{DefaultHostName}
		}
		if len(h.Protocols) == 0 {
			h.Protocols = []uint16{tls.VersionTLS12, tls.VersionTLS13}
		}
		if h.VerificationDepth == 0 {
			h.VerificationDepth = 10
		}
		if h.SessionCacheSize == 0 {
			h.SessionCacheSize = -1
		}
		if h.SessionTimeout == 0 {
			h.SessionTimeout = 24 * time.Hour
		}
		for j := range h.Certificates {
			cert := &h.Certificates[j]
			if cert.PEM() && cert.KeyFile == "" {
				cert.KeyFile = cert.CertificateFile
			}
			if !cert.PEM() && cert.KeystorePassword == nil && cert.KeystorePasswordFile == "" && c.Version < 12 {
				cert.KeystorePassword = []byte("changeit")
			}
		}
	}
}

func TestSnippetErrors(t *testing.T) {
	with := func(change func(*Connector)) Connector {
		c := Connector{Port: 8443, Hosts: []SSLHost{{Certificates: []Certificate{{KeystoreFile: "a.p12"}}}}}
		change(&c)
		return c
	}
	for _, c := range []struct {
		name    string
		version int
		change  func(*Connector)
		text    string
	}{
		{"no host", 10, func(c *Connector) { c.Hosts = nil }, "no host"},
		{"no certificate", 10, func(c *Connector) { c.Hosts[0].Certificates = nil }, "no certificate"},
		{"two names", 10, func(c *Connector) { c.Hosts[0].Names = []string{"a", "b"} }, "one name"},
		{"two hosts in 7", 7, func(c *Connector) { c.Hosts = append(c.Hosts, c.Hosts[0]) }, "one host"},
		{"password file in 7", 7, func(c *Connector) { c.Hosts[0].Certificates[0].KeyPasswordFile = "x" }, "no password files"},
		{"HTTP/2 in 7", 7, func(c *Connector) { c.HTTP2 = true }, "no HTTP/2"},
		{"groups in 7", 7, func(c *Connector) { c.Hosts[0].Groups = []tls.CurveID{tls.X25519} }, "can't choose groups"},
		{"suites that Java has not", 7, func(c *Connector) { c.Hosts[0].Ciphers = "ARIA" }, "Java has no cipher suite"},
		{"group without a name", 10, func(c *Connector) { c.Hosts[0].Groups = []tls.CurveID{1} }, "no name for the group"},
		{"property in a password", 10, func(c *Connector) { c.Hosts[0].Certificates[0].KeystorePassword = []byte("a${b}") }, "use a password file"},
		{"control character", 10, func(c *Connector) { c.Hosts[0].Certificates[0].KeyAlias = "a\x01" }, "XML can't say"},
		{"line end", 10, func(c *Connector) { c.Hosts[0].Certificates[0].KeyAlias = "a\nb" }, "line end"},
		{"not UTF-8", 7, func(c *Connector) { c.Hosts[0].Certificates[0].KeystorePassword = []byte("\xff") }, "not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := Snippet(c.version, with(c.change))
			if err == nil || !strings.Contains(err.Error(), c.text) || text != "" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}
