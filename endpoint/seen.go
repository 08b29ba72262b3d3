package endpoint

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// seen is a request as an application in Tomcat sees it: what its connection
// says, unless a proxy in front says otherwise and is believed.
type seen struct {
	remoteAddr string // as java.net.InetAddress.getHostAddress has it
	scheme     string
	secure     bool
	serverName string
	serverPort int
	localName  string // empty where it was not changed
	localPort  int

	// logged is the address for the access log.
	logged string
	// header takes the place of the request's; nil where it has not changed.
	header http.Header
}

// seenFacts is how seen is shown.
type seenFacts struct {
	Scheme     string `json:"scheme"`
	Secure     bool   `json:"secure"`
	ServerName string `json:"serverName"`
	ServerPort int    `json:"serverPort"`
	RemoteAddr string `json:"remoteAddr"`
	RemoteHost string `json:"remoteHost"`
	LocalName  string `json:"localName,omitempty"`
	LocalPort  int    `json:"localPort"`
}

func (v *seen) facts() seenFacts {
	// Connectors look up no names unless they are told to (enableLookups), so
	// that the host is the address.
	return seenFacts{v.scheme, v.secure, v.serverName, v.serverPort, v.remoteAddr, v.remoteAddr, v.localName, v.localPort}
}

type seenKey struct{}

// seen returns a request as applications see it.
func (s *site) seen(r *http.Request) *seen {
	if v, ok := r.Context().Value(seenKey{}).(*seen); ok {
		return v
	}
	return s.look(r)
}

// look sees a request as its connection has it, and the connector.
func (s *site) look(r *http.Request) *seen {
	v := &seen{remoteAddr: javaAddress(r.RemoteAddr), scheme: "https", secure: true, serverPort: 443}
	var local string
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		local = addr.String()
	}
	_, port, _ := net.SplitHostPort(local)
	v.localPort, _ = strconv.Atoi(port)
	switch host, port := splitHost(r.Host); {
	case r.Host == "": // HTTP/1.0
		v.serverName, v.serverPort = javaAddress(local), v.localPort
	case port != "":
		v.serverName = host
		v.serverPort, _ = strconv.Atoi(port)
	default:
		v.serverName = host
	}
	if s.cfg.ProxyPort != 0 {
		v.serverPort = s.cfg.ProxyPort
	}
	if s.cfg.ProxyName != "" {
		v.serverName = s.cfg.ProxyName
	}
	return v
}

// splitHost parts a Host header in name and port; brackets stay, as in Tomcat.
func splitHost(header string) (name, port string) {
	colon := strings.LastIndexByte(header, ':')
	if colon < 0 || strings.HasSuffix(header, "]") {
		return header, ""
	}
	return header[:colon], header[colon+1:]
}

// javaAddress returns the address of a connection as Java writes it: IPv6 whole,
// "0:0:0:0:0:0:0:1".
func javaAddress(remote string) string {
	addrPort, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := addrPort.Addr().Unmap()
	if addr.Is4() {
		return addr.String()
	}
	b := addr.As16()
	text := make([]byte, 0, 48)
	for i := 0; i < len(b); i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		text = strconv.AppendUint(text, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
	if zone := addr.Zone(); zone != "" {
		text = append(append(text, '%'), zone...)
	}
	return string(text)
}

// passValves has requests pass the RemoteIpValves.
func (s *site) passValves(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.look(r)
		v.logged = r.RemoteAddr
		for _, valve := range s.valves {
			valve.apply(v, r.Header)
		}
		r = r.WithContext(context.WithValue(r.Context(), seenKey{}, v))
		if v.header != nil {
			r.Header = v.header
		}
		next.ServeHTTP(w, r)
	})
}
