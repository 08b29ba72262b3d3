package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"gokeytool/endpoint"
	"gokeytool/identity"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/interrupt"
	"gokeytool/internal/shell"
	"gokeytool/sessionid"
	"gokeytool/tomcat"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// defaultAddress is where serve listens unless told otherwise: on this machine only.
const defaultAddress = "127.0.0.1"

// maxMinutes bounds the life of HTTP sessions, to a century.
const maxMinutes = 100 * 365 * 24 * 60

// connectorOptions are the options of serve that are Tomcat's attributes, by
// their names in the option table.
var connectorOptions = []string{
	"clientAuth", "certificateVerification", "SSLVerifyClient", "certificateVerificationDepth",
	"truststoreFile", "truststoreType", "caCertificateFile", "certificateRevocationListFile",
	"protocols", "ciphers", "honorCipherOrder", "groups",
	"sessionTimeout", "sessionCacheSize", "disableSessionTickets",
	"certificateFile", "certificateKeyFile", "certificateChainFile",
	"cipherSuites", "caCertificatePath", "certificateRevocationListPath", "revocationEnabled",
	"ocspEnabled", "ocspSoftFail", "ocspTimeout", "ocspVerify", "ocspVerifyFlags", "strictSni", "defaultSSLHostConfigName",
	"trustManagerClassName", "truststoreAlgorithm", "truststoreProvider", "keyManagerAlgorithm", "keystoreProvider",
	"disableCompression", "insecureRenegotiation",
}

// withTomcatNames is readCommon where Tomcat's names of the options are known too.
func withTomcatNames(l line) commonOptions {
	o := readCommon(l)
	for _, name := range []struct {
		tomcat string
		ours   *optional[string]
	}{
		{"keystoreFile", &o.keystore},
		{"keystoreType", &o.storetype},
		{"keyAlias", &o.alias},
	} {
		if !name.ours.given {
			*name.ours = l.text(name.tomcat)
		}
	}
	if o.storepass == nil {
		o.storepass = l.secret("keystorePass")
	}
	if o.keypass == nil {
		o.keypass = l.secret("certificateKeyPassword")
	}
	return o
}

type serveOptions struct {
	// Which keys are served: those of a connector in a server.xml, or of the options
	// of a connector, which are for a keystore or for files in PEM.
	serverxml          string
	connector          optional[int64]    // the port of the connector in it
	tomcat             int64              // Tomcat's version; 0 for a guess
	attributes         []tomcat.Attribute // the options that are Tomcat's attributes
	truststorePassword []byte
	besides            string // an option that does not go with a server.xml; empty for none
	selfsigned, sni    bool
	also               []string // further keystores
	force              bool     // serve whatever is wrong

	// Where it listens.
	address            optional[string]
	port, redirectPort optional[int64]
	portfile           string

	// The endpoint itself.
	sessionIDLength    int64 // in random bytes
	jvmRoute           string
	httpSessionTimeout optional[int64] // in minutes
	maxActiveSessions  optional[int64]
	tracking, hsts     string
	proxies            []string
	accesslog          string
	ticketkey, keylog  string // files
	requests           int64  // how many are answered; 0 for all
	once               bool   // one
	duration           optional[time.Duration]
}

func readServe(l line) serveOptions {
	o := serveOptions{
		serverxml:          l.String("serverxml"),
		connector:          l.number("connector"),
		tomcat:             l.Int64("tomcat"),
		truststorePassword: l.secret("truststorePassword"),
		selfsigned:         l.Bool("selfsigned"),
		sni:                l.Bool("sni"),
		also:               l.StringSlice("also"),
		force:              l.Bool("force"),
		address:            l.text("address"),
		port:               l.number("port"),
		redirectPort:       l.number("redirectPort"),
		portfile:           l.String("portfile"),
		sessionIDLength:    l.number("sessionIdLength").or(sessionid.DefaultLength),
		jvmRoute:           l.String("jvmRoute"),
		httpSessionTimeout: l.number("httpSessionTimeout"),
		maxActiveSessions:  l.number("maxActiveSessions"),
		tracking:           l.String("tracking"),
		hsts:               l.String("hsts"),
		proxies:            l.StringSlice("proxy"),
		accesslog:          l.String("accesslog"),
		ticketkey:          l.String("ticketkey"),
		keylog:             l.String("keylog"),
		requests:           l.Int64("requests"),
		once:               l.Bool("once"),
		duration:           optional[time.Duration]{l.Duration("for"), l.has("for")},
	}
	for _, name := range connectorOptions {
		if value, given := l.req.Value(name); given {
			o.attributes = append(o.attributes, tomcat.Attribute{Name: name, Value: value})
		}
	}
	o.besides = besidesServerXML(l)
	return o
}

// besidesServerXML is an option of the line that says what the connector of a
// server.xml says; empty for none.
func besidesServerXML(l line) string {
	tomcatName := map[string]string{"keystore": "keystoreFile", "storetype": "keystoreType", "alias": "keyAlias"}
	for _, name := range append([]string{"keystore", "storepass", "storetype", "alias", "keypass", "truststorePassword", "selfsigned", "sni", "also"}, connectorOptions...) {
		if l.has(name) || tomcatName[name] != "" && l.has(tomcatName[name]) {
			return name
		}
	}
	return ""
}

// attribute is the option that is one of Tomcat's attributes.
func (o serveOptions) attribute(name string) optional[string] {
	for _, a := range o.attributes {
		if a.Name == name {
			return optional[string]{a.Value, true}
		}
	}
	return optional[string]{}
}

// serving is a session that serves.
type serving struct {
	*session
	o serveOptions
}

// serve answers HTTPS requests with a key of the keystore, until it is
// interrupted. It takes its settings from options with Tomcat's names, or from
// a server.xml.
func serve(ctx context.Context, s *session, o serveOptions) error {
	return (&serving{s, o}).run(ctx)
}

func (s *serving) run(ctx context.Context) error {
	load, err := s.source(ctx)
	if err != nil {
		return err
	}
	v, err := load()
	if err != nil {
		return err
	}
	if err := s.judgeServed(v.checks); err != nil {
		return err
	}
	cfg := v.config
	if err := s.configure(&cfg); err != nil {
		return err
	}
	ctx, stop := interrupt.Context(ctx)
	defer stop()
	if s.o.duration.given {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.o.duration.value)
		defer cancel()
	}
	s.collectSeldom()
	server, err := endpoint.Listen(ctx, cfg)
	if err != nil {
		return s.listenError(cfg.Addr, err)
	}
	s.announce(server, cfg)
	if s.o.portfile != "" {
		port := portFile{s.o.portfile, fmt.Appendf(nil, "%d\n", server.Addr().(*net.TCPAddr).Port)}
		if err := port.write(ctx); err != nil {
			server.Close()
			return err
		}
		defer port.remove()
	}
	reloads, done := context.WithCancel(ctx)
	finished := make(chan struct{})
	out := new(heldBack)
	env := *s.Env
	env.Stderr = s.Stderr.Through(func(w io.Writer) io.Writer {
		out.Writer = w
		return out
	})
	s.Env = &env
	r := reloader{serving: s, server: server, load: load, running: v, out: out, files: v.files}
	go func() {
		defer close(finished)
		r.watch(reloads)
	}()
	err = server.Serve(ctx)
	done()
	<-finished
	out.release()
	if err != nil {
		return err
	}
	s.Stdout.Print("Stopped\n")
	return nil
}

// collectSeldom has the garbage collector wait until there is more to collect:
// connections leave much garbage and little else, and a tenth of a handshake's
// cost was the collector's. Up to 36 MB are used for it, and where thousands of
// connections are open at once, no more than they would take anyway.
func (s *session) collectSeldom() {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, ok := s.LookupEnv(name); ok {
			return // somebody knows better
		}
	}
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(512 << 20)
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
		if err == nil && s.o.ticketkey != "" {
			s.closeTicketKey(s.o.ticketkey)
			v.watch(s.o.ticketkey)
			v.config.TicketSecret, err = s.readTicketKey(s.o.ticketkey)
			s.secrets = append(s.secrets, v.config.TicketSecret)
		}
		return v, err
	}, nil
}

// readTicketKey reads the secret by which endpoints resume each other's sessions.
// Who else knows it reads their traffic.
func (s *session) readTicketKey(name string) ([]byte, error) {
	file, err := openTrusted(name)
	if err != nil {
		return nil, fileError(name, pathCause(err))
	}
	defer file.Close()
	return readAll(file, name)
}

// closeTicketKey takes a ticket key of the user's from those who could read it, and
// says so. One that is not the user's own, as a container may have it, stays as it is.
func (s *session) closeTicketKey(name string) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return // a pipe is read once
	}
	file, err := openTrusted(name)
	if err != nil {
		return // as reading it will say
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || !othersMay(info, 0o007) {
		return
	}
	now := ""
	if ofUser(info) && file.Chmod(0o600) == nil {
		now = "; from now on its owner alone can (mode 0600)"
	}
	s.Stderr.Printf("gokeytool: everybody could read %s (mode %04o), and with it this endpoint's traffic%s\n", name, info.Mode().Perm(), now)
}

// keySource loads the keys and how they are served.
func (s *serving) keySource(ctx context.Context) (func() (*served, error), error) {
	if s.o.serverxml != "" {
		if s.o.besides != "" {
			return nil, fmt.Errorf("-%s does not go with -serverxml, where the connector says it", s.o.besides)
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

// openDefault opens the keystore of the options, and where there is none says
// how to get one.
func (s *serving) openDefault(ctx context.Context) error {
	if !s.opt.keystore.given {
		if _, err := os.Stat(s.defaultKeystore()); errors.Is(err, fs.ErrNotExist) {
			return withHint(failf("Keystore file does not exist: %s", s.defaultKeystore()),
				"name a keystore with -keystore FILE,",
				"or try a throw-away self-signed certificate for localhost: "+shell.Line("gokeytool", "serve", "-selfsigned"))
		}
	}
	if err := s.openServed(ctx); err != nil {
		return err
	}
	s.warnOfClosed(s.ks.Store, s.here())
	return nil
}

// servedAlias is the alias of -alias, else of the key that Tomcat would take.
func (s *serving) servedAlias() (string, error) {
	if s.opt.alias.given {
		return s.ks.StoredAlias(s.opt.alias.value), nil
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
	v.watch(s.ks.path)
	if err := s.ks.load(s.opt.storetype.value); err != nil {
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
	v.add(s.session, endpoint.Host{Identities: ids, Policy: policy})
	v.config.Identities, v.config.Policy = ids, policy
	v.bound(host)
	return v, nil
}

// throwAway is a key with a self-signed certificate for this machine, kept in
// memory alone.
func (s *session) throwAway() (identity.Identity, error) {
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

// judgeServed prints what is wrong with what is to be served. Where no client
// could connect it is not served, unless -force is given.
func (s *serving) judgeServed(checks []identity.Check) error {
	printChecks(s.Stderr, notable(checks))
	if fatal(checks) && !s.o.force {
		return withHint(errors.New("no client could use this: it is not served"),
			"mend it as said above, or serve all the same with -force")
	}
	return nil
}

// configure adds what the options say about the endpoint itself.
func (s *serving) configure(cfg *endpoint.Config) (err error) {
	cfg.Now = s.Now
	cfg.Exhausted = s.sayExhausted
	cfg.Requests = int(s.o.requests)
	cfg.HSTS = s.o.hsts
	if s.o.once {
		cfg.Requests = 1
	}
	if cfg.SessionIDs, err = sessionid.New(int(s.o.sessionIDLength), s.o.jvmRoute); err != nil {
		return err
	}
	if s.o.httpSessionTimeout.given {
		cfg.SessionTimeout = -1 // as in web.xml: none
		if minutes := s.o.httpSessionTimeout.value; minutes > 0 {
			cfg.SessionTimeout = time.Duration(min(minutes, maxMinutes)) * time.Minute
		}
	}
	if most := s.o.maxActiveSessions; most.given {
		if most.value < 1 {
			return fmt.Errorf("-maxActiveSessions %d: at least one is needed, and a number without bound is not possible", most.value)
		}
		cfg.MaxSessions = int(most.value)
	}
	tracking, err := s.choose("tracking", s.o.tracking)
	if err != nil {
		return err
	}
	cfg.Tracking = trackings[tracking]
	accesslog, err := s.choose("accesslog", s.o.accesslog)
	if err != nil {
		return err
	}
	if handler := accessLogs[accesslog]; handler != nil {
		cfg.AccessLog = slog.New(handler(s.Stdout.Lines()))
	}
	for _, proxy := range s.o.proxies {
		prefix, err := netip.ParsePrefix(proxy)
		if err != nil {
			address, err := netip.ParseAddr(proxy)
			if err != nil {
				return fmt.Errorf("-proxy %s: an address such as 127.0.0.1 or 10.0.0.0/8 is wanted", proxy)
			}
			address = address.Unmap() // as clients' addresses are looked at
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	if s.o.keylog != "" {
		if err := keyLogOrNew(s.o.keylog); err != nil {
			return err
		}
		file, err := atomicfile.AppendSecret(s.o.keylog)
		if err != nil {
			return secretNotWritten(s.o.keylog, err)
		}
		s.Stderr.Printf("gokeytool: whoever reads %s can read this endpoint's traffic\n", s.o.keylog)
		cfg.KeyLog = file // open until the end of the program
	}
	if s.opt.verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(s.Stderr.Lines(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return nil
}

// trackings are the values of -tracking.
var trackings = map[string]endpoint.Tracking{
	"":       endpoint.TrackCookie,
	"cookie": endpoint.TrackCookie,
	"tls":    endpoint.TrackTLS,
	"ssl":    endpoint.TrackTLS,
}

// accessLogs are the values of -accesslog; nil for no log.
var accessLogs = map[string]func(io.Writer) slog.Handler{
	"":       nil,
	"off":    nil,
	"common": endpoint.CommonLog,
	"json":   func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
}

// sayExhausted tells of clients that wait because the process has too many files
// and connections open.
func (s *session) sayExhausted(err error) {
	s.Stderr.Printf("gokeytool: clients have to wait: %s. More can be served at once where more descriptors are allowed: %s before the start\n",
		err, shell.Line("ulimit", "-n", "65536"))
}

// keyLogOrNew refuses a file that holds something else than the secrets of TLS, a line
// each that begins with a label or # (NSS Key Log Format): they would be added to it.
func keyLogOrNew(name string) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	file, err := atomicfile.Open(name)
	if err != nil {
		return nil // as opening it to be written will say
	}
	defer file.Close()
	var first [1]byte
	if _, err := file.Read(first[:]); err == nil && first[0] != '#' && (first[0] < 'A' || first[0] > 'Z') {
		return withHint(fmt.Errorf("%s is there already, and holds something else than a key log: it stays as it is", name), "name another file with -keylog")
	}
	return nil
}

// announce says what is served and where, for people and for scripts.
func (s *session) announce(server *endpoint.Server, cfg endpoint.Config) {
	hosts := cfg.Hosts
	if len(cfg.Identities) > 0 {
		hosts = append([]endpoint.Host{{Identities: cfg.Identities}}, hosts...)
	}
	for _, host := range hosts {
		for i, id := range host.Identities {
			subject := "(no certificate)"
			if len(id.Chain) > 0 {
				if leaf, err := x509util.ParseCertificate(id.Chain[0]); err == nil {
					subject = leaf.Called()
				}
			}
			names := ""
			if list := namesOf(host, i); len(list) > 0 {
				names = " for " + strings.Join(list, ", ")
			}
			s.Stdout.Printf("Serving <%s> of %s%s: %s\n", id.Alias,
				id.Keystore, names, subject)
		}
	}
	s.Stdout.Printf("Listening on %s\n", server.URL())
	if redirect := server.RedirectAddr(); redirect != nil {
		s.Stdout.Printf("Redirecting http://%s/\n", redirect)
	}
	address := server.Addr().(*net.TCPAddr)
	if !address.IP.IsLoopback() {
		s.Stderr.Printf("gokeytool: listening on %s: other machines can connect\n", address)
	}
}

// addresses puts where -address, -port and -redirectPort say to listen over the
// connector's ports. Its plain port leads to its own TLS port, and is left alone
// where -port names another.
func (s *serving) addresses(v *served) error {
	address := defaultAddress
	if s.o.address.given && s.o.address.value == "" {
		address = "" // all of this machine's
	} else if s.o.address.given {
		var err error
		if address, err = hostOption("address", s.o.address.value); err != nil {
			return err
		}
	}
	for _, option := range []struct {
		name string
		port int64
	}{{"port", s.o.port.value}, {"redirectPort", s.o.redirectPort.value}} {
		if option.port < 0 || option.port > 65535 {
			return fmt.Errorf("-%s %d: a port is from 0 (any free one) to 65535", option.name, option.port)
		}
	}
	at := func(port int64) string { return net.JoinHostPort(address, strconv.FormatInt(port, 10)) }
	switch {
	case s.o.port.given:
		v.config.Addr = at(s.o.port.value)
	case v.connector == nil:
		v.config.Addr = at(defaultPort)
	default:
		v.config.Addr = at(int64(v.connector.Port))
		if v.plain != nil {
			v.config.RedirectAddr = at(int64(v.plain.Port))
		}
	}
	if s.o.redirectPort.given {
		v.config.RedirectAddr = at(s.o.redirectPort.value)
	}
	return nil
}

// listenError says why a port can't be had.
func (s *session) listenError(addr string, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	return withHint(java("java.net.BindException", fmt.Sprintf("%s: %v", addr, op.Err)),
		"another program may listen there, or the port (below 1024) may need privileges; -port 0 takes any free one")
}
