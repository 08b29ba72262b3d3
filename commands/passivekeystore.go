package commands

import (
	"cmp"
	"context"

	"gokeytool/store"
)

// openKeystoreIfAny opens the keystore of a command that needs none: keytool
// looks into it for trusted certificates, without ever asking for a password.
// Unless it was named, a keystore that can't be opened is none.
func (s *session) openKeystoreIfAny(ctx context.Context) error {
	if err := cmp.Or(s.checkProviders(), s.checkStoreProvider()); err != nil {
		return err
	}
	err := s.openKeystore(ctx, access{creates: true, asks: asksNever, file: s.opt.file})
	if err != nil && !s.opt.keystore.given && !s.opt.cacerts {
		s.ks = nil
		return checkFileName(s.opt.file)
	}
	if err != nil || !s.ownStyle() || !s.unread() {
		return err
	}
	k := s.ks
	if _, err := openEmpty(func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.storetype.value) }); err == nil {
		return nil
	}
	if !s.opt.keystore.given && !s.opt.cacerts {
		s.ks = nil
		return nil
	}
	return noPassword(k.path, "storepass")
}
