// Package pkcs12 reads and writes PKCS #12 keystores (RFC 7292, RFC 9579) with
// everything that Java keeps in them: several private keys with their chains,
// trusted certificates, secret keys and passwords, each under an alias.
//
// It reads what is around: DER and BER, PBES1 (RC2, RC4, Triple-DES, DES) and
// PBES2 (AES, Triple-DES, DES, RC2), MACs of SHA-1 to SHA-512, PBMAC1, files
// without MAC, without encryption, with an empty or an absent password. What
// it does not know (bags, attributes, CRLs, certificates that nothing lists)
// it carries along. It writes as Java does: see Params. Not supported are the
// public-key modes (signed and enveloped data) and GOST.
//
// # Entries
//
// An entry is what Java lists: a private key, a secret key, or a certificate
// with Java's trust mark, whatever type the bag says it has; beyond Java also
// unencrypted keys, and keys without localKeyID (see HiddenFromJava). Its alias
// is the friendlyName; where there is none it is a number, counted as Java
// counts. Several entries of one alias are all returned; Java sees the last. A
// key's Created is what Java wrote into its localKeyID, else zero. Its chain is
// put together from the certificates of the file as Java does: the leaf by
// localKeyID, then by name, the issuers by name and key identifier; where Java
// finds none there is none, though its certificates may be in the file.
// Untrusted returns the certificates that come into no entry, Passed what stands
// in bags that Java passes over (CRLs, and bags of bags with all that is in
// them). Refused says why Java does not open the file.
//
// Sealed is the EncryptedPrivateKeyInfo of a private key, or the
// PrivateKeyInfo where it is not encrypted (Unseal then takes any password);
// of a secret key it is the same, as Java packs it.
//
// # Changing a file
//
// Encode leaves bags whose entries have not changed as they are, byte for
// byte in DER, and whole encrypted parts too if nothing in them changed and
// the password is the one that they were read with. An entry may be changed in
// its Alias, Created, Chain and Sealed while keeping its Origin: attributes
// that this package does not know stay on its bags then.
//
// # Passwords
//
// They are UTF-8. The key derivation of PKCS #12 takes them in UTF-16 (RFC
// 7292 appendix B.1), PBES2 and PBMAC1 in UTF-8, as OpenSSL does. In reading,
// what OpenSSL before 1.1 and JDK 25 make of passwords beyond ASCII is tried
// too; earlier Java refuses them.
package pkcs12

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"gokeytool/store/entry"
	"gokeytool/store/internal/pbe"
)

// origin is what a file was besides its entries.
type origin struct {
	params Params
	limits entry.Limits
	read   bool // from a file
	viewed bool // by View
	safes  []*safe
	nbags  int      // bags are numbered below this
	listed int      // entries
	mac    *pbe.MAC // nil: none
	macErr error    // why the MAC cannot be understood
	hidden []Hidden // what stands in bags that Java passes over
	// refused is why Java does not open the file; empty if it does.
	refused string
	proof   proof
}

// safe is one ContentInfo of the AuthenticatedSafe (RFC 7292 section 4.1).
type safe struct {
	raw        []byte      // in DER
	scheme     *pbe.Scheme // nil: not encrypted
	ciphertext []byte
	plain      []byte // SafeContents of what is not encrypted
	unread     bool   // encrypted, and there was no password
	loose      bool   // encrypted, with more in it than belongs there
	bags       []bag
}

// bag is a SafeBag (RFC 7292 section 4.2).
type bag struct {
	raw   []byte // in DER
	value []byte // a certificate's DER, a key's Sealed; nil in other kinds
	attrs []byte // content of the attribute SET
	// From the attributes:
	name    string
	keyID   []byte
	named   bool
	trusted bool
	// listed: it is (part of) an entry, so it goes when the entry goes.
	listed bool
	kind   bagKind
	index  int32 // in the file
}

type bagKind uint8

const (
	otherBag bagKind = iota
	keyBag
	shroudedKeyBag
	certBag
	secretBag
)

func (k bagKind) private() bool { return k == keyBag || k == shroudedKeyBag }

// sealed says whether a bag holds a key that is to be encrypted.
func (k bagKind) sealed() bool { return k == shroudedKeyBag || k == secretBag }

// entryOrigin is how an entry stood in its file.
type entryOrigin struct {
	file    *origin
	kind    entry.Kind
	bag     *bag   // the key's, or the trusted certificate's
	chain   []*bag // of a private key, one for each certificate of its chain
	alias   string
	created time.Time
	keyID   []byte
	// implied: key and certificate belong together by their places in the
	// file, not by a localKeyID, which has to be given to them when
	// places change.
	implied bool
	hidden  bool // from Java
}

func originOf(f *entry.File) *origin {
	if f != nil {
		if o, ok := f.Origin.(*origin); ok {
			return o
		}
	}
	return &origin{params: Default}
}

// everyBag calls visit for all bags in file order. place is the bag's number
// in its part.
func (o *origin) everyBag(visit func(b *bag, place int)) {
	for _, s := range o.safes {
		for i := range s.bags {
			visit(&s.bags[i], i)
		}
	}
}

// certScheme returns how the last encrypted part is encrypted; none is true
// when nothing is and the file shows that it is meant so, by certificates in
// clear or the lack of a MAC too.
func (o *origin) certScheme() (scheme *pbe.Scheme, none bool) {
	certs := false
	for _, s := range o.safes {
		if s.scheme != nil {
			scheme = s.scheme
		}
	}
	o.everyBag(func(b *bag, _ int) { certs = certs || b.kind == certBag })
	return scheme, scheme == nil && (certs || o.mac == nil && o.macErr == nil)
}

// Untrusted returns the certificates that stand in no entry of f as it was
// read: without Java's trust mark, and in no key's chain. Java does not list
// them.
func Untrusted(f *entry.File) []entry.Certificate {
	var certs []entry.Certificate
	originOf(f).everyBag(func(b *bag, _ int) {
		if b.kind == certBag && !b.listed {
			certs = append(certs, entry.X509(b.value))
		}
	})
	return certs
}

// Hidden is something in a file that Java passes over and that is no entry:
// what is not an entry's key or certificate, or stands in a bag of bags.
type Hidden struct {
	What        string // "trusted certificate", "certificate", "private key", "secret key", "CRL", "bag of the type 1.2.3"
	Name        string // its friendlyName, if any
	Nested      bool   // it stands in a bag of bags
	Certificate []byte // a certificate in DER; else nil
}

// Passed returns what Java passes over in f as it was read, in the order of the
// file. It is carried along when f is changed.
func Passed(f *entry.File) []Hidden { return originOf(f).hidden }

// Refused returns why Java does not open f as it was read, though it was read
// here; empty if it does.
func Refused(f *entry.File) string { return originOf(f).refused }

// HiddenFromJava says whether e, as it was read, is a key that Java does not
// list: one that is not encrypted, or one without localKeyID where there are
// several.
func HiddenFromJava(e *entry.Entry) bool {
	o, ok := e.Origin.(*entryOrigin)
	return ok && o.hidden
}

// proof recognises the password that a file was opened with.
type proof struct{ key, sum []byte }

func newProof(password []byte) proof {
	p := proof{key: make([]byte, 32)}
	rand.Read(p.key)
	p.sum = p.digest(password)
	return p
}

func (p proof) of(password []byte) bool {
	return p.key != nil && hmac.Equal(p.sum, p.digest(password))
}

func (p proof) digest(password []byte) []byte {
	h := hmac.New(sha256.New, p.key)
	h.Write(password)
	return h.Sum(nil)
}

func damaged(format string, args ...any) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: "PKCS12", Offset: -1, What: fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	what := fmt.Sprintf(format, args...) + " is not supported"
	return &entry.FormatError{Kind: entry.ErrUnsupported, Format: "PKCS12", Offset: -1, What: what}
}

// same says whether two slices hold the same bytes.
func same(a, b []byte) bool {
	if len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	return bytes.Equal(a, b)
}

// Unread says whether parts of f, as it was read, are encrypted and stayed
// unread for lack of a password: there may be certificates and entries in them.
func Unread(f *entry.File) bool {
	return slices.ContainsFunc(originOf(f).safes, func(s *safe) bool { return s.unread })
}

// Confirmed says whether the reading of f has shown that the password given is
// the file's: its MAC holds, or something that is encrypted with it was read. A
// file may have neither.
func Confirmed(f *entry.File) bool {
	o := originOf(f)
	return f.Verified || o.proof.key != nil && slices.ContainsFunc(o.safes, func(s *safe) bool { return s.scheme != nil })
}
