package commands

import (
	"fmt"
	"slices"

	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// issuers are the certificates that may have issued another, with where they
// come from.
type issuers struct {
	certificates []*x509util.Certificate
	labels       map[*x509util.Certificate]string
}

func (p *issuers) label(c *x509util.Certificate) string { return p.labels[c] }

// issuers are the certificates of the keystore's entries and, with
// -trustcacerts, those of cacerts, in Java's order.
func (s *session) issuers() *issuers {
	p := &issuers{labels: make(map[*x509util.Certificate]string)}
	add := func(from *store.Store, format string) {
		for _, e := range from.JavaOrder() {
			if len(e.Chain) == 0 {
				continue
			}
			if c, err := x509util.ParseCertificate(e.Chain[0].DER); err == nil {
				p.certificates = append(p.certificates, c)
				p.labels[c] = fmt.Sprintf(format, from.JavaAlias(e))
			}
		}
	}
	add(s.ks.Store, "Issuer <%s>")
	if s.opt.trustcacerts {
		if cacerts, err := s.cacerts(); err == nil {
			add(cacerts, "Issuer <%s> in cacerts")
		}
	}
	return p
}

// readCertificateFile reads the certificates of a file; "" is the standard
// input.
func (s *session) readCertificateFile(file string) ([]*x509util.Certificate, error) {
	data, err := s.readInput(file)
	if err != nil {
		return nil, err
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil {
		return nil, withHint(failf("Input not an X.509 certificate"), s.whatFile(file, data, forCertificates, err)...)
	}
	return certificates, nil
}

// sayUnverified tells of the signatures in a chain that can't be verified here.
func (s *session) sayUnverified(chain []*x509util.Certificate) {
	for _, text := range x509util.UnverifiableTexts(chain) {
		s.Stderr.Printf("gokeytool: %s\n", text)
	}
}

// chainPool are the certificates that chains are completed from: those given,
// those of the files of CAs, those of the keystore.
func (s *session) chainPool(given []*x509util.Certificate, ca []string) ([]*x509util.Certificate, error) {
	pool := slices.Clone(given)
	for _, file := range ca {
		more, err := s.readCertificateFile(file)
		if err != nil {
			return nil, err
		}
		pool = append(pool, more...)
	}
	return append(pool, s.storedCertificates()...), nil
}

// storedCertificates are all certificates of the keystore, those of chains
// too, and with -trustcacerts Java's.
func (s *session) storedCertificates() []*x509util.Certificate {
	list := s.issuers().certificates
	for _, e := range s.ks.Entries() {
		for _, c := range e.Chain[min(1, len(e.Chain)):] {
			if parsed, err := x509util.ParseCertificate(c.DER); err == nil {
				list = append(list, parsed)
			}
		}
	}
	return list
}

// currentFirst puts certificates that have ended behind the others: where two
// fit, as after a renewal with the same key, the one that is still good does.
func (s *session) currentFirst(list []*x509util.Certificate) []*x509util.Certificate {
	current, ended := make([]*x509util.Certificate, 0, len(list)), []*x509util.Certificate(nil)
	for _, c := range list {
		if s.ended(c) {
			ended = append(ended, c)
		} else {
			current = append(current, c)
		}
	}
	return append(current, ended...)
}

func (s *session) ended(c *x509util.Certificate) bool { return c.NotAfter.Before(s.Now()) }

// entryChain makes of certificates what an entry holds.
func entryChain(chain []*x509util.Certificate) []entry.Certificate {
	certificates := make([]entry.Certificate, len(chain))
	for i, c := range chain {
		certificates[i] = entry.X509(c.Raw)
	}
	return certificates
}
