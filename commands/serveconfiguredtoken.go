package commands

import (
	"errors"
	"fmt"
	"path/filepath"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/tomcat"
	"gokeytool/tomcat/disk"
	"gokeytool/tomcat/jvm"
)

// configuredPlace is the token that stands for the keystores of the type PKCS11 of a
// server.xml: the one of -keystore, else that of the provider in Tomcat's Java.
func (s *serving) configuredPlace(provider string, v *served) (tokenPlace, error) {
	if err := s.checkProviders(); err != nil {
		return tokenPlace{}, err
	}
	if place, ok, err := s.tokenPlace(s.opt.keystore, s.opt.storetype.value, s.opt.providername); ok || err != nil {
		return place, err
	}
	base, err := filepath.Abs(tomcat.Base(s.o.from.file))
	if err != nil {
		return tokenPlace{}, err
	}
	java := jvm.Find(jvm.Place{Base: base, ReadFile: disk.ReadFile, Property: s.tomcatProperty, Env: s.LookupEnv})
	for _, name := range java.Read {
		v.watch(name)
	}
	p := java.Provider(provider)
	if p == nil {
		which := "a provider with a token"
		if provider != "" {
			which = "the provider " + provider
		}
		hints := []string{
			"name the token beside -serverxml: -keystore 'pkcs11:token=LABEL?module-path=/path/of/the/module.so'",
			"or Tomcat's security properties, as its setenv.sh has them: -J-Djava.security.properties=FILE",
		}
		for _, other := range java.Providers {
			if other.Err != nil {
				hints = append(hints, fmt.Sprintf("%s names one that can't be configured: %v", other.From, other.Err))
			} else {
				hints = append(hints, fmt.Sprintf("%s has %s", other.From, other.Name))
			}
		}
		return tokenPlace{}, withHint(fmt.Errorf("%s: the key is in a token, and %s was not found in what Tomcat's Java is configured with", s.o.from.file, which), hints...)
	}
	return s.configured(p.Config), nil
}

// configuredToken opens the token of a Certificate, with the PIN of -storepass or the one
// that is configured. Tomcat's default password is not tried, be it written.
func (s *serving) configuredToken(c *tomcat.Certificate, v *served) (*store.Store, tokenPlace, error) {
	place, err := s.configuredPlace(c.KeystoreProvider, v)
	if err != nil {
		return nil, place, err
	}
	given := s.saidPIN(s.opt.storepass)
	at := c.AtKeystorePassword()
	pin := given
	switch {
	case given != nil && len(c.KeystorePassword) > 0 && string(given) != string(c.KeystorePassword):
		err = s.reportFindings(s.o.from.file, []finding.Finding{{Severity: finding.Error, At: at, Remedy: "correct it",
			Text: "it is not the PIN of -storepass: if that is the token's, Tomcat does not start this connector, and each start costs one of the token's tries"}})
	case given != nil || place.uri.HasPIN():
	case string(c.KeystorePassword) == tomcatPassword:
		err = withHint(fmt.Errorf("%s: %s is Tomcat's default password: it is not tried as the PIN of a token, where a wrong one counts", s.o.from.file, tomcatPassword),
			"set "+at.Attribute+" to the PIN",
			"if this is the PIN, name the token beside -serverxml: -keystore 'pkcs11:token=LABEL' -storepass:file PINFILE")
	case len(c.KeystorePassword) > 0:
		pin = c.KeystorePassword
	}
	if err != nil {
		return nil, place, err
	}
	t, err := s.findToken(s.ctx, place)
	if err != nil {
		return nil, place, err
	}
	if _, err := s.logIn(t, place, tokenAccess{pin: pin}); err != nil {
		line := fmt.Sprintf("%s: the PIN of %s is %s", s.o.from.file, tokenCalled(t.Info()), at)
		return nil, place, explainedBy(err, func(s *session) []string { return append(s.causeHints(err), line) })
	}
	v.token = true
	opened, _, err := s.readToken(t, place)
	return opened, place, err
}

// fromToken is how lines to be pasted name the token of a Certificate.
func (s *serving) fromToken(c *tomcat.Certificate, place tokenPlace) shell.Keystore {
	k := shell.Keystore{Path: place.whole(), Open: s.again("storepass")}
	if s.opt.storepass == nil && c.KeystorePasswordFile != "" {
		k.Open = []string{"-storepass:file", c.KeystorePasswordFile}
	}
	return k
}

// trustedToken opens the token of a truststore, of which everybody sees the certificates.
func (s *serving) trustedToken(t *tomcat.Truststore, v *served) (*store.Store, error) {
	place, err := s.configuredPlace(t.Provider, v)
	if err != nil {
		return nil, err
	}
	found, err := s.findToken(s.ctx, place)
	if err != nil {
		return nil, err
	}
	v.token = true
	opened, _, err := s.readToken(found, place)
	return opened, err
}

// errNoTokenHere refuses a token as a keystore of -also.
func (s *serving) errNoTokenHere(name string) error {
	return withHint(errors.New("-also "+shownName(name)+": it is for keystores in files"), "serve a token with -keystore, and its keys by name with -sni")
}

// besidesToken says whether an option of what a server.xml says goes with it, as it names
// the token of its connector, or that token's PIN.
func besidesToken(l line, name string) bool {
	keystore, _ := l.req.Value("keystore")
	storetype, _ := l.req.Value("storetype")
	switch name {
	case "keystore", "storetype", "storepass":
		return isTokenStore(keystore, storetype)
	}
	return false
}
