package commands

import "context"

// deleteEntry removes an entry.
func deleteEntry(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	if _, err := s.ks.get(s.opt.alias); err != nil {
		return err
	}
	if err := s.ks.Delete(s.opt.alias); err != nil {
		return err
	}
	return s.saveKeystore()
}
