package commands

import (
	"cmp"
	"context"
	"errors"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/shell"
	"gokeytool/x509util"
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
	if err != nil {
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

// parseRequest reads a certificate request and checks that whoever made it has
// the key. The word marks the lines around it for keytool's errors.
func (s *session) parseRequest(name string, data []byte, word string) (*x509util.Request, error) {
	request, err := s.readRequest(name, data, word)
	return request, about(name, err)
}

func (s *session) readRequest(name string, data []byte, word string) (*x509util.Request, error) {
	request, err := x509util.ParseRequest(data)
	var input *x509util.InputError
	if errors.As(err, &input) {
		said := cmp.Or(x509util.UnreadableRequestError(data, word, s.release), java("java.io.IOException", "Too short"))
		return nil, withHint(said, s.whatFile(name, data, forRequest, err)...)
	}
	if err != nil {
		return nil, err
	}
	if err := request.CriticalError(s.release); err != nil {
		return nil, withHint(err, unreadableHint)
	}
	if err := request.CheckSignature(); err != nil {
		return request, s.requestError(name, err)
	}
	return request, nil
}

// requestError says what is wrong with the signature of a request. One that can't
// be verified is shown anyway, but not certified.
func (s *session) requestError(name string, err error) error {
	_, unsupported := errors.AsType[*x509util.UnsupportedError](err)
	switch {
	case !unsupported:
		return withHint(java("java.security.SignatureException", "Invalid PKCS #10 signature"),
			"the request was changed after it was signed, or signed with another key than the one in it")
	case s.req.Style == argv.Keytool:
		return s.unusable("Invalid PKCS #10 signature", err)
	}
	text := "the signature of the request " + x509util.CantVerify(err)
	if s.req.Command == "printcertreq" {
		s.Stderr.Printf("gokeytool: %s\n", text)
		return nil
	}
	return withHint(errors.New(text), "OpenSSL may know it: "+shell.Line("openssl", "x509", "-req", "-in", cmp.Or(name, "REQUEST"), "-CA", "CACERT", "-CAkey", "CAKEY", "-days", "90", "-out", "CERTIFICATE"))
}
