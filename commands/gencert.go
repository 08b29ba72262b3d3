package commands

import (
	"bytes"
	"context"
	"strings"

	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type gencertOptions struct {
	issuance
	dname           optional[string]
	infile, outfile optional[string]
}

func readGencert(l line) gencertOptions {
	return gencertOptions{
		issuance: readIssuance(l),
		dname:    l.text("dname"),
		infile:   l.text("infile"),
		outfile:  l.text("outfile"),
	}
}

// gencert certifies a request with a key of the keystore, as a CA does, and prints
// the certificate with those that lead to the root.
func gencert(ctx context.Context, s *session, o gencertOptions) error {
	if err := s.openKeystore(ctx, access{asks: asksOnce, file: o.infile}); err != nil {
		return err
	}
	var input []byte
	var err error
	if o.infile.value != "" { // keytool opens it first
		if input, err = s.readInput(o.infile.value); err != nil {
			return err
		}
	}
	if err := openable(o.outfile); err != nil {
		return err
	}
	if e, ok := s.ks.Store.Get(s.aliasOrDefault()); ok && e.Kind == entry.PrivateKey && len(e.Chain) == 0 && !s.ownStyle() {
		return java("java.lang.NullPointerException", `Cannot invoke "java.security.cert.Certificate.getEncoded()" because "signerCert" is null`)
	}
	issuer, err := s.openIssuer(s.ks, s.aliasOrDefault(), s.ks.keypass)
	if err != nil {
		return err
	}
	if o.infile.value == "" {
		if input, err = s.readInput(""); err != nil {
			return err
		}
	}
	request, err := s.parseRequest(o.infile.value, input, "REQUEST")
	if err != nil {
		return err
	}
	s.warn(s.judge().Request("The certificate request", request)...)
	subject := request.Subject
	if o.dname.given {
		if subject, err = parseDName(o.dname.value); err != nil {
			return err
		}
	}
	der, err := s.certify(certificate{
		issuance: o.issuance, subject: subject,
		spki: request.SPKI, requested: keytool.ReadableExtensions(request, s.release),
	}, issuer)
	if err != nil {
		return err
	}
	if err := s.checkUsages(o.extensions); err != nil {
		return err
	}

	if s.ownStyle() { // keytool does not look at what it has made
		if err := s.refuseUnreadable(strings.TrimSpace("the certificate "+subject.String()), entry.X509(der)); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	s.dump(&out, der)
	for _, c := range issuer.chain {
		if parsed, err := x509util.ParseCertificate(c.DER); err == nil && !parsed.SelfSigned() {
			s.dump(&out, x509util.Encoded(c.DER))
		}
	}
	if err := s.writeOutput(o.outfile.value, out.Bytes()); err != nil {
		return err
	}
	if s.ownStyle() && o.outfile.value != "" {
		made, err := x509util.ParseCertificate(der)
		if err != nil {
			return err
		}
		s.talk().Printf("Certificate for %s, until %s, stored in %s\n",
			certifiedNames(made.Subject, made.Extensions), keytool.MediumDate(made.NotAfter, s.zone()), o.outfile.value)
	}
	s.warnOfChain("The issuer", issuer.chain)
	s.warnOfDER("The generated certificate", der)
	s.warnOfFormat()
	return nil
}
