package tomcat

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gokeytool/finding"
	"gokeytool/internal/testtool"
)

// readConnectors is Read for what most tests look at.
func readConnectors(data []byte, opt Options) ([]Connector, []finding.Finding, error) {
	c, err := Read(data, opt)
	if err != nil {
		return nil, nil, err
	}
	return c.Connectors, c.Findings, nil
}

// values is a Lookup of fixed values.
func values(known map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := known[name]
		return v, ok
	}
}

// password is a ReadFile that has one file.
func passwordFile(name string) ([]byte, error) {
	if filepath.ToSlash(name) != "/base/conf/password" {
		return nil, fmt.Errorf("open %s: no such file", name)
	}
	return []byte("from file\nnot this"), nil
}

func TestConnectors(t *testing.T) {
	both := []uint16{tls.VersionTLS12, tls.VersionTLS13}
	changeit := []byte("changeit")
	for _, c := range []struct {
		file    string
		options Options
		want    []Connector
		finds   []string
	}{
		{
			file:    "server7.xml",
			options: Options{Base: "/base", Lookup: values(map[string]string{"user.home": "/home/duke"})},
			want: []Connector{
				{Line: 7, Version: 7, Port: 8080, RedirectPort: 8443, DefaultHost: "_default_"},
				{Line: 9, Version: 7, Port: 8443, TLS: true, DefaultHost: "_default_", Hosts: []SSLHost{{
					Line: 9, Names: []string{"_default_"}, Protocols: []uint16{tls.VersionTLS12},
					Ciphers:           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,                     TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
					CipherSuites:      []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
					Verification:      VerificationOptional,
					VerificationDepth: 10,
					Truststore:        Truststore{File: "/base/conf/trust.jks", Password: []byte("trust & more")},
					SessionCacheSize:  -1, SessionTimeout: 24 * time.Hour,
					Certificates: []Certificate{{Line: 9, Flat: true, KeystoreFile: "/home/duke/.keystore", KeystorePassword: changeit, KeyAlias: "Tomcat"}},
				}}},
				{Line: 18, Version: 7, Port: 9443, TLS: true, DefaultHost: "_default_", Hosts: []SSLHost{{
					Line: 18, Names: []string{"_default_"}, Protocols: []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12},
					Verification: VerificationOptional, VerificationDepth: 10, CACertificateFile: "/base/conf/ca.crt",
					SessionCacheSize: -1, SessionTimeout: 24 * time.Hour,
					Certificates: []Certificate{{Line: 18, Flat: true, CertificateFile: "/usr/local/ssl/server.crt", KeyFile: "/usr/local/ssl/server.pem"}},
				}}},
			},
			finds: []string{"warning ciphers can't do TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "warning SSLProtocol Java refuses TLSv1, TLSv1.1",
				"info protocol where libtcnative is not found"},
		},
		{
			file: "server9.xml",
			options: Options{Base: "/base", Lookup: values(map[string]string{
				"user.home": "/home/duke", "store.pass": "secret", "https.port": "10443", "javax.net.ssl.trustStore": "/etc/trust.jks",
			})},
			want: []Connector{
				{Line: 5, Version: 9, Port: 10443, Address: "${bind}", TLS: true, HTTP2: true, DefaultHost: "_default_", StrictSNI: true, Hosts: []SSLHost{
					{
						Line: 5, Names: []string{"_default_"}, Protocols: both, HonorCipherOrder: true, VerificationDepth: 10,
						Truststore: Truststore{File: "/etc/trust.jks"}, SessionTimeout: 10 * time.Minute,
						Certificates: []Certificate{{Line: 5, Flat: true, KeystoreFile: "/base/conf/Schlüssel.p12", KeystorePassword: []byte("secret")}},
					},
					{
						Line: 10, Names: []string{"other.example.com"}, Protocols: both, VerificationDepth: 10,
						Truststore: Truststore{File: "/etc/trust.jks"}, SessionCacheSize: -1, SessionTimeout: 24 * time.Hour,
						Certificates: []Certificate{{Line: 10, KeystoreFile: "/srv/other.jks", KeystorePassword: changeit}},
					},
				}},
				{Line: 14, Version: 9, Port: 9443, TLS: true, DefaultHost: "_default_", StrictSNI: true, Hosts: []SSLHost{{
					Line: 14, Names: []string{"_default_"}, Protocols: both, VerificationDepth: 10,
					Truststore: Truststore{File: "/etc/trust.jks"}, SessionCacheSize: -1, SessionTimeout: 24 * time.Hour,
					Certificates: []Certificate{{Line: 14, Flat: true, KeystoreFile: "/base/conf/second.jks", KeystorePassword: changeit}},
				}}},
			},
			finds: []string{"error address ${bind} has no value", "warning maxThreads ${threads} has no value", "error  plain HTTP"},
		},
		{
			file:    "server10.xml",
			options: Options{Base: "/base", ReadFile: passwordFile},
			want: []Connector{
				{Line: 4, Version: 10, Port: 9080, RedirectPort: 9444, DefaultHost: "_default_", StrictSNI: true},
				{Line: 5, Version: 10, Port: 9443, TLS: true, HTTP2: true, DefaultHost: "_default_", Hosts: []SSLHost{
					{
						Line: 8, Names: []string{"_default_"}, Protocols: []uint16{tls.VersionTLS13}, Groups: []tls.CurveID{tls.X25519MLKEM768, tls.X25519},
						Verification: VerificationRequired, VerificationDepth: 3, Truststore: Truststore{File: "/base/conf/trust.p12", Password: changeit},
						CRLFile: "/base/conf/crl.pem", SessionCacheSize: -1, SessionTimeout: -1,
						Certificates: []Certificate{
							{Line: 11, Type: "RSA", KeystoreFile: "/base/conf/localhost-rsa.jks", KeystorePassword: []byte("from file"), KeystorePasswordFile: "/base/conf/password",
								KeyAlias: "rsa", KeyPassword: []byte("key")},
							{Line: 14, Type: "EC", CertificateFile: "/base/conf/localhost-ec-cert.pem", KeyFile: "/base/conf/localhost-ec-key.pem", ChainFile: "/base/conf/chain.pem"},
						},
					},
					{
						Line: 17, Names: []string{"*.example.com"}, Protocols: both, HonorCipherOrder: true, VerificationDepth: 10,
						Ciphers:          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
						CipherSuites:     []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
						SessionCacheSize: -1, SessionTimeout: 24 * time.Hour,
						Certificates: []Certificate{{Line: 19, KeystoreFile: "/srv/wild.p12", KeystorePassword: []byte{}}},
					},
				}},
			},
			finds: []string{"warning redirectPort set redirectPort to 8443"},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			got, findings, err := readConnectors(data, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(Certificate{}, "KeystorePasswordGiven", "KeystoreTypeGiven")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkFindings(t, findings, c.finds)
		})
	}
}

func TestConnectorsOfShippedFile(t *testing.T) {
	home := testtool.TomcatHome(t)
	var data []byte
	for _, dir := range []string{"etc", "conf"} {
		if text, err := os.ReadFile(filepath.Join(home, dir, "server.xml")); err == nil {
			data = text
		}
	}
	got, findings, err := readConnectors(data, Options{Base: "/base"})
	if err != nil {
		t.Fatal(err)
	}
	checkFindings(t, findings, []string{"info redirectPort no connector listens there"})
	if len(got) != 1 || got[0].Port != 8080 || got[0].TLS || got[0].RedirectPort != 8443 {
		t.Errorf("%+v", got)
	}
	// With the example in its comments taken out of them.
	example := strings.Index(string(data), `<Connector port="8443"`)
	if example < 0 {
		t.Fatal("Tomcat's file has no example")
	}
	open := strings.LastIndex(string(data[:example]), "<!--")
	shut := example + strings.Index(string(data[example:]), "-->")
	data = slices.Concat(data[:open], data[example:shut], data[shut+3:])
	got, findings, err = readConnectors(data, Options{Base: "/base"})
	if err != nil {
		t.Fatal(err)
	}
	checkFindings(t, findings, []string{"info protocol OpenSSL does TLS where libtcnative is found"})
	if len(got) != 2 || !got[1].TLS || !got[1].HTTP2 || got[1].Hosts[0].Certificates[0].KeystoreFile != "/base/conf/localhost-rsa.jks" {
		t.Errorf("%+v", got)
	}
}

// TestVersions reads one text for several versions.
func TestVersions(t *testing.T) {
	const flatToken = `<Connector port="8443" SSLEnabled="true" scheme="https" secure="true" `
	const tokenXML = `certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11-Tok"`
	certificateXML := func(attributes string) string {
		return `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate ` + attributes + `/></SSLHostConfig></Connector>`
	}
	const flatJava = `<Connector port="8443" SSLEnabled="true" scheme="https" secure="true" keystoreFile="a.jks" `
	for _, c := range []struct {
		name    string
		version int
		xml     string
		finds   []string
		check   func(*Connector) bool
	}{
		{name: "key password for both", version: 7, xml: flatJava + `keyPass="one"/>`,
			check: func(c *Connector) bool { return string(c.Hosts[0].Certificates[0].KeystorePassword) == "one" }},
		{name: "key password for the key", version: 9, xml: flatJava + `keyPass="one"/>`,
			check: func(c *Connector) bool { return string(c.Hosts[0].Certificates[0].KeystorePassword) == "changeit" }},
		{name: "no password by default", version: 12, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystorePassword == nil && c.StrictSNI }},
		{name: "https without being told", version: 7, xml: `<Connector port="8443" SSLEnabled="true" keystoreFile="a.jks"/>`},
		{name: "http in vain", version: 7, xml: `<Connector port="8443" SSLEnabled="true" scheme="http" secure="yes" keystoreFile="a.jks"/>`,
			finds: []string{"info scheme it changes nothing", "info secure it changes nothing"}},
		{name: "a proxy in front", version: 9, xml: flatJava + `proxyName="www.example.com" proxyPort="443"/>`,
			check: func(c *Connector) bool { return c.ProxyName == "www.example.com" && c.ProxyPort == 443 }},
		{name: "no port of a proxy", version: 9, xml: flatJava + `proxyPort="-1"/>`,
			finds: []string{"error proxyPort not a TCP port"}, check: func(c *Connector) bool { return c.ProxyPort == 0 }},
		{name: "openssl's names", version: 7, xml: flatJava + `ciphers="ECDHE-RSA-AES128-GCM-SHA256"/>`,
			finds: []string{"error ciphers Java's names"}},
		{name: "all of Java's suites", version: 7, xml: flatJava + `ciphers="ALL" sslEnabledProtocols=""/>`,
			finds: []string{"warning ciphers with DHE"}},
		{name: "clientAuth with a word of the successors", version: 7, xml: flatJava + `truststoreFile="t.jks" clientAuth="required"/>`,
			finds: []string{"error clientAuth for false"}},
		{name: "elements before their time", version: 7, xml: `<Connector port="8443" SSLEnabled="true" scheme="https" secure="true"><SSLHostConfig><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error  came with 8.5"}},
		{name: "PEM without the native connector", version: 7, xml: `<Connector port="8443" SSLEnabled="true" scheme="https" secure="true" SSLCertificateFile="a.pem"/>`,
			finds: []string{"error SSLCertificateFile only the native connector"}},
		{name: "blocking connector", version: 9, xml: `<Connector port="8443" protocol="org.apache.coyote.http11.Http11Protocol" SSLEnabled="true" keystoreFile="a.jks"/>`,
			finds: []string{"error protocol Tomcat 9 does not have this class"}},
		{name: "both dialects for one host", version: 9, xml: `<Connector port="8443" SSLEnabled="true" keystoreFile="a.jks"><SSLHostConfig><Certificate certificateKeystoreFile="b.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error hostName Host names must be unique"}},
		{name: "both dialects in 10", version: 10, xml: `<Connector port="8443" SSLEnabled="true" keystoreFile="a.jks"><SSLHostConfig><Certificate certificateKeystoreFile="b.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error keystoreFile ignores it"}, check: func(c *Connector) bool {
				return len(c.Hosts) == 1 && c.Hosts[0].Certificates[0].KeystoreFile == "b.jks"
			}},
		{name: "twice the same", version: 9, xml: flatJava + `ciphers="kRSA" SSLCipherSuite="ECDHE-RSA-AES128-GCM-SHA256"/>`,
			finds: []string{"warning SSLCipherSuite the same as ciphers"}, check: func(c *Connector) bool { return len(c.Hosts[0].CipherSuites) == 1 }},
		{name: "host's own certificate and others", version: 9, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig certificateKeystoreFile="a.jks"><Certificate type="EC" certificateKeystoreFile="b.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error type does not start at all"}},
		{name: "nothing but SSLEnabled", version: 9, xml: `<Connector port="8443" SSLEnabled="true"/>`,
			finds: []string{"error  names neither a keystore"}, check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystoreFile == "${user.home}/.keystore" }},
		{name: "optional with old clients of OpenSSL", version: 9, xml: flatJava + `SSLVerifyClient="optional_no_ca" truststoreFile="t.jks" SSLProtocol="TLSv1.2"/>`,
			finds: []string{"warning SSLVerifyClient treats it as optional"}},
		{name: "another protocol", version: 10, xml: `<Connector port="8080" protocol="com.example.Protocol"/>`, finds: []string{"warning protocol use HTTP/1.1"}},
		{name: "no port", version: 10, xml: `<Connector/>`, finds: []string{"error  has no port"}},
		{name: "port that is none", version: 10, xml: `<Connector port="https"/>`, finds: []string{"error port not a number"}},
		{name: "port out of range", version: 10, xml: `<Connector port="70000"/>`, finds: []string{"error port not a TCP port"}},
		{name: "offset of its own", version: 10, xml: `<Connector port="8443" portOffset="60000"/>`, finds: []string{"warning portOffset in its place"}},
		{name: "the same port twice", version: 10, xml: `<Connector port="8080"/><Connector port="8080" address="127.0.0.1"/>`, finds: []string{"error port line 3 has the port 8080 already"}},
		{name: "the same port at two addresses", version: 10, xml: `<Connector port="8080" address="127.0.0.1"/><Connector port="8080" address="::1"/>`},
		{name: "one port with all addresses in two ways", version: 10, xml: `<Connector port="8080" address="0.0.0.0"/><Connector port="8080" address="::"/>`, finds: []string{"error port Address already in use"}},
		{name: "one address by two names", version: 10, xml: `<Connector port="8080" address="localhost"/><Connector port="8080" address="127.0.0.1"/>`, finds: []string{"error port Address already in use"}},
		{name: "AJP on the port", version: 10, xml: `<Connector port="8443"/><Connector protocol="AJP/1.3" port="8443" address="0.0.0.0"/>`, finds: []string{"error port line 3 has the port 8443 already"}},
		{name: "AJP on the port of the loopback", version: 10, xml: `<Connector port="8443" address="192.0.2.1"/><Connector protocol="AJP/1.3" port="8443"/>`},
		{name: "the Server's shutdown port", version: 10, xml: `<Connector port="8005"/>`, finds: []string{"error port for its shutdown command"}},
		{name: "the Server's shutdown port at another address", version: 10, xml: `<Connector port="8005" address="192.0.2.1"/>`},
		{name: "empty address", version: 10, xml: `<Connector port="8080" address=""/>`, finds: []string{"warning address no other machine can connect"}},
		{name: "all addresses as people write them", version: 10, xml: `<Connector port="8080" address="*"/>`, finds: []string{"warning address listens on all addresses"}},
		{name: "address with a port", version: 10, xml: `<Connector port="8080" address="127.0.0.1:8080"/>`, finds: []string{"warning address write 127.0.0.1, and the port as port"}},
		{name: "address that is none", version: 10, xml: `<Connector port="8080" address="300.1.1.1"/>`, finds: []string{"warning address failed to set property"}},
		{name: "addresses", version: 10, xml: `<Connector port="8080" address="[::1]"/><Connector port="8081" address="www.example.com"/><Connector port="8082" address="fe80::1%eth0"/>`},
		{name: "redirect to a connector without TLS", version: 10, xml: `<Connector port="8080" redirectPort="8081"/><Connector port="8081" redirectPort="8443"/>` + tlsConnector,
			finds: []string{"warning redirectPort the connector of line 4 speaks plain HTTP there; set redirectPort to 8443"}},
		{name: "redirect to itself", version: 10, xml: `<Connector port="8080" redirectPort="8080"/>` + tlsConnector, finds: []string{"warning redirectPort this connector itself"}},
		{name: "redirect to AJP", version: 10, xml: `<Connector port="8080" redirectPort="8009"/><Connector protocol="AJP/1.3" port="8009"/>` + tlsConnector, finds: []string{"warning redirectPort speaks AJP"}},
		{name: "redirect to another service", version: 10, xml: `<Connector port="8080" redirectPort="8443"/></Service><Service name="b">` + tlsConnector, finds: []string{"warning redirectPort belongs to another Service"}},
		{name: "redirect by default", version: 10, xml: `<Connector port="8080"/>` + tlsConnector, finds: []string{"warning redirectPort without a redirectPort, requests that need TLS are led to the port 443, and no connector listens there; set redirectPort to 8443"}},
		{name: "redirect by default to 443", version: 10, xml: `<Connector port="80"/>` + strings.Replace(tlsConnector, "8443", "443", 1)},
		{name: "no redirect, and no TLS", version: 10, xml: `<Connector port="8080"/>`},
		{name: "redirect without TLS", version: 10, xml: `<Connector port="8080" redirectPort="8443"/>`, finds: []string{"info redirectPort no connector listens there"}},
		{name: "redirect to the loopback", version: 10, xml: `<Connector port="8080" redirectPort="8443"/>` + strings.Replace(tlsConnector, " SSL", ` address="127.0.0.1" SSL`, 1), finds: []string{"warning redirectPort on 127.0.0.1 only"}},
		{name: "redirect of a proxy", version: 10, xml: `<Connector port="8080" proxyPort="80" redirectPort="443"/><Connector port="8081" scheme="https" secure="true"/>` + tlsConnector},
		{name: "redirect switched off", version: 10, xml: `<Connector port="8080" redirectPort="-1"/>` + tlsConnector, finds: []string{"warning redirectPort the status 403"}},
		{name: "redirect beyond ports", version: 10, xml: `<Connector port="8080" redirectPort="84430"/>` + tlsConnector, finds: []string{"error redirectPort not a TCP port"}},
		{name: "free ports", version: 10, xml: `<Connector port="0"/><Connector port="0"/>`},
		{name: "host beside its connector", version: 10, xml: `<Connector port="8080"/><SSLHostConfig/>`, finds: []string{"error  put it into a Connector"}},
		{name: "certificate beside its host", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig><Certificate/></Connector>`,
			finds: []string{"error  put it into an SSLHostConfig"}},
		{name: "name with a star inside", version: 10, xml: `<Connector port="8443" SSLEnabled="true" defaultSSLHostConfigName="w*.example.com"><SSLHostConfig hostName="w*.example.com"><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"warning hostName matches no name"}},
		{name: "wrong file, right attribute elsewhere", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig keystoreFile="x"><Certificate certificateKeystoreFile="a.jks" truststoreFile="t.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error keystoreFile it is certificateKeystoreFile of Certificate", "error truststoreFile it is truststoreFile of SSLHostConfig"}},
		{name: "keystore from the network", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="https://example.com/a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error certificateKeystoreFile scheme \"https\""}},
		{name: "keystore without a file", version: 10, xml: certificateXML(`certificateKeystoreFile="NONE"`), finds: []string{"error certificateKeystoreFile No aliases for private keys found in key store\"); name the file, or set certificateKeystoreType to PKCS11"}},
		{name: "keystore of Windows", version: 10, xml: certificateXML(`certificateKeystoreFile="" certificateKeystoreType="Windows-MY"`), finds: []string{"error certificateKeystoreFile Java's alone", "error certificateKeystoreType can't be served here"}},
		{name: "keystore in a token", version: 10, xml: certificateXML(`certificateKeystoreType="pkcs11" certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11-Tok"`), check: func(c *Connector) bool {
			cert := &c.Hosts[0].Certificates[0]
			return cert.Token() && cert.KeystoreFile == "" && cert.KeystoreProvider == "SunPKCS11-Tok" && string(cert.KeystorePassword) == "1234"
		}},
		{name: "token without a name", version: 10, xml: certificateXML(`certificateKeystoreFile="NONE" certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeyAlias="a"`)},
		{name: "token with an empty name", version: 10, xml: certificateXML(`certificateKeystoreFile="" certificateKeystoreType="PKCS11" certificateKeystorePassword="1234"`)},
		{name: "token and a file", version: 10, xml: certificateXML(`certificateKeystoreFile="a.p12" certificateKeystoreType="PKCS11" certificateKeystorePassword="1234"`),
			finds: []string{"warning certificateKeystoreFile does not look at it"}, check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystoreFile == "" }},
		{name: "token in the flat dialect", version: 7, xml: flatToken + `keystoreType="PKCS11" keystoreProvider="SunPKCS11-Tok" keystorePass="1234" keyAlias="a" keyPass="1234"/>`,
			finds: []string{"info keyPass no passwords of their own"}, check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].Token() }},
		{name: "token without a PIN", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11"`), finds: []string{"error  changeit, as the PIN"},
			check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystorePassword == nil }},
		{name: "token without a PIN, flat", version: 9, xml: flatToken + `keystoreType="PKCS11" keystoreFile="NONE"/>`, finds: []string{"error  set keystorePass to the PIN"}},
		{name: "token without a PIN in Tomcat 7 with a key's", version: 7, xml: flatToken + `keystoreType="PKCS11" keyPass="1234"/>`, finds: []string{"info keyPass passwords of their own"},
			check: func(c *Connector) bool { return string(c.Hosts[0].Certificates[0].KeystorePassword) == "1234" }},
		{name: "token without a PIN and a default", version: 12, xml: certificateXML(`certificateKeystoreType="PKCS11"`), finds: []string{"warning  no password provided"}},
		{name: "token with an empty PIN", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword=""`), finds: []string{"warning certificateKeystorePassword no password provided"}},
		{name: "token with the default for a PIN", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="changeit"`), finds: []string{"warning certificateKeystorePassword each start costs one of the token's tries"}},
		{name: "token with its PIN in a file", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePasswordFile="/base/conf/password"`), check: func(c *Connector) bool {
			return string(c.Hosts[0].Certificates[0].KeystorePassword) == "from file"
		}},
		{name: "provider without the configuration's name", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11"`),
			finds: []string{"error certificateKeystoreProvider PKCS11 not found"}},
		{name: "provider in other letters", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider="sunPKCS11-Tok"`),
			finds: []string{"error certificateKeystoreProvider no such provider: sunPKCS11-Tok"}},
		{name: "empty provider", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider=""`),
			finds: []string{"error certificateKeystoreProvider missing provider"}},
		{name: "provider of files", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider="SunJSSE"`),
			finds: []string{"error certificateKeystoreProvider PKCS11 not found"}},
		{name: "provider of somebody else", version: 10, xml: certificateXML(`certificateKeystoreType="PKCS11" certificateKeystorePassword="1234" certificateKeystoreProvider="IAIK"`),
			finds: []string{"warning certificateKeystoreProvider none of Java's own"}},
		{name: "file with a token's provider", version: 10, xml: certificateXML(`certificateKeystoreFile="a.p12" certificateKeystoreType="PKCS12" certificateKeystoreProvider="SunPKCS11-Tok"`),
			finds: []string{"error certificateKeystoreProvider PKCS12 not found\"); remove it, or set certificateKeystoreType to PKCS11"}},
		{name: "token as people write it", version: 10, xml: certificateXML(`certificateKeystoreFile="NONE" certificateKeystoreType="PKCS#11" certificateKeystorePassword="1234"`),
			finds: []string{"error certificateKeystoreFile can't be served here", "error certificateKeystoreType write PKCS11"}},
		{name: "truststore beside a token", version: 10, xml: strings.Replace(certificateXML(tokenXML), "<SSLHostConfig", `<SSLHostConfig truststoreFile="t.p12"`, 1),
			finds: []string{"error truststoreFile the trustAnchors parameter must be non-empty\"); set truststoreType to PKCS12, and truststoreProvider to SUN"}},
		{name: "truststore with a type beside a token", version: 10, xml: strings.Replace(certificateXML(tokenXML), "<SSLHostConfig", `<SSLHostConfig truststoreFile="t.p12" truststoreType="PKCS12"`, 1),
			finds: []string{"error truststoreType PKCS12 not found\"); set truststoreProvider to SUN"}},
		{name: "truststore with all beside a token", version: 10, xml: strings.Replace(certificateXML(tokenXML), "<SSLHostConfig", `<SSLHostConfig truststoreFile="t.p12" truststoreType="PKCS12" truststoreProvider="SUN"`, 1)},
		{name: "truststore in a token", version: 10, xml: strings.Replace(certificateXML(tokenXML), "<SSLHostConfig", `<SSLHostConfig truststoreFile="NONE" truststoreType="PKCS11"`, 1),
			check: func(c *Connector) bool { return c.Hosts[0].Truststore.Token() }},
		{name: "truststore beside a token, flat", version: 9, xml: flatToken + `keystoreType="PKCS11" keystorePass="1234" truststoreFile="t.p12"/>`, finds: []string{"error truststoreFile set truststoreType to PKCS12"}},
		{name: "PEM as a type", version: 9, xml: flatJava + `keystoreType="PEM"/>`, finds: []string{"error keystoreType SSLCertificateFile"}},
		{name: "file of Windows", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="C:\keys\a.jks"/></SSLHostConfig></Connector>`,
			check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystoreFile == `C:\keys\a.jks` }},
		{name: "URL of Windows", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="file:///C:/my%20keys/a.jks"/></SSLHostConfig></Connector>`,
			check: func(c *Connector) bool { return c.Hosts[0].Certificates[0].KeystoreFile == `C:/my keys/a.jks` }},
		{name: "AJP by a property", version: 10, xml: `<Connector port="8009" protocol="${ajp:-AJP/1.3}" nonsense="1"/><Connector port="8080"/>`,
			check: func(c *Connector) bool { return c.Port == 8080 }},
		{name: "password file that is not there", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="a.jks" certificateKeyPasswordFile="nosuch"/></SSLHostConfig></Connector>`,
			finds: []string{"error certificateKeyPasswordFile no such file"}},
		{name: "class of one's own", version: 10, xml: `<Connector port="8443" SSLEnabled="true" sslImplementationName="x"><SSLHostConfig trustManagerClassName="x" keyManagerAlgorithm="x" revocationEnabled="true" certificateRevocationListPath="crl"><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error sslImplementationName Unable to create SSLImplementation for class [x]", "error trustManagerClassName a class of yours", "warning keyManagerAlgorithm Java's alone", "warning revocationEnabled not done here", "warning certificateRevocationListPath only OpenSSL"}},
		{name: "SSLv3 and its greeting", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig protocols="SSLv2Hello+SSLv3+TLSv1.2"><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"warning protocols SSLv2Hello", "error protocols SSLv3 is broken"}},
		{name: "SSLv3 alone", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig protocols="SSLv3"><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"error protocols SSLv3 is broken", "error protocols no protocol is left"}},
		{name: "suites that Java refuses", version: 10, xml: `<Connector port="8443" SSLEnabled="true"><SSLHostConfig ciphers="SSL_RSA_WITH_3DES_EDE_CBC_SHA,RC4-SHA,HIGH" protocols="TLSv1.2"><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig></Connector>`,
			finds: []string{"warning ciphers Java refuses TLS_RSA_WITH_3DES_EDE_CBC_SHA, TLS_RSA_WITH_RC4_128_SHA", "warning ciphers with DHE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "<Server>\n<Service>\n" + strings.ReplaceAll(c.xml, "/><Connector", "/>\n<Connector") + "</Service></Server>"
			got, findings, err := readConnectors([]byte(text), Options{Version: c.version, ReadFile: passwordFile})
			if err != nil {
				t.Fatal(err)
			}
			checkFindings(t, findings, c.finds)
			if c.check != nil && !c.check(&got[0]) {
				t.Errorf("%+v", got[0])
			}
		})
	}
}

func TestPortOffset(t *testing.T) {
	for _, c := range []struct {
		offset string
		port   int
		finds  []string
	}{
		{"0", 8443, nil},
		{"100", 8543, nil},
		{"-1", 8443, []string{"error  -1 is none"}},
		{"60000", 0, []string{"error  the port is 68443"}},
		{"2000000000", 8443, []string{"error  2000000000 is none"}},
		{"many", 8443, []string{"error portOffset not a number"}},
	} {
		got, findings, err := readConnectors([]byte(`<Server portOffset="`+c.offset+`"><Service><Connector port="8443"/></Service></Server>`), Options{})
		if err != nil || got[0].Port != c.port {
			t.Errorf("%s: %+v, %v", c.offset, got, err)
		}
		checkFindings(t, findings, c.finds)
	}
}

func TestGuessVersion(t *testing.T) {
	for _, c := range []struct {
		xml  string
		want int
	}{
		{`<Server><Listener className="org.apache.catalina.core.JasperListener"/><Service><Connector/></Service></Server>`, 7},
		{`<Server><Service><Connector keystoreFile="x"/></Service></Server>`, 9},
		{`<Server><Service><Connector keystoreFile="x"><SSLHostConfig hostName="y"/></Connector></Service></Server>`, 9},
		{`<Server><Service><Connector protocol="org.apache.coyote.http11.Http11AprProtocol"><SSLHostConfig/></Connector></Service></Server>`, 9},
		{`<Server><Service><Connector><SSLHostConfig/></Connector></Service></Server>`, 10},
		{`<Server><Service><Connector/></Service></Server>`, 10},
	} {
		root, err := parseXML([]byte(c.xml))
		if err != nil {
			t.Fatal(err)
		}
		if got := guessVersion(root); got != c.want {
			t.Errorf("%s: %d, want %d", c.xml, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	_, findings, err := readConnectors([]byte("<?xml version='1.0'?>\r\n<Server>\n<!--\n\n--><Service>\n<Connector\n  port = '1'\n  a='x\ny'\n  bogus\n =\n \"z\" other='>'/>\n</Service></Server>"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%d %s", f.At.Line, f.At.Attribute))
	}
	if want := []string{"8 a", "10 bogus", "12 other"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		line      int
		text      string
	}{
		{"empty", "", 0, "no element"},
		{"only a comment", "<!-- -->", 0, "no element"},
		{"another document", "<html/>", 1, "not <Server>"},
		{"text", "hello", 1, "this is not XML"},
		{"PEM", "-----BEGIN CERTIFICATE-----\n", 1, "this is not XML"},
		{"unclosed", "<Server>\n<Service>\n", 3, "unexpected EOF"},
		{"crossed", "<Server>\n<Service>\n</Server>", 3, "closed by"},
		{"no quotes", "<Server>\n<Connector port=80/></Server>", 2, "unquoted"},
		{"attribute twice", "<Server>\n<Connector port='1'\n port='2'/></Server>", 3, "twice"},
		{"two roots", "<Server/>\n<Server/>", 2, "second root"},
		{"trailing text", "<Server/>\n x", 1, "outside the root"},
		{"bare ampersand", "<Server>\n<Connector keystorePass='a&b'/></Server>", 2, "is written &amp;"},
		{"entity", "<!DOCTYPE Server [\n<!ENTITY a SYSTEM 'file:///etc/passwd'>\n]>\n<Server>\n&a;</Server>", 5, "entities of a document type are not read"},
		{"encoding", "<?xml version='1.0' encoding='EBCDIC-CP-US'?><Server/>", 1, "EBCDIC"},
		{"declaration later", "\n<?xml version='1.0'?>\n<Server/>", 2, "first of all"},
		{"bad UTF-8", "<Server a='\xff'/>", 1, "save the file as UTF-8"},
		{"deep", strings.Repeat("<Server>\n", maxDepth+1), maxDepth + 1, "nested"},
		{"many attributes", "<Server\n" + manyAttributes(maxAttributes+1) + "/>", 1, "more than 512 attributes"},
		{"large", strings.Repeat(" ", MaxSize+1), 0, "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readConnectors([]byte(c.xml), Options{})
			se, ok := errors.AsType[*SyntaxError](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			if se.Line != c.line || !strings.Contains(se.Text, c.text) {
				t.Errorf("line %d: %s", se.Line, se.Text)
			}
			if !strings.HasPrefix(err.Error(), "tomcat: server.xml") {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	const text = `<Server><Service><Connector port="8443" address="ö"/></Service></Server>`
	utf16 := func(order func(byte) []byte, mark string) string {
		out := mark
		for _, r := range text {
			out += string(order(byte(r)))
		}
		return out
	}
	for name, data := range map[string]string{
		"UTF-8":            text,
		"UTF-8, said":      `<?xml version="1.0" encoding="utf-8"?>` + text,
		"byte order mark":  "\xef\xbb\xbf" + text,
		"Latin 1":          `<?xml version='1.0' encoding='iso-8859-1' ?>` + strings.ReplaceAll(text, "ö", "\xf6"),
		"UTF-16 big":       utf16(func(b byte) []byte { return []byte{0, b} }, "\xfe\xff"),
		"UTF-16 little":    utf16(func(b byte) []byte { return []byte{b, 0} }, "\xff\xfe"),
		"encoding in text": `<?xml version="1.0"?><!-- encoding="EBCDIC" -->` + text,
	} {
		t.Run(name, func(t *testing.T) {
			c, _, err := readConnectors([]byte(data), Options{})
			if err != nil || len(c) != 1 || c[0].Address != "ö" {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	lookup := values(map[string]string{"a": "A", "empty": "", "a:-b": "whole", "nested": "${a}", "loop": "x${loop}"})
	for _, c := range []struct{ value, want, unknown string }{
		{"plain", "plain", ""},
		{"${a}", "A", ""},
		{"x${a}y${a}z", "xAyAz", ""},
		{"${a:-b}", "whole", ""},
		{"${a:-c}", "A", ""},
		{"${none:-c}", "c", ""},
		{"${none:-}", "", ""},
		{"${empty}", "", ""},
		{"${empty:-c}", "", ""},
		{"${none}", "${none}", "none"},
		{"${none}/${nor}", "${none}/${nor}", "none nor"},
		{"${nested}", "A", ""},
		{"$a $ $$ {a}", "$a $ $$ {a}", ""},
		{"${a", "${a", ""},
		{"${none:-${a}}", "A", ""},
		{"${none:-${nor:-c}}", "c", ""},
		{"${none:-${nor}}", "${nor}", "nor"},
		{"${loop}", strings.Repeat("x", 20) + "${loop}", ""},
		{"$${a}", "$A", ""},
		{"${}", "${}", ""},
	} {
		room := MaxSize
		got, unknown, ok := expand(c.value, lookup, &room)
		if !ok || got != c.want || strings.Join(unknown, " ") != c.unknown {
			t.Errorf("expand(%q) = %q, %q; want %q, %q", c.value, got, unknown, c.want, c.unknown)
		}
	}
}

// TestExpandBounded names a property so often, and properties that name each
// other, that memory would not hold what comes out.
func TestExpandBounded(t *testing.T) {
	files := map[string]string{
		"one large property":   "a=" + strings.Repeat("x", 60_000),
		"properties that grow": "a=${b}${b}${b}${b}${b}${b}${b}${b}\nb=${c}${c}${c}${c}${c}${c}${c}${c}\nc=${a}${a}${a}${a}",
	}
	const name = "${a}"
	for title, text := range files {
		t.Run(title, func(t *testing.T) {
			opt := Options{Base: "base", ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
			connector := `<Connector port="1" address="` + strings.Repeat(name, 1000) + `"/>`
			server := "<Server><Service>" + strings.Repeat(connector, 20) + `<Connector port="2" address="${none:-b}"/></Service></Server>`
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			connectors, findings, err := readConnectors([]byte(server), opt)
			runtime.ReadMemStats(&after)
			if err != nil || len(connectors) != 21 {
				t.Fatalf("%d connectors, %v", len(connectors), err)
			}
			if built := after.TotalAlloc - before.TotalAlloc; built > 20*maxExpanded {
				t.Errorf("%d bytes were allocated", built)
			}
			said := 0
			for _, f := range findings {
				if strings.Contains(f.Text, "beyond the limit") {
					said++
				}
			}
			if said != 1 {
				t.Errorf("the limit is said %d times: %v", said, findings)
			}
		})
	}
}

func TestHost(t *testing.T) {
	c := Connector{DefaultHost: "d.org", Hosts: []SSLHost{{Names: []string{"*.example.com"}}, {Names: []string{"www.example.com"}}, {Names: []string{"d.org"}}}}
	for name, want := range map[string]string{
		"": "d.org", "www.example.com": "www.example.com", "WWW.Example.COM": "www.example.com", "a.example.com": "*.example.com",
		"a.b.example.com": "d.org", "example.com": "d.org", "localhost": "d.org",
	} {
		if h, ok := c.Host(name); !ok || h.Names[0] != want {
			t.Errorf("Host(%q) = %v, want %s", name, h, want)
		}
	}
	c.DefaultHost = DefaultHostName
	if h, ok := c.Host("other"); ok {
		t.Errorf("without a default, %v", h)
	}
}

// tlsConnector is one that is good, on port 8443.
const tlsConnector = `<Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="a.p12"/></SSLHostConfig></Connector>`

func TestRedirecting(t *testing.T) {
	connectors := []Connector{{Port: 8080, RedirectPort: 9443}, {Port: 8443, TLS: true}, {Port: 9443, TLS: true}}
	if c, ok := Redirecting(connectors, &connectors[2]); !ok || c.Port != 8080 {
		t.Errorf("redirecting: %v", c)
	}
	if c, ok := Redirecting(connectors, &connectors[1]); ok {
		t.Errorf("redirecting: %v", c)
	}
}

func TestClientAuth(t *testing.T) {
	for v, want := range map[Verification]tls.ClientAuthType{
		VerificationNone: tls.NoClientCert, VerificationOptional: tls.VerifyClientCertIfGiven,
		VerificationOptionalNoCA: tls.RequestClientCert, VerificationRequired: tls.RequireAndVerifyClientCert,
	} {
		if got := v.ClientAuth(); got != want {
			t.Errorf("%s: %v, want %v", v, got, want)
		}
	}
}

func TestBase(t *testing.T) {
	for name, want := range map[string]string{
		"/srv/tomcat/conf/server.xml": "/srv/tomcat", "conf/server.xml": ".", "server.xml": "..", "./server.xml": "..", "../conf/server.xml": "..",
	} {
		if got := Base(name); got != filepath.FromSlash(want) {
			t.Errorf("Base(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestWipe(t *testing.T) {
	c := Certificate{KeystorePassword: []byte("secret"), KeyPassword: []byte("secret")}
	c.Wipe()
	if string(c.KeystorePassword) != "\x00\x00\x00\x00\x00\x00" || string(c.KeyPassword) != "\x00\x00\x00\x00\x00\x00" {
		t.Errorf("%q, %q", c.KeystorePassword, c.KeyPassword)
	}
}

func TestServedKeyOfToken(t *testing.T) {
	key := func(alias string) KeyEntry { return KeyEntry{Alias: alias, Key: true} }
	for _, c := range []struct {
		alias   string
		entries []KeyEntry
		want    int
		finds   []string
	}{
		{"", []KeyEntry{key("B"), key("a")}, 0, []string{`warning certificateKeyAlias serves "B"`}},
		{"B", []KeyEntry{key("B")}, 0, nil},
		{"B", []KeyEntry{key("b"), key("B"), key("a")}, 1, []string{`warning certificateKeyAlias the token also has "b"`}},
		{"TOMCAT", []KeyEntry{key("tomcat"), key("a")}, -1, []string{`error certificateKeyAlias it has "tomcat", and tokens tell small letters from capitals`}},
		{"", []KeyEntry{{Alias: "a"}}, -1, []string{"error certificateKeyAlias no private key"}},
		{"", nil, -1, []string{"error certificateKeyAlias No aliases for private keys"}},
	} {
		got, findings := (&Certificate{KeystoreType: TokenType, KeyAlias: c.alias}).ServedKey(c.entries)
		if got != c.want {
			t.Errorf("%q of %v: %d, want %d", c.alias, c.entries, got, c.want)
		}
		checkFindings(t, findings, c.finds)
	}
}

func TestServedKey(t *testing.T) {
	key := func(alias string) KeyEntry { return KeyEntry{Alias: alias, Key: true} }
	cert := func(alias string) KeyEntry { return KeyEntry{Alias: alias} }
	for _, c := range []struct {
		name    string
		alias   string
		entries []KeyEntry
		want    int
		finds   []string
	}{
		{"one key", "", []KeyEntry{cert("ca"), key("a")}, 1, nil},
		{"first of several", "", []KeyEntry{key("zeta"), key("tomcat"), cert("ca"), key("alpha")}, 0, []string{`warning certificateKeyAlias serves "zeta"`}},
		{"named", "b", []KeyEntry{key("a"), key("b")}, 1, nil},
		{"named in another case", "BETA", []KeyEntry{key("a"), key("Beta")}, 1, nil},
		{"not there", "c", []KeyEntry{key("a"), key("b")}, -1, []string{`error certificateKeyAlias to one of the keys: "a", "b"`}},
		{"not there, one key", "c", []KeyEntry{key("a"), cert("ca")}, -1, []string{`error certificateKeyAlias to "a", the only key`}},
		{"a certificate", "ca", []KeyEntry{key("a"), cert("ca")}, -1, []string{`error certificateKeyAlias "ca" is a certificate without its private key`}},
		{"certificates only", "", []KeyEntry{cert("ca")}, -1, []string{"error certificateKeyAlias no private key"}},
		{"certificates only, named", "ca", []KeyEntry{cert("ca")}, -1, []string{"error certificateKeyAlias the keystore has no private key"}},
		{"nothing", "", nil, -1, []string{"error certificateKeyAlias No aliases for private keys"}},
		{"a secret key", "", []KeyEntry{{Alias: "s", Secret: true}, key("a")}, -1, []string{"error certificateKeyAlias every handshake fails"}},
		{"a secret key, named", "S", []KeyEntry{{Alias: "s", Secret: true}, key("a")}, -1, []string{"error certificateKeyAlias every handshake fails"}},
		{"near one of several", " tomact", []KeyEntry{key("a"), key("tomcat"), key("b")}, -1, []string{`error certificateKeyAlias to "tomcat", or to another of the 3 keys`}},
		{"not found by Java", "tomcat", []KeyEntry{{Alias: "Tomcat", Key: true, Lost: true}, key("b")}, -1, []string{`error certificateKeyAlias "Tomcat" is there, but Java looks for the alias in small letters`}},
		{"not found by Java, but another", "TOMCAT", []KeyEntry{{Alias: "Tomcat", Key: true, Lost: true}, key("tomcat")}, 1, nil},
		{"not found by Java, no alias", "", []KeyEntry{{Alias: "Tomcat", Key: true, Lost: true}, cert("ca")}, -1, []string{`error certificateKeyAlias to CaseExactJKS`}},
		{"not found by Java, the next", "", []KeyEntry{{Alias: "Tomcat", Key: true, Lost: true}, key("b")}, 1, nil},
		{"many", "", slices.Repeat([]KeyEntry{key("k")}, 12), 0, []string{"warning certificateKeyAlias and 3 more"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, findings := (&Certificate{Line: 7, KeyAlias: c.alias}).ServedKey(c.entries)
			if got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
			checkFindings(t, findings, c.finds)
			for _, f := range findings {
				if f.At.Line != 7 {
					t.Errorf("line %d", f.At.Line)
				}
			}
		})
	}
	exact := Certificate{KeystoreType: CaseExactJKS, KeyAlias: "TOMCAT"}
	_, findings := exact.ServedKey([]KeyEntry{key("Tomcat"), key("tomcat")})
	checkFindings(t, findings, []string{`error certificateKeyAlias it has "Tomcat", and CaseExactJKS tells small letters from capitals`})
	_, findings = (&Certificate{Flat: true, KeyAlias: "x"}).ServedKey(nil)
	if len(findings) != 1 || findings[0].At.Element != "Connector" || findings[0].At.Attribute != "keyAlias" {
		t.Errorf("%v", findings)
	}
}

// What catalina.properties sets comes first, and is read once.
func TestCatalinaProperties(t *testing.T) {
	var reads []string
	opt := Options{Base: "/base", Version: 10, Lookup: values(map[string]string{"store": "lookup", "pass": "lookup", "alias": "lookup"}), ReadFile: func(name string) ([]byte, error) {
		reads = append(reads, filepath.ToSlash(name))
		return []byte("# Tomcat's\nstore = ${dir}/a.p12\ndir=keys\npass: se\\u0063ret\n"), nil
	}}
	const text = `<Server><Service><Connector port="8443" SSLEnabled="true"><SSLHostConfig>` +
		`<Certificate certificateKeystoreFile="${store}" certificateKeystorePassword="${pass}" certificateKeyAlias="${alias}"/></SSLHostConfig></Connector></Service></Server>`
	connectors, findings, err := readConnectors([]byte(text), opt)
	if err != nil || len(findings) > 0 {
		t.Fatal(findings, err)
	}
	c := connectors[0].Hosts[0].Certificates[0]
	if filepath.ToSlash(c.KeystoreFile) != "/base/keys/a.p12" || string(c.KeystorePassword) != "secret" || c.KeyAlias != "lookup" {
		t.Errorf("%s, %s, %s", c.KeystoreFile, c.KeystorePassword, c.KeyAlias)
	}
	if diff := cmp.Diff([]string{"/base/conf/catalina.properties"}, reads); diff != "" {
		t.Error(diff)
	}
	opt.ReadFile = func(string) ([]byte, error) { return []byte(`pass=\u12`), nil }
	if connectors, _, err = readConnectors([]byte(text), opt); err != nil || string(connectors[0].Hosts[0].Certificates[0].KeystorePassword) != "lookup" {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestFromAttributes(t *testing.T) {
	got, findings := FromAttributes([]Attribute{
		{"port", "9443"}, {"keystoreFile", "conf/a.p12"}, {"certificateKeyAlias", "a"}, {"clientAuth", "want"}, {"protocols", "TLSv1.2"}, {"truststoreFile", "/t"},
		{"strictSni", "false"}, {"defaultSSLHostConfigName", "A.example"},
	}, Options{Base: "/base"})
	if len(findings) > 0 {
		t.Errorf("%v", findings)
	}
	want := Connector{Version: 10, Port: 9443, TLS: true, DefaultHost: "a.example", Hosts: []SSLHost{{
		Names: []string{"a.example"}, Protocols: []uint16{tls.VersionTLS12}, Verification: VerificationOptional, VerificationDepth: 10,
		Truststore: Truststore{File: "/t"}, SessionCacheSize: -1, SessionTimeout: 24 * time.Hour,
		Certificates: []Certificate{{KeystoreFile: "/base/conf/a.p12", KeystorePassword: []byte("changeit"), KeyAlias: "a"}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, findings = FromAttributes([]Attribute{{"nosuch", "1"}, {"ciphers", "bogus"}, {"keystoreFile", "${x}"}}, Options{})
	checkFindings(t, findings, []string{"error nosuch no such attribute", "warning ciphers is ignored", "warning ciphers only TLSv1.3", "error keystoreFile no value"})
	if len(findings) > 0 && !strings.HasPrefix(findings[0].String(), "error: nosuch: ") {
		t.Errorf("%s", findings[0])
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ element, name, want string }{
		{elementConnector, "SslEnabled", "SSLEnabled"},
		{elementConnector, "schema", "scheme"},
		{elementConnector, "keystorPass", "keystorePass"},
		{elementConnector, "sslEnabledProtocol", "sslEnabledProtocols"},
		{elementConnector, "cilents", ""},
		{elementSSLHost, "certificateVerificaton", "certificateVerification"},
		{elementSSLHost, "cihpers", "ciphers"},
		{elementCertificate, "certificateKeyStoreFile", "certificateKeystoreFile"},
		{elementCertificate, "x", ""},
		{elementCertificate, strings.Repeat("certificate", 20), ""},
	} {
		if got := nearest(c.name, attributeNames(c.element)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.element, c.name, got, c.want)
		}
	}
}

func TestTooManyFindings(t *testing.T) {
	many := strings.Repeat("<Connector port='0' bogus=''/>", 2*maxFindings)
	_, findings, err := readConnectors([]byte("<Server><Service>"+many+"</Service></Server>"), Options{})
	if err != nil || len(findings) != maxFindings+1 || !strings.Contains(findings[maxFindings].Text, "more to say") {
		t.Errorf("%d findings, %v", len(findings), err)
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

// TestLargeInputs reads the worst of what fits into MaxSize. It takes a fraction
// of a second each; what is not linear would take minutes.
func TestLargeInputs(t *testing.T) {
	fill := func(open, part, end string) string {
		return open + strings.Repeat(part, (MaxSize-len(open)-len(end))/len(part)) + end
	}
	const open, end = "<Server><Service>", "</Service></Server>"
	host := func(attribute, value string) string {
		return `<Connector port="1" SSLEnabled="true"><SSLHostConfig ` + attribute + `="` + value + `"><Certificate certificateKeystoreFile="a"/></SSLHostConfig></Connector>`
	}
	list := strings.Repeat("kRSA:-AES+nosuch:", maxCipherList/18)
	for name, text := range map[string]string{
		"connectors":         fill(open, `<Connector port="1" redirectPort="2"/>`, end),
		"unknown attributes": fill(open, `<Connector`+manyAttributes(maxAttributes)+`/>`, end),
		"near attributes":    fill(open, `<Connector keystoreFil="" acceptCont="" maxSwalowSize="" upgradeAsyncWriteBuferSize=""/>`, end),
		"hosts":              fill(open+`<Connector port="1" SSLEnabled="true">`, `<SSLHostConfig hostName="x"/>`, `</Connector>`+end),
		"certificates":       fill(open+`<Connector port="1" SSLEnabled="true"><SSLHostConfig>`, `<Certificate type="RSA"/>`, `</SSLHostConfig></Connector>`+end),
		"ciphers":            fill(open, host("ciphers", list), end),
		"one cipher list":    fill(open, host("ciphers", strings.Repeat("A:", MaxSize/2-500)), end),
		"cipherSuites":       fill(open, host("cipherSuites", strings.Repeat("A:", MaxSize/2-500)), end),
		"protocols":          fill(open, host("protocols", strings.Repeat("+a-b,c", MaxSize/6-500)), end),
		"groups":             fill(open, host("groups", strings.Repeat("a,", MaxSize/2-500)), end),
		"properties":         fill(open+`<Connector address="`, "${a:-${b}", `"/>`+end),
		"unclosed property":  fill(open+`<Connector address="`, "${", `"/>`+end),
		"one long name":      fill(open+`<Connector `, "a", `=""/>`+end),
		"elements":           fill(open, "<a/>", end),
		"comments":           fill(open, "<!---->", end),
		"text":               fill(open, "&lt;", end),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, findings, err := readConnectors([]byte(text), Options{})
			if err != nil {
				t.Log(err)
			}
			size := 0
			for _, f := range findings {
				size += len(f.String())
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			} else {
				t.Log(took, len(findings), size)
			}
			if size > MaxSize {
				t.Errorf("%d bytes of findings", size)
			}
		})
	}
}
