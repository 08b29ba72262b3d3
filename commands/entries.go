package commands

import (
	"crypto"
	"errors"
	"fmt"
	"strings"

	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
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
			s.ks.path, removalLine(s.ks, s.here(), alias))}
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

// recoverEntry opens the key of an entry with the key's password if given,
// else the keystore's, else the user is asked: but not for PKCS12, where keys
// have no password of their own. The question has the alias as it was named.
func (s *session) recoverEntry(k *keystore, e *entry.Entry, alias string) (entry.Key, []byte, error) {
	if k.token != nil {
		key, err := k.KeyOf(e, nil)
		return s.keep(key), nil, err
	}
	if k.keypass != nil {
		key, err := k.KeyOf(e, k.keypass)
		return s.keep(key), k.keypass, err
	}
	var refused []string // why the key does not open, if not by the password
	if k.password != nil {
		key, err := k.KeyOf(e, k.password)
		if err != nil && !errors.Is(err, entry.ErrPassword) {
			refused = append(refused, err.Error())
		}
		if err == nil || k.pkcs12() || !s.asksPassword(err) {
			return s.keep(key), k.password, err
		}
	}
	if k.Type().Foreign() { // where keys may be in clear
		if key, err := k.KeyOf(e, nil); err == nil || !errors.Is(err, entry.ErrPassword) {
			return s.keep(key), s.ks.password, err
		}
	}
	if k.password == nil {
		if key, ok := s.openWithout(k.Store, e); ok {
			return key, []byte{}, nil
		}
	}
	password, err := s.askExistingKeyPassword(alias)
	if err != nil {
		return entry.Key{}, nil, withHint(err, refused...)
	}
	key, err := k.KeyOf(e, password)
	return s.keep(key), password, err
}

// asksPassword says whether a key that did not open is asked about: where the
// password is wrong, and in keytool's style where the key is of a class that
// Java refuses, of which keytool thinks the same.
func (s *session) asksPassword(err error) bool {
	return errors.Is(err, entry.ErrPassword) || !s.ownStyle() && errors.Is(err, entry.ErrUnsupported)
}

// salvaged is a key, and the error that came instead of it: in our own style one
// that Java does not recover because something is behind it is taken.
func (s *session) salvaged(e *entry.Entry, password []byte, key entry.Key, err error) (entry.Key, error) {
	if _, odd := errors.AsType[*pkcs12.NotForJavaError](err); !odd || !s.ownStyle() {
		return key, err
	}
	key, err = s.ks.Salvage(e, password)
	return s.keep(key), err
}

// recoverKey opens the private key of an alias as keytool does: with the key
// password given, else the keystore's, else it asks. It returns the password
// that opened it.
func (s *session) recoverKey(k *keystore, alias string, password []byte) (entry.Key, []byte, error) {
	e, err := k.get(alias)
	if err != nil {
		return entry.Key{}, nil, err
	}
	if e.Kind == entry.TrustedCertificate {
		return entry.Key{}, nil, noKey(alias)
	}
	if k.token != nil {
		key, err := k.KeyOf(e, nil)
		return s.keep(key), nil, err
	}
	if password == nil && k.password != nil {
		key, err := k.KeyOf(e, k.password)
		if err == nil || !errors.Is(err, entry.ErrPassword) {
			return s.keep(key), k.password, err
		}
	}
	if password == nil {
		if key, ok := s.openWithout(k.Store, e); ok {
			return key, []byte{}, nil
		}
		if password, err = s.askExistingKeyPassword(alias); err != nil {
			return entry.Key{}, nil, err
		}
	}
	key, err := k.KeyOf(e, password)
	return s.keep(key), password, err
}

// keep has a key wiped when the command ends.
func (s *session) keep(key entry.Key) entry.Key {
	s.secrets = append(s.secrets, key.PKCS8, key.Raw)
	return key
}

// replaceKey puts a new key into an entry, under the password of the old one.
func (s *session) replaceKey(alias string, password []byte, key crypto.Signer, chain []entry.Certificate) error {
	pkcs8, err := keys.MarshalPrivate(key)
	if err != nil {
		return err
	}
	return s.ks.SetKey(alias, s.keep(entry.Key{PKCS8: pkcs8}), password, chain, s.Now())
}
