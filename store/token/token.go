// Package token is a keystore that is a PKCS #11 token: it makes entries of its objects
// and objects of entries as Java's provider does (sun.security.pkcs11.P11KeyStore).
package token

import (
	"errors"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// Keystore is a token as a keystore: a store.Device.
type Keystore struct{}

// Open reads the objects of a token, which the user is logged in to.
func Open(t *pkcs11.Token) (*Keystore, error) { return nil, errors.New("not yet") }

// Entries are those that were read.
func (k *Keystore) Entries() []*entry.Entry { return nil }

// Seal notes a key that is to be stored, or one that Generate has made, and returns
// what stands for it in an entry. Nothing is written before Apply.
func (k *Keystore) Seal(key entry.Key) (sealed []byte, err error) { return nil, nil }

// Unseal returns the key of an entry: with a Signer, as it stays where it is.
func (k *Keystore) Unseal(e *entry.Entry) (entry.Key, error) { return entry.Key{}, nil }

// Apply makes the token hold these entries in place of those that it held: what is the
// same is not touched. An error leaves it as it was.
func (k *Keystore) Apply(entries []*entry.Entry) error { return nil }

// KeySpec says which key is made.
type KeySpec struct {
	Algorithm string // RSA, EC, DSA, Ed25519
	Bits      int    // of RSA and DSA
	Curve     []byte // OID of EC's curve, in DER
}

// Generate makes a key on the token, which never leaves it. It belongs to no entry
// until one with it is stored; Discard removes it if that does not happen.
func (k *Keystore) Generate(spec KeySpec) (entry.Key, error) { return entry.Key{}, nil }

// Discard removes the keys of Generate that no entry was stored with.
func (k *Keystore) Discard() error { return nil }
