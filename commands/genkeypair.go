package commands

import (
	"context"
	"fmt"
	"strings"

	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

type genkeypairOptions struct {
	issuance
	dname             optional[string]
	keyalg, groupname optional[string]
	keysize           optional[int64] // in bits
	signer            signerOptions
}

func readGenkeypair(l line) genkeypairOptions {
	return genkeypairOptions{
		issuance:  readIssuance(l),
		dname:     l.text("dname"),
		keyalg:    l.text("keyalg"),
		groupname: l.text("groupname"),
		keysize:   l.number("keysize"),
		signer:    readSigner(l),
	}
}

// genkeypair makes a key pair with a certificate: signed by itself, or by the
// key that -signer names.
func genkeypair(ctx context.Context, s *session, o genkeypairOptions) error {
	if err := s.openKeystore(ctx, access{creates: true, changes: true, newKey: true}); err != nil {
		return err
	}
	if !o.keyalg.given {
		return noKeyalg()
	}
	spec := keys.Spec{Algorithm: o.keyalg.value, Size: int(o.keysize.value), Group: o.groupname.value}
	if o.groupname.given && o.keysize.given {
		return failf("Cannot specify both -groupname and -keysize")
	}
	if o.keysize.given && spec.Size == 0 {
		return java("java.security.InvalidParameterException", "Invalid key size: 0")
	}
	if spec.Size == -1 { // Java's way of saying that no size was given
		spec.Size = 0
	}
	if spec.Size != 0 && strings.EqualFold(spec.Algorithm, "EC") {
		group, err := keys.CurveForSize(spec.Size)
		if err != nil {
			return err
		}
		s.warn(fmt.Sprintf("Specifying -keysize for generating EC keys is deprecated, please use \"-groupname %s\" instead.", group))
	}
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(alias); exists {
		return aliasTaken("Key pair not generated, alias", alias)
	}
	issuer, err := s.signer(s.ks, o.signer)
	if err != nil {
		return err
	}
	subject, err := s.subject(o.dname)
	if err != nil {
		return err
	}

	if subject.IsEmpty() {
		return withHint(java("java.io.IOException", "Empty issuer DN not allowed in X509Certificates"),
			"a certificate needs at least one field in its name, such as -dname CN=localhost: Java can't read the keystore otherwise")
	}

	key, private, err := s.makeKey(spec)
	if err != nil {
		return err
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		return err
	}
	if issuer == nil {
		issuer = &issuerKey{signer: key, name: subject}
	}
	leaf, err := s.newCertificate(certificate{issuance: o.issuance, subject: subject, spki: spki, newKey: true}, issuer)
	if err != nil {
		return err
	}

	name := keys.GeneratedName(spec, key.Public(), s.release)
	// With a group, keytool 17 has the token make the key too.
	if s.ks.token != nil && (s.opt.providername.given || o.groupname.given && !s.ownStyle()) && s.release < jdk.Release25 {
		name, _, _ = strings.Cut(name, " (") // Java's keys of a token don't say their curve
	}
	if issuer.alias != "" {
		s.talk().Printf("Generating %s key pair and a certificate (%s) issued by <%s> with a validity of %s days\n\tfor: %s\n",
			name, leaf.SigName, issuer.alias, text.Group(o.days), subject.String())
	} else {
		s.talk().Printf("Generating %s key pair and self-signed certificate (%s) with a validity of %s days\n\tfor: %s\n",
			name, leaf.SigName, text.Group(o.days), subject.String())
	}
	password, err := s.askKeyPassword(alias)
	if err != nil {
		return err
	}
	if err := s.checkUsages(o.extensions); err != nil {
		return err
	}
	if err := s.refuseCertificate(leaf, ""); err != nil {
		return err
	}
	chain := append([]entry.Certificate{entry.X509(leaf.Raw)}, issuer.chain...)
	s.warnOfChain("The generated certificate", chain)
	if err := s.ks.SetKey(alias, private, password, chain, s.Now()); err != nil {
		return err
	}
	if err := s.saveKeystore(); err != nil {
		return err
	}
	if !s.opt.quiet {
		s.hint(s.namelessHints(alias, leaf)...)
	}
	return nil
}

// namelessHints tell that a new certificate that looks like a server's names no
// host where clients look for it.
func (s *session) namelessHints(alias string, leaf *x509util.Certificate) []string {
	host := leaf.Subject.CommonName()
	if !leaf.EndEntity() || leaf.Extension("2.5.29.17") != nil || !x509util.LooksLikeHost(host) {
		return nil
	}
	return []string{
		fmt.Sprintf("browsers, Java and Go will refuse the certificate for %s: they look for the host in SubjectAlternativeName alone, and there is none", host),
		"to add it: " + shell.Note(s.here().KeyLine([]string{"renew", "-alias", alias, "-ext", "san=" + x509util.HostName(host)}), "certreq then asks a CA for it"),
	}
}
