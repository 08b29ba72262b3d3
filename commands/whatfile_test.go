package commands_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// shellHere runs lines of bash in a directory, with our programs on PATH, and
// returns what they print. They are the plain ones: the lines are hundreds.
func shellHere(t testing.TB, dir, lines string) (string, error) {
	t.Helper()
	cmd := exec.Command(testtool.Look(t, "bash"), "-c", lines)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), plainPath(t), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustShell is shellHere for lines that do not fail.
func mustShell(t testing.TB, dir, lines string) string {
	t.Helper()
	out, err := shellHere(t, dir, "set -e\n"+lines)
	if err != nil {
		t.Fatalf("%s\n%s%v", lines, out, err)
	}
	return out
}

// wrappings are the ways in which a file comes, as a program would make it.
func wrappings() map[string]func([]byte) string {
	b64 := base64.StdEncoding.EncodeToString
	quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
	return map[string]func([]byte) string{
		"Base64":       func(d []byte) string { return b64(d) },
		"Base64 twice": func(d []byte) string { return b64([]byte(b64(d))) + "\n" },
		"of URLs":      func(d []byte) string { return base64.RawURLEncoding.EncodeToString(d) },
		"quoted":       func(d []byte) string { return `"` + b64(d) + `"` },
		"data URI":     func(d []byte) string { return "data:application/octet-stream;base64," + b64(d) },
		"Secret":       func(d []byte) string { return "kind: Secret\ndata:\n  some.name: " + b64(d) + "\n" },
		"Secret, JSON": func(d []byte) string { return `{"kind":"Secret","data":{"some.name":"` + b64(d) + `"}}` },
		"hexadecimal":  func(d []byte) string { return fmt.Sprintf("%x\n", d) },
		`\n`:           func(d []byte) string { return strings.ReplaceAll(string(d), "\n", `\n`) },
		"a line":       func(d []byte) string { return strings.Join(strings.Fields(string(d)), " ") },
		"Vault":        func(d []byte) string { return `{"lease_id":"","data":{"value":` + quoted(string(d)) + `}}` },
		"variable":     func(d []byte) string { return "A=1\nVALUE=\"" + strings.ReplaceAll(string(d), "\n", `\n`) + "\"\n" },
	}
}

// ofText are the wrappings that are for PEM only.
var ofText = []string{`\n`, "a line", "Vault", "variable"}

// TestWrapped gives every command that reads a file one that is wrapped. The
// line that it prints is run as it stands, and then the command takes what came
// out.
func TestWrapped(t *testing.T) {
	for _, program := range []string{"jq", "xxd", "base64", "awk"} {
		testtool.Look(t, program)
	}
	dir := t.TempDir()
	mustShell(t, dir, `
		gokeytool genkeypair -alias a -keyalg EC -dname CN=a -ext san=dns:localhost -keystore k.p12 -storepass changeit
		gokeytool genkeypair -alias a -keyalg EC -dname CN=a -keystore k.jks -storetype JKS -storepass changeit 2> /dev/null
		gokeytool export -alias a -rfc -file c.pem -keystore k.p12 -storepass changeit
		gokeytool export -alias a -file c.der -keystore k.p12 -storepass changeit
		gokeytool export -alias a -key -file k.pem -keystore k.p12 -storepass changeit
		gokeytool certreq -alias a -file r.pem -keystore k.p12 -storepass changeit
		gokeytool gencrl -alias a -id 1 -rfc -file l.pem -keystore k.p12 -storepass changeit`)
	for _, test := range []struct {
		name  string
		line  string // FILE is what is read
		files []string
	}{
		{"list", "gokeytool list -keystore FILE -storepass changeit", []string{"k.p12", "k.jks"}},
		{"list, keytool", "gokeytool -list -keystore FILE -storepass changeit", []string{"k.p12", "k.jks"}},
		{"export", "gokeytool export -alias a -rfc -keystore FILE -storepass changeit", []string{"k.p12", "k.jks"}},
		{"check", "gokeytool check FILE; test $? -lt 2", []string{"k.p12", "k.jks"}},
		{"diff", "gokeytool diff FILE k.p12 -storepass changeit", []string{"k.p12"}},
		{"convert", "gokeytool convert -to pem FILE out.pem -storepass changeit", []string{"k.p12", "k.jks"}},
		{"migrate", "gokeytool migrate FILE -to jks -storepass changeit", []string{"k.p12"}},
		{"importkeystore", "gokeytool importkeystore -noprompt -srckeystore FILE -srcstorepass changeit -destkeystore d.p12 -deststorepass changeit", []string{"k.p12", "k.jks"}},
		{"smoke", "gokeytool smoke -keystore FILE -storepass changeit -host localhost", []string{"k.p12"}},
		{"serve", "gokeytool serve -for 1ms -port 0 -force -keystore FILE -storepass changeit", []string{"k.p12"}},
		{"serve, truststore", "gokeytool serve -for 1ms -port 0 -force -selfsigned -clientAuth want -truststoreFile FILE -truststorePassword changeit", []string{"k.p12"}},
		{"serve, PEM certificate", "gokeytool serve -for 1ms -port 0 -force -certificateFile FILE -certificateKeyFile k.pem", []string{"c.pem"}},
		{"serve, PEM key", "gokeytool serve -for 1ms -port 0 -force -certificateFile c.pem -certificateKeyFile FILE", []string{"k.pem"}},
		{"serve, authorities", "gokeytool serve -for 1ms -port 0 -force -selfsigned -clientAuth want -caCertificateFile FILE", []string{"c.pem"}},
		{"importcert", "gokeytool importcert -noprompt -alias b -file FILE -keystore d.p12 -storepass changeit", []string{"c.pem", "c.der"}},
		{"importcert, keytool", "gokeytool -importcert -noprompt -alias b -file FILE -keystore d.p12 -storepass changeit", []string{"c.pem", "c.der"}},
		{"import -bundle", "gokeytool import -bundle FILE -keystore d.p12 -storepass changeit", []string{"c.pem", "c.der"}},
		{"import -keyfile", "gokeytool import -noprompt -keyfile FILE -file c.pem -alias b -keystore d.p12 -storepass changeit", []string{"k.pem"}},
		{"import -keyfile of a keystore", "gokeytool import -noprompt -keyfile FILE -keyfilepass changeit -alias b -keystore d.p12 -storepass changeit", []string{"k.p12"}},
		{"import -file", "gokeytool import -noprompt -keyfile k.pem -file FILE -alias b -keystore d.p12 -storepass changeit", []string{"c.pem", "c.der"}},
		{"import -ca", "gokeytool import -noprompt -keyfile k.pem -file c.pem -ca FILE -alias b -keystore d.p12 -storepass changeit", []string{"c.pem"}},
		{"chain -ca", "gokeytool chain -complete -ca FILE -alias a -keystore k.p12 -storepass changeit", []string{"c.pem"}},
		{"printcert", "gokeytool printcert -file FILE", []string{"c.pem", "c.der"}},
		{"printcert, keytool", "gokeytool -printcert -file FILE", []string{"c.pem", "c.der"}},
		{"printcertreq", "gokeytool printcertreq -file FILE", []string{"r.pem"}},
		{"gencert", "gokeytool gencert -alias a -infile FILE -outfile o.der -keystore k.p12 -storepass changeit", []string{"r.pem"}},
		{"printcrl", "gokeytool printcrl -file FILE", []string{"l.pem"}},
	} {
		for _, file := range test.files {
			content, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			ways := wrappings()
			if !strings.HasSuffix(file, ".pem") {
				maps.DeleteFunc(ways, func(way string, _ func([]byte) string) bool { return slices.Contains(ofText, way) })
			}
			for _, way := range slices.Sorted(maps.Keys(ways)) {
				t.Run(test.name+"/"+file+"/"+way, func(t *testing.T) {
					here := filepath.Join(t.TempDir(), "it's here")
					mustShell(t, dir, "cp -r . "+quoteWord(here))
					const name = "wrapped file"
					if err := os.WriteFile(filepath.Join(here, name), []byte(ways[way](content)), 0o600); err != nil {
						t.Fatal(err)
					}
					line := strings.ReplaceAll(test.line, "FILE", quoteWord(name))
					out, err := shellHere(t, here, "export GOKEYTOOL_HINTS=on\n"+line)
					if err == nil {
						t.Fatalf("%s: done, with\n%s", line, out)
					}
					remedy := regexp.MustCompile(`(?m)(?:to take it out: |-> )(.*)$`).FindStringSubmatch(out)
					if remedy == nil || !strings.Contains(out, name) {
						t.Fatalf("%s: no remedy in\n%s", line, out)
					}
					before := fileNames(t, here)
					mustShell(t, here, remedy[1])
					made := slices.DeleteFunc(fileNames(t, here), func(s string) bool { return slices.Contains(before, s) })
					if len(made) != 1 {
						t.Fatalf("%s makes %q", remedy[1], made)
					}
					again := strings.ReplaceAll(test.line, "FILE", quoteWord(made[0]))
					if out, err := shellHere(t, here, again); err != nil {
						t.Errorf("%s\n%s: %v\n%s", remedy[1], again, err, out)
					}
				})
			}
		}
	}
}

// TestMangled gives every command that opens a keystore one that was spoilt on
// its way. It says how, and where that can be undone the line does it.
func TestMangled(t *testing.T) {
	dir := t.TempDir()
	mustShell(t, dir, `
		gokeytool genkeypair -alias a -keyalg RSA -keysize 2048 -dname CN=a -ext san=dns:localhost -keystore k.p12 -storepass changeit
		gokeytool genkeypair -alias a -keyalg RSA -keysize 2048 -dname CN=a -ext san=dns:localhost -keystore k.jks -storetype JKS -storepass changeit 2> /dev/null`)
	manglings := map[string]func([]byte) []byte{
		"CR LF":   func(d []byte) []byte { return bytes.ReplaceAll(d, []byte("\n"), []byte("\r\n")) },
		"cut":     func(d []byte) []byte { return d[:1024] },
		"UTF-8":   func(d []byte) []byte { return []byte(strings.ToValidUTF8(string(d), "\uFFFD")) },
		"blank":   func(d []byte) []byte { return append([]byte("\n"), d...) },
		"a mark":  func(d []byte) []byte { return append([]byte("\xEF\xBB\xBF"), d...) },
		"nothing": func([]byte) []byte { return nil },
	}
	for _, command := range []string{
		"gokeytool list -keystore FILE -storepass changeit",
		"gokeytool -list -keystore FILE -storepass changeit",
		"gokeytool -importkeystore -srckeystore FILE -srcstorepass changeit -destkeystore new.p12 -deststorepass changeit",
		"gokeytool -exportcert -alias a -keystore FILE -storepass changeit",
		"gokeytool -genkeypair -alias b -keyalg EC -dname CN=b -keystore FILE -storepass changeit",
		"gokeytool check FILE -storepass changeit",
		"gokeytool convert -to pem FILE - -storepass changeit",
		"gokeytool migrate FILE -to jks -storepass changeit",
		"gokeytool diff FILE FILE -storepass changeit",
		"gokeytool smoke -keystore FILE -storepass changeit",
		"gokeytool serve -port 0 -for 1ms -keystore FILE -storepass changeit",
		"gokeytool tomcat-config -keystore FILE -storepass changeit",
		"gokeytool import -bundle FILE -keyfilepass changeit -keystore new.p12 -storepass changeit",
		"gokeytool import -keyfile FILE -keyfilepass changeit -alias b -keystore new.p12 -storepass changeit",
		"gokeytool trustmark FILE -storepass changeit",
		"gokeytool chain -complete -alias a -keystore FILE -storepass changeit",
	} {
		for _, format := range []string{"p12", "jks"} {
			for name, mangle := range manglings {
				t.Run(command+"/"+format+"/"+name, func(t *testing.T) {
					content, err := os.ReadFile(filepath.Join(dir, "k."+format))
					if err != nil {
						t.Fatal(err)
					}
					spoilt := mangle(content)
					if err := os.WriteFile(filepath.Join(dir, "spoilt"), spoilt, 0o600); err != nil {
						t.Fatal(err)
					}
					line := strings.ReplaceAll(command, "FILE", "spoilt")
					out, err := shellHere(t, dir, "export GOKEYTOOL_HINTS=on\n"+line)
					said := map[string]string{"nothing": "empty", "a mark": "byte order mark"}[name]
					if said == "" {
						said = "damaged"
					}
					if err == nil || !strings.Contains(out, "spoilt") || !strings.Contains(out, said) {
						t.Fatalf("%s: %v\n%s", line, err, out)
					}
					if keytool := strings.HasPrefix(line, "gokeytool -"); keytool && !regexp.MustCompile("(?m)^keytool error: ").MatchString(out) {
						t.Errorf("%s: no first line\n%s", line, out)
					}
					if after, err := os.ReadFile(filepath.Join(dir, "spoilt")); err != nil || !bytes.Equal(after, spoilt) {
						t.Error("the file was changed")
					}
					remedy := regexp.MustCompile(`(?m)(?:to undo it: |to take it out: |-> )(\(.*\))$`).FindStringSubmatch(out)
					if undone := name == "CR LF" || name == "blank" || name == "a mark"; undone != (remedy != nil) {
						t.Fatalf("%s\n%s", line, out)
					}
					if remedy != nil {
						mustShell(t, dir, remedy[1]+"\ncmp keystore."+format+" k."+format+"\nrm keystore."+format)
					}
				})
			}
		}
	}
}

// quoteWord makes a word of a shell's line.
func quoteWord(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
