package commands

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gokeytool/internal/interrupt"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

type renewOptions struct {
	issuance
	newkey            bool
	keyalg, groupname optional[string] // of the new key
	keysize           optional[int64]  // in bits
	selfsigned        bool
	signer            signerOptions
	signerkeystore    optional[string]
	signerstorepass   []byte
	acmeDir           optional[string]
	force             bool // although its CA has not said that it is time
}

func readRenew(l line) renewOptions {
	return renewOptions{
		issuance:        readIssuance(l),
		newkey:          l.has("newkey"),
		keyalg:          l.text("keyalg"),
		groupname:       l.text("groupname"),
		keysize:         l.number("keysize"),
		selfsigned:      l.Bool("selfsigned"),
		signer:          readSigner(l),
		signerkeystore:  l.text("signerkeystore"),
		signerstorepass: l.secret("signerstorepass"),
		acmeDir:         l.text("acmeDir"),
		force:           l.Bool("force"),
	}
}

// renew gives a key, or with -newkey an alias, a new certificate with the name
// and the extensions of the old one, valid for as long as that was: signed by
// itself as the old one, or by the key that signed the old one or that -signer
// names, in the same keystore or in that of -signerkeystore.
func renew(ctx context.Context, s *session, o renewOptions) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return s.renewsFiles(err, o)
	}
	alias := s.aliasOrDefault()
	if !s.alias().given && !s.ks.has(alias) {
		keys := s.ks.keyAliases()
		if len(keys) != 1 {
			return withHint(failf("Alias <%s> does not exist", alias), "name the entry with -alias")
		}
		alias = keys[0]
	}
	if !o.selfsigned && !o.signer.alias.given && !o.signerkeystore.given {
		if came, err := s.renewByACME(ctx, alias, o); came || err != nil {
			return err
		}
	}
	if o.newkey && s.ks.token != nil {
		return withHint(fmt.Errorf("-newkey: the key of <%s> would be destroyed on the token, for good", alias),
			"make a new key under another alias: "+s.here().Line([]string{"genkeypair", "-alias", "NEWALIAS", "-keyalg", "EC"}),
			"the certificate of a key is renewed without -newkey")
	}
	own, err := s.renewed(alias, o.newkey)
	if err != nil {
		return err
	}
	old := own.certificate
	issuer, err := s.renewer(ctx, alias, own, o)
	if err != nil {
		return err
	}
	issue := o.issuance
	if !s.opt.validity.given {
		issue = issue.lasting(daysOf(old))
	}
	spki, key, err := s.renewedKey(old, o)
	if err != nil {
		return err
	}
	if key != nil && issuer.alias == "" {
		issuer.signer = key
	}
	renewed, err := s.newCertificate(certificate{issuance: issue, subject: old.Subject, spki: spki, existing: keptExtensions(old, issuer, key != nil)}, issuer)
	if err != nil {
		return err
	}
	chain := append([]entry.Certificate{entry.X509(renewed.Raw)}, issuer.chain...)
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
		keytool.MediumDate(renewed.NotAfter, s.zone()), keytool.MediumDate(old.NotAfter, s.zone()))
	if noticed := x509util.PurposeOf(old, x509util.Use{}).Noticed(); noticed != "" {
		s.talk().Printf("gokeytool: %s\n", noticed)
	}
	return nil
}

// renewByACME renews a certificate that came by ACME as acme does: by its CA, when that
// says that it is time. It says whether it is one.
func (s *session) renewByACME(ctx context.Context, alias string, o renewOptions) (came bool, err error) {
	origins, err := s.acmeOrigins(o.acmeDir)
	if err != nil {
		return false, err
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return false, err
	}
	origin := origins.ofEntry(e)
	switch {
	case origin == nil && o.force:
		return false, withHint(failf("The certificate of <%s> did not come by ACME, as far as is known here", alias), "others are renewed without -force")
	case origin == nil:
		return false, nil
	}
	for _, option := range []string{"ext", "startdate", "sigalg", "validity"} {
		if s.req.Has(option) {
			return true, withHint(failf("The certificate of <%s> is from %s, by ACME: -%s is the CA's to decide", alias, origin.ca, option),
				"other names: "+s.acmeLine(acmeTargetFrom(*origin.Origin), alias, "-host", "NAME"),
				"or sign it with itself: -selfsigned")
		}
	}
	recipe := make(acmeRecipe)
	for name, value := range map[string]string{"keyalg": o.keyalg.value, "groupname": o.groupname.value} {
		if value != "" {
			recipe[name] = []string{value}
		}
	}
	if o.keysize.given {
		recipe["keysize"] = []string{strconv.FormatInt(o.keysize.value, 10)}
	}
	t := s.acmeTargetOf()
	t.alias, t.storepass = optional[string]{alias, true}, s.ks.password
	s.giveWay() // it opens the keystore by itself
	ctx, stop := interrupt.Context(ctx)
	defer stop()
	out, err := s.certifyByACME(ctx, t, recipe, acmeHow{dir: o.acmeDir, force: o.force || o.newkey, backup: s.opt.backup})
	if err != nil {
		return true, err
	}
	s.sayACME(out)
	return true, nil
}

// renewsFiles adds to why a keystore can't be changed what renews it, if it is a file in
// PEM that came by ACME.
func (s *session) renewsFiles(refusal error, o renewOptions) error {
	if s.ks == nil || s.ks.Store == nil || s.ks.Type() != store.PEM {
		return refusal
	}
	origins, err := s.acmeOrigins(o.acmeDir)
	if err != nil {
		return refusal
	}
	for _, e := range s.ks.Entries() {
		if origin := origins.ofEntry(e); origin != nil {
			return withHint(refusal, "its certificate came by ACME: to renew it, "+origins.line("", origin))
		}
	}
	return refusal
}

// renewed opens the entry to be renewed. A key that is replaced need not be one
// that can sign.
func (s *session) renewed(alias string, newkey bool) (*issuerKey, error) {
	if !newkey {
		return s.openIssuer(s.ks, alias, s.ks.keypass)
	}
	_, password, err := s.recoverKey(s.ks, alias, s.ks.keypass)
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
func (s *session) renewedKey(old *x509util.Certificate, o renewOptions) (spki []byte, key crypto.Signer, err error) {
	if !o.newkey {
		return old.SPKI, nil, nil
	}
	var spec keys.Spec
	switch {
	case o.keyalg.given:
		spec.Algorithm = o.keyalg.value
	default:
		if spec, err = keys.SpecOf(old.SPKI); err != nil {
			return nil, nil, withHint(err, "name the new key's algorithm with -keyalg")
		}
	}
	if o.keysize.given {
		spec.Size, spec.Group = int(o.keysize.value), ""
	}
	if o.groupname.given {
		spec.Size, spec.Group = 0, o.groupname.value
	}
	if key, err = keys.Generate(spec, s.release); err != nil {
		return nil, nil, err
	}
	spki, err = keys.MarshalPublic(key.Public())
	return spki, key, err
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

// daysOf is how many days a certificate was made for, one at least.
func daysOf(c *x509util.Certificate) int64 {
	return max(1, int64(c.NotAfter.Sub(c.NotBefore).Round(24*time.Hour)/(24*time.Hour)))
}

// renewer finds who signs the new certificate.
func (s *session) renewer(ctx context.Context, alias string, own *issuerKey, o renewOptions) (*issuerKey, error) {
	if o.signerkeystore.given {
		return s.signerElsewhere(ctx, own.certificate, o)
	}
	signer, err := s.signer(s.ks, o.signer)
	if err != nil || signer != nil {
		return signer, err
	}
	old := own.certificate
	if old.SelfSigned() || o.selfsigned {
		return &issuerKey{signer: own.signer, name: old.Subject}, nil
	}
	for _, other := range s.ks.keyAliases() {
		c, err := s.ks.certificate(other)
		if err == nil && old.IssuedBy(c) >= x509util.Unverifiable {
			return s.openIssuer(s.ks, other, o.signer.keypass)
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
func (s *session) signerElsewhere(ctx context.Context, old *x509util.Certificate, o renewOptions) (*issuerKey, error) {
	k, err := s.openSigner(ctx, o)
	if err != nil {
		return nil, err
	}
	if signer, err := s.signer(k, o.signer); err != nil || signer != nil {
		return signer, err
	}
	keys := k.keyAliases()
	for _, alias := range keys {
		if c, err := k.certificate(alias); err == nil && old.IssuedBy(c) >= x509util.Unverifiable {
			return s.openIssuer(k, alias, o.signer.keypass)
		}
	}
	if len(keys) != 1 {
		return nil, withHint(failf("None of the keys in %s has signed the old certificate", k.path), "name the one that is to sign with -signer")
	}
	return s.openIssuer(k, keys[0], o.signer.keypass)
}

// openSigner opens the keystore of -signerkeystore.
func (s *session) openSigner(ctx context.Context, o renewOptions) (*keystore, error) {
	path := o.signerkeystore.value
	s.opensWith(path, "signerstorepass")
	if isTokenURI(path) {
		place, err := s.uriPlace(path)
		if err != nil {
			return nil, err
		}
		return s.openBeside(ctx, place, tokenAccess{pin: o.signerstorepass, option: "signerstorepass", asks: true})
	}
	k := &keystore{path: path, exists: true, password: o.signerstorepass, options: s.openOptions()}
	given := k.password != nil
	if !given {
		k.password = s.ks.password
	}
	err := k.load("")
	if !given && (errors.Is(err, entry.ErrPassword) || k.password == nil) {
		_, k.password, err = s.unlock(locked{
			path: path, prompt: "Enter signer keystore password:  ", must: true,
			open: func(password []byte) (*store.Store, error) { return k.reopen(password, "") },
		})
		if err == nil && k.password == nil {
			err = noPassword(path, "signerstorepass")
		}
	}
	return k, err
}
