package commands

import (
	"fmt"
	"strings"

	"gokeytool/check"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/store/token"
)

// keystore is the keystore of a command, opened.
type keystore struct {
	*store.Store
	path string
	// typ is the type as keytool speaks of it: the one named by -storetype,
	// else what the file is.
	typ      string
	exists   bool
	none     bool          // -keystore NONE: no file
	provided bool          // -providername was given
	jks      bool          // the file is JKS by its content
	domain   bool          // it was named as a domain of keystores, DKS
	options  store.Options // beside password and type
	backup   func(path string) (end func(saved bool), err error)
	refuse   func(*keystore) error // what of the new must not be saved; nil for nothing
	had      certificatesIn        // when it was opened to be changed
	password []byte                // nil if none was given
	// keypass and destkeypass are -keypass and -destkeypass as they apply here: in
	// PKCS12 keys have the keystore's password. They are nil where none was given.
	keypass, destkeypass []byte
	lock                 *store.FileLock
	fresh                bool        // there was no file when it was opened
	created              bool        // it was saved, and was not there before
	unlocked             error       // why there is no lock, where nothing can be written either
	pool                 *check.Pool // see hiddenChain
	destination          bool        // its options have names of their own

	// Of one that is to be changed, whose lock is given up while a question waits:
	acquire   func() error  // locks it
	reading   store.Reading // what the file held
	opened    []byte        // the password with which that was read
	storetype string        // as what
	replaces  bool          // all of the file is written again
	adapt     func() error  // has what is read protect new keys as the options say

	// Of a token, which has no password: what opens it is its PIN.
	place  *tokenPlace
	token  *openToken
	device *token.Keystore
	named  optional[string] // the alias of the object that its URI names
	public bool             // nobody is logged in: what is private is not seen
}

// option is the name of an option of the keystore on the line.
func (k *keystore) option(name string) string {
	if k.destination {
		return "dest" + name
	}
	return name
}

// pkcs12 says whether keytool applies its rules for PKCS12 keystores.
func (k *keystore) pkcs12() bool { return strings.EqualFold(k.typ, string(store.PKCS12)) }

// passwordless says whether the keystore is a PKCS12 one that knows neither
// encryption nor integrity, as Java keeps trusted certificates, or a file of keys
// and certificates that is no keystore to Java.
func (k *keystore) passwordless() bool {
	if k.Type().Unprotected() || k.token != nil {
		return true
	}
	p, ok := k.Params()
	return ok && p.CertAlgorithm == pkcs12.None && p.MACAlgorithm == pkcs12.None
}

func (k *keystore) close() {
	if k.lock != nil {
		_ = k.lock.Unlock()
		k.lock = nil
	}
}

const (
	// domainType is Java's type of several keystores that are used as one.
	domainType = "DKS"
	// domainPrefix is before the aliases of a keystore that Java takes for the
	// only one of a domain. That is all that keytool sees of domains: it gives
	// Java a file, not where the keystores of a domain are.
	domainPrefix = "iostream1 "
)

// errDomain is Java's refusal of what is no keystore of a domain.
func errDomain() error {
	return withHint(java("java.lang.UnsupportedOperationException", "This keystore must be loaded using a DomainLoadStoreParameter"),
		"neither keytool nor gokeytool reads the file that lists the keystores of a domain: name one of the keystores with -keystore")
}

// warnOfFormat adds keytool's warning about JKS and JCEKS keystores that hold
// keys, which ends every command that used one.
func (s *session) warnOfFormat() {
	k := s.ks
	if k == nil || !k.exists || k.Store == nil || k.Type() == store.PKCS12 || k.Type() == store.PKCS11 || k.Type().Foreign() {
		return
	}
	typ := k.Type()
	if k.jks || typ == store.CaseExactJKS { // a JKS file that was opened as JCEKS, and not saved
		typ = store.JKS
	}
	for _, e := range k.Entries() {
		if e.Kind != entry.TrustedCertificate {
			s.warn(fmt.Sprintf("The %[1]s keystore uses a proprietary format. It is recommended to migrate to PKCS12 which is an industry standard format using \"keytool -importkeystore -srckeystore %[2]s -destkeystore %[2]s -deststoretype pkcs12\".",
				typ, k.path))
			return
		}
	}
}

// warnUnverified prints keytool's warning about a keystore that was read
// without its password.
func (s *session) warnUnverified() {
	if s.ks.password != nil || s.ks.token != nil || s.opt.protected || s.ks.passwordless() {
		return
	}
	s.Stderr.Print(`
*****************  WARNING WARNING WARNING  *****************
* The integrity of the information stored in your keystore  *
* has NOT been verified!  In order to verify its integrity, *
* you must provide your keystore password.                  *
*****************  WARNING WARNING WARNING  *****************

`)
}
