package check

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/certpath"
	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/jsontime"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// entry looks at one entry and lists it.
func (x *examination) entry(e *entry.Entry) {
	alias := x.store.JavaAlias(e)
	if pkcs12.HiddenFromJava(e) {
		alias = e.Alias
	}
	x.Entries = append(x.Entries, Entry{Alias: alias, Kind: e.Kind.String(), Created: jsontime.New(e.Created), Chain: x.chainOf(e.Chain)})
	managed := x.managed(e)
	if managed != nil {
		x.Entries[len(x.Entries)-1].ACME = &Renewal{managed.CA, jsontime.New(managed.Due)}
	}
	if !e.Created.IsZero() && !jsontime.Fits(e.Created) {
		x.find(finding.Warning, "odd-date", alias, fmt.Sprintf("the entry was made in the year %d, as the file has it", e.Created.UTC().Year()), "")
	}
	defer x.unserved(alias, len(x.Findings))
	certs, err := parse(e.Chain)
	if !x.refused(alias, e.Chain) && err != nil {
		x.find(finding.Error, "unreadable-certificate", alias, err.Error(), x.takeOut(alias))
	}
	switch e.Kind {
	case entry.PrivateKey:
		key := x.privateKey(e, alias)
		switch {
		case len(e.Chain) == 0 && x.partial():
		case len(e.Chain) == 0 && x.Type == store.PEM && x.store.Len() > 1:
			// There a chain is what belongs to the key.
			x.find(finding.Error, "key-mismatch", alias, "no certificate belongs to this private key: it proves nothing to anybody", "")
		case len(e.Chain) == 0 && x.hiddenChain(key, alias):
		case len(e.Chain) == 0:
			x.find(finding.Error, "no-certificate", alias, "there is no certificate with the key", x.key(alias).KeyLine([]string{"import", "-noprompt", "-backup", "-alias", alias}, "-keyfile", x.Path, "-file", "CERTIFICATE"))
		case err == nil:
			x.identity(e, alias, key, certs, managed)
		}
	case entry.SecretKey:
		x.secretKey(e, alias)
	case entry.TrustedCertificate:
		if err == nil {
			x.trusted(alias, certs[0])
		}
	}
}

// refused says which certificates of an entry Java can't read. One is enough,
// and Java opens no entry of the keystore.
func (x *examination) refused(alias string, chain []entry.Certificate) (found bool) {
	for i, c := range chain {
		refused := keytool.RefusedByJava(c.Type, c.DER)
		if refused == nil || x.Type == store.BKS || x.Type == store.UBER {
			continue
		}
		which := "its certificate"
		if len(chain) > 1 {
			which = fmt.Sprintf("certificate %d of %d", i+1, len(chain))
		}
		found = true
		if x.Type.Unprotected() {
			x.find(finding.Warning, "unreadable-certificate", alias, fmt.Sprintf("%s can't read %s: %s", refused.Readers(), which, refused.Reason()), "")
			continue
		}
		x.refusing = append(x.refusing, refused.Releases...)
		x.find(finding.Error, "unreadable-certificate", alias,
			fmt.Sprintf("%s can't open this keystore at all, because of %s: %s", refused.Readers(), which, refused.Reason()), x.takeOut(alias))
	}
	return found
}

// takeOut is the command that deletes an entry, and keeps the file as it was.
func (x *examination) takeOut(alias string) string {
	if alias == "" || x.token != nil { // from there nothing comes back
		return ""
	}
	return shell.Note(x.keystore().Line([]string{"delete", "-backup", "-alias", alias}), "or put one in its place that Java reads")
}

// notForJava takes Java off the readers of a file, of which some releases
// refuse a certificate.
func (x *examination) notForJava() {
	for i := range x.Readers {
		r := &x.Readers[i]
		if r.Name != "Java" || !r.Reads || len(x.refusing) == 0 {
			continue
		}
		switch {
		case !slices.Contains(x.refusing, jdk.Release25):
			r.Note = "but not 17: see unreadable-certificate"
		case !slices.Contains(x.refusing, jdk.Release17):
			r.Note = "but not 25: see unreadable-certificate"
		default:
			r.Reads, r.Since = false, ""
			r.Note = "because of a certificate in it"
		}
	}
}

// unserved makes warnings of the errors, from that finding on, of an entry that
// the connector does not serve: what its clients see is in order.
func (x *examination) unserved(alias string, from int) {
	if !x.server || alias == x.Serves {
		return
	}
	for i := range x.Findings[from:] {
		if f := &x.Findings[from+i]; f.Severity == finding.Error && f.ID != "unreadable-certificate" { // which closes all to Java
			f.Severity = finding.Warning
		}
	}
}

// parse reads a chain.
func parse(chain []entry.Certificate) ([]*x509util.Certificate, error) {
	certs := make([]*x509util.Certificate, len(chain))
	for i, c := range chain {
		parsed, err := x509util.ParseCertificate(c.DER)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of %d can't be read: %w", i+1, len(chain), err)
		}
		certs[i] = parsed
	}
	return certs, nil
}

// chainOf describes the certificates that can be read.
func (x *examination) chainOf(chain []entry.Certificate) []x509util.Description {
	var list []x509util.Description
	for _, c := range chain {
		if d := x509util.Describe(x509util.Encoded(c.DER)); d.Error == "" {
			list = append(list, d)
		}
	}
	return list
}

// privateKey opens a key with the store's password, else the key's. It
// returns nil where that fails, and then has said why.
func (x *examination) privateKey(e *entry.Entry, alias string) crypto.Signer {
	key, ok := x.unseal(e, alias)
	if !ok {
		return nil
	}
	defer key.Wipe()
	signer, err := identity.PrivateKey(key)
	if err != nil {
		x.find(finding.Warning, "unknown-key", alias, fmt.Sprintf("the key opens, but can't be examined: %v", err), "")
		return nil
	}
	return signer
}

// secretKey opens a secret key.
func (x *examination) secretKey(e *entry.Entry, alias string) {
	if key, ok := x.unseal(e, alias); ok {
		key.Wipe()
	}
}

// unseal opens the key of an entry.
func (x *examination) unseal(e *entry.Entry, alias string) (entry.Key, bool) {
	if x.password == nil {
		return entry.Key{}, false
	}
	if x.server && alias == x.Serves {
		return x.servedKey(alias)
	}
	if x.costly {
		return entry.Key{}, false
	}
	key, err := x.store.KeyOf(e, x.password)
	if err == nil {
		return key, true
	}
	if x.notRecovered(e, alias, err) {
		return entry.Key{}, false
	}
	if !errors.Is(err, entry.ErrPassword) {
		return x.unopened(err, alias)
	}
	if x.o.KeyPassword != nil {
		if key, err := x.store.KeyOf(e, x.o.KeyPassword); err == nil {
			if x.apart == nil {
				x.apart = make(map[string]bool)
			}
			x.apart[alias] = true
			if !x.only {
				x.find(finding.Info, "key-password", alias, "the key has a password of its own: Tomcat needs it as keyPass (certificateKeyPassword)", x.samePassword(alias))
			}
			return key, true
		}
	}
	if x.doubtful {
		x.find(finding.Error, "key-password", alias, "no password that was tried opens this key: Java says: Cannot recover key; the file has no integrity check that would tell whether the password is its own",
			shell.Line("gokeytool", "check", shell.File(x.Path), "-storepass:file", "PASSWORDFILE"))
		return entry.Key{}, false
	}
	severity, remedy := finding.Error, x.samePassword(alias)
	p := x.purposeOf(e)
	if !p.Open() {
		severity = finding.Warning
	}
	if e.Kind == entry.PrivateKey && !p.TLS() {
		remedy = shell.Note(remedy, "not where a program has the key's own, as Gradle's keyPassword")
	}
	if x.server {
		severity = finding.Info // nobody opens it
	}
	x.find(severity, "key-password", alias, "the keystore's password does not open this key: Java says: Cannot recover key", remedy)
	return entry.Key{}, false
}

// unopened says why a key is not seen, where that is not its password.
func (x *examination) unopened(err error, alias string) (entry.Key, bool) {
	if of, ok := errors.AsType[*store.KeyError](err); ok {
		err = of.Err
	}
	if errors.Is(err, entry.ErrLimit) {
		x.beyond(alias, err)
	} else if errors.Is(err, entry.ErrUnsupported) {
		x.find(finding.Warning, "unknown-key", alias, fmt.Sprintf("the key can't be opened here: %v", err), "")
	} else {
		x.find(finding.Error, "damaged-key", alias, fmt.Sprintf("the key can't be read: %v", err), "")
	}
	return entry.Key{}, false
}

// servedKey opens the key that a connector serves, as Tomcat does: with one
// password.
func (x *examination) servedKey(alias string) (entry.Key, bool) {
	c := x.certificate
	if c.KeyPassword != nil {
		x.apart = map[string]bool{alias: true}
	}
	key, err := x.serves.Key()
	if err == nil {
		return key, true
	}
	if !errors.Is(err, entry.ErrPassword) {
		return x.unopened(err, alias)
	}
	own := c.KeyPasswordAttribute()
	switch {
	case c.PEM() && c.KeyPassword == nil:
		x.find(finding.Error, "key-password", alias, "the key is encrypted, and the configuration has no password for it: Tomcat does not start", shell.Comment("set "+own+", or decrypt the key"))
	case c.KeyPassword != nil:
		x.find(finding.Error, "key-password", alias, "the key's password in the configuration does not open this key: Java says: Cannot recover key", shell.Comment("correct "+own+", or leave it out if the key has the keystore's password"))
	default:
		x.find(finding.Error, "key-password", alias, "the keystore's password does not open this key: Java says: Cannot recover key", x.samePassword(alias))
	}
	return entry.Key{}, false
}

// purposeOf is what the certificate of an entry is for.
func (x *examination) purposeOf(e *entry.Entry) x509util.Purpose {
	if len(e.Chain) == 0 {
		return 0
	}
	c, err := x509util.ParseCertificate(e.Chain[0].DER)
	if err != nil {
		return 0
	}
	return x509util.PurposeOf(c, x509util.Use{Served: x.server && x.store.JavaAlias(e) == x.Serves})
}

// samePassword is the command that gives a key the keystore's password.
func (x *examination) samePassword(alias string) string {
	return x.key(alias).KeyLine([]string{"keypasswd", "-same", "-alias", alias})
}

// trusted looks at a trusted certificate. Its signature does not matter, nor
// who issued it: it is trusted for itself.
func (x *examination) trusted(alias string, c *x509util.Certificate) {
	remedy := shell.Note(x.keystore().Line([]string{"delete", "-backup", "-alias", alias}), "if nothing needs it any more")
	if x.token != nil {
		remedy = "" // only its security officer can
	}
	x.dates(alias, 0, 1, c, remedy, false)
	if text := x.weakKey(c); text != "" {
		x.find(finding.Warning, "weak-key", alias, text, "")
	}
	x.beside(alias, c)
}

// keysOf are the private keys by public key, with a certificate that can be read.
func keysOf(entries []*entry.Entry) map[string]*keyEntry {
	keys := make(map[string]*keyEntry)
	for _, e := range entries {
		if e.Kind != entry.PrivateKey || len(e.Chain) == 0 {
			continue
		}
		c, err := x509util.ParseCertificate(e.Chain[0].DER)
		if err != nil {
			continue
		}
		own := keys[string(c.SPKI)]
		if own == nil {
			own = &keyEntry{e, c, make(map[string]bool)}
			keys[string(c.SPKI)] = own
		}
		own.has[string(c.Raw)] = true
	}
	return keys
}

// keyEntry is the first entry of a key.
type keyEntry struct {
	*entry.Entry
	certificate *x509util.Certificate
	has         map[string]bool // the certificates of all entries of the key, by their DER
}

// beside: a trusted certificate that was issued for a key of the store, after the
// one that the key has, or by a CA where that signs itself: a reply that was
// imported under another alias.
func (x *examination) beside(alias string, c *x509util.Certificate) {
	own := x.keys[string(c.SPKI)]
	if own == nil || x.token != nil || x.Type.Unprotected() || x.o.Now.After(c.NotAfter) || own.has[string(c.Raw)] {
		return
	}
	if !c.NotBefore.After(own.certificate.NotBefore) && (c.SelfSigned() || !own.certificate.SelfSigned()) {
		return // what the key had before
	}
	key, k := x.store.JavaAlias(own.Entry), x.keystore()
	x.find(finding.Warning, "reply-beside-key", alias, fmt.Sprintf("this trusted certificate was issued for the key of <%s>, which still has another: whoever shows that key does not show it", key),
		shell.Note(k.Line([]string{"exportcert", "-rfc", "-alias", alias}, "-file", "REPLY")+" && "+
			x.key(key).KeyLine([]string{"importcert", "-backup", "-alias", key}, "-file", "REPLY")+" && "+
			k.Line([]string{"delete", "-alias", alias}), x.purposeOf(own.Entry).Noticed()))
}

// weakKey is what keytool says of a weak key; "" if it is none.
func (x *examination) weakKey(c *x509util.Certificate) string {
	warnings := keytool.Judge{}.Key(c.Called(), c.SPKI)
	if len(warnings) == 0 {
		return ""
	}
	return strings.TrimSuffix(warnings[0], ".")
}

// dates looks at the dates of certificate i of n.
func (x *examination) dates(alias string, i, n int, c *x509util.Certificate, remedy string, key bool) {
	who := "the certificate"
	if i > 0 {
		who = fmt.Sprintf("certificate %d of %d, %s,", i+1, n, c.Called())
	}
	severity, early := finding.Warning, finding.Info
	if key {
		severity, early = finding.Error, finding.Warning
	}
	within := time.Duration(identity.ExpiresSoon)
	if x.o.Within > 0 {
		severity, early, within = finding.Error, finding.Error, x.o.Within
	}
	if !jsontime.Fits(c.NotBefore) || !jsontime.Fits(c.NotAfter) {
		x.find(finding.Warning, "odd-date", alias, fmt.Sprintf("%s is valid from %s to %s: programs that expect a year of four digits fail on it", who, x509util.Day(c.NotBefore), x509util.Day(c.NotAfter)), "")
	}
	switch left := c.NotAfter.Sub(x.o.Now); {
	case x.o.Now.Before(c.NotBefore):
		x.find(severity, "not-yet-valid", alias, fmt.Sprintf("%s is not valid before %s, in %s", who, x509util.Day(c.NotBefore), x509util.Span(c.NotBefore.Sub(x.o.Now))), "")
	case left < 0:
		x.find(severity, "expired", alias, fmt.Sprintf("%s expired on %s, %s ago", who, x509util.Day(c.NotAfter), x509util.Span(-left)), remedy)
	case left < within:
		x.find(early, "expires-soon", alias, fmt.Sprintf("%s expires on %s, in %s", who, x509util.Day(c.NotAfter), x509util.Span(left)), remedy)
	}
}

// Verifying the signature of an RSA key of 2048 bits takes 25 to 40 µs, as long as
// so many iterations of a key derivation. That many are verified for one file.
const (
	signatureRounds = 150
	maxSignatures   = 50_000
)

// verifiable says whether the signatures of a chain are few enough to be verified
// with those before, and its names to be compared with name constraints, and else
// says that they are not.
func (x *examination) verifiable(alias string, chain []*x509util.Certificate) bool {
	if x.signatures == nil {
		x.signatures = entry.NewWork(maxSignatures*signatureRounds, 0, x.o.Limits.Work)
	}
	cost := 0
	for _, c := range chain {
		cost += c.VerifyCost() * signatureRounds
	}
	cost += 2 * certpath.Comparisons(chain) // half a microsecond each
	if x.signatures.Take(cost) {
		return true
	}
	if !x.unverified {
		x.unverified = true
		x.Status = Unchecked
		x.find(finding.Error, "limit", alias, "there are more signatures than are verified for one file: the chains of this and of other entries are not checked", "")
	}
	return false
}

// managed is what is known of the certificate of a key that came by ACME; nil for
// nothing.
func (x *examination) managed(e *entry.Entry) *Managed {
	if x.o.ACME == nil || e.Kind != entry.PrivateKey || len(e.Chain) == 0 {
		return nil
	}
	return x.o.ACME(x509util.Encoded(e.Chain[0].DER))
}

// identity looks at a key and its chain. key is nil if it did not open, managed if
// the certificate did not come by ACME.
func (x *examination) identity(e *entry.Entry, alias string, key crypto.Signer, certs []*x509util.Certificate, managed *Managed) {
	if !x.verifiable(alias, certs) {
		return
	}
	id := IdentityOf(x.store, x.key(alias), e, key)
	id.Alias = alias
	if x.server && alias == x.Serves {
		id = x.serves.Shown(id, x.hosts)
		x.taken(key)
	}
	if managed != nil {
		id.ACME = &managed.ACME
		x.renewal(alias, id, managed)
	}
	checks := identity.Examine(id, identity.Options{Now: x.o.Now})
	find := func(name string) finding.Finding {
		c, ok := checks.Find(name)
		if !ok {
			return finding.Finding{Severity: finding.Good}
		}
		return c
	}
	is := x509util.PurposeOf(certs[0], x509util.Use{Served: id.Served})

	if c := find("key"); !c.OK() && key != nil && !sameKey(key.Public(), certs[0]) {
		x.find(finding.Error, c.ID, alias, c.Text, c.Remedy)
	}
	x.chain(alias, find("chain"), certs)
	x.life(alias, is, id, certs)
	x.strength(alias, find("strength"), is, certs)
	if !is.TLS() {
		return // names, purpose and suites matter to servers
	}
	severity, minor := finding.Warning, finding.Info
	if is&x509util.ForServer != 0 {
		severity, minor = finding.Error, finding.Warning
	}
	switch c := find("names"); {
	case c.OK():
	case c.ID == "odd-certificate":
		x.find(finding.Warning, c.ID, alias, c.Text, c.Remedy)
	default:
		x.find(severity, c.ID, alias, c.Text, c.Remedy)
	}
	switch c := find("usage"); {
	case !c.OK():
		x.find(severity, c.ID, alias, c.Text, c.Remedy)
	case c.Warn():
		x.find(finding.Info, c.ID, alias, c.Text, c.Remedy)
	}
	switch c := find("suites"); {
	case !c.OK():
		x.find(severity, c.ID, alias, c.Text+"; Tomcat starts with it all the same, and every handshake fails", c.Remedy)
	case c.Warn():
		x.find(minor, c.ID, alias, c.Text, c.Remedy)
	}
}

// sameKey compares keys by their encoding, for those of kinds that Go can't
// compare.
func sameKey(public crypto.PublicKey, c *x509util.Certificate) bool {
	spki, err := keys.MarshalPublic(public)
	return err == nil && bytes.Equal(spki, c.SPKI)
}

// chain takes over what is wrong with a chain. What is missing of it may stand in
// the keystore itself.
func (x *examination) chain(alias string, c finding.Finding, certs []*x509util.Certificate) {
	switch {
	case c.ID == "chain-unverified" || c.ID == "odd-certificate":
		x.find(finding.Warning, c.ID, alias, c.Text, "")
	case c.OK() && c.Warn():
		x.find(finding.Info, c.ID, alias, c.Text, "")
	case c.OK():
	case c.ID == "chain-incomplete" && x.holds(certs):
		x.find(finding.Error, c.ID, alias, c.Text, x.keystore().Line([]string{"chain", "-complete", "-alias", alias}))
	default:
		x.find(finding.Error, c.ID, alias, c.Text, c.Remedy)
	}
}

// holds says whether the issuer that is the first to be missing in a chain is a
// trusted certificate of the store.
func (x *examination) holds(chain []*x509util.Certificate) bool {
	subjects := make(map[string]bool, len(chain))
	for _, c := range chain {
		subjects[c.Subject.Key()] = true
	}
	at := slices.IndexFunc(chain, func(c *x509util.Certificate) bool { return !subjects[c.Issuer.Key()] })
	return at >= 0 && x.trustedSubjects()[chain[at].Issuer.Key()]
}

// trustedSubjects are the keys of the names of the trusted certificates.
func (x *examination) trustedSubjects() map[string]bool {
	if x.subjects == nil {
		x.subjects = make(map[string]bool)
		for _, e := range x.store.Entries() {
			if e.Kind != entry.TrustedCertificate {
				continue
			}
			if certs, err := parse(e.Chain); err == nil {
				x.subjects[certs[0].Subject.Key()] = true
			}
		}
	}
	return x.subjects
}

// life looks at the dates of a chain.
func (x *examination) life(alias string, is x509util.Purpose, id identity.Identity, certs []*x509util.Certificate) {
	within := max(identity.ExpiresSoon, x.o.Within)
	for i, cert := range certs {
		remedy := ""
		switch {
		case cert.NotAfter.Sub(x.o.Now) >= within:
		case i == 0 && id.ACME != nil && x.o.Within <= 0 && x.o.Now.Before(cert.NotAfter) && !id.ACME.Overdue(x.o.Now):
			x.find(finding.Info, "expires-soon", alias, fmt.Sprintf("the certificate expires on %s, in %s; it is renewed by ACME from %s on",
				x509util.Day(cert.NotAfter), x509util.Span(cert.NotAfter.Sub(x.o.Now)), x509util.Day(id.ACME.Due)), "")
			continue
		case i > 0 && id.ACME != nil:
			remedy = identity.Replacement(id, identity.Options{Now: x.o.Now})
		case i == 0:
			remedy = identity.Renewal(id, identity.Options{Now: x.o.Now, Horizon: within})
		default:
			remedy = shell.Note(x.key(alias).KeyLine([]string{"importcert", "-alias", alias}, "-file", "CHAIN"), "with the CA's new certificate")
		}
		x.dates(alias, i, len(certs), cert, remedy, true)
	}
	// The same says identity.Examine, but not of a certificate that ends soon.
	if days, long := identity.LongLife(certs[0]); long && is.TLS() {
		remedy := ""
		if len(certs) == 1 && certs[0].SelfSigned() {
			remedy = shell.Note(x.key(alias).KeyLine([]string{"renew", "-alias", alias}, "-validity", "365"), is.Noticed())
		}
		x.find(finding.Info, "long-life", alias, fmt.Sprintf("macOS and iOS refuse server certificates made for more than 825 days (this: %d)", days), remedy)
	}
}

// renewal looks at what is known of a certificate that came by ACME.
func (x *examination) renewal(alias string, id identity.Identity, m *Managed) {
	o := identity.Options{Now: x.o.Now}
	if !m.Revoked.IsZero() {
		x.find(finding.Error, "revoked", alias, fmt.Sprintf("the certificate was revoked on %s (%s)", x509util.Day(m.Revoked), m.Reason), identity.Replacement(id, o))
		return
	}
	if m.ToRun {
		due := m.ACME
		due.Due = time.Time{} // the line does what is left to do, and asks for no other certificate
		id.ACME = &due
		x.find(finding.Warning, "exec-pending", alias, "the command of -exec has not run yet for this certificate, or failed: the server may still show the one before", identity.Renewal(id, o))
	}
	if m.Overdue(x.o.Now) {
		x.find(finding.Warning, "renewal-overdue", alias, fmt.Sprintf("the certificate was to be renewed from %s on, %s ago (%s): nothing runs gokeytool acme, or it fails",
			x509util.Day(m.Due), x509util.Span(x.o.Now.Sub(m.Due)), m.CA), identity.Renewal(id, o))
	}
}

// strength looks at the keys and signatures of a chain. A key that Java
// refuses too is an error, and a signature with MD5.
func (x *examination) strength(alias string, c finding.Finding, is x509util.Purpose, certs []*x509util.Certificate) {
	if c.OK() {
		return
	}
	severity := finding.Warning
	if is&x509util.ForServer != 0 {
		severity = finding.Error
	}
	for i, cert := range certs {
		if strings.HasSuffix(x.weakKey(cert), "is disabled") {
			severity = finding.Error
		}
		root := i == len(certs)-1 && cert.SelfSigned()
		if !root && strings.HasPrefix(cert.SigName, "MD") {
			severity = finding.Error
		}
	}
	x.find(severity, c.ID, alias, c.Text, c.Remedy)
}
