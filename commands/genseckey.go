package commands

import "context"

type genseckeyOptions struct{ secretKey secretKeyOptions }

func readGenseckey(l line) genseckeyOptions { return genseckeyOptions{readSecretKey(l)} }

// genseckey makes a secret key.
func genseckey(ctx context.Context, s *session, o genseckeyOptions) error {
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if !o.secretKey.algorithm.given {
		return noKeyalg()
	}
	return s.addSecretKey(o.secretKey.algorithm.value, o.secretKey.size)
}
