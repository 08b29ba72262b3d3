package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// access says how a command uses its keystore.
type access struct {
	creates  bool         // a missing file is a new keystore
	changes  bool         // the file is written: other writers are locked out
	replaces bool         // a new keystore takes the place of the file
	asks     asks         // how the password is asked for
	prompt   console.Text // the question for the password, if not keytool's usual one
	partial  bool         // what can be read without the password is of use too
	keys     bool         // keys are opened, which ask for no password of their own

	// password opens the keystore where -storepass gives none.
	password []byte
	// ask asks for what the command needs to know beside passwords. keytool does so
	// before it looks into the file.
	ask func() error
	// file is a file of the command; an empty name is not the standard input or
	// output, which is what no name stands for.
	file optional[string]
	// newKey: -keypass is to protect a key that is made.
	newKey bool
	// keyPasswords: keys get passwords of their own, which keys in PKCS12 have not.
	keyPasswords bool
	// foreignKeys: keys in PKCS12 may have another password than the keystore; other
	// programs make such.
	foreignKeys bool
	// passwords: passwords are changed, which those of tokens can't be.
	passwords bool
}

// asks is how keytool asks for a password that was not given.
type asks uint8

const (
	asksUntilValid asks = iota // up to three times, six characters at least
	asksOnce                   // ENTER means: without a check of integrity
	asksNever
)

// keystore is the keystore of a command, opened.
type keystore struct {
	*store.Store
	path string
	// typ is the type as keytool speaks of it: the one named by -storetype,
	// else what the file is.
	typ      string
	exists   bool
	none     bool          // -keystore NONE: no file
	provided bool          // -providername was given
	jks      bool          // the file is JKS by its content
	domain   bool          // it was named as a domain of keystores, DKS
	options  store.Options // beside password and type
	backup   func(path string) (end func(saved bool), err error)
	refuse   func(*keystore) error // what of the new must not be saved; nil for nothing
	had      certificatesIn        // when it was opened to be changed
	password []byte                // nil if none was given
	// keypass and destkeypass are -keypass and -destkeypass as they apply here: in
	// PKCS12 keys have the keystore's password. They are nil where none was given.
	keypass, destkeypass []byte
	lock                 *store.FileLock
	fresh                bool  // there was no file when it was opened
	created              bool  // it was saved, and was not there before
	unlocked             error // why there is no lock, where nothing can be written either

	// Of one that is to be changed, whose lock is given up while a question waits:
	acquire   func() error  // locks it
	reading   store.Reading // what the file held
	opened    []byte        // the password with which that was read
	storetype string        // as what
	replaces  bool          // all of the file is written again
	adapt     func() error  // has what is read protect new keys as the options say
}

// pkcs12 says whether keytool applies its rules for PKCS12 keystores.
func (k *keystore) pkcs12() bool { return strings.EqualFold(k.typ, string(store.PKCS12)) }

// passwordless says whether the keystore is a PKCS12 one that knows neither
// encryption nor integrity, as Java keeps trusted certificates, or a file of keys
// and certificates that is no keystore to Java.
func (k *keystore) passwordless() bool {
	if k.Type().Unprotected() {
		return true
	}
	p, ok := k.Params()
	return ok && p.CertAlgorithm == pkcs12.None && p.MACAlgorithm == pkcs12.None
}

func (k *keystore) close() {
	if k.lock != nil {
		_ = k.lock.Unlock()
		k.lock = nil
	}
}

// openKeystore opens the command's keystore as keytool does, asking for the
// password where it was not given. The order of checks and questions is
// keytool's.
func (s *session) openKeystore(ctx context.Context, a access) error {
	if err := s.checkStoreOptions(a); err != nil {
		return err
	}
	if err := s.checkStoreProvider(); err != nil {
		return err
	}
	k := &keystore{
		path: s.keystorePath(), password: s.opt.storepass,
		keypass: s.opt.keypass, destkeypass: s.opt.destkeypass, options: s.openOptions(),
	}
	if k.password == nil {
		k.password = a.password
	}
	k.options.ReadOnly = !a.changes
	if a.changes {
		k.refuse = s.refuseNew
	}
	if s.opt.backup {
		k.backup = s.keepBackup
	}
	s.ks = k
	if s.req.Style == argv.Subcommand && s.opt.keystore.given {
		s.warnOfCacerts(s.opt.keystore.value, s.req)
	}
	k.none, k.provided = k.path == noKeystore, s.opt.providername.given
	if a.changes && !k.none {
		s.changing = k
		k.acquire, k.replaces, k.storetype = func() error { return s.acquire(ctx, k) }, a.replaces, s.opt.storetype.value
		if err := k.acquire(); err != nil {
			return err
		}
	} else if !k.none {
		s.completeWrite(k.path)
	}
	info, err := os.Stat(k.path)
	k.fresh = errors.Is(err, fs.ErrNotExist)
	switch {
	case k.none, a.replaces, a.creates && a.changes && s.isStream(info, k.path):
	case err == nil && info.Mode().IsRegular() && info.Size() == 0:
		return failf("Keystore file exists, but is empty: %s", k.path)
	case err == nil && info.IsDir() && !a.creates:
		return failf("Keystore file does not exist: %s", k.path)
	case err == nil && info.IsDir():
		return fileError(k.path, syscall.EISDIR)
	case err == nil:
		k.exists = true
	case !a.creates:
		return failf("Keystore file does not exist: %s", k.path)
	}
	if a.ask != nil {
		if err := a.ask(); err != nil {
			return err
		}
	}
	if s.opt.storetype.given {
		isDomain := strings.EqualFold(s.opt.storetype.value, domainType) && k.exists
		if isDomain && (a.changes || s.ownStyle()) {
			return errDomain()
		}
		k.domain = isDomain
		if _, err := s.parseType(s.opt.storetype.value); err != nil && !isDomain {
			return java("java.security.KeyStoreException", niceType(s.opt.storetype.value)+" not found")
		}
	}
	if k.none {
		if err := s.openNone(); err != nil {
			return err
		}
	} else if k.exists {
		if err := k.load(s.opt.storetype.value); err != nil {
			return err
		}
	} else if err := s.createKeystore(); err != nil {
		return err
	}
	if k.pkcs12() && a.keyPasswords {
		return java("java.lang.UnsupportedOperationException", "-keypasswd commands not supported if -storetype is PKCS12")
	}
	if k.password != nil {
		if !k.exists && passwordLength(k.password) < minPassword {
			return s.tooShort("Keystore", "storepass", k.password)
		}
	} else if !s.opt.protected && (!k.passwordless() || a.keys && !fits(k.Store, nil)) {
		if err := s.askStorePassword(a); err != nil {
			return err
		}
		if k.exists && !k.none && k.password != nil {
			if err := k.load(s.opt.storetype.value); err != nil {
				return err
			}
		}
	}
	if a.changes && k.Type().Foreign() {
		return withHint(failf("%s files can be read, not changed: %s", k.Type(), k.path),
			"to make a keystore of it: "+s.here().Operand([]string{"convert"}, "NEW.p12"))
	}
	if a.changes && s.ownStyle() && s.opt.protected && !k.none && !k.passwordless() {
		return withHint(fmt.Errorf("-protected: %s can't be written without a password", k.path),
			"leave -protected out, to be asked for the password, or give it with -storepass")
	}
	if a.changes {
		if err := k.settle(); err != nil {
			return err
		}
	}
	if a.changes && k.exists {
		k.adapt = s.applyProperties
		if err := k.adapt(); err != nil {
			return err
		}
	}
	if k.pkcs12() && k.password != nil {
		if !a.foreignKeys {
			k.keypass = s.onePassword("keypass", k.keypass)
		}
		k.destkeypass = s.onePassword("destkeypass", k.destkeypass)
	}
	return checkFileName(a.file)
}

// acquire locks the keystore. Where it cannot be written anyway that is said when it
// is read or saved, as keytool says it.
func (s *session) acquire(ctx context.Context, k *keystore) error {
	lock, err := s.lock(ctx, k.path)
	var path *fs.PathError
	if errors.As(err, &path) {
		k.unlocked = err
		return nil
	}
	k.lock = lock
	return err
}

// completeWrite brings to its end what a process that was killed has left of a
// write in place. Who may not write the file reads it anyway, and is told.
func (s *session) completeWrite(path string) {
	if !atomicfile.Interrupted(path) {
		return
	}
	if err := atomicfile.Recover(path); err != nil {
		s.hint(fmt.Sprintf("%s: a write was interrupted. What is read here is whole; other programs may not open the file, until somebody who may write it has run any command with it", path))
		return
	}
	s.hint(fmt.Sprintf("%s: a write that was interrupted has been completed", path))
}

// checkFileName refuses an empty name of a file, as of an unset variable.
func checkFileName(file optional[string]) error {
	if file.given && file.value == "" {
		return fileError("", fs.ErrNotExist)
	}
	return nil
}

// isStream says whether a keystore that is made goes into a pipe or the like,
// where there is none to begin with. keytool finds such a file empty; so it is
// in its style if it is a plain one by the name of /dev/stdout.
func (s *session) isStream(info fs.FileInfo, path string) bool {
	if info == nil || s.req.Style == argv.Keytool && info.Mode().IsRegular() {
		return false
	}
	_, replaced, err := atomicfile.Target(path)
	return err == nil && !replaced
}

// onePassword is the password of a key in a PKCS12 keystore: the store's, of
// which keytool warns where another was given.
func (s *session) onePassword(option string, password []byte) []byte {
	if password == nil || samePassword(password, s.ks.password) {
		return password
	}
	s.Stderr.Printf("Warning:  Different store and key passwords not supported for PKCS12 KeyStores. Ignoring user-specified -%s value.\n", option)
	return s.ks.password
}

// checkStoreOptions refuses what can't go together, and what is not there.
func (s *session) checkStoreOptions(a access) error {
	storepass, keypass := s.opt.storepass, s.opt.keypass
	if storepass == nil {
		storepass = a.password
	}
	if a.foreignKeys {
		keypass = nil
	}
	illegal := func(text string) error { return java("java.lang.IllegalArgumentException", text) }
	if s.opt.cacerts && (s.opt.keystore.given || s.opt.storetype.given) {
		return illegal("The -keystore or -storetype option cannot be used with the -cacerts option")
	}
	if err := s.checkToken(a.passwords, keypass); err != nil {
		return err
	}
	if s.opt.protected && (storepass != nil || keypass != nil || s.opt.newpass != nil || s.opt.destkeypass != nil) {
		return illegal("if -protected is specified, then -storepass, -keypass, and -new must not be specified")
	}
	if s.opt.srcprotected && (s.opt.srcstorepass != nil || s.opt.srckeypass != nil) {
		return illegal("if -srcprotected is specified, then -srcstorepass and -srckeypass must not be specified")
	}
	if isWindows(s.opt.storetype.value) && (storepass != nil || keypass != nil || s.opt.newpass != nil || s.opt.destkeypass != nil) {
		return illegal("if keystore is not password protected, then -storepass, -keypass, and -new must not be specified")
	}
	if isWindows(s.opt.srcstoretype) && (s.opt.srcstorepass != nil || s.opt.srckeypass != nil) {
		return illegal("if source keystore is not password protected, then -srcstorepass and -srckeypass must not be specified")
	}
	if s.opt.validity.given && s.opt.validity.value <= 0 {
		return failf("Validity must be greater than zero")
	}
	if a.newKey && keypass != nil && passwordLength(keypass) < minPassword {
		return s.tooShort("Key", "keypass", keypass)
	}
	if s.opt.maxIterations.given && s.opt.maxIterations.value < 1 {
		return failf("-maxIterations must be greater than zero")
	}
	for _, given := range []struct {
		option   string
		password []byte
	}{{"new", s.opt.newpass}, {"destkeypass", s.opt.destkeypass}} {
		if given.password != nil && passwordLength(given.password) < minPassword {
			return s.tooShort("New", given.option, given.password)
		}
	}
	return s.checkProviders()
}

// parseType is the type that the user names. Java knows none that is only read.
func (s *session) parseType(name string) (store.Type, error) {
	t, err := store.ParseType(name)
	if err == nil && t.Foreign() && s.req.Style == argv.Keytool {
		err = &store.UnknownTypeError{Name: name}
	}
	return t, err
}

// keystorePath is the file that -keystore or -cacerts names.
func (s *session) keystorePath() string {
	switch {
	case s.opt.cacerts:
		path, _ := s.cacertsPath(s.req)
		return path
	case s.opt.keystore.given:
		return s.opt.keystore.value
	case isToken(s.opt.storetype.value):
		return noKeystore
	}
	return s.defaultKeystore()
}

// askAlias asks for an alias that a command can't do without.
func (s *session) askAlias(prompt console.Text, missing string) (string, error) {
	alias, _, err := s.promptLine(prompt)
	if err == nil && alias == "" {
		err = failf("%s", missing)
	}
	return alias, err
}

// askDestAlias returns what sets alias to -destalias, or asks the user for it.
func (s *session) askDestAlias(given optional[string], alias *string) func() error {
	return func() (err error) {
		if *alias = given.value; !given.given {
			*alias, err = s.askAlias("Enter destination alias name:  ", "Must specify destination alias")
		}
		return err
	}
}

// load reads the keystore file with the password known so far.
func (k *keystore) load(storetype string) error {
	var named store.Type
	if storetype != "" {
		named, _ = store.ParseType(storetype)
	}
	o := k.options
	o.Password, o.Type = k.password, named
	opened, err := store.Open(k.path, o)
	if k.domain && (err != nil || opened.Type() != store.PKCS12 && opened.Type() != store.JKS) {
		return errDomain()
	}
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return fileError(k.path, path.Err)
		}
		return err
	}
	if named != "" && !sameFamily(named, opened) {
		said := "Invalid keystore format"
		if named == store.PKCS12 { // Java reads JCEKS' magic number as the beginning of DER
			said = "DerInputStream.getLength(): lengthTag=78, too big."
		}
		return withHint(java("java.io.IOException", said),
			fmt.Sprintf("%s is a %s keystore, not a %s one: leave -storetype out, the type is found from the content", k.path, opened.Type(), named))
	}
	k.Store = opened
	k.opened = k.password
	if !o.ReadOnly {
		k.reading = store.NewReading(k.path, opened)
	}
	if k.refuse != nil {
		k.had.note(opened)
	}
	k.typ = string(opened.Type())
	k.jks = opened.Type() == store.JKS || named == store.JCEKS && isJKS(k.path)
	if named != "" {
		k.typ = string(named)
	}
	if k.domain {
		k.typ = domainType
	}
	if named == "" && k.provided && !k.domain {
		k.typ = defaultType // Java was told whose keystores to take, and looks no further
	}
	return nil
}

const (
	// domainType is Java's type of several keystores that are used as one.
	domainType = "DKS"
	// domainPrefix is before the aliases of a keystore that Java takes for the
	// only one of a domain. That is all that keytool sees of domains: it gives
	// Java a file, not where the keystores of a domain are.
	domainPrefix = "iostream1 "
)

// errDomain is Java's refusal of what is no keystore of a domain.
func errDomain() error {
	return withHint(java("java.lang.UnsupportedOperationException", "This keystore must be loaded using a DomainLoadStoreParameter"),
		"neither keytool nor gokeytool reads the file that lists the keystores of a domain: name one of the keystores with -keystore")
}

// printedAlias is the alias of an entry as keytool shows it.
func (k *keystore) printedAlias(e *entry.Entry) string {
	if k.domain {
		return domainPrefix + k.Store.JavaAlias(e)
	}
	return k.Store.JavaAlias(e)
}

// sameFamily says whether Java opens a keystore under the name of that type:
// JKS and PKCS12 under either's, JKS as JCEKS as well.
func sameFamily(named store.Type, opened *store.Store) bool {
	return (named == store.JCEKS) == (opened.Type() == store.JCEKS) &&
		(named == store.CaseExactJKS) == (opened.Type() == store.CaseExactJKS)
}

// isJKS says whether a file begins as JKS does.
func isJKS(path string) bool {
	file, err := atomicfile.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	var magic [4]byte
	_, err = io.ReadFull(file, magic[:])
	return err == nil && magic == [4]byte{0xfe, 0xed, 0xfe, 0xed}
}

// createKeystore makes a new keystore of the type named, PKCS12 by default.
func (s *session) createKeystore() error {
	typ := store.PKCS12
	if s.opt.storetype.given {
		typ, _ = store.ParseType(s.opt.storetype.value) // checked before
	}
	if typ.Foreign() {
		return withHint(failf("%s files can be read, not written: %s", typ, s.ks.path), "without a type it becomes PKCS12, which everybody reads")
	}
	s.ks.typ = string(typ)
	s.ks.Store = store.New(typ)
	s.ks.reading = store.NewReading(s.ks.path, s.ks.Store)
	return s.applyProperties()
}

// applyProperties has new keys protected as Java's properties say; of a new
// keystore everything, if it has a password to do so.
func (s *session) applyProperties() error {
	switch s.ks.Type() {
	case store.PKCS12:
		params := s.pkcs12Params()
		if !s.ks.exists && s.opt.protected && !s.ownStyle() {
			params.CertAlgorithm, params.MACAlgorithm = pkcs12.None, pkcs12.None
		}
		return s.ks.ProtectPKCS12(params)
	case store.JCEKS:
		return s.ks.ProtectJCEKS(jceks.ParamsFromProperties(s.storeProperty))
	}
	return nil
}

// pkcs12Params are the parameters of the properties: in keytool's style only
// of algorithms that it knows.
func (s *session) pkcs12Params() pkcs12.Params {
	release := s.release
	if s.ownStyle() {
		release = 0
	}
	return pkcs12.ParamsFromProperties(s.storeProperty, release)
}

// openOptions are how keystores are opened that are only read: in our own style
// foreign ones too, and with as many iterations as the user allows; in keytool's
// with as many as it allows.
func (s *session) openOptions() store.Options {
	own := s.req.Style == argv.Subcommand
	o := store.Options{Foreign: own, ReadOnly: true, Limits: entry.DefaultLimits}
	switch {
	case s.opt.maxIterations.given:
		o.Limits.MaxIterations = int(s.opt.maxIterations.value)
	case !own:
		o.Limits.MaxIterations = entry.JavaMaxIterations
	}
	return o
}

// keepBackup keeps the keystore as it was beside the one that is to be saved. end
// says so when it was saved, and takes the copy away if it was not.
func (s *session) keepBackup(path string) (end func(saved bool), err error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return func(bool) {}, nil // nothing that could be lost
	}
	name, err := s.backUp(path)
	return func(saved bool) {
		if !saved {
			dropBackup(path, name)
			return
		}
		s.talk().Printf("gokeytool: the keystore as it was is kept as %s\n", name)
	}, err
}

// askStorePassword asks for the keystore's password.
func (s *session) askStorePassword(a access) error {
	k := s.ks
	if a.asks == asksNever {
		return nil
	}
	prompt := console.Text("Enter keystore password:  ")
	if a.prompt != "" {
		prompt = a.prompt
	}
	if s.ownStyle() && k.exists && !k.none {
		return s.unlockKeystore(a, prompt)
	}
	if a.asks == asksOnce {
		password, err := s.promptSecret(prompt)
		k.password = password
		return err
	}
	for range 3 {
		password, err := s.promptSecret(prompt)
		if err != nil {
			return err
		}
		if passwordLength(password) < minPassword && !k.none {
			s.Stderr.Print("Keystore password is too short - must be at least 6 characters\n")
			continue
		}
		if !k.exists && !k.none {
			again, err := s.promptSecret("Re-enter new password: ")
			if err != nil {
				return err
			}
			if !samePassword(password, again) {
				s.Stderr.Print("They don't match. Try again\n")
				continue
			}
		}
		k.password = password
		return nil
	}
	const text = "Too many failures - try later"
	if s.req.Style == argv.Subcommand {
		return failf(text) // nothing was done
	}
	s.Stderr.Printf("%s\n", text)
	return errQuiet
}

// saveKeystore ends a command that changed its keystore.
func (s *session) saveKeystore() error {
	if err := s.ks.save(); err != nil {
		return err
	}
	s.announceStored()
	s.warnOfFormat()
	return nil
}

// announceStored says, with -v, that the keystore was written.
func (s *session) announceStored() {
	if s.opt.verbose {
		s.Stderr.Printf("[Storing %s]\n", s.ks.path)
	}
}

// save writes the keystore file.
func (k *keystore) save() error {
	if k.none {
		return errNone()
	}
	if err := k.settle(); err != nil {
		return err
	}
	if k.unlocked != nil { // it would be written beside others
		return k.notSaved(pathCause(k.unlocked))
	}
	if k.refuse != nil {
		if err := k.refuse(k); err != nil {
			return err
		}
	}
	end := func(bool) {}
	if k.backup != nil && k.exists {
		var err error
		if end, err = k.backup(k.path); err != nil {
			return err
		}
	}
	write := k.Save
	if k.fresh { // what is there by now is not ours to replace
		write = k.Create
	}
	err := write(k.path, k.password)
	end(err == nil)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return k.notSaved(path.Err)
		}
		return err
	}
	k.created = k.created || !k.exists
	k.fresh = false
	k.exists, k.jks = true, k.Type() == store.JKS
	return nil
}

// notSaved is why the file system did not take the keystore, which keytool
// writes into the old file: we put a new one in its place.
func (k *keystore) notSaved(cause error) error {
	err := notWritten(k.path, cause)
	if errors.Is(cause, fs.ErrExist) {
		return withHint(err, fmt.Sprintf("%s was not there when the command began; another program has made it since, and it is as that has left it: run the command again to add to it", k.path))
	}
	if unfinished, ok := errors.AsType[*atomicfile.UnfinishedError](cause); ok {
		return withHint(err, k.path+": "+unfinished.Error())
	}
	if _, refused := errors.AsType[*atomicfile.RefusedError](cause); refused {
		return err
	}
	if _, plain := cause.(syscall.Errno); !plain {
		return withHint(err, fmt.Sprintf("%s is as it was: %v", k.path, cause))
	}
	if k.exists && errors.Is(cause, syscall.ENOSPC) {
		return withHint(err, fmt.Sprintf("%s is as it was: a new file is to take its place, so there has to be room for both", k.path))
	}
	return err
}

// warnOfFormat adds keytool's warning about JKS and JCEKS keystores that hold
// keys, which ends every command that used one.
func (s *session) warnOfFormat() {
	k := s.ks
	if k == nil || !k.exists || k.Store == nil || k.Type() == store.PKCS12 || k.Type().Foreign() {
		return
	}
	typ := k.Type()
	if k.jks || typ == store.CaseExactJKS { // a JKS file that was opened as JCEKS, and not saved
		typ = store.JKS
	}
	for _, e := range k.Entries() {
		if e.Kind != entry.TrustedCertificate {
			s.warn(fmt.Sprintf("The %[1]s keystore uses a proprietary format. It is recommended to migrate to PKCS12 which is an industry standard format using \"keytool -importkeystore -srckeystore %[2]s -destkeystore %[2]s -deststoretype pkcs12\".",
				typ, k.path))
			return
		}
	}
}

// warnUnverified prints keytool's warning about a keystore that was read
// without its password.
func (s *session) warnUnverified() {
	if s.ks.password != nil || s.opt.protected || s.ks.passwordless() {
		return
	}
	s.Stderr.Print(`
*****************  WARNING WARNING WARNING  *****************
* The integrity of the information stored in your keystore  *
* has NOT been verified!  In order to verify its integrity, *
* you must provide your keystore password.                  *
*****************  WARNING WARNING WARNING  *****************

`)
}

// get is the entry of that alias, or keytool's error.
func (k *keystore) get(alias string) (*entry.Entry, error) {
	name := alias
	if k.domain { // with the prefix, or without
		name = strings.TrimPrefix(alias, domainPrefix)
	}
	e, ok := k.Store.Get(name)
	if !ok {
		return nil, failf("Alias <%s> does not exist", alias)
	}
	return e, nil
}

// certificate is the certificate of that alias, or keytool's error.
func (k *keystore) certificate(alias string) (*x509util.Certificate, error) {
	e, err := k.get(alias)
	if err != nil {
		return nil, err
	}
	if len(e.Chain) == 0 {
		return nil, failf("%s has no public key (certificate)", alias)
	}
	return parseEntryCertificate(alias, e.Chain[0])
}

func parseEntryCertificate(alias string, c entry.Certificate) (*x509util.Certificate, error) {
	parsed, err := x509util.ParseCertificate(c.DER)
	if err != nil {
		return nil, java("java.security.cert.CertificateException", fmt.Sprintf("certificate of %q: %v", alias, err))
	}
	return parsed, nil
}

// recoverKey opens the private key of an alias as keytool does: with the key
// password given, else the keystore's, else it asks. It returns the password
// that opened it.
func (s *session) recoverKey(k *keystore, alias string, password []byte) (entry.Key, []byte, error) {
	e, err := k.get(alias)
	if err != nil {
		return entry.Key{}, nil, err
	}
	if e.Kind == entry.TrustedCertificate {
		return entry.Key{}, nil, failf("Alias <%s> has no key", alias)
	}
	if password == nil && k.password != nil {
		key, err := k.KeyOf(e, k.password)
		if err == nil || !errors.Is(err, entry.ErrPassword) {
			return s.keep(key), k.password, err
		}
	}
	if password == nil {
		if key, ok := s.openWithout(k.Store, e); ok {
			return key, []byte{}, nil
		}
		if password, err = s.askExistingKeyPassword(alias); err != nil {
			return entry.Key{}, nil, err
		}
	}
	key, err := k.KeyOf(e, password)
	return s.keep(key), password, err
}

// askExistingKeyPassword asks for the password of a key, up to three times.
func (s *session) askExistingKeyPassword(alias string) ([]byte, error) {
	for range 3 {
		password, err := s.promptSecret(console.Textf("Enter key password for <%s>", alias))
		if err != nil || password != nil {
			return password, err
		}
	}
	if s.ownStyle() {
		return nil, fmt.Errorf("the key <%s> needs its password, and none was given", alias)
	}
	return nil, failf("Too many failures - try later")
}

// keep has a key wiped when the command ends.
func (s *session) keep(key entry.Key) entry.Key {
	s.secrets = append(s.secrets, key.PKCS8, key.Raw)
	return key
}

// askKeyPassword asks for the password of a new key entry. In PKCS12 there is
// but the store's; ENTER and the end of input mean the same.
func (s *session) askKeyPassword(alias string) ([]byte, error) {
	if s.ks.keypass != nil {
		return s.ks.keypass, nil
	}
	same := s.ks.password
	if (same != nil && s.ks.pkcs12()) || s.opt.protected {
		return same, nil
	}
	prompt := console.Textf("Enter key password for <%s>", alias)
	if same != nil {
		prompt += "\n\t(RETURN if same as keystore password):  "
	}
	return s.promptKeyPassword(prompt, same, "Too many failures - key not added to keystore")
}

// promptKeyPassword asks for the new password of a key, twice; ENTER and the
// end of input mean same. After three tries it fails with that text.
func (s *session) promptKeyPassword(prompt console.Text, same []byte, failure string) ([]byte, error) {
	for range 3 {
		password, err := s.promptSecret(prompt)
		if err != nil {
			return nil, err
		}
		if password == nil && same != nil {
			return same, nil
		}
		if passwordLength(password) < minPassword {
			s.Stderr.Print("Key password is too short - must be at least 6 characters\n")
			continue
		}
		again, err := s.promptSecret("Re-enter new password: ")
		if err != nil {
			return nil, err
		}
		if samePassword(password, again) {
			return password, nil
		}
		s.Stderr.Print("They don't match. Try again\n")
	}
	return nil, failf("%s", failure)
}

// trusted says whether a certificate is a trusted one of the keystore, or of
// cacerts where -trustcacerts is given.
func (s *session) trusted(c *x509util.Certificate) bool {
	if s.ks != nil && s.ks.Store != nil {
		if alias, ok := s.ks.FindCertificate(c.Raw); ok {
			if e, _ := s.ks.Store.Get(alias); e != nil && e.Kind == entry.TrustedCertificate {
				return true
			}
		}
	}
	if s.opt.trustcacerts {
		cacerts, err := s.cacerts()
		if err != nil {
			return false
		}
		_, ok := cacerts.FindCertificate(c.Raw)
		return ok
	}
	return false
}
