package tomcat

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gokeytool/finding"
)

// The implementations of HTTP that a Connector's protocol names.
const (
	protocolHTTP = "HTTP/1.1"
	protocolAPR  = "org.apache.coyote.http11.Http11AprProtocol"
	protocolBIO  = "org.apache.coyote.http11.Http11Protocol"
	protocolNIO  = "org.apache.coyote.http11.Http11NioProtocol"
	protocolNIO2 = "org.apache.coyote.http11.Http11Nio2Protocol"
	protocolAJP  = "AJP/1.3"
)

// protocolHTTP2 is what an UpgradeProtocol names.
const protocolHTTP2 = "org.apache.coyote.http2.Http2Protocol"

// releases are the major versions of Tomcat that have a class.
type releases struct{ first, last int }

func (s releases) has(version int) bool { return version >= s.first && version <= s.last }

// newest is the last major version that is known here.
const newest = 12

// protocolClasses are the classes that a Connector's protocol may name. That of
// 8.5 named Http11Protocol is NIO under the old name.
var protocolClasses = map[string]releases{
	protocolBIO:                             {7, 8},
	protocolNIO:                             {7, newest},
	protocolNIO2:                            {8, 11},
	protocolAPR:                             {7, 9},
	"org.apache.coyote.ajp.AjpProtocol":     {7, 8},
	"org.apache.coyote.ajp.AjpNioProtocol":  {7, newest},
	"org.apache.coyote.ajp.AjpNio2Protocol": {8, 11},
	"org.apache.coyote.ajp.AjpAprProtocol":  {7, 9},
}

// The implementations of TLS that sslImplementationName names.
const (
	implementationJava    = "org.apache.tomcat.util.net.jsse.JSSEImplementation"
	implementationNative  = "org.apache.tomcat.util.net.openssl.OpenSSLImplementation"
	implementationForeign = "org.apache.tomcat.util.net.openssl.panama.OpenSSLImplementation"
)

var implementationClasses = map[string]releases{
	implementationJava:    {7, newest},
	implementationNative:  {8, newest},
	implementationForeign: {9, newest},
}

// tlsEngine is what does TLS on a connector.
type tlsEngine uint8

const (
	// engineAny: OpenSSL where its library is found, else Java.
	engineAny tlsEngine = iota
	engineJava
	engineOpenSSL
)

// isAJP says whether a protocol is meant to be AJP, of which connectors are left
// out: it has no TLS.
func isAJP(protocol string) bool {
	return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(protocol)), "AJP") || strings.Contains(strings.ToLower(protocol), ".ajp.")
}

// ajp reports on a connector of AJP.
func (r *reader) ajp(e *element, protocol string) {
	at := &setting{element: e.name, name: "protocol", value: protocol, line: e.get("protocol").line}
	r.protocolClass(e, at, protocolAJP)
	enabled, _, _ := expand(value(e, "SSLEnabled"), r.lookup, &r.room)
	for _, child := range e.children {
		if child.name == elementSSLHost {
			r.about(child, finding.Warning, "AJP has no TLS, and Tomcat ignores it (\"SSL is not supported with AJP. The SSL host configuration for [_default_] was ignored\")", "remove it")
		}
	}
	if strings.EqualFold(enabled, "true") {
		at = &setting{element: e.name, name: "SSLEnabled", line: e.get("SSLEnabled").line}
		if r.version >= 8 {
			r.say(at, finding.Error, "AJP has no TLS: Tomcat does not start this connector (\"No SSLHostConfig element was found\")", "remove it, or write protocol=\""+protocolHTTP+"\"")
		} else {
			r.say(at, finding.Warning, "AJP has no TLS, and Tomcat ignores it", "remove it, or write protocol=\""+protocolHTTP+"\"")
		}
	}
}

// protocolClass reports a protocol that is no class of this release, or none of
// Tomcat's, and says whether there is such a class. short is the name that stands
// for the usual one.
func (r *reader) protocolClass(e *element, at *setting, short string) bool {
	if at.value == protocolHTTP || at.value == protocolAJP {
		return true
	}
	where, known := protocolClasses[at.value]
	if where.has(r.version) {
		if at.value == protocolBIO && r.version == 8 {
			r.say(at, finding.Warning, "this implementation is gone since Tomcat 8.5, which takes NIO in its place (\"The HTTP BIO connector has been removed in Tomcat 8.5.x onwards\")", "use "+protocolNIO)
		}
		return true
	}
	remedy := "use " + short
	if known && short == protocolHTTP {
		remedy = "use " + protocolNIO
	}
	fails := fmt.Sprintf("and does not start this connector (\"Protocol handler instantiation failed\", ClassNotFoundException: %s)", clip(at.value, 120))
	if slices.ContainsFunc(e.children, func(child *element) bool { return child.name == elementSSLHost || child.name == "UpgradeProtocol" }) {
		// There is nothing that could take the element.
		if r.version == 8 {
			fails = fmt.Sprintf("and does not start at all (ClassNotFoundException: %s, then NullPointerException, %s)", clip(at.value, 120), notConfigured)
		} else if release := map[int]string{9: "9.0.119", 10: "10.1.56", 11: "11.0.23"}[r.version]; release != "" {
			fails += fmt.Sprintf("; before %s it does not start at all (NullPointerException, %s)", release, notConfigured)
		}
	}
	simple := at.value[strings.LastIndexByte(at.value, '.')+1:]
	switch {
	case at.value == protocolAPR && r.version >= 10:
		r.say(at, finding.Error, "Tomcat 10.1 no longer has the native connector, "+fails, remedy)
	case known:
		r.say(at, finding.Error, fmt.Sprintf("Tomcat %s does not have this class, %s", r.release(), fails), remedy)
	case at.value == protocolHTTP2:
		r.say(at, finding.Error, "it is no protocol of a connector, and Tomcat does not start this one (\"Protocol handler instantiation failed\")", "use "+protocolHTTP+", and put <UpgradeProtocol className=\""+protocolHTTP2+"\"/> inside")
	case strings.Contains(at.value, ".") && !strings.HasPrefix(at.value, "org.apache.") && !strings.Contains(at.value, "/") && r.classLike(simple) == "":
		r.say(at, finding.Warning, fmt.Sprintf("%q is not one of Tomcat's implementations of HTTP, and may read its attributes otherwise", at.value), remedy)
		return true
	default:
		for _, name := range []string{protocolHTTP, protocolAJP} {
			if strings.EqualFold(strings.TrimSpace(at.value), name) {
				remedy = "write " + name + " exactly"
			}
		}
		if class := r.classLike(simple); class != "" && !strings.Contains(at.value, "/") {
			remedy = "write " + class
		}
		r.say(at, finding.Error, "Tomcat takes it for the name of a class, finds none, "+fails, remedy)
	}
	return false
}

// classLike returns the class of a Connector's protocol that this release has and
// whose simple name is the given one but for its case.
func (r *reader) classLike(simple string) string {
	for _, class := range slices.Sorted(maps.Keys(protocolClasses)) {
		if strings.EqualFold(class[strings.LastIndexByte(class, '.')+1:], simple) && protocolClasses[class].has(r.version) {
			return class
		}
	}
	return ""
}

// auto says that the protocol leaves the choice of the class to Tomcat.
func auto(protocol *setting) bool { return protocol == nil || protocol.value == protocolHTTP }

// tlsEngineOf says what does TLS on a connector.
func (r *reader) tlsEngineOf(e *element, list settings) tlsEngine {
	protocol := list.get("protocol")
	if protocol != nil && protocol.value == protocolAPR {
		return engineOpenSSL
	}
	if r.version < 8 {
		if auto(protocol) && r.apr[e] {
			return engineAny
		}
		return engineJava
	}
	switch list.text("sslImplementationName") {
	case implementationJava:
		if auto(protocol) && r.apr[e] {
			return engineAny
		}
		return engineJava
	case implementationNative, implementationForeign:
		return engineOpenSSL
	case "":
	default:
		return engineAny
	}
	if auto(protocol) && r.apr[e] || r.native.tls() || r.version >= 9 && r.foreign.tls() && !r.foreign.off() {
		return engineAny
	}
	return engineJava
}

// choice reports what Tomcat chooses for a connector with TLS, and by what.
func (r *reader) choice(e *element, list settings, c *Connector) {
	at := list.get("protocol")
	if at == nil {
		at = &setting{element: e.name, line: e.line}
	}
	keystore := slices.ContainsFunc(c.Hosts, func(h SSLHost) bool {
		return slices.ContainsFunc(h.Certificates, func(cert Certificate) bool { return !cert.PEM() })
	})
	r.implementationName(list)
	switch {
	case at.value == protocolAPR && r.version < 10:
		r.nativeConnector(at, keystore)
	case r.version < 8:
		r.oldChoice(e, list, at, keystore)
	case r.version < 10 && auto(list.get("protocol")) && r.apr[e]:
		text := fmt.Sprintf("the listener of line %d has useAprConnector=\"true\": where libtcnative is found, this is the native connector, with OpenSSL's TLS, else NIO with Java's", r.native.line)
		if keystore {
			text += "; the native one reads a keystore since 8.5.39 and 9.0.17, and only PEM files before (\"Connector attribute SSLCertificateFile must be defined when using SSL with APR\")"
		}
		r.say(at, finding.Warning, text, "name the one you want: protocol=\""+protocolNIO+"\" or protocol=\""+protocolAPR+"\"")
		r.uninitialized(at)
	case list.get("sslImplementationName") != nil:
	default:
		r.byLibrary(at)
	}
	r.fipsOn(e, list, c)
}

// byLibrary reports that the listeners decide between OpenSSL and Java.
func (r *reader) byLibrary(at *setting) {
	native, foreign := r.native.tls(), r.version >= 9 && r.foreign.tls() && !r.foreign.off()
	if !native && !foreign {
		return
	}
	var where []string
	if foreign {
		where = append(where, fmt.Sprintf("with Java 22 and a library of OpenSSL (OpenSSLLifecycleListener, line %d)", r.foreign.line))
	}
	if native {
		where = append(where, fmt.Sprintf("where libtcnative is found (AprLifecycleListener, line %d)", r.native.line))
	}
	r.say(at, finding.Info, fmt.Sprintf("OpenSSL does TLS %s, else Java; both read keystores and PEM files", strings.Join(where, ", or ")),
		"sslImplementationName=\""+implementationJava+"\" has Java do it always, as does useOpenSSL=\"false\" on the listener")
	if native {
		r.uninitialized(at)
	}
}

// uninitialized reports that OpenSSL is taken where the library is found, though
// the listener has switched it off.
func (r *reader) uninitialized(at *setting) {
	switch {
	case !r.native.off():
	case r.version >= 10:
		r.say(at, finding.Info, fmt.Sprintf("SSLEngine=\"off\" in line %d: libtcnative 2 is not taken then (\"[off] is not a valid value for SSLEngine\"), and Java does TLS", r.native.engine.line), "")
	default:
		r.say(at, finding.Warning, fmt.Sprintf("SSLEngine=\"off\" in line %d leaves OpenSSL uninitialized, but where libtcnative 1 is found this connector takes it: Java ends with a crash", r.native.engine.line),
			"set SSLEngine to on, or useOpenSSL to false, with which Java does TLS")
	}
}

// nativeConnector reports on a connector that names the native implementation,
// in a release that has it.
func (r *reader) nativeConnector(at *setting, keystore bool) {
	switch {
	case r.native.line == 0 && r.version < 8:
		r.say(at, finding.Error, "the native connector needs the AprLifecycleListener: Tomcat does not start this one (\"The configured protocol ["+protocolAPR+"] requires the APR/native library which is not available\")", addNative)
	case r.native.line == 0:
		r.say(at, finding.Error, "the native connector needs the AprLifecycleListener: Tomcat does not start this one (\"The configured protocol ["+protocolAPR+"] requires the AprLifecycleListener which is not available\")", addNative)
	case r.native.off() && r.version < 8:
		r.say(at, finding.Error, fmt.Sprintf("SSLEngine=\"off\" in line %d: the native connector has no TLS then, and Tomcat does not start this one (\"Unable to create SSLContext. Check that SSLEngine is enabled in the AprLifecycleListener\")", r.native.engine.line), "set SSLEngine to on, or use "+protocolNIO)
	case r.native.off():
		r.say(at, finding.Error, fmt.Sprintf("SSLEngine=\"off\" in line %d leaves OpenSSL uninitialized, which is the native connector's TLS: with libtcnative 1 Java ends with a crash, and without it, or with version 2, Tomcat does not start this connector", r.native.engine.line), "set SSLEngine to on, or use "+protocolNIO)
	default:
		r.say(at, finding.Info, "where libtcnative is not found, Tomcat does not start this connector (\"The configured protocol ["+protocolAPR+"] requires the APR/native library which is not available\")", protocolNIO+" does without")
	}
	switch {
	case !keystore:
	case r.version < 8:
		r.say(at, finding.Error, "the native connector reads PEM files only, and none are given: Tomcat does not start it (\"Connector attribute SSLCertificateFile must be defined when using SSL with APR\")", "set SSLCertificateFile and SSLCertificateKeyFile, or use "+protocolNIO)
	default:
		r.say(at, finding.Info, "the native connector reads a keystore since 8.5.39 and 9.0.17; before, it reads PEM files only, and does not start (\"Connector attribute SSLCertificateFile must be defined when using SSL with APR\")", "")
	}
}

// addNative is the remedy where the listener of libtcnative is missing.
const addNative = "put <Listener className=\"" + listenerNative + "\" SSLEngine=\"on\"/> into the Server element, before the Service, or use " + protocolNIO

// oldChoice reports what Tomcat 7 makes of a connector that does not name the
// native implementation: which of the two dialects it reads depends on it.
func (r *reader) oldChoice(e *element, list settings, at *setting, keystore bool) {
	where := at
	if pem := list.get("SSLCertificateFile"); pem != nil {
		where = pem
	}
	switch chosen := auto(list.get("protocol")) && r.apr[e]; {
	case chosen && keystore:
		text := fmt.Sprintf("which connector this is depends on the machine: where libtcnative is found (AprLifecycleListener, line %d) it is the native one, which reads PEM files only and does not start (\"Connector attribute SSLCertificateFile must be defined when using SSL with APR\"); elsewhere it is Java's, which reads this keystore", r.native.line)
		r.say(at, finding.Warning, text, "name the one you want: protocol=\""+protocolBIO+"\" or protocol=\""+protocolNIO+"\"")
	case chosen:
		text := fmt.Sprintf("which connector this is depends on the machine: where libtcnative is found (AprLifecycleListener, line %d) it is the native one, which reads these PEM files; elsewhere it is Java's, which looks for a keystore instead, ~/.keystore", r.native.line)
		r.say(where, finding.Warning, text, "name the one you want: protocol=\""+protocolAPR+"\"")
		if r.native.off() {
			r.say(where, finding.Error, fmt.Sprintf("SSLEngine=\"off\" in line %d: the native connector has no TLS then (\"Unable to create SSLContext. Check that SSLEngine is enabled in the AprLifecycleListener\")", r.native.engine.line), "set SSLEngine to on")
		}
	case !keystore:
		r.say(where, finding.Error, fmt.Sprintf("in Tomcat %d only the native connector reads PEM files: this one looks for a keystore instead, ~/.keystore", r.version), "use protocol=\""+protocolAPR+"\" with the AprLifecycleListener, or a keystore")
	}
}

// oldDialect reports flat attributes that the connector of Tomcat 7 does not have:
// Java's and the native one know only their own.
func (r *reader) oldDialect(list settings, does tlsEngine) {
	if r.version >= 8 || does == engineAny {
		return
	}
	for i := range list {
		at := &list[i]
		f, ok := findFlat(at.name)
		native := strings.HasPrefix(at.name, "SSL")
		// What a keystore or PEM file is for is said by choice.
		if !ok || native == (does == engineOpenSSL) || f.element == elementCertificate {
			continue
		}
		severity, kind, remedy := finding.Warning, "Java's connectors do", "remove it"
		if does == engineOpenSSL {
			kind = "the native connector does"
		}
		for _, other := range flatAttributes {
			if other.modern == f.modern && strings.HasPrefix(other.name, "SSL") != native {
				remedy = "use " + other.name
			}
		}
		if f.modern == "certificateVerification" {
			severity = finding.Error // clients are let in without a certificate
		}
		r.say(at, severity, fmt.Sprintf("in Tomcat 7 %s not have this attribute, and it is ignored", kind), remedy)
	}
}

// implementationName reports on sslImplementationName.
func (r *reader) implementationName(list settings) {
	at := list.get("sslImplementationName")
	if at == nil {
		return
	}
	where, known := implementationClasses[at.value]
	failure := fmt.Sprintf("Unable to create SSLImplementation for class [%s]", clip(at.value, 120))
	if r.version < 8 {
		failure = "Error loading SSL Implementation " + clip(at.value, 120)
	}
	fails := fmt.Sprintf("and does not start this connector (%q)", failure)
	switch {
	case list.text("protocol") == protocolAPR && r.version < 10:
		r.say(at, finding.Warning, "the native connector has no TLS but OpenSSL's, and ignores this (\"does not support changing the SSL implementation\")", "remove it")
	case known && !where.has(r.version):
		r.say(at, finding.Error, fmt.Sprintf("Tomcat %s does not have this class, %s", r.release(), fails), "remove it")
	case at.value == implementationJava:
	case at.value == implementationNative && r.native.line == 0:
		text := "OpenSSL is not loaded without the AprLifecycleListener: Tomcat does not start this connector (\"UnsatisfiedLinkError\")"
		if r.version >= 10 {
			text = "OpenSSL is not loaded without the AprLifecycleListener: Tomcat does not start this connector (\"A suitable Tomcat Native implementation is not available\")"
		}
		r.say(at, finding.Error, text, addNative)
	case at.value == implementationNative && r.native.off():
		text := fmt.Sprintf("SSLEngine=\"off\" in line %d leaves OpenSSL uninitialized: with libtcnative 1 Java ends with a crash, and without it, or with version 2, Tomcat does not start this connector", r.native.engine.line)
		r.say(at, finding.Error, text, "set SSLEngine to on, or remove this")
	case at.value == implementationNative:
		r.say(at, finding.Info, "where libtcnative is not found, Tomcat does not start this connector", "remove it, and Java does TLS then")
	case at.value == implementationForeign:
		text := "it needs Java 22, tomcat-coyote-ffm.jar in Tomcat's lib and a library of OpenSSL; without, Tomcat does not start this connector (\"Unable to create SSLImplementation\")"
		if since := map[int]string{9: "9.0.92", 10: "10.1.22"}[r.version]; since != "" {
			text += "; it came with Tomcat " + since
		}
		r.say(at, finding.Info, text, "remove it: OpenSSLLifecycleListener chooses it by itself where it can be had")
	case strings.HasPrefix(at.value, "org.apache.") || !strings.Contains(at.value, ".") || r.implementationLike(at.value) != "":
		remedy := "remove it"
		if class := r.implementationLike(at.value); class != "" {
			remedy = "write " + class
		}
		r.say(at, finding.Error, "Tomcat finds no class of this name, "+fails, remedy)
	default:
		r.say(at, finding.Warning, "another implementation of TLS may treat these settings otherwise than is said here; where Tomcat finds no such class, it does not start this connector (\"Unable to create SSLImplementation\")", "")
	}
}

// implementationLike returns the implementation of TLS that this release has and
// whose name is the given one but for its package or case.
func (r *reader) implementationLike(name string) string {
	simple := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	for _, class := range []string{implementationJava, implementationNative} {
		own := strings.ToLower(class[strings.LastIndexByte(class, '.')+1:])
		if implementationClasses[class].has(r.version) && (simple == own || simple+"implementation" == own) {
			return class
		}
	}
	return ""
}

// fipsOn reports what FIPS mode means for a connector.
func (r *reader) fipsOn(e *element, list settings, c *Connector) {
	at := r.native.fips
	if !r.native.fipsMode() {
		if at = r.foreign.fips; !r.foreign.fipsMode() {
			return
		}
	}
	if r.engine == engineJava {
		where := list.get("sslImplementationName")
		if where == nil {
			where = &setting{element: e.name, line: e.line}
		}
		r.say(where, finding.Warning, fmt.Sprintf("FIPSMode in line %d is OpenSSL's: Java does TLS on this connector, not in FIPS mode", at.line), "leave the choice to the listener, and do not set useOpenSSL to false")
		return
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if h.Ciphers == "" {
			continue
		}
		l, err := ParseCiphers(h.Ciphers)
		if err != nil {
			continue
		}
		var others []*Suite
		left := false
		for _, s := range l.Suites {
			switch {
			case !s.inFIPS():
				if l.named[s] {
					others = append(others, s)
				}
			default:
				left = true
			}
		}
		where := &setting{element: elementSSLHost, name: "ciphers", line: h.Line}
		if own := list.get("ciphers"); own != nil && h.Line == e.line {
			where = own
		}
		switch {
		case !left && len(l.Suites) > 0:
			r.say(where, finding.Error, fmt.Sprintf("OpenSSL has none of these suites in FIPS mode (line %d): only TLS 1.3 works at most", at.line), "add ECDHE+AESGCM")
		case len(others) > 0:
			r.say(where, finding.Warning, fmt.Sprintf("in FIPS mode (line %d) OpenSSL does not have %s", at.line, suiteList(others)), "remove it")
		}
	}
}

// inFIPS says whether OpenSSL has a suite in FIPS mode: what it encrypts with has
// to be approved, and its server be known by a certificate.
func (s *Suite) inFIPS() bool {
	return s.enc&(encAny128|encAny256) != 0 && s.mac&macMD5 == 0 && s.au&(auRSA|auECDSA|auDSS|auANY) != 0
}

// upgrade reads an UpgradeProtocol, and says whether it is HTTP/2.
func (r *reader) upgrade(e *element) bool {
	class, _, _ := expand(value(e, "className"), r.lookup, &r.room)
	at := &setting{element: e.name, name: "className", line: e.line}
	const remedy = "write className=\"" + protocolHTTP2 + "\""
	switch {
	case r.version < 8:
		r.about(e, finding.Warning, fmt.Sprintf("Tomcat %d has no HTTP/2, and ignores it", r.version), "remove it")
		return false
	case class == protocolHTTP2:
		return true
	case class == "":
		r.about(e, finding.Error, "it has no className: Tomcat does not start at all (\"No class name specified\")", remedy)
	case strings.HasPrefix(class, "org.apache."), !strings.Contains(class, "."), strings.HasSuffix(strings.ToLower(class), ".http2protocol"):
		r.say(at, finding.Error, fmt.Sprintf("Tomcat has no UpgradeProtocol %s, and does not start at all (%s)", clip(class, 120), notConfigured), remedy)
	default:
		r.say(at, finding.Warning, fmt.Sprintf("%s is not one of Tomcat's, and is not offered here; where Tomcat finds no such class, it does not start at all (%s)", clip(class, 120), notConfigured), "")
	}
	return false
}
