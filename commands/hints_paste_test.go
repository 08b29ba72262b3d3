package commands_test

import (
	"regexp"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// hinting are commands after which a line is printed that helps on, by the
// command that it names. $F is a keystore, $A an alias in it.
var hinting = map[string]struct {
	make, line string
	advises    string // how the line begins
	fill       string // NAME=VALUE for what has to be filled in
	stdin      string // what it asks for
}{
	"one of several certificates": {line: `gokeytool import -noprompt -alias one -file cas.pem -keystore "$F" -storepass:file pw`, advises: "import -bundle"},
	"an alias that is taken":      {line: `gokeytool genkeypair -alias "$A" -keyalg EC -dname CN=x -keystore "$F" -storepass:file pw`, advises: "delete -backup"},
	"a host that is not named":    {line: `gokeytool genkeypair -alias new -keyalg EC -dname CN=localhost -keystore "$F" -storepass:file pw`, advises: "renew"},
	"renewed by a CA elsewhere": {make: `gokeytool import -keyfile leaf.key -file chain.pem -alias sub -keystore "$F" -storepass:file pw`,
		line: `gokeytool renew -alias sub -keystore "$F" -storepass:file pw`, advises: "certreq"},
	"no trust mark": {make: `rm "./$F"; openssl pkcs12 -export -nokeys -in cas.pem -out "./$F" -passout file:pw`,
		line: `gokeytool list -keystore "$F" -storepass:file pw`, advises: "trustmark"},
	"no bundle without the mark": {make: `rm "./$F"; openssl pkcs12 -export -nokeys -in cas.pem -out "./$F" -passout file:pw`,
		line: `gokeytool export -bundle - -keystore "$F" -storepass:file pw`, advises: "trustmark"},
	"a reply without its issuer": {make: `gokeytool genkeypair -alias www -keyalg EC -dname CN=www.example.com -ext san=dns:www.example.com -keystore "$F" -storepass:file pw
gokeytool certreq -alias www -file r.csr -keystore "$F" -storepass:file pw; gokeytool gencert -alias middle -infile r.csr -rfc -outfile r.pem -keystore ca.p12 -storepass:file pw; openssl x509 -in r.pem -out 'the reply'
gokeytool export -rfc -alias middle -file middle.pem -keystore ca.p12 -storepass:file pw`,
		line: `gokeytool import -alias www -file 'the reply' -keystore "$F" -storepass:file pw`, advises: "import -alias", fill: "ISSUER=cas.pem"},
	"a bundle with one that ended": {make: selfSignedOld, line: `gokeytool import -bundle old.pem -keystore trust -storepass:file pw`, advises: "check"},
	"the same, with the password on the line": {make: selfSignedOld, line: `gokeytool import -bundle old.pem -keystore trust -storepass trustno1`,
		advises: "check", fill: "PASSWORDFILE=pw"},
	"nginx":                 {make: `gokeytool genkeypair -alias "my key" -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore "$P" -storepass:file pw`, line: `gokeytool tomcat-config "./$P" -server nginx -storepass:file pw | sed 's/^# *//'`, advises: "export"},
	"smoke, and no host":    {make: `gokeytool genkeypair -alias n -keyalg EC -dname CN=localhost -keystore s.p12 -storepass:file pw`, line: `gokeytool smoke -keystore s.p12 -storepass:file pw`, advises: "renew"},
	"smoke of a code key":   {make: `gokeytool genkeypair -alias n -keyalg EC -dname CN=Acme -ext eku=codeSigning -keystore s.p12 -storepass:file pw`, line: `gokeytool smoke -keystore s.p12 -storepass:file pw`, advises: "genkeypair"},
	"serve, and no host":    {make: `gokeytool genkeypair -alias n -keyalg EC -dname CN=localhost -keystore s.p12 -storepass:file pw`, line: `gokeytool serve -port 0 -for 1ms -keystore s.p12 -storepass:file pw`, advises: "renew"},
	"smoke of another word": {make: `gokeytool genkeypair -alias n -keyalg EC -dname CN=localhost -ext san=dns:localhost -storetype jks -keypass another1 -keystore s.jks -storepass:file pw`, line: `gokeytool smoke -keystore s.jks -storepass:file pw`, advises: "keypasswd", stdin: "another1\n"},
	"a request":             {make: `gokeytool certreq -alias leaf -file 'a $HOME.csr' -keystore ca.p12 -storepass:file pw`, line: `gokeytool import -alias x -file 'a $HOME.csr' -keystore "$F" -storepass:file pw`, advises: "printcertreq"},
	"a request to sign":     {make: `gokeytool certreq -alias leaf -file r.csr -keystore ca.p12 -storepass:file pw`, line: `gokeytool import -alias x -file r.csr -keystore "$F" -storepass:file pw`, advises: "gencert", fill: "CAKEYSTORE=ca.p12 -storepass:file pw,CA=middle"},
	"a key":                 {line: `gokeytool import -alias new -file leaf.key -keystore "$F" -storepass:file pw`, advises: "import -keyfile", fill: "CERTIFICATE=chain.pem"},
	"in PEM, in place":      {line: `gokeytool migrate -to pem "./$F" -storepass:file pw`, advises: "convert"},
	"keys of PKCS12":        {line: `gokeytool keypasswd -alias "$A" -keystore "$F" -storepass:file pw`, advises: "storepasswd", stdin: "fresh123\nfresh123\n"},
	"aliases without end": {make: `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do gokeytool import -noprompt -alias c$i -file root.pem -keystore "$F" -storepass:file pw; done`,
		line: `gokeytool export -alias none -keystore "$F" -storepass:file pw`, advises: "list"},
	"HTTPS at once":       {line: `XDG_DATA_HOME=$PWD/data gokeytool dev -dir "a b" -storepass:file pw`, advises: "serve"},
	"what a line is for":  {line: `gokeytool explain keytool -list -keystore "$F" -storepass:file pw`, advises: "list"},
	"trusted in a bundle": {line: `gokeytool import -bundle root.pem -keystore trust -storepass:file pw`, advises: "java"},
}

const selfSignedOld = `gokeytool genkeypair -alias o -keyalg EC -dname CN=Old -startdate -100d -validity 97 -keystore old.p12 -storepass:file pw
gokeytool export -rfc -alias o -file old.pem -keystore old.p12 -storepass:file pw`

// TestHintsPasted pastes what commands print beside or after their errors.
func TestHintsPasted(t *testing.T) {
	testtool.Look(t, "openssl")
	testtool.Look(t, "bash")
	files := t.TempDir()
	const file, alias = "-it's $HOME\nand `x` !.p12", "my key's\n$HOME"
	env := []string{"F=" + file, "A=" + alias, "P=plain %; '{#.p12"}
	prepare := remedyFiles + selfSigned + server + "\n"
	if out, err := paste(t, files, prepare, "", env); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	advice := regexp.MustCompile(`(?m)(?:^|[:>#] +|^ +)((?:gokeytool|java) [^\n]*)$`)
	for name, test := range hinting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			testtool.Run(t, "cp", "-a", files+"/.", dir)
			if out, err := paste(t, dir, "set -e\n"+test.make, "", env); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			said, _ := paste(t, dir, test.line, "", env)
			t.Logf("$ %s\n%s", test.line, said)
			if strings.Contains(said, "trustno1") {
				t.Error("a password was printed")
			}
			line := ""
			for _, match := range advice.FindAllStringSubmatch(said, -1) {
				if words, _ := strings.CutPrefix(match[1], "gokeytool "); strings.HasPrefix(words, test.advises) {
					line = match[1]
				}
			}
			if line == "" {
				t.Fatalf("nobody advises %s", test.advises)
			}
			if !strings.Contains(line, "pw") && !strings.HasPrefix(test.advises, "printcert") && test.advises != "gencert" && !strings.Contains(test.fill, "PASSWORDFILE") {
				t.Errorf("the password's file is not in %s", line)
			}
			if test.fill != "" {
				for fill := range strings.SplitSeq(test.fill, ",") {
					what, with, _ := strings.Cut(fill, "=")
					line = regexp.MustCompile(`\b`+what+`\b`).ReplaceAllLiteralString(line, with)
				}
			}
			if test.advises == "serve" {
				line = strings.Replace(line, "gokeytool serve", "gokeytool serve -port 0 -for 1ms", 1)
			}
			out, err := paste(t, dir, "java() { test \"${*: -1}\" = PROGRAM; }\n"+line, test.stdin, env)
			t.Logf("$ %s\n%s", line, out)
			if err != nil && test.advises != "check" { // which is to find something
				t.Errorf("%s: %v\n%s", line, err, out)
			}
			if strings.Contains(out, "needs its password") {
				t.Errorf("%s: it needs its password", line)
			}
		})
	}
}
