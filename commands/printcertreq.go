package commands

import (
	"cmp"
	"context"
	"encoding/pem"
	"errors"

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

// jsonRequest is a certificate request.
type jsonRequest struct {
	Subject   string   `json:"subject"`
	Key       string   `json:"key"`
	Signature string   `json:"signature"`
	Names     []string `json:"names"`
	x509util.ExtensionsDescription
	PEM string `json:"pem"`
}

// jsonRequests is what printcertreq prints.
type jsonRequests struct {
	Version  int         `json:"version"`
	Request  jsonRequest `json:"request"`
	Warnings []string    `json:"warnings"`
}

func describeRequest(r *x509util.Request) jsonRequest {
	return jsonRequest{
		Subject: r.Subject.String(), Key: r.KeyName(), Signature: r.SigName,
		Names:                 append([]string{}, x509util.ExtensionNames(r.Extensions)...),
		ExtensionsDescription: x509util.DescribeExtensions(r.Extensions),
		PEM:                   string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.Raw})),
	}
}

// printcertreqJSON prints a certificate request.
func (s *session) printcertreqJSON(request *x509util.Request) error {
	s.warn(s.judge().Request("The certificate request", request)...)
	return s.printJSON(jsonRequests{Version: jsonSchema, Request: describeRequest(request), Warnings: s.takeWarnings()})
}
