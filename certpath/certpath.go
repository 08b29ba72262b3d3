// Package certpath says which programs refuse a chain of certificates whose
// names and signatures are in order, and why: a CA that is none or allows no CA
// below it, names that a CA may not sign, a usage that it does not pass on,
// extensions that nobody knows, policies that are demanded and missing.
//
// RFC 5280 leaves room, and each of OpenSSL (3.0 and later, as "openssl verify"),
// Go (crypto/x509) and Java (17 and later, as its TLS does it) takes it another
// way. So a Fault names those that refuse the chain because of it. OpenSSL and
// Java are judged by rules that are compared with the programs themselves; Go
// judges itself.
//
// Left out are names and signatures (x509util's IssuedBy), dates, weak keys and
// algorithms, revocation, and what only the last certificate is asked for by TLS:
// its host name and its own usage.
package certpath

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// A Client is a set of programs that verify chains.
type Client uint8

const (
	OpenSSL Client = 1 << iota
	Go
	Java
)

// String names the programs, as "openssl, Go and Java".
func (c Client) String() string {
	var names []string
	for i, name := range []string{"openssl", "Go", "Java"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// Purpose is what the chain is to prove.
type Purpose uint8

const (
	Any    Purpose = iota // no more than that its first certificate is to be trusted
	Server                // a TLS server
	User                  // a TLS client
)

// For is the purpose to which a certificate is put, by what it is for.
func For(p x509util.Purpose) Purpose {
	switch {
	case p.TLS():
		return Server
	case p&x509util.ForClient != 0:
		return User
	}
	return Any
}

// A Rule is what a Fault is about.
type Rule string

const (
	NoCA              Rule = "no CA"
	KeyUsage          Rule = "key usage"
	PathLength        Rule = "path length"
	NameConstraints   Rule = "name constraints"
	Usage             Rule = "usage"
	CriticalExtension Rule = "critical extension"
	KeyIdentifier     Rule = "key identifier"
	Policy            Rule = "policy"
	Other             Rule = "other" // which only Go has found
)

// A Fault is why programs refuse a chain.
type Fault struct {
	Rule Rule
	At   int    // of the certificate that would have to be another, from 0
	Text string // what it says and what is there, in a clause
	By   Client // who refuses the chain because of it
	// Demanded is the path length that would do, of PathLength.
	Demanded int
}

// Judge returns the faults of a chain, the one that weighs most first: none where
// all take it. In the chain, the leaf first, each certificate is the issuer of
// the one before it, with a signature that is good or can't be verified here. A
// last one that is self-signed is what clients trust; else they trust its issuer.
func Judge(chain []*x509util.Certificate, purpose Purpose) []Fault {
	if len(chain) == 0 { // as where a path is known only by its names
		return nil
	}
	p := newPath(chain, purpose)
	p.criticals()
	for i := 1; i < len(chain); i++ {
		p.noCA(i)
		p.length(i)
		p.usage(i)
	}
	p.identifiers()
	p.names()
	p.policies()
	p.askGo()
	slices.SortStableFunc(p.faults, func(a, b Fault) int { return weight(b.By) - weight(a.By) })
	return p.faults
}

// Refusals says why programs refuse a chain, in a line: the first few of the
// faults, and how many more there are.
func Refusals(faults []Fault) string {
	const most = 3
	var texts []string
	for i, f := range faults {
		if i == most {
			texts = append(texts, fmt.Sprintf("%d more reasons", len(faults)-most))
			break
		}
		verb := "refuse"
		if !strings.Contains(f.By.String(), " ") {
			verb = "refuses"
		}
		texts = append(texts, fmt.Sprintf("%s: %s %s it", f.Text, f.By, verb))
	}
	return strings.Join(texts, "; ")
}

// weight is the number of programs.
func weight(c Client) (n int) {
	for ; c != 0; c &= c - 1 {
		n++
	}
	return n
}

// path is a chain that is judged.
type path struct {
	chain    []*x509util.Certificate
	strict   []*x509.Certificate // as Go reads them; nil for what it can't
	purpose  Purpose
	anchored bool // the last certificate is self-signed, and there are others
	faults   []Fault
}

func newPath(chain []*x509util.Certificate, purpose Purpose) *path {
	p := &path{chain: chain, purpose: purpose, anchored: len(chain) > 1 && chain[len(chain)-1].SelfSigned()}
	for _, c := range chain {
		strict, err := x509.ParseCertificate(c.Raw)
		if err != nil {
			strict = nil
		}
		p.strict = append(p.strict, strict)
	}
	return p
}

// anchor says whether certificate i is the one that clients trust.
func (p *path) anchor(i int) bool { return p.anchored && i == len(p.chain)-1 }

// trusted says whether clients trust certificate i for itself: the anchor, or one
// that stands alone and is self-signed.
func (p *path) trusted(i int) bool {
	return p.anchor(i) || len(p.chain) == 1 && p.chain[0].SelfSigned()
}

// fault notes a fault, if there is somebody who minds.
func (p *path) fault(rule Rule, at int, by Client, text string) {
	if by != 0 {
		p.faults = append(p.faults, Fault{Rule: rule, At: at, Text: text, By: by})
	}
}

// by is the set of those for whom it is true.
func by(openssl, golang, java bool) (c Client) {
	for i, refuses := range []bool{openssl, golang, java} {
		if refuses {
			c |= 1 << i
		}
	}
	return c
}

// askGo has crypto/x509 judge. It has the last word on what Go does.
func (p *path) askGo() {
	if slices.Contains(p.strict, nil) {
		p.without(func(Fault) bool { return true })
		return // it can't read a certificate, which is another matter
	}
	if !p.verifiable() {
		return
	}
	err := p.verify(p.strict, map[Purpose]x509.ExtKeyUsage{Server: x509.ExtKeyUsageServerAuth, User: x509.ExtKeyUsageClientAuth}[p.purpose])
	if err == nil {
		// A last one that is not a root was taken for one.
		p.without(func(f Fault) bool { return f.Rule != NoCA || f.At < len(p.chain)-1 || p.anchored })
		return
	}
	if slices.ContainsFunc(p.faults, func(f Fault) bool { return f.By&Go != 0 }) {
		return
	}
	invalid, _ := err.(x509.CertificateInvalidError)
	if invalid.Reason == x509.CANotAuthorizedForThisName {
		for i := range p.faults {
			if p.faults[i].Rule == NameConstraints {
				p.faults[i].By |= Go
				return
			}
		}
		p.fault(NameConstraints, len(p.chain)-1, Go, "the name constraints of a CA don't go with the names of "+p.chain[0].Called()+": "+invalid.Detail)
		return
	}
	p.fault(Other, 0, Go, strings.ReplaceAll(err.Error(), "x509: ", ""))
}

// without takes Go off some faults.
func (p *path) without(which func(Fault) bool) {
	for i, f := range p.faults {
		if which(f) {
			p.faults[i].By &^= Go
		}
	}
	p.faults = slices.DeleteFunc(p.faults, func(f Fault) bool { return f.By == 0 })
}

// verifiable says whether Go's verdict is about this chain's rules, and costs
// little: where an algorithm is what it can't take, that is said elsewhere.
func (p *path) verifiable() bool {
	for i, c := range p.strict {
		if c == nil || c.PublicKey == nil {
			return false
		}
		if key, ok := c.PublicKey.(interface{ Size() int }); ok && (key.Size()*8 > keys.MaxRSABits || key.Size()*8 < 1024) {
			return false
		}
		if i+1 == len(p.strict) {
			break // nobody looks at the signature of the last one
		}
		switch c.SignatureAlgorithm {
		case x509.UnknownSignatureAlgorithm, x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
			return false
		}
	}
	return true
}

// verify has crypto/x509 verify certificates on a day when all are valid. Usage
// zero is any.
func (p *path) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{usage}}
	timeless := make([]*x509.Certificate, len(chain))
	for i, c := range chain {
		copied := *c
		copied.NotBefore, copied.NotAfter = someDay, someDay
		timeless[i] = &copied
	}
	opts.CurrentTime = someDay
	last := len(timeless) - 1
	opts.Roots.AddCert(timeless[last])
	for _, c := range timeless[1:max(1, last)] {
		opts.Intermediates.AddCert(c)
	}
	_, err := timeless[0].Verify(opts)
	return err
}
