package commands

import (
	"bytes"
	"context"

	"gokeytool/x509util"
)

// gencert certifies a request with a key of the keystore, as a certificate
// authority does, and prints the certificate with those that lead to the root.
func gencert(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{asks: asksOnce}); err != nil {
		return err
	}
	var input []byte
	var err error
	if s.opt.infile != "" { // keytool opens it first
		if input, err = s.readInput(s.opt.infile); err != nil {
			return err
		}
	}
	if err := s.openable("outfile", s.opt.outfile); err != nil {
		return err
	}
	issuer, err := s.openIssuer(s.aliasOrDefault(), s.opt.keypass)
	if err != nil {
		return err
	}
	if s.opt.infile == "" {
		if input, err = s.readInput(""); err != nil {
			return err
		}
	}
	request, err := s.parseRequest(s.opt.infile, input, "REQUEST")
	if err != nil {
		return err
	}
	s.warn(s.judge().Request("The certificate request", request)...)
	subject := request.Subject
	if s.opt.given("dname") {
		if subject, err = x509util.ParseDName(s.opt.dname); err != nil {
			return err
		}
	}
	der, err := s.certify(certificate{subject: subject, spki: request.SPKI, requested: request.ReadableExtensions(s.release)}, issuer)
	if err != nil {
		return err
	}
	if err := s.checkUsages(); err != nil {
		return err
	}

	var out bytes.Buffer
	s.dump(&out, der)
	for _, c := range issuer.chain {
		if parsed, err := x509util.ParseCertificate(c.DER); err == nil && !parsed.SelfSigned() {
			s.dump(&out, c.DER)
		}
	}
	if err := s.writeOutput(s.opt.outfile, out.Bytes()); err != nil {
		return err
	}
	s.warnOfChain("The issuer", issuer.chain)
	s.warnOfDER("The generated certificate", der)
	s.warnOfFormat()
	return nil
}
