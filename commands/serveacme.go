package commands

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"gokeytool/acme"
	"gokeytool/acme/challenge"
	"gokeytool/endpoint"
	"gokeytool/internal/console"
	"gokeytool/tomcat"
	"gokeytool/x509util"
)

// serveACMEOptions say what certificates serve gets by itself.
type serveACMEOptions struct {
	on     bool
	recipe acmeRecipe
	how    acmeHow
}

func readServeACME(l line) serveACMEOptions {
	o := serveACMEOptions{on: l.Bool("acme"), recipe: readACMERecipe(l), how: readACMEHow(l)}
	delete(o.recipe, "address") // where it is served, which is not all that a CA needs to know
	o.how.force = false         // serves whatever is wrong, here
	return o
}

// certified are the certificates that serve gets by itself.
type certified struct {
	*session // of its own, beside that which serves
	how      acmeHow
	entries  []certifiedEntry
	answers  challenge.Answers
	wake     chan struct{}

	mu   sync.Mutex
	next map[[sha256.Size]byte]time.Time // when they are renewed, by the certificate
}

// certifiedEntry is where one of them is, and how it comes.
type certifiedEntry struct {
	target acmeTarget // opened without a question
	recipe acmeRecipe
	leaf   []byte // what is there at the start, as DER; nil for none
	// method is how its names are proved at the ports of the endpoint, and address
	// the one of these; empty where they are proved elsewhere.
	method  acme.Method
	address string
}

// certified finds what certificates serve is to get by itself, and gets those that
// are missing before it serves. A question is asked for each password at most once.
func (s *serving) certified(ctx context.Context) (*certified, error) {
	ports, targets, err := s.certifiedTargets(ctx)
	if err != nil {
		return nil, err
	}
	c := &certified{how: s.o.acme.how, wake: make(chan struct{}, 1), next: make(map[[sha256.Size]byte]time.Time)}
	for _, t := range targets {
		e, err := s.certifiedEntry(ctx, t, ports.config)
		if err != nil {
			return nil, err
		}
		c.entries = append(c.entries, e)
	}
	c.session = s.apart()
	if s.o.from.file == "" {
		s.known = &c.entries[0].target
	}
	for _, e := range c.entries {
		s.sayWhereAsked(e)
	}
	for i := range c.entries {
		if err := c.begin(ctx, &c.entries[i], s.Now()); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// apart is another session of the same line, which shares nothing that is written to.
func (s *session) apart() *session {
	env := *s.Env
	sub := &session{Env: &env, table: s.table, req: s.req, release: s.release, opt: s.opt, tokens: s.tokens}
	env.asking = sub.giveWay
	return sub
}

// certifiedTargets are the entries whose certificates are to come, and where it will
// be listened.
func (s *serving) certifiedTargets(ctx context.Context) (ports *served, targets []acmeTarget, err error) {
	ports = new(served)
	hosts, keyalg := s.o.acme.recipe["host"], s.o.acme.recipe.one("keyalg")
	switch {
	case s.o.from.file != "":
		ports, targets, err = s.certifiedConnector(hosts, keyalg)
	case s.o.attribute("certificateFile").given:
		var connector tomcat.Connector
		if connector, err = s.silently().optionConnector(); err != nil {
			connector, err = s.optionConnector() // which says why
		}
		if err == nil {
			certificate := &connector.Hosts[0].Certificates[0]
			certificate.KeyPassword = s.opt.keypass
			targets, err = s.acmeCertificates("", &connector.Hosts[0], hosts, keyalg)
		}
	default:
		var t acmeTarget
		t, err = s.certifiedKeystore(ctx)
		targets = []acmeTarget{t}
	}
	if err == nil {
		err = s.addresses(ports)
	}
	return ports, targets, err
}

// silently is a session of which nothing is seen, for what is done again later.
func (s *serving) silently() *serving {
	sub := s.apart()
	sub.Stdout, sub.Stderr = console.Discard, console.Discard
	return &serving{session: sub, o: s.o, ctx: s.ctx}
}

// certifiedConnector are those of the connector of a server.xml.
func (s *serving) certifiedConnector(hosts []string, keyalg string) (*served, []acmeTarget, error) {
	if s.o.besides != "" {
		return nil, nil, s.errBesides()
	}
	read := func(s *serving) (*served, error) {
		v := new(served)
		conf, err := s.readServerXML(s.o.from, func(string) {})
		if err != nil {
			return nil, err
		}
		if v.connector, err = s.tlsConnector(s.o.from, conf); err != nil {
			return nil, err
		}
		if err := s.reportFindings(s.o.from.file, tomcat.About(conf.Findings, v.connector)); err != nil {
			return nil, err
		}
		v.plain, _ = tomcat.Redirecting(conf.Connectors, v.connector)
		return v, nil
	}
	v, err := read(s.silently())
	if err != nil {
		if _, err := read(s); err != nil { // which says why
			return nil, nil, err
		}
		return nil, nil, err
	}
	targets, err := s.acmeConnector(s.o.from.file, v.connector, hosts, keyalg)
	return v, targets, err
}

// certifiedKeystore is the entry of the keystore that is served. The password of one
// that is there is found, or asked for.
func (s *serving) certifiedKeystore(ctx context.Context) (acmeTarget, error) {
	t := s.acmeTargetOf()
	if _, err := os.Stat(t.keystore); err != nil {
		return t, nil
	}
	if err := s.openServed(ctx); err != nil {
		return t, err
	}
	t.storepass = s.ks.password
	switch keys := s.ks.keyAliases(); {
	case s.opt.alias.given:
	case len(keys) == 0:
		t.alias = optional[string]{defaultAlias, true}
	default:
		alias, err := s.servedAlias()
		if err != nil {
			return t, err
		}
		t.alias = optional[string]{alias, true}
	}
	return t, nil
}

// certifiedEntry opens a target, and finds out how its names are proved.
func (s *serving) certifiedEntry(ctx context.Context, t acmeTarget, ports endpoint.Config) (e certifiedEntry, err error) {
	place, err := s.openACME(ctx, t)
	if err != nil {
		return e, err
	}
	e.target = place.again()
	if chain := place.chain(); len(chain) > 0 {
		e.leaf = chain[0]
	}
	place.end()
	e.recipe = s.o.acme.recipe.forTarget(t)
	var old acmeRecipe
	if e.leaf != nil {
		dir, err := s.acmeState(s.o.acme.how.dir)
		if err != nil {
			return e, err
		}
		origin, err := dir.Origin(e.leaf)
		switch {
		case err != nil:
			return e, err
		case origin != nil:
			old = origin.Recipe
		case len(e.recipe["host"]) == 0:
			e.recipe["host"] = acmeHosts(e.leaf)
		}
	}
	if err := e.prove(old, ports); err != nil {
		return e, err
	}
	_, err = s.readyACME(ctx, e.target, e.recipe, e.asks(s.o.acme.how, challenge.Listen(e.method, e.address)))
	return e, err
}

// prove decides how the names are proved: at the endpoint's own ports, unless the
// options say otherwise, or they say nothing and the certificate came otherwise.
func (e *certifiedEntry) prove(old acmeRecipe, ports endpoint.Config) error {
	via := acme.Method(e.recipe.one("via"))
	elsewhere := e.recipe
	if via == "" {
		elsewhere = e.recipe.over(old)
	}
	if via == acme.DNS01 || elsewhere.one("hook") != "" || elsewhere.one("webroot") != "" {
		return nil
	}
	if via == "" {
		if via = acme.TLSALPN01; ports.RedirectAddr != "" {
			via = acme.HTTP01
		}
	}
	e.method, e.address = via, ports.Addr
	if via == acme.HTTP01 {
		if e.address = ports.RedirectAddr; e.address == "" {
			return withHint(errors.New("-via http-01: the CA asks by plain HTTP, and there is no port for that"),
				"-redirectPort 80 makes one, which leads all others to HTTPS; or leave -via out, to be asked by TLS (tls-alpn-01)")
		}
	}
	if _, port, _ := net.SplitHostPort(e.address); port == "0" {
		return withHint(fmt.Errorf("port 0 takes any free port, and nothing leads the CA there, which asks on port %s", askedPorts[via]), "name a port")
	}
	// What a later line without -acme does in the same way.
	e.recipe["via"], e.recipe["address"] = []string{string(via)}, []string{e.address}
	return nil
}

// askedPorts are where a CA connects to, and to no other (RFC 8555, section 8.3; RFC
// 8737, section 3).
var askedPorts = map[acme.Method]string{acme.HTTP01: "80", acme.TLSALPN01: "443"}

// sayWhereAsked says that a CA asks elsewhere than is listened.
func (s *serving) sayWhereAsked(e certifiedEntry) {
	host, port, _ := net.SplitHostPort(e.address)
	asked := askedPorts[e.method]
	local := net.ParseIP(host)
	if e.method == "" || port == asked && (local == nil || !local.IsLoopback()) {
		return
	}
	s.hint(fmt.Sprintf("for %s the CA connects to port %s of the names: it must be led to %s", e.method, asked, e.address))
}

// asks is how the entry's names are proved, by a solver where that is done at the
// endpoint's ports.
func (e *certifiedEntry) asks(how acmeHow, solver acme.Solver) acmeHow {
	if e.method != "" {
		how.solver, how.method = solver, e.method
	}
	return how
}

// begin gets a certificate before anything is served, where there is none that
// clients could take. Where there is one, it is only seen to that nothing keeps it
// from being renewed.
func (c *certified) begin(ctx context.Context, e *certifiedEntry, now time.Time) error {
	how := e.asks(c.how, challenge.Listen(e.method, e.address))
	if servable(e.leaf, now) {
		return c.agreed(ctx, e, how)
	}
	out, err := c.certifyByACME(ctx, e.target, e.recipe, how)
	if err == nil {
		c.note(out)
	}
	return err
}

// maxAccount is how long the CA has to say whether it makes an account, at the start.
const maxAccount = 10 * time.Second

// agreed says that no account can be made because its terms were not agreed to. All
// else may be otherwise when the certificate is renewed.
func (c *certified) agreed(ctx context.Context, e *certifiedEntry, how acmeHow) error {
	r, _, err := c.openACMERun(ctx, e.target, e.recipe, how)
	if err != nil {
		return err
	}
	r.place.end()
	if account, err := r.state.Account(r.ca.Directory); how.agree || err == nil && account != nil && account.URL != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxAccount)
	defer cancel()
	client, err := r.client(ctx, r.ca.Directory)
	if err == nil {
		_, err = r.registered(ctx, client, false)
	}
	if errors.Is(err, acme.ErrTerms) {
		return err
	}
	return nil
}

// servable says whether a certificate, as DER, is one that clients can take until it
// is renewed: it is valid now, and not the placeholder that is signed by itself.
func servable(leaf []byte, now time.Time) bool {
	if leaf == nil {
		return false
	}
	c, err := x509util.ParseCertificate(leaf)
	return err == nil && !now.Before(c.NotBefore) && now.Before(c.NotAfter) && !c.SelfSigned()
}

// configure has the endpoint answer the CA, and show when certificates are renewed.
func (c *certified) configure(cfg *endpoint.Config) {
	cfg.Renewal = c.renewal
	if slices.ContainsFunc(c.entries, func(e certifiedEntry) bool { return e.method != "" }) {
		cfg.Challenges = &c.answers
	}
}

// note keeps when a certificate is renewed.
func (c *certified) note(out acmeOutcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.next, sha256.Sum256(out.old))
	c.next[sha256.Sum256(out.leaf)] = out.renewal.At
}

// renewal is when a certificate, as DER, is renewed; the zero time for not known.
func (c *certified) renewal(leaf []byte) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next[sha256.Sum256(leaf)]
}

// stay renews the certificates when it is time, until the context ends. The endpoint
// takes them over as it does whenever its files have changed.
func (c *certified) stay(ctx context.Context) {
	w := acmeWatch{
		now: c.Now, turns: make([]acmeTurn, len(c.entries)), wake: c.wake, say: c.say, fail: c.sayFailed,
		run: func(ctx context.Context, i int) (acmeOutcome, error) {
			e := &c.entries[i]
			out, err := c.certifyByACME(ctx, e.target, e.recipe, e.asks(c.how.keepingClients(), &c.answers))
			if err == nil || out.changed {
				c.note(out)
			}
			return out, err
		},
	}
	w.stay(ctx)
}

// look has the certificates be looked at now.
func (c *certified) look() {
	select {
	case c.wake <- struct{}{}:
	default: // they will be
	}
}

// say says when a certificate is renewed.
func (c *certified) say(out acmeOutcome) {
	if out.note != "" {
		c.hint(out.note)
	}
	if !out.renewal.At.IsZero() {
		c.Stdout.Printf("Renewing %s from %s on: %s\n", acmeShown(out.target, out.alias), x509util.Day(out.renewal.At), out.renewal.Why)
	}
}

// sayFailed says why a certificate was not renewed, or what was not done after it was.
func (c *certified) sayFailed(out acmeOutcome, err error) {
	if !out.changed {
		err = withHint(fmt.Errorf("not renewed, the old certificate is served on: %w", err), c.hints(err)...)
	}
	c.sayError(err)
}
