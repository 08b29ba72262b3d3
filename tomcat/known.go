package tomcat

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"gokeytool/finding"
)

// nameList names the attributes of an element: what has a setter for a text,
// a number or a boolean in the sources of Tomcat 7 to 12. "name@9-" is there since
// Tomcat 9, "name@-10" until 10.
type nameList []string

// span takes an entry apart.
func span(entry string) (name string, since, until int) {
	name, releases, limited := strings.Cut(entry, "@")
	since, until = 0, 99
	if limited {
		first, last, _ := strings.Cut(releases, "-")
		if n, err := strconv.Atoi(first); err == nil {
			since = n
		}
		if n, err := strconv.Atoi(last); err == nil {
			until = n
		}
	}
	return name, since, until
}

// find returns the first and last release that has an attribute.
func (l nameList) find(name string) (since, until int, ok bool) {
	for _, entry := range l {
		if known, since, until := span(entry); sameName(known, name) {
			return since, until, true
		}
	}
	return 0, 0, false
}

// names are those of a release.
func (l nameList) names(version int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, entry := range l {
			if name, since, until := span(entry); version >= since && version <= until && !yield(name) {
				return
			}
		}
	}
}

// neverSaid are attributes that Tomcat takes for any element without a word.
var neverSaid = nameList{"className", "configClass", "engineConfigClass", "hostConfigClass", "optional", "source"}

// known reports the attributes that an element of this release has not.
func (r *reader) known(list settings, attributes nameList) {
	for i := range list {
		at := &list[i]
		if _, _, ok := neverSaid.find(at.name); ok {
			continue
		}
		since, until, ok := attributes.find(at.name)
		switch {
		case !ok:
			remedy := "remove it"
			if meant := r.nearest(at.name, attributes.names(r.version)); meant != "" {
				remedy = fmt.Sprintf("is %s meant?", meant)
			}
			r.say(at, finding.Warning, fmt.Sprintf("%s has no such attribute, and Tomcat ignores it", at.element), remedy)
		case r.version < since:
			r.say(at, finding.Warning, fmt.Sprintf("Tomcat %d does not have this attribute, which came with %s, and ignores it", r.version, release(since)), "remove it")
		case r.version > until:
			r.say(at, finding.Warning, fmt.Sprintf("Tomcat %d no longer has this attribute, and ignores it", r.version), "remove it")
		}
	}
}

// release is the name of a release by its major version.
func release(version int) string {
	switch version {
	case 8:
		return "8.5"
	case 10:
		return "10.1"
	}
	return strconv.Itoa(version)
}

// engineAttributes are those of an Engine.
var engineAttributes = nameList{
	"backgroundProcessorDelay", "baseDir@-7", "defaultHost", "domain", "jvmRoute", "name",
	"requestAttributesEnabled", "startChildren", "startStopThreads", "throwOnFailure",
}

// hostAttributes are those of a Host.
var hostAttributes = nameList{
	"appBase", "autoDeploy", "backgroundProcessorDelay", "configClass", "contextClass", "copyXML", "createDirs",
	"deployIgnore", "deployOnStartup", "deployXML", "domain", "errorReportValveClass",
	"failCtxIfServletStartFails", "legacyAppBase@10-", "name", "startChildren", "startStopThreads",
	"throwOnFailure", "undeployOldVersions", "unpackWARs", "workDir", "xmlBase",
}

// contextAttributes are those of a Context.
var contextAttributes = nameList{
	"addWebinfClassesResources", "aliases@-7", "allowCasualMultipartParsing", "allowLinking@-7",
	"allowMultipleLeadingForwardSlashInPath", "altDDName", "alwaysAccessSession@10-", "antiJARLocking@-7",
	"antiResourceLocking", "backgroundProcessorDelay", "cacheMaxSize@-7", "cacheObjectMaxSize@-7", "cacheTTL@-7",
	"cachingAllowed@-7", "charsetMapperClass", "clearReferencesHttpClientKeepAliveThread",
	"clearReferencesObjectStreamClassCaches@-10", "clearReferencesRmiTargets", "clearReferencesStatic@-7",
	"clearReferencesStopThreads", "clearReferencesStopTimerThreads", "clearReferencesThreadLocals",
	"compilerClasspath@-7", "configured", "containerSciFilter", "contextGetResourceRequiresSlash@10-", "cookies",
	"copyXML", "createUploadTargets", "crossContext", "defaultContextXml", "defaultWebXml", "delegate",
	"denyUncoveredHttpMethods@8-", "dispatchersUseEncodedPaths", "dispatcherWrapsSameObject@10-", "displayName",
	"distributable", "docBase", "domain", "effectiveMajorVersion", "effectiveMinorVersion",
	"encodedReverseSolidusHandling@9-", "encodedSolidusHandling@9-", "failCtxIfServletStartFails",
	"fireRequestListenersOnForwards", "ignoreAnnotations", "j2EEApplication", "j2EEServer",
	"jndiExceptionOnFailedWrite", "logEffectiveWebXml", "mapperContextRootRedirectEnabled",
	"mapperDirectoryRedirectEnabled", "metadataComplete@11-", "name", "notFoundClassResourceCacheSize@9-",
	"originalDocBase", "override", "parallelAnnotationScanning@9-", "path", "preemptiveAuthentication",
	"privileged", "processTlds@-7", "publicId", "reloadable", "renewThreadsWhenStoppingContext",
	"replaceWelcomeFiles", "requestCharacterEncoding@8-", "resourceOnlyServlets", "responseCharacterEncoding@8-",
	"saveConfig@-7", "sendRedirectBody", "server", "sessionCookieDomain", "sessionCookieName",
	"sessionCookiePath", "sessionCookiePathUsesTrailingSlash", "sessionTimeout",
	"skipMemoryLeakChecksOnJvmShutdown@8-", "startChildren", "startStopThreads", "startupTime",
	"suspendWrappedResponseAfterForward@10-", "swallowAbortedUploads", "swallowOutput", "throwOnFailure",
	"tldNamespaceAware@-7", "tldScanTime", "tldValidation", "unloadDelay", "unpackWAR",
	"urlPatternsProvidedInDecodedForm@9-11", "useBloomFilterForArchives@9-10", "useHttpOnly", "useNaming",
	"usePartitioned@10-", "useRelativeRedirects", "validateClientProvidedNewSessionId", "webappVersion",
	"workDir", "wrapperClass", "xmlBlockExternal", "xmlNamespaceAware", "xmlValidation",
}

// managerAttributes are those that all of Tomcat's Managers have (ManagerBase).
var managerAttributes = nameList{
	"distributable@-7", "domain", "duplicates@-10", "expiredSessions", "maxActive", "maxActiveSessions",
	"maxInactiveInterval@-7", "notifyAttributeListenerOnUnchangedValue@9-",
	"notifyBindingListenerOnUnchangedValue@9-", "persistAuthentication", "persistAuthenticationNotes@8-9",
	"processExpiresFrequency", "processingTime", "secureRandomAlgorithm", "secureRandomClass",
	"secureRandomProvider", "sessionActivityCheck@10-", "sessionAttributeNameFilter",
	"sessionAttributeValueClassNameFilter", "sessionCounter@-10", "sessionIdLength@-7",
	"sessionLastAccessAtStart@10-", "sessionMaxAliveTime", "throwOnFailure",
	"warnOnSessionAttributeFilterFailure",
}

// standardManagerAttributes are those of a StandardManager only.
var standardManagerAttributes = nameList{
	"pathname",
}

// persistentManagerAttributes are those of a PersistentManager only.
var persistentManagerAttributes = nameList{
	"maxIdleBackup@8-", "maxIdleSwap", "minIdleSwap", "saveOnRestart",
}

// deltaManagerAttributes are those of a DeltaManager only.
var deltaManagerAttributes = nameList{
	"enableStatistics@9-", "expireSessionsOnShutdown", "name", "noContextManagerReceived",
	"notifyContainerListenersOnReplication", "notifyListenersOnReplication",
	"notifySessionListenersOnReplication", "recordAllActions", "sendAllSessions", "sendAllSessionsSize",
	"sendAllSessionsWaitTime", "sessionAttributeFilter@-7", "stateTimestampDrop", "stateTransfered@-9",
	"stateTransferred", "stateTransferTimeout",
}

// backupManagerAttributes are those of a BackupManager only.
var backupManagerAttributes = nameList{
	"accessTimeout", "expireSessionsOnShutdown@-7", "mapSendOptions", "name", "notifyListenersOnReplication",
	"recordAllActions", "rpcTimeout", "sessionAttributeFilter@-7", "terminateOnStartFailure",
}

// sessionIDGeneratorAttributes are those of a StandardSessionIdGenerator.
var sessionIDGeneratorAttributes = nameList{
	"jvmRoute", "secureRandomAlgorithm", "secureRandomClass", "secureRandomProvider", "sessionIdLength",
	"throwOnFailure",
}

// cookieProcessorAttributes are those of a Rfc6265CookieProcessor.
var cookieProcessorAttributes = nameList{
	"cookiesWithoutEquals@9-", "partitioned", "sameSiteCookies",
}

// legacyCookieProcessorAttributes are those of a LegacyCookieProcessor.
var legacyCookieProcessorAttributes = nameList{
	"allowEqualsInValue", "allowHttpSepsInV0", "allowNameOnly", "alwaysAddExpires", "cookiesWithoutEquals@9-",
	"forwardSlashIsSeparator", "partitioned", "sameSiteCookies",
}

// sslValveAttributes are those of an SSLValve.
var sslValveAttributes = nameList{
	"asyncSupported", "domain", "sslCipherHeader", "sslCipherUserKeySizeHeader", "sslClientCertHeader",
	"sslClientEscapedCertHeader@8-", "sslSecureProtocolHeader@11-", "sslSessionIdHeader", "throwOnFailure",
}

// remoteIPValveAttributes are those of a RemoteIpValve.
var remoteIPValveAttributes = nameList{
	"asyncSupported", "changeLocalName", "changeLocalPort", "domain", "hostHeader", "httpServerPort",
	"httpsServerPort", "internalProxies", "portHeader", "protocolHeader", "protocolHeaderHttpsValue",
	"proxiesHeader", "remoteIpHeader", "requestAttributesEnabled", "throwOnFailure", "trustedProxies",
}

// remoteIPFilterParameters are the init-params of a RemoteIpFilter.
var remoteIPFilterParameters = nameList{
	"changeLocalName", "changeLocalPort", "enableLookups", "hostHeader", "httpServerPort", "httpsServerPort",
	"internalProxies", "portHeader", "protocolHeader", "protocolHeaderHttpsValue", "proxiesHeader",
	"remoteIpHeader", "trustedProxies",
}

// securityFilterParameters are the init-params of a HttpHeaderSecurityFilter.
var securityFilterParameters = nameList{
	"antiClickJackingEnabled", "antiClickJackingOption", "antiClickJackingUri", "blockContentTypeSniffingEnabled",
	"hstsEnabled", "hstsIncludeSubDomains", "hstsMaxAgeSeconds", "hstsPreload", "xssProtectionEnabled@-10",
}
