package commands

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
	"gokeytool/internal/shell"
	"gokeytool/pkcs11"
	"gokeytool/pkcs11/sunconfig"
	"gokeytool/pkcs11/uri"
	"gokeytool/store"
	"gokeytool/store/token"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// tokenPlace says which token a keystore is, and where.
type tokenPlace struct {
	name     string // as texts have it: the URI without its PIN, or NONE
	uri      uri.URI
	java     bool   // Java's configuration says it, not a URI
	provider string // what Java calls the provider; empty for a URI
	at       pkcs11.Location
	which    pkcs11.Selection
	// templates are the attributes of Java's configuration for what is stored.
	templates []sunconfig.Template
}

// tokenProvider is Java's provider with a configuration of the line.
type tokenProvider struct {
	name   string // SunPKCS11- and the name of the configuration
	config sunconfig.Config
}

// sameWay says whether two tokens are reached by the same module or server.
func (p tokenPlace) sameWay(o tokenPlace) bool {
	return p.at.Module == o.at.Module && p.at.Address == o.at.Address
}

// same says whether two places are one.
func (p tokenPlace) same(o tokenPlace) bool {
	return p.sameWay(o) && reflect.DeepEqual(p.which, o.which)
}

// isTokenURI says whether the name of a keystore is that of a token, as a PKCS #11 URI
// writes it. A file that is called so goes before.
func isTokenURI(name string) bool {
	if !uri.Is(name) {
		return false
	}
	_, err := os.Lstat(name)
	return err != nil
}

// shownName is the name of a keystore as texts have it: that of a token without the PIN
// that may be in it.
func shownName(name string) string {
	if !isTokenURI(name) {
		return name
	}
	u, err := uri.Parse(name)
	if err != nil {
		return uri.Scheme + "..." // there may be a PIN in it
	}
	return u.String()
}

// isTokenStore says whether the options of a keystore name a token: by a URI, or by
// the type.
func isTokenStore(keystore, storetype string) bool {
	return isTokenURI(keystore) || strings.EqualFold(storetype, string(store.PKCS11))
}

// tokenNameHint says how a token is named.
const tokenNameHint = "a token is named as in -keystore 'pkcs11:token=LABEL?module-path=/path/of/the/module.so', or as for keytool with -storetype PKCS11 -keystore NONE -addprovider SunPKCS11 -providerarg FILE"

// uriPlace is the token that a URI names.
func (s *session) uriPlace(name string) (tokenPlace, error) {
	u, err := uri.Parse(name)
	if err != nil {
		return tokenPlace{}, withHint(err, tokenNameHint)
	}
	p := tokenPlace{uri: u, name: u.String()}
	p.at = s.tokenLocation(u.ModulePath)
	p.which = pkcs11.Selection{
		Slot:            u.Slot,
		SlotDescription: u.SlotDescription, SlotManufacturer: u.SlotManufacturer,
		Label: u.Token, Manufacturer: u.Manufacturer, Model: u.Model, Serial: u.Serial,
		LibraryDescription: u.LibraryDescription, LibraryManufacturer: u.LibraryManufacturer, LibraryVersion: u.LibraryVersion,
	}
	return p, nil
}

// javaPlace is the token of a provider that the line configures: of that name, or the
// first. It is false where there is none.
func (s *session) javaPlace(providername optional[string]) (tokenPlace, bool) {
	for _, p := range s.tokenProviders {
		if providername.given && providername.value != p.name || !p.config.Enabled(sunconfig.KeyStore) {
			continue
		}
		place := s.configured(p.config)
		place.name, place.java, place.templates = noKeystore, true, p.config.Templates
		return place, true
	}
	return tokenPlace{}, false
}

// configured is the token that a configuration of Java's provider names.
func (s *session) configured(c sunconfig.Config) tokenPlace {
	u := c.URI()
	return tokenPlace{
		name: u.String(), uri: u, provider: c.Provider(), at: s.tokenLocation(c.Library),
		which: pkcs11.Selection{Slot: c.Slot, Index: c.Index},
	}
}

// tokenPlace is the token that the options of a keystore name; false where it is a file.
func (s *session) tokenPlace(keystore optional[string], storetype string, providername optional[string]) (tokenPlace, bool, error) {
	if keystore.given && isTokenURI(keystore.value) {
		p, err := s.uriPlace(keystore.value)
		return p, true, err
	}
	if strings.EqualFold(storetype, string(store.PKCS11)) {
		p, ok := s.javaPlace(providername)
		return p, ok, nil
	}
	return tokenPlace{}, false, nil
}

// tokenLocation is where a module is: on a server of p11-kit's if the environment names
// one, and no module is named.
func (s *session) tokenLocation(module string) pkcs11.Location {
	at := pkcs11.Location{Module: module, Environment: s.moduleEnvironment()}
	if module == "" {
		at.Address, _ = s.LookupEnv("P11_KIT_SERVER_ADDRESS")
	}
	return at
}

// moduleEnvironment is that of the process in which a module runs: without passwords.
func (s *session) moduleEnvironment() []string {
	var list []string
	for _, v := range s.environment() {
		if !strings.HasPrefix(v, defaultPasswordVariable+"=") {
			list = append(list, v)
		}
	}
	return list
}

// openTokens are the tokens that a command has opened. Each is opened once, and its PIN
// is tried once, whatever the command opens it for.
type openTokens struct {
	mu   sync.Mutex
	list []*openToken

	pins sync.Mutex
	// refused is what came of a PIN, by the card: one may be reached by several ways.
	refused map[string]error
}

// refusedPIN is what came of a PIN that was tried on a card; nil where none was refused.
func (o *openTokens) refusedPIN(card pkcs11.TokenInfo) error {
	o.pins.Lock()
	defer o.pins.Unlock()
	return o.refused[cardName(card)]
}

// refuse notes that a card has refused a PIN.
func (o *openTokens) refuse(card pkcs11.TokenInfo, err error) {
	o.pins.Lock()
	defer o.pins.Unlock()
	if o.refused == nil {
		o.refused = make(map[string]error)
	}
	o.refused[cardName(card)] = err
}

// openToken is one of them.
type openToken struct {
	*pkcs11.Token
	place   tokenPlace
	login   sync.Mutex // is held while the PIN is asked for and tried
	in      bool       // the user is logged in
	made    *interrupt.Made
	mu      sync.Mutex
	devices []*token.Keystore // in which keys may have been generated that no entry has yet
}

// cardName tells tokens apart, by whatever way they are reached.
func cardName(info pkcs11.TokenInfo) string {
	name := strings.Join([]string{info.Manufacturer, info.Model, info.Serial, info.Label}, "\x00")
	if info.Serial == "" {
		name += fmt.Sprintf("\x00%d", info.Slot)
	}
	return name
}

// findToken opens a token, or returns the one that was opened before. Nobody is logged in
// by that.
func (s *session) findToken(ctx context.Context, p tokenPlace) (*openToken, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	for _, t := range s.tokens.list {
		if t.place.same(p) {
			return t, nil
		}
	}
	if p.uri.ModuleName != "" && p.at.Module == "" && p.at.Address == "" {
		var err error
		if p.at.Module, err = pkcs11.ModulePath(ctx, p.at, p.uri.ModuleName); err != nil {
			return nil, s.tokenError(p, err)
		}
	}
	opened, err := pkcs11.Open(ctx, p.at, p.which)
	if err != nil {
		return nil, s.tokenError(p, err)
	}
	info := opened.Info()
	for _, t := range s.tokens.list {
		if t.place.sameWay(p) && t.Info().Slot == info.Slot {
			return t, opened.Close()
		}
	}
	t := &openToken{Token: opened, place: p}
	t.made, err = interrupt.Make(func() error { return nil }, t.end)
	if err != nil {
		return nil, err
	}
	s.tokens.list = append(s.tokens.list, t)
	return t, nil
}

// end closes a token, and takes away what was generated for nothing.
func (t *openToken) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.devices {
		_ = d.Discard()
	}
	t.devices = nil
	_ = t.Close()
}

// closeTokens ends the use of all tokens of the command.
func (s *session) closeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	for _, t := range s.tokens.list {
		t.made.Undo()
	}
	s.tokens.list = nil
}

// tokenAccess says how a token is opened.
type tokenAccess struct {
	pin       []byte       // what an option gave; nil for none
	option    string       // which option gives it; storepass if empty
	protected bool         // it is entered at the device
	asks      bool         // the user is asked for a PIN that is not known
	prompt    console.Text // the question; empty for the usual one
	insists   bool         // ENTER is no answer to it, the first two times: keytool's way
	public    bool         // what can be read without the PIN is of use too
}

// openTokenStore opens the token of a URI as a keystore.
func (s *session) openTokenStore(ctx context.Context, name string, a tokenAccess) (*store.Store, error) {
	p, err := s.uriPlace(name)
	if err != nil {
		return nil, err
	}
	k, err := s.openBeside(ctx, p, a)
	if err != nil {
		return nil, err
	}
	return k.Store, nil
}

// openBeside opens a token beside the command's keystore, to use its keys.
func (s *session) openBeside(ctx context.Context, p tokenPlace, a tokenAccess) (*keystore, error) {
	t, err := s.findToken(ctx, p)
	if err != nil {
		return nil, err
	}
	if _, err := s.logIn(t, p, a); err != nil {
		return nil, err
	}
	opened, device, err := s.readToken(t, p)
	if err != nil {
		return nil, err
	}
	return &keystore{Store: opened, device: device, path: p.name, typ: string(store.PKCS11), exists: true, place: &p, token: t, options: s.openOptions()}, nil
}

// readToken reads the objects of a token as a keystore.
func (s *session) readToken(t *openToken, p tokenPlace) (*store.Store, *token.Keystore, error) {
	device, err := token.Open(t.Token, s.tokenOptions(p))
	if err != nil {
		return nil, nil, s.loadFailed(fmt.Errorf("%s: %w", p.name, err))
	}
	return store.OpenDevice(p.name, device), device, nil
}

// tokenOptions say how a token is read and written.
func (s *session) tokenOptions(p tokenPlace) token.Options {
	return token.Options{
		Certificate: tokenCertificate, Public: keys.ParsePublic,
		Java: !s.ownStyle(), Release: s.release, Templates: p.templates,
	}
}

// tokenCertificate reads what has to be known of a certificate on a token.
func tokenCertificate(der []byte) (token.Certificate, error) {
	c, err := x509util.ParseCertificate(der)
	if err != nil {
		return token.Certificate{}, err
	}
	return token.Certificate{
		Subject: c.Subject.Canonical(), Issuer: c.Issuer.Canonical(), SubjectDER: c.Subject.DER(), IssuerDER: c.Issuer.DER(),
		Serial: c.Serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter, SPKI: c.SPKI,
	}, nil
}

// logIn logs in to a token with the PIN that was given, or that the user is asked for. It
// says whether somebody is logged in: not if ENTER was the answer where what is public is
// of use too.
func (s *session) logIn(t *openToken, p tokenPlace, a tokenAccess) (bool, error) {
	t.login.Lock()
	defer t.login.Unlock()
	if t.in {
		return true, nil
	}
	if err := s.tokens.refusedPIN(t.Info()); err != nil {
		return false, err
	}
	info, err := t.CurrentInfo()
	if err != nil {
		return false, s.tokenError(p, err)
	}
	if info.Flags&pkcs11.LoginRequired == 0 {
		return true, nil
	}
	if err := s.unready(p, info); err != nil {
		return false, err
	}
	pin, typed, err := s.pinOf(p, info, a)
	if err != nil {
		return false, err
	}
	protected := info.Flags&pkcs11.ProtectedPath != 0
	switch {
	case protected:
		if pin != nil {
			s.hint(fmt.Sprintf("%s: its PIN is entered at the device alone: the one given is not used", p.name))
		}
		pin = nil
		s.hint(fmt.Sprintf("enter the PIN of %s at the device", tokenCalled(info)))
	case len(pin) == 0 && pin != nil:
		return false, s.noPIN(p, info, a, "the PIN that was given is empty: it was not tried, as each try counts")
	case pin == nil && a.protected:
		return false, s.loadFailed(withHint(fmt.Errorf("%s: no PIN can be entered at the device of %s", p.name, tokenCalled(info)),
			"leave -protected away, to be asked for the PIN here"))
	case pin == nil && a.public && (typed || !a.asks):
		return false, nil
	case pin == nil:
		return false, s.noPIN(p, info, a, "")
	}
	if info.Flags&pkcs11.UserPINFinalTry != 0 && !typed && !protected && s.ownStyle() {
		return false, withHint(fmt.Errorf("%s: one try is left before the PIN is locked, and it is not made with a PIN that nobody types", p.name),
			"leave the PIN's option and the pin-source away, and type it: if it is right, all tries are there again")
	}
	if err := t.Login(pin); err != nil {
		err = s.loginError(t, p, err)
		s.tokens.refuse(t.Info(), err)
		return false, err
	}
	t.in = true
	return true, nil
}

// pinOf is the PIN that the line gives, or that the user is asked for: then it was typed.
// It is nil where none is known.
func (s *session) pinOf(p tokenPlace, info pkcs11.TokenInfo, a tokenAccess) (pin []byte, typed bool, err error) {
	given := s.saidPIN(a.pin)
	switch {
	case given != nil && p.uri.HasPIN():
		return nil, false, fmt.Errorf("%s: the PIN is given twice, by -%s and in the URI", p.name, cmp.Or(a.option, "storepass"))
	case given != nil:
		return given, false, nil
	case p.uri.PINValue != nil:
		s.secrets = append(s.secrets, p.uri.PINValue)
		return p.uri.PINValue, false, nil
	case p.uri.PINSource != "":
		pin, err := s.readPIN(p.uri.PINSource)
		return pin, false, err
	case a.protected || info.Flags&pkcs11.ProtectedPath != 0 || !a.asks:
		return nil, false, nil
	}
	prompt := a.prompt
	if prompt == "" || s.ownStyle() {
		if hint := fewTries(info); hint != "" {
			s.hint(hint)
		}
		prompt = console.Textf("Enter PIN of %s:  ", tokenCalled(info))
	}
	for range 3 {
		if pin, err = s.promptSecret(prompt); err != nil || pin != nil || !a.insists {
			return pin, true, err
		}
	}
	s.Stderr.Print("Too many failures - try later\n")
	return nil, true, errQuiet
}

// saidPIN is a password of the line as a PIN: not that of the variable for all
// keystores, which is none of a token.
func (s *session) saidPIN(pin []byte) []byte {
	if s.defaulted && len(pin) > 0 && &pin[0] == &s.req.Secrets["storepass"][0] {
		return nil
	}
	return pin
}

// readPIN reads the file of a pin-source: its first line.
func (s *session) readPIN(path string) ([]byte, error) {
	if err := s.refusePlantedFile("the PIN", path); err != nil {
		return nil, err
	}
	data, err := readSmallFile(path)
	if err != nil {
		return nil, fileError(path, pathCause(err))
	}
	s.secrets = append(s.secrets, data)
	s.sayWhoReads("the PIN", path)
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// refusePlantedFile refuses, in our own style, a file with a secret that another user may
// have put where all can write.
func (e *Env) refusePlantedFile(what, path string) error {
	info, err := os.Stat(path)
	if err != nil || os.Geteuid() == 0 {
		return nil
	}
	target, _, err := atomicfile.Target(path)
	if err == nil {
		err = atomicfile.Guard(target, info)
	}
	if err != nil {
		return fmt.Errorf("%s, the file of %s, is not used: %w", path, what, pathCause(err))
	}
	return nil
}

// tokenCalled is a token as texts call it.
func tokenCalled(info pkcs11.TokenInfo) string {
	switch {
	case info.Label != "":
		return fmt.Sprintf("token %q", info.Label)
	case info.Serial != "":
		return fmt.Sprintf("the token with the serial number %q", info.Serial)
	}
	return fmt.Sprintf("the token in slot %d", info.Slot)
}

// fewTries says that a wrong PIN was tried before.
func fewTries(info pkcs11.TokenInfo) string {
	switch {
	case info.Flags&pkcs11.UserPINFinalTry != 0:
		return fmt.Sprintf("%s: the next wrong PIN locks it", tokenCalled(info))
	case info.Flags&pkcs11.UserPINCountLow != 0:
		return fmt.Sprintf("%s: a wrong PIN was tried since the last right one; few tries may be left", tokenCalled(info))
	}
	return ""
}

// loadFailed is what Java says where a token is not opened.
func (s *session) loadFailed(err error) error {
	if s.ownStyle() {
		return err
	}
	hints := append([]string{err.Error()}, s.hints(err)...)
	return withHint(java("java.io.IOException", "load failed"), hints...)
}

// unready is why nobody can log in to a token, before a PIN is tried.
func (s *session) unready(p tokenPlace, info pkcs11.TokenInfo) error {
	var err error
	switch {
	case info.Flags&pkcs11.TokenInitialized == 0:
		err = withHint(fmt.Errorf("%s: %s is not initialized", p.name, tokenCalled(info)),
			"its vendor's tool does that, or pkcs11-tool --init-token; it takes away all that is on it")
		if !s.ownStyle() { // Java opens a session with it before it logs in
			return withHint(java("java.security.ProviderException", "Initialization failed"), append([]string{err.Error()}, s.hints(err)...)...)
		}
	case info.Flags&pkcs11.UserPINLocked != 0:
		err = withHint(fmt.Errorf("%s: the PIN of %s is locked, as wrong ones were tried", p.name, tokenCalled(info)), unlockPIN)
	case info.Flags&pkcs11.UserPINInitialized == 0:
		err = withHint(fmt.Errorf("%s: %s has no user's PIN yet", p.name, tokenCalled(info)),
			initPIN)
	default:
		return nil
	}
	return s.loadFailed(err)
}

// initPIN is how the first PIN is set.
const initPIN = "who has the PIN of its security officer (SO) sets it: pkcs11-tool --login --login-type so --init-pin, or the vendor's tool"

// unlockPIN is how a PIN is unlocked.
const unlockPIN = "who has the PIN of its security officer (SO), or its PUK, unlocks it: the vendor's tool, or pkcs11-tool --login --login-type so --init-pin; the keys stay"

// pinHint says how a PIN is given.
func pinHint(option string) string {
	return fmt.Sprintf("give it with -%[1]s:file FILE or -%[1]s:env NAME, with pin-source=FILE in the URI, or type it when asked", option)
}

// noPIN says that the PIN is not known.
func (s *session) noPIN(p tokenPlace, info pkcs11.TokenInfo, a tokenAccess, why string) error {
	option := cmp.Or(a.option, "storepass")
	hints := []string{pinHint(option)}
	if why != "" {
		hints = append([]string{why}, hints...)
	}
	return s.loadFailed(withHint(fmt.Errorf("%s: %s needs its PIN, and none was given", p.name, tokenCalled(info)), hints...))
}

// loginError is what came of a PIN that was tried.
func (s *session) loginError(t *openToken, p tokenPlace, err error) error {
	code, _ := errors.AsType[pkcs11.Code](err)
	info, infoErr := t.CurrentInfo()
	if infoErr != nil {
		info = t.Info()
	}
	called := tokenCalled(info)
	counts := "it was tried once, and this command tries none again: each wrong one counts"
	var hints []string
	switch code {
	case pkcs11.PINIncorrect, pkcs11.PINInvalid, pkcs11.PINLenRange:
		err = &wrongPINError{p.name, called, code}
		hints = append(hints, counts)
		if info.Flags&pkcs11.UserPINLocked != 0 {
			hints = append(hints, fmt.Sprintf("the PIN of %s is locked now", called), unlockPIN)
		} else if few := fewTries(info); few != "" {
			hints = append(hints, few)
		}
	case pkcs11.PINLocked:
		err = fmt.Errorf("%s: the PIN of %s is locked, as wrong ones were tried (%w)", p.name, called, code)
		hints = append(hints, unlockPIN)
	case pkcs11.PINExpired:
		err = fmt.Errorf("%s: the PIN of %s has expired (%w)", p.name, called, code)
		hints = append(hints, "give it another: pkcs11-tool --login --change-pin, or the vendor's tool")
	case pkcs11.UserPINNotInitialized:
		err = fmt.Errorf("%s: %s has no user's PIN yet (%w)", p.name, called, code)
		hints = append(hints, initPIN)
	case pkcs11.FunctionCanceled:
		err = fmt.Errorf("%s: no PIN was entered at the device (%w)", p.name, code)
	default:
		err = fmt.Errorf("%s: nobody could log in to %s: %w", p.name, called, err)
	}
	return s.loadFailed(withHint(err, hints...))
}

// wrongPINError says that a token has refused a PIN.
type wrongPINError struct {
	name, called string
	code         pkcs11.Code
}

func (e *wrongPINError) Error() string {
	return fmt.Sprintf("%s: this is not the PIN of %s (%v)", e.name, e.called, e.code)
}

func (e *wrongPINError) Unwrap() error { return e.code }

// tokenError is why a token can't be used, with what can be done about it.
func (s *session) tokenError(p tokenPlace, err error) error {
	err = fmt.Errorf("%s: %w", p.name, err)
	if s.ownStyle() {
		return err
	}
	return withHint(java("java.security.ProviderException", "Initialization failed"), err.Error())
}

// tokenKeystore is the command's keystore, a token, before it is opened.
func (s *session) tokenKeystore(a access, p tokenPlace) *keystore {
	k := &keystore{
		path: p.name, typ: string(store.PKCS11), exists: true, place: &p,
		options: s.openOptions(), destination: a.destination, storetype: string(store.PKCS11),
		named: optional[string]{p.uri.Object, p.uri.Object != ""},
	}
	if a.changes {
		k.refuse = s.refuseNew
	}
	return k
}

// openTokenKeystore is openKeystore for a token.
func (s *session) openTokenKeystore(ctx context.Context, a access) error {
	k, p := s.ks, *s.ks.place
	t, err := s.findToken(ctx, p)
	if err != nil {
		return err
	}
	k.token = t
	if a.changes {
		s.changing = k
		k.acquire = func() error { return s.acquireToken(ctx, k) }
		if err := k.acquire(); err != nil {
			return err
		}
	}
	if a.ask != nil {
		if err := a.ask(); err != nil {
			return err
		}
	}
	prompt := cmp.Or(a.prompt, "Enter keystore password:  ")
	in, err := s.logIn(t, p, tokenAccess{
		// a.password is a guess, or was given for another keystore.
		pin: s.opt.storepass, option: k.option("storepass"), protected: s.opt.protected,
		asks: a.asks != asksNever, prompt: prompt, insists: !s.ownStyle() && a.asks == asksUntilValid,
		public: s.ownStyle() && (a.asks == asksNever || a.partial),
	})
	if err != nil {
		return err
	}
	k.public = !in
	if err := k.readToken(s); err != nil {
		return err
	}
	if err := k.nameByID(); err != nil {
		return err
	}
	if a.changes {
		if err := k.settle(); err != nil {
			return err
		}
	}
	return checkFileName(a.file)
}

// readToken reads the keystore's token.
func (k *keystore) readToken(s *session) error {
	opened, device, err := s.readToken(k.token, *k.place)
	if err != nil {
		return err
	}
	k.Store, k.device = opened, device
	k.token.mu.Lock()
	k.token.devices = append(k.token.devices, device)
	k.token.mu.Unlock()
	if k.refuse != nil {
		k.had.note(opened)
	}
	return nil
}

// tokenLockFile is the file whose lock is that of a token: in a directory of the user's.
func (s *session) tokenLockFile(info pkcs11.TokenInfo) (string, error) {
	dir := s.userDirectory("XDG_STATE_HOME", ".local", "state")
	if !filepath.IsAbs(dir) {
		return "", withHint(errors.New("there is no home directory for the lock of a token"), "name a directory for it in the variable XDG_STATE_HOME")
	}
	dir = filepath.Join(dir, "tokens")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", withHint(fmt.Errorf("no lock can be made for the token: %w", err),
			"without a lock nothing is written; name another directory for it in the variable XDG_STATE_HOME")
	}
	return filepath.Join(dir, tokenFileName(info)), nil
}

// tokenFileName names a token in a file's name.
func tokenFileName(info pkcs11.TokenInfo) string {
	sum := sha256.Sum256([]byte(cardName(info)))
	return fmt.Sprintf("%x", sum[:16])
}

// acquireToken locks the keystore's token, for this user.
func (s *session) acquireToken(ctx context.Context, k *keystore) error {
	path, err := s.tokenLockFile(k.token.Info())
	if err != nil {
		return err
	}
	k.lock, err = s.lockAs(ctx, path, k.path)
	if busy, ok := errors.AsType[*store.BusyError](err); ok {
		busy.Path = k.path
	}
	return err
}

// namesObject says whether the command's keystore is a token whose URI names one of its
// objects.
func (s *session) namesObject() bool {
	return s.ks != nil && s.ks.place != nil && (s.ks.place.uri.Object != "" || s.ks.place.uri.ID != nil)
}

// nameByID finds the alias of the object that a URI names by its CKA_ID.
func (k *keystore) nameByID() error {
	id := k.place.uri.ID
	if id == nil || k.named.given {
		return nil
	}
	for _, e := range k.Entries() {
		if bytes.Equal(k.device.ID(e), id) {
			k.named = optional[string]{k.JavaAlias(e), true}
			return nil
		}
	}
	for _, o := range k.device.Others() {
		if bytes.Equal(o.ID, id) {
			return nil // it is no entry: see bareKey
		}
	}
	if k.public {
		return nil // keys were not seen
	}
	return withHint(fmt.Errorf("%s: no entry has the CKA_ID %x", k.path, id), "to see them all, with their IDs: "+
		shell.Line("gokeytool", "list", "-v", "-keystore", k.place.whole()))
}

// whole names the token of a place without an object: as a URI, also where Java's
// configuration has named it.
func (p tokenPlace) whole() string { return p.uri.OfToken().String() }

// bareKey is a private key on the command's token that is no entry, as it has no
// certificate: that of a label, or the one whose CKA_ID the URI names. It is false where
// there is none, or an entry has the alias, and in keytool's style, as Java sees none.
func (s *session) bareKey(alias string) (token.Other, bool) {
	if s.ks.device == nil || !s.ownStyle() {
		return token.Other{}, false
	}
	if _, is := s.ks.Store.Get(alias); is {
		return token.Other{}, false
	}
	for _, o := range s.ks.device.Others() {
		id := s.ks.place.uri.ID
		if o.Kind == "private key" && (id != nil && bytes.Equal(o.ID, id) || id == nil && o.Label == alias) {
			return o, true
		}
	}
	return token.Other{}, false
}
