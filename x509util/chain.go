package x509util

import (
	"bytes"
	"slices"

	"gokeytool/jdk"
)

// Reply is a certificate reply made into a chain.
type Reply struct {
	Chain   []*Certificate // leaf first
	Trusted bool           // its top is one of the trusted certificates, or signed by one
}

// maxChain bounds how long a chain may become, for the sake of certificates
// that sign each other.
const maxChain = 100

// ChainFromCertificate leads a certificate up to a self-signed one by way of
// the trusted certificates, as keytool -importcert does with a reply of one
// certificate. A certificate that is self-signed itself is the whole chain.
// Of several issuers that fit, the first that leads to a root is taken. An issuer
// is one to which the relation is least or closer: Issued for keytool. The error
// is a *jdk.Error with keytool's text.
func ChainFromCertificate(reply *Certificate, trusted []*Certificate, least Relation) ([]*Certificate, error) {
	b := chainBuilder{search: newSearch(), trusted: trusted, least: least}
	if chain := b.chain(reply); chain != nil {
		return chain, nil
	}
	return nil, jdk.PlainError("Failed to establish chain from reply")
}

// A search bounds the work for finding issuers among certificates from anywhere.
type search struct{ left int }

// What a search may do: compare names, and verify signatures, each of which counts
// as so many comparisons for an RSA key of 2048 bits. That is 10,000 signatures,
// half a second at most.
const (
	searchSteps    = 1_000_000
	signatureSteps = 100
)

func newSearch() *search { return &search{searchSteps} }

// relation is c.IssuedBy(issuer), and OtherIssuer once the search has done too much.
func (s *search) relation(c, issuer *Certificate) Relation {
	s.left--
	if s.left < 0 || !c.Issuer.Equal(issuer.Subject) || !s.verifies(issuer) {
		return OtherIssuer
	}
	return c.IssuedBy(issuer)
}

// verifies counts a signature by an issuer, and says whether it is to be looked at.
func (s *search) verifies(issuer *Certificate) bool {
	s.left -= signatureSteps * issuer.VerifyCost()
	return s.left >= 0
}

// A chainBuilder looks for a way to a root. A certificate from which none was
// found is not tried again, so that certificates which sign each other in
// many ways cost no more than the number of their pairs, and no more than the
// search may.
type chainBuilder struct {
	*search
	trusted []*Certificate
	least   Relation // to an issuer that will do
	tried   map[*Certificate]bool
}

// chain returns the chain from c on upwards, nil if no root is reached.
func (b *chainBuilder) chain(c *Certificate) []*Certificate {
	b.tried = make(map[*Certificate]bool)
	return b.build(c, nil)
}

// build returns below and the chain from c on upwards, nil if no root is
// reached.
func (b *chainBuilder) build(c *Certificate, below []*Certificate) []*Certificate {
	below = append(slices.Clip(below), c)
	if b.relation(c, c) >= b.least {
		return below
	}
	b.tried[c] = true
	if len(below) >= maxChain {
		return nil
	}
	for relation := Issued; relation >= b.least; relation-- {
		for _, issuer := range b.trusted {
			if b.left < 0 {
				return nil
			}
			if b.tried[issuer] || b.relation(c, issuer) != relation {
				continue
			}
			if chain := b.build(issuer, below); chain != nil {
				return chain
			}
		}
	}
	return nil
}

// ChainFromReply puts the certificates of a reply in order, as keytool
// -importcert does with more than one: the one that has the key in spki first,
// then each the issuer of the one before. The last is not looked at: whoever
// stores the chain should CheckChain it. Where a trusted certificate signed the
// top of the chain it is added on top; that has to be verified. least is as with
// ChainFromCertificate, within the reply.
//
// The error is ErrIncompleteReply, or a *jdk.Error with keytool's text that none of
// the certificates has the key, which it calls by the alias.
func ChainFromReply(alias string, reply []*Certificate, spki []byte, trusted []*Certificate, least Relation) (Reply, error) {
	find := newSearch()
	chain, err := orderReply(alias, reply, spki, least, find)
	if err != nil {
		return Reply{}, err
	}
	top := chain[len(chain)-1]
	for _, c := range trusted {
		if bytes.Equal(c.Raw, top.Raw) {
			return Reply{chain, true}, nil
		}
	}
	for _, c := range trusted {
		if find.verifies(c) && top.CheckSignatureFrom(c) == nil {
			return Reply{append(chain, c), true}, nil
		}
	}
	return Reply{chain, false}, nil
}

// ErrIncompleteReply is the error of a reply whose certificates don't lead from one to
// the next.
var ErrIncompleteReply = jdk.PlainError("Incomplete certificate chain in reply")

// orderReply orders the certificates of a reply, without duplicates.
func orderReply(alias string, reply []*Certificate, spki []byte, least Relation, find *search) ([]*Certificate, error) {
	var chain []*Certificate
	there := make(map[string]bool, len(reply))
	for _, c := range reply {
		if !there[string(c.Raw)] {
			there[string(c.Raw)] = true
			chain = append(chain, c)
		}
	}
	leaf := slices.IndexFunc(chain, func(c *Certificate) bool { return bytes.Equal(c.SPKI, spki) })
	if leaf < 0 {
		return nil, jdk.PlainError("Certificate reply does not contain public key for <" + alias + ">")
	}
	chain[0], chain[leaf] = chain[leaf], chain[0]
	for i := 1; i < len(chain)-1; i++ {
		issuer := slices.IndexFunc(chain[i:], func(c *Certificate) bool { return find.relation(chain[i-1], c) >= least })
		if issuer < 0 {
			return nil, ErrIncompleteReply
		}
		chain[i], chain[i+issuer] = chain[i+issuer], chain[i]
	}
	return chain, nil
}

// CheckChain returns the error with which Java's PKCS #12 keystore refuses a
// chain whose certificates don't name each other as issuers, or that has one
// twice; signatures are not looked at. JKS and JCEKS keystores take any chain.
func CheckChain(chain []*Certificate) error {
	for i := range chain {
		if i > 0 && !chain[i-1].Issuer.Equal(chain[i].Subject) ||
			slices.ContainsFunc(chain[:i], func(o *Certificate) bool { return bytes.Equal(chain[i].Raw, o.Raw) }) {
			return &jdk.Error{Class: "java.security.KeyStoreException", Text: "Certificate chain is not valid"}
		}
	}
	return nil
}

// CompleteChain leads from a certificate upwards as far as the pool goes: each
// certificate is the issuer of the one before it, by name and signature, or
// where the signature can't be verified here, by name and key identifiers. It
// ends at a self-signed one, or at one whose issuer is not in the pool. A path
// that leads to a root goes before one that does not, and one that can be
// verified before one that can't.
func CompleteChain(leaf *Certificate, pool []*Certificate) []*Certificate {
	find := newSearch()
	for _, least := range [...]Relation{Issued, Unverifiable} {
		b := chainBuilder{search: find, trusted: pool, least: least}
		if chain := b.chain(leaf); chain != nil {
			return chain
		}
	}
	chain := []*Certificate{leaf}
	for len(chain) < maxChain {
		issuer := findIssuer(chain, pool, find)
		if issuer == nil {
			break
		}
		chain = append(chain, issuer)
	}
	return chain
}

// findIssuer finds who signed the last certificate of a chain and is not in it
// yet.
func findIssuer(chain, pool []*Certificate, find *search) *Certificate {
	last := chain[len(chain)-1]
	for _, want := range [...]Relation{Issued, Unverifiable} {
		for _, c := range pool {
			if find.relation(last, c) == want && !contains(chain, c) {
				return c
			}
		}
	}
	return nil
}

func contains(chain []*Certificate, c *Certificate) bool {
	for _, other := range chain {
		if string(other.Raw) == string(c.Raw) {
			return true
		}
	}
	return false
}
