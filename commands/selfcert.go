package commands

import (
	"context"

	"gokeytool/store/entry"
)

type selfcertOptions struct {
	issuance
	dname optional[string]
}

func readSelfcert(l line) selfcertOptions {
	return selfcertOptions{readIssuance(l), l.text("dname")}
}

// selfcert gives a key a new certificate that it signs itself, with the name
// and the extensions of the old one unless told otherwise.
func selfcert(ctx context.Context, s *session, o selfcertOptions) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	key, err := s.openIssuer(s.ks, alias, s.ks.keypass)
	if err != nil {
		return err
	}
	old := key.certificate
	subject := old.Subject
	if o.dname.given {
		if subject, err = parseDName(o.dname.value); err != nil {
			return err
		}
	}
	made, err := s.newCertificate(certificate{issuance: o.issuance, subject: subject, spki: old.SPKI, existing: old.Extensions},
		&issuerKey{signer: key.signer, name: subject})
	if err != nil {
		return err
	}
	if err := s.refuseCertificate(made, ""); err != nil {
		return err
	}
	if s.opt.verbose {
		s.Stderr.Print("New certificate (self-signed):\n")
		if err := s.printer().Certificate(s.Stderr.Lines(), made); err != nil {
			return err
		}
	}
	if err := s.ks.SetChain(alias, []entry.Certificate{entry.X509(made.Raw)}, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
