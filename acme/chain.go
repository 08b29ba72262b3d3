package acme

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// maxChain is how many certificates a chain may have. Real ones have up to four.
const maxChain = 10

// chain is a certificate with those that lead from it towards a root, without it.
type chain struct {
	certificates []*x509.Certificate
	root         *x509.Certificate // nil if it did not come along
}

// parseChain reads a chain as RFC 8555, section 9.1, has it: certificates in PEM, each
// certified by the next, and nothing else.
func parseChain(data []byte) (*chain, error) {
	var c chain
	for rest := bytes.TrimSpace(data); len(rest) > 0; {
		if !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, errors.New("it is not a chain of certificates in PEM")
		}
		block, after := pem.Decode(rest)
		switch {
		case block == nil:
			return nil, errors.New("its PEM is damaged")
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("it has a PEM block %q among the certificates", block.Type)
		case len(c.certificates) == maxChain:
			return nil, fmt.Errorf("the chain has more than %d certificates", maxChain)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the chain cannot be read: %w", len(c.certificates)+1, err)
		}
		c.certificates = append(c.certificates, cert)
		rest = bytes.TrimSpace(after)
	}
	if len(c.certificates) == 0 {
		return nil, errors.New("it is empty")
	}
	for i, cert := range c.certificates[1:] {
		if err := certifies(cert, c.certificates[i]); err != nil {
			return nil, fmt.Errorf("certificate %d of the chain does not certify the one before it: %w", i+2, err)
		}
	}
	if n := len(c.certificates); n > 1 {
		if last := c.certificates[n-1]; bytes.Equal(last.RawIssuer, last.RawSubject) {
			c.root = last
			c.certificates = c.certificates[:n-1]
		}
	}
	return &c, nil
}

// certifies says why a certificate is not that of another's issuer. Of a signature
// that Go cannot verify only the names are compared.
func certifies(issuer, cert *x509.Certificate) error {
	if !bytes.Equal(issuer.RawSubject, cert.RawIssuer) {
		return fmt.Errorf("it is that of %q, and the issuer is %q", issuer.Subject, cert.Issuer)
	}
	err := cert.CheckSignatureFrom(issuer)
	if errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		return nil
	}
	return err
}

// maxAhead is how far a certificate may lie in the future: clocks differ.
const maxAhead = time.Hour

// fits says why a chain is not the one that was asked for.
func (c *chain) fits(key crypto.PublicKey, names []Name, now time.Time) error {
	leaf := c.certificates[0]
	if !sameKey(key, leaf.PublicKey) {
		return errors.New("the certificate has another key than the one that was to be certified")
	}
	for _, n := range names {
		if !certified(leaf, n) {
			return fmt.Errorf("the certificate is not for %s, but for %s", n.Text, strings.Join(shownNames(leaf), ", "))
		}
	}
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate has expired already, on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case leaf.NotBefore.After(now.Add(maxAhead)):
		return fmt.Errorf("the certificate is not valid before %s; this machine's clock may be wrong", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// certified says whether a certificate has a name.
func certified(leaf *x509.Certificate, n Name) bool {
	if n.IP {
		ip := net.ParseIP(n.Text)
		return slices.ContainsFunc(leaf.IPAddresses, ip.Equal)
	}
	return slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return strings.EqualFold(name, n.Text) })
}

// shownNames are the names of a certificate, the first of them.
func shownNames(leaf *x509.Certificate) []string {
	list := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		list = append(list, ip.String())
	}
	const most = 5
	switch {
	case len(list) == 0:
		return []string{"no name"}
	case len(list) > most:
		return append(list[:most:most], fmt.Sprintf("and %d more", len(list)-most))
	}
	return list
}

func (c *chain) der() [][]byte {
	var list [][]byte
	for _, cert := range c.certificates {
		list = append(list, cert.Raw)
	}
	return list
}

// tops are the names of the issuer at the chain's top, which is what it is chosen by.
func (c *chain) tops() []string {
	names := []string{c.certificates[len(c.certificates)-1].Issuer.CommonName}
	if c.root != nil {
		names = append(names, c.root.Issuer.CommonName)
	}
	return names
}

// download gets a chain, and says where others are.
func (j *job) download(ctx context.Context, address string) (data []byte, alternates []string, err error) {
	const step = "fetching the certificate"
	answered, err := j.do(ctx, step, func(ctx context.Context) error {
		// The transport shows the library no links: it fetches this one alone.
		got, err := j.acme.GetCertificateChain(ctx, j.account, address)
		if err == nil && len(got) == 1 {
			data = got[0].ChainPEM
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	base, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	for _, link := range links(answered.header, "alternate") {
		if u, err := base.Parse(link); err == nil {
			alternates = append(alternates, u.String())
		}
	}
	return data, alternates, nil
}

// fetch gets the certificate of an order that is valid, and keeps it until it is stored.
func (j *job) fetch(ctx context.Context, order acme.Order) (*Issued, error) {
	const step = "fetching the certificate"
	if order.Certificate == "" {
		return nil, j.failed(step, errors.New("the order is valid, and does not say where the certificate is"))
	}
	data, alternates, err := j.download(ctx, order.Certificate)
	if err != nil {
		return nil, err
	}
	chain, err := parseChain(data)
	if err == nil {
		err = chain.fits(j.kept.Key.Public(), j.Names, j.cfg.Now())
	}
	if err != nil {
		return nil, j.failed(step, err)
	}
	if j.Chain != "" && !slices.Contains(chain.tops(), j.Chain) {
		data, chain = j.choose(ctx, data, chain, alternates)
	}
	if len(chain.certificates) == 1 && !bytes.Equal(chain.certificates[0].RawIssuer, chain.certificates[0].RawSubject) {
		j.say("the CA has sent the certificate alone, without a chain: clients must know its issuer %q themselves", chain.certificates[0].Issuer)
	}
	j.kept.Chain = string(data)
	if err := j.Lock.SetOrder(j.kept); err != nil {
		return nil, err
	}
	return j.issued(j.kept, chain), nil
}

// choose looks for the chain that is asked for among the alternates (RFC 8555, section
// 7.4.2). Where it is not the CA's own choice is taken, which is said: the certificate
// is issued.
func (j *job) choose(ctx context.Context, data []byte, first *chain, alternates []string) ([]byte, *chain) {
	there := first.tops()
	for _, address := range alternates {
		other, _, err := j.download(ctx, address)
		if err != nil {
			j.say("another chain cannot be had: %v", err)
			continue
		}
		c, err := parseChain(other)
		if err == nil {
			err = c.fits(j.kept.Key.Public(), j.Names, j.cfg.Now())
		}
		if err != nil {
			j.say("another chain is of no use: %v", err)
			continue
		}
		if slices.Contains(c.tops(), j.Chain) {
			return other, c
		}
		there = append(there, c.tops()...)
	}
	j.say("no chain of the CA ends at %q; its first is taken. There are: %s", j.Chain, strings.Join(slices.Compact(there), ", "))
	return data, first
}
