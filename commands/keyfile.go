package commands

import (
	"errors"
	"fmt"

	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pem"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// A foundKey is a private key in the encoding that Java gives it, with its
// public half. One of a kind that is not supported here stays as it was found.
type foundKey struct {
	private entry.Key
	spki    []byte
}

func (s *session) newFoundKey(pkcs8 []byte) (*foundKey, error) {
	found := s.keep(entry.Key{PKCS8: pkcs8})
	key, err := keys.ParsePrivate(found.PKCS8)
	if _, ok := errors.AsType[*keys.UnsupportedError](err); ok {
		if spki := keys.EmbeddedPublic(found.PKCS8); spki != nil {
			return &foundKey{found, spki}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	encoded, err := keys.MarshalPrivate(key)
	if err != nil {
		return nil, err
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		return nil, err
	}
	return &foundKey{s.keep(entry.Key{PKCS8: encoded}), spki}, nil
}

// keyFile is a file with a private key, in PEM, DER or a keystore.
type keyFile struct {
	name     string
	password []byte // nil for none
	asks     bool   // the user is asked for the password, if the key has one
	option   string // which gives the password
}

// readKeyFile reads the one private key of a file, and the certificates beside
// it.
func (s *session) readKeyFile(f keyFile) (*foundKey, []*x509util.Certificate, error) {
	data, err := s.readInput(f.name)
	if err != nil {
		return nil, nil, err
	}
	if _, err := store.Detect(data); err == nil {
		return s.keyOfKeystore(f, data)
	}
	pkcs8, err := s.findKey(f, data)
	if err != nil {
		return nil, nil, err
	}
	key, err := s.newFoundKey(pkcs8)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.name, err)
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil {
		certificates = nil // a key alone
	}
	s.sayWhoReads("the key", f.name)
	return key, certificates, nil
}

// damagedKeyFile is why a file of keys can't be read: what it got on its way here,
// or else what its reader says.
func damagedKeyFile(name string, data []byte, err error) error {
	if hints := onTheWay(name, data, forKey); hints != nil {
		return withHint(failf("Input not a private key"), hints...)
	}
	return keyFileError(name, err)
}

// keyFileError is why the key in a file can't be read, where that is not its
// password.
func keyFileError(name string, err error) error {
	err = fmt.Errorf("%s: %w", name, err)
	if errors.Is(err, entry.ErrUnsupported) { // scrypt, Camellia, ARIA
		return withHint(err, "OpenSSL encrypts it as others read it: "+shell.Line("openssl", "pkcs8", "-topk8", "-in", shell.File(name), "-out", "NEWKEY"))
	}
	return err
}

// findKey returns the one private key of a file in PEM or DER as PKCS #8.
func (s *session) findKey(f keyFile, data []byte) ([]byte, error) {
	name := f.name
	keys, err := pem.DecodeKeys(data, entry.DefaultLimits)
	switch {
	case err != nil:
		return nil, damagedKeyFile(name, data, err)
	case len(keys) > 1:
		return nil, failf("%s holds more than one private key", name)
	case len(keys) == 0:
		if hints := onTheWay(name, data, forKey); hints != nil {
			return nil, withHint(failf("Input not a private key"), hints...)
		}
		hint := name + " holds no private key in PEM (BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY ...), DER or a keystore"
		_, err := store.Detect(data)
		if not, ok := errors.AsType[*store.NotKeystoreError](err); ok && not.What != store.Unknown {
			hint += ": this is " + string(not.What)
		}
		return nil, withHint(failf("Input not a private key"), hint)
	}
	var password []byte
	if pem.Encrypted(keys[0]) {
		if password, err = s.keyFilePassword(f); err != nil {
			return nil, err
		}
	}
	key, err := pem.Unseal(keys[0], password, entry.DefaultLimits)
	switch {
	case err == nil:
		return key.PKCS8, nil
	case !errors.Is(err, entry.ErrPassword):
		return nil, keyFileError(name, err)
	case password == nil && f.asks:
		return nil, noPassword(name, f.option)
	}
	return nil, withHint(java("java.security.UnrecoverableKeyException", "Cannot recover key"),
		append([]string{fmt.Sprintf("the password does not open the key in %s; give it with -keyfilepass", name)}, s.keyFileMissHints(f.option, keys[0], password)...)...)
}

// keyFilePassword is the password of the key file.
func (s *session) keyFilePassword(f keyFile) ([]byte, error) {
	if f.asks {
		return s.promptSecret(passwordOf(f.name))
	}
	return f.password, nil
}

// openKeyFile opens a key file that is a keystore, with its password or the one
// that is asked for. Nothing in it need have one.
func (s *session) openKeyFile(f keyFile, data []byte) (*store.Store, []byte, error) {
	open := func(password []byte) (*store.Store, error) {
		return store.Decode(f.name, data, store.Options{Password: password})
	}
	if !f.asks {
		opened, err := open(f.password)
		return opened, f.password, err
	}
	opened, password, err := s.unlock(locked{
		path: f.name, prompt: passwordOf(f.name), open: open,
	})
	if err == nil && password == nil && (opened.Unread() || !fits(opened, nil)) {
		err = noPassword(f.name, f.option)
	}
	return opened, password, err
}

// keyOfKeystore takes the key of -alias, or the only one, out of a keystore.
func (s *session) keyOfKeystore(f keyFile, data []byte) (*foundKey, []*x509util.Certificate, error) {
	name := f.name
	source, password, err := s.openKeyFile(f, data)
	if err != nil {
		return nil, nil, err
	}
	found, ok := source.Get(s.aliasOrDefault())
	named := ok && found.Kind == entry.PrivateKey
	if !named {
		found = nil
	}
	for _, e := range source.Entries() {
		if e.Kind != entry.PrivateKey || named {
			continue
		}
		if found != nil {
			return nil, nil, withHint(failf("%s holds more than one private key", name),
				"take one with: "+s.takeOver(name, s.ks.path, "-srcalias", "ALIAS"))
		}
		found = e
	}
	if found == nil {
		return nil, nil, failf("%s holds no private key", name)
	}
	key, err := source.Key(found.Alias, password)
	if err != nil {
		return nil, nil, s.notOpened(err, name, source)
	}
	private, err := s.newFoundKey(key.PKCS8)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	var certificates []*x509util.Certificate
	for _, c := range found.Chain {
		parsed, err := parseEntryCertificate(found.Alias, c)
		if err != nil {
			return nil, nil, err
		}
		certificates = append(certificates, parsed)
	}
	return private, certificates, nil
}
