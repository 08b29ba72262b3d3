package commands

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/x509util"
)

// ownKeys are the certificates of a keystore's private keys, by public key.
type ownKeys map[string][]ownKey

type ownKey struct {
	alias       string
	certificate []byte // the first of the chain, in DER
}

// ownKeys are those of the keystore but for one alias, in Java's order.
func (s *session) ownKeys(except string) ownKeys {
	keys := make(ownKeys)
	for _, alias := range s.ks.keyAliases() {
		if except != "" && alias == s.ks.StoredAlias(except) {
			continue
		}
		if c, err := s.ks.certificate(alias); err == nil {
			keys[string(c.SPKI)] = append(keys[string(c.SPKI)], ownKey{alias, c.Raw})
		}
	}
	return keys
}

// of finds the key that a certificate was issued for, where that key has another
// certificate: the alias to which it belongs, as a CA's reply does.
func (k ownKeys) of(c *x509util.Certificate) (alias string, ok bool) {
	own := k[string(c.SPKI)]
	if len(own) == 0 || slices.ContainsFunc(own, func(o ownKey) bool { return bytes.Equal(o.certificate, c.Raw) }) {
		return "", false // there is none, or it is where it belongs
	}
	return own[0].alias, true
}

// replyLine is the command that gives a certificate in a file to its key.
func (s *session) replyLine(alias, file string) string {
	return s.here().KeyLine([]string{"importcert", "-alias", alias}, "-file", cmp.Or(file, "REPLY"))
}

// besideHints say why a certificate does not belong beside its key.
func besideHints(alias, line string) []string {
	return []string{
		fmt.Sprintf("it is for the key of <%s>: beside it, as a trusted one, it is of no use to the key, which keeps showing its old certificate", alias),
		"to give it to the key: " + line,
	}
}

// adding says how a command adds trusted certificates.
type adding struct {
	force bool                      // even one that was issued for a key of the keystore
	asks  bool                      // the user may be asked about such a one
	line  func(alias string) string // the command that gives it to the key of that alias
}

// keepBeside decides on a trusted certificate that was issued for a key of the
// keystore: in our own style the user is asked, at a terminal, and it is refused
// elsewhere, unless -force says so. keytool adds it; a hint follows then.
func (s *session) keepBeside(keys ownKeys, c *x509util.Certificate, adds adding) (bool, error) {
	alias, ok := keys.of(c)
	if !ok || adds.force {
		return true, nil
	}
	hints := besideHints(alias, adds.line(alias))
	switch {
	case !s.ownStyle():
		s.hint(hints...)
		return true, nil
	case s.ReadSecret != nil && !s.opt.noprompt && adds.asks:
		s.hint(hints...)
		return s.promptYesNo("Add it as a trusted certificate anyway? [no]:  ")
	}
	return false, withHint(fmt.Errorf("%s was not added: its key is in the keystore, under alias <%s>", c.Called(), alias),
		append(hints, "to trust it anyway: -force")...)
}

// notThisKey adds to the refusal of a reply for which key of the keystore it is, if
// it is for one.
func (s *session) notThisKey(err error, reply ...*x509util.Certificate) error {
	keys := s.ownKeys(s.aliasOrDefault())
	for _, c := range reply {
		if alias, ok := keys.of(c); ok {
			return withHint(err, fmt.Sprintf("it is for the key of <%s>: %s", alias, s.replyLine(alias, s.opt.file.value)))
		}
	}
	return err
}

// sayDates tells of a certificate that has ended or not begun.
func (s *session) sayDates(c *x509util.Certificate) {
	name, now := c.Called(), s.Now()
	switch {
	case now.Before(c.NotBefore):
		s.note(fmt.Sprintf("%s is not valid before %s, in %s", name, x509util.Day(c.NotBefore), x509util.Span(c.NotBefore.Sub(now))))
	case now.After(c.NotAfter):
		s.note(fmt.Sprintf("%s expired on %s, %s ago", name, x509util.Day(c.NotAfter), x509util.Span(now.Sub(c.NotAfter))))
	}
}

// sayFaults tells of a key's new chain what check would: that a certificate has
// ended or not begun, and that a server's names no host.
func (s *session) sayFaults(alias string, chain []*x509util.Certificate) {
	for _, c := range chain {
		s.sayDates(c)
	}
	if !x509util.PurposeOf(chain[0], x509util.Use{}).TLS() {
		return
	}
	here := s.here()
	id := identity.Identity{Alias: alias, Keystore: here.Path, StoreType: string(s.ks.Type()), Open: here.Open, Keypass: here.Keypass}
	for _, c := range chain {
		id.Chain = append(id.Chain, c.Raw)
	}
	for _, check := range identity.Examine(id, identity.Options{Now: s.Now()}) {
		if check.ID == "names" {
			s.note(check.Text)
			if check.Remedy != "" {
				s.note("to change that: " + check.Remedy)
			}
		}
	}
}

// sayOtherEntry tells that a key which was imported is in the keystore twice.
func (s *session) sayOtherEntry(alias string, leaf *x509util.Certificate) {
	other, ok := s.ownKeys(alias).of(leaf)
	if !ok {
		return
	}
	s.note(fmt.Sprintf("the key is in the keystore under alias <%s> as well, with another certificate: a server may go on to show that one", other))
	s.note("if it is of no use any more: " + removalLine(s.ks, s.here(), other))
}

// note tells in our own style what is to be known of what was done.
func (s *session) note(text string) {
	if !s.ownStyle() {
		s.hint(text)
		return
	}
	s.Stderr.Printf("gokeytool: %s\n", withoutCredentials(text))
}

// shownLine is the command that gives what a server shows to its key.
func (s *session) shownLine(alias, address string) string {
	return shell.Line("gokeytool", "printcert", "-rfc", "-sslserver", address) + " >REPLY && " + s.replyLine(alias, "")
}
