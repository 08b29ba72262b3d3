package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// importkeystore copies entries from one keystore to another: all, or the one
// of -srcalias. Where both are the same file, it is converted in place and
// the old one kept beside it.
func importkeystore(ctx context.Context, s *session) error {
	if err := s.checkStoreOptions(access{}); err != nil {
		return err
	}
	inPlace, err := s.convertsInPlace()
	if err != nil {
		return err
	}
	var source *keystore
	a := access{creates: true, changes: true, replaces: inPlace, prompt: "Enter destination keystore password:  "}
	if inPlace {
		if source, err = s.openSource(inPlace); err != nil {
			return err
		}
		a.password = source.password
	}
	if err := s.openKeystore(ctx, a); err != nil {
		return err
	}
	if inPlace {
		s.ks.reading = source.reading
	}
	if source == nil {
		if source, err = s.openSource(inPlace); err != nil {
			return err
		}
	}
	sum := s.newImport()
	if s.opt.alias.given {
		_, err = s.importEntry(source, s.opt.alias.value, sum)
	} else {
		err = s.importAll(source, sum)
	}
	if err != nil {
		return err
	}
	missed := s.notImported(source, sum)
	if missed != nil && (inPlace || len(sum.Added) == 0) {
		return cmp.Or(s.sayImport(sum), missed) // the file stays as it is
	}
	var backup string
	if inPlace {
		if err := s.ks.same(); err != nil {
			return err
		}
		if backup, err = s.backUp(s.opt.srckeystore); err != nil {
			return err
		}
	}
	if err := s.saveKeystore(); err != nil {
		if inPlace {
			dropBackup(s.opt.srckeystore, backup)
		}
		return err
	}
	if inPlace {
		if source.Type() == s.ks.Type() {
			s.warn(fmt.Sprintf("The original keystore \"%s\" is backed up as \"%s\"...", s.opt.srckeystore, backup))
		} else {
			s.warn(fmt.Sprintf("Migrated \"%s\" to %s. The %s keystore is backed up as \"%s\".",
				s.opt.srckeystore, s.ks.Type(), source.Type(), backup))
		}
	}
	return cmp.Or(s.sayImport(sum), missed)
}

// notImported is, in our own style, the error of an import that has not taken
// all it was to take. keytool calls it a success.
func (s *session) notImported(source *keystore, sum *jsonImport) error {
	if !s.ownStyle() {
		return nil
	}
	if len(sum.Failed) == 0 {
		if source.Len() > 0 {
			return nil
		}
		return withHint(fmt.Errorf("%s has no entries: nothing was imported", source.path), s.unmarkedHints(source)...)
	}
	var hints []string
	names := make([]string, len(sum.Failed))
	for i, f := range sum.Failed {
		names[i] = fmt.Sprintf("<%s> (%s)", f.Alias, f.Reason)
		if f.Reason == declined {
			hints = []string{replaceHint}
		}
	}
	return withHint(fmt.Errorf("not imported from %s: %s", source.path, strings.Join(names, ", ")), hints...)
}

// declined is why an entry was not imported that the user did not want.
const declined = "declined"

// replaceHint says how entries are imported whose aliases are taken.
const replaceHint = "-noprompt replaces entries without a question; -destalias NAME, with -srcalias, imports under another name"

// convertsInPlace says whether source and destination are the same file.
func (s *session) convertsInPlace() (bool, error) {
	if isToken(s.opt.srcstoretype) {
		return false, nil
	}
	if !s.opt.given("srckeystore") {
		return false, failf("Please specify -srckeystore")
	}
	source, err := os.Stat(s.opt.srckeystore)
	if err == nil && source.Mode().IsRegular() && source.Size() == 0 {
		return false, failf("Source keystore file exists, but is empty: %s", s.opt.srckeystore)
	}
	path := s.keystorePath()
	if dest, destErr := os.Stat(path); err == nil && destErr == nil && os.SameFile(source, dest) {
		return true, nil
	}
	if err != nil && filepath.Clean(path) == filepath.Clean(s.opt.srckeystore) {
		return true, nil // there is neither: openSource says so
	}
	s.talk().Printf("Importing keystore %s to %s...\n", s.opt.srckeystore, path)
	return false, nil
}

// openSource opens the keystore to import from, which may be changed by that.
func (s *session) openSource(changed bool) (*keystore, error) {
	k := &keystore{path: s.opt.srckeystore, exists: true, password: s.opt.srcstorepass, options: s.openOptions()}
	k.options.ReadOnly = !changed
	if isToken(s.opt.srcstoretype) && s.opt.srckeystore != noKeystore {
		return nil, s.notNone(niceType(s.opt.srcstoretype))
	}
	if _, err := os.Stat(s.opt.srckeystore); err != nil && !isToken(s.opt.srcstoretype) {
		return nil, fileError(s.opt.srckeystore, err)
	}
	if s.opt.given("srcprovidername") {
		if err := s.checkProviderName(s.opt.srcprovidername, s.opt.srcstoretype); err != nil {
			return nil, err
		}
	}
	if s.opt.given("srcstoretype") {
		k.domain = strings.EqualFold(s.opt.srcstoretype, domainType) && !s.ownStyle()
		named, err := s.parseType(s.opt.srcstoretype)
		if err != nil && !k.domain {
			return nil, java("java.security.KeyStoreException", niceType(s.opt.srcstoretype)+" not found")
		}
		if named == store.PKCS12 {
			s.ignoreSourceKeyPassword(k.password)
		}
	}
	if err := k.load(s.opt.srcstoretype); err != nil {
		if s.opt.given("srcstoretype") && k.password == nil && !s.opt.srcprotected {
			// keytool asks before it looks whether the file is of that type.
			if _, err := s.promptSecret("Enter source keystore password:  "); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	if k.password == nil && !s.opt.srcprotected && !k.passwordless() && s.ownStyle() {
		if err := s.unlockSource(k); err != nil {
			return nil, err
		}
	} else if k.password == nil && !s.opt.srcprotected && !k.passwordless() {
		password, err := s.promptSecret("Enter source keystore password:  ")
		if err != nil {
			return nil, err
		}
		if k.password = password; password != nil {
			if k.pkcs12() { // before the password turns out to be wrong
				s.ignoreSourceKeyPassword(password)
			}
			if err := k.load(s.opt.srcstoretype); err != nil {
				return nil, err
			}
		}
	}
	if k.pkcs12() {
		s.ignoreSourceKeyPassword(k.password)
	}
	if k.password == nil && !k.passwordless() {
		s.Stderr.Print(`
*****************  WARNING WARNING WARNING  *****************
* The integrity of the information stored in the srckeystore*
* has NOT been verified!  In order to verify its integrity, *
* you must provide the srckeystore password.                *
*****************  WARNING WARNING WARNING  *****************

`)
	}
	return k, nil
}

// unlockSource asks for the password of the keystore to import from, in our own
// style.
func (s *session) unlockSource(k *keystore) error {
	_, password, err := s.unlock(locked{
		path: k.path, prompt: "Enter source keystore password:  ",
		open: func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.srcstoretype) },
	})
	k.password = password
	if err == nil && k.Unread() {
		err = noPassword(k.path, "srcstorepass")
	}
	return err
}

// ignoreSourceKeyPassword says that keys in PKCS12 have the password of their
// keystore, where -srckeypass is another.
func (s *session) ignoreSourceKeyPassword(password []byte) {
	if s.opt.srckeypass == nil || password == nil || samePassword(password, s.opt.srckeypass) {
		return
	}
	s.Stderr.Print("Warning:  Different store and key passwords not supported for PKCS12 KeyStores. Ignoring user-specified -srckeypass value.\n")
	s.opt.srckeypass = password
}

// importAll imports every entry, in Java's order.
func (s *session) importAll(source *keystore, sum *jsonImport) error {
	if s.opt.given("destalias") || s.opt.srckeypass != nil {
		return withHint(failf("if alias not specified, destalias and srckeypass must not be specified"), whichEntry(source)...)
	}
	entries := source.JavaOrder()
	seals := s.sealingPassword(source.password)
	ahead := resealAhead(source.Store, entries, source.password, s.ks.Store, seals)
	defer ahead.stop()
	s.ahead = ahead
	imported := 0
	for i, e := range entries {
		alias := source.printedAlias(e)
		result, err := s.importEntry(source, alias, sum)
		if err != nil {
			return err
		}
		if result == entryImported {
			imported++
			s.talk().Printf("Entry for alias %s successfully imported.\n", alias)
		}
		if result == entryFailed && !s.opt.noprompt {
			quit, err := s.promptYesNo("Do you want to quit the import process? [no]:  ")
			if err != nil {
				return err
			}
			if quit {
				for _, e := range entries[i+1:] {
					sum.Failed = append(sum.Failed, jsonFailed{source.printedAlias(e), "the import was ended before"})
				}
				break
			}
		}
	}
	s.talk().Printf("Import command completed:  %s entries successfully imported, %s entries failed or cancelled\n",
		text.Group(imported), text.Group(len(entries)-imported))
	return nil
}

// whichEntry says how an entry of a keystore is named for importkeystore.
func whichEntry(source *keystore) []string {
	const most = 12
	var aliases []string
	for _, e := range source.Sorted() {
		aliases = append(aliases, shell.Quote(source.JavaAlias(e)))
	}
	switch n := len(aliases); {
	case n == 0:
		return nil
	case n == 1:
		return []string{source.path + " has one entry: name it with -srcalias " + aliases[0]}
	case n > most:
		aliases = append(aliases[:most], "and so on")
	}
	return []string{"name the entry with -srcalias; " + source.path + " has " + strings.Join(aliases, ", ")}
}

// importResult is what came of importing one entry.
type importResult uint8

const (
	entryImported importResult = iota
	entryDeclined              // by the user
	entryFailed                // the destination can't hold it
)

// importEntry imports one entry, and notes in the summary what came of it.
func (s *session) importEntry(source *keystore, alias string, sum *jsonImport) (importResult, error) {
	newAlias := alias
	if s.opt.given("destalias") {
		newAlias = s.opt.destalias
	}
	if _, exists := s.ks.Store.Get(newAlias); exists {
		if s.opt.noprompt {
			s.Stderr.Printf("Warning: Overwriting existing alias %s in destination keystore\n", alias)
		} else {
			overwrite, err := s.promptYesNo(console.Textf("Existing entry alias %s exists, overwrite? [no]:  ", alias))
			if err != nil {
				return entryDeclined, err
			}
			if !overwrite {
				answered := false
				if newAlias, answered, err = s.promptLine("Enter new alias name\t(RETURN to cancel import for this entry):  "); err != nil {
					return entryDeclined, err
				}
				if newAlias == "" && !s.heard(answered) {
					return entryDeclined, s.unanswered(alias)
				}
				if newAlias == "" {
					s.Stderr.Printf("Entry for alias %s not imported.\n", alias)
					sum.Failed = append(sum.Failed, jsonFailed{alias, declined})
					return entryDeclined, nil
				}
			}
		}
	}
	e, err := source.get(alias)
	if err != nil {
		return entryFailed, err
	}
	if err := s.refuseImported(source, alias, e); err != nil {
		return entryFailed, err
	}
	if e.Kind == entry.TrustedCertificate {
		err = s.ks.SetCertificate(newAlias, e.Chain[0], s.Now())
	} else {
		err = s.importKey(source, e, alias, newAlias)
	}
	if reason := unimportable(err, s.release); reason != "" {
		s.Stderr.Printf("Problem importing entry for alias %[1]s: java.security.KeyStoreException: %[2]s.\nEntry for alias %[1]s not imported.\n",
			alias, reason)
		if protection, ok := errors.AsType[*pkcs12.ProtectionError](err); ok {
			s.hint(protectionHint(protection.Property, protection))
		}
		sum.Failed = append(sum.Failed, jsonFailed{alias, reason})
		return entryFailed, nil
	}
	if err != nil {
		return entryFailed, err
	}
	if len(e.Chain) > 0 {
		s.warnOfDER("<"+newAlias+">", e.Chain[0].DER)
	}
	s.added(sum, newAlias)
	return entryImported, nil
}

// heard says whether RETURN is heard as the answer to a second question. keytool
// loses what waits behind the first where that is no terminal, and runs into the
// end of the input.
func (s *session) heard(answered bool) bool {
	return answered && (s.ownStyle() || s.ReadSecret != nil)
}

// unanswered ends an import in which nobody says what is to be done with an
// entry whose alias is taken.
func (s *session) unanswered(alias string) error {
	if s.ownStyle() {
		return withHint(fmt.Errorf("<%s> is in %s already, and nobody said what to do: nothing was imported", alias, s.ks.path), replaceHint)
	}
	return withHint(java("java.lang.NullPointerException", "invalid null input"), replaceHint)
}

// unimportable is what Java says of an entry that the destination can't take,
// while others may follow; "" for any other error.
func unimportable(err error, release jdk.Release) string {
	var secret *store.NoSecretKeysError
	var kind *store.KindError
	var algorithm *pkcs12.SecretAlgorithmError
	var refused *unheldError
	var protection *pkcs12.ProtectionError
	switch {
	case errors.As(err, &protection):
		_, text, _ := strings.Cut(protection.Java(release), ": ")
		return text
	case errors.As(err, &refused):
		return refused.reason
	case errors.As(err, &secret):
		return "Cannot store non-PrivateKeys"
	case errors.As(err, &algorithm):
		return "Key protection algorithm not found: java.security.NoSuchAlgorithmException: unrecognized algorithm name: " + algorithm.Algorithm
	case errors.As(err, &kind): // a certificate in place of a key
		return "Cannot overwrite own certificate"
	}
	return ""
}

// importKey imports a private or secret key. It is protected with -destkeypass,
// else in PKCS12 with the keystore's password, else with the one it had.
func (s *session) importKey(source *keystore, e *entry.Entry, alias, newAlias string) error {
	if err := checkChain(s.ks.Store, e.Chain); err != nil {
		return err
	}
	unprotected := s.checkProtection(e.Kind)
	if s.ahead != nil && e.Kind == entry.PrivateKey && unprotected == nil {
		if sealed, ok := s.ahead.take(e); ok {
			s.ks.SetSealed(newAlias, e.Kind, sealed, e.Chain, s.Now())
			return nil
		}
	}
	key, password, err := s.recoverEntry(source, e, alias, source.password, s.opt.srckeypass)
	if err != nil {
		return s.notOpened(err, source.path, source.Store)
	}
	if unprotected != nil {
		return unprotected
	}
	if err := s.ks.SetKey(newAlias, key, s.sealingPassword(password), e.Chain, s.Now()); err != nil {
		return err
	}
	if e.Kind == entry.SecretKey {
		s.warnOfSecretKey("<"+newAlias+">", key)
	}
	return nil
}

// checkProtection refuses to take a key into a PKCS12 keystore without a
// password, as keytool does with -destprotected.
func (s *session) checkProtection(kind entry.Kind) error {
	if s.ownStyle() || !s.opt.protected || !s.ks.pkcs12() || s.ks.password != nil || s.ks.destkeypass != nil {
		return nil
	}
	what := "PrivateKeyEntry"
	if kind == entry.SecretKey {
		what = "SecretKeyEntry"
	}
	return &unheldError{"non-null password required to create " + what}
}

// sealingPassword is the password for a key that had the one given.
func (s *session) sealingPassword(had []byte) []byte {
	switch {
	case s.ks.destkeypass != nil:
		return s.ks.destkeypass
	case s.ks.pkcs12() && !s.ks.passwordless():
		return s.ks.password
	}
	return had
}
