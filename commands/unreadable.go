package commands

import (
	"bytes"
	"errors"
	"fmt"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

// What Java can't read of a certificate costs the whole keystore that holds it:
// no entry of it opens then. Nothing of that kind is written, unless the user
// says that it is not for Java.

// notForJava is the option of those who write for other readers.
const notForJava = "notforjava"

// refuseUnreadable returns why a certificate goes into no keystore: that Java
// can't read it. What it is called stands before it, such as "the certificate
// of <tomcat>". In keytool's style the words are those of the release.
func (s *session) refuseUnreadable(what string, c entry.Certificate) error {
	if s.opt.notForJava {
		return nil
	}
	if !s.ownStyle() {
		if err := keytool.StoredError(c.Type, c.DER, s.release); err != nil {
			return withHint(err, s.unreadableHints(what, c)...)
		}
		return nil
	}
	if refused := keytool.RefusedByJava(c.Type, c.DER); refused != nil {
		return withHint(fmt.Errorf("%s can't be read by %s: %s", what, refused.Readers(), refused.Reason()), unreadableRemedy(refused)...)
	}
	return nil
}

// unreadableHints say in keytool's style what is wrong with a certificate.
func (s *session) unreadableHints(what string, c entry.Certificate) []string {
	refused := keytool.RefusedByJava(c.Type, c.DER)
	if refused == nil {
		return nil
	}
	return append([]string{fmt.Sprintf("%s can't be read by %s: %s", what, refused.Readers(), refused.Reason())}, unreadableRemedy(refused)...)
}

func unreadableRemedy(refused *keytool.Refusal) []string {
	return []string{
		"Java opens no keystore that holds it, not even its other entries: get " + refused.Better(),
		"for other readers than Java it is written with -" + notForJava,
	}
}

// theCertificate names a certificate that stands in a file, "" for the standard
// input.
func theCertificate(c *x509util.Certificate, file string) string {
	what := "the certificate"
	if subject := c.Subject.String(); subject != "" {
		what += " " + subject
	}
	if file == "" {
		return what
	}
	return what + " in " + file
}

// refuseCertificate is refuseUnreadable for a certificate that was read from a
// file.
func (s *session) refuseCertificate(c *x509util.Certificate, file string) error {
	return s.refuseUnreadable(theCertificate(c, file), entry.X509(c.Raw))
}

// refuseEntry is refuseUnreadable for the certificates of an entry.
func (s *session) refuseEntry(alias string, chain []entry.Certificate) error {
	for i, c := range chain {
		if err := s.refuseUnreadable(ofEntry(alias, i, len(chain)), c); err != nil {
			return err
		}
	}
	return nil
}

// ofEntry names certificate i of n of an entry.
func ofEntry(alias string, i, n int) string {
	if n > 1 {
		return fmt.Sprintf("certificate %d of %d of <%s>", i+1, n, alias)
	}
	return fmt.Sprintf("the certificate of <%s>", alias)
}

// inWords puts an error of keytool's in the place of another, whose hints stay.
func inWords(words, err error) error {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return &hintedError{words, hinted.by, hinted.hints}
	}
	return words
}

// refusePrinted is keytool's refusal to print what Java can't read. Our own style
// shows it, and says so.
func (s *session) refusePrinted(certificates []*x509util.Certificate) error {
	for _, c := range certificates {
		if err := s.refuseCertificate(c, s.opt.file.value); err != nil {
			if !s.ownStyle() {
				return inWords(failf("Failed to parse input"), err)
			}
			s.Stderr.Printf("gokeytool: %s\n", err)
		}
	}
	return nil
}

// refuseImported is refuseEntry for an entry of a source. keytool does not open
// one that holds what Java can't read; in PKCS12 it takes that for a wrong
// password, unless the certificates are in clear.
func (s *session) refuseImported(source *keystore, alias string, e *entry.Entry) error {
	err := s.refuseEntry(alias, e.Chain)
	if err == nil {
		return nil
	}
	take := "or take the entry out of the source, which keeps it as it was: " + removalLine(source, s.lineOf(source), alias)
	if source.token != nil {
		take = "or leave the entry out: name those that are to be imported with -srcalias, one by one"
	}
	if p, ok := source.Params(); ok && !s.ownStyle() && p.CertAlgorithm != pkcs12.None {
		err = inWords(java("java.io.IOException", "keystore password was incorrect"), err)
	}
	return withMore(err, take)
}

// refuseRecoded is refuseEntry for an entry of a keystore that is converted.
func (s *session) refuseRecoded(e *entry.Entry) error {
	alias := s.ks.JavaAlias(e)
	if err := s.refuseEntry(alias, e.Chain); err != nil {
		return withMore(err, "or take the entry out, which keeps the file as it was: "+s.here().Line([]string{"delete", "-backup", "-alias", alias}))
	}
	return nil
}

// certificatesIn are those that a keystore had when it was opened. They may stay
// as they are, so that the others can be seen to.
type certificatesIn struct {
	first map[*byte]bool // where they lie in memory: most are not touched
	all   [][]byte
}

func (in *certificatesIn) note(s *store.Store) {
	in.first, in.all = make(map[*byte]bool), nil
	for _, e := range s.Entries() {
		for _, c := range e.Chain {
			if len(c.DER) > 0 {
				in.first[&c.DER[0]] = true
				in.all = append(in.all, c.DER)
			}
		}
	}
}

func (in *certificatesIn) has(der []byte) bool {
	for _, known := range in.all {
		if bytes.Equal(known, der) {
			return true
		}
	}
	return false
}

// refuseNew is refuseEntry for what has come into the keystore since it was
// opened.
func (s *session) refuseNew(k *keystore) error {
	if k.Type().Foreign() {
		return nil
	}
	for _, e := range k.Entries() {
		for i, c := range e.Chain {
			if len(c.DER) > 0 && k.had.first[&c.DER[0]] {
				continue
			}
			if err := s.refuseUnreadable(ofEntry(k.JavaAlias(e), i, len(e.Chain)), c); err != nil && !k.had.has(c.DER) {
				return err
			}
		}
	}
	return nil
}

// closedToJava is why Java opens no entry of a keystore: a certificate in it that Java
// can't read; nil where there is none, and where the file is none of Java's keystores.
func closedToJava(opened *store.Store, from shell.Keystore) *finding.Finding {
	closed := func(text, remedy string) *finding.Finding {
		return &finding.Finding{Check: "Java", ID: "unreadable-certificate", Text: text, Remedy: remedy}
	}
	if opened.Type().Foreign() {
		return nil
	}
	for _, e := range opened.Entries() {
		alias := opened.JavaAlias(e)
		for i, c := range e.Chain {
			if refused := keytool.RefusedByJava(c.Type, c.DER); refused != nil {
				return closed(
					fmt.Sprintf("%s can't open %s at all, because of %s: %s",
						refused.Readers(), from.Path, ofEntry(alias, i, len(e.Chain)), refused.Reason()),
					shell.Note(from.Line([]string{"delete", "-backup", "-alias", alias}), "or put in its place "+refused.Better()))
			}
		}
	}
	if opened.Type() == store.PKCS12 {
		for _, c := range opened.Untrusted() {
			if refused := keytool.RefusedByJava(c.Type, c.DER); refused != nil {
				return closed(
					fmt.Sprintf("%s can't open %s at all, because of a certificate in it that is no entry: %s",
						refused.Readers(), from.Path, refused.Reason()),
					from.Operand([]string{"convert"}, "NEW.p12"))
			}
		}
	}
	return nil
}
