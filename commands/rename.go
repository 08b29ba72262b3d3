package commands

import (
	"context"
	"errors"
	"time"

	"gokeytool/store"
)

// rename gives an entry another alias. The key's password is not needed.
func rename(ctx context.Context, s *session) error {
	old, alias := s.req.Operands[0], s.req.Operands[1]
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	if _, err := s.ks.get(old); err != nil {
		return err
	}
	var exists *store.EntryExistsError
	err := s.ks.Rename(old, alias, time.Time{})
	if errors.As(err, &exists) {
		return failf("Destination alias <%s> already exists", alias)
	}
	if err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	s.talk().Printf("<%s> is now <%s>\n", old, s.ks.StoredAlias(alias))
	return nil
}
