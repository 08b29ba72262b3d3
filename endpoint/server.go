package endpoint

import (
	"context"
	"net"
)

// Server is an endpoint that listens.
type Server struct{ ln net.Listener }

// Listen checks cfg and opens the endpoint's port or ports. The caller must
// call Serve or Close. It does not examine the identities: see Examine.
func Listen(ctx context.Context, cfg Config) (*Server, error) { return nil, nil }

// Addr returns the address that the endpoint listens at.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// URL returns the endpoint's address for a browser, such as
// "https://localhost:8443/".
func (s *Server) URL() string { return "" }

// Serve answers connections until ctx ends, then lets running requests finish
// and returns nil. It must be called once.
func (s *Server) Serve(ctx context.Context) error { return nil }

// Close closes the ports of a server that is not to serve.
func (s *Server) Close() error { return s.ln.Close() }

// Update serves other identities from now on, in place of Config.Identities.
// Connections that are open go on; TLS sessions of identities that are gone
// can't be resumed.
func (s *Server) Update(ids []Identity) error { return nil }
