package certpath_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gokeytool/certpath"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/x509util"
)

// judges are the programs of which certpath speaks.
type judges struct {
	t       testing.TB
	openssl string
	java    []*testtool.Java
	dir     string
}

func newJudges(t testing.TB) *judges {
	j := &judges{t: t, openssl: testtool.Look(t, "openssl"), dir: t.TempDir()}
	for release := range testtool.Keytools(t) {
		if release == jdk.Release17 || release == jdk.Release25 {
			j.java = append(j.java, testtool.StartJava(t, release))
		}
	}
	return j
}

// verdict is who refuses a chain when its last certificate is trusted, and what
// each says. Java refuses it if 17 or 25 does. sent is the number of certificates that the server sends: all, or all
// but that one.
func (j *judges) verdict(chain [][]byte, sent int, purpose certpath.Purpose) (who certpath.Client, said []string) {
	j.t.Helper()
	root := chain[len(chain)-1]
	words := map[certpath.Purpose]string{certpath.Any: "any", certpath.Server: "server", certpath.User: "client"}
	if out := j.opensslSays(chain, purpose); out != "" {
		who, said = who|certpath.OpenSSL, append(said, "openssl: "+out)
	}
	if err := goSays(chain, purpose); err != nil {
		who, said = who|certpath.Go, append(said, "Go: "+err.Error())
	}
	for _, java := range j.java {
		if exceptions := java.Validate(words[purpose], root, chain[:sent]...); exceptions != nil {
			who, said = who|certpath.Java, append(said, fmt.Sprintf("Java %d: %s", java.Release, exceptions[len(exceptions)-1]))
		}
	}
	return who, said
}

func (j *judges) opensslSays(chain [][]byte, purpose certpath.Purpose) string {
	j.t.Helper()
	write := func(name string, certs ...[]byte) string {
		var data []byte
		for _, der := range certs {
			data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		path := filepath.Join(j.dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			j.t.Fatal(err)
		}
		return path
	}
	last := len(chain) - 1
	args := []string{"verify", "-no-CApath", "-no-CAstore", "-CAfile", write("root", chain[last])}
	if last > 1 {
		args = append(args, "-untrusted", write("between", chain[1:last]...))
	}
	if purpose != certpath.Any {
		args = append(args, "-purpose", map[certpath.Purpose]string{certpath.Server: "sslserver", certpath.User: "sslclient"}[purpose])
	}
	out, err := exec.Command(j.openssl, append(args, write("leaf", chain[0]))...).CombinedOutput()
	if err == nil {
		return ""
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "error ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(string(out))
}

func goSays(chain [][]byte, purpose certpath.Purpose) error {
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{
		map[certpath.Purpose]x509.ExtKeyUsage{certpath.Server: x509.ExtKeyUsageServerAuth, certpath.User: x509.ExtKeyUsageClientAuth}[purpose]}}
	var leaf *x509.Certificate
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("parse %d: %w", i, err)
		}
		switch {
		case i == len(chain)-1:
			opts.Roots.AddCert(c)
		case i > 0:
			opts.Intermediates.AddCert(c)
		}
		if i == 0 {
			leaf = c
		}
	}
	_, err := leaf.Verify(opts)
	return err
}

// claimed is who refuses the chain, as Judge has it.
func claimed(faults []certpath.Fault) (who certpath.Client) {
	for _, f := range faults {
		who |= f.By
	}
	return who
}

// chains makes a random chain: one in order, with up to three things changed.
type chains struct {
	*maker
	rand *rand.Rand
}

func (g *chains) pick(n int) int { return g.rand.IntN(n) }

func one[T any](g *chains, list ...T) T { return list[g.pick(len(list))] }

const (
	serverAuth = "1.3.6.1.5.5.7.3.1"
	clientAuth = "1.3.6.1.5.5.7.3.2"
	anyPolicy  = "2.5.29.32.0"
)

// ordinary is a chain in order.
func (g *chains) ordinary(n int, purpose certpath.Purpose) []*spec {
	specs := make([]*spec, n)
	for i := range specs {
		s := &spec{subject: fmt.Sprintf(one(g, "CN=CA %d, O=Example", "CN=CA %d, O=Example", "CN=ca%d, O=Example"), i), key: i}
		if i == 0 {
			s.subject = one(g, "CN=www.example.com, O=Example", "CN=leaf, O=Example", "CN=10.1.2.3, O=Example, CN=example.com", "EMAILADDRESS=me@example.com, CN=www.example.com, O=Example, C=DE", "O=Else")
			if purpose != certpath.Any || g.pick(2) == 0 {
				usage := map[certpath.Purpose]string{certpath.Server: serverAuth, certpath.User: clientAuth, certpath.Any: "1.3.6.1.5.5.7.3.3"}[purpose]
				s.with("2.5.29.37", false, g.usages(usage))
			}
			s.with("2.5.29.17", false, g.generals(g.someNames()))
			s.with("2.5.29.15", true, []byte{3, 2, 7, 0x80})
		} else {
			s.with("2.5.29.19", g.pick(4) > 0, g.basic(true, one(g, -1, -1, -1, i-1, i, 9)))
			if g.pick(3) > 0 {
				s.with("2.5.29.15", g.pick(4) > 0, []byte{3, 2, 1, 0x06})
			}
		}
		if g.pick(4) > 0 {
			s.with("2.5.29.14", false, g.subjectKey(g.keyID(i)))
		}
		if g.pick(4) > 0 && i < n-1 {
			s.with("2.5.29.35", false, g.authorityKey(g.keyID(i+1), "", 0))
		}
		specs[i] = s
	}
	return specs
}

func (g *chains) someNames() []string {
	all := []string{"dns:www.example.com", "dns:example.com", "dns:a.b.example.com", "dns:other.org", "dns:*.example.com", "dns:WWW.Example.com", "dns:notexample.com",
		"ip4:\x0a\x01\x02\x03", "ip4:\x7f\x00\x00\x01", "ip6:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
		"eml:me@example.com", "eml:you@mail.example.com", "eml:ME@other.org", "uri:https://www.example.com/x", "uri:http://example.com:80/", "uri:ldap://other.org",
		"dir:CN=x, O=Example", "dir:O=Other, C=DE", "rid:1.2.3.4"}
	if g.pick(3) > 0 {
		all = all[:9]
	}
	names := []string{one(g, all...)}
	for g.pick(3) == 0 {
		names = append(names, one(g, all...))
	}
	return names
}

// subtrees are some of the constraints.
func (g *chains) subtrees() (list []string) {
	if g.pick(40) == 0 {
		list = append(list, "ip4:\x0a\x00\x02\x03\xff\x00\xff\xff") // a mask with a hole
	}
	all := []string{"dns:example.com", "dns:www.example.com", "dns:.example.com", "dns:com", "dns:org", "dns:other.org", "dns:",
		"ip6:" + string(make([]byte, 32)), "ip4:\x0a\x00\x00\x00\xff\x00\x00\x00", "ip4:\x7f\x00\x00\x00\xff\x00\x00\x00", "ip4:\x00\x00\x00\x00\x00\x00\x00\x00",
		"ip6:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"eml:example.com", "eml:.example.com", "eml:me@example.com", "eml:Me@Example.com", "uri:example.com", "uri:.example.com", "uri:www.example.com",
		"dir:O=Example", "dir:O=Example, C=DE", "dir:C=DE", "rid:1.2.3.4", "rid:1.2.3"}
	if g.pick(3) > 0 {
		all = all[:12]
	}
	for len(list) == 0 || g.pick(2) == 0 {
		list = append(list, one(g, all...))
	}
	return list
}

// mutate changes something of a chain, and says what.
func (g *chains) mutate(specs []*spec) string {
	n := len(specs)
	i := 1 + g.pick(n-1) // one of the CAs
	ca := specs[i]
	what := g.pick(16)
	switch what {
	case 0:
		length := g.pick(3)
		ca.with("2.5.29.19", true, g.basic(true, length))
		return fmt.Sprintf("%d pathlen %d", i, length)
	case 1:
		ca.with("2.5.29.19", true, g.basic(false, -1))
		return fmt.Sprintf("%d no CA", i)
	case 2:
		ca.without("2.5.29.19")
		if g.pick(2) == 0 {
			ca.without("2.5.29.15")
		}
		return fmt.Sprintf("%d no BasicConstraints", i)
	case 3:
		ca.version, ca.extensions = 1, nil
		return fmt.Sprintf("%d version 1", i)
	case 4:
		ca.with("2.5.29.15", g.pick(2) == 0, one(g, []byte{3, 2, 7, 0x80}, []byte{3, 2, 1, 0x02}))
		return fmt.Sprintf("%d key usage", i)
	case 5:
		usages := one(g, []string{serverAuth}, []string{clientAuth}, []string{serverAuth, clientAuth}, []string{"2.5.29.37.0"}, []string{"1.3.6.1.5.5.7.3.3"},
			[]string{"1.3.6.1.4.1.311.10.3.3"}, []string{"2.16.840.1.113730.4.1", clientAuth}, []string{"1.2.3.4"})
		ca.with("2.5.29.37", g.pick(2) == 0, g.usages(usages...))
		return fmt.Sprintf("%d usage %s", i, usages)
	case 6, 7, 8:
		var permitted, excluded []string
		if g.pick(3) > 0 {
			permitted = g.subtrees()
		}
		if permitted == nil || g.pick(3) == 0 {
			excluded = g.subtrees()
		}
		var distance []byte
		if g.pick(12) == 0 {
			distance = one(g, []byte{0x80, 1, 0}, []byte{0x80, 1, 1}, []byte{0x81, 1, 2})
		}
		ca.with("2.5.29.30", g.pick(2) == 0, g.nameConstraints(permitted, excluded, distance))
		return fmt.Sprintf("%d permits %q excludes %q %x", i, permitted, excluded, distance)
	case 9:
		at := g.pick(n)
		oid := one(g, "1.2.3.4.5", "1.3.6.1.5.5.7.1.24", "2.5.29.18", "2.16.840.1.113730.1.13")
		value := map[string][]byte{"2.5.29.18": g.generals([]string{"dns:a"})}[oid]
		if value == nil {
			value = []byte{5, 0}
		}
		specs[at].with(oid, true, value)
		return fmt.Sprintf("%d critical %s", at, oid)
	case 10: // a certificate of itself
		if i == n-1 {
			return "nothing"
		}
		ca.subject = specs[i+1].subject
		return fmt.Sprintf("%d self-issued", i)
	case 11:
		at := g.pick(n)
		specs[at].with("2.5.29.35", false, g.authorityKey(g.keyID(5), "", 0))
		return fmt.Sprintf("%d another key of its issuer", at)
	case 12:
		at := g.pick(n)
		specs[at].with("2.5.29.35", false, one(g, g.authorityKey(nil, "CN=Nobody", 0x4242), g.authorityKey(g.keyID(min(at+1, n-1)), specs[min(at+1, n-1)].subject, 0x7777)))
		return fmt.Sprintf("%d another certificate of its issuer", at)
	case 13:
		at := g.pick(n)
		specs[at].with("2.5.29.36", true, one(g, []byte{0x30, 3, 0x80, 1, 0}, []byte{0x30, 3, 0x80, 1, 1}, []byte{0x30, 3, 0x80, 1, 2}, []byte{0x30, 6, 0x80, 1, 0, 0x81, 1, 0}))
		if g.pick(2) == 0 {
			for _, s := range specs {
				if g.pick(8) > 0 {
					s.with("2.5.29.32", false, g.policies(false, one(g, "1.2.3.1", "1.2.3.1", anyPolicy)))
				}
			}
		}
		return fmt.Sprintf("%d demands policies", at)
	case 14:
		at := g.pick(n)
		qualified, critical := g.pick(2) == 0, g.pick(2) == 0
		specs[at].with("2.5.29.32", critical, g.policies(qualified, one(g, "1.2.3.1", "1.2.3.2", anyPolicy)))
		return fmt.Sprintf("%d policies %v %v", at, qualified, critical)
	default:
		ca.with("2.5.29.54", true, []byte{2, 1, 0})
		if g.pick(2) == 0 {
			p1, p2, every := g.oid("1.2.3.1"), g.oid("1.2.3.2"), g.oid(anyPolicy)
			from, to := one(g, p1, p1, p1, every), one(g, p2, p2, every)
			ca.with("2.5.29.33", false, g.der(sequence(g.der(sequence(from, to)))))
		}
		return fmt.Sprintf("%d inhibits", i)
	}
}

// TestJudges: of random chains, Judge says that they are refused by exactly those
// programs that refuse them. CERTPATH_CHAINS asks for more.
func TestJudges(t *testing.T) {
	judges := newJudges(t)
	count := 60
	if n, err := strconv.Atoi(os.Getenv("CERTPATH_CHAINS")); err == nil {
		count = n
	}
	seed := uint64(1)
	if n, err := strconv.ParseUint(os.Getenv("CERTPATH_SEED"), 10, 64); err == nil {
		seed = n
	}
	g := &chains{newMaker(t), rand.New(rand.NewPCG(seed, 7))}
	accepted, wrong, unsent := 0, 0, 0
	for n := range count {
		purpose := one(g, certpath.Server, certpath.Server, certpath.User, certpath.Any)
		specs := g.ordinary(2+g.pick(4), purpose)
		var changes []string
		for range g.pick(4) {
			changes = append(changes, g.mutate(specs))
		}
		chain := g.chain(specs)
		who, said := judges.verdict(chain, len(chain)-g.pick(2), purpose)
		if who == 0 {
			accepted++
		}
		certs := g.parsed(chain)
		faults := certpath.Judge(certs, purpose)
		if goUnread(chain) {
			who &^= certpath.Go // which nobody speaks of here
			if claimed(faults)&certpath.Go != 0 {
				t.Errorf("chain %d: Go is said to refuse what it can't read", n)
			}
		}
		if got := claimed(faults); got != who {
			wrong++
			t.Errorf("chain %d of %d for %d: %q refused by [%s], said to be by [%s]\n%s\n%+v", n, len(chain), purpose, changes, who, got, strings.Join(said, "\n"), faults)
			if wrong > 20 {
				t.Fatal("too many")
			}
		}
		// A root that is not sent, and of which nothing is wrong, changes nothing.
		if rest := certs[:len(certs)-1]; who != 0 && !ofRoot(certs, faults) && certpath.Judge(certs[len(certs)-1:], purpose) == nil {
			unsent++
			if got := claimed(certpath.Judge(rest, purpose)); got != who {
				t.Errorf("chain %d of %d for %d: %q without its root is said to be refused by [%s], not [%s]: %+v", n, len(chain), purpose, changes, got, who, faults)
			}
		}
	}
	if unsent < count/20 {
		t.Errorf("%d of %d chains were judged without their root", unsent, count)
	}
	if len(judges.java) < 2 {
		t.Log("only one release of Java was asked")
	}
	if accepted < count/10 || accepted > count*9/10 {
		t.Errorf("%d of %d chains are good", accepted, count)
	}
}

// ofRoot says whether faults may be about the root, or its relation to the others.
func ofRoot(chain []*x509util.Certificate, faults []certpath.Fault) bool {
	root := len(chain) - 1
	return chain[root].Extension("2.5.29.30") != nil || chain[root-1].SelfSigned() || slices.ContainsFunc(faults, func(f certpath.Fault) bool {
		return f.At == root || f.Rule == certpath.KeyIdentifier || f.Rule == certpath.Policy
	})
}

// goUnread says whether Go can't read a certificate.
func goUnread(chain [][]byte) bool {
	for _, der := range chain {
		if _, err := x509.ParseCertificate(der); err != nil {
			return true
		}
	}
	return false
}

// TestComparisons: what a chain of many names and constraints costs is known
// before, and beyond a bound they are not compared.
func TestComparisons(t *testing.T) {
	m := newMaker(t)
	many := func(n int) []*x509util.Certificate {
		var names, trees []string
		for i := range n {
			names, trees = append(names, fmt.Sprintf("dns:a%d.example.com", i)), append(trees, fmt.Sprintf("dns:b%d.example.org", i))
		}
		root, ca, leaf := &spec{subject: "CN=Root CA", key: 2}, &spec{subject: "CN=Sub CA", key: 1}, &spec{subject: "O=a"}
		root.with("2.5.29.19", true, m.basic(true, -1))
		ca.with("2.5.29.19", true, m.basic(true, -1))
		ca.with("2.5.29.30", true, m.nameConstraints(nil, trees, nil))
		leaf.with("2.5.29.17", false, m.generals(names))
		return m.parsed(m.chain([]*spec{leaf, ca, root}))
	}
	if got := certpath.Comparisons(many(10)); got != 10*(10+1) { // with the subject
		t.Errorf("%d comparisons", got)
	}
	if faults := certpath.Judge(many(100), certpath.Server); faults != nil {
		t.Errorf("%+v", faults)
	}
	faults := certpath.Judge(many(1100), certpath.Server)
	if len(faults) != 1 || faults[0].By != certpath.OpenSSL || !strings.Contains(faults[0].Text, "too many names") {
		t.Errorf("%+v", faults)
	}
}
