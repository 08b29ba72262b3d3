package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// systemBundles are where the CAs of the system stand in PEM.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Red Hat, Fedora
	"/etc/pki/tls/certs/ca-bundle.crt",                  // older ones
	"/var/lib/ca-certificates/ca-bundle.pem",            // SUSE
	"/etc/ssl/cert.pem",                                 // macOS, BSD
}

// The sources of -bundle that are no files.
const (
	bundleSystem  = "system"
	bundleCacerts = "cacerts"
)

// bundle is what a source of trusted certificates holds.
type bundle struct {
	certificates []bundled
	skipped      []string // files of a directory that hold none
	locked       []string // keystores in it that need their password
}

type bundled struct {
	*x509util.Certificate
	alias string // as the source calls it; empty where it has no names
}

// importBundle makes trusted certificates of all that a file, a directory or
// the system has, in one go.
func importBundle(ctx context.Context, s *session, source string, o importcertOptions) error {
	if err := s.refuseTrustOnToken(); err != nil {
		return err
	}
	found, err := s.readBundle(ctx, source, o.keyfilepass)
	if err != nil {
		return err
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true, file: s.opt.file}); err != nil {
		return err
	}
	sum := s.newImport()
	sum.Skipped = append(sum.Skipped, found.skipped...)
	present := make(map[string]bool, s.ks.Len()) // by DER
	for _, e := range s.ks.Entries() {
		if e.Kind == entry.TrustedCertificate {
			present[string(x509util.Encoded(e.Chain[0].DER))] = true
		}
	}
	keys := s.ownKeys("")
	adds := adding{force: o.force, asks: true, line: func(key string) string { return s.replyLine(key, source) }}
	for _, c := range found.certificates {
		if present[string(c.Raw)] {
			sum.Present++
			continue
		}
		if err := s.refuseCertificate(c.Certificate, source); err != nil {
			return err
		}
		present[string(c.Raw)] = true
		if yes, err := s.keepBeside(keys, c.Certificate, adds); err != nil || !yes {
			return cmp.Or[error](err, exitCode(exitError))
		}
		alias := freeAlias(s.ks.Store, c.Certificate, c.alias)
		if err := s.ks.SetCertificate(alias, entry.X509(c.Raw), s.Now()); err != nil {
			return err
		}
		s.added(sum, alias)
	}
	if len(sum.Added) > 0 {
		s.ks.refuse = nil // all have been looked at
		if err := s.ks.save(); err != nil {
			return err
		}
	}
	if s.opt.json {
		s.warnOfFormat()
		err = s.sayImport(sum)
	} else {
		s.sayBundle(sum)
		s.sayJava()
	}
	for _, name := range found.locked {
		err = cmp.Or(err, noPassword(name, "keyfilepass"))
	}
	return err
}

// sayBundle sums up what import -bundle did.
func (s *session) sayBundle(sum *jsonImport) {
	if s.opt.verbose {
		for _, a := range sum.Added {
			s.talk().Printf("<%s> %s\n", a.Alias, a.called)
		}
		for _, name := range sum.Skipped {
			s.talk().Printf("no certificate: %s\n", name)
		}
	}
	said := text.CountGrouped(len(sum.Added), "certificate was added to keystore", "certificates were added to keystore")
	if sum.Present > 0 {
		said += ", " + text.CountGrouped(sum.Present, "was there already", "were there already")
	}
	if n := len(sum.Skipped); n > 0 {
		said += ", " + text.CountGrouped(n, "file holds none", "files hold none")
	}
	s.talk().Printf("%s\n", said)
	if sum.Expired > 0 {
		s.Stderr.Printf("gokeytool: %s: %s\n",
			text.CountGrouped(sum.Expired, "of those added has expired", "of those added have expired"), s.checkLine())
	}
	s.announceStored()
}

// checkLine is the command that looks at the keystore. check asks for no
// password, so it has to be given one that is not changeit.
func (s *session) checkLine() string {
	k := s.here()
	if k.Open == nil && s.ks.password != nil && string(s.ks.password) != tomcatPassword && !s.passwordKnown() {
		k.Open = []string{"-storepass:file", "PASSWORDFILE"}
	}
	return k.Operand([]string{"check"})
}

// passwordKnown says whether the next command finds the password by itself.
func (s *session) passwordKnown() bool {
	known, ok := s.LookupEnv(defaultPasswordVariable)
	return ok && known == string(s.ks.password)
}

// readBundle reads the certificates of a source: "system", "cacerts", a
// directory, or a file of certificates or a keystore, which the password opens.
func (s *session) readBundle(ctx context.Context, source string, password []byte) (*bundle, error) {
	if isTokenURI(source) { // certificates can be seen by everybody
		opened, err := s.openTokenStore(ctx, source, tokenAccess{pin: password, option: "keyfilepass", public: true})
		if err != nil {
			return nil, err
		}
		return storedBundle(shownName(source), opened)
	}
	switch source {
	case bundleCacerts:
		cacerts, err := s.cacerts()
		if err != nil {
			return nil, err
		}
		return storedBundle(source, cacerts)
	case bundleSystem:
		path, err := s.systemBundle()
		if err != nil {
			return nil, err
		}
		source = path
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, fileError(source, pathCause(err))
	}
	if info.IsDir() {
		return s.readBundleDir(source, password)
	}
	data, err := s.readInput(source)
	if err != nil {
		return nil, err
	}
	return s.parseBundle(source, data, password, true)
}

// systemBundle finds the file of the system's CAs.
func (s *session) systemBundle() (string, error) {
	if file, _ := s.LookupEnv("SSL_CERT_FILE"); file != "" {
		return file, nil
	}
	for _, file := range systemBundles {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", withHint(errors.New("the system keeps its authorities in no file that is known"), "set SSL_CERT_FILE, or name the file or directory")
}

// readBundleDir reads all files below a directory. Those that hold no
// certificate are passed over.
func (s *session) readBundleDir(dir string, password []byte) (*bundle, error) {
	all := new(bundle)
	progress := s.newProgress()
	defer progress.Clear()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(path) // a link may lead to the certificate
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxInput {
			all.skipped = append(all.skipped, path)
			return nil
		}
		data, err := s.readInput(path)
		if err != nil {
			return err
		}
		one, err := s.parseBundle(path, data, password, false)
		if locked := (*noPasswordError)(nil); errors.As(err, &locked) {
			all.locked = append(all.locked, path)
			return nil
		}
		if err != nil {
			all.skipped = append(all.skipped, path)
			return nil
		}
		all.certificates = append(all.certificates, one.certificates...)
		progress.Step("%s found", text.CountGrouped(len(all.certificates), "certificate", "certificates"))
		return nil
	})
	if err != nil {
		return nil, fileError(dir, pathCause(err))
	}
	if len(all.certificates) == 0 && len(all.locked) > 0 {
		return nil, noPassword(all.locked[0], "keyfilepass")
	}
	if len(all.certificates) == 0 {
		return nil, fmt.Errorf("%s holds no certificates", dir)
	}
	return all, nil
}

// parseBundle reads the certificates of a file, or the trusted ones of a
// keystore, whose password is asked for if need be, and asks is set.
func (s *session) parseBundle(name string, data, password []byte, asks bool) (*bundle, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	if _, err := store.Detect(data); err == nil {
		source, err := s.openBundle(name, data, password, asks)
		if err != nil {
			return nil, err
		}
		return storedBundle(name, source)
	}
	parsed, err := x509util.ParseCertificates(data)
	if err != nil {
		return nil, withHint(failf("Input not an X.509 certificate"), s.whatFile(name, data, forCertificates, err)...)
	}
	b := new(bundle)
	for _, c := range parsed {
		b.certificates = append(b.certificates, bundled{Certificate: c})
	}
	return b, nil
}

// openBundle opens a keystore to take its trusted certificates: with the password
// given, without one where that will do, or with the one that is asked for.
func (s *session) openBundle(name string, data, password []byte, asks bool) (*store.Store, error) {
	s.opensWith(name, "keyfilepass")
	open := func(password []byte) (*store.Store, error) {
		return store.Decode(name, data, store.Options{Password: password})
	}
	if password != nil {
		return open(password)
	}
	opened, err := open(nil)
	if err == nil && opened.Unread() {
		if empty, err := openEmpty(open); err == nil {
			return empty, nil
		}
		if asks {
			opened, _, err = s.unlock(locked{path: name, prompt: passwordOf(name), open: open})
		}
	}
	if err == nil && opened.Unread() {
		err = noPassword(name, "keyfilepass")
	}
	return opened, err
}

// storedBundle takes the trusted certificates of a keystore, also those that
// lack Java's mark.
func storedBundle(name string, from *store.Store) (*bundle, error) {
	b := new(bundle)
	add := func(alias string, c entry.Certificate) error {
		parsed, err := x509util.ParseCertificate(c.DER)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.certificates = append(b.certificates, bundled{parsed, alias})
		return nil
	}
	for _, e := range from.Sorted() {
		if e.Kind != entry.TrustedCertificate {
			continue
		}
		if err := add(from.JavaAlias(e), e.Chain[0]); err != nil {
			return nil, err
		}
	}
	if from.Type() == store.PKCS12 {
		for _, c := range from.Untrusted() {
			if err := add("", c); err != nil {
				return nil, err
			}
		}
	}
	if len(b.certificates) == 0 {
		return nil, withHint(fmt.Errorf("%s holds no trusted certificates that can be read", name),
			"give its password with -keyfilepass; to take entries with keys: "+shell.Line("gokeytool", "importkeystore", "-srckeystore", name, "-destkeystore", "KEYSTORE"))
	}
	return b, nil
}
