package keytool

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// randomQuestions is how many random cases are tried: n, or what the
// environment says.
func randomQuestions(t *testing.T, n int) int {
	if s := os.Getenv("GOKEYTOOL_TEST_QUESTIONS"); s != "" {
		many, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return many
	}
	return n
}

// certificateSeeds are certificates of every kind.
func certificateSeeds(t testing.TB) (names []string, seeds [][]byte) {
	for _, pattern := range []string{"../testdata/print/*.der", "../testdata/keytool/*/*.der"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			names, seeds = append(names, file), append(seeds, data)
		}
	}
	if len(seeds) < 100 {
		t.Fatalf("%d certificates", len(seeds))
	}
	return names, seeds
}

// thrown is an error as Java writes an exception.
func thrown(err error) string {
	e, ok := err.(*jdk.Error)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "not in Java's words: " + err.Error()
	case e.Text == "":
		return e.Class
	}
	return e.Class + ": " + e.Error()
}

// askAbout compares what Java says of a certificate and what we say.
func askAbout(t *testing.T, java *testtool.Java, name string, der []byte) (readable bool) {
	t.Helper()
	want := ""
	if exceptions := java.Certificate(der); len(exceptions) > 0 {
		want = exceptions[0]
	}
	if slices.Contains(refusing(der), java.Release) != (want != "") {
		t.Errorf("JDK %d, %s: RefusedByJava says %v, Java %q", java.Release, name, refusing(der), want)
	}
	got := thrown(JavaError(der, java.Release))
	if got != want {
		t.Errorf("JDK %d, %s:\nJava %q\nours %q\n%s", java.Release, name, want, got, hex.EncodeToString(der))
	}
	return want == ""
}

// refusing are the releases that refuse a certificate, by RefusedByJava.
func refusing(der []byte) []jdk.Release {
	if r := RefusedByJava("X.509", der); r != nil {
		return r.Releases
	}
	return nil
}

// TestJavaError asks the Java of each release whose words are known about many
// certificates.
func TestJavaError(t *testing.T) {
	names, seeds := certificateSeeds(t)
	for release := range testtool.Keytools(t) {
		if release != jdk.Release17 && release != jdk.Release25 {
			continue
		}
		java := testtool.StartJava(t, release)
		name := strconv.Itoa(int(release))
		t.Run(name+" mutations", func(t *testing.T) {
			for i, seed := range seeds {
				askAbout(t, java, names[i], seed)
			}
			askAboutMutations(t, java, names, seeds)
		})
		t.Run(name+" algorithms", func(t *testing.T) { askAboutAlgorithms(t, java) })
	}
}

// askAboutMutations changes certificates of every kind at random places.
func askAboutMutations(t *testing.T, java *testtool.Java, names []string, seeds [][]byte) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	count, readable := randomQuestions(t, 1500), 0
	for range count {
		k := random.IntN(len(seeds))
		m := mutator{random: random}
		der := m.mutate(seeds[k])
		if random.IntN(8) == 0 {
			der = m.mutate(der)
		}
		if askAbout(t, java, names[k]+", "+m.what, der) {
			readable++
		}
	}
	t.Logf("%d certificates, %d of them readable", count, readable)
}

// A mutator changes one thing in a certificate.
type mutator struct {
	random *rand.Rand
	what   string
}

// A node is a value of DER with those that it consists of, whether as the
// content of a constructed one or of a string that holds DER.
type node struct {
	tag    byte
	length []byte // instead of the shortest, if not nil
	prefix []byte // before the children: the unused bits of a BIT STRING
	body   []byte
	parts  []*node
}

func parseNode(r *ber.Reader) (*node, bool) {
	v, err := r.Next()
	if err != nil || len(v.Full) > 1 && v.Full[1] == 0x80 {
		return nil, false
	}
	n := &node{tag: byte(v.Tag), body: v.Body}
	inner := v.Body
	switch {
	case v.Tag == casn1.BIT_STRING && len(inner) > 1:
		n.prefix, inner = inner[:1], inner[1:]
	case v.Tag != casn1.OCTET_STRING && v.Tag&ber.TagConstructed == 0:
		return n, true
	}
	var parts []*node
	for r := (ber.Reader{Rest: inner}); !r.Empty(); {
		part, ok := parseNode(&r)
		if !ok {
			n.prefix = nil
			return n, true
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		n.prefix = nil
		return n, true
	}
	n.parts, n.body = parts, nil
	return n, true
}

func (n *node) content() []byte {
	if n.parts == nil {
		return append(slices.Clone(n.prefix), n.body...)
	}
	content := slices.Clone(n.prefix)
	for _, part := range n.parts {
		content = append(content, part.encode()...)
	}
	return content
}

func (n *node) encode() []byte {
	content := n.content()
	if n.length == nil {
		return append(ber.AppendHeader(nil, casn1.Tag(n.tag), len(content)), content...)
	}
	out := append([]byte{n.tag}, n.length...)
	out = append(out, content...)
	if n.length[0] == 0x80 {
		out = append(out, 0, 0)
	}
	return out
}

// all lists the nodes with their parents.
func (n *node) all(parent *node, visit func(n, parent *node)) {
	visit(n, parent)
	for _, part := range n.parts {
		part.all(n, visit)
	}
}

func (n *node) clone() *node {
	c := *n
	c.parts = nil
	for _, part := range n.parts {
		c.parts = append(c.parts, part.clone())
	}
	return &c
}

var mutationTags = []byte{
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c, 0x1e, 0x1f, 0x24, 0x30, 0x31, 0x80,
	0x81, 0x82, 0x83, 0x85, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xbf, 0x00, 0x70, 0xff,
}

// mutate returns the certificate with one thing changed.
func (m *mutator) mutate(der []byte) []byte {
	root, ok := parseNode(&ber.Reader{Rest: der})
	if !ok {
		return der
	}
	type place struct{ n, parent *node }
	var places []place
	root.all(nil, func(n, parent *node) { places = append(places, place{n, parent}) })
	at := m.random.IntN(len(places))
	n, parent := places[at].n, places[at].parent
	index := 0
	if parent != nil {
		index = slices.Index(parent.parts, n)
	}
	what := ""
	for what == "" {
		what = m.change(n, parent, index, func() *node { return places[m.random.IntN(len(places))].n.clone() })
	}
	m.what += " value " + strconv.Itoa(at) + ": " + what
	return root.encode()
}

// change does one of the changes to a node; "" where it makes no sense.
func (m *mutator) change(n, parent *node, index int, any func() *node) string {
	leaf := func(body []byte) {
		n.parts, n.prefix, n.body = nil, nil, body
	}
	switch m.random.IntN(16) {
	case 0, 1:
		n.tag = mutationTags[m.random.IntN(len(mutationTags))]
		return "tag " + strconv.Itoa(int(n.tag))
	case 2:
		leaf(nil)
		return "empty"
	case 3:
		if parent != nil {
			parent.parts = slices.Delete(parent.parts, index, index+1)
			return "missing"
		}
	case 4:
		if parent != nil {
			parent.parts = slices.Insert(parent.parts, index, n.clone())
			return "twice"
		}
	case 5:
		if parent != nil && len(parent.parts) > 1 {
			other := m.random.IntN(len(parent.parts))
			parent.parts[index], parent.parts[other] = parent.parts[other], parent.parts[index]
			return "swapped"
		}
	case 6:
		if n.parts != nil {
			n.parts = slices.Insert(n.parts, m.random.IntN(len(n.parts)+1), any())
			return "with another value in it"
		}
	case 7:
		if parent != nil {
			parent.parts[index] = any()
			return "replaced"
		}
	case 8:
		size := len(n.content())
		octets := []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
		long := m.random.IntN(5)
		if size < 1<<(8*long) {
			n.length = append([]byte{0x80 | byte(long)}, octets[4-long:]...)
			return "length in " + strconv.Itoa(long) + " octets"
		}
	case 9:
		n.length = []byte{byte(m.random.IntN(256))}
		return "length " + strconv.Itoa(int(n.length[0]))
	case 10, 11:
		if content := n.content(); len(content) > 0 {
			content[m.random.IntN(len(content))] = byte(m.random.IntN(256))
			leaf(content)
			return "a byte"
		}
	case 12:
		if content := n.content(); len(content) > 0 {
			content[m.random.IntN(len(content))] ^= 1 << m.random.IntN(8)
			leaf(content)
			return "a bit"
		}
	case 13:
		if content := n.content(); len(content) > 0 {
			leaf(content[:m.random.IntN(len(content))])
			return "cut short"
		}
	case 14:
		leaf(append(n.content(), make([]byte, m.random.IntN(3)+1)...))
		return "with zeros behind"
	case 15:
		leaf(append(bytes.Repeat([]byte{byte(m.random.IntN(2)) * 0xff}, m.random.IntN(3)+1), n.content()...))
		return "with more before"
	}
	return ""
}

// askAboutAlgorithms asks about every algorithm that has a name, and every
// curve, with parameters of all sorts, for the signature and the key.
func askAboutAlgorithms(t *testing.T, java *testtool.Java) {
	source, err := os.ReadFile("../internal/ber/oidname.go")
	if err != nil {
		t.Fatal(err)
	}
	var oids []string
	for _, match := range regexp.MustCompile(`case "([012]\.[0-9]+\.[0-9.]+)"`).FindAllSubmatch(source, -1) {
		if oid := string(match[1]); oid != "1.2.840.113549.1.5.13" { // PBES2
			oids = append(oids, oid)
		}
	}
	oids = append(oids, "1.2.840.10046.2.1", "1.2.840.113549.1.9.16.3.17", "1.3.6.1.5.5.7.6.35", "1.2.3.4")
	number := "\x02\x01\x05"
	params := []string{
		"", "\x05\x00", "\x04\x08abcdefgh", "\x04\x10abcdefghijklmnop", "\x30\x00", "\x30\x03" + number, "\x30\x06" + number + number,
		"\x30\x09" + number + number + number, "\x30\x0c" + number + number + number + number, number, "\x30\x0d\x04\x08abcdefgh\x02\x01\x05",
		"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "\x06\x05\x2b\x81\x04\x00\x22", "\x30\x04\x30\x02\x05\x00",
		"\x30\x0c\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
	}
	contents := []string{"", "\x30\x06" + number + number, number, "\x04" + string(make([]byte, 64)), string(make([]byte, 32)), string(make([]byte, 57)),
		"\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00\x04" + string(make([]byte, 48))}
	seed, err := os.ReadFile("../testdata/print/control.der")
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(algorithm, spki []byte) []byte {
		root, _ := parseNode(&ber.Reader{Rest: seed})
		replace := func(n **node, der []byte) {
			if der != nil {
				*n, _ = parseNode(&ber.Reader{Rest: der})
			}
		}
		replace(&root.parts[0].parts[2], algorithm)
		replace(&root.parts[1], algorithm)
		replace(&root.parts[0].parts[6], spki)
		return root.encode()
	}
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	left := randomQuestions(t, 400)
	count := 0
	ask := func(name string, der []byte) {
		if random.IntN(2*len(oids)*len(params)) < left {
			count++
			askAbout(t, java, name, der)
		}
	}
	for _, oid := range oids {
		content, err := ber.OIDContent(oid)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range params {
			id := ber.Encode(casn1.SEQUENCE, string(ber.Encode(casn1.OBJECT_IDENTIFIER, content))+p)
			ask("signed with "+oid, certificate(id, nil))
			key := contents[random.IntN(len(contents))]
			spki := ber.Encode(casn1.SEQUENCE, string(id)+string(ber.Encode(casn1.BIT_STRING, "\x00"+key)))
			ask("key of "+oid, certificate(nil, spki))
		}
	}
	for _, c := range keys.Curves() {
		content, err := ber.OIDContent(c.OID)
		if err != nil {
			t.Fatal(err)
		}
		ec, _ := ber.OIDContent(keys.OIDEC)
		id := ber.Encode(casn1.SEQUENCE, string(ber.Encode(casn1.OBJECT_IDENTIFIER, ec))+string(ber.Encode(casn1.OBJECT_IDENTIFIER, content)))
		octets := (c.FieldBits() + 7) / 8
		for _, size := range []int{2*octets - 1, 2 * octets, 2*octets + 1, 2*octets + 2} {
			count++
			spki := ber.Encode(casn1.SEQUENCE, string(id)+string(ber.Encode(casn1.BIT_STRING, "\x00\x04"+string(make([]byte, size)))))
			if readable := askAbout(t, java, "key on "+c.Name, certificate(nil, spki)); readable != (size/2 == octets) {
				t.Errorf("JDK %d: %s, point of %d octets: readable: %v", java.Release, c.Name, size, readable)
			}
		}
	}
	t.Logf("%d certificates", count)
}

// FuzzJavaError: whatever the input, an error is one in Java's words.
func FuzzJavaError(f *testing.F) {
	_, seeds := certificateSeeds(f)
	for _, seed := range seeds {
		if len(seed) < 2000 {
			f.Add(seed)
		}
	}
	f.Add([]byte("0\x80\x30\x00\x30\x00\x03\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var refuse []jdk.Release
		for _, release := range []jdk.Release{jdk.Release17, jdk.Release25} {
			err := JavaError(data, release)
			if err != nil {
				refuse = append(refuse, release)
			}
			if _, ok := err.(*jdk.Error); err != nil && !ok {
				t.Errorf("%T: %v", err, err)
			}
			if _, e := x509util.ParseCertificate(data); err == nil && e != nil && data[0] == 0x30 {
				if block, _ := firstValue(data); bytes.Equal(block, data) {
					t.Errorf("Java reads it, we don't: %v", e)
				}
			}
		}
		if got := refusing(data); !slices.Equal(got, refuse) {
			t.Errorf("RefusedByJava says %v, JavaError %v", got, refuse)
		}
	})
}

func BenchmarkJavaError(b *testing.B) {
	der, err := os.ReadFile("../testdata/print/openssl-names.der")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_ = JavaError(der, jdk.Release25)
	}
}
