package endpoint

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"gokeytool/internal/console"
)

// maxEcho bounds what /echo reads of a request's body.
const maxEcho = 64 << 10

// newHandler answers the endpoint's paths.
func (s *site) newHandler() http.Handler {
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
	handler := s.document(http.NewCrossOriginProtection().Handler(s.inContext(mux)))
	handler = s.guard(s.healthz(handler))
	if s.cfg.Requests > 0 {
		handler = s.count(handler)
	}
	if s.cfg.AccessLog != nil {
		handler = s.logAccess(handler)
	}
	if len(s.valves) > 0 {
		handler = s.passValves(handler)
	}
	return handler
}

// inContext serves what is at the root below the context path, too, and leads
// there from the root's page. The path without its last slash leads to that with
// it, as in Tomcat.
func (s *site) inContext(next http.Handler) http.Handler {
	context := s.cfg.ContextPath
	if context == "" {
		return next
	}
	below := http.StripPrefix(context, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, context+"/"):
			below.ServeHTTP(w, r)
		case r.URL.Path == context, r.URL.Path == "/":
			http.Redirect(w, r, s.home(), http.StatusFound)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// home is the path of the page.
func (s *site) home() string {
	return (&url.URL{Path: s.cfg.ContextPath + "/"}).EscapedPath()
}

// healthz answers those who look every second whether the endpoint is up, and
// so before all that is done for people.
func (s *site) healthz(next http.Handler) http.Handler {
	headers := shared{
		{"Content-Type", []string{"text/plain; charset=utf-8"}},
		{"Cache-Control", []string{"no-store"}},
	}
	if s.cfg.Headers == nil {
		headers = append(headers, noSniff)
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
// Those of HttpHeaderSecurityFilter are left to it where there is one, so that
// what it leaves out is seen to be missing; the policy, which it does not know,
// protects the page in any case.
func (s *site) document(next http.Handler) http.Handler {
	headers := shared{
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{"no-store"}},
	}
	if s.cfg.Headers == nil {
		headers = append(headers, noSniff, sharedHeader{"X-Frame-Options", []string{"DENY"}})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers.set(w)
		next.ServeHTTP(w, r)
	})
}

var noSniff = sharedHeader{"X-Content-Type-Options", []string{"nosniff"}}

// filter returns what HttpHeaderSecurityFilter adds to each answer, and to those
// of secure requests alone.
func (h *SecurityHeaders) filter() (always, secure shared) {
	if h.HSTS != "" {
		secure = shared{{"Strict-Transport-Security", []string{h.HSTS}}}
	}
	if h.FrameOptions != "" {
		always = append(always, sharedHeader{"X-Frame-Options", []string{h.FrameOptions}})
	}
	if h.NoSniff {
		always = append(always, noSniff)
	}
	if h.XSSProtection {
		always = append(always, sharedHeader{"X-Xss-Protection", []string{"1; mode=block"}})
	}
	return always, secure
}

// shared are headers whose values all answers have in common, which saves
// making them again.
type shared []sharedHeader

type sharedHeader struct {
	name  string
	value []string
}

func (list shared) set(w http.ResponseWriter) {
	h := w.Header()
	for _, header := range list {
		h[header.name] = header.value[:1:1]
	}
}

// guard does what is due before any answer: the rules for connections, and the
// headers that all answers have.
func (s *site) guard(next http.Handler) http.Handler {
	headers := s.cfg.Headers
	if headers == nil {
		headers = &SecurityHeaders{HSTS: s.cfg.HSTS}
	}
	always, secure := headers.filter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		always.set(w)
		if secure != nil && s.isSecure(r) {
			secure.set(w)
		}
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
func (s *site) count(next http.Handler) http.Handler {
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

// isSecure reports whether a request is secure, as applications see it.
func (s *site) isSecure(r *http.Request) bool {
	return len(s.valves) == 0 || s.seen(r).secure
}

// session returns the HTTP session of a request, and makes one where there is
// none. It is nil where sessions are tracked by TLS sessions, and this one has
// ended. The error has been answered.
func (s *site) session(w http.ResponseWriter, r *http.Request) (_ *sessionDoc, ok bool) {
	now := s.cfg.Now()
	for _, id := range s.requestedIDs(r) {
		if session, ok := s.sessions.touch(id, now); ok {
			return s.describeSession(session), true
		}
	}
	return s.startSession(w, r)
}

// startSession makes an HTTP session. Where it can't, it answers as Tomcat does
// for its exceptions.
func (s *site) startSession(w http.ResponseWriter, r *http.Request) (_ *sessionDoc, ok bool) {
	now := s.cfg.Now()
	var session httpSession
	var err error
	if s.cfg.Tracking == TrackTLS {
		c := connOf(r.Context())
		if s.tls.hasEnded(c.session) {
			return nil, true
		}
		session, err = s.sessions.join(c.session.ID, now)
	} else {
		session, err = s.sessions.start(s.cfg.SessionIDs.Generate, now)
	}
	if err != nil {
		s.cfg.Logger.Error("no session", "error", err)
		http.Error(w, "no session: "+err.Error(), http.StatusInternalServerError)
		return nil, false
	}
	if s.cfg.Tracking&TrackCookie != 0 {
		s.setCookie(w, r, session.ID)
	}
	return s.describeSession(session), true
}

// requestedIDs returns the ids of the sessions that a request may belong to.
func (s *site) requestedIDs(r *http.Request) []string {
	var ids []string
	switch {
	case s.cfg.Tracking == TrackTLS:
		ids = append(ids, connOf(r.Context()).session.ID)
	case s.cfg.Tracking&TrackCookie != 0:
		for _, cookie := range r.CookiesNamed(s.cfg.Cookie.Name) {
			ids = append(ids, cookie.Value)
		}
	}
	return ids
}

// newSession ends the HTTP session and begins another.
func (s *site) newSession(w http.ResponseWriter, r *http.Request) {
	for _, id := range s.requestedIDs(r) {
		s.sessions.end(id)
	}
	if session, ok := s.startSession(w, r); ok {
		s.answer(w, r, session)
	}
}

// invalidateSession ends the HTTP session and the TLS session, as Tomcat's
// SSLSessionManager.invalidateSession and HttpSession.invalidate do, and the
// connection with them.
func (s *site) invalidateSession(w http.ResponseWriter, r *http.Request) {
	for _, id := range s.requestedIDs(r) {
		s.sessions.end(id)
	}
	s.tls.end(connOf(r.Context()).session, s.cfg.Now())
	if s.cfg.Tracking&TrackCookie != 0 {
		s.endCookie(w, r)
	}
	w.Header().Set("Connection", "close") // over HTTP/2, it makes a GOAWAY
	s.answer(w, r, nil)
}

// answer ends a request that changed the session: the page's buttons lead back
// to the page, the API says what there is now.
func (s *site) answer(w http.ResponseWriter, r *http.Request, session *sessionDoc) {
	if r.URL.Path != "/api/session" {
		http.Redirect(w, r, s.home(), http.StatusSeeOther)
		return
	}
	writeJSON(w, struct {
		HTTPSession *sessionDoc   `json:"httpSession"`
		TLSSession  tlsSessionDoc `json:"tlsSession"`
		Ended       bool          `json:"ended"`
	}{session, s.describeTLSSession(connOf(r.Context())), session == nil})
}

func (s *site) showTLS(w http.ResponseWriter, r *http.Request) {
	release := s.cfg.TomcatMajor
	switch r.URL.Query().Get("servlet") {
	case "javax": // Tomcat 9 and before
		release = min(release, 9)
	case "jakarta":
		release = max(release, 10)
	}
	if session, ok := s.session(w, r); ok {
		writeJSON(w, s.describeTLS(r, connOf(r.Context()), session, release))
	}
}

func (s *site) showSession(w http.ResponseWriter, r *http.Request) {
	if session, ok := s.session(w, r); ok {
		s.answer(w, r, session)
	}
}

func (s *site) showCertificates(w http.ResponseWriter, r *http.Request) {
	c := connOf(r.Context())
	now := s.cfg.Now()
	list := []identityFacts{}
	for _, h := range s.hosts.Load().all {
		for _, id := range h.identities {
			facts := identityFacts{entryFacts: s.describeEntry(h, id), Names: []string{}, Served: id.leaf == c.identity.leaf, Chain: slices.Clone(id.facts()), Checks: id.examine(now)}
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
func (s *site) echo(w http.ResponseWriter, r *http.Request) {
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
