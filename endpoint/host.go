package endpoint

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/x509util"
)

// defaultHost names the host that Config.Identities make up, as Tomcat names
// its own.
const defaultHost = "_default_"

// served is an identity made ready for handshakes.
type served struct {
	identity.Identity
	cert tls.Certificate
	leaf leafID
	// info is the leaf; nil where crypto/x509 can't read it.
	info *x509.Certificate
	// facts describe the chain, made when first asked for. Nobody changes them.
	facts func() []x509util.Description

	mu       sync.Mutex
	examined time.Time // when checks were made; zero: never
	checks   finding.Checks
}

// examineEvery is how long what Examine found is told again: whoever asks must not
// be able to make the endpoint verify signatures again and again.
const examineEvery = time.Minute

// examine is Examine, a minute old at most.
func (s *served) examine(now time.Time) finding.Checks {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.examined); s.checks == nil || age < 0 || age >= examineEvery {
		s.checks, s.examined = identity.Examine(s.Identity, identity.Options{Now: now}), now
	}
	return s.checks
}

func newServed(id identity.Identity) (*served, error) {
	if len(id.Chain) == 0 {
		return nil, fmt.Errorf("endpoint: %q has no certificate", id.Alias)
	}
	if id.Key == nil {
		return nil, fmt.Errorf("endpoint: %q has no private key", id.Alias)
	}
	s := &served{Identity: id, leaf: leafIDOf(id.Chain[0])}
	s.info, _ = x509.ParseCertificate(id.Chain[0])
	s.facts = sync.OnceValue(func() []x509util.Description { return x509util.DescribeAll(id.Chain) })
	s.cert = id.TLS()
	s.cert.Leaf = s.info
	return s, nil
}

// host is a virtual host made ready for handshakes.
type host struct {
	name       string // its first name, for telling hosts apart
	names      []string
	policy     Policy
	gaps       bool // in the policy's protocols
	identities []*served
	// byName has the alternative names of the certificates, where the host
	// is the default and server names choose among identities.
	byName map[string][]*served
	config *tls.Config // to be cloned for each connection
}

// hosts is what an endpoint serves at a time.
type hosts struct {
	all    []*host // the default last, where it is made of Config.Identities
	byName map[string]*host
	deflt  *host // may be nil
	strict bool  // Config.StrictSNI
}

// newHosts makes hosts ready.
func newHosts(cfg *Config) (*hosts, error) {
	h := &hosts{byName: make(map[string]*host), strict: cfg.StrictSNI}
	for _, c := range cfg.Hosts {
		if len(c.Names) == 0 {
			return nil, errors.New("endpoint: a host has no name")
		}
		made, err := newHost(strings.ToLower(c.Names[0]), c.Identities, c.Policy, cfg)
		if err != nil {
			return nil, err
		}
		for _, name := range c.Names {
			name = strings.ToLower(name)
			made.names = append(made.names, name)
			if h.byName[name] != nil {
				return nil, fmt.Errorf("endpoint: two hosts have the name %q", name)
			}
			h.byName[name] = made
		}
		h.all = append(h.all, made)
	}
	if len(cfg.Identities) > 0 || len(cfg.Hosts) == 0 {
		made, err := newHost(defaultHost, cfg.Identities, cfg.Policy, cfg)
		if err != nil {
			return nil, err
		}
		made.byName = make(map[string][]*served)
		for _, id := range made.identities {
			if id.info == nil {
				continue
			}
			for _, name := range id.info.DNSNames {
				name = strings.ToLower(name)
				made.byName[name] = append(made.byName[name], id)
			}
		}
		h.deflt = made
		h.all = append(h.all, made)
		return h, nil
	}
	name := strings.ToLower(cmp.Or(cfg.DefaultHost, defaultHost))
	h.deflt = h.byName[name]
	if h.deflt == nil && cfg.DefaultHost != "" {
		return nil, fmt.Errorf("endpoint: the default host %q is not among the hosts", cfg.DefaultHost)
	}
	return h, nil
}

func newHost(name string, ids []identity.Identity, policy Policy, cfg *Config) (*host, error) {
	if len(ids) == 0 {
		return nil, errors.New("endpoint: there is no identity to serve")
	}
	policy = policy.suited(ids)
	h := &host{name: name, policy: policy}
	for _, id := range ids {
		if id.Keystore == "" {
			id.Keystore, id.StoreType = cfg.Keystore, cfg.StoreType
		}
		s, err := newServed(id)
		if err != nil {
			return nil, err
		}
		h.identities = append(h.identities, s)
	}
	if len(policy.protocols()) == 0 {
		return nil, errors.New("endpoint: the key makes no RSA-PSS signatures, without which there is no TLS 1.3, and no other version is offered")
	}
	config, err := policy.config()
	if err != nil {
		return nil, err
	}
	h.gaps = policy.gaps()
	config.GetCertificate = h.certificate
	config.NextProtos = []string{"h2", "http/1.1"}
	config.KeyLogWriter = cfg.KeyLog
	config.Time = cfg.Now
	h.config = config
	if cfg.HTTP1 {
		h.config.NextProtos = []string{"http/1.1"}
	}
	return h, nil
}

// called is the host's name, also where there is no host.
func (h *host) called() string {
	if h == nil {
		return "none"
	}
	return h.name
}

// changes says in which settings a host differs from one that takes its place.
func (h *host) changes(next *host) (changes []string) {
	note := func(what, was, now string) {
		if was != now {
			changes = append(changes, fmt.Sprintf("%s: %s -> %s", what, was, now))
		}
	}
	note("names", strings.Join(h.names, ", "), strings.Join(next.names, ", "))
	note("ALPN", strings.Join(h.config.NextProtos, ", "), strings.Join(next.config.NextProtos, ", "))
	return append(changes, h.policy.changes(&next.policy)...)
}

// find returns the host for a server name: exact names first, then those for
// any one label, then the default, as Tomcat does. It may be nil.
func (h *hosts) find(serverName string) *host {
	name := strings.ToLower(serverName)
	if found := h.byName[name]; found != nil && name != "" {
		return found
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		if found := h.byName["*."+parent]; found != nil {
			return found
		}
	}
	return h.deflt
}

// agree reports whether two server names lead to the same host, and there to a
// certificate that has both, or is the one for names that none has.
func (h *hosts) agree(a, b string) bool {
	host := h.find(a)
	if host != h.find(b) {
		return false
	}
	if host == nil || len(host.byName) == 0 {
		return true // the names choose nothing more
	}
	led := func(name string) []*served {
		if named := host.named(name); len(named) > 0 {
			return named
		}
		return host.identities[:1]
	}
	others := led(b)
	return slices.ContainsFunc(led(a), func(id *served) bool { return slices.Contains(others, id) })
}

// certificate chooses an identity for a handshake and notes it on the
// connection.
func (h *host) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	id := h.choose(hello)
	if c, ok := hello.Conn.(*conn); ok {
		c.identity = id
	}
	return &id.cert, nil
}

// choose prefers an identity with the name that the client asks for and a key
// that it can use, then one that it can use, then one with the name.
func (h *host) choose(hello *tls.ClientHelloInfo) *served {
	if len(h.identities) == 1 {
		return h.identities[0]
	}
	named := h.named(hello.ServerName)
	usable := *hello
	usable.ServerName = "" // names are our business
	for _, list := range [][]*served{named, h.identities} {
		for _, id := range list {
			if usable.SupportsCertificate(&id.cert) == nil {
				return id
			}
		}
	}
	if len(named) > 0 {
		return named[0]
	}
	return h.identities[0]
}

// named returns the identities whose certificate has the server name: exact
// names first, then those for any one label.
func (h *host) named(serverName string) []*served {
	name := strings.ToLower(serverName)
	if list := h.byName[name]; list != nil {
		return list
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		return h.byName["*."+parent]
	}
	return nil
}

// byLeaf returns the identity with a certificate, or nil.
func (h *host) byLeaf(leaf leafID) *served {
	for _, id := range h.identities {
		if id.leaf == leaf {
			return id
		}
	}
	return nil
}
