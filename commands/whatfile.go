package commands

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/x509util"
)

// purpose is what a command reads a file for.
type purpose uint8

const (
	forCertificates purpose = iota
	forKey
	forRequest
	forCRL
	forKeystore
)

// fits says whether content is what the purpose asks for.
func (p purpose) fits(what store.Content) bool {
	switch p {
	case forCertificates:
		return slices.Contains([]store.Content{store.PEMCertificate, store.DERCertificate, store.PEMPKCS7, store.DERPKCS7}, what)
	case forKey:
		return what.Key()
	case forRequest:
		return what == store.PEMRequest || what == store.DERRequest
	case forCRL:
		return what == store.PEMCRL || what == store.DERCRL
	}
	return false
}

// wrappedFits is fits for what is wrapped.
func (p purpose) wrappedFits(w store.Wrapped) bool {
	switch p {
	case forCertificates:
		return p.fits(w.Content) || w.Certificates
	case forKeystore, forKey:
		return p.fits(w.Content) || w.Keystore()
	}
	return p.fits(w.Content)
}

// unwrapHints say what a file holds in a wrapping, and how it is taken out;
// none where there is nothing. The name is empty for the standard input.
func unwrapHints(name string, found []store.Wrapped, p purpose) []string {
	const most = 4
	if wanted := slices.DeleteFunc(slices.Clone(found), func(w store.Wrapped) bool { return !p.wrappedFits(w) }); len(wanted) > 0 {
		found = wanted
	}
	var hints []string
	for i, w := range found {
		if i == most {
			return append(hints, fmt.Sprintf("and %d more", len(found)-most))
		}
		switch {
		case name != "":
			hints = append(hints, name+" holds "+w.String(), "to take it out: "+w.Command(name))
		case w.Filter() != "":
			hints = append(hints, "the input holds "+w.String(), "to take it out, have it go through: "+w.Filter())
		default:
			hints = append(hints, "the input holds "+w.String())
		}
	}
	return hints
}

// onTheWay says what a file got on its way here: a wrapping, or damage.
func onTheWay(name string, data []byte, p purpose) []string {
	data = data[:min(len(data), store.WrappedSize)]
	if hints := unwrapHints(name, store.Unwrap(data), p); hints != nil {
		return hints
	}
	damage, ok := store.Diagnose(data)
	switch {
	case !ok:
		return nil
	case name == "":
		return []string{"the input is damaged: " + damage.Cause}
	}
	return damageHints(name, damage)
}

// whatFile says what a file is that was read for something else, and what to do
// with it. The error is what reading it ended with. The name is empty for the
// standard input.
func (s *session) whatFile(name string, data []byte, p purpose, err error) []string {
	if hints := onTheWay(name, data, p); hints != nil {
		return hints
	}
	called := name
	if name == "" {
		called = "the input"
	}
	t, detectErr := store.Detect(data)
	if detectErr == nil {
		hints := []string{fmt.Sprintf("%s is a %s keystore", called, strings.Replace(string(t), "PKCS12", "PKCS #12", 1))}
		if name != "" {
			hints = append(hints, "to take over its entries: "+s.takeOver(name, s.hereOr("KEYSTORE").Path))
		}
		return hints
	}
	var input *x509util.InputError
	var other *store.NotKeystoreError
	errors.As(err, &input)
	errors.As(detectErr, &other)
	switch what := other.What; {
	case p.fits(what) && input != nil && input.Err != nil:
		return []string{fmt.Sprintf("%s is %s, but can't be read: %s", called, what, input.Err)}
	case !p.fits(what) && what != store.Unknown && what != store.Text && what != store.DEROther:
		hints := []string{called + " is " + string(what)}
		if name != "" {
			hints = append(hints, s.remedy(what, name)...)
		}
		return hints
	case input != nil:
		return []string{called + " is " + input.What}
	}
	return []string{called + " is " + string(other.What)}
}

// hereOr is the command's keystore for lines to be pasted, or what stands for one
// where it has none.
func (s *session) hereOr(word string) shell.Keystore {
	if s.ks != nil {
		return s.here()
	}
	return shell.Keystore{Path: word}
}

// remedy says what to do with a file that is not what it was read as.
func (s *session) remedy(what store.Content, name string) []string {
	to, alias := s.hereOr("KEYSTORE"), "ALIAS"
	if to.Path == name {
		to = shell.Keystore{Path: "KEYSTORE"}
	}
	if s.alias().given {
		alias = s.alias().value
	}
	switch what {
	case store.PEMCertificate, store.DERCertificate, store.PEMPKCS7, store.DERPKCS7:
		return []string{
			"to see it:          " + shell.Line("gokeytool", "printcert", "-file", name),
			"to trust it:        " + to.Line([]string{"import", "-alias", "NAME", "-file", name}),
			"to trust all in it: " + to.Line([]string{"import", "-bundle", name}),
		}
	case store.PEMRequest, store.DERRequest:
		return []string{
			"it is what a CA makes a certificate of",
			"to see it:  " + shell.Line("gokeytool", "printcertreq", "-file", name),
			"to sign it: " + shell.Keystore{Path: "CAKEYSTORE"}.Line([]string{"gencert", "-alias", "CA", "-infile", name}),
		}
	case store.PEMCRL, store.DERCRL:
		return []string{"to see it: " + shell.Line("gokeytool", "printcrl", "-file", name)}
	case store.PEMKey, store.PEMEncryptedKey, store.DERKey, store.DEREncryptedKey:
		return []string{"to make a keystore of it and its certificate: " + to.KeyLine([]string{"import", "-keyfile", name, "-file", "CERTIFICATE", "-alias", alias})}
	case store.Mangled:
		return []string{"fetch it again, as a binary file: programs that treat it as text (git, FTP, Maven's filtering of resources) spoil it"}
	case store.BKSv1, store.BKSv2, store.UBERv1:
		return []string{"to make a keystore of it for Java: " + s.named(name).Operand([]string{"convert"}, "NEW.p12")}
	case store.BCFKS:
		return []string{"to convert it, with BouncyCastle's provider in bcprov.jar: " + shell.Line("keytool", "-importkeystore", "-providerpath", "bcprov.jar",
			"-provider", "org.bouncycastle.jce.provider.BouncyCastleProvider", "-srckeystore", name,
			"-srcstoretype", "BCFKS", "-destkeystore", "keystore.p12", "-deststoretype", "pkcs12")}
	case store.HTML:
		return []string{"a download has brought a page about the file, or an error, in place of the file"}
	case store.JSON, store.XML:
		return []string{"if it was downloaded, it is perhaps what a server said about an error, in place of the file"}
	case store.LFSPointer:
		return []string{"the file itself was not fetched: " + shell.Line("git", "-C", filepath.Dir(name), "lfs", "pull", "--include", filepath.Base(name))}
	}
	return nil
}

// fileErr is an error about a file, which its text may not name.
type fileErr struct {
	name string
	err  error
}

func (e *fileErr) Error() string { return e.err.Error() }
func (e *fileErr) Unwrap() error { return e.err }

// about has the hints of an error name the file that it is about. The name is
// empty for the standard input.
func about(name string, err error) error {
	if err == nil || name == "" {
		return err
	}
	return &fileErr{name, err}
}

// naming adds the name of a file to hints, unless it is in them or in the text
// of their error.
func naming(name, text string, hints []string) []string {
	if slices.ContainsFunc(append([]string{text}, hints...), func(line string) bool { return strings.Contains(line, name) }) {
		return hints
	}
	if len(hints) == 0 {
		return []string{"the file is " + name}
	}
	return append([]string{name + ": " + hints[0]}, hints[1:]...)
}

// takeOver is the command that brings the entries of another keystore into
// one.
func (s *session) takeOver(from, to string, more ...string) string {
	words := append([]string{"gokeytool", "importkeystore", "-srckeystore", from}, s.req.Again("keyfilepass", "srcstorepass")...)
	words = append(append(words, more...), "-destkeystore", to)
	return shell.Line(append(words, s.req.Again("storepass", "deststorepass")...)...)
}
