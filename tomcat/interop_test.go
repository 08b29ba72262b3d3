package tomcat

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/finding"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jks"
)

// configuration is a Connector, and what it does in Tomcat 10.1 with Java 17.
type configuration struct {
	name string
	// attributes and content of the Connector; port and address come with
	// it. $KS stands for a good keystore's attributes.
	attributes, content string
	// starts says that Tomcat listens, plain that it then speaks HTTP
	// without TLS.
	starts, plain bool
	// log is what Tomcat says of it in its log, besides what it says of
	// everybody.
	log []string
	// finds are the findings: severity, attribute and what to look for in
	// text and remedy.
	finds []string
	// fails says that it starts and no handshake succeeds.
	fails bool
}

const good = `certificateKeystoreFile="conf/rsa.p12" certificateKeystorePassword="changeit"`

// configurations are the table that a real Tomcat and we are compared with.
var configurations = []configuration{
	{name: "minimal", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "names with another first letter", attributes: `sSLEnabled="TRUE"`, content: `<SSLHostConfig HostName="_Default_"><Certificate CertificateKeystoreFile="conf/rsa.p12"/></SSLHostConfig>`, starts: true},
	{name: "properties", attributes: `SSLEnabled="${no.such:-true}"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="${catalina.base}/conf/${a:-${b:-rsa}.p12"/></SSLHostConfig>`,
		log: []string{"conf/${b:-rsa.p12"}},
	{name: "property and default", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="${catalina.base}/${no.such:-conf}/rsa.p12"/></SSLHostConfig>`, starts: true},
	{name: "property as default", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="${no.such:-${catalina.base}}/conf/rsa.p12"/></SSLHostConfig>`, starts: true},
	// Of the file as Tomcat ships it.
	{name: "property of catalina.properties", attributes: `SSLEnabled="${tomcat.util.buf.StringCache.byte.enabled}"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "file URL with escapes", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="file://${catalina.base}/conf/%72sa.p12"/></SSLHostConfig>`, starts: true},
	{name: "relative file URL", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="file:conf/rsa.p12"/></SSLHostConfig>`, starts: true},
	{name: "file URL", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="file://${catalina.base}/conf/rsa.p12"/></SSLHostConfig>`, starts: true},
	{name: "JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks"/></SSLHostConfig>`, starts: true},
	{name: "PKCS12 with many keys", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.p12"/></SSLHostConfig>`, starts: true},
	{name: "JCEKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jceks" certificateKeystoreType="jceks"/></SSLHostConfig>`, starts: true},
	{name: "JCEKS without type", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jceks"/></SSLHostConfig>`,
		log: []string{"Invalid keystore format"}},
	{name: "alias in another case", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.p12" certificateKeyAlias="SERVER"/></SSLHostConfig>`, starts: true},
	{name: "alias of a certificate", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks" certificateKeyAlias="trusted"/></SSLHostConfig>`,
		log: []string{"Alias name [trusted] does not identify a key entry"}},
	{name: "alias of nothing", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeyAlias="nosuch"/></SSLHostConfig>`,
		log: []string{"Alias name [nosuch] does not identify a key entry"}},
	{name: "empty alias", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeyAlias=""/></SSLHostConfig>`,
		log: []string{"Alias name [] does not identify a key entry"}, finds: []string{"error certificateKeyAlias empty"}},
	{name: "only certificates", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/trust.jks"/></SSLHostConfig>`,
		log: []string{"Alias name [null] does not identify a key entry"}},
	{name: "secret key first", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/secret.p12"/></SSLHostConfig>`, starts: true, fails: true},
	{name: "password file", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/rsa.p12" certificateKeystorePassword="wrong" certificateKeystorePasswordFile="conf/password"/></SSLHostConfig>`, starts: true},
	{name: "PEM", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateFile="conf/pem.crt" certificateKeyFile="conf/pem.key"/></SSLHostConfig>`, starts: true},
	{name: "PEM in one file", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateFile="conf/both.pem"/></SSLHostConfig>`, starts: true},
	{name: "PEM key without certificate", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeyFile="conf/pem.key"/></SSLHostConfig>`,
		log: []string{"SSLHostConfig attribute certificateFile must be defined"}, finds: []string{"error  certificateFile must be defined"}},
	{name: "keystore, then PEM", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateFile="conf/pem.crt" certificateKeyFile="conf/pem.key"/></SSLHostConfig>`, starts: true,
		log: []string{"is for certificate storage type [PEM] but the certificate is being used with a storage of type [KEYSTORE]"}, finds: []string{"warning certificateFile stands first"}},
	{name: "PEM, then keystore", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateFile="conf/pem.crt" certificateKeyFile="conf/pem.key" $KS/></SSLHostConfig>`, starts: true,
		log: []string{"is for certificate storage type [KEYSTORE] but the certificate is being used with a storage of type [PEM]"}, finds: []string{"warning certificateKeystoreFile stands first"}},
	{name: "RSA and EC", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate type="RSA" $KS/><Certificate type="EC" certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, starts: true},
	{name: "RSA twice", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate type="RSA" $KS/><Certificate type="RSA" certificateKeystoreFile="conf/many.p12"/></SSLHostConfig>`, starts: true,
		finds: []string{"error type never served"}},
	{name: "type in small letters", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate type="rsa" $KS/></SSLHostConfig>`, starts: true,
		log: []string{"Unknown certificate type [rsa], using UNDEFINED"}, finds: []string{"warning type write RSA"}},
	{name: "virtual hosts", attributes: `SSLEnabled="true" defaultSSLHostConfigName="WWW.example.com"`, content: `<SSLHostConfig hostName="www.Example.com"><Certificate $KS/></SSLHostConfig>` +
		`<SSLHostConfig hostName="*.example.com"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>` +
		`<SSLHostConfig hostName="pem.example.com"><Certificate certificateFile="conf/both.pem"/></SSLHostConfig>`, starts: true},
	{name: "no default host", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig hostName="www.example.com"><Certificate $KS/></SSLHostConfig>`,
		log: []string{"No SSLHostConfig element was found with the hostName [_default_]"}, finds: []string{"error  remove its hostName"}},
	{name: "no host", attributes: `SSLEnabled="true"`,
		log: []string{"No SSLHostConfig element was found with the hostName [_default_]"}, finds: []string{"error  needs an SSLHostConfig"}},
	{name: "no certificate", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig/>`,
		log: []string{"SSLHostConfig attribute certificateFile must be defined"}, finds: []string{"error  names neither a keystore nor PEM files"}},
	{name: "nothing in a certificate", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeyAlias="rsa"/></SSLHostConfig>`,
		log: []string{"SSLHostConfig attribute certificateFile must be defined"}, finds: []string{"error  names neither a keystore nor PEM files"}},
	{name: "nothing but the password", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystorePassword="changeit"/></SSLHostConfig>`, starts: true,
		finds: []string{"warning  in the home of the user it runs as"}},
	{name: "case-exact JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/exact.jks" certificateKeystoreType="CaseExactJKS" certificateKeyAlias="Tomcat"/></SSLHostConfig>`, starts: true},
	{name: "case-exact JKS in small letters", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/exact.jks" certificateKeystoreType="caseexactjks" certificateKeyAlias="tomcat"/></SSLHostConfig>`, starts: true},
	{name: "case-exact JKS, no alias", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/upper.jks" certificateKeystoreType="CaseExactJKS"/></SSLHostConfig>`, starts: true},
	{name: "case-exact JKS, another case", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/exact.jks" certificateKeystoreType="CaseExactJKS" certificateKeyAlias="TOMCAT"/></SSLHostConfig>`,
		log: []string{"Alias name [TOMCAT] does not identify a key entry"}},
	{name: "case-exact JKS as JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/exact.jks" certificateKeyAlias="Tomcat"/></SSLHostConfig>`, starts: true},
	{name: "case-exact JKS as JKS, no alias", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/exact.jks"/></SSLHostConfig>`, starts: true},
	{name: "capitals in JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/upper.jks" certificateKeyAlias="Tomcat"/></SSLHostConfig>`,
		log: []string{"Alias name [Tomcat] does not identify a key entry"}},
	{name: "capitals in JKS, no alias", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/upper.jks"/></SSLHostConfig>`,
		log: []string{"Alias name [null] does not identify a key entry"}},
	{name: "alias in another case in JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks" certificateKeyAlias="SERVER"/></SSLHostConfig>`, starts: true},
	{name: "alias in another case in JCEKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jceks" certificateKeystoreType="JCEKS" certificateKeyAlias="Server"/></SSLHostConfig>`, starts: true},
	{name: "alias with a blank", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeyAlias="rsa "/></SSLHostConfig>`,
		log: []string{"Alias name [rsa ] does not identify a key entry"}},
	{name: "an EC key, and suites for RSA", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLSv1.2" ciphers="ECDHE-RSA-AES128-GCM-SHA256"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, starts: true},
	{name: "an EC key, and suites for RSA or TLSv1.3", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="ECDHE-RSA-AES128-GCM-SHA256"><Certificate certificateKeystoreFile="conf/ec.p12"/></SSLHostConfig>`, starts: true},
	{name: "an RSA key, and suites for EC", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLSv1.2" ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "alias of PEM files", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateFile="conf/pem.crt" certificateKeyFile="conf/pem.key" certificateKeyAlias="No Such"/></SSLHostConfig>`, starts: true},
	{name: "PKCS12 called JKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType="jks"/></SSLHostConfig>`, starts: true},
	{name: "JKS called PKCS12", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jks" certificateKeystoreType="pkcs12"/></SSLHostConfig>`, starts: true},
	{name: "PKCS12 called CaseExactJKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType="CaseExactJKS"/></SSLHostConfig>`,
		log: []string{"Invalid keystore format"}},
	{name: "JCEKS called PKCS12", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="conf/many.jceks" certificateKeystoreType="PKCS12"/></SSLHostConfig>`,
		log: []string{"DerInputStream.getLength(): lengthTag=78, too big."}},
	{name: "BKS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType="BKS"/></SSLHostConfig>`,
		log: []string{"BKS not found"}, finds: []string{"error certificateKeystoreType BKS not found"}},
	{name: "keystore type with a blank", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType=" PKCS12"/></SSLHostConfig>`,
		log: []string{" PKCS12 not found"}, finds: []string{"error certificateKeystoreType write PKCS12, without blanks"}},
	{name: "certificate's attributes of a host", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig $KS/>`,
		log:   []string{"failed to set property [certificateKeystoreFile]"},
		finds: []string{"error certificateKeystoreFile move it to a Certificate", "error certificateKeystorePassword move it to a Certificate"}},
	{name: "flat", attributes: `SSLEnabled="true" scheme="https" secure="true" keystoreFile="conf/rsa.p12" keystorePass="changeit" clientAuth="false" sslProtocol="TLS"`,
		log: []string{"failed to set property [keystoreFile]", "failed to set property [clientAuth]"},
		finds: []string{"error keystoreFile certificateKeystoreFile of a <Certificate>", "error keystorePass certificateKeystorePassword of a <Certificate>",
			"error clientAuth certificateVerification of a <SSLHostConfig>", "error sslProtocol sslProtocol of a <SSLHostConfig>", "error  needs an SSLHostConfig"}},
	{name: "no SSLEnabled", content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`, starts: true, plain: true,
		finds: []string{"error  plain HTTP"}},
	{name: "SSLEnabled is yes", attributes: `SSLEnabled="yes"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`, starts: true, plain: true,
		finds: []string{"error SSLEnabled takes it for false", "error  plain HTTP"}},
	{name: "unknown attributes", attributes: `SSLEnabled="true" maxThread="5"`, content: `<SSLHostConfig hostname="x" protocol="TLSv1.2"><Certificate $KS keyAlias="a" nonsense="1"/></SSLHostConfig>`, starts: true,
		log: []string{"failed to set property [maxThread]", "failed to set property [hostname]", "failed to set property [protocol]", "failed to set property [keyAlias]", "failed to set property [nonsense]"},
		finds: []string{"error maxThread is maxThreads meant?", "error hostname is hostName meant?", "error protocol is protocols meant?", "error keyAlias here it is called certificateKeyAlias",
			"warning nonsense no such attribute"}},
	{name: "unknown element", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS/><Certificates/></SSLHostConfig>`, starts: true,
		log: []string{"No rules found matching [Server/Service/Connector/SSLHostConfig/Certificates]"}, finds: []string{"warning  is <Certificate> meant?"}},
	{name: "numbers and truths", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig honorCipherOrder="yes" certificateVerificationDepth="ten"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"failed to set property [certificateVerificationDepth] to [ten]"}, finds: []string{"error honorCipherOrder takes it for false", "error certificateVerificationDepth not a number"}},
	{name: "property without value", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate certificateKeystoreFile="${no.such}/rsa.p12"/></SSLHostConfig>`,
		log: []string{"[${no.such}/rsa.p12]"}, finds: []string{"error certificateKeystoreFile ${no.such} has no value"}},
	{name: "keystore type that is none", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType="P12"/></SSLHostConfig>`,
		log: []string{"P12 not found"}, finds: []string{"error certificateKeystoreType write PKCS12"}},
	{name: "keystore type that is empty", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS certificateKeystoreType=""/></SSLHostConfig>`,
		log: []string{" not found"}, finds: []string{"error certificateKeystoreType write PKCS12"}},
	{name: "truststore without name", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig truststoreFile=""><Certificate $KS/></SSLHostConfig>`,
		finds: []string{"error truststoreFile names no file"}},
	{name: "a year's TLS session", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig sessionTimeout="31536000"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning sessionTimeout 7 days"}},
	{name: "ciphers: none", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers=""><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers only TLSv1.3 is offered"}},
	{name: "native connector", attributes: `SSLEnabled="true" protocol="org.apache.coyote.http11.Http11AprProtocol"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`,
		log: []string{"java.lang.ClassNotFoundException: org.apache.coyote.http11.Http11AprProtocol"}, finds: []string{"error protocol no longer has the native connector"}},
	{name: "blocking connector", attributes: `SSLEnabled="true" protocol="org.apache.coyote.http11.Http11Protocol"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig>`,
		log: []string{"java.lang.ClassNotFoundException: org.apache.coyote.http11.Http11Protocol"}, finds: []string{"error protocol does not have this class"}},

	{name: "protocols: TLSv1.3", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="+TLSv1.3"><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "protocols: all but one", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="all -TLSv1.3"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning protocols TLSv1, TLSv1.1"}},
	{name: "protocols: commas", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLSv1.2,TLSv1.3"><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "protocols: old", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLSv1+TLSv1.1+TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning protocols Java refuses TLSv1, TLSv1.1"}},
	{name: "protocols: one unknown", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLSv1.2+TLSv9"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"have been skipped: [[TLSv9]"}, finds: []string{"error protocols leaves it out"}},
	{name: "protocols: in small letters", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="tlsv1.2"><Certificate $KS/></SSLHostConfig>`,
		log: []string{"None of the [protocols] specified are supported"}, finds: []string{"error protocols write TLSv1.2", "error protocols does not start"}},
	{name: "protocols: TLS", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols="TLS"><Certificate $KS/></SSLHostConfig>`,
		log: []string{"None of the [protocols] specified are supported"}, finds: []string{"error protocols write the versions", "error protocols does not start"}},
	{name: "protocols: none", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig protocols=""><Certificate $KS/></SSLHostConfig>`,
		log: []string{"None of the [protocols] specified are supported"}, finds: []string{"error protocols does not start"}},
	{name: "sslProtocol is no restriction", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig sslProtocol="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning sslProtocol does not restrict"}},
	{name: "sslProtocol that is none", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig sslProtocol="TLSv1.2,TLSv1.3"><Certificate $KS/></SSLHostConfig>`,
		log: []string{"SSLContext not available"}, finds: []string{"error sslProtocol no TLS context"}},

	{name: "ciphers: words", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="HIGH:!aNULL:!kRSA:!DHE:!SHA1" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers 2 with ECDHE"}},
	{name: "ciphers: Java's names", attributes: `SSLEnabled="true"`, content: "<SSLHostConfig ciphers=\"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,\n\t TLS_RSA_WITH_AES_128_CBC_SHA\" protocols=\"TLSv1.2\"><Certificate $KS/></SSLHostConfig>", starts: true},
	{name: "ciphers: combinations", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="ECDHE+AESGCM:kRSA+AES128:-SHA1:!SHA256" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "ciphers: everything", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="ALL" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers with DHE"}},
	{name: "ciphers: DHE by name", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="DHE-RSA-AES128-GCM-SHA256" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers Go's TLS can't do TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "error ciphers every handshake fails"}},
	{name: "ciphers: in small letters", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="high"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers is HIGH meant?", "warning ciphers only TLSv1.3 is offered"}},
	{name: "ciphers: of TLS 1.3", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="TLS_AES_128_GCM_SHA256"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"included in the TLS 1.2 and below ciphers list will be removed"}, finds: []string{"warning ciphers only TLSv1.3 is offered"}},
	{name: "ciphers: after @STRENGTH", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig ciphers="AESGCM:@STRENGTH:!ECDHE" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning ciphers put @STRENGTH last", "warning ciphers with DHE"}},
	{name: "cipherSuites", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig cipherSuites="TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log:   []string{"The non-TLS 1.3 cipher suite [ECDHE-RSA-AES128-GCM-SHA256] included"},
		finds: []string{"warning cipherSuites no suite of TLS 1.3", "warning cipherSuites here also TLS_AES_256_GCM_SHA384"}},
	{name: "groups", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig groups="secp384r1, x448, P-256"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"Unknown TLS group [ P-256] was specified"}, finds: []string{"warning groups can't do the group x448", "warning groups write secp256r1"}},

	{name: "clients: required", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig certificateVerification="required" truststoreFile="conf/trust.jks" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true},
	{name: "clients: optional", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig certificateVerification="WANT" truststoreFile="conf/trust.jks"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"does not support post handshake authentication"}, finds: []string{"warning certificateVerification post handshake"}},
	{name: "clients: wrong word", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig certificateVerification="maybe" truststoreFile="conf/trust.jks" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		log: []string{"The certificate verification value [maybe] is not recognised"}, finds: []string{"error certificateVerification requires a certificate of every client"}},
	{name: "clients: nobody trusted", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig certificateVerification="required" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning certificateVerification all the CAs of Java's cacerts"}},
	{name: "clients: CA in PEM", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig certificateVerification="required" caCertificateFile="conf/pem.crt" protocols="TLSv1.2"><Certificate $KS/></SSLHostConfig>`, starts: true,
		finds: []string{"warning caCertificateFile only OpenSSL reads it"}},
	{name: "OpenSSL's settings", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig disableCompression="false" insecureRenegotiation="true" disableSessionTickets="true">` +
		`<Certificate $KS/><OpenSSLConf><OpenSSLConfCmd name="NoCompression" value="true"/></OpenSSLConf></SSLHostConfig>`, starts: true,
		finds: []string{"warning disableCompression CRIME", "warning insecureRenegotiation CVE-2009-3555", "warning  OpenSSL's own commands", "info disableSessionTickets only OpenSSL"}},
}

// fatal are configurations with which Tomcat does not start at all.
var fatal = []configuration{
	{name: "one host twice", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate $KS/></SSLHostConfig><SSLHostConfig hostName="_DEFAULT_"><Certificate $KS/></SSLHostConfig>`,
		log: []string{"Host names must be unique"}, finds: []string{"error hostName does not start at all"}},
	{name: "two certificates, one type", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig><Certificate type="RSA" $KS/><Certificate $KS/></SSLHostConfig>`,
		log: []string{"at least one is missing the required attribute type"}, finds: []string{"error type does not start at all"}},
	{name: "host without name", attributes: `SSLEnabled="true"`, content: `<SSLHostConfig hostName=""><Certificate $KS/></SSLHostConfig>`,
		log: []string{"No host name was provided for the SSL host configuration"}, finds: []string{"error hostName does not start at all", "error  No SSLHostConfig element was found"}},
}

// xml writes the Connector with a port.
func (c configuration) xml(port int) string {
	attributes := c.attributes
	if !strings.Contains(attributes, "protocol=") {
		attributes += ` protocol="HTTP/1.1"`
	}
	return fmt.Sprintf("<Connector port=\"%d\" address=\"127.0.0.1\" %s>%s</Connector>\n", port, attributes, strings.ReplaceAll(c.content, "$KS", good))
}

// server makes a server.xml of Connectors.
func server(connectors ...string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Server port=\"-1\">\n<Service name=\"Catalina\">\n" +
		strings.Join(connectors, "") +
		"<Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\"/></Engine>\n</Service>\n</Server>\n")
}

// matches reports whether a finding is the one that is expected: "severity
// attribute words", of which the attribute may be empty.
func matches(f finding.Finding, expected string) bool {
	severity, rest, _ := strings.Cut(expected, " ")
	attribute, words, _ := strings.Cut(rest, " ")
	return f.Severity.String() == severity && f.At.Attribute == attribute && strings.Contains(f.Text+"; "+f.Remedy, words)
}

// checkFindings compares findings with those that are expected, in any order.
func checkFindings(t *testing.T, findings []finding.Finding, expected []string) {
	t.Helper()
	left := slices.Clone(expected)
	for _, f := range findings {
		i := slices.IndexFunc(left, func(expected string) bool { return matches(f, expected) })
		if i < 0 {
			t.Errorf("not expected: %s", f)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, want := range left {
		t.Errorf("not found: %s", want)
	}
}

func TestFindings(t *testing.T) {
	// What Tomcat's own catalina.properties has, which TestTomcat reads.
	known := values(map[string]string{"tomcat.util.buf.StringCache.byte.enabled": "true"})
	for _, c := range slices.Concat(configurations, fatal) {
		t.Run(c.name, func(t *testing.T) {
			connectors, findings, err := readConnectors(server(c.xml(8443)), Options{Version: 10, Base: "/base", Lookup: known})
			if err != nil {
				t.Fatal(err)
			}
			if len(connectors) != 1 {
				t.Fatalf("%d connectors", len(connectors))
			}
			checkFindings(t, findings, c.finds)
			for _, f := range findings {
				if strings.Contains(f.String(), "changeit") {
					t.Errorf("a password in %s", f)
				}
				if f.At.Line < 4 || f.At.Connector != 4 {
					t.Errorf("line %d of connector %d: %s", f.At.Line, f.At.Connector, f)
				}
			}
			if !c.plain && c.starts && !connectors[0].TLS {
				t.Error("not a connector with TLS")
			}
		})
	}
}

// TestTomcat gives all configurations to a real Tomcat 10 and compares what it
// serves with what we read, and what it says with what we do.
func TestTomcat(t *testing.T) {
	testtool.TomcatHome(t)
	base := t.TempDir()
	keystores(t, base)
	ports := freePorts(t, len(configurations)+4)
	var elements []string
	for i, c := range configurations {
		elements = append(elements, c.xml(ports[i]))
	}
	// What Snippet writes, after the others.
	snippets := snippetConnectors(t, filepath.Join(base, "conf"))
	for i := range snippets {
		snippets[i].Port = ports[len(configurations)+i]
		text, err := Snippet(10, snippets[i])
		if err != nil {
			t.Fatal(err)
		}
		elements = append(elements, text)
	}
	text := server(elements...)
	tomcat := testtool.StartTomcat(t, base, text)
	if !tomcat.Started {
		t.Fatalf("Tomcat has not started:\n%s", tomcat.Log())
	}
	connectors, findings, err := readConnectors(text, Options{Version: 10, Base: base, ReadFile: os.ReadFile, Lookup: func(name string) (string, bool) { return base, name == "user.home" }})
	if err != nil {
		t.Fatal(err)
	}
	if len(connectors) != len(elements) {
		t.Fatalf("%d connectors of %d", len(connectors), len(elements))
	}
	for i := range snippets {
		t.Run(fmt.Sprintf("snippet %d", i), func(t *testing.T) {
			c := &connectors[len(configurations)+i]
			own := About(findings, c)
			checkFindings(t, own, nil)
			compareWithTomcat(t, tomcat, configuration{starts: true}, c, own)
			get(t, c)
		})
	}
	for i, c := range configurations {
		t.Run(c.name, func(t *testing.T) {
			own := About(findings, &connectors[i])
			compareWithTomcat(t, tomcat, c, &connectors[i], own)
		})
	}
}

// snippetConnectors are connectors to write, with files in conf.
func snippetConnectors(t *testing.T, conf string) []Connector {
	in := func(name string) string { return filepath.Join(conf, name) }
	one := func(c Certificate) []SSLHost { return []SSLHost{{Certificates: []Certificate{c}}} }
	return []Connector{
		{Address: "127.0.0.1", Hosts: one(Certificate{KeystoreFile: in("rsa.p12"), KeystorePassword: []byte("changeit"), KeyAlias: "rsa", Type: "RSA"})},
		{Address: "127.0.0.1", HTTP2: true, Hosts: one(Certificate{CertificateFile: in("pem.crt"), KeyFile: in("pem.key")})},
		{Address: "127.0.0.1", Hosts: one(Certificate{KeystoreFile: in("many.jceks"), KeystoreType: "JCEKS", KeystorePasswordFile: in("password")})},
		{Address: "127.0.0.1", DefaultHost: "www.example.com", Hosts: []SSLHost{
			{Names: []string{"www.example.com"}, Protocols: []uint16{tls.VersionTLS12}, Ciphers: "ECDHE+AESGCM", HonorCipherOrder: true, SessionTimeout: time.Hour,
				Certificates: []Certificate{
					{KeystoreFile: in("rsa.p12"), KeystorePassword: []byte("changeit"), Type: "RSA"},
					{KeystoreFile: in("ec.p12"), KeystorePassword: []byte("changeit"), Type: "EC"},
				}},
			{Names: []string{"*.example.com"}, Protocols: []uint16{tls.VersionTLS13}, Groups: []tls.CurveID{tls.CurveP256}, Verification: VerificationRequired,
				Truststore: Truststore{File: in("trust.jks"), Password: []byte("changeit")}, Certificates: []Certificate{{CertificateFile: in("both.pem")}}},
		}},
	}
}

// get asks a connector for a page over TLS; Tomcat has none.
func get(t *testing.T, c *Connector) {
	t.Helper()
	client := http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "www.example.com"}, ForceAttemptHTTP2: true},
	}
	defer client.CloseIdleConnections()
	answer, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/", c.Port))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	// Before it finds that it has no page, Tomcat compares the host names.
	if answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusBadRequest && answer.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %s", answer.Status)
	}
	if c.HTTP2 != (answer.ProtoMajor == 2) {
		t.Errorf("Tomcat answers with %s", answer.Proto)
	}
}

// compareWithTomcat looks at one connector of a running Tomcat.
func compareWithTomcat(t *testing.T, tomcat *testtool.Tomcat, c configuration, conn *Connector, findings []finding.Finding) {
	address := fmt.Sprintf("127.0.0.1:%d", conn.Port)
	tcp, err := net.DialTimeout("tcp", address, time.Minute)
	if listens := err == nil; listens != c.starts {
		t.Fatalf("Tomcat listens: %v", listens)
	}
	for _, want := range c.log {
		if !strings.Contains(tomcat.Log(), want) {
			t.Errorf("Tomcat's log does not say %q", want)
		}
	}
	if !c.starts {
		return
	}
	defer tcp.Close()
	if c.plain {
		tcp.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(tcp, "GET / HTTP/1.0\r\n\r\n")
		answer, _ := io.ReadAll(tcp)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 404") {
			t.Errorf("Tomcat does not speak plain HTTP: %q", answer)
		}
		return
	}
	names := []string{"", "unknown.org"}
	for _, h := range conn.Hosts {
		names = append(names, strings.ReplaceAll(h.Names[0], "*", "any"))
	}
	for _, name := range names {
		if name == DefaultHostName {
			continue
		}
		host, ok := conn.Host(name)
		if !ok {
			t.Fatalf("no host for %q", name)
		}
		compareHost(t, address, name, host, c.fails, findings)
	}
}

// compareHost makes handshakes with Tomcat as the client of a host.
func compareHost(t *testing.T, address, name string, h *SSLHost, fails bool, findings []finding.Finding) {
	// What we would serve: the first certificate whose type fits.
	var served []string
	untaken := len(h.Certificates) > 0 // by a suite of TLS 1.2
	for i := range h.Certificates {
		cert, found := servedCertificate(t, &h.Certificates[i])
		if found {
			served = append(served, cert.Subject.CommonName)
			_, ok := h.Takes(cert.PublicKey)
			untaken = untaken && !ok
		}
	}
	if fails != (len(served) == 0) {
		t.Errorf("we would serve %q", served)
	}
	noSuite := slices.ContainsFunc(findings, func(f finding.Finding) bool { return strings.Contains(f.Text, "every handshake fails") })
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		// Java refuses the first two whatever is configured.
		want := version >= tls.VersionTLS12 && slices.Contains(h.Protocols, version) && !fails && !noSuite && !(untaken && version < tls.VersionTLS13) && h.Verification != VerificationRequired
		cn, err := handshake(address, name, version, nil)
		if got := err == nil; got != want {
			t.Errorf("%q: handshake with %s: %v; we expect success: %v", name, protocolName(version), err, want)
		}
		if err == nil && !slices.Contains(served, cn) {
			t.Errorf("%q: Tomcat serves CN=%s, we would %q", name, cn, served)
		}
	}
	if untaken || h.CipherSuites == nil || h.Verification != VerificationNone {
		return
	}
	// One suite at a time.
	var ours, theirs []string
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if !slices.Contains(s.SupportedVersions, tls.VersionTLS12) || strings.Contains(s.Name, "ECDSA") {
			continue
		}
		if slices.Contains(h.CipherSuites, s.ID) {
			ours = append(ours, s.Name)
		}
		if _, err := handshake(address, name, tls.VersionTLS12, []uint16{s.ID}); err == nil {
			theirs = append(theirs, s.Name)
		}
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("the suites differ (-Tomcat's +ours):\n%s", diff)
	}
}

// handshake returns the common name of the certificate that is served to a
// client with one version of TLS, and without a certificate of its own.
func handshake(address, name string, version uint16, suites []uint16) (string, error) {
	if suites == nil {
		for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			suites = append(suites, s.ID)
		}
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", address, &tls.Config{
		InsecureSkipVerify: true, ServerName: name, MinVersion: version, MaxVersion: version, CipherSuites: suites,
	})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// In TLS 1.3 the client hears later that its certificate is missed.
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return "", err
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return "", err
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// servedCertificate is the certificate that we would serve, and false where there is
// none.
func servedCertificate(t *testing.T, c *Certificate) (*x509.Certificate, bool) {
	t.Helper()
	var der []byte
	if c.PEM() {
		text, err := os.ReadFile(c.CertificateFile)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		der = block.Bytes
	} else {
		s, err := store.Open(c.KeystoreFile, store.Options{Password: c.KeystorePassword})
		if err != nil {
			t.Fatal(err)
		}
		served := c.In(s)
		if served.Entry == nil || served.Entry.Kind != entry.PrivateKey {
			if len(served.Findings) != 1 || served.Findings[0].Severity != finding.Error {
				t.Errorf("no key, and %v", served.Findings)
			}
			return nil, false
		}
		der = served.Entry.Chain[0].DER
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, true
}

// TestTomcatDoesNotStart checks the configurations that stop all of Tomcat.
func TestTomcatDoesNotStart(t *testing.T) {
	testtool.TomcatHome(t)
	for _, c := range fatal {
		t.Run(c.name, func(t *testing.T) {
			tomcat := testtool.StartTomcat(t, t.TempDir(), server(c.xml(freePorts(t, 1)[0])))
			if tomcat.Started {
				t.Error("Tomcat has started")
			}
			for _, want := range c.log {
				if !strings.Contains(tomcat.Log(), want) {
					t.Errorf("its log does not say %q:\n%s", want, tomcat.Log())
				}
			}
		})
	}
}

// keystores makes the files that the configurations name, in base/conf.
func keystores(t *testing.T, base string) {
	t.Helper()
	conf := filepath.Join(base, "conf")
	if err := os.MkdirAll(conf, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(conf, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	password := []byte("changeit")
	save := func(name string, s *store.Store) {
		t.Helper()
		data, err := s.Bytes(password)
		if err != nil {
			t.Fatal(err)
		}
		write(name, data)
	}
	put := func(s *store.Store, alias string, key entry.Key, chain ...entry.Certificate) {
		t.Helper()
		if err := s.SetKey(alias, key, password, chain, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	trust := func(s *store.Store, c entry.Certificate) {
		t.Helper()
		if err := s.SetCertificate("trusted", c, time.Now()); err != nil {
			t.Fatal(err)
		}
	}

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, ca := selfSigned(t, "pem", rsaKey)
	crtPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.DER})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key.PKCS8})
	write("pem.crt", crtPEM)
	write("pem.key", keyPEM)
	write("both.pem", slices.Concat(crtPEM, keyPEM))
	write("password", []byte("changeit\r\nanother line\n"))

	key, crt := selfSigned(t, "rsa", rsaKey)
	one := store.New(store.PKCS12)
	put(one, "rsa", key, crt)
	save("rsa.p12", one)

	many := map[string]*store.Store{"p12": store.New(store.PKCS12), "jks": store.New(store.JKS), "jceks": store.New(store.JCEKS)}
	for _, alias := range []string{"zeta", "tomcat", "alpha", "server", "m1"} {
		key, crt := selfSigned(t, alias, testtool.NewKey(t))
		for _, s := range many {
			put(s, alias, key, crt)
		}
	}
	trust(many["jks"], ca)
	for name, s := range many {
		save("many."+name, s)
	}
	trusted := store.New(store.JKS)
	trust(trusted, ca)
	save("trust.jks", trusted)

	// As CaseExactJKS keeps them.
	raw := func(name string, aliases ...string) {
		t.Helper()
		var f entry.File
		for _, alias := range aliases {
			key, crt := selfSigned(t, alias, testtool.NewKey(t))
			sealed, err := jks.Seal(key, password, nil)
			if err != nil {
				t.Fatal(err)
			}
			f.Entries = append(f.Entries, &entry.Entry{Alias: alias, Kind: entry.PrivateKey, Created: time.Now(), Sealed: sealed, Chain: []entry.Certificate{crt}})
		}
		data, err := jks.Encode(&f, password)
		if err != nil {
			t.Fatal(err)
		}
		write(name, data)
	}
	raw("exact.jks", "Tomcat", "tomcat")
	raw("upper.jks", "Tomcat")
	save("../.keystore", many["jks"])

	key, crt = selfSigned(t, "ec", testtool.NewKey(t))
	ec := store.New(store.PKCS12)
	put(ec, "ec", key, crt)
	save("ec.p12", ec)
	secret := store.New(store.PKCS12)
	put(secret, "secret", entry.Key{Algorithm: "AES", Raw: make([]byte, 16)})
	put(secret, "key", key, crt)
	save("secret.p12", secret)
}

// selfSigned returns a key with a certificate of it.
func selfSigned(t *testing.T, name string, key crypto.Signer) (entry.Key, entry.Certificate) {
	t.Helper()
	pkcs8, der := testtool.SelfSigned(t, key, x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
	})
	return entry.Key{PKCS8: pkcs8}, entry.X509(der)
}

// freePorts returns TCP ports of the loopback that nobody has.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
