package commands

import (
	"errors"

	"gokeytool/internal/shell"
)

// refuseForToken refuses options of our own that mean nothing where the keystore is a
// token.
func (s *session) refuseForToken() error {
	switch {
	case s.opt.backup:
		return withHint(errors.New("-backup: a token is no file, and nothing of it can be kept beside it"),
			"what is deleted or replaced on a token is gone; certificates can be kept by exportcert")
	case s.opt.maxIterations.given:
		return errors.New("-maxIterations: nothing on a token is encrypted with a password")
	}
	return nil
}

// errNoKeyPassword refuses a password for a key on a token.
func errNoKeyPassword(option string) error {
	return withHint(errors.New("-"+option+": keys on a token have no passwords"), "the token's PIN is that of its keystore: "+pinOptions)
}

// pinOptions are those that give the PINs of tokens.
const pinOptions = "-storepass, -srcstorepass, -signerstorepass"

// removalLine is the line that deletes an entry of a keystore, of which a copy is kept if
// it is a file.
func removalLine(k *keystore, at shell.Keystore, alias string) string {
	if k.token != nil {
		return shell.Note(at.Line([]string{"delete", "-alias", alias}), "a key on a token is destroyed by that, for good")
	}
	return at.Line([]string{"delete", "-backup", "-alias", alias})
}
