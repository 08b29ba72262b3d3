package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gokeytool/internal/console"
	"gokeytool/store/entry"
)

type keypasswdOptions struct{ same bool }

func readKeypasswd(l line) keypasswdOptions { return keypasswdOptions{l.has("same")} }

// keypasswd gives a key another password; with -same it gives keys the
// keystore's.
func keypasswd(ctx context.Context, s *session, o keypasswdOptions) error {
	if o.same {
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

// samePasswords gives every key, or the one of -alias, the keystore's password:
// Tomcat and many others know but one.
func samePasswords(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true, foreignKeys: true, passwords: true}); err != nil {
		return err
	}
	own := s.ks.keypass
	if s.ks.password == nil {
		return failf("Must specify keystore password")
	}
	if s.opt.alias.given {
		if _, err := s.ks.get(s.opt.alias.value); err != nil {
			return err
		}
	}
	var changed []string
	for _, e := range s.ks.Entries() {
		alias := s.ks.JavaAlias(e)
		if e.Kind == entry.TrustedCertificate || s.opt.alias.given && alias != s.ks.StoredAlias(s.opt.alias.value) {
			continue
		}
		if key, err := s.ks.KeyOf(e, s.ks.password); err == nil {
			s.keep(key)
			continue
		} else if !errors.Is(err, entry.ErrPassword) {
			return err
		}
		password := own
		if password == nil {
			var err error
			if password, err = s.askExistingKeyPassword(alias); err != nil {
				return err
			}
		}
		key, err := s.ks.KeyOf(e, password)
		if errors.Is(err, entry.ErrPassword) && own != nil && !s.opt.alias.given { // there are several
			return withHint(err, fmt.Sprintf("neither the keystore's password nor that of -keypass opens the key of <%s>; nothing is changed: without -keypass each key's is asked for",
				alias))
		}
		if err != nil {
			return err
		}
		sealed, err := s.ks.Seal(s.keep(key), s.ks.password)
		if err != nil {
			return err
		}
		if err := s.ks.Reseal(e, sealed, time.Time{}); err != nil {
			return err
		}
		changed = append(changed, alias)
	}
	if len(changed) == 0 {
		s.talk().Print("Every key has the keystore's password\n")
		return nil
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	for _, alias := range changed {
		s.talk().Printf("The key <%s> has the keystore's password now\n", alias)
	}
	return nil
}
