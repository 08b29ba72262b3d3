package tomcat

import (
	"cmp"
	"fmt"
	"strings"

	"gokeytool/finding"
)

// Configuration is what a server.xml says. It is for one goroutine at a time.
type Configuration struct {
	// Version is the major version of Tomcat it was read for: the one asked for,
	// or the guess.
	Version int
	// Connectors are those of HTTP, in the order of the file. Those of other
	// protocols (AJP) are left out.
	Connectors []Connector
	// Findings are what is to be said, in the order of lines.
	Findings []finding.Finding

	opt       Options
	root      *element
	documents map[string]document // that were read for applications
}

// Read reads a server.xml. The error is a *SyntaxError where the text is not one
// at all.
//
// A connector is returned whatever its findings; those that are errors tell that
// Tomcat would not serve with it, or not what was asked for, or that crypto/tls
// can't.
func Read(data []byte, opt Options) (*Configuration, error) {
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	if root.name != "Server" {
		return nil, &SyntaxError{root.line, fmt.Sprintf("the root element is <%s>, not <Server>", clip(root.name, 60))}
	}
	r := reader{opt: opt, version: opt.Version, room: maxExpanded}
	if r.version == 0 {
		r.version = guessVersion(root)
	}
	r.listeners(root)
	// The connectors' ports are relative to the server's.
	offset := r.integer(r.settings(root, "").get("portOffset"), 0)
	if offset < 0 || offset > 65535 {
		r.about(root, finding.Error, fmt.Sprintf("the portOffset %d is none: Tomcat takes numbers from 0 to 65535", offset), "choose another")
		offset = 0
	}
	r.offset = offset
	var connectors []Connector
	heard := []listener{r.shutdown(root)}
	for _, service := range root.children {
		switch service.name {
		case "Service":
			for _, e := range service.children {
				switch {
				case e.name == elementConnector:
					c, ok := r.connector(e, offset)
					if ok {
						connectors = append(connectors, c)
					}
					heard = append(heard, r.listener(e, service, c, ok))
				case e.name == elementSSLHost, e.name == elementCertificate:
					r.misplaced(e)
				}
			}
		case elementConnector, elementSSLHost, elementCertificate:
			r.misplaced(service)
		}
	}
	r.inside = 0
	r.compare(heard)
	return &Configuration{Version: r.version, Connectors: connectors, Findings: r.sorted(), opt: opt, root: root}, nil
}

// Attribute is a setting by its name in either dialect, as it may be given on a
// command line.
type Attribute struct{ Name, Value string }

// FromAttributes returns the connector with one host and one certificate that
// attributes describe: those of a Connector, of an SSLHostConfig and of a
// Certificate, and the flat ones, whatever the version. Findings name the
// attribute alone.
func FromAttributes(attributes []Attribute, opt Options) (Connector, []finding.Finding) {
	r := reader{opt: opt, version: opt.Version, room: maxExpanded}
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
			r.say(&at, finding.Error, "Tomcat has no such attribute", "")
		}
	}
	c := Connector{
		Version:     r.version,
		Port:        r.port(own.get("port"), 8443),
		Address:     own.text("address"),
		TLS:         true,
		DefaultHost: strings.ToLower(cmp.Or(own.text("defaultSSLHostConfigName"), DefaultHostName)),
		StrictSNI:   r.boolean(own.get("strictSni"), r.version >= 9),
	}
	e := &element{}
	h := r.hostSettings(e, host)
	h.Names = []string{c.DefaultHost}
	h.Certificates = []Certificate{r.certificate(e, certificate)}
	r.trust(&h, host)
	c.Hosts = []SSLHost{h}
	return c, r.sorted()
}

// guessVersion says for which major version of Tomcat a server.xml was written,
// by what the versions have in common with nobody else.
func guessVersion(root *element) int {
	var flat, hosts bool
	last := newest // the last version that has all the classes of connectors
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
			if class, ok := protocolClasses[value(e, "protocol")]; ok {
				last = min(last, class.last)
			}
		case "Listener":
			switch value(e, "className") {
			case "org.apache.catalina.core.JasperListener":
				version = 7 // gone in 8.0
			case listenerNative:
				if e.get("useAprConnector") != nil {
					last = min(last, 9)
				}
			}
		}
	}
	switch {
	case version != 0:
		return version
	case last == 8 && !hosts:
		return 7 // of which that class is; 8.5 only bears with it
	case last == 8:
		return 8
	case flat || last == 9:
		return 9 // which has both dialects, and the native connector
	}
	return 10
}

// connector reads a Connector. It reports whether it is one of HTTP.
func (r *reader) connector(e *element, offset int) (Connector, bool) {
	r.inside = e.line
	protocol, _, _ := expand(value(e, "protocol"), r.lookup, &r.room)
	if isAJP(protocol) {
		r.ajp(e, protocol)
		return Connector{}, false
	}
	list := r.settings(e, elementConnector)
	c := Connector{
		Line:         e.line,
		Version:      r.version,
		Port:         r.port(list.get("port"), 0),
		Address:      list.text("address"),
		RedirectPort: r.redirectPort(list.get("redirectPort")),
		ProxyName:    list.text("proxyName"),
		ProxyPort:    r.port(list.get("proxyPort"), 0),
		DefaultHost:  DefaultHostName,
		StrictSNI:    r.boolean(list.get("strictSni"), r.version >= 9),
	}
	if list.get("port") == nil {
		r.about(e, finding.Error, "it has no port", "set port, as to 8443")
	}
	if own := list.get("portOffset"); own != nil {
		r.say(own, finding.Warning, fmt.Sprintf("Tomcat puts the Server's portOffset, %d, in its place", offset), "set it on the Server element")
	}
	if c.Port > 0 && offset != 0 {
		if c.Port += offset; c.Port < 1 || c.Port > 65535 {
			r.about(e, finding.Error, fmt.Sprintf("with the Server's portOffset %d the port is %d", offset, c.Port), "choose others")
			c.Port = 0
		}
	}
	if c.RedirectPort > 0 {
		c.RedirectPort += offset
	}
	r.address(list.get("address"))
	if at := list.get("defaultSSLHostConfigName"); at != nil {
		c.DefaultHost = strings.ToLower(at.value)
	}
	class := list.get("protocol")
	exists := class == nil || r.protocolClass(e, class, protocolHTTP)
	r.engine = r.tlsEngineOf(e, list)

	hostSettings, certSettings := r.sortFlat(list)
	var hosts []*element
	for _, child := range e.children {
		switch child.name {
		case elementSSLHost:
			hosts = append(hosts, child)
		case "UpgradeProtocol":
			c.HTTP2 = r.upgrade(child) || c.HTTP2
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
		if c.HTTP2 {
			r.about(e, finding.Info, "without TLS, HTTP/2 is for clients that ask for it with Upgrade: h2c, which is not done here", "")
		}
		return c, true
	}
	if !enabled {
		r.about(e, finding.Error, "it has TLS settings but not SSLEnabled=\"true\": Tomcat speaks plain HTTP on this port", "add SSLEnabled=\"true\"")
	}
	r.scheme(list, enabled)
	r.oldDialect(list, r.engine)
	// Where elements count, Tomcat 10 ignores the attributes altogether.
	if len(hosts) == 0 && (isFlat || r.version < 10) || isFlat && r.version < 10 {
		c.Hosts = append(c.Hosts, r.flatHost(e, c.DefaultHost, hostSettings, certSettings))
	}
	if len(hosts) > 0 && r.version < 8 {
		r.about(hosts[0], finding.Error, fmt.Sprintf("Tomcat %d does not have this element, which came with 8.5", r.version), "use the attributes of Connector: keystoreFile, keystorePass, keyAlias")
	}
	for _, h := range hosts {
		c.Hosts = append(c.Hosts, r.host(h))
	}
	r.names(e, &c, len(hosts))
	if enabled && exists {
		r.choice(e, list, &c)
	}
	return c, true
}

// scheme reports on what a Connector with TLS says of its requests in vain: where
// SSLEnabled is set, each is https and secure (Http11Processor.prepareRequest,
// CoyoteAdapter.postParseRequest).
func (r *reader) scheme(list settings, enabled bool) {
	if !enabled {
		return
	}
	if at := list.get("scheme"); at != nil && at.value != "https" {
		r.say(at, finding.Info, "it changes nothing: what comes over TLS has the scheme https for applications", `write "https", or remove it`)
	}
	if at := list.get("secure"); at != nil && !strings.EqualFold(at.value, "true") {
		r.say(at, finding.Info, "it changes nothing but that sessions cannot be tracked by TLS: what comes over TLS is secure for applications", `write "true", or remove it`)
	}
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
			r.say(&at, finding.Warning, fmt.Sprintf("it says the same as %s, and the last one counts", before.name), "remove one of them")
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
				r.say(at, finding.Error, fmt.Sprintf("Tomcat %d takes Java's names of suites only, between commas, and ignores others", r.version), "write the suites' names, as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
				break
			}
		}
	}
	if at := list.get("certificateVerification"); at != nil && at.name == "clientAuth" {
		switch strings.ToLower(at.value) {
		case "true", "yes", "want", "false", "no":
		default:
			r.say(at, finding.Error, fmt.Sprintf("Tomcat %d takes %q for false, and asks clients for no certificate", r.version, at.value), "write true, want or false")
		}
	}
}

// names reports on the server names of a connector's hosts.
func (r *reader) names(e *element, c *Connector, elements int) {
	seen := make(map[string]bool)
	for _, h := range c.Hosts {
		at := &setting{element: elementSSLHost, name: "hostName", line: h.Line}
		for _, n := range h.Names {
			if seen[n] {
				r.say(at, finding.Error, fmt.Sprintf("a second host of the name %s: Tomcat does not start at all (\"Host names must be unique\")", n),
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
		r.about(e, finding.Error, fmt.Sprintf("Tomcat %d needs an SSLHostConfig element with a Certificate: it does not start this connector", r.version), "write <SSLHostConfig><Certificate certificateKeystoreFile=\"...\"/></SSLHostConfig> inside")
	case len(c.Hosts) == 1:
		r.about(e, finding.Error, text, fmt.Sprintf("remove its hostName, or set defaultSSLHostConfigName to %s", c.Hosts[0].Names[0]))
	default:
		r.about(e, finding.Error, text, "set defaultSSLHostConfigName to one of their names")
	}
}
