package commands_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gokeytool/commands"
	"gokeytool/internal/console"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// forged begins each line that a name would like to add to the output.
const forged = "FORGED"

// evilText is what whoever controls a name may write into it: it steers the
// terminal, hides, turns text around and adds lines. evilFile is the same for
// names of files and words of a command line, which need not be UTF-8.
const (
	evilText = "\x1b]0;t\x07\x1b[2J\u009b31m\u0085" + forged + "\n" + forged + "\r\n" + forged + "\r" + forged + "\u2028" + forged +
		"\v\f\b\x7f\u202e\u2066\u200f\u061c\u200b\u00ad\u3164\ufe0f\U000e0041\ufeff"
	evilFile  = evilText + "\xff\x9b\xed\xa0\x80"
	evilASCII = "\x1b]0;t\x07\x1b[2J\n" + forged + "\r\n" + forged + "\v\f\b\x7f"
)

// arrives says what of an output should not have arrived: nil if all is well.
func arrives(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("bytes that are not UTF-8 in %q", text)
	}
	for i, c := range text {
		if !console.Visible(c) && c != '\n' && c != '\t' && !strings.HasPrefix(text[i:], "\r\n") {
			return fmt.Errorf("%U in %q", c, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.ToUpper(line), forged) {
			return fmt.Errorf("a forged line in %q", text)
		}
	}
	return nil
}

// evilMaker makes files with evilText wherever a text can stand in them.
type evilMaker struct {
	t   *testing.T
	key *rsa.PrivateKey // so short that Java warns of it, by its alias
	der []byte          // a certificate that Go reads
}

// evilName is a name; one that is not strict has what Go does not read.
func evilName(strict bool) pkix.Name {
	name := pkix.Name{CommonName: evilText, Organization: []string{evilText}, OrganizationalUnit: []string{evilText}, Locality: []string{evilText}}
	if !strict {
		name.ExtraNames = []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(evilText)}},
			{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(evilText)}},
		}
	}
	return name
}

// generalNames are names of all kinds that are text.
func generalNames(strict bool) []byte {
	name := must(asn1.Marshal(evilName(strict).ToRDNSequence()))
	text := []byte(evilText)
	if strict {
		text := []byte(evilASCII)
		return tlv(0x30, tlv(0x81, text), tlv(0x82, text), tlv(0xa4, name), tlv(0x82, []byte("localhost")))
	}
	return tlv(0x30, tlv(0x81, text), tlv(0x82, text), tlv(0x86, text), tlv(0xa4, name), tlv(0x82, []byte("localhost")),
		tlv(0xa0, []byte("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03"), tlv(0xa0, tlv(0x0c, text))))
}

// must is a value that a test needs; where there is none it ends.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (m *evilMaker) template(strict bool) *x509.Certificate {
	point := tlv(0x86, []byte(evilText))
	access := tlv(0x30, []byte("\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01"), point)
	policy := tlv(0x30, []byte("\x06\x03\x2a\x03\x04"), tlv(0x30,
		tlv(0x30, []byte("\x06\x08\x2b\x06\x01\x05\x05\x07\x02\x01"), tlv(0x16, []byte(evilText))),
		tlv(0x30, []byte("\x06\x08\x2b\x06\x01\x05\x05\x07\x02\x02"), tlv(0x30, tlv(0x0c, []byte(evilText))))))
	ext := func(value []byte, oid ...int) pkix.Extension { return pkix.Extension{Id: oid, Value: value} }
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: evilName(strict), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(20 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, SubjectKeyId: []byte(evilText),
		ExtraExtensions: []pkix.Extension{
			ext(generalNames(strict), 2, 5, 29, 17), ext([]byte(evilText), 1, 2, 3),
		},
	}
	if !strict {
		c.ExtraExtensions = append(c.ExtraExtensions,
			ext(generalNames(strict), 2, 5, 29, 18),
			ext(tlv(0x30, tlv(0x30, tlv(0xa0, tlv(0xa0, point)))), 2, 5, 29, 31),
			ext(tlv(0x30, policy), 2, 5, 29, 32),
			ext(tlv(0x30, access), 1, 3, 6, 1, 5, 5, 7, 1, 1),
			ext(tlv(0x30, tlv(0xa0, tlv(0x30, point))), 2, 5, 29, 30),
			ext([]byte(evilText), 2, 5, 29, 36)) // of a known kind, and unreadable
	}
	return c
}

func (m *evilMaker) certificate(strict bool) []byte {
	return must(x509.CreateCertificate(rand.Reader, m.template(strict), m.template(strict), m.key.Public(), m.key))
}

// keystore has a key and a certificate under evil aliases.
func (m *evilMaker) keystore(typ store.Type) []byte {
	s := store.New(typ)
	password := []byte("changeit")
	chain := []entry.Certificate{entry.X509(m.der)}
	for _, err := range []error{
		s.SetKey("key"+evilText, entry.Key{PKCS8: must(x509.MarshalPKCS8PrivateKey(m.key))}, password, chain, time.Now()),
		s.SetKey("other"+evilText, entry.Key{PKCS8: must(x509.MarshalPKCS8PrivateKey(m.key))}, password, chain, time.Now()),
		s.SetCertificate("cert"+evilText, entry.X509(m.certificate(false)), time.Now()),
	} {
		if err != nil {
			m.t.Fatal(err)
		}
	}
	return must(s.Bytes(password))
}

// jar is signed by jarsigner, if there is one, and then one of its files, whose
// name is evil, is changed.
func (m *evilMaker) jar(dir, keystore, alias string) (whole, changed []byte) {
	java := testtool.Keytool(m.t)
	jarsigner := filepath.Join(filepath.Dir(must(filepath.EvalSymlinks(java))), "jarsigner")
	const name = "a\x1b[2J\u202e\u009b.txt"
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	must(must(w.Create(name)).Write([]byte("text")))
	if err := w.Close(); err != nil {
		m.t.Fatal(err)
	}
	file := write(m.t, dir, "a.jar", data.Bytes())
	testtool.Run(m.t, jarsigner, "-keystore", keystore, "-storepass", "changeit", file, alias)
	whole = must(os.ReadFile(file))
	r := must(zip.NewReader(bytes.NewReader(whole), int64(len(whole))))
	data.Reset()
	w = zip.NewWriter(&data)
	for _, f := range r.File {
		body := must(io.ReadAll(must(f.Open())))
		if f.Name == name {
			body = []byte("other")
		}
		must(must(w.Create(f.Name)).Write(body))
	}
	if err := w.Close(); err != nil {
		m.t.Fatal(err)
	}
	return whole, data.Bytes()
}

// evilLines have every command meet evil text in what it reads and in what is
// typed. KEYS are the keystores in turn; EVIL is evilFile.
var evilLines = []string{
	"certreq -alias ALIAS KEYS", "certreq -alias EVIL KEYS", "certreq -alias ALIAS -file FILE/new KEYS",
	"chain KEYS", "chain -alias EVIL KEYS",
	"changealias -alias ALIAS -destalias EVIL COPY", "changealias -alias ALIAS -destalias CERT COPY", "rename ALIAS EVIL COPY",
	"check KEYSFILE", "check -v KEYSFILE -storepass changeit", "check -json -v FILE", "check -prometheus - FILE", "check FILE/nothing", "check -within EVIL",
	"completion EVIL",
	"convert KEYSFILE FILE/new.p12 -storepass changeit", "convert KEYSFILE -to EVIL", "convert KEYSFILE FILE/new.pem -storepass changeit", "convert KEYSFILE - -to pem -storepass changeit",
	"delete -alias EVIL KEYS", "delete -alias ALIAS -backup COPY", "delete COPY",
	"diff KEYSFILE KEYSFILE2 -storepass changeit", "diff KEYSFILE FILE/nothing", "diff KEYSFILE SERVER -storepass changeit",
	"dev -dir FILE/dev -host localhost", "dev -dir FILE/dev2 -host EVIL", "dev -client EVIL -dir FILE/dev3",
	"explain -list -keystore EVIL -alias EVIL -storepass EVIL", "explain -EVIL", "explain genkeypair -dname EVIL -ext EVIL -keystore EVIL", "explain EVIL",
	"exportcert -alias ALIAS -rfc KEYS", "exportcert -alias EVIL KEYS", "exportcert -alias ALIAS -file FILE/new.cer KEYS", "exportcert -alias ALIAS -format EVIL KEYS",
	"export -bundle - KEYS", "export -alias ALIAS -fullchain KEYS", "export -alias CERT -key KEYS",
	"gencert -alias ALIAS -infile REQUEST -rfc KEYS", "gencert -alias ALIAS -infile REQUEST -ext EVIL KEYS", "gencert -alias ALIAS -infile REQUEST -outfile FILE/new2.cer KEYS", "gencert -alias ALIAS -infile FILE/nothing KEYS",
	"gencrl -alias ALIAS -id 1 -rfc KEYS", "gencrl -alias EVIL -id EVIL KEYS", "gencrl -alias ALIAS -id EVIL KEYS",
	"genkeypair -alias EVIL -keyalg EC -dname CN=a COPY", "genkeypair -alias n -keyalg EC -dname EVILNAME COPY", "genkeypair -alias n -keyalg EVIL COPY", "genkeypair -alias ALIAS -keyalg EC COPY",
	"genkeypair -alias n -keyalg EC -groupname EVIL COPY", "genkeypair -alias n -keyalg EC COPY", "genkeypair -alias m -signer ALIAS -keyalg EC -dname CN=m COPY", "genkeypair -alias n -keyalg RSA -sigalg EVIL -dname CN=a COPY", "genkeypair -alias n -keyalg EC -dname CN=a -startdate EVIL COPY",
	"genseckey -alias EVIL -keyalg AES -keysize 128 COPY", "genseckey -alias n -keyalg EVIL COPY",
	"help EVIL", "-help -EVIL", "identitydb -file EVIL",
	"importcert -alias EVIL -file CERTFILE COPY", "importcert -alias n -file CERTFILE COPY", "importcert -alias n -file FILE/nothing COPY", "importcert -alias ALIAS -file CERTFILE COPY", "importcert -alias CERT -file CERTFILE COPY", "importcert -noprompt -alias n -file CERTFILE -json COPY",
	"import -bundle CERTFILE -noprompt COPY", "import -bundle FILE -noprompt COPY", "import -keyfile KEYFILE -file CERTFILE -alias EVIL COPY", "import -keyfile EVIL COPY",
	"importkeystore -srckeystore KEYSFILE -srcstorepass changeit -destkeystore FILE/new5.p12 -deststorepass changeit",
	"importkeystore -srckeystore KEYSFILE -srcstorepass changeit -destkeystore COPYFILE -deststorepass changeit",
	"importkeystore -noprompt -srckeystore KEYSFILE -srcstorepass changeit -destkeystore COPYFILE -deststorepass changeit",
	"importkeystore -srckeystore KEYSFILE -srcstorepass changeit -srcalias EVIL -destkeystore COPYFILE -deststorepass changeit", "importkeystore -srckeystore EVIL -destkeystore COPYFILE -deststorepass changeit",
	"importkeystore -srckeystore KEYSFILE -srcstorepass EVIL -destkeystore COPYFILE -deststorepass changeit", "importkeystore -json -noprompt -srckeystore KEYSFILE -srcstorepass changeit -destkeystore COPYFILE -deststorepass changeit",
	"importpass -alias EVIL COPY", "importpass -alias n -keyalg EVIL COPY",
	"keyclone -alias ALIAS -dest EVIL COPY", "keyclone -alias ALIAS -new changeit -dest CERT COPY",
	"keypasswd -alias ALIAS COPY", "keypasswd -alias EVIL COPY", "keypasswd -same COPY", "keypasswd -alias ALIAS -new changeit2 COPY",
	"list KEYS", "list -v KEYS", "list -rfc KEYS", "list -json KEYS", "list -alias EVIL KEYS", "list -alias ALIAS KEYS", "list -alias ALIAS -v KEYS", "list -keystore KEYSFILE", "list -keystore KEYSFILE -storepass wrong1",
	"list -keystore FILE/nothing", "list -storetype EVIL KEYS", "list -providername EVIL KEYS", "list -conf FILE/nothing", "list -storepass:env EVIL", "list -storepass:file FILE/nothing", "list -EVIL", "list EVIL", "list -keystore CERTFILE", "list -maxIterations EVIL",
	"man FILE/man", "migrate COPYFILE -storepass changeit",
	"printcert -file CERTFILE", "printcert -v -file CERTFILE", "printcert -json -file CERTFILE", "printcert -rfc -file CERTFILE", "printcert -file FILE/nothing", "printcert -jarfile JAR", "printcert -jarfile CHANGED", "printcert -json -jarfile JAR", "printcert -rfc -jarfile JAR",
	"printcert -jarfile FILE/nothing", "printcert -sslserver SERVER", "printcert -sslserver EVIL", "printcert -json -sslserver SERVER",
	"printcertreq -file REQUEST", "printcertreq -json -file REQUEST", "printcertreq -file CERTFILE",
	"printcrl -file CRL KEYS", "printcrl -json -file CRL KEYS", "printcrl -file CERTFILE", "printcrl -file EVIL",
	"probe SERVER", "probe -json SERVER", "probe EVIL", "probe SERVER -against KEYSFILE -storepass changeit",
	"renew COPYFILE -storepass changeit", "renew -alias EVIL COPYFILE", "renew -alias ALIAS -signer CERT COPY",
	"selfcert -alias ALIAS COPY", "selfcert -alias EVIL COPY", "selfcert -v -alias ALIAS COPY",
	"serve -port EVIL", "serve -serverxml SERVERXML", "serve -serverxml SERVERXML -context EVIL", "serve -keystore KEYSFILE -storepass wrong1", "serve -alias EVIL KEYS", "serve -accesslog EVIL KEYS",
	"sessionid -jvmRoute EVIL", "sessionid -serverxml SERVERXML", "sessionid -serverxml SERVERXML -context EVIL", "showinfo -EVIL", "showinfo",
	"smoke KEYS", "smoke -json KEYS", "smoke -alias EVIL KEYS", "smoke -serverxml SERVERXML",
	"storepasswd -new changeit2 COPY", "storepasswd -keystore FILE/nothing",
	"acme -host EVIL -acmeDir FILE/acme COPY", "acme -alias ALIAS -acmeDir FILE/acme COPY", "acme -alias EVIL -acmeDir FILE/acme COPY", "acme -host a.example.com -directory EVIL -acmeDir FILE/acme COPY",
	"acme -json -host EVIL -acmeDir FILE/acme COPY", "acme -host a.example.com -alias n -directory https://127.0.0.1:1/EVIL -acmeDir FILE/acme COPY", "acme -host a.example.com -alias n -via EVIL -acmeDir FILE/acme COPY",
	"acme -host a.example.com -alias n -directory https://127.0.0.1:1/ -caFile FILE/nothing -acmeDir FILE/acme COPY", "acme -host a.example.com -serverxml SERVERXML -acmeDir FILE/acme",
	"acme -revoke -alias ALIAS -acmeDir FILE/acme COPY", "acme -account -acmeDir FILE/acme", "acme -certfile EVIL -acmeDir FILE/acme", "serve -acme -host EVIL -agree -acmeDir FILE/acme COPY",
	"tomcat-config KEYSFILE -storepass changeit", "tomcat-config KEYSFILE -server nginx -alias ALIAS", "tomcat-config KEYSFILE -server spring-boot -alias ALIAS", "tomcat-config KEYSFILE -server kafka", "tomcat-config KEYSFILE -server EVIL", "tomcat-config KEYSFILE -tomcat 7",
	"trust SERVER COPY", "trust SERVER -noprompt -alias EVIL COPY", "trust EVIL COPY", "trustmark COPYFILE -storepass changeit", "trustmark EVIL",
	"version EVIL", "version", "EVIL", "-EVIL", "-list -EVIL", "-list -keystore", "--generate-completion", "list -keystore KEYSFILE -alias --generate-completion",
	"list -keyst=EVIL", "list -Djavax.net.ssl.keyStore=EVIL", "-list -J-Duser.home=EVIL -v", "list -J-Djava.security.properties=EVIL KEYS", "-list -debug -alias EVIL KEYS",
}

// TestEvilText runs them all, in both styles, for a pipe and for a terminal in
// turns.
// What arrives is text in lines of our own, and JSON that is none the worse.
func TestEvilText(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS == "windows" {
		t.Skip("files have no such names there")
	}
	m := &evilMaker{t: t, key: must(rsa.GenerateKey(rand.Reader, 1024))}
	m.der = m.certificate(true)
	evilDir := filepath.Join(dir, "d"+evilFile)
	if err := os.Mkdir(evilDir, 0o700); err != nil {
		t.Fatal(err)
	}
	keystores := map[string][]byte{"k.jks": m.keystore(store.JKS), "k.p12": m.keystore(store.PKCS12), "k.jceks": m.keystore(store.JCEKS)}
	for name, data := range keystores {
		write(t, evilDir, name+evilFile, data)
	}
	plain := write(t, dir, "signer.jks", func() []byte {
		s := store.New(store.JKS)
		if err := s.SetKey("k", entry.Key{PKCS8: must(x509.MarshalPKCS8PrivateKey(m.key))}, []byte("changeit"), []entry.Certificate{entry.X509(m.der)}, time.Now()); err != nil {
			t.Fatal(err)
		}
		return must(s.Bytes([]byte("changeit")))
	}())
	jar, changed := m.jar(dir, plain, "k")
	files := map[string]string{
		"CERTFILE": write(t, evilDir, "certificate", m.certificate(false)),
		"REQUEST": write(t, evilDir, "request", must(x509.CreateCertificateRequest(rand.Reader,
			&x509.CertificateRequest{Subject: evilName(false), ExtraExtensions: m.template(false).ExtraExtensions}, m.key))),
		"CRL": write(t, evilDir, "list", must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 28}, Value: tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, []byte(evilText)))))}},
			RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: time.Now(), ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 29}, Value: generalNames(false)}}}},
		}, m.template(false), m.key))),
		"KEYFILE": write(t, evilDir, "key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(m.key))})),
		"JAR":     write(t, evilDir, "jar", jar), "CHANGED": write(t, evilDir, "changed", changed),
		"SERVERXML": write(t, evilDir, "server.xml", []byte(`<Server><Service><Connector port="&#x85;x" SSLEnabled="true" keystoreFile="&#x202e;k&#x9b;31m" keystorePass="${a}" ciphers="&#x202e;" keyAlias="&#xa;FORGED"`+
			` sslEnabledProtocols="&#x85;FORGED,&#xa;FORGED" unknown&#x9b;="x"/><Connector port="8443" SSLEnabled="true" protocol="&#xa;FORGED"><SSLHostConfig hostName="&#xa;FORGED&#x202e;" protocols="&#xa;FORGED&#x202e;"><Certificate type="&#xa;FORGED" certificateKeystoreFile="&#xa;FORGED"/></SSLHostConfig></Connector></Service></Server>`)),
		"FILE": evilDir, "EVILNAME": "CN=" + strings.NewReplacer(",", `\,`, "+", `\+`, ";", `\;`).Replace(evilText),
		"EVIL": evilFile, "ALIAS": "key" + evilText, "CERT": "cert" + evilText, "SERVER": evilServer(t, m),
		"KEYSFILE2": filepath.Join(evilDir, "k.jks"+evilFile),
	}
	names := []string{"k.jks", "k.p12", "k.jceks"}
	t.Chdir(evilDir)
	table, shown := make(map[string]bool), 0
	for i, line := range evilLines {
		name := names[i%len(names)]
		for n, style := range []string{"gokeytool", "keytool"} {
			terminal := (i+n)%2 > 0
			copied := write(t, evilDir, "copy"+name+evilFile, keystores[name])
			words := []string{}
			for _, word := range strings.Fields(line) {
				switch word {
				case "KEYS":
					words = append(words, "-keystore", filepath.Join(evilDir, name+evilFile), "-storepass", "changeit")
					continue
				case "COPY":
					words = append(words, "-keystore", copied, "-storepass", "changeit")
					continue
				case "KEYSFILE":
					word = filepath.Join(evilDir, name+evilFile)
				case "COPYFILE":
					word = copied
				default:
					before, file := "", word
					if at := strings.LastIndexAny(word, "=-"); at >= 0 {
						before, file = word[:at+1], word[at+1:]
					}
					first, rest, deeper := strings.Cut(file, "/")
					if value, ok := files[first]; ok {
						if deeper {
							value = filepath.Join(value, rest)
						}
						word = before + value
					}
				}
				words = append(words, word)
			}
			table[words[0]] = true
			if style == "keytool" && len(words) > 0 && !strings.HasPrefix(words[0], "-") {
				words[0] = "-" + words[0]
			}
			json, out, code := evilRun(style, terminal, words...)
			if strings.Contains(out, `\u009b`) {
				shown++
			}
			if err := arrives(out); err != nil {
				t.Errorf("%s %s (terminal: %v): %v", style, line, terminal, err)
			}
			if strings.Contains(" "+line+" ", " -json ") && code == 0 && style == "gokeytool" && !validJSON(json) {
				t.Errorf("%s: no JSON:\n%s", line, json)
			}
		}
	}
	if shown < len(evilLines) {
		t.Errorf("evil text, escaped, in %d outputs of %d lines only", shown, len(evilLines))
	}
	for _, command := range must(evilCommands()) {
		if !table[command] {
			t.Errorf("the command %s meets no evil text here", command)
		}
	}
}

// painted are the control sequences of our own.
var painted = regexp.MustCompile("\x1b\\[3[123]m(ok|warn|warning|error|FAIL|\\?)( *)\x1b\\[m")

// validJSON says whether a text is one value of JSON.
func validJSON(text string) bool { return json.Valid([]byte(text)) }

// evilRun runs a line in this process and returns what it prints on the standard
// output, and on both streams.
func evilRun(program string, terminal bool, words ...string) (stdout, all string, code int) {
	var out, screen bytes.Buffer
	w, both := console.NewWriter(&screen), console.NewWriter(io.MultiWriter(&out, &screen))
	w.Terminal, w.Colour, both.Terminal, both.Colour = terminal, terminal, terminal, terminal
	env := &commands.Env{
		Stdin: strings.NewReader(strings.Repeat(evilText+"\nyes\n\n", 20)), Stdout: both, Stderr: w,
		LookupEnv: func(name string) (string, bool) {
			value, ok := map[string]string{"GOKEYTOOL_HINTS": "on", "TERM": "xterm"}[name]
			return value, ok
		},
		Now: time.Now, Home: os.TempDir,
	}
	code = commands.Main(append([]string{program}, words...), env)
	return out.String(), painted.ReplaceAllString(screen.String(), "$1$2"), code
}

// evilCommands are all commands there are.
func evilCommands() ([]string, error) {
	out, _, _ := evilRun("gokeytool", false, "--generate-completion")
	list := strings.Fields(out)
	if len(list) < 30 {
		return nil, fmt.Errorf("too few commands: %q", list)
	}
	return list, nil
}

// evilServer shows the evil certificate, and returns where.
func evilServer(t *testing.T, m *evilMaker) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	serveTLS(listener, m.der, m.key)
	return listener.Addr().String()
}

// serveTLS answers handshakes until the listener is closed.
func serveTLS(listener net.Listener, der []byte, key crypto.Signer) {
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS10}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				server := tls.Server(conn, config)
				_ = server.Handshake()
				_, _ = io.Copy(io.Discard, server)
			}()
		}
	}()
}

// TestEvilRequests has a client with an evil certificate send evil requests to
// serve: what it answers, on its page and in its documents, and what it logs in each
// format is as harmless as what the other commands print.
func TestEvilRequests(t *testing.T) {
	dir := t.TempDir()
	m := &evilMaker{t: t, key: must(rsa.GenerateKey(rand.Reader, 2048))}
	m.der = m.certificate(true)
	truststore := store.New(store.JKS)
	if err := truststore.SetCertificate("a", entry.X509(m.der), time.Now()); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "t.jks", must(truststore.Bytes([]byte("changeit"))))
	write(t, dir, "k.jks", m.keystore(store.JKS))
	requests := []string{"GET / HTTP/1.1", "GET /api/echo?x=\u202e\u009b HTTP/1.1", "GET /api/tls HTTP/1.1", "GET /api/certificates HTTP/1.1", "GET /\u202e\u009b\x7f HTTP/1.1",
		"GET /%1b%0a" + forged + " HTTP/1.1", "EV\u202eIL / HTTP/1.1", "GET http://\u202e/ HTTP/1.1", "GET / HTTP/1.1\u009b"}
	for _, format := range []string{"common", "json"} {
		var log screen
		cmd := exec.Command(filepath.Join(programs, "gokeytool"), "serve", "-keystore", "k.jks", "-storepass", "changeit", "-port", "0", "-portfile", "port"+format, "-v", "-accesslog", format,
			"-clientAuth", "want", "-truststoreFile", "t.jks", "-truststorePassword", "changeit", "-force", "-for", "1m")
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		port := ""
		for deadline := time.Now().Add(20 * time.Second); port == "" && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			text, _ := os.ReadFile(filepath.Join(dir, "port"+format))
			port = strings.TrimSpace(string(text))
		}
		answered := 0
		for i, request := range requests {
			config := &tls.Config{InsecureSkipVerify: true, ServerName: "evil\x1b\u202e\u009b.example"}
			if i%2 == 0 {
				config.Certificates = []tls.Certificate{{Certificate: [][]byte{m.der}, PrivateKey: m.key}}
			}
			conn, err := tls.Dial("tcp", "127.0.0.1:"+port, config)
			if err != nil {
				t.Fatal(err, log.text())
			}
			fmt.Fprintf(conn, "%s\r\nHost: localhost\r\nUser-Agent: \u202e\u009b%s\r\nX-Evil: \u202e\u009b\r\nConnection: close\r\n\r\n", request, forged)
			answer, _ := io.ReadAll(conn)
			conn.Close()
			if bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
				answered++
			}
			text := string(answer)
			if strings.Contains(text, "text/html") { // there a line end is a blank
				text = strings.ReplaceAll(text, "\n", " ")
				text = strings.ReplaceAll(text, "\r ", " ")
			}
			if err := arrives(text); err != nil {
				t.Errorf("%q: %v", request, err)
			}
		}
		if answered < 4 {
			t.Errorf("%d answers", answered)
		}
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if err := arrives(log.text()); err != nil || !strings.Contains(log.text(), "GET /api/tls") && !strings.Contains(log.text(), `"/api/tls"`) {
			t.Errorf("%s: %v\n%s", format, err, log.text())
		}
	}
}

// TestEvilTerminal has commands meet evil aliases and file names at a terminal, and
// ask their questions about them.
func TestEvilTerminal(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux's pseudo-terminals")
	}
	dir := t.TempDir()
	m := &evilMaker{t: t, key: must(rsa.GenerateKey(rand.Reader, 1024))}
	m.der = m.certificate(true)
	source := write(t, dir, "k"+evilFile+".jks", m.keystore(store.JKS))
	target := filepath.Join(dir, "n"+evilFile+".jks")
	const overwrite = " exists, overwrite? [no]:  "
	for _, test := range []struct {
		line      []string
		questions []question
	}{
		{[]string{"list", "-v", "-keystore", source}, []question{{prompt: "Enter keystore password:  ", answer: "changeit", secret: true}}},
		{[]string{"check", "-v", source}, nil},
		{[]string{"smoke", "-keystore", source, "-storepass", "changeit"}, nil},
		{[]string{"importkeystore", "-srckeystore", source, "-srcstorepass", "changeit", "-destkeystore", target, "-deststorepass", "changeit", "-deststoretype", "jks"},
			[]question{{prompt: overwrite, answer: "yes"}, {prompt: overwrite, answer: "yes"}, {prompt: overwrite, answer: "no"}, {prompt: "for this entry):  ", answer: "new"}}},
		{[]string{"keypasswd", "-alias", "key" + evilText, "-keystore", target, "-storepass", "changeit", "-keypass", "changeit"}, []question{{prompt: "New key password for <", answer: "changeit3", secret: true}, {prompt: "Re-enter new key password for <", answer: "changeit3", secret: true}}},
		{[]string{"list", "-storepass", "changeit", "-keystore"}, nil},
	} {
		for _, program := range []string{"gokeytool", "keytool"} {
			write(t, dir, filepath.Base(target), m.keystore(store.JKS))
			words := test.line
			if program == "keytool" {
				words = append([]string{"-" + words[0]}, words[1:]...)
			}
			cmd := exec.Command(plainProgram(t, program), words...)
			cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=")
			screen, err := talk(cmd, test.questions)
			if _, exit := errors.AsType[*exec.ExitError](err); err != nil && !exit {
				t.Fatal(err)
			}
			for _, q := range test.questions { // what was typed is on the screen as it was typed
				screen = strings.ReplaceAll(screen, q.answer, "")
			}
			screen = progressed.ReplaceAllString(painted.ReplaceAllString(screen, "$1$2"), "")
			if err := arrives(screen); err != nil {
				t.Errorf("%s %s: %v", program, test.line[0], err)
			}
			if len(test.questions) > 0 && !strings.Contains(screen, `\u009b`) {
				t.Errorf("%s %s: %s", program, test.line[0], screen)
			}
		}
	}
}

// progressed is a line that says how far long work has come.
var progressed = regexp.MustCompile("\r[^\r\n]*\x1b\\[K")
