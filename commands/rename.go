package commands

import (
	"context"
	"errors"
	"time"

	"gokeytool/store"
)

type renameOptions struct{ old, alias string }

func readRename(l line) renameOptions { return renameOptions{l.operand(0), l.operand(1)} }

// rename gives an entry another alias. The key's password is not needed.
func rename(ctx context.Context, s *session, o renameOptions) error {
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	if _, err := s.ks.get(o.old); err != nil {
		return err
	}
	var exists *store.EntryExistsError
	err := s.ks.Rename(o.old, o.alias, time.Time{})
	if errors.As(err, &exists) {
		return aliasTaken("Destination alias", o.alias)
	}
	if err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	s.talk().Printf("<%s> is now <%s>\n", o.old, s.ks.StoredAlias(o.alias))
	return nil
}
