package commands

import (
	"errors"
	"fmt"

	"gokeytool/check"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// keyAliases are the aliases of the private keys in Java's order: the first
// is the one that Tomcat serves where none is named.
func (k *keystore) keyAliases() []string {
	var aliases []string
	for _, e := range k.JavaOrder() {
		if e.Kind == entry.PrivateKey {
			aliases = append(aliases, k.JavaAlias(e))
		}
	}
	return aliases
}

// identity opens the private key of an alias for the endpoint.
func (s *session) identity(alias string) (identity.Identity, error) {
	e, err := s.ks.get(alias)
	if err != nil {
		return identity.Identity{}, err
	}
	password := s.ks.keypass
	if password == nil {
		password = s.ks.password
	}
	return s.entryIdentity(s.ks.Store, s.here(), e, password)
}

// entryIdentity opens the private key of an entry for the endpoint.
func (s *session) entryIdentity(opened *store.Store, from shell.Keystore, e *entry.Entry, password []byte) (identity.Identity, error) {
	alias := opened.JavaAlias(e)
	if e.Kind != entry.PrivateKey {
		return identity.Identity{}, java("java.io.IOException", fmt.Sprintf("Alias name [%s] does not identify a key entry", alias))
	}
	key, err := opened.KeyOf(e, password)
	return s.keyIdentity(opened, from, e, key, err)
}

// keyIdentity is an entry with its key for the endpoint, or says why the key did
// not open.
func (s *session) keyIdentity(opened *store.Store, from shell.Keystore, e *entry.Entry, key entry.Key, err error) (identity.Identity, error) {
	path, alias := from.Path, opened.JavaAlias(e)
	var hinted *hintedError
	if errors.Is(err, entry.ErrPassword) && !errors.As(err, &hinted) {
		err = withHint(err, append([]string{fmt.Sprintf("the key <%s> of %s has another password than the one tried: give it with -keypass, which Tomcat calls certificateKeyPassword (keyPass in the flat dialect)",
			alias, path)}, s.emptyPasswordHints(path)...)...)
	}
	if err != nil {
		return identity.Identity{}, err
	}
	signer, err := identity.PrivateKey(s.keep(key))
	if err != nil {
		return identity.Identity{}, err
	}
	id := check.IdentityOf(opened, from, e, signer)
	id.NoPSS = lacksPSS(signer)
	if len(id.Chain) > 0 {
		id.ACME = s.cameByACME(id.Chain[0])
	}
	return id, nil
}
