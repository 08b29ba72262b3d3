package endpoint

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gokeytool/internal/javaregexp"
)

// remoteIP is a RemoteIP that is ready for use.
type remoteIP struct {
	RemoteIP
	internal, trusted proxies
}

// newRemoteIP compiles the expressions of a valve.
func newRemoteIP(cfg RemoteIP) (*remoteIP, error) {
	valve := &remoteIP{RemoteIP: cfg}
	for _, of := range []struct {
		name, expr string
		to         *proxies
	}{{"internalProxies", cfg.InternalProxies, &valve.internal}, {"trustedProxies", cfg.TrustedProxies, &valve.trusted}} {
		var err error
		if *of.to, err = newProxies(of.expr, cfg.Ranges); err != nil {
			return nil, fmt.Errorf("endpoint: RemoteIpValve %s: %w", of.name, err)
		}
	}
	return valve, nil
}

// proxies are addresses; those of an empty list are none.
type proxies struct {
	expr   *regexp.Regexp
	ranges []netip.Prefix
}

func newProxies(expr string, ranges bool) (p proxies, err error) {
	switch {
	case expr == "":
		return p, nil
	case ranges && strings.Contains(expr[1:], "/"):
		p.ranges, err = parseRanges(expr)
	default:
		p.expr, err = javaregexp.Compile(expr)
	}
	return p, err
}

// parseRanges reads a list of addresses and ranges of them, as Tomcat's
// NetMaskSet does, but for names of hosts.
func parseRanges(list string) (ranges []netip.Prefix, err error) {
	for text := range strings.SplitSeq(list, ",") {
		text = trim(text)
		address, bits, ranged := strings.Cut(text, "/")
		addr, err := netip.ParseAddr(address)
		if err != nil {
			return nil, fmt.Errorf("%q is no address", text)
		}
		n := addr.BitLen()
		if ranged {
			if n, err = strconv.Atoi(bits); err != nil || n < 0 || n > addr.BitLen() {
				return nil, fmt.Errorf("%q is no range of addresses", text)
			}
		}
		ranges = append(ranges, netip.PrefixFrom(addr.WithZone(""), n).Masked())
	}
	return ranges, nil
}

// match reports whether an address, or whatever a header has in its place, is
// that of one of the proxies.
func (p *proxies) match(address string) bool {
	if p.expr != nil {
		return p.expr.MatchString(address)
	}
	if len(p.ranges) == 0 {
		return false
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(p.ranges, func(r netip.Prefix) bool { return r.Contains(addr) })
}

// apply has a request pass the valve, as RemoteIpValve.invoke does. The header is
// left as it is; what becomes of it is in v.
func (valve *remoteIP) apply(v *seen, header http.Header) {
	if v.header != nil {
		header = v.header
	}
	internal := valve.internal.match(v.remoteAddr)
	if internal || valve.trusted.match(v.remoteAddr) {
		valve.takeAddress(v, header, internal)
		valve.takeProtocol(v, header)
		valve.takeHost(v, header)
	}
	if valve.RequestAttributes {
		v.logged = v.remoteAddr
	}
}

// takeAddress goes through the addresses from the right, past the proxies that
// are known.
func (valve *remoteIP) takeAddress(v *seen, header http.Header, internal bool) {
	var known []string // from the right
	if !internal {
		known = append(known, v.remoteAddr)
	}
	list := splitCommas(merge(header.Values(valve.Header), ", "))
	i := len(list) - 1
	for ; i >= 0; i-- {
		v.remoteAddr = list[i]
		if valve.internal.match(list[i]) {
			continue
		}
		if !valve.trusted.match(list[i]) {
			i--
			break
		}
		known = append(known, list[i])
	}
	if len(list) == 0 {
		return
	}
	slices.Reverse(known)
	header = header.Clone()
	set := func(name string, values []string) {
		switch {
		case name == "":
		case len(values) == 0:
			header.Del(name)
		default:
			header.Set(name, strings.Join(values, ","))
		}
	}
	set(valve.ProxiesHeader, known)
	set(valve.Header, list[:i+1])
	v.header = header
}

func (valve *remoteIP) takeProtocol(v *seen, header http.Header) {
	values := header.Values(valve.ProtocolHeader)
	if valve.ProtocolHeader == "" || len(values) == 0 {
		return
	}
	port := valve.HTTPPort
	v.scheme, v.secure = "http", false
	if valve.isHTTPS(merge(values, ",")) {
		v.scheme, v.secure = "https", true
		port = valve.HTTPSPort
	}
	if values := header.Values(valve.PortHeader); valve.PortHeader != "" && len(values) > 0 {
		if n, err := strconv.ParseInt(values[0], 10, 32); err == nil {
			port = int(n)
		}
	}
	v.serverPort = port
	if valve.ChangeLocalPort && port != -1 { // which stands for its own
		v.localPort = port
	}
}

// isHTTPS reports whether all proxies on the way say that it was HTTPS.
func (valve *remoteIP) isHTTPS(value string) bool {
	if !strings.Contains(value, ",") {
		return equalFold(value, valve.HTTPSValue)
	}
	list := splitCommas(value)
	return len(list) > 0 && !slices.ContainsFunc(list, func(one string) bool { return !equalFold(one, valve.HTTPSValue) })
}

func (valve *remoteIP) takeHost(v *seen, header http.Header) {
	values := header.Values(valve.HostHeader)
	if valve.HostHeader == "" || len(values) == 0 {
		return
	}
	host, ok := javaHost(values[0])
	if !ok {
		return
	}
	v.serverName = host
	if valve.ChangeLocalName {
		v.localName = host
	}
}

// merge puts the values of a header together, as RemoteIpValve does: nothing
// stands between those that are empty so far and the next.
func merge(values []string, separator string) string {
	if len(values) == 1 {
		return values[0]
	}
	var b strings.Builder
	for i, value := range values {
		if i > 0 && (separator == "," || b.Len() > 0) {
			b.WriteString(separator)
		}
		b.WriteString(value)
	}
	return b.String()
}

// splitCommas parts a list at its commas as Java's String.split does: empty
// elements at the end are none. Spaces around the others go.
func splitCommas(list string) []string {
	if list == "" {
		return nil
	}
	parts := strings.Split(list, ",")
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	for i, part := range parts {
		parts[i] = trim(part)
	}
	return parts
}

// trim is String.trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// equalFold is String.equalsIgnoreCase, for what can stand in a header.
func equalFold(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// javaHost parts the host from its port as org.apache.tomcat.util.http.parser.Host
// does. It is false for what is no host.
func javaHost(value string) (host string, ok bool) {
	host, port := splitHost(value)
	if len(host) < len(value) {
		// "a:" is as good as "a:1"; a sign is not.
		if _, err := strconv.ParseUint(port, 10, 31); port != "" && err != nil {
			return "", false
		}
	}
	if host == "" {
		return "", false
	}
	if host[0] == '[' {
		addr, err := netip.ParseAddr(strings.TrimSuffix(host[1:], "]"))
		return host, err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(host, "]")
	}
	if !isAlpha(host[0]) && !isDigit(host[0]) {
		return "", false
	}
	for i := range len(host) {
		var before byte
		if i > 0 {
			before = host[i-1]
		}
		switch c := host[i]; {
		case isAlpha(c), isDigit(c):
		case c == '-' && before != '.':
		case c == '.' && before != '.' && before != '-':
		default:
			return "", false
		}
	}
	return host, host[len(host)-1] != '-'
}
