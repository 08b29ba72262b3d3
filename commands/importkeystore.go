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
	"gokeytool/store/token"
)

type importkeystoreOptions struct {
	srckeystore     optional[string]
	srcprovidername optional[string]
	destalias       optional[string]
}

func readImportkeystore(l line) importkeystoreOptions {
	return importkeystoreOptions{
		srckeystore:     l.text("srckeystore"),
		srcprovidername: l.text("srcprovidername"),
		destalias:       l.text("destalias"),
	}
}

// importkeystore copies entries from one keystore to another: all, or the one
// of -srcalias. Where both are the same file, it is converted in place and
// the old one kept beside it.
func importkeystore(ctx context.Context, s *session, o importkeystoreOptions) error {
	if err := s.checkStoreOptions(access{}); err != nil {
		return err
	}
	inPlace, err := s.convertsInPlace(o)
	if err != nil {
		return err
	}
	path := o.srckeystore.value
	var source *keystore
	a := access{creates: true, changes: true, replaces: inPlace, destination: true, prompt: "Enter destination keystore password:  "}
	if inPlace {
		if source, err = s.openSource(ctx, o, inPlace); err != nil {
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
		if source, err = s.openSource(ctx, o, inPlace); err != nil {
			return err
		}
	}
	if source.token != nil && source.token == s.ks.token && s.ownStyle() {
		return s.sameTokens(o)
	}
	i := importer{session: s, source: source, destalias: o.destalias, sum: s.newImport()}
	if s.opt.alias.given {
		_, err = i.importEntry(s.opt.alias.value)
	} else {
		err = i.importAll()
	}
	if err != nil {
		return err
	}
	missed := i.notImported()
	if missed != nil && (inPlace || len(i.sum.Added) == 0) {
		return cmp.Or(s.sayImport(i.sum), missed) // the file stays as it is
	}
	var backup string
	if inPlace {
		if err := s.ks.same(); err != nil {
			return err
		}
		if backup, err = s.backUp(path); err != nil {
			return err
		}
	}
	if err := s.saveKeystore(); err != nil {
		if inPlace {
			dropBackup(path, backup)
		}
		return err
	}
	if inPlace {
		if source.Type() == s.ks.Type() {
			s.warn(fmt.Sprintf("The original keystore \"%s\" is backed up as \"%s\"...", path, backup))
		} else {
			s.warn(fmt.Sprintf("Migrated \"%s\" to %s. The %s keystore is backed up as \"%s\".",
				path, s.ks.Type(), source.Type(), backup))
		}
	}
	return cmp.Or(s.sayImport(i.sum), missed)
}

// importer copies entries from one keystore to the command's.
type importer struct {
	*session
	source    *keystore
	destalias optional[string]
	ahead     *resealer // nil if not all is imported
	sum       *jsonImport
	held      *heldKeyError // of a key that was not imported; nil for none
}

// notImported is, in our own style, the error of an import that has not taken
// all it was to take. keytool calls it a success.
func (i *importer) notImported() error {
	if !i.ownStyle() {
		return nil
	}
	if len(i.sum.Failed) == 0 {
		if i.source.Len() > 0 {
			return nil
		}
		return withHint(fmt.Errorf("%s has no entries: nothing was imported", i.source.path), i.unmarkedHints(i.source)...)
	}
	var hints []string
	names := make([]string, len(i.sum.Failed))
	for n, f := range i.sum.Failed {
		names[n] = fmt.Sprintf("<%s> (%s)", f.Alias, f.Reason)
		if f.Reason == declined {
			hints = []string{replaceHint}
		}
	}
	if i.held != nil {
		hints = append(hints, i.heldHints(i.source, i.held)...)
	}
	return withHint(fmt.Errorf("not imported from %s: %s", i.source.path, strings.Join(names, ", ")), hints...)
}

// declined is why an entry was not imported that the user did not want.
const declined = "declined"

// replaceHint says how entries are imported whose aliases are taken.
const replaceHint = "-noprompt replaces entries without a question; -destalias NAME, with -srcalias, imports under another name"

// convertsInPlace says whether source and destination are the same file.
func (s *session) convertsInPlace(o importkeystoreOptions) (bool, error) {
	srckeystore := o.srckeystore
	if isToken(s.opt.srcstoretype.value) || isTokenURI(srckeystore.value) {
		return false, nil
	}
	if !srckeystore.given {
		return false, failf("Please specify -srckeystore")
	}
	source, err := os.Stat(srckeystore.value)
	if err == nil && source.Mode().IsRegular() && source.Size() == 0 {
		return false, failf("Source keystore file exists, but is empty: %s", srckeystore.value)
	}
	path := s.keystorePath()
	if dest, destErr := os.Stat(path); err == nil && destErr == nil && os.SameFile(source, dest) {
		return true, nil
	}
	if err != nil && filepath.Clean(path) == filepath.Clean(srckeystore.value) {
		return true, nil // there is neither: openSource says so
	}
	s.talk().Printf("Importing keystore %s to %s...\n", srckeystore.value, path)
	return false, nil
}

// sameTokens refuses to import from a token into itself.
func (s *session) sameTokens(o importkeystoreOptions) error {
	line := s.here().Line([]string{"changealias", "-alias", cmp.Or(s.opt.alias.value, "ALIAS"), "-destalias", cmp.Or(o.destalias.value, "NEWALIAS")})
	return withHint(failf("Source and destination are the same token: %s", s.ks.path), "to give an entry another alias: "+line)
}

// openSource opens the keystore to import from, which may be changed by that.
func (s *session) openSource(ctx context.Context, o importkeystoreOptions, changed bool) (*keystore, error) {
	storetype := s.opt.srcstoretype
	if isTokenStore(o.srckeystore.value, storetype.value) {
		return s.openSourceToken(ctx, o)
	}
	s.opensWith(o.srckeystore.value, "srcstorepass")
	k := &keystore{path: o.srckeystore.value, exists: true, password: s.opt.srcstorepass, keypass: s.opt.srckeypass, options: s.openOptions()}
	k.options.ReadOnly = !changed
	if isToken(storetype.value) && k.path != noKeystore {
		return nil, s.notNone(niceType(storetype.value))
	}
	if _, err := os.Stat(k.path); err != nil && !isToken(storetype.value) {
		return nil, fileError(k.path, err)
	}
	if o.srcprovidername.given {
		if err := s.checkProviderName(o.srcprovidername.value, storetype.value); err != nil {
			return nil, err
		}
	}
	if storetype.given {
		k.domain = strings.EqualFold(storetype.value, domainType) && !s.ownStyle()
		named, err := s.parseType(storetype.value)
		if err != nil && !k.domain {
			return nil, noStoreType(niceType(storetype.value))
		}
		if named == store.PKCS12 {
			s.ignoreSourceKeyPassword(k)
		}
	}
	if err := k.load(storetype.value); err != nil {
		if storetype.given && k.password == nil && !s.opt.srcprotected {
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
				s.ignoreSourceKeyPassword(k)
			}
			if err := k.load(storetype.value); err != nil {
				return nil, err
			}
		}
	}
	if k.pkcs12() {
		s.ignoreSourceKeyPassword(k)
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

// openSourceToken opens the token to import from.
func (s *session) openSourceToken(ctx context.Context, o importkeystoreOptions) (*keystore, error) {
	storetype := s.opt.srcstoretype.value
	byURI := isTokenURI(o.srckeystore.value)
	switch {
	case !byURI && o.srckeystore.value != noKeystore:
		return nil, s.notNone(niceType(storetype))
	case storetype != "" && !strings.EqualFold(storetype, string(store.PKCS11)):
		return nil, notTokenType(niceType(storetype), "srckeystore", "srcstoretype")
	case byURI && s.opt.srckeypass != nil && s.ownStyle():
		return nil, errNoKeyPassword("srckeypass")
	}
	if o.srcprovidername.given {
		if err := s.checkProviderName(o.srcprovidername.value, string(store.PKCS11)); err != nil {
			return nil, err
		}
	}
	place, known, err := s.tokenPlace(o.srckeystore, storetype, o.srcprovidername)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, noStoreType(niceType(storetype))
	}
	return s.openBeside(ctx, place, tokenAccess{
		pin: s.opt.srcstorepass, option: "srcstorepass", protected: s.opt.srcprotected, asks: true, prompt: "Enter source keystore password:  ",
	})
}

// unlockSource asks for the password of the keystore to import from, in our own
// style.
func (s *session) unlockSource(k *keystore) error {
	_, password, err := s.unlock(locked{
		path: k.path, prompt: "Enter source keystore password:  ",
		open: func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.srcstoretype.value) },
	})
	k.password = password
	if err == nil && k.Unread() {
		err = noPassword(k.path, "srcstorepass")
	}
	return err
}

// ignoreSourceKeyPassword says that keys in PKCS12 have the password of their
// keystore, where -srckeypass is another.
func (s *session) ignoreSourceKeyPassword(k *keystore) {
	if k.keypass == nil || k.password == nil || samePassword(k.password, k.keypass) {
		return
	}
	s.Stderr.Print("Warning:  Different store and key passwords not supported for PKCS12 KeyStores. Ignoring user-specified -srckeypass value.\n")
	k.keypass = k.password
}

// importAll imports every entry, in Java's order.
func (i *importer) importAll() error {
	if i.destalias.given || i.source.keypass != nil {
		return withHint(failf("if alias not specified, destalias and srckeypass must not be specified"), whichEntry(i.source)...)
	}
	entries := i.source.JavaOrder()
	if i.source.token == nil && i.ks.token == nil { // keys of tokens take one session
		i.ahead = resealAhead(i.source.Store, entries, i.source.password, i.ks.Store, i.sealingPassword(i.source.password))
		defer i.ahead.stop()
	}
	imported := 0
	for n, e := range entries {
		alias := i.source.printedAlias(e)
		result, err := i.importEntry(alias)
		if err != nil {
			return err
		}
		if result == entryImported {
			imported++
			i.talk().Printf("Entry for alias %s successfully imported.\n", alias)
		}
		if result == entryFailed && !i.opt.noprompt {
			quit, err := i.promptYesNo("Do you want to quit the import process? [no]:  ")
			if err != nil {
				return err
			}
			if quit {
				for _, e := range entries[n+1:] {
					i.failed(i.source.printedAlias(e), "the import was ended before")
				}
				break
			}
		}
	}
	i.talk().Printf("Import command completed:  %s entries successfully imported, %s entries failed or cancelled\n",
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
func (i *importer) importEntry(alias string) (importResult, error) {
	newAlias := i.destalias.or(alias)
	if _, exists := i.ks.Store.Get(newAlias); exists {
		if i.opt.noprompt {
			i.Stderr.Printf("Warning: Overwriting existing alias %s in destination keystore\n", alias)
		} else {
			overwrite, err := i.promptYesNo(console.Textf("Existing entry alias %s exists, overwrite? [no]:  ", alias))
			if err != nil {
				return entryDeclined, err
			}
			if !overwrite {
				answered := false
				if newAlias, answered, err = i.promptLine("Enter new alias name\t(RETURN to cancel import for this entry):  "); err != nil {
					return entryDeclined, err
				}
				if newAlias == "" && !i.heard(answered) {
					return entryDeclined, i.unanswered(alias)
				}
				if newAlias == "" {
					i.Stderr.Printf("Entry for alias %s not imported.\n", alias)
					i.failed(alias, declined)
					return entryDeclined, nil
				}
			}
		}
	}
	e, err := i.source.get(alias)
	if err != nil {
		return entryFailed, err
	}
	if err := i.refuseImported(i.source, alias, e); err != nil {
		return entryFailed, err
	}
	switch {
	case e.Kind == entry.TrustedCertificate && i.ks.token != nil:
		err = errTrustedOnToken(i.ks.path)
	case e.Kind == entry.TrustedCertificate:
		err = i.ks.SetCertificate(newAlias, e.Chain[0], i.Now())
	default:
		err = i.importKey(e, alias, newAlias)
	}
	if err == nil && i.ks.token != nil {
		err = i.storeOnToken()
	}
	if reason := i.tokenReason(err); reason != "" {
		i.Stderr.Printf("Entry for alias %s not imported: %s.\n", alias, reason)
		i.failed(alias, reason)
		return entryFailed, nil
	}
	if reason := unimportable(err, i.release); reason != "" {
		i.Stderr.Printf("Problem importing entry for alias %[1]s: java.security.KeyStoreException: %[2]s.\nEntry for alias %[1]s not imported.\n",
			alias, reason)
		if protection, ok := errors.AsType[*pkcs12.ProtectionError](err); ok {
			i.hint(protectionHint(protection.Property, protection))
		}
		i.failed(alias, reason)
		return entryFailed, nil
	}
	if err != nil {
		return entryFailed, err
	}
	if len(e.Chain) > 0 {
		i.warnOfDER("<"+newAlias+">", e.Chain[0].DER)
	}
	i.added(i.sum, newAlias)
	return entryImported, nil
}

// failed notes that an entry was not imported.
func (i *importer) failed(alias, reason string) {
	i.sum.Failed = append(i.sum.Failed, jsonFailed{alias, reason})
}

// heard says whether RETURN is heard as the answer to a second question. keytool
// loses what waits behind the first where that is no terminal, and runs into the
// end of the input.
func (i *importer) heard(answered bool) bool {
	return answered && (i.ownStyle() || i.ReadSecret != nil)
}

// unanswered ends an import in which nobody says what is to be done with an
// entry whose alias is taken.
func (i *importer) unanswered(alias string) error {
	if i.ownStyle() {
		return withHint(fmt.Errorf("<%s> is in %s already, and nobody said what to do: nothing was imported", alias, i.ks.path), replaceHint)
	}
	return withHint(java("java.lang.NullPointerException", "invalid null input"), replaceHint)
}

// storeOnToken stores an entry by itself: a module may refuse one, and take others. What
// was not taken is in the keystore no more after that.
func (i *importer) storeOnToken() error {
	err := i.ks.save()
	if of, ok := errors.AsType[*token.Error](err); ok && !errors.Is(err, token.ErrReadOnly) && !errors.Is(err, token.ErrChanged) {
		return cmp.Or[error](i.ks.readToken(i.session), of)
	}
	return err
}

// tokenReason is why an entry can't be imported from or into a token, in our own style; ""
// for any other error.
func (i *importer) tokenReason(err error) string {
	if !i.ownStyle() {
		return ""
	}
	if held, ok := errors.AsType[*heldKeyError](err); ok {
		if i.held == nil || i.held.secret { // what is said of private keys helps more
			i.held = held
		}
		return entry.ErrHeld.Error()
	}
	if ofToken, ok := errors.AsType[*token.Error](err); ok {
		return ofToken.Error()
	}
	return ""
}

// unimportable is what Java says of an entry that the destination can't take,
// while others may follow; "" for any other error.
func unimportable(err error, release jdk.Release) string {
	var secret *store.NoSecretKeysError
	var kind *store.KindError
	var algorithm *pkcs12.SecretAlgorithmError
	var refused *unheldError
	var protection *pkcs12.ProtectionError
	var ofToken *token.Error
	switch {
	case errors.As(err, &ofToken) && ofToken.Java != nil && ofToken.Java.Class == "java.security.KeyStoreException":
		return ofToken.Java.Text
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
func (i *importer) importKey(e *entry.Entry, alias, newAlias string) error {
	if err := checkChain(i.ks.Store, e.Chain); err != nil {
		return err
	}
	unprotected := i.checkProtection(e.Kind)
	if i.ahead != nil && e.Kind == entry.PrivateKey && unprotected == nil {
		if sealed, ok := i.ahead.take(e); ok {
			i.ks.SetSealed(newAlias, e.Kind, sealed, e.Chain, i.Now())
			return nil
		}
	}
	key, password, err := i.recoverEntry(i.source, e, alias)
	if err != nil {
		return i.notOpened(err, i.source.path, i.source.Store)
	}
	if unprotected != nil {
		return unprotected
	}
	if i.source.token != nil && i.source.token != i.ks.token {
		if key, err = i.fromToken(e, key); err != nil {
			return err
		}
	}
	if err := i.ks.SetKey(newAlias, key, i.sealingPassword(password), e.Chain, i.Now()); err != nil {
		return err
	}
	if e.Kind == entry.SecretKey {
		i.warnOfSecretKey("<"+newAlias+">", key)
	}
	return nil
}

// fromToken is a key of a token to be stored elsewhere. In keytool's style the error is
// Java's.
func (i *importer) fromToken(e *entry.Entry, key entry.Key) (entry.Key, error) {
	if !i.ownStyle() && i.ks.token == nil && i.ks.destkeypass == nil {
		return key, &unheldError{"non-null password required to create " + e.Kind.String()}
	}
	out, err := i.outside(i.source, e, key)
	if i.ownStyle() || !errors.Is(err, entry.ErrHeld) {
		return out, err
	}
	private := e.Kind == entry.PrivateKey
	switch reason := "Key protection algorithm not found: java.lang.NullPointerException: Cannot "; {
	case i.ks.token != nil:
		return key, &unheldError{"Cannot move sensitive keys across tokens"}
	case i.ks.Type() == store.PKCS12 && private:
		return key, &unheldError{reason + `invoke "String.equals(Object)" because the return value of "java.security.Key.getFormat()" is null`}
	case i.ks.Type() == store.PKCS12:
		return key, &unheldError{reason + `read the array length because "buf" is null`}
	case i.ks.Type() == store.JCEKS && private:
		return key, &unheldError{`Cannot read the array length because "plain" is null`}
	case i.ks.Type() == store.JCEKS:
		return key, &unheldError{"Cannot serialize sensitive, unextractable keys"}
	case private:
		return key, &unheldError{"Cannot get key bytes, not PKCS#8 encoded"}
	}
	return key, &unheldError{"Cannot store non-PrivateKeys"}
}

// checkProtection refuses to take a key into a PKCS12 keystore without a
// password, as keytool does with -destprotected.
func (i *importer) checkProtection(kind entry.Kind) error {
	if i.ownStyle() || !i.opt.protected || !i.ks.pkcs12() || i.ks.password != nil || i.ks.destkeypass != nil {
		return nil
	}
	what := "PrivateKeyEntry"
	if kind == entry.SecretKey {
		what = "SecretKeyEntry"
	}
	return &unheldError{"non-null password required to create " + what}
}

// sealingPassword is the password for a key that had the one given.
func (i *importer) sealingPassword(had []byte) []byte {
	switch {
	case i.ks.destkeypass != nil:
		return i.ks.destkeypass
	case i.ks.pkcs12() && !i.ks.passwordless():
		return i.ks.password
	}
	return had
}
