package commands

import (
	"bytes"
	"context"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"gokeytool/identity"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	pemstore "gokeytool/store/pem"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// acmeTarget is where a certificate is to go: an entry of a keystore, or files in PEM.
type acmeTarget struct {
	keystore           string
	storetype          optional[string] // of a new keystore, or as what it is opened
	alias              optional[string] // see acmeAlias
	storepass, keypass []byte           // nil: asked for; keypass nil: the keystore's

	// Files in PEM, in place of a keystore. keyFile is certFile for one with all in
	// it. chainFile is empty where the chain stands behind the certificate. The key
	// is encrypted if keypass is not nil.
	certFile, keyFile, chainFile string

	// Of a server.xml: the names that the SSLHostConfig is for, and the kind of its
	// key, none and empty where nothing is said; and the options that name the
	// connector.
	hosts []string
	kind  string
	from  []string
}

// acmeTargetOf is the target of the common options: a keystore.
func (s *session) acmeTargetOf() acmeTarget {
	keystore := s.keystorePath()
	if isTokenURI(s.opt.keystore.value) {
		keystore = s.opt.keystore.value // with its PIN
	}
	return acmeTarget{keystore: keystore, storetype: s.opt.storetype, alias: s.opt.alias, storepass: s.opt.storepass, keypass: s.opt.keypass}
}

// pem says whether the target is files.
func (t acmeTarget) pem() bool { return t.certFile != "" }

// path is the file that names the target.
func (t acmeTarget) path() string {
	if t.pem() {
		return t.certFile
	}
	return shownName(t.keystore)
}

// token says whether the target is on a token.
func (t acmeTarget) token() bool { return !t.pem() && isTokenStore(t.keystore, t.storetype.value) }

// common are the common options of a session that opens the target's keystore.
func (t acmeTarget) common(o commonOptions) commonOptions {
	o.keystore, o.storetype, o.alias = optional[string]{t.keystore, true}, t.storetype, t.alias
	o.storepass, o.keypass = t.storepass, t.keypass
	o.cacerts, o.protected, o.backup = false, false, false
	return o
}

// acmePlace is a target that was opened. It is locked from open and settle to rest.
type acmePlace interface {
	// settle locks it again, and reads what is there now.
	settle(ctx context.Context) error
	// rest gives the lock up while the network is waited for.
	rest()
	// chain is what is there, as DER, the certificate itself first; nil for none.
	chain() [][]byte
	// key opens the private key that is there.
	key() (crypto.Signer, error)
	// put stores another key and its chain. What is there is kept beside it if keep.
	put(ctx context.Context, key crypto.Signer, chain [][]byte, keep bool) error
	// alias is that of the entry; empty for files.
	alias() string
	// resolve has an error say what there is to say about it, whichever session
	// prints it.
	resolve(err error) error
	// again is the target with all that was asked for: it is opened without a question.
	again() acmeTarget
	// end gives up what is held.
	end()
}

// openACME opens a target, and finds all that would keep a new certificate from
// being stored. The target is locked.
func (s *session) openACME(ctx context.Context, t acmeTarget) (acmePlace, error) {
	// A session of its own: there may be several targets, and a command's keystore
	// is another one.
	sub := &session{Env: s.Env, table: s.table, req: s.req, release: s.release, opt: t.common(s.opt), tokens: s.tokens}
	before := s.asking
	s.asking = sub.giveWay
	var place acmePlace
	var err error
	if t.pem() {
		place, err = sub.openACMEFiles(ctx, t)
	} else {
		place, err = sub.openACMEEntry(ctx, t)
	}
	s.asking = before
	if err != nil {
		err = sub.resolved(err)
		sub.forget()
		return nil, err
	}
	// What was asked for is kept for the next time, until the command ends.
	if t := place.again(); !t.pem() {
		s.secrets = append(s.secrets, t.storepass, t.keypass)
	}
	return place, nil
}

// forget ends a session within another.
func (s *session) forget() {
	s.giveWay()
	for _, secret := range s.secrets {
		entry.Wipe(secret)
	}
}

// resolved is an error with its hints as this session has them.
func (s *session) resolved(err error) error {
	if err == nil {
		return nil
	}
	return withHint(err, s.hints(err)...)
}

// acmeEntry is an entry of a keystore.
type acmeEntry struct {
	*session
	target   acmeTarget
	name     string
	password []byte // of the key
	opened   entry.Key
}

// openACMEEntry opens the entry of a keystore, which is made if it is not there.
func (s *session) openACMEEntry(ctx context.Context, t acmeTarget) (*acmeEntry, error) {
	if err := checkFileName(s.opt.keystore); err != nil {
		return nil, err
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true, newKey: true}); err != nil {
		return nil, err
	}
	p := &acmeEntry{session: s, target: t}
	if s.ks.place != nil && s.ks.place.java {
		return nil, withHint(errors.New("what is kept of a certificate from a CA names its token by a URI, and not by Java's configuration"),
			"the same token: "+shell.Line("-keystore", s.ks.place.whole()))
	}
	if err := p.writable(); err != nil {
		return nil, err
	}
	var err error
	if p.name, err = s.acmeAlias(); err != nil {
		return nil, err
	}
	return p, p.look()
}

// writable finds what would keep the keystore from being saved.
func (p *acmeEntry) writable() error {
	if p.ks.none {
		return errNone()
	}
	if p.ks.token != nil {
		return nil // it tells when it is changed
	}
	if p.ks.unlocked != nil {
		return p.ks.notSaved(pathCause(p.ks.unlocked))
	}
	if err := atomicfile.Check(p.ks.path); err != nil {
		return p.ks.notSaved(pathCause(err))
	}
	return nil
}

// acmeAlias is the alias of -alias, else mykey if there is such a key, the only key
// of the keystore, or mykey where there is none.
func (s *session) acmeAlias() (string, error) {
	if alias := s.alias(); alias.given {
		return alias.value, nil
	}
	aliases := s.ks.keyAliases()
	switch {
	case s.ks.has(defaultAlias) || len(aliases) == 0:
		return defaultAlias, nil
	case len(aliases) == 1:
		return aliases[0], nil
	}
	return "", withHint(fmt.Errorf("%s has %d keys: %s", s.ks.path, len(aliases), strings.Join(text.Quote(aliases), ", ")),
		"name the one to be certified, or a new one, with -alias")
}

// look opens the key that is there, to see that it can be replaced.
func (p *acmeEntry) look() error {
	p.opened = entry.Key{}
	e, there := p.ks.Store.Get(p.name)
	if !there {
		if p.password != nil || p.ks.token != nil {
			return nil
		}
		if p.password = p.ks.keypass; p.password == nil {
			p.password = p.ks.password
		}
		var err error
		if p.password == nil {
			p.password, err = p.askKeyPassword(p.name)
		}
		return err
	}
	switch e.Kind {
	case entry.TrustedCertificate:
		return withHint(fmt.Errorf("<%s> in %s is a trusted certificate, and no key", p.name, p.ks.path), "name a key, or a new entry, with -alias")
	case entry.SecretKey:
		return withHint(fmt.Errorf("<%s> in %s is a secret key, which has no certificate", p.name, p.ks.path), "name a private key, or a new entry, with -alias")
	}
	password := p.password
	if password == nil {
		password = p.ks.keypass
	}
	var err error
	p.opened, p.password, err = p.recoverKey(p.ks, p.name, password)
	return err
}

func (p *acmeEntry) settle(context.Context) error {
	err := p.ks.settle()
	if _, changed := errors.AsType[*store.ChangedError](err); changed && p.ks.token != nil {
		err = p.ks.readToken(p.session) // nothing of ours is to be stored yet
	}
	if err != nil {
		return p.resolved(err)
	}
	return p.resolved(p.look())
}

func (p *acmeEntry) rest() { p.giveWay() }

func (p *acmeEntry) alias() string { return p.ks.StoredAlias(p.name) }

func (p *acmeEntry) resolve(err error) error { return p.resolved(err) }

func (p *acmeEntry) again() acmeTarget {
	t := p.target
	t.alias = optional[string]{p.name, true}
	if t.storepass == nil && p.ks.token == nil { // a token stays open
		t.storepass = bytes.Clone(p.ks.password)
	}
	if t.keypass == nil && p.ks.token == nil && !samePassword(p.password, p.ks.password) {
		t.keypass = bytes.Clone(p.password)
	}
	return t
}

func (p *acmeEntry) end() { p.forget() }

func (p *acmeEntry) chain() (chain [][]byte) {
	e, there := p.ks.Store.Get(p.name)
	if !there || e.Kind != entry.PrivateKey {
		return nil
	}
	for _, c := range e.Chain {
		chain = append(chain, x509util.Encoded(c.DER))
	}
	return chain
}

func (p *acmeEntry) key() (crypto.Signer, error) {
	signer, err := identity.PrivateKey(p.opened)
	if err != nil {
		return nil, p.unusable(fmt.Sprintf("the key of <%s>", p.name), err)
	}
	return signer, nil
}

// make makes a key on a token, as an entry: who is killed after that leaves one that can
// be used.
func (p *acmeEntry) make(ctx context.Context, spec keys.Spec, names []string) (crypto.Signer, error) {
	if err := p.settle(ctx); err != nil {
		return nil, err
	}
	signer, private, err := p.makeKey(spec)
	if err != nil {
		return nil, err
	}
	spki, err := keys.MarshalPublic(signer.Public())
	if err != nil {
		return nil, err
	}
	subject, err := x509util.NewName([]x509util.NamePart{{Keyword: "CN", Value: names[0]}})
	if err != nil {
		return nil, err
	}
	leaf, err := p.newCertificate(certificate{issuance: issuance{days: defaultDays}, subject: subject, spki: spki}, &issuerKey{signer: signer, name: subject})
	if err != nil {
		return nil, err
	}
	if err := p.ks.SetKey(p.name, private, nil, []entry.Certificate{entry.X509(leaf.Raw)}, p.Now()); err != nil {
		return nil, err
	}
	if err := p.ks.save(); err != nil {
		return nil, err
	}
	return signer, p.look()
}

// unmake takes what make has made away again.
func (p *acmeEntry) unmake(ctx context.Context) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	if err := p.ks.Delete(p.name); err != nil {
		return err
	}
	return p.ks.save()
}

// found is the key that is there, if it is the one of a SubjectPublicKeyInfo.
func (p *acmeEntry) found(spki []byte) (crypto.Signer, error) {
	if p.opened.Signer == nil {
		return nil, nil
	}
	has, err := keys.MarshalPublic(p.opened.Signer.Public())
	if err != nil || !bytes.Equal(has, spki) {
		return nil, err
	}
	return p.opened.Signer, nil
}

func (p *acmeEntry) put(_ context.Context, key crypto.Signer, chain [][]byte, keep bool) error {
	if p.ks.token != nil { // the key is there
		if err := p.ks.SetChain(p.name, entryCertificates(chain), p.Now()); err != nil {
			return err
		}
		return p.ks.save()
	}
	if err := p.replaceKey(p.name, p.password, key, entryCertificates(chain)); err != nil {
		return err
	}
	if keep {
		p.ks.backup = p.keepBackup
	}
	return p.ks.save()
}

// entryCertificates are certificates, as DER, as those of an entry.
func entryCertificates(chain [][]byte) (list []entry.Certificate) {
	for _, der := range chain {
		list = append(list, entry.X509(der))
	}
	return list
}

// acmeFiles are files in PEM.
type acmeFiles struct {
	*session
	target acmeTarget
	lock   *store.FileLock
	have   [][]byte
	sealed *entry.Entry // the key that is there; nil for none
}

// openACMEFiles opens files in PEM, which are made if they are not there.
func (s *session) openACMEFiles(ctx context.Context, t acmeTarget) (*acmeFiles, error) {
	if samePath(t.keyFile, t.certFile) {
		t.keyFile = t.certFile
	}
	if samePath(t.chainFile, t.certFile) {
		t.chainFile = ""
	}
	if samePath(t.chainFile, t.keyFile) {
		return nil, fmt.Errorf("%s can't be both the file of the key and that of the chain", t.keyFile)
	}
	p := &acmeFiles{session: s, target: t}
	for _, file := range []string{t.keyFile, t.certFile, t.chainFile} {
		check := atomicfile.Check
		switch {
		case file == "":
			continue
		case file == t.keyFile:
			check = atomicfile.CheckSecret
		}
		if _, regular, err := atomicfile.Target(file); err == nil && !regular {
			return nil, fmt.Errorf("%s is no regular file", file)
		}
		if err := check(file); err != nil {
			return nil, secretNotWritten(file, err)
		}
	}
	if err := p.settle(ctx); err != nil {
		p.rest()
		return nil, err
	}
	return p, nil
}

func (p *acmeFiles) settle(ctx context.Context) (err error) {
	if p.lock == nil {
		if p.lock, err = p.session.lock(ctx, p.target.certFile); err != nil {
			return err
		}
	}
	p.sealed = nil
	data, err := p.read(p.target.certFile)
	if err != nil {
		return err
	}
	p.have = pemCertificates(data)
	if p.target.keyFile != p.target.certFile {
		if data, err = p.read(p.target.keyFile); err != nil {
			return err
		}
	}
	found, err := pemstore.DecodeKeys(data, entry.DefaultLimits)
	if err != nil && len(data) > 0 {
		return fmt.Errorf("%s: %w", p.target.keyFile, err)
	}
	if len(found) > 0 {
		p.sealed = found[len(found)-1]
	}
	if len(data) > 0 && p.sealed == nil && len(p.have) == 0 {
		return withHint(fmt.Errorf("%s holds neither a key nor a certificate in PEM, and is left as it is", p.target.keyFile), "name another file")
	}
	return nil
}

// read reads a file, which need not be there.
func (p *acmeFiles) read(file string) ([]byte, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	data, err := p.readInput(file)
	if err != nil {
		return nil, err
	}
	if typ, err := store.Detect(data); err == nil && typ != store.PEM {
		return nil, withHint(fmt.Errorf("%s is a %s keystore, not a file in PEM", file, typ), "name it with -keystore")
	}
	return data, nil
}

func (p *acmeFiles) rest() {
	_ = p.lock.Unlock()
	p.lock = nil
}

func (p *acmeFiles) alias() string           { return "" }
func (p *acmeFiles) again() acmeTarget       { return p.target }
func (p *acmeFiles) chain() [][]byte         { return p.have }
func (p *acmeFiles) resolve(err error) error { return p.resolved(err) }

func (p *acmeFiles) end() {
	p.rest()
	p.forget()
}

func (p *acmeFiles) key() (crypto.Signer, error) {
	if p.sealed == nil {
		return nil, fmt.Errorf("%s holds no private key", p.target.keyFile)
	}
	key, err := pemstore.Unseal(p.sealed, p.target.keypass, entry.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.target.keyFile, err)
	}
	defer key.Wipe()
	return identity.PrivateKey(key)
}

func (p *acmeFiles) put(ctx context.Context, key crypto.Signer, chain [][]byte, keep bool) error {
	if p.lock == nil {
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
	pkcs8, err := keys.MarshalPrivate(key)
	if err != nil {
		return err
	}
	block, err := keyBlock(p.keep(entry.Key{PKCS8: pkcs8}), p.target.keypass)
	if err != nil {
		return err
	}
	secret := pem.EncodeToMemory(block)
	defer entry.Wipe(secret)
	public := pemOf(chain)
	if p.target.chainFile != "" {
		public = pemOf(chain[:1])
	}
	ends := []func(bool){}
	finish := func(saved bool) {
		for _, end := range ends {
			end(saved)
		}
	}
	if keep {
		for _, file := range slices.Compact([]string{p.target.keyFile, p.target.certFile}) {
			end, err := p.keepBackup(file)
			if err != nil {
				finish(false)
				return err
			}
			ends = append(ends, end)
		}
	}
	err = p.write(secret, public, pemOf(chain[1:]))
	finish(err == nil)
	return err
}

// write writes the key, then the chain, and the certificate last: who looks whether
// that file has changed finds the others changed. If one can't be written, those
// before it become what they were.
func (p *acmeFiles) write(secret, public, issuers []byte) (err error) {
	t := p.target
	if t.keyFile == t.certFile {
		secret = append(slices.Clip(secret), public...)
		defer entry.Wipe(secret)
	}
	before, _ := os.Stat(t.keyFile)
	undo, err := p.replace(t.keyFile, secret, func(data []byte) error { return atomicfile.WriteSecret(t.keyFile, data) })
	if err != nil {
		return secretNotWritten(t.keyFile, err)
	}
	defer func() { undo(err == nil) }()
	for _, file := range []struct {
		name string
		data []byte
	}{{t.chainFile, issuers}, {t.certFile, public}} {
		if file.name == "" || file.name == t.keyFile {
			continue
		}
		undo, err := p.replace(file.name, file.data, func(data []byte) error { return atomicfile.Write(file.name, data, 0o644, nil) })
		if err != nil {
			return notWritten(file.name, pathCause(err))
		}
		defer func() { undo(err == nil) }()
	}
	p.sayMode(t.keyFile, before)
	return nil
}

// replace writes a file. undo makes it what it was, unless all went well.
func (p *acmeFiles) replace(name string, data []byte, write func([]byte) error) (undo func(well bool), err error) {
	old, err := readWhole(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	was := err == nil
	return func(well bool) {
		defer entry.Wipe(old)
		switch {
		case well:
		case was:
			_ = write(old)
		default:
			os.Remove(name)
		}
	}, write(data)
}

// acmeLine is the line that renews a target's certificate, to be pasted. Passwords
// are in it where the line that was typed gave them by file or variable.
func (s *session) acmeLine(t acmeTarget, alias string, more ...string) string {
	more = append(more, s.acmeDirWords()...)
	if t.from != nil { // it has the passwords
		return shell.Line(append(append([]string{"gokeytool", "acme"}, t.from...), more...)...)
	}
	if t.pem() {
		words := []string{"gokeytool", "acme", "-certfile", shell.File(t.certFile)}
		if t.keyFile != t.certFile {
			words = append(words, "-keyfile", shell.File(t.keyFile))
		}
		return shell.Line(append(words, more...)...)
	}
	return s.named(t.path()).KeyLine([]string{"acme", "-alias", alias}, more...)
}

// acmeDirWords are the words of a line that name the directory of -acmeDir again.
func (s *session) acmeDirWords() []string {
	if dir, ok := s.req.Value("acmeDir"); ok {
		return []string{"-acmeDir", dir}
	}
	return nil
}
