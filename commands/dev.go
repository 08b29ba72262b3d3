package commands

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

const (
	devDir       = "dev"    // where the files go by default
	devAlias     = "tomcat" // of the server's key, as in Tomcat's HOW-TO
	devAuthority = "gokeytool development CA"
	// A year: what is trusted by hand may last 825 days for Apple's systems,
	// which are the strictest.
	devDays, devMaxDays = 365, 825
	devAuthorityDays    = 3650
	// Certificates that end earlier are made anew.
	devRenewal = 30 * 24 * time.Hour
)

// dev makes what HTTPS on this machine needs: certificates that browsers take,
// by an authority kept for the next time, in the formats of all who read them.
func dev(ctx context.Context, s *session) error {
	if s.opt.storepass == nil {
		s.opt.storepass = []byte(tomcatPassword)
	}
	if passwordLength(s.opt.storepass) < minPassword {
		return s.tooShort("Keystore", s.given("storepass"), s.opt.storepass)
	}
	d := &developer{session: s, dir: devDir, days: devDays}
	if s.opt.given("dir") {
		d.dir = s.opt.dir
	}
	if s.opt.validity.given {
		if d.days = s.opt.validity.value; d.days < 1 || d.days > devMaxDays {
			return fmt.Errorf("-validity %d: from 1 to %d days, the most that all browsers take", d.days, devMaxDays)
		}
	}
	var err error
	if d.hosts, err = devHosts(s.opt.hosts); err != nil {
		return err
	}
	for _, name := range s.opt.clients {
		if err := checkClientName(name); err != nil {
			return err
		}
	}
	return d.run(ctx)
}

// run does it all with the directory locked: of two runs at once the second finds
// what the first has made, and the files of a key belong together.
func (d *developer) run(ctx context.Context) (err error) {
	info, statErr := os.Stat(d.dir)
	if statErr == nil { // who owns the directory could put another CA there
		if err := atomicfile.Guard(filepath.Clean(d.dir), info); err != nil {
			return withHint(fmt.Errorf("%s is not used: %w", d.dir, err), "name another directory with -dir DIR")
		}
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		defer func() {
			if err != nil {
				os.Remove(d.dir) // which is empty then, or stays
			}
		}()
	}
	if err := os.MkdirAll(d.dir, 0o777); err != nil {
		return d.fileError(d.dir, err)
	}
	lock, err := d.lock(ctx, d.path(serverFiles()[0]))
	if err != nil {
		return d.fileError(d.path(serverFiles()[0]), err)
	}
	defer lock.Unlock()
	if err := d.claim(); err != nil {
		return err
	}
	if err := d.openAuthority(ctx); err != nil {
		return err
	}
	return d.make()
}

// developer is one run of dev.
type developer struct {
	*session
	dir   string
	days  int64
	hosts []string // in order; the first names the certificate

	there     map[string]bool // the files that are there already, by name
	authority *issuerKey
	made      []devFile
}

// devFile is a file in the directory, for the summary.
type devFile struct{ name, what string }

func (d *developer) path(name string) string { return filepath.Join(d.dir, name) }

// devHosts are the names and addresses of -host as a certificate has them.
// Whoever means this machine means its addresses as well.
func devHosts(given []string) ([]string, error) {
	if len(given) == 0 {
		given = []string{"localhost"}
	}
	var hosts []string
	for _, name := range given {
		host, err := devHost(name)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
		if host == "localhost" {
			hosts = append(hosts, "127.0.0.1", "::1")
		}
	}
	var unique []string
	for _, host := range hosts {
		if !slices.Contains(unique, host) {
			unique = append(unique, host)
		}
	}
	return unique, nil
}

// checkClientName lets through what is fit to be a name, an alias and a part
// of a file's name on every system.
func checkClientName(name string) error {
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.@", r)) {
			return fmt.Errorf("-client %q: a name has letters a-z, digits and, inside, any of - _ . @", name)
		}
	}
	if name == "" || len(name) > 64 {
		return fmt.Errorf("-client %q: a name has 1 to 64 characters", name)
	}
	return nil
}

// serverFiles and clientFiles are the files of a key: its keystore first, then
// its certificate and its key in PEM.
func serverFiles() [3]string { return [3]string{"keystore.p12", "cert.pem", "key.pem"} }

func clientFiles(name string) [3]string {
	return [3]string{"client-" + name + ".p12", "client-" + name + ".pem", "client-" + name + "-key.pem"}
}

// claim looks, before anything is written, that no file would be overwritten
// that dev has not made.
func (d *developer) claim() error {
	groups := [][3]string{serverFiles()}
	for _, name := range d.opt.clients {
		groups = append(groups, clientFiles(name))
	}
	d.there = make(map[string]bool)
	trust := []string{"truststore.p12", "ca.pem"}
	names := slices.Clone(trust)
	for _, files := range groups {
		names = append(names, files[:]...)
	}
	for _, name := range names {
		if _, err := os.Lstat(d.path(name)); err == nil {
			d.there[name] = true
		}
	}
	ours := false
	for i, files := range groups {
		leaf, err := d.existing(files[0])
		switch {
		case errors.Is(err, entry.ErrPassword):
			return withHint(fmt.Errorf("%s has another password", d.path(files[0])), "give it with -storepass, or name another directory with -dir DIR")
		case err == nil && leaf != nil && strings.HasPrefix(leaf.Issuer.CommonName(), devAuthority):
			ours = ours || i == 0
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return taken(d.path(files[0]))
		}
		for _, name := range files {
			if d.there[name] {
				return taken(d.path(name))
			}
		}
	}
	for _, name := range trust {
		if d.there[name] && !ours {
			return taken(d.path(name))
		}
	}
	return nil
}

// taken is the error of a file that another program has made.
func taken(path string) error {
	return withHint(fmt.Errorf("%s is there already, and was not made by dev: it stays as it is", path), "name another directory with -dir DIR")
}

// existing is the certificate of the first key in a keystore of the directory;
// nil if it has no key.
func (d *developer) existing(name string) (*x509util.Certificate, error) {
	ks, err := store.Open(d.path(name), store.Options{Password: d.opt.storepass})
	if err != nil {
		return nil, err
	}
	for _, e := range ks.Entries() {
		if e.Kind == entry.PrivateKey && len(e.Chain) > 0 {
			return x509util.ParseCertificate(e.Chain[0].DER)
		}
	}
	return nil, nil
}

// authorityPath is the keystore in which the authority is kept for reuse: where
// the XDG Base Directory Specification has it.
func (d *developer) authorityPath() string {
	base, ok := d.LookupEnv("XDG_DATA_HOME")
	if !ok || !filepath.IsAbs(base) {
		home, ok := d.LookupEnv("HOME")
		if !ok || !filepath.IsAbs(home) {
			home = d.home()
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "gokeytool", "dev-ca.p12")
}

// openAuthority opens the authority, or makes it the first time and when it
// comes to its end.
func (d *developer) openAuthority(ctx context.Context) error {
	path := d.authorityPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fileError(path, pathCause(err))
	}
	lock, err := d.lock(ctx, path)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := d.trustAuthority(path); err != nil {
		return err
	}
	password := []byte(tomcatPassword) // the mode of the file protects the key
	ks, err := store.Open(path, store.Options{Password: password})
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return withHint(fmt.Errorf("the development CA does not open: %v", err), "to begin with a new one, move this file away; browsers have to trust the new one then")
	default:
		kept := &keystore{Store: ks, path: path, password: password}
		if d.authority, err = d.openIssuer(kept, "ca", password); err != nil {
			return fmt.Errorf("%s, the development CA: %v", path, err)
		}
		if d.authority.certificate.NotAfter.After(d.Now().AddDate(0, 0, int(d.days))) {
			d.out().Printf("Development CA: %s, kept in %s\n", d.authority.name.CommonName(), path)
			return nil
		}
	}
	if err := d.createAuthority(path, password, ks != nil); err != nil {
		return err
	}
	d.out().Printf("Development CA: %s, new, kept in %s\n", d.authority.name.CommonName(), path)
	return nil
}

// trustAuthority refuses a CA that others could have read, or put there: who has its
// key can be any server to the browsers that trust it.
func (d *developer) trustAuthority(path string) error {
	file, err := openTrusted(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	refusal := func(why string, hints ...string) error {
		return withHint(fmt.Errorf("%s, the development CA, is not used: %s", path, why), append(hints,
			"move the file away for a new CA to be made; browsers have to trust the new one then, and no longer the old one")...)
	}
	if refused, ok := errors.AsType[*atomicfile.RefusedError](err); ok {
		return refusal(refused.Reason)
	}
	if err != nil {
		return fileError(path, pathCause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fileError(path, pathCause(err))
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fileError(filepath.Dir(path), pathCause(err))
	}
	chmod := "if nobody else has been on this machine: " + shell.Line("chmod", "go=", shell.File(filepath.Dir(path)), shell.File(path))
	switch {
	case !ofUser(info) && !ofRoot(info): // who is root has one of his own
		return refusal("it belongs to another user, who has its key")
	case !ofUser(dir) && !ofRoot(dir):
		return refusal("its directory belongs to another user, who may have put it there")
	case othersMay(info, 0o077):
		return refusal(fmt.Sprintf("others than its owner can use it (mode %04o), and so may have its key", info.Mode().Perm()), chmod)
	case othersMay(dir, 0o002):
		return refusal("everybody can write its directory, and so may have put it there", chmod)
	}
	return nil
}

func (d *developer) createAuthority(path string, password []byte, replace bool) error {
	key, spki, err := d.newKey()
	if err != nil {
		return err
	}
	id, err := x509util.KeyID(spki)
	if err != nil {
		return err
	}
	// Two authorities of one name confuse those who trust both.
	name, err := x509util.ParseDName("CN=" + devAuthority + " " + hex.EncodeToString(id[:4]))
	if err != nil {
		return err
	}
	der, err := d.issue(name, spki, devAuthorityDays, &issuerKey{signer: key, name: name}, "BC:c=ca:true,pathlen:0", "KU:c=keyCertSign,cRLSign")
	if err != nil {
		return err
	}
	certificate, err := x509util.ParseCertificate(der)
	if err != nil {
		return err
	}
	d.authority = &issuerKey{alias: "ca", signer: key, name: name, certificate: certificate, chain: []entry.Certificate{entry.X509(der)}}
	_, err = d.saveKey(path, "ca", key, d.authority.chain, password, replace)
	return err
}

// newKey is a key that every browser, Java and OpenSSL take, made at once.
func (d *developer) newKey() (key crypto.Signer, spki []byte, err error) {
	if key, err = keys.Generate(keys.Spec{Algorithm: "EC", Group: "secp256r1"}, d.release); err != nil {
		return nil, nil, err
	}
	spki, err = keys.MarshalPublic(key.Public())
	return key, spki, err
}

// issue makes a certificate. It is valid from an hour ago, for machines and
// containers whose clock is behind.
func (d *developer) issue(subject x509util.Name, spki []byte, days int64, issuer *issuerKey, extensions ...string) ([]byte, error) {
	issue := issuance{extensions: extensions, start: optional[string]{"-1H", true}, days: days}
	return d.certify(certificate{issuance: issue, subject: subject, spki: spki}, issuer)
}

// saveKey writes a new keystore with one key, in the place of another or where
// there is none, and returns the key as PKCS #8.
func (d *developer) saveKey(path, alias string, key crypto.Signer, chain []entry.Certificate, password []byte, replace bool) ([]byte, error) {
	pkcs8, err := keys.MarshalPrivate(key)
	if err != nil {
		return nil, err
	}
	ks := store.New(store.PKCS12)
	if err := ks.SetKey(alias, d.keep(entry.Key{PKCS8: pkcs8}), password, chain, d.Now()); err != nil {
		return nil, err
	}
	return pkcs8, d.save(path, ks, password, replace)
}

// save writes a keystore, in the place of another or where there is none.
func (d *developer) save(path string, ks *store.Store, password []byte, replace bool) error {
	if replace {
		return d.fileError(path, ks.Save(path, password))
	}
	return d.fileError(path, ks.Create(path, password))
}

// fileError puts an error of the file system in Java's words.
func (d *developer) fileError(path string, err error) error {
	if errors.Is(err, fs.ErrExist) { // since we looked
		return taken(path)
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		return fileError(path, cause.Err)
	}
	return err
}

// make writes the files that are not there yet, or no longer fit.
func (d *developer) make() error {
	ca := d.authority.chain[0]
	trust := store.New(store.PKCS12)
	if err := trust.SetCertificate("dev-ca", ca, d.Now()); err != nil {
		return err
	}
	if err := d.save(d.path("truststore.p12"), trust, d.opt.storepass, d.there["truststore.p12"]); err != nil {
		return err
	}
	if err := d.writePEM("ca.pem", "CERTIFICATE", ca.DER, 0o644); err != nil {
		return err
	}
	san := make([]string, len(d.hosts))
	for i, host := range d.hosts {
		san[i] = x509util.HostName(host)
	}
	if err := d.makeKey(serverFiles(), devAlias, d.hosts[0], strings.Join(d.hosts, ", "), "EKU=serverAuth", "SAN="+strings.Join(san, ",")); err != nil {
		return err
	}
	for _, name := range d.opt.clients {
		extensions := []string{"EKU=clientAuth"}
		if strings.Contains(name, "@") {
			extensions = append(extensions, "SAN=email:"+name)
		}
		if err := d.makeKey(clientFiles(name), name, name, "client "+name, extensions...); err != nil {
			return err
		}
	}
	d.made = append(d.made, devFile{"truststore.p12", "the CA, for Java clients"}, devFile{"ca.pem", "the CA, for curl and browsers"})
	d.explain()
	return nil
}

// makeKey makes a key with its certificate, and all its files, unless a
// certificate with the same extensions by the same authority is there that
// lasts a while.
func (d *developer) makeKey(files [3]string, alias, commonName, what string, extensions ...string) error {
	if len(commonName) > 64 { // ub-common-name of RFC 5280; clients look at the SAN
		commonName = commonName[len(commonName)-64:]
	}
	subject, err := parseDName("CN=" + commonName)
	if err != nil {
		return err
	}
	key, spki, err := d.newKey()
	if err != nil {
		return err
	}
	extensions = append(extensions, "KU:c=digitalSignature")
	der, err := d.issue(subject, spki, d.days, d.authority, extensions...)
	if err != nil {
		return err
	}
	leaf, err := x509util.ParseCertificate(der)
	if err != nil {
		return err
	}
	if old, err := d.existing(files[0]); err == nil && d.fits(old, leaf) && d.complete(files) {
		d.made = append(d.made, devFile{files[0], what + " (kept, until " + keytool.MediumDate(old.NotAfter, d.zone()) + ")"})
	} else {
		chain := append([]entry.Certificate{entry.X509(der)}, d.authority.chain...)
		pkcs8, err := d.saveKey(d.path(files[0]), alias, key, chain, d.opt.storepass, d.there[files[0]])
		if err != nil {
			return err
		}
		if err := d.writePEM(files[2], "PRIVATE KEY", pkcs8, 0o600); err != nil {
			return err
		}
		if err := d.writePEM(files[1], "CERTIFICATE", der, 0o644); err != nil {
			return err
		}
		d.made = append(d.made, devFile{files[0], what + " (until " + keytool.MediumDate(leaf.NotAfter, d.zone()) + ")"})
	}
	d.made = append(d.made, devFile{files[1], "its certificate"}, devFile{files[2], "its key"})
	return nil
}

// fits says whether a certificate still does what the new one would do.
func (d *developer) fits(old, leaf *x509util.Certificate) bool {
	if old == nil || !old.Subject.Equal(leaf.Subject) || old.CheckSignatureFrom(d.authority.certificate) != nil {
		return false
	}
	for _, oid := range []string{"2.5.29.17", "2.5.29.37"} { // subjectAltName, extKeyUsage
		a, b := old.Extension(oid), leaf.Extension(oid)
		if (a == nil) != (b == nil) || a != nil && !bytes.Equal(a.Value, b.Value) {
			return false
		}
	}
	return old.NotAfter.After(d.Now().Add(devRenewal))
}

// complete says whether all files of a key are there.
func (d *developer) complete(files [3]string) bool {
	for _, name := range files {
		if _, err := os.Stat(d.path(name)); err != nil {
			return false
		}
	}
	return true
}

func (d *developer) writePEM(name, block string, der []byte, mode fs.FileMode) error {
	text := pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})
	defer entry.Wipe(text)
	path := d.path(name)
	if !d.there[name] {
		return d.fileError(path, atomicfile.Create(path, text, mode, nil))
	}
	if mode == 0o600 {
		before, _ := os.Stat(path)
		if err := atomicfile.WriteSecret(path, text); err != nil {
			return d.fileError(path, err)
		}
		d.sayMode(path, before)
		return nil
	}
	return d.fileError(path, atomicfile.Write(path, text, mode, nil))
}

// out is where it is said what was made: nowhere with -quiet.
func (d *developer) out() *console.Writer {
	if d.req.Has("quiet") {
		return console.Discard
	}
	return d.Stdout
}

// explain lists the files and how to use them.
func (d *developer) explain() {
	out := d.out()
	width := 0
	for _, f := range d.made {
		width = max(width, len(d.path(f.name)))
	}
	for _, f := range d.made {
		out.Printf("  %-*s  %s\n", width, d.path(f.name), f.what)
	}
	password := d.shownPassword()
	out.Printf("Password of all keystores: %s; alias of the server's key: %s\n", password, devAlias)

	served, trusted := d.named(d.path("keystore.p12")), d.named(d.path("truststore.p12"))
	serve := served.Line([]string{"serve"})
	asks := ""
	if password != tomcatPassword && served.Open == nil {
		asks = "asks for the keystore's password"
	}
	out.Printf("\nTry it:\n  %s\n  curl --cacert %s https://%s:8443/\n", shell.Note(serve, asks), shell.Quote(d.path("ca.pem")), urlHost(d.hosts[0]))
	if len(d.opt.clients) > 0 {
		words := []string{"-clientAuth", "true", "-truststoreFile", trusted.Path}
		if again := d.req.Again("storepass", "truststorePassword"); again != nil {
			words = append(words, again...)
		} else {
			words = append(words, "-truststorePassword", password)
		}
		out.Printf("The same, only for clients with certificates:\n  %s\n", shell.Note(served.Line([]string{"serve"}, words...), asks))
	}
	for _, name := range d.opt.clients {
		files := clientFiles(name)
		out.Printf("As client %s, where the server asks for a certificate:\n  curl --cacert %s --cert %s --key %s https://%s:8443/\n",
			name, shell.Quote(d.path("ca.pem")), shell.Quote(d.path(files[1])), shell.Quote(d.path(files[2])), urlHost(d.hosts[0]))
	}
	out.Printf("Java clients:\n  %s\n", trusted.Java(true, password))
	out.Printf("Browsers: import %s once as an authority for web sites.\n", d.path("ca.pem"))

	host := tomcat.SSLHost{Names: []string{tomcat.DefaultHostName}, Certificates: []tomcat.Certificate{{
		KeystoreFile: absolute(d.path("keystore.p12")), KeystoreType: "PKCS12", KeystorePassword: []byte(password), KeyAlias: devAlias,
	}}}
	if len(d.opt.clients) > 0 {
		host.Verification = tomcat.VerificationRequired
		host.Truststore = tomcat.Truststore{File: absolute(d.path("truststore.p12")), Type: "PKCS12", Password: []byte(password)}
	}
	snippet, err := tomcat.Snippet(0, tomcat.Connector{Port: defaultPort, TLS: true, Hosts: []tomcat.SSLHost{host}})
	if err = cmp.Or(err, noProperty("Tomcat", "the directory", absolute(d.dir))); err != nil { // or a path that XML can't say
		d.Stderr.Printf("gokeytool: no connector to show: %v\n", err)
		return
	}
	out.Printf("Tomcat 8.5 and later, in conf/server.xml:\n%s", console.Text(indent(snippet)))
}

// shownPassword stands for the password in what is printed: itself only if it
// is no secret.
func (s *session) shownPassword() string {
	if string(s.opt.storepass) == tomcatPassword {
		return tomcatPassword
	}
	return "PASSWORD"
}

// urlHost is a host as it stands in a URL.
func urlHost(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return strings.Replace(host, "*", "www", 1)
}

// indent moves lines two columns to the right.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
