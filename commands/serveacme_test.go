package commands

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gokeytool/acme"
	"gokeytool/endpoint"
	"gokeytool/internal/console"
	"gokeytool/internal/testtool"
)

// spoken is what a command that goes on has said so far.
type spoken struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until it has said a text, and ended is not closed.
func (s *spoken) await(t *testing.T, text string, ended <-chan struct{}) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.String(), text); time.Sleep(5 * time.Millisecond) {
		select {
		case <-ended:
			if !strings.Contains(s.String(), text) {
				t.Fatalf("it has ended, and not said %q:\n%s", text, s)
			}
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute it has not said %q:\n%s", text, s)
		}
	}
}

// acmeServer is serve -acme, whose CA is a pebble.
type acmeServer struct {
	*serving
	said   *spoken
	later  atomic.Int64 // by so much its clock is fast
	pebble *testtool.Pebble
	stop   context.CancelFunc
	ended  chan struct{}
	err    error
}

// newACMEServer is one that listens where the pebble asks, and keeps accounts in a
// directory.
func newACMEServer(t *testing.T, p *testtool.Pebble, dir string, o serveOptions, answers ...string) *acmeServer {
	t.Helper()
	u := acmeUnit(t, p, dir, answers...)
	a := &acmeServer{said: new(spoken), pebble: p, ended: make(chan struct{})}
	u.Stdout, u.Stderr = console.NewWriter(a.said), console.NewWriter(a.said)
	find := u.LookupEnv
	u.LookupEnv = func(name string) (string, bool) {
		if name == "GOGC" { // leaves the collector as it is
			return "", true
		}
		return find(name)
	}
	u.Now = func() time.Time { return time.Now().Add(time.Duration(a.later.Load())) }
	o.acme.on = true
	a.serving = &serving{session: u.session, o: o}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("said:\n%s\nended with: %v", a.said, a.err)
		}
	})
	return a
}

// start serves until the test ends.
func (a *acmeServer) start(t *testing.T) {
	t.Helper()
	var ctx context.Context
	ctx, a.stop = context.WithCancel(context.Background())
	go func() {
		defer close(a.ended)
		a.err = a.run(ctx)
	}()
	t.Cleanup(a.end)
	a.said.await(t, "Renewing ", a.ended)
}

func (a *acmeServer) end() {
	a.stop()
	<-a.ended
}

// leaf is the certificate that is served to who asks for a name and trusts the pebble.
func (a *acmeServer) leaf(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.pebble.TLSPort), &tls.Config{RootCAs: a.pebble.Roots, ServerName: name})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// acmeServing are the options for a pebble.
func acmeServing(p *testtool.Pebble, hosts ...string) serveOptions {
	o := serveOptions{port: given(int64(p.TLSPort))}
	o.acme = serveACMEOptions{recipe: acmeRecipe{"directory": {p.Directory}, "caFile": {p.CAFile}, "host": hosts}, how: acmeHow{agree: true}}
	return o
}

func TestServeACME(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{Blocked: []string{"blocked.example"}})
	t.Run("refused", func(t *testing.T) {
		for name, test := range map[string]struct {
			hosts  []string
			agree  bool
			method string
			want   string
		}{
			"a name that the CA refuses":   {[]string{"blocked.example"}, true, "", "blocked.example"},
			"terms that are not agreed to": {[]string{"www.example.com"}, false, "", "terms of service"},
			"no plain port":                {[]string{"www.example.com"}, true, "http-01", "-via http-01: the CA asks by plain HTTP"},
			"a wildcard":                   {[]string{"*.example.com"}, true, "", "a wildcard is proved by dns-01 alone"},
			"no name":                      {nil, true, "", "nothing is known about"},
		} {
			dir := t.TempDir()
			o := acmeServing(p, test.hosts...)
			o.acme.how.agree = test.agree
			if test.method != "" {
				o.acme.recipe["via"] = []string{test.method}
			}
			a := newACMEServer(t, p, dir, o)
			a.opt.keystore, a.opt.storepass = given(filepath.Join(dir, "k.p12")), []byte(unitPassword)
			if err := a.run(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v", name, err)
			}
			if said := a.said.String(); strings.Contains(said, "Listening") {
				t.Errorf("%s: %s", name, said)
			}
			if _, err := os.Stat(filepath.Join(dir, "k.p12")); err == nil {
				t.Errorf("%s: the keystore was made", name)
			}
		}
	})
	t.Run("http-01", func(t *testing.T) { testServeACMERenewal(t, p) })
	t.Run("dns-01", func(t *testing.T) {
		dir := t.TempDir()
		o := acmeServing(p, "*.example.com")
		o.acme.recipe["hook"] = []string{`curl -sSf -d '{"host":"_acme-challenge.'"$CERTBOT_DOMAIN"'.","value":"'"$CERTBOT_VALIDATION"'"}' ` + p.SetTXTURL()}
		a := newACMEServer(t, p, dir, o)
		a.opt.keystore, a.opt.storepass = given(filepath.Join(dir, "k.p12")), []byte(unitPassword)
		a.start(t)
		if names := a.leaf(t, "any.example.com").DNSNames; fmt.Sprint(names) != "[*.example.com]" || strings.Contains(a.said.String(), "must be led") {
			t.Errorf("%q", names)
		}
		a.end()
	})
	t.Run("server.xml", func(t *testing.T) {
		dir := t.TempDir()
		testtool.WriteFiles(t, dir, map[string][]byte{"conf/server.xml": fmt.Appendf(nil, `<Server><Service name="Catalina">
<Connector address="127.0.0.1" port="%d" redirectPort="%d"/>
<Connector address="127.0.0.1" port="%d" SSLEnabled="true" scheme="https" secure="true" defaultSSLHostConfigName="www.example.com">
  <SSLHostConfig hostName="www.example.com" protocols="TLSv1.3"><Certificate certificateKeystoreFile="conf/www.jks" certificateKeystoreType="JKS" certificateKeystorePassword="changeit"/></SSLHostConfig>
  <SSLHostConfig hostName="mail.example.com"><Certificate certificateFile="conf/mail.pem" certificateKeyFile="conf/mail.key"/></SSLHostConfig>
</Connector><Engine name="Catalina" defaultHost="localhost"><Host name="localhost"/></Engine></Service></Server>`, p.HTTPPort, p.TLSPort, p.TLSPort)})
		o := acmeServing(p)
		o.port = optional[int64]{}
		o.from.file = filepath.Join(dir, "conf", "server.xml")
		delete(o.acme.recipe, "host")
		for _, method := range []string{"http-01", "tls-alpn-01"} {
			o.acme.recipe["via"] = []string{method}
			for _, file := range []string{"www.jks", "mail.pem", "mail.key"} {
				os.Remove(filepath.Join(dir, "conf", file))
			}
			a := newACMEServer(t, p, dir, o)
			a.start(t)
			a.said.await(t, "Renewing "+filepath.Join(dir, "conf", "mail.pem"), a.ended)
			if names := a.leaf(t, "mail.example.com").DNSNames; fmt.Sprint(names) != "[mail.example.com]" {
				t.Errorf("%s: %q", method, names)
			}
			a.end()
			if a.err != nil {
				t.Errorf("%s: %v", method, a.err)
			}
		}
	})
}

// testServeACMERenewal gets a certificate, and renews it while clients ask: once when
// the CA wants it early, and once while the CA is gone.
func testServeACMERenewal(t *testing.T, p *testtool.Pebble) {
	dir := t.TempDir()
	o := acmeServing(p, "www.example.com", "example.com")
	o.redirectPort = given(int64(p.HTTPPort))
	a := newACMEServer(t, p, dir, o, unitPassword, unitPassword) // asked for once, and typed twice
	a.opt.keystore = given(filepath.Join(dir, "k.p12"))
	a.start(t)
	first := a.leaf(t, "example.com")
	if next := a.certificates.renewal(first.Raw); next.Before(first.NotBefore.Add(24*time.Hour)) || next.After(first.NotAfter) {
		t.Errorf("renewed at %v", next)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var answered atomic.Int64
	for _, kept := range []bool{false, true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Roots, ServerName: "www.example.com"}, DisableKeepAlives: !kept, ForceAttemptHTTP2: kept}
		defer transport.CloseIdleConnections()
		clients.Go(func() {
			for client := (&http.Client{Transport: transport}); ctx.Err() == nil; answered.Add(1) {
				answer, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/api/tls", p.TLSPort))
				if err != nil {
					t.Errorf("while it is renewed: %v", err)
					return
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	now := a.Now()
	p.SetRenewal(first.Raw, now.Add(-2*time.Hour), now.Add(-time.Hour))
	a.later.Store(int64(25 * time.Hour)) // the CA may be asked again
	a.certificates.look()
	a.said.await(t, "Reloaded: <mykey> certificate replaced: ", a.ended)
	second := a.leaf(t, "www.example.com")
	cancel()
	clients.Wait()
	if second.SerialNumber.Cmp(first.SerialNumber) == 0 || answered.Load() == 0 {
		t.Errorf("serials %x and %x, %d requests", first.SerialNumber, second.SerialNumber, answered.Load())
	}
	curl := testtool.Look(t, "curl")
	root := filepath.Join(dir, "root.pem")
	testtool.WriteFiles(t, dir, map[string][]byte{"root.pem": p.Root(0)})
	at := fmt.Sprintf("www.example.com:%d", p.TLSPort)
	out := string(testtool.Run(t, curl, "-sS", "--cacert", root, "--resolve", at+":127.0.0.1", "https://"+at+"/api/certificates"))
	if !strings.Contains(out, `"renewal": "`) {
		t.Errorf("%s", out)
	}

	p.Stop()
	a.later.Store(int64(80 * 24 * time.Hour))
	a.certificates.look()
	a.said.await(t, "not renewed, the old certificate is served on: ", a.ended)
	if still := a.leaf(t, "example.com"); still.SerialNumber.Cmp(second.SerialNumber) != 0 {
		t.Errorf("serial %x", still.SerialNumber)
	}
	p.Restart() // it knows neither account nor root
	a.certificates.look()
	a.said.await(t, "Reloaded: <mykey> certificate replaced: dns:www.example.com, dns:example.com, serial "+hexSerial(second), a.ended)
	a.leaf(t, "www.example.com")
	a.end()
	if a.err != nil || !strings.HasSuffix(a.said.String(), "Stopped\n") {
		t.Error(a.err)
	}

	// Elsewhere there is no account, and none could be made when it is to be renewed.
	o.acme.how.agree = false
	moved := newACMEServer(t, p, t.TempDir(), o)
	moved.opt.keystore, moved.opt.storepass = a.opt.keystore, []byte(unitPassword)
	if err := moved.run(t.Context()); !errors.Is(err, acme.ErrTerms) {
		t.Error(err)
	}
}

func hexSerial(c *x509.Certificate) string { return c.SerialNumber.Text(16) }

func TestServeACMEProve(t *testing.T) {
	both := endpoint.Config{Addr: "127.0.0.1:443", RedirectAddr: "127.0.0.1:80"}
	alone := endpoint.Config{Addr: ":8443"}
	hook := acmeRecipe{"via": {"dns-01"}, "hook": {"./dns.sh"}}
	for name, test := range map[string]struct {
		recipe, old acmeRecipe
		ports       endpoint.Config
		method      acme.Method
		address     string
	}{
		"a plain port":                 {acmeRecipe{}, nil, both, acme.HTTP01, "127.0.0.1:80"},
		"none":                         {acmeRecipe{}, nil, alone, acme.TLSALPN01, ":8443"},
		"asked for":                    {acmeRecipe{"via": {"tls-alpn-01"}}, nil, both, acme.TLSALPN01, "127.0.0.1:443"},
		"by a hook":                    {hook, nil, both, "", ""},
		"as it came":                   {acmeRecipe{}, hook, both, "", ""},
		"other than it came":           {acmeRecipe{"via": {"http-01"}}, hook, both, acme.HTTP01, "127.0.0.1:80"},
		"by another server's files":    {acmeRecipe{"webroot": {"/srv"}}, nil, both, "", ""},
		"as it came at other ports":    {acmeRecipe{}, acmeRecipe{"via": {"http-01"}, "address": {":80"}}, alone, acme.TLSALPN01, ":8443"},
		"files that served it at last": {acmeRecipe{}, acmeRecipe{"webroot": {"/srv"}}, alone, "", ""},
	} {
		e := certifiedEntry{recipe: test.recipe.over(nil)}
		if err := e.prove(test.old, test.ports); err != nil || e.method != test.method || e.address != test.address {
			t.Errorf("%s: %q at %q, %v", name, e.method, e.address, err)
		}
		if e.method != "" && (e.recipe.one("via") != string(e.method) || e.recipe.one("address") != e.address) {
			t.Errorf("%s: kept is %v", name, e.recipe)
		}
	}
	for want, ports := range map[string]endpoint.Config{
		"-via http-01: the CA asks by plain HTTP": alone,
		"port 0 takes any free port":              {Addr: ":443", RedirectAddr: ":0"},
	} {
		e := certifiedEntry{recipe: acmeRecipe{"via": {"http-01"}}}
		if err := e.prove(nil, ports); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

func TestServable(t *testing.T) {
	key, now := testtool.NewKey(t), time.Now()
	made := func(from, to time.Duration, issuer bool) []byte {
		template := x509.Certificate{DNSNames: []string{"www.example.com"}, NotBefore: now.Add(from), NotAfter: now.Add(to)}
		_, der := testtool.SelfSigned(t, key, template)
		if issuer {
			var err error
			template.SerialNumber = big.NewInt(2)
			if der, err = x509.CreateCertificate(rand.Reader, &template, &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}}, key.Public(), key); err != nil {
				t.Fatal(err)
			}
		}
		return der
	}
	for name, test := range map[string]struct {
		der  []byte
		want bool
	}{
		"nothing":          {nil, false},
		"no certificate":   {[]byte("x"), false},
		"valid":            {made(-time.Hour, time.Hour, true), true},
		"expired":          {made(-2*time.Hour, -time.Hour, true), false},
		"not yet valid":    {made(time.Hour, 2*time.Hour, true), false},
		"signed by itself": {made(-time.Hour, time.Hour, false), false},
	} {
		if got := servable(test.der, now); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestServeACMEAsked says where the CA asks, where that is not where it is listened.
func TestServeACMEAsked(t *testing.T) {
	for address, want := range map[string]bool{":80": false, "192.0.2.1:80": false, "[::]:80": false, "127.0.0.1:80": true, "[::1]:80": true, ":8080": true} {
		u := newUnit(t, nil)
		s := &serving{session: u.session}
		s.sayWhereAsked(certifiedEntry{method: acme.HTTP01, address: address})
		if said := u.err.String(); (said != "") != want {
			t.Errorf("%s: %q", address, said)
		}
	}
}
