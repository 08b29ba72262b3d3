package tomcat

import (
	"iter"
	"slices"
	"strings"
)

// The elements whose attributes are ours to know.
const (
	elementConnector   = "Connector"
	elementSSLHost     = "SSLHostConfig"
	elementCertificate = "Certificate"
)

// flat is an attribute by which a Connector of Tomcat 7 to 9 says what an
// SSLHostConfig, or a Certificate in it, says since 8.5.
type flat struct {
	name    string
	element string
	modern  string
}

// flatAttributes are those of Tomcat 7 to 9, and where each has gone: the names
// of Java's connectors, then those of the native one.
var flatAttributes = [...]flat{
	{"algorithm", elementSSLHost, "keyManagerAlgorithm"},
	{"allowUnsafeLegacyRenegotiation", elementSSLHost, "insecureRenegotiation"},
	{"ciphers", elementSSLHost, "ciphers"},
	{"clientAuth", elementSSLHost, "certificateVerification"},
	{"crlFile", elementSSLHost, "certificateRevocationListFile"},
	{"keyAlias", elementCertificate, "certificateKeyAlias"},
	{"keyPass", elementCertificate, "certificateKeyPassword"},
	{"keyPassFile", elementCertificate, "certificateKeyPasswordFile"},
	{"keystoreFile", elementCertificate, "certificateKeystoreFile"},
	{"keystorePass", elementCertificate, "certificateKeystorePassword"},
	{"keystorePassFile", elementCertificate, "certificateKeystorePasswordFile"},
	{"keystoreProvider", elementCertificate, "certificateKeystoreProvider"},
	{"keystoreType", elementCertificate, "certificateKeystoreType"},
	{"sessionCacheSize", elementSSLHost, "sessionCacheSize"},
	{"sessionTimeout", elementSSLHost, "sessionTimeout"},
	{"sslEnabledProtocols", elementSSLHost, "protocols"},
	{"sslProtocol", elementSSLHost, "sslProtocol"},
	{"trustManagerClassName", elementSSLHost, "trustManagerClassName"},
	{"trustMaxCertLength", elementSSLHost, "certificateVerificationDepth"},
	{"truststoreAlgorithm", elementSSLHost, "truststoreAlgorithm"},
	{"truststoreFile", elementSSLHost, "truststoreFile"},
	{"truststorePass", elementSSLHost, "truststorePassword"},
	{"truststoreProvider", elementSSLHost, "truststoreProvider"},
	{"truststoreType", elementSSLHost, "truststoreType"},
	{"useServerCipherSuitesOrder", elementSSLHost, "honorCipherOrder"},

	{"SSLCACertificateFile", elementSSLHost, "caCertificateFile"},
	{"SSLCACertificatePath", elementSSLHost, "caCertificatePath"},
	{"SSLCARevocationFile", elementSSLHost, "certificateRevocationListFile"},
	{"SSLCARevocationPath", elementSSLHost, "certificateRevocationListPath"},
	{"SSLCertificateChainFile", elementCertificate, "certificateChainFile"},
	{"SSLCertificateFile", elementCertificate, "certificateFile"},
	{"SSLCertificateKeyFile", elementCertificate, "certificateKeyFile"},
	{"SSLCipherSuite", elementSSLHost, "ciphers"},
	{"SSLDisableCompression", elementSSLHost, "disableCompression"},
	{"SSLDisableSessionTickets", elementSSLHost, "disableSessionTickets"},
	{"SSLHonorCipherOrder", elementSSLHost, "honorCipherOrder"},
	{"SSLInsecureRenegotiation", elementSSLHost, "insecureRenegotiation"},
	{"SSLPassword", elementCertificate, "certificateKeyPassword"},
	{"SSLPasswordFile", elementCertificate, "certificateKeyPasswordFile"},
	{"SSLProtocol", elementSSLHost, "protocols"},
	{"SSLVerifyClient", elementSSLHost, "certificateVerification"},
	{"SSLVerifyDepth", elementSSLHost, "certificateVerificationDepth"},
}

// findFlat returns the flat attribute of a name.
func findFlat(name string) (flat, bool) {
	for _, f := range flatAttributes {
		if sameName(f.name, name) {
			return f, true
		}
	}
	return flat{}, false
}

// sslHostAttributes are the attributes of an SSLHostConfig in any of Tomcat 8.5
// to 12: what its documentation lists, and what has a setter.
var sslHostAttributes = [...]string{
	"caCertificateFile", "caCertificatePath", "certificateRevocationListFile", "certificateRevocationListPath",
	"certificateVerification", "certificateVerificationAsString", "certificateVerificationDepth", "ciphers", "cipherSuites",
	"disableCompression", "disableSessionTickets", "groups", "honorCipherOrder", "hostName", "insecureRenegotiation",
	"keyManagerAlgorithm", "ocspEnabled", "ocspSoftFail", "ocspTimeout", "ocspVerify", "ocspVerifyFlags", "protocols",
	"revocationEnabled", "sessionCacheSize", "sessionTimeout", "sslProtocol", "trustManagerClassName",
	"truststoreAlgorithm", "truststoreFile", "truststorePassword", "truststoreProvider", "truststoreType",
}

// certificateAttributes are those of a Certificate. An SSLHostConfig of Tomcat
// 8.5 and 9 takes them as well, type excepted, for its default certificate,
// though no documentation says so.
var certificateAttributes = [...]string{
	"certificateChainFile", "certificateFile", "certificateKeyAlias", "certificateKeyFile", "certificateKeyPassword",
	"certificateKeyPasswordFile", "certificateKeystoreFile", "certificateKeystorePassword",
	"certificateKeystorePasswordFile", "certificateKeystoreProvider", "certificateKeystoreType", attributeType,
}

// attributeType is the attribute of a Certificate that tells the key's type.
const attributeType = "type"

// connectorAttributes are those of an HTTP connector that have nothing to do
// with TLS, or decide whether it speaks TLS.
var connectorAttributes = [...]string{
	"acceptCount", "acceptorThreadCount", "acceptorThreadPriority", "address",
	"adapter", "allowBackslash", "allowHostHeaderMismatch", "allowTrace",
	"allowedTrailerHeaders", "asyncTimeout", "backlog", "bindOnInit", "bufferSize",
	"className", "clientCertProvider", "compressableMimeType", "compressibleMimeType",
	"compression", "compressionMinSize", "connectionLinger", "connectionTimeout",
	"connectionUploadTimeout", "continueResponseTiming", "daemon", "debug",
	"defaultSSLHostConfigName", "deferAccept", "disableKeepAlivePercentage",
	"disableUploadTimeout", "discardFacades", "domain", "emptySessionPath",
	"enableLookups", "encodedReverseSolidusHandling", "encodedSolidusHandling",
	"enforceEncodingInGetWriter", "executor", "executorTerminationTimeoutMillis", "ipv6v6only",
	"keepAliveTimeout", "maxConnections", "maxCookieCount", "maxExtensionSize",
	"maxHeaderCount", "maxHttpHeaderSize", "maxHttpRequestHeaderSize",
	"maxHttpResponseHeaderSize", "maxKeepAliveRequests", "maxParameterCount", "maxPartCount",
	"maxPartHeaderSize", "maxPostSize", "maxQueueSize", "maxSavePostSize",
	"maxSpareThreads", "maxSwallowSize", "maxThreads", "maxTrailerSize",
	"minSpareThreads", "name", "noCompressionEncodings", "noCompressionUserAgents",
	"oomParachute", "packetSize", "parseBodyMethods", "pollTime", "pollerSize",
	"pollerThreadCount", "pollerThreadPriority", "port", "portOffset", "processorCache",
	"protocol", "proxyName", "proxyPort", "redirectPort", "rejectIllegalHeader",
	"rejectIllegalHeaderName", "rejectSuspiciousURIs", "relaxedPathChars",
	"relaxedQueryChars", "restrictedUserAgents", "scheme", "secure", "selectorTimeout",
	"sendReasonPhrase", "sendfileSize", "server", "serverRemoveAppProvidedValues",
	"sniParseLimit", "socketBuffer", "SSLEnabled", "sslImplementationName", "strictSni",
	"strategy", "tcpNoDelay", "threadPriority", "threadsMaxIdleTime", "throwOnFailure",
	"unixDomainSocketParentOwner", "unixDomainSocketParentPermissions", "unixDomainSocketPath",
	"unixDomainSocketPathPermissions", "upgradeAsyncWriteBufferSize", "URIEncoding",
	"useAsyncIO", "useBodyEncodingForURI", "useComet", "useExecutor", "useIPVHosts",
	"useInheritedChannel", "useKeepAliveResponseHeader", "useSendfile", "useVirtualThreads",
	"xpoweredBy",
}

// hasAttribute reports whether an element of Tomcat knows an attribute, the flat
// ones of a Connector excepted.
func hasAttribute(element, name string) bool {
	is := func(known string) bool { return sameName(known, name) }
	switch element {
	case elementConnector:
		return slices.ContainsFunc(connectorAttributes[:], is)
	case elementSSLHost:
		return slices.ContainsFunc(sslHostAttributes[:], is)
	}
	return slices.ContainsFunc(certificateAttributes[:], is)
}

// attributeNames are the names of an element's attributes, for finding the one
// that was meant.
func attributeNames(element string) iter.Seq[string] {
	switch element {
	case elementSSLHost:
		return slices.Values(sslHostAttributes[:])
	case elementCertificate:
		return slices.Values(certificateAttributes[:])
	}
	return func(yield func(string) bool) {
		for _, name := range connectorAttributes {
			if !yield(name) {
				return
			}
		}
		for _, f := range flatAttributes {
			if !yield(f.name) {
				return
			}
		}
	}
}

// Nearest returns the name of a list that was most likely meant by another: one that
// differs in case, or in at most a third of its letters. It is empty where there is
// none.
func Nearest(name string, names []string) string { return nearest(name, slices.Values(names)) }

// nearest returns the name that was most likely meant by another, and nothing
// where none is near: it differs in case, in at most a third of its letters, or is
// the only one that begins so.
func nearest(name string, names iter.Seq[string]) string {
	const longest = 64 // what is longer is no slip of the finger
	if len(name) < 3 || len(name) > longest {
		return ""
	}
	best, least := "", len(name)/3+1
	longer, begin := "", 0 // what begins so
	for candidate := range names {
		if len(name) >= 8 && len(candidate) > len(name) && strings.EqualFold(candidate[:len(name)], name) {
			longer = candidate
			begin++
		}
		d := 0
		if !strings.EqualFold(name, candidate) {
			if len(candidate) > longest {
				continue
			}
			d = 1 + distance(strings.ToLower(name), strings.ToLower(candidate), least)
		}
		if d < least {
			best, least = candidate, d
		}
	}
	if best == "" && begin == 1 {
		return longer
	}
	return best
}

// distance is the number of letters to insert, delete, replace or exchange with
// their neighbour to make a name of another, up to a limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	var rows [3][]int
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, before, beforeThat := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := before[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, before[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], beforeThat[j-2]+1)
			}
		}
		if slices.Min(row) >= limit {
			return limit
		}
	}
	return rows[len(a)%3][len(b)]
}
