package check

import (
	"crypto"
	"errors"
	"fmt"
	"strings"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// Pool are all certificates in a keystore, also those that are in no entry and
// those in bags that Java does not look into.
type Pool struct {
	all   []*x509util.Certificate
	byKey map[string]*x509util.Certificate // by the public key
	// bySubject is made when above first needs it.
	bySubject map[string][]*x509util.Certificate
}

// NewPool collects the certificates of a keystore. Those that can't be read are
// left out.
func NewPool(s *store.Store) *Pool {
	p := &Pool{byKey: make(map[string]*x509util.Certificate)}
	seen := make(map[string]bool)
	add := func(der []byte) {
		if seen[string(der)] {
			return
		}
		seen[string(der)] = true
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			return
		}
		p.all = append(p.all, c)
		if other := p.byKey[string(c.SPKI)]; other == nil || c.NotAfter.After(other.NotAfter) {
			p.byKey[string(c.SPKI)] = c
		}
	}
	for _, e := range s.Entries() {
		for _, c := range e.Chain {
			add(c.DER)
		}
	}
	for _, c := range s.Untrusted() {
		add(c.DER)
	}
	for _, h := range s.Passed() {
		if h.Certificate != nil {
			add(h.Certificate)
		}
	}
	return p
}

// Own returns the certificate of a key: of several the one that ends last. It is
// nil where there is none, or the kind of key is not known.
func (p *Pool) Own(public crypto.PublicKey) *x509util.Certificate {
	spki, err := keys.MarshalPublic(public)
	if err != nil {
		return nil
	}
	return p.byKey[string(spki)]
}

// Chain returns the chain of a key, which begins with its Own certificate. It is
// nil where there is none.
func (p *Pool) Chain(public crypto.PublicKey) []*x509util.Certificate {
	leaf := p.Own(public)
	if leaf == nil {
		return nil
	}
	return x509util.CompleteChain(leaf, p.all)
}

// above calls visit for a certificate, and for all that by their names may be
// above it, unless visit says that it has seen them.
func (p *Pool) above(c *x509util.Certificate, visit func(*x509util.Certificate) (seen bool)) {
	if p.bySubject == nil {
		p.bySubject = make(map[string][]*x509util.Certificate)
		for _, c := range p.all {
			p.bySubject[c.Subject.String()] = append(p.bySubject[c.Subject.String()], c)
		}
	}
	for next := []*x509util.Certificate{c}; len(next) > 0; {
		c, next = next[0], next[1:]
		if !visit(c) {
			next = append(next, p.bySubject[c.Issuer.String()]...)
			delete(p.bySubject, c.Issuer.String()) // once is enough
		}
	}
}

// hiddenChain says of a key without certificates whether they are in the file
// anyway, where Java does not find them.
func (x *examination) hiddenChain(key crypto.Signer, alias string) bool {
	if key == nil || x.Type.Foreign() {
		return false
	}
	if x.pool == nil {
		x.pool = NewPool(x.store)
	}
	own := x.pool.Own(key.Public())
	if own == nil {
		return false
	}
	if x.adopted == nil {
		x.adopted = make(map[string]bool)
	}
	x.pool.above(own, func(c *x509util.Certificate) (seen bool) {
		seen = x.adopted[string(c.Raw)]
		x.adopted[string(c.Raw)] = true
		return seen
	})
	x.find(finding.Error, "hidden-chain", alias, identity.HiddenChain(own.Called()), x.rewrite())
	return true
}

// hiddenEntries are what stands in a PKCS12 file where Java does not look.
func (x *examination) hiddenEntries() {
	var grave, harmless []string
	for _, h := range x.store.Passed() {
		what := h.What
		if h.Name != "" {
			what += fmt.Sprintf(" %q", h.Name)
		}
		if h.Certificate != nil {
			if c, err := x509util.ParseCertificate(h.Certificate); err == nil {
				what += " (" + c.Called() + ")"
			}
		}
		if h.Nested {
			grave = append(grave, what)
		} else {
			harmless = append(harmless, what)
		}
	}
	remedy := shell.Note(x.rewrite(), "without it; openssl pkcs12 shows it, and the file as it was is kept")
	if len(grave) > 0 {
		x.find(finding.Warning, "hidden-entry", "", "in bags within bags, where Java does not look, but OpenSSL does: "+text.Elide(grave, 3), remedy)
	}
	if len(harmless) > 0 {
		x.find(finding.Info, "hidden-entry", "", "Java and keytool pass over what else is in it: "+text.Elide(harmless, 3), remedy)
	}
}

// refusedFile says why Java does not open a PKCS12 file that is read here.
func (x *examination) refusedFile() bool {
	reason := x.store.Refused()
	if reason == "" {
		return false
	}
	x.find(finding.Error, "not-for-java", "", "Java does not open it, because of "+reason, x.rewrite())
	return true
}

// notRecovered says why Java does not recover a key that is whole for others.
func (x *examination) notRecovered(e *entry.Entry, alias string, err error) bool {
	odd, ok := errors.AsType[*pkcs12.NotForJavaError](err)
	if !ok {
		return false
	}
	remedy := ""
	if key, err := x.store.Salvage(e, x.password); err == nil {
		key.Wipe()
		remedy = x.rewrite()
	}
	says, _, _ := strings.Cut(odd.Says, ": ")
	x.find(finding.Error, "damaged-key", alias, fmt.Sprintf("Java does not recover this key: there is %s (%s)", strings.Replace(odd.What, "bytes", "something", 1), says), remedy)
	return true
}
