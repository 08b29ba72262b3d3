package endpoint

import (
	"crypto/tls"
	"net/http"
	"strings"
)

// challengePath is where a CA looks for the proofs of http-01.
const challengePath = "/.well-known/acme-challenge/"

// challengeProtocol is the protocol of ALPN that a CA offers for tls-alpn-01.
const challengeProtocol = "acme-tls/1"

// challenged answers http-01, if the endpoint does that, before all others see the
// request: a CA has no session, no certificate of its own, and goes by no proxy. It
// comes to the TLS port, too, where the plain one leads there.
func (s *Server) challenged(next http.Handler) http.Handler {
	challenges := s.cfg.Challenges
	if challenges == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, challengePath) {
			next.ServeHTTP(w, r)
			return
		}
		s.cfg.Logger.Info("challenge", "method", "http-01", "remote", r.RemoteAddr, "host", r.Host, "path", r.URL.Path)
		challenges.ServeHTTP(w, r)
	})
}

// isChallenge reports whether a handshake is one of tls-alpn-01: it offers the
// protocol for that, and only that (RFC 8737, section 3).
func isChallenge(hello *tls.ClientHelloInfo) bool {
	return len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == challengeProtocol
}

// challenge is the configuration of a handshake of tls-alpn-01; nil where its server
// name is none to be answered for: it ends then as any other whose protocols are not
// spoken here. No host's policy counts for it. The connection ends after the
// handshake, since net/http serves no such protocol.
func (s *Server) challenge(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	s.cfg.Logger.Info("challenge", "method", "tls-alpn-01", "remote", hello.Conn.RemoteAddr().String(), "serverName", hello.ServerName)
	cert, err := s.cfg.Challenges.Certificate(hello)
	if cert == nil || err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{*cert},
		NextProtos:             []string{challengeProtocol},
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true,
		KeyLogWriter:           s.cfg.KeyLog,
		Time:                   s.cfg.Now,
	}, nil
}
