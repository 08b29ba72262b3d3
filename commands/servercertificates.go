package commands

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"gokeytool/internal/fetch"
	"gokeytool/internal/shell"
	"gokeytool/probe"
	"gokeytool/x509util"
)

// serverTimeout bounds how long a server may take to show its certificates.
const serverTimeout = 30 * time.Second

// provenCertificates is serverCertificates for a server that has proved that it
// has the key of the certificate: anybody can show a certificate.
func (s *session) provenCertificates(ctx context.Context, address string) ([]*x509util.Certificate, error) {
	server, err := parseServer(address)
	if err != nil {
		return nil, err
	}
	chain, proven, err := s.serverCertificates(ctx, server)
	switch {
	case len(chain) == 0:
		failure := failf("No certificate from the SSL server")
		if err != nil {
			failure = withHint(failure, err.Error())
		}
		return nil, failure
	case !proven:
		return nil, withHint(fmt.Errorf("%s shows a certificate, but has not proved that it has its key: %w", address, err),
			fmt.Sprintf("to look at what it shows: %s", shell.Line("gokeytool", "printcert", "-sslserver", address)))
	}
	return chain, nil
}

// shownUnread are the certificates of a server with which no handshake came
// about, perhaps because Go can't read one of them; nil if it shows none.
func shownUnread(ctx context.Context, dial func() (net.Conn, error), host string) [][]byte {
	conn, err := dial()
	if err != nil {
		return nil
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	shown, _ := probe.Certificates(conn, host) // the handshake's error says it already
	return shown
}

// serverCertificates connects to a server, through the proxy if Java's
// properties name one, and returns what the server shows of itself, even if the
// handshake fails later: it is looked at, not trusted. It says whether the
// server has proved that it has the key of the certificate.
func (s *session) serverCertificates(ctx context.Context, server hostPort) (chain []*x509util.Certificate, proven bool, err error) {
	s.giveWay()
	address := server.String()
	var raw [][]byte
	var proof keyProof
	config := &tls.Config{
		ServerName:         server.host,
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		KeyLogWriter:       &proof,
		VerifyConnection: func(state tls.ConnectionState) error {
			for _, c := range state.PeerCertificates {
				raw = append(raw, c.Raw)
			}
			return nil
		},
	}
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	dial := func() (net.Conn, error) {
		return fetch.Dial(ctx, address, s.proxy(&url.URL{Scheme: "https", Host: address}))
	}
	conn, err := dial()
	if err == nil {
		err = tls.Client(conn, config).HandshakeContext(ctx)
		conn.Close()
		if raw == nil {
			raw = shownUnread(ctx, dial, server.host)
			err = cmp.Or(probe.HandshakeBar(raw), err)
		}
	}
	for _, der := range raw {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return nil, false, err
		}
		chain = append(chain, c)
	}
	return chain, bool(proof), err
}

// keyProof is a key log that notes whether a server has proved that it has the
// key of its certificate, also where it then refuses the client. crypto/tls
// writes these lines after it has verified the server's signature: that of
// TLS 1.2 when the secret is known to both (by default it offers only suites in
// which the server signs), that of TLS 1.3 when the server is done.
type keyProof bool

func (p *keyProof) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("CLIENT_RANDOM ")) || bytes.HasPrefix(line, []byte("CLIENT_TRAFFIC_SECRET_0 ")) {
		*p = true
	}
	return len(line), nil
}
