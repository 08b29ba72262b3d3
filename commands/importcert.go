package commands

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type importcertOptions struct {
	bundle      optional[string] // a source of many trusted certificates
	keyfile     optional[string] // a private key, with which -file is its chain
	keyfilepass []byte           // of either
	ca          []string         // files of certificates that may have issued another
	force       bool             // a certificate is trusted even if its key is in the keystore
}

func readImportcert(l line) importcertOptions {
	return importcertOptions{
		bundle:      l.text("bundle"),
		keyfile:     l.text("keyfile"),
		keyfilepass: l.secret("keyfilepass"),
		ca:          l.StringSlice("ca"),
		force:       l.Bool("force"),
	}
}

// importcert takes in a certificate: as the CA's reply where the alias
// holds a private key, else as a trusted certificate. With -keyfile it takes
// in a private key and its chain, with -bundle many trusted certificates.
func importcert(ctx context.Context, s *session, o importcertOptions) error {
	switch {
	case o.bundle.given:
		return importBundle(ctx, s, o.bundle.value, o)
	case o.keyfile.given:
		return importKey(ctx, s, o.keyfile.value, o)
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true, file: s.opt.file}); err != nil {
		return err
	}
	if s.opt.trustcacerts {
		if _, err := s.cacerts(); err != nil {
			return err
		}
	}
	if s.opt.file.value != "" { // keytool opens it before it looks for the alias
		if _, err := os.Stat(s.opt.file.value); err != nil {
			return fileError(s.opt.file.value, err)
		}
	}
	alias := s.aliasOrDefault()
	sum := s.newImport()
	var done bool
	var err, missed error
	e, exists := s.ks.Store.Get(alias)
	switch {
	case exists && e.Kind == entry.PrivateKey:
		if done, err = s.installReply(alias, o.ca); err != nil {
			return err
		}
		if !done {
			missed = s.notDone("Certificate reply was not installed in keystore")
		}
	case exists && e.Kind == entry.SecretKey && s.ownStyle():
		return withHint(failf("Certificate not imported, alias <%s> already exists", alias), "it holds a secret key: give another -alias")
	case exists && e.Kind == entry.SecretKey:
		s.warnOfFormat() // keytool has nothing else to say here
		return s.sayImport(sum)
	default:
		if done, err = s.addTrusted(alias, exists, o.force); err != nil {
			return about(s.opt.file.value, err)
		}
		if !done {
			missed = s.notDone("Certificate was not added to keystore")
		}
	}
	if done {
		text := "Certificate was added to keystore"
		if exists && e.Kind == entry.PrivateKey {
			text = "Certificate reply was installed in keystore"
		}
		// keytool says so before it saves. In our own style it is so first.
		if !s.ownStyle() {
			s.Stderr.Printf("%s\n", text)
		}
		if err := s.ks.save(); err != nil {
			return err
		}
		if s.ownStyle() {
			s.talk().Printf("%s\n", text)
		}
		s.announceStored()
		s.added(sum, alias)
	}
	s.warnOfFormat()
	return cmp.Or(s.sayImport(sum), missed)
}

// installReply puts the chain made of a CA's reply in the place of the
// one that the key has. It returns false where the user says no.
func (s *session) installReply(alias string, ca []string) (bool, error) {
	if _, _, err := s.recoverKey(s.ks, alias, s.ks.keypass); err != nil {
		return false, err
	}
	own, err := s.ks.certificate(alias)
	if err != nil {
		return false, err
	}
	reply, err := s.readReply()
	if err != nil {
		return false, about(s.opt.file.value, err)
	}
	var chain []*x509util.Certificate
	if len(reply) == 1 {
		chain, err = s.chainOfCertificate(own, reply[0], ca)
	} else {
		chain, err = s.chainOfReply(alias, own, reply, ca)
	}
	if err != nil || chain == nil {
		return false, about(s.opt.file.value, err)
	}
	if s.ks.Type() == store.PKCS12 {
		if err := x509util.CheckChain(chain); err != nil {
			return false, about(s.opt.file.value, err)
		}
	}
	if s.leastIssuer() < x509util.Issued {
		s.sayUnverified(chain)
	}
	s.sayFaults(alias, chain)
	return true, s.ks.SetChain(alias, entryChain(chain), s.Now())
}

// readReply reads the certificates of a CA's reply; at least one.
func (s *session) readReply() ([]*x509util.Certificate, error) {
	data, err := s.readInput(s.opt.file.value)
	if err != nil {
		return nil, err
	}
	reply, err := x509util.ParseCertificates(data)
	if err == nil && len(reply) > 0 {
		for _, c := range reply {
			if err := s.refuseCertificate(c, s.opt.file.value); err != nil {
				return nil, err
			}
		}
		return reply, nil
	}
	said := cmp.Or(keytool.UnreadableError(data, s.release), failf("Reply has no certificates"))
	return nil, withHint(said, s.whatFile(s.opt.file.value, data, forCertificates, err)...)
}

// chainOfCertificate completes a reply of one certificate with the trusted
// certificates known.
func (s *session) chainOfCertificate(own, reply *x509util.Certificate, ca []string) ([]*x509util.Certificate, error) {
	if !bytes.Equal(own.SPKI, reply.SPKI) {
		return nil, s.notThisKey(explainedBy(failf("Public keys in reply and keystore don't match"), (*session).otherKeyHints), reply)
	}
	if bytes.Equal(own.Raw, reply.Raw) {
		return nil, explained(failf("Certificate reply and certificate in keystore are identical"),
			"the reply is installed already: there is nothing left to do")
	}
	pool, err := s.replyIssuers(ca)
	if err != nil {
		return nil, err
	}
	return s.establishChain(reply, pool, s.leastIssuer())
}

// leastIssuer is what a certificate of a reply has to be to the one below it.
// To keytool a signature that it can't verify is a wrong one.
func (s *session) leastIssuer() x509util.Relation {
	if !s.ownStyle() {
		return x509util.Issued
	}
	return x509util.Unverifiable
}

// establishChain leads a certificate to a self-signed one, and warns of what is
// weak on the way.
func (s *session) establishChain(c *x509util.Certificate, pool *issuers, least x509util.Relation) ([]*x509util.Certificate, error) {
	chain, err := x509util.ChainFromCertificate(c, pool.certificates, least)
	if err != nil {
		return nil, withHint(err, s.missingIssuerHints(c, pool.certificates)...)
	}
	// keytool names them from the root down.
	for i := len(chain) - 1; i >= 0; i-- {
		label := "The input"
		if i > 0 {
			label = pool.label(chain[i])
		}
		s.warnOf(label, chain[i])
	}
	return chain, nil
}

// chainOfReply orders a reply of several certificates. Where nothing vouches
// for the topmost the user is asked, who may say no: then there is no chain.
func (s *session) chainOfReply(alias string, own *x509util.Certificate, reply []*x509util.Certificate, ca []string) ([]*x509util.Certificate, error) {
	s.warn(s.judge().Chain("Reply", reply, s.trusted, s.anchored(reply))...)
	pool, err := s.replyIssuers(ca)
	if err != nil {
		return nil, err
	}
	made, err := x509util.ChainFromReply(alias, reply, own.SPKI, pool.certificates, s.leastIssuer())
	if err != nil {
		return nil, s.notThisKey(s.explainReply(err), reply...)
	}
	// What the keystore added stands behind the certificates of the reply.
	replied := slices.IndexFunc(made.Chain, func(c *x509util.Certificate) bool { return !slices.Contains(reply, c) })
	if replied < 0 {
		replied = len(made.Chain)
	}
	if s.opt.noprompt {
		return made.Chain[:replied], nil
	}
	if !made.Trusted {
		top := made.Chain[len(made.Chain)-1]
		s.Stderr.Print("\nTop-level certificate in reply:\n\n")
		if err := s.printer().Certificate(s.Stdout.Lines(), top); err != nil {
			return nil, err
		}
		s.Stderr.Print("\n... is not trusted. ")
		s.flushWarnings()
		yes, err := s.promptYesNo("Install reply anyway? [no]:  ")
		if err != nil || !yes {
			return nil, err
		}
		return made.Chain, nil
	}
	for _, c := range made.Chain[replied:] {
		s.warnOf(pool.label(c), c)
	}
	return made.Chain, nil
}

// otherKeyHints explain that a reply of one certificate is for another key.
func (s *session) otherKeyHints() []string {
	return []string{
		"the certificate belongs to another key than that of the alias: it was made for a request from another entry or keystore, or before the key was made anew",
		"with its own key in a file: " + s.here().KeyLine([]string{"import", "-keyfile", "KEY", "-file", cmp.Or(s.opt.file.value, "CERTIFICATE"), "-alias", "ALIAS"}),
	}
}

// explainReply adds to an error of ChainFromReply what it means.
func (s *session) explainReply(err error) error {
	if errors.Is(err, x509util.ErrIncompleteReply) {
		return explained(err, "its certificates don't lead from one to the next: one between is missing, or one of another chain is among them; to see subjects and issuers: "+
			shell.Line("gokeytool", "printcert", "-file", cmp.Or(s.opt.file.value, "FILE")))
	}
	return explained(err, "none of its certificates belongs to the key: the file is the authority's chain alone, or another key's reply")
}

// addTrusted stores a trusted certificate. It returns false where the user
// says no.
func (s *session) addTrusted(alias string, exists, force bool) (bool, error) {
	if exists {
		return false, aliasTaken("Certificate not imported, alias", alias)
	}
	if s.ks.token != nil && s.ownStyle() {
		return false, withMore(errTrustedOnToken(s.ks.path),
			fmt.Sprintf("a CA's reply goes to the alias of its key, and <%s> is none: the keys are shown by %s", alias, s.here().Line([]string{"list"})))
	}
	data, err := s.readInput(s.opt.file.value)
	if err != nil {
		return false, err
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil || len(certificates) == 0 {
		return false, withHint(failf("Input not an X.509 certificate"), s.whatFile(s.opt.file.value, data, forCertificates, err)...)
	}
	c := certificates[0]
	if data[0] == derSequence && !bytes.HasPrefix(data, c.Raw) {
		return false, withHint(failf("Input not an X.509 certificate"),
			fmt.Sprintf("the input is a PKCS #7 chain of %d certificates; to trust them all: %s", len(certificates), s.bundleLine()))
	}
	if n := len(certificates); n > 1 && s.wantHints(s.req.Style) {
		s.Stderr.Printf("gokeytool: the input holds %d certificates; as with keytool, only the first is imported; all of them with: %s\n", n, s.bundleLine())
	}
	if err := s.refuseCertificate(c, s.opt.file.value); err != nil {
		if !s.ownStyle() {
			err = inWords(failf("Input not an X.509 certificate"), err)
		}
		return false, err
	}
	adds := adding{force: force, asks: true, line: func(key string) string { return s.replyLine(key, s.opt.file.value) }}
	if yes, err := s.keepBeside(s.ownKeys(""), c, adds); err != nil || !yes {
		return false, err
	}
	s.sayDates(c)
	if !s.opt.noprompt {
		if yes, err := s.vouchFor(c); err != nil || !yes {
			return false, err
		}
	} else {
		s.warnOf("The input", c)
	}
	return true, s.ks.setTrusted(alias, entry.X509(c.Raw), s.Now())
}

// derSequence begins every certificate in DER, and no text.
const derSequence = 0x30

// vouchFor says whether a certificate may be trusted: because something in
// the keystore leads to it, or because the user says so.
func (s *session) vouchFor(c *x509util.Certificate) (bool, error) {
	ask := func(question console.Text) (bool, error) {
		s.warnOf("The input", c)
		s.flushWarnings()
		return s.promptYesNo(question)
	}
	selfSigned := c.IssuedBy(c) == x509util.Issued
	if alias, ok := s.ks.FindCertificate(c.Raw); ok {
		s.Stderr.Printf("Certificate already exists in keystore under alias <%s>\n", s.ks.StoredAlias(alias))
		return ask("Do you still want to add it? [no]:  ")
	}
	if selfSigned && s.opt.trustcacerts {
		cacerts, err := s.cacerts()
		if err != nil {
			return false, err
		}
		if alias, ok := cacerts.FindCertificate(c.Raw); ok {
			s.Stderr.Printf("Certificate already exists in system-wide CA keystore under alias <%s>\n", alias)
			return ask("Do you still want to add it to your own keystore? [no]:  ")
		}
	}
	if !selfSigned {
		if _, err := s.establishChain(c, s.issuers(), x509util.Issued); err == nil {
			return true, nil
		}
	}
	shown := s.Stdout
	if s.opt.json {
		shown = s.Stderr
	}
	if err := s.printer().Certificate(shown.Lines(), c); err != nil {
		return false, err
	}
	return ask("Trust this certificate? [no]:  ")
}

// replyIssuers are those that may have issued a reply: the certificates of the
// files of CAs as well.
func (s *session) replyIssuers(ca []string) (*issuers, error) {
	p := s.issuers()
	for _, file := range ca {
		certificates, err := s.readCertificateFile(file)
		if err != nil {
			return nil, err
		}
		for _, c := range certificates {
			p.certificates = append(p.certificates, c)
			p.labels[c] = "Issuer in " + file
		}
	}
	return p, nil
}

// bundleLine is the command that trusts all certificates of the input.
func (s *session) bundleLine() string {
	return s.here().Line([]string{"import", "-bundle", cmp.Or(s.opt.file.value, "FILE")})
}
