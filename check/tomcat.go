package check

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/tomcat/disk"
	"gokeytool/tomcat/jvm"
	"gokeytool/tomcat/machine"
)

// isServerXML says whether a file that was named is to be read as Tomcat's
// configuration.
func isServerXML(path string) bool { return strings.EqualFold(filepath.Ext(path), ".xml") }

// maxGuesses bounds for how many files that are missing a name is looked for.
const maxGuesses = 100

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
	options := tomcat.Options{Version: o.Tomcat, Base: tomcat.Base(path), Lookup: o.Lookup}
	disk.Use(&options)
	conf, err := tomcat.Read(data, options)
	if err != nil {
		x.Status = Unchecked
		x.find(finding.Error, "not-a-server-xml", "", cause(err), "")
		return []Verdict{x.finish()}
	}
	for _, f := range conf.Findings {
		x.tomcatFinding("tomcat", f)
	}
	for _, c := range conf.Services() {
		for _, f := range conf.CheckApplications(c) {
			x.tomcatFinding("web-application", f)
		}
	}
	here := machine.Here()
	for i := range conf.Connectors {
		for _, f := range here.Connector(&conf.Connectors[i]) {
			x.tomcatFinding("tomcat-port", f)
		}
	}
	if o.Tomcat == 0 {
		x.flatConnectors(conf.Connectors)
	}
	// A keystore may be named for each of a thousand hosts.
	o.size = entry.NewWork(defaultMaxSize, 0, nil)
	o.guesses = entry.NewWork(maxGuesses, 0, nil)
	list := []Verdict{x.finish()}
	var java *jvm.Machine
	if slices.ContainsFunc(conf.Connectors, hasToken) {
		java = javaOf(tomcat.Base(path), o)
	}
	for _, c := range conf.Connectors {
		for i := range c.Hosts {
			at := fmt.Sprintf("the connector on port %d (%s:%d)", c.Port, path, c.Hosts[i].Line)
			list = append(list, host(&c, &c.Hosts[i], path, at, tomcat.Base(path), java, o)...)
		}
	}
	return list
}

// readAtMost reads a regular file of at most that many bytes.
func readAtMost(name string, size int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := atomicfile.Open(name)
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
			x.find(finding.Warning, "flat-connector", "", fmt.Sprintf("line %d: the TLS settings of the connector on port %d stand where Tomcat 7 to 9 want them: "+
				"Tomcat 10 and later ignore them and do not start it (\"No SSLHostConfig element was found\")", c.Line, c.Port), remedy)
		}
	}
}

// tomcatFinding takes over a finding about the configuration.
func (x *examination) tomcatFinding(id string, f finding.Finding) {
	text := f.Text
	if place := f.At.String(); place != "" {
		text = place + ": " + text
	}
	if f.At.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.At.Line, text)
	}
	if f.At.File != "" {
		text = f.At.File + ": " + text
	}
	x.find(f.Severity, id, "", text, shell.Comment(f.Remedy))
}

// host looks at the files of one SSLHostConfig.
func host(c *tomcat.Connector, h *tomcat.SSLHost, path, at, base string, java *jvm.Machine, o Options) []Verdict {
	var list []Verdict
	for i := range h.Certificates {
		cert := &h.Certificates[i]
		defer cert.Wipe()
		if cert.PEM() {
			list = append(list, pemFiles(c, h, cert, at, base, o))
			continue
		}
		if cert.Token() {
			list = append(list, configuredToken(c, h, cert, path, at, java, o))
			continue
		}
		own := o
		own.KeyPassword, own.Keypass = cert.KeyPassword, again("-keypass:file", cert.KeyPasswordFile)
		u := use{named: true, role: "keystore of " + at, server: true, hosts: h.Served(c), certificate: cert, connector: c, tls: h,
			file: configuredFile{cert.At("certificateKeystoreFile"), base}}
		if cert.KeystorePassword != nil {
			own.Password, u.only = cert.KeystorePassword, true
			own.Storepass = again("-storepass:file", cert.KeystorePasswordFile)
		}
		v, _ := examineFile(cert.KeystoreFile, own, u)
		list = append(list, v)
	}
	trust := use{named: true, role: "trust store of " + at, trust: true}
	switch {
	case h.Truststore.Token():
		list = append(list, trustedToken(h, trust, o))
	case h.Truststore.File != "":
		trust.file = configuredFile{h.At("truststoreFile"), base}
		own := o
		if h.Truststore.Password != nil {
			own.Password, own.Storepass, trust.only = h.Truststore.Password, nil, true
			defer entry.Wipe(h.Truststore.Password)
		}
		v, _ := examineFile(h.Truststore.File, own, trust)
		list = append(list, v)
	}
	if h.CACertificateFile != "" {
		trust.file = configuredFile{h.At("caCertificateFile"), base}
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

// pemFiles looks at a certificate, its key and its chain in files of their
// own as at the keystore that Tomcat makes of them, under the name of the first.
func pemFiles(c *tomcat.Connector, h *tomcat.SSLHost, cert *tomcat.Certificate, at, base string, o Options) Verdict {
	o.Password, o.KeyPassword = cert.KeyPassword, cert.KeyPassword
	if o.Password == nil {
		o.Password = []byte{}
	}
	x := newExamination(cert.CertificateFile, o, use{named: true, role: "certificate of " + at, server: true, only: true, hosts: h.Served(c), certificate: cert, connector: c, tls: h})
	missing := false
	opened, err := cert.OpenPEM(func(name string) ([]byte, error) {
		x.Path, x.file = name, configuredFile{cert.At(cert.Names(name)), base}
		x.elsewhere(name)
		missing = x.absent(name)
		return readAtMost(name, x.o.MaxSize)
	}, x.o.Limits)
	switch none, ok := errors.AsType[*tomcat.FileError](err); {
	case missing:
		return x.finish()
	case ok && none.Key:
		x.Type = store.PEM
		x.find(finding.Error, "no-key", "", none.Error()+": Tomcat does not start", "")
		return x.finish()
	case ok:
		x.Status = Unchecked
		x.find(finding.Error, "not-a-keystore", "", none.Error()+": Tomcat takes certificates in PEM only", intoPEM(none))
		return x.finish()
	case err != nil:
		x.unreadable(err)
		return x.finish()
	}
	x.Path, x.serves = cert.CertificateFile, opened
	x.store, x.password, x.Password, x.Type = opened.Store, x.o.Password, PasswordNone, store.PEM
	x.look()
	if info, err := os.Stat(cert.KeyFile); err == nil {
		x.fileMode(info.Mode())
	}
	return x.finish()
}

// intoPEM is the line that makes PEM of certificates that are something else.
func intoPEM(e *tomcat.FileError) string {
	words := []string{"openssl", "x509", "-inform", "der"}
	switch what := store.ContentOf(e.Data); what {
	case store.DERCertificate:
	case store.DERPKCS7:
		words = []string{"openssl", "pkcs7", "-print_certs", "-inform", "der"}
	case store.PEMPKCS7:
		words = []string{"openssl", "pkcs7", "-print_certs"}
	default:
		return ""
	}
	file := shell.File(e.File)
	return shell.Note(shell.Line(append(words, "-in", file, "-out", file+".pem")...), "then name that file in its place")
}

// served looks at what a connector takes from an opened keystore: which entry, and
// whether it is good for the names it is served under.
func (x *examination) served() {
	if !x.server {
		return
	}
	if x.serves == nil {
		x.serves = x.certificate.In(x.store)
	}
	e := x.serves.Entry
	findings := x.serves.Findings
	if !x.certificate.PEM() {
		findings = append(findings, x.certificate.OldJava(x.connector.Version, x.Type)...)
	}
	for _, f := range findings {
		id := "no-key"
		switch {
		case strings.HasSuffix(f.At.Attribute, "eystoreType"):
			id = "store-type"
		case e != nil:
			id = "several-keys"
		}
		x.tomcatFinding(id, f)
	}
	if e == nil {
		return
	}
	x.Serves = x.store.JavaAlias(e)
}
