package tomcat

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/javaregexp"
)

// maxApplications bounds the applications that are listed.
const maxApplications = 100

// contextName is the name of a web application as Tomcat's ContextName has it:
// the path of its context and a version, either of which may be empty.
type contextName struct{ path, version string }

// parseContextName reads a name as it is written in a URL, in a manager's command
// or, with file, as that of a directory, a WAR or a context.xml: "foo#bar##2.war".
func parseContextName(name string, file bool) contextName {
	name = strings.ReplaceAll(strings.TrimPrefix(name, "/"), "/", "#")
	if file && (hasSuffixFold(name, ".war") || hasSuffixFold(name, ".xml")) {
		name = name[:len(name)-4]
	}
	path, version, _ := strings.Cut(name, "##")
	if path == "" || path == "ROOT" {
		return contextName{version: version}
	}
	return contextName{"/" + strings.ReplaceAll(path, "#", "/"), version}
}

// base is the name of its directory, and without their suffix that of its WAR and
// its context.xml.
func (n contextName) base() string {
	name := "ROOT"
	if n.path != "" {
		name = strings.ReplaceAll(n.path[1:], "/", "#")
	}
	if n.version != "" {
		name += "##" + n.version
	}
	return name
}

// String is the name as Tomcat displays it: "/", "/foo/bar##2".
func (n contextName) String() string {
	name := n.path
	if name == "" {
		name = "/"
	}
	if n.version != "" {
		name += "##" + n.version
	}
	return name
}

// hasSuffixFold is strings.HasSuffix in any case.
func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// engine is the Engine of a Service.
type engine struct {
	element                  *element
	name, route, defaultHost string
	hosts                    []*virtualHost
}

// virtualHost is a Host.
type virtualHost struct {
	element *element
	engine  *engine
	// name and aliases are in lower case.
	name    string
	aliases []string
	// appBase has the applications, configBase their context.xml, each as it
	// is opened.
	appBase, configBase string
	deployXML           *setting // nil where nothing is said
	copyXML, unpackWARs bool
	// deploys says whether what is in these directories is deployed.
	deploys      bool
	deployIgnore *regexp.Regexp
}

// webapp is a web application as a Host has it.
type webapp struct {
	host *virtualHost
	name contextName
	// context is its Context in server.xml; nil for none.
	context *element
	// descriptor is its context.xml in the Host's configBase; empty for none.
	descriptor string
	// dir and war are where it is; empty where it is not such a one, both
	// where it is not there.
	dir, war string
	// missing says that there is no such application: it stands for one that
	// would come.
	missing bool
}

// engineOf reads the Engine of a Service, of which the last one counts, and its
// Hosts.
func (r *reader) engineOf(service *element) *engine {
	eng := new(engine)
	if service == nil {
		return eng
	}
	for _, e := range service.children {
		if e.name == "Engine" {
			if eng.element != nil {
				r.about(eng.element, finding.Error, fmt.Sprintf("the Engine of line %d takes its place", e.line), "remove one of them")
			}
			eng.element = e
		}
	}
	e := eng.element
	if e == nil {
		return eng // a part of a configuration, of which nothing is said
	}
	list := r.settings(e, "")
	r.known(list, engineAttributes)
	eng.name = list.text("name")
	eng.defaultHost = strings.ToLower(list.text("defaultHost"))
	if at := list.get("jvmRoute"); at != nil {
		eng.route = at.value
		r.checkRoute(at)
	} else if v, ok := r.lookup("jvmRoute"); ok && r.version < 10 {
		eng.route = v // until Tomcat 9, a property of Java is the Engine's default
	}
	seen := make(map[string]*element)
	for _, child := range e.children {
		switch child.name {
		case "Host":
			h := r.hostOf(eng, child)
			if before := seen[h.name]; before != nil {
				r.about(child, finding.Error, fmt.Sprintf("the Host of line %d has the name %q already: Tomcat does not start (\"Child name [%s] is not unique\")", before.line, h.name, h.name), "give it another name")
				continue
			}
			seen[h.name] = child
			eng.hosts = append(eng.hosts, h)
		case "Manager", "SessionIdGenerator", "CookieProcessor", "Context":
			r.about(child, finding.Warning, "it is ignored here", "put it into "+map[string]string{
				"SessionIdGenerator": "a Manager in a Context", "Context": "a Host",
			}[child.name])
		}
	}
	r.checkDefaultHost(eng, list)
	return eng
}

// checkRoute reports a route that makes bad session ids.
func (r *reader) checkRoute(at *setting) {
	if i := strings.IndexFunc(at.value, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`",;\`, c)
	}); i >= 0 {
		r.say(at, finding.Error, fmt.Sprintf("%q does not belong in a cookie: Tomcat fails where a session begins (\"An invalid character ... was present in the Cookie value\")", at.value), "write letters, digits, - and _")
	}
}

// checkDefaultHost reports where no Host answers requests for unknown hosts.
func (r *reader) checkDefaultHost(eng *engine, list settings) {
	if eng.byName(eng.defaultHost) != nil {
		return
	}
	if len(eng.hosts) == 0 {
		r.about(eng.element, finding.Info, "it has no Host: Tomcat has no application", "add a Host")
		return
	}
	remedy := "set defaultHost to " + eng.hosts[0].name
	if at := list.get("defaultHost"); at != nil {
		r.say(at, finding.Warning, fmt.Sprintf("no Host has this name: Tomcat refuses requests for other hosts than its own (\"Unknown default host [%s]\")", eng.defaultHost), remedy)
		return
	}
	r.about(eng.element, finding.Warning, "it has no defaultHost: Tomcat refuses requests for other hosts than its own (\"Unknown default host [null]\")", remedy)
}

// byName returns the host of a name or an alias, in lower case; nil for none.
func (eng *engine) byName(name string) *virtualHost {
	if name == "" {
		return nil
	}
	for _, h := range eng.hosts {
		if h.name == name {
			return h
		}
	}
	for _, h := range eng.hosts {
		if slices.Contains(h.aliases, name) {
			return h
		}
	}
	return nil
}

// hostOf reads a Host.
func (r *reader) hostOf(eng *engine, e *element) *virtualHost {
	list := r.settings(e, "")
	r.known(list, hostAttributes)
	h := &virtualHost{
		element: e, engine: eng,
		name:       strings.ToLower(list.text("name")),
		deployXML:  list.get("deployXML"),
		copyXML:    r.boolean(list.get("copyXML"), false),
		unpackWARs: r.boolean(list.get("unpackWARs"), true),
		deploys:    true,
	}
	onStartup, later := r.boolean(list.get("deployOnStartup"), true), r.boolean(list.get("autoDeploy"), true)
	h.deploys = onStartup || later
	if h.name == "" {
		r.about(e, finding.Error, "it has no name: Tomcat does not start", "set name, as to localhost")
	}
	for _, child := range e.children {
		switch child.name {
		case "Alias":
			alias := setting{element: "Alias", line: child.line}
			h.aliases = append(h.aliases, strings.ToLower(strings.TrimSpace(r.expand(&alias, string(child.text)))))
		case "Manager", "SessionIdGenerator", "CookieProcessor":
			r.about(child, finding.Warning, "it is ignored here", "put it into a Context")
		}
	}
	appBase := "webapps"
	if at := list.get("appBase"); at != nil {
		appBase = at.value
		if strings.TrimSpace(appBase) == "" {
			r.say(at, finding.Warning, fmt.Sprintf("every directory of catalina.base becomes an application (\"Using an empty string for appBase on host [%s] will set it to CATALINA_BASE, which is a bad idea\")", h.name), "write webapps")
		}
	}
	h.appBase = r.inBase(appBase)
	h.configBase = r.inBase(filepath.Join("conf", eng.name, h.name))
	if at := list.get("xmlBase"); at != nil {
		h.configBase = r.inBase(at.value)
	}
	if at := list.get("deployIgnore"); at != nil {
		pattern, err := javaregexp.Compile(at.value)
		if errors.Is(err, javaregexp.ErrSyntax) {
			r.say(at, finding.Warning, fmt.Sprintf("%v: Tomcat ignores it", err), "write a regular expression")
		} else if err != nil {
			r.say(at, finding.Warning, fmt.Sprintf("%v; here no application is left out for it", err), "")
		}
		h.deployIgnore = pattern
	}
	return h
}

// inBase resolves the name of a file against catalina.base.
func (r *reader) inBase(name string) string { return r.inDirectory(r.opt.Base, name) }

// inDirectory resolves the name of a file against a directory.
func (r *reader) inDirectory(dir, name string) string {
	if isAbs(name) || dir == "" {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// contextIn is the name of a Context in server.xml.
func (r *reader) contextIn(e *element) contextName {
	path, _, _ := expand(value(e, "path"), r.lookup, &r.room)
	if e.get("path") == nil {
		docBase, _, _ := expand(value(e, "docBase"), r.lookup, &r.room)
		return parseContextName(docBase, true)
	}
	if path == "/" || path == "/ROOT" {
		path = ""
	}
	if path = strings.TrimRight(path, "/"); path != "" && path[0] != '/' {
		path = "/" + path
	}
	version, _, _ := expand(value(e, "webappVersion"), r.lookup, &r.room)
	return contextName{path, version}
}

// exists says what a file is: nil where it is not there, or nobody can tell.
func (r *reader) exists(name string) fs.FileInfo {
	if r.opt.Stat == nil {
		return nil
	}
	info, err := r.opt.Stat(name)
	if err != nil {
		return nil
	}
	return info
}

// deployed are the applications of a host, in the order in which Tomcat deploys
// them: the Contexts of server.xml, the files of configBase, WARs, directories.
// What cannot be listed is left out.
func (r *reader) deployed(h *virtualHost) []webapp {
	var apps []webapp
	seen := make(map[contextName]bool)
	for _, e := range h.element.children {
		if e.name != "Context" {
			continue
		}
		name := r.contextIn(e)
		if seen[name] {
			r.about(e, finding.Error, fmt.Sprintf("there is a Context %s already: Tomcat does not start (\"Child name [%s] is not unique\")", name, name.path), "give it another path")
			continue
		}
		seen[name] = true
		app := webapp{host: h, name: name, context: e}
		r.locate(&app, value(e, "docBase"))
		apps = append(apps, app)
	}
	if !h.deploys {
		return apps
	}
	add := func(app webapp) {
		if !seen[app.name] {
			seen[app.name] = true
			app.host = h
			apps = append(apps, app)
		}
	}
	for _, file := range r.list(h.configBase) {
		if hasSuffixFold(file.Name(), ".xml") {
			app := webapp{name: parseContextName(file.Name(), true), descriptor: filepath.Join(h.configBase, file.Name()), host: h}
			r.locate(&app, "")
			add(app)
		}
	}
	files := r.list(h.appBase)
	for _, wars := range []bool{true, false} {
		for _, file := range files {
			name := file.Name()
			if strings.EqualFold(name, "META-INF") || strings.EqualFold(name, "WEB-INF") || h.deployIgnore != nil && h.deployIgnore.MatchString(name) {
				continue
			}
			info := r.exists(filepath.Join(h.appBase, name))
			if info == nil || info.IsDir() == wars || wars && !hasSuffixFold(name, ".war") {
				continue
			}
			app := webapp{name: parseContextName(name, wars), host: h}
			r.locate(&app, "")
			add(app)
		}
	}
	return apps
}

// list is what a directory has, in the order of names.
func (r *reader) list(dir string) []fs.DirEntry {
	if r.opt.ReadDir == nil {
		return nil
	}
	files, err := r.opt.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.report(finding.Finding{Severity: finding.Warning, Text: "it can't be listed, and its applications are not looked at: " + err.Error(), At: finding.Place{File: dir}})
	}
	return files
}

// locate finds the directory or the WAR of an application; docBase is empty for
// what its name says.
func (r *reader) locate(app *webapp, docBase string) {
	h := app.host
	if docBase == "" {
		docBase = app.name.base()
	}
	docBase, _, _ = expand(docBase, r.lookup, &r.room)
	docBase = r.inDirectory(h.appBase, docBase)
	app.dir, app.war = docBase, ""
	info := r.exists(docBase)
	switch {
	case hasSuffixFold(docBase, ".war") && (info == nil || !info.IsDir()):
		app.war, app.dir = docBase, filepath.Join(h.appBase, app.name.base())
	case strings.HasPrefix(docBase, h.appBase+string(filepath.Separator)):
		if war := r.exists(docBase + ".war"); war != nil && !war.IsDir() {
			app.war = docBase + ".war"
		}
	}
	if app.war == "" {
		return
	}
	// An unpacked WAR counts as long as it is the same one.
	unpacked, war := r.exists(app.dir), r.exists(app.war)
	if !h.unpackWARs || unpacked == nil || !unpacked.IsDir() || war == nil {
		app.dir = ""
		return
	}
	if mark := r.exists(filepath.Join(app.dir, "META-INF", "war-tracker")); mark != nil && !mark.ModTime().Equal(war.ModTime()) {
		app.dir = ""
	} else {
		app.war = ""
	}
}

// find returns the application of a name on a host. Of several versions the
// greatest counts, as it does for new sessions.
func (r *reader) find(h *virtualHost, name contextName) webapp {
	best := webapp{host: h, name: name, missing: true}
	for _, app := range r.deployed(h) {
		if app.name.path == name.path && (app.name.version == name.version || name.version == "") && (best.missing || app.name.version > best.name.version) {
			best = app
		}
	}
	if !best.missing {
		return best
	}
	if !h.deploys || r.opt.ReadDir != nil {
		return best
	}
	r.locate(&best, "")
	// Without a list, its files may be there.
	if file := filepath.Join(h.configBase, name.base()+".xml"); r.document(file, "Context") != nil {
		best.descriptor, best.missing = file, false
	}
	if best.war != "" || r.document(filepath.Join(best.dir, "WEB-INF", "web.xml"), "web-app") != nil || r.exists(best.dir) != nil {
		best.missing = false
	}
	return best
}

// Applications are the web applications that a connector leads to, as Application
// takes their names, in the order in which Tomcat deploys them: the Contexts of
// server.xml, those with a context.xml in conf/ENGINE/HOST, WARs, and directories.
// It needs Options.Stat and Options.ReadDir for all but the first. They are 100 at
// most; all says that there are no more.
func (c *Configuration) Applications(connector *Connector) (names []string, all bool) {
	r := c.reader()
	for _, h := range r.engineOf(c.service(connector)).hosts {
		for _, app := range r.deployed(h) {
			if len(names) == maxApplications {
				return names, false
			}
			names = append(names, "//"+h.name+app.name.String())
		}
	}
	return names, true
}

// Services are connectors of which each stands for its Service: the first one in
// it.
func (c *Configuration) Services() []*Connector {
	var list []*Connector
	seen := make(map[*element]bool)
	for i := range c.Connectors {
		if service := c.service(&c.Connectors[i]); !seen[service] {
			seen[service] = true
			list = append(list, &c.Connectors[i])
		}
	}
	return list
}

// CheckApplications is what is to be said of all the web applications that a
// connector leads to, each thing once, and of the files that are for all of them.
// Of more than 100 applications it looks at the first.
func (c *Configuration) CheckApplications(connector *Connector) []finding.Finding {
	r := c.reader()
	tls := c.trackable(connector)
	looked := 0
	for _, h := range r.engineOf(c.service(connector)).hosts {
		apps := r.deployed(h)
		if len(apps) == 0 {
			apps = append(apps, webapp{host: h}) // for the files of all
		}
		for i := range apps {
			if looked++; looked > maxApplications {
				r.about(h.element, finding.Warning, fmt.Sprintf("there are more than %d applications: the others are not looked at", maxApplications), "")
				return r.sorted()
			}
			r.application(&apps[i], tls)
		}
	}
	return r.sorted()
}
