package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

type migrateOptions struct{ target targetOptions }

func readMigrate(l line) migrateOptions { return migrateOptions{readTarget(l)} }

// migrate converts keystores in place. What was there is kept beside it.
func migrate(ctx context.Context, s *session, o migrateOptions) error {
	to, err := s.resolveTarget(o.target, "")
	if err != nil {
		return err
	}
	if isTokenStore(s.opt.keystore.value, s.opt.storetype.value) {
		return withHint(fmt.Errorf("%s is a token, which has no other format", s.keystorePath()),
			"entries of a file go to a token by importkeystore -srckeystore FILE -destkeystore "+shell.Quote(s.keystorePath()))
	}
	if to.typ == store.PEM {
		return withHint(errors.New("a keystore is not turned into PEM in place"),
			"to make a file of it: "+s.named(s.opt.keystore.value).Operand([]string{"convert", "-to", "pem"}, "NEW.pem"))
	}
	if err := s.openKeystore(ctx, access{changes: true}); err != nil {
		return err
	}
	old := s.ks.Type()
	as := old == to.typ && (old != store.PKCS12 || s.ks.ProtectedBy(to.params))
	if as && s.opt.newpass == nil && !s.oddForJava() {
		s.talk().Printf("%s is %s already\n", s.ks.path, old)
		return nil
	}
	made, password, err := s.recode(to)
	if err != nil {
		return err
	}
	data, err := made.Bytes(password)
	if err != nil {
		return err
	}
	if err := s.ks.same(); err != nil {
		return err
	}
	backup, err := s.backUp(s.ks.path)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(s.ks.path, data, 0o600, nil); err != nil {
		dropBackup(s.ks.path, backup)
		return notWritten(s.ks.path, pathCause(err))
	}
	s.talk().Printf("Migrated %s from %s to %s: %s; the old one is kept as %s\n", s.ks.path, old, to.typ, entriesOf(made), backup)
	return nil
}

// oddForJava says whether there is something in a PKCS12 keystore that Java
// does not see, or does not take, so that it is worth writing again.
func (s *session) oddForJava() bool {
	if s.ks.Type() != store.PKCS12 {
		return false
	}
	return s.ks.Refused() != "" || len(s.ks.Passed()) > 0 || slices.ContainsFunc(s.ks.Entries(), func(e *entry.Entry) bool {
		if e.Kind == entry.TrustedCertificate {
			return false
		}
		key, err := s.ks.KeyOf(e, s.ks.password)
		if err == nil {
			s.keep(key)
		}
		_, odd := errors.AsType[*pkcs12.NotForJavaError](err)
		return odd || pkcs12.HiddenFromJava(e) || e.Kind == entry.PrivateKey && err == nil && len(e.Chain) == 0 && s.ks.hiddenChain(key) != nil
	})
}
