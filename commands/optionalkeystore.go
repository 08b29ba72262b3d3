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
	return s.openKeystore(ctx, access{creates: true, asks: asksNever, file: s.opt.file, optional: true})
}

// openedWhole says in our own style why not all of an optional keystore was read:
// it has a password, and not the empty one.
func (s *session) openedWhole() error {
	if !s.ownStyle() || !s.unread() || s.ks.token != nil { // trusted certificates are public
		return nil
	}
	k := s.ks
	if _, err := openEmpty(func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.storetype.value) }); err != nil {
		return noPassword(k.path, "storepass")
	}
	return nil
}
