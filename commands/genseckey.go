package commands

import "context"

// genseckey makes a secret key.
func genseckey(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if !s.opt.given("keyalg") {
		return failf("The -keyalg option must be specified.")
	}
	return s.addSecretKey()
}
