package commands

import (
	"context"
	"errors"

	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
)

// The cipher suites that Java of any release enables, in its order, and those
// with the RSA key exchange, which JDK 24 has disabled. They are Java's, not
// those of our endpoint: that is what the command is asked for.
const (
	tlsSuites = `TLS_AES_256_GCM_SHA384
TLS_AES_128_GCM_SHA256
TLS_CHACHA20_POLY1305_SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
TLS_DHE_DSS_WITH_AES_256_GCM_SHA384
TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
TLS_DHE_DSS_WITH_AES_128_GCM_SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
TLS_DHE_DSS_WITH_AES_256_CBC_SHA256
TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
TLS_DHE_DSS_WITH_AES_128_CBC_SHA256
TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
TLS_DHE_RSA_WITH_AES_256_CBC_SHA
TLS_DHE_DSS_WITH_AES_256_CBC_SHA
TLS_DHE_RSA_WITH_AES_128_CBC_SHA
TLS_DHE_DSS_WITH_AES_128_CBC_SHA
`
	tlsSuitesRSA = `TLS_RSA_WITH_AES_256_GCM_SHA384
TLS_RSA_WITH_AES_128_GCM_SHA256
TLS_RSA_WITH_AES_256_CBC_SHA256
TLS_RSA_WITH_AES_128_CBC_SHA256
TLS_RSA_WITH_AES_256_CBC_SHA
TLS_RSA_WITH_AES_128_CBC_SHA
`
)

type showinfoOptions struct{ tls bool }

func readShowinfo(l line) showinfoOptions { return showinfoOptions{l.Bool("tls")} }

// showinfo prints the TLS protocols and cipher suites that the release of
// Java enables by default.
func showinfo(_ context.Context, s *session, o showinfoOptions) error {
	if err := s.checkStoreOptions(access{}); err != nil {
		return err
	}
	if !o.tls {
		if s.ownStyle() {
			return withHint(errors.New("showinfo needs to know what to show"), "try: "+shell.Line("gokeytool", "showinfo", "-tls"))
		}
		return s.Stdout.Print("Missing option for -showinfo. Try \"keytool -showinfo -tls\".\n")
	}
	suites := console.Text(tlsSuites)
	if s.release < jdk.Release25 {
		suites += tlsSuitesRSA
	}
	return s.Stdout.Printf("Enabled Protocols\n-----------------\nTLSv1.3\nTLSv1.2\n\n"+
		"Enabled Cipher Suites\n---------------------\n%sTLS_EMPTY_RENEGOTIATION_INFO_SCSV\n", suites)
}
