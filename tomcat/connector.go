package tomcat

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Connectors reads the HTTP connectors of a server.xml, in the order of the
// file, and what is to be said about them, in the order of lines. Connectors of
// other protocols (AJP) are left out. The error is a *SyntaxError where the text
// is not a server.xml at all.
//
// A connector is returned whatever its findings; those that are errors tell that
// Tomcat would not serve with it, or not what was asked for, or that crypto/tls
// can't.
func Connectors(data []byte, opt Options) ([]Connector, []Finding, error) {
	root, err := parseXML(data)
	if err != nil {
		return nil, nil, err
	}
	if root.name != "Server" {
		return nil, nil, &SyntaxError{root.line, fmt.Sprintf("the root element is <%s>, not <Server>", clip(root.name, 60))}
	}
	r := reader{opt: opt, version: opt.Version}
	if r.version == 0 {
		r.version = guessVersion(root)
	}
	// The connectors' ports are relative to the server's.
	offset := r.integer(r.settings(root, "").get("portOffset"), 0)
	if offset < 0 || offset > 65535 {
		r.about(root, Error, fmt.Sprintf("the portOffset %d is none: Tomcat takes numbers from 0 to 65535", offset), "choose another")
		offset = 0
	}
	var connectors []Connector
	for _, service := range root.children {
		switch service.name {
		case "Service":
			for _, e := range service.children {
				switch {
				case e.name == elementConnector:
					if c, ok := r.connector(e, offset); ok {
						connectors = append(connectors, c)
					}
				case e.name == elementSSLHost, e.name == elementCertificate:
					r.misplaced(e)
				}
			}
		case elementConnector, elementSSLHost, elementCertificate:
			r.misplaced(service)
		}
	}
	r.inside = 0
	r.compare(connectors)
	return connectors, r.sorted(), nil
}

// Attribute is a setting by its name in either dialect, as it may be given on a
// command line.
type Attribute struct{ Name, Value string }

// FromAttributes returns the connector with one host and one certificate that
// attributes describe: those of a Connector, of an SSLHostConfig and of a
// Certificate, and the flat ones, whatever the version. Findings name the
// attribute alone.
func FromAttributes(attributes []Attribute, opt Options) (Connector, []Finding) {
	r := reader{opt: opt, version: opt.Version}
	if r.version == 0 {
		r.version = 10
	}
	var own, host, certificate settings
	for _, a := range attributes {
		at := setting{key: a.Name, name: a.Name}
		at.value = r.expand(&at, a.Value)
		f, isFlat := findFlat(a.Name)
		switch {
		case isFlat:
			at.key = f.modern
			if f.element == elementCertificate {
				certificate = append(certificate, at)
			} else {
				host = append(host, at)
			}
		case hasAttribute(elementSSLHost, a.Name):
			host = append(host, at)
		case hasAttribute(elementCertificate, a.Name):
			certificate = append(certificate, at)
		case hasAttribute(elementConnector, a.Name):
			own = append(own, at)
		default:
			r.say(&at, Error, "Tomcat has no such attribute", "")
		}
	}
	c := Connector{
		Version:     r.version,
		Port:        r.port(own.get("port"), 8443),
		Address:     own.text("address"),
		TLS:         true,
		DefaultHost: DefaultHostName,
		StrictSNI:   r.boolean(own.get("strictSni"), r.version >= 9),
	}
	e := &element{}
	h := r.hostSettings(e, host)
	h.Names = []string{DefaultHostName}
	h.Certificates = []Certificate{r.certificate(e, certificate)}
	r.trust(&h, host)
	c.Hosts = []SSLHost{h}
	return c, r.sorted()
}

// guessVersion says for which major version of Tomcat a server.xml was written,
// by what the versions have in common with nobody else.
func guessVersion(root *element) int {
	var flat, hosts, apr bool
	version := 0
	for e := range root.all() {
		switch e.name {
		case elementSSLHost:
			hosts = true
		case elementConnector:
			for _, a := range e.attrs {
				if _, ok := findFlat(a.name); ok {
					flat = true
				}
			}
			apr = apr || value(e, "protocol") == protocolAPR
		case "Listener":
			if value(e, "className") == "org.apache.catalina.core.JasperListener" {
				version = 7 // gone in 8.0
			}
		}
	}
	switch {
	case version != 0:
		return version
	case flat || apr:
		return 9 // which has both dialects, and the native connector
	case hosts:
		return 10
	}
	return 10
}

// all goes through an element and what is in it.
func (e *element) all() iter.Seq[*element] {
	return func(yield func(*element) bool) { e.walk(yield) }
}

func (e *element) walk(yield func(*element) bool) bool {
	if !yield(e) {
		return false
	}
	for _, c := range e.children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// value is that of an attribute, and empty where there is none.
func value(e *element, name string) string {
	if a := e.get(name); a != nil {
		return a.value
	}
	return ""
}

// The implementations of HTTP that a Connector's protocol names.
const (
	protocolHTTP = "HTTP/1.1"
	protocolAPR  = "org.apache.coyote.http11.Http11AprProtocol"
	protocolBIO  = "org.apache.coyote.http11.Http11Protocol"
	protocolNIO  = "org.apache.coyote.http11.Http11NioProtocol"
	protocolNIO2 = "org.apache.coyote.http11.Http11Nio2Protocol"
)

// reader turns elements into connectors and collects findings.
type reader struct {
	opt      Options
	version  int
	inside   int // the line of the connector at hand
	findings []Finding
	full     bool // there were more than maxFindings
}

// report adds a finding, as long as they are few enough to be read, and as far
// as its words are.
func (r *reader) report(f Finding) {
	f.Connector = r.inside
	f.Element, f.Attribute, f.Text = clip(f.Element, 80), clip(f.Attribute, 80), clip(f.Text, 2000)
	if r.full = len(r.findings) == maxFindings; !r.full {
		r.findings = append(r.findings, f)
	}
}

// sorted are the findings in the order of lines, and a last one where they were
// too many.
func (r *reader) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int { return a.Line - b.Line })
	if r.full {
		r.findings = append(r.findings, Finding{Severity: Error, Text: "there is more to say than is said here", Remedy: "mend this first"})
	}
	return r.findings
}

// nearest finds the name that was meant, as long as somebody gets to read it.
func (r *reader) nearest(name string, names iter.Seq[string]) string {
	if r.full {
		return ""
	}
	return nearest(name, names)
}

// about reports on an element.
func (r *reader) about(e *element, s Severity, text, remedy string) {
	r.report(Finding{Severity: s, Line: e.line, Element: e.name, Text: text, Remedy: remedy})
}

// misplaced reports an element that Tomcat does not look for where it is.
func (r *reader) misplaced(e *element) {
	parent := map[string]string{elementConnector: "a Service", elementSSLHost: "a Connector", elementCertificate: "an SSLHostConfig"}[e.name]
	r.about(e, Error, "it is ignored here", "put it into "+parent)
}

// setting is an attribute by its modern name, with its properties replaced.
type setting struct {
	key           string
	element, name string // as they are written
	value         string
	line          int
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
func (r *reader) say(at *setting, s Severity, text, remedy string) {
	r.report(Finding{Severity: s, Line: at.line, Element: at.element, Attribute: at.name, Text: text, Remedy: remedy})
}

// settings reads the attributes of an element and reports properties that are
// not known. Where element is given, it reports attributes that it has not.
func (r *reader) settings(e *element, element string) settings {
	var list settings
	for _, a := range e.attrs {
		at := setting{key: a.name, element: e.name, name: a.name, line: a.line}
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
	value, unknown := expand(value, r.lookup)
	if len(unknown) > 0 {
		severity := Warning
		if matters(at) {
			severity = Error
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
	case "address", "defaultsslhostconfigname", "port", "portoffset", "protocol", "redirectport", "scheme", "sslenabled", "strictsni":
		return true
	}
	return false
}

// lookup gives the value of a property.
func (r *reader) lookup(name string) (string, bool) {
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
				r.say(at, Error, fmt.Sprintf("Tomcat %d no longer has this attribute and ignores it (\"failed to set property [%s]\")", r.version, at.name),
					fmt.Sprintf("write it as %s of a %s element", f.modern, inside))
			}
			return
		}
	}
	if element == elementSSLHost && hasAttribute(elementCertificate, at.name) && at.name != attributeType {
		if r.version >= 10 {
			r.say(at, Error, fmt.Sprintf("Tomcat %d ignores it here (\"failed to set property [%s]\")", r.version, at.name),
				"move it to a Certificate element inside")
		}
		return
	}
	severity, remedy := Warning, "remove it"
	if f, ok := findFlat(at.name); ok {
		severity, remedy = Error, fmt.Sprintf("here it is called %s", f.modern)
		if f.element != element {
			remedy = fmt.Sprintf("it is %s of %s", f.modern, f.element)
		}
	} else if meant := r.nearest(at.name, attributeNames(element)); meant != "" {
		severity, remedy = Error, fmt.Sprintf("is %s meant?", meant)
	}
	r.say(at, severity, fmt.Sprintf("%s has no such attribute, and Tomcat ignores it", element), remedy)
}

// boolean reads a setting as Java's Boolean.valueOf does: everything but "true"
// is false.
func (r *reader) boolean(at *setting, otherwise bool) bool {
	if at == nil {
		return otherwise
	}
	if !strings.EqualFold(at.value, "true") && !strings.EqualFold(at.value, "false") {
		r.say(at, Error, fmt.Sprintf("%q is neither true nor false: Tomcat takes it for false", at.value), "write true or false")
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
		r.say(at, Error, fmt.Sprintf("%q is not a number: Tomcat ignores it", at.value), "write digits")
		return otherwise
	}
	return int(n)
}

// port is integer for TCP ports.
func (r *reader) port(at *setting, otherwise int) int {
	n := r.integer(at, otherwise)
	if n < 0 || n > 65535 {
		r.say(at, Error, fmt.Sprintf("%d is not a TCP port", n), "write a number from 1 to 65535")
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
		if name = rest; strings.Trim(name, "/") == "" {
			r.say(at, Error, fmt.Sprintf("%q names no file", at.value), "write its name")
		}
	} else if scheme, _, ok := strings.Cut(name, ":"); ok && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\${`) {
		r.say(at, Error, fmt.Sprintf("%s: files from URLs of the scheme %q are not read here", at.value, scheme), "copy it to a file, and write its name")
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
	drive := len(name) > 2 && name[1] == ':' && (name[2] == '/' || name[2] == '\\')
	return drive || strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\\`) || filepath.IsAbs(name)
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

// connector reads a Connector. It reports whether it is one of HTTP.
func (r *reader) connector(e *element, offset int) (Connector, bool) {
	r.inside = e.line
	protocol := value(e, "protocol")
	if strings.HasPrefix(strings.ToUpper(protocol), "AJP") || strings.Contains(protocol, ".ajp.") {
		return Connector{}, false
	}
	list := r.settings(e, elementConnector)
	c := Connector{
		Line:         e.line,
		Version:      r.version,
		Port:         r.port(list.get("port"), 0),
		Address:      list.text("address"),
		RedirectPort: r.port(list.get("redirectPort"), 0),
		DefaultHost:  DefaultHostName,
		StrictSNI:    r.boolean(list.get("strictSni"), r.version >= 9),
	}
	if list.get("port") == nil {
		r.about(e, Error, "it has no port", "set port, as to 8443")
	}
	if own := list.get("portOffset"); own != nil {
		r.say(own, Warning, fmt.Sprintf("Tomcat puts the Server's portOffset, %d, in its place", offset), "set it on the Server element")
	}
	if c.Port > 0 && offset != 0 {
		if c.Port += offset; c.Port < 1 || c.Port > 65535 {
			r.about(e, Error, fmt.Sprintf("with the Server's portOffset %d the port is %d", offset, c.Port), "choose others")
			c.Port = 0
		}
	}
	if c.RedirectPort > 0 {
		c.RedirectPort += offset
	}
	if at := list.get("defaultSSLHostConfigName"); at != nil {
		c.DefaultHost = strings.ToLower(at.value)
	}
	r.protocol(list, e)

	hostSettings, certSettings := r.sortFlat(list)
	var hosts []*element
	for _, child := range e.children {
		switch child.name {
		case elementSSLHost:
			hosts = append(hosts, child)
		case "UpgradeProtocol":
			c.HTTP2 = c.HTTP2 || value(child, "className") == "org.apache.coyote.http2.Http2Protocol"
		case elementCertificate:
			r.misplaced(child)
		default:
			r.unknownElement(child, elementSSLHost, "UpgradeProtocol", "Listener")
		}
	}
	isFlat := len(hostSettings)+len(certSettings) > 0
	https := strings.EqualFold(list.text("scheme"), "https")
	enabled := r.boolean(list.get("SSLEnabled"), false)
	c.TLS = enabled || len(hosts) > 0 || len(certSettings) > 0 || https && isFlat
	if !c.TLS {
		return c, true
	}
	if !enabled {
		r.about(e, Error, "it has TLS settings but not SSLEnabled=\"true\": Tomcat speaks plain HTTP on this port", "add SSLEnabled=\"true\"")
	}
	if r.version < 8 && (!https || !strings.EqualFold(list.text("secure"), "true")) {
		r.about(e, Warning, fmt.Sprintf("Tomcat %d tells applications that requests came by plain HTTP unless told otherwise", r.version), "add scheme=\"https\" secure=\"true\"")
	}
	if at := list.get("sslImplementationName"); at != nil {
		r.say(at, Warning, "another implementation of TLS may treat these settings otherwise than is said here", "")
	}
	// Where elements count, Tomcat 10 ignores the attributes altogether.
	if len(hosts) == 0 && (isFlat || r.version < 10) || isFlat && r.version < 10 {
		c.Hosts = append(c.Hosts, r.flatHost(e, c.DefaultHost, hostSettings, certSettings))
	}
	if len(hosts) > 0 && r.version < 8 {
		r.about(hosts[0], Error, fmt.Sprintf("Tomcat %d does not have this element, which came with 8.5", r.version), "use the attributes of Connector: keystoreFile, keystorePass, keyAlias")
	}
	for _, h := range hosts {
		c.Hosts = append(c.Hosts, r.host(h))
	}
	r.names(e, &c, len(hosts))
	return c, true
}

// protocol reports on the implementation that a Connector names.
func (r *reader) protocol(list settings, e *element) {
	at := list.get("protocol")
	if at == nil {
		return
	}
	switch at.value {
	case protocolHTTP, protocolNIO, protocolNIO2:
	case protocolAPR:
		if r.version >= 10 {
			r.say(at, Error, "Tomcat 10.1 no longer has the native connector, and does not start this one", "use "+protocolNIO)
		} else if e.get("SSLCertificateFile") == nil && len(e.children) == 0 && strings.EqualFold(list.text("SSLEnabled"), "true") {
			r.say(at, Error, "the native connector reads PEM files only, and none are given: Tomcat does not start it", "set SSLCertificateFile and SSLCertificateKeyFile, or use "+protocolNIO)
		}
	case protocolBIO:
		switch {
		case r.version >= 10:
			r.say(at, Error, fmt.Sprintf("Tomcat %d does not have this class, and does not start the connector", r.version), "use "+protocolNIO)
		case r.version >= 8:
			r.say(at, Warning, "this implementation is gone since Tomcat 8.5", "use "+protocolNIO)
		}
	default:
		r.say(at, Warning, fmt.Sprintf("%q is not one of Tomcat's implementations of HTTP, and may read its attributes otherwise", at.value), "use HTTP/1.1")
	}
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
	r.about(e, Warning, "there is no such element here, and Tomcat ignores it", remedy)
}

// sortFlat takes the flat attributes out of a Connector's, under their modern
// names.
func (r *reader) sortFlat(list settings) (host, certificate settings) {
	for _, at := range list {
		f, ok := findFlat(at.name)
		if !ok {
			continue
		}
		to := &host
		if f.element == elementCertificate {
			to = &certificate
		}
		at.key = f.modern
		if before := to.get(f.modern); before != nil {
			r.say(&at, Warning, fmt.Sprintf("it says the same as %s, and the last one counts", before.name), "remove one of them")
		}
		*to = append(*to, at)
	}
	return host, certificate
}

// flatHost reads what the flat attributes of a Connector amount to.
func (r *reader) flatHost(e *element, name string, hostSettings, certSettings settings) SSLHost {
	h := r.hostSettings(e, hostSettings)
	h.Names = []string{name}
	if r.version < 8 {
		r.oldJava(hostSettings)
		// Tomcat 7 takes either password for the other.
		if certSettings.get("certificateKeystorePassword") == nil {
			if key := certSettings.get("certificateKeyPassword"); key != nil {
				same := *key
				same.key = "certificateKeystorePassword"
				certSettings = append(certSettings, same)
			}
		}
	}
	cert := r.certificate(e, certSettings)
	cert.Flat = true
	h.Certificates = []Certificate{cert}
	r.trust(&h, hostSettings)
	return h
}

// oldJava reports what Tomcat 7 reads otherwise than its successors.
func (r *reader) oldJava(list settings) {
	if at := list.get("ciphers"); at != nil && at.name == "ciphers" && at.value != "ALL" {
		for name := range strings.SplitSeq(at.value, ",") {
			if name = strings.TrimSpace(name); !strings.HasPrefix(name, "TLS_") && !strings.HasPrefix(name, "SSL_") {
				r.say(at, Error, fmt.Sprintf("Tomcat %d takes Java's names of suites only, between commas, and ignores others", r.version), "write the suites' names, as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
				break
			}
		}
	}
	if at := list.get("certificateVerification"); at != nil && at.name == "clientAuth" {
		switch strings.ToLower(at.value) {
		case "true", "yes", "want", "false", "no":
		default:
			r.say(at, Error, fmt.Sprintf("Tomcat %d takes %q for false, and asks clients for no certificate", r.version, at.value), "write true, want or false")
		}
	}
}

// host reads an SSLHostConfig.
func (r *reader) host(e *element) SSLHost {
	list := r.settings(e, elementSSLHost)
	h := r.hostSettings(e, list)
	name := DefaultHostName
	if at := list.get("hostName"); at != nil {
		name = strings.ToLower(at.value)
		switch {
		case name == "":
			r.say(at, Error, "the name is empty: Tomcat does not start at all", "write the host's name, or leave hostName out for the default host")
		case strings.Contains(strings.TrimPrefix(name, "*."), "*"):
			r.say(at, Warning, fmt.Sprintf("%q matches no name: \"*\" stands only for the whole first label", at.value), "write it as *.example.com")
		}
	}
	h.Names = []string{name}

	// The default certificate's setters, until Tomcat 9.
	var own settings
	for _, at := range list {
		if hasAttribute(elementCertificate, at.name) && at.name != attributeType {
			own = append(own, at)
		}
	}
	var certificates []*element
	for _, child := range e.children {
		switch child.name {
		case elementCertificate:
			certificates = append(certificates, child)
		case "OpenSSLConf":
			r.about(child, Warning, "OpenSSL's own commands have no effect here, nor in Tomcat where Java does TLS", "")
		default:
			r.unknownElement(child, elementCertificate, "OpenSSLConf")
		}
	}
	if len(own) > 0 || len(certificates) == 0 {
		h.Certificates = append(h.Certificates, r.certificate(e, own))
	}
	for _, c := range certificates {
		h.Certificates = append(h.Certificates, r.certificate(c, r.settings(c, elementCertificate)))
	}
	if len(h.Certificates) > 1 {
		r.types(e, h.Certificates)
	}
	r.trust(&h, list)
	return h
}

// types reports on several certificates of a host.
func (r *reader) types(e *element, certificates []Certificate) {
	seen := make(map[string]bool)
	for _, c := range certificates {
		at := &setting{element: elementCertificate, name: attributeType, line: c.Line}
		switch {
		case c.Type == "":
			r.say(at, Error, "of several certificates, each needs a type: Tomcat does not start at all (\"Multiple certificates were specified and at least one is missing the required attribute type\")",
				"set type to RSA or EC, as the key is")
			return
		case seen[c.Type]:
			r.say(at, Error, fmt.Sprintf("a second certificate of the type %s is never served", c.Type), fmt.Sprintf("leave one, or put them into hosts of their own (%s hostName)", e.name))
		}
		seen[c.Type] = true
	}
}

// certificate reads the settings of a Certificate.
func (r *reader) certificate(e *element, list settings) Certificate {
	c := Certificate{
		Line:                 e.line,
		KeystoreType:         list.text("certificateKeystoreType"),
		KeystoreProvider:     list.text("certificateKeystoreProvider"),
		KeystorePassword:     secret(list.get("certificateKeystorePassword")),
		KeystorePasswordFile: r.file(list.get("certificateKeystorePasswordFile")),
		KeyAlias:             list.text("certificateKeyAlias"),
		KeyPassword:          secret(list.get("certificateKeyPassword")),
		KeyPasswordFile:      r.file(list.get("certificateKeyPasswordFile")),
		CertificateFile:      r.file(list.get("certificateFile")),
		KeyFile:              r.file(list.get("certificateKeyFile")),
		ChainFile:            r.file(list.get("certificateChainFile")),
	}
	if at := list.get(attributeType); at != nil {
		switch at.value {
		case "RSA", "EC", "DSA", "MLDSA":
			c.Type = at.value
		case "", "UNDEFINED":
		default:
			remedy := "write RSA, EC, DSA or MLDSA"
			if upper := strings.ToUpper(at.value); upper == "RSA" || upper == "EC" || upper == "DSA" || upper == "MLDSA" {
				remedy = "write " + upper
			}
			r.say(at, Warning, fmt.Sprintf("Tomcat does not know the type %q, and goes on as if there were none", at.value), remedy)
		}
	}
	if at := list.get("certificateKeyAlias"); at != nil && at.value == "" {
		r.say(at, Error, "the alias is empty: Tomcat does not start this connector (\"Alias name [] does not identify a key entry\")", "name the entry, or leave the attribute out for the first key")
	}
	c.KeystorePassword = r.passwordFile(list.get("certificateKeystorePasswordFile"), c.KeystorePasswordFile, c.KeystorePassword)
	c.KeyPassword = r.passwordFile(list.get("certificateKeyPasswordFile"), c.KeyPasswordFile, c.KeyPassword)
	if r.isPEM(list) {
		r.pem(e, list, &c)
	} else {
		r.keystore(e, list, &c)
	}
	return c
}

// passwordFile reads the first line of a password file, which comes before a
// password that is written out.
func (r *reader) passwordFile(at *setting, name string, otherwise []byte) []byte {
	if at == nil || at.value == "" {
		return otherwise
	}
	clear(otherwise)
	if r.opt.ReadFile == nil {
		return nil
	}
	data, err := r.opt.ReadFile(name)
	if err != nil {
		r.say(at, Error, fmt.Sprintf("the password file can't be read: %v", err), "")
		return nil
	}
	defer clear(data)
	line, _, _ := strings.Cut(string(data), "\n")
	return []byte(strings.TrimSuffix(line, "\r"))
}

// isPEM says where a certificate is kept: the first attribute that belongs to
// one of the two ways decides, and Tomcat warns of the others.
func (r *reader) isPEM(list settings) bool {
	var first *setting
	pem := false
	for i := range list {
		at := &list[i]
		this := false
		switch at.key {
		case "certificateFile", "certificateKeyFile", "certificateChainFile":
			this = true
		case "certificateKeystoreFile", "certificateKeystorePassword", "certificateKeystorePasswordFile", "certificateKeystoreProvider", "certificateKeystoreType":
		default:
			continue
		}
		switch {
		case first == nil:
			first, pem = at, this
		case this != pem:
			r.say(at, Warning, fmt.Sprintf("a certificate is either in a keystore or in PEM files; %s stands first and decides, and this is ignored", first.name), "remove one of them")
			return pem
		}
	}
	return pem
}

// pem completes a certificate in PEM files.
func (r *reader) pem(e *element, list settings, c *Certificate) {
	c.KeystoreFile, c.KeystoreType, c.KeystoreProvider, c.KeystorePasswordFile = "", "", "", ""
	clear(c.KeystorePassword)
	c.KeystorePassword = nil
	if c.CertificateFile == "" {
		r.about(e, Error, "it has a key in a PEM file but no certificate: Tomcat does not start this connector (\"SSLHostConfig attribute certificateFile must be defined\")",
			"set "+r.dialect(list, "certificateFile", "SSLCertificateFile"))
		return
	}
	if c.KeyFile == "" {
		c.KeyFile = c.CertificateFile
	}
	if at := list.get("certificateFile"); r.version < 8 && at.name == "SSLCertificateFile" && value(e, "protocol") != protocolAPR {
		r.say(at, Warning, fmt.Sprintf("in Tomcat %d only the native connector reads PEM files", r.version), "use protocol=\""+protocolAPR+"\", or a keystore")
	}
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

// keystore completes a certificate in a keystore.
func (r *reader) keystore(e *element, list settings, c *Certificate) {
	c.CertificateFile, c.KeyFile, c.ChainFile = "", "", ""
	at := list.get("certificateKeystoreFile")
	switch {
	case at == nil:
		home, ok := r.lookup("user.home")
		if !ok {
			home = "${user.home}"
		}
		c.KeystoreFile = filepath.Join(home, ".keystore")
		r.about(e, Warning, "it names no keystore: Tomcat takes "+c.KeystoreFile+", in the home of the user it runs as", "set "+r.dialect(list, "certificateKeystoreFile", "keystoreFile"))
	case at.value == "" || strings.EqualFold(at.value, "NONE"):
		r.say(at, Error, "a keystore without a file is one of Java's alone, and can't be served here", "use a keystore file of the type PKCS12, JKS or JCEKS")
	default:
		c.KeystoreFile = r.file(at)
	}
	if at := list.get("certificateKeystoreType"); at != nil {
		c.KeystoreType = r.storeType(at)
	}
	if at := list.get("certificateKeystoreProvider"); at != nil {
		r.say(at, Warning, "Java's security providers have no part in what is served here", "")
	}
	if c.KeystorePassword == nil && c.KeystorePasswordFile == "" && r.version < 12 {
		c.KeystorePassword = []byte("changeit")
	}
}

// storeType checks the type of a keystore. The types that Java tells from each
// other by the content are returned empty.
func (r *reader) storeType(at *setting) string {
	switch kind := strings.ToUpper(at.value); kind {
	case "JKS", "PKCS12":
		return ""
	case "JCEKS":
		return kind
	case "PKCS11", "DKS", "WINDOWS-MY", "WINDOWS-ROOT", "KEYCHAINSTORE", "CASEEXACTJKS", "BKS", "BCFKS", "UBER":
		r.say(at, Error, fmt.Sprintf("keystores of the type %s can't be served here", at.value), "copy the key to a PKCS12 keystore, where it may leave its store")
		return kind
	case "":
		return ""
	default:
		remedy := "write PKCS12, JKS or JCEKS"
		if kind == "P12" || kind == "PFX" || kind == "PKCS#12" {
			remedy = "write PKCS12"
		} else if kind == "PEM" {
			remedy = "use " + map[bool]string{true: "SSLCertificateFile and SSLCertificateKeyFile", false: "certificateFile and certificateKeyFile"}[at.element == elementConnector]
		}
		r.say(at, Error, fmt.Sprintf("Java has no keystores of the type %q: Tomcat does not start this connector", at.value), remedy)
		return kind
	}
}

// names reports on the server names of a connector's hosts.
func (r *reader) names(e *element, c *Connector, elements int) {
	seen := make(map[string]bool)
	for _, h := range c.Hosts {
		at := &setting{element: elementSSLHost, name: "hostName", line: h.Line}
		for _, n := range h.Names {
			if seen[n] {
				r.say(at, Error, fmt.Sprintf("a second host of the name %s: Tomcat does not start at all (\"Host names must be unique\")", n),
					"give it another hostName, or put its certificate into the first one")
			}
			seen[n] = true
		}
	}
	if seen[c.DefaultHost] && (elements > 0 || r.version < 10) {
		return
	}
	text := fmt.Sprintf("no SSLHostConfig has the name %s, which clients without a known name get: Tomcat does not start this connector (\"No SSLHostConfig element was found with the hostName [%s]\")", c.DefaultHost, c.DefaultHost)
	switch {
	case elements == 0:
		r.about(e, Error, fmt.Sprintf("Tomcat %d needs an SSLHostConfig element with a Certificate: it does not start this connector", r.version), "write <SSLHostConfig><Certificate certificateKeystoreFile=\"...\"/></SSLHostConfig> inside")
	case len(c.Hosts) == 1:
		r.about(e, Error, text, fmt.Sprintf("remove its hostName, or set defaultSSLHostConfigName to %s", c.Hosts[0].Names[0]))
	default:
		r.about(e, Error, text, "set defaultSSLHostConfigName to one of their names")
	}
}

// compare reports what is wrong between connectors.
func (r *reader) compare(connectors []Connector) {
	for i := range connectors {
		c := &connectors[i]
		r.inside = c.Line
		at := &setting{element: elementConnector, name: "port", line: c.Line}
		for j := range connectors[:min(i, maxFindings)] {
			other := &connectors[j]
			if c.Port != 0 && c.Port == other.Port && (c.Address == other.Address || c.Address == "" || other.Address == "") {
				r.say(at, Error, fmt.Sprintf("the connector of line %d has the port %d already: Tomcat can't start both", other.Line, c.Port), "choose another port")
				break
			}
		}
		if c.TLS || c.RedirectPort == 0 {
			continue
		}
		var tls []string
		found := false
		for j := range connectors[:min(len(connectors), maxFindings)] {
			if connectors[j].TLS {
				tls = append(tls, strconv.Itoa(connectors[j].Port))
				found = found || connectors[j].Port == c.RedirectPort
			}
		}
		if !found && len(tls) > 0 {
			at.name = "redirectPort"
			r.say(at, Warning, fmt.Sprintf("no connector with TLS has the port %d to which requests are led", c.RedirectPort), "set it to "+strings.Join(tls, " or "))
		}
	}
	r.inside = 0
}
