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

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/pkcs12"
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
	// newFile: -new is the password of a file that is made.
	newFile bool
	// destination: the options of the keystore have names of their own, such as
	// -deststorepass.
	destination bool
	// optional: the command needs no keystore. One that can't be opened is none, unless
	// it was named.
	optional bool
}

// asks is how keytool asks for a password that was not given.
type asks uint8

const (
	asksUntilValid asks = iota // up to three times, six characters at least
	asksOnce                   // ENTER means: without a check of integrity
	asksNever
)

// openKeystore opens the command's keystore as keytool does, asking for the
// password where it was not given. The order of checks and questions is
// keytool's.
func (s *session) openKeystore(ctx context.Context, a access) (err error) {
	if a.optional {
		defer func() {
			if err == nil {
				err = s.openedWhole()
			}
			if err != nil && !s.opt.keystore.given && !s.opt.cacerts {
				s.ks, err = nil, checkFileName(a.file)
			}
		}()
	}
	if err := s.checkStoreOptions(a); err != nil {
		return err
	}
	if err := s.checkStoreProvider(); err != nil {
		return err
	}
	if place, ok, err := s.tokenPlace(s.opt.keystore, s.opt.storetype.value, s.opt.providername); err != nil {
		return err
	} else if ok {
		if err := s.refuseForToken(); err != nil {
			return err
		}
		s.ks = s.tokenKeystore(a, place)
		return s.openTokenKeystore(ctx, a)
	}
	k := &keystore{
		path: s.keystorePath(), password: s.opt.storepass,
		keypass: s.opt.keypass, destkeypass: s.opt.destkeypass, options: s.openOptions(),
		destination: a.destination,
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
	if s.ownStyle() && s.opt.keystore.given {
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
		return explained(failf("Keystore file exists, but is empty: %s", k.path),
			"an empty file is no keystore, perhaps what is left of a failed copy: delete it to begin a new one")
	case err == nil && info.IsDir() && !a.creates:
		return explainedBy(failf("Keystore file does not exist: %s", k.path), (*session).missingHints)
	case err == nil && info.IsDir():
		return fileError(k.path, syscall.EISDIR)
	case err == nil:
		k.exists = true
	case !a.creates:
		return explainedBy(failf("Keystore file does not exist: %s", k.path), (*session).missingHints)
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
			return noStoreType(niceType(s.opt.storetype.value))
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
		return explainedBy(java("java.lang.UnsupportedOperationException", "-keypasswd commands not supported if -storetype is PKCS12"), func(s *session) []string {
			return []string{"keys in PKCS12 have the keystore's password; to change both: " + s.here().Line([]string{"storepasswd"})}
		})
	}
	if k.password != nil {
		if !k.exists && passwordLength(k.password) < minPassword {
			given := s.given("storepass")
			given.option = k.option(given.option)
			return s.tooShort("Keystore", given, k.password)
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
	if info == nil || !s.ownStyle() && info.Mode().IsRegular() {
		return false
	}
	_, replaced, err := atomicfile.Target(path)
	return err == nil && !replaced
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
	if err := s.checkToken(a, keypass); err != nil {
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
	if isWindows(s.opt.srcstoretype.value) && (s.opt.srcstorepass != nil || s.opt.srckeypass != nil) {
		return illegal("if source keystore is not password protected, then -srcstorepass and -srckeypass must not be specified")
	}
	if s.opt.validity.given && s.opt.validity.value <= 0 {
		return failf("Validity must be greater than zero")
	}
	if a.newKey && keypass != nil && passwordLength(keypass) < minPassword {
		return s.tooShort("Key", s.given("keypass"), keypass)
	}
	if s.opt.maxIterations.given && s.opt.maxIterations.value < 1 {
		return failf("-maxIterations must be greater than zero")
	}
	for _, given := range []struct {
		option   string
		password []byte
	}{{"new", s.opt.newpass}, {"destkeypass", s.opt.destkeypass}} {
		if given.password != nil && passwordLength(given.password) < minPassword {
			return s.tooShort("New", s.given(given.option), given.password)
		}
	}
	return s.checkProviders()
}

// parseType is the type that the user names. Java knows none that is only read.
func (s *session) parseType(name string) (store.Type, error) {
	t, err := store.ParseType(name)
	if err == nil && t.Foreign() && !s.ownStyle() {
		err = &store.UnknownTypeError{Name: name}
	}
	return t, err
}

// missingHints say where the command's keystore was looked for, and what is there.
func (s *session) missingHints() []string {
	path := absolute(s.keystorePath())
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return []string{path + " is a directory"}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return []string{path + ": " + pathCause(err).Error()}
	}
	hints := []string{"it was looked for at " + path}
	if !s.opt.keystore.given && !s.opt.cacerts {
		hints = append(hints, "without -keystore it is the file .keystore in the home directory")
	}
	return hints
}

// keystorePath is the file that -keystore or -cacerts names.
func (s *session) keystorePath() string {
	switch {
	case s.opt.cacerts:
		path, _ := s.cacertsPath(s.req)
		return path
	case s.opt.keystore.given:
		return shownName(s.opt.keystore.value)
	case isToken(s.opt.storetype.value):
		return noKeystore
	}
	return s.defaultKeystore()
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
	own := s.ownStyle()
	o := store.Options{Foreign: own, ReadOnly: true, Limits: entry.DefaultLimits}
	switch {
	case s.opt.maxIterations.given:
		o.Limits.MaxIterations = int(s.opt.maxIterations.value)
	case !own:
		o.Limits.MaxIterations = entry.JavaMaxIterations
	}
	return o
}
