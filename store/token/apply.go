package token

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// Apply makes the token hold these entries in place of those that it held: what is the
// same is not touched. What is new is written first, and only then is removed what
// nothing needs any more, private keys last. An error leaves the token as it was: what was done is
// undone. What can't be undone is the removal of a key; if several are removed and one
// of the later ones fails, the error says so, and the rest is as it is to be.
//
// The error is an *Error where Java has words for it, and wraps ErrTrusted, ErrChanged
// or ErrReadOnly.
func (k *Keystore) Apply(entries []*entry.Entry) error {
	p, err := k.plan(entries)
	if err != nil || p.empty() {
		return err
	}
	if err := k.writable(); err != nil {
		return err
	}
	err = k.token.do(true, func(s session) error {
		w := &writer{k: k, s: s}
		if err := w.check(); err != nil {
			return err
		}
		if err := w.prepare(p); err != nil {
			return err
		}
		if err := w.run(p); err != nil {
			return w.undone(err)
		}
		return nil
	})
	if err != nil {
		return javaErrorOf(err)
	}
	for _, c := range p.changes {
		c.held.material.Wipe()
		k.made = slices.DeleteFunc(k.made, func(held *key) bool { return held == c.held })
	}
	return k.settle(p, entries)
}

// writable returns the error of a token that is not written.
func (k *Keystore) writable() error {
	switch {
	case k.token.info().Flags&pkcs11.WriteProtected != 0:
		return &Error{
			Java: javaError("java.security.KeyStoreException", "token write-protected"),
			What: "the token is write-protected", Err: ErrReadOnly,
		}
	case k.options.Java && k.now.shared:
		return &Error{
			Java: javaError("java.security.KeyStoreException", "This PKCS11KeyStore does not support write capabilities"),
			What: "several trusted certificates of the token have one label, and Java does not write such a token", Err: ErrReadOnly,
		}
	}
	return nil
}

// javaErrorOf gives an error of the module Java's words.
func javaErrorOf(err error) error {
	code, ok := errors.AsType[pkcs11.Code](err)
	if _, known := errors.AsType[*Error](err); known || !ok {
		return err
	}
	return &Error{
		Java: javaError("java.security.KeyStoreException", "sun.security.pkcs11.wrapper.PKCS11Exception: "+code.Error()),
		What: "the token refused a change", Err: err,
	}
}

// plan is the difference between what the token holds and what it is to hold.
type plan struct {
	changes []*change
	removed []*place        // their keys, or trusted certificates, are to go
	needed  map[string]bool // the certificates of all chains that are to be, by their DER
}

// change is an entry that is new, or not as it was.
type change struct {
	entry *entry.Entry
	was   *place // what the entry was before; nil for a new one
	held  *key
	copy  bool // of a key that another entry has, and keeps

	label []byte
	leaf  *object   // the certificate that is there and has the right content
	chain []*object // as it is to be; those that are not there yet have no handle
	id    []byte    // CKA_ID of key and certificate
	final []byte    // what id becomes when the key that has it is gone; nil for what it is
	made  *object   // the key, when it was created
}

func (p *plan) empty() bool { return len(p.changes) == 0 && len(p.removed) == 0 }

// plan compares entries with those that were read.
func (k *Keystore) plan(entries []*entry.Entry) (*plan, error) {
	p := &plan{needed: make(map[string]bool)}
	kept := make(map[*place]bool)
	for _, e := range entries {
		if was := k.places[e]; was != nil {
			kept[was] = true
		}
		if e.Kind == entry.PrivateKey {
			for _, c := range e.Chain {
				p.needed[string(c.DER)] = true
			}
		}
	}
	for _, e := range entries {
		if k.places[e] != nil {
			continue
		}
		if e.Alias == "" {
			return nil, errors.New("an entry of a token needs an alias: it is the label of its certificate")
		}
		if e.Kind == entry.TrustedCertificate {
			if was := k.sameTrusted(e); was != nil {
				kept[was] = true
				continue
			}
			return nil, RefuseTrusted(fmt.Sprintf("the certificate <%s> can't be stored", e.Alias))
		}
		c, err := k.change(e, kept)
		if err != nil {
			return nil, err
		}
		if c != nil {
			p.changes = append(p.changes, c)
		}
	}
	for _, e := range k.entries {
		if was := k.places[e]; !kept[was] {
			p.removed = append(p.removed, was)
		}
	}
	return p, nil
}

// sameTrusted is the trusted certificate that an entry is, if it was read as it is.
func (k *Keystore) sameTrusted(e *entry.Entry) *place {
	for _, was := range k.places {
		if was.kind == e.Kind && was.alias == e.Alias && len(e.Chain) == 1 && bytes.Equal(was.leaf.der, e.Chain[0].DER) {
			return was
		}
	}
	return nil
}

// change is what has to be done for an entry with a key; nil for nothing.
func (k *Keystore) change(e *entry.Entry, kept map[*place]bool) (*change, error) {
	c := &change{entry: e, held: k.keys[string(e.Sealed)], label: []byte(e.Alias)}
	if c.held == nil {
		return nil, fmt.Errorf("the token holds no key for the alias <%s>: %w", e.Alias, ErrChanged)
	}
	if e.Kind == entry.PrivateKey && len(e.Chain) == 0 {
		return nil, fmt.Errorf("the key of the alias <%s> has no certificate: without one it is no entry of a token", e.Alias)
	}
	for _, certificate := range e.Chain {
		o := &object{class: pkcs11.CertificateObject, der: certificate.DER}
		parsed, err := k.options.Certificate(o.der)
		if err != nil {
			return nil, fmt.Errorf("a certificate of the alias <%s>: %w", e.Alias, err)
		}
		o.certificate, o.subject, o.issuer = &parsed, parsed.SubjectDER, parsed.IssuerDER
		c.chain = append(c.chain, o)
	}
	if c.held.object == nil || k.isMade(c.held) {
		return c, nil
	}
	owned := false
	for _, old := range k.entries {
		was := k.places[old]
		if was.key != c.held.object {
			continue
		}
		owned = true
		if !kept[was] {
			c.was, kept[was] = was, true
			break
		}
	}
	if c.was == nil {
		c.copy = owned // else it is a key that was no entry
		return c, nil
	}
	if c.was.alias == e.Alias {
		if sameChain(c.was.chain, c.chain) {
			return nil, nil
		}
		if o := labelled(c.was); k.text(o.label) == e.Alias {
			c.label = o.label // Latin-1 stays Latin-1
		}
	}
	return c, nil
}

// labelled is the object by whose label an entry is named.
func labelled(p *place) *object {
	if p.kind == entry.SecretKey {
		return p.key
	}
	return p.leaf
}

func (k *Keystore) isMade(held *key) bool { return slices.Contains(k.made, held) }

func sameChain(a, b []*object) bool {
	return slices.EqualFunc(a, b, func(x, y *object) bool { return bytes.Equal(x.der, y.der) })
}

// writer changes a token, and undoes it.
type writer struct {
	k            *Keystore
	s            session
	certificates []*object // that are there now
	private      []*object
	undo         []func() error // newest last
	committed    bool           // something was removed for good
}

// check compares what the token holds with what was read, and takes over handles where
// they are others now.
func (w *writer) check() error {
	now, err := w.k.read(w.s)
	if err != nil {
		return err
	}
	made := make(map[pkcs11.Object]bool)
	for _, m := range w.k.made {
		made[m.object.handle] = true
	}
	there := make(map[[32]byte][]*object)
	for _, o := range now.all() {
		if made[o.handle] && o.class == pkcs11.PrivateKeyObject {
			delete(made, o.handle)
			continue
		}
		there[o.fingerprint()] = append(there[o.fingerprint()], o)
	}
	if len(made) > 0 {
		return fmt.Errorf("%w: a key that was made is not there any more", ErrChanged)
	}
	for _, o := range w.k.now.contents.all() {
		same := there[o.fingerprint()]
		i := slices.IndexFunc(same, func(x *object) bool { return x.handle == o.handle })
		if i < 0 && len(same) > 0 {
			i = 0
		}
		if i < 0 {
			return ErrChanged
		}
		o.handle = same[i].handle
		there[o.fingerprint()] = slices.Delete(same, i, i+1)
	}
	for _, left := range there {
		if len(left) > 0 {
			return ErrChanged
		}
	}
	w.certificates = slices.Clone(w.k.now.contents.certificates)
	w.private = slices.Clone(w.k.now.contents.private)
	for _, m := range w.k.made {
		w.private = append(w.private, m.object)
	}
	return nil
}

// prepare finds the certificates and identifiers for all changes, and what stands in
// their way. Nothing is written yet.
func (w *writer) prepare(p *plan) error {
	for _, c := range p.changes {
		if c.entry.Kind == entry.SecretKey {
			if err := w.freeLabel(p, c, w.k.now.contents.secret); err != nil {
				return err
			}
			continue
		}
		if err := w.freeLabel(p, c, w.certificates); err != nil {
			return err
		}
		w.chooseID(p, c)
	}
	return nil
}

// freeLabel returns an error where an object that stays has the label that an entry is to
// have: Java would give both another alias, or not open the token.
func (w *writer) freeLabel(p *plan, c *change, objects []*object) error {
	for _, o := range objects {
		if o.label == nil || !bytes.Equal(o.label, c.label) || w.leaves(p, o) {
			continue
		}
		if c.was != nil && labelled(c.was) == o {
			continue
		}
		if w.stale(c, o) {
			continue
		}
		return fmt.Errorf("another object of the token, which is no entry, has the label %q: choose another alias", c.entry.Alias)
	}
	return nil
}

// leaves says whether an object is one by which an entry is named that goes, or gets
// another name.
func (w *writer) leaves(p *plan, o *object) bool {
	for _, gone := range p.removed {
		if labelled(gone) == o {
			return true
		}
	}
	for _, c := range p.changes {
		if c.was != nil && labelled(c.was) == o && !bytes.Equal(c.label, o.label) {
			return true
		}
	}
	return false
}

// stale says whether a certificate is an earlier one of an entry's key, which was left
// behind: JDK 25 does so where another certificate has the same issuer.
func (w *writer) stale(c *change, o *object) bool {
	return o.class == pkcs11.CertificateObject && o.certificate != nil && !o.trusted && !w.isLeaf(o) && len(c.chain) > 0 &&
		bytes.Equal(o.certificate.SPKI, c.chain[0].certificate.SPKI)
}

// isLeaf says whether a certificate is that of an entry of its own.
func (w *writer) isLeaf(o *object) bool {
	return slices.ContainsFunc(w.k.now.places, func(p *place) bool { return p.leaf == o })
}

// chooseID chooses the CKA_ID of an entry. Java takes the alias. Without Options.Java a key
// keeps the one that it has, if that was not the alias: on smart cards it is the place of
// the key.
func (w *writer) chooseID(p *plan, c *change) {
	alias := c.label
	if c.held.object != nil && !c.copy {
		c.id = c.held.object.id
		follows := w.k.options.Java || c.id == nil || w.k.isMade(c.held) && !c.held.fixed || c.was != nil && bytes.Equal(c.id, c.was.leaf.label)
		if !follows || bytes.Equal(c.id, alias) {
			return
		}
	}
	free := func(id string) bool {
		for _, o := range slices.Concat(w.private, w.certificates) {
			mine := o == c.held.object && !c.copy || c.was != nil && o == c.was.leaf || w.stale(c, o)
			if !mine && string(o.id) == id {
				return false
			}
		}
		for _, other := range p.changes {
			if other != c && (string(other.id) == id || string(other.final) == id) {
				return false
			}
		}
		return true
	}
	if free(string(alias)) {
		c.id = slices.Clone(alias)
		return
	}
	// The one who has it may be one that goes.
	c.id = []byte(unique(string(alias)+"-"+randomText(), free))
	goes := func(id []byte) bool {
		for _, o := range slices.Concat(w.private, w.certificates) {
			if !bytes.Equal(o.id, id) || o == c.held.object {
				continue
			}
			if !slices.ContainsFunc(p.removed, func(gone *place) bool { return gone.key == o || gone.leaf == o }) {
				return false
			}
		}
		return !slices.ContainsFunc(p.changes, func(other *change) bool {
			return other != c && (bytes.Equal(other.id, id) || bytes.Equal(other.final, id))
		})
	}
	if goes(alias) {
		c.final = slices.Clone(alias)
	}
}

func randomText() string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// run carries out a plan. What it does is undone by undone.
func (w *writer) run(p *plan) error {
	for _, c := range p.changes {
		if err := w.storeKey(c); err != nil {
			return fmt.Errorf("the key of the alias <%s> could not be stored: %w", c.entry.Alias, err)
		}
		if c.entry.Kind == entry.PrivateKey {
			if err := w.storeChain(c); err != nil {
				return fmt.Errorf("the certificates of the alias <%s> could not be stored: %w", c.entry.Alias, err)
			}
			if err := w.nameKey(c, c.id); err != nil {
				return fmt.Errorf("the key of the alias <%s> could not be given its ID: %w", c.entry.Alias, err)
			}
		}
	}
	for _, c := range p.changes {
		if err := w.dropOld(p, c); err != nil {
			return fmt.Errorf("an earlier certificate of the alias <%s> could not be removed: %w", c.entry.Alias, err)
		}
	}
	for _, gone := range p.removed {
		begun := len(w.undo)
		if err := w.remove(p, gone); err != nil {
			err = fmt.Errorf("the entry <%s> could not be removed: %w", gone.alias, err)
			if w.committed {
				err = errors.Join(err, w.back(begun))
			}
			return err
		}
	}
	for _, c := range p.changes {
		w.finishID(c)
	}
	return nil
}

// undone undoes all that was done, and returns the error that was the reason.
func (w *writer) undone(err error) error {
	if w.committed {
		return fmt.Errorf("%w; what was to be stored was, and entries before it were removed", err)
	}
	return errors.Join(err, w.back(0))
}

// back undoes what was done after a number of steps.
func (w *writer) back(to int) error {
	var failed error
	for len(w.undo) > to {
		last := len(w.undo) - 1
		if err := w.undo[last](); err != nil && failed == nil {
			failed = fmt.Errorf("what was done could not be undone: %w", err)
		}
		w.undo = w.undo[:last]
	}
	return failed
}

// create makes an object.
func (w *writer) create(template []pkcs11.Attribute) (pkcs11.Object, error) {
	o, err := w.s.Create(template...)
	return w.made(o, err)
}

// copy makes another object of one.
func (w *writer) copy(of *object, changes ...pkcs11.Attribute) (pkcs11.Object, error) {
	o, err := w.s.Copy(of.handle, changes...)
	return w.made(o, err)
}

// made notes an object that has been made, to be removed if the rest fails.
func (w *writer) made(o pkcs11.Object, err error) (pkcs11.Object, error) {
	if err == nil {
		w.undo = append(w.undo, func() error { return w.s.Destroy(o) })
	}
	return o, err
}

// set changes attributes of an object from what they were.
func (w *writer) set(o *object, was, to []pkcs11.Attribute) error {
	if err := w.s.Set(o.handle, to...); err != nil {
		return err
	}
	w.undo = append(w.undo, func() error { return w.s.Set(o.handle, was...) })
	return nil
}

// storeKey makes the object of a key, or finds that it is there.
func (w *writer) storeKey(c *change) error {
	forJava := w.k.options.Java
	switch {
	case c.entry.Kind == entry.SecretKey && c.held.object != nil:
		return w.storeSecret(c)
	case c.copy:
		changes := []pkcs11.Attribute{{Type: pkcs11.ID, Value: c.id}}
		if !forJava {
			changes = append(changes, pkcs11.Attribute{Type: pkcs11.Label, Value: c.label})
		}
		o, err := w.copy(c.held.object, changes...)
		if err != nil {
			return err
		}
		c.made = &object{handle: o, class: pkcs11.PrivateKeyObject, id: c.id}
		w.private = append(w.private, c.made)
		return nil
	case c.held.object != nil:
		c.made = c.held.object
		return nil
	}
	keyType, material, err := c.held.keyType, parts(nil), error(nil)
	if c.entry.Kind == entry.SecretKey {
		material = parts{pkcs11.Value: bytes.Clone(c.held.material.Raw)}
	} else if keyType, material, err = privateParts(c.held.material.PKCS8, forJava); err != nil {
		return err
	}
	defer material.wipe()
	o, err := w.create(w.k.importTemplate(c, keyType, material))
	if err != nil && c.entry.Kind == entry.SecretKey && refused(err) {
		return &Error{
			Java: javaError("java.security.KeyStoreException", "Cannot convert to PKCS11 keys"),
			What: "the token refused the secret key", Err: err,
		}
	}
	if err != nil {
		return err
	}
	c.made = &object{handle: o, class: pkcs11.PrivateKeyObject, id: c.id, keyType: keyType}
	if c.entry.Kind == entry.SecretKey {
		c.made = &object{handle: o, class: pkcs11.SecretKeyObject, label: c.label, keyType: keyType}
		return nil
	}
	w.private = append(w.private, c.made)
	return nil
}

// storeSecret gives a secret key of the token another label, or copies it.
func (w *writer) storeSecret(c *change) error {
	label := []pkcs11.Attribute{{Type: pkcs11.Label, Value: c.label}}
	o := c.held.object
	c.made = o
	if !c.copy {
		return w.set(o, []pkcs11.Attribute{{Type: pkcs11.Label, Value: o.label}}, label)
	}
	made, err := w.copy(o, label...)
	if err != nil {
		return err
	}
	c.made = &object{handle: made, class: pkcs11.SecretKeyObject, label: c.label, keyType: o.keyType}
	return nil
}

// storeChain makes the certificates of an entry that are not there.
func (w *writer) storeChain(c *change) error {
	leaf := w.reusableLeaf(c)
	named := []pkcs11.Attribute{{Type: pkcs11.Label, Value: c.label}, {Type: pkcs11.ID, Value: c.id}}
	stored := false
	if leaf != nil {
		if bytes.Equal(leaf.label, c.label) && bytes.Equal(leaf.id, c.id) {
			stored = true
		} else {
			was := []pkcs11.Attribute{{Type: pkcs11.Label, Value: leaf.label}, {Type: pkcs11.ID, Value: leaf.id}}
			stored = w.set(leaf, was, named) == nil // else it can't be changed, and another is made
		}
		if stored {
			c.leaf = leaf
		}
	}
	if !stored {
		if err := w.createCertificate(c.chain[0], named); err != nil {
			return err
		}
		c.leaf = c.chain[0]
	}
	for _, ca := range c.chain[1:] {
		if err := w.ensure(ca, nil); err != nil {
			return err
		}
	}
	return nil
}

// reusableLeaf is a certificate of the token that becomes an entry's: the one that it
// was, or one that has no name. Where the ID of the key changes another is made first:
// at no instant is there a key without its certificate.
func (w *writer) reusableLeaf(c *change) *object {
	for _, o := range w.certificates {
		if !bytes.Equal(o.der, c.chain[0].der) || o.trusted {
			continue
		}
		if c.was != nil && o == c.was.leaf && bytes.Equal(o.id, c.id) || o.label == nil && !w.isLeaf(o) {
			return o
		}
	}
	return nil
}

// ensure makes the certificate of a CA, unless it is there, in an object that is not one
// of those that go.
func (w *writer) ensure(ca *object, going []*object) error {
	for _, o := range w.certificates {
		if bytes.Equal(o.der, ca.der) && !slices.Contains(going, o) {
			return nil
		}
	}
	o := *ca
	return w.createCertificate(&o, []pkcs11.Attribute{{Type: pkcs11.ID, Value: caID(ca.certificate)}})
}

// createCertificate makes a certificate as Java does. (Java gives CKA_SERIAL_NUMBER
// without the tag and length that PKCS #11 demands; JDK 25 finds certificates by it.)
func (w *writer) createCertificate(o *object, names []pkcs11.Attribute) error {
	template := append([]pkcs11.Attribute{
		pkcs11.NewBool(pkcs11.OnToken, true),
		pkcs11.NewNumber(pkcs11.Class, pkcs11.CertificateObject),
		pkcs11.NewNumber(pkcs11.CertificateType, pkcs11.X509Certificate),
		{Type: pkcs11.Subject, Value: o.certificate.SubjectDER},
		{Type: pkcs11.Issuer, Value: o.certificate.IssuerDER},
		{Type: pkcs11.SerialNumber, Value: pkcs11.SignedBytes(o.certificate.Serial)},
		{Type: pkcs11.Value, Value: o.der},
	}, names...)
	handle, err := w.create(template)
	if err != nil {
		return err
	}
	o.handle = handle
	for _, name := range names {
		if name.Type == pkcs11.Label {
			o.label = name.Value
		} else {
			o.id = name.Value
		}
	}
	w.certificates = append(w.certificates, o)
	return nil
}

// nameKey gives a private key its ID, and its label if it is to have one.
func (w *writer) nameKey(c *change, id []byte) error {
	o := c.made
	if o != c.held.object {
		return nil // it was made with them
	}
	var was, to []pkcs11.Attribute
	if !bytes.Equal(o.id, id) {
		was, to = append(was, pkcs11.Attribute{Type: pkcs11.ID, Value: o.id}), append(to, pkcs11.Attribute{Type: pkcs11.ID, Value: id})
	}
	// Another program's label is left alone, unless it was the alias.
	ours := w.k.isMade(c.held) || c.was != nil && bytes.Equal(o.label, c.was.leaf.label)
	if !w.k.options.Java && ours && !bytes.Equal(o.label, c.label) {
		was, to = append(was, pkcs11.Attribute{Type: pkcs11.Label, Value: o.label}), append(to, pkcs11.Attribute{Type: pkcs11.Label, Value: c.label})
	}
	if len(to) == 0 {
		return nil
	}
	return w.set(o, was, to)
}

// dropOld removes the certificates that a changed entry had and does not need any more.
func (w *writer) dropOld(p *plan, c *change) error {
	if c.entry.Kind != entry.PrivateKey {
		return nil
	}
	for _, o := range slices.Clone(w.certificates) {
		if o != c.leaf && o.handle != c.leaf.handle && bytes.Equal(o.label, c.label) && w.stale(c, o) && !p.needed[string(o.der)] {
			if err := w.destroyCertificate(o); err != nil {
				return err
			}
		}
	}
	if c.was == nil {
		return nil
	}
	if c.was.leaf != c.leaf {
		if err := w.dropLeaf(p, c.was.leaf); err != nil {
			return err
		}
	}
	return w.dropIssuers(p, c.was.chain[1:])
}

// dropLeaf removes the certificate by which an entry was named. If it is the issuer in
// another entry's chain it stays, without a name.
func (w *writer) dropLeaf(p *plan, leaf *object) error {
	if p.needed[string(leaf.der)] {
		if err := w.ensure(leaf, []*object{leaf}); err != nil {
			return err
		}
	}
	return w.destroyCertificate(leaf)
}

// dropIssuers removes the certificates of CAs that no chain needs, as Java does: those
// that no other certificate of the token names as its issuer, nor belong to a key.
// Trusted ones stay, which in Java go too: nobody but the security officer could bring
// them back.
func (w *writer) dropIssuers(p *plan, chain []*object) error {
	for _, ca := range chain {
		if ca.trusted || p.needed[string(ca.der)] || !slices.Contains(w.certificates, ca) {
			continue
		}
		uses := func(o *object) bool { return o != ca && bytes.Equal(o.issuer, ca.subject) }
		owns := func(o *object) bool { return ca.id != nil && bytes.Equal(o.id, ca.id) }
		if slices.ContainsFunc(w.certificates, uses) || slices.ContainsFunc(w.private, owns) {
			continue
		}
		if err := w.destroyCertificate(ca); err != nil {
			return err
		}
	}
	return nil
}

// certificateRest is what is read of a certificate besides before it is removed, so that
// it can be made again.
var certificateRest = []pkcs11.AttributeType{pkcs11.SerialNumber, pkcs11.CertificateType, pkcs11.Private, pkcs11.Modifiable, pkcs11.CertificateCategory, pkcs11.StartDate, pkcs11.EndDate}

func (w *writer) destroyCertificate(o *object) error {
	rest, err := w.s.Get(o.handle, certificateRest...)
	if err != nil {
		return err
	}
	if err := w.s.Destroy(o.handle); err != nil {
		return err
	}
	w.certificates = slices.DeleteFunc(w.certificates, func(x *object) bool { return x == o })
	w.undo = append(w.undo, func() error {
		template := []pkcs11.Attribute{pkcs11.NewBool(pkcs11.OnToken, true), pkcs11.NewNumber(pkcs11.Class, pkcs11.CertificateObject)}
		add := func(t pkcs11.AttributeType, value []byte) {
			if len(value) > 0 {
				template = append(template, pkcs11.Attribute{Type: t, Value: value})
			}
		}
		add(pkcs11.Label, o.label)
		add(pkcs11.ID, o.id)
		add(pkcs11.Subject, o.subject)
		add(pkcs11.Issuer, o.issuer)
		add(pkcs11.Value, o.der)
		for _, t := range certificateRest {
			add(t, rest[t])
		}
		handle, err := w.s.Create(template...)
		o.handle = handle
		return err
	})
	return nil
}

// remove removes an entry: its certificates, and then the key, which is for good.
func (w *writer) remove(p *plan, gone *place) error {
	last := gone.key
	switch gone.kind {
	case entry.PrivateKey:
		if len(gone.keys) > 1 && w.k.fit(gone.key, gone.leaf) <= 0 {
			return fmt.Errorf("the token has %d private keys with its ID, and it can't be told which is meant", len(gone.keys))
		}
		if err := w.dropLeaf(p, gone.leaf); err != nil {
			return err
		}
		w.private = slices.DeleteFunc(w.private, func(o *object) bool { return o == gone.key })
		if err := w.dropIssuers(p, gone.chain[1:]); err != nil {
			return err
		}
	case entry.TrustedCertificate:
		last = gone.leaf
	}
	if err := w.s.Destroy(last.handle); err != nil {
		return err
	}
	w.committed, w.undo = true, nil
	return nil
}

// finishID gives a key and its certificate the ID of one that is gone. It works without,
// so an error is none. At no instant is there a key without its certificate.
func (w *writer) finishID(c *change) {
	if c.final == nil {
		return
	}
	leaf := *c.chain[0]
	if w.createCertificate(&leaf, []pkcs11.Attribute{{Type: pkcs11.Label, Value: c.label}, {Type: pkcs11.ID, Value: c.final}}) != nil {
		return
	}
	if w.s.Set(c.made.handle, pkcs11.Attribute{Type: pkcs11.ID, Value: c.final}) != nil {
		_ = w.s.Destroy(leaf.handle)
		return
	}
	_ = w.s.Destroy(c.leaf.handle)
}

// settle reads what the token holds now: the entries are those that were stored. Where it
// can't be read they are stored as well; the next Apply then finds that it is not as it was.
func (k *Keystore) settle(p *plan, entries []*entry.Entry) error {
	var c *contents
	err := k.token.do(false, func(s session) (err error) {
		c, err = k.read(s)
		return err
	})
	if err != nil {
		return nil
	}
	m, err := k.mapObjects(c)
	if err != nil {
		return err
	}
	handles, copies := make(map[*entry.Entry]pkcs11.Object), make(map[*entry.Entry]bool)
	for e, was := range k.places {
		handles[e] = labelled(was).handle
		if was.key != nil {
			handles[e] = was.key.handle
		}
	}
	for _, ch := range p.changes {
		handles[ch.entry], copies[ch.entry] = ch.made.handle, ch.copy
	}
	byHandle := make(map[pkcs11.Object]*place)
	for _, place := range m.places {
		o := place.key
		if o == nil {
			o = place.leaf
		}
		byHandle[o.handle] = place
	}
	k.now, k.places, k.entries = m, make(map[*entry.Entry]*place), nil
	for _, e := range entries {
		handle, known := handles[e]
		place := byHandle[handle]
		if !known || place == nil {
			return fmt.Errorf("the entry <%s> was stored, but the token does not show it", e.Alias)
		}
		if e.Sealed != nil && !copies[e] {
			k.keys[string(e.Sealed)] = place.held()
		}
		k.places[e] = place
		k.entries = append(k.entries, e)
	}
	return nil
}
