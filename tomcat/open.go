package tomcat

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/store"
	"gokeytool/store/entry"
	pemstore "gokeytool/store/pem"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// FileError says which of a Certificate's files has not what is looked for.
type FileError struct {
	File string
	// Key says that a private key was looked for, not certificates.
	Key  bool
	Data []byte // what is in the file
	Err  error  // why it can't be read; nil if there is none
}

func (e *FileError) Error() string {
	what := "certificate"
	if e.Key {
		what = "private key"
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: no %s that can be read: %v", e.File, what, e.Err)
	}
	return fmt.Sprintf("%s holds no %s in PEM", e.File, what)
}

func (e *FileError) Unwrap() error { return e.Err }

// Served is what a connector serves for a Certificate: an entry of a keystore, or
// the one entry of the keystore that Tomcat makes of PEM files.
type Served struct {
	Store *store.Store
	// Entry is the one whose key is served; nil where there is none.
	Entry *entry.Entry
	// Findings are about the choice of the entry, see ServedKey, and about the
	// type of the keystore.
	Findings []finding.Finding

	by  *Certificate
	own int // how many certificates of a chain in PEM are certificateFile's
}

// In says what is served for a Certificate of an opened keystore, which is the one
// that it names.
func (c *Certificate) In(s *store.Store) *Served {
	entry, findings := c.choose(s)
	return &Served{Store: s, Entry: entry, Findings: findings, by: c}
}

// OpenPEM reads the PEM files of a Certificate as the keystore that Tomcat's
// SSLUtilBase makes of them. It has one entry, called as the certificate's
// file is: the last key of the key's file, and for a chain all certificates of
// certificateFile and then all of certificateChainFile, in the order of the files,
// whether they belong together or not. That is what Tomcat sends. The key stays
// sealed.
//
// read reads a file whole. Limits of zero are entry.DefaultLimits. The error is
// one of read's, or a *FileError.
func (c *Certificate) OpenPEM(read func(name string) ([]byte, error), lim entry.Limits) (*Served, error) {
	if lim == (entry.Limits{}) {
		lim = entry.DefaultLimits
	}
	var chain []entry.Certificate
	own := 0
	for _, name := range []string{c.CertificateFile, c.ChainFile} {
		if name == "" {
			continue
		}
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		list := certificatesIn(data)
		if len(list) == 0 {
			_, err := x509util.ParseCertificates(data)
			return nil, &FileError{File: name, Data: data, Err: err}
		}
		if chain = append(chain, list...); name == c.CertificateFile {
			own = len(list)
		}
	}
	data, err := read(c.KeyFile)
	if err != nil {
		return nil, err
	}
	keys, err := pemstore.DecodeKeys(data, lim)
	if err != nil || len(keys) == 0 || !bytes.Contains(data, []byte("-----BEGIN ")) {
		return nil, &FileError{File: c.KeyFile, Key: true, Data: data, Err: err}
	}
	opened := store.NewPEM(filepath.Base(c.CertificateFile), keys[len(keys)-1], chain)
	return &Served{Store: opened, Entry: opened.Entries()[0], by: c, own: own}, nil
}

// certificatesIn are those of a file that Tomcat's PEMFile takes.
func certificatesIn(data []byte) (list []entry.Certificate) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return list
		}
		if block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" {
			list = append(list, entry.X509(block.Bytes))
		}
	}
}

// choose returns the entry of an opened keystore whose key Tomcat serves, nil if
// there is none, and what there is to say about that.
func (c *Certificate) choose(s *store.Store) (*entry.Entry, []finding.Finding) {
	var entries []*entry.Entry
	var keys []KeyEntry
	for _, e := range s.JavaOrder() {
		if pkcs12.HiddenFromJava(e) {
			continue
		}
		entries = append(entries, e)
		k := KeyEntry{Alias: s.JavaAlias(e), Key: e.Kind == entry.PrivateKey, Secret: e.Kind == entry.SecretKey}
		k.Lost = (s.Type() == store.JKS || s.Type() == store.JCEKS) && c.KeystoreType != CaseExactJKS && k.Alias != strings.ToLower(k.Alias)
		keys = append(keys, k)
	}
	at, findings := c.ServedKey(keys)
	findings = append(findings, c.typed(s.Type())...)
	if at < 0 {
		return nil, findings
	}
	return entries[at], findings
}

// typed says that Java does not open a keystore under the type that is
// configured.
func (c *Certificate) typed(is store.Type) []finding.Finding {
	f := finding.Finding{Severity: finding.Error, At: c.At("certificateKeystoreType")}
	attribute, given := f.At.Attribute, c.KeystoreTypeGiven
	if given == "" {
		given = "JKS, the default"
	}
	called := fmt.Sprintf("it is a %s keystore, and the configuration calls it %s: Java says: ", is, given)
	switch is {
	case store.JCEKS:
		switch {
		case c.KeystoreType == string(store.JCEKS):
			return nil
		case strings.EqualFold(given, "PKCS12"):
			called += "DerInputStream.getLength(): lengthTag=78, too big."
		default:
			called += "Invalid keystore format"
		}
		f.Text, f.Remedy = called, "set "+attribute+" to JCEKS"
	case store.PKCS12:
		if c.KeystoreType != string(store.JCEKS) && c.KeystoreType != CaseExactJKS { // JCEKS and CaseExactJKS read JKS, too
			return nil
		}
		f.Text, f.Remedy = called+"Invalid keystore format", "set "+attribute+" to PKCS12"
	default:
		return nil
	}
	return []finding.Finding{f}
}

// OldJava says what a release of Java that Tomcat of a major version still runs on
// does not open, because it is called by the wrong type: JKS and PKCS12 stand for
// each other since 8u60 (keystore.type.compat).
func (c *Certificate) OldJava(version int, is store.Type) []finding.Finding {
	given := strings.ToUpper(cmp.Or(c.KeystoreTypeGiven, "JKS"))
	if version == 0 || version > 9 || c.KeystoreType != "" || is != store.PKCS12 && is != store.JKS || given == string(is) {
		return nil
	}
	f := finding.Finding{Severity: finding.Warning, Remedy: "set " + c.KeystoreTypeAttribute() + " to " + string(is), At: c.At("certificateKeystoreType")}
	if version == 9 {
		f.Severity = finding.Info // it needs Java 8, of which nobody has so old a release
	}
	says := "Invalid keystore format"
	if is == store.JKS {
		says = "DerInputStream.getLength(): lengthTag=109, too big."
	}
	how := "calls it " + c.KeystoreTypeGiven
	if c.KeystoreTypeGiven == "" {
		how = "names no type, for which Tomcat takes JKS"
	}
	f.Text = fmt.Sprintf("it is a %s keystore, and the configuration %s: Java since 8u60 opens it anyway, Java 7 and the first releases of Java 8 say: %s", is, how, says)
	return []finding.Finding{f}
}

// At is the place of an attribute of a Certificate, which is called by its modern
// name, as it is called where the certificate is configured.
func (c *Certificate) At(attribute string) finding.Place {
	return placeOf(c.Line, elementCertificate, attribute, c.Flat)
}

// AtKeystorePassword is the place of the attribute that gives the keystore's password.
func (c *Certificate) AtKeystorePassword() finding.Place {
	if c.KeystorePasswordFile != "" {
		return c.At("certificateKeystorePasswordFile")
	}
	return c.At("certificateKeystorePassword")
}

// At is the place of an attribute of an SSLHostConfig, as At of a Certificate.
func (h *SSLHost) At(attribute string) finding.Place {
	return placeOf(h.Line, elementSSLHost, attribute, len(h.Certificates) > 0 && h.Certificates[0].Flat)
}

func placeOf(line int, element, attribute string, isFlat bool) finding.Place {
	at := finding.Place{Line: line, Element: element, Attribute: attribute}
	if !isFlat {
		return at
	}
	at.Element = elementConnector
	for _, f := range flatAttributes {
		if f.element == element && f.modern == attribute {
			at.Attribute = f.name
			break
		}
	}
	return at
}

// Names is the attribute that names a PEM file, by its modern name.
func (c *Certificate) Names(file string) string {
	switch file {
	case c.CertificateFile:
		return "certificateFile"
	case c.KeyFile:
		return "certificateKeyFile"
	}
	return "certificateChainFile"
}

// KeystoreTypeAttribute is what the keystore's type is called where the
// certificate is configured.
func (c *Certificate) KeystoreTypeAttribute() string {
	if c.Flat {
		return "keystoreType"
	}
	return "certificateKeystoreType"
}

// KeyPasswordAttribute is what the key's password is called where the
// certificate is configured.
func (c *Certificate) KeyPasswordAttribute() string {
	if c.Flat {
		return "keyPass"
	}
	return "certificateKeyPassword"
}

// Takes says whether a key fits the suites that Tomcat enables for the host. Where
// none does, Java's server says "no cipher suites in common" at each handshake, and
// older releases "No available certificate or key corresponds to the SSL cipher suites
// which are enabled".
func (h *SSLHost) Takes(public crypto.PublicKey) (finding.Finding, bool) {
	var au authentication
	kind, word := "", ""
	switch public.(type) {
	case *rsa.PublicKey:
		au, kind, word = auRSA, "RSA", "ECDHE+AESGCM+aRSA"
	case *ecdsa.PublicKey, ed25519.PublicKey:
		au, kind, word = auECDSA, "EC", "ECDHE+AESGCM+aECDSA"
	default:
		return finding.Finding{}, true // no suite takes it, whatever is enabled
	}
	older := slices.ContainsFunc(h.Protocols, func(v uint16) bool { return v < tls.VersionTLS13 })
	l, err := ParseCiphers(h.Ciphers)
	if h.Ciphers == "" || err != nil || !older || slices.ContainsFunc(l.Suites, func(s *Suite) bool { return s.au&au != 0 && s.JSSE != "" }) {
		return finding.Finding{}, true
	}
	f := finding.Finding{At: h.At("ciphers"), Remedy: "add " + word + ", or serve a key of the other kind"}
	f.Text = fmt.Sprintf("no suite of the list takes the %s key that is served: ", kind)
	if len(h.Certificates) > 1 {
		f.Severity = finding.Warning
		f.Text += "below TLSv1.3 it is of no use, beside that of the other certificate"
		return f, false
	}
	if slices.Contains(h.Protocols, tls.VersionTLS13) {
		f.Severity = finding.Warning
		f.Text += "only TLSv1.3 works, and others fail with \"no cipher suites in common\""
		return f, false
	}
	f.Text += "every handshake fails with \"no cipher suites in common\" (once: \"No available certificate or key corresponds to the SSL cipher suites which are enabled\")"
	return f, false
}

// Served are the names under which a host is served, for which its certificates
// have to be good. The default host is served under any.
func (h *SSLHost) Served(c *Connector) (names []string) {
	for _, name := range h.Names {
		if name != c.DefaultHost && name != DefaultHostName {
			names = append(names, name)
		}
	}
	return names
}

// Key opens the key with the one password that Tomcat tries: the key's, if the
// configuration has one, else the keystore's.
func (s *Served) Key() (entry.Key, error) {
	password := s.by.KeyPassword
	if password == nil {
		password = s.by.KeystorePassword
	}
	return s.Store.KeyOf(s.Entry, password)
}

// Shown is the identity of the entry as the connector shows it: under the names of
// its host, see SSLHost.Served, and where it comes from PEM files with these, which
// remedies name.
func (s *Served) Shown(id identity.Identity, names []string) identity.Identity {
	id.Served, id.Names = true, names
	if s.by.PEM() {
		id.KeyFile, id.ChainFile, id.Own = s.by.KeyFile, s.by.ChainFile, s.own
	}
	return id
}
