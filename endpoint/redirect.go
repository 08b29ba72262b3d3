package endpoint

import (
	"context"
	"net"
	"net/http"
	"strconv"
)

// redirector leads plain HTTP to the endpoint.
type redirector struct {
	ln   *listener
	http *http.Server
}

func newRedirector(ctx context.Context, s *Server) (*redirector, error) {
	raw, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.RedirectAddr)
	if err != nil {
		return nil, err
	}
	r := &redirector{ln: &listener{Listener: raw, server: s, places: make(chan struct{}, s.cfg.MaxConnections), done: make(chan struct{})}}
	_, port, _ := net.SplitHostPort(s.Addr().String())
	r.http = s.newHTTPServer(s.challenged(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name := req.Host
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		if !validHost(name) {
			http.Error(w, "the Host header is missing or not a name", http.StatusBadRequest)
			return
		}
		target := *req.URL
		target.Scheme, target.Host, target.User = "https", name, nil
		if n, _ := strconv.Atoi(port); n != 443 {
			target.Host = net.JoinHostPort(trimBrackets(name), port)
		}
		// 302, as Tomcat's redirectPort.
		http.Redirect(w, req, target.String(), http.StatusFound)
	})))
	return r, nil
}

// serve answers until the server is shut down.
func (r *redirector) serve() error { return r.http.Serve(r.ln) }

// RedirectAddr returns the address of the plain HTTP port, or nil where there
// is none.
func (s *Server) RedirectAddr() net.Addr {
	if s.redirect == nil {
		return nil
	}
	return s.redirect.ln.Addr()
}

func trimBrackets(name string) string {
	if len(name) > 2 && name[0] == '[' && name[len(name)-1] == ']' {
		return name[1 : len(name)-1]
	}
	return name
}

// validHost reports whether a Host header's name is fit to be sent back.
func validHost(name string) bool {
	if name == "" || len(name) > 255 {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}
