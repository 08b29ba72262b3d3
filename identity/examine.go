package identity

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/certpath"
	"gokeytool/finding"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

const (
	// ExpiresSoon is how long before its end a certificate deserves a
	// warning: CAs renew theirs about so long before.
	ExpiresSoon = 30 * 24 * time.Hour
	// maxAppleLife is the longest life that macOS 10.15, iOS 13 and later
	// accept of a server's certificate, whoever issued it. A minute more is
	// for those whose ends are both counted.
	maxAppleLife = 825*24*time.Hour + time.Minute
	// minRSA is the shortest RSA key, in bits, that browsers and Java's
	// successors accept; maxRSA the longest that crypto/tls does.
	minRSA, maxRSA = 2048, 8192
	// maxChain is the number of certificates in a chain beyond which it is not
	// looked at.
	maxChain = 100
)

// Options say how an identity is judged. The zero value is good.
type Options struct {
	// Now is the time to judge by; zero is the present.
	Now time.Time
	// Horizon is how long before its end a certificate deserves a warning;
	// zero is ExpiresSoon.
	Horizon time.Duration
	// Host is the name or the IP address that a client asks for, which has to be
	// among the certificate's; empty for any.
	Host string
}

// Examine looks at an identity by itself: whether the key belongs to the
// certificate, the chain is whole and in order, names, dates, usage and strength
// are good, and the key type is one that TLS can use here. It gives one finding for
// each, in this order; a certificate that can't be read ends it early.
func Examine(id Identity, o Options) finding.Checks {
	e, broken := newExamination(id, o)
	if broken != nil {
		return finding.Checks{*broken}
	}
	if e.strict[0] == nil {
		last := e.unreadable()
		if UnsupportedKey(e.certs[0]) != nil {
			last = e.suites()
		}
		return finding.Checks{e.key(), e.chain(), e.dates(), last}
	}
	names := e.names
	if o.Host != "" {
		names = func() finding.Finding { return e.matches(o.Host) }
	}
	checks := finding.Checks{e.key(), e.chain(), names(), e.dates(), e.usage(), e.strength(), e.suites()}
	if id.NoPSS {
		checks = append(checks, finding.Finding{Check: "PSS", Severity: finding.Warning,
			Text: "the token makes no RSA-PSS signatures with this key, which TLS 1.3 needs: clients get TLS 1.2 alone"})
	}
	return checks
}

// Renewal says how to replace the certificate of an identity, as Examine does
// where it has ended or will within the horizon; it is empty where the
// certificate can't be read.
func Renewal(id Identity, o Options) string {
	e, broken := newExamination(id, o)
	if broken != nil {
		return ""
	}
	return e.renew(0)
}

// Replacement says how to replace a certificate at once, which is not to be used any
// more; it is empty where that can't be read.
func Replacement(id Identity, o Options) string {
	e, broken := newExamination(id, o)
	if broken != nil {
		return ""
	}
	return e.reissue(nil)
}

// examination is what the checks of an identity share.
type examination struct {
	id   Identity
	now  time.Time
	soon time.Duration // before its end a certificate deserves a warning
	// purpose is what the leaf is for.
	purpose x509util.Purpose
	// certs is the chain; strict the same as crypto/x509 reads it, with nil
	// for what it refuses.
	certs     []*x509util.Certificate
	strict    []*x509.Certificate
	strictErr error // why strict[0] is nil
}

// HiddenChain says of a key without a chain that its own certificate, which is
// called so, is in the keystore where Java does not find it.
func HiddenChain(called string) string {
	return fmt.Sprintf("Java finds no certificate for this key, though its own is in the file (%s): neither localKeyID nor name say that they belong together", called)
}

func newExamination(id Identity, o Options) (*examination, *finding.Finding) {
	e := &examination{id: id, now: o.Now, soon: cmp.Or(o.Horizon, ExpiresSoon)}
	if e.now.IsZero() {
		e.now = time.Now()
	}
	if len(id.Chain) == 0 && id.Hidden != "" {
		return nil, &finding.Finding{Check: "key", ID: "hidden-chain", Text: HiddenChain(id.Hidden), Remedy: e.keystore().Operand([]string{"migrate"})}
	}
	if len(id.Chain) == 0 {
		return nil, &finding.Finding{Check: "key", ID: "no-certificate", Text: "there is no certificate with the key",
			Remedy: e.bind("")}
	}
	if len(id.Chain) > maxChain {
		return nil, &finding.Finding{Check: "chain", ID: "limit", Text: fmt.Sprintf("the chain has %d certificates, more than the %d that are looked at: clients refuse more than ten", len(id.Chain), maxChain),
			Remedy: e.complete("")}
	}
	for i, der := range id.Chain {
		lenient, err := x509util.ParseCertificate(der)
		if err != nil {
			return nil, &finding.Finding{Check: "chain", ID: "unreadable-certificate", Text: fmt.Sprintf("certificate %d of %d can't be read: %v", i+1, len(id.Chain), err),
				Remedy: e.bring("CHAIN", "")}
		}
		strict, err := x509.ParseCertificate(der)
		if i == 0 {
			e.strictErr = err
		}
		e.certs = append(e.certs, lenient)
		e.strict = append(e.strict, strict)
	}
	e.purpose = x509util.PurposeOf(e.certs[0], x509util.Use{Served: id.Served})
	return e, nil
}

// selfSigned reports whether the chain is a single certificate that issued
// itself: the owner can make a new one without asking a CA.
func (e *examination) selfSigned() bool {
	return len(e.certs) == 1 && e.certs[0].SelfSigned()
}

func (e *examination) key() finding.Finding {
	c := finding.Finding{Check: "key"}
	if e.id.Key == nil {
		c.ID, c.Text = "no-key", "there is no private key"
		return c
	}
	public, err := keys.MarshalPublic(e.id.Key.Public())
	if err != nil {
		c.ID, c.Text = "unknown-key", "the private key can't be compared with the certificate's: "+err.Error()
		return c
	}
	if !bytes.Equal(public, e.certs[0].SPKI) && !e.sameKey() {
		c.ID, c.Text = "key-mismatch", "the private key does not belong to the certificate: "
		if e.purpose.Open() {
			c.Text += "every handshake will fail"
		} else {
			c.Text += "nothing that it signs can be verified"
		}
		c.Remedy = e.bind("the one that was issued for this key")
		if at := slices.IndexFunc(e.certs, func(o *x509util.Certificate) bool { return bytes.Equal(public, o.SPKI) }); at > 0 {
			c.Text += fmt.Sprintf("; it belongs to certificate %d", at+1)
			c.Remedy = e.complete("")
		}
		return c
	}
	c.Severity, c.Text = finding.Good, e.certs[0].KeyName()+"; it belongs to the certificate"
	return c
}

// sameKey compares the keys where their encodings differ: RSA's parameters may
// be left out, and a point may be compressed.
func (e *examination) sameKey() bool {
	own, ok := e.id.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	theirs, err := e.certs[0].PublicKey()
	return ok && err == nil && own.Equal(theirs)
}

// relation is what is known of certificate j as the issuer of certificate i. The
// standard library knows a curve more than Java does, P-224.
func (e *examination) relation(i, j int) x509util.Relation {
	relation := e.certs[i].IssuedBy(e.certs[j])
	child, parent := e.strict[i], e.strict[j]
	if relation != x509util.Unverifiable || child == nil || parent == nil {
		return relation
	}
	if key, ok := parent.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P224() {
		return relation
	}
	switch err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature); {
	case err == nil:
		return x509util.Issued
	case strings.Contains(err.Error(), "verification failure"):
		return x509util.WrongSignature
	}
	return relation
}

// doubts are what is to be said of the signatures that can't be verified.
func (e *examination) doubts() []string {
	var texts []string
	for i := range max(1, len(e.certs)-1) {
		j := min(i+1, len(e.certs)-1)
		if e.relation(i, j) == x509util.Unverifiable {
			texts = append(texts, e.certs[i].UnverifiableText(e.certs[j]))
		}
	}
	return texts
}

// UnsupportedKey is the reason why nothing here can use a certificate's key; nil
// where it is of a kind that is known.
func UnsupportedKey(c *x509util.Certificate) error {
	_, err := c.PublicKey()
	if reason, ok := errors.AsType[*keys.UnsupportedError](err); ok {
		return reason
	}
	return nil
}

// unreadable stands for the checks that need a certificate which crypto/x509
// reads.
func (e *examination) unreadable() finding.Finding {
	return finding.Finding{Check: "names", ID: "odd-certificate", Remedy: e.reissue(nil),
		Text: fmt.Sprintf("Go's TLS clients can't read the certificate (%s); others may", Plain(e.strictErr))}
}

// Plain is an error of crypto/x509 without the name of that package.
func Plain(err error) string { return strings.ReplaceAll(err.Error(), "x509: ", "") }

func (e *examination) chain() finding.Finding {
	c := finding.Finding{Check: "chain"}
	for i, cert := range e.certs[:len(e.certs)-1] {
		issuer := e.certs[i+1]
		if at := e.before(i + 1); at >= 0 && !cert.SelfSigned() && !issuer.SelfSigned() {
			c.ID, c.Text = "chain-order", fmt.Sprintf("certificate %d (%s) is certificate %d again", i+2, issuer.Called(), at+1)
			c.Remedy = e.complete("")
			return c
		}
		relation := e.relation(i, i+1)
		if relation == x509util.OtherIssuer {
			c.Text = fmt.Sprintf("certificate %d (%s) is followed by %s, which did not issue it: ", i+1, cert.Called(), issuer.Called())
			named := func(o *x509util.Certificate) bool { return o.Subject.Equal(cert.Issuer) }
			switch {
			case cert.SelfSigned():
				c.ID = "chain-order"
				c.Text += "it is self-signed, and the rest does not belong to it"
				c.Remedy = e.complete("")
			case named(issuer):
				c.ID = "chain-broken"
				c.Text += "it has another key than the one that signed"
				c.Remedy = e.bring("CHAIN", "with the issuer's present certificate")
			case slices.ContainsFunc(e.certs, named):
				c.ID = "chain-order"
				c.Text += "the chain is out of order"
				c.Remedy = e.complete("")
			default:
				c.ID = "chain-incomplete"
				c.Text += fmt.Sprintf("its issuer %s is missing", cert.Issuer)
				c.Remedy = e.complete("CAFILE")
			}
			return c
		}
		if relation == x509util.WrongSignature {
			c.ID, c.Text = "chain-broken", fmt.Sprintf("the signature of %s on %s is wrong", issuer.Called(), cert.Called())
			c.Remedy = e.bring("CHAIN", "with the issuer's present certificate")
			return c
		}
	}

	last := len(e.certs) - 1
	top := e.certs[last]
	doubts := e.doubts()
	signatures := "each signature good"
	if len(doubts) > 0 {
		signatures = "not each signature verified"
	}
	switch {
	case top.SelfSigned():
		if e.relation(last, last) == x509util.WrongSignature {
			c.ID, c.Text = "chain-broken", fmt.Sprintf("the signature of %s on itself is wrong", top.Called())
			return c
		}
		c.Severity = finding.Good
		switch {
		case last > 0:
			c.Text = fmt.Sprintf("%d certificates, in order, %s, up to the root %s", len(e.certs), signatures, top.Called())
		case len(doubts) > 0:
			c.Text = "self-signed"
		default:
			c.Text = "self-signed: clients must be given this very certificate to trust"
		}
	case last == 0:
		c.ID, c.Text = "chain-incomplete", fmt.Sprintf("the certificate of its issuer %s is missing", top.Issuer)
		c.Remedy = e.complete("CAFILE")
	default:
		// Whether more is missing depends on what clients hold: public
		// roots are left out of chains as a rule.
		c.Severity, c.ID = finding.Warning, "chain-without-root"
		c.Text = fmt.Sprintf("%d certificates, in order, %s; they end at %s, whose issuer %s clients must know", len(e.certs), signatures, top.Called(), top.Issuer)
	}
	if !c.OK() {
		return c
	}
	if faults := certpath.Judge(e.certs, certpath.For(e.purpose)); len(faults) > 0 {
		return finding.Finding{Check: c.Check, ID: "chain-broken", Text: certpath.Refusals(faults), Remedy: e.repair(faults[0])}
	}
	if odd := e.oddIssuers(); len(odd) > 0 {
		c.Severity, c.ID = finding.Warning, "odd-certificate"
		c.Text += "; " + strings.Join(odd, "; ")
	}
	if len(doubts) > 0 {
		c.Severity, c.ID = finding.Warning, "chain-unverified"
		c.Text += "; " + strings.Join(doubts, "; ")
	}
	return c
}

// oddIssuers are those that Go can't read, though their keys are of known kinds: a
// client fails on the first that is sent.
func (e *examination) oddIssuers() (texts []string) {
	for i, c := range e.certs {
		if i == 0 || e.strict[i] != nil || UnsupportedKey(c) != nil {
			continue
		}
		if _, err := x509.ParseCertificate(e.id.Chain[i]); err != nil {
			texts = append(texts, fmt.Sprintf("Go's TLS clients can't read %s (%s); others may", c.Called(), Plain(err)))
		}
	}
	return texts
}

// before is where in the chain certificate i has been already, -1 if it has not.
func (e *examination) before(i int) int {
	return slices.IndexFunc(e.certs[:i], func(c *x509util.Certificate) bool { return bytes.Equal(c.Raw, e.certs[i].Raw) })
}

func (e *examination) names() finding.Finding {
	c := finding.Finding{Check: "names"}
	list := subjectNames(e.strict[0])
	hosts := len(e.strict[0].DNSNames) + len(e.strict[0].IPAddresses)
	switch {
	case hosts > 0:
		c.Severity, c.Text = finding.Good, text.Elide(list, 6)
	case len(list) > 0:
		c.Text = "the alternative names (" + text.Elide(list, 6) + ") name no host: browsers, Java and others refuse the certificate"
	case e.certs[0].Subject.CommonName() != "":
		c.Text = fmt.Sprintf("there is no subject alternative name; browsers and Go ignore the common name %q", e.certs[0].Subject.CommonName())
	default:
		c.Text = "there is no subject alternative name"
	}
	if !c.OK() {
		c.ID, c.Remedy = "names", e.rename(e.hostNames()...)
		return c
	}
	return e.served(c)
}

// served checks that the certificate is good for the names under which it is
// served.
func (e *examination) served(c finding.Finding) finding.Finding {
	var missing, shown []string
	for _, name := range e.id.Names {
		if e.strict[0].VerifyHostname(strings.Replace(name, "*", "any", 1)) != nil {
			missing = append(missing, name)
			shown = append(shown, console.Line(name))
		}
	}
	if missing == nil {
		return c
	}
	c.Severity, c.ID = finding.Error, "host-name"
	noun := "the name it is"
	if len(missing) > 1 {
		noun = "names it is"
	}
	c.Text = fmt.Sprintf("the certificate is not good for %s, %s to be served under", text.Elide(shown, 6), noun)
	for i, name := range missing {
		missing[i] = x509util.HostName(name)
	}
	c.Remedy = e.rename(missing...)
	return c
}

// hostNames are the names under which it is served, as alternative names.
func (e *examination) hostNames() (names []string) {
	for _, name := range e.id.Names {
		names = append(names, x509util.HostName(name))
	}
	return names
}

// matches checks that the certificate is good for a host: a name or an IP
// address.
func (e *examination) matches(host string) finding.Finding {
	c := e.names()
	if !c.OK() {
		return c
	}
	if err := e.strict[0].VerifyHostname(host); err != nil {
		c.Severity, c.ID = finding.Error, "host-name"
		c.Text = fmt.Sprintf("%s is not among the names: %s", host, c.Text)
		c.Remedy = e.rename(x509util.HostName(host))
		return c
	}
	c.Text = fmt.Sprintf("good for %s: %s", host, c.Text)
	return c
}

func (e *examination) dates() finding.Finding {
	c := finding.Finding{Check: "dates", Severity: finding.Good}
	end := e.certs[0].NotAfter
	for i, cert := range e.certs {
		who := "the certificate"
		if i > 0 {
			who = "the CA certificate " + cert.Called()
		}
		switch {
		case e.now.Before(cert.NotBefore):
			c.Severity, c.ID = finding.Error, "not-yet-valid"
			c.Text = fmt.Sprintf("%s is not valid until %s, in %s", who, x509util.Day(cert.NotBefore), x509util.Span(cert.NotBefore.Sub(e.now)))
			c.Remedy = shell.Comment("check this machine's clock; else wait, or issue it again with -startdate")
			return c
		case e.now.After(cert.NotAfter):
			c.Severity, c.ID = finding.Error, "expired"
			c.Text = fmt.Sprintf("%s expired on %s, %s ago", who, x509util.Day(cert.NotAfter), x509util.Span(e.now.Sub(cert.NotAfter)))
			c.Remedy = e.renew(i)
			return c
		case i == 0 && e.id.ACME != nil && !e.id.ACME.Overdue(e.now): // soon enough for its CA
		case cert.NotAfter.Sub(e.now) < e.soon && !c.Warn():
			c.Severity, c.ID = finding.Warning, "expires-soon"
			c.Text = fmt.Sprintf("%s expires on %s, in %s", who, x509util.Day(cert.NotAfter), x509util.Span(cert.NotAfter.Sub(e.now)))
			c.Remedy = e.renew(i)
		}
		if cert.NotAfter.Before(end) {
			end = cert.NotAfter
		}
	}
	if c.Warn() {
		return c
	}
	c.Text = fmt.Sprintf("valid until %s, %s from now", x509util.Day(end), x509util.Span(end.Sub(e.now)))
	if e.id.ACME != nil {
		c.Text += fmt.Sprintf("; renewed by ACME (%s) from %s on", console.Line(e.id.ACME.CA), x509util.Day(e.id.ACME.Due))
	}
	if days, long := LongLife(e.certs[0]); long && e.purpose.Open() {
		c.Severity, c.ID = finding.Warning, "long-life"
		c.Text += fmt.Sprintf("; macOS and iOS refuse certificates made for more than 825 days (this: %d)", days)
		if e.selfSigned() { // else it is the CA's choice
			c.Remedy = e.reissue([]string{"-validity", "365"})
		}
	}
	return c
}

// LongLife says for how many days a certificate was made, and whether they are
// more than macOS and iOS accept of a server's.
func LongLife(c *x509util.Certificate) (days int, long bool) {
	life := c.NotAfter.Sub(c.NotBefore)
	return int(life.Hours() / 24), life > maxAppleLife
}

func (e *examination) usage() finding.Finding {
	c := finding.Finding{Check: "usage", Severity: finding.Good}
	leaf := e.strict[0]
	server := slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
	switch {
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		c.Severity = finding.Error
		c.Text = "KeyUsage lacks digitalSignature, which ECDHE suites and TLSv1.3 need"
	case len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0:
		c.Severity = finding.Warning
		c.Text = "there is no ExtendedKeyUsage; macOS and iOS want serverAuth there"
	case !server:
		c.Severity = finding.Error
		c.Text = "ExtendedKeyUsage lacks serverAuth: the certificate is not for servers"
	default:
		c.Text = "serverAuth"
		return c
	}
	var options []string
	if !c.OK() && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		options = append(options, "-ext", "ku="+e.wishedUsage())
	}
	if !server {
		options = append(options, "-ext", "eku=serverAuth")
	}
	c.ID, c.Remedy = "usage", e.reissue(options)
	return c
}

func (e *examination) strength() finding.Finding {
	c := finding.Finding{Check: "strength"}
	for i, cert := range e.strict {
		if cert == nil {
			continue
		}
		who := e.certs[i].Called()
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok {
			switch bits := key.N.BitLen(); {
			case bits < minRSA:
				c.ID, c.Text = "weak-key", fmt.Sprintf("%s has an RSA key of %d bits: %d are asked for at least", who, bits, minRSA)
			case bits > maxRSA && e.purpose.Open():
				c.ID, c.Text = "long-key", fmt.Sprintf("%s has an RSA key of %d bits: Go's clients accept %d at most", who, bits, maxRSA)
			}
		}
		// The signature of a root on itself is never looked at.
		root := i == len(e.strict)-1 && e.certs[i].SelfSigned()
		switch cert.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			if !root && c.Text == "" {
				c.ID, c.Text = "weak-signature", fmt.Sprintf("%s is signed with %s, which can be forged%s", who, e.certs[i].SigName, e.refused())
			}
		}
		if c.Text != "" {
			switch {
			case i > 0:
				c.Remedy = shell.Comment("the CA must issue it again")
			case c.ID == "weak-signature":
				c.Remedy = e.resign()
			default:
				c.Remedy = e.strengthen()
			}
			return c
		}
	}
	c.Severity = finding.Good
	c.Text = fmt.Sprintf("%s, signed with %s", e.certs[0].KeyName(), e.certs[0].SigName)
	return c
}

// refused says what comes of a weak signature, where that is known.
func (e *examination) refused() string {
	if e.purpose.Open() {
		return ": clients refuse it"
	}
	return ""
}

func (e *examination) suites() finding.Finding {
	c := finding.Finding{Check: "suites", Severity: finding.Good}
	switch key := e.strict0().PublicKey.(type) {
	case *rsa.PublicKey:
		c.Text = "TLSv1.3, and TLS_ECDHE_RSA_* in TLSv1.2"
	case *ecdsa.PublicKey:
		c.Text = "TLSv1.3, and TLS_ECDHE_ECDSA_* in TLSv1.2"
		switch key.Curve {
		case elliptic.P256(), elliptic.P384():
		case elliptic.P521():
			c.Severity = finding.Warning
			c.Text += "; Chromium and its kin can't use secp521r1"
			c.Remedy = e.replace()
		default:
			c.Severity = finding.Error
			c.Text = fmt.Sprintf("no TLS suite here takes a key on %s: secp256r1, secp384r1 and secp521r1 are possible", key.Curve.Params().Name)
			c.Remedy = e.replace()
		}
	case ed25519.PublicKey:
		c.Severity = finding.Warning
		c.Text = "TLSv1.3, and TLS_ECDHE_ECDSA_* in TLSv1.2; browsers can't use Ed25519"
		c.Remedy = e.replace()
	default:
		c.Severity = finding.Error
		c.Text = fmt.Sprintf("no TLS suite here takes a key of type %s: RSA, Ed25519, and EC on secp256r1, secp384r1 and secp521r1 are possible", e.certs[0].KeyName())
		c.Remedy = e.replace()
	}
	if c.Warn() || !c.OK() {
		c.ID = "key-type"
	}
	return c
}

// strict0 is the leaf, or an empty one where crypto/x509 can't read it.
func (e *examination) strict0() *x509.Certificate {
	if e.strict[0] == nil {
		return new(x509.Certificate)
	}
	return e.strict[0]
}
