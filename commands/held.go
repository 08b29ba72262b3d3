package commands

import (
	"fmt"
	"time"

	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/token"
)

// heldKeyError says that a key of a token can't be stored elsewhere.
type heldKeyError struct {
	path, alias string
	secret      bool // it has no certificates either
}

func (e *heldKeyError) Error() string {
	return fmt.Sprintf("<%s> in %s: %v", e.alias, e.path, entry.ErrHeld)
}

func (e *heldKeyError) Unwrap() error { return entry.ErrHeld }

// outside is a key of an entry as it can be stored outside of its keystore: one on a
// token only if it is a secret key that the token gives out. Of others the error says what
// is done instead.
func (s *session) outside(k *keystore, e *entry.Entry, key entry.Key) (entry.Key, error) {
	if k.Type() != store.PKCS11 || key.Signer == nil && len(key.Raw) > 0 {
		return key, nil
	}
	held := &heldKeyError{k.path, k.JavaAlias(e), e.Kind == entry.SecretKey}
	return entry.Key{}, withHint(held, s.heldHints(k, held)...)
}

// heldHints say what is done instead of taking a key out of its token.
func (s *session) heldHints(k *keystore, held *heldKeyError) []string {
	if held.secret {
		return []string{"a secret key that is to be in several places is made outside and imported into each: importkeystore, or importpass"}
	}
	at := s.lineOf(k)
	return []string{
		"its certificates can go alone: " + at.Line([]string{"exportcert", "-alias", held.alias, "-fullchain"}, "-file", "CHAIN.pem"),
		"the key is used where it is: serve, smoke, certreq, gencert, renew, acme and others take " + shell.Line("-keystore", at.Path) + ", and Tomcat a keystore of the type PKCS11",
		"for another place make another key there, and have it certified",
	}
}

// setTrusted stores a trusted certificate, where the keystore can have one: on a token the
// security officer alone makes a certificate a trusted one.
func (k *keystore) setTrusted(alias string, c entry.Certificate, created time.Time) error {
	if k.token != nil {
		return errTrustedOnToken(k.path)
	}
	return k.SetCertificate(alias, c, created)
}

// errTrustedOnToken is Java's refusal to store a trusted certificate on a token.
func errTrustedOnToken(path string) error {
	return withHint(token.RefuseTrusted("a trusted certificate"), path+" is a token, whose security officer (SO) alone makes a certificate a trusted one (CKA_TRUSTED): trusted certificates belong in a truststore, which is a file")
}

// refuseTrustOnToken refuses a command that adds trusted certificates, before it asks for
// anything, where the keystore is a token.
func (s *session) refuseTrustOnToken() error {
	if !isTokenStore(s.opt.keystore.value, s.opt.storetype.value) {
		return nil
	}
	return errTrustedOnToken(s.keystorePath())
}

// lineOf is a keystore as lines to be pasted name it: the command's, or the one that it
// imports from.
func (s *session) lineOf(k *keystore) shell.Keystore {
	if k == s.ks {
		return s.here()
	}
	path := k.path
	if k.place != nil {
		path = k.place.whole()
	}
	return shell.Keystore{Path: path, Open: s.req.Again("srcstorepass", "storepass")}
}
