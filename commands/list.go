package commands

import (
	"bufio"
	"context"
	"fmt"
	"time"

	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// list prints the entries of a keystore, or the one of -alias.
func list(ctx context.Context, s *session) error {
	if s.opt.verbose && s.opt.rfc {
		fmt.Fprintln(s.Stderr, "Must not specify both -v and -rfc with 'list' command")
		fmt.Fprint(s.Stderr, s.table.HelpText("list", s.release))
		return exitCode(exitError)
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce}); err != nil {
		return err
	}
	if s.opt.json {
		return s.listJSON()
	}
	s.warnUnverified()
	l := &lister{session: s, out: bufio.NewWriter(s.Stdout), printer: s.printer()}
	err := l.list()
	if flushErr := l.out.Flush(); err == nil {
		err = flushErr
	}
	if err == nil {
		s.warnOfFormat()
		if s.wantHints(s.req.Style) {
			for _, hint := range s.unmarkedHints() {
				fmt.Fprintf(s.Stderr, "gokeytool: %s\n", x509util.Printable(hint))
			}
		}
	}
	return err
}

// lister writes the text of -list.
type lister struct {
	*session
	out     *bufio.Writer
	printer *x509util.Printer
}

func (l *lister) list() error {
	if l.opt.given("alias") {
		e, err := l.ks.get(l.opt.alias)
		if err != nil {
			return err
		}
		return l.entry("The certificate", l.opt.alias, e)
	}
	entries := "entries"
	if l.ks.Len() == 1 {
		entries = "entry"
	}
	fmt.Fprintf(l.out, "Keystore type: %s\nKeystore provider: %s\n\nYour keystore contains %s %s\n\n",
		l.ks.typ, l.provider(), group(int64(l.ks.Len())), entries)
	for _, e := range l.ks.Sorted() {
		alias := l.ks.AliasOf(e.Alias)
		if err := l.entry("<"+alias+">", alias, e); err != nil {
			return err
		}
		if l.opt.verbose || l.opt.rfc {
			fmt.Fprint(l.out, "\n\n*******************************************\n*******************************************\n\n\n")
		}
	}
	return nil
}

// provider is the Java security provider that keytool names for the type.
func (l *lister) provider() string {
	if l.opt.given("providername") {
		return l.opt.providername
	}
	switch l.ks.typ {
	case string(store.JCEKS):
		return "SunJCE"
	case string(store.PEM):
		return "gokeytool"
	}
	return "SUN"
}

// entry writes one entry; label is what warnings call it.
func (l *lister) entry(label, alias string, e *entry.Entry) error {
	detailed := l.opt.verbose || l.opt.rfc
	date := x509util.MediumDate(l.created(e), l.printer.Location)
	if detailed {
		fmt.Fprintf(l.out, "Alias name: %s\nCreation date: %s\n", x509util.Printable(alias), date)
	} else {
		fmt.Fprintf(l.out, "%s, %s, ", x509util.Printable(alias), date)
	}
	switch {
	case e.Kind == entry.PrivateKey && (len(e.Chain) > 0 || l.ks.Type() == store.PKCS12):
		return l.privateKey(label, e, detailed)
	case e.Kind == entry.TrustedCertificate:
		return l.trustedCertificate(label, e, detailed)
	}
	// Java takes a private key without certificates in JKS for a secret one.
	if detailed {
		fmt.Fprintf(l.out, "Entry type: %s\n", entry.SecretKey)
	} else {
		fmt.Fprintf(l.out, "%s, \n", entry.SecretKey)
	}
	l.warnOfSecretEntry(label, e)
	return nil
}

// warnOfSecretEntry warns of a weak secret key, as keytool does since JDK 21
// where the keystore's password opens it.
func (l *lister) warnOfSecretEntry(label string, e *entry.Entry) {
	if l.release < jdk.Release21 || e.Kind != entry.SecretKey || l.ks.password == nil {
		return
	}
	if key, err := l.ks.Key(e.Alias, l.ks.password); err == nil {
		l.keep(key)
		l.warnOfSecret(label, key.Algorithm)
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

func (l *lister) privateKey(label string, e *entry.Entry, detailed bool) error {
	if detailed {
		fmt.Fprintf(l.out, "Entry type: %s\n", e.Kind)
	} else {
		fmt.Fprintf(l.out, "%s, \n", e.Kind)
	}
	if len(e.Chain) == 0 {
		fmt.Fprint(l.out, "Certificate chain length: 0\n")
		return nil
	}
	if !detailed {
		fmt.Fprintf(l.out, "Certificate fingerprint (SHA-256): %s\n", x509util.Fingerprint(e.Chain[0].DER, "SHA-256"))
		l.warnOfChain(label, e.Chain)
		return nil
	}
	fmt.Fprintf(l.out, "Certificate chain length: %d\n", len(e.Chain))
	for i, c := range e.Chain {
		fmt.Fprintf(l.out, "Certificate[%s]:\n", group(int64(i+1)))
		if err := l.certificate(label, i, c); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) trustedCertificate(label string, e *entry.Entry, detailed bool) error {
	if !detailed {
		fmt.Fprintf(l.out, "%s, \nCertificate fingerprint (SHA-256): %s\n", e.Kind, x509util.Fingerprint(e.Chain[0].DER, "SHA-256"))
		l.warnOfDER(label, e.Chain[0].DER)
		return nil
	}
	fmt.Fprintf(l.out, "Entry type: %s\n\n", e.Kind)
	return l.certificate(label, 0, e.Chain[0])
}

// certificate writes the i-th certificate of an entry in full, with -v as
// text, with -rfc as PEM.
func (l *lister) certificate(label string, i int, c entry.Certificate) error {
	parsed, err := x509util.ParseCertificate(c.DER)
	switch {
	case l.opt.rfc:
		l.out.Write(x509util.EncodePEM("CERTIFICATE", c.DER, l.release))
	case err != nil:
		fmt.Fprintf(l.out, "(this certificate can't be read: %s)\n", x509util.Printable(err.Error()))
	default:
		if err := l.printer.Certificate(l.out, parsed); err != nil {
			return err
		}
	}
	if err == nil {
		l.warn(l.judge().Certificate(label, parsed, x509util.Standing{
			Trusted: l.trusted(parsed), Issuing: i > 0 || !parsed.EndEntity(),
		})...)
	}
	return nil
}
