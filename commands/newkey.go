package commands

import (
	"crypto"
	"slices"

	"gokeytool/identity"
	"gokeytool/internal/interrupt"
	"gokeytool/store/entry"
	"gokeytool/store/token"
	"gokeytool/x509util/keys"
)

// makeKey makes a key pair for an entry of the command's keystore. If that is a token, it
// makes the key, which never leaves it; it is removed again if the command fails.
//
// keytool does so only with -providername; else it makes the key itself, and puts it onto
// the token. Nobody who has a token wants that.
func (s *session) makeKey(spec keys.Spec) (crypto.Signer, entry.Key, error) {
	if s.ks.token != nil {
		p, err := spec.Parameters(s.release)
		if err != nil {
			return nil, entry.Key{}, err
		}
		if s.ownStyle() || slices.Contains(tokenAlgorithms, p.Algorithm) {
			return s.ks.generate(p)
		}
		// Java refuses to store others, after it has made them.
	}
	key, err := keys.Generate(spec, s.release)
	if err != nil {
		return nil, entry.Key{}, err
	}
	pkcs8, err := keys.MarshalPrivate(key)
	return key, s.keep(entry.Key{PKCS8: pkcs8}), err
}

// tokenAlgorithms are those of the keys that Java's provider has on tokens.
var tokenAlgorithms = []string{"RSA", "EC", "DSA"}

// generate makes a key on the keystore's token.
func (k *keystore) generate(p keys.Parameters) (crypto.Signer, entry.Key, error) {
	var key entry.Key
	err := interrupt.Whole(func() (err error) { // what is there is then known, and taken away
		key, err = k.device.Generate(token.KeySpec{Algorithm: p.Algorithm, Bits: p.Bits, Curve: p.Curve, Parameters: p.DSA})
		return err
	})
	if err != nil {
		return nil, entry.Key{}, err
	}
	signer, err := identity.PrivateKey(key)
	return signer, key, err
}
