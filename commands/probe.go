package commands

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gokeytool/check"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/probe"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

type probeOptions struct {
	server             string
	host               optional[string] // the name to ask for
	starttls           string
	truststore         string
	truststorePassword []byte
	against            string // a keystore
}

func readProbe(l line) probeOptions {
	return probeOptions{
		server:             l.operand(0), // argv has seen to it that there is one
		host:               readHost(l),
		starttls:           l.String("starttls"),
		truststore:         l.String("truststoreFile"),
		truststorePassword: l.secret("truststorePassword"),
		against:            l.String("against"),
	}
}

// probeServer looks at a TLS server from outside: its chain and whether it is
// trusted, what it accepts, and whether it has the certificate of a keystore.
func probeServer(ctx context.Context, s *session, o probeOptions) error {
	server, err := parseServer(o.server)
	if err != nil {
		return err
	}
	name, err := checkedHost(o.host)
	if err != nil {
		return err
	}
	address := server.String()
	starttls, err := s.choose("starttls", o.starttls)
	if err != nil {
		return err
	}
	cfg := probe.Config{Address: address, ServerName: name, StartTLS: starttls, Now: s.Now}
	if err := s.probeTrust(&cfg, o); err != nil {
		return err
	}
	if err := s.probeIdentities(ctx, &cfg, o); err != nil {
		return err
	}
	report, err := probe.Examine(ctx, cfg)
	if err != nil {
		hint := "is the server running, and is TLS what it speaks on this port? mail, LDAP and PostgreSQL servers want -starttls"
		if _, ok := errors.AsType[*keys.UnsupportedError](err); ok {
			return withHint(fmt.Errorf("%s: %w", address, err), "to see its certificates: "+shell.Line("gokeytool", "printcert", "-sslserver", address))
		}
		if probe.Alerted(err) {
			hint = "the server speaks TLS, but not with this client: it may want the client's certificate (-keystore), another name (-host), or what Go's TLS can't do"
		}
		return withHint(java("java.io.IOException", fmt.Sprintf("%s: %v", address, err)), hint)
	}
	if s.opt.json {
		encoder := json.NewEncoder(s.Stdout.Lines())
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		s.printProbe(report)
	}
	if report.Checks.Faulty() {
		return exitCode(exitError)
	}
	return nil
}

// probeTrust says whom the probe trusts: the truststore, a file in PEM, or the
// system.
func (s *session) probeTrust(cfg *probe.Config, o probeOptions) error {
	if o.truststore == "" {
		return nil
	}
	s.opensWith(o.truststore, "truststorePassword")
	opened, _, err := openUnasked(o.truststore, o.truststorePassword, "truststorePassword")
	if err != nil {
		return err
	}
	cfg.Roots, cfg.RootsName = x509.NewCertPool(), "the truststore "+o.truststore
	for _, e := range opened.Entries() {
		for _, c := range e.Chain {
			if addRoot(cfg.Roots, c) == nil {
				continue
			}
			if parsed, err := x509util.ParseCertificate(c.DER); err == nil {
				cfg.UnreadRoots = append(cfg.UnreadRoots, parsed)
			}
		}
	}
	return nil
}

// probeIdentities opens the client's own key, and the entry that the server
// should have.
func (s *session) probeIdentities(ctx context.Context, cfg *probe.Config, o probeOptions) error {
	if err := s.checkProviders(); err != nil {
		return err
	}
	_, onToken, err := s.tokenPlace(s.opt.keystore, s.opt.storetype.value, s.opt.providername)
	if err != nil {
		return err
	}
	switch {
	case onToken:
		if err := s.openKeystore(ctx, access{asks: asksOnce}); err != nil {
			return err
		}
		alias := s.alias().value
		if !s.alias().given {
			aliases := s.ks.keyAliases()
			if len(aliases) == 0 {
				return fmt.Errorf("%s holds no such private key", s.ks.path)
			}
			alias = aliases[0]
		}
		id, err := s.identity(alias)
		if err != nil {
			return err
		}
		own := id.TLS()
		cfg.Certificate = &own
	case s.opt.keystore.given:
		id, err := s.onlyIdentity(s.opt.keystore.value, s.opt.storepass, s.opt.alias.value)
		if err != nil {
			return err
		}
		own := id.TLS()
		cfg.Certificate = &own
	}
	if o.against != "" {
		opened, _, err := openUnasked(o.against, s.opt.storepass, "storepass")
		if err != nil {
			return err
		}
		for _, e := range opened.JavaOrder() {
			alias := opened.JavaAlias(e)
			if len(e.Chain) == 0 || s.opt.alias.given && !strings.EqualFold(alias, s.opt.alias.value) ||
				!s.opt.alias.given && e.Kind != entry.PrivateKey {
				continue
			}
			id := check.IdentityOf(opened, shell.Keystore{Path: o.against, Open: s.again("storepass")}, e, nil)
			cfg.Against = &id
			return nil
		}
		return fmt.Errorf("%s has no such entry to compare with: name one with -alias", o.against)
	}
	return nil
}

// onlyIdentity opens the key of an alias, or the first one.
func (s *session) onlyIdentity(path string, password []byte, alias string) (identity.Identity, error) {
	opened, password, err := openUnasked(path, password, "storepass")
	if err == nil && password == nil {
		err = noPassword(path, "storepass") // for the key
	}
	if err != nil {
		return identity.Identity{}, err
	}
	for _, e := range opened.JavaOrder() {
		if e.Kind == entry.PrivateKey && (alias == "" || strings.EqualFold(opened.JavaAlias(e), alias)) {
			return s.entryIdentity(opened, s.named(path), e, password)
		}
	}
	return identity.Identity{}, fmt.Errorf("%s holds no such private key", path)
}

// printProbe prints what a server looks like.
func (s *session) printProbe(r *probe.Report) {
	p := func(format string, args ...any) { s.Stdout.Printf(format, args...) }
	p("%s, asked for %s\n", r.Address, r.ServerName)
	p("  %s, %s", r.Protocol, r.CipherSuite)
	if r.Group != "" {
		p(", %s", r.Group)
	}
	if r.ALPN != "" {
		p(", ALPN %s", r.ALPN)
	}
	p("\n")
	for _, protocol := range r.Protocols {
		suites := strings.Join(protocol.Suites, " ")
		switch {
		case protocol.Accepted && protocol.Incomplete:
			suites += " and perhaps more"
		case protocol.Incomplete:
			suites = "not known"
		case !protocol.Accepted:
			suites = "refused"
		}
		p("  %-8s %s\n", protocol.Name, suites)
	}
	p("  client certificate: %s; OCSP staple: %s\n", r.ClientCertificate, r.OCSP)
	for i, c := range r.Certificates {
		p("\n  [%d] %s\n      issued by %s\n", i, c.Called, c.Issuer)
		if len(c.Names) > 0 {
			p("      %s\n", strings.Join(c.Names, ", "))
		}
		p("      %s until %s, %s, %s\n      SHA-256 %s\n", c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"), c.Key, c.Signature, c.SHA256)
	}
	p("\n")
	printChecks(s.Stdout, r.Checks)
}
