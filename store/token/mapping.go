package token

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"

	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// mapping is what Java makes of the objects of a token (P11KeyStore.mapLabels).
type mapping struct {
	places   []*place // in Java's order
	shared   bool     // trusted certificates share a label: Java then writes nothing
	contents *contents
}

// place is an entry with the objects that it was made of.
type place struct {
	alias string
	kind  entry.Kind
	key   *object   // a private or secret key
	keys  []*object // all that have the identifier of key
	leaf  *object   // a certificate
	chain []*object // leaf first
}

// group are the certificates of one label.
type group struct {
	label        string
	certificates []*object
}

// mapObjects makes entries of objects. With Options.Java the error is Java's, where it does not
// open such a token; else nothing in it is an error.
func (k *Keystore) mapObjects(c *contents) (*mapping, error) {
	m := &mapping{contents: c}
	groups, trusting, err := k.groups(c)
	if err != nil {
		return nil, err
	}
	aliases, places := newHashMap(16), make(map[string]*place)
	put := func(p *place) {
		aliases.put(p.alias)
		places[p.alias] = p
	}
	matched := make(map[*object]bool)
	for _, key := range c.private {
		if key.id == nil {
			continue
		}
		leaf, label, single := k.match(key, groups)
		if leaf == nil {
			continue
		}
		matched[leaf] = true
		alias := label
		if !single {
			alias = longAlias(label, leaf.certificate)
		}
		put(&place{alias: alias, kind: entry.PrivateKey, leaf: leaf, key: key, keys: sameID(c.private, key.id)})
	}
	for _, p := range places {
		p.key = k.own(p)
	}
	for _, g := range groups {
		for _, o := range g.certificates {
			if matched[o] || !o.trusted || !trusting {
				continue
			}
			alias := g.label
			if len(g.certificates) > 1 {
				m.shared, alias = true, longAlias(g.label, o.certificate)
			}
			put(&place{alias: alias, kind: entry.TrustedCertificate, leaf: o, chain: []*object{o}})
		}
	}
	if aliases, err = k.putSecret(c, aliases, places); err != nil {
		return nil, err
	}
	bySubject := bySubject(c.certificates)
	for _, alias := range enumeration(aliases.order(), k.options.Release) {
		p := places[alias]
		if p.kind == entry.PrivateKey {
			p.chain = chainOf(p.leaf, bySubject)
		}
		m.places = append(m.places, p)
	}
	return m, nil
}

// groups are the certificates by their labels, in the order of Java's map of them.
// trusting says whether CKA_TRUSTED counts: Java gives up on it once an object has none.
func (k *Keystore) groups(c *contents) (groups []*group, trusting bool, err error) {
	labels, byLabel := newHashMap(16), make(map[string]*group)
	trusting = true
	for _, o := range c.certificates {
		label := idText(o.id)
		if o.label != nil {
			label = k.text(o.label)
		} else if o.id == nil {
			continue // as Java does
		}
		if o.certificate == nil {
			if k.options.Java {
				return nil, false, &Error{Java: javaError("java.security.cert.CertificateException", o.unreadable.Error()), What: fmt.Sprintf("the certificate with the label %q can't be read: %v", label, o.unreadable)}
			}
			continue
		}
		trusting = trusting && !o.untrusting
		if labels.put(label) {
			byLabel[label] = &group{label: label}
		}
		byLabel[label].certificates = append(byLabel[label].certificates, o)
	}
	for _, label := range labels.order() {
		groups = append(groups, byLabel[label])
	}
	return groups, trusting, nil
}

// match finds the certificate of a private key, and the label that it stands under.
// Of several under one label, of which Java takes any, it is the one that is for the
// key, and the newest.
func (k *Keystore) match(key *object, groups []*group) (leaf *object, label string, single bool) {
	for _, g := range groups {
		var same []*object
		for _, o := range g.certificates {
			if bytes.Equal(o.id, key.id) {
				same = append(same, o)
			}
		}
		if len(same) > 0 {
			leaf = slices.MaxFunc(same, func(a, b *object) int {
				return cmp.Or(k.fit(key, a)-k.fit(key, b), a.certificate.NotBefore.Compare(b.certificate.NotBefore), bytes.Compare(a.der, b.der))
			})
			return leaf, g.label, len(g.certificates) == 1
		}
	}
	return nil, "", false
}

// own is the private key of an entry: of several with one identifier the one that its
// certificate is for.
func (k *Keystore) own(p *place) *object {
	if p.kind != entry.PrivateKey || len(p.keys) < 2 {
		return p.key
	}
	return slices.MaxFunc(p.keys, func(a, b *object) int { return k.fit(a, p.leaf) - k.fit(b, p.leaf) })
}

// putSecret adds the secret keys to Java's map of aliases.
func (k *Keystore) putSecret(c *contents, aliases *hashMap, places map[string]*place) (*hashMap, error) {
	labels, byLabel := newHashMap(16), make(map[string]*place)
	for _, o := range c.secret {
		if o.label == nil {
			continue
		}
		label := k.text(o.label)
		if !labels.put(label) {
			if k.options.Java {
				return nil, &Error{Java: javaLoadFailed(), What: fmt.Sprintf("several secret keys of the token have the label %q, with which Java opens none", label)}
			}
			label = unique(label+"/"+idText(o.id), func(s string) bool { return !labels.known[s] && places[s] == nil })
			labels.put(label)
		}
		byLabel[label] = &place{alias: label, kind: entry.SecretKey, key: o, keys: []*object{o}}
	}
	ordered := labels.order()
	if len(aliases.keys) == 0 {
		aliases = newHashMap(hashMapOf(len(ordered), k.options.Release))
	}
	for 4*len(ordered) > 3*aliases.capacity {
		aliases.grow()
	}
	for _, label := range ordered {
		p := byLabel[label]
		if places[label] != nil {
			if k.options.Java {
				return nil, &Error{Java: javaLoadFailed(), What: fmt.Sprintf("a secret key of the token has the label %q of another entry, with which Java does not open it", label)}
			}
			p.alias = unique(label+"/"+idText(p.key.id), func(s string) bool { return !labels.known[s] && places[s] == nil })
		}
		aliases.put(p.alias)
		places[p.alias] = p
	}
	return aliases, nil
}

// unique is a name, with a number behind it where it is taken.
func unique(name string, free func(string) bool) string {
	for i, try := 2, name; ; i++ {
		if free(try) {
			return try
		}
		try = name + "-" + strconv.Itoa(i)
	}
}

// javaLoadFailed is how keytool ends where a token contradicts itself.
func javaLoadFailed() *jdk.Error { return javaError("java.io.IOException", "load failed") }

// longAlias is Java's alias where several certificates have one label.
func longAlias(label string, c *Certificate) string {
	return label + "/" + c.Issuer + "/" + c.Serial.String()
}

// caID is the CKA_ID that Java gives to the certificate of a CA: longAlias of its subject.
func caID(c *Certificate) []byte { return []byte(longAlias(c.Subject, c)) }

func sameID(objects []*object, id []byte) (same []*object) {
	for _, o := range objects {
		if bytes.Equal(o.id, id) {
			same = append(same, o)
		}
	}
	return same
}

// maxChain is how many certificates a chain has at most. Java goes on until there is no
// issuer, where they issue each other until its memory is full.
const maxChain = 100

func bySubject(certificates []*object) map[string][]*object {
	all := make(map[string][]*object)
	for _, o := range certificates {
		if o.certificate != nil && o.subject != nil {
			all[string(o.subject)] = append(all[string(o.subject)], o)
		}
	}
	return all
}

// chainOf follows issuers, by CKA_SUBJECT, as Java does.
func chainOf(leaf *object, bySubject map[string][]*object) []*object {
	chain, seen := []*object{leaf}, map[string]bool{string(leaf.der): true}
	for last := leaf; !last.certificate.selfSigned() && len(chain) < maxChain; {
		issuer := issuerOf(last, bySubject[string(last.certificate.IssuerDER)])
		if issuer == nil || seen[string(issuer.der)] {
			break
		}
		seen[string(issuer.der)] = true
		chain = append(chain, issuer)
		last = issuer
	}
	return chain
}

// maxCandidates is how many certificates of one subject are looked at.
const maxCandidates = 16

// issuerOf is the issuer of a certificate among those of its name. Of several Java takes
// the first that the module has, in whatever order; here it is one that the signature
// was made with, and the one that lasts longest.
func issuerOf(child *object, candidates []*object) *object {
	switch len(candidates) {
	case 0:
		return nil
	case 1:
		return candidates[0]
	}
	signed := make(map[*object]int)
	if c, err := x509.ParseCertificate(child.der); err == nil {
		for _, o := range candidates[:min(len(candidates), maxCandidates)] {
			if parent, err := x509.ParseCertificate(o.der); err == nil && parent.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
				signed[o] = 1
			}
		}
	}
	return slices.MaxFunc(candidates, func(a, b *object) int {
		return cmp.Or(signed[a]-signed[b], a.certificate.NotAfter.Compare(b.certificate.NotAfter), bytes.Compare(a.der, b.der))
	})
}
