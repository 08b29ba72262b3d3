package tomcat

import (
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
)

// The listeners that bear on TLS: they load OpenSSL, through libtcnative or
// through Java's own way to foreign functions, or have certificates reloaded.
const (
	listenerNative  = "org.apache.catalina.core.AprLifecycleListener"
	listenerForeign = "org.apache.catalina.core.OpenSSLLifecycleListener"
	listenerReload  = "org.apache.catalina.security.TLSCertificateReloadListener"
)

// otherListeners are Tomcat's own that have nothing to do with TLS, by their
// simple names, so that none of them is taken for another one misspelt.
var otherListeners = [...]string{
	"ContextNamingInfoListener", "FrameworkListener", "GlobalResourcesLifecycleListener", "HealthCheckListener", "JasperListener",
	"JniLibraryLoadingListener", "JreMemoryLeakPreventionListener", "JmxRemoteLifecycleListener", "NamingContextListener",
	"PropertiesRoleMappingListener", "SecurityListener", "ServerLifecycleListener", "StoreConfigLifecycleListener",
	"SystemdListener", "ThreadLocalLeakPreventionListener", "UserConfig", "VersionLoggerListener",
}

// library is what the listeners of one class say of OpenSSL. In Tomcat these are
// variables of the class: of several listeners, the last word counts.
type library struct {
	class string // the simple name of the listener's class
	line  int    // of the first listener; zero for none
	// engine, seed and fips are SSLEngine, SSLRandomSeed and FIPSMode; nil where
	// they are not given.
	engine, seed, fips *setting
	useTLS             bool // useOpenSSL: NIO and NIO2 take OpenSSL
	useConnector       bool // useAprConnector: HTTP/1.1 is the native connector
}

// off says that the listener loads the library and leaves OpenSSL alone.
func (l *library) off() bool { return l.engine != nil && strings.EqualFold(l.engine.value, "off") }

// tls says that connectors take OpenSSL by themselves where the library is found.
func (l *library) tls() bool { return l.line != 0 && l.useTLS }

// fipsMode says that the listener asks for OpenSSL's FIPS mode.
func (l *library) fipsMode() bool { return l.fips != nil && !strings.EqualFold(l.fips.value, "off") }

// listeners reads the listeners of a server.xml before its connectors, because
// some of what they say counts for the connectors before them, too.
func (r *reader) listeners(root *element) {
	r.native, r.foreign = library{class: "AprLifecycleListener", useTLS: true}, library{class: "OpenSSLLifecycleListener", useTLS: true}
	r.apr = make(map[*element]bool)
	r.listenersIn(root)
	for _, l := range []*library{&r.native, &r.foreign} {
		r.sslEngine(l)
		r.randomSeed(l)
		r.fips(l)
	}
}

// listenersIn reads the listeners in an element.
func (r *reader) listenersIn(e *element) {
	for _, child := range e.children {
		switch child.name {
		case "Listener":
			r.readListener(child, e.name)
		case elementConnector:
			// What HTTP/1.1 stands for is decided when the element is read.
			r.apr[child] = r.native.line != 0 && (r.version < 8 || r.version < 10 && r.native.useConnector)
			if r.native.line == 0 || !r.native.useConnector {
				r.before = true
			}
		}
		r.listenersIn(child)
	}
}

// readListener reads a Listener in an element of a name.
func (r *reader) readListener(e *element, parent string) {
	class, _, _ := expand(value(e, "className"), r.lookup, &r.room)
	switch class {
	case listenerNative:
		r.libraryListener(&r.native, e, parent)
	case listenerForeign:
		if r.since(e, map[int]string{9: "9.0.92", 10: "10.1.22"}, 9) {
			r.libraryListener(&r.foreign, e, parent)
		}
	case listenerReload:
		if r.since(e, map[int]string{8: "8.5.94", 9: "9.0.81", 10: "10.1.14"}, 8) {
			r.reloadListener(e, parent)
		}
	default:
		r.misspelt(e, class)
	}
}

// misspelt reports a class that is none of Tomcat's and was probably meant to be
// one that bears on TLS.
func (r *reader) misspelt(e *element, class string) {
	simple := class[strings.LastIndexByte(class, '.')+1:]
	if slices.Contains(otherListeners[:], simple) {
		return
	}
	for _, known := range []string{listenerNative, listenerForeign, listenerReload} {
		name := known[strings.LastIndexByte(known, '.')+1:]
		if !strings.EqualFold(simple, name) && (!strings.HasPrefix(class, "org.apache.") || r.nearest(simple, slices.Values([]string{name})) == "") {
			continue
		}
		at := &setting{element: e.name, name: "className", line: e.line}
		r.say(at, finding.Error, fmt.Sprintf("Tomcat has no class %s, and does not start at all (%s)", clip(class, 120), notConfigured), "write "+known)
		return
	}
}

// notConfigured is what Tomcat's log says where it can't make an object of a class
// that a server.xml names.
const notConfigured = `"Cannot start server. Server instance is not configured."`

// since reports a listener that a release does not have, or has since one of its
// minor releases, by the major one; before first none has it. It says whether the
// listener does anything.
func (r *reader) since(e *element, releases map[int]string, first int) bool {
	at := &setting{element: e.name, name: "className", line: e.line}
	optional := r.version >= 9 && value(e, "optional") == "true"
	switch release, ok := releases[r.version]; {
	case r.version < first && optional:
		r.say(at, finding.Warning, fmt.Sprintf("Tomcat %d does not have this class, and goes on without", r.version), "remove it")
	case r.version < first:
		r.say(at, finding.Error, fmt.Sprintf("Tomcat %s does not have this class, and does not start at all (%s)", r.release(), notConfigured), "remove it")
	case ok && !optional:
		remedy := ""
		if r.version >= 9 {
			remedy = `with optional="true" they go on without`
		}
		r.say(at, finding.Info, fmt.Sprintf("it came with Tomcat %s; older ones do not start at all (%s)", release, notConfigured), remedy)
	}
	return r.version >= first
}

// release is the name of the release that the file is read for.
func (r *reader) release() string {
	if r.version == 8 {
		return "8.5"
	}
	return fmt.Sprint(r.version)
}

// place reports a listener that is not in the Server element, and says whether
// Tomcat reads it where it is, and that before connectors begin to work.
func (r *reader) place(e *element, parent string) bool {
	class := value(e, "className")
	class = class[strings.LastIndexByte(class, '.')+1:]
	const remedy = "move it into the Server element, before the Service"
	switch parent {
	case "Server":
		return true
	case "Service", "Engine", elementConnector:
		if r.version < 8 {
			r.about(e, finding.Warning, fmt.Sprintf("%s belongs into the Server element: here it counts only for the connectors that begin after it", class), remedy)
			return true
		}
		r.about(e, finding.Warning, fmt.Sprintf(`%s belongs into the Server element: here it counts only for the connectors that begin after it, and Tomcat's log says "This listener must only be nested within Server elements, but is in [%s]"`, class, standard(parent)), remedy)
		return true
	case "Host", "Context":
		r.about(e, finding.Error, fmt.Sprintf("%s belongs into the Server element: here it comes after the connectors have begun, too late for them", class), remedy)
	default:
		r.about(e, finding.Error, "Tomcat looks for no listener here, and ignores it", remedy)
	}
	return false
}

// standard is the simple name of the class that Tomcat makes of an element.
func standard(name string) string {
	if name == elementConnector {
		return name
	}
	return "Standard" + name
}

// libraryListener reads a listener that loads OpenSSL.
func (r *reader) libraryListener(l *library, e *element, parent string) {
	if !r.place(e, parent) {
		return
	}
	if l.line == 0 {
		l.line = e.line
	}
	list := r.settings(e, "")
	for i := range list {
		at := &list[i]
		switch {
		case sameName(at.name, "className"), sameName(at.name, "optional"):
		case sameName(at.name, "SSLEngine"):
			l.engine = at
		case sameName(at.name, "SSLRandomSeed"):
			l.seed = at
		case sameName(at.name, "FIPSMode"):
			l.fips = at
		case sameName(at.name, "useOpenSSL") && r.version >= 8:
			l.useTLS = r.boolean(at, true)
		case sameName(at.name, "useAprConnector") && l == &r.native && r.version >= 8 && r.version < 10:
			l.useConnector = r.boolean(at, false)
			if l.useConnector && r.before {
				r.say(at, finding.Warning, "it comes too late for the connectors before this line: Tomcat has read them by then, and they stay Java's", "move the listener before the Service")
			}
		case sameName(at.name, "useAprConnector") && l == &r.native && r.version >= 10:
			r.say(at, finding.Warning, fmt.Sprintf("Tomcat %d no longer has the native connector, and ignores this (\"failed to set property [%s]\")", r.version, at.name), "remove it")
		default:
			severity, remedy := finding.Warning, "remove it"
			if meant := r.nearest(at.name, slices.Values([]string{"SSLEngine", "SSLRandomSeed", "FIPSMode", "useOpenSSL", "useAprConnector"})); meant != "" && r.version >= 8 {
				severity, remedy = finding.Error, fmt.Sprintf("is %s meant?", meant)
			}
			r.say(at, severity, fmt.Sprintf("%s of Tomcat %s has no such attribute, and ignores it (\"failed to set property [%s]\")", l.class, r.release(), clip(at.name, 60)), remedy)
		}
	}
}

// sslEngine reports a name that is probably not one of OpenSSL's engines.
func (r *reader) sslEngine(l *library) {
	at := l.engine
	if at == nil || l.off() || strings.EqualFold(at.value, "on") || at.value == "auto" {
		return
	}
	severity, remedy := finding.Warning, "write on, unless OpenSSL has an engine of this name"
	switch strings.ToLower(strings.TrimSpace(at.value)) {
	case "", "true", "yes", "1", "on", "enabled", "default", "builtin", "openssl":
		severity, remedy = finding.Error, "write on"
	case "false", "no", "0", "off", "none", "disabled":
		severity, remedy = finding.Error, "write off"
	}
	text := "Tomcat takes %q for the name of one of OpenSSL's engines. Where there is none, OpenSSL is not initialized (\"Failed to initialize the SSLEngine.\"), and connectors that take it do not start, or end Java with a crash"
	if l == &r.foreign {
		text = "Tomcat takes %q for the name of one of OpenSSL's engines; OpenSSL 3 has none, and it is as good as on"
	}
	r.say(at, severity, fmt.Sprintf(text, at.value), remedy)
}

// randomSeed reports a seed that is no file.
func (r *reader) randomSeed(l *library) {
	at := l.seed
	if at == nil || at.value == "builtin" || isAbs(at.value) {
		return
	}
	text := "Tomcat takes %q for the name of a file with random bytes. Where it can't be read, OpenSSL seeds itself, without a word"
	if l == &r.foreign {
		text = "Tomcat takes %q for the name of a file with random bytes. Where it can't be read, its log says so, and Java gives the seed"
	}
	r.say(at, finding.Warning, fmt.Sprintf(text, at.value), "write builtin, or /dev/urandom")
}

// fips reports what becomes of Tomcat where OpenSSL's FIPS mode is asked for.
func (r *reader) fips(l *library) {
	if !l.fipsMode() {
		return
	}
	at := l.fips
	known := slices.ContainsFunc([]string{"on", "require", "enter"}, func(word string) bool { return strings.EqualFold(word, at.value) })
	severity, text, remedy := finding.Error, "", ""
	switch {
	case !known:
		text, remedy = fmt.Sprintf("there is no FIPS mode %q", at.value), "write off, on, require or enter"
	case l.off():
		text, remedy = "there is no FIPS mode with SSLEngine=\"off\"", "set SSLEngine to on"
	case l == &r.foreign:
		severity, text = finding.Warning, "where Java is older than 22, or OpenSSL's FIPS provider is not its default one"
	default:
		severity, text = finding.Warning, "where libtcnative is not found, or OpenSSL's FIPS provider is not its default one"
	}
	if l == &r.foreign {
		text += ": Java does TLS, not in FIPS mode, and Tomcat's log says \"Failed entering FIPS mode\" at most"
	} else {
		text += ": Tomcat does not start, or stops as soon as it has (\"Failed to enter FIPS mode\")"
	}
	r.say(at, severity, text+". FIPS mode is not done here", remedy)
}

// reloadListener reads a TLSCertificateReloadListener.
func (r *reader) reloadListener(e *element, parent string) {
	if parent != "Server" {
		text := "it does nothing outside the Server element"
		if parent == "Service" || parent == "Engine" || parent == elementConnector || parent == "Host" || parent == "Context" {
			text += fmt.Sprintf(` ("This listener must only be nested within Server elements, but is in [%s]")`, standard(parent))
		}
		r.about(e, finding.Error, text+": Tomcat reloads no certificate", "move it into the Server element")
		return
	}
	list := r.settings(e, "")
	names := []string{"checkPeriod", "daysBefore"}
	for i := range list {
		at := &list[i]
		if sameName(at.name, names[0]) || sameName(at.name, names[1]) || sameName(at.name, "className") || sameName(at.name, "optional") {
			continue
		}
		severity, remedy := finding.Warning, "remove it"
		if meant := r.nearest(at.name, slices.Values(names)); meant != "" {
			severity, remedy = finding.Error, fmt.Sprintf("is %s meant?", meant)
		}
		r.say(at, severity, fmt.Sprintf("TLSCertificateReloadListener has no such attribute, and Tomcat ignores it (\"failed to set property [%s]\")", clip(at.name, 60)), remedy)
	}
	period, days := r.integer(list.get("checkPeriod"), 24*60*60), r.integer(list.get("daysBefore"), 14)
	switch {
	case period <= 0:
		r.say(list.get("checkPeriod"), finding.Warning, fmt.Sprintf("%d seconds are none: Tomcat looks at every certificate every 10 seconds", period), "write 86400")
	case days > 0 && period > days*24*60*60:
		at := list.get("checkPeriod")
		if at == nil {
			at = list.get("daysBefore")
		}
		r.say(at, finding.Warning, fmt.Sprintf("Tomcat looks every %d seconds, which is longer than the %d days before a certificate expires: it may look when it has expired", period, days), "write 86400")
	}
	switch {
	case days <= 0:
		r.say(list.get("daysBefore"), finding.Warning, fmt.Sprintf("with %d days, Tomcat serves a certificate until it has expired, and looks for a new one only then", days), "write 14")
	case days > 398:
		r.say(list.get("daysBefore"), finding.Warning, fmt.Sprintf("no certificate that browsers take is good for %d days: Tomcat reloads all of them every time, and its log calls them \"overdue for renewal\"", days), "write 14")
	default:
		r.about(e, finding.Info, fmt.Sprintf("Tomcat loads a connector's keystores and files again when a certificate expires within %d days, which it looks for every %d seconds: one that is put there before is taken then, without a restart. Here files are loaded again whenever they change", days, period), "")
	}
}
