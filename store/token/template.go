package token

import (
	"slices"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// importTemplate are the attributes with which a key is stored, as Java has them: those
// of the configuration, and before them its own.
func (k *Keystore) importTemplate(c *change, keyType uint64, material parts) []pkcs11.Attribute {
	class := uint64(pkcs11.PrivateKeyObject)
	own := []pkcs11.Attribute{pkcs11.NewBool(pkcs11.OnToken, true), pkcs11.NewBool(pkcs11.Private, true)}
	if c.entry.Kind == entry.SecretKey {
		class = pkcs11.SecretKeyObject
		own = append(own, pkcs11.Attribute{Type: pkcs11.Label, Value: c.label})
	} else {
		own = append(own, pkcs11.Attribute{Type: pkcs11.ID, Value: c.id})
		if !k.options.Java {
			own = append(own, pkcs11.Attribute{Type: pkcs11.Label, Value: c.label})
		}
	}
	own = append(own, pkcs11.NewNumber(pkcs11.Class, class), pkcs11.NewNumber(pkcs11.KeyType, keyType))
	own = append(own, material.list()...)
	var defaults []pkcs11.Attribute
	if !k.options.Java {
		defaults = protected()
		if class == pkcs11.PrivateKeyObject {
			defaults = append(defaults, uses(keyType)...)
		}
	}
	return combine(combine(defaults, k.configured("import", class, keyType)), own)
}

// protected are the attributes of a key that never leaves its token.
func protected() []pkcs11.Attribute {
	return []pkcs11.Attribute{pkcs11.NewBool(pkcs11.Sensitive, true), pkcs11.NewBool(pkcs11.Extractable, false)}
}

// uses says what a private key is for.
func uses(keyType uint64) []pkcs11.Attribute {
	switch keyType {
	case pkcs11.KeyDH, pkcs11.KeyECMontgomery:
		return []pkcs11.Attribute{pkcs11.NewBool(pkcs11.Derive, true)}
	}
	return []pkcs11.Attribute{pkcs11.NewBool(pkcs11.Signs, true)}
}

// configured are the attributes that the configuration has for an object: of several
// templates a later one counts.
func (k *Keystore) configured(operation string, class, keyType uint64) (all []pkcs11.Attribute) {
	for _, t := range k.options.Templates {
		if (t.Operation == operation || t.Operation == "*") && (t.Class == nil || *t.Class == class) && (t.KeyType == nil || *t.KeyType == keyType) {
			all = combine(all, t.Attributes)
		}
	}
	return all
}

// combine puts attributes above others: those of the same type go, and a nil value only
// takes one away.
func combine(below, above []pkcs11.Attribute) (all []pkcs11.Attribute) {
	for _, a := range below {
		if a.Value != nil && !slices.ContainsFunc(above, func(b pkcs11.Attribute) bool { return a.Type == b.Type }) {
			all = append(all, a)
		}
	}
	for _, a := range above {
		if a.Value != nil {
			all = append(all, a)
		}
	}
	return all
}
