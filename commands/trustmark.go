package commands

import (
	"context"
	"fmt"

	"gokeytool/internal/text"
	"gokeytool/store"
)

// trustmark gives the certificates of a PKCS12 file that Java does not see the
// mark that makes trusted certificates of them.
func trustmark(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	if s.ks.Type() != store.PKCS12 {
		return fmt.Errorf("%s is %s, in which every certificate has an alias: only PKCS12 knows the mark", s.ks.path, s.ks.Type())
	}
	unmarked := s.ks.Untrusted()
	if len(unmarked) == 0 {
		s.talk().Printf("%s holds no certificate without Java's mark\n", s.ks.path)
		return nil
	}
	// In the file each takes the place that it had without the mark.
	if err := s.mark(s.ks.Store, unmarked); err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	s.talk().Printf("%s Java's mark in %s\n", text.CountGrouped(len(unmarked), "certificate got", "certificates got"), s.ks.path)
	s.sayJava()
	return nil
}
