package endpoint

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

func TestSmoke(t *testing.T) {
	for _, kind := range []string{"rsa2048", "p256", "p384", "p521", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			id := identitytest.New(t, kind, "localhost", "127.0.0.1")
			checks := Smoke(t.Context(), SmokeConfig{Identity: id})
			var order []string
			for _, c := range checks {
				order = append(order, c.Check)
				if !c.OK() || c.Warn() && c.Check != "suites" {
					t.Errorf("%+v", c)
				}
			}
			want := "key chain names dates usage strength suites handshake TLSv1.3 handshake TLSv1.2 resumption TLSv1.3 resumption TLSv1.2 HTTP probe"
			if got := strings.Join(order, " "); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
			if c := identitytest.Find(t, checks, "handshake TLSv1.3"); !strings.Contains(c.Text, "TLS_AES_128_GCM_SHA256, X25519MLKEM768, verified by a client that trusts CN=Root, O=Example alone") {
				t.Error(c.Text)
			}
			if c := identitytest.Find(t, checks, "probe"); !strings.Contains(c.Text, "the same verdict in 7 checks, TLSv1.3 and TLSv1.2 with ") {
				t.Error(c.Text)
			}
			if c := identitytest.Find(t, checks, "HTTP"); !strings.HasPrefix(c.Text, "GET /api/tls: 200 OK over HTTP/2, JSESSIONID=") {
				t.Error(c.Text)
			}
		})
	}
}

// TestSmokeFromOutside: what another server than the entry's looks like.
func TestSmokeFromOutside(t *testing.T) {
	id, other := identitytest.New(t, "p256", "localhost"), identitytest.New(t, "p256", "other.example")
	server := start(t, Config{Identities: []identity.Identity{other}, Policy: Policy{Protocols: []uint16{tls.VersionTLS12}}})
	cfg := SmokeConfig{Identity: id, Now: time.Now}
	s := &smoker{cfg: &cfg, address: server.Addr().String(), host: "localhost"}
	c := s.fromOutside(t.Context(), identity.Examine(id, identity.Options{}), []uint16{tls.VersionTLS13, tls.VersionTLS12})
	for _, want := range []string{"TLSv1.2 are accepted, TLSv1.3, TLSv1.2 configured", "names: localhost is not among the names", "the server has another certificate"} {
		if c.OK() || !strings.Contains(c.Text, want) {
			t.Errorf("%+v does not say %q", c, want)
		}
	}
}

func TestSmokeFindsFaults(t *testing.T) {
	root := identitytest.NewIssuer(t, "Root", nil)
	middle := identitytest.NewIssuer(t, "Intermediate", root)
	good := identitytest.Issue(t, "p256", middle, root, "localhost", "127.0.0.1")
	otherKey := good
	otherKey.Key = identitytest.NewKey(t, "p256")
	expired := identitytest.ServerTemplate("localhost")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-80*time.Hour), time.Now().Add(-72*time.Hour)
	constrained := identitytest.CATemplate("Constrained")
	constrained.PermittedDNSDomains, constrained.PermittedDNSDomainsCritical = []string{"example.com"}, true
	constrainedKey := identitytest.NewKey(t, "p256")
	forbidden := identitytest.Issue(t, "p256", &identitytest.Issuer{Cert: identitytest.Sign(t, constrained, constrainedKey, root), Key: constrainedKey}, root, "localhost")

	tests := []struct {
		name  string
		cfg   SmokeConfig
		fails []string
		warns []string
		part  string // of the first failure's detail
	}{
		{"good", SmokeConfig{Identity: good}, nil, nil, ""},
		{"host", SmokeConfig{Identity: good, Host: "127.0.0.1"}, nil, nil, ""},
		{"other host", SmokeConfig{Identity: good, Host: "www.example.com"}, []string{"names"}, []string{"handshake TLSv1.3", "handshake TLSv1.2"}, "www.example.com is not among the names: dns:localhost, ip:127.0.0.1"},
		{"other key", SmokeConfig{Identity: otherKey}, []string{"key", "handshake TLSv1.3", "handshake TLSv1.2", "resumption TLSv1.3", "resumption TLSv1.2", "HTTP", "probe"}, nil, "every handshake will fail"},
		{"expired", SmokeConfig{Identity: func() identity.Identity {
			id := good
			id.Chain = [][]byte{identitytest.Sign(t, expired, id.Key, middle).Raw, middle.Cert.Raw, root.Cert.Raw}
			return id
		}()}, []string{"dates"}, []string{"handshake TLSv1.3", "handshake TLSv1.2"}, "3 days ago"},
		{"name constraints", SmokeConfig{Identity: forbidden}, []string{"chain"}, []string{"handshake TLSv1.3", "handshake TLSv1.2"},
			"the name constraints of CN=Constrained, O=Example permit dns:example.com, but CN=localhost has dns:localhost: openssl, Go and Java refuse it"},
		{"only TLS 1.2", SmokeConfig{Identity: good, Policy: Policy{Protocols: []uint16{tls.VersionTLS12}, ClientAuth: tls.RequireAnyClientCert}}, nil, nil, ""},
		{"no certificate", SmokeConfig{Identity: identity.Identity{Key: good.Key}}, []string{"key"}, nil, ""},
		{"no key", SmokeConfig{Identity: identity.Identity{Chain: good.Chain}}, []string{"key"}, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var fails, warns []string
			first := ""
			for _, c := range Smoke(t.Context(), test.cfg) {
				switch identitytest.Outcome(c) {
				case "FAIL":
					if first == "" {
						first = c.Text
					}
					fails = append(fails, c.Check)
				case "warn":
					warns = append(warns, c.Check)
				}
			}
			if fmt.Sprint(fails) != fmt.Sprint(test.fails) || fmt.Sprint(warns) != fmt.Sprint(test.warns) || !strings.Contains(first, test.part) {
				t.Errorf("fails %v, want %v; warns %v, want %v; %q", fails, test.fails, warns, test.warns, first)
			}
		})
	}

	t.Run("ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		checks := Smoke(ctx, SmokeConfig{Identity: good})
		if last := checks[len(checks)-1]; last.OK() {
			t.Errorf("%+v", last)
		}
	})
}

// TestOddKeys: keys that keytool makes and TLS can't use here are named, and
// a proving client says no more than that.
func TestOddKeys(t *testing.T) {
	for _, test := range []struct {
		spec keys.Spec
		name string
	}{
		{keys.Spec{Algorithm: "DSA", Size: 2048}, "2048-bit DSA"},
		{keys.Spec{Algorithm: "Ed448"}, "Ed448"},
		{keys.Spec{Algorithm: "RSASSA-PSS", Size: 2048}, "2048-bit RSASSA-PSS"},
		{keys.Spec{Algorithm: "ML-DSA-65"}, "ML-DSA-65"},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := keys.Generate(test.spec, jdk.Default)
			if err != nil {
				t.Fatal(err)
			}
			spki, err := keys.MarshalPublic(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			sigAlg, err := keys.DefaultSignatureAlgorithm(key.Public(), jdk.Default)
			if err != nil {
				t.Fatal(err)
			}
			subject, err := x509util.ParseDName("CN=odd")
			if err != nil {
				t.Fatal(err)
			}
			exts, err := x509util.BuildExtensions([]string{"san=dns:localhost", "eku=serverAuth"}, x509util.ExtensionContext{SubjectKey: spki, Release: jdk.Default})
			if err != nil {
				t.Fatal(err)
			}
			der, err := x509util.CreateCertificate(x509util.Template{
				Issuer: subject, Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour), SPKI: spki, Extensions: exts,
			}, key, sigAlg, jdk.Default)
			if err != nil {
				t.Fatal(err)
			}
			checks := Smoke(t.Context(), SmokeConfig{Identity: identity.Identity{Alias: "odd", Key: key, Chain: [][]byte{der}}})
			for name, want := range map[string]string{"key": "ok", "chain": "ok", "names": "ok", "dates": "ok", "strength": "ok", "suites": "FAIL", "handshake TLSv1.3": "FAIL", "HTTP": "FAIL"} {
				if c := identitytest.Find(t, checks, name); identitytest.Outcome(c) != want {
					t.Errorf("%+v, want %s", c, want)
				}
			}
			if c := identitytest.Find(t, checks, "suites"); !strings.Contains(c.Text, "a key of type "+test.name+":") || !strings.Contains(c.Remedy, "-keyalg EC -groupname secp256r1") {
				t.Errorf("%+v", c)
			}
		})
	}
}
