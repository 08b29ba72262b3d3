package commands_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// faulty is a keystore with something wrong in it, or not quite right.
type faulty struct {
	make     string   // lines for bash that make the file $F, with the alias $A
	password string   // trustno1
	options  string   // of check, beside -storepass
	target   string   // what is checked: $F
	ids      []string // what is found in it, at least
}

// remedyFiles are made once, for all keystores: their lines name them.
const remedyFiles = `
set -e
echo trustno1 > pw; echo changeit > changeit; echo another1 > another; : > nothing; printf 'trustn\303\266 1\n' > umlaut
export GOKEYTOOL_STOREPASS=trustno1
gokeytool genkeypair -alias root -keyalg EC -dname CN=Root -ext bc:c -ext ku=keyCertSign -validity 3000 -keystore ca.p12
gokeytool genkeypair -alias middle -keyalg EC -dname CN=Middle -ext bc:c -ext ku=keyCertSign -validity 2000 -signer root -keystore ca.p12
gokeytool genkeypair -alias leaf -keyalg EC -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth -signer middle -keystore ca.p12
gokeytool genkeypair -alias other -keyalg EC -dname CN=Root -ext bc:c -validity 3000 -keystore ca.p12
gokeytool export -rfc -alias root -file root.pem -keystore ca.p12
gokeytool export -rfc -alias middle -file middle.pem -keystore ca.p12
gokeytool export -rfc -alias leaf -file leaf.pem -keystore ca.p12
gokeytool export -rfc -alias other -file other.pem -keystore ca.p12
gokeytool export -key -alias leaf -file leaf.key -keystore ca.p12
gokeytool export -key -alias other -file other.key -keystore ca.p12
cat leaf.pem middle.pem root.pem > chain.pem
cat middle.pem root.pem > cas.pem
`

const selfSigned = `gokeytool genkeypair -alias "$A" -keyalg EC -keystore "$F" -storepass:file pw `

// noAlgorithm is selfSigned for a key of another kind.
var noAlgorithm = strings.Replace(selfSigned, "-keyalg EC", "", 1)

// server is what no finding is about.
const server = ` -dname CN=localhost -ext san=dns:localhost -ext eku=serverAuth `

const asP12 = `openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile cas.pem -name "$A" -out "./$F" -passout file:pw `

var faultyStores = map[string]faulty{
	"ends soon":       {make: selfSigned + server + "-validity 9", ids: []string{"expires-soon", "modern-encryption"}},
	"has ended":       {make: selfSigned + server + "-startdate -100d -validity 97", ids: []string{"expired"}},
	"code has ended":  {make: selfSigned + "-dname CN=Acme -ext eku=codeSigning -startdate -100d -validity 97", ids: []string{"expired"}},
	"app is weak":     {make: noAlgorithm + "-dname CN=Acme -keyalg RSA -keysize 1024", ids: []string{"weak-key"}},
	"app ends":        {make: selfSigned + "-dname CN=Acme -validity 9", ids: []string{"expires-soon"}},
	"host without":    {make: selfSigned + "-dname CN=localhost", ids: []string{"names", "usage"}},
	"server without":  {make: selfSigned + "-dname CN=Me -ext eku=serverAuth", ids: []string{"names"}},
	"long life":       {make: selfSigned + server + "-validity 1000", ids: []string{"long-life"}},
	"weak":            {make: noAlgorithm + server + "-keyalg RSA -keysize 1024", ids: []string{"weak-key"}},
	"wrong usage":     {make: selfSigned + server + "-ext ku=keyEncipherment", ids: []string{"usage"}},
	"wrong curve":     {make: selfSigned + server + "-groupname secp521r1", ids: []string{"key-type"}},
	"wrong kind":      {make: noAlgorithm + server + "-keyalg DSA -keysize 2048", ids: []string{"key-type"}},
	"issued and ends": {make: "cp ca.p12 \"./$F\"; gokeytool genkeypair -alias \"$A\" -keyalg EC -signer middle -validity 9 -keystore \"$F\" -storepass:file pw " + server, ids: []string{"expires-soon"}},
	"client and ends": {make: "cp ca.p12 \"./$F\"; gokeytool genkeypair -alias \"$A\" -keyalg EC -signer middle -validity 9 -keystore \"$F\" -storepass:file pw -dname CN=alice -ext eku=clientAuth", ids: []string{"expires-soon"}},
	"issued and weak": {make: "cp ca.p12 \"./$F\"; gokeytool genkeypair -alias \"$A\" -keyalg RSA -keysize 1024 -signer middle -keystore \"$F\" -storepass:file pw " + server, ids: []string{"weak-key"}},
	"trusted ended": {make: selfSigned + "-dname CN=Old -startdate -100d -validity 97; gokeytool export -rfc -alias \"$A\" -file old.pem -keystore \"$F\" -storepass:file pw; rm \"./$F\"; " +
		"gokeytool import -noprompt -alias \"$A\" -file old.pem -keystore \"$F\" -storepass:file pw", ids: []string{"expired", "java-truststore"}},
	"JKS":               {make: selfSigned + server + "-storetype jks -keypass:file pw", ids: []string{"old-format"}},
	"JKS, two words":    {make: selfSigned + server + "-storetype jks -keypass:file another", ids: []string{"key-password"}},
	"JKS, both given":   {make: selfSigned + server + "-storetype jks -keypass:file another", options: "-keypass:file another", ids: []string{"key-password"}},
	"both given, ends":  {make: selfSigned + server + "-storetype jks -keypass:file another -validity 9", options: "-keypass:file another", ids: []string{"expires-soon"}},
	"changeit":          {make: strings.ReplaceAll(selfSigned, ":file pw", ":file changeit") + server, password: "changeit", ids: []string{"default-password"}},
	"changeit in JKS":   {make: strings.ReplaceAll(selfSigned, ":file pw", ":file changeit") + server + "-storetype jks -keypass:file changeit", password: "changeit", ids: []string{"default-password"}},
	"empty password":    {make: strings.ReplaceAll(asP12, "file:pw", "pass:"), password: "-", ids: []string{"empty-password"}},
	"umlaut":            {make: strings.ReplaceAll(selfSigned, ":file pw", ":file umlaut") + server, password: "trustnö 1", ids: []string{"password-not-ascii"}},
	"readable":          {make: selfSigned + server + "; chmod 644 \"./$F\"", ids: []string{"file-mode"}},
	"PBMAC1":            {make: asP12 + "; gokeytool convert -profile java26 \"./$F\" m.p12 -storepass:file pw; mv m.p12 \"./$F\"", ids: []string{"pbmac1"}},
	"legacy":            {make: asP12 + "-legacy", ids: []string{"legacy-encryption"}},
	"AES-192":           {make: selfSigned + server + "-J-Dkeystore.pkcs12.keyProtectionAlgorithm=PBEWithHmacSHA256AndAES_192", ids: []string{"not-for-java"}},
	"hidden key":        {make: asP12 + "-keypbe NONE", ids: []string{"hidden-key"}},
	"nested":            {make: `cp "$ODD/nested-trusted.p12" "./$F"`, password: "changeit", ids: []string{"hidden-entry"}},
	"chain not found":   {make: `cp "$ODD/key-without-name-and-id.p12" "./$F"`, password: "changeit", ids: []string{"hidden-chain"}},
	"bytes behind":      {make: `cp "$ODD/bytes-behind-ciphertext.p12" "./$F"`, password: "changeit", ids: []string{"damaged-key"}},
	"odd name":          {make: `cp "$ODD/name-in-utf8.p12" "./$F"`, password: "changeit", ids: []string{"not-for-java"}},
	"no name":           {make: strings.ReplaceAll(asP12, `-name "$A"`, ""), ids: []string{"numbered-alias"}},
	"no mark":           {make: `openssl pkcs12 -export -nokeys -in cas.pem -out "./$F" -passout file:pw`, ids: []string{"trust-mark"}},
	"capitals":          {make: `gokeytool import -noprompt -alias "B$A" -file root.pem -keystore "$F" -storetype CaseExactJKS -storepass:file pw`, ids: []string{"alias-case"}},
	"no certificate":    {make: `openssl pkcs12 -export -nocerts -inkey leaf.key -name "$A" -out "./$F" -passout file:pw`, ids: []string{"no-certificate"}},
	"wrong certificate": {make: `openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile cas.pem -name "$A" -out "./$F" -passout file:pw`, ids: []string{"key-mismatch"}},
	"no issuer":         {make: strings.ReplaceAll(asP12, "-certfile cas.pem", ""), ids: []string{"chain-incomplete"}},
	"out of order":      {make: asP12, ids: []string{"chain-order"}},
	"wrong issuer":      {make: asP12, ids: []string{"chain-broken"}},
	"reply beside": {make: selfSigned + server + `-validity 30; gokeytool certreq -alias "$A" -file r.csr -keystore "$F" -storepass:file pw
gokeytool gencert -alias middle -infile r.csr -outfile r.pem -rfc -ext honored=all -keystore ca.p12 -storepass:file pw
gokeytool import -bundle cas.pem -keystore "$F" -storepass:file pw; openssl x509 -in r.pem -out one.pem
gokeytool -importcert -noprompt -alias "beside$A" -file one.pem -keystore "$F" -storepass:file pw`, ids: []string{"reply-beside-key"}},
	"request":             {make: `gokeytool certreq -alias leaf -file "./$F" -keystore ca.p12 -storepass:file pw`, ids: []string{"not-a-keystore"}},
	"served for others":   {target: "server.xml", make: selfSigned + server + "; " + connectorXML("certificateKeystorePassword='trustno1'"), ids: []string{"host-name", "no-trust-anchors"}},
	"served, from a file": {target: "server.xml", make: selfSigned + "-dname CN=Me -validity 9; " + connectorXML("certificateKeystorePasswordFile='$PWD/pw'"), ids: []string{"expires-soon", "names"}},
	"old connector": {target: "server.xml", make: selfSigned + server + "; " +
		`echo "<Server><Service><Connector port='8443' SSLEnabled='true' keystoreFile='$PWD/$F' keystorePass='trustno1'/></Service></Server>" > server.xml`, ids: []string{"flat-connector"}},
	"other password": {make: strings.ReplaceAll(selfSigned, ":file pw", ":file another") + server, ids: []string{"password"}},
}

// connectorXML makes a connector that serves $F for another host than its own, and
// trusts nobody.
func connectorXML(password string) string {
	return `gokeytool import -alias a -noprompt -file root.pem -keystore trust -storepass:file pw && gokeytool delete -alias a -keystore trust -storepass:file pw
echo "<Server><Service><Connector port='8443' SSLEnabled='true'>
<SSLHostConfig hostName='_default_'><Certificate certificateKeystoreFile='$PWD/$F' ` + password + `/></SSLHostConfig>
<SSLHostConfig hostName='www.example.com' truststoreFile='$PWD/trust' truststorePassword='trustno1'><Certificate certificateKeystoreFile='$PWD/$F' ` + password + `/></SSLHostConfig>
</Connector></Service></Server>" > server.xml`
}

// rearranged are the keystores that only a program makes: what becomes of the
// chain [leaf, middle, root] and the key of the leaf.
var rearranged = map[string]func(chain []entry.Certificate, other entry.Certificate) []entry.Certificate{
	"wrong certificate": func(_ []entry.Certificate, other entry.Certificate) []entry.Certificate {
		return []entry.Certificate{other}
	},
	"out of order": func(c []entry.Certificate, _ entry.Certificate) []entry.Certificate {
		return []entry.Certificate{c[0], c[2], c[1]}
	},
	"wrong issuer": func(c []entry.Certificate, other entry.Certificate) []entry.Certificate {
		return []entry.Certificate{c[0], c[1], other}
	},
}

// remedyFill stands for the words in a remedy that only the user knows.
var remedyFill = map[string]string{"CERTIFICATE": "chain.pem", "CAFILE": "cas.pem", "CHAIN": "chain.pem", "NAME": "named", "PASSWORDFILE": "another", "CA": "root.pem"}

// TestRemedies pastes what check prints, each line into a copy of the directory:
// it does what it says, what was wrong is gone, and no key is lost. Names of files
// and aliases are odd, and the password is given in each way. By default a
// keystore is tried in one way, with REMEDIES=all in each.
func TestRemedies(t *testing.T) {
	testtool.Look(t, "openssl")
	testtool.Look(t, "bash")
	files := t.TempDir()
	if out, err := paste(t, files, remedyFiles, "", nil); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ways := []string{"file", "env", "literal", "variable"}
	names := []struct{ file, alias string }{{"-it's $HOME\nand `x` !.p12", "my key's\n$HOME"}, {"keystore.p12", "-tomcat"}, {"two words.p12", "ä=1"}}
	n := 0
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range faultyStores {
			if !yield(name) {
				return
			}
		}
	}) {
		for i, way := range ways {
			for j, called := range names {
				if os.Getenv("REMEDIES") != "all" && (i != n%len(ways) || j != n%len(names)) {
					continue
				}
				if faultyStores[name].target != "" && j == 0 {
					called = names[1] // XML can't say the first
				}
				t.Run(fmt.Sprintf("%s, by %s, as %q", name, way, called.file), func(t *testing.T) {
					t.Parallel()
					r := &remedies{t: t, files: files, name: name, of: faultyStores[name], way: way, file: called.file, alias: called.alias}
					r.run()
				})
			}
		}
		n++
	}
}

// remedies is a keystore whose remedies are tried.
type remedies struct {
	t           *testing.T
	files, name string
	of          faulty
	way         string
	file, alias string
	password    string
}

// found is a finding of check.
type found struct{ ID, Alias, Text, Remedy string }

func (r *remedies) run() {
	r.password = r.of.password
	switch r.password {
	case "":
		r.password = "trustno1"
	case "-":
		r.password = ""
	}
	dir := r.copy(r.files)
	if out, err := paste(r.t, dir, "set -e; umask 077; "+r.of.make, "", r.env()); err != nil {
		r.t.Fatalf("%v\n%s", err, out)
	}
	if rearrange, ok := rearranged[r.name]; ok {
		r.rearrange(filepath.Join(dir, r.file), filepath.Join(dir, "other.pem"), rearrange)
	}
	findings, text := r.check(dir)
	for _, id := range r.of.ids {
		if !slices.ContainsFunc(findings, func(f found) bool { return f.ID == id }) {
			r.t.Errorf("%s is not found in\n%s", id, text)
		}
	}
	for _, f := range findings {
		if f.Remedy == "" {
			continue
		}
		if !strings.Contains(text, "-> "+f.Remedy+"\n") {
			r.t.Errorf("the terminal shows another line than %q:\n%s", f.Remedy, text)
		}
		r.secret(f.Remedy)
		// What many have is tried of those that are made for it, and of a
		// keystore that does not open only how it does.
		common := slices.Contains([]string{"modern-encryption", "java-truststore", "old-format"}, f.ID)
		if (common || r.name == "other password") && !slices.Contains(r.of.ids, f.ID) {
			continue
		}
		after := r.try(dir, f)
		if strings.HasPrefix(f.ID, "chain-") {
			dir = after // of a chain that is wrong no other format can be made
		}
	}
}

// env is the environment of all commands.
func (r *remedies) env() []string {
	odd, err := filepath.Abs("../store/testdata/odd")
	if err != nil {
		r.t.Fatal(err)
	}
	env := []string{"F=" + r.file, "A=" + r.alias, "PASS=" + r.password, "ODD=" + odd}
	if r.way == "variable" {
		env = append(env, "GOKEYTOOL_STOREPASS="+r.password)
	}
	return env
}

// secret complains of a password in what was printed.
func (r *remedies) secret(text string) {
	for _, word := range []string{"trustno1", "changeit", "another1", "trustnö", "fresh123"} {
		// A file and changeit, as Java's default, are called so.
		if strings.Contains(regexp.MustCompile(`(:file |-Djavax\.net\.ssl\.trustStorePassword=)changeit`).ReplaceAllString(text, ""), word) {
			r.t.Errorf("a password stands in %s", text)
		}
	}
}

// check looks at a file in the directory.
func (r *remedies) check(dir string) ([]found, string) {
	return r.checkFile(dir, cmp.Or(r.of.target, "./"+r.file))
}

func (r *remedies) checkFile(dir, file string) ([]found, string) {
	r.t.Helper()
	words := map[string]string{"file": "-storepass:file given", "env": "-storepass:env PASS", "literal": `-storepass "$PASS"`, "variable": ""}[r.way]
	if err := os.WriteFile(filepath.Join(dir, "given"), []byte(r.password+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	line := fmt.Sprintf("gokeytool check %s %s -v ", words, r.of.options)
	env := append(r.env(), "FILE="+file)
	text, _ := paste(r.t, dir, line+`"$FILE"`, "", env)
	data, _ := paste(r.t, dir, line+`-json "$FILE"`, "", env)
	var report struct{ Keystores []struct{ Findings []found } }
	if err := json.Unmarshal([]byte(data), &report); err != nil {
		r.t.Fatalf("%v\n%s", err, data)
	}
	var findings []found
	for _, k := range report.Keystores {
		findings = append(findings, k.Findings...)
	}
	return findings, text
}

// try pastes a remedy into a copy of the directory, and returns that.
func (r *remedies) try(origin string, f found) (dir string) {
	r.t.Helper()
	dir = r.copy(origin)
	line, note, _ := strings.Cut(f.Remedy, "  # ")
	for word, with := range remedyFill {
		line = regexp.MustCompile(`(^| )`+word+`( |$)`).ReplaceAllString(line, "${1}"+with+"${2}")
	}
	if note != "" {
		line += "  # " + note
	}
	keys := r.keys(dir)
	if len(keys) == 0 && f.ID != "not-a-keystore" && f.ID != "password" && !strings.Contains("trusted ended, no mark, capitals, nested", r.name) {
		r.t.Fatal("no key opens")
	}
	out, err := paste(r.t, dir, "java() { test \"${*: -1}\" = PROGRAM; }\n"+line, r.answers(line), r.env())
	r.t.Logf("%s\n$ %s\n%s", f.ID, line, out)
	if err != nil {
		r.t.Errorf("%s: %v\n%s", line, err, out)
		return dir
	}
	r.secret(out)
	file := cmp.Or(r.of.target, "./"+r.file)
	defer func(password string) { r.password = password }(r.password)
	_, then, hasThen := strings.Cut(line, "# then have the CA sign it, and: ")
	switch {
	case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "java "), f.ID == "not-a-keystore", f.ID == "flat-connector":
		return dir // there is nothing to be seen of it
	case strings.Contains(line, " convert "):
		file = "NEW.p12"
	case hasThen:
		r.sign(dir, then)
	case strings.Contains(line, " genkeypair "):
		r.lost(keys, r.keys(dir), line)
		return dir // the old key stays; the new one is for a CA to sign
	case f.ID == "default-password", f.ID == "empty-password", f.ID == "password-not-ascii":
		r.password = "fresh123"
	case f.ID == "password":
		if strings.Contains(out, "needs its password") {
			r.t.Errorf("%s: it needs its password:\n%s", line, out)
		}
		return dir
	}
	after, text := r.checkFile(dir, file)
	if slices.ContainsFunc(after, func(o found) bool {
		return o.ID == f.ID && (o.Alias == f.Alias || strings.EqualFold(o.Alias, f.Alias)) && o.Text == f.Text
	}) {
		r.t.Errorf("%s: it still is so:\n%s", line, text)
	}
	r.lost(keys, r.keys(dir), line)
	return dir
}

// sign has the CA sign the request, and follows the rest of the line.
func (r *remedies) sign(dir, then string) {
	r.t.Helper()
	then, _, _ = strings.Cut(then, "; the fingerprint changes")
	line := "gokeytool gencert -alias middle -infile REQUEST -outfile REPLY -rfc -ext honored=all -keystore ca.p12 -storepass:file pw && " + then
	if out, err := paste(r.t, dir, line, r.answers(then), r.env()); err != nil {
		r.t.Errorf("%s: %v\n%s", line, err, out)
	}
}

// answers are what a line asks for: the keystore's password unless it gives it,
// and new ones.
func (r *remedies) answers(line string) string {
	var lines []string
	switch {
	case strings.Contains(line, "-storepass"), r.way == "variable":
	default:
		commands, _, _ := strings.Cut(line, "#")
		for range strings.Count(commands, "gokeytool ") {
			lines = append(lines, r.password)
		}
	}
	if r.of.password == "-" && strings.Contains(line, "convert") || strings.Contains(line, "storepasswd") {
		lines = append(lines, "fresh123", "fresh123")
	}
	switch {
	case strings.Contains(line, "keypasswd"), strings.Contains(r.of.make, ":file another") && !strings.Contains(line, "-keypass"):
		lines = append(lines, "another1")
	}
	return strings.Join(append(lines, "yes", "yes"), "\n") + "\n"
}

// copy copies a directory.
func (r *remedies) copy(dir string) string {
	to := r.t.TempDir()
	testtool.Run(r.t, "cp", "-a", dir+"/.", to)
	return to
}

// keys are the private keys in all files of a directory.
func (r *remedies) keys(dir string) map[string]bool {
	keys := make(map[string]bool)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, r.file) && !strings.HasPrefix(d.Name(), "NEW") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		passwords := []string{"trustno1", "changeit", "another1", "fresh123", "trustnö 1", ""}
		for _, password := range passwords {
			opened, err := store.Decode(path, data, store.Options{Password: []byte(password)})
			if err != nil {
				continue
			}
			for _, e := range opened.Entries() {
				for _, own := range passwords {
					if key, err := opened.Salvage(e, []byte(own)); err == nil && key.PKCS8 != nil {
						keys[fmt.Sprintf("%x", sha256.Sum256(key.PKCS8))] = true
						break
					}
				}
			}
			break
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return keys
}

// lost complains of keys that were there, and are no more.
func (r *remedies) lost(before, after map[string]bool, line string) {
	r.t.Helper()
	for key := range before {
		if !after[key] {
			r.t.Errorf("%s: a key is lost", line)
		}
	}
}

// rearrange gives the key of a keystore another chain, in a JKS in its place.
func (r *remedies) rearrange(file, otherFile string, change func([]entry.Certificate, entry.Certificate) []entry.Certificate) {
	r.t.Helper()
	must := func(err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
	}
	password := []byte(r.password)
	from, err := store.Open(file, store.Options{Password: password})
	must(err)
	other, err := store.Open(otherFile, store.Options{Foreign: true})
	must(err)
	e := from.Entries()[0]
	key, err := from.KeyOf(e, password)
	must(err)
	to := store.New(store.JKS)
	must(to.SetKey(e.Alias, key, password, change(e.Chain, other.Entries()[0].Chain[0]), e.Created))
	data, err := to.Bytes(password)
	must(err)
	must(os.WriteFile(file, data, 0o600))
}

// paste runs lines in bash, with further variables.
func paste(t testing.TB, dir, line, stdin string, env []string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), plainPath(t), "HOME="+dir)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
