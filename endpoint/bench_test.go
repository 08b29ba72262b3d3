package endpoint

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/tlsname"
)

// The benchmarks count client and server together, in one process. Each has
// plain net/http beside it, doing the same without session ids and logs.

// benchServer is a server to measure.
type benchServer struct {
	name string
	addr string
}

// benchServers starts the endpoint, with its access log on, and plain net/http.
func benchServers(b *testing.B, id identity.Identity) []benchServer {
	b.Helper()
	ours := start(b, Config{Identities: []identity.Identity{id}, AccessLog: slog.New(CommonLog(io.Discard))})
	cert := tls.Certificate{Certificate: id.Chain, PrivateKey: id.Key}
	plain := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	}))
	plain.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	plain.EnableHTTP2 = true
	plain.StartTLS()
	b.Cleanup(plain.Close)
	return []benchServer{{"endpoint", ours.Addr().String()}, {"nethttp", plain.Listener.Addr().String()}}
}

// once connects, asks for /healthz over HTTP/1.1, and leaves.
func once(b *testing.B, addr string, config *tls.Config) tls.ConnectionState {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	secure := tls.Client(conn, config)
	if _, err := io.WriteString(secure, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, secure); err != nil {
		b.Fatal(err)
	}
	return secure.ConnectionState()
}

func BenchmarkHandshake(b *testing.B) {
	for _, kind := range []string{"p256", "rsa2048"} {
		id := identitytest.New(b, kind, "localhost")
		for _, server := range benchServers(b, id) {
			for _, version := range versions {
				name := kind + "/" + tlsname.Protocol(version) + "/" + server.name
				config := &tls.Config{RootCAs: identitytest.Roots(b, id), ServerName: "localhost", MinVersion: version, MaxVersion: version,
					CurvePreferences: []tls.CurveID{tls.X25519}}
				b.Run("full/"+name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						once(b, server.addr, config)
					}
				})
				b.Run("resumed/"+name, func(b *testing.B) {
					config := config.Clone()
					config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
					once(b, server.addr, config)
					b.ReportAllocs()
					for b.Loop() {
						if !once(b, server.addr, config).DidResume {
							b.Fatal("not resumed")
						}
					}
				})
			}
		}
	}
}

func BenchmarkKeepAlive(b *testing.B) {
	id := identitytest.New(b, "p256", "localhost")
	for _, server := range benchServers(b, id) {
		for _, http2 := range []bool{false, true} {
			name := server.name + "/HTTP1.1"
			if http2 {
				name = server.name + "/HTTP2"
			}
			b.Run(name, func(b *testing.B) {
				transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: identitytest.Roots(b, id), ServerName: "localhost"}, ForceAttemptHTTP2: http2}
				defer transport.CloseIdleConnections()
				c := &http.Client{Transport: transport}
				b.ReportAllocs()
				for b.Loop() {
					response, err := c.Get("https://" + server.addr + "/healthz")
					if err != nil {
						b.Fatal(err)
					}
					readAll(b, response)
				}
			})
		}
	}
}

// BenchmarkDocuments asks for what there is to know of 60 keys, over one
// connection.
func BenchmarkDocuments(b *testing.B) {
	ids := make([]identity.Identity, 60)
	for i := range ids {
		ids[i] = identitytest.New(b, "p256", "localhost")
	}
	server := start(b, Config{Identities: ids})
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	for _, path := range []string{"/", "/api/tls", "/api/certificates"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				response, err := c.Get("https://" + server.Addr().String() + path)
				if err != nil {
					b.Fatal(err)
				}
				readAll(b, response)
			}
		})
	}
}
