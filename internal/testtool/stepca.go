package testtool

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StepCA is step-ca, a CA that speaks ACME, and the DNS server that it asks.
type StepCA struct {
	NameServer
	Directory    string         // URL of its ACME directory
	EABDirectory string         // the same, where accounts need an external account binding
	CAFile       string         // PEM file with its root, for its own server as well
	Roots        *x509.CertPool // the same
	HTTPPort     int            // where it looks for proofs of http-01
	TLSPort      int            // where it looks for proofs of tls-alpn-01
}

// StartStepCA starts step-ca, which scripts/test-long builds. It ends with the test.
func StartStepCA(t testing.TB) *StepCA {
	t.Helper()
	program := built(t, "step-ca")
	const ports = 5
	base := reservePorts(t, ports)
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", base+i) }
	dir := t.TempDir()
	s := &StepCA{
		NameServer: startNameServer(t, at(1), at(2)),
		Directory:  "https://" + at(0) + "/acme/plain/directory", EABDirectory: "https://" + at(0) + "/acme/bound/directory",
		CAFile: filepath.Join(dir, "root.pem"), HTTPPort: base + 3, TLSPort: base + 4,
	}
	rootKey, key := NewKey(t), NewKey(t)
	template := x509.Certificate{
		Subject: pkix.Name{CommonName: "Root of step-ca"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	_, root := SelfSigned(t, rootKey, template)
	issuer, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.Subject.CommonName, template.MaxPathLenZero = big.NewInt(2), "Intermediate of step-ca", true
	intermediate, err := x509.CreateCertificate(rand.Reader, &template, issuer, key.Public(), rootKey)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(issuer)
	config, err := json.Marshal(map[string]any{
		"root": s.CAFile, "crt": filepath.Join(dir, "intermediate.pem"), "key": filepath.Join(dir, "key.pem"),
		"address": at(0), "dnsNames": []string{"127.0.0.1", "localhost"},
		"db":     map[string]string{"type": "bbolt", "dataSource": filepath.Join(dir, "db")},
		"logger": map[string]string{"format": "text"},
		"authority": map[string]any{"provisioners": []map[string]any{
			{"type": "ACME", "name": "plain", "termsOfService": "https://example.com/terms"},
			{"type": "ACME", "name": "bound", "requireEAB": true},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	WriteFiles(t, dir, map[string][]byte{
		"root.pem": certificatePEM(root), "intermediate.pem": certificatePEM(intermediate), "key.pem": keyPEM(t, key), "ca.json": config,
	})
	cmd := exec.Command(program, filepath.Join(dir, "ca.json"), "--resolver", s.DNS, "--insecure",
		"--acme-http-port", fmt.Sprint(s.HTTPPort), "--acme-tls-port", fmt.Sprint(s.TLSPort))
	cmd.Env = append(os.Environ(), "STEPPATH="+dir, "HOME="+dir)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		cmd.Env = append(cmd.Env, name+"=", strings.ToLower(name)+"=")
	}
	server := startProcess(t, cmd)
	t.Cleanup(func() {
		server.stop()
		if t.Failed() {
			log := server.log.String()
			t.Logf("the end of step-ca's log:\n%s", log[max(0, len(log)-5000):])
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Roots}, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	server.await(t, func() bool {
		answer, err := client.Get(s.Directory)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return s
}
