// Package store is the keystore model: it opens JKS, JCEKS and PKCS12 files by
// their content, changes what it is asked to change and nothing else, and
// saves so that at any instant the old or the new file is there, whole.
//
// Aliases follow Java's rules: they compare in lower case (Locale.ENGLISH) and
// new ones are stored so. An alias that stands in a JKS file in mixed case is
// still found, exactly as written first, ignoring case then; Java
// lists, but does not find it.
//
// Listing opens no key, saving seals again only what was changed: an entry
// whose password is not known is carried through every change as it is.
//
// Two processes that change one file take turns by Lock, from before Open to
// after Save. Reading needs no lock.
//
// A Store is not safe for concurrent use.
package store

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"gokeytool/internal/javastring"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// Store is a keystore in memory.
type Store struct {
	typ     Type
	codec   codec
	limits  entry.Limits
	path    string      // of the file; "" for none
	shared  *entry.Work // what the store's limits count for too; nil: nothing
	file    *entry.File
	aliases map[string][]*entry.Entry // see names
	exact   map[string]*entry.Entry   // the last of each JavaAlias; nil until many are named alike
	once    sync.Once                 // makes aliases
	leaves  *leafIndex                // nil until FindCertificate needs it
	costs   sync.Once                 // allows the keys their iterations
	costly  error                     // why not all keys are opened; nil until costs

	device   Device // nil for a file
	readOnly bool
	sum      [sha256.Size]byte // of the file that it was read from, to be changed; else zero
}

// New returns an empty keystore of that type, which must be one of the
// constants. A PKCS12 store is protected as JDK 17 to 25 do.
func New(t Type) *Store {
	if t == PKCS12 {
		return NewPKCS12(pkcs12.Default)
	}
	return newStore(t, &entry.File{Verified: true}, limitsOfNew())
}

// NewPKCS12 returns an empty PKCS12 keystore that is to be protected as p says.
func NewPKCS12(p pkcs12.Params) *Store {
	f := pkcs12.NewFile(p)
	f.Verified = true
	return newStore(PKCS12, f, limitsOfNew())
}

// limitsOfNew lets a new keystore have as many iterations as Java would give
// it.
func limitsOfNew() entry.Limits {
	lim := entry.DefaultLimits
	lim.MaxIterations = entry.JavaMaxIterations
	return lim
}

func newStore(t Type, f *entry.File, lim entry.Limits) *Store {
	s := &Store{typ: t, codec: t.codec(), limits: lim, file: f, shared: lim.Work}
	s.limits.Work = entry.NewWork(0, 0, s.shared)
	return s
}

// names are the entries by their alias as Java compares it, in file order. They
// are made when first asked for: who lists a store does not need them.
func (s *Store) names() map[string][]*entry.Entry {
	s.once.Do(func() {
		s.aliases = make(map[string][]*entry.Entry, len(s.file.Entries))
		all := slices.Clone(s.file.Entries) // one memory for the many whose alias is their own
		for i, e := range all {
			name := s.typ.fold(e.Alias)
			if same := s.aliases[name]; same != nil {
				s.aliases[name] = append(same, e)
			} else {
				s.aliases[name] = all[i : i+1 : i+1]
			}
		}
	})
	return s.aliases
}

// Type returns the format in which the store was read and will be saved.
func (s *Store) Type() Type { return s.typ }

// Verified says whether the integrity of the file was checked with the
// password. It holds for a new store.
func (s *Store) Verified() bool { return s.file.Verified }

// Confirmed says whether the opening of the store has shown that the password
// given is its own. Most stores tell by their integrity; a PKCS12 file may have
// no check of it, and be encrypted or not.
func (s *Store) Confirmed() bool {
	return s.file.Verified || s.typ == PKCS12 && pkcs12.Confirmed(s.file)
}

// Unread says whether parts of a PKCS12 file are encrypted and were not read, as
// no password was given. What is not in the store may be in them.
func (s *Store) Unread() bool { return s.typ == PKCS12 && pkcs12.Unread(s.file) }

// Len returns the number of entries.
func (s *Store) Len() int { return len(s.file.Entries) }

// Entries returns the entries in the order of the file. They are not to be
// changed; the Store's methods replace them.
func (s *Store) Entries() []*entry.Entry { return slices.Clone(s.file.Entries) }

// Sorted returns the entries in the order in which keytool -list prints them:
// by alias, compared as Java's String.compareTo does.
func (s *Store) Sorted() []*entry.Entry {
	type place struct {
		alias string
		index int
	}
	places := make([]place, s.Len())
	for i, e := range s.file.Entries {
		places[i] = place{s.JavaAlias(e), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(javastring.Compare(a.alias, b.alias), a.index-b.index)
	})
	sorted := make([]*entry.Entry, len(places))
	for i, p := range places {
		sorted[i] = s.file.Entries[p.index]
	}
	return sorted
}

// JavaOrder returns the entries in the order in which Java's KeyStore.aliases
// enumerates them once it has loaded the saved file: for PKCS12 (and what has
// no order in Java) that of the file, for JKS, JCEKS, BKS and UBER that of a
// java.util.Hashtable. It decides which key
// Tomcat serves when none is named. Of several entries of one alias Java keeps
// the last, in the place of the first. What Java does not see in a PKCS12
// file (pkcs12.HiddenFromJava) comes at the end.
func (s *Store) JavaOrder() []*entry.Entry {
	if s.typ == PKCS12 || s.typ.Unprotected() || s.device != nil {
		return s.linkedOrder()
	}
	var table hashtable
	for _, e := range s.file.Entries {
		table.put(e.Alias, e)
	}
	order := make([]*entry.Entry, 0, len(table.byAlias))
	for _, e := range table.entries() {
		order = append(order, e.entry)
	}
	return order
}

// linkedOrder is the order of a java.util.LinkedHashMap.
func (s *Store) linkedOrder() []*entry.Entry {
	order := make([]*entry.Entry, 0, len(s.file.Entries))
	place := make(map[string]int, len(s.file.Entries))
	var hidden []*entry.Entry
	for _, e := range s.file.Entries {
		alias := s.typ.fold(e.Alias)
		i, taken := place[alias]
		switch {
		case pkcs12.HiddenFromJava(e):
			hidden = append(hidden, e)
		case taken:
			order[i] = e
		default:
			place[alias] = len(order)
			order = append(order, e)
		}
	}
	return append(order, hidden...)
}

// Get returns the entry of that alias: the one that is written exactly so, or
// else one that Java's rules hold for the same. Of several it is the last, as
// for Java.
func (s *Store) Get(alias string) (*entry.Entry, bool) {
	same := s.names()[s.typ.fold(alias)]
	if len(same) == 0 {
		return nil, false
	}
	last := same[len(same)-1]
	if len(same) > maxAlike {
		return cmp.Or(s.byExact()[alias], last), true
	}
	for _, e := range slices.Backward(same) {
		if s.JavaAlias(e) == alias {
			return e, true
		}
	}
	return last, true
}

// maxAlike is how many entries whose aliases are the same except for their case are
// looked through. More come from a file that was made to take time.
const maxAlike = 16

// byExact are the entries by their JavaAlias, of several the last.
func (s *Store) byExact() map[string]*entry.Entry {
	if s.exact == nil {
		s.exact = make(map[string]*entry.Entry, s.Len())
		for _, e := range s.file.Entries {
			s.exact[s.JavaAlias(e)] = e
		}
	}
	return s.exact
}

// StoredAlias returns what Java shows of an alias once an entry is stored under
// it: that of the entry that Get finds, or else of the one that would be made.
// For PKCS12 that is lower case, in which Java reads whatever the file says.
func (s *Store) StoredAlias(alias string) string {
	if e, ok := s.Get(alias); ok {
		return s.JavaAlias(e)
	}
	return s.typ.fold(alias)
}

// JavaAlias returns the alias of one of the store's entries as Java shows it.
func (s *Store) JavaAlias(e *entry.Entry) string {
	if s.typ == PKCS12 {
		return s.typ.fold(e.Alias)
	}
	return e.Alias
}

// Key opens the private or secret key of that alias. The caller wipes it. The
// error is a *NoEntryError, a *KindError or a *KeyError with one of the
// codec's: of entry.ErrPassword if the password does not open the key.
func (s *Store) Key(alias string, password []byte) (entry.Key, error) {
	e, ok := s.Get(alias)
	if !ok {
		return entry.Key{}, &NoEntryError{Alias: alias}
	}
	return s.KeyOf(e, password)
}

// KeyOf is Key for an entry of the store, also for one that Get does not find
// because another has the same alias.
func (s *Store) KeyOf(e *entry.Entry, password []byte) (entry.Key, error) {
	if e.Kind == entry.TrustedCertificate {
		return entry.Key{}, &KindError{Alias: s.JavaAlias(e), Kind: e.Kind, Want: entry.PrivateKey}
	}
	s.costs.Do(s.allowKeys)
	key, err := s.codec.unseal(e, password, s.limits)
	if errors.Is(err, entry.ErrLimit) {
		return entry.Key{}, &KeyError{Path: s.path, Alias: s.JavaAlias(e), Type: s.typ, Err: cmp.Or(s.costly, err)}
	}
	if err != nil {
		return entry.Key{}, &KeyError{Alias: s.JavaAlias(e), Type: s.typ, Err: err}
	}
	return key, nil
}

// CheckCost returns the error with which not all keys of the store are opened,
// before any is: together they ask for more iterations than
// entry.Limits.KeyRounds. It is an *entry.FormatError of entry.ErrLimit.
func (s *Store) CheckCost() error { return s.allowance().Check(string(s.typ), s.cost()) }

// allowance are the limits that hold for all keys together.
func (s *Store) allowance() entry.Limits {
	lim := s.limits
	lim.Work = s.shared
	return lim
}

// cost is what it takes to open all keys.
func (s *Store) cost() (c entry.Cost) {
	for _, e := range s.file.Entries {
		if e.Kind != entry.TrustedCertificate {
			rounds := 0
			if s.codec.rounds != nil {
				rounds = s.codec.rounds(e)
			}
			c.Add(rounds)
		}
	}
	return c
}

// allowKeys grants what may be spent on keys: each may be tried with two
// passwords. Where all together cost too much, it is enough for a few: who needs
// one of them gets it, and who needs all is stopped soon.
func (s *Store) allowKeys() {
	cost := s.cost()
	if s.costly = s.allowance().Check(string(s.typ), cost); s.costly != nil {
		s.limits.Work.Allow(max(s.limits.MaxIterations, entry.DefaultLimits.KeyRounds(0)))
		return
	}
	s.limits.Work.Allow(2 * s.limits.KeyRounds(cost.Keys))
}

// Salvage is KeyOf also for a key of PKCS12 that Java does not recover because of
// something odd about it (a *pkcs12.NotForJavaError).
func (s *Store) Salvage(e *entry.Entry, password []byte) (entry.Key, error) {
	key, err := s.KeyOf(e, password)
	if _, odd := errors.AsType[*pkcs12.NotForJavaError](err); !odd {
		return key, err
	}
	if key, err = pkcs12.Salvage(e, password, s.limits); err != nil {
		return entry.Key{}, &KeyError{Alias: s.JavaAlias(e), Type: s.typ, Err: err}
	}
	return key, nil
}

// SetKey stores a private key with its chain, or a secret key without one,
// sealed with the password, in place of whatever the alias held. A created of
// zero is not stored where the format can do without.
func (s *Store) SetKey(alias string, key entry.Key, password []byte, chain []entry.Certificate, created time.Time) error {
	sealed, err := s.Seal(key, password)
	if err != nil {
		return err
	}
	kind := entry.PrivateKey
	if key.Secret() {
		kind = entry.SecretKey
	}
	s.SetSealed(alias, kind, sealed, chain, created)
	return nil
}

// Seal protects a key with the password in the manner of the store, for
// SetSealed or Reseal. It changes nothing and looks at no entry: of all methods
// this one may be called beside others, so that many keys are sealed at once.
func (s *Store) Seal(key entry.Key, password []byte) (sealed []byte, err error) {
	if s.typ.Foreign() {
		return nil, s.typ.notWritten()
	}
	if key.Signer != nil && s.device == nil {
		return nil, entry.ErrHeld
	}
	if key.Secret() && !s.typ.secrets() {
		return nil, &NoSecretKeysError{Type: s.typ}
	}
	return s.codec.seal(key, password, s.file)
}

// SetSealed is SetKey for a key that Seal of this store has sealed.
func (s *Store) SetSealed(alias string, kind entry.Kind, sealed []byte, chain []entry.Certificate, created time.Time) {
	s.put(&entry.Entry{
		Alias:   s.StoredAlias(alias),
		Created: created,
		Kind:    kind,
		Chain:   slices.Clone(chain),
		Sealed:  sealed,
	})
}

// SetChain gives a private key another certificate chain. The key stays sealed
// as it is. Java, which stores such an entry again, dates it now: so will
// created, unless it is zero. The error is a *NoEntryError or *KindError.
func (s *Store) SetChain(alias string, chain []entry.Certificate, created time.Time) error {
	old, ok := s.Get(alias)
	if !ok {
		return &NoEntryError{Alias: alias}
	}
	if old.Kind != entry.PrivateKey {
		return &KindError{Alias: alias, Kind: old.Kind, Want: entry.PrivateKey}
	}
	e := s.changed(old, created)
	e.Chain = slices.Clone(chain)
	s.replace(old, e)
	return nil
}

// SetKeyPassword seals a private or secret key with another password. Java,
// which stores such an entry again, dates it now: so will created, unless it is
// zero. The errors are those of Key.
func (s *Store) SetKeyPassword(alias string, old, password []byte, created time.Time) error {
	e, ok := s.Get(alias)
	if !ok {
		return &NoEntryError{Alias: alias}
	}
	key, err := s.KeyOf(e, old)
	if err != nil {
		return err
	}
	defer key.Wipe()
	sealed, err := s.Seal(key, password)
	if err != nil {
		return err
	}
	return s.Reseal(e, sealed, created)
}

// Reseal gives an entry of the store a private or secret key that Seal of this
// store has sealed again in place of what it has, as SetKeyPassword does. It
// takes the entry itself, as a file may have several of one alias. The error
// is a *NoEntryError or *KindError.
func (s *Store) Reseal(was *entry.Entry, sealed []byte, created time.Time) error {
	if !slices.Contains(s.names()[s.typ.fold(was.Alias)], was) {
		return &NoEntryError{Alias: s.JavaAlias(was)}
	}
	if was.Kind == entry.TrustedCertificate {
		return &KindError{Alias: s.JavaAlias(was), Kind: was.Kind, Want: entry.PrivateKey}
	}
	e := s.changed(was, created)
	e.Sealed = sealed
	s.replace(was, e)
	return nil
}

// SetCertificate stores a trusted certificate, in place of the one that the
// alias held. A key is not replaced, as in Java: that is a *KindError.
func (s *Store) SetCertificate(alias string, c entry.Certificate, created time.Time) error {
	if old, ok := s.Get(alias); ok && old.Kind != entry.TrustedCertificate {
		return &KindError{Alias: alias, Kind: old.Kind, Want: entry.TrustedCertificate}
	}
	s.put(&entry.Entry{
		Alias:   s.StoredAlias(alias),
		Created: created,
		Kind:    entry.TrustedCertificate,
		Chain:   []entry.Certificate{c},
	})
	return nil
}

// Delete removes the entry of that alias; of several, all, as Java sees only
// one of them. The error is a *NoEntryError.
func (s *Store) Delete(alias string) error {
	old, ok := s.Get(alias)
	if !ok {
		return &NoEntryError{Alias: alias}
	}
	s.exact = nil
	name := s.typ.fold(alias)
	var gone, kept []*entry.Entry
	for _, e := range s.names()[name] {
		if s.JavaAlias(e) != s.JavaAlias(old) {
			kept = append(kept, e)
			continue
		}
		gone = append(gone, e)
		s.leaves.remove(e)
	}
	s.aliases[name] = kept
	isGone := make(map[*entry.Entry]bool, len(gone))
	for _, e := range gone {
		isGone[e] = true
	}
	s.file.Entries = slices.DeleteFunc(s.file.Entries, func(e *entry.Entry) bool { return isGone[e] })
	return nil
}

// Rename gives an entry another alias. Key and chain stay as they are. Java,
// which stores such an entry again, dates it now and has it last: so will
// created, unless it is zero. The error is a *NoEntryError, or an
// *EntryExistsError if another entry has the new alias.
func (s *Store) Rename(alias, to string, created time.Time) error {
	old, ok := s.Get(alias)
	if !ok {
		return &NoEntryError{Alias: alias}
	}
	if taken, ok := s.Get(to); ok && taken != old {
		return &EntryExistsError{Alias: to}
	}
	e := s.changed(old, created)
	e.Alias = s.typ.fold(to)
	s.replace(old, e)
	if !created.IsZero() {
		i := slices.Index(s.file.Entries, e)
		s.file.Entries = append(slices.Delete(s.file.Entries, i, i+1), e)
	}
	return nil
}

// FindCertificate returns the alias of the first entry, in Java's order, whose
// certificate (that of a key's own, not of its issuers) is der, as Java's
// KeyStore.getCertificateAlias.
func (s *Store) FindCertificate(der []byte) (alias string, ok bool) {
	if s.leaves == nil {
		s.leaves = newLeafIndex(s.file.Entries)
	}
	if e := s.leaves.first(s, der); e != nil {
		return s.JavaAlias(e), true
	}
	return "", false
}

// changed returns a copy of an entry, to be changed and put in its place, with
// another date unless that is zero. Only PKCS12 entries keep their Origin: in
// it stand the attributes that nobody knows.
func (s *Store) changed(e *entry.Entry, created time.Time) *entry.Entry {
	c := *e
	if s.typ != PKCS12 {
		c.Origin = nil
	}
	if !created.IsZero() {
		c.Created = created
	}
	return &c
}

// put stores an entry in place of the one that Get finds, or else at the end.
func (s *Store) put(e *entry.Entry) {
	if old, ok := s.Get(e.Alias); ok {
		s.replace(old, e)
		return
	}
	s.add(e)
}

// add stores an entry at the end.
func (s *Store) add(e *entry.Entry) {
	same, name := s.names(), s.typ.fold(e.Alias)
	s.exact = nil
	s.file.Entries = append(s.file.Entries, e)
	s.leaves.add(e)
	same[name] = append(same[name], e)
}

// remove takes an entry away.
func (s *Store) remove(e *entry.Entry) {
	same, name := s.names(), s.typ.fold(e.Alias)
	s.exact = nil
	same[name] = without(same[name], []*entry.Entry{e})
	s.file.Entries = without(s.file.Entries, []*entry.Entry{e})
	s.leaves.remove(e)
}

// replace puts one entry in the place of another.
func (s *Store) replace(old, e *entry.Entry) {
	s.exact = nil
	s.file.Entries[slices.Index(s.file.Entries, old)] = e
	s.leaves.remove(old)
	s.leaves.add(e)
	from, to := s.typ.fold(old.Alias), s.typ.fold(e.Alias)
	if from == to {
		same := s.aliases[from]
		same[slices.Index(same, old)] = e
		return
	}
	s.aliases[from] = slices.DeleteFunc(s.aliases[from], func(x *entry.Entry) bool { return x == old })
	s.aliases[to] = append(s.aliases[to], e)
}

// NewPEM returns a keystore of one private key, which is one of pem.DecodeKeys,
// with whatever chain.
func NewPEM(alias string, key *entry.Entry, chain []entry.Certificate) *Store {
	e := *key
	e.Alias, e.Kind, e.Chain = alias, entry.PrivateKey, slices.Clone(chain)
	return newStore(PEM, &entry.File{Entries: []*entry.Entry{&e}}, entry.DefaultLimits)
}
