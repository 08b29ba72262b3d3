package token

import "gokeytool/store/entry"

// Extract returns the key of an entry with its bytes, which leaves the token by that. The
// error is entry.ErrHeld.
func (k *Keystore) Extract(e *entry.Entry) (entry.Key, error) { return entry.Key{}, entry.ErrHeld }
