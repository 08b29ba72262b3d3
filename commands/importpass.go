package commands

import (
	"context"
	"errors"
)

// importpass stores a password, as a secret key.
func importpass(ctx context.Context, s *session) error {
	if s.ownStyle() && s.opt.given("keysize") {
		return errors.New("-keysize does nothing here: a password has its own length, and genseckey makes keys")
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if !s.opt.given("keyalg") {
		s.opt.keyalg = "PBE"
	}
	return s.addSecretKey()
}
