package commands

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"sync"

	"gokeytool/identity"
	"gokeytool/pkcs11"
)

// loadAgain reads the keystore again with the password that opened it. A token is read as
// it is now; who was logged in to it still is.
func (s *serving) loadAgain(v *served) error {
	if s.ks.token == nil {
		v.watch(s.ks.path)
		return s.ks.load(s.opt.storetype.value)
	}
	v.token = true
	return s.ks.readToken(s.session)
}

// watchKey has it said when a key of a token can't be used, and when it can be again.
func (s *serving) watchKey(id *identity.Identity, v *served) {
	if _, ok := id.Key.(*pkcs11.PrivateKey); !ok {
		return
	}
	v.token = true
	id.Key = watchedKey{id.Key, &s.keys, s.session}
}

// keyWatch knows whether the keys of tokens can be used.
type keyWatch struct {
	mu     sync.Mutex
	failed bool
}

// watchedKey is a key of a token that is served.
type watchedKey struct {
	crypto.Signer
	watch   *keyWatch
	session *session
}

// Sign signs, and says of the first signature that fails why, and of the first after it
// that it did not. What fails between these is not said: it is one a connection.
func (k watchedKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := k.Signer.Sign(random, digest, opts)
	k.watch.mu.Lock()
	defer k.watch.mu.Unlock()
	switch {
	case err != nil && !k.watch.failed:
		k.session.Stderr.Printf("gokeytool: the token does not sign, connections fail until it does: %v\n", err)
	case err == nil && k.watch.failed:
		k.session.Stderr.Print("gokeytool: the token signs again\n")
	}
	k.watch.failed = err != nil
	return signature, err
}

// lacksPSS says whether a key of a token makes no RSA-PSS signatures, by asking for one.
// Another error is said when the key is used.
func lacksPSS(key crypto.Signer) bool {
	public, ok := key.Public().(*rsa.PublicKey)
	if _, held := key.(*pkcs11.PrivateKey); !ok || !held || public.Size() < 2*crypto.SHA256.Size()+2 {
		return false
	}
	digest := make([]byte, crypto.SHA256.Size())
	_, _ = rand.Read(digest) // never fails
	_, err := key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	return errors.Is(err, pkcs11.MechanismInvalid) || errors.Is(err, pkcs11.MechanismParamInvalid)
}
