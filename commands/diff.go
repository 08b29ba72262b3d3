package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type diffOptions struct {
	a, b       string // a keystore each; one of them may be a server
	storepass2 []byte // of the second keystore
}

func readDiff(l line) diffOptions {
	// argv has seen to it that there are two operands.
	return diffOptions{a: l.operand(0), b: l.operand(1), storepass2: l.secret("storepass2")}
}

// diff compares two keystores, or a keystore with what a TLS server shows.
func diff(ctx context.Context, s *session, o diffOptions) error {
	a, b := o.a, o.b
	if isServer(a) {
		a, b = b, a
	}
	switch server := isServer(b); {
	case server && o.storepass2 != nil:
		return errors.New("-storepass2 is for a second keystore")
	case !server && s.opt.alias.given:
		return errors.New("-alias is for a server: two keystores are compared whole")
	}
	left, err := s.openCompared(ctx, a, s.opt.storepass, "storepass")
	if err != nil {
		return err
	}
	var same bool
	if isServer(b) {
		same, err = s.diffServer(ctx, shownName(a), left, b)
	} else {
		password := o.storepass2
		if password == nil && !isTokenURI(a) && !isTokenURI(b) { // a PIN is of one token alone
			password = s.opt.storepass
		}
		if b != a {
			s.opensWith(b, "storepass2")
		}
		var right *store.Store
		if right, err = s.openCompared(ctx, b, password, "storepass2"); err == nil {
			same = s.diffStores(shownName(a), left, shownName(b), right)
		}
	}
	if err == nil && !same {
		return exitCode(exitError)
	}
	return err
}

// isServer says whether an operand is a server and not a file: there is none of
// that name, which has a port or is an address of the web.
func isServer(operand string) bool {
	if _, err := os.Stat(operand); err == nil || isTokenURI(operand) {
		return false
	}
	return strings.Contains(operand, "://") || strings.Contains(operand, ":") && !strings.ContainsAny(operand, `/\`)
}

// openCompared opens a keystore to look at: with the password given, changeit,
// or one that is asked for. A token's PIN is that of the option, or asked for.
func (s *session) openCompared(ctx context.Context, path string, password []byte, option string) (*store.Store, error) {
	if isTokenURI(path) {
		return s.openTokenStore(ctx, path, tokenAccess{pin: password, option: option, asks: true})
	}
	asks := password == nil
	if asks {
		password = []byte(tomcatPassword)
	}
	o := s.openOptions()
	o.Foreign, o.Password = true, password
	opened, err := store.Open(path, o)
	if asks && errors.Is(err, entry.ErrPassword) {
		opened, _, err = s.unlock(locked{
			path: path, prompt: passwordOf(path),
			open: func(password []byte) (*store.Store, error) {
				o.Password = password
				return store.Open(path, o)
			},
		})
		if err == nil && opened.Unread() {
			err = noPassword(path, s.passwordOption(path))
		}
	}
	if err != nil {
		if cause := pathCause(err); cause != err {
			return nil, fileError(path, cause)
		}
		return nil, err
	}
	return opened, nil
}

// diffStores prints what one keystore has and the other has not, by alias. It
// says whether both hold the same.
func (s *session) diffStores(a string, left *store.Store, b string, right *store.Store) bool {
	same := true
	differ := func(format string, args ...any) {
		if same {
			s.Stdout.Printf("--- %s\n+++ %s\n", a, b)
		}
		same = false
		s.Stdout.Printf(format+"\n", args...)
	}
	for _, e := range left.Sorted() {
		alias := left.JavaAlias(e)
		other, ok := right.Get(alias)
		if !ok {
			differ("- <%s> %s%s", alias, s.brief(e), elsewhere(right, e))
			continue
		}
		for _, text := range s.differences(e, other) {
			differ("! <%s> %s", alias, text)
		}
	}
	for _, e := range right.Sorted() {
		alias := right.JavaAlias(e)
		if _, ok := left.Get(alias); !ok {
			differ("+ <%s> %s%s", alias, s.brief(e), elsewhere(left, e))
		}
	}
	if same {
		s.Stdout.Printf("Both hold the same: %s\n", entriesOf(left))
	}
	return same
}

// brief is an entry in a few words.
func (s *session) brief(e *entry.Entry) string {
	if len(e.Chain) == 0 {
		return e.Kind.String()
	}
	return e.Kind.String() + ", " + s.briefCertificate(x509util.Encoded(e.Chain[0].DER))
}

func (s *session) briefCertificate(der []byte) string {
	c, err := x509util.ParseCertificate(der)
	if err != nil {
		return "a certificate that can't be read"
	}
	return fmt.Sprintf("%s, until %s, SHA-256 %.11s...", c.Called(), keytool.MediumDate(c.NotAfter, s.zone()), x509util.Fingerprint(der, "SHA-256"))
}

// elsewhere says under which alias another keystore has an entry's certificate.
func elsewhere(other *store.Store, e *entry.Entry) string {
	if len(e.Chain) > 0 {
		if alias, ok := other.FindCertificate(e.Chain[0].DER); ok {
			return fmt.Sprintf(" (there it is <%s>)", other.StoredAlias(alias))
		}
	}
	return ""
}

// differences are those of two entries of one alias, in words.
func (s *session) differences(a, b *entry.Entry) []string {
	if a.Kind != b.Kind {
		return []string{fmt.Sprintf("%s, there %s", a.Kind, b.Kind)}
	}
	if len(a.Chain) == 0 || len(b.Chain) == 0 {
		if len(a.Chain) != len(b.Chain) {
			return []string{fmt.Sprintf("%s, there %s", text.CountGrouped(len(a.Chain), "certificate", "certificates"), text.CountGrouped(len(b.Chain), "certificate", "certificates"))}
		}
		return nil // secret keys are not opened
	}
	one, other := x509util.Encoded(a.Chain[0].DER), x509util.Encoded(b.Chain[0].DER)
	if !bytes.Equal(one, other) {
		what := "another certificate"
		if sameKey(one, other) {
			what = "another certificate for the same key"
		}
		return []string{fmt.Sprintf("%s: %s, there %s", what, s.briefCertificate(one), s.briefCertificate(other))}
	}
	return s.chainDifference(ders(a.Chain), ders(b.Chain))
}

// chainDifference compares two chains of one certificate.
func (s *session) chainDifference(a, b [][]byte) []string {
	for i := 1; i < max(len(a), len(b)); i++ {
		switch {
		case i >= len(b):
			return []string{fmt.Sprintf("a chain of %d, there of %d: %s is missing there", len(a), len(b), s.briefCertificate(a[i]))}
		case i >= len(a):
			return []string{fmt.Sprintf("a chain of %d, there of %d: there is %s too", len(a), len(b), s.briefCertificate(b[i]))}
		case !bytes.Equal(a[i], b[i]):
			return []string{fmt.Sprintf("another issuer: %s, there %s", s.briefCertificate(a[i]), s.briefCertificate(b[i]))}
		}
	}
	return nil
}

func ders(chain []entry.Certificate) [][]byte {
	list := make([][]byte, len(chain))
	for i, c := range chain {
		list[i] = x509util.Encoded(c.DER)
	}
	return list
}

// sameKey says whether two certificates are about one key.
func sameKey(a, b []byte) bool {
	one, err := x509util.ParseCertificate(a)
	if err != nil {
		return false
	}
	other, err := x509util.ParseCertificate(b)
	return err == nil && bytes.Equal(one.SPKI, other.SPKI)
}

// diffServer looks for what a server shows in a keystore. It says whether
// certificate and chain are the same.
func (s *session) diffServer(ctx context.Context, path string, ks *store.Store, address string) (bool, error) {
	sent, err := s.provenCertificates(ctx, address)
	if err != nil {
		return false, err
	}
	var served [][]byte
	for _, c := range sent {
		served = append(served, c.Raw)
	}
	var candidates []string
	for _, e := range ks.JavaOrder() {
		alias := ks.JavaAlias(e)
		if len(e.Chain) == 0 || s.opt.alias.given && alias != ks.StoredAlias(s.opt.alias.value) {
			continue
		}
		if bytes.Equal(x509util.Encoded(e.Chain[0].DER), served[0]) {
			texts := s.chainDifference(ders(e.Chain), served)
			if e.Kind == entry.TrustedCertificate {
				texts = nil // it has no chain of its own
			}
			if len(texts) == 0 {
				s.Stdout.Printf("%s shows the certificate <%s> of %s: %s\n", address, alias, path, s.briefCertificate(served[0]))
				return true, nil
			}
			s.Stdout.Printf("--- %s\n+++ %s\n! <%s> %s\n", path, address, alias, texts[0])
			return false, nil
		}
		if e.Kind == entry.PrivateKey {
			note := ""
			if sameKey(e.Chain[0].DER, served[0]) {
				note = " (for the same key)"
			}
			candidates = append(candidates, fmt.Sprintf("- <%s> %s%s", alias, s.briefCertificate(x509util.Encoded(e.Chain[0].DER)), note))
		}
	}
	s.Stdout.Printf("--- %s\n+++ %s\n", path, address)
	for _, line := range candidates {
		s.Stdout.Printf("%s\n", line)
	}
	s.Stdout.Printf("+ %s\n", s.briefCertificate(served[0]))
	return false, nil
}
