// Package token is a keystore that is a PKCS #11 token: it makes entries of its objects
// and objects of entries as Java's provider does (sun.security.pkcs11.P11KeyStore).
//
// A private key and the certificate of the same CKA_ID are an entry, whose alias is the
// certificate's CKA_LABEL; issuers are found by CKA_SUBJECT. A certificate without a key is an
// entry if CKA_TRUSTED says so, which only the token's security officer can set. A secret
// key is one by its CKA_LABEL. What else there is (keys without certificate,
// certificates of CAs, public keys, data) is no entry; see Others.
package token

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"strconv"

	"gokeytool/jdk"
	"gokeytool/pkcs11"
	"gokeytool/pkcs11/sunconfig"
	"gokeytool/store/entry"
)

// Options say how a token is read and written.
type Options struct {
	// Certificate reads a certificate in DER, Public a SubjectPublicKeyInfo.
	Certificate func(der []byte) (Certificate, error)
	Public      func(spki []byte) (crypto.PublicKey, error)

	// Java has everything as Java's provider has it: labels are read as Latin-1 (but
	// written as UTF-8), a token that Java does not open is an error, keys are stored with the
	// attributes that Java gives them, and those that it does not know are refused.
	//
	// Without it labels are UTF-8 where they can be, a private key has the alias as its
	// label too, by which other programs find it, what is stored is sensitive and not
	// extractable, and any kind of key is stored that the token takes.
	Java bool
	// Release is the JDK whose order of entries, and whose secret keys, are meant.
	Release jdk.Release
	// Templates are those of the provider's configuration.
	Templates []sunconfig.Template
}

// Keystore is a token as a keystore: a store.Device. It is not for use by several
// goroutines at once; the keys that it returns are.
type Keystore struct {
	token   module
	options Options
	now     *mapping
	entries []*entry.Entry
	places  map[*entry.Entry]*place // of entries
	keys    map[string]*key         // by the tickets in entries
	signers map[crypto.Signer]string
	made    []*key // by Generate, and not stored yet
}

// module is what is needed of a *pkcs11.Token.
type module interface {
	do(writable bool, f func(session) error) error
	key(ref pkcs11.KeyRef, public crypto.PublicKey) crypto.Signer
	info() pkcs11.TokenInfo
}

// session is what is needed of a *pkcs11.Session.
type session interface {
	Find(template ...pkcs11.Attribute) ([]pkcs11.Object, error)
	Get(o pkcs11.Object, types ...pkcs11.AttributeType) (map[pkcs11.AttributeType][]byte, error)
	Set(o pkcs11.Object, template ...pkcs11.Attribute) error
	Create(template ...pkcs11.Attribute) (pkcs11.Object, error)
	Copy(o pkcs11.Object, template ...pkcs11.Attribute) (pkcs11.Object, error)
	Destroy(o pkcs11.Object) error
	GenerateKeyPair(m pkcs11.Mechanism, public, private []pkcs11.Attribute) (publicKey, privateKey pkcs11.Object, err error)
}

type tokenModule struct{ *pkcs11.Token }

func (t tokenModule) do(writable bool, f func(session) error) error {
	return t.Do(writable, func(s *pkcs11.Session) error { return f(s) })
}
func (t tokenModule) key(ref pkcs11.KeyRef, public crypto.PublicKey) crypto.Signer {
	return t.Key(ref, public)
}
func (t tokenModule) info() pkcs11.TokenInfo { return t.Info() }

// key is what stands behind a ticket: the Sealed of an entry.
type key struct {
	object *object   // on the token; nil for one that is to be stored
	twins  []*object // private keys of the same CKA_ID, if there are more than one
	leaf   *object   // the certificate that it was read with; nil for none

	material entry.Key // to be stored; wiped after that
	keyType  uint64    // of material

	spki  []byte // the public key, where no certificate says it
	fixed bool   // the CKA_ID of a key that was made is not to be changed
}

// Error is an error that Java has words for.
type Error struct {
	Java *jdk.Error // what keytool says
	What string     // what is wrong, and with what
	Err  error      // the cause; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil && !errors.Is(e.Err, entry.ErrUnsupported) {
		return e.What + ": " + e.Err.Error()
	}
	return e.What
}

// Unwrap returns the cause and Java's words.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Java}
	}
	return []error{e.Err, e.Java}
}

func javaError(class, text string) *jdk.Error { return &jdk.Error{Class: class, Text: text} }

// ErrTrusted is wrapped by the error of Apply for a trusted certificate that is to be
// stored: only the token's security officer can make one.
var ErrTrusted = errors.New("only the token's security officer can make a certificate trusted")

// RefuseTrusted is the error for a trusted certificate that is to be stored. What says
// which, and that it is not.
func RefuseTrusted(what string) *Error {
	return &Error{
		Java: javaError("java.security.KeyStoreException", "java.lang.UnsupportedOperationException: trusted certificates may only be set by token initialization application"),
		What: what, Err: ErrTrusted,
	}
}

// ErrChanged is wrapped by the error of Apply where another program has changed the token
// meanwhile.
var ErrChanged = errors.New("another program has changed the token meanwhile")

// ErrReadOnly is wrapped by the error of Apply for a token that is not written: it is
// write-protected, or Java doesn't write one like it.
var ErrReadOnly = errors.New("the token can't be changed")

// Open reads the objects of a token. Where the user is not logged in that are those that
// everybody may see, among which there are no private keys as a rule.
func Open(t *pkcs11.Token, options Options) (*Keystore, error) {
	return open(tokenModule{t}, options)
}

func open(t module, options Options) (*Keystore, error) {
	k := &Keystore{token: t, options: options, keys: make(map[string]*key), signers: make(map[crypto.Signer]string)}
	var c *contents
	err := t.do(false, func(s session) (err error) {
		c, err = k.read(s)
		return err
	})
	if err != nil {
		return nil, err
	}
	m, err := k.mapObjects(c)
	if err != nil {
		return nil, err
	}
	k.adopt(m)
	return k, nil
}

// adopt makes entries of a mapping.
func (k *Keystore) adopt(m *mapping) {
	k.now, k.places = m, make(map[*entry.Entry]*place)
	for _, p := range m.places {
		e := &entry.Entry{Alias: p.alias, Kind: p.kind}
		for _, o := range p.chain {
			e.Chain = append(e.Chain, entry.X509(o.der))
		}
		if p.key != nil {
			e.Sealed = k.ticket(p.held())
		}
		k.entries = append(k.entries, e)
		k.places[e] = p
	}
}

// held is the key of an entry.
func (p *place) held() *key {
	held := &key{object: p.key, leaf: p.leaf}
	if len(p.keys) > 1 {
		held.twins = p.keys
	}
	return held
}

// ticket returns what stands for a key in an entry.
func (k *Keystore) ticket(held *key) []byte {
	name := "key " + strconv.Itoa(len(k.keys)+1)
	k.keys[name] = held
	return []byte(name)
}

// Entries are those that were read, in the order of Java's KeyStore.aliases. They have no
// date: a token keeps none.
func (k *Keystore) Entries() []*entry.Entry { return append([]*entry.Entry(nil), k.entries...) }

// Other is an object that is no entry.
type Other struct {
	Kind        string // "private key", "certificate" or "secret key"
	Label       string // as an alias would be
	ID          []byte // CKA_ID
	Certificate []byte // in DER

	object *object
}

// Others are the private keys without a certificate, the secret keys without a label,
// and the certificates that belong to no entry's chain.
func (k *Keystore) Others() (others []Other) {
	used := make(map[*object]bool)
	for _, p := range k.now.places {
		used[p.key] = true
		for _, o := range p.chain {
			used[o] = true
		}
	}
	for _, of := range []struct {
		kind string
		list []*object
	}{{"private key", k.now.contents.private}, {"certificate", k.now.contents.certificates}, {"secret key", k.now.contents.secret}} {
		for _, o := range of.list {
			if !used[o] {
				others = append(others, Other{Kind: of.kind, Label: k.text(o.label), ID: o.id, Certificate: o.der, object: o})
			}
		}
	}
	return others
}

// Key returns a private key that is no entry, as it has no certificate. The token has to
// have its public key. Stored with a chain it becomes an entry.
func (k *Keystore) Key(o Other) (entry.Key, error) {
	if o.object == nil || o.object.class != pkcs11.PrivateKeyObject {
		return entry.Key{}, errors.New("no private key")
	}
	held := &key{object: o.object}
	err := k.token.do(false, func(s session) (err error) {
		held.spki, err = k.findPublic(s, o.object)
		return err
	})
	if err != nil {
		return entry.Key{}, err
	}
	return k.signer(held, string(k.ticket(held)))
}

// findPublic returns the public key that belongs to a private key, as
// SubjectPublicKeyInfo: of the private key itself, or of the public key of its CKA_ID.
func (k *Keystore) findPublic(s session, o *object) ([]byte, error) {
	if o.keyType == pkcs11.KeyRSA {
		if spki, err := publicInfo(o.keyType, o.parts); err == nil {
			return spki, nil
		}
	}
	template := []pkcs11.Attribute{pkcs11.NewNumber(pkcs11.Class, pkcs11.PublicKeyObject), pkcs11.NewNumber(pkcs11.KeyType, o.keyType)}
	if o.id != nil {
		template = append(template, pkcs11.Attribute{Type: pkcs11.ID, Value: o.id})
	} else {
		template = append(template, pkcs11.Attribute{Type: pkcs11.Label, Value: o.label})
	}
	found, err := s.Find(template...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the token has no public key for the private key with the label %q and the ID %q, so it can't be used", k.text(o.label), idText(o.id))
	}
	return k.publicOf(s, o.keyType, found[0])
}

// publicOf reads a public key of the token.
func (k *Keystore) publicOf(s session, keyType uint64, o pkcs11.Object) ([]byte, error) {
	types := append([]pkcs11.AttributeType{}, partTypes[keyType]...)
	switch keyType {
	case pkcs11.KeyDSA, pkcs11.KeyDH:
		types = append(types, pkcs11.Value)
	case pkcs11.KeyECEdwards, pkcs11.KeyECMontgomery:
		types = append(types, pkcs11.ECParams, pkcs11.ECPoint)
	}
	if len(types) == 0 {
		return nil, fmt.Errorf("keys of the type %#x are %w", keyType, entry.ErrUnsupported)
	}
	attributes, err := s.Get(o, types...)
	if err != nil {
		return nil, err
	}
	return publicInfo(keyType, attributes)
}

// signer returns a private key of the token.
func (k *Keystore) signer(held *key, ticket string) (entry.Key, error) {
	spki := held.spki
	if spki == nil {
		spki = held.leaf.certificate.SPKI
		if k.fit(held.object, held.leaf) < 0 {
			// The certificate is for another key: that is to be seen.
			if own, err := publicInfo(held.object.keyType, held.object.parts); err == nil {
				spki = own
			}
		}
	}
	public, err := k.options.Public(spki)
	if err != nil {
		return entry.Key{}, err
	}
	ref := pkcs11.KeyRef{ID: held.object.id}
	if ref.ID == nil {
		ref.Label = string(held.object.label)
	}
	signer := k.token.key(ref, public)
	k.signers[signer] = ticket
	return entry.Key{Signer: signer}, nil
}

// Seal notes a key that is to be stored, one of this token, or one that Generate has
// made, and returns what stands for it in an entry. Nothing is written before Apply. The
// error for a key that stays in another token is entry.ErrHeld.
func (k *Keystore) Seal(sealed entry.Key) ([]byte, error) {
	if sealed.Signer != nil {
		if ticket, ok := k.signers[sealed.Signer]; ok {
			return []byte(ticket), nil
		}
		return nil, &Error{
			Java: javaError("java.security.KeyStoreException", "Cannot move sensitive keys across tokens"),
			What: "the key is another token's", Err: entry.ErrHeld,
		}
	}
	// What it consists of is looked at now: nothing has been changed yet.
	held := &key{}
	if sealed.Secret() {
		keyType, value, err := secretParts(sealed, k.options.Release, k.options.Java)
		if err != nil {
			return nil, err
		}
		held.keyType, held.material = keyType, entry.Key{Algorithm: sealed.Algorithm, Raw: value}
		return k.ticket(held), nil
	}
	keyType, p, err := privateParts(sealed.PKCS8, k.options.Java)
	if err != nil {
		return nil, err
	}
	p.wipe()
	held.keyType, held.material = keyType, entry.Key{PKCS8: bytes.Clone(sealed.PKCS8)}
	return k.ticket(held), nil
}

// Unseal returns the key of an entry: a private key with a Signer, as it stays where it
// is; of a secret key the bytes, if the token gives them, else only the algorithm.
func (k *Keystore) Unseal(e *entry.Entry) (entry.Key, error) {
	held := k.keys[string(e.Sealed)]
	if p := k.places[e]; p != nil && p.key != nil {
		held = p.held()
	}
	switch {
	case held == nil:
		return entry.Key{}, fmt.Errorf("the token holds no such key: %w", ErrChanged)
	case held.object == nil && held.material.Secret():
		return entry.Key{Algorithm: held.material.Algorithm, Raw: bytes.Clone(held.material.Raw)}, nil
	case held.object == nil:
		return entry.Key{PKCS8: bytes.Clone(held.material.PKCS8)}, nil
	case held.object.class == pkcs11.SecretKeyObject:
		return k.secret(held)
	}
	if held.twins != nil && (k.options.Java || k.fit(held.object, held.leaf) <= 0) {
		text := fmt.Sprintf("invalid KeyStore state: found %d private keys sharing CKA_ID %s", len(held.twins), idText(held.object.id))
		return entry.Key{}, &Error{
			Java: javaError("java.security.ProviderException", "java.security.KeyStoreException: "+text),
			What: fmt.Sprintf("the token has %d private keys with the CKA_ID %s of this entry, and it can't be told which is meant", len(held.twins), idText(held.object.id)),
		}
	}
	return k.signer(held, string(e.Sealed))
}

// secret reads a secret key; Raw is nil if the token does not give it.
func (k *Keystore) secret(held *key) (entry.Key, error) {
	var attributes map[pkcs11.AttributeType][]byte
	err := k.token.do(false, func(s session) (err error) {
		attributes, err = s.Get(held.object.handle, pkcs11.Sensitive, pkcs11.Extractable)
		if err != nil || pkcs11.Bool(attributes[pkcs11.Sensitive]) || !pkcs11.Bool(attributes[pkcs11.Extractable]) {
			return err
		}
		attributes, err = s.Get(held.object.handle, pkcs11.Value)
		return err
	})
	if err != nil {
		return entry.Key{}, err
	}
	key := entry.Key{Algorithm: secretName(held.object.keyType)}
	if value := attributes[pkcs11.Value]; len(value) > 0 {
		key.Raw = value
	}
	return key, nil
}
