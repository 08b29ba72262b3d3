package commands

import (
	"cmp"
	"context"
	"errors"
)

// printcertreq prints a certificate request.
func printcertreq(_ context.Context, s *session) error {
	if err := cmp.Or(s.checkStoreOptions(access{}), checkFileName(s.opt.file)); err != nil {
		return err
	}
	data, err := s.readInput(s.opt.file.value)
	if err != nil {
		return err
	}
	request, err := s.parseRequest(s.opt.file.value, data, "")
	if unverified, ok := errors.AsType[*unverifiedRequestError](err); ok { // to look at it is no risk
		s.Stderr.Printf("gokeytool: %s\n", unverified)
	} else if err != nil {
		return err
	}
	if s.opt.json {
		return s.printcertreqJSON(request)
	}
	out := s.Stdout.Buffer()
	if err := s.printer().Request(out.Lines(), request); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.warn(s.judge().Request("The certificate request", request)...)
	return nil
}
