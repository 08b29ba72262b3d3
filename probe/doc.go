// Package probe says to TLS servers what crypto/tls can't: in the words of mail,
// directory, file and database servers that they shall begin TLS (StartTLS), and
// in a ClientHello of its own making which versions and suites are offered, SSL
// 3.0 and long forgotten suites among them (Suites). It also reads certificates
// that crypto/tls can't (Certificates). It looks no further, and judges nothing:
// that is endpoint.Probe's part.
//
// What servers answer is bounded in length, and nobody's word is taken for it.
package probe
