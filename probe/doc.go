// Package probe looks at a TLS server from outside, as a client that is sent no
// secret: Examine says which protocol versions and cipher suites it accepts, what
// chain it shows and whether that is trusted, whether it resumes sessions, staples
// an OCSP response and asks for a client's certificate, and whether it has the
// certificate of a given entry. The verdict on the chain is identity's, so that a
// server is judged as the keystore is that it was set up with.
//
// crypto/tls makes the handshakes. What it can't say, the package says itself: in
// the words of mail, directory, file and database servers that TLS is to begin
// (StartTLS), and in a ClientHello of its own making which versions and suites are
// offered, SSL 3.0 and long forgotten suites among them (Suites). It also reads
// certificates that crypto/tls can't (Certificates).
//
// No request is sent after a handshake. What servers answer is bounded in length
// and in time, and nobody's word is taken for it. Resumption by session id instead
// of ticket, renegotiation and compression are not looked at.
package probe
