package check

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/x509util"
)

// isServerXML says whether a file that was named is to be read as Tomcat's
// configuration.
func isServerXML(path string) bool { return strings.EqualFold(filepath.Ext(path), ".xml") }

// serverXML makes the verdicts on a server.xml and on the files it names, in
// their order.
func serverXML(path string, o Options) []Verdict {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	x := &examination{o: o, Verdict: Verdict{Path: path, Role: "Tomcat's configuration"}}
	data, err := readAtMost(path, tomcat.MaxSize)
	if err != nil {
		x.unreadable(err)
		return []Verdict{x.finish()}
	}
	connectors, findings, err := tomcat.Connectors(data, tomcat.Options{
		Version:  o.Tomcat,
		Base:     tomcat.Base(path),
		Lookup:   o.Lookup,
		ReadFile: func(name string) ([]byte, error) { return readAtMost(name, maxPasswordFile) },
	})
	if err != nil {
		x.Status = Unchecked
		x.find(Error, "not-a-server-xml", "", cause(err), "")
		return []Verdict{x.finish()}
	}
	for _, f := range findings {
		x.tomcatFinding("tomcat", f)
	}
	if o.Tomcat == 0 {
		x.flatConnectors(connectors)
	}
	list := []Verdict{x.finish()}
	for _, c := range connectors {
		for i := range c.Hosts {
			at := fmt.Sprintf("the connector on port %d (%s:%d)", c.Port, path, c.Hosts[i].Line)
			list = append(list, host(&c, &c.Hosts[i], at, o)...)
		}
	}
	return list
}

// maxPasswordFile bounds a password file, in bytes.
const maxPasswordFile = 64 << 10

// readAtMost reads a regular file of at most that many bytes.
func readAtMost(name string, size int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, size+1))
	if err == nil && int64(len(data)) > size {
		err = fmt.Errorf("%w: it has more than %d bytes", entry.ErrLimit, size)
	}
	return data, err
}

// flatConnectors warns of what Tomcat 7 to 9 take for TLS settings and later
// ones don't, where nobody has said which Tomcat it is.
func (x *examination) flatConnectors(connectors []tomcat.Connector) {
	for _, c := range connectors {
		for _, h := range c.Hosts {
			if c.Version >= 10 || !h.Certificates[0].Flat {
				continue
			}
			remedy := ""
			if cert := h.Certificates[0]; !cert.PEM() {
				words := []string{"gokeytool", "tomcat-config", shell.File(cert.KeystoreFile), "-port", fmt.Sprint(c.Port)}
				if cert.KeyAlias != "" {
					words = append(words, "-alias", cert.KeyAlias)
				}
				remedy = shell.Note(shell.Line(words...), "prints one for them; -tomcat 9 is content with this one")
			}
			x.find(Warning, "flat-connector", "", fmt.Sprintf("line %d: the TLS settings of the connector on port %d stand where Tomcat 7 to 9 want them: "+
				"Tomcat 10 and later ignore them and do not start it (\"No SSLHostConfig element was found\")", c.Line, c.Port), remedy)
		}
	}
}

// tomcatFinding takes over a finding about the configuration.
func (x *examination) tomcatFinding(id string, f tomcat.Finding) {
	severity := Warning
	if f.Severity == tomcat.Error {
		severity = Error
	}
	text := f.Text
	if f.Element != "" {
		text = strings.TrimSpace(f.Element+" "+f.Attribute) + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	x.find(severity, id, "", text, shell.Comment(f.Remedy))
}

// host looks at the files of one SSLHostConfig.
func host(c *tomcat.Connector, h *tomcat.SSLHost, at string, o Options) []Verdict {
	var list []Verdict
	for i := range h.Certificates {
		cert := &h.Certificates[i]
		defer cert.Wipe()
		if cert.PEM() {
			list = append(list, pemFiles(c, h, cert, at, o))
			continue
		}
		if strings.EqualFold(cert.KeystoreType, "PKCS11") {
			continue // not a file; tomcat says so
		}
		own := o
		own.KeyPassword, own.Keypass = cert.KeyPassword, again("-keypass:file", cert.KeyPasswordFile)
		u := use{named: true, role: "keystore of " + at, server: true, hosts: hostNames(c, h), certificate: cert}
		if cert.KeystorePassword != nil {
			own.Password, u.only = cert.KeystorePassword, true
			own.Storepass = again("-storepass:file", cert.KeystorePasswordFile)
		}
		v, _ := examineFile(cert.KeystoreFile, own, u)
		list = append(list, v)
	}
	trust := use{named: true, role: "trust store of " + at, trust: true}
	if h.Truststore.File != "" {
		own := o
		if h.Truststore.Password != nil {
			own.Password, own.Storepass, trust.only = h.Truststore.Password, nil, true
			defer entry.Wipe(h.Truststore.Password)
		}
		v, _ := examineFile(h.Truststore.File, own, trust)
		list = append(list, v)
	}
	if h.CACertificateFile != "" {
		v, _ := examineFile(h.CACertificateFile, o, trust)
		list = append(list, v)
	}
	return list
}

// again are the words that give a password from a file; none without one.
func again(option, file string) []string {
	if file == "" {
		return nil
	}
	return []string{option, file}
}

// hostNames are the names that the certificates of a host have to be good for.
func hostNames(c *tomcat.Connector, h *tomcat.SSLHost) (names []string) {
	for _, name := range h.Names {
		if name != c.DefaultHost && name != tomcat.DefaultHostName {
			names = append(names, name)
		}
	}
	return names
}

// pemFiles looks at a certificate, its key and its chain in files of their
// own as at one keystore, under the name of the first.
func pemFiles(c *tomcat.Connector, h *tomcat.SSLHost, cert *tomcat.Certificate, at string, o Options) Verdict {
	o.Password = cert.KeyPassword
	if o.Password == nil {
		o.Password = []byte{}
	}
	x := newExamination(cert.CertificateFile, o, use{named: true, role: "certificate of " + at, server: true, only: true, hosts: hostNames(c, h), keyFile: cert.KeyFile})
	var all bytes.Buffer
	var mode fs.FileMode
	for i, name := range []string{cert.CertificateFile, cert.KeyFile, cert.ChainFile} {
		if name == "" || i > 0 && name == cert.CertificateFile {
			continue
		}
		data, err := readAtMost(name, x.o.MaxSize)
		if err != nil {
			x.Path = name
			x.unreadable(err)
			return x.finish()
		}
		all.Write(data)
		all.WriteByte('\n')
		if info, err := os.Stat(name); err == nil && name == cert.KeyFile {
			mode = info.Mode()
		}
	}
	x.examine(all.Bytes(), mode)
	return x.finish()
}

// served looks at what a connector takes from an opened keystore: which entry, and
// whether it is good for the names it is served under.
func (x *examination) served() {
	if !x.server {
		return
	}
	order := x.inJava()
	at := -1
	if x.certificate != nil {
		entries := make([]tomcat.KeyEntry, len(order))
		for i, e := range order {
			entries[i] = tomcat.KeyEntry{Alias: x.store.AliasOf(e.Alias), Key: e.Kind == entry.PrivateKey, Secret: e.Kind == entry.SecretKey}
		}
		var findings []tomcat.Finding
		at, findings = x.certificate.ServedKey(entries)
		for _, f := range findings {
			id := "no-key"
			if at >= 0 {
				id = "several-keys"
			}
			x.tomcatFinding(id, f)
		}
		switch said := strings.EqualFold(x.certificate.KeystoreType, "JCEKS"); {
		case x.Type == store.JCEKS && !said:
			x.find(Error, "store-type", "", "it is a JCEKS keystore, and the configuration does not say so: Java says: Invalid keystore format", shell.Comment("set certificateKeystoreType (keystoreType) to JCEKS"))
		case x.Type == store.PKCS12 && said: // as which Java reads JKS, too
			x.find(Error, "store-type", "", "it is a PKCS12 keystore, and the configuration calls it JCEKS: Java says: Invalid keystore format", shell.Comment("set certificateKeystoreType (keystoreType) to PKCS12"))
		}
	} else {
		for i, e := range order {
			if at < 0 && e.Kind == entry.PrivateKey {
				at = i
			}
		}
		if at < 0 && !x.partial() {
			x.find(Error, "no-key", "", "there is no private key in it", "")
		}
	}
	if at < 0 {
		return
	}
	x.Serves = x.store.AliasOf(order[at].Alias)
	if len(order[at].Chain) == 0 {
		return
	}
	leaf, err := x509.ParseCertificate(order[at].Chain[0].DER)
	if err != nil {
		return
	}
	var missing []string
	for _, name := range x.hosts {
		if leaf.VerifyHostname(strings.Replace(name, "*", "any", 1)) != nil {
			missing = append(missing, name)
		}
	}
	for _, name := range missing {
		x.find(Error, "host-name", x.Serves, fmt.Sprintf("the certificate is not good for %s, the name it is to be served under", x509util.Printable(name)),
			x.forHosts(leaf, len(order[at].Chain), missing))
	}
}

// forHosts is the command that makes a certificate good for more hosts than its
// own, or a request for one.
func (x *examination) forHosts(leaf *x509.Certificate, chain int, more []string) string {
	var names []string
	for _, name := range slices.Concat(leaf.DNSNames, more) {
		names = append(names, x509util.HostName(name))
	}
	for _, ip := range leaf.IPAddresses {
		names = append(names, x509util.HostName(ip.String()))
	}
	san := "san=" + strings.Join(names, ",")
	k := x.key(x.Serves)
	if chain == 1 && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		return k.KeyLine([]string{"renew", "-alias", x.Serves}, "-ext", san)
	}
	return shell.Note(k.KeyLine([]string{"certreq", "-alias", x.Serves}, "-ext", san, "-file", "REQUEST"),
		"then have the CA sign it, and: "+k.KeyLine([]string{"importcert", "-alias", x.Serves}, "-file", "REPLY"))
}
