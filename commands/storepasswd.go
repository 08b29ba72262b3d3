package commands

import (
	"context"

	"gokeytool/store/entry"
)

// storepasswd gives a keystore another password; in PKCS12 its keys as well.
func storepasswd(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	password := s.opt.newpass
	if password == nil {
		var err error
		if password, err = s.promptNewPassword("keystore password", s.ks.password); err != nil {
			return err
		}
		s.secrets = append(s.secrets, password)
	}
	if s.ks.pkcs12() {
		if err := s.resealAll(password); err != nil {
			return err
		}
	}
	s.ks.password = password
	return s.saveKeystore()
}

// resealAll gives every key another password, also those that Java does not
// see because a later one has the same alias.
func (s *session) resealAll(password []byte) error {
	opens := s.ks.password
	if s.opt.keypass != nil {
		opens = s.opt.keypass
	}
	entries := s.ks.Entries()
	ahead := convertAhead(s.ks.Store, entries, opens, s.ks.Store, password)
	defer ahead.stop()
	sealed := make(map[*entry.Entry][]byte) // the store must not change before all are done
	for _, e := range entries {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		key, ok := ahead.take(e)
		if !ok {
			opened, _, err := s.recoverEntry(s.ks, e, s.ks.AliasOf(e.Alias), s.ks.password, s.opt.keypass)
			if err != nil {
				return err
			}
			if key, err = s.ks.Seal(opened, password); err != nil {
				return err
			}
		}
		sealed[e] = key
	}
	for e, key := range sealed {
		if err := s.ks.Reseal(e, key, s.Now()); err != nil {
			return err
		}
	}
	return nil
}
