package commands

import (
	"errors"

	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// recoverEntry opens the key of an entry with the key's password if given,
// else the keystore's, else the user is asked: but not for PKCS12, where keys
// have no password of their own. The question has the alias as it was named.
func (s *session) recoverEntry(k *keystore, e *entry.Entry, alias string) (entry.Key, []byte, error) {
	if k.keypass != nil {
		key, err := k.KeyOf(e, k.keypass)
		return s.keep(key), k.keypass, err
	}
	var refused []string // why the key does not open, if not by the password
	if k.password != nil {
		key, err := k.KeyOf(e, k.password)
		if err != nil && !errors.Is(err, entry.ErrPassword) {
			refused = append(refused, err.Error())
		}
		if err == nil || k.pkcs12() || !s.asksPassword(err) {
			return s.keep(key), k.password, err
		}
	}
	if k.Type().Foreign() { // where keys may be in clear
		if key, err := k.KeyOf(e, nil); err == nil || !errors.Is(err, entry.ErrPassword) {
			return s.keep(key), s.ks.password, err
		}
	}
	if k.password == nil {
		if key, ok := s.openWithout(k.Store, e); ok {
			return key, []byte{}, nil
		}
	}
	password, err := s.askExistingKeyPassword(alias)
	if err != nil {
		return entry.Key{}, nil, withHint(err, refused...)
	}
	key, err := k.KeyOf(e, password)
	return s.keep(key), password, err
}

// asksPassword says whether a key that did not open is asked about: where the
// password is wrong, and in keytool's style where the key is of a class that
// Java refuses, of which keytool thinks the same.
func (s *session) asksPassword(err error) bool {
	return errors.Is(err, entry.ErrPassword) || !s.ownStyle() && errors.Is(err, entry.ErrUnsupported)
}

// salvaged is a key, and the error that came instead of it: in our own style one
// that Java does not recover because something is behind it is taken.
func (s *session) salvaged(e *entry.Entry, password []byte, key entry.Key, err error) (entry.Key, error) {
	if _, odd := errors.AsType[*pkcs12.NotForJavaError](err); !odd || !s.ownStyle() {
		return key, err
	}
	key, err = s.ks.Salvage(e, password)
	return s.keep(key), err
}

// recoverKey opens the private key of an alias as keytool does: with the key
// password given, else the keystore's, else it asks. It returns the password
// that opened it.
func (s *session) recoverKey(k *keystore, alias string, password []byte) (entry.Key, []byte, error) {
	e, err := k.get(alias)
	if err != nil {
		return entry.Key{}, nil, err
	}
	if e.Kind == entry.TrustedCertificate {
		return entry.Key{}, nil, noKey(alias)
	}
	if password == nil && k.password != nil {
		key, err := k.KeyOf(e, k.password)
		if err == nil || !errors.Is(err, entry.ErrPassword) {
			return s.keep(key), k.password, err
		}
	}
	if password == nil {
		if key, ok := s.openWithout(k.Store, e); ok {
			return key, []byte{}, nil
		}
		if password, err = s.askExistingKeyPassword(alias); err != nil {
			return entry.Key{}, nil, err
		}
	}
	key, err := k.KeyOf(e, password)
	return s.keep(key), password, err
}

// keep has a key wiped when the command ends.
func (s *session) keep(key entry.Key) entry.Key {
	s.secrets = append(s.secrets, key.PKCS8, key.Raw)
	return key
}
