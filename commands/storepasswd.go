package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gokeytool/internal/shell"
	"gokeytool/store/entry"
)

type storepasswdOptions struct{ same bool }

func readStorepasswd(l line) storepasswdOptions { return storepasswdOptions{l.has("same")} }

// storepasswd gives a keystore another password; in PKCS12 its keys as well, with
// -same in JKS and JCEKS those that have the same.
func storepasswd(ctx context.Context, s *session, o storepasswdOptions) error {
	if err := s.openKeystore(ctx, access{changes: true, passwords: true}); err != nil {
		return err
	}
	if s.ownStyle() && !s.ks.protects() {
		return withHint(fmt.Errorf("%s has no password: nothing in it is encrypted or checked with one, and nothing would be", s.ks.path),
			"to give it one: "+shell.Line("gokeytool", "migrate", "-profile", "default", shell.File(s.ks.path)))
	}
	password := s.opt.newpass
	if password == nil {
		var err error
		if password, err = s.promptNewPassword("keystore password", s.ks.password); err != nil {
			return err
		}
		s.secrets = append(s.secrets, password)
	}
	reseal := func([]byte) error { return nil }
	switch {
	case s.ks.pkcs12():
		reseal = s.resealAll
	case o.same:
		reseal = s.resealSame
	}
	if err := reseal(password); err != nil {
		return err
	}
	s.ks.password = password
	return s.saveKeystore()
}

// protects says whether anything in the keystore hangs on a password: its
// integrity, its certificates, or a key.
func (k *keystore) protects() bool {
	if !k.passwordless() {
		return true
	}
	for _, e := range k.Entries() {
		if e.Kind != entry.TrustedCertificate {
			return true // its key is sealed again
		}
	}
	return false
}

// resealSame gives the keys another password that have the keystore's, and leaves
// those with one of their own.
func (s *session) resealSame(password []byte) error {
	for _, e := range s.ks.Entries() {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		key, err := s.ks.KeyOf(e, s.ks.password)
		if errors.Is(err, entry.ErrPassword) {
			continue
		}
		if err != nil {
			return err
		}
		sealed, err := s.ks.Seal(s.keep(key), password)
		if err != nil {
			return err
		}
		if err := s.ks.Reseal(e, sealed, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// resealAll gives every key another password, also those that Java does not
// see because a later one has the same alias.
func (s *session) resealAll(password []byte) error {
	opens := s.ks.password
	if s.ks.keypass != nil {
		opens = s.ks.keypass
	}
	entries := s.ks.Entries()
	ahead := resealAhead(s.ks.Store, entries, opens, s.ks.Store, password)
	defer ahead.stop()
	sealed := make(map[*entry.Entry][]byte) // the store must not change before all are done
	for _, e := range entries {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		key, ok := ahead.take(e)
		if !ok {
			opened, with, err := s.recoverEntry(s.ks, e, s.ks.JavaAlias(e))
			if opened, err = s.salvaged(e, with, opened, err); err != nil {
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
