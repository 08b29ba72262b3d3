package commands

import (
	"context"
	"errors"

	"gokeytool/identity"
	"gokeytool/store/entry"
	"gokeytool/store/token"
	"gokeytool/x509util/keys"
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
	if bare, ok := s.bareKey(alias); ok {
		return s.certifyBare(alias, bare, o)
	}
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

// certifyBare gives a key on a token that has no certificate its first one, by which it
// becomes the entry of that alias.
func (s *session) certifyBare(alias string, bare token.Other, o selfcertOptions) error {
	if !o.dname.given {
		return withHint(errors.New("the key has no certificate yet, of which the name could be taken"), "give a name with -dname, such as -dname CN=localhost")
	}
	key, err := s.ks.device.Key(bare)
	if err != nil {
		return err
	}
	signer, err := identity.PrivateKey(key)
	if err != nil {
		return s.unusable("the key", err)
	}
	spki, err := keys.MarshalPublic(signer.Public())
	if err != nil {
		return err
	}
	subject, err := s.subject(o.dname)
	if err != nil {
		return err
	}
	made, err := s.newCertificate(certificate{issuance: o.issuance, subject: subject, spki: spki}, &issuerKey{signer: signer, name: subject})
	if err != nil {
		return err
	}
	if err := s.refuseCertificate(made, ""); err != nil {
		return err
	}
	if err := s.ks.SetKey(alias, key, nil, []entry.Certificate{entry.X509(made.Raw)}, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
