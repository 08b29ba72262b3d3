package commands

import "context"

// deleteEntry removes an entry.
func deleteEntry(ctx context.Context, s *session) error {
	alias := s.opt.alias.value
	ask := func() (err error) {
		if !s.opt.alias.given {
			alias, err = s.askAlias("Enter alias name:  ", "Must specify alias")
		}
		return err
	}
	if err := s.openKeystore(ctx, access{changes: true, ask: ask}); err != nil {
		return err
	}
	if _, err := s.ks.get(alias); err != nil {
		return err
	}
	if err := s.ks.Delete(alias); err != nil {
		return err
	}
	return s.saveKeystore()
}
