package testtool

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// toolDir is where scripts/install-test-tools puts the programs that it builds.
// Tests may change the environment that it depends on.
var toolDir = func() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "gokeytool-test-tools")
}()

// built returns the path of a program that scripts/install-test-tools builds.
func built(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(filepath.Join(toolDir, name))
	if err != nil {
		Missing(t, name+" (scripts/install-test-tools builds it)")
	}
	return path
}

// PebbleConfig says how a Pebble is to be. The zero value is one with a single
// root, which asks nothing of accounts, refuses one nonce in seven, proves each
// name again in each order, and waits for nothing.
type PebbleConfig struct {
	EAB            map[string]string // keys of external accounts in base64url, by their names; nil for none needed
	Profiles       map[string]string // their descriptions, by name; nil for one called "default"
	Validity       time.Duration     // of certificates; 0 for 90 days
	AlternateRoots int               // further roots
	Intermediates  int               // in a chain; 0 for 1
	NonceReject    int               // percentage of good nonces that are refused; 0 for 15, -1 for none
	AuthzReuse     int               // percentage of proofs that count for a further order
	AlwaysValid    bool              // nothing is looked at, each proof is good
	RetryAfter     int               // seconds that a client is told to wait for an order or a proof; 0 for nothing said
	Blocked        []string          // names that are refused
}

// Pebble is a CA that speaks ACME, and the DNS server that it asks.
type Pebble struct {
	NameServer
	Directory string         // URL of the ACME directory
	CAFile    string         // PEM file with the root of the certificate of its own server
	Trusted   *x509.CertPool // the same
	Roots     *x509.CertPool // its roots as a CA
	HTTPPort  int            // where it looks for proofs of http-01
	TLSPort   int            // where it looks for proofs of tls-alpn-01

	t          testing.TB
	config     PebbleConfig
	dir        string
	management string // URL
	client     *http.Client
	process    *process
}

// ports that a Pebble needs.
const pebblePorts = 6

// StartPebble starts a Pebble. It ends with the test.
func StartPebble(t testing.TB, config PebbleConfig) *Pebble {
	t.Helper()
	program := built(t, "pebble")
	base := reservePorts(t, pebblePorts)
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", base+i) }
	p := &Pebble{
		Directory: "https://" + at(0) + "/dir", management: "https://" + at(1),
		HTTPPort: base + 4, TLSPort: base + 5,
		t: t, config: config, dir: t.TempDir(),
	}
	p.CAFile = filepath.Join(p.dir, "ca.pem")
	p.serverCertificate()
	p.client = &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Trusted}, DisableKeepAlives: true},
		Timeout:   10 * time.Second,
	}
	p.NameServer = startNameServer(t, at(2), at(3))
	p.configure(at(0), at(1))
	p.start(program)
	t.Cleanup(func() {
		p.process.stop()
		if t.Failed() {
			log := p.Log()
			t.Logf("the end of Pebble's log:\n%s", log[max(0, len(log)-5000):])
		}
	})
	return p
}

// serverCertificate makes a root and a certificate for the servers.
func (p *Pebble) serverCertificate() {
	t := p.t
	t.Helper()
	rootKey, key := NewKey(t), NewKey(t)
	_, root := SelfSigned(t, rootKey, x509.Certificate{
		Subject: pkix.Name{CommonName: "Root of the servers"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	})
	issuer, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: issuer.NotBefore, NotAfter: issuer.NotAfter,
	}, issuer, key.Public(), rootKey)
	if err != nil {
		t.Fatal(err)
	}
	p.Trusted = x509.NewCertPool()
	p.Trusted.AddCert(issuer)
	WriteFiles(t, p.dir, map[string][]byte{
		"ca.pem":   certificatePEM(root),
		"cert.pem": certificatePEM(leaf),
		"key.pem":  keyPEM(t, key),
	})
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// configure writes Pebble's configuration.
func (p *Pebble) configure(directory, management string) {
	p.t.Helper()
	type profile struct {
		Description    string `json:"description"`
		ValidityPeriod int    `json:"validityPeriod"` // seconds; 0 for 90 days
	}
	validity := int(p.config.Validity / time.Second)
	profiles := map[string]profile{}
	for name, description := range p.config.Profiles {
		profiles[name] = profile{description, validity}
	}
	if len(profiles) == 0 {
		profiles["default"] = profile{"The only profile", validity}
	}
	text, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": directory, "managementListenAddress": management,
		"certificate": filepath.Join(p.dir, "cert.pem"), "privateKey": filepath.Join(p.dir, "key.pem"),
		"httpPort": p.HTTPPort, "tlsPort": p.TLSPort, "keyAlgorithm": "ecdsa", "profiles": profiles,
		"externalAccountBindingRequired": p.config.EAB != nil, "externalAccountMACKeys": p.config.EAB,
		"domainBlocklist": p.config.Blocked,
		"retryAfter":      map[string]int{"authz": p.config.RetryAfter, "order": p.config.RetryAfter},
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	WriteFiles(p.t, p.dir, map[string][]byte{"pebble.json": text})
}

// start starts Pebble itself, and waits until it answers.
func (p *Pebble) start(program string) {
	t := p.t
	t.Helper()
	cmd := exec.Command(program, "-config", filepath.Join(p.dir, "pebble.json"), "-dnsserver", p.DNS)
	reject := p.config.NonceReject
	switch reject {
	case 0:
		reject = 15
	case -1:
		reject = 0
	}
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1",
		fmt.Sprintf("PEBBLE_WFE_NONCEREJECT=%d", reject),
		fmt.Sprintf("PEBBLE_AUTHZREUSE=%d", p.config.AuthzReuse),
		fmt.Sprintf("PEBBLE_ALTERNATE_ROOTS=%d", p.config.AlternateRoots),
		fmt.Sprintf("PEBBLE_CHAIN_LENGTH=%d", max(1, p.config.Intermediates)))
	if p.config.AlwaysValid {
		cmd.Env = append(cmd.Env, "PEBBLE_VA_ALWAYS_VALID=1")
	}
	p.process = startProcess(t, cmd)
	p.process.await(t, func() bool {
		for _, url := range []string{p.Directory, p.management + "/roots/0"} {
			answer, err := p.client.Get(url)
			if err != nil {
				return false
			}
			answer.Body.Close()
		}
		return true
	})
	p.Roots = x509.NewCertPool()
	for i := range 1 + p.config.AlternateRoots {
		if !p.Roots.AppendCertsFromPEM(p.Root(i)) {
			t.Fatalf("no certificate in root %d", i)
		}
	}
}

// Restart ends Pebble and starts it again at the same addresses. It has forgotten
// accounts, orders and certificates then, and has new roots.
func (p *Pebble) Restart() {
	p.t.Helper()
	p.process.stop()
	p.start(built(p.t, "pebble"))
}

// Stop ends Pebble, so that nobody listens at its address; Restart starts it again.
func (p *Pebble) Stop() { p.process.stop() }

// Log is what Pebble has said since it was started.
func (p *Pebble) Log() string { return p.process.log.String() }

// Root is one of its roots as PEM: 0 is that of the chain which it gives first.
func (p *Pebble) Root(i int) []byte {
	p.t.Helper()
	return p.get(fmt.Sprintf("/roots/%d", i))
}

// Intermediate is what signs the certificates in a chain, as PEM.
func (p *Pebble) Intermediate(i int) []byte {
	p.t.Helper()
	return p.get(fmt.Sprintf("/intermediates/%d", i))
}

// Status is what Pebble knows of a certificate by its serial number.
type Status struct {
	Status string // "Valid" or "Revoked"; "" for a certificate that is not its own
	Reason *int   // of the revocation, as RFC 5280, section 5.3.1; nil where none was said
}

// Status is what Pebble knows of a certificate.
func (p *Pebble) Status(serial *big.Int) Status {
	p.t.Helper()
	answer, err := p.client.Get(p.management + "/cert-status-by-serial/" + serial.Text(16))
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var status Status
	if answer.StatusCode == http.StatusOK {
		if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
			p.t.Fatal(err)
		}
	}
	return status
}

// SetRenewal has Pebble say that a certificate, as DER, is to be renewed between
// two instants (RFC 9773).
func (p *Pebble) SetRenewal(leaf []byte, from, to time.Time) {
	p.t.Helper()
	answer, err := json.Marshal(map[string]any{"suggestedWindow": map[string]string{
		"start": from.UTC().Format(time.RFC3339), "end": to.UTC().Format(time.RFC3339),
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.SetRenewalAnswer(leaf, string(answer))
}

// SetRenewalAnswer has Pebble answer so when it is asked when a certificate, as
// DER, is to be renewed; the answer may be anything.
func (p *Pebble) SetRenewalAnswer(leaf []byte, answer string) {
	p.t.Helper()
	post(p.t, p.client, p.management+"/set-renewal-info/", map[string]string{"certificate": string(certificatePEM(leaf)), "ariResponse": answer})
}

// get asks the management.
func (p *Pebble) get(path string) []byte {
	p.t.Helper()
	answer, err := p.client.Get(p.management + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s: %v", path, answer.Status, err)
	}
	return data
}
