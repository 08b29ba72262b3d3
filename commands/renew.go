package commands

import (
	"context"
	"crypto"
	"errors"
	"slices"
	"time"

	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// renew gives a key, or with -newkey an alias, a new certificate with the name
// and the extensions of the old one, valid for as long as that was: signed by
// itself as the old one, or by the key that signed the old one or that -signer
// names, in the same keystore or in that of -signerkeystore.
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
	own, err := s.renewed(alias)
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
	spki, key, err := s.renewedKey(old)
	if err != nil {
		return err
	}
	if key != nil && issuer.alias == "" {
		issuer.signer = key
	}
	der, err := s.certify(certificate{subject: old.Subject, spki: spki, existing: keptExtensions(old, issuer, key != nil)}, issuer)
	if err != nil {
		return err
	}
	renewed, err := x509util.ParseCertificate(der)
	if err != nil {
		return err
	}
	chain := append([]entry.Certificate{entry.X509(der)}, issuer.chain...)
	s.warnOfChain("The generated certificate", chain)
	if key == nil {
		err = s.ks.SetChain(alias, chain, time.Time{})
	} else {
		err = s.replaceKey(alias, own.password, key, chain)
	}
	if err != nil {
		return err
	}
	// Whoever knows the old certificate may need it again, and nobody else has
	// an old key.
	s.ks.backup = s.keepBackup
	if err := s.ks.save(); err != nil {
		return err
	}
	by := "itself"
	if issuer.alias != "" {
		by = "<" + issuer.alias + ">"
	}
	what := ""
	if key != nil {
		what = " with a new key"
	}
	s.talk().Printf("Renewed <%s>%s, signed by %s: valid until %s (before: %s)\n", alias, what, by,
		x509util.MediumDate(renewed.NotAfter, s.zone()), x509util.MediumDate(old.NotAfter, s.zone()))
	if noticed := x509util.PurposeOf(old, x509util.Use{}).Noticed(); noticed != "" {
		s.talk().Printf("gokeytool: %s\n", noticed)
	}
	return nil
}

// renewed opens the entry to be renewed. A key that is replaced need not be one
// that can sign.
func (s *session) renewed(alias string) (*issuerKey, error) {
	if !s.req.Has("newkey") {
		return s.openIssuer(alias, s.opt.keypass)
	}
	_, password, err := s.recoverKey(alias, s.opt.keypass)
	if err != nil {
		return nil, err
	}
	certificate, err := s.ks.certificate(alias)
	if err != nil {
		return nil, err
	}
	return &issuerKey{alias: alias, certificate: certificate, password: password}, nil
}

// renewedKey is the public key of the new certificate: that of the old one, or
// with -newkey that of a new key, which is returned too. It is of the old one's
// kind and size unless the options say otherwise.
func (s *session) renewedKey(old *x509util.Certificate) (spki []byte, key crypto.Signer, err error) {
	if !s.req.Has("newkey") {
		return old.SPKI, nil, nil
	}
	var spec x509util.KeySpec
	switch {
	case s.opt.given("keyalg"):
		spec.Algorithm = s.opt.keyalg
	default:
		if spec, err = x509util.SpecOf(old.SPKI); err != nil {
			return nil, nil, withHint(err, "name the new key's algorithm with -keyalg")
		}
	}
	if s.opt.given("keysize") {
		spec.Size, spec.Group = int(s.opt.keysize), ""
	}
	if s.opt.given("groupname") {
		spec.Size, spec.Group = 0, s.opt.groupname
	}
	if key, err = x509util.GenerateKey(spec, s.release); err != nil {
		return nil, nil, err
	}
	spki, err = x509util.MarshalPublicKey(key.Public())
	return spki, key, err
}

// replaceKey puts a new key into an entry, under the password of the old one.
func (s *session) replaceKey(alias string, password []byte, key crypto.Signer, chain []entry.Certificate) error {
	pkcs8, err := x509util.MarshalPrivateKey(key)
	if err != nil {
		return err
	}
	return s.ks.SetKey(alias, s.keep(entry.Key{PKCS8: pkcs8}), password, chain, s.Now())
}

// issuersExtensions speak of who issued a certificate: AuthorityKeyIdentifier,
// CRLDistributionPoints, CertificatePolicies, AuthorityInfoAccess, and the
// proofs that it stands in Certificate Transparency logs (RFC 6962).
var issuersExtensions = []string{"2.5.29.35", "2.5.29.31", "2.5.29.32", "1.3.6.1.5.5.7.1.1", "1.3.6.1.4.1.11129.2.4.2"}

// keptExtensions are those that the new certificate has too: all, or where
// another name or key signs it than before, those that don't speak of that one.
func keptExtensions(old *x509util.Certificate, issuer *issuerKey, newKey bool) []x509util.Extension {
	if issuer.name.Equal(old.Issuer) && !(newKey && issuer.alias == "") {
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
	if path, elsewhere := s.req.Value("signerkeystore"); elsewhere {
		return s.signerElsewhere(path, own.certificate)
	}
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
		if err == nil && old.IssuedBy(c) >= x509util.Unverifiable {
			return s.openIssuer(other, s.opt.signerkeypass)
		}
	}
	return nil, withHint(failf("The certificate of <%s> was issued by %s, whose key is not in the keystore", alias, old.Issuer),
		"ask that CA: "+shell.Note(s.here().KeyLine([]string{"certreq", "-alias", alias}, "-file", "REQUEST"),
			"then import its reply: "+s.here().KeyLine([]string{"importcert", "-alias", alias}, "-file", "REPLY")),
		"or name the keystore of the CA: -signerkeystore FILE",
		"or sign it with itself: -selfsigned")
}

// signerElsewhere opens the key that signs in a keystore of its own: that of
// -signer, else the one that signed the old certificate, else the only one. The
// password of the other keystore is tried before one is asked for.
func (s *session) signerElsewhere(path string, old *x509util.Certificate) (*issuerKey, error) {
	k := &keystore{path: path, exists: true, password: s.req.Secrets["signerstorepass"], options: s.openOptions()}
	given := k.password != nil
	if !given {
		k.password = s.ks.password
	}
	err := k.load("")
	if !given && errors.Is(err, entry.ErrPassword) {
		_, k.password, err = s.unlock(locked{
			path: path, prompt: "Enter signer keystore password:  ", must: true,
			open: func(password []byte) (*store.Store, error) { return k.reopen(password, "") },
		})
		if err == nil && k.password == nil {
			err = noPassword(path, "signerstorepass")
		}
	}
	if err != nil {
		return nil, err
	}
	own := s.ks
	s.ks = k
	defer func() { s.ks = own }()
	if signer, err := s.signer(); err != nil || signer != nil {
		return signer, err
	}
	keys := s.keyAliases()
	for _, alias := range keys {
		if c, err := k.certificate(alias); err == nil && old.IssuedBy(c) >= x509util.Unverifiable {
			return s.openIssuer(alias, s.opt.signerkeypass)
		}
	}
	if len(keys) != 1 {
		return nil, withHint(failf("None of the keys in %s has signed the old certificate", path), "name the one that shall sign with -signer")
	}
	return s.openIssuer(keys[0], s.opt.signerkeypass)
}
