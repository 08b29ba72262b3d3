package challenge

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gokeytool/acme"
)

func fetch(a http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(method, "http://www.example.com"+path, nil))
	return w
}

func TestServeHTTP(t *testing.T) {
	var a Answers
	present(t, &a, proof(acme.HTTP01, "www.example.com", "tok-en_1"))
	present(t, &a, proof(acme.TLSALPN01, "www.example.com", "other"))
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/.well-known/acme-challenge/tok-en_1", 200, "tok-en_1." + account},
		{"HEAD", "/.well-known/acme-challenge/tok-en_1", 200, ""},
		{"GET", "/.well-known/acme-challenge/tok-en_1?a=b", 200, "tok-en_1." + account},
		{"POST", "/.well-known/acme-challenge/tok-en_1", 405, ""},
		{"OPTIONS", "/.well-known/acme-challenge/tok-en_1", 405, ""},
		{"POST", "/.well-known/acme-challenge/none", 404, ""},
		{"GET", "/.well-known/acme-challenge/", 404, ""},
		{"GET", "/.well-known/acme-challenge", 404, ""},
		{"GET", "/.well-known/acme-challenge/other", 404, ""}, // of the other method
		{"GET", "/.well-known/acme-challenge/TOK-EN_1", 404, ""},
		{"GET", "/.well-known/acme-challenge/tok-en_1/", 404, ""},
		{"GET", "/.well-known/acme-challenge//tok-en_1", 404, ""},
		{"GET", "/.well-known/acme-challenge/x/../tok-en_1", 404, ""},
		{"GET", "/.Well-known/acme-challenge/tok-en_1", 404, ""},
		{"GET", "/tok-en_1", 404, ""},
		{"GET", "/", 404, ""},
	} {
		got := fetch(&a, test.method, test.path)
		if got.Code != test.status || got.Body.String() != test.body {
			t.Errorf("%s %s: %d %q", test.method, test.path, got.Code, got.Body)
		}
		if got.Header().Get("X-Content-Type-Options") != "nosniff" || strings.Contains(got.Header().Get("Content-Type"), "html") {
			t.Errorf("%s %s: %v", test.method, test.path, got.Header())
		}
		if (got.Header().Get("Allow") != "") != (test.status == 405) {
			t.Errorf("%s %s: %v", test.method, test.path, got.Header())
		}
		if test.status == 200 && got.Header().Get("Content-Length") != fmt.Sprint(len("tok-en_1."+account)) {
			t.Errorf("%s %s: %v", test.method, test.path, got.Header())
		}
	}
}

// TestRemoved takes proofs away, some of which are for the same name.
func TestRemoved(t *testing.T) {
	var a Answers
	answer := func() string {
		certificate, err := a.Certificate(&tls.ClientHelloInfo{ServerName: "www.example.com", SupportedProtos: []string{Protocol}})
		if err != nil {
			t.Fatal(err)
		}
		if certificate == nil {
			return "none"
		}
		for _, token := range []string{"one", "two"} {
			if digest := sha256.Sum256([]byte(token + "." + account)); bytes.HasSuffix(extension(t, certificate), digest[:]) {
				return token
			}
		}
		return "another"
	}
	one := present(t, &a, proof(acme.TLSALPN01, "www.example.com", "one"))
	two := present(t, &a, proof(acme.TLSALPN01, "WWW.example.com", "two"))
	if got := answer(); got != "two" {
		t.Errorf("of two it is %s", got)
	}
	two()
	if got := answer(); got != "one" {
		t.Errorf("without the second it is %s", got)
	}
	one()
	if got := answer(); got != "none" {
		t.Errorf("without both it is %s", got)
	}
	file := present(t, &a, proof(acme.HTTP01, "www.example.com", "file"))
	file()
	if got := fetch(&a, "GET", Path+"file"); got.Code != 404 {
		t.Errorf("removed, it answers %d", got.Code)
	}
	if len(a.files)+len(a.names)+a.count != 0 {
		t.Errorf("something stays: %v %v %d", a.files, a.names, a.count)
	}
}

// extension is what the extension of RFC 8737 holds.
func extension(t *testing.T, c *tls.Certificate) []byte {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range leaf.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && e.Critical {
			return e.Value
		}
	}
	t.Fatal("the certificate has no digest")
	return nil
}

// TestCertificate reads the certificate as RFC 8737, section 3, demands it.
func TestCertificate(t *testing.T) {
	for _, test := range []struct {
		name string
		ip   bool
		sni  string
	}{
		{"www.example.com", false, "www.example.com"},
		{"xn--bcher-kva.example", false, "XN--BCHER-KVA.example"},
		{"192.0.2.1", true, "1.2.0.192.in-addr.arpa"},
		{"2001:db8::1", true, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
	} {
		var a Answers
		p := proof(acme.TLSALPN01, test.name, "token")
		p.IP = test.ip
		present(t, &a, p)
		certificate, err := a.Certificate(&tls.ClientHelloInfo{ServerName: test.sni, SupportedProtos: []string{Protocol}})
		if err != nil || certificate == nil {
			t.Errorf("%s: %v, %v", test.name, certificate, err)
			continue
		}
		digest := sha256.Sum256([]byte(p.KeyAuthorization))
		if want := append([]byte{4, 32}, digest[:]...); !bytes.Equal(extension(t, certificate), want) {
			t.Errorf("%s: the extension is %x", test.name, extension(t, certificate))
		}
		leaf, err := x509.ParseCertificate(certificate.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature); err != nil || !bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			t.Errorf("%s: not signed by itself: %v", test.name, err)
		}
		var names []string
		names = append(names, leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) != 1 || names[0] != test.name {
			t.Errorf("%s: the certificate is for %v", test.name, names)
		}
		for _, hello := range []tls.ClientHelloInfo{
			{ServerName: test.sni},
			{ServerName: test.sni, SupportedProtos: []string{"h2", Protocol}},
			{ServerName: test.sni, SupportedProtos: []string{Protocol, "h2"}},
			{ServerName: test.sni, SupportedProtos: []string{"http/1.1"}},
			{ServerName: "other.example.com", SupportedProtos: []string{Protocol}},
			{ServerName: "", SupportedProtos: []string{Protocol}},
		} {
			if certificate, err := a.Certificate(&hello); certificate != nil || err != nil {
				t.Errorf("%s: %q of %v gets the certificate: %v", test.name, hello.ServerName, hello.SupportedProtos, err)
			}
		}
	}
}

// TestBoundOfAnswers presents more than there can be.
func TestBoundOfAnswers(t *testing.T) {
	var a Answers
	for i := range maxAnswers {
		if _, err := a.Present(t.Context(), proof(acme.HTTP01, "www.example.com", fmt.Sprint("t", i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Present(t.Context(), proof(acme.HTTP01, "www.example.com", "more")); err == nil {
		t.Error("there is no bound")
	}
}

// TestConcurrentAnswers presents, asks and removes at the same time.
func TestConcurrentAnswers(t *testing.T) {
	var a Answers
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			token := fmt.Sprint("token", i)
			for range 20 {
				for _, method := range []acme.Method{acme.HTTP01, acme.TLSALPN01} {
					remove, err := a.Present(t.Context(), proof(method, "www.example.com", token))
					if err != nil {
						t.Error(err)
						return
					}
					if method == acme.HTTP01 {
						if got := fetch(&a, "GET", Path+token); got.Body.String() != token+"."+account {
							t.Errorf("%s: %d %s", token, got.Code, got.Body)
						}
					} else if c, err := a.Certificate(&tls.ClientHelloInfo{ServerName: "www.example.com", SupportedProtos: []string{Protocol}}); c == nil || err != nil {
						t.Errorf("%s: no certificate: %v", token, err)
					}
					if err := remove(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if a.count != 0 {
		t.Errorf("%d stay", a.count)
	}
}
