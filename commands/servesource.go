package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"gokeytool/endpoint"
	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/sessionid"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// served is what an endpoint serves.
type served struct {
	config endpoint.Config // what the files and the options for them say
	checks finding.Checks
	files  []watchedFile // where it all came from: reloaded when they change
	// connector is that of a server.xml, and plain the one that leads to it,
	// if any.
	connector, plain *tomcat.Connector
	application      *tomcat.Application // that of a server.xml
	ids              *sessionid.Standard
	token            bool        // keys are in a token, of which no file tells that it has changed
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

// source is what loads everything that is to be served, at the start and again
// when a file has changed. Also with an error, what it returns tells which
// files it came to.
func (s *serving) source(ctx context.Context) (func() (*served, error), error) {
	load, err := s.keySource(ctx)
	if err != nil {
		return nil, err
	}
	return func() (*served, error) {
		v, err := load()
		if err == nil {
			err = s.addresses(v)
		}
		if err == nil {
			err = s.sessions(v)
		}
		if err == nil && s.o.ticketkey != "" {
			s.closeTicketKey(s.o.ticketkey)
			v.watch(s.o.ticketkey)
			v.config.TicketSecret, err = s.readTicketKey(s.o.ticketkey)
			s.secrets = append(s.secrets, v.config.TicketSecret)
		}
		return v, err
	}, nil
}

// keySource loads the keys and how they are served.
func (s *serving) keySource(ctx context.Context) (func() (*served, error), error) {
	if s.o.from.file != "" {
		if s.o.besides != "" {
			return nil, s.errBesides()
		}
		return s.loadServerXML, nil
	}
	connector, err := s.optionConnector()
	if err != nil {
		return nil, err
	}
	certificate := &connector.Hosts[0].Certificates[0]
	switch {
	case s.byName() && (s.o.selfsigned || certificate.PEM()):
		return nil, errors.New("-sni and -also are for the keys of keystores")
	case s.o.selfsigned:
		id, err := s.throwAway()
		return func() (*served, error) { return s.serveAlone(id, &connector, new(served)) }, err
	case certificate.PEM():
		certificate.KeyPassword = s.opt.keypass
		connector.HTTP2 = true
		return func() (*served, error) {
			v := new(served)
			return v, s.load(&connector, v)
		}, nil
	}
	if err := s.openDefault(ctx); err != nil {
		return nil, err
	}
	alias, err := s.servedAlias()
	if err != nil {
		return nil, err
	}
	return func() (*served, error) { return s.loadKeystore(alias, &connector) }, nil
}

// errBesides refuses an option of what a server.xml says.
func (s *serving) errBesides() error {
	return fmt.Errorf("-%s does not go with -serverxml, where the connector says it", s.o.besides)
}

// openDefault opens the keystore of the options, and where there is none says
// how to get one. If Java would not open it that is said.
func (s *serving) openDefault(ctx context.Context) error {
	if !s.opt.keystore.given && !isToken(s.opt.storetype.value) {
		if _, err := os.Stat(s.defaultKeystore()); errors.Is(err, fs.ErrNotExist) {
			return withHint(failf("Keystore file does not exist: %s", s.defaultKeystore()),
				"name a keystore with -keystore FILE,",
				"or try a throw-away self-signed certificate for localhost: "+shell.Line("gokeytool", "serve", "-selfsigned"))
		}
	}
	if err := s.openKnown(ctx); err != nil {
		return err
	}
	if closed := closedToJava(s.ks.Store, s.here()); closed != nil {
		s.Stderr.Printf("gokeytool: %s\n  -> %s\n", closed.Text, closed.Remedy)
	}
	return nil
}

// openKnown opens the keystore with the passwords that are known by now, if any.
func (s *serving) openKnown(ctx context.Context) error {
	if s.known == nil {
		return s.openServed(ctx)
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, password: s.known.storepass}); err != nil {
		return err
	}
	if s.known.keypass != nil {
		s.ks.keypass = s.known.keypass
	}
	return nil
}

// servedAlias is the alias of -alias, else of the key that Tomcat would take.
func (s *serving) servedAlias() (string, error) {
	if s.known != nil {
		return s.ks.StoredAlias(s.known.alias.value), nil
	}
	if s.alias().given {
		return s.ks.StoredAlias(s.alias().value), nil
	}
	aliases := s.ks.keyAliases()
	if len(aliases) == 0 {
		return "", s.ks.errKeyless()
	}
	if len(aliases) > 1 && !s.byName() {
		s.Stderr.Printf("gokeytool: no -alias given: serving <%s>, which Java finds first among %d keys %q\n", aliases[0], len(aliases), aliases)
	}
	return aliases[0], nil
}

// loadKeystore opens the keystore again, with the password that opened it, and
// takes the key of the alias, or all keys.
func (s *serving) loadKeystore(alias string, connector *tomcat.Connector) (*served, error) {
	v := new(served)
	if err := s.loadAgain(v); err != nil {
		return v, err
	}
	id, err := s.identity(alias)
	if err != nil {
		return v, err
	}
	if !s.byName() {
		return s.serveAlone(id, connector, v)
	}
	ids, err := s.furtherKeys(alias, v)
	if err != nil {
		return v, err
	}
	ids = append([]identity.Identity{id}, ids...)
	if s.o.attribute("defaultSSLHostConfigName").given {
		if err := putFirst(ids, connector.DefaultHost); err != nil {
			return v, err
		}
	}
	v.config.StrictSNI = connector.StrictSNI
	return s.serveAll(ids, connector, v)
}

// serveAlone is an identity that answers to every name.
func (s *serving) serveAlone(id identity.Identity, connector *tomcat.Connector, v *served) (*served, error) {
	return s.serveAll([]identity.Identity{id}, connector, v)
}

// serveAll serves identities by the names in their certificates, and the first
// one to everybody else, under the settings of the connector's one host.
func (s *serving) serveAll(ids []identity.Identity, connector *tomcat.Connector, v *served) (*served, error) {
	host := &connector.Hosts[0]
	policy, err := s.policy(host, v)
	if err != nil {
		return v, err
	}
	s.examine(endpoint.Host{Identities: ids, Policy: policy}, v)
	v.config.Identities, v.config.Policy = ids, policy
	v.bound(host)
	return v, nil
}

// throwAway is a key with a self-signed certificate for this machine, kept in
// memory only.
func (s *serving) throwAway() (identity.Identity, error) {
	var none identity.Identity
	key, err := keys.Generate(keys.Spec{Algorithm: "EC", Group: "secp256r1"}, s.release)
	if err != nil {
		return none, err
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		return none, err
	}
	subject, err := x509util.ParseDName("CN=localhost")
	if err != nil {
		return none, err
	}
	issue := issuance{extensions: []string{"SAN=dns:localhost,ip:127.0.0.1,ip:::1", "EKU=serverAuth"}, days: defaultDays}
	der, err := s.certify(certificate{issuance: issue, subject: subject, spki: spki}, &issuerKey{signer: key, name: subject})
	if err != nil {
		return none, err
	}
	return identity.Identity{
		Alias: "localhost", Key: key, Chain: [][]byte{der},
		Keystore: "a throw-away keystore in memory", StoreType: "none",
	}, nil
}
