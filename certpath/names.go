package certpath

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/text"
	"gokeytool/x509util"
)

// The kinds of GeneralName (RFC 5280, section 4.2.1.6).
const (
	tagEmail     = asn1.Tag(1 | 0x80)
	tagDNS       = asn1.Tag(2 | 0x80)
	tagDirectory = asn1.Tag(4 | 0xa0)
	tagURI       = asn1.Tag(6 | 0x80)
	tagIP        = asn1.Tag(7 | 0x80)
)

// generalName is one name of a certificate, or what a constraint says of names.
type generalName struct {
	tag   asn1.Tag
	value []byte
	from  source
}

// source is where in a certificate a name stands.
type source uint8

const (
	alternative source = iota
	subject
	subjectEmail
	opensslHost // a common name that OpenSSL takes for a host's
	javaHost    // one that Java does
)

// String is the name as -ext takes it, or nearly.
func (n generalName) String() string {
	if n.tag == tagIP && (len(n.value) == 8 || len(n.value) == 32) {
		half := len(n.value) / 2
		if ones, _ := net.IPMask(n.value[half:]).Size(); ones > 0 || bytes.Equal(n.value[half:], make([]byte, half)) {
			return fmt.Sprintf("ip:%s/%d", net.IP(n.value[:half]), ones)
		}
		return fmt.Sprintf("ip:%s/%s", net.IP(n.value[:half]), net.IP(n.value[half:]))
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(n.tag, func(b *cryptobyte.Builder) { b.AddBytes(n.value) })
	})
	if der, err := b.Bytes(); err == nil {
		if names := x509util.AlternativeNames(der); len(names) == 1 {
			return names[0]
		}
	}
	return "a name of another kind"
}

// subtree is one of a list of names that are permitted or excluded.
type subtree struct {
	generalName
	distant  bool // it has a maximum, or a minimum that is not zero
	excluded bool
}

// constraintsOf reads the NameConstraints of a certificate; ok is false where
// there are none, or none that can be read.
func constraintsOf(c *x509util.Certificate) (list []subtree, ok bool) {
	e := c.Extension(oidNameConstraints)
	if e == nil {
		return nil, false
	}
	input := cryptobyte.String(e.Value)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) {
		return nil, false
	}
	for i := range asn1.Tag(2) {
		var trees cryptobyte.String
		if !fields.ReadOptionalASN1(&trees, nil, i.ContextSpecific().Constructed()) {
			return nil, false
		}
		for !trees.Empty() {
			var tree, value, least cryptobyte.String
			var tag asn1.Tag
			if !trees.ReadASN1(&tree, asn1.SEQUENCE) || !tree.ReadAnyASN1(&value, &tag) {
				return nil, false
			}
			var present bool
			if !tree.ReadOptionalASN1(&least, &present, asn1.Tag(0).ContextSpecific()) {
				return nil, false
			}
			distant := present && string(least) != "\x00" || !tree.Empty()
			list = append(list, subtree{generalName{tag: tag, value: value}, distant, i == 1})
		}
	}
	return list, true
}

// namesOf are the names of a certificate that constraints are about: of these
// each program takes another selection.
func namesOf(c *x509util.Certificate) (names []generalName) {
	if !c.Subject.IsEmpty() {
		names = append(names, generalName{tagDirectory, c.Subject.DER(), subject})
	}
	for _, address := range c.Subject.Values("1.2.840.113549.1.9.1") {
		names = append(names, generalName{tagEmail, []byte(address), subjectEmail})
	}
	if e := c.Extension(oidAlternativeNames); e != nil {
		input := cryptobyte.String(e.Value)
		var list cryptobyte.String
		input.ReadASN1(&list, asn1.SEQUENCE)
		for !list.Empty() {
			var value cryptobyte.String
			var tag asn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				break
			}
			names = append(names, generalName{tag, value, alternative})
		}
	}
	for _, name := range c.Subject.Values("2.5.4.3") {
		if hostLike(name, "-_") && strings.Contains(name, ".") && len(name) <= 255 && !strings.Contains("."+name+".", "-.") {
			names = append(names, generalName{tagDNS, []byte(name), opensslHost})
		}
	}
	switch name := c.Subject.CommonName(); {
	case net.ParseIP(name) != nil:
		ip := net.ParseIP(name)
		if four := ip.To4(); four != nil {
			ip = four
		}
		names = append(names, generalName{tagIP, ip, javaHost})
	case hostLike(name, "-"):
		names = append(names, generalName{tagDNS, []byte(name), javaHost})
	}
	return names
}

// hostLike says whether a name consists of labels of letters, digits and, not at
// their beginning, some other characters.
func hostLike(name, others string) bool {
	for label := range strings.SplitSeq(strings.ToLower(name), ".") {
		if label == "" || strings.Contains(others, label[:1]) || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789"+others) != "" {
			return false
		}
	}
	return true
}

// maxComparisons is how many names OpenSSL compares with name constraints before
// it refuses a chain.
const maxComparisons = 1 << 20

// Comparisons is how many names of a chain have to be compared with name
// constraints: Judge takes half a microsecond for each.
func Comparisons(chain []*x509util.Certificate) (count int) {
	names := 0
	for i, c := range chain {
		if trees, ok := constraintsOf(c); ok && i > 0 {
			count += names * len(trees)
		}
		names += len(namesOf(c))
	}
	return count
}

// names finds names that a CA above is not to sign. Certificates that a CA has
// made of itself are left out, unless one is the first of the chain. Go judges
// itself: see askGo.
func (p *path) names() {
	if Comparisons(p.chain) > maxComparisons {
		p.fault(NameConstraints, len(p.chain)-1, OpenSSL, "there are too many names and name constraints to be compared")
		return
	}
	java := p.javaTrees()
	var names [][]generalName
	for j, c := range p.chain {
		if trees, ok := constraintsOf(c); ok && j > 0 {
			for i, below := range p.chain[:j] {
				if i == 0 || !below.SelfSigned() {
					p.constrained(i, j, names[i], map[Client][]subtree{OpenSSL: trees, Java: java[j]})
				}
			}
		}
		names = append(names, namesOf(c))
	}
}

// javaTrees are the constraints of each certificate as Java applies them, which
// of those of several CAs makes one list, and forgets then what is permitted by one
// and excluded by another: where nothing is left of a kind, it permits all of it.
func (p *path) javaTrees() [][]subtree {
	all := make([][]subtree, len(p.chain))
	var excluded []subtree
	constrained, size := 0, 0
	for j := range p.chain {
		if p.anchor(j) {
			break // Java takes of a root only its name and key
		}
		trees, ok := constraintsOf(p.chain[j])
		if !ok || j == 0 || slices.ContainsFunc(trees, func(t subtree) bool { return t.tag == tagIP && !network(t.value) }) {
			continue // what is malformed, Java leaves out of account
		}
		all[j] = trees
		constrained++
		size += len(trees)
		for _, t := range trees {
			if t.excluded {
				excluded = append(excluded, t)
			}
		}
	}
	if constrained < 2 || size*(size+len(excluded)) > maxComparisons {
		return all
	}
	p.disjoint(all)
	for j, trees := range all {
		all[j] = slices.DeleteFunc(trees, func(t subtree) bool {
			return !t.excluded && slices.ContainsFunc(excluded, func(x subtree) bool {
				return x.tag == t.tag && matches(Java, x.generalName, t.generalName) == within
			})
		})
	}
	return all
}

// disjoint finds CAs that permit hosts of which none is common to them: Java
// stumbles over that, also where the certificates below name none.
func (p *path) disjoint(all [][]subtree) {
	hosts := func(t subtree) bool { return t.tag == tagDNS && !t.excluded }
	for k, above := range all {
		for j, below := range all[:k] {
			one, other := slices.ContainsFunc(above, hosts), slices.ContainsFunc(below, hosts)
			common := slices.ContainsFunc(above, func(a subtree) bool {
				return hosts(a) && slices.ContainsFunc(below, func(b subtree) bool {
					return hosts(b) && (matches(Java, a.generalName, b.generalName) != outside || matches(Java, b.generalName, a.generalName) != outside)
				})
			})
			if one && other && !common {
				p.fault(NameConstraints, j, Java, fmt.Sprintf("the name constraints of %s and %s permit no host in common", p.chain[k].Called(), p.chain[j].Called()))
				return
			}
		}
	}
}

// constrained compares the names of certificate i with the constraints of j, and
// notes the first that is wrong to each program.
func (p *path) constrained(i, j int, names []generalName, trees map[Client][]subtree) {
	has := func(tag asn1.Tag) bool {
		return slices.ContainsFunc(names, func(n generalName) bool { return n.from == alternative && n.tag == tag })
	}
	var texts [2]string
	for at, who := range []Client{OpenSSL, Java} {
		if who == Java && slices.ContainsFunc(trees[Java], func(t subtree) bool { return t.distant }) {
			texts[at] = fmt.Sprintf("the name constraints of %s have a minimum or maximum, which is not supported", p.chain[j].Called())
			continue
		}
		for _, name := range names {
			switch {
			case name.from == opensslHost && (who == Java || i > 0 || has(tagDNS)),
				name.from == javaHost && (who == OpenSSL || has(name.tag)):
				continue
			case name.from == subjectEmail && who == Java && p.chain[i].Extension(oidAlternativeNames) != nil:
				continue
			}
			if texts[at] = p.violation(who, i, j, name, trees[who]); texts[at] != "" {
				break
			}
		}
	}
	for at, who := range []Client{OpenSSL, Java} {
		switch {
		case at == 0 && texts[0] == texts[1]:
			who = OpenSSL | Java
		case at == 1 && texts[0] == texts[1]:
			continue
		}
		if texts[at] != "" {
			p.fault(NameConstraints, i, who, texts[at])
		}
	}
}

// violation says how a name of certificate i goes against the constraints of j.
func (p *path) violation(who Client, i, j int, name generalName, trees []subtree) string {
	ca, of := p.chain[j].Called(), p.chain[i].Called()
	var permitted []string
	inside := false
	for _, tree := range trees {
		if tree.tag != name.tag {
			continue
		}
		if tree.distant {
			return fmt.Sprintf("the name constraints of %s have a minimum or maximum, which is not supported", ca)
		}
		if inside && !tree.excluded {
			continue
		}
		match := matches(who, tree.generalName, name)
		if who == Java && tree.excluded && tree.tag == tagIP && match == outside && prefixed(tree.value, name.value) {
			match = within
		}
		switch {
		case match == unsupported:
			return fmt.Sprintf("the name constraints of %s can't be held against %s of %s", ca, name, of)
		case tree.excluded && match == within:
			return fmt.Sprintf("the name constraints of %s exclude %s, but %s has %s", ca, tree, of, name)
		case tree.excluded:
		case match == within:
			inside = true
		default:
			permitted = append(permitted, tree.String())
		}
	}
	if inside || len(permitted) == 0 {
		return ""
	}
	return fmt.Sprintf("the name constraints of %s permit %s, but %s has %s", ca, text.First(permitted, 3), of, name)
}

// match is how a name stands to a constraint of its kind.
type match uint8

const (
	outside match = iota
	within
	unsupported // whoever compares them gives up, and refuses
)

func matches(who Client, base, name generalName) match {
	b, n := strings.ToLower(string(base.value)), strings.ToLower(string(name.value))
	switch name.tag {
	case tagDirectory:
		constraint, err := x509util.ParseName(base.value)
		own, err2 := x509util.ParseName(name.value)
		if err != nil || err2 != nil {
			return unsupported
		}
		return is(own.Within(constraint))
	case tagDNS:
		return matchDNS(who, b, n)
	case tagEmail:
		return matchEmail(who, string(base.value), string(name.value))
	case tagURI:
		return matchURI(who, b, n)
	case tagIP:
		return matchIP(base.value, name.value)
	}
	return unsupported
}

func is(inside bool) match {
	if inside {
		return within
	}
	return outside
}

// matchDNS compares names of hosts in small letters. A constraint that begins
// with a dot permits what is below it, though RFC 5280 has that for URIs only.
// Java stumbles over an empty one.
func matchDNS(who Client, base, name string) match {
	switch {
	case base == "" && who == Java:
		return unsupported
	case base == "", base == name:
		return within
	case !strings.HasSuffix(name, base):
		return outside
	}
	return is((base[0] == '.') != strings.HasSuffix(strings.TrimSuffix(name, base), "."))
}

// matchEmail: a constraint is an address, a host, or with a dot in front all
// hosts below one.
func matchEmail(who Client, base, name string) match {
	at := strings.LastIndex(name, "@")
	lowBase, lowName := strings.ToLower(base), strings.ToLower(name)
	if who == Java {
		switch {
		case lowBase == lowName:
			return within
		case strings.Contains(base, "@") || !strings.HasSuffix(lowName, lowBase):
			return outside
		}
		return is(strings.HasPrefix(base, ".") || strings.HasSuffix(strings.TrimSuffix(lowName, lowBase), "@"))
	}
	if at < 0 {
		return unsupported
	}
	host := lowName[at+1:]
	if strings.HasPrefix(base, ".") {
		return is(len(name) > len(base) && strings.HasSuffix(lowName, lowBase))
	}
	if k := strings.LastIndex(base, "@"); k >= 0 {
		return is((k == 0 || base[:k] == name[:at]) && lowBase[k+1:] == host)
	}
	return is(lowBase == host)
}

// matchURI compares the host of a URI with a constraint.
func matchURI(who Client, base, name string) match {
	_, rest, ok := strings.Cut(name, ":")
	rest, slashes := strings.CutPrefix(rest, "//")
	if !ok || !slashes {
		return unsupported
	}
	host := rest
	if end := strings.IndexAny(rest, ":/"); end >= 0 {
		host = rest[:end]
	}
	if host == "" {
		return unsupported
	}
	if strings.HasPrefix(base, ".") {
		return is(len(host) > len(base) && strings.HasSuffix(host, base))
	}
	return is(host == base)
}

// network says whether a constraint is an address and a mask of ones and then
// zeros.
func network(value []byte) bool {
	half := len(value) / 2
	ones, bits := net.IPMask(value[half:]).Size()
	return (half == 4 || half == 16) && len(value) == 2*half && (ones > 0 || bits > 0)
}

// prefixed says whether an address of one family begins as a network of the other,
// to which it belongs for Java 17 then (not for 25): all IPv6 addresses to
// 0.0.0.0/0.
func prefixed(base, name []byte) bool {
	half := len(base) / 2
	if half == len(name) {
		return false
	}
	for i := range min(half, len(name)) {
		if name[i]&base[half+i] != base[i] {
			return false
		}
	}
	return true
}

// matchIP compares an address with a network of the same family.
func matchIP(base, name []byte) match {
	if len(name) != 4 && len(name) != 16 || len(base) != 8 && len(base) != 32 {
		return unsupported
	}
	if len(base) != 2*len(name) {
		return outside
	}
	for i, b := range name {
		if (b^base[i])&base[len(name)+i] != 0 {
			return outside
		}
	}
	return within
}
