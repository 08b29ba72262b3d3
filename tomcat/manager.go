package tomcat

import (
	"fmt"
	"strings"
	"time"

	"gokeytool/finding"
)

// The classes of Tomcat that make sessions and their ids.
const (
	standardManager    = "org.apache.catalina.session.StandardManager"
	persistentManager  = "org.apache.catalina.session.PersistentManager"
	deltaManager       = "org.apache.catalina.ha.session.DeltaManager"
	backupManager      = "org.apache.catalina.ha.session.BackupManager"
	standardGenerator  = "org.apache.catalina.util.StandardSessionIdGenerator"
	springBootsLazyIDs = "org.springframework.boot.web.embedded.tomcat.LazySessionIdGenerator"
)

// tomcatManagers are the Managers that come with Tomcat, with the attributes that
// only they have.
var tomcatManagers = map[string]nameList{
	standardManager:   standardManagerAttributes,
	persistentManager: persistentManagerAttributes,
	deltaManager:      deltaManagerAttributes,
	backupManager:     backupManagerAttributes,
}

// otherManagers are Managers of others, by the beginnings of their names, with
// what they keep sessions in. They extend ManagerBase, so that their ids are made
// as Tomcat's own are.
var otherManagers = []struct{ prefix, keeps string }{
	{"de.javakaffee.web.msm.", "memcached, and adds the name of its node to each id, as in -n1"},
	{"org.redisson.tomcat.", "Redis"},
	{"com.orangefunction.tomcat.redissessions.", "Redis"},
	{"com.radiadesign.catalina.session.", "Redis"},
	{"tomcat.request.session.redis.", "Redis"},
	{"com.hazelcast.session.", "Hazelcast"},
	{"org.apache.geode.modules.session.catalina.", "Geode"},
	{"com.gemstone.gemfire.modules.session.catalina.", "GemFire"},
	{"org.infinispan.tomcat.", "Infinispan"},
	{"com.amazonaws.services.dynamodb.sessionmanager.", "DynamoDB"},
	{"com.couchbase.", "Couchbase"},
	{"org.apache.ignite.", "Ignite"},
}

// managerClasses are Tomcat's, for names that are near one.
var managerClasses = nameList{standardManager, persistentManager, deltaManager, backupManager,
	"org.apache.catalina.session.ManagerBase", "org.apache.catalina.session.PersistentManagerBase", "org.apache.catalina.ha.session.ClusterManagerBase"}

// generatorClasses are Tomcat's.
var generatorClasses = nameList{standardGenerator, "org.apache.catalina.util.SessionIdGeneratorBase"}

// sessions reads what is said of an application's sessions.
func (r *reader) sessions(a *Application, ctx *context, web *webXML, tls bool) {
	s := &a.Sessions
	*s = Sessions{IDLength: 16, Route: ctx.app.host.engine.route, MaxActive: -1}
	minutes := 30
	if at := ctx.list.get("sessionTimeout"); at != nil {
		minutes = r.integer(at, minutes)
		if web.timeout != nil {
			r.say(at, finding.Info, fmt.Sprintf("session-timeout of %s line %d comes after it, and wins", web.timeout.file, web.timeout.line), "")
		}
	}
	if at := web.timeout; at != nil {
		minutes = r.integer(at, minutes) // a number: that was looked at
	}
	s.Timeout = r.timeout(minutes, web.timeout, ctx.list.get("sessionTimeout"))
	r.tracking(s, ctx, web, tls)
	r.manager(s, ctx, web)
}

// timeout is a time in minutes as Tomcat's Managers take it: an int of seconds,
// which wraps around; never where it is not positive.
func (r *reader) timeout(minutes int, settings ...*setting) time.Duration {
	seconds := int32(minutes) * 60
	if minutes > 0 && int64(seconds) != int64(minutes)*60 {
		for _, at := range settings {
			if at != nil {
				r.say(at, finding.Error, fmt.Sprintf("%d minutes are more seconds than Java's int holds: Tomcat takes %d seconds", minutes, seconds), "write -1 for sessions that do not end")
				break
			}
		}
	}
	if seconds <= 0 {
		return -1
	}
	return time.Duration(seconds) * time.Second
}

// clusterOf is the Cluster that an application's sessions belong to: that of its
// Context in server.xml, of its Host, or of the Engine; nil for none.
func (ctx *context) clusterOf() *element {
	h := ctx.app.host
	for _, e := range []*element{ctx.app.context, h.element, h.engine.element} {
		if e == nil {
			continue
		}
		for _, child := range e.children {
			if child.name == "Cluster" {
				return child
			}
		}
	}
	return nil
}

// manager reads the Manager of an application: that of its Contexts, or where it
// is distributable and has none, that of the Cluster.
func (r *reader) manager(s *Sessions, ctx *context, web *webXML) {
	e, class := ctx.last("Manager"), standardManager
	cluster := ctx.clusterOf()
	if e == nil {
		if cluster == nil || !web.distributable {
			return
		}
		class = deltaManager
		for _, child := range cluster.children {
			if child.name == "Manager" {
				e = child
			}
		}
		if e == nil {
			return
		}
	}
	class = r.className(e, class)
	list := r.settings(e, "")
	own, ours := tomcatManagers[class]
	if ours {
		attributes := append(append(nameList{}, managerAttributes...), own...)
		r.known(list, attributes)
		if (class == deltaManager || class == backupManager) && (cluster == nil || !web.distributable) {
			text := "it needs a Cluster in the Host or the Engine, and <distributable/> in web.xml: "
			if r.version < 9 {
				text += "Tomcat logs \"no cluster associated with this context\", and keeps the sessions to itself"
			} else {
				text += "Tomcat does not start the application (\"no cluster associated with this context\")"
			}
			r.about(e, finding.Error, text, "add both, or use "+standardManager)
		}
		if class == persistentManager && !has(e, "Store") {
			r.about(e, finding.Warning, "it has no Store, and keeps nothing (\"No Store configured, persistence disabled\")", "add a Store")
		}
	} else {
		r.otherManager(e, class)
	}
	for _, child := range e.children {
		r.unknownElement(child, "Store", "SessionIdGenerator", "SessionAttributeNameFilter", "Channel")
	}
	if at := list.get("maxActiveSessions"); at != nil {
		s.MaxActive = r.integer(at, -1)
		if s.MaxActive == 0 {
			r.say(at, finding.Warning, "no session can be made (\"createSession: Too many active sessions\")", "write -1 for no bound")
		}
		s.MaxActive = max(s.MaxActive, -1)
	}
	if at := list.get("maxInactiveInterval"); at != nil && r.version < 8 {
		r.say(at, finding.Warning, "Tomcat puts the session-timeout of web.xml in its place", "set session-timeout, in minutes")
	}
	r.secureRandom(list)
	if at := list.get("jvmRoute"); at != nil {
		r.say(at, finding.Warning, "the route of session ids comes from the Engine's jvmRoute only", "set jvmRoute on the Engine")
	}
	r.generator(s, e)
	if at := list.get("sessionIdLength"); at != nil && r.version < 8 {
		// It comes after the generator's own.
		r.idLength(s, at)
	}
}

// has says whether an element has one of a name in it.
func has(e *element, name string) bool {
	for _, child := range e.children {
		if child.name == name {
			return true
		}
	}
	return false
}

// otherManager reports a Manager that is none of Tomcat's.
func (r *reader) otherManager(e *element, class string) {
	for _, known := range otherManagers {
		if strings.HasPrefix(class, known.prefix) {
			r.about(e, finding.Info, fmt.Sprintf("%s keeps sessions in %s; here they are kept in memory, as by a StandardManager", class, known.keeps), "")
			return
		}
	}
	r.missingClass(e, class, standardManager, managerClasses)
}

// generator reads the SessionIdGenerator of a Manager, of which the last counts.
func (r *reader) generator(s *Sessions, manager *element) {
	var e *element
	for _, child := range manager.children {
		if child.name == "SessionIdGenerator" {
			if e != nil {
				r.about(e, finding.Warning, fmt.Sprintf("that of line %d takes its place", child.line), "remove one of them")
			}
			e = child
		}
	}
	if e == nil {
		return
	}
	list := r.settings(e, "")
	switch class := r.className(e, standardGenerator); class {
	case standardGenerator:
		r.known(list, sessionIDGeneratorAttributes)
	case springBootsLazyIDs:
		r.about(e, finding.Info, "the class is Spring Boot's, and makes ids as Tomcat's own does", "")
	default:
		r.missingClass(e, class, standardGenerator, generatorClasses)
	}
	if at := list.get("sessionIdLength"); at != nil {
		r.idLength(s, at)
	}
	if at := list.get("jvmRoute"); at != nil {
		text := "Tomcat puts the Engine's jvmRoute in its place when the Manager starts"
		severity := finding.Warning
		switch s.Route {
		case at.value:
			severity = finding.Info
		case "":
			text += ", even where that has none: ids end without a route"
		default:
			text += fmt.Sprintf(": ids end with .%s", clip(s.Route, 80))
		}
		r.say(at, severity, text, "set jvmRoute on the Engine")
	}
	for _, name := range []string{"secureRandomClass", "secureRandomAlgorithm", "secureRandomProvider"} {
		if at := list.get(name); at != nil {
			r.say(at, finding.Warning, "Tomcat puts the Manager's in its place when that starts, also where it has none", "set it on the Manager")
		}
	}
}

// maxIDLength bounds the random bytes of a session id: browsers drop cookies of
// more than 4096 bytes.
const maxIDLength = 1024

// idLength reads a sessionIdLength.
func (r *reader) idLength(s *Sessions, at *setting) {
	n := r.integer(at, s.IDLength)
	switch {
	case n < 2:
		const kept = "keeps 16 (\"The requested session ID length of [%d] is too short so the current value of [16] will be used\")"
		taken := "all clients get the same session id, without digits"
		if n == 1 {
			taken = "session ids have two digits"
		}
		text := "Tomcat " + fmt.Sprintf(kept, n)
		switch r.version {
		case 7, 8:
			text = taken
		case 9, 10, 11:
			first := map[int]string{9: "9.0.119", 10: "10.1.56", 11: "11.0.23"}[r.version]
			text = fmt.Sprintf("Tomcat %s and later "+kept+"; before, ", first, n) + taken
		}
		severity := finding.Warning // where the default is kept
		if r.version < 10 {
			severity = finding.Error
		}
		r.say(at, severity, text, "write 16 or more")
		if n == 1 && r.version < 10 {
			s.IDLength = 1
		}
	case n > maxIDLength:
		text := fmt.Sprintf("ids of %d digits make cookies that browsers drop", 2*int64(n))
		if n > 4000 {
			text = fmt.Sprintf("ids of %d digits do not fit into an answer: Tomcat gives an error 500 where a session begins (\"HeadersTooLargeException\"), or runs out of memory", 2*int64(n))
		}
		r.say(at, finding.Error, text+"; here they have 32", fmt.Sprintf("write %d at most", maxIDLength))
	default:
		if n < 8 {
			r.say(at, finding.Warning, fmt.Sprintf("ids of %d digits can be guessed", 2*n), "write 16 or more")
		}
		s.IDLength = n
	}
}

// secureRandom reports a generator of random numbers that Java has not. Whatever
// it is, Tomcat goes on, and takes another.
func (r *reader) secureRandom(list settings) {
	if at := list.get("secureRandomClass"); at != nil && at.value != "java.security.SecureRandom" {
		text := fmt.Sprintf("the class %q has to be on Tomcat's class path, or it falls back to java.security.SecureRandom (\"Exception initializing random number generator of class [%s]\")", at.value, at.value)
		if at.value == "" || strings.HasPrefix(at.value, "java.") {
			text = fmt.Sprintf("%q is no java.security.SecureRandom: Tomcat falls back to that (\"Exception initializing random number generator of class [%s]\")", at.value, at.value)
		}
		r.say(at, finding.Warning, text+"; here the operating system's numbers are used", "remove it")
	}
	if at := list.get("secureRandomAlgorithm"); at != nil {
		switch strings.ToUpper(at.value) {
		case "", "SHA1PRNG", "NATIVEPRNG", "NATIVEPRNGNONBLOCKING", "DRBG", "PKCS11", "WINDOWS-PRNG", "DEFAULT":
		case "NATIVEPRNGBLOCKING":
			r.say(at, finding.Warning, "Tomcat waits for the system's entropy when it starts", "use NativePRNGNonBlocking")
		default:
			r.say(at, finding.Warning, fmt.Sprintf("Java has no such algorithm: Tomcat takes SHA1PRNG (\"Exception initializing random number generator using algorithm [%s]\")", at.value), "use SHA1PRNG, NativePRNG or DRBG")
		}
	}
	if at := list.get("secureRandomProvider"); at != nil {
		switch strings.ToUpper(at.value) {
		case "", "SUN", "SUNPKCS11", "SUNMSCAPI", "BC", "BCFIPS", "IBMJCE", "IBMSECURERANDOM", "OPENJCEPLUS":
		case "SUNJCE", "SUNRSASIGN", "SUNEC", "SUNJSSE", "SUNJGSS", "SUNSASL", "XMLDSIG", "JDKLDAP", "JDKSASL", "SUNPCSC":
			r.say(at, finding.Warning, fmt.Sprintf("the provider has no random numbers: Tomcat takes SHA1PRNG of another (\"no such algorithm ... for provider %s\")", at.value), "remove it, or use SUN")
		default:
			r.say(at, finding.Warning, fmt.Sprintf("Java has no such provider: Tomcat takes SHA1PRNG of another (\"Exception initializing random number generator using provider [%s]\")", at.value), "remove it, or use SUN")
		}
	}
}
