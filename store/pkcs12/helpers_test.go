package pkcs12

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
)

const password = "changeit"

// created is a time to the millisecond, as Java keeps it.
var created = time.UnixMilli(1709210096789)

// fast is Default with as few iterations as there can be.
var fast = func() Params {
	p := Default
	p.CertIterations, p.KeyIterations, p.MACIterations = 1, 1, 1
	return p
}()

// identity is a private key with its chain.
type identity struct {
	key   entry.Key
	chain []entry.Certificate
	leaf  *x509.Certificate
	ec    *ecdsa.PrivateKey
}

// newIdentity makes a key whose certificate is called name, issued by parent
// or by itself.
func newIdentity(t testing.TB, name string, parent *identity) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Test"}},
		NotBefore:             created,
		NotAfter:              created.AddDate(100, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	issuer, signer := template, key
	if parent != nil {
		issuer, signer = parent.leaf, parent.ec
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	id := &identity{key: entry.Key{PKCS8: pkcs8}, ec: key, chain: []entry.Certificate{entry.X509(der)}}
	if id.leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if parent != nil {
		id.chain = append(id.chain, parent.chain...)
	}
	return id
}

// identities are made once for all tests: a root, an intermediate of it, two
// servers of that, and one by itself.
var identities = sync.OnceValue(func() (ids struct{ root, ca, server, server2, lone *identity }) {
	t := new(testing.T)
	ids.root = newIdentity(t, "Root", nil)
	ids.ca = newIdentity(t, "CA", ids.root)
	ids.server = newIdentity(t, "server", ids.ca)
	ids.server2 = newIdentity(t, "server 2", ids.ca)
	ids.lone = newIdentity(t, "lone", nil)
	return ids
})

func keyEntry(t testing.TB, f *entry.File, alias string, id *identity) *entry.Entry {
	t.Helper()
	sealed, err := Seal(id.key, []byte(password), f)
	if err != nil {
		t.Fatal(err)
	}
	return &entry.Entry{Alias: alias, Kind: entry.PrivateKey, Created: created, Sealed: sealed, Chain: slices.Clone(id.chain)}
}

func secretEntry(t testing.TB, f *entry.File, alias, algorithm string, raw []byte) *entry.Entry {
	t.Helper()
	sealed, err := Seal(entry.Key{Algorithm: algorithm, Raw: raw}, []byte(password), f)
	if err != nil {
		t.Fatal(err)
	}
	return &entry.Entry{Alias: alias, Kind: entry.SecretKey, Created: created, Sealed: sealed}
}

func certEntry(alias string, id *identity) *entry.Entry {
	return &entry.Entry{Alias: alias, Kind: entry.TrustedCertificate, Chain: id.chain[:1:1]}
}

// sample has entries of every kind.
func sample(t testing.TB, p Params) *entry.File {
	t.Helper()
	ids := identities()
	f := NewFile(p)
	f.Entries = []*entry.Entry{
		keyEntry(t, f, "server", ids.server),
		secretEntry(t, f, "aes", "AES", []byte("0123456789abcdef")),
		certEntry("root", ids.root),
		keyEntry(t, f, "server 2", ids.server2),
		certEntry("Ünïcode 密碼 \U0001F511", ids.lone),
		secretEntry(t, f, "password", "PBEWithMD5AndDES", []byte("my secret")),
	}
	return f
}

func encode(t testing.TB, f *entry.File, password string) []byte {
	t.Helper()
	data, err := Encode(f, []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t testing.TB, data []byte, password string) *entry.File {
	t.Helper()
	f, err := Decode(data, []byte(password), entry.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func writeFile(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// describe says of a file what Interop.java prints, except for dates and private
// keys: alias, kind, hashes of the chain, secret key.
func describe(t testing.TB, f *entry.File, password string) []string {
	t.Helper()
	var lines []string
	for _, e := range f.Entries {
		kind, key := "cert", ""
		if e.Kind != entry.TrustedCertificate {
			k, err := Salvage(e, []byte(password), entry.Limits{})
			if err != nil {
				t.Errorf("%s: %v", e.Alias, err)
			}
			if kind = "key"; e.Kind == entry.SecretKey {
				kind, key = "secret", k.Algorithm+" "+hex.EncodeToString(k.Raw)
			}
		}
		var chain []string
		for _, c := range e.Chain {
			sum := sha256.Sum256(c.DER)
			chain = append(chain, hex.EncodeToString(sum[:]))
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s", strings.ToLower(e.Alias), kind, strings.Join(chain, " "), key))
	}
	return lines
}

// aliases returns the names of entries, in order.
func aliases(f *entry.File) []string {
	var names []string
	for _, e := range f.Entries {
		names = append(names, e.Alias)
	}
	return names
}

func find(t testing.TB, f *entry.File, alias string) *entry.Entry {
	t.Helper()
	for _, e := range f.Entries {
		if e.Alias == alias {
			return e
		}
	}
	t.Fatalf("no entry %q in %q", alias, aliases(f))
	return nil
}

// corpus are the PKCS12 files of the corpus.
func corpus(t testing.TB) []testtool.CorpusFile {
	t.Helper()
	var files []testtool.CorpusFile
	for _, c := range testtool.Corpus(t, "../../testdata/corpus") {
		if c.Format != "PKCS12" {
			continue
		}
		// The tests of these projects open these with "1234".
		if c.Name == "formats__examples__example5.pfx" || c.Name == "gnutls__data__pkcs12_5certs.p12" {
			c.Password = "1234"
		}
		files = append(files, c)
	}
	return files
}
