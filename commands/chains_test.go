package commands_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// chainSequences is how many random sequences TestChains plays with each Java.
// The environment variable CHAIN_SEQUENCES asks for another number, CHAIN_SEED
// for the sequences of a run that failed.
const (
	chainSequences = 6
	fixedSequences = 3
)

// TestChains plays random sequences of commands on keystores whose keys sign each
// other, have each other's names, are renewed and go. Each command is given to
// keytool and to ours on copies of one file. What Java finds in the two files
// after that is the same: the entries, their order and their chains, which Java
// puts together of all certificates of a PKCS12 file. The next command gets one
// of the two files, so that each program goes on with what the other wrote.
func TestChains(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java machines")
	}
	sequences, seed := chainSequences, rand.Uint64()
	if n, err := strconv.Atoi(os.Getenv("CHAIN_SEQUENCES")); err == nil {
		sequences = n
	}
	if n, err := strconv.ParseUint(os.Getenv("CHAIN_SEED"), 10, 64); err == nil {
		seed = n
	}
	for release := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			java := testtool.StartJava(t, release, "-Dkeystore.pkcs12.certPbeIterationCount=1", "-Dkeystore.pkcs12.keyPbeIterationCount=1",
				"-Dkeystore.pkcs12.macIterationCount=1", "-Djdk.jceks.iterationCount=10000")
			prepared, starts := prepareKeystores(t), opensslKeystores(t)
			counts := make(map[string]int)
			for i := range sequences {
				one := uint64(i) // some are the same in each run
				if i >= fixedSequences {
					one = seed + uint64(i)
				}
				p := &chainPlay{t: t, java: java, rand: rand.New(rand.NewPCG(one, 1)), dir: t.TempDir(), prepared: prepared, starts: starts, counts: counts,
					pass: "changeit", typ: "PKCS12", known: make(map[string]bool)}
				if !p.play(25) {
					t.Fatalf("sequence %d of CHAIN_SEED=%d:\n%s", i, seed, strings.Join(p.lines, "\n"))
				}
			}
			t.Logf("%d sequences equal, commands done: %v", sequences, counts)
		})
	}
}

// prepareKeystores makes keystores with keys whose certificates have no key
// identifiers, which keytool does not make.
func prepareKeystores(t *testing.T) (files []string) {
	params := pkcs12.Default
	params.CertIterations, params.KeyIterations, params.MACIterations = 1, 1, 1
	var signer *ecdsa.PrivateKey
	var issuer *x509.Certificate
	for i, name := range []string{"A", "B", "A", "C"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().AddDate(1, 0, 0)}
		by, with := template, key
		if i == 2 { // of its own name, but signed by another
			by, with = issuer, signer
		}
		der, err := x509.CreateCertificate(cryptorand.Reader, template, by, key.Public(), with)
		if err != nil {
			t.Fatal(err)
		}
		signer, issuer = key, template
		if i == 1 {
			issuer = &x509.Certificate{Subject: pkix.Name{CommonName: "A"}, SubjectKeyId: nil}
		}
		s := store.NewPKCS12(params)
		chain := []entry.Certificate{entry.X509(der)}
		if err := s.SetKey("made", entry.Key{PKCS8: pkcs8}, []byte("changeit"), chain, time.Now()); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "prepared.p12")
		if err := s.Save(file, []byte("changeit")); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// opensslKeystores makes keystores in which certificates come before the key,
// and some belong to nobody.
func opensslKeystores(t *testing.T) (files []string) {
	openssl := testtool.Look(t, "openssl")
	make := func(name string, issuerName string, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			signer = key
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(rand.Int64()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().AddDate(1, 0, 0)}
		der, err := x509.CreateCertificate(cryptorand.Reader, template, &x509.Certificate{Subject: pkix.Name{CommonName: issuerName}}, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	caKey, ca := make("B", "B", nil)
	_, other := make("B", "B", nil)
	_, third := make("C", "C", nil)
	_, link := make("B", "B", caKey) // another key of its name signed it
	for _, extra := range [][][]byte{{ca}, {third, ca, other}, {other, third}, {link, ca}, {third}} {
		dir := t.TempDir()
		key, leaf := make("A", "B", caKey)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		all := append([][]byte{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), leaf}, extra...)
		in, out := write(t, dir, "in.pem", bytes.Join(all, nil)), filepath.Join(dir, "out.p12")
		testtool.Run(t, openssl, "pkcs12", "-export", "-name", "a", "-iter", "1", "-in", in, "-out", out, "-passout", "pass:changeit")
		files = append(files, out)
	}
	return files
}

// chainPlay is a sequence of commands.
type chainPlay struct {
	t        *testing.T
	java     *testtool.Java
	rand     *rand.Rand
	dir      string
	prepared []string // keystores
	starts   []string // keystores to begin with
	counts   map[string]int

	typ, pass string
	keys      []string        // aliases of the keys that there are
	pool      []string        // files of certificates
	known     map[string]bool // certificates that were there before a command
	lines     []string        // played
}

// play returns false where the programs come to different ends.
func (p *chainPlay) play(steps int) bool {
	p.rm(p.path("now"))
	if len(p.starts) > 0 && p.rand.IntN(3) == 0 {
		data, err := os.ReadFile(pick(p.rand, p.starts...))
		if err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(p.path("now"), data, 0o600); err != nil {
			p.t.Fatal(err)
		}
		_, all := p.view(p.path("now"), p.pass)
		for _, sum := range all {
			p.known[sum] = true
		}
		p.keys = []string{"a"}
		p.lines = append(p.lines, "(a keystore of OpenSSL's)")
	}
	for range steps {
		if !p.step() {
			return false
		}
	}
	return true
}

func (p *chainPlay) path(name string) string { return filepath.Join(p.dir, name) }

func (p *chainPlay) rm(name string) {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
}

func (p *chainPlay) alias() string { return pick(p.rand, "a", "b", "c", "d", "e") }

// key is the alias of a key that there is, or now and then of nothing.
func (p *chainPlay) key() string {
	if len(p.keys) == 0 || p.rand.IntN(10) == 0 {
		return p.alias()
	}
	return pick(p.rand, p.keys...)
}

func (p *chainPlay) dname() string { return pick(p.rand, "CN=A", "CN=B", "CN=C", "CN=D, O=X") }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// step plays one command, or a few that belong together.
func (p *chainPlay) step() bool {
	alias, other := p.key(), p.key()
	switch n := p.rand.IntN(100); {
	case n < 18:
		alias = p.alias()
		line := []string{"-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", p.dname(), "-ext", "bc:c"}
		if p.rand.IntN(4) == 0 {
			line = append(line, "-signer", other)
		}
		return p.both("", line...)
	case n < 28:
		line := []string{"-selfcert", "-alias", alias}
		if p.rand.IntN(3) == 0 {
			line = append(line, "-dname", p.dname())
		}
		return p.both("", line...)
	case n < 50: // signed by another, or by itself
		if !p.sign(alias, other) {
			return true
		}
		if p.rand.IntN(3) == 0 {
			return true // imported later, or never
		}
		return p.importReply(alias, p.pool[len(p.pool)-1])
	case n < 60: // an older one, or one of another key
		if len(p.pool) == 0 {
			return true
		}
		return p.importReply(alias, pick(p.rand, p.pool...))
	case n < 68: // a chain
		if len(p.pool) < 2 {
			return true
		}
		return p.importReply(alias, p.bundle())
	case n < 75:
		if len(p.pool) == 0 {
			return true
		}
		file := pick(p.rand, p.pool...)
		if p.ambiguous(file) {
			return true
		}
		return p.both("", "-importcert", "-alias", pick(p.rand, "t1", "t2", "t3", alias), "-noprompt", "-file", file)
	case n < 80:
		p.export(alias)
		return true
	case n < 86:
		return p.both("", "-delete", "-alias", pick(p.rand, "t1", alias, alias))
	case n < 90:
		return p.both("", "-changealias", "-alias", pick(p.rand, "t1", "t2", alias, alias), "-destalias", p.alias())
	case n < 93:
		line := []string{"-importkeystore", "-noprompt", "-srckeystore", pick(p.rand, p.prepared...), "-srcstorepass", "changeit", "-srcalias", "made", "-destalias", p.alias()}
		return p.into(line...)
	case n < 95:
		fresh := pick(p.rand, "changeit", "changed")
		if fresh == p.pass || !p.both("", "-storepasswd", "-new", fresh) {
			return fresh == p.pass
		}
		if _, err := store.Open(p.path("now"), store.Options{Password: []byte(fresh)}); err == nil {
			p.pass = fresh
		}
		return true
	case n < 97:
		if p.typ == "PKCS12" { // has no passwords of keys
			return true
		}
		return p.both("", "-keypasswd", "-alias", alias, "-keypass", p.pass, "-new", "another") &&
			p.both("", "-keypasswd", "-alias", alias, "-keypass", "another", "-new", p.pass)
	default:
		return p.convert()
	}
}

// run gives a line to one of the programs, with the options that say how to
// open the keystore.
func (p *chainPlay) run(ours bool, input string, line ...string) (out string, ok bool) {
	if ours {
		out, code := inProcess("keytool", input, map[string]string{"GOKEYTOOL_JDK": fmt.Sprint(p.java.Release)}, line...)
		return out, code == 0
	}
	return p.java.Keytool(input, slices.Clone(line)...)
}

// sign makes a certificate for an entry, signed by another, and puts it into
// the pool.
func (p *chainPlay) sign(alias, by string) bool {
	request, reply := p.path("request"), p.path(fmt.Sprintf("reply%d", len(p.pool)))
	at := p.at(p.path("now"))
	if _, ok := p.run(p.rand.IntN(2) == 0, "", append([]string{"-certreq", "-alias", alias, "-file", request}, at...)...); !ok {
		return false
	}
	line := append([]string{"-gencert", "-alias", by, "-infile", request, "-outfile", reply, "-ext", "bc:c"}, at...)
	if p.rand.IntN(2) == 0 {
		line = append(line, "-rfc")
	}
	if _, ok := p.run(p.rand.IntN(2) == 0, "", line...); !ok {
		return false
	}
	return p.keep(reply)
}

// export puts the certificate of an entry into the pool.
func (p *chainPlay) export(alias string) {
	file := p.path(fmt.Sprintf("export%d", len(p.pool)))
	if _, ok := p.run(p.rand.IntN(2) == 0, "", append([]string{"-exportcert", "-rfc", "-alias", alias, "-file", file}, p.at(p.path("now"))...)...); ok {
		p.keep(file)
	}
}

// keep writes a file of the pool in PEM, and takes note of its certificates.
func (p *chainPlay) keep(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if data[0] == 0x30 {
		certificates, err := x509.ParseCertificates(data)
		if err != nil {
			p.t.Fatal(err)
		}
		data = nil
		for _, c := range certificates {
			data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		sum := sha256.Sum256(block.Bytes)
		p.known[hex.EncodeToString(sum[:])] = true
	}
	p.pool = append(p.pool, file)
	return true
}

// bundle puts several files of the pool into one, in any order.
func (p *chainPlay) bundle() string {
	var all []byte
	for range 2 + p.rand.IntN(3) {
		data, err := os.ReadFile(pick(p.rand, p.pool...))
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, data...)
	}
	file := p.path("bundle")
	if err := os.WriteFile(file, all, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return file
}

// importReply imports a reply.
func (p *chainPlay) importReply(alias, file string) bool {
	if p.ambiguous(file) {
		return true
	}
	return p.both(pick(p.rand, "yes\n", "yes\n", "no\n"), "-importcert", "-alias", alias, "-file", file)
}

// ambiguous says whether a reply has two certificates of one key: which of the
// two keytool takes follows from their hash codes.
func (p *chainPlay) ambiguous(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	keys := make(map[string]bool)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			p.t.Fatal(err)
		}
		if keys[string(c.RawSubjectPublicKeyInfo)] {
			return true
		}
		keys[string(c.RawSubjectPublicKeyInfo)] = true
	}
	return false
}

// at are the options that open a keystore.
func (p *chainPlay) at(file string) []string {
	return []string{"-keystore", file, "-storetype", p.typ, "-storepass", p.pass}
}

// both plays a line on copies of the keystore.
func (p *chainPlay) both(input string, line ...string) bool {
	return p.compare(input, line, func(file string) []string { return append(slices.Clone(line), p.at(file)...) })
}

// into plays an import into copies of the keystore.
func (p *chainPlay) into(line ...string) bool {
	return p.compare("", line, func(file string) []string {
		return append(slices.Clone(line), "-destkeystore", file, "-deststoretype", p.typ, "-deststorepass", p.pass)
	})
}

// convert takes the keystore over into one of another type.
func (p *chainPlay) convert() bool {
	from := p.path("from")
	if err := os.Rename(p.path("now"), from); err != nil {
		return true // there is none yet
	}
	line := []string{"-importkeystore", "-noprompt", "-srckeystore", from, "-srcstoretype", p.typ, "-srcstorepass", p.pass}
	p.typ = pick(p.rand, "PKCS12", "PKCS12", "JKS", "JCEKS")
	return p.into(line...)
}

func (p *chainPlay) compare(input string, line []string, args func(file string) []string) bool {
	now, theirs, ours := p.path("now"), p.path("theirs"), p.path("ours")
	before, errNew := os.ReadFile(now)
	for _, file := range []string{theirs, ours} {
		if p.rm(file); errNew == nil {
			if err := os.WriteFile(file, before, 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	p.lines = append(p.lines, strings.TrimSpace(fmt.Sprintf("%s %q", strings.Join(line, " "), input)))
	theirText, theirOK := p.run(false, input, args(theirs)...)
	ourText, ourOK := p.run(true, input, args(ours)...)
	if !theirOK && theirText == "" { // a StackOverflowError: certificates that have signed each other
		return true
	}
	pass := p.pass
	if i := slices.Index(line, "-storepasswd"); i >= 0 && theirOK {
		pass = line[slices.Index(line, "-new")+1]
	}
	want, all := p.view(theirs, pass)
	got, ourAll := p.view(ours, pass)
	// Where a chain goes on with a certificate of another entry, Java takes both
	// off its count when the key goes, and writes no certificate at 0.
	lost := (line[0] == "-delete" || line[0] == "-changealias") && theirOK && ourOK && len(all) == 0 && len(ourAll) > 0
	if lost {
		want, all = got, ourAll
		p.rm(theirs)
	}
	if theirOK != ourOK || !slices.Equal(want, got) {
		p.t.Errorf("keytool: %v\n%s\n%s\nours: %v\n%s\n%s", theirOK, theirText, strings.Join(want, "\n"), ourOK, ourText, strings.Join(got, "\n"))
		return false
	}
	if theirOK {
		p.counts[line[0]]++
	}
	next, nextAll := theirs, all
	if p.rand.IntN(2) == 0 || lost {
		next, nextAll = ours, ourAll
	}
	if errNew != nil && !lost && p.rand.IntN(5) > 0 {
		next, nextAll = theirs, all // a new file of ours has more iterations, which take time
	}
	if err := os.Rename(next, now); err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	for _, sum := range nextAll {
		p.known[sum] = true
	}
	p.keys = p.keys[:0]
	for _, line := range want {
		if alias, rest, _ := strings.Cut(line, " "); strings.HasPrefix(rest, "key ") {
			p.keys = append(p.keys, alias)
		}
	}
	return true
}

// view is what Java finds in a file, and ours too: a line for each entry.
// Certificates that the command has made are numbered. It returns all too.
func (p *chainPlay) view(file, pass string) (lines, all []string) {
	if _, err := os.Stat(file); err != nil {
		return []string{"no file"}, nil
	}
	entries, exceptions := p.java.Keystore(p.typ, file, pass)
	if exceptions != nil {
		return exceptions, nil
	}
	opened, err := store.Open(file, store.Options{Password: []byte(pass)})
	if err != nil {
		return []string{err.Error()}, nil
	}
	var mine []string
	for _, e := range opened.JavaOrder() {
		mine = append(mine, describeEntry(opened.JavaAlias(e), e))
	}
	fresh := make(map[string]string)
	for i, e := range entries {
		line := strings.Join(append([]string{e.Alias, e.Kind}, e.Chain...), " ")
		if i >= len(mine) || mine[i] != line {
			lines = append(lines, fmt.Sprintf("ours reads %q", mine))
		}
		all = append(all, e.Chain...)
		names := []string{e.Alias, e.Kind}
		for _, sum := range e.Chain {
			name := sum[:8]
			if !p.known[sum] {
				if fresh[sum] == "" {
					fresh[sum] = fmt.Sprintf("new%d", len(fresh))
				}
				name = fresh[sum]
			}
			names = append(names, name)
		}
		lines = append(lines, strings.Join(names, " "))
		if e.Kind == "key" {
			// What Java says of a wrong password is chance: one in 256 leaves
			// padding that looks right.
			if _, _, exceptions := p.java.Key(p.typ, file, pass, e.Alias, p.keyPassword(pass)); exceptions != nil {
				lines = append(lines, fmt.Sprintf("key %s does not open", e.Alias))
			}
		}
	}
	return lines, all
}

func (p *chainPlay) keyPassword(pass string) string { return pass }

func describeEntry(alias string, e *entry.Entry) string {
	kind := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "trusted", entry.SecretKey: "secret"}[e.Kind]
	words := []string{alias, kind}
	for _, c := range e.Chain {
		sum := sha256.Sum256(c.DER)
		words = append(words, hex.EncodeToString(sum[:]))
	}
	return strings.Join(words, " ")
}
