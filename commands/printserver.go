package commands

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"gokeytool/internal/fetch"
	"gokeytool/x509util"
)

// serverTimeout bounds how long a server may take to show its certificates.
const serverTimeout = 30 * time.Second

// printServerCertificates prints the certificates that a TLS server shows.
func (s *session) printServerCertificates(ctx context.Context) error {
	ctx, stop := untilInterrupted(ctx)
	defer stop()
	chain, err := s.serverCertificates(ctx, s.opt.sslserver)
	if len(chain) == 0 {
		failure := failf("No certificate from the SSL server")
		if err != nil {
			failure = withHint(failure, err.Error())
		}
		return failure
	}
	if s.opt.json {
		return s.printcertJSON(chain)
	}
	out := bufio.NewWriter(s.Stdout)
	for i, c := range chain {
		if s.opt.rfc {
			out.Write(x509util.EncodePEM("CERTIFICATE", c.Raw, s.release))
			continue
		}
		fmt.Fprintf(out, "Certificate #%d\n====================================\n", i)
		if err := s.printer().Certificate(out, c); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	s.warn(s.judge().Chain("The certificate", chain, s.trusted, s.anchored(chain))...)
	return out.Flush()
}

// serverCertificates connects to HOST[:PORT], through the proxy if Java's
// properties name one, and returns what the server shows of itself, even if the
// handshake fails later: it is looked at, not trusted.
func (s *session) serverCertificates(ctx context.Context, address string) (chain []*x509util.Certificate, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host, address = address, net.JoinHostPort(address, "443")
	}
	var raw [][]byte
	config := &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		VerifyConnection: func(state tls.ConnectionState) error {
			for _, c := range state.PeerCertificates {
				raw = append(raw, c.Raw)
			}
			return nil
		},
	}
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	conn, err := fetch.Dial(ctx, address, s.proxy(&url.URL{Scheme: "https", Host: address}))
	if err == nil {
		err = tls.Client(conn, config).HandshakeContext(ctx)
		conn.Close()
	}
	for _, der := range raw {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	return chain, err
}
