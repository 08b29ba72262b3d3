package commands_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gokeytool/internal/filelock"
	"gokeytool/internal/testtool"
)

// onToken is our program with a token of the test's own, in a directory of its own.
type onToken struct {
	testtool.SoftHSM
	*testing.T
	dir string
	env []string
}

func newToken(t *testing.T) *onToken {
	h := testtool.NewSoftHSM(t)
	dir := t.TempDir()
	return &onToken{SoftHSM: h, T: t, dir: dir, env: append(os.Environ(), h.Environment, "HOME="+dir, "XDG_STATE_HOME="+dir, "TZ=UTC", "GOKEYTOOL_HINTS=", "GOKEYTOOL_JDK=17")}
}

// ran is what a program has printed.
type ran struct {
	out, err string
	code     int
}

// run runs a line of ours; TOKEN in it is the token's URI, JAVA what names it for keytool.
func (o *onToken) run(stdin, line string) ran {
	o.Helper()
	line = strings.NewReplacer(
		"TOKEN", o.URI(),
		"JAVA", "-storetype PKCS11 -keystore NONE -addprovider SunPKCS11 -providerarg "+o.JavaConfig,
	).Replace(line)
	words := strings.Fields(line)
	cmd := exec.Command(plainProgram(o, "gokeytool"), words...)
	cmd.Dir, cmd.Env, cmd.Stdin = o.dir, o.env, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		o.Fatal(err)
	}
	if both := out.String() + errs.String(); regexp.MustCompile(`\b(1234|9999)\b`).MatchString(both) {
		o.Errorf("%s: a PIN is in what is printed:\n%s", line, both)
	}
	return ran{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// good runs a line that succeeds, and has its output match.
func (o *onToken) good(line string, patterns ...string) ran {
	o.Helper()
	return o.exits(0, line, patterns)
}

// bad runs a line that fails.
func (o *onToken) bad(line string, patterns ...string) ran {
	o.Helper()
	return o.exits(1, line, patterns)
}

// exits runs a line that ends with a code, and has its output match.
func (o *onToken) exits(code int, line string, patterns []string) ran {
	o.Helper()
	r := o.run("", line)
	if r.code != code {
		o.Fatalf("%s: exit %d\n%s%s", line, r.code, r.out, r.err)
	}
	o.match(line, r, patterns)
	return r
}

func (o *onToken) match(line string, r ran, patterns []string) {
	o.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(r.out + r.err) {
			o.Errorf("%s: no %q in\n%s%s", line, pattern, r.out, r.err)
		}
	}
}

// objects are the token's, as another program sees them.
func (o *onToken) objects() string { return o.Tool(o, "-O") }

// TestTokenOwnStyle plays the commands of our own style on a token.
func TestTokenOwnStyle(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	const pin = " -keystore TOKEN -storepass 1234"
	o.good("list"+pin, `^Keystore type: PKCS11$`, `^Token: "tok", SoftHSM v2`, `contains 0 entries`)
	o.good("genkeypair -alias rsa -keyalg RSA -dname CN=rsa.example -ext san=dns:rsa.example"+pin, `2,048 bit RSA`)
	o.good("genkeypair -alias ec -keyalg EC -groupname secp384r1 -dname CN=ec.example -ext san=dns:ec.example"+pin, `384 bit EC \(secp384r1\)`)
	o.good("genkeypair -alias ca -keyalg EC -dname CN=ca -ext bc:c" + pin)
	o.bad("genkeypair -alias ec -keyalg EC -dname CN=ec"+pin, `alias <ec> already exists`)
	o.bad("genkeypair -alias bad -keyalg DiffieHellman -signer ca -dname CN=x" + pin)
	if n := strings.Count(o.objects(), "Private Key Object"); n != 3 {
		t.Errorf("%d private keys, not 3", n)
	}
	if text := o.objects(); strings.Count(text, "never extractable, local") < 3 {
		t.Errorf("keys are not made on the token, or leave it:\n%s", text)
	}
	o.good("list -v -alias ec"+pin, `^Alias name: ec$`, `^Key on the token: CKA_ID .*made on the token; never extractable`)
	if r := o.good("list -v" + pin); strings.Contains(r.out, "Creation date") {
		t.Error("a token keeps no dates")
	}
	o.good("genkeypair -alias leaf -keyalg EC -dname CN=leaf.example -ext san=dns:leaf.example -signer ca"+pin, `issued by <ca>`)
	o.good("certreq -alias rsa -file rsa.csr"+pin, `Request for rsa.example`)
	o.good("gencert -alias ca -infile rsa.csr -outfile rsa.pem -rfc"+pin, `Certificate for`)
	o.good("exportcert -alias ca -rfc -file ca.pem"+pin, `stored in file`)
	o.good("importcert -alias rsa -file rsa.pem -ca ca.pem"+pin, `reply was installed`)
	o.good("chain -alias rsa"+pin, `^  2  CN=ca`)
	o.bad("importcert -alias root -file ca.pem -noprompt"+pin, `trusted certificates may only be set by token initialization application`, `security officer`)
	o.good("changealias -alias ec -destalias ec2" + pin)
	o.bad("list -alias ec"+pin, `Alias <ec> does not exist`, `"ec2"`)
	o.good("selfcert -alias ec2 -dname CN=again" + pin)
	o.good("list -rfc -alias ec2"+pin, `BEGIN CERTIFICATE`)
	o.good("keyclone -alias ec2 -dest ec3" + pin)
	o.good("list"+pin, `contains 5 entries`)
	o.good("genseckey -alias aes -keyalg AES -keysize 256"+pin, `256-bit AES`)
	o.bad("importpass -alias pw"+pin, `a token holds keys, no passwords`)
	o.bad("storepasswd -new another1"+pin, `not supported if -storetype is PKCS11`, `--change-pin`)
	o.bad("keypasswd -alias rsa -new another1"+pin, `not supported if -storetype is PKCS11`)
	o.bad("genkeypair -alias kp -keyalg EC -dname CN=x -keypass secret"+pin, `-keypass and -new can not be specified`)
	o.good("renew -alias ec3" + pin)

	// a key is destroyed only if somebody says so
	o.bad("delete -alias ec3"+pin, `for good`, `stays as it was`)
	if r := o.run("yes\n", "delete -alias ec3"+pin); r.code != 0 {
		t.Errorf("delete: %s", r.err)
	}
	o.good("delete -alias aes -noprompt" + pin)
	o.bad("list -alias ec3"+pin, `does not exist`)
	if strings.Contains(o.objects(), "Secret Key Object") {
		t.Error("the secret key is still there")
	}

	// the object of a URI is the alias
	o.good("list -storepass 1234 -keystore pkcs11:token=tok;object=rsa?module-path="+o.Module, `^rsa, PrivateKeyEntry`)
	o.good("certreq -storepass 1234 -keystore pkcs11:token=tok;object=leaf?module-path="+o.Module, `BEGIN NEW CERTIFICATE REQUEST`)
	var listed struct {
		Verified bool
		Token    struct{ Label, PIN string }
		Entries  []struct {
			Alias, Created string
			Key            struct {
				ID               string
				NeverExtractable bool
			}
		}
	}
	if err := json.Unmarshal([]byte(o.good("list -json"+pin).out), &listed); err != nil {
		t.Fatal(err)
	}
	if listed.Token.Label != "tok" || listed.Token.PIN != "ok" || len(listed.Entries) != 4 || !listed.Entries[1].Key.NeverExtractable {
		t.Errorf("%+v", listed)
	}
	for _, e := range listed.Entries {
		if e.Alias == "ca" {
			o.good("list -storepass 1234 -keystore pkcs11:token=tok;id=%"+strings.ToUpper(e.Key.ID[:2])+hexEscaped(e.Key.ID[2:])+"?module-path="+o.Module, `^ca, PrivateKeyEntry`)
		}
	}
	entries, err := filepath.Glob(filepath.Join(o.dir, "gokeytool", "tokens", ".*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("locks are left: %v %v", entries, err)
	}
}

// hexEscaped is hexadecimal as percent-encoding.
func hexEscaped(hex string) (escaped string) {
	for ; len(hex) >= 2; hex = hex[2:] {
		escaped += "%" + hex[:2]
	}
	return escaped
}

// TestTokenPIN counts how often a PIN is tried: once, whatever is wrong with it, and not
// at all where it can't be the PIN.
func TestTokenPIN(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.good("genkeypair -alias ec -keyalg EC -dname CN=ec.example -keystore TOKEN -storepass 1234")
	testtool.WriteFiles(t, o.dir, map[string]string{"pin": "1234\n", "wrong": "9999\n", "empty": "\n", "none": ""})
	spied, env, log := o.Spy(t)
	o.Module = spied.Module
	testtool.WriteFiles(t, o.dir, map[string]string{"spy.cfg": "name = SoftHSM\nlibrary = " + spied.Module + "\nslotListIndex = 0\n"})
	o.JavaConfig = filepath.Join(o.dir, "spy.cfg")
	o.env = append(o.env, env...)
	pin := "pin-source=" + filepath.Join(o.dir, "pin")
	for _, test := range []struct {
		line, stdin string
		tries, code int
		want        string
	}{
		{"list -keystore TOKEN -storepass 1234", "", 1, 0, "1 entry"},
		{"list -keystore TOKEN -storepass 9999", "", 1, 1, `this is not the PIN of token "tok"`},
		{"list -keystore TOKEN", "1234\n", 1, 0, "1 entry"},
		{"list -keystore TOKEN", "9999\n1234\n1234\n", 1, 1, "tried once"},
		{"list -keystore TOKEN", "\n", 0, 1, "needs its PIN"},
		{"list -keystore TOKEN", "", 0, 1, "needs its PIN"},
		{"certreq -alias ec -keystore TOKEN", "", 0, 1, "needs its PIN"},
		{"delete -alias ec -keystore TOKEN", "", 0, 1, "needs its PIN"},
		{"list -keystore TOKEN -storepass:file pin", "", 1, 0, "1 entry"},
		{"list -keystore TOKEN -storepass:file wrong", "", 1, 1, "this is not the PIN"},
		{"list -keystore TOKEN -storepass:file empty", "", 0, 1, "empty"},
		{"list -keystore TOKEN&" + pin, "", 1, 0, "1 entry"},
		{"list -keystore TOKEN&pin-source=file:" + filepath.Join(o.dir, "pin"), "", 1, 0, "1 entry"},
		{"list -keystore TOKEN&pin-source=" + filepath.Join(o.dir, "none"), "", 0, 1, "empty"},
		{"list -keystore TOKEN&pin-source=" + filepath.Join(o.dir, "missing"), "", 0, 1, "missing"},
		{"list -keystore TOKEN&pin-value=1234", "", 1, 0, "1 entry"},
		{"list -keystore TOKEN&pin-value=9999", "", 1, 1, "this is not the PIN"},
		{"list -keystore TOKEN&pin-value=9999 -debug -alias x", "", 1, 1, `pin-value=\*\*\*`},
		{"list -keystore TOKEN&" + pin + " -storepass 1234", "", 0, 1, "given twice"},
		{"list -keystore TOKEN -protected", "", 0, 1, "no PIN can be entered at the device"},
		{"certreq -alias ec -keystore TOKEN -storepass 9999", "", 1, 1, "this is not the PIN"},
		{"renew -alias ec -keystore TOKEN -storepass 9999", "", 1, 1, "this is not the PIN"},
		{"-list JAVA -storepass 9999", "", 1, 1, `^keytool error: java.io.IOException: load failed$`},
		{"-list JAVA", "9999\n1234\n1234\n", 1, 1, `^keytool error: java.io.IOException: load failed$`},
		{"-list JAVA", "\n", 0, 1, `load failed`},
		{"-list JAVA", "", 0, 1, `load failed`},
		{"-list JAVA -protected", "", 0, 1, `load failed`},
		{"-list JAVA -storepass 1234", "", 1, 0, "1 entry"},
		{"-list JAVA", "1234\n", 1, 0, "1 entry"},
		{"-genkeypair -alias x -keyalg EC -dname CN=x JAVA", "9999\n1234\n1234\n", 1, 1, "load failed"},
	} {
		_ = os.Remove(log)
		r := o.run(test.stdin, test.line)
		o.match(test.line, r, []string{test.want})
		if r.code != test.code {
			t.Errorf("%s: exit %d, not %d\n%s%s", test.line, r.code, test.code, r.out, r.err)
		}
		calls, err := os.ReadFile(log)
		if err != nil && test.tries > 0 {
			t.Fatal(err)
		}
		if n := strings.Count(string(calls), ": C_Login\n"); n != test.tries {
			t.Errorf("%s %q: C_Login is called %d times, not %d\n%s%s", test.line, test.stdin, n, test.tries, r.out, r.err)
		}
	}
}

// TestTokenPasswordVariable: the password of all keystores is no PIN.
func TestTokenPasswordVariable(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.env = append(o.env, "GOKEYTOOL_STOREPASS=9999")
	o.bad("list -keystore TOKEN", "needs its PIN")
	if r := o.run("1234\n", "list -keystore TOKEN"); r.code != 0 {
		t.Error(r.err)
	}
}

// TestTokenErrors: what is wrong is said with what there is instead.
func TestTokenErrors(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.bad("list -storepass 1234 -keystore pkcs11:token=other?module-path="+o.Module, `pkcs11:token=other`, `"tok"`)
	o.bad("list -storepass 1234 -keystore pkcs11:token=tok?module-path=/nowhere/module.so", `/nowhere/module.so`)
	o.bad("list -storepass 1234 -keystore pkcs11:token=tok;token=tok", `PKCS #11 URI`)
	o.bad("list -storepass 1234 -storetype PKCS12 -keystore TOKEN", `PKCS12 not found`, `whose type is PKCS11`)
	o.bad("-list -storetype PKCS11 -keystore NONE -storepass 1234", `^keytool error: java.security.KeyStoreException: PKCS11 not found$`)
	o.bad("list -v -rfc -keystore TOKEN -storepass 1234")
	o.bad("genkeypair -alias x -keyalg Ed448 -dname CN=x -keystore TOKEN -storepass 1234")
	o.bad("genkeypair -alias x -keyalg EC -sigalg SHA256withRSA -dname CN=x -keystore TOKEN -storepass 1234") // after the key was made
	o.bad("-genkeypair -alias x -keyalg EC -sigalg SHA256withRSA -dname CN=x JAVA -storepass 1234")
	if text := o.objects(); strings.Contains(text, "Private Key") {
		t.Errorf("something is left:\n%s", text)
	}
	// no p11-kit
	path := o.env
	o.env = append(o.env, "PATH="+o.dir)
	o.bad("list -keystore TOKEN -storepass 1234", `p11-kit is not there`, `install`)
	o.env = path
	// a file of that name goes before
	name := "pkcs11:token=file"
	o.good("genkeypair -alias f -keyalg EC -dname CN=f -keystore file.p12 -storepass changeit")
	if err := os.Rename(filepath.Join(o.dir, "file.p12"), filepath.Join(o.dir, name)); err != nil {
		t.Fatal(err)
	}
	o.good("list -keystore "+name+" -storepass changeit", `Keystore type: PKCS12`)
}

// TestTokenBareKey: a key that another program has made, without a certificate, is named,
// and the line that is printed makes it an entry.
func TestTokenBareKey(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.Tool(t, "--keypairgen", "--key-type", "EC:secp256r1", "--label", "spare", "--id", "0a0b")
	o.good("-list JAVA -storepass 1234", `contains 0 entries`)
	r := o.good("list -keystore TOKEN&pin-source="+o.file("pin", "1234\n"), `private key "spare" \(CKA_ID 0a0b\): it has no certificate`)
	line := regexp.MustCompile(`gokeytool selfcert .*`).FindString(r.err)
	if line == "" {
		t.Fatalf("no line:\n%s", r.err)
	}
	o.shell(line)
	o.good("list -v -alias spare -keystore TOKEN -storepass 1234", `^Owner: CN=NAME$`)
	o.good("certreq -keystore pkcs11:object=spare?module-path="+o.Module+" -storepass 1234", `BEGIN NEW`)
	o.good("-list JAVA -storepass 1234", `^spare, PrivateKeyEntry`)
	o.bad("selfcert -alias other -keystore TOKEN -storepass 1234 -dname CN=x", `Alias <other> does not exist`)
}

// file writes a file into the directory.
func (o *onToken) file(name, content string) string {
	testtool.WriteFiles(o, o.dir, map[string]string{name: content})
	return filepath.Join(o.dir, name)
}

// shell runs a line as it is printed.
func (o *onToken) shell(line string) string {
	o.Helper()
	cmd := exec.Command(testtool.Look(o, "bash"), "-c", line)
	cmd.Dir, cmd.Env = o.dir, append(o.env, plainPath(o))
	return testtool.Output(o, cmd)
}

// TestTokenLock: who changes a token locks it, and not while a question waits.
func TestTokenLock(t *testing.T) {
	t.Parallel()
	o := newToken(t)
	o.good("genkeypair -alias one -keyalg EC -dname CN=one -keystore TOKEN -storepass 1234")
	var listed struct {
		Token struct{ Manufacturer, Model, Serial, Label string }
	}
	if err := json.Unmarshal([]byte(o.good("list -json -keystore TOKEN -storepass 1234").out), &listed); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{listed.Token.Manufacturer, listed.Token.Model, listed.Token.Serial, listed.Token.Label}, "\x00")))
	lock, err := filelock.Lock(t.Context(), filepath.Join(o.dir, "gokeytool", "tokens", hex.EncodeToString(sum[:16])))
	if err != nil {
		t.Fatal(err)
	}
	o.bad("genkeypair -alias two -keyalg EC -dname CN=two -keystore TOKEN -storepass 1234 -lockTimeout 0", `pkcs11:token=tok\S* is in use by`)
	o.good("list -keystore TOKEN -storepass 1234", "1 entry")
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	// one waits at a question, while another writes
	cmd := exec.Command(plainProgram(t, "gokeytool"), strings.Fields("delete -alias one -keystore "+o.URI()+" -storepass 1234")...)
	cmd.Dir, cmd.Env = o.dir, o.env
	answer, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var asked screen
	cmd.Stderr = &asked
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testtool.WaitFor(t, func() bool { return strings.Contains(asked.text(), "Destroy it?") })
	o.good("genkeypair -alias two -keyalg EC -dname CN=two -keystore TOKEN -storepass 1234 -lockTimeout 0")
	if _, err := answer.Write([]byte("yes\n")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(asked.text(), "changed the token") {
		t.Errorf("%v: %s", err, asked.text())
	}
	o.good("list -keystore TOKEN -storepass 1234", "2 entries")
}
