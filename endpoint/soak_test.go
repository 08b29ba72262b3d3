package endpoint

import (
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
)

// TestSoak: thousands of connections and sessions leave nothing behind. Half
// resume, a tenth invalidate, all begin an HTTP session. Others beside them
// send noise, or go in the middle of the handshake.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, MaxSessions: 100, TLSSessionCache: 100})
	pool := identitytest.Roots(t, id)
	visit := func(config *tls.Config, method string) {
		conn, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		secure := tls.Client(conn, config)
		if _, err := io.WriteString(secure, method+" /api/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			t.Error(err)
			return
		}
		if _, err := io.Copy(io.Discard, secure); err != nil {
			t.Error(err)
		}
	}
	disturb := func(message string) {
		conn, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, message)
	}
	rounds := func(n int) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i := range n {
					config := &tls.Config{RootCAs: pool, ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
					visit(config, "GET")
					method := "GET"
					if i%5 == 0 {
						method = "DELETE"
					}
					visit(config, method)
					disturb("noise that is no TLS at all")
					disturb("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
				}
			})
		}
		wg.Wait()
	}
	measure := func() (heap uint64, goroutines int) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	rounds(100)
	heap, goroutines := measure()
	rounds(500)
	testtool.WaitFor(t, func() bool { _, now := measure(); return now <= goroutines })
	after, _ := measure()
	if grown := int64(after) - int64(heap); grown > 2<<20 {
		t.Errorf("4000 connections left %d KiB behind", grown>>10)
	}
	if n := server.sessions.count(server.cfg.Now()); n > 100 {
		t.Errorf("%d HTTP sessions", n)
	}
	if n := server.tls.known.len(); n > 100 {
		t.Errorf("%d TLS sessions", n)
	}
}
