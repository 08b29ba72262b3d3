package commands

import (
	"fmt"
	"strings"

	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// printedAlias is the alias of an entry as keytool shows it.
func (k *keystore) printedAlias(e *entry.Entry) string {
	if k.domain {
		return domainPrefix + k.Store.JavaAlias(e)
	}
	return k.Store.JavaAlias(e)
}

// get is the entry of that alias, or keytool's error.
func (k *keystore) get(alias string) (*entry.Entry, error) {
	name := alias
	if k.domain { // with the prefix, or without
		name = strings.TrimPrefix(alias, domainPrefix)
	}
	e, ok := k.Store.Get(name)
	if !ok {
		return nil, explainedBy(failf("Alias <%s> does not exist", alias), (*session).aliasHints)
	}
	return e, nil
}

// aliasTaken is keytool's error where there is an entry of that alias already. What
// was to be done with the alias stands before it.
func aliasTaken(what, alias string) error {
	return explainedBy(failf("%s <%s> already exists", what, alias), func(s *session) []string {
		return []string{fmt.Sprintf("it is in %s: give another -alias, or make room first: %s",
			s.ks.path, s.here().Line([]string{"delete", "-backup", "-alias", alias}))}
	})
}

// noKey is keytool's error where a key is needed, and the entry has none.
func noKey(alias string) error {
	return explained(failf("Alias <%s> has no key", alias),
		"it is a certificate that is trusted: the private key stays in the keystore in which it was made")
}

// certificate is the certificate of that alias, or keytool's error.
func (k *keystore) certificate(alias string) (*x509util.Certificate, error) {
	e, err := k.get(alias)
	if err != nil {
		return nil, err
	}
	if len(e.Chain) == 0 {
		return nil, failf("%s has no public key (certificate)", alias)
	}
	return parseEntryCertificate(alias, e.Chain[0])
}

func parseEntryCertificate(alias string, c entry.Certificate) (*x509util.Certificate, error) {
	parsed, err := x509util.ParseCertificate(c.DER)
	if err != nil {
		return nil, java("java.security.cert.CertificateException", fmt.Sprintf("certificate of %q: %v", alias, err))
	}
	return parsed, nil
}

// trusted says whether a certificate is a trusted one of the keystore, or of
// cacerts where -trustcacerts is given.
func (s *session) trusted(c *x509util.Certificate) bool {
	if s.ks != nil && s.ks.Store != nil {
		if alias, ok := s.ks.FindCertificate(c.Raw); ok {
			if e, _ := s.ks.Store.Get(alias); e != nil && e.Kind == entry.TrustedCertificate {
				return true
			}
		}
	}
	if s.opt.trustcacerts {
		cacerts, err := s.cacerts()
		if err != nil {
			return false
		}
		_, ok := cacerts.FindCertificate(c.Raw)
		return ok
	}
	return false
}

// entriesOf counts the entries of a keystore by kind.
func entriesOf(s *store.Store) string {
	n := make(map[entry.Kind]int)
	for _, e := range s.Entries() {
		n[e.Kind]++
	}
	var list []string
	for _, kind := range []struct {
		entry.Kind
		one, many string
	}{
		{entry.PrivateKey, "private key", "private keys"},
		{entry.SecretKey, "secret key", "secret keys"},
		{entry.TrustedCertificate, "trusted certificate", "trusted certificates"},
	} {
		if n[kind.Kind] > 0 {
			list = append(list, text.CountGrouped(n[kind.Kind], kind.one, kind.many))
		}
	}
	if list == nil {
		return "no entries"
	}
	return strings.Join(list, ", ")
}
