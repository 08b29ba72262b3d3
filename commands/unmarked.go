package commands

import (
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// mark makes trusted certificates of some that have no name.
func (s *session) mark(to *store.Store, certificates []entry.Certificate) error {
	for _, c := range certificates {
		parsed, err := x509util.ParseCertificate(c.DER)
		if err != nil {
			return err
		}
		if err := s.refuseCertificate(parsed, s.ks.path); err != nil {
			return err
		}
		if err := to.SetCertificate(freeAlias(to, parsed, ""), c, s.Now()); err != nil {
			return err
		}
	}
	return nil
}
