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
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

const (
	devAlias = "tomcat" // of the server's key, as in Tomcat's HOW-TO
	devCA    = "gokeytool development CA"
	// A year: what is trusted by hand may last 825 days for Apple's systems,
	// which are the strictest.
	devDays, devMaxDays = 365, 825
	devCADays           = 3650
	// Certificates that end earlier are made again.
	devRenewal = 30 * 24 * time.Hour
)

type devOptions struct {
	dir            string
	hosts, clients []string
	days           int64  // for which certificates are valid
	password       []byte // of all keystores
}

func readDev(l line) devOptions {
	o := devOptions{
		dir:      l.text("dir").or(devDir),
		hosts:    l.StringSlice("host"),
		clients:  l.StringSlice("client"),
		days:     l.number("validity").or(devDays),
		password: l.secret("storepass"),
	}
	if o.password == nil {
		o.password = []byte(tomcatPassword)
	}
	return o
}

// dev makes what HTTPS on this machine needs: certificates that browsers take,
// by a CA kept for the next time, in the formats of all who read them.
func dev(ctx context.Context, s *session, o devOptions) error {
	if passwordLength(o.password) < minPassword {
		return s.tooShort("Keystore", s.given("storepass"), o.password)
	}
	if o.days < 1 || o.days > devMaxDays {
		return fmt.Errorf("-validity %d: from 1 to %d days, the most that all browsers take", o.days, devMaxDays)
	}
	d := &developer{session: s, options: o}
	var err error
	if d.hosts, err = devHosts(o.hosts); err != nil {
		return err
	}
	for _, name := range o.clients {
		if err := checkClientName(name); err != nil {
			return err
		}
	}
	return d.run(ctx)
}

// run does it all with the directory locked: of two runs at once the second finds
// what the first has made, and the files of a key belong together.
func (d *developer) run(ctx context.Context) (err error) {
	info, statErr := os.Stat(d.options.dir)
	if statErr == nil { // who owns the directory could put another CA there
		if err := atomicfile.Guard(filepath.Clean(d.options.dir), info); err != nil {
			return withHint(fmt.Errorf("%s is not used: %w", d.options.dir, err), "name another directory with -dir DIR")
		}
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		defer func() {
			if err != nil {
				os.Remove(d.options.dir) // which is empty then, or stays
			}
		}()
	}
	if err := os.MkdirAll(d.options.dir, 0o777); err != nil {
		return d.fileError(d.options.dir, err)
	}
	lock, err := d.lock(ctx, d.path(serverFiles()[0]))
	if err != nil {
		return d.fileError(d.path(serverFiles()[0]), err)
	}
	defer lock.Unlock()
	if err := d.claim(); err != nil {
		return err
	}
	if err := d.openCA(ctx); err != nil {
		return err
	}
	return d.make()
}

// developer is one run of dev.
type developer struct {
	*session
	options devOptions
	hosts   []string // in order; the first names the certificate

	there map[string]bool // the files that are there already, by name
	ca    *issuerKey
	made  []devFile
}

// devFile is a file in the directory, for the summary.
type devFile struct{ name, what string }

func (d *developer) path(name string) string { return filepath.Join(d.options.dir, name) }

// devHosts are the names and addresses of -host as a certificate has them.
// Whoever means this machine means its addresses as well.
func devHosts(given []string) ([]string, error) {
	if len(given) == 0 {
		given = []string{"localhost"}
	}
	var hosts []string
	for _, name := range given {
		host, err := parseHost(name)
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
	for _, name := range d.options.clients {
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
		case err == nil && leaf != nil && strings.HasPrefix(leaf.Issuer.CommonName(), devCA):
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
	ks, err := store.Open(d.path(name), store.Options{Password: d.options.password})
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
func (d *developer) issue(subject x509util.Name, spki []byte, days int64, issuer *issuerKey, extensions ...string) (*x509util.Certificate, error) {
	issue := issuance{extensions: extensions, start: optional[string]{"-1H", true}, days: days}
	return d.newCertificate(certificate{issuance: issue, subject: subject, spki: spki}, issuer)
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
	ca := d.ca.chain[0]
	trust := store.New(store.PKCS12)
	if err := trust.SetCertificate("dev-ca", ca, d.Now()); err != nil {
		return err
	}
	if err := d.save(d.path("truststore.p12"), trust, d.options.password, d.there["truststore.p12"]); err != nil {
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
	for _, name := range d.options.clients {
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
// certificate with the same extensions by the same CA is there that
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
	leaf, err := d.issue(subject, spki, d.options.days, d.ca, extensions...)
	if err != nil {
		return err
	}
	if old, err := d.existing(files[0]); err == nil && d.fits(old, leaf) && d.complete(files) {
		d.made = append(d.made, devFile{files[0], what + " (kept, until " + keytool.MediumDate(old.NotAfter, d.zone()) + ")"})
	} else {
		chain := append([]entry.Certificate{entry.X509(leaf.Raw)}, d.ca.chain...)
		pkcs8, err := d.saveKey(d.path(files[0]), alias, key, chain, d.options.password, d.there[files[0]])
		if err != nil {
			return err
		}
		if err := d.writePEM(files[2], "PRIVATE KEY", pkcs8, 0o600); err != nil {
			return err
		}
		if err := d.writePEM(files[1], "CERTIFICATE", leaf.Raw, 0o644); err != nil {
			return err
		}
		d.made = append(d.made, devFile{files[0], what + " (until " + keytool.MediumDate(leaf.NotAfter, d.zone()) + ")"})
	}
	d.made = append(d.made, devFile{files[1], "its certificate"}, devFile{files[2], "its key"})
	return nil
}

// fits says whether a certificate still does what the new one would do.
func (d *developer) fits(old, leaf *x509util.Certificate) bool {
	if old == nil || !old.Subject.Equal(leaf.Subject) || old.CheckSignatureFrom(d.ca.certificate) != nil {
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
