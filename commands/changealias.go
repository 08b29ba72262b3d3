package commands

import (
	"context"

	"gokeytool/store/entry"
)

// changealias gives an entry another alias.
func changealias(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(s.opt.destalias); exists {
		return failf("Destination alias <%s> already exists", s.opt.destalias)
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if e.Kind != entry.TrustedCertificate {
		// keytool opens the key to store it anew. Ours stays sealed as it is,
		// but that its password is known stays a condition.
		if _, _, err := s.recoverEntry(s.ks, e, alias, s.ks.password, s.opt.keypass); err != nil {
			return err
		}
	}
	if err := s.ks.Rename(alias, s.opt.destalias, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
