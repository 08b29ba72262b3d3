package challenge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"gokeytool/acme"
)

// The bounds of a listener. A CA asks from some places at once, and all the world
// asks on ports 80 and 443.
const (
	maxConnections = 100
	maxDuration    = 10 * time.Second // of a connection, from its first byte to its last
	maxHeader      = 8 << 10
)

// ListenError says that an address can't be listened on. It wraps what the system
// says: EADDRINUSE, EACCES, EADDRNOTAVAIL.
type ListenError struct {
	Method  acme.Method
	Address string
	Err     error
}

func (e *ListenError) Error() string {
	text := "listening on " + e.Address + " for " + string(e.Method) + ": "
	var op *net.OpError
	if errors.As(e.Err, &op) {
		return text + op.Err.Error()
	}
	return text + e.Err.Error()
}

func (e *ListenError) Unwrap() error { return e.Err }

// Listen answers proofs of a method, http-01 or tls-alpn-01, on a listener of our own
// while there is one to be answered. The address is that of net.Listen, ":80" for
// IPv4 and IPv6; empty for the port where CAs ask. Its errors are ListenErrors.
func Listen(method acme.Method, address string) acme.Solver {
	if address == "" {
		if address = ":80"; method == acme.TLSALPN01 {
			address = ":443"
		}
	}
	return &listener{method: method, address: address}
}

type listener struct {
	method  acme.Method
	address string
	answers Answers

	mu     sync.Mutex
	proofs int    // that are presented
	end    func() // ends listening
}

// Present listens, if nobody does yet.
func (l *listener) Present(ctx context.Context, p acme.Proof) (func(context.Context) error, error) {
	if err := check(p, l.method); err != nil {
		return nil, err
	}
	remove, err := l.answers.Present(ctx, p)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proofs == 0 {
		if l.end, err = l.listen(ctx); err != nil {
			_ = remove(ctx)
			return nil, &ListenError{l.method, l.address, err}
		}
	}
	l.proofs++
	var once sync.Once
	return func(ctx context.Context) error {
		once.Do(func() {
			_ = remove(ctx)
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.proofs--; l.proofs == 0 {
				l.end()
			}
		})
		return nil
	}, nil
}

// listen begins to listen, and returns what ends it.
func (l *listener) listen(ctx context.Context) (end func(), err error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	ln = &bounded{Listener: ln, slots: make(chan struct{}, maxConnections), closed: make(chan struct{})}
	server := &http.Server{
		Handler:           &l.answers,
		ReadHeaderTimeout: maxDuration,
		ReadTimeout:       maxDuration,
		WriteTimeout:      maxDuration,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // others' mistakes
	}
	server.SetKeepAlivesEnabled(false)
	if l.method == acme.TLSALPN01 {
		// Without another protocol there is no request after a handshake: who
		// does not speak this one is refused or, with no protocol at all, gets
		// no certificate.
		ln = tls.NewListener(ln, &tls.Config{
			GetCertificate:         l.answers.Certificate,
			NextProtos:             []string{Protocol},
			MinVersion:             tls.VersionTLS12,
			SessionTicketsDisabled: true,
		})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(ln)
	}()
	return func() {
		_ = server.Close()
		<-ended
	}, nil
}

// bounded is a listener with so many connections at a time.
type bounded struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	// Whatever is done with it, it ends.
	_ = conn.SetDeadline(time.Now().Add(2 * maxDuration))
	return &counted{Conn: conn, slots: b.slots}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// counted is a connection that gives its slot back.
type counted struct {
	net.Conn
	once  sync.Once
	slots chan struct{}
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.slots })
	return err
}
