package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gokeytool/endpoint"
	"gokeytool/identity"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
)

// byName reports whether the server name that a client asks for is to choose
// among many keys.
func (s *serving) byName() bool { return s.o.sni || len(s.o.also) > 0 }

// furtherKeys opens the keystore's other keys, and all those of -also.
func (s *serving) furtherKeys(first string, v *served) ([]identity.Identity, error) {
	var ids []identity.Identity
	for _, alias := range s.ks.keyAliases() {
		if alias == first {
			continue
		}
		id, err := s.identity(alias)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	for _, file := range s.o.also {
		if isTokenURI(file) {
			return nil, s.errNoTokenHere(file)
		}
		opened, err := v.open(file, store.Options{Password: s.ks.password, Foreign: true})
		if err != nil {
			return nil, err
		}
		if opened.Unread() {
			return nil, noPassword(file, "storepass")
		}
		before := len(ids)
		for _, e := range opened.JavaOrder() {
			if e.Kind != entry.PrivateKey {
				continue
			}
			id, err := s.entryIdentity(opened, s.named(file), e, s.ks.password)
			if errors.Is(err, entry.ErrPassword) && s.ks.keypass != nil {
				id, err = s.entryIdentity(opened, s.named(file), e, s.ks.keypass)
			}
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		if len(ids) == before {
			return nil, fmt.Errorf("-also %s: it holds no private key", file)
		}
	}
	return ids, nil
}

// putFirst puts the identity first that has a name: it is served to clients that
// ask for another, or for none.
func putFirst(ids []identity.Identity, name string) error {
	at := slices.IndexFunc(ids, func(id identity.Identity) bool {
		return slices.ContainsFunc(id.DNSNames(), func(has string) bool { return strings.EqualFold(has, name) })
	})
	if at < 0 {
		return fmt.Errorf("-defaultSSLHostConfigName %s: no certificate here has this name", name)
	}
	chosen := ids[at]
	copy(ids[1:], ids[:at])
	ids[0] = chosen
	return nil
}

// namesOf are the server names that lead to an identity of a host. Where there is
// nothing to choose they are left out.
func namesOf(host endpoint.Host, i int) []string {
	if len(host.Names) > 0 || len(host.Identities) == 1 {
		return host.Names
	}
	names := host.Identities[i].DNSNames()
	if i == 0 {
		names = append(names, tomcat.DefaultHostName)
	}
	return names
}
