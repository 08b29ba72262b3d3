package challenge

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/testtool"
)

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// TestListenWhile has a listener there from the first proof to the last.
func TestListenWhile(t *testing.T) {
	for _, method := range []acme.Method{acme.HTTP01, acme.TLSALPN01} {
		address := freeAddress(t)
		s := Listen(method, address)
		if listens(address) {
			t.Errorf("%s: it listens before there is anything to answer", method)
		}
		for range 2 {
			one := present(t, s, proof(method, "www.example.com", "one"))
			two := present(t, s, proof(method, "example.com", "two"))
			one()
			if !listens(address) {
				t.Errorf("%s: it does not listen", method)
			}
			two()
			if listens(address) {
				t.Errorf("%s: it still listens", method)
			}
		}
	}
}

// TestListenHTTP asks as CAs do, with both families where the machine has them.
func TestListenHTTP(t *testing.T) {
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	s := Listen(acme.HTTP01, ":"+port)
	present(t, s, proof(acme.HTTP01, "www.example.com", "token"))
	hosts := []string{"127.0.0.1"}
	if ln, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		ln.Close()
		hosts = append(hosts, "::1")
	}
	client := http.Client{Timeout: time.Minute}
	for _, host := range hosts {
		answer, err := client.Get("http://" + net.JoinHostPort(host, port) + Path + "token")
		if err != nil {
			t.Error(err)
			continue
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(body) != "token."+account {
			t.Errorf("%s: %q, %v", host, body, err)
		}
	}
}

// TestListenTLS makes handshakes, of CAs and of others, with Go and with OpenSSL.
func TestListenTLS(t *testing.T) {
	openssl := testtool.Look(t, "openssl")
	address := freeAddress(t)
	s := Listen(acme.TLSALPN01, address)
	present(t, s, proof(acme.TLSALPN01, "www.example.com", "one"))
	ip := proof(acme.TLSALPN01, "2001:db8::1", "two")
	ip.IP = true
	present(t, s, ip)
	reverse, err := serverName("2001:db8::1", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what, name string
		protocols  []string
		ok         bool
	}{
		{"a name", "www.example.com", []string{Protocol}, true},
		{"an IP address", reverse, []string{Protocol}, true},
		{"another name", "other.example.com", []string{Protocol}, false},
		{"no name", "", []string{Protocol}, false},
		{"a browser", "www.example.com", []string{"h2", "http/1.1"}, false},
		{"both", "www.example.com", []string{"h2", Protocol}, false},
		{"no protocol", "www.example.com", nil, false},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			conn, err := tls.Dial("tcp", address, &tls.Config{ServerName: test.name, NextProtos: test.protocols, InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
			if (err == nil) != test.ok {
				t.Errorf("%s with %s: %v", test.what, tls.VersionName(version), err)
			}
			if err != nil {
				continue
			}
			if got := conn.ConnectionState().NegotiatedProtocol; got != Protocol {
				t.Errorf("%s: the protocol is %q", test.what, got)
			}
			// It ends after the handshake, whatever is asked.
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if answer, _ := io.ReadAll(conn); len(answer) > 0 {
				t.Errorf("%s: it answers %q", test.what, answer)
			}
			conn.Close()
		}
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{ServerName: "www.example.com", NextProtos: []string{Protocol}, InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}

	out, _ := testtool.Try(t, openssl, "s_client", "-connect", address, "-alpn", Protocol, "-servername", "www.example.com", "-showcerts")
	if !strings.Contains(out, "ALPN protocol: "+Protocol) || !strings.Contains(out, "BEGIN CERTIFICATE") {
		t.Errorf("openssl sees\n%s", out)
	}
	out, _ = testtool.Try(t, openssl, "s_client", "-connect", address, "-servername", "www.example.com")
	if strings.Contains(out, "BEGIN CERTIFICATE") {
		t.Errorf("without the protocol openssl gets a certificate\n%s", out)
	}
}

// TestListenErrors has addresses that can't be had.
func TestListenErrors(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	for _, test := range []struct {
		address string
		err     error // nil for any
	}{
		{taken, syscall.EADDRINUSE},
		{"192.0.2.1:80", syscall.EADDRNOTAVAIL},
		{"80", nil},
		{"127.0.0.1:99999", nil},
	} {
		s := Listen(acme.HTTP01, test.address)
		_, err := s.Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token"))
		var its *ListenError
		if !errors.As(err, &its) || test.err != nil && !errors.Is(err, test.err) || its.Address != test.address || !strings.Contains(err.Error(), test.address+" for http-01") {
			t.Errorf("%s: %v", test.address, err)
		}
	}
	// What could not be had is tried again.
	s := Listen(acme.HTTP01, taken)
	if _, err := s.Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token")); err == nil {
		t.Fatal("a port of another is had")
	}
	ln.Close()
	present(t, s, proof(acme.HTTP01, "www.example.com", "token"))
	if got := Listen(acme.HTTP01, "").(*listener).address + Listen(acme.TLSALPN01, "").(*listener).address; got != ":80:443" {
		t.Errorf("where nothing is said: %s", got)
	}
}

// pipes is a listener that has a new connection at any time.
type pipes struct{ accepted atomic.Int32 }

func (p *pipes) Accept() (net.Conn, error) {
	p.accepted.Add(1)
	conn, _ := net.Pipe()
	return conn, nil
}
func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return nil }

// TestBounded accepts no more than so many connections at a time.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := new(pipes)
		ln := &bounded{Listener: source, slots: make(chan struct{}, 2), closed: make(chan struct{})}
		conns := make(chan net.Conn, 10)
		go func() {
			defer close(conns)
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				conns <- conn
			}
		}()
		for want := range int32(5) {
			synctest.Wait()
			if got := source.accepted.Load(); got != want+2 {
				t.Errorf("%d were accepted, want %d", got, want+2)
			}
			conn := <-conns
			conn.Close()
			conn.Close() // which counts once
		}
		ln.Close()
		ln.Close()
		synctest.Wait()
		for conn := range conns {
			conn.Close()
		}
	})
}

// TestListenBounds asks with a header without bounds.
func TestListenBounds(t *testing.T) {
	address := freeAddress(t)
	present(t, Listen(acme.HTTP01, address), proof(acme.HTTP01, "www.example.com", "token"))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("a", 2*maxHeader))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header without bounds: %v, %v", answer, err)
	}
}

// TestListenEnded presents with a context that has ended.
func TestListenEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	address := freeAddress(t)
	if remove, err := Listen(acme.HTTP01, address).Present(ctx, proof(acme.HTTP01, "www.example.com", "token")); err == nil {
		// A listener that was had in spite of it is given up as any other.
		if err := remove(ctx); err != nil {
			t.Error(err)
		}
	}
	if listens(address) {
		t.Error("it listens")
	}
}
