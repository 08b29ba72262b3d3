package tomcat

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gokeytool/finding"
)

const (
	flatKeystore = `keystoreFile="a.jks"`
	flatPEM      = `SSLCertificateFile="a.pem" SSLCertificateKeyFile="a.key"`
	hostKeystore = `<SSLHostConfig><Certificate certificateKeystoreFile="a.jks"/></SSLHostConfig>`
	hostPEM      = `<SSLHostConfig><Certificate certificateFile="a.pem"/></SSLHostConfig>`
	openSSLByJNI = ` sslImplementationName="` + implementationNative + `"`
	apr          = ` protocol="` + protocolAPR + `"`
	http2        = `<UpgradeProtocol className="` + protocolHTTP2 + `"/>`
)

// native is a listener that loads libtcnative.
func native(attributes string) string {
	return fmt.Sprintf("<Listener className=%q %s/>\n", listenerNative, attributes)
}

// secure is a Connector with TLS.
func secure(attributes, content string) string {
	return fmt.Sprintf("<Connector port=\"8443\" SSLEnabled=\"true\" scheme=\"https\" secure=\"true\" %s>%s</Connector>\n", attributes, content)
}

// TestEngine reads what decides between OpenSSL and Java, for each release of
// which it is true. TestTomcatEngine has Tomcat itself say some of it.
func TestEngine(t *testing.T) {
	foreign := fmt.Sprintf("<Listener className=%q/>\n", listenerForeign)
	reload := fmt.Sprintf("<Listener className=%q", listenerReload)
	all := []int{7, 8, 9, 10, 11, 12}
	elements := all[1:]
	for _, c := range []struct {
		name     string
		versions []int
		server   string // what is in the Server before its Service
		service  string // what is in the Service
		finds    []string
	}{
		// Nothing that loads OpenSSL.
		{name: "no listener", versions: elements, service: secure("", hostKeystore)},
		{name: "no listener, old", versions: []int{7}, service: secure(flatKeystore, "")},
		{name: "listeners of other things", versions: all, server: `<Listener className="org.apache.catalina.core.JreMemoryLeakPreventionListener" bogus="1"/><Listener className="org.apache.catalina.mbeans.GlobalResourcesLifecycleListener"/><Listener className="org.apache.catalina.security.SecurityListener"/><Listener className="com.example.AnyListener"/>`},
		{name: "listener without TLS", versions: all, server: native(`SSLEngine="off"`), service: `<Connector port="8080"/>`},

		// What is chosen by itself.
		{name: "library decides", versions: elements, server: native(`SSLEngine="on"`), service: secure("", hostKeystore), finds: []string{"info  OpenSSL does TLS where libtcnative is found (AprLifecycleListener, line 2), else Java"}},
		{name: "library decides for NIO too", versions: elements, server: native(""), service: secure(`protocol="`+protocolNIO+`"`, hostPEM), finds: []string{"info protocol OpenSSL does TLS where libtcnative is found"}},
		{name: "Java by the listener", versions: elements, server: native(`useOpenSSL="false"`), service: secure("", hostKeystore)},
		{name: "Java by the connector", versions: elements, server: native(""), service: secure(`sslImplementationName="`+implementationJava+`"`, hostKeystore)},
		{name: "neither true nor false", versions: elements, server: native(`useOpenSSL="no"`), service: secure("", hostKeystore), finds: []string{"error useOpenSSL takes it for false"}},
		{name: "last listener counts", versions: elements, server: native(`useOpenSSL="true"`) + native(`useOpenSSL="false"`), service: secure("", hostKeystore)},
		{name: "by a property", versions: []int{9, 10}, server: native(`SSLEngine="${no.such:-off}"`), service: secure(`sslImplementationName="`+implementationJava+`"`, hostKeystore)},
		{name: "property without value", versions: []int{9}, server: native(`SSLEngine="${no.such}"`), service: "", finds: []string{"error SSLEngine ${no.such} has no value", "warning SSLEngine the name of one of OpenSSL's engines"}},
		{name: "auto-selection of old", versions: []int{7}, server: native(`SSLEngine="on"`), service: secure(flatKeystore, ""), finds: []string{"warning  protocol=\"org.apache.coyote.http11.Http11Protocol\""}},
		{name: "auto-selection of old, by name", versions: []int{7}, server: native(""), service: secure(`protocol="HTTP/1.1" `+flatKeystore, ""), finds: []string{"warning protocol depends on the machine"}},
		{name: "auto-selection of old, PEM", versions: []int{7}, server: native(""), service: secure(flatPEM, ""), finds: []string{"warning SSLCertificateFile elsewhere it is Java's"}},
		{name: "auto-selection of old, no TLS", versions: []int{7}, server: native(`SSLEngine="off"`), service: secure(flatPEM, ""), finds: []string{"warning SSLCertificateFile depends on the machine", "error SSLCertificateFile Check that SSLEngine is enabled"}},
		{name: "no auto-selection by class", versions: []int{7}, server: native(""), service: secure(`protocol="`+protocolBIO+`" `+flatKeystore, "")},
		{name: "no auto-selection without listener", versions: []int{7}, service: secure(flatPEM, ""), finds: []string{"error SSLCertificateFile this one looks for a keystore instead"}},
		{name: "native if it can be", versions: []int{8, 9}, server: native(`useAprConnector="true"`), service: secure("", hostKeystore), finds: []string{"warning  useAprConnector=\"true\""}},
		{name: "native if it can be, but not for NIO", versions: []int{8, 9}, server: native(`useAprConnector="TRUE"`), service: secure(`protocol="`+protocolNIO+`"`, hostPEM), finds: []string{"info protocol OpenSSL does TLS"}},
		{name: "native no longer", versions: []int{10, 11, 12}, server: native(`useAprConnector="true"`), service: secure("", hostKeystore), finds: []string{"warning useAprConnector no longer has the native connector", "info  OpenSSL does TLS"}},
		{name: "attributes that were not yet", versions: []int{7}, server: native(`useAprConnector="true" useOpenSSL="false"`), finds: []string{"warning useAprConnector no such attribute", "warning useOpenSSL no such attribute"}},
		{name: "unknown attributes", versions: elements, server: native(`SSLEngin="on" fipsMode="on" sslengine="on" bogus="1"`), finds: []string{"error SSLEngin is SSLEngine meant?", "error fipsMode is FIPSMode meant?", "error sslengine is SSLEngine meant?", "warning bogus failed to set property [bogus]"}},

		// SSLEngine.
		{name: "off, crash", versions: []int{8, 9}, server: native(`SSLEngine="OFF"`), service: secure("", hostKeystore), finds: []string{"info  OpenSSL does TLS", "warning  SSLEngine=\"off\" in line 2 leaves OpenSSL uninitialized"}},
		{name: "off, not taken", versions: []int{10, 11, 12}, server: native(`SSLEngine="off"`), service: secure("", hostKeystore), finds: []string{"info  OpenSSL does TLS", "info  [off] is not a valid value for SSLEngine"}},
		{name: "off beside the native connector", versions: []int{8, 9}, server: native(`SSLEngine="off"`), service: secure(apr, hostPEM), finds: []string{"error protocol set SSLEngine to on"}},
		{name: "off beside the old native connector", versions: []int{7}, server: native(`SSLEngine="off"`), service: secure(apr+flatPEM, ""), finds: []string{"error protocol Check that SSLEngine is enabled"}},
		{name: "off beside OpenSSL by name", versions: elements, server: native(`SSLEngine="off"`), service: secure(openSSLByJNI, hostPEM), finds: []string{"error sslImplementationName set SSLEngine to on"}},
		{name: "off, but Java's", versions: elements, server: native(`SSLEngine="off" useOpenSSL="false"`), service: secure("", hostKeystore)},
		{name: "a truth for an engine", versions: all, server: native(`SSLEngine="true"`), finds: []string{"error SSLEngine write on"}},
		{name: "an untruth for an engine", versions: all, server: native(`SSLEngine=" off"`), finds: []string{"error SSLEngine write off"}},
		{name: "no engine", versions: all, server: native(`SSLEngine=""`), finds: []string{"error SSLEngine write on"}},
		{name: "an engine", versions: all, server: native(`SSLEngine="pkcs11"`), finds: []string{"warning SSLEngine Failed to initialize the SSLEngine."}},
		{name: "all engines", versions: all, server: native(`SSLEngine="auto" SSLRandomSeed="/dev/random"`)},
		{name: "no seed", versions: all, server: native(`SSLRandomSeed="Builtin"`), finds: []string{"warning SSLRandomSeed write builtin"}},

		// FIPS mode.
		{name: "FIPS off", versions: all, server: native(`FIPSMode="OFF"`)},
		{name: "FIPS", versions: all, server: native(`FIPSMode="Enter"`), finds: []string{"warning FIPSMode Failed to enter FIPS mode"}},
		{name: "FIPS, a truth", versions: all, server: native(`FIPSMode="true"`), finds: []string{"error FIPSMode write off, on, require or enter"}},
		{name: "FIPS, nothing", versions: all, server: native(`FIPSMode=""`), finds: []string{"error FIPSMode stops as soon as it has"}},
		{name: "FIPS without OpenSSL", versions: all, server: native(`FIPSMode="on" SSLEngine="off"`), finds: []string{"error FIPSMode set SSLEngine to on"}},
		{name: "FIPS, but Java", versions: elements, server: native(`FIPSMode="on"`), service: secure(`sslImplementationName="`+implementationJava+`"`, hostKeystore), finds: []string{"warning FIPSMode Failed to enter", "warning sslImplementationName not in FIPS mode"}},
		{name: "FIPS and suites", versions: []int{9, 10}, server: native(`FIPSMode="on"`), service: secure("", `<SSLHostConfig ciphers="ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"><Certificate certificateFile="a.pem"/></SSLHostConfig>`),
			finds: []string{"warning FIPSMode Failed to enter", "info  OpenSSL does TLS", "warning ciphers does not have TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}},
		{name: "FIPS and no suite", versions: []int{9, 10}, server: native(`FIPSMode="on"`), service: secure("", `<SSLHostConfig ciphers="CHACHA20"><Certificate certificateFile="a.pem"/></SSLHostConfig>`),
			finds: []string{"warning FIPSMode Failed to enter", "info  OpenSSL does TLS", "error ciphers only TLS 1.3 works at most", "warning ciphers Go's TLS can't do"}},

		// The native connector.
		{name: "native without listener", versions: []int{8, 9}, service: secure(apr, hostPEM), finds: []string{"error protocol requires the AprLifecycleListener which is not available"}},
		{name: "old native without listener", versions: []int{7}, service: secure(apr+flatPEM, ""), finds: []string{"error protocol requires the APR/native library which is not available"}},
		{name: "native", versions: []int{8, 9}, server: native(""), service: secure(apr, hostPEM), finds: []string{"info protocol where libtcnative is not found"}},
		{name: "native with a keystore", versions: []int{8, 9}, server: native(""), service: secure(apr, hostKeystore), finds: []string{"info protocol where libtcnative is not found", "info protocol since 8.5.39 and 9.0.17"}},
		{name: "old native with a keystore", versions: []int{7}, server: native(""), service: secure(apr+flatKeystore, ""), finds: []string{"info protocol where libtcnative is not found", "error protocol SSLCertificateFile must be defined"}},
		{name: "native no more", versions: []int{10, 11, 12}, server: native(""), service: secure(apr, hostPEM), finds: []string{"error protocol no longer has the native connector"}},
		{name: "native with a choice of TLS", versions: []int{8, 9}, server: native(""), service: secure(apr+openSSLByJNI, hostPEM), finds: []string{"info protocol where libtcnative is not found", "warning sslImplementationName does not support changing the SSL implementation"}},
		{name: "Java's words for the old native one", versions: []int{7}, server: native(""), service: secure(apr+flatPEM+` clientAuth="true" truststoreFile="t.jks" ciphers="ALL"`, ""),
			finds: []string{"info protocol where libtcnative is not found", "error clientAuth use SSLVerifyClient", "warning truststoreFile the native connector does not have", "warning ciphers use SSLCipherSuite", "warning ciphers with DHE"}},
		{name: "native words for Java's old one", versions: []int{7}, service: secure(flatKeystore+` SSLVerifyClient="require" SSLCACertificateFile="ca.pem" SSLProtocol="TLSv1.2"`, ""),
			finds: []string{"error SSLVerifyClient use clientAuth", "warning SSLCACertificateFile Java's connectors do not have", "warning SSLProtocol use sslEnabledProtocols"}},

		// The classes of connectors.
		{name: "BIO", versions: []int{7}, service: secure(`protocol="`+protocolBIO+`" `+flatKeystore, "")},
		{name: "BIO that is NIO", versions: []int{8}, service: secure(`protocol="`+protocolBIO+`"`, hostKeystore), finds: []string{"warning protocol The HTTP BIO connector has been removed"}},
		{name: "BIO no more", versions: []int{9, 10, 11, 12}, service: secure(`protocol="`+protocolBIO+`"`, hostKeystore), finds: []string{"error protocol ClassNotFoundException: org.apache.coyote.http11.Http11Protocol"}},
		{name: "NIO2", versions: []int{8, 9, 10, 11}, service: secure(`protocol="`+protocolNIO2+`"`, hostKeystore)},
		{name: "NIO2 not yet, or no more", versions: []int{7, 12}, service: `<Connector port="8080" protocol="` + protocolNIO2 + `"/>`, finds: []string{"error protocol does not have this class"}},
		{name: "in small letters", versions: all, service: `<Connector port="8080" protocol="http/1.1"/>`, finds: []string{"error protocol write HTTP/1.1 exactly"}},
		{name: "with a space", versions: all, service: `<Connector port="8080" protocol=" HTTP/1.1"/>`, finds: []string{"error protocol write HTTP/1.1 exactly"}},
		{name: "empty", versions: all, service: `<Connector port="8080" protocol=""/>`, finds: []string{"error protocol use HTTP/1.1"}},
		{name: "https", versions: all, service: `<Connector port="8080" protocol="https"/>`, finds: []string{"error protocol Protocol handler instantiation failed"}},
		{name: "HTTP/2", versions: all, service: `<Connector port="8080" protocol="HTTP/2"/>`, finds: []string{"error protocol use HTTP/1.1"}},
		{name: "HTTP/2's class", versions: elements, service: `<Connector port="8080" protocol="` + protocolHTTP2 + `"/>`, finds: []string{"error protocol <UpgradeProtocol"}},
		{name: "class without package", versions: all, service: `<Connector port="8080" protocol="Http11NioProtocol"/>`, finds: []string{"error protocol write " + protocolNIO}},
		{name: "class in small letters", versions: all, service: `<Connector port="8080" protocol="org.apache.coyote.http11.http11nioprotocol"/>`, finds: []string{"error protocol write " + protocolNIO}},
		{name: "class of Tomcat that is none", versions: all, service: `<Connector port="8080" protocol="org.apache.coyote.http11.Http11Nio3Protocol"/>`, finds: []string{"error protocol finds none"}},
		{name: "class of another maker", versions: all, service: `<Connector port="8080" protocol="com.example.Protocol"/>`, finds: []string{"warning protocol is not one of Tomcat's"}},
		{name: "AJP", versions: all, service: `<Connector port="8009" protocol="AJP/1.3"/><Connector port="8010" protocol="org.apache.coyote.ajp.AjpNioProtocol"/>`},
		{name: "AJP in small letters", versions: all, service: `<Connector port="8009" protocol="ajp/1.3"/>`, finds: []string{"error protocol write AJP/1.3 exactly"}},
		{name: "AJP of old", versions: []int{9, 10}, service: `<Connector port="8009" protocol="org.apache.coyote.ajp.AjpProtocol"/>`, finds: []string{"error protocol use AJP/1.3"}},
		{name: "AJP's native class", versions: []int{10, 11}, service: `<Connector port="8009" protocol="org.apache.coyote.ajp.AjpAprProtocol"/>`, finds: []string{"error protocol does not have this class"}},
		{name: "AJP with TLS", versions: elements, service: `<Connector port="8009" protocol="AJP/1.3" SSLEnabled="true">` + hostKeystore + `</Connector>`, finds: []string{"error SSLEnabled AJP has no TLS", "warning  SSL is not supported with AJP"}},

		// The implementations of TLS.
		{name: "OpenSSL without listener", versions: []int{8, 9}, service: secure(openSSLByJNI, hostKeystore), finds: []string{"error sslImplementationName UnsatisfiedLinkError"}},
		{name: "OpenSSL without listener, new", versions: []int{10, 11, 12}, service: secure(openSSLByJNI, hostKeystore), finds: []string{"error sslImplementationName A suitable Tomcat Native implementation is not available"}},
		{name: "OpenSSL", versions: elements, server: native(""), service: secure(openSSLByJNI, hostKeystore), finds: []string{"info sslImplementationName where libtcnative is not found"}},
		{name: "OpenSSL before its time", versions: []int{7}, server: native(""), service: secure(`protocol="`+protocolNIO+`" `+flatKeystore+openSSLByJNI, ""), finds: []string{"error sslImplementationName Error loading SSL Implementation"}},
		{name: "OpenSSL by Java", versions: []int{9, 10, 11, 12}, service: secure(`sslImplementationName="`+implementationForeign+`"`, hostKeystore), finds: []string{"info sslImplementationName tomcat-coyote-ffm.jar"}},
		{name: "OpenSSL by Java, not yet", versions: []int{8}, service: secure(`sslImplementationName="`+implementationForeign+`"`, hostKeystore), finds: []string{"error sslImplementationName Unable to create SSLImplementation"}},
		{name: "in another package", versions: elements, server: native(""), service: secure(`sslImplementationName="org.apache.tomcat.util.net.OpenSSLImplementation"`, hostKeystore), finds: []string{"error sslImplementationName write " + implementationNative}},
		{name: "by a word", versions: elements, server: native(""), service: secure(`sslImplementationName="JSSE"`, hostKeystore), finds: []string{"error sslImplementationName write " + implementationJava}},
		{name: "of another maker", versions: elements, service: secure(`sslImplementationName="com.example.Tls"`, hostKeystore), finds: []string{"warning sslImplementationName otherwise than is said here"}},
		{name: "without TLS", versions: all, service: `<Connector port="8080" sslImplementationName="x"/>`},

		// Where OpenSSL does TLS for certain, what is OpenSSL's counts.
		{name: "OpenSSL's own", versions: []int{9, 10}, server: native(""), service: secure(openSSLByJNI, `<SSLHostConfig certificateVerification="optionalNoCA" caCertificateFile="ca.pem" certificateRevocationListPath="crls" disableSessionTickets="true" ciphers="HIGH:@SECLEVEL=2:!DHE"><OpenSSLConf><OpenSSLConfCmd value="x"/><OpenSSLConfCmds/></OpenSSLConf><Certificate certificateFile="a.pem"/></SSLHostConfig>`),
			finds: []string{"info sslImplementationName where", "info certificateVerification OpenSSL takes certificates of unknown CAs", "warning certificateRevocationListPath OpenSSL reads the revocation lists", "warning  OpenSSL's own commands count in Tomcat", "warning  no command name", "warning  is <OpenSSLConfCmd> meant?", "warning ciphers OpenSSL's alone, and is ignored here", "warning ciphers 2 with ECDHE"}},
		{name: "OpenSSL's trust", versions: []int{9, 10}, server: native(""), service: secure(openSSLByJNI, `<SSLHostConfig certificateVerification="required"><Certificate certificateFile="a.pem"/></SSLHostConfig>`),
			finds: []string{"info sslImplementationName where", "error certificateVerification OpenSSL trusts none"}},
		{name: "two trusts", versions: []int{9, 10}, server: native(""), service: secure(openSSLByJNI, `<SSLHostConfig certificateVerification="optional" caCertificateFile="ca.pem" truststoreFile="t.jks"><Certificate certificateFile="a.pem"/></SSLHostConfig>`),
			finds: []string{"info sslImplementationName where", "warning caCertificateFile OpenSSL takes the truststore"}},
		{name: "Java's tickets", versions: elements, service: secure("", `<SSLHostConfig disableSessionTickets="true"><Certificate certificateFile="a.pem"/></SSLHostConfig>`), finds: []string{"info disableSessionTickets only OpenSSL heeds it"}},

		// Java's own way to OpenSSL.
		{name: "before its time", versions: []int{7, 8}, server: foreign, finds: []string{"error className does not start at all"}},
		{name: "since minor releases", versions: []int{9, 10}, server: foreign, service: secure("", hostKeystore), finds: []string{"info className it came with Tomcat", "info  with Java 22 and a library of OpenSSL"}},
		{name: "at all times", versions: []int{11, 12}, server: foreign, service: secure("", hostKeystore), finds: []string{"info  with Java 22 and a library of OpenSSL"}},
		{name: "both ways", versions: []int{11, 12}, server: native("") + foreign, service: secure("", hostKeystore), finds: []string{"info  line 3), or where libtcnative is found (AprLifecycleListener, line 2)"}},
		{name: "foreign off", versions: []int{11, 12}, server: strings.Replace(foreign, "/>", ` SSLEngine="off" SSLRandomSeed="seed"/>`, 1), service: secure("", hostKeystore), finds: []string{"warning SSLRandomSeed Java gives the seed"}},
		{name: "foreign FIPS", versions: []int{11, 12}, server: strings.Replace(foreign, "/>", ` FIPSMode="on" SSLEngine="x"/>`, 1), finds: []string{"warning FIPSMode Failed entering FIPS mode", "warning SSLEngine as good as on"}},
		{name: "foreign FIPS wrong", versions: []int{11, 12}, server: strings.Replace(foreign, "/>", ` FIPSMode="yes" useAprConnector="true"/>`, 1), finds: []string{"error FIPSMode not in FIPS mode", "error useAprConnector no such attribute"}},
		{name: "optional", versions: []int{9, 10, 11}, server: strings.Replace(foreign, "/>", ` optional="true"/>`, 1)},

		// Where listeners are, and what they are called.
		{name: "class in another case", versions: all, server: `<Listener className="org.apache.catalina.core.APRLifecycleListener"/>`, finds: []string{"error className write " + listenerNative}},
		{name: "class in another package", versions: all, server: `<Listener className="org.apache.catalina.core.TLSCertificateReloadListener"/>`, finds: []string{"error className write " + listenerReload}},
		{name: "class misspelt", versions: all, server: `<Listener className="org.apache.catalina.core.AprLifecycelListener"/>`, finds: []string{"error className does not start at all"}},
		{name: "in the service", versions: elements, service: native("") + secure(`sslImplementationName="`+implementationJava+`"`, hostKeystore), finds: []string{"warning  is in [StandardService]"}},
		{name: "in the service of old", versions: []int{7}, service: native("") + secure(apr+flatPEM, ""), finds: []string{"warning  belongs into the Server", "info protocol where libtcnative"}},
		{name: "in the engine", versions: elements, service: `<Engine>` + native("") + `</Engine>`, finds: []string{"warning  [StandardEngine]"}},
		{name: "in a connector", versions: elements, service: `<Connector port="8080">` + native("") + `</Connector>`, finds: []string{"warning  [Connector]"}},
		{name: "in a host, too late", versions: []int{8, 9}, service: `<Engine><Host>` + native("") + `</Host></Engine>` + secure(apr, hostPEM), finds: []string{"error  too late", "error protocol requires the AprLifecycleListener"}},
		{name: "nowhere", versions: []int{8, 9}, service: secure("", `<SSLHostConfig>`+native("")+`<Certificate certificateFile="a.pem"/></SSLHostConfig>`), finds: []string{"error  looks for no listener here", "warning  no such element here"}},

		// Reloading.
		{name: "reload before its time", versions: []int{7}, server: reload + "/>", finds: []string{"error className does not start at all"}},
		{name: "reload since minor releases", versions: []int{8, 9, 10}, server: reload + "/>", finds: []string{"info className older ones do not start at all", "info  expires within 14 days, which it looks for every 86400 seconds"}},
		{name: "reload", versions: []int{11, 12}, server: reload + ` checkPeriod="3600" daysBefore="30"/>`, finds: []string{"info  expires within 30 days, which it looks for every 3600 seconds"}},
		{name: "reload, no numbers", versions: []int{11}, server: reload + ` checkPeriod="1h" daysBefore=""/>`, finds: []string{"error checkPeriod is not a number", "error daysBefore is not a number", "info  within 14 days"}},
		{name: "reload, no period", versions: []int{11}, server: reload + ` checkPeriod="0"/>`, finds: []string{"warning checkPeriod every 10 seconds", "info  within 14 days"}},
		{name: "reload, too seldom", versions: []int{11}, server: reload + ` checkPeriod="2147483647"/>`, finds: []string{"warning checkPeriod when it has expired", "info  within 14 days"}},
		{name: "reload, too late", versions: []int{11}, server: reload + ` daysBefore="-1"/>`, finds: []string{"warning daysBefore until it has expired"}},
		{name: "reload, ever", versions: []int{11}, server: reload + ` daysBefore="3650"/>`, finds: []string{"warning daysBefore overdue for renewal"}},
		{name: "reload misspelt", versions: []int{11}, server: reload + ` checkperiod="1" bogus="1"/>`, finds: []string{"error checkperiod is checkPeriod meant?", "warning bogus no such attribute", "info  within 14 days"}},
		{name: "reload in a wrong place", versions: []int{11}, service: reload + "/>", finds: []string{"error  reloads no certificate"}},

		// HTTP/2.
		{name: "HTTP/2 on TLS", versions: elements, service: secure("", http2+hostKeystore)},
		{name: "HTTP/2 without TLS", versions: elements, service: `<Connector port="8080">` + http2 + `</Connector>`, finds: []string{"info  h2c"}},
		{name: "HTTP/2 before its time", versions: []int{7}, service: secure(flatKeystore, http2), finds: []string{"warning  has no HTTP/2"}},
		{name: "HTTP/2 without class", versions: elements, service: secure("", "<UpgradeProtocol/>"+hostKeystore), finds: []string{"error  No class name specified"}},
		{name: "HTTP/2 in another case", versions: elements, service: secure("", `<UpgradeProtocol className="org.apache.coyote.http2.HTTP2Protocol"/>`+hostKeystore), finds: []string{"error className write className"}},
		{name: "another protocol", versions: elements, service: secure("", `<UpgradeProtocol className="com.example.Upgrade"/>`+hostKeystore), finds: []string{"warning className not offered here"}},
	} {
		for _, version := range c.versions {
			t.Run(fmt.Sprintf("%s/%d", c.name, version), func(t *testing.T) {
				text := "<Server>\n" + c.server + "<Service>\n" + c.service + "</Service></Server>"
				_, findings, err := readConnectors([]byte(text), Options{Version: version})
				if err != nil {
					t.Fatal(err)
				}
				checkFindings(t, findings, c.finds)
				for _, f := range findings {
					if f.At.Line == 0 || f.At.Element == "" {
						t.Errorf("no place in %s", f)
					}
				}
			})
		}
	}
}

// TestHTTP2 is about what is offered, not what is said.
func TestHTTP2(t *testing.T) {
	for _, c := range []struct {
		version int
		content string
		want    bool
	}{
		{7, http2, false},
		{8, http2, true},
		{9, http2, true},
		{11, strings.Replace(http2, "org", "${org:-org}", 1), true},
		{10, `<UpgradeProtocol className="com.example.Upgrade"/>`, false},
		{10, `<UpgradeProtocol className="com.example.Upgrade"/>` + http2, true},
		{10, "", false},
	} {
		connectors, _, err := readConnectors([]byte("<Server><Service>"+secure("", c.content+hostKeystore)+"</Service></Server>"), Options{Version: c.version})
		if err != nil {
			t.Fatal(err)
		}
		if connectors[0].HTTP2 != c.want {
			t.Errorf("Tomcat %d, %s: HTTP/2 is offered: %v", c.version, c.content, connectors[0].HTTP2)
		}
	}
}

// TestLateNative: what HTTP/1.1 stands for is decided where it is read.
func TestLateNative(t *testing.T) {
	for version, want := range map[int]int{7: 0, 9: 1, 10: 1} {
		text := "<Server>\n<Service>\n" + secure(flatKeystore, "") + "</Service>\n" + native(`useAprConnector="true"`) + "</Server>"
		_, findings, err := readConnectors([]byte(text), Options{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		late := slices.DeleteFunc(findings, func(f finding.Finding) bool {
			return f.At.Attribute != "useAprConnector" || version == 7
		})
		if len(late) != want || want > 0 && version == 9 && !strings.Contains(late[0].Text, "too late") {
			t.Errorf("Tomcat %d: %v", version, late)
		}
	}
}

// TestGuess: the names of classes tell for which Tomcat a file was written.
func TestGuess(t *testing.T) {
	for text, want := range map[string]int{
		secure(`protocol="`+protocolBIO+`" `+flatKeystore, ""):                     7,
		secure(`protocol="`+protocolBIO+`"`, hostKeystore):                         8,
		`<Connector port="8009" protocol="org.apache.coyote.ajp.AjpAprProtocol"/>`: 9,
		secure(apr, hostPEM):                           9,
		native(`useAprConnector="true"`):               9,
		native(""):                                     10,
		secure(`protocol="`+protocolNIO2+`"`, hostPEM): 10,
	} {
		conf, err := Read([]byte("<Server><Service>"+text+"</Service></Server>"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if conf.Version != want {
			t.Errorf("guessed %d, not %d, of %s", conf.Version, want, text)
		}
	}
}
