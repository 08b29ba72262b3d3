package commands

import (
	"fmt"

	"gokeytool/internal/console"
)

// onePassword is the password of a key in a PKCS12 keystore: the store's, of
// which keytool warns where another was given.
func (s *session) onePassword(option string, password []byte) []byte {
	if password == nil || samePassword(password, s.ks.password) {
		return password
	}
	s.Stderr.Printf("Warning:  Different store and key passwords not supported for PKCS12 KeyStores. Ignoring user-specified -%s value.\n", option)
	return s.ks.password
}

// askAlias asks for an alias that a command can't do without.
func (s *session) askAlias(prompt console.Text, missing string) (string, error) {
	alias, _, err := s.promptLine(prompt)
	if err == nil && alias == "" {
		err = failf("%s", missing)
	}
	return alias, err
}

// askDestAlias returns what sets alias to -destalias, or asks the user for it.
func (s *session) askDestAlias(given optional[string], alias *string) func() error {
	return func() (err error) {
		if *alias = given.value; !given.given {
			*alias, err = s.askAlias("Enter destination alias name:  ", "Must specify destination alias")
		}
		return err
	}
}

// askStorePassword asks for the keystore's password.
func (s *session) askStorePassword(a access) error {
	k := s.ks
	if a.asks == asksNever {
		return nil
	}
	prompt := console.Text("Enter keystore password:  ")
	if a.prompt != "" {
		prompt = a.prompt
	}
	if s.ownStyle() && k.exists && !k.none {
		return s.unlockKeystore(a, prompt)
	}
	if a.asks == asksOnce {
		password, err := s.promptSecret(prompt)
		k.password = password
		return err
	}
	for range 3 {
		password, err := s.promptSecret(prompt)
		if err != nil {
			return err
		}
		if passwordLength(password) < minPassword && !k.none {
			s.Stderr.Print("Keystore password is too short - must be at least 6 characters\n")
			continue
		}
		if !k.exists && !k.none {
			again, err := s.promptSecret("Re-enter new password: ")
			if err != nil {
				return err
			}
			if !samePassword(password, again) {
				s.Stderr.Print("They don't match. Try again\n")
				continue
			}
		}
		k.password = password
		return nil
	}
	const text = "Too many failures - try later"
	if s.ownStyle() {
		return failf(text) // nothing was done
	}
	s.Stderr.Printf("%s\n", text)
	return errQuiet
}

// askExistingKeyPassword asks for the password of a key, up to three times.
func (s *session) askExistingKeyPassword(alias string) ([]byte, error) {
	for range 3 {
		password, err := s.promptSecret(console.Textf("Enter key password for <%s>", alias))
		if err != nil || password != nil {
			return password, err
		}
	}
	if s.ownStyle() {
		return nil, fmt.Errorf("the key <%s> needs its password, and none was given", alias)
	}
	return nil, failf("Too many failures - try later")
}

// askKeyPassword asks for the password of a new key entry. In PKCS12 there is
// but the store's; ENTER and the end of input mean the same.
func (s *session) askKeyPassword(alias string) ([]byte, error) {
	if s.ks.keypass != nil {
		return s.ks.keypass, nil
	}
	if s.ks.token != nil {
		return nil, nil // the PIN protects it
	}
	same := s.ks.password
	if (same != nil && s.ks.pkcs12()) || s.opt.protected {
		return same, nil
	}
	prompt := console.Textf("Enter key password for <%s>", alias)
	if same != nil {
		prompt += "\n\t(RETURN if same as keystore password):  "
	}
	return s.promptKeyPassword(prompt, same, "Too many failures - key not added to keystore")
}

// promptKeyPassword asks for the new password of a key, twice; ENTER and the
// end of input mean same. After three tries it fails with that text.
func (s *session) promptKeyPassword(prompt console.Text, same []byte, failure string) ([]byte, error) {
	for range 3 {
		password, err := s.promptSecret(prompt)
		if err != nil {
			return nil, err
		}
		if password == nil && same != nil {
			return same, nil
		}
		if passwordLength(password) < minPassword {
			s.Stderr.Print("Key password is too short - must be at least 6 characters\n")
			continue
		}
		again, err := s.promptSecret("Re-enter new password: ")
		if err != nil {
			return nil, err
		}
		if samePassword(password, again) {
			return password, nil
		}
		s.Stderr.Print("They don't match. Try again\n")
	}
	return nil, failf("%s", failure)
}
