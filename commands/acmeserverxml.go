package commands

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"gokeytool/acme"
	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/tomcat"
)

// acmeServerXML are the targets of a connector in a server.xml: one for each
// Certificate of an SSLHostConfig that answers for one of the hosts, with those that
// it answers for. Without hosts they are all, with the names of their SSLHostConfig.
// keyalg chooses among Certificates of several types.
func (s *session) acmeServerXML(o serverXMLOptions, hosts []string, keyalg string) ([]acmeTarget, error) {
	conf, err := s.readServerXML(o, func(string) {})
	if err != nil {
		return nil, err
	}
	connector, err := s.tlsConnector(o, conf)
	if err != nil {
		return nil, err
	}
	about := slices.DeleteFunc(tomcat.About(conf.Findings, connector), func(f finding.Finding) bool { return f.Severity != finding.Error })
	s.printFindings(o.file, about)
	targets, err := s.acmeConnector(o.file, connector, hosts, keyalg)
	recipe := acmeRecipe{"serverxml": {o.file}}
	for name, number := range map[string]optional[int64]{"connector": o.connector, "tomcat": o.tomcat} {
		if number.given {
			recipe[name] = []string{strconv.FormatInt(number.value, 10)}
		}
	}
	for i := range targets {
		targets[i].from = recipe.connectorWords()
	}
	return targets, err
}

// connectorWords are the options that name a connector; nil for none.
func (r acmeRecipe) connectorWords() (words []string) {
	if r.one("serverxml") == "" {
		return nil
	}
	words = []string{"-serverxml", shell.File(r.one("serverxml"))}
	for _, name := range []string{"connector", "tomcat"} {
		if value := r.one(name); value != "" {
			words = append(words, "-"+name, value)
		}
	}
	return words
}

// acmeConnector are the targets of a connector in a file.
func (s *session) acmeConnector(file string, connector *tomcat.Connector, hosts []string, keyalg string) ([]acmeTarget, error) {
	var names []acme.Name
	if len(hosts) > 0 {
		var err error
		if names, err = acme.ParseNames(hosts); err != nil {
			return nil, err
		}
	}
	answers := make(map[*tomcat.SSLHost][]string)
	for _, name := range names {
		host, ok := connector.Host(name.Text)
		if !ok {
			return nil, withHint(fmt.Errorf("%s: the connector on port %d has no SSLHostConfig for %s, and none for all others", file, connector.Port, name.Text),
				"add <SSLHostConfig hostName=\""+name.Text+"\"> with a Certificate to it")
		}
		answers[host] = append(answers[host], name.Text)
	}
	var targets []acmeTarget
	for i := range connector.Hosts {
		host := &connector.Hosts[i]
		for_ := answers[host]
		switch {
		case len(hosts) > 0 && for_ == nil:
			continue
		case len(hosts) == 0:
			for_ = slices.DeleteFunc(slices.Clone(host.Names), func(name string) bool { return name == tomcat.DefaultHostName })
		}
		found, err := s.acmeCertificates(file, host, for_, keyalg)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			at := slices.IndexFunc(targets, t.same)
			if at < 0 {
				targets = append(targets, t)
				continue
			}
			if targets[at].kind != t.kind {
				return nil, withHint(fmt.Errorf("%s: two Certificates of different types are the same entry of %s", file, t.path()), "give each a certificateKeyAlias of its own")
			}
			targets[at].hosts = slices.Concat(targets[at].hosts, t.hosts)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%s: the connector on port %d has no SSLHostConfig with a Certificate", file, connector.Port)
	}
	return targets, nil
}

// same says whether two targets are one.
func (t acmeTarget) same(other acmeTarget) bool {
	return t.path() == other.path() && t.alias == other.alias
}

// acmeCertificates are the targets of an SSLHostConfig.
func (s *session) acmeCertificates(file string, host *tomcat.SSLHost, names []string, keyalg string) (targets []acmeTarget, err error) {
	for i := range host.Certificates {
		c := &host.Certificates[i]
		kind := strings.ToUpper(c.Type)
		if kind == "UNDEFINED" {
			kind = ""
		}
		switch {
		case kind != "" && kind != "RSA" && kind != "EC":
			err = withHint(fmt.Errorf("%s:%d: a Certificate of type %s: CAs certify RSA and EC keys alone", file, c.Line, c.Type), "change its type, or add another Certificate")
			continue
		case kind != "" && keyalg != "" && !strings.EqualFold(keyalg, kind):
			err = fmt.Errorf("%s:%d: the Certificate has the type %s, and -keyalg %s is asked for", file, c.Line, c.Type, keyalg)
			continue
		}
		t := acmeTarget{hosts: names, kind: kind}
		if c.PEM() {
			t.certFile, t.keyFile, t.chainFile, t.keypass = c.CertificateFile, c.KeyFile, c.ChainFile, c.KeyPassword
			targets = append(targets, t)
			continue
		}
		if c.Token() {
			return nil, withHint(fmt.Errorf("%s:%d: the keystore is a token, which Java's configuration names and server.xml does not", file, c.Line),
				"name the token: "+shell.Line("gokeytool", "acme", "-keystore", "pkcs11:token=LABEL?module-path=/path/of/the/module.so", "-alias", cmp.Or(c.KeyAlias, "ALIAS"), "-host", "NAME"),
				"Tomcat takes the new certificate when it is reloaded: -exec COMMAND")
		}
		t.keystore, t.storepass, t.keypass = c.KeystoreFile, c.KeystorePassword, c.KeyPassword
		t.alias = optional[string]{c.KeyAlias, c.KeyAlias != ""}
		s.secrets = append(s.secrets, c.KeystorePassword, c.KeyPassword)
		if _, statErr := os.Stat(c.KeystoreFile); errors.Is(statErr, fs.ErrNotExist) {
			if c.KeystorePassword == nil {
				return nil, withHint(fmt.Errorf("%s:%d: there is no password for %s, which is to be made", file, c.Line, c.KeystoreFile),
					"write one as "+c.At("certificateKeystorePassword").String())
			}
			t.storetype = optional[string]{newKeystoreType(c.KeystoreTypeGiven), true}
		} else if !t.alias.given { // the one that Tomcat serves
			opened, err := store.Open(c.KeystoreFile, store.Options{Password: c.KeystorePassword, ReadOnly: true})
			if err == nil && c.In(opened).Entry != nil {
				t.alias = optional[string]{opened.JavaAlias(c.In(opened).Entry), true}
			}
		}
		targets = append(targets, t)
	}
	if len(targets) > 0 {
		return targets, nil
	}
	return nil, err
}

// newKeystoreType is the type of a keystore that Tomcat will open as the given one,
// if one is given.
func newKeystoreType(given string) string {
	switch kind := strings.ToUpper(given); kind {
	case "":
		return string(store.PKCS12) // which Java also opens as JKS, Tomcat's default
	case tomcat.CaseExactJKS:
		return string(store.JKS)
	default:
		return kind
	}
}
