package commands

import (
	"errors"
	"fmt"
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
		name := s.keystorePath()
		if isTokenStore(name, s.opt.storetype.value) {
			name = "token" // the connector opens nothing, and knows no URIs
		}
		attributes = append(attributes, tomcat.Attribute{Name: "keystoreFile", Value: name})
	}
	if s.o.truststorePassword != nil {
		attributes = append(attributes, tomcat.Attribute{Name: "truststorePassword", Value: string(s.o.truststorePassword)})
	}
	connector, findings := tomcat.FromAttributes(attributes, s.tomcatOptions(s.o.from))
	return connector, s.reportFindings("", findings)
}

// reportFindings prints what there is to say about a connector. Errors end the
// command unless -force is given.
func (s *serving) reportFindings(file string, findings []finding.Finding) error {
	return s.refuse(s.printFindings(file, findings) > 0, "with this configuration Tomcat would not serve")
}

// refuse ends the command where something is wrong, unless -force is given.
func (s *serving) refuse(wrong bool, text string) error {
	if wrong && !s.o.force {
		return withHint(errors.New(text), "mend it as said above, or serve all the same with -force")
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
			id, err := s.tomcatIdentity(&host.Certificates[j], host.Served(connector), connector.Version, v)
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
	for i := range host.Identities {
		s.watchKey(&host.Identities[i], v)
		id := host.Identities[i]
		v.checks = append(v.checks, identity.Examine(id, identity.Options{Now: s.Now()})...)
	}
	v.checks = append(v.checks, host.Policy.Examine(host.Identities)...)
}

// tomcatIdentity opens the key that Tomcat of a major version would serve for a
// Certificate, under the names of its host.
func (s *serving) tomcatIdentity(c *tomcat.Certificate, names []string, version int, v *served) (identity.Identity, error) {
	var opened *tomcat.Served
	var err error
	from := configured(c)
	if c.Token() {
		read, place, openErr := s.configuredToken(c, v)
		if openErr != nil {
			return identity.Identity{}, openErr
		}
		opened, from = c.In(read), s.fromToken(c, place)
	} else if opened, err = s.openConfigured(c, v); err != nil {
		return identity.Identity{}, s.locate(c, err)
	}
	findings := opened.Findings
	if !c.PEM() {
		findings = append(findings, c.OldJava(version, opened.Store.Type())...)
	}
	if err := s.reportFindings(s.o.from.file, findings); err != nil {
		return identity.Identity{}, err
	}
	if opened.Entry == nil {
		return identity.Identity{}, fmt.Errorf("%s has no key to serve", from.Path)
	}
	key, err := opened.Key()
	if c.PEM() && errors.Is(err, entry.ErrPassword) {
		key, err = s.askPEMKey(c, opened)
	}
	if closed := closedToJava(opened.Store, from); closed != nil && !c.PEM() {
		v.checks = append(v.checks, *closed)
	}
	id, err := s.keyIdentity(opened.Store, from, opened.Entry, key, err)
	return opened.Shown(id, names), err
}

// openConfigured opens the keystore of a Certificate, or its PEM files as one; see
// tomcat.OpenPEM.
func (s *serving) openConfigured(c *tomcat.Certificate, v *served) (*tomcat.Served, error) {
	if !c.PEM() {
		var named store.Type
		if c.KeystoreType == tomcat.CaseExactJKS {
			named = store.JKS
		} else if c.KeystoreType != "" {
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
	if password == nil && s.o.from.file == "" {
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
