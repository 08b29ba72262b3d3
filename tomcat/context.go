package tomcat

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/finding"
)

// document is what a file of an application holds.
type document struct {
	root *element // nil where there is none, or it is none
	err  error
}

// document reads an XML file, and reports what is wrong with it. It is nil where
// there is no such file.
func (r *reader) document(name, root string) *element {
	return r.documentIn(name, root, func() ([]byte, error) {
		if r.opt.ReadFile == nil {
			return nil, fs.ErrNotExist
		}
		return r.opt.ReadFile(name)
	})
}

// documentIn is document for a file that is read otherwise.
func (r *reader) documentIn(name, root string, read func() ([]byte, error)) *element {
	d, known := r.documents[name]
	if !known {
		var data []byte
		if data, d.err = read(); d.err == nil {
			if d.root, d.err = parseXML(data); d.err == nil {
				for e := range d.root.all() {
					e.file = name
				}
			}
		}
		r.documents[name] = d
	}
	if !slices.Contains(r.files, name) {
		r.files = append(r.files, name)
		r.unread(name, root, d)
	}
	if d.root == nil || d.root.name != root {
		return nil
	}
	return d.root
}

// unread reports why a document is none.
func (r *reader) unread(name, root string, d document) {
	f := finding.Finding{Severity: finding.Error, At: finding.Place{File: name}}
	var syntax *SyntaxError
	switch {
	case errors.As(d.err, &syntax):
		f.At.Line, f.Text, f.Remedy = syntax.Line, syntax.Text+": Tomcat does not start the application", "write it as XML"
	case errors.Is(d.err, fs.ErrNotExist):
		return
	case d.err != nil:
		f.Severity, f.Text = finding.Warning, "it can't be read, and what it says is not known here: "+d.err.Error()
	case d.root.name != root:
		f.At.Line, f.Text = d.root.line, fmt.Sprintf("the root element is <%s>, not <%s>: Tomcat takes nothing from it, and does not start an application whose own it is", clip(d.root.name, 60), root)
		f.Remedy = fmt.Sprintf("begin it with <%s>", root)
	default:
		return
	}
	r.report(f)
}

// context is the Context of an application: what all of its files say together.
type context struct {
	app *webapp
	// elements are its Contexts in the order in which Tomcat reads them: a
	// later attribute takes the place of an earlier one, and so do a Manager
	// and a CookieProcessor.
	elements []*element
	// list are all of their attributes.
	list settings
}

// contextOf reads the Contexts of an application.
//
// A Context of server.xml is read before conf/context.xml and the Host's
// context.xml.default, which therefore win; one of conf/ENGINE/HOST or of META-INF
// is read after them (ContextConfig.contextConfig).
func (r *reader) contextOf(app *webapp) *context {
	ctx := &context{app: app}
	own, override := app.context, false
	if own == nil {
		own = r.descriptorOf(app)
	}
	if own != nil {
		at := setting{element: own.name, name: "override", file: own.file, line: own.line}
		override = strings.EqualFold(r.expand(&at, value(own, "override")), "true")
	}
	if own != nil && app.context != nil {
		ctx.elements = append(ctx.elements, own)
	}
	if !override {
		name := "conf/context.xml"
		if own != nil && value(own, "defaultContextXml") != "" {
			at := setting{element: own.name, name: "defaultContextXml", file: own.file, line: own.line}
			name = r.expand(&at, value(own, "defaultContextXml"))
		}
		for _, file := range []string{r.inBase(name), filepath.Join(app.host.configBase, "context.xml.default")} {
			if e := r.document(file, "Context"); e != nil {
				ctx.elements = append(ctx.elements, e)
			}
		}
	}
	if own != nil && app.context == nil {
		ctx.elements = append(ctx.elements, own)
	}
	for _, e := range ctx.elements {
		list := r.settings(e, "")
		r.known(list, contextAttributes)
		ctx.list = append(ctx.list, list...)
		if !r.checked[e] {
			r.checked[e] = true
			r.checkContext(e)
		}
	}
	r.overruled(ctx)
	return ctx
}

// descriptorOf reads the context.xml of an application: that in the Host's
// configBase or, if there is none, its own in META-INF.
func (r *reader) descriptorOf(app *webapp) *element {
	h := app.host
	if app.descriptor != "" {
		e := r.document(app.descriptor, "Context")
		if e == nil {
			return nil
		}
		at := setting{element: e.name, name: "path", file: e.file, line: e.line}
		if e.get("path") != nil {
			r.say(&at, finding.Warning, fmt.Sprintf("the name of the file says the path: Tomcat ignores this one, and takes %s", app.name), "remove it")
		}
		at.name = "docBase"
		if docBase := r.expand(&at, value(e, "docBase")); docBase != "" {
			full := r.inDirectory(h.appBase, docBase)
			if strings.HasPrefix(full, h.appBase+string(filepath.Separator)) {
				r.say(&at, finding.Warning, fmt.Sprintf("it lies in the Host's appBase: Tomcat ignores it (\"A docBase [%s] inside the host appBase has been specified, and will be ignored\")", clip(full, 200)), "remove it")
			} else {
				r.locate(app, docBase)
			}
		}
		return e
	}
	e := r.member(app, "META-INF/context.xml", "Context")
	if e == nil {
		return nil
	}
	if at := h.deployXML; at != nil && !strings.EqualFold(at.value, "true") {
		r.say(at, finding.Error, fmt.Sprintf("the application %s has a context.xml of its own: Tomcat does not start it (\"The web application with context path [%s] was not deployed because it contained a deployment descriptor ... which may include configuration necessary for the secure deployment of the application but processing of deployment descriptors is prevented by the deployXML setting of this host\")", app.name, app.name.path),
			fmt.Sprintf("copy it to %s, or set deployXML to true", filepath.Join(h.configBase, app.name.base()+".xml")))
	}
	return e
}

// member reads a file of an application, in its directory or its WAR.
func (r *reader) member(app *webapp, name, root string) *element {
	switch {
	case app.war == "" && app.dir == "":
		return nil
	case app.war == "":
		return r.document(filepath.Join(app.dir, filepath.FromSlash(name)), root)
	}
	return r.documentIn(app.war+"!/"+name, root, func() ([]byte, error) {
		if r.opt.ReadWAR == nil {
			return nil, errors.New("files in WARs are not read")
		}
		return r.opt.ReadWAR(app.war, name)
	})
}

// contextChildren are what a Context may hold.
var contextChildren = []string{
	"CookieProcessor", "Ejb", "Environment", "JarScanner", "Listener", "Loader", "LocalEjb", "Manager", "MessageDestinationRef",
	"Parameter", "Realm", "Resource", "ResourceEnvRef", "ResourceLink", "Resources", "ServiceRef", "Transaction",
	"Valve", "WatchedResource", "WrapperLifecycle", "WrapperListener",
}

// checkContext reports elements in a Context that Tomcat ignores.
func (r *reader) checkContext(e *element) {
	for _, child := range e.children {
		switch {
		case child.name == "SessionIdGenerator":
			r.about(child, finding.Warning, "it is ignored here", "put it into a Manager")
		case child.name == "CookieProcessor" && r.version < 8:
			r.about(child, finding.Warning, fmt.Sprintf("Tomcat %d does not have this element, which came with 8, and ignores it", r.version), "remove it")
		case child.name == "Cluster" && e.file == "", child.name == "InstanceListener" && r.version < 8:
		default:
			r.unknownElement(child, contextChildren...)
		}
	}
}

// overruled reports what a Context of server.xml says in vain.
func (r *reader) overruled(ctx *context) {
	own := ctx.app.context
	if own == nil {
		return
	}
	const remedy = `remove one of them, or set override="true" on this Context`
	for i := range ctx.list {
		at := &ctx.list[i]
		if at.file != "" {
			continue
		}
		if last := ctx.list.get(at.key); last.file != "" && last.value != at.value {
			r.say(at, finding.Warning, fmt.Sprintf("%s line %d says %s, and wins: Tomcat reads it after the server.xml", last.file, last.line, clip(last.value, 80)), remedy)
		}
	}
	for _, name := range []string{"Manager", "CookieProcessor"} {
		if last := ctx.last(name); last != nil && last.file != "" {
			for _, e := range own.children {
				if e.name == name {
					r.about(e, finding.Warning, fmt.Sprintf("that of %s line %d takes its place: Tomcat reads it after the server.xml", last.file, last.line), remedy)
				}
			}
		}
	}
}

// children are the elements of a name in its Contexts.
func (ctx *context) children(name string) []*element {
	var list []*element
	for _, e := range ctx.elements {
		for _, child := range e.children {
			if child.name == name {
				list = append(list, child)
			}
		}
	}
	return list
}

// last is the element of a name that counts; nil for none.
func (ctx *context) last(name string) *element {
	list := ctx.children(name)
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// missingClass reports an element whose class is none of Tomcat's. What it says is
// taken as that of instead, which is empty for nothing.
func (r *reader) missingClass(e *element, className, instead string, names nameList) {
	effect := "Tomcat does not start the application"
	if e.file == "" {
		effect = "Tomcat does not start at all"
	}
	at := &setting{element: e.name, name: "className", file: e.file, line: e.line}
	if a := e.get("className"); a != nil {
		at.line = a.line
	}
	use := "remove it"
	if instead != "" {
		use = "use " + instead
	}
	simple := "" // of a class that is meant to be one of Tomcat's
	if dot := strings.LastIndexByte(className, '.'); dot < 0 || strings.HasPrefix(className, "org.apache.") {
		simple = className[dot+1:]
	}
	for _, entry := range names {
		if name, since, until := span(entry); name == className {
			text := fmt.Sprintf("Tomcat %d no longer has the class %s: %s (\"ClassNotFoundException\")", r.version, className, effect)
			if r.version < since {
				text = fmt.Sprintf("Tomcat %d does not have the class %s, which came with %s: %s (\"ClassNotFoundException\")", r.version, className, release(since), effect)
			} else if r.version <= until {
				text = fmt.Sprintf("%s is no %s: %s (\"IllegalArgumentException\")", className, e.name, effect)
			}
			r.say(at, finding.Error, text, use)
			return
		}
		if name, _, _ := span(entry); name[strings.LastIndexByte(name, '.')+1:] == simple && simple != "" {
			r.say(at, finding.Error, fmt.Sprintf("there is no class %s: %s (\"ClassNotFoundException\")", className, effect), fmt.Sprintf("is %s meant?", name))
			return
		}
	}
	switch {
	case className == "":
		r.about(e, finding.Error, fmt.Sprintf("it has no className: %s", effect), "set className")
	case strings.HasPrefix(className, "org.apache.catalina.") || strings.HasPrefix(className, "org.apache.tomcat."):
		remedy := use
		if meant := r.nearest(className, names.names(r.version)); meant != "" {
			remedy = fmt.Sprintf("is %s meant?", meant)
		}
		r.say(at, finding.Error, fmt.Sprintf("there is no class %s: %s (\"ClassNotFoundException\")", className, effect), remedy)
	default:
		text := fmt.Sprintf("the class %s is not one of Tomcat's, and has to be in its lib, or %s", className, effect)
		if instead != "" {
			text += fmt.Sprintf("; here it is taken for %s", instead)
		}
		r.say(at, finding.Warning, text, "")
	}
}

// className is the class of an element, and otherwise where none is given.
func (r *reader) className(e *element, otherwise string) string {
	a := e.get("className")
	if a == nil {
		return otherwise
	}
	at := setting{element: e.name, name: a.name, line: a.line, file: e.file}
	return cmp.Or(r.expand(&at, a.value), otherwise)
}
