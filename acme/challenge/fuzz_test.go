package challenge

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/acme"
)

// FuzzRequest reads requests as clients send them: what is not exactly the file of a
// proof gets nothing.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: www.example.com\r\n\r\n"))
	f.Add([]byte("HEAD /.well-known/acme-challenge/token?x HTTP/1.0\r\n\r\n"))
	f.Add([]byte("GET http://other/.well-known/acme-challenge/%74oken HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("GET /.well-known/acme-challenge/../token HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST /.well-known/acme-challenge/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n"))
	var a Answers
	if _, err := a.Present(f.Context(), proof(acme.HTTP01, "www.example.com", "token")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		its := r.URL.Path == Path+"token"
		if its && (r.Method == "GET" || r.Method == "HEAD") {
			if want := map[string]string{"GET": "token." + account}[r.Method]; w.Code != 200 || w.Body.String() != want {
				t.Errorf("%s %s: %d %q", r.Method, r.URL, w.Code, w.Body)
			}
			return
		}
		if its && w.Code != 405 || !its && w.Code != 404 || w.Body.Len() > 0 {
			t.Errorf("%s %s: %d %q", r.Method, r.URL, w.Code, w.Body)
		}
	})
}

// FuzzHello makes handshakes with any name and any protocols, as they stand in
// ALPN with commas.
func FuzzHello(f *testing.F) {
	f.Add("www.example.com", Protocol)
	f.Add("WWW.EXAMPLE.COM.", Protocol)
	f.Add("1.2.0.192.in-addr.arpa", Protocol)
	f.Add("www.example.com", "h2,"+Protocol)
	f.Add("", "")
	var a Answers
	for name, ip := range map[string]bool{"www.example.com": false, "192.0.2.1": true} {
		p := proof(acme.TLSALPN01, name, "token")
		p.IP = ip
		if _, err := a.Present(f.Context(), p); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, name, protocols string) {
		hello := &tls.ClientHelloInfo{ServerName: name, SupportedProtos: strings.Split(protocols, ",")}
		certificate, err := a.Certificate(hello)
		if err != nil {
			t.Fatal(err)
		}
		bare := strings.ToLower(strings.TrimSuffix(name, "."))
		want := protocols == Protocol && (bare == "www.example.com" || bare == "1.2.0.192.in-addr.arpa")
		if (certificate != nil) != want {
			t.Errorf("%q with %q: %v", name, protocols, certificate != nil)
		}
	})
}

// FuzzProof has a CA send any token and ask for any name: what is taken names one
// file, one path and one variable.
func FuzzProof(f *testing.F) {
	f.Add("token", "token."+account, "www.example.com", false)
	f.Add("../token", "../token."+account, "192.0.2.1", true)
	f.Add("", "."+account, "2001:db8::1", true)
	f.Add("a\x00", "a\x00.b", "fe80::1%eth0", true)
	f.Fuzz(func(t *testing.T, token, authorization, name string, ip bool) {
		if check(acme.Proof{Method: acme.HTTP01, Name: name, Token: token, KeyAuthorization: authorization}, acme.HTTP01) == nil {
			if filepath.Base(token) != token || !filepath.IsLocal(token) || token == "." || strings.ContainsAny(authorization, "\x00\r\n=/\\ ") || len(authorization) > 2*maxToken+1 {
				t.Errorf("%q with %q is taken", token, authorization)
			}
		}
		sni, err := serverName(name, ip)
		if address, parsed := netip.ParseAddr(name); ip && (err == nil) != (parsed == nil && address.Zone() == "") {
			t.Errorf("%s: %q, %v", name, sni, err)
		}
	})
}
