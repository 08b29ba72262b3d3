package tomcat

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/finding"
)

// webXML is what the web.xml files of an application say together.
type webXML struct {
	timeout       *setting
	cookieName    *setting
	cookie        settings // the parts of cookie-config and its attributes, by lower-case names
	tracking      settings
	filters       []filterDefinition
	byName        map[string]int // of filters
	mappings      []filterMapping
	distributable bool
}

// filterDefinition is a filter.
type filterDefinition struct {
	name       string
	class      *setting // nil where it is not given
	parameters settings
	element    *element
}

// filterMapping is a filter-mapping.
type filterMapping struct {
	name     string
	patterns settings
	// servlets are servlet-names.
	servlets []string
	// everything says that it is mapped to all requests.
	everything bool
	// requests says that it takes requests, and not only what a servlet
	// forwards.
	requests bool
	// wrong says that a pattern is none, which was said.
	wrong   bool
	element *element
}

// webXMLOf reads the web.xml files of an application: its own, its tomcat-web.xml,
// then what is for all: conf/web.xml with the Host's web.xml.default. What an
// earlier one says, a later one does not change (WebXml.merge).
func (r *reader) webXMLOf(app *webapp, ctx *context) *webXML {
	own := new(webXML)
	if at := ctx.list.get("altDDName"); at != nil && at.value != "" {
		r.webXMLFile(own, r.document(r.inBase(at.value), "web-app"))
	} else {
		r.webXMLFile(own, r.member(app, "WEB-INF/web.xml", "web-app"))
	}
	if r.version >= 9 {
		extra := new(webXML)
		r.webXMLFile(extra, r.member(app, "WEB-INF/tomcat-web.xml", "web-app"))
		own.merge(extra)
	}
	name := "conf/web.xml"
	if at := ctx.list.get("defaultWebXml"); at != nil && at.value != "" {
		name = at.value
	}
	all := new(webXML)
	r.webXMLFile(all, r.document(r.inBase(name), "web-app"))
	r.webXMLFile(all, r.document(filepath.Join(app.host.configBase, "web.xml.default"), "web-app"))
	own.merge(all)
	r.checkMappings(own)
	return own
}

// doesNotStart ends what is said of an error in a web.xml.
const doesNotStart = ": Tomcat does not start the application"

// webXMLFile reads a web.xml into what was read before it, as one of several that
// make one: its session-config takes the place of the former.
func (r *reader) webXMLFile(w *webXML, root *element) {
	if root == nil {
		return
	}
	sessionConfigs := 0
	for _, e := range root.children {
		switch e.name {
		case "session-config":
			if sessionConfigs++; sessionConfigs > 1 {
				r.about(e, finding.Error, `there is one already`+doesNotStart+` ("<session-config> element is limited to 1 occurrence")`, "put both into one")
				continue
			}
			r.sessionConfig(w, e)
		case "distributable":
			w.distributable = true
		case "filter":
			r.filter(w, e)
		case "filter-mapping":
			r.filterMapping(w, e)
		case "session-timeout", "tracking-mode", "cookie-config":
			r.about(e, finding.Warning, "it is ignored here", "put it into session-config")
		}
	}
}

// body is the text of an element as a setting, without the space around it.
func (r *reader) body(e *element) *setting {
	at := &setting{key: strings.ToLower(e.name), element: e.name, line: e.line, file: e.file}
	at.value = strings.TrimSpace(r.expand(at, string(e.text)))
	return at
}

// sessionConfig reads a session-config.
func (r *reader) sessionConfig(w *webXML, e *element) {
	w.timeout, w.cookieName, w.cookie, w.tracking = nil, nil, nil, nil
	for _, child := range e.children {
		switch child.name {
		case "session-timeout":
			at := r.body(child)
			if _, ok := javaInt(at.value); !ok {
				r.say(at, finding.Error, fmt.Sprintf("%q is not a number of minutes", at.value)+doesNotStart+` ("NumberFormatException")`, "write digits, as 30")
				continue
			}
			w.timeout = at
		case "tracking-mode":
			at := r.body(child)
			if _, ok := trackingNames[at.value]; !ok {
				r.say(at, finding.Error, fmt.Sprintf("%q is no tracking mode", at.value)+doesNotStart+` ("No enum constant")`, "write COOKIE, URL or SSL, in capitals")
				continue
			}
			w.tracking = append(w.tracking, *at)
		case "cookie-config":
			r.cookieConfig(w, child)
		default:
			r.unknownElement(child, "session-timeout", "tracking-mode", "cookie-config")
		}
	}
}

// cookieConfig reads a cookie-config.
func (r *reader) cookieConfig(w *webXML, e *element) {
	for _, child := range e.children {
		switch child.name {
		case "name":
			w.cookieName = r.body(child)
		case "domain", "path", "comment", "http-only", "secure":
			w.cookie.put(r.body(child))
		case "max-age":
			at := r.body(child)
			if _, ok := javaInt(at.value); !ok {
				r.badMaxAge(at)
				continue
			}
			w.cookie.put(at)
		case "attribute":
			if r.version < 10 {
				r.about(child, finding.Warning, fmt.Sprintf("Tomcat %d does not have this element, which came with 10.1, and ignores it", r.version), "remove it; sameSiteCookies of a CookieProcessor sets SameSite")
				continue
			}
			r.cookieAttribute(w, child)
		default:
			r.unknownElement(child, "name", "domain", "path", "comment", "http-only", "secure", "max-age", "attribute")
		}
	}
}

// badMaxAge reports a max-age that is not a number.
func (r *reader) badMaxAge(at *setting) {
	effect := doesNotStart
	if r.version >= 10 {
		effect = ": Tomcat gives an error 500 where a session begins"
	}
	r.say(at, finding.Error, fmt.Sprintf("%q is not a number of seconds", at.value)+effect+` ("NumberFormatException")`, "write digits")
}

// put sets a setting, in the place of one of its key.
func (s *settings) put(at *setting) {
	if i := slices.IndexFunc(*s, func(b setting) bool { return b.key == at.key }); i >= 0 {
		(*s)[i] = *at
	} else if len(*s) < maxAttributes {
		*s = append(*s, *at)
	}
}

// cookieAttribute reads an attribute of a cookie-config.
func (r *reader) cookieAttribute(w *webXML, e *element) {
	name, value := r.pair(e, "attribute-name", "attribute-value")
	if name == nil || value == nil {
		r.about(e, finding.Warning, "it has no attribute-name or no attribute-value, and Tomcat ignores it", "add both")
		return
	}
	value.name, value.key = name.value, strings.ToLower(name.value)
	switch value.key {
	case "httponly":
		value.key = "http-only"
	case "max-age":
		if _, ok := javaInt(value.value); !ok {
			r.badMaxAge(value)
			return
		}
	}
	w.cookie.put(value)
}

// pair are the texts of two elements in one; nil where they are missing.
func (r *reader) pair(e *element, first, second string) (a, b *setting) {
	for _, child := range e.children {
		switch child.name {
		case first:
			a = r.body(child)
		case second:
			b = r.body(child)
		}
	}
	return a, b
}

// filter reads a filter.
func (r *reader) filter(w *webXML, e *element) {
	f := filterDefinition{element: e}
	for _, child := range e.children {
		switch child.name {
		case "filter-name":
			f.name = r.body(child).value
		case "filter-class":
			f.class = r.body(child)
		case "init-param":
			name, value := r.pair(child, "param-name", "param-value")
			if name == nil || value == nil {
				continue
			}
			value.key, value.name = name.value, name.value
			if len(f.parameters) < maxAttributes && !slices.ContainsFunc(f.parameters, func(b setting) bool { return b.key == value.key }) {
				f.parameters = append(f.parameters, *value) // the first one counts
			}
		}
	}
	if f.name == "" {
		r.about(e, finding.Error, "it has no filter-name"+doesNotStart, "add one")
		return
	}
	if i, ok := w.byName[f.name]; ok {
		r.about(e, finding.Error, fmt.Sprintf("there is a filter %q on line %d already", clip(f.name, 80), w.filters[i].element.line)+doesNotStart+fmt.Sprintf(` ("Duplicate filter name [%s]")`, clip(f.name, 80)), "give it another name")
		return
	}
	w.add(f)
}

// add adds a filter of a new name.
func (w *webXML) add(f filterDefinition) {
	if w.byName == nil {
		w.byName = make(map[string]int)
	}
	w.byName[f.name] = len(w.filters)
	w.filters = append(w.filters, f)
}

// filterMapping reads a filter-mapping.
func (r *reader) filterMapping(w *webXML, e *element) {
	m := filterMapping{element: e}
	dispatchers, requests := 0, false
	for _, child := range e.children {
		switch child.name {
		case "filter-name":
			m.name = r.body(child).value
		case "servlet-name":
			name := r.body(child).value
			m.servlets = append(m.servlets, name)
			m.everything = m.everything || name == "*"
		case "url-pattern":
			at := r.body(child)
			if plain, err := url.PathUnescape(at.value); err == nil {
				at.value = plain
			}
			if !validPattern(at.value) {
				r.say(at, finding.Error, fmt.Sprintf("%q is no pattern", at.value)+doesNotStart+fmt.Sprintf(` ("Invalid <url-pattern> [%s] in filter mapping")`, at.value), "begin it with / or with *.")
				m.wrong = true
			}
			m.patterns = append(m.patterns, *at)
			m.everything = m.everything || at.value == "*" || at.value == "/*"
		case "dispatcher":
			at := r.body(child)
			switch strings.ToUpper(at.value) {
			case "REQUEST":
				requests = true
				dispatchers++
			case "FORWARD", "INCLUDE", "ERROR", "ASYNC":
				dispatchers++
			default:
				r.say(at, finding.Warning, fmt.Sprintf("%q is no dispatcher, and Tomcat ignores it", at.value), "write REQUEST, FORWARD, INCLUDE, ERROR or ASYNC")
			}
		}
	}
	m.requests = requests || dispatchers == 0
	w.mappings = append(w.mappings, m)
}

// validPattern is StandardContext.validateURLPattern.
func validPattern(pattern string) bool {
	switch {
	case strings.ContainsAny(pattern, "\r\n"):
		return false
	case pattern == "", pattern == "*":
		return true
	case strings.HasPrefix(pattern, "*."):
		return !strings.Contains(pattern, "/")
	}
	return pattern[0] == '/' && !strings.Contains(pattern, "*.")
}

// merge adds what another file says and this one does not.
func (w *webXML) merge(other *webXML) {
	if w.timeout == nil {
		w.timeout = other.timeout
	}
	if w.cookieName == nil {
		w.cookieName = other.cookieName
	}
	for _, at := range other.cookie {
		if !slices.ContainsFunc(w.cookie, func(b setting) bool { return b.key == at.key }) {
			w.cookie = append(w.cookie, at)
		}
	}
	if len(w.tracking) == 0 {
		w.tracking = other.tracking
	}
	mapped := make(map[string]bool)
	for _, m := range w.mappings {
		mapped[m.name] = true
	}
	for _, m := range other.mappings {
		if !mapped[m.name] {
			w.mappings = append(w.mappings, m)
		}
	}
	for _, f := range other.filters {
		i, ok := w.byName[f.name]
		if !ok {
			w.add(f)
			continue
		}
		same := &w.filters[i]
		if same.class == nil {
			same.class = f.class
		}
		for _, at := range f.parameters {
			if !slices.ContainsFunc(same.parameters, func(b setting) bool { return b.key == at.key }) {
				same.parameters = append(same.parameters, at)
			}
		}
	}
}

// checkMappings reports mappings with which Tomcat does not start an application.
func (r *reader) checkMappings(w *webXML) {
	for _, m := range w.mappings {
		_, known := w.byName[m.name]
		switch {
		case !known:
			r.about(m.element, finding.Error, fmt.Sprintf("there is no filter %q", clip(m.name, 80))+doesNotStart+fmt.Sprintf(` ("Filter mapping specifies an unknown filter name [%s]")`, clip(m.name, 80)), "define it, or name another")
		case len(m.patterns) == 0 && len(m.servlets) == 0:
			r.about(m.element, finding.Error, "it has neither url-pattern nor servlet-name"+doesNotStart+` ("Filter mapping must specify either a <url-pattern> or a <servlet-name>")`, "add <url-pattern>/*</url-pattern>")
		}
	}
}
