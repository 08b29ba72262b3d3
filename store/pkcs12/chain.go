package pkcs12

import (
	"bytes"
	"hash/maphash"
	"strings"
	"unicode"

	"gokeytool/store/entry"
)

// chains finds the certificates that belong to keys, as Java's PKCS12KeyStore
// does (JDK 17 and 25). It is used only for files with keys.
type chains struct {
	limit     int // certificates in all chains together
	links     []link
	byKeyID   map[string]int        // untrusted certificates: the last of each localKeyID
	byBoth    map[[2]string]int     // of each localKeyID and name, the first
	byAlias   map[string]int        // untrusted certificates: the last of each name
	bySubject map[string]*namesakes // all; made when first needed
	twins     map[int][]int         // links with the same certificate, by the first of them
	onChain   []int                 // per link, the number of the chain that it was seen on last
	round     int
}

// link is a certificate in the file.
type link struct {
	bag   *bag
	names certNames
	ok    bool // it could be read
	first int  // the first link with the same certificate
	taken bool // by a key
	// tried: whether it signed itself is known.
	tried, signedItself bool
}

// namesakes are the certificates with one subject.
type namesakes struct {
	first     int            // of all
	byKeyID   map[string]int // the first with this SubjectKeyIdentifier
	withoutID int            // the last without one; -1: none
}

func newChains(lim entry.Limits, keys int) *chains {
	c := &chains{limit: lim.MaxEntries}
	if keys > 0 {
		c.byKeyID = make(map[string]int)
		c.byBoth = make(map[[2]string]int)
		c.byAlias = make(map[string]int)
	}
	return c
}

// add notes a certificate and its localKeyID.
func (c *chains) add(b *bag, keyID []byte) {
	i := len(c.links)
	c.links = append(c.links, link{bag: b})
	if b.trusted {
		return
	}
	if keyID != nil {
		c.byKeyID[string(keyID)] = i
		both := [2]string{string(keyID), foldName(b.name)}
		if _, taken := c.byBoth[both]; b.named && !taken {
			c.byBoth[both] = i
		}
	}
	if b.named {
		c.byAlias[foldName(b.name)] = i
	}
}

// own finds a key's own certificate, for of. It comes before the chains of all
// keys, so that no chain takes the bag that another key's certificate stands in.
func (c *chains) own(e *entry.Entry, o *entryOrigin, alone bool) (leaf int, ok bool) {
	leaf, ok = c.leaf(e, o)
	if !ok && alone && o.implied {
		leaf, ok = c.onlyLeaf()
	}
	if ok {
		c.links[leaf].taken = true
	}
	return leaf, ok
}

// of finds the chain of a private key whose own certificate is known.
func (c *chains) of(e *entry.Entry, o *entryOrigin, leaf int) error {
	path := c.path(leaf)
	if c.limit -= len(path); c.limit < 0 {
		return &entry.FormatError{Kind: entry.ErrLimit, Format: "PKCS12", Offset: -1, What: "certificate chains too long"}
	}
	e.Chain = make([]entry.Certificate, len(path))
	o.chain = make([]*bag, len(path))
	for i, at := range path {
		b := c.links[at].bag
		if i > 0 {
			b = c.take(at)
		}
		b.listed = true
		e.Chain[i] = entry.X509(b.value)
		o.chain[i] = b
	}
	return nil
}

// leaf finds a key's own certificate: one with the same localKeyID, at best
// with the same name too, or else one with the same name. Of equally good
// ones it is the last.
func (c *chains) leaf(e *entry.Entry, o *entryOrigin) (int, bool) {
	if o.keyID != nil {
		if i, ok := c.byBoth[[2]string{string(o.keyID), foldName(e.Alias)}]; ok {
			return i, true
		}
		if i, ok := c.byKeyID[string(o.keyID)]; ok {
			return i, true
		}
	}
	i, ok := c.byAlias[foldName(e.Alias)]
	return i, ok
}

// foldName makes names equal that Java's String.equalsIgnoreCase holds for
// equal.
func foldName(name string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, name)
}

// onlyLeaf finds the certificate of the only key in a file without
// localKeyIDs, which Java does not list: the first that issued no other.
func (c *chains) onlyLeaf() (int, bool) {
	c.index()
	issuers := make(map[string]bool)
	for i := range c.links {
		if n := &c.links[i].names; n.issuer != n.subject {
			issuers[n.issuer] = true
		}
	}
	for i := range c.links {
		if l := &c.links[i]; l.ok && !l.bag.trusted && !issuers[l.names.subject] {
			return i, true
		}
	}
	return 0, false
}

// path returns the chain that begins with a leaf, up to a certificate that
// signed itself, whose issuer is missing, or that is on the chain already.
func (c *chains) path(leaf int) []int {
	c.index()
	c.round++
	var path []int
	for i, ok := leaf, true; ok; i, ok = c.issuer(i) {
		if c.onChain[c.links[i].first] == c.round {
			break
		}
		c.onChain[c.links[i].first] = c.round
		path = append(path, i)
		if c.ends(i) {
			break
		}
	}
	return path
}

// ends says whether a chain ends with a certificate: one that can't be read, or
// that signed itself. Java tries the signature. That matters, and is done, only
// where another certificate would follow.
func (c *chains) ends(i int) bool {
	l := &c.links[i]
	if !l.ok || l.names.issuer != l.names.subject {
		return !l.ok
	}
	next, ok := c.issuer(i)
	if !ok || c.links[next].first == l.first {
		return true
	}
	if !l.tried {
		l.tried, l.signedItself = true, signedItself(l.bag.value, &l.names)
	}
	return l.signedItself
}

// issuer finds the certificate that issued another: of those with the right
// name the first whose key identifier is right, or else the last that has
// none; the first of all if the issued one names no key.
func (c *chains) issuer(of int) (int, bool) {
	group, ok := c.bySubject[c.links[of].names.issuer]
	if !ok {
		return 0, false
	}
	want := c.links[of].names.issuerKeyID
	if want == nil {
		return group.first, true
	}
	if i, ok := group.byKeyID[string(want)]; ok {
		return i, true
	}
	return group.withoutID, group.withoutID >= 0
}

// index reads the names of all certificates.
func (c *chains) index() {
	if c.bySubject != nil {
		return
	}
	c.bySubject = make(map[string]*namesakes)
	c.twins = make(map[int][]int)
	c.onChain = make([]int, len(c.links))
	seed := maphash.MakeSeed()
	seen := make(map[uint64]int, len(c.links))
	for i := range c.links {
		l := &c.links[i]
		l.first = i
		sum := maphash.Bytes(seed, l.bag.value)
		if at, ok := seen[sum]; !ok {
			seen[sum] = i
		} else if bytes.Equal(c.links[at].bag.value, l.bag.value) {
			l.first = at
			c.twins[at] = append(c.twins[at], i)
		}
		if l.names, l.ok = parseNames(l.bag.value); l.ok {
			c.addSubject(i, &l.names)
		}
	}
}

func (c *chains) addSubject(i int, names *certNames) {
	group, ok := c.bySubject[names.subject]
	if !ok {
		group = &namesakes{first: i, withoutID: -1}
		c.bySubject[names.subject] = group
	}
	if names.subjectKeyID == nil {
		group.withoutID = i
		return
	}
	if group.byKeyID == nil {
		group.byKeyID = make(map[string]int)
	}
	if _, ok := group.byKeyID[string(names.subjectKeyID)]; !ok {
		group.byKeyID[string(names.subjectKeyID)] = i
	}
}

// take chooses the bag that stands for an issuer on a key's chain. Java writes
// the certificates of each key again, so that each has its own, as far as they
// suffice.
func (c *chains) take(at int) *bag {
	first := c.links[at].first
	twins := c.twins[first]
	if l := &c.links[first]; !l.taken && !l.bag.trusted {
		l.taken = true
		return l.bag
	}
	for len(twins) > 0 {
		l := &c.links[twins[0]]
		twins = twins[1:]
		c.twins[first] = twins
		if !l.taken && !l.bag.trusted {
			l.taken = true
			return l.bag
		}
	}
	return c.links[at].bag
}
