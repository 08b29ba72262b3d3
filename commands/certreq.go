package commands

import (
	"context"
	"fmt"

	"gokeytool/x509util"
)

// certreq makes a request for a certificate authority to certify a key.
func certreq(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{}); err != nil {
		return err
	}
	if err := s.openable("file", s.opt.file); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	issuer, err := s.openIssuer(alias, s.opt.keypass)
	if err != nil {
		return err
	}
	subject := issuer.name
	extensions, err := x509util.BuildExtensions(s.opt.ext, x509util.ExtensionContext{
		SubjectKey: issuer.certificate.SPKI, Release: s.release,
	})
	if err != nil {
		return err
	}
	sigalg, err := s.signatureAlgorithm(issuer.signer)
	if err != nil {
		return err
	}
	if s.opt.given("dname") {
		if subject, err = x509util.ParseDName(s.opt.dname); err != nil {
			return err
		}
	}
	der, err := x509util.CreateRequest(subject, issuer.certificate.SPKI, extensions, issuer.signer, sigalg, s.release)
	if err != nil {
		return err
	}
	if err := s.writeOutput(s.opt.file, x509util.EncodePEM("NEW CERTIFICATE REQUEST", der, s.release)); err != nil {
		return err
	}
	request, err := x509util.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	s.warn(s.judge().Request("The generated certificate request", request)...)
	if s.opt.verbose && s.opt.file != "" {
		fmt.Fprintf(s.talk(), "Certification request stored in file <%s>\nSubmit this to your CA\n", s.opt.file)
	}
	s.warnOfFormat()
	return nil
}
