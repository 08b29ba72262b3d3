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
		for _, e := range s.ks.Entries() {
			if e.Kind == entry.TrustedCertificate {
				continue
			}
			key, _, err := s.recoverEntry(s.ks, e.Alias, s.ks.password, s.opt.keypass)
			if err != nil {
				return err
			}
			if err := s.ks.SetKey(e.Alias, key, password, e.Chain, s.Now()); err != nil {
				return err
			}
		}
	}
	s.ks.password = password
	return s.saveKeystore()
}
