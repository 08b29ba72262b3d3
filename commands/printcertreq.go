package commands

import (
	"bufio"
	"context"

	"gokeytool/x509util"
)

// printcertreq prints a certificate request.
func printcertreq(_ context.Context, s *session) error {
	data, err := s.readInput(s.opt.file)
	if err != nil {
		return err
	}
	request, err := x509util.ParseRequest(data)
	if err != nil {
		return err
	}
	if err := request.CheckSignature(); err != nil {
		return java("java.security.SignatureException", "Invalid PKCS #10 signature")
	}
	out := bufio.NewWriter(s.Stdout)
	if err := s.printer().Request(out, request); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.warn(s.judge().Request("The certificate request", request)...)
	return nil
}
