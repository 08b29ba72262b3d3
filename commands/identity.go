package commands

import (
	"gokeytool/identity"
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
