package commands

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"gokeytool/identity"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// issuerKey is who signs a certificate.
type issuerKey struct {
	alias  string // empty for a self-signed certificate
	signer crypto.Signer
	name   x509util.Name
	// certificate and chain are of the alias; nil for a self-signed one.
	certificate *x509util.Certificate
	chain       []entry.Certificate
	password    []byte // of the key in its entry
}

// signerOptions name the key that signs a certificate of another.
type signerOptions struct {
	alias   optional[string] // -signer
	keypass []byte           // -signerkeypass
}

func readSigner(l line) signerOptions {
	return signerOptions{l.text("signer"), l.secret("signerkeypass")}
}

// signer opens the key of a keystore that -signer names; nil without the option.
func (s *session) signer(k *keystore, o signerOptions) (*issuerKey, error) {
	if !o.alias.given {
		return nil, nil
	}
	return s.openIssuer(k, o.alias.value, o.keypass)
}

// openIssuer opens the key of an alias for signing.
func (s *session) openIssuer(k *keystore, alias string, password []byte) (*issuerKey, error) {
	if k.token != nil && password != nil && s.ownStyle() {
		return nil, errNoKeyPassword("signerkeypass")
	}
	key, password, err := s.recoverKey(k, alias, password)
	if err != nil {
		return nil, err
	}
	if key.Secret() {
		class, modules := "javax.crypto.spec.SecretKeySpec", " and java.security.PrivateKey are in module java.base of loader 'bootstrap')"
		if k.token != nil {
			class, modules = "sun.security.pkcs11.P11Key$P11SecretKey",
				" is in module jdk.crypto.cryptoki of loader 'platform'; java.security.PrivateKey is in module java.base of loader 'bootstrap')"
		}
		return nil, withHint(java("java.lang.ClassCastException", "class "+class+" cannot be cast to class java.security.PrivateKey ("+class+modules),
			fmt.Sprintf("%q is a secret key: it has no certificate, and signs none", alias))
	}
	signer, err := identity.PrivateKey(key)
	if err != nil {
		return nil, s.unusable(fmt.Sprintf("the key of <%s>", alias), err)
	}
	certificate, err := k.certificate(alias)
	if err != nil {
		return nil, err
	}
	e, err := k.get(alias)
	if err != nil {
		return nil, err
	}
	return &issuerKey{
		alias: alias, signer: signer, name: certificate.Subject,
		certificate: certificate, chain: e.Chain, password: password,
	}, nil
}

// unusable says of a key or a signature why it is of no use here: in keytool's
// words in its style, where they are known.
func (s *session) unusable(what string, err error) error {
	if of, ok := errors.AsType[*keys.UnsupportedError](err); ok && of.Java != nil && !s.ownStyle() {
		return of.Java
	}
	return fmt.Errorf("%s: %w", what, err)
}

// unreadableHint is of a request with a critical extension that Java can't read.
const unreadableHint = "a critical extension is not what its OID stands for: Java refuses it, and reads no keystore with such a certificate in it"

// issuance is what options say of how a certificate, or a CRL, is made.
type issuance struct {
	extensions []string         // -ext
	start      optional[string] // -startdate
	days       int64            // -validity
	sigalg     optional[string]
}

// defaultDays is how long a certificate is valid that keytool makes.
const defaultDays = 90

func readIssuance(l line) issuance {
	return issuance{
		extensions: l.StringSlice("ext"),
		start:      l.text("startdate"),
		days:       l.number("validity").or(defaultDays),
		sigalg:     l.text("sigalg"),
	}
}

// lasting is the issuance with another number of days.
func (i issuance) lasting(days int64) issuance {
	i.days = days
	return i
}

// certificate is what a new certificate is about.
type certificate struct {
	issuance
	subject   x509util.Name
	spki      []byte
	requested []x509util.Extension // asked for in a request
	existing  []x509util.Extension // of the certificate that is renewed
	newKey    bool                 // the key was made with it: keytool fails in other words then
}

// newCertificate is certify for who looks at the certificate too.
func (s *session) newCertificate(c certificate, issuer *issuerKey) (*x509util.Certificate, error) {
	der, err := s.certify(c, issuer)
	if err != nil {
		return nil, err
	}
	return x509util.ParseCertificate(der)
}

// certify makes and signs a certificate.
func (s *session) certify(c certificate, issuer *issuerKey) ([]byte, error) {
	start, err := s.startDate(c.start)
	if err != nil {
		return nil, err
	}
	end, err := x509util.EndDate(start, c.days)
	if err != nil && c.newKey { // another part of Java looks at it there
		return nil, java("java.security.cert.CertificateException", err.Error())
	}
	if err != nil {
		return nil, err
	}
	sigalg, err := s.signatureAlgorithm(c.sigalg, issuer.signer)
	if err != nil && !c.newKey {
		err = errUnderivable()
	}
	if err != nil {
		return nil, err
	}
	ctx := x509util.ExtensionContext{SubjectKey: c.spki, Requested: c.requested, Existing: c.existing, Release: s.release}
	if issuer.certificate != nil {
		ctx.IssuerKey, ctx.IssuerKeyID = issuer.certificate.SPKI, issuer.certificate.SubjectKeyID()
	}
	specs := c.extensions
	if c.requested != nil {
		specs = grants(s.req.Style, specs, c.requested)
	}
	extensions, err := x509util.BuildExtensions(specs, ctx)
	if err != nil {
		return nil, err
	}
	return x509util.CreateCertificate(x509util.Template{
		Issuer: issuer.name, Subject: c.subject,
		NotBefore: start, NotAfter: end,
		SPKI: c.spki, Extensions: extensions,
	}, issuer.signer, sigalg, s.release)
}

// checkUsages is keytool's failure to see what a certificate is for that it has
// just made, of extended key usages given in hex: they are no such object to it.
// Our own style takes them.
func (s *session) checkUsages(extensions []string) error {
	if s.ownStyle() || !x509util.RawKeyUsages(extensions) {
		return nil
	}
	return withHint(java("java.lang.ClassCastException", "class sun.security.x509.Extension cannot be cast to class sun.security.x509.ExtendedKeyUsageExtension "+
		"(sun.security.x509.Extension and sun.security.x509.ExtendedKeyUsageExtension are in module java.base of loader 'bootstrap')"),
		"keytool takes no extended key usages in hex: give them by name or OID, as in -ext eku=serverAuth,1.3.6.1.4.1.311.10.3.4")
}

// startDate is that of -startdate, else now.
func (s *session) startDate(given optional[string]) (time.Time, error) {
	if !given.given {
		return s.now(), nil
	}
	date, err := keytool.ParseStartDate(given.value, s.now())
	if errors.Is(err, keytool.ErrStartDate) {
		err = explained(err, "it is a date, a time or both, as in -startdate '2030/01/31 12:00:00', or steps from now, as in -startdate -1d+2H")
	}
	return date, err
}

// signatureAlgorithm is the one of -sigalg, else the release's choice for the key.
func (s *session) signatureAlgorithm(given optional[string], key crypto.Signer) (string, error) {
	if given.given {
		return given.value, nil
	}
	return keys.DefaultSignatureAlgorithm(key.Public(), s.release)
}

// errUnderivable is keytool's error for a key whose algorithm signs nothing.
func errUnderivable() error { return failf("Cannot derive signature algorithm") }

// subject is the name of -dname, else the user is asked for it.
func (s *session) subject(dname optional[string]) (x509util.Name, error) {
	if dname.given {
		return parseDName(dname.value)
	}
	s.flushWarnings()
	return s.promptName()
}

// parseDName reads the name of -dname.
func parseDName(dname string) (x509util.Name, error) {
	name, err := x509util.ParseDName(dname)
	if errors.Is(err, x509util.ErrAVA) {
		err = explained(err, `a comma within a name has a backslash before it: -dname 'CN=localhost, O=Example\, Inc., C=US'`)
	}
	return name, err
}

// warnOfChain adds what is weak about the certificates of a chain. Those that
// can't be read are passed over: there is nothing to say of them.
func (s *session) warnOfChain(label string, chain []entry.Certificate) {
	judge := s.judge()
	if !slices.ContainsFunc(chain, func(c entry.Certificate) bool { return judge.Suspects(c.DER) }) {
		return
	}
	var parsed []*x509util.Certificate
	for _, c := range chain {
		if p, err := x509util.ParseCertificate(c.DER); err == nil {
			parsed = append(parsed, p)
		}
	}
	s.warn(judge.Chain(label, parsed, s.trusted, false)...)
}

// warnOf adds what is weak about a certificate that stands alone.
func (s *session) warnOf(label string, c *x509util.Certificate) {
	s.warn(s.judge().Certificate(label, c, keytool.Standing{Trusted: s.trusted(c)})...)
}

// warnOfDER is warnOf for a certificate that was not read yet.
func (s *session) warnOfDER(label string, der []byte) {
	if !s.judge().Suspects(der) {
		return
	}
	if c, err := x509util.ParseCertificate(der); err == nil {
		s.warnOf(label, c)
	}
}
