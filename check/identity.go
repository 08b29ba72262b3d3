package check

import (
	"crypto"

	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// IdentityOf is an entry of a keystore as an identity to be judged. Lines that
// remedy it name the keystore as from does. The key is that of the entry, or nil
// where it did not open. Of an entry without a chain it is said whether the
// certificate of its key is in the keystore where Java does not find it.
func IdentityOf(s *store.Store, from shell.Keystore, e *entry.Entry, key crypto.Signer) identity.Identity {
	id := identity.Identity{Alias: s.JavaAlias(e), Key: key, Keystore: from.Path, StoreType: string(s.Type()), Open: from.Open, Keypass: from.Keypass}
	for _, c := range e.Chain {
		id.Chain = append(id.Chain, x509util.Encoded(c.DER))
	}
	if len(e.Chain) == 0 && key != nil && !s.Type().Foreign() {
		if own := NewPool(s).Own(key.Public()); own != nil {
			id.Hidden = own.Called()
		}
	}
	return id
}
