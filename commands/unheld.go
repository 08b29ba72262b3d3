package commands

import (
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// unheldError says why a keystore can't hold an entry.
type unheldError struct{ reason string }

func (e *unheldError) Error() string { return e.reason }

// checkChain refuses a chain that is out of order where the keystore is PKCS12:
// that format holds no chains, but certificates of which readers build them.
func checkChain(to *store.Store, chain []entry.Certificate) error {
	if to.Type() != store.PKCS12 {
		return nil
	}
	parsed := make([]*x509util.Certificate, len(chain))
	for i, c := range chain {
		var err error
		if parsed[i], err = x509util.ParseCertificate(c.DER); err != nil {
			return nil // there is no telling; saving will
		}
	}
	if err := x509util.CheckChain(parsed); err != nil {
		return &unheldError{err.Error()}
	}
	return nil
}
