package endpoint

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/tlsname"
)

func TestPolicyExamine(t *testing.T) {
	rsa, ec, ed := identitytest.New(t, "rsa2048", "localhost"), identitytest.New(t, "p256", "localhost"), identitytest.New(t, "ed25519", "localhost")
	ecSuites := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	only12, only13 := []uint16{tls.VersionTLS12}, []uint16{tls.VersionTLS13}
	pool := x509.NewCertPool()
	pool.AddCert(identitytest.NewIssuer(t, "CA", nil).Cert)
	tests := []struct {
		name   string
		policy Policy
		id     identity.Identity
		check  string
		want   string
		detail string
	}{
		{"default", Policy{}, rsa, "protocols", "ok", "TLSv1.2, TLSv1.3"},
		{"default", Policy{}, rsa, "enabled suites", "ok", `take the RSA key of "rsa2048"`},
		{"default", Policy{}, ed, "enabled suites", "ok", `take the ECDSA key of "ed25519"`},
		{"EC suites, RSA key", Policy{CipherSuites: ecSuites, Protocols: only12}, rsa, "enabled suites", "FAIL", "every handshake will fail"},
		{"EC suites, RSA key, TLS 1.3 too", Policy{CipherSuites: ecSuites}, rsa, "enabled suites", "warn", "only TLSv1.3 works"},
		{"EC suites, EC key", Policy{CipherSuites: ecSuites, Protocols: only12}, ec, "enabled suites", "ok", "1 of the enabled suites"},
		{"RSA key exchange", Policy{CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, Protocols: []uint16{tls.VersionTLS10}}, rsa, "enabled suites", "ok", "1 of the enabled suites"},
		{"TLS 1.3 alone", Policy{Protocols: only13, CipherSuites: ecSuites}, rsa, "enabled suites", "ok", "TLSv1.3 takes any key"},
		{"no key", Policy{}, identity.Identity{}, "enabled suites", "FAIL", "there is no private key"},
		{"old protocols", Policy{Protocols: []uint16{tls.VersionTLS12, tls.VersionTLS10}}, rsa, "protocols", "warn", "TLSv1, TLSv1.2: TLSv1 and TLSv1.1 are broken"},
		{"SSLv3", Policy{Protocols: []uint16{0x0300}}, rsa, "protocols", "FAIL", "SSLv3 is not possible"},
		{"required", Policy{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}, rsa, "client certificates", "ok", "required, signed by a trusted authority"},
		{"required, nobody trusted", Policy{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}, rsa, "client certificates", "FAIL", "no authority is trusted"},
		{"wanted, nobody trusted", Policy{ClientAuth: tls.VerifyClientCertIfGiven}, rsa, "client certificates", "FAIL", "no authority is trusted"},
		{"not verified", Policy{ClientAuth: tls.RequestClientCert}, rsa, "client certificates", "ok", "asked for, not verified"},
	}
	for _, test := range tests {
		t.Run(test.name+"/"+test.check, func(t *testing.T) {
			c := identitytest.Find(t, test.policy.Examine([]identity.Identity{test.id}), test.check)
			if identitytest.Outcome(c) != test.want || !strings.Contains(c.Text, test.detail) {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestRevokedClients: revocation lists and the length of chains decide, in a
// full handshake and in a resumed one.
func TestRevokedClients(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	root := identitytest.NewIssuer(t, "Client Root", nil)
	middle := identitytest.NewIssuer(t, "Client CA", root)
	pool := x509.NewCertPool()
	pool.AddCert(root.Cert)
	serial := int64(100)
	client := func(t *testing.T) tls.Certificate {
		t.Helper()
		serial++
		template := identitytest.ServerTemplate()
		template.Subject.CommonName = "duke"
		template.SerialNumber = big.NewInt(serial)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		key := identitytest.NewKey(t, "p256")
		return tls.Certificate{Certificate: [][]byte{identitytest.Sign(t, template, key, middle).Raw, middle.Cert.Raw}, PrivateKey: key}
	}
	crl := func(by *identitytest.Issuer, until time.Time, serials ...int64) *x509.RevocationList {
		t.Helper()
		template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-2 * time.Hour), NextUpdate: until}
		for _, n := range serials {
			template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: time.Now()})
		}
		der, err := x509.CreateRevocationList(rand.Reader, template, by.Cert, by.Key)
		if err != nil {
			t.Fatal(err)
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	future, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	impostor := identitytest.NewIssuer(t, "Client CA", root)
	tests := []struct {
		name   string
		policy Policy
		comes  bool
	}{
		{"no lists", Policy{}, true},
		{"not on the lists", Policy{CRLs: []*x509.RevocationList{crl(root, future), crl(middle, future, 1, 2)}}, true},
		{"on a list", Policy{CRLs: []*x509.RevocationList{crl(root, future), crl(middle, future, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110)}}, false},
		{"intermediate on a list", Policy{CRLs: []*x509.RevocationList{crl(root, future, middle.Cert.SerialNumber.Int64()), crl(middle, future)}}, false},
		{"a list is missing", Policy{CRLs: []*x509.RevocationList{crl(root, future)}}, false},
		{"a list is out of date", Policy{CRLs: []*x509.RevocationList{crl(root, future), crl(middle, past)}}, false},
		{"a list of an impostor", Policy{CRLs: []*x509.RevocationList{crl(root, future), crl(impostor, future)}}, false},
		{"short chain allowed", Policy{MaxIntermediates: 1}, true},
		{"no intermediate allowed", Policy{MaxIntermediates: -1}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.policy.ClientAuth, test.policy.ClientCAs = tls.RequireAndVerifyClientCert, pool
			server := start(t, Config{Identities: []identity.Identity{id}, Policy: test.policy})
			cert := client(t)
			c := newClient(t, server, id, func(config *tls.Config) { config.Certificates = []tls.Certificate{cert} })
			for _, visit := range []string{"full", "resumed"} {
				response, err := c.Get(c.base + "/healthz")
				if err == nil {
					readAll(t, response)
				}
				if (err == nil) != test.comes {
					t.Errorf("%s handshake: %v", visit, err)
				}
				c.reconnect()
			}
		})
	}
	t.Run("chain too long", func(t *testing.T) {
		third := identitytest.NewIssuer(t, "Third", identitytest.NewIssuer(t, "Second", root))
		policy := Policy{ClientAuth: tls.RequireAndVerifyClientCert, MaxIntermediates: 1}
		if err := policy.admit([][]*x509.Certificate{{third.Cert, third.Cert, middle.Cert, root.Cert}}, time.Now()); err == nil {
			t.Error("admitted")
		}
	})
}

func TestNoTickets(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, Policy: Policy{NoTickets: true}})
	for _, version := range versions {
		c := newClient(t, server, id, onlyVersion(version))
		first := c.facts(t)
		c.reconnect()
		if second := c.facts(t); second.Session.Resumed || second.Session.ID == first.Session.ID {
			t.Errorf("%s: %+v", tlsname.Protocol(version), second.Session)
		}
	}
}

// TestDefaultHost: without identities of its own, an endpoint takes one of its
// hosts for clients whose name leads nowhere, or refuses them.
func TestDefaultHost(t *testing.T) {
	root := identitytest.NewIssuer(t, "Root", nil)
	middle := identitytest.NewIssuer(t, "Intermediate", root)
	host := func(name string) Host {
		id := identitytest.Issue(t, "p256", middle, root, "localhost", "a.example", "b.example")
		id.Alias = name
		return Host{Names: []string{name}, Identities: []identity.Identity{id}}
	}
	for _, test := range []struct {
		deflt string
		hosts []Host
		want  string
	}{
		{"b.example", []Host{host("a.example"), host("b.example")}, "b.example"},
		{"", []Host{host("a.example"), host("_default_")}, "_default_"},
		{"", []Host{host("a.example"), host("b.example")}, ""},
	} {
		t.Run(test.want, func(t *testing.T) {
			server := start(t, Config{Hosts: test.hosts, DefaultHost: test.deflt})
			c := newClient(t, server, test.hosts[0].Identities[0], nil)
			response, err := c.Get(c.base + "/api/tls")
			if err != nil {
				if test.want != "" {
					t.Error(err)
				}
				return
			}
			if facts := decode[tlsFacts](t, readAll(t, response)); facts.Entry.Alias != test.want {
				t.Errorf("served %+v", facts.Entry)
			}
		})
	}
	if _, err := Listen(t.Context(), Config{Hosts: []Host{host("a.example")}, DefaultHost: "b.example"}); err == nil {
		t.Error("a default host that is not there was taken")
	}
}

func TestRequests(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	server, err := Listen(t.Context(), Config{Identities: []identity.Identity{id}, Requests: 2})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(t.Context()) }()
	c := newClient(t, server, id, nil)
	for range 2 {
		response, err := c.Get(c.base + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || string(readAll(t, response)) != "ok\n" {
			t.Error(response.Status)
		}
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on after two requests")
	}
}
