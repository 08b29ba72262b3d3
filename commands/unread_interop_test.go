package commands_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/commands"
	"gokeytool/internal/console"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/pkcs12"
)

// play runs a line in this process, with answers on its standard input.
func play(answers string, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = commands.Main(append([]string{"gokeytool"}, args...), &commands.Env{
		Stdin: strings.NewReader(answers), Stdout: console.NewWriter(&out), Stderr: console.NewWriter(&errs),
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       time.Now, Home: os.TempDir,
	})
	return out.String(), errs.String(), code
}

// A store of one key whose password and protection are known.
type lockedStore struct {
	name     string
	make     func(t *testing.T, file string)
	password string
	mac      bool // it has an integrity check
	certs    bool // its certificates are encrypted
	key      bool // its key is
}

// lockedStores are PKCS12 files of every kind of protection, by their makers.
func lockedStores(t *testing.T, dir string) []lockedStore {
	testtool.Look(t, "openssl")
	testtool.Look(t, "certtool")
	keytool := testtool.Keytools(t)[jdk.Release17]
	shell := func(line string) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			cmd := exec.Command("sh", "-ec", line)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "FILE="+file, "KEYTOOL="+keytool)
			testtool.Output(t, cmd)
		}
	}
	shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 300 -subj /CN=app.example.org -addext subjectAltName=DNS:app.example.org -addext extendedKeyUsage=serverAuth 2>&1 && openssl req -new -key key.pem -subj /CN=other -out request")(t, "")
	const export = "openssl pkcs12 -export -name one -in cert.pem -inkey key.pem -out $FILE "
	const genkeypair = "$KEYTOOL -genkeypair -alias one -keyalg EC -dname CN=app.example.org -ext san=dns:app.example.org -ext eku=sa -keystore $FILE -storepass secret1 -J-Dkeystore.pkcs12."
	return []lockedStore{
		{"empty", shell(export + "-passout pass:"), "", true, true, true},
		{"null", shell("certtool --to-p12 --load-certificate cert.pem --load-privkey key.pem --p12-name one --null-password --outder --outfile $FILE 2>&1"), "", true, true, true},
		{"empty-nomac", func(t *testing.T, file string) {
			from := openStore(t, filepath.Join(dir, "empty.p12"), "")
			one, _ := from.Get("one")
			key, err := from.KeyOf(one, []byte{})
			s := store.NewPKCS12(pkcs12.Params{CertAlgorithm: pkcs12.Default.CertAlgorithm, CertIterations: 1, KeyAlgorithm: pkcs12.Default.KeyAlgorithm, KeyIterations: 1, MACAlgorithm: pkcs12.None})
			if err := errors.Join(err, s.SetKey("one", key, []byte{}, one.Chain, time.Now()), s.Save(file, []byte{})); err != nil {
				t.Fatal(err)
			}
		}, "", false, true, true},
		{"empty-clear-certs", shell(export + "-passout pass: -certpbe NONE"), "", true, false, true},
		{"empty-key-alone", shell(export + "-passout pass: -certpbe NONE -nomac"), "", false, false, true},
		{"secret", shell(export + "-passout pass:secret1"), "secret1", true, true, true},
		{"clear-certs", shell(export + "-passout pass:secret1 -certpbe NONE"), "secret1", true, false, true},
		{"key-alone", shell(export + "-passout pass:secret1 -certpbe NONE -nomac"), "secret1", false, false, true},
		{"clear-key", shell(export + "-passout pass:secret1 -keypbe NONE"), "secret1", true, true, false},
		{"mac-alone", shell(export + "-passout pass:secret1 -keypbe NONE -certpbe NONE"), "secret1", true, false, false},
		{"open", shell(export + "-passout pass:secret1 -keypbe NONE -certpbe NONE -nomac"), "secret1", false, false, false},
		{"java-nomac", shell(genkeypair + "macAlgorithm=NONE"), "secret1", false, true, true},
		{"java-clear-certs", shell(genkeypair + "certProtectionAlgorithm=NONE"), "secret1", true, false, true},
		{"java-key-alone", shell(genkeypair + "certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE"), "secret1", false, false, true},
	}
}

// unreadCommands are lines that read a store, $FILE, whose password is asked
// for; $DIR is for what they write.
var unreadCommands = []struct {
	line    string
	key     bool // the key is opened
	changes bool // the file is written
}{
	{"list -keystore $FILE", false, false},
	{"list -v -keystore $FILE", false, false},
	{"list -alias one -keystore $FILE", false, false},
	{"list -json -keystore $FILE", false, false},
	{"export -rfc -alias one -keystore $FILE", false, false},
	{"export -fullchain -alias one -keystore $FILE", false, false},
	{"chain -keystore $FILE", false, false},
	{"diff $FILE $FILE", false, false},
	{"export -key -alias one -keystore $FILE", true, false},
	{"serve -port 0 -for 1ms -keystore $FILE", true, false},
	{"smoke -keystore $FILE", true, false},
	{"tomcat-config $FILE", true, false},
	{"convert $FILE $DIR/new.p12 -new changeit -noprompt", true, false},
	{"import -keyfile $FILE -alias app -noprompt -keystore $DIR/ks.p12 -storepass changeit", true, false},
	{"importkeystore -noprompt -srckeystore $FILE -destkeystore $DIR/ks.p12 -deststorepass changeit", true, false},
	{"gencert -alias one -infile $STORES/request -keystore $FILE", true, false},
	{"certreq -alias one -keystore $FILE", true, true},
	{"renew -alias one -keystore $FILE", true, true},
	{"changealias -alias one -destalias two -keystore $FILE", true, true},
	{"storepasswd -new another1 -keystore $FILE", true, true},
	{"migrate -profile legacy -new another1 $FILE", true, true},
	{"delete -alias one -keystore $FILE", false, true},
}

// absent are what no command says of what it has not read.
var absent = []string{
	"no certificate", "There is no certificate", "contains 0", "no entries", "the same", "Cannot recover key", "does not exist",
	"holds no", "another password than the keystore", "chain length: 0", "belongs to the key",
}

// TestUnreadIsNotAbsent opens stores of every protection with ENTER, with a
// wrong password and with the right one, by every command: it does what it does
// where the password is given on the line, or says that the password is missing
// or wrong, and leaves the file as it was.
func TestUnreadIsNotAbsent(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	dir := t.TempDir()
	java := testtool.StartJava(t, jdk.Release17)
	cells := 0
	for _, s := range lockedStores(t, dir) {
		file := filepath.Join(dir, s.name+".p12")
		s.make(t, file)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(s.name, func(t *testing.T) {
			sameAsJava(t, java, s, file)
			for i, c := range unreadCommands {
				for j, answer := range []string{"", "wrong99", s.password} {
					if s.name == "null" && (i > 0 || j > 0) {
						continue // each derivation takes 600,000 rounds
					}
					opens := s.opens(answer, c.key, c.changes)
					if s.name == "empty-key-alone" && answer == "wrong99" && strings.HasPrefix(c.line, "import -keyfile") {
						opens = false // which asks where others find out that they need not
					}
					checkCell(t, s, file, whole, c.line, answer, opens)
					if opens && c.changes && answer == s.password {
						password := s.password
						if strings.Contains(c.line, "-new another1") {
							password = "another1"
						}
						if _, exceptions := java.Keystore("PKCS12", file, password); exceptions != nil {
							t.Errorf("%s: Java does not open the file afterwards: %q", c.line, exceptions)
						}
					}
					cells++
				}
			}
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if s.password == "" {
				_, stderr, code := play("", "list", "-keystore", file, "-storepass", "wrong99")
				if s.mac || s.certs {
					if want := "the password of " + file + " is empty: say so with -storepass ''"; code != 1 || !strings.Contains(stderr, want) {
						t.Errorf("a wrong password for an empty one: %d\n%s", code, stderr)
					}
				}
			}
		})
	}
	t.Logf("%d cells", cells)
}

// opens says whether a password that was typed, or ENTER, opens what a command
// needs. Where nothing in the file tells that it is wrong, it opens as well.
func (s lockedStore) opens(answer string, key, changes bool) bool {
	switch {
	case answer == s.password:
		return true
	case !s.mac && !s.certs: // it is not asked for, but for the key
		return !key || !s.key || s.password == ""
	case answer == "" && changes:
		return false
	case answer == "":
		return !s.certs && (!key || !s.key)
	}
	return false
}

func checkCell(t *testing.T, s lockedStore, file string, whole []byte, line, answer string, opens bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(strings.NewReplacer("$FILE", file, "$DIR", dir, "$STORES", filepath.Dir(file)).Replace(line))
	stdout, stderr, code := play(strings.Repeat(answer+"\n", 6), args...)
	told := s.name + ", answer " + strings.ToUpper(answer) + ": " + line
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if opens {
		if code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", told, code, stdout, stderr)
		}
		return
	}
	if code != 1 {
		t.Errorf("%s: exit code %d\n%s%s", told, code, stdout, stderr)
	}
	if !bytes.Equal(whole, after) {
		t.Errorf("%s: it has failed, and changed the file", told)
	}
	said := stdout + stderr
	for _, text := range absent {
		if strings.Contains(said, text) && !strings.Contains(said, "Tomcat will say: "+text) {
			t.Errorf("%s: says %q of what it has not read:\n%s", told, text, said)
		}
	}
	if answer == "" && (s.mac || s.certs) && !strings.Contains(said, "needs its password, and none was given") {
		t.Errorf("%s: does not say that no password was given:\n%s", told, said)
	}
}

// sameAsJava compares what our list shows under the right password with what
// Java finds in the store.
func sameAsJava(t *testing.T, java *testtool.Java, s lockedStore, file string) {
	t.Helper()
	stdout, stderr, code := play("", "list", "-json", "-keystore", file, "-storepass", s.password)
	var listed struct {
		Entries []struct {
			Alias string
			Chain []struct{ SHA256 string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil || code != 0 {
		t.Fatalf("list: %d, %v\n%s", code, err, stderr)
	}
	var ours, theirs []string
	for _, e := range listed.Entries {
		for _, c := range e.Chain {
			ours = append(ours, e.Alias+" "+strings.ToLower(strings.ReplaceAll(c.SHA256, ":", "")))
		}
	}
	entries, exceptions := java.Keystore("PKCS12", file, s.password)
	for _, e := range entries {
		for _, sum := range e.Chain {
			theirs = append(theirs, e.Alias+" "+sum)
		}
	}
	if !s.key { // Java does not see a key that is not encrypted
		theirs = ours
	}
	if exceptions != nil || !slices.Equal(ours, theirs) {
		t.Errorf("Java finds %q %v\nours %q", theirs, exceptions, ours)
	}
}
