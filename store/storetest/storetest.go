// Package storetest is the conformance suite of the keystore formats: what
// holds for one of them holds for all. A format's own tests call Run. Besides it
// has what several of these tests need.
package storetest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/store/entry"
)

// Codec is a format under test: its four functions and what is particular to
// it.
type Codec struct {
	Decode func(data, password []byte, lim entry.Limits) (*entry.File, error)
	Encode func(f *entry.File, password []byte) ([]byte, error)
	Seal   func(key entry.Key, password []byte, f *entry.File) ([]byte, error)
	Unseal func(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error)

	// New returns an empty file, one that is cheap to open: the suite opens
	// thousands. If nil, it is an entry.File without Origin.
	New func() *entry.File
	// SecretKeys says that the format holds secret keys.
	SecretKeys bool
	// KeysFirst says that the format writes all keys before all certificates.
	KeysFirst bool
	// CertificateDates says that trusted certificates keep their date. Keys
	// do in every format.
	CertificateDates bool
	// Iterations says that the protection of keys has an iteration count.
	Iterations bool
	// Encrypted says that without a password the certificates stay unread.
	Encrypted bool
}

// Password is that of the stores which the suite makes.
const Password = "changeit"

var created = time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)

// Run runs the suite.
func Run(t *testing.T, c Codec) {
	if c.New == nil {
		c.New = func() *entry.File { return new(entry.File) }
	}
	s := &suite{Codec: c, key: newKey(t), chain: newChain(t, 3)}
	t.Run("empty", s.empty)
	t.Run("round trip", s.roundTrip)
	t.Run("many entries", s.many)
	t.Run("aliases", s.aliases)
	t.Run("dates", s.dates)
	t.Run("odd certificates", s.oddCertificates)
	t.Run("long chain", s.longChain)
	t.Run("passwords", s.passwords)
	t.Run("wrong password", s.wrongPassword)
	t.Run("no password", s.noPassword)
	t.Run("key password", s.keyPassword)
	t.Run("secret keys", s.secretKeys)
	t.Run("untouched entries", s.untouched)
	t.Run("duplicate aliases", s.duplicates)
	t.Run("limits", s.limits)
	t.Run("not the format", s.garbage)
	t.Run("truncation", s.truncation)
	t.Run("bit flips", s.bitFlips)
	t.Run("password is not kept", s.inputsUnchanged)
}

type suite struct {
	Codec
	key   entry.Key
	chain []entry.Certificate
}

// file returns a file of the entries.
func (s *suite) file(entries ...*entry.Entry) *entry.File {
	f := s.New()
	f.Entries = entries
	return f
}

func (s *suite) encode(t *testing.T, f *entry.File) []byte {
	t.Helper()
	data, err := s.Encode(f, []byte(Password))
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return data
}

func (s *suite) decode(t *testing.T, data []byte) *entry.File {
	t.Helper()
	f, err := s.Decode(data, []byte(Password), entry.DefaultLimits)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if !f.Verified {
		t.Error("decoded with a password, but not verified")
	}
	return f
}

// keyEntry returns an entry with the suite's private key.
func (s *suite) keyEntry(t *testing.T, alias, password string) *entry.Entry {
	t.Helper()
	sealed, err := s.Seal(s.key, []byte(password), s.New())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	return &entry.Entry{Alias: alias, Created: created, Kind: entry.PrivateKey, Chain: s.chain, Sealed: sealed}
}

func (s *suite) certEntry(alias string) *entry.Entry {
	return &entry.Entry{Alias: alias, Created: created, Kind: entry.TrustedCertificate, Chain: s.chain[2:]}
}

// sample is a store with some of everything.
func (s *suite) sample(t *testing.T) *entry.File {
	f := s.file(s.keyEntry(t, "key", Password), s.certEntry("ca"))
	if s.SecretKeys {
		f.Entries = append(f.Entries, s.secretEntry(t, "secret", entry.Key{Algorithm: "AES", Raw: []byte("0123456789abcdef")}))
	}
	return f
}

func (s *suite) secretEntry(t *testing.T, alias string, key entry.Key) *entry.Entry {
	t.Helper()
	sealed, err := s.Seal(key, []byte(Password), s.New())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	return &entry.Entry{Alias: alias, Created: created, Kind: entry.SecretKey, Sealed: sealed}
}

// diff compares entries as the format keeps them.
func (s *suite) diff(want, got []*entry.Entry) error {
	if s.KeysFirst {
		want = slices.Clone(want)
		slices.SortStableFunc(want, func(a, b *entry.Entry) int {
			return last(a.Kind) - last(b.Kind)
		})
	}
	if len(want) != len(got) {
		return fmt.Errorf("%d entries, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		switch {
		case g.Alias != w.Alias:
			return fmt.Errorf("entry %d has the alias %q, want %q", i, g.Alias, w.Alias)
		case g.Kind != w.Kind:
			return fmt.Errorf("%q is a %v, want %v", w.Alias, g.Kind, w.Kind)
		case !bytes.Equal(g.Sealed, w.Sealed):
			return fmt.Errorf("%q has another sealed key", w.Alias)
		case !slices.EqualFunc(g.Chain, w.Chain, sameCertificate):
			return fmt.Errorf("%q has another chain", w.Alias)
		case (w.Kind != entry.TrustedCertificate || s.CertificateDates) && !g.Created.Equal(w.Created):
			return fmt.Errorf("%q was created %v, want %v", w.Alias, g.Created, w.Created)
		}
	}
	return nil
}

func last(k entry.Kind) int {
	if k == entry.TrustedCertificate {
		return 1
	}
	return 0
}

func sameCertificate(a, b entry.Certificate) bool {
	return a.Type == b.Type && bytes.Equal(a.DER, b.DER)
}

func (s *suite) empty(t *testing.T) {
	f := s.decode(t, s.encode(t, s.New()))
	if len(f.Entries) != 0 {
		t.Errorf("%d entries", len(f.Entries))
	}
}

func (s *suite) roundTrip(t *testing.T) {
	f := s.sample(t)
	back := s.decode(t, s.encode(t, f))
	if err := s.diff(f.Entries, back.Entries); err != nil {
		t.Error(err)
	}
	// What was read is written again, and again, with nothing lost.
	again := s.decode(t, s.encode(t, back))
	if err := s.diff(f.Entries, again.Entries); err != nil {
		t.Errorf("after a second time: %v", err)
	}
	for _, e := range again.Entries {
		if e.Kind != entry.PrivateKey {
			continue
		}
		key, err := s.Unseal(e, []byte(Password), entry.DefaultLimits)
		if err != nil || !bytes.Equal(key.PKCS8, s.key.PKCS8) {
			t.Errorf("the key does not come out as it went in: %v", err)
		}
	}
}

func (s *suite) many(t *testing.T) {
	f := s.New()
	key := s.keyEntry(t, "", Password)
	for i := range 1000 {
		e := s.certEntry(fmt.Sprintf("entry-%04d", i))
		if i%7 == 0 {
			k := *key
			k.Alias = e.Alias
			e = &k
		}
		f.Entries = append(f.Entries, e)
	}
	if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
		t.Error(err)
	}
}

func (s *suite) aliases(t *testing.T) {
	for _, alias := range []string{
		"a", "with blank and, comma", "äöüß", "日本語", "emoji 😀", "\u202Eevil", "tab\tand\nline",
		`quote"back\slash`, "-dash", "é", "e\u0301", "\uFFFD", "\u00A0", strings.Repeat("long", 1000),
	} {
		f := s.file(s.keyEntry(t, alias, Password), s.certEntry(alias+"2"))
		if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
			t.Errorf("%.20q: %v", alias, err)
		}
	}
}

func (s *suite) dates(t *testing.T) {
	for _, date := range []time.Time{
		time.UnixMilli(0), time.UnixMilli(1), created,
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		key, cert := s.keyEntry(t, "key", Password), s.certEntry("cert")
		key.Created, cert.Created = date, date
		f := s.file(key, cert)
		if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
			t.Errorf("%v: %v", date, err)
		}
	}
}

// oddCertificates: a store carries what crypto/x509 refuses.
func (s *suite) oddCertificates(t *testing.T) {
	odd := bytes.Clone(s.chain[0].DER)
	odd = bytes.Replace(odd, []byte{2, 1, 1}, []byte{2, 1, 0xFF}, 1) // a negative serial number
	if bytes.Equal(odd, s.chain[0].DER) {
		t.Fatal("no serial number to change")
	}
	e := s.certEntry("odd")
	e.Chain = []entry.Certificate{entry.X509(odd)}
	f := s.file(e)
	if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
		t.Error(err)
	}
}

func (s *suite) longChain(t *testing.T) {
	e := s.keyEntry(t, "key", Password)
	e.Chain = newChain(t, 12)
	f := s.file(e)
	if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
		t.Error(err)
	}
}

func (s *suite) passwords(t *testing.T) {
	for _, password := range []string{"changeit", "", "pässwörd", "日本語のパスワード", "🔑🔒", strings.Repeat("long", 100), "with\x00zero"} {
		sealed, err := s.Seal(s.key, []byte(password), s.New())
		if err != nil {
			t.Errorf("%.20q: seal: %v", password, err)
			continue
		}
		e := &entry.Entry{Alias: "key", Created: created, Kind: entry.PrivateKey, Chain: s.chain, Sealed: sealed}
		data, err := s.Encode(s.file(e), []byte(password))
		if err != nil {
			t.Errorf("%.20q: encode: %v", password, err)
			continue
		}
		f, err := s.Decode(data, []byte(password), entry.DefaultLimits)
		if err != nil {
			t.Errorf("%.20q: decode: %v", password, err)
			continue
		}
		key, err := s.Unseal(f.Entries[0], []byte(password), entry.DefaultLimits)
		if err != nil || !bytes.Equal(key.PKCS8, s.key.PKCS8) {
			t.Errorf("%.20q: unseal: %v", password, err)
		}
		if _, err := s.Decode(data, []byte(password+"x"), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
			t.Errorf("%.20q and an x: got %v", password, err)
		}
	}
}

func (s *suite) wrongPassword(t *testing.T) {
	data := s.encode(t, s.sample(t))
	for _, password := range []string{"Changeit", "changei", ""} {
		f, err := s.Decode(data, []byte(password), entry.DefaultLimits)
		if !errors.Is(err, entry.ErrPassword) || f != nil {
			t.Errorf("decode with %q: got %v, %v", password, f, err)
		}
	}
	for _, e := range s.sample(t).Entries {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		// A wrong password has one chance in 256 to give a good padding, but
		// must not give a key.
		for i := range 20 {
			if key, err := s.Unseal(e, fmt.Appendf(nil, "wrong%d", i), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
				t.Errorf("unseal %q: got %d bytes, %v", e.Alias, len(key.PKCS8), err)
			}
		}
	}
}

func (s *suite) noPassword(t *testing.T) {
	sample := s.sample(t)
	f, err := s.Decode(s.encode(t, sample), nil, entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if f.Verified {
		t.Error("verified without a password")
	}
	if s.Encrypted {
		if !slices.ContainsFunc(f.Entries, func(e *entry.Entry) bool { return e.Alias == "key" && len(e.Chain) == 0 }) {
			t.Error("the key is not there, or has certificates that need the password")
		}
		return
	}
	if err := s.diff(sample.Entries, f.Entries); err != nil {
		t.Error(err)
	}
}

// keyPassword: a key may have a password of its own, and without it is carried
// through every change.
func (s *suite) keyPassword(t *testing.T) {
	f := s.file(s.keyEntry(t, "mine", Password), s.keyEntry(t, "other", "another one"))
	f = s.decode(t, s.encode(t, f))
	f.Entries = append(f.Entries, s.certEntry("new")) // a change
	f.Entries = f.Entries[1:]                         // and another
	f = s.decode(t, s.encode(t, f))
	if _, err := s.Unseal(f.Entries[0], []byte(Password), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
		t.Errorf("with the store's password: got %v", err)
	}
	key, err := s.Unseal(f.Entries[0], []byte("another one"), entry.DefaultLimits)
	if err != nil || !bytes.Equal(key.PKCS8, s.key.PKCS8) {
		t.Errorf("with its own: %v", err)
	}
}

func (s *suite) secretKeys(t *testing.T) {
	keys := []entry.Key{
		{Algorithm: "AES", Raw: []byte("0123456789abcdef")},
		{Algorithm: "AES", Raw: bytes.Repeat([]byte{7}, 32)},
		{Algorithm: "DESede", Raw: []byte("\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10\x89\xAB\xCD\xEF\x01\x23\x45\x67")},
		{Algorithm: "HmacSHA256", Raw: bytes.Repeat([]byte{9}, 64)},
	}
	if !s.SecretKeys {
		if _, err := s.Seal(keys[0], []byte(Password), s.New()); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("seal: got %v", err)
		}
		return
	}
	f := s.New()
	for i, key := range keys {
		f.Entries = append(f.Entries, s.secretEntry(t, fmt.Sprint("secret", i), key))
	}
	back := s.decode(t, s.encode(t, f))
	if err := s.diff(f.Entries, back.Entries); err != nil {
		t.Fatal(err)
	}
	for i, e := range back.Entries {
		key, err := s.Unseal(e, []byte(Password), entry.DefaultLimits)
		if err != nil || key.Algorithm != keys[i].Algorithm || !bytes.Equal(key.Raw, keys[i].Raw) {
			t.Errorf("%s: got %s of %d bytes, %v", keys[i].Algorithm, key.Algorithm, len(key.Raw), err)
		}
	}
}

// untouched entries keep their bytes when others change.
func (s *suite) untouched(t *testing.T) {
	f := s.decode(t, s.encode(t, s.sample(t)))
	before := slices.Clone(f.Entries)
	f.Entries = slices.Insert(f.Entries, 0, s.keyEntry(t, "first", "whatever"))
	f.Entries = append(f.Entries, s.certEntry("last"))
	after := s.decode(t, s.encode(t, f)).Entries
	after = slices.DeleteFunc(after, func(e *entry.Entry) bool { return e.Alias == "first" || e.Alias == "last" })
	if err := s.diff(before, after); err != nil {
		t.Error(err)
	}
}

// duplicates: what a file says twice stays there twice.
func (s *suite) duplicates(t *testing.T) {
	f := s.file(s.certEntry("same"), s.certEntry("same"), s.certEntry("other"))
	f.Entries[1].Chain = s.chain[:1]
	if err := s.diff(f.Entries, s.decode(t, s.encode(t, f)).Entries); err != nil {
		t.Error(err)
	}
}

func (s *suite) limits(t *testing.T) {
	f := s.sample(t)
	data := s.encode(t, f)
	few := entry.DefaultLimits
	few.MaxEntries = 1
	if _, err := s.Decode(data, []byte(Password), few); !errors.Is(err, entry.ErrLimit) {
		t.Errorf("two entries where one is allowed: got %v", err)
	}
	if s.Iterations {
		none := entry.DefaultLimits
		none.MaxIterations = 0
		if _, err := s.Unseal(f.Entries[0], []byte(Password), none); !errors.Is(err, entry.ErrLimit) {
			t.Errorf("iterations where none are allowed: got %v", err)
		}
	}
}

func (s *suite) garbage(t *testing.T) {
	for _, data := range []string{"", "\x00", "x", "-----BEGIN CERTIFICATE-----\n", strings.Repeat("\xFF", 1000), strings.Repeat("\x30\x80", 1000)} {
		for _, password := range [][]byte{nil, []byte(Password)} {
			if _, err := s.Decode([]byte(data), password, entry.DefaultLimits); !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrUnsupported) {
				t.Errorf("%.20q: got %v", data, err)
			}
		}
	}
	for _, sealed := range []string{"", "\x00", "\x30\x00", strings.Repeat("\xFF", 100)} {
		e := &entry.Entry{Alias: "key", Kind: entry.PrivateKey, Sealed: []byte(sealed)}
		if _, err := s.Unseal(e, []byte(Password), entry.DefaultLimits); err == nil {
			t.Errorf("a sealed key of %q opens", sealed)
		}
	}
}

// truncation: a file that ends early is an error, wherever it ends.
func (s *suite) truncation(t *testing.T) {
	data := s.encode(t, s.sample(t))
	for n := range data {
		f, err := s.Decode(data[:n:n], []byte(Password), entry.DefaultLimits)
		if err == nil {
			t.Errorf("%d of %d bytes open with %d entries", n, len(data), len(f.Entries))
		} else if !known(err) {
			t.Errorf("%d of %d bytes: %v is none of the known errors", n, len(data), err)
		}
		s.Decode(data[:n:n], nil, entry.DefaultLimits) // must not panic
	}
}

// bitFlips: a changed file is an error, or means what it meant before.
func (s *suite) bitFlips(t *testing.T) {
	sample := s.sample(t)
	data := s.encode(t, sample)
	for i := range data {
		for _, bit := range []byte{1, 0x10, 0x80} {
			data[i] ^= bit
			f, err := s.Decode(data, []byte(Password), entry.DefaultLimits)
			if err == nil {
				if err := s.diff(sample.Entries, f.Entries); err != nil {
					t.Errorf("byte %d of %d, bit %#x: opens, but %v", i, len(data), bit, err)
				}
			} else if !known(err) {
				t.Errorf("byte %d of %d, bit %#x: %v is none of the known errors", i, len(data), bit, err)
			}
			if f, err := s.Decode(data, nil, entry.DefaultLimits); err == nil {
				for _, e := range f.Entries {
					if e.Kind != entry.TrustedCertificate && i%8 == 0 {
						few := entry.DefaultLimits
						few.MaxIterations = 2000
						s.Unseal(e, []byte(Password), few) // must not panic
					}
				}
			}
			data[i] ^= bit
		}
	}
}

func known(err error) bool {
	for _, k := range []error{entry.ErrDamaged, entry.ErrLimit, entry.ErrPassword, entry.ErrUnsupported} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// inputsUnchanged: the codec leaves alone what belongs to its caller.
func (s *suite) inputsUnchanged(t *testing.T) {
	password := []byte(Password)
	key := entry.Key{PKCS8: bytes.Clone(s.key.PKCS8)}
	sealed, err := s.Seal(key, password, s.New())
	if err != nil {
		t.Fatal(err)
	}
	e := &entry.Entry{Alias: "key", Created: created, Kind: entry.PrivateKey, Chain: s.chain, Sealed: sealed}
	data, err := s.Encode(s.file(e), password)
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(data)
	f, err := s.Decode(data, password, entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Unseal(f.Entries[0], password, entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	out.Wipe() // the key is the caller's own copy
	if string(password) != Password || !bytes.Equal(key.PKCS8, s.key.PKCS8) || !bytes.Equal(data, before) {
		t.Error("password, key or file were changed")
	}
	if _, err := s.Unseal(f.Entries[0], password, entry.DefaultLimits); err != nil {
		t.Errorf("after the key was wiped: %v", err)
	}
}

func newKey(t *testing.T) entry.Key {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return entry.Key{PKCS8: pkcs8}
}

// newChain makes a chain of n certificates, leaf first.
func newChain(t *testing.T, n int) []entry.Certificate {
	t.Helper()
	chain := make([]entry.Certificate, n)
	var parent *x509.Certificate
	var parentKey *ecdsa.PrivateKey
	for i := n - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(int64(i + 1)),
			Subject:               pkix.Name{CommonName: fmt.Sprintf("certificate %d of %d", i, n)},
			NotBefore:             created,
			NotAfter:              created.AddDate(10, 0, 0),
			IsCA:                  i > 0,
			BasicConstraintsValid: true,
		}
		if parent == nil {
			parent, parentKey = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		chain[i] = entry.X509(der)
		parent, parentKey = template, key
	}
	return chain
}
