package commands

import (
	"context"
	"fmt"

	"gokeytool/internal/console"
	"gokeytool/store/entry"
)

// deleteEntry removes an entry.
func deleteEntry(ctx context.Context, s *session) error {
	alias := s.opt.alias.value
	ask := func() (err error) {
		if !s.opt.alias.given && !s.namesObject() {
			alias, err = s.askAlias("Enter alias name:  ", "Must specify alias")
		}
		return err
	}
	if err := s.openKeystore(ctx, access{changes: true, ask: ask}); err != nil {
		return err
	}
	if !s.opt.alias.given && s.namesObject() {
		alias = s.alias().value
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if err := s.askDestroy(alias, e); err != nil {
		return err
	}
	if err := s.ks.Delete(alias); err != nil {
		return err
	}
	return s.saveKeystore()
}

// askDestroy asks, in our own style, before a key on a token is destroyed: no backup and
// no CA brings it back.
func (s *session) askDestroy(alias string, e *entry.Entry) error {
	if s.ks.token == nil || !s.ownStyle() || s.opt.noprompt || e.Kind == entry.TrustedCertificate {
		return nil
	}
	yes, err := s.promptYesNo(console.Textf("The key <%s> is destroyed on %s for good: there is no copy of it. Destroy it? [no]:  ", alias, tokenCalled(s.ks.token.Info())))
	if err == nil && !yes {
		err = withHint(fmt.Errorf("the key <%s> stays as it was", alias), "-noprompt destroys it without a question")
	}
	return err
}
