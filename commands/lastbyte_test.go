package commands_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/commands"
	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// whiteSpace are the bytes that are space, a line end or the end of the file to
// one program or another.
const whiteSpace = "\t\n\r \x00\x1a"

// TestLastByte has all commands that read binary files read one that ends in a
// byte that is white space to text, and the same with the line end of an editor
// behind it. Signatures, keys and digests end in any byte, so what takes binary
// data for text fails for one file in 128.
func TestLastByte(t *testing.T) {
	dir := t.TempDir()
	m := newByteMaker(t)
	mine := m.keystore()
	pass := "-storepass changeit -keystore "
	kinds := []struct {
		name  string
		make  func() []byte
		lines []string // FILE is the file, NEW a keystore that is not there
	}{
		{"certificate", m.certificate, []string{
			"printcert -file FILE",
			"list -v -keystore FILE",
			"check FILE",
			"import -noprompt -alias any -storetype JKS -file FILE " + pass + "NEW",
			"import -noprompt -storetype JKS -bundle FILE " + pass + "NEW",
			"import -alias me -file FILE " + pass + "KEY",
			"importkeystore -noprompt -srckeystore FILE -deststoretype JKS -deststorepass changeit -destkeystore NEW",
		}},
		{"message", m.message, []string{
			"printcert -file FILE",
			"list -v -keystore FILE",
			"import -noprompt -storetype JKS -bundle FILE " + pass + "NEW",
			"import -alias me -file FILE " + pass + "KEY",
		}},
		{"request", m.request, []string{
			"printcertreq -file FILE",
			"gencert -alias me -infile FILE -outfile NEW " + pass + "KEY",
		}},
		{"list", m.list, []string{"printcrl -file FILE"}},
		{"key", m.key, []string{"import -noprompt -alias any -storetype JKS -keyfile FILE -file CERTIFICATE " + pass + "NEW"}},
		{"sealed key", m.sealedKey, []string{"import -noprompt -alias any -storetype JKS -keyfile FILE -keyfilepass secret -file CERTIFICATE " + pass + "NEW"}},
		{"JKS", func() []byte { return m.truststores(store.New(store.JKS)) }, []string{
			"list " + pass + "FILE",
			"storepasswd -new changeit " + pass + "FILE",
		}},
		{"JCEKS", func() []byte { return m.truststores(store.New(store.JCEKS)) }, []string{"list " + pass + "FILE"}},
		{"PKCS12", func() []byte { return m.counted(whiteSpace[mathrand.N(len(whiteSpace))]) }, []string{
			"list " + pass + "FILE",
			"importkeystore -noprompt -srckeystore FILE -srcstorepass changeit -deststoretype JKS -deststorepass changeit -destkeystore NEW",
		}},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			for _, last := range []byte(whiteSpace) {
				data := endingIn(last, kind.make)
				certificate := write(t, dir, "certificate", m.matching)
				for i, line := range kind.lines {
					// Each line sees both kinds of ends in turn.
					for _, behind := range []string{"", []string{"\n", "\r\n"}[(i+int(last))%2]} {
						file := write(t, dir, "file", append(slices.Clip(data), behind...))
						fresh := filepath.Join(dir, "new")
						os.Remove(fresh)
						key := write(t, dir, "key.jks", mine)
						words := strings.NewReplacer("FILE", file, "CERTIFICATE", certificate, "NEW", fresh, "KEY", key).Replace(line)
						if out, code := inProcess("gokeytool", "", nil, strings.Fields(words)...); code != 0 {
							t.Errorf("last byte %#02x, %q behind it: gokeytool %s: exit %d\n%s", last, behind, line, code, out)
						}
					}
				}
			}
		})
	}
}

// TestTextWithin has keys and certificates read in DER in which there is a
// whole block of PEM.
func TestTextWithin(t *testing.T) {
	dir := t.TempDir()
	for _, label := range []string{"CERTIFICATE", "PRIVATE KEY", "PKCS7", "X509 CRL", "CERTIFICATE REQUEST"} {
		m := newByteMaker(t)
		m.name = fmt.Sprintf("\n-----BEGIN %s-----\nMAA=\n-----END %s-----\n", label, label)
		for _, test := range []struct {
			data []byte
			line string
		}{
			{m.certificate(), "printcert -file FILE"},
			{m.certificate(), "list -keystore FILE"},
			{m.message(), "list -keystore FILE"},
			{m.message(), "printcert -file FILE"},
			{m.request(), "printcertreq -file FILE"},
			{m.list(), "printcrl -file FILE"},
		} {
			file := write(t, dir, "file", test.data)
			if out, code := inProcess("gokeytool", "", nil, strings.Fields(strings.ReplaceAll(test.line, "FILE", file))...); code != 0 {
				t.Errorf("%q within, %s: exit %d\n%s", m.name, test.line, code, out)
			}
		}
	}
}

// inProcess runs our program without starting a process.
func inProcess(program, input string, variables map[string]string, args ...string) (out string, code int) {
	var screen bytes.Buffer
	env := &commands.Env{
		Stdin: strings.NewReader(input), Stdout: console.NewWriter(&screen), Stderr: console.NewWriter(&screen),
		LookupEnv: func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
		Now:       time.Now, Home: os.TempDir,
	}
	code = commands.Main(append([]string{program}, args...), env)
	return screen.String(), code
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// endingIn makes things until one ends in that byte, which takes some 256.
func endingIn(last byte, make func() []byte) []byte {
	for {
		if data := make(); data[len(data)-1] == last {
			return data
		}
	}
}

// byteMaker makes files that end in a random byte.
type byteMaker struct {
	t        *testing.T
	signer   *ecdsa.PrivateKey
	pkcs8    []byte
	name     string // of all that is made
	matching []byte // the certificate of the last key made
}

func newByteMaker(t *testing.T) *byteMaker {
	m := &byteMaker{t: t, name: "any"}
	m.newKey()
	return m
}

func (m *byteMaker) newKey() {
	var err error
	if m.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		m.t.Fatal(err)
	}
	m.pkcs8 = must(x509.MarshalPKCS8PrivateKey(m.signer))
}

func (m *byteMaker) template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: m.name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		SubjectKeyId: []byte{1}, DNSNames: []string{"any.example"},
	}
}

func (m *byteMaker) certificate() []byte {
	template := m.template()
	return must(x509.CreateCertificate(rand.Reader, template, template, m.signer.Public(), m.signer))
}

func (m *byteMaker) request() []byte {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: m.name}}
	return must(x509.CreateCertificateRequest(rand.Reader, template, m.signer))
}

func (m *byteMaker) list() []byte {
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().AddDate(1, 0, 0)}
	return must(x509.CreateRevocationList(rand.Reader, template, m.template(), m.signer))
}

// message is a PKCS #7 message with a certificate and, for a signature, one
// random byte, at which nobody looks.
func (m *byteMaker) message() []byte {
	last := make([]byte, 1)
	io.ReadFull(rand.Reader, last)
	signed := tlv(0x30, tlv(2, []byte{1}), tlv(0x31), tlv(0x30, oidData), tlv(0xa0, m.certificate()), tlv(0x31, tlv(0x30, tlv(4, last))))
	return tlv(0x30, oidSigned, tlv(0xa0, signed))
}

var (
	oidData   = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
	oidSigned = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
)

// tlv is a value of DER of less than 64 KiB.
func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	if len(body) < 0x80 {
		return append([]byte{tag, byte(len(body))}, body...)
	}
	return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
}

// key is a new private key, which ends in its public key.
func (m *byteMaker) key() []byte {
	m.newKey()
	m.matching = m.certificate()
	return m.pkcs8
}

// sealedKey is an encrypted private key.
func (m *byteMaker) sealedKey() []byte {
	params := pkcs12.Default
	params.KeyIterations = 1
	m.matching = m.certificate()
	return must(pkcs12.Seal(entry.Key{PKCS8: m.pkcs8}, []byte("secret"), pkcs12.NewFile(params)))
}

// keystore has the key.
func (m *byteMaker) keystore() []byte {
	s := store.New(store.JKS)
	chain := []entry.Certificate{entry.X509(m.certificate())}
	if err := s.SetKey("me", entry.Key{PKCS8: m.pkcs8}, []byte("changeit"), chain, time.Now()); err != nil {
		m.t.Fatal(err)
	}
	return must(s.Bytes([]byte("changeit")))
}

// truststores of JKS and JCEKS end in a digest, those of PKCS12 in the count of
// their MAC's iterations.
func (m *byteMaker) truststores(s *store.Store) []byte {
	if err := s.SetCertificate("any", entry.X509(m.certificate()), time.Now()); err != nil {
		m.t.Fatal(err)
	}
	return must(s.Bytes([]byte("changeit")))
}

func (m *byteMaker) counted(last byte) []byte {
	params := pkcs12.Passwordless
	params.MACAlgorithm, params.MACIterations = pkcs12.Default.MACAlgorithm, 256+int(last)
	return m.truststores(store.NewPKCS12(params))
}
