package commands

import (
	"context"

	"gokeytool/internal/console"
	"gokeytool/store/entry"
)

type keycloneOptions struct{ destalias optional[string] }

func readKeyclone(l line) keycloneOptions { return keycloneOptions{l.text("destalias")} }

// keyclone copies a private key to another alias, where it may have another
// password.
func keyclone(ctx context.Context, s *session, o keycloneOptions) error {
	var destalias string
	if err := s.openKeystore(ctx, access{changes: true, ask: s.askDestAlias(o.destalias, &destalias)}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if e.Kind != entry.PrivateKey {
		return failf("Alias <%s> references an entry type that is not a private key entry.  The -keyclone command only supports cloning of private key entries", alias)
	}
	if _, exists := s.ks.Store.Get(destalias); exists {
		return aliasTaken("Destination alias", destalias)
	}
	if s.ks.token != nil && !s.ownStyle() { // Java stores the key that it has, with another name
		if err := s.ks.Rename(alias, destalias, s.Now()); err != nil {
			return err
		}
		return s.saveKeystore()
	}
	key, password, err := s.recoverEntry(s.ks, e, alias)
	if err != nil {
		return err
	}
	switch {
	case s.ks.token != nil:
	case s.ks.pkcs12() || s.opt.protected:
	case s.opt.newpass != nil:
		password = s.opt.newpass
	default:
		prompt := console.Textf("Enter key password for <%s>\n\t(RETURN if same as for <%s>)", destalias, alias)
		password, err = s.promptKeyPassword(prompt, password, "Too many failures. Key entry not cloned")
		if err != nil {
			return err
		}
	}
	if err := s.ks.SetKey(destalias, key, password, e.Chain, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
