package commands

import (
	"context"

	"gokeytool/store/entry"
)

type changealiasOptions struct{ destalias optional[string] }

func readChangealias(l line) changealiasOptions { return changealiasOptions{l.text("destalias")} }

// changealias gives an entry another alias.
func changealias(ctx context.Context, s *session, o changealiasOptions) error {
	var destalias string
	if err := s.openKeystore(ctx, access{changes: true, ask: s.askDestAlias(o.destalias, &destalias)}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(destalias); exists {
		return aliasTaken("Destination alias", destalias)
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if e.Kind != entry.TrustedCertificate && s.ks.token == nil {
		// keytool opens the key to store it again. Ours stays sealed as it is,
		// but that its password is known stays a condition.
		if _, _, err := s.recoverEntry(s.ks, e, alias); err != nil {
			return err
		}
	}
	if err := s.ks.Rename(alias, destalias, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
