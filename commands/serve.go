package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"

	"gokeytool/endpoint"
	"gokeytool/internal/atomicfile"
	"gokeytool/x509util"
)

// Where serve listens unless told otherwise: Tomcat's usual port for HTTPS, on
// this machine alone.
const (
	defaultAddress = "127.0.0.1"
	defaultPort    = 8443
)

// serve answers HTTPS requests with a key of the keystore, until it is
// interrupted.
func serve(ctx context.Context, s *session) error {
	ctx, stop := untilInterrupted(ctx)
	defer stop()
	cfg := endpoint.Config{Now: s.Now}
	var err error
	if cfg.Addr, err = s.listenAddress(); err != nil {
		return err
	}
	if cfg.SessionIDs, err = s.sessionIDs(); err != nil {
		return err
	}
	if s.opt.selfsigned {
		cfg.Identities, err = s.throwAwayIdentity()
	} else {
		cfg.Identities, err = s.servedIdentities(ctx)
	}
	if err != nil {
		return err
	}
	if s.opt.given("for") {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.opt.duration)
		defer cancel()
	}
	for _, check := range endpoint.Examine(cfg.Identities[0], s.Now()) {
		if !check.OK || check.Warn {
			s.printCheck(s.Stderr, check)
		}
	}

	server, err := endpoint.Listen(ctx, cfg)
	if err != nil {
		return s.listenError(cfg.Addr, err)
	}
	port := server.Addr().(*net.TCPAddr).Port
	if s.opt.portfile != "" {
		if err := atomicfile.Write(s.opt.portfile, fmt.Appendf(nil, "%d\n", port), 0o644, nil); err != nil {
			server.Close()
			return fileError(s.opt.portfile, pathCause(err))
		}
		defer os.Remove(s.opt.portfile)
	}
	served := cfg.Identities[0]
	leaf, err := x509util.ParseCertificate(served.Chain[0])
	if err != nil {
		server.Close()
		return err
	}
	fmt.Fprintf(s.Stdout, "Serving <%s> of %s: %s\nListening on %s\n",
		x509util.Printable(served.Alias), x509util.Printable(served.Keystore), x509util.Printable(leaf.Subject.String()), server.URL())
	if ip := server.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		fmt.Fprintf(s.Stderr, "gokeytool: listening on %s: other machines can connect\n", server.Addr())
	}
	if err := server.Serve(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.Stdout, "Stopped")
	return nil
}

// servedIdentities is the key to serve: that of -alias, else the one Tomcat
// would take.
func (s *session) servedIdentities(ctx context.Context) ([]endpoint.Identity, error) {
	if !s.opt.given("keystore") {
		if _, err := os.Stat(s.defaultKeystore()); errors.Is(err, fs.ErrNotExist) {
			return nil, withHint(failf("Keystore file does not exist: %s", s.defaultKeystore()),
				"name a keystore with -keystore FILE,",
				"or try a throw-away self-signed certificate for localhost: gokeytool serve -selfsigned")
		}
	}
	if err := s.openServed(ctx); err != nil {
		return nil, err
	}
	alias := s.opt.alias
	if !s.opt.given("alias") {
		aliases := s.keyAliases()
		if len(aliases) == 0 {
			return nil, withHint(java("java.io.IOException", "No aliases for private keys found in key store"),
				fmt.Sprintf("%s holds no private key, only %d certificates: a server needs the keystore in which the key was made", s.ks.path, s.ks.Len()))
		}
		alias = aliases[0]
		if len(aliases) > 1 {
			fmt.Fprintf(s.Stderr, "gokeytool: no -alias given: serving <%s>, which Java finds first among %d keys %q\n", alias, len(aliases), aliases)
		}
	}
	id, err := s.identity(s.ks.AliasOf(alias))
	if err != nil {
		return nil, err
	}
	return []endpoint.Identity{id}, nil
}

// throwAwayIdentity is a key with a self-signed certificate for this machine,
// kept in memory alone.
func (s *session) throwAwayIdentity() ([]endpoint.Identity, error) {
	key, err := x509util.GenerateKey(x509util.KeySpec{Algorithm: "EC", Group: "secp256r1"}, s.release)
	if err != nil {
		return nil, err
	}
	spki, err := x509util.MarshalPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	subject, err := x509util.ParseDName("CN=localhost")
	if err != nil {
		return nil, err
	}
	s.opt.ext = []string{"SAN=dns:localhost,ip:127.0.0.1,ip:::1", "EKU=serverAuth"}
	der, err := s.certify(certificate{subject: subject, spki: spki}, &issuerKey{signer: key, name: subject})
	if err != nil {
		return nil, err
	}
	return []endpoint.Identity{{
		Alias: "localhost", Key: key, Chain: [][]byte{der},
		Keystore: "a throw-away keystore in memory", StoreType: "none",
	}}, nil
}

// listenAddress is where -address and -port say to listen.
func (s *session) listenAddress() (string, error) {
	address, port := defaultAddress, int64(defaultPort)
	if s.opt.given("address") {
		address = s.opt.address
	}
	if s.opt.given("port") {
		port = s.opt.port
	}
	if port < 0 || port > 65535 {
		return "", fmt.Errorf("-port %d: a port is from 0 (any free one) to 65535", port)
	}
	return net.JoinHostPort(address, strconv.FormatInt(port, 10)), nil
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

// opensCheck is the check that a keystore was opened.
func opensCheck(k *keystore) endpoint.Check {
	detail := fmt.Sprintf("%s, %d entries, integrity verified with the password", k.Type(), k.Len())
	if k.Len() == 1 {
		detail = fmt.Sprintf("%s, 1 entry, integrity verified with the password", k.Type())
	}
	if !k.Verified() {
		detail = fmt.Sprintf("%s, %d entries; there is no integrity check in it, or no password was given", k.Type(), k.Len())
	}
	return endpoint.Check{Name: "opens", OK: true, Warn: !k.Verified(), Detail: detail}
}
