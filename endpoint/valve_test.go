package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
)

func TestProxyHeaders(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	duke := identitytest.New(t, "p256", "duke")
	block := encodePEM(duke.Chain[0])
	joined := func(with string) string { return strings.ReplaceAll(strings.TrimSpace(block), "\n", with) }
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::1/128")}
	tests := []struct {
		name    string
		trusted []netip.Prefix
		headers map[string]string
		suite   string // "" for our own
		cert    bool
	}{
		{"all", loopback, map[string]string{
			"ssl_client_cert": joined(" "), "ssl_cipher": "ECDHE-RSA-AES256-GCM-SHA384", "ssl_session_id": "abcd",
			"ssl_cipher_usekeysize": "256", "ssl_secure_protocol": "TLSv1.2",
		}, "ECDHE-RSA-AES256-GCM-SHA384", true},
		{"tabs", loopback, map[string]string{"ssl_client_cert": joined(" \t"), "ssl_cipher": "x"}, "x", true},
		{"escaped", loopback, map[string]string{"ssl_client_escaped_cert": url.PathEscape(block), "ssl_client_cert": "(null)", "ssl_cipher": "x"}, "x", true},
		{"null", loopback, map[string]string{"ssl_client_cert": "(null)", "ssl_cipher": "(null)", "ssl_session_id": "(null)", "ssl_cipher_usekeysize": "(null)"}, "", false},
		{"bad certificate", loopback, map[string]string{"ssl_client_cert": "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----", "ssl_cipher": "x"}, "x", false},
		{"cut certificate", loopback, map[string]string{"ssl_client_cert": joined(" ")[:200], "ssl_cipher": "x"}, "x", false},
		{"not trusted", elsewhere, map[string]string{"ssl_client_cert": joined(" "), "ssl_cipher": "x"}, "", false},
		{"nobody trusted", nil, map[string]string{"ssl_client_cert": joined(" "), "ssl_cipher": "x"}, "", false},
		{"none", loopback, nil, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, Config{Identities: []identity.Identity{id}, TrustedProxies: test.trusted})
			c := newClient(t, server, id, nil)
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/api/tls", nil)
			for name, value := range test.headers {
				request.Header.Set(name, value)
			}
			response, err := c.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			facts := decode[tlsFacts](t, readAll(t, response))
			const servlet = "jakarta.servlet.request."
			suite := test.suite
			if suite == "" {
				suite = facts.CipherSuite
			}
			if facts.Attributes[servlet+"cipher_suite"] != suite || (facts.Proxy != nil) != (test.suite != "") {
				t.Errorf("proxy %+v, attributes %v", facts.Proxy, facts.Attributes)
			}
			list, _ := facts.Attributes[servlet+"X509Certificate"].([]any)
			if got := len(list) == 1 && list[0] == block; got != test.cert {
				t.Errorf("certificate %v", list)
			}
			if test.name == "all" {
				if facts.Attributes[servlet+"key_size"] != 256.0 || facts.Attributes[servlet+"ssl_session_id"] != "abcd" || facts.Attributes[servlet+"secure_protocol"] != "TLSv1.2" || facts.Proxy.Certificates[0].Subject != "CN=duke" {
					t.Errorf("%v", facts.Attributes)
				}
			}
		})
	}
}

// TestSSLValve: headers with names of their own, which everybody may send unless
// proxies are named.
func TestSSLValve(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost")
	duke, king := identitytest.New(t, "p256", "duke"), identitytest.New(t, "p256", "king")
	joined := strings.ReplaceAll(strings.TrimSpace(encodePEM(duke.Chain[0])), "\n", " ")
	other := strings.ReplaceAll(strings.TrimSpace(encodePEM(king.Chain[0])), "\n", " ")
	valve := &SSLValve{ClientCert: "C", EscapedClientCert: "E", Cipher: "S", SessionID: "I", KeySize: "K"}
	const servlet = "jakarta.servlet.request."
	for _, test := range []struct {
		name    string
		cfg     Config
		headers []string
		want    map[string]any // nil for our own
	}{
		{"all", Config{SSLValve: valve}, []string{"C", joined, "S", "suite", "I", "id", "K", "+112", "ssl_secure_protocol", "x"},
			map[string]any{"cipher_suite": "suite", "ssl_session_id": "id", "key_size": 112.0, "X509Certificate": []any{encodePEM(duke.Chain[0])}, "secure_protocol": "TLSv1.3"}},
		{"usual names", Config{SSLValve: valve}, []string{"ssl_client_cert", joined, "ssl_cipher", "suite"}, nil},
		{"other names that are usual", Config{SSLValve: &usualSSLValve}, []string{"ssl_secure_protocol", "x", "SSL_CIPHER", "suite"}, map[string]any{"secure_protocol": "x", "cipher_suite": "suite"}},
		{"not from there", Config{SSLValve: valve, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, []string{"S", "suite"}, nil},
		{"from there", Config{SSLValve: valve, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, []string{"S", "suite"}, map[string]any{"cipher_suite": "suite"}},
		{"empty", Config{SSLValve: valve}, []string{"S", "", "E", "", "C", joined}, map[string]any{"cipher_suite": "", "X509Certificate": nil}},
		{"the first of several", Config{SSLValve: valve}, []string{"C", joined + " " + other, "S", "one", "S", "two"}, map[string]any{"cipher_suite": "one", "X509Certificate": []any{encodePEM(duke.Chain[0])}}},
		{"the first line does not matter", Config{SSLValve: valve}, []string{"C", strings.Replace(joined, "BEGIN CERTIFICATE", "begin certificate", 1)}, map[string]any{"X509Certificate": []any{encodePEM(duke.Chain[0])}}},
		{"no end", Config{SSLValve: valve}, []string{"C", strings.TrimSuffix(joined, "-----")}, map[string]any{"X509Certificate": nil}},
		{"no number", Config{SSLValve: valve}, []string{"K", "many", "S", "s"}, map[string]any{"cipher_suite": "s", "key_size": 128.0}},
		{"negative", Config{SSLValve: valve}, []string{"K", "-1"}, map[string]any{"key_size": -1.0}},
		{"bad escapes", Config{SSLValve: valve}, []string{"E", "%zz" + strings.Repeat("x", 40), "C", joined}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Identities = []identity.Identity{id}
			c := newClient(t, start(t, test.cfg), id, nil)
			_, body := c.ask(t, "GET", "/api/tls", test.headers...)
			facts := decode[tlsFacts](t, body)
			if (facts.Proxy != nil) != (test.want != nil) {
				t.Errorf("proxy %+v", facts.Proxy)
			}
			for name, want := range test.want {
				if got := facts.Attributes[servlet+name]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
		})
	}
}

// TestSSLValveOverClientCertificate: a certificate in a header that can't be read
// takes away that of the connection, as in Tomcat.
func TestSSLValveOverClientCertificate(t *testing.T) {
	id, duke := identitytest.New(t, "p256", "localhost"), identitytest.New(t, "p256", "duke")
	server := start(t, Config{Identities: []identity.Identity{id}, Policy: Policy{ClientAuth: tls.RequestClientCert}, SSLValve: &usualSSLValve})
	c := newClient(t, server, id, func(config *tls.Config) {
		config.Certificates = []tls.Certificate{{Certificate: duke.Chain, PrivateKey: duke.Key}}
	})
	for header, has := range map[string]bool{"": true, "(null)": true, "short": true, strings.Repeat("x", 28): false} {
		_, body := c.ask(t, "GET", "/api/tls", "ssl_client_cert", header)
		if _, ok := decode[tlsFacts](t, body).Attributes["jakarta.servlet.request.X509Certificate"]; ok != has {
			t.Errorf("%q: %v", header, ok)
		}
	}
}

// TestNginx has nginx end TLS in front of the endpoint and pass on what it
// knows of the client, as the reference of Tomcat's SSLValve tells.
func TestNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			testtool.Missing(t, "nginx")
		}
	}
	curl := testtool.Look(t, "curl")
	id := identitytest.New(t, "p256", "localhost")
	server := start(t, Config{Identities: []identity.Identity{id}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	ca, key := identitytest.NewIssuer(t, "Client CA", nil), identitytest.NewKey(t, "p256")
	template := identitytest.ServerTemplate("duke")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	duke := identity.Identity{Key: key, Chain: [][]byte{identitytest.Sign(t, template, key, ca).Raw}}

	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := ln.Addr().String()
	ln.Close()
	conf := write("nginx.conf", fmt.Appendf(nil, `
daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen %[2]s ssl;
    ssl_certificate %[3]s;
    ssl_certificate_key %[3]s;
    ssl_client_certificate %[5]s;
    ssl_verify_client optional;
    location / {
      proxy_pass https://%[4]s;
      proxy_ssl_name localhost;
      proxy_ssl_server_name on;
      proxy_set_header ssl_client_escaped_cert $ssl_client_escaped_cert;
      proxy_set_header ssl_cipher $ssl_cipher;
      proxy_set_header ssl_session_id $ssl_session_id;
      proxy_set_header ssl_secure_protocol $ssl_protocol;
    }
  }
}
`, dir, front, write("front.pem", identitytest.PEM(t, id)), server.Addr(), write("ca.pem", []byte(encodePEM(ca.Cert.Raw)))))
	cmd := exec.Command(nginx, "-p", dir, "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	testtool.WaitFor(t, func() bool {
		conn, err := net.DialTimeout("tcp", front, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})

	_, port, _ := net.SplitHostPort(front)
	out := run(t, "", curl, "-sS", "--cacert", writeRoot(t, id), "--noproxy", "*", "--tls-max", "1.2", "--cert", write("client.pem", identitytest.PEM(t, duke)),
		"--resolve", "localhost:"+port+":127.0.0.1", "https://localhost:"+port+"/api/tls")
	facts := answers(t, out, 1)[0]
	if facts.Proxy == nil || facts.Proxy.Protocol != "TLSv1.2" || facts.Proxy.CipherSuite == "" {
		t.Fatalf("%s", out)
	}
	if certs := facts.Proxy.Certificates; len(certs) != 1 || certs[0].Subject != "CN=duke" {
		t.Errorf("%+v", certs)
	}
	if facts.Attributes["jakarta.servlet.request.secure_protocol"] != "TLSv1.2" {
		t.Errorf("%v", facts.Attributes)
	}
}
