package store

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
	"gokeytool/store/pkcs12"
)

// maker makes PKCS12 files that are odd in the ways in which programs and
// people who mean harm make them odd: in their bags, attributes and DER. They
// are encrypted and have MACs as it should be, so that Java reads deep into
// them, with one round of derivation each.
type maker struct {
	*mathrand.Rand
	*material
}

// material is what takes time to make.
type material struct {
	certs   [][]byte
	sealed  [][]byte // private keys under the password, those of certs at the same place first
	secrets [][]byte
	odd     [][]byte // sealed keys that Java does not recover, or hardly
	pkcs8   [][]byte
}

const (
	filePassword = "changeit"

	oidBag       = "1.2.840.113549.1.12.10.1"
	oidData      = "1.2.840.113549.1.7.1"
	oidEncrypted = "1.2.840.113549.1.7.6"
	oidEnveloped = "1.2.840.113549.1.7.3"
	oidName      = "1.2.840.113549.1.9.20"
	oidKeyID     = "1.2.840.113549.1.9.21"
	oidX509      = "1.2.840.113549.1.9.22.1"
	oidSDSI      = "1.2.840.113549.1.9.22.2"
	oidTrust     = "2.16.840.1.113894.746875.1.1"
	oidAnyUsage  = "2.5.29.37.0"
	oidCSP       = "1.3.6.1.4.1.311.17.1"
	oidOfNobody  = "1.2.3.4"
)

func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	for _, arc := range bytes.Split([]byte(dotted), []byte(".")) {
		n, _ := new(big.Int).SetString(string(arc), 10)
		id = append(id, int(n.Int64()))
	}
	der, err := asn1.Marshal(id)
	if err != nil {
		panic(err)
	}
	return der
}

// newMaterial makes certificates that are easily taken for each other's
// issuers, and keys.
func newMaterial(t testing.TB) *material {
	t.Helper()
	m := new(material)
	var keys []*ecdsa.PrivateKey
	for range 7 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		keys = append(keys, key)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		must(t, err)
		m.pkcs8 = append(m.pkcs8, pkcs8)
	}
	serial := int64(0)
	// A certificate of key i called name, issued under another name by key j.
	add := func(i int, name string, keyID string, j int, issuer, issuerKeyID string) {
		serial++
		cert := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, SubjectKeyId: []byte(keyID),
			NotBefore: created, NotAfter: created.AddDate(20, 0, 0)}
		parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer}, SubjectKeyId: []byte(issuerKeyID)}
		der, err := x509.CreateCertificate(rand.Reader, cert, parent, &keys[i].PublicKey, keys[j])
		must(t, err)
		m.certs = append(m.certs, der)
	}
	add(0, "server", "", 1, "CA", "ca")
	add(1, "CA", "ca", 2, "Root", "root")
	add(2, "Root", "root", 2, "Root", "root")
	add(3, "lone", "", 3, "lone", "")
	add(4, "server 2", "s2", 1, "ca", "")          // names no key of its issuer
	add(5, "a", "a", 6, "b", "b")                  // a loop
	add(6, "b", "b", 5, "a", "a")                  //
	add(2, "Root", "root", 1, "Root", "ca")        // of one name, but signed by another
	add(1, "CA", "", 2, "Root", "")                // CA again without key identifiers
	add(1, "CA", "other", 3, "lone", "")           // CA again with another
	add(3, "Root", "root", 3, "Root", "root")      // a root of the name and key identifier of another
	add(2, "ROOT", "root", 2, "ROOT", "elsewhere") // of the same name except for case
	for _, params := range []pkcs12.Params{lightParams(), legacyParams(t)} {
		f := pkcs12.NewFile(params)
		for _, key := range m.pkcs8 {
			sealed, err := pkcs12.Seal(entry.Key{PKCS8: key}, []byte(filePassword), f)
			must(t, err)
			m.sealed = append(m.sealed, sealed)
		}
		for _, key := range []entry.Key{{Algorithm: "AES", Raw: []byte("0123456789abcdef")}, {Algorithm: "PBEWithMD5AndDES", Raw: []byte("secret")}, {Algorithm: "HmacSHA256", Raw: []byte("x")}} {
			sealed, err := pkcs12.Seal(key, []byte(filePassword), f)
			must(t, err)
			m.secrets = append(m.secrets, sealed)
		}
		other, err := pkcs12.Seal(entry.Key{PKCS8: m.pkcs8[0]}, []byte("another"), f)
		must(t, err)
		m.odd = append(m.odd, other)
	}
	scheme, err := pbe.NewScheme(lightParams().KeyAlgorithm, 1)
	must(t, err)
	encrypt := func(info []byte) []byte {
		s := scheme.Fresh()
		ciphertext, err := s.Encrypt(slices.Clone(info), []byte(filePassword))
		must(t, err)
		return ber.TLV(0x30, s.Algorithm(), ber.TLV(0x04, ciphertext))
	}
	whole := m.sealed[0]
	content := whole[len(whole)-contentLength(whole):]
	m.odd = append(m.odd,
		ber.TLV(0x30, content, []byte{0x05, 0x00}),                           // an element more
		ber.TLV(0x30, content, []byte{0xff}),                                 // a byte more
		m.pkcs8[0],                                                           // not encrypted
		ber.TLV(0x04, content),                                               // no SEQUENCE
		encrypt(append(slices.Clone(m.pkcs8[0]), 0x05, 0x00)),                // more behind the key
		encrypt([]byte("no key at all")),                                     //
		encrypt(ber.TLV(0x30, ber.Integer(0), ber.TLV(0x30), ber.TLV(0x04))), // no algorithm
		encrypt(ber.TLV(0x30, ber.Integer(0), ber.TLV(0x30, oid(oidOfNobody)), ber.TLV(0x04, []byte("x")))), // an unknown one
	)
	return m
}

func contentLength(der []byte) int {
	var raw asn1.RawValue
	if _, err := asn1.Unmarshal(der, &raw); err != nil {
		panic(err)
	}
	return len(raw.Bytes)
}

// lightParams is what Java writes, with one round of each derivation.
func lightParams() pkcs12.Params {
	p := pkcs12.Default
	p.CertIterations, p.KeyIterations, p.MACIterations = 1, 1, 1
	return p
}

func legacyParams(t testing.TB) pkcs12.Params {
	t.Helper()
	p, ok := pkcs12.Profile("legacy")
	if !ok {
		t.Fatal("no profile of that name")
	}
	p.CertIterations, p.KeyIterations, p.MACIterations = 1, 1, 1
	return p
}

func (m *maker) in(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

// file makes a PKCS12 file.
func (m *maker) file() []byte {
	var parts [][]byte
	for range 1 + m.IntN(3) {
		parts = append(parts, m.part())
	}
	authSafe := ber.TLV(0x30, parts...)
	if m.in(25) {
		authSafe = m.mutated(authSafe)
	}
	if m.in(40) {
		authSafe = append(authSafe, 0x05, 0x00)
	}
	pieces := [][]byte{ber.Integer(3), info(oidData, ber.TLV(0x04, authSafe))}
	if !m.in(6) {
		mac, err := pbe.NewMAC(pick(m, "HmacPBESHA256", "HmacPBESHA1"), 1)
		if err != nil {
			panic(err)
		}
		key, err := mac.Key([]byte(filePassword))
		if err != nil {
			panic(err)
		}
		sealed := mac.Seal(key, authSafe)
		if m.in(50) {
			sealed = m.mutated(sealed)
		}
		pieces = append(pieces, sealed)
	}
	if m.in(50) {
		pieces = append(pieces, []byte{0x05, 0x00})
	}
	file := ber.TLV(0x30, pieces...)
	if m.in(50) {
		file = append(file, "behind it"...)
	}
	return file
}

func info(contentType string, content ...[]byte) []byte {
	return ber.TLV(0x30, oid(contentType), ber.TLV(0xa0, content...))
}

// part makes a ContentInfo.
func (m *maker) part() []byte {
	var bags [][]byte
	for range m.IntN(5) {
		bags = append(bags, m.bag(0))
	}
	list := ber.TLV(0x30, bags...)
	for range pick(m, 0, 0, 0, 1, 1, 2) {
		list = m.mutated(list)
	}
	if m.in(30) {
		list = append(list, 0x05, 0x00)
	}
	if m.in(2) {
		octets := ber.TLV(0x04, list)
		if m.in(10) && len(list) > 2 { // in pieces
			octets = slices.Concat([]byte{0x24, 0x80}, ber.TLV(0x04, list[:2]), ber.TLV(0x04, list[2:]), []byte{0, 0})
		}
		return info(oidData, octets)
	}
	scheme, err := pbe.NewScheme(pick(m, "PBEWithHmacSHA256AndAES_256", "PBEWithSHA1AndDESede", "PBEWithSHA1AndRC2_40"), 1)
	if err != nil {
		panic(err)
	}
	password := filePassword
	if m.in(60) {
		password = "another"
	}
	ciphertext, err := scheme.Encrypt(append(make([]byte, 0, len(list)+16), list...), []byte(password))
	if err != nil {
		panic(err)
	}
	content := ber.TLV(0x80, ciphertext)
	if m.in(10) {
		content = ber.TLV(0xa0, ber.TLV(0x04, ciphertext[:3]), ber.TLV(0x04, ciphertext[3:]))
	}
	what := oidEncrypted
	if m.in(100) {
		what = oidEnveloped
	}
	return info(what, ber.TLV(0x30, ber.Integer(0), ber.TLV(0x30, oid(oidData), scheme.Algorithm(), content)))
}

// bag makes a SafeBag.
func (m *maker) bag(depth int) []byte {
	kind, value := 0, []byte(nil)
	switch m.IntN(20) {
	case 0, 1, 2, 3, 4:
		kind, value = 2, m.sealed[m.IntN(len(m.sealed))]
		if m.in(12) {
			value = pick(m, m.odd...)
		}
	case 5:
		kind, value = 1, pick(m, m.pkcs8...)
	case 6, 7:
		sealed := pick(m, m.secrets...)
		if m.in(8) {
			sealed = pick(m, m.odd...)
		}
		kind, value = 5, ber.TLV(0x30, oid(pick(m, oidBag+".2", oidBag+".2", oidOfNobody)), ber.TLV(0xa0, ber.TLV(0x04, sealed)))
	case 8:
		kind, value = 4, ber.TLV(0x30, oid("1.2.840.113549.1.9.23.1"), ber.TLV(0xa0, ber.TLV(0x04, []byte("crl"))))
	case 9:
		kind, value = pick(m, 7, 9), ber.TLV(0x04, []byte("x"))
	case 10:
		if depth < 3 {
			var inner [][]byte
			for range m.IntN(3) {
				inner = append(inner, m.bag(depth+1))
			}
			kind, value = 6, ber.TLV(0x30, inner...)
			break
		}
		fallthrough
	default:
		certType := oidX509
		if m.in(8) {
			certType = pick(m, oidSDSI, oidOfNobody)
		}
		kind, value = 3, ber.TLV(0x30, oid(certType), ber.TLV(0xa0, ber.TLV(0x04, pick(m, m.certs...))))
	}
	bag := [][]byte{oid(fmt.Sprintf("%s.%d", oidBag, kind)), ber.TLV(0xa0, value)}
	if attrs := m.attributes(kind); attrs != nil || m.in(10) {
		bag = append(bag, ber.TLV(pick(m, slices.Concat(bytes.Repeat([]byte{0x31}, 30), []byte{0x30, 0xa1})...), attrs))
	}
	if m.in(60) {
		bag = append(bag, []byte{0x05, 0x00})
	}
	return ber.TLV(0x30, bag...)
}

func attribute(name string, values ...[]byte) []byte {
	return ber.TLV(0x30, oid(name), ber.TLV(0x31, values...))
}

// names are close to each other in one way or another.
var names = []string{"a", "A", "b", "server", "SERVER", "1", "2", "3", "", "\u0130x", "i\u0307x", "ix", "\u0131x", "\u017f", "s", "\u212a", "k", "\u00c4", "\u00e4",
	"\u03a3\u03a3", "\u03c3\u03c2", "\u03c3\u03c3", "stra\u00dfe", "STRASSE", "\u01c5", "\u01c6", "x\x00y", " a", "a ", "\ufffd"}

func (m *maker) name() []byte {
	if m.in(25) { // half characters, halves of pairs
		return ber.TLV(0x1e, pick(m, []byte{0}, []byte{0, 'a', 0}, []byte{0xd8, 0x3d}, []byte{0xd8, 0x3d, 0, 'a'}, []byte{0xdd, 0x11, 0, 'a'}, []byte{0xd8, 0x3d, 0xdd, 0x11}))
	}
	var utf16 []byte
	for _, r := range pick(m, names...) {
		utf16 = append(utf16, byte(r>>8), byte(r))
	}
	return ber.TLV(0x1e, utf16)
}

// attributes makes the content of a bag's attribute SET.
func (m *maker) attributes(kind int) (all []byte) {
	var list [][]byte
	repeats := func() int {
		if m.in(25) {
			return 2
		}
		return 1
	}
	if !m.in(4) {
		for range repeats() {
			list = append(list, attribute(oidName, m.name()))
		}
	}
	if id := pick(m, "", "Time 1709210096789", "Time 1709210096790", "01", "02", "\x01", "Time x", "none"); !m.in(3) && id != "none" {
		for range repeats() {
			list = append(list, attribute(oidKeyID, ber.TLV(0x04, []byte(id))))
		}
	}
	if kind == 3 && m.in(2) || m.in(20) {
		values := [][]byte{oid(oidAnyUsage)}
		switch m.IntN(12) {
		case 0:
			values = nil
		case 1:
			values = append(values, oid(oidOfNobody))
		case 2:
			values = [][]byte{oid(oidOfNobody)}
		}
		list = append(list, attribute(oidTrust, values...))
	}
	if m.in(6) {
		list = append(list, attribute(pick(m, oidCSP, oidOfNobody), pick(m, ber.TLV(0x0c, []byte("a note")), ber.TLV(0x1e, []byte{0, 'x'}), ber.TLV(0x04, []byte("x")),
			ber.Integer(7), ber.TLV(0x01, []byte{0xff}), ber.TLV(0x05), ber.TLV(0x30, ber.Integer(1)), oid(oidOfNobody))))
	}
	if m.in(40) { // what Java refuses
		list = append(list, pick(m, attribute(oidName), attribute(oidKeyID), attribute(oidName, ber.TLV(0x0c, []byte("utf"))), attribute(oidKeyID, ber.Integer(1)),
			attribute(oidTrust, ber.Integer(1)), attribute(oidOfNobody, ber.TLV(0x06)), attribute(oidOfNobody, ber.TLV(0x02)), attribute(oidOfNobody, ber.TLV(0x01)),
			ber.TLV(0x30), ber.TLV(0x30, oid(oidName)), ber.TLV(0x30, oid(oidName), ber.TLV(0x31), ber.TLV(0x05)), ber.TLV(0x05)))
	}
	m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return bytes.Join(list, nil)
}

// node is an element in DER, to be changed.
type node struct {
	tag      byte
	content  []byte
	children []*node // of what is constructed, or an OCTET STRING that holds an element
	form     int     // 0 DER, 1 indefinite, 2 a length with zeros in front
}

func parseNodes(data []byte) (list []*node, ok bool) {
	for len(data) > 0 {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(data, &raw)
		if err != nil || data[0]&0x1f == 0x1f {
			return nil, false
		}
		n := &node{tag: data[0], content: raw.Bytes}
		if raw.IsCompound {
			if n.children, ok = parseNodes(raw.Bytes); !ok {
				n.children = nil
			}
		}
		list, data = append(list, n), rest
	}
	return list, true
}

func (n *node) bytes() []byte {
	content := n.content
	if n.children != nil {
		content = nil
		for _, child := range n.children {
			content = append(content, child.bytes()...)
		}
	}
	switch {
	case n.form == 1 && n.tag&0x20 != 0:
		return slices.Concat([]byte{n.tag, 0x80}, content, []byte{0, 0})
	case n.form == 2:
		return slices.Concat([]byte{n.tag, 0x84, byte(len(content) >> 24), byte(len(content) >> 16), byte(len(content) >> 8), byte(len(content))}, content)
	}
	return ber.TLV(n.tag, content)
}

// all returns a node and those in it, except for itself, with what holds each.
func (n *node) all() (list []*node, holders []*node) {
	for _, child := range n.children {
		inner, in := child.all()
		list, holders = append(append(list, child), inner...), append(append(holders, n), in...)
	}
	return list, holders
}

// mutated changes something within an element. Certificates and ciphertexts
// stay whole, as they are OCTET STRINGs.
func (m *maker) mutated(der []byte) []byte {
	tops, ok := parseNodes(der)
	if !ok || len(tops) != 1 {
		return der
	}
	list, holders := tops[0].all()
	if len(list) == 0 {
		return der
	}
	at := m.IntN(len(list))
	n, holder := list[at], holders[at]
	place := slices.Index(holder.children, n)
	switch m.IntN(10) {
	case 0:
		holder.children = slices.Delete(slices.Clone(holder.children), place, place+1)
		holder.content = nil
	case 1:
		holder.children = slices.Insert(slices.Clone(holder.children), place, n)
	case 2:
		other := m.IntN(len(holder.children))
		holder.children[place], holder.children[other] = holder.children[other], n
	case 3:
		n.tag = pick[byte](m, 0x01, 0x02, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x1e, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa1)
	case 4:
		n.children, n.content = nil, nil
	case 5:
		extra := &node{tag: pick[byte](m, 0x02, 0x05, 0x06, 0x0c, 0x1e, 0x30, 0x31), content: pick(m, nil, []byte{1}, []byte{0x30})}
		holder.children = slices.Insert(slices.Clone(holder.children), place+m.IntN(2), extra)
	case 6:
		if n.children == nil && len(n.content) > 0 && len(n.content) < 40 {
			n.content = slices.Clone(n.content)
			n.content[m.IntN(len(n.content))] ^= 1 << m.IntN(8)
			break
		}
		fallthrough
	case 7:
		n.form = 1
	case 8:
		n.form = 2
	case 9: // bytes that are no element
		n.content = append(slices.Clone(n.bytes()[len(n.bytes())-contentOf(n):]), pick[byte](m, 0x00, 0x30, 0xff))
		n.children = nil
	}
	return tops[0].bytes()
}

func contentOf(n *node) int {
	length := len(n.content)
	if n.children != nil {
		length = 0
		for _, child := range n.children {
			length += len(child.bytes())
		}
	}
	return length
}
