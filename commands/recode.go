package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/check"
	"gokeytool/commands/internal/argv"
	"gokeytool/identity"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// target is what a keystore is converted to.
type target struct {
	typ    store.Type // store.PEM too
	params pkcs12.Params
}

// targetOptions say what a keystore is converted to.
type targetOptions struct {
	typ     optional[string] // -to
	profile optional[string]
}

func readTarget(l line) targetOptions { return targetOptions{l.text("to"), l.text("profile")} }

// resolveTarget is what the options say. Without them the name of the new file decides, if
// there is one and it says something.
func (s *session) resolveTarget(o targetOptions, newFile string) (target, error) {
	t := target{typ: store.PKCS12, params: pkcs12.Default}
	if says := typeOfName(newFile); says != "" && !o.typ.given && !o.profile.given {
		if says.Foreign() && says != store.PEM {
			return t, withHint(fmt.Errorf("%s: its name says %s, and files of this type are read, but not written", newFile, says),
				"write one of "+strings.Join(argv.TargetTypes, ", ")+", to a file of such a name, or say with -to which it is to be")
		}
		t.typ = says
	}
	if name := o.typ.value; o.typ.given {
		_, unlisted := s.choose("to", name)
		typ, err := store.ParseType(name)
		switch {
		case err == nil && unlisted != nil:
			return t, fmt.Errorf("-to %s: files of this type are read, but not written: write one of %s", name, strings.Join(argv.TargetTypes, ", "))
		case unlisted != nil:
			return t, unlisted
		}
		t.typ = typ
	}
	if name := o.profile.value; o.profile.given {
		profile, err := s.choose("profile", name)
		switch {
		case err != nil:
			return t, err
		case t.typ != store.PKCS12:
			return t, errors.New("-profile is for -to pkcs12")
		}
		t.params, _ = pkcs12.Profile(profile)
	}
	return t, nil
}

// recode puts all entries of the keystore into a new one, in the order in which
// Java sees them: the key that Tomcat would take stays the first. It returns
// the password that the new one is to have.
func (s *session) recode(to target) (*store.Store, []byte, error) {
	made, password, err := s.newTarget(to)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range s.ks.JavaOrder() {
		created := e.Created
		if created.IsZero() {
			created = s.Now()
		}
		if err := s.refuseRecoded(e); err != nil {
			return nil, nil, err
		}
		// Files that other programs made may have one alias twice.
		alias := numbered(made, e.Alias)
		if e.Kind == entry.TrustedCertificate {
			err = made.SetCertificate(alias, e.Chain[0], created)
		} else {
			err = s.recodeKey(made, e, alias, password, created)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return made, password, s.recodeUnmarked(made)
}

// newTarget makes the new keystore, and finds its password: -new, else that
// of the old one.
func (s *session) newTarget(to target) (*store.Store, []byte, error) {
	password := s.opt.newpass
	if password == nil {
		password = s.ks.password
	}
	open := to.typ == store.PKCS12 && to.params.MACAlgorithm == pkcs12.None
	if open && s.opt.newpass != nil && !slices.ContainsFunc(s.ks.Entries(), func(e *entry.Entry) bool { return e.Kind != entry.TrustedCertificate }) {
		return nil, nil, errors.New("-new does nothing in a file that has no key and no password")
	}
	if password == nil && !open {
		var err error
		if password, err = s.promptNewPassword("keystore password", nil); err != nil {
			return nil, nil, err
		}
		s.secrets = append(s.secrets, password)
	}
	if to.typ == store.PKCS12 {
		return store.NewPKCS12(to.params), password, nil
	}
	return store.New(to.typ), password, nil
}

// recodeKey puts a key into the new keystore. A password of its own it keeps,
// but for PKCS12, where all have the keystore's.
func (s *session) recodeKey(made *store.Store, e *entry.Entry, alias string, password []byte, created time.Time) error {
	key, opened, err := s.openKey(e)
	if err != nil {
		return err
	}
	if key, err = s.outside(s.ks, e, key); err != nil {
		return err
	}
	seals := password
	if made.Type() != store.PKCS12 && opened != nil && !samePassword(opened, s.ks.password) {
		seals = opened
	}
	if seals == nil {
		return withHint(failf("Alias <%s> holds a key, which wants a password", e.Alias), "give one with -new")
	}
	chain := e.Chain
	if e.Kind == entry.PrivateKey && len(chain) == 0 {
		chain = s.ks.hiddenChain(key)
	}
	if err := checkChain(made, chain); err != nil {
		return withHint(failf("Alias <%s>: %v", e.Alias, err),
			"PKCS12 needs each certificate to be followed by its issuer: "+s.here().Line([]string{"chain", "-complete", "-alias", s.ks.JavaAlias(e)}))
	}
	err = made.SetKey(alias, key, seals, chain, created)
	if errors.Is(err, entry.ErrUnsupported) {
		return withHint(err, "secret keys go to pkcs12 and jceks")
	}
	return err
}

// hiddenChain is the chain of a key that is in the keystore, but where Java
// does not find it.
func (k *keystore) hiddenChain(key entry.Key) []entry.Certificate {
	signer, err := identity.PrivateKey(key)
	if err != nil {
		return nil
	}
	if k.pool == nil {
		k.pool = check.NewPool(k.Store)
	}
	return entryChain(k.pool.Chain(signer.Public()))
}

// recodeUnmarked sees to certificates without Java's trust mark. Where there
// is nothing else, as in a truststore that OpenSSL made, they become trusted
// ones; else they are left out, which is said.
func (s *session) recodeUnmarked(made *store.Store) error {
	if s.ks.Type() != store.PKCS12 {
		return nil
	}
	if passed := s.ks.Passed(); len(passed) > 0 {
		s.Stderr.Printf("gokeytool: %s left out of the new file\n",
			text.CountGrouped(len(passed), "bag that Java passes over is", "bags that Java passes over are"))
	}
	inChains := make(map[string]bool)
	for _, e := range made.Entries() {
		for _, c := range e.Chain {
			inChains[string(c.DER)] = true
		}
	}
	unmarked := slices.DeleteFunc(s.ks.Untrusted(), func(c entry.Certificate) bool { return inChains[string(c.DER)] })
	if made.Len() > 0 {
		if n := len(unmarked); n > 0 {
			s.Stderr.Printf("gokeytool: %s no entry and left out; to trust them first: %s\n",
				text.CountGrouped(n, "certificate is in", "certificates are in"), s.trustmarkLine(s.ks))
		}
		return nil
	}
	return s.mark(made, unmarked)
}

// openKey opens a key with the keystore's password, -keypass, or one that is
// asked for, and says which it was.
func (s *session) openKey(e *entry.Entry) (entry.Key, []byte, error) {
	if s.ks.password != nil && s.ks.keypass != nil {
		if key, err := s.ks.KeyOf(e, s.ks.password); err == nil {
			return s.keep(key), s.ks.password, nil
		}
	}
	alias := s.ks.JavaAlias(e)
	key, opened, err := s.recoverEntry(s.ks, e, alias)
	key, err = s.salvaged(e, opened, key, err)
	if s.ks.keypass != nil && errors.Is(err, entry.ErrPassword) { // there are several
		err = withHint(err, fmt.Sprintf("neither the keystore's password nor that of -keypass opens the key of <%s>: without -keypass each key's is asked for",
			alias))
	}
	return key, opened, err
}
