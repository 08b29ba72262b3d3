package acme

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gokeytool/acme/state"
	"gokeytool/internal/testtool"
)

// proxy stands between a client and Pebble, which makes its URLs of the host that it
// is asked as: the client sees the proxy everywhere.
type proxy struct {
	Directory string
	Roots     *x509.CertPool

	server *httptest.Server
	client *http.Client
	mu     sync.Mutex
	n      int      // requests of a client so far
	keys   []string // public keys, as DER, that a CSR was sent for
	log    []string // method and path of each
	// fault, if not nil, answers in the place of Pebble. forward asks Pebble.
	fault func(n int, w http.ResponseWriter, r *http.Request, forward func() *answered)
}

// answered is what Pebble has answered.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a *answered) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func newProxy(t testing.TB, p *testtool.Pebble) *proxy {
	t.Helper()
	x := &proxy{client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Trusted}}}}
	t.Cleanup(x.client.CloseIdleConnections)
	x.server = httptest.NewUnstartedServer(http.HandlerFunc(x.serve(t, strings.TrimSuffix(p.Directory, "/dir"))))
	x.server.StartTLS()
	t.Cleanup(x.server.Close)
	x.Directory = x.server.URL + "/dir"
	x.Roots = x509.NewCertPool()
	x.Roots.AddCert(x.server.Certificate())
	return x
}

func (x *proxy) serve(t testing.TB, pebble string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		x.mu.Lock()
		x.n++
		n, fault := x.n, x.fault
		x.log = append(x.log, r.Method+" "+r.URL.Path)
		x.note(body)
		x.mu.Unlock()
		forward := func() *answered {
			req, err := http.NewRequest(r.Method, pebble+r.URL.RequestURI(), bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return &answered{status: http.StatusBadGateway}
			}
			req.Header, req.Host = r.Header.Clone(), r.Host
			resp, err := x.client.Do(req)
			if err != nil {
				return &answered{status: http.StatusBadGateway}
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return &answered{status: http.StatusBadGateway}
			}
			return &answered{resp.StatusCode, resp.Header, body}
		}
		if fault != nil {
			fault(n, w, r, forward)
			return
		}
		forward().write(w)
	}
}

// note notes the key of a CSR.
func (x *proxy) note(body []byte) {
	var jws struct{ Payload string }
	var payload struct{ CSR string }
	if json.Unmarshal(body, &jws) != nil {
		return
	}
	data, err := base64.RawURLEncoding.DecodeString(jws.Payload)
	if err != nil || json.Unmarshal(data, &payload) != nil || payload.CSR == "" {
		return
	}
	der, err := base64.RawURLEncoding.DecodeString(payload.CSR)
	if err != nil {
		return
	}
	if csr, err := x509.ParseCertificateRequest(der); err == nil {
		x.keys = append(x.keys, string(csr.RawSubjectPublicKeyInfo))
	}
}

// reset begins to count again, with another fault.
func (x *proxy) reset(fault func(n int, w http.ResponseWriter, r *http.Request, forward func() *answered)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.n, x.keys, x.log, x.fault = 0, nil, nil, fault
}

// killAt ends a client at a request, before or after Pebble has answered it: what it has
// kept in dir is copied to left, and its context ends. It says whether that was so.
func (x *proxy) killAt(t testing.TB, call int, after bool, dir, left string, cancel func()) (killed *bool) {
	killed = new(bool)
	x.reset(func(n int, rw http.ResponseWriter, _ *http.Request, forward func() *answered) {
		if n != call {
			forward().write(rw)
			return
		}
		*killed = true
		if after {
			forward()
		}
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
		cancel()
		drop(rw)
	})
	return killed
}

// config is that of a client of the proxy.
func (x *proxy) config(dir string) Config {
	return Config{Directory: x.Directory, Roots: x.Roots, State: state.Open(dir), UserAgent: "test", pause: quick / 10}
}

// registered is a client with an account, and a state of its own.
func (x *proxy) registered(t testing.TB) *Client {
	t.Helper()
	c, err := Connect(t.Context(), x.config(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	return c
}

// count is how many requests there were.
func (x *proxy) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.n
}

// drop breaks the connection off.
func drop(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// say answers.
func say(w http.ResponseWriter, status int, contentType, body string, header ...string) {
	w.Header().Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// faults are all that a CA may do instead of answering as it should.
var faults = map[string]func(w http.ResponseWriter, r *http.Request, forward func() *answered){
	"drop before": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) { drop(w) },
	"drop after":  func(w http.ResponseWriter, _ *http.Request, forward func() *answered) { forward(); drop(w) },
	"429 of a week": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 429, "application/problem+json", `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}`, "Retry-After", "604800")
	},
	"503 without a word": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) { say(w, 503, "text/plain", "") },
	"503 after it was done": func(w http.ResponseWriter, _ *http.Request, forward func() *answered) {
		forward()
		say(w, 503, "application/problem+json", `{"type":"urn:ietf:params:acme:error:serverInternal","detail":"Service busy; retry later."}`, "Retry-After", "0")
	},
	"badNonce": func(w http.ResponseWriter, _ *http.Request, forward func() *answered) {
		say(w, 400, "application/problem+json", `{"type":"urn:ietf:params:acme:error:badNonce","detail":"no"}`, "Replay-Nonce", "bm8")
	},
	"a page": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 200, "text/html", "<html>Welcome</html>")
	},
	"page as 404": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 404, "text/html", "<html>Gone</html>")
	},
	"nothing": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) { w.WriteHeader(200) },
	"null": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 200, "application/json", "null", "Replay-Nonce", "bm8")
	},
	"{}": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 200, "application/json", "{}", "Replay-Nonce", "bm8")
	},
	"wrong types": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 200, "application/json", `{"status":7,"contact":"x","authorizations":{},"newNonce":[],"identifier":3,"challenges":"no"}`)
	},
	"half": func(w http.ResponseWriter, _ *http.Request, forward func() *answered) {
		a := forward()
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)+100))
		a.header.Del("Content-Length")
		a.write(w)
	},
	"huge": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		w.Header().Set("Content-Type", "application/json")
		for chunk, i := bytes.Repeat([]byte("["), 64<<10), 0; i < 64; i++ {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	},
	"elsewhere": func(w http.ResponseWriter, r *http.Request, _ func() *answered) {
		http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
	},
	"to http": func(w http.ResponseWriter, r *http.Request, _ func() *answered) {
		http.Redirect(w, r, "http://"+r.Host+r.URL.Path, http.StatusFound)
	},
	"a long header": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 200, "application/json", "{}", "Replay-Nonce", strings.Repeat("n", maxHeader+1))
	},
	"a problem of no kind": func(w http.ResponseWriter, _ *http.Request, _ func() *answered) {
		say(w, 403, "application/problem+json", `{"type":5,"detail":["a"],"subproblems":[7,{"detail":"b"}]}`)
	},
}
