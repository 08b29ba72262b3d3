//go:build unix

package challenge_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/acme"
	"gokeytool/acme/challenge"
	"gokeytool/acme/state"
	"gokeytool/internal/filelock"
	"gokeytool/internal/testtool"
)

// client is one with an account at a CA.
func client(t *testing.T, directory string, trusted *x509.CertPool) (*acme.Client, *state.Dir) {
	t.Helper()
	dir := state.Open(filepath.Join(t.TempDir(), "acme"))
	c, err := acme.Connect(t.Context(), acme.Config{Directory: directory, Roots: trusted, State: dir, UserAgent: "gokeytool tests"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), acme.Registration{Agreed: true}); err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// obtain gets a certificate for names, and checks it.
func obtain(t *testing.T, c *acme.Client, dir *state.Dir, roots *x509.CertPool, method acme.Method, solver acme.Solver, hosts ...string) *acme.Issued {
	t.Helper()
	names, err := acme.ParseNames(hosts)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := dir.Lock(t.Context(), t.Name(), filelock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	issued, err := c.Obtain(t.Context(), acme.Request{
		Lock: lock, Names: names, Method: method, Solver: solver, Said: func(text string) { t.Log(text) },
		NewKey: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	})
	if err != nil {
		t.Fatal(err)
	}
	between := x509.NewCertPool()
	for _, der := range issued.Chain[1:] {
		if issuer, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(issuer)
		}
	}
	leaf, err := x509.ParseCertificate(issued.Chain[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil {
		t.Error(err)
	}
	for _, n := range names {
		if err := leaf.VerifyHostname(strings.Replace(n.Text, "*.", "any.", 1)); err != nil {
			t.Error(err)
		}
	}
	if got := len(leaf.DNSNames) + len(leaf.IPAddresses); got != len(names) {
		t.Errorf("the certificate has %d names: %v %v", got, leaf.DNSNames, leaf.IPAddresses)
	}
	if err := issued.Done(); err != nil {
		t.Fatal(err)
	}
	return issued
}

// ipv6 says whether the machine has it.
func ipv6() bool {
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	ln.Close()
	return true
}

// proofs are the ways to prove names to a CA that looks at these ports, and asks the
// DNS server: all who prove something at the same time share them.
type proofs map[acme.Method]acme.Solver

func newProofs(t *testing.T, dns *testtool.NameServer, httpPort, tlsPort int) proofs {
	testtool.Look(t, "curl")
	call := func(url, value string) string {
		return `curl -sSf -d "{\"host\":\"_acme-challenge.$CERTBOT_DOMAIN.\"` + value + `}" ` + url
	}
	return proofs{
		acme.HTTP01:    challenge.Listen(acme.HTTP01, fmt.Sprintf(":%d", httpPort)),
		acme.TLSALPN01: challenge.Listen(acme.TLSALPN01, fmt.Sprintf(":%d", tlsPort)),
		acme.DNS01: challenge.Hook(call(dns.SetTXTURL(), `,\"value\":\"$CERTBOT_VALIDATION\"`), call(dns.ClearTXTURL(), ""),
			os.Environ(), func(text string) { t.Log(text) }),
	}
}

// family is names of a kind, with the methods by which they can be proved. No two
// share a name: whoever takes its records away takes all of the name's.
type family struct {
	kind    string
	hosts   []string
	methods []acme.Method
}

func families() []family {
	all := []acme.Method{acme.HTTP01, acme.TLSALPN01, acme.DNS01}
	list := []family{
		{"a name", []string{"www.one.example"}, all},
		{"several", []string{"www.example.com", "example.com", "a.b.c.example.org"}, all},
		{"internationalised", []string{"bücher.example", "www.xn--bcher-kva.example"}, all},
		{"a wildcard", []string{"*.wild.example"}, all[2:]},
		{"a wildcard and a name", []string{"*.both.example", "both.example", "*.größe.example"}, all[2:]},
		{"an address", []string{"127.0.0.1"}, all[:2]},
	}
	if ipv6() {
		list = append(list, family{"addresses", []string{"127.0.0.1", "::1", "www.three.example"}, all[:2]})
	}
	return list
}

// proveAll obtains certificates for names of every kind by every method, at the same time.
func proveAll(t *testing.T, c *acme.Client, dir *state.Dir, roots *x509.CertPool, p proofs) {
	for _, family := range families() {
		for _, method := range family.methods {
			t.Run(family.kind+" by "+string(method), func(t *testing.T) {
				t.Parallel()
				obtain(t, c, dir, roots, method, p[method], family.hosts...)
			})
		}
	}
}

// TestPebble proves names to a CA.
func TestPebble(t *testing.T) {
	t.Parallel()
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{})
	c, dir := client(t, pebble.Directory, pebble.Trusted)
	p := newProofs(t, &pebble.NameServer, pebble.HTTPPort, pebble.TLSPort)
	t.Run("all", func(t *testing.T) { proveAll(t, c, dir, pebble.Roots, p) })
	for _, port := range []int{pebble.HTTPPort, pebble.TLSPort} {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			t.Errorf("somebody still listens on port %d", port)
		}
	}
	if left, err := pebble.LookupTXT("_acme-challenge.both.example"); err == nil {
		t.Errorf("records stay: %v", left)
	}
}

// TestPebbleWebroot has a server answer with what we, and a hook, put below its
// directory, at the same time.
func TestPebbleWebroot(t *testing.T) {
	t.Parallel()
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{})
	c, dir := client(t, pebble.Directory, pebble.Trusted)
	webroot := t.TempDir()
	ln, err := net.Listen("tcp", fmt.Sprintf(":%d", pebble.HTTPPort))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(webroot))}
	go server.Serve(ln)
	defer server.Close()
	// A directory that we make we take away: not under another's feet.
	at := filepath.Join(webroot, challenge.Path)
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("all", func(t *testing.T) {
		for name, solver := range map[string]acme.Solver{
			"webroot": challenge.Webroot(webroot),
			"hook": challenge.Hook("printf %s $CERTBOT_VALIDATION >"+at+"/$CERTBOT_TOKEN", "rm "+at+"/$CERTBOT_TOKEN",
				os.Environ(), func(text string) { t.Log(text) }),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				obtain(t, c, dir, pebble.Roots, acme.HTTP01, solver, "www."+name+".example", name+".example")
			})
		}
	})
	if left, err := filepath.Glob(filepath.Join(at, "*")); err != nil || len(left) > 0 {
		t.Errorf("left there: %v, %v", left, err)
	}
}
