// Package challenge has what puts the proofs of ACME where a CA looks for them: an
// HTTP listener, a directory that a running server serves, a TLS listener, a
// command that sets DNS records.
package challenge

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"

	"gokeytool/acme"
)

var errUnfinished = errors.New("challenge: unfinished")

// Answers are the proofs of http-01 and tls-alpn-01 that are to be answered now,
// for servers of one's own. It is an acme.Solver, and safe for concurrent use.
type Answers struct{}

// Present puts a proof among the answers.
func (a *Answers) Present(ctx context.Context, p acme.Proof) (func(context.Context) error, error) {
	return nil, errUnfinished
}

// ServeHTTP answers http-01 under /.well-known/acme-challenge/, and else with 404.
func (a *Answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Certificate is the certificate of tls-alpn-01 for a handshake that offers
// acme-tls/1 (RFC 8737); nil where the handshake is not one, or the name none of ours.
func (a *Answers) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }

// Listen answers proofs of a method, http-01 or tls-alpn-01, on a listener of our own
// while there is one to be answered. The address is that of net.Listen, ":80" for
// IPv4 and IPv6.
func Listen(method acme.Method, address string) acme.Solver { return nil }

// Webroot writes the files of http-01 below a directory that a running server serves.
func Webroot(dir string) acme.Solver { return nil }

// Hook has a command set the records of dns-01, or the files of http-01, with the
// environment of certbot's manual hooks; cleanup, if not empty, takes them away.
func Hook(command, cleanup string, output func(line string)) acme.Solver { return nil }
