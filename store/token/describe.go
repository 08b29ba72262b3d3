package token

import (
	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// ID is the CKA_ID of an entry's key, or of a trusted certificate; nil where there is none,
// or where the entry is not on the token yet.
func (k *Keystore) ID(e *entry.Entry) []byte {
	switch p := k.places[e]; {
	case p == nil:
		return nil
	case p.key != nil:
		return p.key.id
	default:
		return p.leaf.id
	}
}

// Attributes are what a token says of a key: what it does not say is nil.
type Attributes struct {
	ID    []byte
	Label string
	Local, Sensitive, AlwaysSensitive, Extractable, NeverExtractable, AlwaysAuthenticate,
	Signs, Decrypts, Unwraps, Derives, Modifiable *bool
}

// Attributes are those of an entry's key.
func (k *Keystore) Attributes(e *entry.Entry) (a Attributes, err error) {
	p := k.places[e]
	if p == nil || p.key == nil {
		return a, nil
	}
	a.ID, a.Label = p.key.id, k.text(p.key.label)
	fields := map[pkcs11.AttributeType]**bool{
		pkcs11.Local: &a.Local, pkcs11.Sensitive: &a.Sensitive, pkcs11.AlwaysSensitive: &a.AlwaysSensitive,
		pkcs11.Extractable: &a.Extractable, pkcs11.NeverExtractable: &a.NeverExtractable, pkcs11.AlwaysAuthenticate: &a.AlwaysAuthenticate,
		pkcs11.Signs: &a.Signs, pkcs11.Decrypt: &a.Decrypts, pkcs11.Unwrap: &a.Unwraps, pkcs11.Derive: &a.Derives, pkcs11.Modifiable: &a.Modifiable,
	}
	types := make([]pkcs11.AttributeType, 0, len(fields))
	for t := range fields {
		types = append(types, t)
	}
	err = k.token.do(false, func(s session) error {
		found, err := s.Get(p.key.handle, types...)
		for t, value := range found {
			if field := fields[t]; field != nil && len(value) > 0 {
				is := pkcs11.Bool(value)
				*field = &is
			}
		}
		return err
	})
	return a, err
}
