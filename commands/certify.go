package commands

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/store/entry"
	"gokeytool/x509util"
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

// openIssuer opens the key of an alias for signing.
func (s *session) openIssuer(alias string, password []byte) (*issuerKey, error) {
	key, password, err := s.recoverKey(alias, password)
	if err != nil {
		return nil, err
	}
	if key.PKCS8 == nil {
		return nil, withHint(java("java.lang.ClassCastException", "class javax.crypto.spec.SecretKeySpec cannot be cast to class java.security.PrivateKey "+
			"(javax.crypto.spec.SecretKeySpec and java.security.PrivateKey are in module java.base of loader 'bootstrap')"),
			fmt.Sprintf("%q is a secret key: it has no certificate, and signs none", alias))
	}
	signer, err := x509util.ParsePrivateKey(key.PKCS8)
	if err != nil {
		return nil, s.unusable(fmt.Sprintf("the key of <%s>", alias), err)
	}
	certificate, err := s.ks.certificate(alias)
	if err != nil {
		return nil, err
	}
	e, err := s.ks.get(alias)
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
	if of, ok := errors.AsType[*x509util.UnsupportedError](err); ok && of.Java != nil && s.req.Style == argv.Keytool {
		return of.Java
	}
	return fmt.Errorf("%s: %w", what, err)
}

// unreadableHint is of a request with a critical extension that Java can't read.
const unreadableHint = "a critical extension is not what its OID stands for: Java refuses it, and reads no keystore with such a certificate in it"

// certificate is what a new certificate is about.
type certificate struct {
	subject   x509util.Name
	spki      []byte
	requested []x509util.Extension // asked for in a request
	existing  []x509util.Extension // of the certificate that is renewed
}

// certify makes and signs a certificate by the options -startdate, -validity,
// -ext and -sigalg.
func (s *session) certify(c certificate, issuer *issuerKey) ([]byte, error) {
	start, err := s.startDate()
	if err != nil {
		return nil, err
	}
	end, err := x509util.EndDate(start, s.validity())
	if err != nil && s.req.Command == "genkeypair" { // another part of Java looks at it there
		return nil, java("java.security.cert.CertificateException", err.Error())
	}
	if err != nil {
		return nil, err
	}
	sigalg, err := s.signatureAlgorithm(issuer.signer)
	if err != nil {
		return nil, err
	}
	ctx := x509util.ExtensionContext{SubjectKey: c.spki, Requested: c.requested, Existing: c.existing, Release: s.release}
	if issuer.certificate != nil {
		ctx.IssuerKey, ctx.IssuerKeyID = issuer.certificate.SPKI, issuer.certificate.SubjectKeyID()
	}
	specs := s.opt.ext
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
func (s *session) checkUsages() error {
	if s.req.Style == argv.Subcommand || !x509util.RawKeyUsages(s.opt.ext) {
		return nil
	}
	return withHint(java("java.lang.ClassCastException", "class sun.security.x509.Extension cannot be cast to class sun.security.x509.ExtendedKeyUsageExtension "+
		"(sun.security.x509.Extension and sun.security.x509.ExtendedKeyUsageExtension are in module java.base of loader 'bootstrap')"),
		"keytool takes no extended key usages in hex: give them by name or OID, as in -ext eku=serverAuth,1.3.6.1.4.1.311.10.3.4")
}

// startDate is that of -startdate, else now.
func (s *session) startDate() (time.Time, error) {
	if s.opt.startdate == "" && !s.opt.given("startdate") {
		return s.now(), nil
	}
	return x509util.ParseStartDate(s.opt.startdate, s.now())
}

// signatureAlgorithm is the one of -sigalg, else the release's choice for the key.
func (s *session) signatureAlgorithm(key crypto.Signer) (string, error) {
	if s.opt.given("sigalg") {
		return s.opt.sigalg, nil
	}
	name, err := x509util.DefaultSignatureAlgorithm(key.Public(), s.release)
	if err != nil && s.req.Command != "genkeypair" {
		return "", failf("Cannot derive signature algorithm")
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
	s.warn(s.judge().Certificate(label, c, x509util.Standing{Trusted: s.trusted(c)})...)
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
