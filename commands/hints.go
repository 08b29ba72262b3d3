package commands

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gokeytool/acme"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// hints are what can be said about an error beyond keytool's words: which
// file, what is wrong with it and what to do, a line each.
func (s *session) hints(err error) []string {
	hints := s.causeHints(err)
	var file *fileErr
	if errors.As(err, &file) {
		text, _ := s.javaText(err)
		hints = naming(file.name, text, hints)
	}
	return hints
}

func (s *session) causeHints(err error) []string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		if hinted.by == nil {
			return hinted.hints
		}
		return slices.Concat(hinted.by(s), s.unreadHints(), hinted.hints)
	}
	if of, ok := errors.AsType[*acme.Error](err); ok {
		return acmeHints(of)
	}
	var opened *store.OpenError
	if errors.As(err, &opened) {
		return s.openHints(opened)
	}
	var lock *store.LockError
	if errors.As(err, &lock) && lock.Held {
		return []string{"without a lock nothing is written: others may be changing the file. To see who it is: " + shell.Line("fuser", "-v", shell.File(lock.Lock))}
	}
	if lock != nil {
		return []string{"without a lock nothing is written: others may be changing the file. If nobody is, remove what is in the way: " + lockRemoval(lock)}
	}
	if busy, ok := errors.AsType[*store.BusyError](err); ok {
		return busyHints(busy)
	}
	if _, ok := errors.AsType[*store.ChangedError](err); ok {
		return []string{"nothing was written: look at what is there now, and give the line again"}
	}
	if protection, ok := errors.AsType[*pkcs12.ProtectionError](err); ok {
		return []string{protectionHint(protection.Property, protection)}
	}
	if errors.Is(err, entry.ErrLimit) {
		return s.moreWork(err)
	}
	if errors.Is(err, entry.ErrPassword) {
		if key, ok := errors.AsType[*store.KeyError](err); ok {
			if hints := s.keyMissHints(key); hints != nil {
				return append([]string{fmt.Sprintf("the password does not open the key of <%s>", key.Alias)}, hints...)
			}
		}
		return s.closedKeyHints()
	}
	var java *javaError
	if errors.As(err, &java) {
		return s.unreadHints()
	}
	return nil
}

// protectionHint says which property or option can't be heeded, and what it may be.
func protectionHint(name string, err *pkcs12.ProtectionError) string {
	return fmt.Sprintf("%s is %q; possible: %s", name, err.Value, err.Possible())
}

// lockRemoval is the line that removes what has the name of a lock.
func lockRemoval(err *store.LockError) string {
	if info, statErr := os.Lstat(err.Lock); statErr == nil && info.IsDir() {
		return shell.Line("rmdir", shell.File(err.Lock))
	}
	return shell.Line("rm", "-f", shell.File(err.Lock))
}

// aliasHints name the aliases that there are, unless they are many.
func (s *session) aliasHints() []string {
	const most = 12
	if s.ks == nil || s.ks.Store == nil {
		return nil
	}
	var aliases []string
	for _, e := range s.ks.Sorted() {
		aliases = append(aliases, fmt.Sprintf("%q", s.ks.JavaAlias(e)))
	}
	switch n := len(aliases); {
	case s.unread():
		return nil // there may be more
	case n == 0:
		return append([]string{s.ks.path + " has no entries"}, s.unmarkedHints(s.ks)...)
	case n > most:
		return []string{
			fmt.Sprintf("%s has %d entries, %s and so on", s.ks.path, n, strings.Join(aliases[:most], ", ")),
			"to see them all: " + s.here().Line([]string{"list"}),
		}
	}
	return []string{fmt.Sprintf("%s has %s", s.ks.path, strings.Join(aliases, ", "))}
}

// unmarkedHints tell of certificates in a PKCS12 file that Java does not see.
func (s *session) unmarkedHints(k *keystore) []string {
	if k.Type() != store.PKCS12 {
		return nil
	}
	n := len(k.Untrusted())
	if n == 0 {
		return nil
	}
	return []string{
		text.Count(n, "certificate in it lacks", "certificates in it lack") + " Java's trust mark: Java sees none of it (as a truststore: the trustAnchors parameter must be non-empty)",
		"to have Java trust them: " + s.trustmarkLine(k),
	}
}

// hiddenHints tell of keys and certificates in a PKCS12 file that Java does not
// look at.
func (s *session) hiddenHints(k *keystore) []string {
	if k.Type() != store.PKCS12 {
		return nil
	}
	var hidden []string
	for _, e := range k.Entries() {
		if pkcs12.HiddenFromJava(e) {
			hidden = append(hidden, fmt.Sprintf("the key <%s>", e.Alias))
		}
	}
	nested := 0
	for _, h := range k.Passed() {
		if h.Nested {
			nested++
		}
	}
	if nested > 0 {
		hidden = append(hidden, text.CountGrouped(nested, "bag within a bag", "bags within bags"))
	}
	if len(hidden) == 0 {
		return nil
	}
	return []string{
		fmt.Sprintf("in %s is what Java does not list: %s", k.path, text.First(hidden, 3)),
		"what to do about it: " + s.here().Operand([]string{"check"}),
	}
}

// trustmarkLine is the command that has Java trust the keystore's certificates.
func (s *session) trustmarkLine(k *keystore) string {
	return s.lineOf(k).Operand([]string{"trustmark"})
}

// missingIssuerHints say which certificate a reply needs to be led to a root:
// whose it is, which key signed, and where the CA offers it.
func (s *session) missingIssuerHints(reply *x509util.Certificate, pool []*x509util.Certificate) []string {
	chain := x509util.CompleteChain(reply, pool)
	last := chain[len(chain)-1]
	if last.SelfSigned() {
		return nil
	}
	missing := "missing: the certificate of the issuer " + last.Issuer.String()
	if id := last.AuthorityKeyID(); id != nil {
		missing += fmt.Sprintf(", whose key has the identifier %X", id)
	}
	hints := []string{missing}
	for _, url := range last.IssuerURLs() {
		hints = append(hints, "the authority offers it at "+url)
	}
	return append(hints, "with its certificate: "+shell.Note(
		s.here().KeyLine([]string{"import", "-alias", s.aliasOrDefault(), "-file", cmp.Or(s.opt.file.value, "REPLY"), "-ca", "ISSUER"}),
		"-trustcacerts in place of -ca takes Java's"))
}

// openHints explain why a file did not open as a keystore.
func (s *session) openHints(err *store.OpenError) []string {
	var other *store.NotKeystoreError
	switch {
	case errors.As(err, &other):
		if hints := unwrapHints(err.Path, err.Wrapped(), forKeystore); hints != nil {
			return hints
		}
		if damage, ok := err.Damage(); ok {
			return damageHints(err.Path, damage)
		}
		what := "not a keystore"
		switch t := other.What.Type(); {
		case other.What == store.BCFKS:
			what = "which is not supported"
		case t == store.BKS || t == store.UBER:
			what = "which Java opens with BouncyCastle's provider alone"
		}
		hints := []string{fmt.Sprintf("%s is %s, %s", err.Path, other.What, what)}
		return append(hints, s.remedy(other.What, err.Path)...)
	case errors.Is(err, entry.ErrPassword):
		if damage, ok := err.Damage(); ok { // within what has a length
			return damageHints(err.Path, damage)
		}
		whole := fmt.Sprintf("%s is a whole %s file, but this is not its password (or its content was changed)", err.Path, err.Type)
		if empty := s.emptyPasswordHints(err.Path); empty != nil {
			return append([]string{whole}, empty...)
		}
		return append([]string{whole}, s.nearMissHints(err)...)
	case errors.Is(err, entry.ErrLimit):
		return s.moreWork(err)
	}
	var hints []string
	if errors.Is(err, entry.ErrDamaged) {
		if damage, ok := err.Damage(); ok {
			hints = damageHints(err.Path, damage)
		} else {
			hints = []string{"the file is damaged: " + fetchAgain}
		}
	}
	if _, ok := store.JavaError(err, 0); !ok {
		return hints // the error says it itself
	}
	return append([]string{err.Error()}, hints...)
}

// fetchAgain is for files that a transfer has spoilt.
const fetchAgain = "fetch it again as a binary file, or take the backup"

// damageHints say what has happened to a file, and what to do.
func damageHints(path string, damage store.Damage) []string {
	hints := []string{path + " is damaged: " + damage.Cause}
	if line := damage.Command(path); line != "" {
		hints = append(hints, "to undo it: "+line)
	}
	return append(hints, fetchAgain)
}

// moreWork says how to open what takes longer than files from anywhere should.
func (s *session) moreWork(err error) []string {
	var hints []string
	if _, ok := store.JavaError(err, 0); ok { // the error was in Java's words
		hints = append(hints, err.Error())
	}
	if e, ok := errors.AsType[*entry.FormatError](err); ok && e.Enough > 0 && s.documents("maxIterations") {
		hints = append(hints, fmt.Sprintf("if you trust the file, and have the time, allow more with -maxIterations %d", e.Enough))
	}
	return hints
}
