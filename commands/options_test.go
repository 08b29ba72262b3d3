package commands_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/x509util"
)

// compatible are options that every command takes for the sake of keytool's
// users, whether it has a use for them or not.
var compatible = []string{
	"v", "protected", "srcprotected", "providername", "srcprovidername", "addprovider", "providerclass", "providerpath",
}

// elsewhere are commands whose options have tests of their own: serve's are
// attributes of Tomcat's connectors or are played in the scripts serve*, and dev,
// trust, probe and acme need a server or a home of their own.
var elsewhere = []string{"acme", "serve", "dev", "trust", "probe", "smoke", "completion", "man", "explain", "help", "version", "sessionid"}

// notForJava is shown at every door by TestNotForJava.
const notForJava = "notforjava"

// optionLines are lines of our own style by command, with the options that have
// an effect on each: "option VALUE". What is in $DIR is made again for each line.
var optionLines = map[string][]optionLine{
	"certreq": {
		{"-alias one -keystore k.p12 -storepass changeit", "", []string{"alias ca", "sigalg SHA512withECDSA", "file out", "keystore other.p12", "dname CN=x",
			"ext san=dns:x", "storepass wrong99", "storetype JCEKS", "maxIterations 1"}},
		{"-alias one -keystore k.jks -storepass changeit -v -file out", "", []string{"keypass secretkey"}},
		{"-alias one -keystore k.p12 -storepass changeit -v -file out", "", []string{"quiet"}},
	},
	"changealias": {
		{"-alias one -destalias two -keystore k.p12 -storepass changeit", "", []string{"alias ca", "destalias three", "keystore other.p12", "storepass wrong99",
			"storetype JCEKS", "backup", "maxIterations 1"}},
		{"-alias one -destalias two -keystore k.jks -storepass changeit", "", []string{"keypass secretkey", "cacerts"}},
	},
	"delete": {{"-alias one -keystore k.p12 -storepass changeit", "", []string{"alias ca", "keystore other.p12", "storepass wrong99", "storetype JCEKS", "backup",
		"maxIterations 1", "cacerts", "noprompt"}}},
	"exportcert": {
		{"-alias one -keystore k.p12 -storepass changeit", "", []string{"rfc", "alias ca", "file out", "keystore other.p12", "storepass wrong99", "storetype JCEKS", "cacerts",
			"key", "chain", "fullchain", "bundle -", "format p7b", "profile default", "maxIterations 1", "encrypt"}},
		{"-alias one -key -encrypt -file out -keystore k.jks -storepass changeit -keypass secretkey", "", []string{"keyfilepass another1"}},
		{"-alias one -rfc -file out -key -keystore k.p12 -storepass changeit", "", []string{"quiet"}},
		{"-alias one -key -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
		{"-alias one -key -file cert.pem -keystore k.p12 -storepass changeit", "", []string{"noprompt"}},
	},
	"genkeypair": {
		{"-alias new -keyalg EC -dname CN=x -keystore k.p12 -storepass changeit", "", []string{"alias newer", "keyalg RSA", "keysize 384", "groupname secp521r1",
			"sigalg SHA512withECDSA", "dname CN=y", "startdate -1d", "ext san=dns:x", "validity 7", "keystore other.p12", "signer ca", "storepass wrong99", "storetype JCEKS", "backup",
			"quiet", "maxIterations 1"}},
		{"-alias new -keyalg EC -dname CN=x -keystore k.jks -storepass changeit", "", []string{"keypass another1"}},
		{"-alias new -keyalg EC -dname CN=x -signer one -keystore k.jks -storepass changeit -keypass another1", "", []string{"signerkeypass secretkey"}},
	},
	"genseckey": {
		{"-alias new -keyalg AES -keysize 128 -keystore k.p12 -storepass changeit", "", []string{"alias newer", "keyalg DES", "keysize 256", "keystore other.p12", "storepass wrong99",
			"storetype JKS", "backup", "quiet", "maxIterations 1"}},
		{"-alias new -keyalg AES -keysize 128 -keystore k.jceks -storetype JCEKS -storepass changeit", "", []string{"keypass another1"}},
	},
	"gencert": {
		{"-alias ca -infile req.csr -keystore k.p12 -storepass changeit", "", []string{"rfc", "infile req2.csr", "outfile out", "alias one", "sigalg SHA512withECDSA", "dname CN=y",
			"startdate -1d", "ext san=dns:x", "validity 7", "keystore other.p12", "storepass wrong99", "storetype JCEKS", "maxIterations 1"}},
		{"-alias one -infile req.csr -rfc -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
	},
	"importcert": {
		{"-alias new -file cert.pem -keystore k.p12 -storepass changeit", "no\n", []string{"noprompt", "file other.pem", "keystore other.p12", "storepass wrong99",
			"storetype JCEKS", "cacerts", "keyfile key.pem", "bundle cert.pem", "maxIterations 1"}},
		{"-alias new -noprompt -file other.pem -keystore k.p12 -storepass changeit", "", []string{"alias newer", "json", "backup", "quiet"}},
		{"-alias new -noprompt -file reply2.pem -keystore srv.p12 -storepass changeit", "", []string{"force"}},
		{"-alias one -noprompt -file reply.pem -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
		{"-alias srv -noprompt -file reply2.pem -keystore srv.p12 -storepass changeit -J-Djava.home=@jre", "", []string{"ca root.pem", "trustcacerts"}},
		{"-alias new -keyfile key.enc -file cert.pem -keystore other.p12 -storepass changeit", "", []string{"keyfilepass secret1"}},
	},
	"importpass": {{"-alias new -keystore k.p12 -storepass changeit", "a password\n", []string{"alias newer", "keyalg PBEWithMD5AndDES", "keysize 256", "keystore other.p12",
		"storepass wrong99", "storetype JKS", "backup", "quiet", "maxIterations 1"}},
		{"-alias new -keystore k.jceks -storetype JCEKS -storepass changeit", "a password\n", []string{"keypass another1"}}},
	"importkeystore": {
		{"-srckeystore k.jks -srcstorepass changeit -srckeypass secretkey -alias one -destkeystore out -deststorepass changeit", "", []string{"srckeystore k.p12", "destkeystore other2.p12",
			"srcstoretype nonsense", "deststoretype JKS", "srcstorepass wrong99", "deststorepass short", "srcalias ca", "destalias two", "srckeypass wrong99", "json", "quiet"}},
		{"-srckeystore k.jks -srcstorepass changeit -srckeypass secretkey -alias one -destkeystore dest.jks -deststoretype jks -deststorepass changeit", "", []string{"destkeypass another1"}},
		{"-srckeystore k.p12 -srcstorepass changeit -alias one -destkeystore k.jks -deststorepass changeit", "", []string{"noprompt"}},
		{"-srckeystore k.p12 -srcstorepass changeit -alias one -destkeystore other.p12 -deststorepass changeit -noprompt", "", []string{"backup", "maxIterations 1"}},
	},
	"keypasswd": {
		{"-alias one -keypass secretkey -new another1 -keystore k.jks -storepass changeit", "", []string{"alias ca", "keypass wrong99", "new another2", "keystore k.p12", "storepass wrong99",
			"storetype JCEKS", "backup", "same"}},
		{"-alias one -new another1 -keystore k.jceks -storepass changeit", "", []string{"maxIterations 1"}},
		{"-same -keypass secretkey -keystore k.jks -storepass changeit", "", []string{"quiet"}},
	},
	"list": {{"-keystore k.p12 -storepass changeit", "", []string{"rfc", "alias one", "keystore other.p12", "cacerts", "storepass wrong99", "storetype JCEKS", "json", "maxIterations 1", "acmeDir cert.pem"}}},
	"printcert": {
		{"-file cert.pem", "", []string{"rfc", "file other.pem", "sslserver 127.0.0.1:1", "jarfile none", "json"}},
		{"-file weak.pem -J-Djava.home=@jre", "", []string{"keystore weak.jks", "trustcacerts"}},
		{"-file cert.pem -keystore k.p12", "", []string{"storepass wrong99", "storetype JCEKS"}},
	},
	"printcertreq": {{"-file req.csr", "", []string{"file req2.csr", "json"}}},
	"printcrl": {
		{"-file crl", "", []string{"file crl2", "keystore k.jks", "json", "trustcacerts"}},
		{"-file crl -keystore k.p12", "", []string{"storepass changeit", "storetype JCEKS"}},
	},
	"storepasswd": {{"-new another1 -keystore k.jks -storepass changeit", "", []string{"same"}}, {"-new another1 -keystore k.p12 -storepass changeit", "", []string{"new another2", "keystore other.p12", "storepass wrong99", "storetype JCEKS", "backup", "maxIterations 1", "cacerts"}}},
	"showinfo":    {{"", "", []string{"tls"}}},
	"keyclone": {
		{"-alias one -dest two -keystore k.jks -storepass changeit -keypass secretkey -new another1", "", []string{"alias ca", "destalias three", "keypass wrong99", "new another2",
			"storetype JCEKS", "keystore other.p12", "storepass wrong99"}},
	},
	"selfcert": {
		{"-alias one -keystore k.p12 -storepass changeit", "", []string{"alias ca", "sigalg SHA512withECDSA", "dname CN=y", "startdate -1d", "ext san=dns:x", "validity 7",
			"storetype JCEKS", "keystore other.p12", "storepass wrong99"}},
		{"-alias one -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
	},
	"gencrl": {
		{"-alias ca -id 7 -keystore k.p12 -storepass changeit", "", []string{"rfc", "file out", "id 8", "alias one", "sigalg SHA512withECDSA", "keystore other.p12", "storepass wrong99", "storetype JCEKS"}},
		{"-alias one -rfc -id 7 -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
	},
	"identitydb": {{"-keystore k.p12 -storepass changeit", "", []string{"file none", "storetype JCEKS", "keystore k.jks", "storepass wrong99"}}},
	"check": {
		{"k.p12", "", []string{"truststore", "keystore other.p12", "within 9000d", "strict", "json", "prometheus -", "quiet", "maxIterations 1", "storepass secret", "acmeDir cert.pem"}},
		{"k.jks", "", []string{"keypass secretkey"}},
		{"server.xml", "", []string{"tomcat 7"}},
	},
	"tomcat-config": {
		{"k.p12", "", []string{"tomcat 7", "server kafka", "storepass wrong99", "storetype JCEKS", "alias ca", "port 1234"}},
		{"k.jks", "", []string{"keypass secretkey"}},
		{"", "", []string{"keystore k.p12"}},
	},
	"convert": {
		{"k.p12 out -storepass changeit", "", []string{"to jks", "profile java8", "storepass wrong99", "new another1", "quiet", "maxIterations 1", "encrypt"}},
		{"k.p12 out -to pem -storepass changeit", "", []string{"encrypt", "new another1"}},
		{"k.jks out -storepass changeit", "", []string{"keypass secretkey"}},
		{"k.p12 cert.pem -storepass changeit", "", []string{"noprompt"}},
	},
	"migrate": {
		{"k.p12 -storepass changeit", "", []string{"to jks", "profile java8", "storepass wrong99", "new another1", "quiet", "maxIterations 1"}},
		{"k.jks -storepass changeit", "", []string{"keypass secretkey"}},
	},
	"trustmark": {{"nomark.p12 -storepass changeit", "", []string{"storepass wrong99", "backup", "quiet", "maxIterations 1"}}},
	"rename":    {{"one two -keystore k.p12 -storepass changeit", "", []string{"keystore other.p12", "cacerts", "storepass wrong99", "backup", "quiet", "maxIterations 1"}}},
	"chain": {
		{"-keystore srv.p12 -storepass changeit", "", []string{"ca root.pem", "trustcacerts", "alias none", "keystore k.p12", "storepass wrong99", "maxIterations 1"}},
		{"-keystore leaf.jks -storepass changeit", "", []string{"complete"}},
		{"-complete -keystore leaf.p12 -storepass changeit -J-Djava.home=@jre", "", []string{"ca root.pem", "trustcacerts"}},
		{"-complete -ca root.pem -keystore leaf.p12 -storepass changeit", "", []string{"backup"}},
	},
	"diff": {
		{"k.p12 other.p12", "", []string{"storepass wrong99", "storepass2 wrong99", "alias one", "maxIterations 1"}},
	},
	"renew": {
		{"-alias one -keystore k.p12 -storepass changeit", "", []string{"alias ca", "signer ca", "signerkeystore other.p12", "newkey", "validity 7", "startdate -1d", "ext san=dns:x", "sigalg SHA512withECDSA",
			"keystore other.p12", "storepass wrong99", "backup", "quiet", "maxIterations 1", "acmeDir cert.pem", "force"}},
		{"-alias one -newkey -keystore k.p12 -storepass changeit", "", []string{"keyalg RSA", "keysize 521", "groupname secp521r1"}},
		{"-alias one -keystore k.jks -storepass changeit", "", []string{"keypass secretkey"}},
		{"-alias ca -signer one -keystore k.jks -storepass changeit", "", []string{"signerkeypass secretkey"}},
		{"-alias one -signerkeystore other.p12 -keystore k.p12 -storepass changeit", "", []string{"signerstorepass wrong99"}},
		{"-alias srv -keystore leaf.p12 -storepass changeit", "", []string{"selfsigned"}},
	},
}

type optionLine struct {
	line, answers string
	options       []string
}

// withoutEffect are documented options that may do nothing, and why.
var withoutEffect = map[string]string{
	"importpass quiet": "it says nothing anyway: a password was piped in",
	"delete noprompt":  "it asks about keys on tokens alone",
	"renew backup":     "the keystore as it was is kept anyway",
}

// TestEveryOption plays every command with and without each of its options: it
// has an effect, on what is printed, on the exit code or on the files, or is
// refused, or is among those that are there for compatibility.
func TestEveryOption(t *testing.T) {
	if testing.Short() {
		t.Skip("plays some hundred lines")
	}
	table := argv.TableDefault()
	fixture := filepath.Join(t.TempDir(), "fixture")
	if err := os.Mkdir(fixture, 0o700); err != nil {
		t.Fatal(err)
	}
	makeOptionFiles(t, fixture)
	played := 0
	for _, c := range table.Commands {
		if slices.Contains(elsewhere, c.Name) {
			continue
		}
		shown := make(map[string]bool)
		for _, l := range optionLines[c.Name] {
			without := playOption(t, fixture, c.Name+" "+l.line, l.answers)
			if again := playOption(t, fixture, c.Name+" "+l.line, l.answers); again != without {
				t.Fatalf("%s %s is not the same twice:\n%s\n%s", c.Name, l.line, without, again)
			}
			for _, option := range l.options {
				name, _, _ := strings.Cut(option, " ")
				o := table.Option(name)
				if o == nil || !c.Documents(o) {
					t.Errorf("%s has no -%s", c.Name, name)
					continue
				}
				line := replaceOption(table, c.Name+" "+l.line, o, option)
				if with := playOption(t, fixture, line, l.answers); with == without {
					if withoutEffect[c.Name+" "+o.Name] == "" {
						t.Errorf("-%s does nothing:\n%s\n%s", option, line, with)
					}
				}
				shown[o.Name] = true
				played++
			}
		}
		if c.Documents(table.Option("lockTimeout")) {
			shown["lockTimeout"] = slices.ContainsFunc(optionLines[c.Name], func(l optionLine) bool {
				return strings.Contains(playOption(t, fixture, c.Name+" "+l.line+held, l.answers), " is in use by ")
			})
		}
		for _, doc := range c.Docs() {
			if o := table.Option(doc.Name); !shown[o.Name] && !o.Global && o.Name != notForJava && !slices.Contains(compatible, o.Name) {
				t.Errorf("%s: nothing shows what -%s does", c.Name, doc.Name)
			}
		}
	}
	t.Logf("%d options played", played)
}

// replaceOption puts an option into a line, in the place of the same one.
func replaceOption(table *argv.Table, line string, o *argv.Option, option string) string {
	words := strings.Fields(line)
	for i, word := range words {
		if strings.HasPrefix(word, "-") && table.Option(strings.TrimLeft(word, "-")) == o && o.Kind != argv.Flag && o.Kind != argv.List {
			words = slices.Delete(words, i, i+2)
			break
		}
	}
	return strings.Join(words, " ") + " -" + option
}

func makeOptionFiles(t *testing.T, dir string) {
	t.Helper()
	run := func(line string) {
		t.Helper()
		args := strings.Fields(line)
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "@", dir+"/")
		}
		if out, errs, code := play("", args...); code != 0 {
			t.Fatalf("%s: %d\n%s%s", line, code, out, errs)
		}
	}
	const pass = " -storepass changeit"
	run("genkeypair -alias one -keyalg EC -dname CN=one -keystore @k.p12" + pass)
	run("genkeypair -alias ca -keyalg EC -dname CN=ca -ext bc:c -ext san=dns:ca.example.org -keystore @k.p12" + pass)
	run("genkeypair -alias one -keyalg EC -dname CN=one,O=jks -keystore @k.jks -storetype JKS -keypass secretkey" + pass)
	run("genkeypair -alias ca -keyalg EC -dname CN=ca,O=jks -ext bc:c -keystore @k.jks -keypass changeit" + pass)
	run("genkeypair -alias one -keyalg EC -dname CN=another -keystore @other.p12" + pass)
	run("genkeypair -alias one -keyalg EC -dname CN=another -keystore @other2.p12" + pass)
	run("genseckey -alias one -keyalg AES -keysize 128 -keystore @k.jceks -storetype JCEKS -keypass changeit" + pass)
	run("exportcert -rfc -alias one -file @cert.pem -keystore @k.p12" + pass)
	run("exportcert -rfc -alias one -file @other.pem -keystore @other.p12" + pass)
	run("exportcert -rfc -alias ca -file @root.pem -keystore @k.p12" + pass)
	run("export -alias one -key -file @key.pem -keystore @k.p12" + pass)
	run("export -alias one -key -encrypt -keyfilepass secret1 -file @key.enc -keystore @k.p12" + pass)
	run("certreq -alias one -file @req.csr -keystore @k.p12" + pass)
	run("certreq -alias one -dname CN=two -file @req2.csr -keystore @k.p12" + pass)
	run("certreq -alias one -file @jks.csr -keypass secretkey -keystore @k.jks" + pass)
	run("gencert -rfc -alias ca -infile @jks.csr -outfile @reply.pem -keystore @k.jks" + pass)
	run("gencrl -alias ca -id 7 -file @crl -keystore @k.jks -keypass changeit" + pass)
	run("gencrl -alias ca -id 8 -file @crl2 -keystore @k.p12" + pass)
	run("genkeypair -alias srv -keyalg EC -dname CN=srv -keystore @srv.p12" + pass)
	run("certreq -alias srv -file @srv.csr -keystore @srv.p12" + pass)
	run("gencert -rfc -alias ca -infile @srv.csr -outfile @reply2.pem -keystore @k.p12" + pass)
	run("export -alias srv -key -file @srv.key -keystore @srv.p12" + pass)
	run("import -keyfile @srv.key -file @reply2.pem -alias srv -keystore @leaf.p12" + pass)
	run("import -keyfile @srv.key -file @reply2.pem -alias srv -keystore @leaf.jks -storetype jks -keypass changeit" + pass)
	run("importcert -noprompt -alias root -file @root.pem -keystore @leaf.jks" + pass)
	run("genkeypair -alias weak -keyalg RSA -keysize 1024 -sigalg SHA1withRSA -dname CN=weak -keystore @weak.p12" + pass)
	run("exportcert -rfc -alias weak -file @weak.pem -keystore @weak.p12" + pass)
	run("importcert -noprompt -alias weak -file @weak.pem -keystore @weak.jks -storetype jks" + pass)
	security := filepath.Join(dir+".jre", "lib", "security")
	if err := os.MkdirAll(security, 0o700); err != nil {
		t.Fatal(err)
	}
	run("importcert -noprompt -alias weak -file @weak.pem -keystore @cacerts -storetype jks" + pass)
	run("importcert -noprompt -alias root -file @root.pem -keystore @cacerts" + pass)
	if err := os.Rename(filepath.Join(dir, "cacerts"), filepath.Join(security, "cacerts")); err != nil {
		t.Fatal(err)
	}
	unmarked := exec.Command(testtool.Look(t, "openssl"), "pkcs12", "-export", "-nokeys", "-in", filepath.Join(dir, "cert.pem"), "-out", filepath.Join(dir, "nomark.p12"), "-passout", "pass:changeit")
	testtool.Output(t, unmarked)
	xml := `<Server><Service name="C"><Connector port="8443" SSLEnabled="true" sslProtocol="TLS" clientAuth="false" keystoreFile="` + filepath.Join(dir, "k.p12") + `"/></Service></Server>`
	if err := os.WriteFile(filepath.Join(dir, "server.xml"), []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
}

// held is the end of a line that does not wait for who holds a keystore.
const held = " -lockTimeout 0"

// playOption plays a line in a copy of the files, and describes all that came
// of it, without what is drawn at random. If it ends with held, others hold all
// that it may change.
func playOption(t *testing.T, fixture, line, answers string) string {
	t.Helper()
	dir := t.TempDir()
	copyFiles(t, dir, fixture)
	args := strings.Fields(strings.ReplaceAll(line, "@jre", fixture+".jre"))
	for i, arg := range args {
		if name := filepath.Join(dir, arg); i > 0 && !strings.HasPrefix(arg, "-") && (isFile(name) || slices.Contains([]string{"out", "none", "dest.jks", "none.p12"}, arg)) {
			args[i] = name
		}
	}
	if strings.HasSuffix(line, held) {
		for _, name := range append(fileNames(t, dir), "out") {
			lock, err := store.Lock(t.Context(), filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
		}
	}
	stdout, stderr, code := play(answers, args...)
	if strings.HasPrefix(stdout, "0\x82") || strings.HasPrefix(stdout, "0\x81") {
		stdout = describeDER([]byte(stdout))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\nexit %d\n", stdout, stderr, code)
	for _, name := range fileNames(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if was, err := os.ReadFile(filepath.Join(fixture, name)); err == nil && bytes.Equal(was, data) {
			continue
		}
		fmt.Fprintf(&b, "-- %s --\n%s\n", name, describeFile(fixture, filepath.Join(dir, name), data))
	}
	return maskOutcome(strings.ReplaceAll(b.String(), dir, "$DIR"))
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// fileNames are the names of the files in a directory.
func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

// describeFile tells what is in a file: of a keystore which password opens it,
// and its entries with the password of each key.
func describeFile(fixture, name string, data []byte) string {
	passwords := []string{"changeit", "another1", "another2", "secretkey", "secret1", ""}
	if s, password := storeOf(name, passwords); s != nil {
		var b strings.Builder
		fmt.Fprintf(&b, "%s, password %s", s.Type(), password)
		if p, ok := s.Params(); ok {
			fmt.Fprintf(&b, ", %v", p)
		}
		for _, e := range s.JavaOrder() {
			fmt.Fprintf(&b, "\n<%s> %s", e.Alias, e.Kind)
			for _, p := range passwords {
				if key, err := s.KeyOf(e, []byte(p)); err == nil {
					fmt.Fprintf(&b, ", key under %q: %s %d", p, key.Algorithm, len(key.Raw))
					break
				}
			}
			for _, c := range e.Chain {
				b.WriteString("\n  " + describeDER(c.DER))
				if was, _ := storeOf(filepath.Join(fixture, filepath.Base(name)), passwords); was != nil {
					if _, ok := was.FindCertificate(c.DER); ok {
						b.WriteString(" as it was")
					}
				}
			}
		}
		return b.String()
	}
	if bytes.Contains(data, []byte("-----BEGIN")) {
		return string(data)
	}
	return describeDER(data)
}

// storeOf opens a keystore with the first password that does.
func storeOf(name string, passwords []string) (*store.Store, string) {
	for _, password := range passwords {
		if s, err := store.Open(name, store.Options{Password: []byte(password)}); err == nil {
			return s, password
		}
	}
	return nil, ""
}

// describeDER tells what a certificate, a request or a list says.
func describeDER(der []byte) string {
	if c, err := x509.ParseCertificate(der); err == nil {
		text := fmt.Sprintf("%s by %s, %s, %s %d, %s to %s", c.Subject, c.Issuer, c.SignatureAlgorithm, c.PublicKeyAlgorithm, len(c.RawSubjectPublicKeyInfo),
			c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"))
		for _, e := range c.Extensions {
			text += " " + e.Id.String()
			if id := e.Id.String(); id != "2.5.29.14" && id != "2.5.29.35" {
				text += fmt.Sprintf("=%x", e.Value)
			}
		}
		return text
	}
	if r, err := x509.ParseCertificateRequest(der); err == nil {
		return fmt.Sprintf("request %s, %s, %v", r.Subject, r.SignatureAlgorithm, r.DNSNames)
	}
	if l, err := x509util.ParseCRLs(der); err == nil && len(l) > 0 {
		return fmt.Sprintf("list of %s, %s, %d entries", l[0].Issuer, l[0].SigName, len(l[0].Revoked))
	}
	return fmt.Sprintf("%d0 bytes", len(der)/10)
}

var randomText = regexp.MustCompile(`(?i)([0-9a-f]{2}[: ]){7,}[0-9a-f]{2}|serial(number)?"?:? ?"?[-0-9a-f]+|[0-9a-f]{32,}|\d\d:\d\d:\d\d(\.\d+)?|"created": "[^"]*"|"(pem|sha1|sha256|serial)": "[^"]*"|\d+\.\d+e\+\d+|[0-9A-F]{4}: .*`)

var pemBlock = regexp.MustCompile(`(?s)-----BEGIN [^-]*-----\r?\n.*?-----END [^-]*-----`)

func maskOutcome(text string) string {
	text = pemBlock.ReplaceAllStringFunc(text, func(block string) string {
		if b, _ := pem.Decode([]byte(block + "\n")); b != nil {
			return "PEM " + b.Type + " " + describeDER(b.Bytes)
		}
		return block
	})
	return randomText.ReplaceAllString(text, "RANDOM")
}
