package tomcat

import (
	"cmp"
	"fmt"
	"iter"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/properties"
)

// reader turns elements into connectors and collects findings.
type reader struct {
	opt      Options
	version  int
	inside   int // the line of the connector that is being read
	offset   int // the Server's portOffset
	findings []finding.Finding
	full     bool              // there were more than maxFindings
	files    []string          // those besides the server.xml, in the order in which they are read
	room     int               // what expand may still build, in bytes
	catalina map[string]string // see properties; nil until it is asked for
	// said are the findings before, which are not said again, and checked the
	// Contexts that were looked at: both for applications only.
	said    map[finding.Finding]bool
	checked map[*element]bool
	// lenient says that an application is read, which Tomcat starts
	// without what it ignores.
	lenient bool
	// expressions are why regular expressions are none, by their texts.
	expressions map[string]error
	// guesses is how many names were looked for that may have been meant.
	guesses int
	// documents are what files of applications hold, by their names.
	documents map[string]document

	// What the listeners say of OpenSSL: by libtcnative, and by Java's own way to
	// foreign functions.
	native, foreign library
	// apr are the connectors that are the native one, where its library is found,
	// if they leave it to Tomcat; before says that there are others.
	apr    map[*element]bool
	before bool
	engine tlsEngine // what does TLS on the connector that is being read
}

// report adds a finding, as long as they are few enough to be read, and as far
// as its words are.
func (r *reader) report(f finding.Finding) {
	f.At.Connector = r.inside
	f.At.Element, f.At.Attribute, f.Text, f.Remedy = clip(f.At.Element, 80), clip(f.At.Attribute, 80), clip(f.Text, 2000), clip(f.Remedy, 2000)
	f.At.File = clip(f.At.File, 1000)
	if r.said != nil {
		if r.said[f] {
			return
		}
		r.said[f] = true
	}
	if r.full = len(r.findings) == maxFindings; !r.full {
		r.findings = append(r.findings, f)
	}
}

// sorted are the findings in the order of files and lines, and a last one where
// they were too many.
func (r *reader) sorted() []finding.Finding {
	slices.SortStableFunc(r.findings, func(a, b finding.Finding) int {
		return cmp.Or(slices.Index(r.files, a.At.File)-slices.Index(r.files, b.At.File), a.At.Line-b.At.Line)
	})
	if r.full {
		r.findings = append(r.findings, finding.Finding{Severity: finding.Error, Text: "there is more to say than is said here", Remedy: "mend this first"})
	}
	return r.findings
}

// nearest finds the name that was meant, as long as somebody gets to read it.
func (r *reader) nearest(name string, names iter.Seq[string]) string {
	if r.guesses++; r.full || r.guesses > maxGuesses {
		return ""
	}
	return nearest(name, names)
}

// about reports on an element.
func (r *reader) about(e *element, s finding.Severity, text, remedy string) {
	r.report(finding.Finding{Severity: s, Text: text, Remedy: remedy, At: finding.Place{File: e.file, Line: e.line, Element: e.name}})
}

// misplaced reports an element that Tomcat does not look for where it is.
func (r *reader) misplaced(e *element) {
	parent := map[string]string{elementConnector: "a Service", elementSSLHost: "a Connector", elementCertificate: "an SSLHostConfig"}[e.name]
	r.about(e, finding.Error, "it is ignored here", "put it into "+parent)
}

// setting is an attribute by its modern name, with its properties replaced.
type setting struct {
	key           string
	element, name string // as they are written
	value         string
	line          int
	file          string // as in element
}

// settings are those of an element, in the order of the file.
type settings []setting

// get returns the setting of a key. The last one counts, as with Tomcat's
// setters, where two dialects say the same.
func (s settings) get(key string) *setting {
	for i := len(s) - 1; i >= 0; i-- {
		if sameName(s[i].key, key) {
			return &s[i]
		}
	}
	return nil
}

// text is the value of a setting, and empty where there is none.
func (s settings) text(key string) string {
	if at := s.get(key); at != nil {
		return at.value
	}
	return ""
}

// say reports on a setting.
func (r *reader) say(at *setting, s finding.Severity, text, remedy string) {
	r.report(finding.Finding{Severity: s, Text: text, Remedy: remedy, At: finding.Place{File: at.file, Line: at.line, Element: at.element, Attribute: at.name}})
}

// settings reads the attributes of an element and reports properties that are
// not known. Where element is given, it reports attributes that it has not.
func (r *reader) settings(e *element, element string) settings {
	var list settings
	for _, a := range e.attrs {
		at := setting{key: a.name, element: e.name, name: a.name, line: a.line, file: e.file}
		at.value = r.expand(&at, a.value)
		if element != "" {
			r.checkName(&at, element)
		}
		list = append(list, at)
	}
	return list
}

// expand replaces the properties in a value, and reports those that have none.
func (r *reader) expand(at *setting, value string) string {
	enough := r.room > 0
	value, unknown, ok := expand(value, r.lookup, &r.room)
	if !ok && enough { // it is said once
		r.say(at, finding.Error, fmt.Sprintf("the properties of the file grow beyond the limit of %d bytes, and are left as they are from here on", maxExpanded),
			"write the value itself, or shorten the property")
	}
	if len(unknown) > 0 {
		severity := finding.Warning
		if matters(at) {
			severity = r.ignored()
		}
		r.say(at, severity, fmt.Sprintf("the property ${%s} has no value", strings.Join(unknown, "}, ${")),
			"define it, give it a default as ${name:-default}, or write the value itself")
	}
	return value
}

// matters reports whether a setting is one that is read here: of a Connector,
// those are few.
func matters(at *setting) bool {
	if at.element != elementConnector {
		return at.element != "Server"
	}
	if _, ok := findFlat(at.name); ok {
		return true
	}
	switch strings.ToLower(at.name) {
	case "address", "defaultsslhostconfigname", "port", "portoffset", "protocol", "proxyname", "proxyport", "redirectport", "scheme", "secure", "sslenabled", "strictsni":
		return true
	}
	return false
}

// lookup gives the value of a property.
func (r *reader) lookup(name string) (string, bool) {
	if v, ok := r.properties()[name]; ok {
		return v, true
	}
	if r.opt.Lookup != nil {
		if v, ok := r.opt.Lookup(name); ok {
			return v, true
		}
	}
	if r.opt.Base != "" && (name == "catalina.base" || name == "catalina.home") {
		return r.opt.Base, true
	}
	return "", false
}

// properties are those of conf/catalina.properties, which Tomcat makes the Java
// machine's own before it reads a server.xml. They are read once, and only where
// a property is named at all.
func (r *reader) properties() map[string]string {
	if r.catalina == nil {
		r.catalina = make(map[string]string)
		if r.opt.Base != "" && r.opt.ReadFile != nil {
			if data, err := r.opt.ReadFile(filepath.Join(r.opt.Base, "conf", "catalina.properties")); err == nil {
				if read, ok := properties.Parse(data); ok {
					r.catalina = read
				}
			}
		}
	}
	return r.catalina
}

// checkName reports an attribute that its element has not, or not in this
// version.
func (r *reader) checkName(at *setting, element string) {
	if hasAttribute(element, at.name) {
		return
	}
	if element == elementConnector {
		if strings.HasPrefix(at.name, "socket.") || strings.HasPrefix(at.name, "selectorPool.") {
			return
		}
		if f, ok := findFlat(at.name); ok {
			if r.version >= 10 {
				inside := "<" + elementSSLHost + ">"
				if f.element == elementCertificate {
					inside = "<Certificate> in <SSLHostConfig>"
				}
				r.say(at, finding.Error, fmt.Sprintf("Tomcat %d no longer has this attribute and ignores it (\"failed to set property [%s]\")", r.version, at.name),
					fmt.Sprintf("write it as %s of a %s element", f.modern, inside))
			}
			return
		}
	}
	if element == elementSSLHost && hasAttribute(elementCertificate, at.name) && at.name != attributeType {
		if r.version >= 10 {
			r.say(at, finding.Error, fmt.Sprintf("Tomcat %d ignores it here (\"failed to set property [%s]\")", r.version, at.name),
				"move it to a Certificate element inside")
		}
		return
	}
	severity, remedy := finding.Warning, "remove it"
	if f, ok := findFlat(at.name); ok {
		severity, remedy = finding.Error, fmt.Sprintf("here it is called %s", f.modern)
		if f.element != element {
			remedy = fmt.Sprintf("it is %s of %s", f.modern, f.element)
		}
	} else if meant := r.nearest(at.name, attributeNames(element)); meant != "" {
		severity, remedy = finding.Error, fmt.Sprintf("is %s meant?", meant)
	}
	r.say(at, severity, fmt.Sprintf("%s has no such attribute, and Tomcat ignores it", element), remedy)
}

// ignored is how grave it is that Tomcat ignores a setting, or takes it otherwise
// than it was meant. A connector then does not do what it is there for.
func (r *reader) ignored() finding.Severity {
	if r.lenient {
		return finding.Warning
	}
	return finding.Error
}

// boolean reads a setting as Java's Boolean.valueOf does: everything but "true"
// is false.
func (r *reader) boolean(at *setting, otherwise bool) bool {
	if at == nil {
		return otherwise
	}
	if !strings.EqualFold(at.value, "true") && !strings.EqualFold(at.value, "false") {
		r.say(at, r.ignored(), fmt.Sprintf("%q is neither true nor false: Tomcat takes it for false", at.value), "write true or false")
	}
	return strings.EqualFold(at.value, "true")
}

// integer reads a setting as Java's Integer.valueOf does. What is none is
// reported and ignored, as by Tomcat.
func (r *reader) integer(at *setting, otherwise int) int {
	if at == nil {
		return otherwise
	}
	n, err := strconv.ParseInt(at.value, 10, 32)
	if err != nil {
		r.say(at, r.ignored(), fmt.Sprintf("%q is not a number: Tomcat ignores it", at.value), "write digits")
		return otherwise
	}
	return int(n)
}

// port is integer for TCP ports.
func (r *reader) port(at *setting, otherwise int) int {
	n := r.integer(at, otherwise)
	if n < 0 || n > 65535 {
		r.say(at, finding.Error, fmt.Sprintf("%d is not a TCP port", n), "write a number from 1 to 65535")
		return otherwise
	}
	return n
}

// file resolves the name of a file as Tomcat's configuration source does:
// against catalina.base, and from a URL.
func (r *reader) file(at *setting) string {
	if at == nil || at.value == "" {
		return ""
	}
	name := at.value
	if rest, ok := cutPrefixFold(name, "file:"); ok {
		if strings.HasPrefix(rest, "//") {
			rest = "/" + strings.TrimLeft(rest, "/")
		}
		if plain, err := url.PathUnescape(rest); err == nil {
			rest = plain
		}
		if strings.HasPrefix(rest, "/") && hasDrive(rest[1:]) {
			rest = rest[1:] // file:///C:/...
		}
		if name = rest; strings.Trim(name, "/") == "" {
			r.say(at, finding.Error, fmt.Sprintf("%q names no file", at.value), "write its name")
		}
	} else if scheme, _, ok := strings.Cut(name, ":"); ok && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\${`) {
		r.say(at, finding.Error, fmt.Sprintf("%s: files from URLs of the scheme %q are not read here", at.value, scheme), "copy it to a file, and write its name")
		return name
	}
	if r.opt.Base != "" && !isAbs(name) && !strings.Contains(name, "${") {
		name = filepath.Join(r.opt.Base, name)
	}
	return name
}

// isAbs reports whether a name is absolute on any system, as the file may come
// from another.
func isAbs(name string) bool {
	return hasDrive(name) || strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\\`) || filepath.IsAbs(name)
}

// hasDrive reports whether a name begins with a drive of Windows.
func hasDrive(name string) bool {
	return len(name) > 2 && name[1] == ':' && (name[2] == '/' || name[2] == '\\')
}

// cutPrefixFold is strings.CutPrefix in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// secret is the value of a password, and nil where there is none.
func secret(at *setting) []byte {
	if at == nil {
		return nil
	}
	return []byte(at.value)
}

// unknownElement reports an element that Tomcat ignores for its name.
func (r *reader) unknownElement(e *element, names ...string) {
	if slices.Contains(names, e.name) {
		return
	}
	remedy := "remove it"
	if meant := r.nearest(e.name, slices.Values(names)); meant != "" {
		remedy = fmt.Sprintf("is <%s> meant?", meant)
	}
	r.about(e, finding.Warning, "there is no such element here, and Tomcat ignores it", remedy)
}

// dialect returns the name of an attribute in the dialect of others.
func (r *reader) dialect(list settings, modern, flat string) string {
	for _, at := range list {
		if at.element == elementConnector {
			return flat
		}
	}
	return modern
}
