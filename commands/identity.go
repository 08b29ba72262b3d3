package commands

import (
	"context"
	"errors"

	"gokeytool/identity"
	"gokeytool/store/entry"
)

// tomcatPassword is the password Tomcat tries where none is configured.
const tomcatPassword = "changeit"

// openServed opens a keystore as Tomcat does: with the password changeit where
// none is given. Only if that one is wrong the user is asked.
func (s *session) openServed(ctx context.Context) error {
	asked := s.opt.storepass == nil
	err := s.openKeystore(ctx, access{asks: asksOnce, password: []byte(tomcatPassword)})
	if asked && err == nil && s.opt.keypass == nil && !fits(s.ks.Store, s.ks.password) {
		err = entry.ErrPassword // of the keys alone
	}
	if asked && errors.Is(err, entry.ErrPassword) {
		err = s.openKeystore(ctx, access{asks: asksOnce, keys: s.opt.keypass == nil})
	}
	return err
}

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
