package certpath_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/x509util"
)

// spec is a certificate to be made, by its parts: whatever is wrong with it.
type spec struct {
	subject    string // as keytool takes it
	version    int    // 3 if zero
	key        int    // of the keys
	extensions []extension
}

type extension struct {
	oid      string
	critical bool
	value    []byte
}

// with adds an extension, or puts it in the place of the one there is.
func (s *spec) with(oid string, critical bool, value []byte) {
	s.without(oid)
	s.extensions = append(s.extensions, extension{oid, critical, value})
}

func (s *spec) without(oid string) {
	var rest []extension
	for _, e := range s.extensions {
		if e.oid != oid {
			rest = append(rest, e)
		}
	}
	s.extensions = rest
}

// maker makes certificates with a few keys.
type maker struct {
	t    testing.TB
	keys []*ecdsa.PrivateKey
	spki [][]byte
}

func newMaker(t testing.TB) *maker {
	m := &maker{t: t}
	for range 6 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		m.keys, m.spki = append(m.keys, key), append(m.spki, spki)
	}
	return m
}

func (m *maker) name(text string) []byte {
	if text == "" {
		return []byte{0x30, 0}
	}
	n, err := x509util.ParseDName(text)
	if err != nil {
		m.t.Fatal(err)
	}
	return n.DER()
}

// der is what a builder makes.
func (m *maker) der(build func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	build(&b)
	der, err := b.Bytes()
	if err != nil {
		m.t.Fatal(err)
	}
	return der
}

func sequence(parts ...[]byte) func(*cryptobyte.Builder) { return tagged(asn1.SEQUENCE, parts...) }

func tagged(tag asn1.Tag, parts ...[]byte) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				b.AddBytes(p)
			}
		})
	}
}

func (m *maker) oid(dotted string) []byte {
	arcs := splitDots(dotted)
	return m.der(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(arcs) })
}

func splitDots(s string) (arcs []int) {
	n := 0
	for _, c := range s + "." {
		if c == '.' {
			arcs, n = append(arcs, n), 0
			continue
		}
		n = 10*n + int(c-'0')
	}
	return arcs
}

var serials int64

// issue makes the certificate of s, signed for the issuer.
func (m *maker) issue(s, issuer *spec) []byte {
	algorithm := m.der(sequence(m.oid("1.2.840.10045.4.3.2")))
	date := func(t time.Time) []byte { return m.der(func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(t) }) }
	serials++
	var parts [][]byte
	if s.version != 1 {
		parts = append(parts, []byte{0xa0, 3, 2, 1, 2})
	}
	parts = append(parts,
		m.der(func(b *cryptobyte.Builder) { b.AddASN1BigInt(big.NewInt(serials)) }),
		algorithm, m.name(issuer.subject),
		m.der(sequence(date(time.Now().Add(-time.Hour).UTC()), date(time.Now().Add(24*time.Hour).UTC()))),
		m.name(s.subject), m.spki[s.key])
	if s.version != 1 && len(s.extensions) > 0 {
		var all [][]byte
		for _, e := range s.extensions {
			fields := [][]byte{m.oid(e.oid)}
			if e.critical {
				fields = append(fields, []byte{1, 1, 0xff})
			}
			fields = append(fields, m.der(func(b *cryptobyte.Builder) { b.AddASN1OctetString(e.value) }))
			all = append(all, m.der(sequence(fields...)))
		}
		parts = append(parts, m.der(tagged(asn1.Tag(3).ContextSpecific().Constructed(), m.der(sequence(all...)))))
	}
	tbs := m.der(sequence(parts...))
	digest := sha256.Sum256(tbs)
	signature, err := ecdsa.SignASN1(rand.Reader, m.keys[issuer.key], digest[:])
	if err != nil {
		m.t.Fatal(err)
	}
	return m.der(sequence(tbs, algorithm, m.der(func(b *cryptobyte.Builder) { b.AddASN1BitString(signature) })))
}

// chain makes the certificates of specs, the leaf first, the last of itself.
func (m *maker) chain(specs []*spec) (chain [][]byte) {
	for i, s := range specs {
		chain = append(chain, m.issue(s, specs[min(i+1, len(specs)-1)]))
	}
	return chain
}

// The values of extensions.

func (m *maker) basic(ca bool, length int) []byte {
	return m.der(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if ca {
				b.AddASN1Boolean(true)
			}
			if length >= 0 {
				b.AddASN1Int64(int64(length))
			}
		})
	})
}

func (m *maker) usages(oids ...string) []byte {
	var list [][]byte
	for _, oid := range oids {
		list = append(list, m.oid(oid))
	}
	return m.der(sequence(list...))
}

func (m *maker) keyID(key int) []byte {
	id := sha256.Sum256(m.spki[key])
	return id[:20]
}

func (m *maker) subjectKey(id []byte) []byte {
	return m.der(func(b *cryptobyte.Builder) { b.AddASN1OctetString(id) })
}

// authorityKey names a key and, where issuer is not empty, a certificate.
func (m *maker) authorityKey(id []byte, issuer string, serial int64) []byte {
	var parts [][]byte
	if id != nil {
		parts = append(parts, m.der(tagged(asn1.Tag(0).ContextSpecific(), id)))
	}
	if issuer != "" {
		directory := m.der(tagged(asn1.Tag(4).ContextSpecific().Constructed(), m.name(issuer)))
		parts = append(parts, m.der(tagged(asn1.Tag(1).ContextSpecific().Constructed(), directory)),
			m.der(tagged(asn1.Tag(2).ContextSpecific(), big.NewInt(serial).Bytes())))
	}
	return m.der(sequence(parts...))
}

// general is a GeneralName: "dns:a", "email:a@b", "uri:http://a", "ip:\x01...",
// "dir:CN=a", "rid:1.2".
func (m *maker) general(text string) []byte {
	kind, value := text[:3], text[4:]
	switch kind {
	case "dns":
		return m.der(tagged(asn1.Tag(2).ContextSpecific(), []byte(value)))
	case "eml":
		return m.der(tagged(asn1.Tag(1).ContextSpecific(), []byte(value)))
	case "uri":
		return m.der(tagged(asn1.Tag(6).ContextSpecific(), []byte(value)))
	case "ip4", "ip6":
		return m.der(tagged(asn1.Tag(7).ContextSpecific(), []byte(value)))
	case "dir":
		return m.der(tagged(asn1.Tag(4).ContextSpecific().Constructed(), m.name(value)))
	case "rid":
		return m.der(tagged(asn1.Tag(8).ContextSpecific(), m.oid(value)[2:]))
	case "oth":
		return m.der(tagged(asn1.Tag(0).ContextSpecific().Constructed(), m.oid(value),
			m.der(tagged(asn1.Tag(0).ContextSpecific().Constructed(), []byte{12, 1, 'x'}))))
	}
	m.t.Fatalf("no kind of name: %q", text)
	return nil
}

func (m *maker) generals(texts []string) []byte {
	var list [][]byte
	for _, text := range texts {
		list = append(list, m.general(text))
	}
	return m.der(sequence(list...))
}

// nameConstraints makes the extension; distance is added to each subtree.
func (m *maker) nameConstraints(permitted, excluded []string, distance []byte) []byte {
	var parts [][]byte
	for i, texts := range [][]string{permitted, excluded} {
		var trees [][]byte
		for _, text := range texts {
			trees = append(trees, m.der(sequence(m.general(text), distance)))
		}
		if len(trees) > 0 {
			parts = append(parts, m.der(tagged(asn1.Tag(i).ContextSpecific().Constructed(), trees...)))
		}
	}
	return m.der(sequence(parts...))
}

func (m *maker) policies(qualified bool, oids ...string) []byte {
	var list [][]byte
	for _, oid := range oids {
		info := [][]byte{m.oid(oid)}
		if qualified {
			uri := m.der(tagged(asn1.IA5String, []byte("http://cps")))
			info = append(info, m.der(sequence(m.der(sequence(m.oid("1.3.6.1.5.5.7.2.1"), uri)))))
		}
		list = append(list, m.der(sequence(info...)))
	}
	return m.der(sequence(list...))
}

// parsed is a chain read.
func (m *maker) parsed(chain [][]byte) (certs []*x509util.Certificate) {
	for i, der := range chain {
		c, err := x509util.ParseCertificate(der)
		if err != nil {
			m.t.Fatal(fmt.Errorf("certificate %d: %w", i, err))
		}
		certs = append(certs, c)
	}
	return certs
}
