package commands

import (
	"context"
	"slices"
	"strings"

	"gokeytool/x509util"
)

type certreqOptions struct {
	issuance // of which a request has the extensions and the signature
	dname    optional[string]
}

func readCertreq(l line) certreqOptions {
	return certreqOptions{readIssuance(l), l.text("dname")}
}

// certreq makes a request for a CA to certify a key.
func certreq(ctx context.Context, s *session, o certreqOptions) error {
	if err := s.openKeystore(ctx, access{file: s.opt.file}); err != nil {
		return err
	}
	if err := openable(s.opt.file); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	issuer, err := s.openIssuer(s.ks, alias, s.ks.keypass)
	if err != nil {
		return err
	}
	subject := issuer.name
	specs, none := withoutNone(s.req.Style, o.extensions)
	var inherited []x509util.Extension
	if s.ownStyle() && !none {
		for _, e := range issuer.certificate.Extensions {
			if requestable[e.OID.String()] != "" {
				inherited = append(inherited, e)
			}
		}
	}
	extensions, err := x509util.BuildExtensions(specs, x509util.ExtensionContext{
		SubjectKey: issuer.certificate.SPKI, Existing: inherited, Release: s.release,
	})
	if err != nil {
		return err
	}
	sigalg, err := s.signatureAlgorithm(o.sigalg, issuer.signer)
	if err != nil {
		return errUnderivable()
	}
	if o.dname.given {
		if subject, err = parseDName(o.dname.value); err != nil {
			return err
		}
	}
	der, err := x509util.CreateRequest(subject, issuer.certificate.SPKI, extensions, issuer.signer, sigalg, s.release)
	if err != nil {
		return err
	}
	if err := s.writeOutput(s.opt.file.value, x509util.EncodePEM("NEW CERTIFICATE REQUEST", der, s.release)); err != nil {
		return err
	}
	request, err := x509util.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	s.warn(s.judge().Request("The generated certificate request", request)...)
	switch {
	case s.ownStyle():
		s.sayRequest(alias, issuer.certificate, request)
	case s.opt.verbose && s.opt.file.value != "":
		s.talk().Printf("Certification request stored in file <%s>\nSubmit this to your CA\n", s.opt.file.value)
	}
	s.warnOfFormat()
	return nil
}

// sayRequest says for which names a request is, and warns where a TLS server's
// would need one.
func (s *session) sayRequest(alias string, old *x509util.Certificate, request *x509util.Request) {
	if s.opt.file.value != "" {
		s.talk().Printf("Request for %s stored in %s\n", certifiedNames(request.Subject, request.Extensions), s.opt.file.value)
	}
	asked := x509util.DescribeExtensions(request.Extensions)
	host := func(name string) bool { return strings.HasPrefix(name, "dns:") || strings.HasPrefix(name, "ip:") }
	if slices.ContainsFunc(x509util.ExtensionNames(request.Extensions), host) || !forServers(asked.ExtendedKeyUsage) || !old.EndEntity() {
		return
	}
	name := "HOST"
	if cn := request.Subject.CommonName(); x509util.LooksLikeHost(cn) {
		name = x509util.HostName(cn)
	}
	s.hint("no host is named in the request (SubjectAlternativeName), as TLS clients want it of a server: add -ext san=" + name + " where it is for one")
}

// forServers says whether purposes leave it open that a TLS server has them.
func forServers(extendedKeyUsage []string) bool {
	return len(extendedKeyUsage) == 0 || slices.Contains(extendedKeyUsage, "serverAuth") || slices.Contains(extendedKeyUsage, "anyExtendedKeyUsage")
}
