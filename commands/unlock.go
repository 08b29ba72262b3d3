package commands

import (
	"cmp"
	"errors"
	"fmt"

	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// maxPasswords is how often our own style asks for a password that is needed.
const maxPasswords = 3

// locked is a keystore file that is to be opened with a password that the user
// is asked for.
type locked struct {
	path   string
	prompt console.Text
	must   bool // nothing can be done without the password
	// open reads the file with a password; with nil as far as that goes.
	open func(password []byte) (*store.Store, error)
}

// passwordOf is the question for the password of a file that has no option of
// keytool's.
func passwordOf(path string) console.Text {
	return console.Textf("Enter password of %s:  ", path)
}

// unlock asks for the password of a file and opens it. ENTER, and the end of
// input, stand for the empty password where that is the file's. Else the user
// is asked again if something in the file stays unread, and somebody is there
// to answer. The password is nil if none was given in the end.
func (s *session) unlock(l locked) (*store.Store, []byte, error) {
	var opened *store.Store
	for range maxPasswords {
		password, err := s.promptSecret(l.prompt)
		if err != nil {
			return nil, nil, err
		}
		if password != nil {
			opened, err = l.open(password)
			return opened, password, err
		}
		if opened, err = openEmpty(l.open); err == nil {
			return opened, []byte{}, nil
		}
		if opened, err = l.open(nil); err != nil {
			return nil, nil, err
		}
		if s.lines.Ended() || !l.must && (s.ReadSecret == nil || !opened.Unread()) {
			break
		}
		s.Stderr.Printf("%s has a password, and it is not the empty one\n", l.path)
	}
	return opened, nil, nil
}

// openEmpty opens a file with the empty password. The error is one of
// entry.ErrPassword where that is not the file's.
func openEmpty(open func(password []byte) (*store.Store, error)) (*store.Store, error) {
	opened, err := open([]byte{})
	if err == nil && !fits(opened, []byte{}) {
		err = entry.ErrPassword
	}
	return opened, err
}

// fits says whether a password that a store was opened with is its own. A PKCS12
// file may have neither a MAC nor encrypted certificates: then it opens with any
// password, and a key tells.
func fits(s *store.Store, password []byte) bool {
	if s.Confirmed() {
		return true
	}
	for _, e := range s.Entries() {
		if e.Kind != entry.TrustedCertificate {
			key, err := s.KeyOf(e, password)
			key.Wipe()
			return err == nil
		}
	}
	return true
}

// noPasswordError says that a file was not read, or not whole, because nobody
// gave its password.
type noPasswordError struct{ path string }

func (e *noPasswordError) Error() string {
	return e.path + " needs its password, and none was given: what it encrypts was not read"
}

// noPassword is the error of a file whose password that option gives.
func noPassword(path, option string) error {
	return withHint(&noPasswordError{path},
		fmt.Sprintf("give it with -%[1]s:file FILE or -%[1]s:env NAME, or type it when asked; the empty one does not open it", option))
}

// openUnasked opens a file whose password nobody is asked for: with the one
// given by the option, else with changeit, the empty one, or none where that
// reads all of it. It returns the password that it was opened with.
func openUnasked(path string, password []byte, option string) (*store.Store, []byte, error) {
	open := func(password []byte) (*store.Store, error) {
		return store.Open(path, store.Options{Password: password, Foreign: true})
	}
	if password != nil {
		opened, err := open(password)
		return opened, password, err
	}
	opened, err := open([]byte(tomcatPassword))
	if err == nil && fits(opened, []byte(tomcatPassword)) {
		return opened, []byte(tomcatPassword), nil
	}
	if err != nil && !errors.Is(err, entry.ErrPassword) {
		return nil, nil, err
	}
	if opened, err = openEmpty(open); err == nil {
		return opened, []byte{}, nil
	}
	if opened, err = open(nil); err == nil && opened.Unread() {
		err = noPassword(path, option)
	}
	return opened, nil, err
}

// unlockKeystore asks for the password of the command's keystore, which is
// there, in our own style.
func (s *session) unlockKeystore(a access, prompt console.Text) error {
	k := s.ks
	_, password, err := s.unlock(locked{
		path: k.path, prompt: prompt, must: a.asks == asksUntilValid,
		open: func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.storetype.value) },
	})
	if err != nil {
		return err
	}
	k.password = password
	if password == nil && (a.asks == asksUntilValid || k.Unread() && !a.partial || a.keys && !fits(k.Store, nil)) {
		return noPassword(k.path, "storepass")
	}
	return nil
}

// reopen reads the keystore again with a password.
func (k *keystore) reopen(password []byte, storetype string) (*store.Store, error) {
	k.password = password
	err := k.load(storetype)
	return k.Store, err
}

// unread says that parts of the command's keystore stayed unread for want of a
// password.
func (s *session) unread() bool {
	return s.ks != nil && s.ks.Store != nil && (s.ks.Unread() || s.ks.public)
}

// unreadHints tell of a keystore that was read without its password.
func (s *session) unreadHints() []string {
	if !s.unread() {
		return nil
	}
	if s.ks.public {
		return []string{fmt.Sprintf("no PIN was given for %s: its keys were not seen, and with them their entries", s.ks.path)}
	}
	return []string{fmt.Sprintf("no password was given for %s: what it encrypts, its certificates as a rule, was not read", s.ks.path)}
}

// emptyPasswordHints tell that the password of a file, which another did not
// open, is the empty one.
func (s *session) emptyPasswordHints(path string) []string {
	_, err := openEmpty(func(password []byte) (*store.Store, error) {
		return store.Open(path, store.Options{Password: password, Foreign: true, ReadOnly: true})
	})
	if err != nil {
		return nil
	}
	return []string{fmt.Sprintf("the password of %s is empty: say so with -%s ''", path, s.passwordOption(path))}
}

// opensWith notes which option gives the password of a file that is opened beside the
// command's keystore: hints name it.
func (s *session) opensWith(path, option string) {
	if s.openedWith == nil {
		s.openedWith = make(map[string]string)
	}
	s.openedWith[path] = option
}

// passwordOption is the option that gives the password of a file.
func (s *session) passwordOption(path string) string {
	if s.ks != nil && path == s.ks.path {
		return "storepass"
	}
	return cmp.Or(s.openedWith[path], "storepass")
}

// closedKeyHints explain that a password did not open a key of the command's
// keystore.
func (s *session) closedKeyHints() []string {
	if s.ks == nil || s.ks.Store == nil || s.ks.Confirmed() {
		return []string{"the key has another password than the keystore: give it with -keypass"}
	}
	return s.doubtfulHints(s.ks.path)
}

// doubtfulHints explain that a password did not open a key of a file that has
// no check of its own whether it is the right one.
func (s *session) doubtfulHints(path string) []string {
	hints := []string{fmt.Sprintf("the password given does not open the key, and nothing else in %s tells whether it is the file's", path)}
	return append(hints, s.emptyPasswordHints(path)...)
}

// notOpened adds to the error of a key that a password did not open what there
// is to say of a file that is not the command's keystore.
func (s *session) notOpened(err error, path string, from *store.Store) error {
	if s.ownStyle() && errors.Is(err, entry.ErrPassword) && !from.Confirmed() {
		return withHint(err, s.doubtfulHints(path)...)
	}
	return err
}

// openWithout opens a key in our own style with the empty password, which also
// stands for none. Where that is not the key's, ok is false.
func (s *session) openWithout(from *store.Store, e *entry.Entry) (key entry.Key, ok bool) {
	if !s.ownStyle() || from.Type() != store.PKCS12 {
		return entry.Key{}, false
	}
	key, err := from.KeyOf(e, []byte{})
	return s.keep(key), err == nil
}
