package endpoint

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issuer is a CA of the tests.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newKey makes a key; kind is "rsa2048", "p256", "ed25519" and the like.
func newKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "rsa1024":
		t.Setenv("GODEBUG", "rsa1024min=0")
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case "rsa2048":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "p224":
		key, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key of kind %q", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serverTemplate is a certificate in which no check finds a fault.
func serverTemplate(names ...string) *x509.Certificate {
	c := &x509.Certificate{
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(90 * 24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	if len(names) > 0 {
		c.Subject.CommonName = names[0]
	}
	return c
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(3650 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// sign makes a certificate; by nil, a self-signed one.
func sign(t testing.TB, template *x509.Certificate, key crypto.Signer, by *issuer) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newIssuer(t testing.TB, name string, by *issuer) *issuer {
	t.Helper()
	key := newKey(t, "p256")
	return &issuer{sign(t, caTemplate(name), key, by), key}
}

// newIdentity makes a key and a chain of leaf, intermediate and root.
func newIdentity(t testing.TB, kind string, names ...string) Identity {
	t.Helper()
	root := newIssuer(t, "Root", nil)
	return issue(t, kind, newIssuer(t, "Intermediate", root), root, names...)
}

func issue(t testing.TB, kind string, intermediate, root *issuer, names ...string) Identity {
	t.Helper()
	key := newKey(t, kind)
	leaf := sign(t, serverTemplate(names...), key, intermediate)
	return Identity{Alias: kind, Key: key, Keystore: "server.p12", StoreType: "PKCS12",
		Chain: [][]byte{leaf.Raw, intermediate.cert.Raw, root.cert.Raw}}
}

// roots is a pool with the top of an identity's chain.
func roots(t testing.TB, id Identity) *x509.CertPool {
	t.Helper()
	top, err := x509.ParseCertificate(id.Chain[len(id.Chain)-1])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(top)
	return pool
}

// writeRoot writes the top of an identity's chain to a PEM file.
func writeRoot(t testing.TB, id Identity) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "root.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Chain[len(id.Chain)-1]})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// start serves until the test ends, and fails it if serving does.
func start(t testing.TB, cfg Config) *Server {
	t.Helper()
	server, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

// client is a browser of sorts: it keeps cookies and TLS sessions.
type client struct {
	*http.Client
	transport *http.Transport
	base      string
}

// newClient makes a client for a server that trusts the identity's root. It
// asks for the server name localhost; adjust may change what it offers.
func newClient(t testing.TB, server *Server, id Identity, adjust func(*tls.Config)) *client {
	t.Helper()
	config := &tls.Config{RootCAs: roots(t, id), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if adjust != nil {
		adjust(config)
	}
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{&http.Client{Transport: transport, Jar: jar, Timeout: 10 * time.Second}, transport, "https://" + server.Addr().String()}
}

// facts asks for /api/tls.
func (c *client) facts(t testing.TB) tlsFacts {
	t.Helper()
	var facts tlsFacts
	c.get(t, "/api/tls", &facts)
	return facts
}

func (c *client) get(t testing.TB, path string, into any) {
	t.Helper()
	c.do(t, http.MethodGet, path, into)
}

// do makes a request that must be answered with 200 and JSON.
func (c *client) do(t testing.TB, method, path string, into any) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, response)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s\n%s", method, path, response.Status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, body)
	}
	return response
}

// reconnect makes the next request use a new connection.
func (c *client) reconnect() { c.transport.CloseIdleConnections() }

func readAll(t testing.TB, response *http.Response) []byte {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return body
}

// contains fails the test unless text has all the parts.
func contains(t testing.TB, text []byte, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("%q is missing in\n%s", part, strings.TrimSpace(string(text)))
		}
	}
}

// decode reads JSON.
func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return v
}

// clientPEM is an identity as curl reads it: certificates and key.
func clientPEM(t testing.TB, id Identity) []byte {
	t.Helper()
	var out []byte
	for _, der := range id.Chain {
		out = append(out, encodePEM(der)...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
}
