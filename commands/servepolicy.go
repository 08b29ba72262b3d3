package commands

import (
	"crypto/x509"
	"fmt"
	"math"

	"gokeytool/endpoint"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
	"gokeytool/x509util"
)

// policy is what a host agrees to in a handshake.
func (s *serving) policy(host *tomcat.SSLHost, v *served) (endpoint.Policy, error) {
	p := endpoint.Policy{
		Protocols: host.Protocols, CipherSuites: host.CipherSuites, Groups: host.Groups,
		NoTickets: host.NoTickets, ClientAuth: host.Verification.ClientAuth(),
		MaxIntermediates: host.VerificationDepth,
	}
	switch {
	case host.VerificationDepth == 0:
		p.MaxIntermediates = -1 // to the endpoint, zero is the default
	case host.VerificationDepth < 0:
		p.MaxIntermediates = math.MaxInt // Java's -1 sets no bound
	}
	asks := host.Verification != tomcat.VerificationNone
	if !asks && host.Truststore.File == "" {
		return p, nil
	}
	var err error
	if p.ClientCAs, err = s.clientCAs(host, v); err != nil {
		return p, err
	}
	if !asks && p.ClientCAs.Equal(x509.NewCertPool()) {
		return p, withHint(fmt.Errorf("%s holds no certificate of an authority", host.Truststore.File),
			"Tomcat opens a truststore also where it asks clients for no certificate, and does not start with one that trusts nobody: leave it out, or name another")
	}
	if host.CRLFile != "" {
		v.watch(host.CRLFile)
		p.CRLs, err = s.readCRLs(host.CRLFile)
	}
	return p, err
}

// clientCAs are the authorities whose clients are let in: those of the
// truststore, of PEM files, or else Java's own.
func (s *serving) clientCAs(host *tomcat.SSLHost, v *served) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	addStore := func(from *store.Store) {
		for _, e := range from.Entries() {
			if e.Kind != entry.TrustedCertificate {
				continue // to Java, the certificate of a key is no authority
			}
			if unread := addRoot(pool, e.Chain[0]); unread != nil {
				s.note("clients of " + unread.Error())
			}
		}
	}
	switch {
	case host.Truststore.Token():
		opened, err := s.trustedToken(&host.Truststore, v)
		if err != nil {
			return nil, err
		}
		addStore(opened)
	case host.Truststore.File != "":
		s.opensWith(host.Truststore.File, "truststorePassword")
		opened, err := v.open(host.Truststore.File, store.Options{Password: host.Truststore.Password})
		if err != nil {
			return nil, err
		}
		if addStore(opened); opened.Unread() {
			return nil, withHint(fmt.Errorf("%s shows no certificate without its password", host.Truststore.File),
				"give it with -truststorePassword, the attribute truststorePassword of a server.xml: Tomcat tries none of its own")
		}
	case host.CACertificateFile != "":
		v.watch(host.CACertificateFile)
		data, err := s.readInput(host.CACertificateFile)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(data) {
			return nil, withHint(fmt.Errorf("%s holds no certificate in PEM", host.CACertificateFile), s.whatFile(host.CACertificateFile, data, forCertificates, nil)...)
		}
	default:
		cacerts, err := s.cacerts()
		if err != nil {
			return nil, withHint(err, "name who may sign clients' certificates with -truststoreFile or -caCertificateFile")
		}
		addStore(cacerts)
	}
	return pool, nil
}

// readCRLs reads revocation lists, in PEM or DER.
func (s *serving) readCRLs(file string) ([]*x509.RevocationList, error) {
	data, err := s.readInput(file)
	if err != nil {
		return nil, err
	}
	parsed, err := x509util.ParseCRLs(data)
	if err != nil || len(parsed) == 0 {
		return nil, withHint(fmt.Errorf("%s holds no revocation list", file), s.whatFile(file, data, forCRL, err)...)
	}
	lists := make([]*x509.RevocationList, len(parsed))
	for i, list := range parsed {
		if lists[i], err = x509.ParseRevocationList(list.Raw); err != nil {
			return nil, withHint(fmt.Errorf("%s: %w", file, err),
				"lists of version 2 alone can be used here, such as openssl ca -gencrl makes with crl_extensions; keytool's gencrl makes version 1")
		}
	}
	return lists, nil
}
