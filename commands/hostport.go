package commands

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// tlsPort is where a TLS server is looked for whose port is not named.
const tlsPort = "443"

// hostPort is a server as a line names it.
type hostPort struct{ host, port string }

// String is HOST:PORT, as net.Dial takes it.
func (t hostPort) String() string { return net.JoinHostPort(t.host, t.port) }

// parseServer reads HOST[:PORT]: a name or an IP address, of IPv6 in brackets
// where a port follows, or the https:// address that a browser shows.
func parseServer(text string) (hostPort, error) {
	t, err := splitServer(text)
	if err != nil {
		return hostPort{}, withHint(fmt.Errorf("%q is no server: %w", withoutUser(text), err), "name it as HOST or HOST:PORT, such as www.example.com:8443 or [::1]:8443")
	}
	return t, nil
}

func splitServer(text string) (t hostPort, err error) {
	rest, url := strings.CutPrefix(text, "https://")
	if url {
		rest, _, _ = strings.Cut(rest, "/")
	}
	if scheme, _, ok := strings.Cut(rest, "://"); ok {
		return t, fmt.Errorf("%s:// is not TLS", scheme)
	}
	if strings.ContainsAny(rest, "/?#@") {
		return t, errors.New("there is more than a host and a port")
	}
	t.host, t.port = rest, tlsPort
	_, bare := netip.ParseAddr(rest)
	if inner, ok := strings.CutSuffix(rest, "]"); ok && strings.HasPrefix(rest, "[") {
		t.host = inner[1:]
	} else if bare != nil && strings.Contains(rest, ":") {
		if t.host, t.port, err = net.SplitHostPort(rest); err != nil {
			reason := new(net.AddrError)
			if errors.As(err, &reason) {
				err = errors.New(strings.Replace(reason.Err, "missing port in address", "what follows the brackets is no port", 1))
			}
			return t, err
		}
	}
	if number, err := strconv.ParseUint(t.port, 10, 16); err != nil || number == 0 || t.port[0] == '0' {
		if t.port == "" {
			return t, errors.New("there is a colon, but no port")
		}
		return t, fmt.Errorf("%q is no port: a port is from 1 to 65535", t.port)
	}
	if strings.HasPrefix(rest, "[") && !strings.Contains(t.host, ":") {
		return t, errors.New("brackets are for IPv6 addresses")
	}
	return t, checkHost(t.host)
}

// checkHost says why a name is not that of a host: an IP address or a name as in
// the DNS.
func checkHost(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	host := strings.ToLower(strings.TrimSuffix(name, "."))
	switch {
	case host == "":
		return errors.New("the name of the host is missing")
	case strings.ContainsAny(host, "/:"):
		return errors.New("a host is an IP address or a name: leave out https://, the port and the path")
	case len(host) > 253:
		return errors.New("it is too long for a host name")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return errors.New("a host is an IP address or a name as in the DNS: of a-z, 0-9 and -, with xn--... for others")
		}
	}
	return nil
}

// readHost is -host of a command that takes one: the last.
func readHost(l line) optional[string] {
	names := l.StringSlice("host")
	if len(names) == 0 {
		return optional[string]{}
	}
	return optional[string]{names[len(names)-1], true}
}

// checkedHost is the name that -host gives; empty where it was left out.
func checkedHost(host optional[string]) (string, error) {
	if !host.given {
		return "", nil
	}
	return hostOption("host", host.value)
}

// hostOption is the value of an option that is a host, of which an IPv6 address
// may stand in brackets.
func hostOption(option, value string) (string, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
	if err := checkHost(name); err != nil {
		return "", fmt.Errorf("-%s %q: %w", option, withoutUser(value), err)
	}
	return name, nil
}

// javaServer reads what keytool connects to for -sslserver: the host and the port
// of the URI https://ADDRESS. Of what names no host, no server shows anything.
func javaServer(address string) (hostPort, error) {
	authority, _, _ := strings.Cut(address, "/")
	authority = authority[:min(len(authority), cutAt(authority, "?#"))]
	authority = authority[strings.LastIndex(authority, "@")+1:]
	nothing := failf("No certificate from the SSL server")
	if address == "" {
		return hostPort{}, java("java.net.URISyntaxException", "Expected authority at index 8: https://")
	}
	t := hostPort{authority, tlsPort}
	if inner, after, ok := strings.Cut(authority, "]"); ok && strings.HasPrefix(authority, "[") {
		t.host = inner[1:]
		if _, err := netip.ParseAddr(t.host); err != nil {
			return t, java("java.net.URISyntaxException", fmt.Sprintf("Malformed IPv6 address at index %d: https://%s", len("https://["), address))
		}
		if after != "" && after[0] != ':' {
			return t, java("java.net.URISyntaxException", fmt.Sprintf("Expected port number at index %d: https://%s", len("https://")+len(inner)+1, address))
		}
		if len(after) > 1 {
			t.port = after[1:]
		}
	} else if strings.HasPrefix(authority, "[") {
		return t, java("java.net.URISyntaxException", fmt.Sprintf("Expected closing bracket for IPv6 address at index %d: https://%s", len("https://")+len(authority), address))
	} else if host, port, ok := strings.Cut(authority, ":"); ok {
		if t.host = host; port != "" {
			t.port = port
		}
	}
	if strings.Trim(t.port, "0123456789") != "" || t.host == "" {
		return t, nothing
	}
	if number, err := strconv.ParseInt(t.port, 10, 32); err != nil {
		return t, nothing
	} else if number > 65535 {
		return t, java("java.lang.IllegalArgumentException", fmt.Sprintf("port out of range:%d", number))
	}
	return t, nil
}

// cutAt is where the first of some characters stands, or the length.
func cutAt(text, characters string) int {
	if at := strings.IndexAny(text, characters); at >= 0 {
		return at
	}
	return len(text)
}
