package endpoint

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"unicode/utf8"

	"gokeytool/internal/console"
)

const (
	// cookieName is the servlet specification's name of the session cookie.
	cookieName = "JSESSIONID"
	// maxEcho bounds what /echo reads of a request's body.
	maxEcho = 64 << 10
)

// handler answers the endpoint's paths.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.HandleFunc("GET /api/tls", s.showTLS)
	mux.HandleFunc("GET /api/certificates", s.showCertificates)
	mux.HandleFunc("GET /api/session", s.showSession)
	mux.HandleFunc("POST /api/session", s.newSession)
	mux.HandleFunc("DELETE /api/session", s.invalidateSession)
	mux.HandleFunc("POST /session/new", s.newSession)
	mux.HandleFunc("POST /session/invalidate", s.invalidateSession)
	mux.HandleFunc("/echo", s.echo)

	// What changes something must come from our own pages.
	handler := document(http.NewCrossOriginProtection().Handler(mux))
	handler = s.guard(healthz(handler))
	if s.cfg.Requests > 0 {
		handler = s.count(handler)
	}
	if s.cfg.AccessLog != nil {
		handler = s.logAccess(handler)
	}
	return handler
}

// healthz answers those who look every second whether the endpoint is up, and
// so before all that is done for people.
func healthz(next http.Handler) http.Handler {
	headers := shared{
		{"Content-Type", []string{"text/plain; charset=utf-8"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Cache-Control", []string{"no-store"}},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		headers.set(w)
		io.WriteString(w, "ok\n")
	})
}

// document adds the headers that confine what a browser does with an answer.
func document(next http.Handler) http.Handler {
	headers := shared{
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{"no-store"}},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers.set(w)
		next.ServeHTTP(w, r)
	})
}

// shared are headers whose values all answers have in common, which saves
// making them again.
type shared []struct {
	name  string
	value []string
}

func (list shared) set(w http.ResponseWriter) {
	h := w.Header()
	for _, header := range list {
		h[header.name] = header.value[:1:1]
	}
}

// guard does what is due before any answer: the rules for connections, and HSTS.
func (s *Server) guard(next http.Handler) http.Handler {
	var hsts shared
	if s.cfg.HSTS != "" {
		hsts = shared{{"Strict-Transport-Security", []string{s.cfg.HSTS}}}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hsts.set(w)
		c := connOf(r.Context())
		if c == nil {
			http.Error(w, "the connection is not known", http.StatusInternalServerError)
			return
		}
		if s.tls.hasEnded(c.session) {
			w.Header().Set("Connection", "close")
		}
		if h := s.hosts.Load(); h.strict && !h.agree(hostName(r.Host), r.TLS.ServerName) {
			http.Error(w, "the Host header leads to another host than the server name of the TLS handshake", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// count ends the server after Config.Requests.
func (s *Server) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if s.answered.Add(1) == int64(s.cfg.Requests) {
				close(s.enough)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// hostName returns the name in a Host header.
func hostName(header string) string {
	if name, _, err := net.SplitHostPort(header); err == nil {
		return name
	}
	return trimBrackets(header)
}

// session returns the HTTP session of a request, and makes one where there is
// none. It is nil where none can be had: sessions are tracked by TLS sessions,
// and this one has ended.
func (s *Server) session(w http.ResponseWriter, r *http.Request) *sessionDoc {
	now := s.cfg.Now()
	for _, id := range s.requestedIDs(r) {
		if session, ok := s.sessions.touch(id, now); ok {
			return s.describeSession(session)
		}
	}
	return s.startSession(w, r)
}

// startSession makes an HTTP session.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request) *sessionDoc {
	now := s.cfg.Now()
	if s.cfg.Tracking == TrackTLS {
		c := connOf(r.Context())
		if s.tls.hasEnded(c.session) {
			return nil
		}
		return s.describeSession(s.sessions.start(c.session.ID, now))
	}
	id, err := s.cfg.SessionIDs.Generate()
	if err != nil {
		s.cfg.Logger.Error("no session id", "error", err)
		return nil
	}
	setCookie(w, id, 0)
	return s.describeSession(s.sessions.start(id, now))
}

// requestedIDs returns the ids of the sessions that a request may belong to.
func (s *Server) requestedIDs(r *http.Request) []string {
	if s.cfg.Tracking == TrackTLS {
		return []string{connOf(r.Context()).session.ID}
	}
	var ids []string
	for _, cookie := range r.CookiesNamed(cookieName) {
		ids = append(ids, cookie.Value)
	}
	return ids
}

// setCookie sets the session cookie; a maxAge below zero deletes it.
func setCookie(w http.ResponseWriter, id string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// newSession ends the HTTP session and begins another.
func (s *Server) newSession(w http.ResponseWriter, r *http.Request) {
	for _, id := range s.requestedIDs(r) {
		s.sessions.end(id)
	}
	s.answer(w, r, s.startSession(w, r))
}

// invalidateSession ends the HTTP session and the TLS session, as Tomcat's
// SSLSessionManager.invalidateSession and HttpSession.invalidate do, and the
// connection with them.
func (s *Server) invalidateSession(w http.ResponseWriter, r *http.Request) {
	for _, id := range s.requestedIDs(r) {
		s.sessions.end(id)
	}
	s.tls.end(connOf(r.Context()).session, s.cfg.Now())
	if s.cfg.Tracking&TrackCookie != 0 {
		setCookie(w, "", -1)
	}
	w.Header().Set("Connection", "close") // over HTTP/2, it makes a GOAWAY
	s.answer(w, r, nil)
}

// answer ends a request that changed the session: the page's buttons lead back
// to the page, the API says what there is now.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, session *sessionDoc) {
	if r.URL.Path != "/api/session" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	writeJSON(w, struct {
		HTTPSession *sessionDoc   `json:"httpSession"`
		TLSSession  tlsSessionDoc `json:"tlsSession"`
		Ended       bool          `json:"ended"`
	}{session, s.describeTLSSession(connOf(r.Context())), session == nil})
}

func (s *Server) showTLS(w http.ResponseWriter, r *http.Request) {
	prefix := "jakarta"
	if r.URL.Query().Get("servlet") == "javax" {
		prefix = "javax" // Tomcat 9 and before
	}
	writeJSON(w, s.describeTLS(r, connOf(r.Context()), s.session(w, r), prefix))
}

func (s *Server) showSession(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, s.session(w, r))
}

func (s *Server) showCertificates(w http.ResponseWriter, r *http.Request) {
	c := connOf(r.Context())
	now := s.cfg.Now()
	list := []identityFacts{}
	for _, h := range s.hosts.Load().all {
		for _, id := range h.identities {
			facts := identityFacts{entryFacts: describeEntry(h, id), Names: []string{}, Served: id.leaf == c.identity.leaf, Chain: slices.Clone(id.facts()), Checks: id.examine(now)}
			if len(facts.Chain) > 0 {
				facts.Names = facts.Chain[0].Names
			}
			for i, der := range id.Chain {
				facts.Chain[i].PEM = encodePEM(der)
			}
			list = append(list, facts)
		}
	}
	writeJSON(w, list)
}

// echo sends a request back as the endpoint saw it.
func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEcho))
	if err != nil {
		http.Error(w, "the request's body can't be read, or has more than 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	text := string(body)
	binary := !utf8.ValidString(text)
	var raw []byte
	if binary {
		text, raw = "", body
	}
	writeJSON(w, struct {
		Method  string      `json:"method"`
		URI     string      `json:"uri"`
		HTTP    string      `json:"http"`
		Host    string      `json:"host"`
		Client  string      `json:"client"`
		Headers http.Header `json:"headers"`
		Body    string      `json:"body"`
		Base64  []byte      `json:"bodyBase64,omitempty"`
	}{r.Method, r.URL.RequestURI(), r.Proto, r.Host, r.RemoteAddr, r.Header, text, raw})
}

// writeJSON answers with a document, indented for people, who read it at a
// terminal.
func writeJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(console.NewWriter(w).Lines())
	enc.SetIndent("", "  ")
	enc.Encode(document) // what fails is the connection
}
