package commands

import (
	"context"
	"errors"
	"fmt"
)

type importpassOptions struct{ secretKey secretKeyOptions }

func readImportpass(l line) importpassOptions { return importpassOptions{readSecretKey(l)} }

// importpass stores a password, as a secret key.
func importpass(ctx context.Context, s *session, o importpassOptions) error {
	if s.ownStyle() && o.secretKey.size.given {
		return errors.New("-keysize does nothing here: a password has its own length, and genseckey makes keys")
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if s.ks.token != nil && s.ownStyle() {
		return withHint(fmt.Errorf("%s: a token holds keys, no passwords", s.ks.path), "PKCS12 and JCEKS files hold them: -keystore passwords.p12")
	}
	return s.addSecretKey(o.secretKey.algorithm.or(keystoresPBE), o.secretKey.size)
}
