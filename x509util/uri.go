package x509util

import (
	"net/netip"
	"strings"

	"gokeytool/jdk"
)

// Java reads the URIs of general names with java.net.URI and fails on those
// that are not RFC 2396's; keytool then prints the extension as unparseable.
// What is checked here is what java.net.URI's parser checks.

// CheckURI checks a URI with a scheme.
func CheckURI(s string) error {
	scheme, host, ok := splitURI(s)
	switch {
	case !ok:
		return jdk.IOError("invalid URI name:" + s)
	case scheme == "":
		return jdk.IOError("URI name must include scheme:" + s)
	case host == "" || host[0] == '[':
		return nil
	case !validDNSName(host):
		return jdk.IOError("invalid URI name (host portion is not a valid DNSName, IPv4 address, or IPv6 address):" + s)
	}
	return nil
}

// CheckURIConstraint checks the URI of a name constraint, a host or ".domain".
func CheckURIConstraint(s string) error {
	scheme, _, ok := splitURI(s)
	switch {
	case !ok || scheme == "" && !validDNSName(strings.TrimPrefix(s, ".")):
		return jdk.IOError("invalid URI name constraint:" + s)
	case scheme != "":
		return jdk.IOError("invalid URI name constraint (should not include scheme):" + s)
	}
	return nil
}

// splitURI checks s as java.net.URI does and returns the scheme, if any, and
// the host, if the authority is that of a server.
func splitURI(s string) (scheme, host string, ok bool) {
	rest := s
	if i := strings.IndexAny(s, ":/?#"); i >= 0 && s[i] == ':' {
		scheme, rest = s[:i], s[i+1:]
		if i == 0 || !isAlpha(scheme[0]) || strings.ContainsFunc(scheme, notSchemeChar) || rest == "" {
			return "", "", false
		}
		if rest[0] != '/' { // opaque
			body, fragment, _ := strings.Cut(rest, "#")
			return scheme, "", body != "" && uriChars(body, uricMarks) && uriChars(fragment, uricMarks)
		}
	}
	whole := rest
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if !uriChars(fragment, uricMarks) || !uriChars(query, uricMarks) {
		return "", "", false
	}
	if strings.HasPrefix(rest, "//") {
		authority := rest[2:]
		rest = ""
		if i := strings.IndexByte(authority, '/'); i >= 0 {
			authority, rest = authority[:i], authority[i:]
		}
		switch {
		case authority != "":
			if host, ok = splitAuthority(authority); !ok {
				return "", "", false
			}
		case whole == "//":
			return "", "", false
		}
	}
	return scheme, host, uriChars(rest, pathMarks)
}

// Characters that may stand in the parts of a URI beside letters, digits and
// those beyond ASCII (RFC 2396, 2 and 3; RFC 2732).
const (
	unreservedMarks = "-_.!~*'()"
	pathMarks       = unreservedMarks + ":@&=+$,;/"
	registryMarks   = unreservedMarks + "$,;:@&=+"
	userMarks       = unreservedMarks + ";:&=+$,"
	uricMarks       = unreservedMarks + ";/?:@&=+$,[]"
)

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func notSchemeChar(r rune) bool {
	return r >= 0x80 || !isAlpha(byte(r)) && !isDigit(byte(r)) && !strings.ContainsRune("+-.", r)
}

func uriChars(s, marks string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 0x80: // U+FFFD, which Java counts among the "other" characters
		case isAlpha(c), isDigit(c), strings.IndexByte(marks, c) >= 0:
		case c == '%' && len(s)-i > 2 && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

// splitAuthority reads "user@host:port", whose host it returns, or the name of
// a registry, which has none.
func splitAuthority(s string) (host string, ok bool) {
	if host, ok := splitServer(s); ok {
		return host, true
	}
	return "", uriChars(s, registryMarks)
}

func splitServer(s string) (host string, ok bool) {
	if i := strings.IndexByte(s, '@'); i >= 0 {
		if !uriChars(s[:i], userMarks) {
			return "", false
		}
		s = s[i+1:]
	}
	port := ""
	if strings.HasPrefix(s, "[") {
		i := strings.IndexByte(s, ']')
		if i < 0 || !validIPv6(s[1:i]) {
			return "", false
		}
		host, port = s[:i+1], s[i+1:]
	} else {
		host = s
		if i := strings.IndexByte(s, ':'); i >= 0 {
			host, port = s[:i], s[i:]
		}
		if !validHostname(host) {
			return "", false
		}
	}
	return host, port == "" || port[0] == ':' && strings.Trim(port[1:], "0123456789") == ""
}

func validIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6()
}

// validHostname checks labels of letters, digits and inner hyphens, of which
// the last begins with a letter unless all is an IPv4 address.
func validHostname(s string) bool {
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlpha(c) && !isDigit(c) && c != '-' {
				return false
			}
		}
	}
	return isAlpha(labels[len(labels)-1][0]) || validIPv4(s)
}

func validIPv4(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 3 || strings.Trim(label, "0123456789") != "" || len(label) == 3 && label > "255" {
			return false
		}
	}
	return len(labels) == 4
}

// validDNSName is what Java's DNSName class demands of text.
func validDNSName(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlpha(c) && !isDigit(c) && c != '-' {
				return false
			}
		}
	}
	return true
}
