package commands

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"gokeytool/internal/console"
	"gokeytool/internal/text"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type trustOptions struct {
	server      string
	leaf        bool             // the server's own certificate is to be trusted
	force       bool             // even if its key is in the keystore
	fingerprint optional[string] // of the certificate, which the owner of the server has told
}

func readTrust(l line) trustOptions {
	return trustOptions{
		server:      l.operand(0), // argv has seen to it that there is one
		leaf:        l.has("leaf"),
		force:       l.Bool("force"),
		fingerprint: l.text("fingerprint"),
	}
}

// trust shows the certificates of a TLS server and, if the user says so, makes
// a trusted one of the topmost: clients then take the server also when its own
// certificate was renewed.
func trust(ctx context.Context, s *session, o trustOptions) error {
	expected, err := o.expectedFingerprint()
	if err != nil {
		return err
	}
	if err := s.refuseTrustOnToken(); err != nil {
		return err
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	sent, err := s.provenCertificates(ctx, o.server)
	if err != nil {
		return err
	}
	chain := x509util.CompleteChain(sent[0], sent[1:])
	for i, c := range chain {
		if i > 0 {
			s.Stdout.Print("\n")
		}
		s.introduce(c)
	}
	for _, text := range x509util.UnverifiableTexts(chain) {
		s.Stdout.Printf("\n%s\n", text)
	}
	if n := len(sent) - len(chain); n > 0 {
		s.Stdout.Printf("\n%s not belong to this chain.\n", text.CountGrouped(n, "certificate that was sent does", "certificates that were sent do"))
	}
	chosen := chain[len(chain)-1]
	if o.leaf {
		chosen = chain[0]
	}
	if expected != "" {
		if err := confirm(expected, chosen, chain); err != nil {
			return err
		}
	}
	for _, e := range s.ks.Entries() {
		if e.Kind == entry.TrustedCertificate && string(x509util.Encoded(e.Chain[0].DER)) == string(chosen.Raw) {
			s.Stderr.Printf("\n%s is trusted already, under alias <%s>\n",
				chosen.Called(), s.ks.JavaAlias(e))
			s.sayJava()
			return nil
		}
	}
	adds := adding{force: o.force, asks: expected == "", line: func(key string) string { return s.shownLine(key, o.server) }}
	if yes, err := s.keepBeside(s.ownKeys(""), chosen, adds); err != nil || !yes {
		return cmp.Or[error](err, exitCode(exitError))
	}
	s.sayDates(chosen)
	if !s.opt.noprompt && expected == "" {
		s.Stderr.Print("\nWho controls the network can show you any certificate: compare the fingerprint\nwith what the owner of the server tells you.\n")
		yes, err := s.promptYesNo(console.Textf("Trust %s, and all that it signs? [no]:  ", chosen.Called()))
		if err != nil {
			return err
		}
		if !yes {
			return s.notDone("Certificate was not added to keystore")
		}
	}
	if err := s.ks.settle(); err != nil { // others may have taken an alias
		return err
	}
	alias := freeAlias(s.ks.Store, chosen, "")
	if s.opt.alias.given {
		if alias = s.opt.alias.value; s.ks.has(alias) {
			return aliasTaken("Certificate not imported, alias", alias)
		}
	}
	if err := s.ks.SetCertificate(alias, entry.X509(chosen.Raw), s.Now()); err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	s.talk().Printf("Certificate was added to keystore under alias <%s>\n", s.ks.StoredAlias(alias))
	s.sayJava()
	return nil
}

// expectedFingerprint is the SHA-256 of -fingerprint as Fingerprint writes it, ""
// if there is none. It may come without colons, in small letters, with blanks, and
// as openssl x509 -fingerprint and others write it, after a name and "=" or ":".
func (o trustOptions) expectedFingerprint() (string, error) {
	if !o.fingerprint.given {
		return "", nil
	}
	text := strings.ToUpper(strings.Join(strings.Fields(o.fingerprint.value), ""))
	for _, name := range []string{"SHA256FINGERPRINT", "SHA-256FINGERPRINT", "SHA256", "SHA-256"} {
		if rest, ok := strings.CutPrefix(text, name); ok && rest != "" && strings.ContainsAny(rest[:1], "=:") {
			text = rest[1:]
			break
		}
	}
	digits := text
	if strings.Contains(text, ":") {
		pairs := strings.Split(text, ":")
		if slices.ContainsFunc(pairs, func(p string) bool { return len(p) != 2 }) {
			digits = ""
		} else {
			digits = strings.Join(pairs, "")
		}
	}
	sum, err := hex.DecodeString(digits)
	if err == nil && len(sum) == sha256.Size {
		return x509util.FormatFingerprint(sum), nil
	}
	said := fmt.Errorf("-fingerprint %q is no SHA-256: it has 64 hexadecimal digits, with colons between or without", o.fingerprint.value)
	switch {
	case err == nil && len(sum) == sha1.Size:
		return "", withHint(said, "this is a SHA-1, which can be forged: ask for the SHA-256")
	case strings.HasSuffix(o.fingerprint.value, "="):
		return "", withHint(said, "in Base64 it may be the pin of a public key, which is another digest: ask for the SHA-256 of the certificate")
	}
	return "", said
}

// confirm refuses a certificate that has another fingerprint than is expected.
func confirm(expected string, chosen *x509util.Certificate, chain []*x509util.Certificate) error {
	has := func(c *x509util.Certificate) string { return x509util.Fingerprint(c.Raw, "SHA-256") }
	if has(chosen) == expected {
		return nil
	}
	hints := []string{"expected " + expected, "it has   " + has(chosen)}
	if i := slices.IndexFunc(chain, func(c *x509util.Certificate) bool { return has(c) == expected }); i >= 0 {
		hint := "that is the fingerprint of " + chain[i].Called() + ", which stands in this chain too"
		if i == 0 {
			hint += ": -leaf trusts it"
		}
		hints = append(hints, hint)
	}
	return withHint(fmt.Errorf("%s has another fingerprint than -fingerprint says: it was not added", chosen.Called()), hints...)
}

// introduce prints what a person has to know of a certificate to trust it.
func (s *session) introduce(c *x509util.Certificate) {
	s.Stdout.Printf("%s\n  issued by  %s\n  valid      %s to %s\n  SHA-256    %s\n",
		c.Called(), c.Issuer.String(),
		keytool.MediumDate(c.NotBefore, s.zone()), keytool.MediumDate(c.NotAfter, s.zone()), x509util.Fingerprint(c.Raw, "SHA-256"))
}
