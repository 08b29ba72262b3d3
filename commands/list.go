package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/internal/jsontime"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/store/token"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type listOptions struct{ acmeDir optional[string] }

func readList(l line) listOptions { return listOptions{l.text("acmeDir")} }

// list prints the entries of a keystore, or the one of -alias.
func list(ctx context.Context, s *session, o listOptions) error {
	if s.opt.verbose && s.opt.rfc {
		s.Stderr.Print("Must not specify both -v and -rfc with 'list' command\n")
		s.Stderr.Print(console.Text(s.table.HelpText("list", s.release)))
		return exitCode(exitError)
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, partial: true}); err != nil {
		return err
	}
	origins, err := s.acmeOrigins(o.acmeDir)
	if err != nil {
		return err
	}
	if s.opt.json {
		return cmp.Or(s.listJSON(origins), s.listedInPart())
	}
	s.warnUnverified()
	l := &lister{session: s, out: s.Stdout.Buffer(), printer: s.printer(), opensKeys: s.ks.CheckCost() == nil}
	if s.ownStyle() && s.opt.verbose {
		l.origins = origins
	}
	err = l.list()
	if flushErr := l.out.Flush(); err == nil {
		err = flushErr
	}
	if err == nil {
		s.warnOfFormat()
		s.hint(s.unmarkedHints(s.ks)...)
		s.hint(s.hiddenHints(s.ks)...)
		err = s.listedInPart()
	}
	return err
}

// listedInPart is the error of a list that is not whole: keytool thinks nothing
// of it.
func (s *session) listedInPart() error {
	if !s.unread() {
		return nil
	}
	if !s.ownStyle() {
		s.hint(s.unreadHints()...)
		return nil
	}
	return s.notRead()
}

// notRead is the error of what is not known of a keystore for want of its password, or
// of a token's PIN.
func (s *session) notRead() error {
	if s.ks.public {
		return withHint(fmt.Errorf("%s needs its PIN, and none was given: its keys were not seen, and with them their entries", s.ks.path), pinHint("storepass"))
	}
	return noPassword(s.ks.path, "storepass")
}

// lister writes the text of -list.
type lister struct {
	*session
	out     *console.Writer
	printer *keytool.Printer
	// Keys are opened, for a warning, only where that takes no long time.
	opensKeys bool
	origins   *acmeOrigins // nil where nothing is said about them
}

// label is what warnings call an entry.
func (l *lister) label(alias string) string {
	if l.alias().given {
		return "The certificate"
	}
	return "<" + alias + ">"
}

func (l *lister) list() error {
	if l.alias().given {
		e, err := l.listed()
		if err != nil {
			return err
		}
		return l.entry(l.alias().value, e)
	}
	all := l.shown()
	entries := text.CountGrouped(len(all), "entry", "entries")
	l.out.Printf("Keystore type: %s\nKeystore provider: %s\n", l.typ(), l.provider())
	if l.ks.token != nil && l.ownStyle() {
		l.out.Printf("Token: %s\n", tokenLine(l.ks.token.Info()))
	}
	l.out.Print("\n")
	if l.ownStyle() && l.unread() {
		what := "password"
		if l.ks.public {
			what = "PIN"
		}
		l.out.Printf("Of your keystore %s can be seen without its %s\n\n", entries, what)
	} else {
		l.out.Printf("Your keystore contains %s\n\n", entries)
	}
	for _, e := range all {
		if err := l.entry(l.ks.printedAlias(e), e); err != nil {
			return err
		}
		if l.opt.verbose || l.opt.rfc {
			l.out.Print("\n\n*******************************************\n*******************************************\n\n\n")
		}
	}
	l.others()
	return nil
}

// listed is the entry of -alias. In our own style one that may be in what was
// not read is not called missing.
func (s *session) listed() (*entry.Entry, error) {
	e, err := s.ks.get(s.alias().value)
	if err != nil && s.ownStyle() && s.unread() {
		err = s.notRead()
	}
	return e, err
}

// shown are the entries to list: in keytool's style without those that Java
// does not see, and of several with one alias only the last.
func (l *lister) shown() []*entry.Entry {
	all := l.ks.Sorted()
	if l.req.Style == argv.Subcommand {
		return all
	}
	kept := make(map[*entry.Entry]bool, len(all))
	for _, e := range l.ks.JavaOrder() {
		kept[e] = true
	}
	return slices.DeleteFunc(all, func(e *entry.Entry) bool { return !kept[e] || pkcs12.HiddenFromJava(e) })
}

// provider is the Java security provider that keytool names for the type.
func (l *lister) provider() string {
	switch {
	case l.opt.providername.given:
		return l.opt.providername.value
	case l.ks.token != nil:
		return cmp.Or(l.ks.place.provider, "gokeytool")
	}
	switch l.ks.typ {
	case string(store.JCEKS):
		return "SunJCE"
	case string(store.BKS), string(store.UBER):
		return "BC"
	case string(store.PEM), string(store.DER), string(store.PKCS7):
		return "gokeytool"
	}
	return "SUN"
}

// entry writes one entry.
func (l *lister) entry(alias string, e *entry.Entry) error {
	detailed := l.opt.verbose || l.opt.rfc
	created := keytool.MediumDate(l.created(e), l.printer.Location)
	switch { // a token keeps no dates
	case l.ks.token != nil && detailed:
		l.out.Printf("Alias name: %s\nEntry type: ", alias)
	case l.ks.token != nil:
		l.out.Printf("%s, ", alias)
	case detailed:
		l.out.Printf("Alias name: %s\nCreation date: %s\nEntry type: ", alias, created)
	default:
		l.out.Printf("%s, %s, ", alias, created)
	}
	switch {
	case e.Kind == entry.PrivateKey && (len(e.Chain) > 0 || l.ks.Type() == store.PKCS12):
		return l.privateKey(alias, e, detailed)
	case e.Kind == entry.TrustedCertificate:
		return l.trustedCertificate(alias, e, detailed)
	}
	// Java takes a private key without certificates in JKS for a secret one.
	l.kind(entry.SecretKey, detailed)
	if err := l.keyOnToken(e); err != nil {
		return err
	}
	l.warnOfSecretEntry(alias, e)
	return nil
}

// kind ends the line that says what an entry is.
func (l *lister) kind(k entry.Kind, detailed bool) {
	format := "%s, \n"
	if detailed {
		format = "%s\n"
	}
	l.out.Printf(format, k)
}

// typ is the keystore's type, as Java writes it.
func (l *lister) typ() string {
	if l.ks.typ == string(store.CaseExactJKS) {
		return strings.ToUpper(l.ks.typ)
	}
	return l.ks.typ
}

// warnOfSecretEntry warns of a weak secret key, as keytool does since JDK 21
// where the keystore's password opens it.
func (l *lister) warnOfSecretEntry(alias string, e *entry.Entry) {
	if l.release < jdk.Release21 || e.Kind != entry.SecretKey || l.ks.password == nil && l.ks.token == nil || !l.opensKeys {
		return
	}
	if key, err := l.ks.Key(e.Alias, l.ks.password); err == nil {
		l.keep(key)
		l.warnOfSecretKey(l.label(alias), key)
	}
}

// created is when the entry was made; where the file does not say, Java says
// now.
func (l *lister) created(e *entry.Entry) time.Time {
	if e.Created.IsZero() {
		return l.Now()
	}
	return e.Created
}

// came says how an entry's certificate came, where that is to be said.
func (l *lister) came(alias string, e *entry.Entry) {
	if l.origins == nil {
		return
	}
	for _, line := range l.origins.tell(alias, e) {
		l.out.Printf("%s: %s\n", line[0], line[1])
	}
}

func (l *lister) privateKey(alias string, e *entry.Entry, detailed bool) error {
	l.kind(e.Kind, detailed)
	l.came(alias, e)
	if err := l.keyOnToken(e); err != nil {
		return err
	}
	if len(e.Chain) == 0 {
		if l.ownStyle() && l.unread() {
			l.out.Print("Certificate chain: not read, for want of the password\n")
		} else {
			l.out.Print("Certificate chain length: 0\n")
		}
		return nil
	}
	if !detailed {
		l.fingerprint(e.Chain[0])
		l.warnOfChain(l.label(alias), e.Chain)
		return nil
	}
	l.out.Printf("Certificate chain length: %d\n", len(e.Chain))
	for i, c := range e.Chain {
		l.out.Printf("Certificate[%s]:\n", text.Group(i+1))
		if err := l.certificate(alias, i, c); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) trustedCertificate(alias string, e *entry.Entry, detailed bool) error {
	l.kind(e.Kind, detailed)
	l.came(alias, e)
	if !detailed {
		l.fingerprint(e.Chain[0])
		l.warnOfDER(l.label(alias), e.Chain[0].DER)
		return nil
	}
	l.out.Print("\n")
	return l.certificate(alias, 0, e.Chain[0])
}

func (l *lister) fingerprint(c entry.Certificate) {
	l.out.Printf("Certificate fingerprint (SHA-256): %s\n", x509util.Fingerprint(x509util.Encoded(c.DER), "SHA-256"))
}

// certificate writes the i-th certificate of an entry in full, with -v as
// text, with -rfc as PEM.
func (l *lister) certificate(alias string, i int, c entry.Certificate) error {
	parsed, err := x509util.ParseCertificate(c.DER)
	switch {
	case l.opt.rfc:
		l.out.Binary(x509util.EncodePEM("CERTIFICATE", x509util.Encoded(c.DER), l.release))
	case err != nil:
		l.out.Printf("(this certificate can't be read: %s)\n", err.Error())
	default:
		if err := l.printer.Certificate(l.out.Lines(), parsed); err != nil {
			return err
		}
	}
	if err == nil {
		l.warn(l.judge().Certificate(l.label(alias), parsed, keytool.Standing{
			Trusted: l.trusted(parsed), Issuing: i > 0 || !parsed.EndEntity(),
		})...)
	}
	return nil
}

// keyOnToken writes what list -v says of an entry's key.
func (l *lister) keyOnToken(e *entry.Entry) error {
	if l.ks.device == nil || !l.ownStyle() || !l.opt.verbose || e.Kind == entry.TrustedCertificate {
		return nil
	}
	a, err := l.ks.device.Attributes(e)
	if err != nil {
		return err
	}
	l.out.Printf("Key on the token: %s\n", keyLine(a))
	return nil
}

// others writes, in our own style, what is on a token and no entry.
func (l *lister) others() {
	if l.ks.device == nil || !l.ownStyle() || l.alias().given {
		return
	}
	others := l.ks.device.Others()
	if len(others) == 0 {
		return
	}
	l.out.Print("\nAlso on the token, but no entries:\n")
	for _, o := range others {
		l.out.Printf("  %s\n", otherLine(o))
		if o.Kind == "private key" {
			l.hint("to make the private key an entry, by a certificate that it signs itself, for a CA's to take its place: " + l.bareLine(o))
		}
	}
}

// bareLine makes a key without a certificate an entry.
func (l *lister) bareLine(o token.Other) string {
	place := *l.ks.place
	alias := o.Label
	if alias == "" {
		alias = "ALIAS"
	}
	words := []string{"gokeytool", "selfcert", "-alias", alias, "-dname", "CN=NAME", "-keystore", place.object(o)}
	return shell.Line(append(words, l.again("storepass")...)...)
}

// jsonList is what list prints.
type jsonList struct {
	Version  int         `json:"version"`
	Keystore string      `json:"keystore"`
	Type     string      `json:"type"`
	Verified bool        `json:"verified"`         // the password has proved that nobody changed it
	Unread   bool        `json:"unread,omitempty"` // for want of a password there may be more
	Token    *jsonToken  `json:"token,omitempty"`  // where the keystore is one
	Entries  []jsonEntry `json:"entries"`
	Warnings []string    `json:"warnings"`
}

// jsonEntry is an entry of a keystore.
type jsonEntry struct {
	Alias   string            `json:"alias"`
	Kind    string            `json:"kind"` // privateKey, trustedCertificate or secretKey
	Created *jsontime.Time    `json:"created"`
	Chain   []jsonCertificate `json:"chain"`
	Key     *jsonTokenKey     `json:"key,omitempty"`  // of one on a token
	ACME    *jsonACME         `json:"acme,omitempty"` // how it came, where that is known
	// Hidden: Java does not list it.
	Hidden bool `json:"hiddenFromJava,omitempty"`
}

// listJSON prints the entries of the keystore, which is open, or that of
// -alias.
func (s *session) listJSON(origins *acmeOrigins) error {
	out := jsonList{Version: jsonSchema, Keystore: s.ks.path, Type: string(s.ks.Type()), Verified: s.ks.Verified(), Unread: s.unread(), Token: s.ks.tokenJSON(), Entries: []jsonEntry{}}
	entries := s.ks.Sorted()
	if s.alias().given {
		e, err := s.listed()
		if err != nil {
			return err
		}
		entries = []*entry.Entry{e}
	}
	for _, e := range entries {
		alias := s.ks.printedAlias(e)
		described := jsonEntry{Alias: alias, Kind: jsonKind(e.Kind), Chain: []jsonCertificate{}, ACME: origins.json(alias, e), Hidden: pkcs12.HiddenFromJava(e)}
		var err error
		if described.Key, err = s.ks.tokenKeyJSON(e); err != nil {
			return err
		}
		if !e.Created.IsZero() {
			described.Created = jsonTime(e.Created)
		}
		for _, c := range e.Chain {
			described.Chain = append(described.Chain, describeCertificate(x509util.Encoded(c.DER)))
		}
		s.warnOfChain("<"+alias+">", e.Chain)
		out.Entries = append(out.Entries, described)
	}
	s.warnOfFormat()
	out.Warnings = s.takeWarnings()
	return s.printJSON(out)
}
