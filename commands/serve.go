package commands

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"gokeytool/endpoint"
	"gokeytool/finding"
	"gokeytool/internal/interrupt"
	"gokeytool/tomcat"
	"gokeytool/x509util"
)

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
	from               serverXMLOptions
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
	ids                idOptions
	httpSessionTimeout optional[int64] // in minutes
	maxActiveSessions  optional[int64]
	tracking           string
	hsts               optional[string]
	proxies            []string
	accesslog          string
	ticketkey, keylog  string // files
	requests           int64  // how many are answered; 0 for all
	once               bool   // one
	duration           optional[time.Duration]

	acme serveACMEOptions
}

func readServe(l line) serveOptions {
	o := serveOptions{
		from:               readServerXMLOptions(l),
		truststorePassword: l.secret("truststorePassword"),
		selfsigned:         l.Bool("selfsigned"),
		sni:                l.Bool("sni"),
		also:               l.StringSlice("also"),
		force:              l.Bool("force"),
		address:            l.text("address"),
		port:               l.number("port"),
		redirectPort:       l.number("redirectPort"),
		portfile:           l.String("portfile"),
		ids:                readIDOptions(l),
		httpSessionTimeout: l.number("httpSessionTimeout"),
		maxActiveSessions:  l.number("maxActiveSessions"),
		tracking:           l.String("tracking"),
		hsts:               l.text("hsts"),
		proxies:            l.StringSlice("proxy"),
		accesslog:          l.String("accesslog"),
		ticketkey:          l.String("ticketkey"),
		keylog:             l.String("keylog"),
		requests:           l.Int64("requests"),
		once:               l.Bool("once"),
		duration:           optional[time.Duration]{l.Duration("for"), l.has("for")},
		acme:               readServeACME(l),
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
		if besidesToken(l, name) {
			continue
		}
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
	// known is the entry that is served, with all that was asked for; nil before.
	known *acmeTarget
	ctx   context.Context // of the command: tokens are open as long
	keys  keyWatch        // of tokens
	// certificates are those that it gets by itself; nil for none.
	certificates *certified
}

// serve answers HTTPS requests with a key of the keystore, until it is
// interrupted. It takes its settings from options with Tomcat's names, or from
// a server.xml.
func serve(ctx context.Context, s *session, o serveOptions) error {
	return (&serving{session: s, o: o, ctx: ctx}).run(ctx)
}

func (s *serving) run(ctx context.Context) error {
	if s.o.acme.on {
		stoppable, stop := interrupt.Context(ctx)
		var err error
		s.certificates, err = s.certified(stoppable)
		stopped := stoppable.Err() != nil && ctx.Err() == nil
		stop()
		if stopped {
			s.Stdout.Print("Stopped\n")
			return nil
		}
		if err != nil {
			return err
		}
	}
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
	if s.certificates != nil {
		s.certificates.configure(&cfg)
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
	s.announce(server, cfg, v)
	if s.o.portfile != "" {
		port := portFile{s.o.portfile, fmt.Appendf(nil, "%d\n", server.Addr().(*net.TCPAddr).Port)}
		if err := port.write(ctx); err != nil {
			server.Close()
			return err
		}
		defer port.remove()
	}
	reloads, done := context.WithCancel(ctx)
	var beside sync.WaitGroup // what goes on while it serves
	if s.certificates != nil {
		beside.Go(func() { s.certificates.stay(reloads) })
	}
	out := new(heldBack)
	env := *s.Env
	env.Stderr = s.Stderr.Through(func(w io.Writer) io.Writer {
		out.Writer = w
		return out
	})
	s.Env = &env
	r := reloader{serving: s, server: server, load: load, running: v, current: v.config, out: out, files: v.files}
	if s.certificates != nil {
		r.asked = s.certificates.look
	}
	beside.Go(func() { r.watch(reloads) })
	err = server.Serve(ctx)
	done()
	beside.Wait()
	out.release()
	if s.certificates != nil {
		s.secrets = append(s.secrets, s.certificates.secrets...)
	}
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
func (s *serving) collectSeldom() {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, ok := s.LookupEnv(name); ok {
			return // somebody knows better
		}
	}
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(512 << 20)
}

// judgeServed prints what is wrong with what is to be served. Where no client
// could connect it is not served, unless -force is given.
func (s *serving) judgeServed(checks finding.Checks) error {
	printChecks(s.Stderr, notable(checks))
	return s.refuse(fatal(checks), "no client could use this: it is not served")
}

// fatal are the checks that fail in a way that leaves nothing to serve: the
// key is not the certificate's, or no client can use it.
func fatal(checks finding.Checks) bool {
	names := []string{"key", "suites", "protocols", "enabled suites", "client certificates"}
	return slices.ContainsFunc(checks, func(c finding.Finding) bool { return !c.OK() && slices.Contains(names, c.Check) })
}

// announce says what is served and where, for people and for scripts.
func (s *serving) announce(server *endpoint.Server, cfg endpoint.Config, v *served) {
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
	if v.application != nil {
		if options := s.overridden(v.application); len(options) > 0 {
			s.Stderr.Printf("gokeytool: options come before what the application has: %s\n", strings.Join(options, ", "))
		}
	}
	for _, set := range v.settings() {
		if set.value != "" {
			s.Stdout.Printf("%s: %s\n", set.what, set.value)
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
