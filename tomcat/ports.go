package tomcat

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/text"
)

// redirectByDefault is the port to which Tomcat leads requests that need TLS where
// no redirectPort says another (Connector.redirectPort).
const redirectByDefault = 443

// listener is something that listens on a port: a connector of any protocol, or
// the Server for its shutdown command.
type listener struct {
	e        *element
	service  *element // in which it is; nil for the Server
	http     bool     // what it speaks is HTTP, TLS or not
	tls      bool
	port     int // zero where it is free, or none
	address  string
	redirect int // where requests that need TLS are led; zero for nowhere
}

// listener is what there is to know about a connector beside others. c is the
// connector as it was read, if it is one of HTTP.
func (r *reader) listener(e, service *element, c Connector, http bool) listener {
	if http {
		l := listener{e: e, service: service, http: true, tls: c.TLS, port: c.Port, address: c.Address}
		if e.get("redirectPort") == nil {
			l.redirect = redirectByDefault + r.offset
		} else {
			l.redirect = c.RedirectPort
		}
		return l
	}
	l := listener{e: e, service: service, port: r.number(e, "port"), address: r.value(e, "address")}
	if l.port > 0 {
		l.port += r.offset
	}
	if l.address == "" && r.version >= 8 {
		l.address = "localhost" // since 8.5.51, 9.0.31 and 10.0
	}
	return l
}

// shutdown is where the Server waits for its shutdown command (StandardServer.await).
func (r *reader) shutdown(root *element) listener {
	l := listener{e: root, port: 8005, address: r.value(root, "address")}
	if root.get("port") != nil {
		l.port = r.number(root, "port")
	}
	if l.port > 0 {
		l.port += r.offset
	}
	if l.address == "" {
		l.address = "localhost"
	}
	return l
}

// value is that of an attribute with its properties replaced, about which others
// report.
func (r *reader) value(e *element, name string) string {
	v, _, _ := expand(value(e, name), r.lookup, &r.room)
	return v
}

// number is value for a port; zero where it is none.
func (r *reader) number(e *element, name string) int {
	n, err := strconv.ParseUint(r.value(e, name), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// redirectPort reads where requests that need TLS are led to; zero for nowhere.
func (r *reader) redirectPort(at *setting) int {
	n := r.integer(at, 0)
	switch {
	case n > 65535:
		r.say(at, finding.Error, fmt.Sprintf("%d is not a TCP port", n), "write the port of the connector with TLS")
		return 0
	case at != nil && n <= 0:
		r.say(at, finding.Warning, fmt.Sprintf("%s leads nowhere: Tomcat refuses requests that need TLS with the status 403", at.value), "write the port of the connector with TLS")
		return 0
	}
	return n
}

// address reports an address that Tomcat can't take for one, or takes for another
// than was meant.
func (r *reader) address(at *setting) {
	if at == nil || strings.Contains(at.value, "${") {
		return
	}
	host := strings.Trim(at.value, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return
	}
	if at.value == "" {
		r.say(at, finding.Warning, "it is empty, which Java takes for this machine's loopback: no other machine can connect", "leave it out for all addresses, or write the one that is meant")
		return
	}
	digits := strings.Trim(host, "0123456789.") == ""
	if !digits && isHostName(host) {
		return // Tomcat asks the name service
	}
	remedy := "leave it out for all addresses, or write one of this machine's"
	if name, _, ok := strings.Cut(at.value, ":"); ok && name != "" && !strings.Contains(at.value, "::") {
		remedy = fmt.Sprintf("write %s, and the port as port", name)
	}
	r.say(at, finding.Warning, fmt.Sprintf("%q is neither an address nor the name of a host: Tomcat listens on all addresses of the machine (\"failed to set property [address]\")", clip(at.value, 60)), remedy)
}

// isHostName says whether a name service may know a name.
func isHostName(name string) bool {
	return len(name) <= 253 && strings.IndexFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '%' || c > 0x7f)
	}) < 0
}

// overlap says whether one can't listen beside the other.
func (l *listener) overlap(other *listener) bool {
	if l.port == 0 || l.port != other.port {
		return false
	}
	a, b := plainAddress(l.address), plainAddress(other.address)
	return a == b || a == "" || b == ""
}

// plainAddress is an address as it compares; empty for all.
func plainAddress(address string) string {
	address = strings.ToLower(strings.Trim(address, "[]"))
	if address == "localhost" {
		return "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		if ip = ip.Unmap(); ip.IsUnspecified() {
			return ""
		}
		return ip.String()
	}
	return address
}

// compare reports what is wrong between those that listen, of which the Server is
// the first.
func (r *reader) compare(heard []listener) {
	for i := range heard {
		l := &heard[i]
		if l.service == nil {
			continue
		}
		r.inside = l.e.line
		at := &setting{element: elementConnector, name: "port", line: l.line("port")}
		for j := range heard[:min(i, maxFindings)] {
			other := &heard[j]
			if !l.overlap(other) {
				continue
			}
			if other.service == nil {
				r.say(at, finding.Error, fmt.Sprintf("the Server has the port %d for its shutdown command: Tomcat starts, says \"Failed to create server shutdown socket\", and stops", l.port),
					"choose another port, or -1 for that of the Server")
				continue
			}
			r.say(at, finding.Error, fmt.Sprintf("the connector of line %d has the port %d already: Tomcat can't start both (\"Address already in use\")", other.e.line, l.port), "choose another port")
			break
		}
		r.redirects(l, heard[:min(len(heard), maxFindings)])
	}
	r.inside = 0
}

// line is where an attribute stands, or else the element.
func (l *listener) line(attribute string) int {
	if a := l.e.get(attribute); a != nil {
		return a.line
	}
	return l.e.line
}

// redirects reports on a plain connector that leads requests which need TLS
// (RealmBase.hasUserDataPermission) where no TLS is spoken. Behind a proxy the port
// is the proxy's.
func (r *reader) redirects(l *listener, heard []listener) {
	if !l.http || l.tls || l.port == 0 || l.redirect == 0 || value(l.e, "proxyPort") != "" || value(l.e, "proxyName") != "" || strings.EqualFold(r.value(l.e, "secure"), "true") {
		return
	}
	var tls []string
	severity := finding.Info // the file as Tomcat ships it has no connector with TLS, and a redirectPort
	var there *listener
	for i := range heard {
		other := &heard[i]
		if other.service == nil {
			continue
		}
		if other.tls {
			severity = finding.Warning
		}
		if other.tls && other.service == l.service && other.port != 0 {
			tls = append(tls, strconv.Itoa(other.port-r.offset)) // as it is to be written
		}
		if other.port == l.redirect && (there == nil || other.tls && other.service == l.service) {
			there = other
		}
	}
	given := l.e.get("redirectPort") != nil
	if !given && severity == finding.Info {
		return // nothing here has TLS, and nothing says that it should
	}
	why := ""
	switch {
	case there == nil:
		why = "no connector listens there"
	case there == l:
		why = "that is this connector itself, which has no TLS"
	case !there.http:
		why = fmt.Sprintf("the connector of line %d speaks AJP there, which is no HTTPS", there.e.line)
	case !there.tls:
		why = fmt.Sprintf("the connector of line %d speaks plain HTTP there", there.e.line)
	case there.service != l.service:
		why = fmt.Sprintf("the connector of line %d, which belongs to another Service, listens there: its applications answer, not those of this one", there.e.line)
	case isLoopback(there.address) && !isLoopback(l.address):
		why = fmt.Sprintf("the connector of line %d listens there on %s only", there.e.line, there.address)
	default:
		return
	}
	led := fmt.Sprintf("requests that need TLS are led to the port %d", l.redirect)
	if !given {
		led = fmt.Sprintf("without a redirectPort, requests that need TLS are led to the port %d", l.redirect)
	}
	remedy := "set it to the port of a connector with TLS, unless something in front of Tomcat answers there"
	if len(tls) > 0 {
		remedy = fmt.Sprintf("set redirectPort to %s, unless something in front of Tomcat answers there", strings.ReplaceAll(text.First(tls, 8), ", ", " or "))
	}
	r.say(&setting{element: elementConnector, name: "redirectPort", line: l.line("redirectPort")}, severity, led+", and "+why, remedy)
}

// isLoopback says whether only this machine can connect to an address.
func isLoopback(address string) bool {
	ip, err := netip.ParseAddr(plainAddress(address))
	return err == nil && ip.IsLoopback()
}
