package commands_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// issued is a certificate with its key.
type issued struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// issueBy makes a certificate, by itself where there is no issuer.
func issueBy(t *testing.T, by *issued, name string, hosts ...string) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 80), DNSNames: hosts,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if hosts == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage, template.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

func (i *issued) pkcs8(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// connectorsOf makes files in conf of a catalina.base and, of each way in which
// they may be combined, the hosts of a connector.
func connectorsOf(t *testing.T, conf string) (hosts []string) {
	t.Helper()
	root := issueBy(t, nil, "Root")
	middle := issueBy(t, root, "Middle")
	leaf := issueBy(t, middle, "leaf", "www.example.com", "localhost")
	other := issueBy(t, nil, "other", "other.example.com")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(conf, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	letters := map[rune]*issued{'L': leaf, 'M': middle, 'R': root, 'O': other}
	chain := func(order string) (text []byte) {
		for _, letter := range order {
			if letter == 'k' {
				text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leaf.pkcs8(t)})...)
				continue
			}
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: letters[letter].Raw})...)
		}
		return text
	}
	write("key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leaf.pkcs8(t)}))
	write("wrong", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: middle.pkcs8(t)}))
	write("two", append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: middle.pkcs8(t)}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leaf.pkcs8(t)})...))
	write("der", leaf.Raw)
	write("key.der", leaf.pkcs8(t))
	one := func(attributes string) {
		hosts = append(hosts, "<SSLHostConfig><Certificate "+attributes+"/></SSLHostConfig>")
	}
	for _, first := range []string{"L", "LM", "LMR", "ML", "LL", "M", "LO", "kLM"} {
		write(first, chain(first))
		for _, second := range []string{"", "M", "LM", "MR", "RM", "MM", "O", "LMR"} {
			key, more := "key", ""
			if strings.Contains(first, "k") {
				key = first
			}
			if second != "" {
				write(second, chain(second))
				more = ` certificateChainFile="conf/` + second + `"`
			}
			one(fmt.Sprintf(`certificateFile="conf/%s" certificateKeyFile="conf/%s"%s`, first, key, more))
		}
	}
	for _, key := range []string{"wrong", "two", "key.der", "M", "nowhere"} {
		one(`certificateFile="conf/LM" certificateKeyFile="conf/` + key + `"`)
	}
	one(`certificateFile="conf/kLM"`)
	one(`certificateFile="conf/der" certificateKeyFile="conf/key"`)
	one(`certificateFile="conf/key" certificateKeyFile="conf/key"`)
	sealed := filepath.Join(conf, "sealed")
	testtool.Run(t, testtool.Look(t, "openssl"), "pkcs8", "-topk8", "-in", filepath.Join(conf, "key"), "-out", sealed, "-passout", "pass:sesame1")
	for _, password := range []string{"", "sesame1", "sesame2"} {
		one(strings.TrimSuffix(`certificateFile="conf/LM" certificateKeyFile="conf/sealed" certificateKeyPassword="`+password+`"`, ` certificateKeyPassword=""`))
	}

	full := []entry.Certificate{entry.X509(leaf.Raw), entry.X509(middle.Raw)}
	for _, typ := range []store.Type{store.JKS, store.JCEKS, store.PKCS12} {
		s := store.New(typ)
		keyPassword := "changeit"
		if typ != store.PKCS12 {
			keyPassword = "sesame1"
		}
		for _, err := range []error{
			s.SetKey("own", entry.Key{PKCS8: leaf.pkcs8(t)}, []byte(keyPassword), full, time.Now()),
			s.SetKey("short", entry.Key{PKCS8: other.pkcs8(t)}, []byte("changeit"), []entry.Certificate{entry.X509(other.Raw)}, time.Now()),
			s.SetKey("wrong", entry.Key{PKCS8: middle.pkcs8(t)}, []byte("changeit"), full, time.Now()),
			s.SetCertificate("root", entry.X509(root.Raw), time.Now()),
			s.Save(filepath.Join(conf, string(typ)), []byte("changeit")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, more := range []string{"", `certificateKeyAlias="OWN"`, `certificateKeyAlias="own" certificateKeyPassword="sesame1"`, `certificateKeyAlias="own" certificateKeyPassword="sesame2"`,
			`certificateKeyAlias="short" certificateKeyPassword="sesame1"`, `certificateKeyAlias="wrong"`, `certificateKeyAlias="root"`, `certificateKeyAlias="nobody"`,
			`certificateKeyAlias="short" certificateKeystoreType="JCEKS"`, `certificateKeyAlias="short" certificateKeystorePassword="another"`} {
			if typ == store.JCEKS && !strings.Contains(more, "JCEKS") {
				more += ` certificateKeystoreType="JCEKS"`
			}
			one(fmt.Sprintf(`certificateKeystoreFile="conf/%s" %s`, typ, more))
		}
	}
	const good = `<Certificate certificateFile="conf/LM" certificateKeyFile="conf/key"/>`
	hosts = append(hosts,
		`<SSLHostConfig>`+good+`</SSLHostConfig><SSLHostConfig hostName="www.example.com">`+good+`</SSLHostConfig>`,
		`<SSLHostConfig>`+good+`</SSLHostConfig><SSLHostConfig hostName="shop.example.com">`+good+`</SSLHostConfig>`,
		`<SSLHostConfig>`+good+`</SSLHostConfig><SSLHostConfig hostName="*.example.com">`+good+`</SSLHostConfig>`,
		`<SSLHostConfig>`+good+`</SSLHostConfig><SSLHostConfig hostName="www.example.com"><Certificate certificateFile="conf/LM" certificateKeyFile="conf/key" certificateChainFile="conf/M"/></SSLHostConfig>`,
		`<SSLHostConfig>`+strings.Replace(good, "<Certificate", `<Certificate type="EC"`, 1)+`<Certificate type="RSA" certificateKeystoreFile="conf/JKS" certificateKeyAlias="nobody"/></SSLHostConfig>`,
	)
	return hosts
}

// TestOneVerdict has check and serve judge connectors of every kind: what one
// finds wrong the other does, in the same words. Of those that a real Tomcat
// serves, check lists the chain that it sends, and serve sends it too.
func TestOneVerdict(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	testtool.TomcatHome(t)
	base := t.TempDir()
	conf := filepath.Join(base, "conf")
	if err := os.Mkdir(conf, 0o755); err != nil {
		t.Fatal(err)
	}
	hosts := connectorsOf(t, conf)
	var connectors []testtool.Connector
	for _, host := range hosts {
		connectors = append(connectors, testtool.Connector{Attributes: `maxThreads="2" minSpareThreads="1"`, Content: host})
	}
	tomcat, ports := testtool.StartConnectors(t, base, connectors)
	compared, followedAdvice := 0, 0
	for i, host := range hosts {
		name := strings.NewReplacer("SSLHostConfig", "host", "certificate", "", "<Certificate ", "", "conf/", "").Replace(host)
		t.Run(name, func(t *testing.T) {
			verdicts := checked(t, base, host)
			addr, said := serveXML(t, plainProgram(t, "gokeytool"), base, "-tomcat", "10", "-connector", fmt.Sprint(ports[i]))
			sameVerdict(t, verdicts, said, addr == "")
			if after := followed(host, said); after != "" {
				if v := last(checked(t, base, after)); v.Status != "healthy" {
					t.Errorf("of what is advised in\n%s\ncheck says %v", said, v.Findings)
				}
				followedAdvice++
			}
			theirs, tomcatSends := sentBy(fmt.Sprintf("127.0.0.1:%d", ports[i]))
			if last := verdicts[len(verdicts)-1]; tomcatSends && strings.Count(host, "<Certificate ") == 1 {
				if ours := last.served(); !slices.Equal(ours, theirs) {
					t.Errorf("check lists %q, Tomcat sends %q", ours, theirs)
				}
				compared++
			}
			if addr != "" {
				if ours, _ := sentBy(addr); !slices.Equal(ours, theirs) {
					t.Errorf("serve sends %q, Tomcat %q", ours, theirs)
				}
			}
			if !tomcatSends && last(verdicts).Status == "healthy" {
				t.Errorf("healthy, but Tomcat does not serve it:\n%s", tomcat.Log())
			}
		})
	}
	if followedAdvice < 10 {
		t.Errorf("advice was followed %d times only", followedAdvice)
	}
	if compared < 60 {
		t.Errorf("only %d of %d connectors compared", compared, len(hosts))
	}
}

// chainFile is the attribute that the advice is about.
var chainFile = regexp.MustCompile(` certificateChainFile="[^"]*"`)

// followed is the host as serve advises to have it, where it names a file that
// holds the chain; empty where it does not.
func followed(host, said string) string {
	named := regexp.MustCompile(`set certificateFile to (\S+), and leave certificateChainFile out`).FindStringSubmatch(said)
	switch {
	case named != nil:
		host = regexp.MustCompile(`certificateFile="[^"]*"`).ReplaceAllString(host, `certificateFile="`+named[1]+`"`)
	case !strings.Contains(said, "leave certificateChainFile out"):
		return ""
	}
	return chainFile.ReplaceAllString(host, "")
}

func last(list []verdict) verdict { return list[len(list)-1] }

// verdict is what of check's JSON matters here.
type verdict struct {
	Path, Status, Serves string
	Findings             []struct{ ID, Severity, Text string }
	Entries              []struct {
		Alias string
		Chain []struct{ SHA256 string }
	}
}

// served are the digests of the chain that is served.
func (v verdict) served() (list []string) {
	for _, e := range v.Entries {
		if e.Alias == v.Serves {
			for _, c := range e.Chain {
				list = append(list, strings.ToLower(strings.ReplaceAll(c.SHA256, ":", "")))
			}
		}
	}
	return list
}

// checked is what check says of a server.xml with that connector only.
func checked(t *testing.T, base, host string) (list []verdict) {
	t.Helper()
	path := filepath.Join(base, "conf", "one.xml")
	xml := `<Server><Service name="Catalina"><Connector port="8443" SSLEnabled="true">` + host + `</Connector></Service></Server>`
	if err := os.WriteFile(path, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(plainProgram(t, "gokeytool"), "check", "-json", "-tomcat", "10", path)
	cmd.Env = append(os.Environ(), "CATALINA_BASE="+base)
	out, _ := cmd.Output() // exit code 1 where there is something to find
	var report struct{ Keystores []verdict }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(report.Keystores) < 2 {
		t.Fatalf("check says %s", out)
	}
	return report.Keystores
}

// failed are the lines of serve for checks that failed.
var failed = regexp.MustCompile(`(?m)^  FAIL  ([a-z ]+[a-z]) +(.*)$`)

// sameVerdict compares what check and serve say of a connector.
func sameVerdict(t *testing.T, verdicts []verdict, said string, refused bool) {
	t.Helper()
	var wrong []string // with check
	for _, v := range verdicts {
		for _, f := range v.Findings {
			if f.Severity == "error" {
				wrong = append(wrong, f.ID+": "+f.Text)
			}
		}
	}
	lines := failed.FindAllStringSubmatch(said, -1)
	if (len(wrong) > 0) != (refused || len(lines) > 0) {
		t.Errorf("check finds %q, serve says:\n%s", wrong, said)
	}
	for _, line := range lines {
		if !slices.ContainsFunc(wrong, func(text string) bool { return strings.Contains(text, line[2]) }) {
			t.Errorf("serve says %q, check %q", line[2], wrong)
		}
	}
	for _, text := range wrong {
		id, detail, _ := strings.Cut(text, ": ")
		if strings.HasPrefix(id, "chain-") || id == "key-mismatch" || id == "host-name" {
			if !strings.Contains(said, detail) {
				t.Errorf("check says %q, serve:\n%s", text, said)
			}
		}
	}
}

// sentBy are the digests of the chain that a server sends.
func sentBy(addr string) (list []string, sends bool) {
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "www.example.com", VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
		for _, der := range raw {
			sum := sha256.Sum256(der)
			list = append(list, hex.EncodeToString(sum[:]))
		}
		return nil
	}}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", addr, config)
	if err != nil {
		return list, len(list) > 0
	}
	conn.Close()
	return list, true
}
