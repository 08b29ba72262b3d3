package commands_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// serve starts serve with these words, and returns its port, its process and what it
// prints; it is ended with the test.
func (o *onToken) serve(words ...string) (port string, process *os.Process, log *screen) {
	o.Helper()
	file := filepath.Join(o.TempDir(), "port")
	cmd := exec.Command(plainProgram(o, "gokeytool"), append([]string{"serve", "-port", "0", "-portfile", file}, words...)...)
	log = new(screen)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = o.dir, o.env, log, log
	if err := cmd.Start(); err != nil {
		o.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	o.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); <-ended })
	testtool.WaitFor(o, func() bool {
		select {
		case <-ended:
			o.Fatalf("serve has ended:\n%s", log.text())
		default:
		}
		data, err := os.ReadFile(file)
		port = strings.TrimSpace(string(data))
		return err == nil && bytes.HasSuffix(data, []byte("\n"))
	})
	return port, cmd.Process, log
}

// shake makes a handshake.
func shake(port string, version uint16) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 30 * time.Second}, "tcp", "127.0.0.1:"+port, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
	if err == nil {
		conn.Close()
	}
	return err
}

// TestServeToken serves the keys of a token: to many at once, while it is away and
// after that. Its PIN is tried once, and changeit never.
func TestServeToken(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	pin := o.file("pin", "1234\n")
	for _, kind := range []string{"rsa RSA", "ec EC", "ed Ed25519"} {
		alias, algorithm, _ := strings.Cut(kind, " ")
		o.good("genkeypair -keystore TOKEN -storepass:file pin -alias " + alias + " -keyalg " + algorithm + " -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth,clientAuth")
	}
	o.good("smoke -keystore TOKEN -storepass:file pin", `opens +PKCS11, 3 entries, of token "tok"`, "<ed>\n", "All checks hold")
	o.bad("serve -keystore TOKEN -port 0 -once", "needs its PIN")
	if flags := o.Flags(t); strings.Contains(flags, "count low") {
		t.Errorf("a PIN was guessed:\n%s", flags)
	}

	port, process, log := o.serve("-keystore", o.URI(), "-storepass:file", pin, "-alias", "rsa")
	var clients sync.WaitGroup
	failed := make(chan error, 200)
	for i := range 200 {
		clients.Go(func() {
			if err := shake(port, []uint16{tls.VersionTLS12, tls.VersionTLS13}[i%2]); err != nil {
				failed <- err
			}
		})
	}
	clients.Wait()
	if close(failed); len(failed) > 0 {
		t.Errorf("%d of 200 handshakes at once fail: %v\n%s", len(failed), <-failed, log.text())
	}
	if err := process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, log, "Reloaded: the certificates are the same")
	dir := filepath.Join(o.Dir, "tokens")
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if shake(port, tls.VersionTLS13) == nil {
			t.Error("a handshake without the token")
		}
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 100 {
		if err = shake(port, tls.VersionTLS13); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Errorf("the token is back: %v\n%s", err, log.text())
	}
	eventually(t, log, "the token signs again")
	if n := strings.Count(log.text(), "the token does not sign"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.text())
	}
	if strings.Contains(log.text(), o.PIN) || strings.Contains(o.Flags(t), "count low") {
		t.Errorf("%s", log.text())
	}
}

// eventually waits until a text is printed.
func eventually(t *testing.T, log *screen, text string) {
	t.Helper()
	testtool.WaitFor(t, func() bool { return strings.Contains(log.text(), text) })
}

// TestProbeWithToken shows a server that asks for it a certificate with a key on a token.
func TestProbeWithToken(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	openssl := testtool.Look(t, "openssl")
	o.file("pin", "1234\n")
	o.good("genkeypair -keystore TOKEN -storepass:file pin -alias me -keyalg RSA -dname CN=me -ext eku=clientAuth")
	testtool.Run(t, openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
		"-keyout", filepath.Join(o.dir, "key.pem"), "-out", filepath.Join(o.dir, "cert.pem"))
	port := freePort(t)
	cmd := exec.Command(openssl, "s_server", "-accept", "127.0.0.1:"+port, "-cert", "cert.pem", "-key", "key.pem", "-Verify", "1", "-quiet", "-www")
	log := new(screen)
	cmd.Dir, cmd.Stdout, cmd.Stderr = o.dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	r := o.run("", "probe localhost:"+port+" -truststoreFile cert.pem -keystore TOKEN -storepass:file pin -alias me")
	if !strings.Contains(r.out, "TLSv1.3") || !strings.Contains(log.text(), "CN=me") && !strings.Contains(log.text(), "CN = me") {
		t.Errorf("exit %d\n%s%s\nthe server:\n%s", r.code, r.out, r.err, log.text())
	}
}

// TestCheckToken gives verdicts on a token, with its PIN, without, and of a server.xml.
func TestCheckToken(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.file("pin", "1234\n")
	o.good("genkeypair -keystore TOKEN -storepass:file pin -alias web -keyalg EC -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth")
	o.good("genkeypair -keystore TOKEN -storepass:file pin -alias WEB -keyalg EC -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth -validity 3")
	r := o.run("", "check TOKEN -storepass:file pin -v")
	o.match("check", r, []string{`PKCS11 +2 keys`, `alias-case: <\w+> the aliases`, `expires-soon: <WEB>`})
	r = o.run("", "check TOKEN")
	o.match("check", r, []string{`pin: it needs its PIN, and none was given`})
	if r.code != 2 {
		t.Errorf("without PIN: exit %d", r.code)
	}
	for name, text := range map[string]string{
		"t/conf/p11.cfg":       "name = Tok\nlibrary = " + o.Module + "\nslotListIndex = 0\n",
		"t/conf/java.security": "security.provider.13=SunPKCS11 ${catalina.base}/conf/p11.cfg\n",
		"t/bin/setenv.sh":      `CATALINA_OPTS="-Djava.security.properties=$CATALINA_BASE/conf/java.security"` + "\n",
	} {
		testtool.WriteFiles(t, o.dir, map[string]string{name: text})
	}
	for _, c := range []struct {
		attributes string
		more       string
		code       int
		patterns   []string
	}{
		{`certificateKeystorePassword="5555"`, "", 2, []string{"the token was not looked at"}},
		{`certificateKeystorePassword="1234" certificateKeyAlias="web"`, " TOKEN -storepass:file pin", 0, []string{`the token also has "WEB"`}},
		{`certificateKeystorePassword="5555" certificateKeyAlias="web"`, " TOKEN -storepass:file pin", 1, []string{`not the PIN that opens the token`}},
		{`certificateKeystorePassword="1234" certificateKeyAlias="Web"`, " TOKEN -storepass:file pin", 1, []string{`tokens tell small letters from capitals`}},
		{`certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11-Other"`, "", 2, []string{`has no provider SunPKCS11-Other, but SunPKCS11-Tok`}},
		{"", "", 2, []string{"tries its default password, changeit, as the PIN"}},
	} {
		testtool.WriteFiles(t, o.dir, map[string]string{"t/conf/server.xml": `<Server port="-1"><Service name="Catalina"><Connector port="8443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreType="PKCS11" ` +
			c.attributes + `/></SSLHostConfig></Connector><Engine name="Catalina" defaultHost="localhost"><Host name="localhost"/></Engine></Service></Server>`})
		line := "check t/conf/server.xml" + c.more
		r := o.run("", line)
		o.match(c.attributes, r, c.patterns)
		if r.code != c.code {
			t.Errorf("%s%s: exit %d, want %d\n%s%s", c.attributes, c.more, r.code, c.code, r.out, r.err)
		}
	}
	if flags := o.Flags(t); strings.Contains(flags, "count low") {
		t.Errorf("a wrong PIN was tried:\n%s", flags)
	}
	r = o.run("", "check TOKEN -storepass 9999")
	o.match("check", r, []string{"this is not the PIN", "pin-count-low"})
	if flags := o.Flags(t); r.code != 2 || !strings.Contains(flags, "count low") {
		t.Errorf("with a wrong PIN: exit %d\n%s", r.code, flags)
	}
}

// TestTomcatToken has a Tomcat and ours serve from a token with the same server.xml: the
// key made by ours, and certified by a CA.
func TestTomcatToken(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	testtool.TomcatHome(t)
	curl := testtool.Look(t, "curl")
	o := newToken(t)
	conf, _ := strings.CutPrefix(o.Environment, "SOFTHSM2_CONF=")
	t.Setenv("SOFTHSM2_CONF", conf)
	o.file("pin", "1234\n")
	o.good("genkeypair -keystore ca.p12 -storepass changeit -alias ca -keyalg EC -dname CN=ca -ext bc:c")
	o.good("exportcert -keystore ca.p12 -storepass changeit -alias ca -rfc -file ca.pem")
	o.good("genkeypair -keystore TOKEN -storepass:file pin -alias tomcat -keyalg RSA -dname CN=localhost")
	o.good("certreq -keystore TOKEN -storepass:file pin -alias tomcat -file request")
	o.good("gencert -keystore ca.p12 -storepass changeit -alias ca -infile request -ext san=dns:localhost -ext eku=serverAuth -rfc -outfile reply.pem")
	reply := string(testtool.ReadFile(t, filepath.Join(o.dir, "reply.pem"))) + string(testtool.ReadFile(t, filepath.Join(o.dir, "ca.pem")))
	o.file("chain.pem", reply)
	if r := o.run("", "importcert -noprompt -keystore TOKEN -storepass:file pin -alias tomcat -file chain.pem"); r.code != 0 {
		t.Fatalf("%s%s", r.out, r.err)
	}
	base := filepath.Join(o.dir, "base")
	testtool.WriteFiles(t, base, map[string]string{
		"conf/java.security": "security.provider.13=SunPKCS11 " + o.JavaConfig + "\n",
		"conf/pin":           "1234\n",
		"bin/setenv.sh":      `CATALINA_OPTS="-Djava.security.properties=$CATALINA_BASE/conf/java.security"` + "\n",
	})
	const token = `certificateKeystoreType="PKCS11" `
	rows := []struct {
		attributes, says string // what Tomcat says where it does not serve
		ours             string
	}{
		{token + `certificateKeystorePassword="" certificateKeystoreFile="NONE"`, "no password provided", "needs its PIN, and none was given"},
		{token, "CKR_PIN_INCORRECT", "tries its default password, changeit"},
		{token + `certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11"`, "PKCS11 not found", "PKCS11 not found"},
		{token + `certificateKeystorePassword="1234" certificateKeystoreProvider="SunPKCS11-softhsm"`, "no such provider: SunPKCS11-softhsm", "SunPKCS11-softhsm was not found"},
		{token + `certificateKeystorePassword="1234" certificateKeyAlias="tomcat"`, "", ""},
		{token + `certificateKeystorePassword="1234" certificateKeystoreFile="NONE" certificateKeystoreProvider="SunPKCS11-SoftHSM"`, "", ""},
		{token + `certificateKeystorePasswordFile="conf/pin" certificateKeystoreFile=""`, "", ""},
		{token + `certificateKeystorePassword="1234" certificateKeyAlias="Tomcat"`, "Alias name [Tomcat] does not identify a key entry", "tokens tell small letters from capitals"},
	}
	var text strings.Builder
	text.WriteString("<Server port=\"-1\"><Service name=\"Catalina\">\n")
	var ports []string
	for _, port := range freePorts(t, len(rows)) {
		ports = append(ports, strconv.Itoa(port))
	}
	for i, row := range rows {
		fmt.Fprintf(&text, "<Connector port=\"%s\" address=\"127.0.0.1\" SSLEnabled=\"true\"><SSLHostConfig><Certificate %s/></SSLHostConfig></Connector>\n", ports[i], row.attributes)
	}
	text.WriteString(`<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>`)
	testtool.WriteFiles(t, base, map[string]string{"conf/server.xml": text.String()})
	tomcat := testtool.Tomcat10.Start(t, base, "-Djava.security.properties="+filepath.Join(base, "conf", "java.security"))
	get := func(port string) error {
		cmd := exec.Command(curl, "-sS", "--max-time", "30", "--cacert", "ca.pem", "-o", os.DevNull, "https://localhost:"+port+"/")
		cmd.Dir = o.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	low := false
	for i, row := range rows {
		xml := "-serverxml base/conf/server.xml -connector " + ports[i] + " -port 0 "
		if row.says != "" {
			if get(ports[i]) == nil || !strings.Contains(tomcat.Log(), row.says) {
				t.Errorf("%s: Tomcat serves, or does not say %q", row.attributes, row.says)
			}
			o.bad("serve "+xml+"-once", strings.NewReplacer("[", `\[`, "]", `\]`).Replace(row.ours))
			low = low || strings.Contains(o.Flags(t), "count low")
			continue
		}
		port, _, log := o.serve(strings.Fields(xml)...)
		for who, port := range map[string]string{"Tomcat": ports[i], "ours": port} {
			if err := get(port); err != nil {
				t.Errorf("%s: %s: %v\n%s", row.attributes, who, err, log.text())
			}
		}
	}
	if low {
		t.Error("ours has tried a wrong PIN")
	}
	o.bad("serve -serverxml base/conf/server.xml -connector "+ports[4]+" -port 0 -once -storepass 9999", "does not go with -serverxml")
}
