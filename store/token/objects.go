package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// What is read of a token at most. Java knows no bounds; a token with more objects than
// that is one that was made to take time.
const (
	maxObjects = 10_000
	maxValue   = 1 << 20  // of an attribute, in bytes
	maxTotal   = 64 << 20 // of all
)

// object is a certificate, a private key or a secret key of the token, as it was read.
// What is not there is nil.
type object struct {
	handle pkcs11.Object
	class  uint64
	label  []byte
	id     []byte

	// Of certificates.
	der             []byte
	subject, issuer []byte // CKA_SUBJECT and CKA_ISSUER
	trusted         bool
	untrusting      bool         // the token has no CKA_TRUSTED
	certificate     *Certificate // nil where der is none
	unreadable      error        // why

	// Of keys. What tells a key from others, where the token says it, is in parts.
	keyType uint64
	parts   map[pkcs11.AttributeType][]byte
}

var (
	certificateTypes = []pkcs11.AttributeType{pkcs11.Label, pkcs11.ID, pkcs11.Value, pkcs11.Subject, pkcs11.Issuer, pkcs11.Trusted}
	privateTypes     = []pkcs11.AttributeType{pkcs11.Label, pkcs11.ID, pkcs11.KeyType}
	secretTypes      = []pkcs11.AttributeType{pkcs11.Label, pkcs11.ID, pkcs11.KeyType, pkcs11.ValueLen}
	partTypes        = map[uint64][]pkcs11.AttributeType{
		pkcs11.KeyRSA: {pkcs11.Modulus, pkcs11.PublicExponent},
		pkcs11.KeyDSA: {pkcs11.Prime, pkcs11.Subprime, pkcs11.Base},
		pkcs11.KeyDH:  {pkcs11.Prime, pkcs11.Base},
		pkcs11.KeyEC:  {pkcs11.ECParams, pkcs11.ECPoint},
	}
)

// contents are the objects of a token, in the token's order.
type contents struct {
	private, certificates, secret []*object
}

func (c *contents) all() []*object {
	return append(append(append([]*object(nil), c.private...), c.certificates...), c.secret...)
}

// read reads the objects of a token.
func (k *Keystore) read(s session) (*contents, error) {
	c, budget := new(contents), &budget{objects: maxObjects, bytes: maxTotal}
	for _, of := range []struct {
		class uint64
		types []pkcs11.AttributeType
		list  *[]*object
	}{{pkcs11.PrivateKeyObject, privateTypes, &c.private}, {pkcs11.CertificateObject, certificateTypes, &c.certificates}, {pkcs11.SecretKeyObject, secretTypes, &c.secret}} {
		handles, err := s.Find(pkcs11.NewBool(pkcs11.OnToken, true), pkcs11.NewNumber(pkcs11.Class, of.class))
		if err != nil {
			return nil, err
		}
		for _, handle := range handles {
			o := &object{handle: handle, class: of.class}
			if err := k.fill(s, o, of.types, budget); err != nil {
				if gone(err) {
					continue
				}
				return nil, err
			}
			*of.list = append(*of.list, o)
		}
	}
	return c, nil
}

// budget is what may still be read.
type budget struct{ objects, bytes int }

func (b *budget) take(attributes map[pkcs11.AttributeType][]byte) error {
	for _, value := range attributes {
		if len(value) > maxValue {
			return limitError("an object of the token has %d bytes in one attribute, more than the limit of %d", len(value), maxValue)
		}
		if b.bytes -= len(value); b.bytes < 0 {
			return limitError("the objects of the token take more than the limit of %d bytes", maxTotal)
		}
	}
	return nil
}

func limitError(format string, args ...any) error {
	return &entry.FormatError{Kind: entry.ErrLimit, Format: "PKCS11", Offset: -1, What: fmt.Sprintf(format, args...)}
}

// fill reads the attributes of an object.
func (k *Keystore) fill(s session, o *object, types []pkcs11.AttributeType, budget *budget) error {
	if budget.objects--; budget.objects < 0 {
		return limitError("the token has more than %d objects, the limit", maxObjects)
	}
	a, err := s.Get(o.handle, types...)
	if err != nil {
		return err
	}
	if err := budget.take(a); err != nil {
		return err
	}
	o.label, o.id = some(a[pkcs11.Label]), some(a[pkcs11.ID])
	if o.class == pkcs11.CertificateObject {
		o.der, o.subject, o.issuer = a[pkcs11.Value], a[pkcs11.Subject], a[pkcs11.Issuer]
		o.untrusting = a[pkcs11.Trusted] == nil
		o.trusted = pkcs11.Bool(a[pkcs11.Trusted])
		certificate, err := k.options.Certificate(o.der)
		if err != nil {
			o.unreadable = err
			return nil
		}
		o.certificate = &certificate
		return nil
	}
	o.keyType, _ = pkcs11.Number(a[pkcs11.KeyType])
	if types := partTypes[o.keyType]; types != nil && o.class == pkcs11.PrivateKeyObject {
		if o.parts, err = s.Get(o.handle, types...); err != nil {
			return err
		}
		return budget.take(o.parts)
	}
	return nil
}

// some is nil for nothing: Java can't tell an empty attribute from one that is missing.
func some(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	return value
}

// gone says whether an error is that of an object which another program has just removed.
func gone(err error) bool {
	return errors.Is(err, pkcs11.ObjectHandleInvalid)
}

// fingerprint is the same for objects that are the same but for their handles.
func (o *object) fingerprint() [sha256.Size]byte {
	h := sha256.New()
	write := func(value []byte) { fmt.Fprintf(h, "%d:%s,", len(value), value) }
	fmt.Fprintf(h, "%d %d %t,", o.class, o.keyType, o.trusted)
	for _, value := range [][]byte{o.label, o.id, o.der, o.subject, o.issuer} {
		write(value)
	}
	for _, t := range partTypes[o.keyType] {
		write(o.parts[t])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// text is a label as an alias. Java takes each byte for a character (Latin-1), but
// writes UTF-8.
func (k *Keystore) text(label []byte) string {
	if !k.options.Java && utf8.Valid(label) {
		return string(label)
	}
	var b bytes.Buffer
	for _, c := range label {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// idText is how Java writes a CKA_ID where a certificate has no label: as it is where
// all of it are characters of PrintableString, else in hexadecimal.
func idText(id []byte) string {
	for _, c := range id {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && !bytes.ContainsRune([]byte(" '()+,-./:=?"), rune(c)) {
			return "0x" + hex.EncodeToString(id)
		}
	}
	return string(id)
}
