package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/endpoint"
	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
)

// served is what an endpoint serves.
type served struct {
	config endpoint.Config // what the files and the options for them say
	checks finding.Checks
	files  []watchedFile // where it all came from: reloaded when they change
	// connector is that of a server.xml, and plain the one that leads to it,
	// if any.
	connector, plain *tomcat.Connector
	work             *entry.Work // what all files together cost; nil before the first
}

// watch notes a file that is about to be read.
func (v *served) watch(file string) { v.files = append(v.files, look(file)) }

// open opens a keystore, which is noted.
func (v *served) open(file string, o store.Options) (*store.Store, error) {
	v.watch(file)
	o.Limits = v.limits()
	opened, err := store.Open(file, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fileError(file, pathCause(err))
	}
	return opened, err
}

// limits bound the work for a file, and with it that for all files, to what ten of
// the most expensive take: a server.xml may name one many times.
func (v *served) limits() entry.Limits {
	lim := entry.DefaultLimits
	if v.work == nil {
		v.work = entry.NewWork(10*lim.KeyRounds(math.MaxInt), 0, nil)
	}
	lim.Work = v.work
	return lim
}

// optionConnector is the connector that the options describe.
func (s *serving) optionConnector() (tomcat.Connector, error) {
	attributes := slices.Clone(s.o.attributes)
	for i, a := range attributes {
		if a.Name == "protocols" && (strings.EqualFold(a.Value, "TLS") || strings.EqualFold(a.Value, "SSL")) {
			// The flat dialect has SSLProtocol, a list, and sslProtocol,
			// the name of a Java context; the options' case is free.
			attributes[i].Name = "sslProtocol"
		}
	}
	if !s.o.attribute("certificateFile").given {
		attributes = append(attributes, tomcat.Attribute{Name: "keystoreFile", Value: s.keystorePath()})
	}
	if s.o.truststorePassword != nil {
		attributes = append(attributes, tomcat.Attribute{Name: "truststorePassword", Value: string(s.o.truststorePassword)})
	}
	connector, findings := tomcat.FromAttributes(attributes, s.tomcatOptions(""))
	return connector, s.reportFindings("", findings)
}

// loadServerXML reads -serverxml and opens everything that its connector names:
// that of -connector, or the first one with TLS.
func (s *serving) loadServerXML() (*served, error) {
	v := new(served)
	v.watch(s.o.serverxml)
	data, err := s.readInput(s.o.serverxml)
	if err != nil {
		return v, err
	}
	opt := s.tomcatOptions(s.o.serverxml)
	opt.ReadFile = func(name string) ([]byte, error) {
		v.watch(name)
		return readSmallFile(name)
	}
	connectors, findings, err := tomcat.Connectors(data, opt)
	if err != nil {
		return v, fmt.Errorf("%s: %w", s.o.serverxml, err)
	}
	if v.connector, err = s.chooseConnector(connectors, findings); err != nil {
		return v, err
	}
	if err := s.reportFindings(s.o.serverxml, tomcat.About(findings, v.connector)); err != nil {
		return v, err
	}
	v.plain, _ = tomcat.Redirecting(connectors, v.connector)
	return v, s.load(v.connector, v)
}

// chooseConnector is the connector of -connector, or the first one with TLS.
func (s *serving) chooseConnector(connectors []tomcat.Connector, findings []finding.Finding) (*tomcat.Connector, error) {
	var ports []string
	var chosen *tomcat.Connector
	for i := range connectors {
		c := &connectors[i]
		if !c.TLS {
			continue
		}
		ports = append(ports, fmt.Sprint(c.Port))
		if chosen == nil && (!s.o.connector.given || int64(c.Port) == s.o.connector.value) {
			chosen = c
		}
	}
	switch {
	case len(ports) == 0:
		_ = s.reportFindings(s.o.serverxml, findings)
		return nil, fmt.Errorf("%s has no connector with TLS (SSLEnabled=\"true\")", s.o.serverxml)
	case chosen == nil:
		return nil, fmt.Errorf("%s has no TLS connector on port %d, but on %s", s.o.serverxml, s.o.connector.value, strings.Join(ports, ", "))
	case len(ports) > 1 && !s.o.connector.given:
		s.Stderr.Printf("gokeytool: TLS connectors are on ports %s: this is %s; choose with -connector\n", strings.Join(ports, ", "), ports[0])
	}
	return chosen, nil
}

// tomcatOptions say how a server.xml is read.
func (s *serving) tomcatOptions(serverxml string) tomcat.Options {
	o := tomcat.Options{Version: int(s.o.tomcat), Lookup: s.tomcatProperty, ReadFile: readSmallFile}
	if serverxml != "" {
		o.Base = tomcat.Base(serverxml)
		if absolute, err := filepath.Abs(o.Base); err == nil {
			o.Base = absolute // what ${catalina.base} stands for must not be relative to itself
		}
	}
	return o
}

// tomcatProperty is the value of a property in a server.xml: set by -J-D, of
// the environment (CATALINA_BASE and the like), or one of Java's.
func (s *serving) tomcatProperty(name string) (string, bool) {
	value, ok := s.property(name)
	if !ok && (name == "catalina.base" || name == "catalina.home") {
		return s.LookupEnv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")))
	}
	return value, ok
}

// reportFindings prints what there is to say about a connector. Errors end the
// command unless -force is given.
func (s *serving) reportFindings(file string, findings []finding.Finding) error {
	bad := 0
	for _, f := range findings {
		if file != "" {
			s.Stderr.Printf("%s: ", file)
		}
		s.Stderr.Printf("%s\n", f.String())
		if f.Severity == finding.Error {
			bad++
		}
	}
	if bad > 0 && !s.o.force {
		return withHint(errors.New("with this configuration Tomcat would not serve"), "mend it as said above, or serve all the same with -force")
	}
	return nil
}

// load opens everything a connector names.
func (s *serving) load(connector *tomcat.Connector, v *served) error {
	v.config.DefaultHost = connector.DefaultHost
	v.config.StrictSNI = connector.StrictSNI
	v.config.HTTP1 = !connector.HTTP2
	for i := range connector.Hosts {
		host := &connector.Hosts[i]
		policy, err := s.policy(host, v)
		if err != nil {
			return err
		}
		made := endpoint.Host{Names: host.Names, Policy: policy}
		for j := range host.Certificates {
			id, err := s.tomcatIdentity(&host.Certificates[j], host.Served(connector), v)
			if err != nil {
				return err
			}
			made.Identities = append(made.Identities, id)
		}
		s.examine(made, v)
		v.bound(host)
		v.config.Hosts = append(v.config.Hosts, made)
	}
	return nil
}

// bound takes a host's limits on TLS sessions, which the endpoint has for all.
func (v *served) bound(host *tomcat.SSLHost) {
	if host.SessionTimeout > 0 {
		v.config.TLSSessionTimeout = host.SessionTimeout
	}
	if host.SessionCacheSize > 0 {
		v.config.TLSSessionCache = host.SessionCacheSize
	}
}

// examine judges what a host serves.
func (s *serving) examine(host endpoint.Host, v *served) {
	for _, id := range host.Identities {
		v.checks = append(v.checks, identity.Examine(id, identity.Options{Now: s.Now()})...)
	}
	v.checks = append(v.checks, host.Policy.Examine(host.Identities)...)
}

// tomcatIdentity opens the key that Tomcat would serve for a Certificate, under
// the names of its host.
func (s *serving) tomcatIdentity(c *tomcat.Certificate, names []string, v *served) (identity.Identity, error) {
	opened, err := s.openConfigured(c, v)
	if err != nil {
		return identity.Identity{}, err
	}
	if err := s.reportFindings(s.o.serverxml, opened.Findings); err != nil {
		return identity.Identity{}, err
	}
	if opened.Entry == nil {
		return identity.Identity{}, fmt.Errorf("%s has no key to serve", c.KeystoreFile)
	}
	from := configured(c)
	key, err := opened.Key()
	if c.PEM() && errors.Is(err, entry.ErrPassword) {
		key, err = s.askPEMKey(c, opened)
	}
	if closed := closedToJava(opened.Store, from); closed != nil && !c.PEM() {
		v.checks = append(v.checks, finding.Finding{Check: "Java", ID: "unreadable-certificate", Text: closed.text, Remedy: closed.remedy})
	}
	id, err := s.keyIdentity(opened.Store, from, opened.Entry, key, err)
	return opened.Shown(id, names), err
}

// openConfigured opens the keystore of a Certificate, or its PEM files as one; see
// tomcat.OpenPEM.
func (s *serving) openConfigured(c *tomcat.Certificate, v *served) (*tomcat.Served, error) {
	if !c.PEM() {
		var named store.Type
		if c.KeystoreType != "" {
			t, err := store.ParseType(c.KeystoreType)
			if err != nil {
				return nil, fmt.Errorf("%s: keystores of type %s can't be opened here", c.KeystoreFile, c.KeystoreType)
			}
			named = t
		}
		opened, err := v.open(c.KeystoreFile, store.Options{Password: c.KeystorePassword, Type: named})
		if err != nil {
			return nil, err
		}
		return c.In(opened), nil
	}
	opened, err := c.OpenPEM(func(name string) ([]byte, error) {
		v.watch(name)
		return s.readInput(name)
	}, v.limits())
	none, ok := errors.AsType[*tomcat.FileError](err)
	switch {
	case !ok:
		return opened, err
	case none.Key && none.Err != nil:
		return nil, damagedKeyFile(none.File, none.Data, none.Err)
	case none.Key:
		return nil, withHint(failf("Input not a private key"), s.noneInPEM(none, forKey)...)
	}
	return nil, withHint(failf("Input not an X.509 certificate"), s.noneInPEM(none, forCertificates)...)
}

// noneInPEM says what is in a file in place of what Tomcat looks for.
func (s *serving) noneInPEM(e *tomcat.FileError, p purpose) []string {
	if hints := s.whatFile(e.File, e.Data, p, e.Err); hints != nil {
		return hints
	}
	return []string{e.Error() + ", which is all that Tomcat reads"}
}

// askPEMKey opens an encrypted key in PEM with a password that is asked for,
// where none is configured.
func (s *serving) askPEMKey(c *tomcat.Certificate, opened *tomcat.Served) (entry.Key, error) {
	password := c.KeyPassword
	if password == nil && s.o.serverxml == "" {
		var err error
		if password, err = s.promptSecret(console.Textf("Enter password of %s:  ", c.KeyFile)); err != nil {
			return entry.Key{}, err
		}
	}
	key, err := opened.Store.KeyOf(opened.Entry, password)
	if err == nil {
		c.KeyPassword = password // for the next time
	}
	if errors.Is(err, entry.ErrPassword) {
		hint := fmt.Sprintf("the password does not open the key in %s: it is %s", c.KeyFile, c.KeyPasswordAttribute())
		if password == nil {
			hint = fmt.Sprintf("the key in %s is encrypted, and Tomcat needs its password as %s", c.KeyFile, c.KeyPasswordAttribute())
		}
		return key, withHint(java("java.security.UnrecoverableKeyException", "Cannot recover key"), hint)
	}
	return key, err
}

// configured is the keystore of a Certificate as lines to be pasted name it:
// with the files of its passwords, where the configuration names them.
func configured(c *tomcat.Certificate) shell.Keystore {
	if c.PEM() {
		return shell.Keystore{Path: c.CertificateFile}
	}
	k := shell.Keystore{Path: c.KeystoreFile}
	if c.KeystorePasswordFile != "" {
		k.Open = []string{"-storepass:file", c.KeystorePasswordFile}
	}
	if c.KeyPasswordFile != "" {
		k.Keypass = []string{"-keypass:file", c.KeyPasswordFile}
	}
	return k
}

// fatal are the checks that fail in a way that leaves nothing to serve: the
// key is not the certificate's, or no client can use it.
func fatal(checks finding.Checks) bool {
	names := []string{"key", "suites", "protocols", "enabled suites", "client certificates"}
	return slices.ContainsFunc(checks, func(c finding.Finding) bool { return !c.OK() && slices.Contains(names, c.Check) })
}
