package pkcs12

import (
	"crypto/sha1"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// placed is an entry on its way into the file.
type placed struct {
	*entry.Entry
	was    *entryOrigin // nil: it did not stand in this file
	number int          // from 1
	// rebuild: its bags have to be written again even if it did not change.
	rebuild bool
	keyID   []byte
}

// place decides what becomes of the bags of all entries.
func (e *encoder) place(entries []*entry.Entry) error {
	list := make([]placed, len(entries))
	claimed := make([]bool, e.nbags)
	changed := len(entries) != e.listed
	last := int32(-1)
	for i, ent := range entries {
		p := placed{Entry: ent, number: i + 1}
		if o, ok := ent.Origin.(*entryOrigin); ok && o.file == e.origin && o.kind == ent.Kind && !claimed[o.bag.index] {
			p.was = o
			claimed[o.bag.index] = true
			changed = changed || o.bag.index < last
			last = o.bag.index
		}
		changed = changed || p.was == nil || !p.headUnchanged() || !p.chainUnchanged()
		list[i] = p
	}
	if !changed {
		e.everyBag(func(b *bag, _ int) { e.now[b.index] = b.raw })
		return nil
	}
	loose := e.adopt(list)
	ids := make(map[string]bool, len(list))
	for i := range list {
		p := &list[i]
		// Names and links that follow from the place in the file are
		// written out once places may change. Java always writes them.
		p.rebuild = p.rebuild || p.was != nil && (p.was.implied || !p.was.bag.named)
		p.keyID = p.newKeyID()
		// Keys of one alias and one date would share a certificate.
		for p.Kind == entry.PrivateKey && !p.keepsID() && !p.Created.IsZero() && ids[p.link()] {
			p.later()
			p.keyID = p.newKeyID()
		}
		ids[p.link()] = true
	}
	separate(list)
	for i := range list {
		if err := e.placeKey(&list[i]); err != nil {
			return err
		}
	}
	return e.placeCertificates(list, loose)
}

// separate gives keys without a certificate other localKeyIDs than those with
// one have, or Java would take it for theirs too.
func separate(list []placed) {
	held := make(map[string]bool)
	for i := range list {
		if p := &list[i]; p.Kind == entry.PrivateKey && len(p.Chain) > 0 {
			held[string(p.keyID)] = true
		}
	}
	for i := range list {
		p := &list[i]
		for p.Kind == entry.PrivateKey && len(p.Chain) == 0 && held[string(p.keyID)] {
			p.rebuild = true
			if p.Created.IsZero() {
				id := sha1.Sum(p.keyID)
				p.keyID = id[:]
			} else {
				p.later()
				p.keyID = timeKeyID(p.Created)
			}
		}
	}
}

// later dates an entry a millisecond later.
func (p *placed) later() {
	e := *p.Entry
	e.Created = p.Created.Add(time.Millisecond)
	p.Entry = &e
}

// timeKeyID is the localKeyID by which Java writes when a key was made.
func timeKeyID(created time.Time) []byte {
	return strconv.AppendInt([]byte("Time "), created.UnixMilli(), 10)
}

// placeKey writes the head of an entry that is a key: in its old place, if it
// has one.
func (e *encoder) placeKey(p *placed) error {
	var der []byte
	switch {
	case p.Kind == entry.TrustedCertificate:
		return nil
	case p.was != nil && p.headUnchanged() && !p.rebuild:
		der = p.was.bag.raw
	case p.Kind == entry.SecretKey:
		der = secretBagOf(p.Sealed, p.attributes(false))
	case p.was != nil && p.was.bag.kind == shroudedKeyBag && same(p.Sealed, p.was.bag.value): // whatever it is
		der = safeBag(oidShroudedKeyBag, p.Sealed, p.attributes(false))
	default:
		var err error
		if der, err = keyBagOf(p.Sealed, p.attributes(false)); err != nil {
			return err
		}
	}
	if p.was == nil {
		e.freshKeys = append(e.freshKeys, keyBagNow{der, p.number})
		return nil
	}
	e.now[p.was.bag.index], e.at[p.was.bag.index] = der, p.number
	return nil
}

// placeCertificates lists the certificates as Java writes them: those of each
// entry together, in the order of the entries, and each entry has its own, no
// matter who else has the same. So Java strings the same chains together again
// as from a file of its own. Those of no entry, which Java would drop, come
// last.
func (e *encoder) placeCertificates(list []placed, loose []*bag) error {
	e.certs = [][]byte{}
	for i := range list {
		p := &list[i]
		switch {
		case p.Kind == entry.PrivateKey:
			for at := range p.Chain {
				e.certs = append(e.certs, p.certificate(at))
			}
		case p.Kind == entry.SecretKey:
		case len(p.Chain) != 1:
			return damaged("entry %q: a trusted certificate is one certificate", p.Alias)
		case p.was != nil && p.headUnchanged() && !p.rebuild:
			e.certs = append(e.certs, p.was.bag.raw)
		default:
			e.certs = append(e.certs, certBagOf(p.Chain[0].DER, p.attributes(true)))
		}
	}
	for _, b := range harmless(list, loose) {
		e.certs = append(e.certs, b.raw)
	}
	return nil
}

// certificate writes a certificate of a private key's chain, or keeps its bag.
// As in Java's files the first has name and localKeyID of the key, the others
// have their subject for a name.
func (p *placed) certificate(at int) []byte {
	der := p.Chain[at].DER
	old := p.oldLink(der, at)
	var extra []byte
	if old != nil {
		extra = otherAttributes(old.attrs, false)
	}
	if at == 0 {
		if old != nil && !old.trusted && old.keyID != nil && string(old.keyID) == string(p.keyID) && old.named && old.name == p.Alias {
			return old.raw
		}
		return certBagOf(der, attributes(p.Alias, p.keyID, extra))
	}
	if old != nil && !old.trusted && old.keyID == nil {
		return old.raw
	}
	if label := subjectLabel(der); label != "" {
		return certBagOf(der, attributes(label, nil, extra))
	}
	return certBagOf(der, extra)
}

// harmless returns those of the certificates of no entry with which the chains
// are what they are without them: with another that has the name of an issuer, a
// key would come to a chain that it did not have.
func harmless(list []placed, loose []*bag) []*bag {
	hasKeys := slices.ContainsFunc(list, func(p placed) bool { return p.Kind == entry.PrivateKey })
	if len(loose) == 0 || !hasKeys {
		return loose
	}
	var leaves []int
	alone, all := newChains(entry.Limits{}, len(list)), newChains(entry.Limits{}, len(list))
	for i := range list {
		p := &list[i]
		for at := range p.Chain {
			if at == 0 && p.Kind == entry.PrivateKey {
				leaves = append(leaves, len(all.links))
			}
			b := &bag{value: p.Chain[at].DER}
			alone.add(b, nil)
			all.add(b, nil)
		}
	}
	for _, b := range loose {
		all.add(b, nil)
	}
	alone.index()
	all.index()
	harm := make(map[string]bool) // subjects
	for _, leaf := range leaves {
		for _, i := range alone.path(leaf) {
			if all.ends(i) {
				continue
			}
			if issuer, ok := all.issuer(i); ok && issuer >= len(alone.links) {
				harm[all.links[issuer].names.subject] = true
			}
		}
	}
	var kept []*bag
	for i, b := range loose {
		if l := &all.links[len(alone.links)+i]; !l.ok || !harm[l.names.subject] {
			kept = append(kept, b)
		}
	}
	return kept
}

// adopt gives new trusted certificates the bags of the same ones that stood in
// the file without Java's trust mark, so that none is there twice. It returns
// the other certificates that are in no entry.
func (e *encoder) adopt(list []placed) (loose []*bag) {
	unmarked := make(map[string]*bag)
	e.everyBag(func(b *bag, _ int) {
		if b.kind == certBag && !b.listed {
			unmarked[string(b.value)] = b
			loose = append(loose, b)
		}
	})
	adopted := make(map[*bag]bool)
	for i := range list {
		p := &list[i]
		if p.was != nil || p.Kind != entry.TrustedCertificate || len(p.Chain) != 1 {
			continue
		}
		if b := unmarked[string(p.Chain[0].DER)]; b != nil {
			p.was, p.rebuild = &entryOrigin{file: e.origin, kind: p.Kind, bag: b, alias: b.name}, true
			delete(unmarked, string(b.value))
			adopted[b] = true
		}
	}
	return slices.DeleteFunc(loose, func(b *bag) bool { return adopted[b] })
}

// oldLink finds the bag of a certificate in the chain that the key had.
func (p *placed) oldLink(der []byte, at int) *bag {
	if p.was == nil {
		return nil
	}
	old := p.was.chain
	if at < len(old) && same(old[at].value, der) {
		return old[at]
	}
	for _, b := range old {
		if same(b.value, der) {
			return b
		}
	}
	return nil
}

// sameLabel says whether name and time are what they were.
func (p *placed) sameLabel() bool {
	return p.Alias == p.was.alias && p.Created.Equal(p.was.created)
}

// headUnchanged says whether a key, or a trusted certificate, is what it was.
func (p *placed) headUnchanged() bool {
	if p.Kind == entry.TrustedCertificate {
		// Created has no place in the file.
		return p.was.bag.kind == certBag && p.Alias == p.was.alias &&
			len(p.Chain) == 1 && same(p.Chain[0].DER, p.was.bag.value)
	}
	private := p.was.bag.kind.private()
	return private == (p.Kind == entry.PrivateKey) && p.was.bag.kind != certBag &&
		p.sameLabel() && same(p.Sealed, p.was.bag.value)
}

func (p *placed) chainUnchanged() bool {
	if p.Kind != entry.PrivateKey {
		return true
	}
	if len(p.Chain) != len(p.was.chain) {
		return false
	}
	for i, c := range p.Chain {
		if !same(c.DER, p.was.chain[i].value) {
			return false
		}
	}
	return true
}

// keepsID says whether an entry has the localKeyID that it had.
func (p *placed) keepsID() bool {
	return p.was != nil && !p.was.implied && p.Created.Equal(p.was.created)
}

// link is that by which the certificate of a key is found: localKeyID and name.
func (p *placed) link() string { return strings.ToLower(p.Alias) + "\x00" + string(p.keyID) }

// newKeyID returns the localKeyID for bags that are written again: the one that
// the entry had, or Java's "Time " and milliseconds, or for a key without date
// the SHA-1 of its certificate, as OpenSSL has it.
func (p *placed) newKeyID() []byte {
	switch {
	case p.keepsID():
		return p.was.keyID
	case p.Kind == entry.TrustedCertificate:
		return nil
	case !p.Created.IsZero():
		return timeKeyID(p.Created)
	case p.Kind == entry.SecretKey:
		return nil
	case len(p.Chain) > 0:
		id := sha1.Sum(p.Chain[0].DER)
		return id[:]
	}
	id := sha1.Sum(p.Sealed)
	return id[:]
}

// attributes returns the attributes of the head of an entry.
func (p *placed) attributes(trusted bool) []byte {
	var extra []byte
	if p.was != nil {
		extra = otherAttributes(p.was.bag.attrs, trusted)
		trusted = trusted && !p.was.bag.trusted
	}
	if trusted {
		mark := ber.TLV(0x30, ber.TLV(0x06, []byte(oidTrustedKeyUsage)),
			ber.TLV(0x31, ber.TLV(0x06, []byte(oidAnyExtendedKeyUsage))))
		extra = append(mark, extra...)
	}
	return attributes(p.Alias, p.keyID, extra)
}

// attributes returns the content of a bag's attribute SET, in Java's order.
func attributes(alias string, keyID, extra []byte) []byte {
	attrs := ber.TLV(0x30, ber.TLV(0x06, []byte(oidFriendlyName)),
		ber.TLV(0x31, ber.TLV(byte(tagBMPString), encodeUTF16(alias))))
	if keyID != nil {
		attrs = ber.Append(attrs, 0x30, ber.TLV(0x06, []byte(oidLocalKeyID)),
			ber.TLV(0x31, ber.TLV(0x04, keyID)))
	}
	return append(attrs, extra...)
}

// otherAttributes returns those besides name and localKeyID, and besides the
// trust mark unless it is needed.
func otherAttributes(attrs []byte, mark bool) []byte {
	var others []byte
	eachBagAttribute(attrs, func(oid string, _ cryptobyte.String, element []byte) {
		if oid != oidFriendlyName && oid != oidLocalKeyID && (mark || oid != oidTrustedKeyUsage) {
			others = append(others, element...)
		}
	})
	return others
}

// safeBag writes a SafeBag (RFC 7292 section 4.2).
func safeBag(oid string, value, attrs []byte) []byte {
	var set []byte
	if len(attrs) > 0 {
		set = ber.TLV(0x31, attrs)
	}
	return ber.TLV(0x30, ber.TLV(0x06, []byte(oid)), ber.TLV(0xa0, value), set)
}

func certBagOf(cert, attrs []byte) []byte {
	return safeBag(oidCertBag, ber.TLV(0x30, ber.TLV(0x06, []byte(oidX509Certificate)),
		ber.TLV(0xa0, ber.TLV(0x04, cert))), attrs)
}

// secretBagOf packs a secret key as Java does: as if it were a shrouded key.
func secretBagOf(sealed, attrs []byte) []byte {
	return safeBag(oidSecretBag, ber.TLV(0x30, ber.TLV(0x06, []byte(oidShroudedKeyBag)),
		ber.TLV(0xa0, ber.TLV(0x04, sealed))), attrs)
}

func keyBagOf(sealed, attrs []byte) ([]byte, error) {
	s := cryptobyte.String(sealed)
	if !s.SkipASN1(asn1.SEQUENCE) || !s.Empty() {
		return nil, damaged("sealed key malformed")
	}
	if isPrivateKeyInfo(sealed) {
		return safeBag(oidKeyBag, sealed, attrs), nil
	}
	return safeBag(oidShroudedKeyBag, sealed, attrs), nil
}
