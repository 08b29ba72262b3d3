package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// renew gives a key a new certificate with the name and the extensions of the
// old one, valid for as long as that was: signed by itself as the old one, or
// by the key of the keystore that signed the old one or that -signer names.
func renew(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	if !s.opt.given("alias") && !s.has(alias) {
		keys := s.keyAliases()
		if len(keys) != 1 {
			return withHint(failf("Alias <%s> does not exist", alias), "name the entry with -alias")
		}
		alias = keys[0]
	}
	own, err := s.openIssuer(alias, s.opt.keypass)
	if err != nil {
		return err
	}
	old := own.certificate
	issuer, err := s.renewer(alias, own)
	if err != nil {
		return err
	}
	if !s.opt.given("validity") {
		s.keepValidity(old)
	}
	der, err := s.certify(certificate{subject: old.Subject, spki: old.SPKI, existing: keptExtensions(old, issuer)}, issuer)
	if err != nil {
		return err
	}
	renewed, err := x509util.ParseCertificate(der)
	if err != nil {
		return err
	}
	chain := append([]entry.Certificate{{Type: "X.509", DER: der}}, issuer.chain...)
	s.warnOfChain("The generated certificate", chain)
	if err := s.ks.SetChain(alias, chain, time.Time{}); err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	by := "itself"
	if issuer.alias != "" {
		by = "<" + issuer.alias + ">"
	}
	fmt.Fprintf(s.Stderr, "Renewed <%s>, signed by %s: valid until %s (before: %s)\n", x509util.Printable(alias), x509util.Printable(by),
		x509util.MediumDate(renewed.NotAfter, s.zone()), x509util.MediumDate(old.NotAfter, s.zone()))
	return nil
}

// issuersExtensions speak of who issued a certificate: AuthorityKeyIdentifier,
// CRLDistributionPoints, CertificatePolicies, AuthorityInfoAccess, and the
// proofs that it stands in Certificate Transparency logs (RFC 6962).
var issuersExtensions = []string{"2.5.29.35", "2.5.29.31", "2.5.29.32", "1.3.6.1.5.5.7.1.1", "1.3.6.1.4.1.11129.2.4.2"}

// keptExtensions are those that the new certificate has too: all, or where
// another signs it than before, those that don't speak of that one.
func keptExtensions(old *x509util.Certificate, issuer *issuerKey) []x509util.Extension {
	if issuer.name.Equal(old.Issuer) {
		return old.Extensions
	}
	return slices.DeleteFunc(slices.Clone(old.Extensions), func(e x509util.Extension) bool {
		return slices.Contains(issuersExtensions, e.OID.String())
	})
}

// keepValidity asks for as many days as a certificate was made for.
func (s *session) keepValidity(old *x509util.Certificate) {
	days := int64(old.NotAfter.Sub(old.NotBefore).Round(24*time.Hour) / (24 * time.Hour))
	given := s.opt.given
	s.opt.validity = max(1, days)
	s.opt.given = func(name string) bool { return name == "validity" || given(name) }
}

// renewer finds who signs the new certificate.
func (s *session) renewer(alias string, own *issuerKey) (*issuerKey, error) {
	signer, err := s.signer()
	if err != nil || signer != nil {
		return signer, err
	}
	old := own.certificate
	if old.SelfSigned() || s.opt.selfsigned {
		return &issuerKey{signer: own.signer, name: old.Subject}, nil
	}
	for _, other := range s.keyAliases() {
		c, err := s.ks.certificate(other)
		if err == nil && old.CheckSignatureFrom(c) == nil && c.Subject.Equal(old.Issuer) {
			return s.openIssuer(other, s.opt.signerkeypass)
		}
	}
	return nil, withHint(failf("The certificate of <%s> was issued by %s, whose key is not in the keystore", alias, old.Issuer),
		"ask that authority: gokeytool certreq -alias "+strconv.Quote(alias)+" -keystore "+s.ks.path+", then import its reply",
		"or sign it with itself: -selfsigned")
}
