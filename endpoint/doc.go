// Package endpoint serves keystore entries over HTTPS, so that they can be
// proved the way Tomcat will use them, and shows what came of the handshake:
// the entry and its chain, the negotiated parameters, the TLS session and
// whether it was resumed, the HTTP session. It also has the client that proves
// an entry against such an endpoint.
//
// It stands on crypto/tls and net/http. What they can't do, the endpoint
// can't: finite-field Diffie-Hellman, SSL 3.0 and below, renegotiation, DSA
// keys, TLS compression.
//
// # TLS sessions
//
// Every TLS session has an id, drawn at its full handshake. It travels in the session ticket (tls.SessionState.Extra,
// encrypted), so that it is the same after resumption, in TLS 1.2 as in 1.3. A
// client that takes no tickets has a session for each connection. When a
// session is invalidated its tickets are refused from then on.
//
// # HTTP sessions
//
// They hang on a cookie, or on the TLS session where Config says so. An id that
// the endpoint did not give is never adopted. Their number is bounded.
package endpoint
