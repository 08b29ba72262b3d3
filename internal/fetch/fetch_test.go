package fetch_test

import (
	"bufio"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gokeytool/internal/fetch"
)

func TestGet(t *testing.T) {
	plain := httptest.NewServer(nil)
	defer plain.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/list", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a list") })
	mux.Handle("/moved", http.RedirectHandler("/list", http.StatusFound))
	mux.Handle("/down", http.RedirectHandler(plain.URL+"/list", http.StatusFound))
	mux.HandleFunc("/nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMultipleChoices) })
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	t.Run("file", func(t *testing.T) {
		for _, path := range []string{"/list", "/moved"} {
			data, err := fetch.Get(t.Context(), server.URL+path, fetch.Options{Roots: roots, Limit: 6})
			if err != nil || string(data) != "a list" {
				t.Errorf("%s: %q, %v", path, data, err)
			}
		}
	})
	t.Run("too large", func(t *testing.T) {
		var large *fetch.TooLargeError
		if _, err := fetch.Get(t.Context(), server.URL+"/list", fetch.Options{Roots: roots, Limit: 5}); !errors.As(err, &large) {
			t.Error(err)
		}
	})
	t.Run("status", func(t *testing.T) {
		var status *fetch.StatusError
		if _, err := fetch.Get(t.Context(), server.URL+"/nope", fetch.Options{Roots: roots, Limit: 9}); !errors.As(err, &status) || status.Code != 404 {
			t.Error(err)
		}
	})
	t.Run("never from https to http", func(t *testing.T) {
		data, err := fetch.Get(t.Context(), server.URL+"/down", fetch.Options{Roots: roots, Limit: 1 << 10})
		var redirect *fetch.RedirectError
		if !errors.As(err, &redirect) || redirect.To != plain.URL+"/list" || redirect.Code != 302 || strings.Contains(string(data), "a list") {
			t.Errorf("%q, %v", data, err)
		}
		_, err = fetch.Get(t.Context(), server.URL+"/nowhere", fetch.Options{Roots: roots, Limit: 9})
		if redirect = nil; !errors.As(err, &redirect) || redirect.To != "" || redirect.Code != 300 {
			t.Error(err)
		}
	})
	t.Run("round and round", func(t *testing.T) {
		if _, err := fetch.Get(t.Context(), server.URL+"/loop", fetch.Options{Roots: roots, Limit: 9}); !errors.Is(err, fetch.ErrRedirects) {
			t.Error(err)
		}
	})
	t.Run("nobody vouches", func(t *testing.T) {
		if _, err := fetch.Get(t.Context(), server.URL+"/list", fetch.Options{Roots: x509.NewCertPool(), Limit: 9}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("proxy", func(t *testing.T) {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "by proxy: "+r.URL.String()) }))
		defer proxy.Close()
		data, err := fetch.Get(t.Context(), "http://nowhere.invalid/a", fetch.Options{Limit: 99, Proxy: func(u *url.URL) string {
			return strings.TrimPrefix(proxy.URL, "http://")
		}})
		if err != nil || string(data) != "by proxy: http://nowhere.invalid/a" {
			t.Errorf("%q, %v", data, err)
		}
	})
}

func TestDial(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"opened", "HTTP/1.1 200 Connection established\r\n\r\n", "hello"},
		{"refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "the proxy answers 403 Forbidden"},
		{"no proxy", "220 mail.example ESMTP\r\n", "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			asked := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				asked <- request.Method + " " + request.Host
				io.WriteString(conn, tt.answer)
				buf := make([]byte, 5)
				if _, err := io.ReadFull(conn, buf); err == nil {
					conn.Write(buf)
				}
			}()
			conn, err := fetch.Dial(t.Context(), "server.example:443", listener.Addr().String())
			if got := <-asked; got != "CONNECT server.example:443" {
				t.Errorf("asked for %q", got)
			}
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %s", err, tt.want)
				}
				return
			}
			defer conn.Close()
			io.WriteString(conn, "hello")
			buf := make([]byte, 5)
			if _, err := io.ReadFull(conn, buf); err != nil || string(buf) != tt.want {
				t.Errorf("%q, %v", buf, err)
			}
		})
	}
}

// TestEndlessAnswer meets servers and proxies that never come to the end of
// their header.
func TestEndlessAnswer(t *testing.T) {
	for _, answer := range []string{"x", "HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\n"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		sent := make(chan int64, 3)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				io.WriteString(conn, answer)
				n, _ := io.Copy(conn, endless{})
				sent <- n
				conn.Close()
			}
		}()
		address := listener.Addr().String()
		proxy := func(*url.URL) string { return address }
		if _, err := fetch.Dial(t.Context(), "server.example:443", address); err == nil {
			t.Errorf("%q: no error", answer)
		}
		if _, err := fetch.Get(t.Context(), "https://server.example/", fetch.Options{Proxy: proxy, Limit: 9}); err == nil {
			t.Errorf("%q: no error from a proxy", answer)
		}
		if _, err := fetch.Get(t.Context(), "http://"+address+"/", fetch.Options{Limit: 9}); err == nil {
			t.Errorf("%q: no error from a server", answer)
		}
		for range 3 {
			// The sockets' buffers take some megabytes.
			if n := <-sent; n > 64<<20 {
				t.Errorf("%q: %d bytes were taken", answer, n)
			}
		}
	}
}

// endless is a line of a header, without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
