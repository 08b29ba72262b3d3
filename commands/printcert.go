package commands

import (
	"bytes"
	"context"

	"gokeytool/internal/text"
	"gokeytool/x509util"
)

type printcertOptions struct {
	sslserver optional[string] // HOST:PORT
	jarfile   optional[string]
}

func readPrintcert(l line) printcertOptions {
	return printcertOptions{l.text("sslserver"), l.text("jarfile")}
}

// printcert prints the certificates of a file or of standard input, of a TLS
// server, or of those who signed a JAR.
func printcert(ctx context.Context, s *session, o printcertOptions) error {
	if err := s.openKeystoreIfAny(ctx); err != nil {
		return err
	}
	switch {
	case o.jarfile.given:
		return s.printSigners(o.jarfile.value)
	case o.sslserver.given:
		return s.printServerCertificates(ctx, o.sslserver.value)
	}
	data, err := s.readInput(s.opt.file.value)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return withHint(failf("Empty input"), s.whatFile(s.opt.file.value, data, forCertificates, nil)...)
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil {
		return withHint(failf("Failed to parse input"), s.whatFile(s.opt.file.value, data, forCertificates, err)...)
	}
	if len(certificates) == 0 {
		return about(s.opt.file.value, withHint(failf("Empty input"), "it is a PKCS #7 message without certificates"))
	}
	if err := s.refusePrinted(certificates); err != nil {
		return about(s.opt.file.value, err)
	}
	if s.opt.json {
		return s.printcertJSON(certificates)
	}
	out := s.Stdout.Buffer()
	printer := s.printer()
	for i, c := range certificates {
		if len(certificates) > 1 {
			out.Printf("Certificate[%s]:\n", text.Group(i+1))
		}
		if s.opt.rfc {
			out.Binary(x509util.EncodePEM("CERTIFICATE", c.Raw, s.release))
		} else if err := printer.Certificate(out.Lines(), c); err != nil {
			return err
		}
		if i < len(certificates)-1 {
			out.Print("\n")
		}
	}
	s.warn(s.judge().Chain("The certificate", certificates, s.trusted, s.anchored(certificates))...)
	if err := out.Flush(); err != nil {
		return err
	}
	s.warnOfFormat()
	return nil
}

// printServerCertificates prints the certificates that a TLS server shows.
func (s *session) printServerCertificates(ctx context.Context, address string) error {
	read := javaServer
	if s.ownStyle() {
		read = parseServer
	}
	server, err := read(address)
	if err != nil {
		return err
	}
	chain, _, err := s.serverCertificates(ctx, server)
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
	out := s.Stdout.Buffer()
	for i, c := range chain {
		if s.opt.rfc {
			out.Binary(x509util.EncodePEM("CERTIFICATE", c.Raw, s.release))
			continue
		}
		out.Printf("Certificate #%d\n====================================\n", i)
		if err := s.printer().Certificate(out.Lines(), c); err != nil {
			return err
		}
		out.Print("\n")
	}
	s.warn(s.judge().Chain("The certificate", chain, s.trusted, s.anchored(chain))...)
	return out.Flush()
}

// jsonCertificates is what printcert prints.
type jsonCertificates struct {
	Version      int               `json:"version"`
	Certificates []jsonCertificate `json:"certificates"`
	Warnings     []string          `json:"warnings"`
}

// printcertJSON prints certificates.
func (s *session) printcertJSON(certificates []*x509util.Certificate) error {
	out := jsonCertificates{Version: jsonSchema, Certificates: describeCertificates(certificates)}
	s.warn(s.judge().Chain("The certificate", certificates, s.trusted, s.anchored(certificates))...)
	out.Warnings = s.takeWarnings()
	return s.printJSON(out)
}
