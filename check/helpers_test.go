package check_test

import (
	"bytes"
	"crypto"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/jks"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// today is when the keystores of these tests are looked at.
var today = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const (
	day      = 24 * time.Hour
	password = "trustno1"
)

// template describes a certificate that is to be made.
type template struct {
	name       string   // CN=localhost
	ext        []string // as for -ext; none is san=dns:localhost and eku=serverAuth
	algorithm  string   // EC
	size       int      // 256
	signature  string   // SHA256withECDSA
	from, ends time.Duration
	issuer     *identity // nil: self-signed
	key        crypto.Signer
}

// identity is a certificate with its key.
type identity struct {
	key crypto.Signer
	der []byte
	c   *x509util.Certificate
}

func (id *identity) cert() entry.Certificate { return entry.X509(id.der) }

func chain(ids ...*identity) (list []entry.Certificate) {
	for _, id := range ids {
		list = append(list, id.cert())
	}
	return list
}

// issue makes a certificate.
func issue(t testing.TB, of template) *identity {
	t.Helper()
	if of.name == "" {
		of.name = "CN=localhost"
	}
	if of.ext == nil {
		of.ext = []string{"san=dns:localhost", "eku=serverAuth"}
	}
	if of.algorithm == "" {
		of.algorithm = "EC"
	}
	if of.size == 0 {
		of.size = map[string]int{"EC": 256, "RSA": 2048}[of.algorithm]
	}
	if of.signature == "" {
		of.signature = map[string]string{"EC": "SHA256withECDSA", "RSA": "SHA256withRSA", "DSA": "SHA256withDSA", "Ed25519": "Ed25519"}[of.algorithm]
		if of.issuer != nil {
			of.signature = "SHA256withECDSA"
		}
	}
	if of.from == 0 {
		of.from = -day
	}
	if of.ends == 0 {
		of.ends = 300 * day
	}
	id := &identity{key: of.key}
	var err error
	if id.key == nil {
		id.key, err = keys.Generate(keys.Spec{Algorithm: of.algorithm, Size: of.size}, jdk.Default)
		ok(t, err)
	}
	subject, err := x509util.ParseDName(of.name)
	ok(t, err)
	spki, err := keys.MarshalPublic(id.key.Public())
	ok(t, err)
	signer, issuer := id.key, subject
	if of.issuer != nil {
		signer, issuer = of.issuer.key, of.issuer.c.Subject
	}
	issuerKey, err := keys.MarshalPublic(signer.Public())
	ok(t, err)
	extensions, err := x509util.BuildExtensions(of.ext, x509util.ExtensionContext{SubjectKey: spki, IssuerKey: issuerKey})
	ok(t, err)
	id.der, err = x509util.CreateCertificate(x509util.Template{
		Issuer: issuer, Subject: subject, SPKI: spki, Extensions: extensions,
		NotBefore: today.Add(of.from), NotAfter: today.Add(of.ends),
	}, signer, of.signature, jdk.Default)
	ok(t, err)
	id.c, err = x509util.ParseCertificate(id.der)
	ok(t, err)
	return id
}

// newCA makes a root CA.
func newCA(t testing.TB, name string) *identity {
	return issue(t, template{name: name, ext: []string{"bc:c", "ku=keyCertSign"}, ends: 3000 * day})
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newStore is a keystore to be filled.
type newStore struct {
	t testing.TB
	*store.Store
}

func makeStore(t testing.TB, typ store.Type) newStore { return newStore{t, store.New(typ)} }

// key adds a private key under the store's password.
func (s newStore) key(alias string, id *identity, issuers ...*identity) newStore {
	s.t.Helper()
	return s.keyUnder(password, alias, id, issuers...)
}

func (s newStore) keyUnder(pass, alias string, id *identity, issuers ...*identity) newStore {
	s.t.Helper()
	ok(s.t, s.SetKey(alias, entry.Key{PKCS8: pkcs8(s.t, id.key)}, []byte(pass), chain(append([]*identity{id}, issuers...)...), today))
	return s
}

func (s newStore) secret(alias string) newStore {
	s.t.Helper()
	ok(s.t, s.SetKey(alias, entry.Key{Algorithm: "AES", Raw: make([]byte, 32)}, []byte(password), nil, today))
	return s
}

func pkcs8(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := keys.MarshalPrivate(key)
	ok(t, err)
	return der
}

func (s newStore) cert(alias string, id *identity) newStore {
	s.t.Helper()
	ok(s.t, s.SetCertificate(alias, id.cert(), today))
	return s
}

// save writes the store to a file.
func (s newStore) save() string { return s.saveUnder(password) }

func (s newStore) saveUnder(pass string) string {
	s.t.Helper()
	data, err := s.Bytes([]byte(pass))
	ok(s.t, err)
	return write(s.t, "keystore", data)
}

// write writes a file that none but its owner can read.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	ok(t, os.WriteFile(path, data, 0o600))
	return path
}

// rawJKS writes a JKS file of entries as they are, whatever their aliases.
func rawJKS(t testing.TB, entries ...*entry.Entry) string {
	t.Helper()
	data, err := jks.Encode(&entry.File{Entries: entries}, []byte(password))
	ok(t, err)
	return write(t, "raw.jks", data)
}

// trusted is a trusted certificate as it stands in a file.
func trusted(alias string, id *identity) *entry.Entry {
	return &entry.Entry{Alias: alias, Kind: entry.TrustedCertificate, Created: today, Chain: chain(id)}
}

// withoutMark takes Java's trust mark from the certificates of a PKCS12 file
// whose parts are not encrypted: the attribute's object identifier becomes
// another that nobody knows.
func withoutMark(data []byte) []byte {
	mark := []byte("\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01") // 2.16.840.1.113894.746875.1.1
	other := bytes.Clone(mark)
	other[len(other)-1] = 0x7F
	return bytes.ReplaceAll(data, mark, other)
}

// pemOf writes PEM blocks: label, content, label, content, ...
func pemOf(blocks ...any) []byte {
	var b bytes.Buffer
	for i := 0; i < len(blocks); i += 2 {
		pem.Encode(&b, &pem.Block{Type: blocks[i].(string), Bytes: blocks[i+1].([]byte)})
	}
	return b.Bytes()
}
