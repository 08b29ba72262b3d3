package commands

import (
	"context"

	"gokeytool/internal/console"
)

// keypasswd gives a key another password; with -same it gives keys the
// keystore's.
func keypasswd(ctx context.Context, s *session) error {
	if s.req.Has("same") {
		return samePasswords(ctx, s)
	}
	if err := s.openKeystore(ctx, access{changes: true, keyPasswords: true, passwords: true}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	key, old, err := s.recoverKey(s.ks, alias, s.ks.keypass)
	if err != nil {
		return err
	}
	password := s.opt.newpass
	if password == nil {
		if password, err = s.promptNewPassword(console.Textf("key password for <%s>", alias), old); err != nil {
			return err
		}
		s.secrets = append(s.secrets, password)
	}
	sealed, err := s.ks.Seal(key, password)
	if err != nil {
		return err
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if err := s.ks.Reseal(e, sealed, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}
