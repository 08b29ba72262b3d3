package identity

import (
	"crypto"

	"gokeytool/store/entry"
	"gokeytool/x509util/keys"
)

// PrivateKey is the opened private key of an entry, to sign with: one that stays in its
// token, or what PKCS #8 holds. Errors are those of keys.ParsePrivate.
func PrivateKey(key entry.Key) (crypto.Signer, error) {
	if key.Signer != nil {
		return key.Signer, nil
	}
	return keys.ParsePrivate(key.PKCS8)
}
