package commands_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNearMiss gives commands a password that is nearly the right one, from a
// file and from a variable. The line that is printed is run as it stands, and
// the command then takes the password.
func TestNearMiss(t *testing.T) {
	const secret = "Super-secret1"
	dir := t.TempDir()
	formats := map[string]string{"p12": "PKCS12", "jks": "JKS", "jceks": "JCEKS"}
	store := func(format, name, password string) {
		if err := os.WriteFile(filepath.Join(dir, "line"), []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		mustShell(t, dir, fmt.Sprintf(`export PW=%s
			gokeytool genkeypair -alias a -keyalg EC -dname CN=a -ext san=dns:localhost -storetype %s -keystore %s -storepass:env PW 2> /dev/null`,
			quoteWord(password), formats[format], name))
	}
	commands := []string{
		"gokeytool list -keystore FILE -storepass:SOURCE",
		"gokeytool -list -keystore FILE -storepass:SOURCE",
		"gokeytool check FILE -storepass:SOURCE; test $? -lt 2",
		"gokeytool export -rfc -alias a -keystore FILE -storepass:SOURCE",
		"gokeytool importkeystore -noprompt -srckeystore FILE -srcstorepass:SOURCE -destkeystore new.p12 -deststorepass changeit",
		"gokeytool convert -to pem FILE - -storepass:SOURCE",
		"gokeytool diff FILE FILE -storepass:SOURCE",
		"gokeytool smoke -host localhost -keystore FILE -storepass:SOURCE",
		"gokeytool serve -for 1ms -port 0 -force -keystore FILE -storepass:SOURCE",
		"gokeytool serve -for 1ms -port 0 -force -selfsigned -truststoreFile FILE -truststorePassword:SOURCE -clientAuth want",
		"gokeytool import -noprompt -alias b -keyfile FILE -keyfilepass:SOURCE -keystore new.p12 -storepass changeit",
	}
	n := 0
	try := func(t *testing.T, line, file, source, setUp string) {
		t.Helper()
		line = strings.ReplaceAll(line, "FILE", file)
		out, err := shellHere(t, dir, setUp+"\nexport GOKEYTOOL_HINTS=on; "+strings.ReplaceAll(line, "SOURCE", source))
		if err == nil {
			t.Fatalf("%s: done, with\n%s", line, out)
		}
		if strings.Contains(out, secret) || !strings.Contains(out, "opens with ") {
			t.Fatalf("%s\n%s", line, out)
		}
		remedy := regexp.MustCompile(`(?m)(export PASSWORD=.*)$`).FindStringSubmatch(out)
		if remedy == nil {
			t.Fatalf("%s: no remedy in\n%s", line, out)
		}
		again := strings.ReplaceAll(line, "SOURCE", "env PASSWORD")
		if strings.Contains(remedy[1], " && ") { // check's, which is whole
			again = "test $? -lt 2"
		}
		if out, err := shellHere(t, dir, setUp+"\n"+remedy[1]+"\nrm -f new.p12\n"+again); err != nil {
			t.Errorf("%s\n%s: %v\n%s", remedy[1], again, err, out)
		}
	}
	for format := range formats {
		store(format, "newline."+format, secret+"\n")
		store(format, "plain."+format, secret)
		for _, theirs := range []string{"newline", "plain"} {
			for _, given := range []string{secret, secret + " ", `"` + secret + `"`, "\xEF\xBB\xBF" + secret, "STOREPASS='" + secret + "'", "U3VwZXItc2VjcmV0MQ=="} {
				if theirs == "newline" && given != secret || theirs == "plain" && given == secret {
					continue
				}
				file := theirs + "." + format
				line := commands[n%len(commands)] // each in its turn
				n++
				t.Run(fmt.Sprintf("%s/%q/%s", file, given, line), func(t *testing.T) {
					if err := os.WriteFile(filepath.Join(dir, "a password.txt"), []byte(given+"\r\nsecond line\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					try(t, line, file, `file "a password.txt"`, "")
					try(t, line, file, "env GIVEN", "export GIVEN="+quoteWord(given))
				})
			}
		}
	}
	for _, line := range commands {
		t.Run(line, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "lines.txt"), []byte("# the password\nother\n"+secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "gokeytool check") {
				line = commands[0]
			}
			try(t, line, "plain.jks", "file lines.txt", "")
		})
	}
	t.Run("empty", func(t *testing.T) {
		for source, want := range map[string]string{
			"file empty.txt": "empty.txt is empty", "file blank.txt": "the first line of blank.txt is empty", "env EMPTY": "the variable EMPTY is empty",
		} {
			mustShell(t, dir, "printf '' > empty.txt; printf '\\nsecret\\n' > blank.txt")
			out, err := shellHere(t, dir, "export EMPTY=\ngokeytool list -keystore plain.p12 -storepass:"+source)
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v\n%s", source, err, out)
			}
		}
	})
	t.Run("a key", func(t *testing.T) {
		mustShell(t, dir, `
			gokeytool genkeypair -alias a -keyalg EC -dname CN=a -storetype JKS -keystore key.jks -storepass changeit -keypass `+secret+` 2> /dev/null
			gokeytool export -alias a -key -encrypt -keypass `+secret+` -keyfilepass `+secret+` -file key.pem -keystore key.jks -storepass changeit
			gokeytool export -alias a -rfc -file cert.pem -keystore key.jks -storepass changeit
			printf '"%s"\n' `+secret+` > key.txt`)
		for _, line := range []string{
			"gokeytool certreq -alias a -keystore key.jks -storepass changeit -keypass:SOURCE",
			"gokeytool import -noprompt -alias a -keyfile key.pem -file cert.pem -keystore new.p12 -storepass changeit -keyfilepass:SOURCE",
		} {
			try(t, line, "", "file key.txt", "")
		}
	})
	t.Run("typed, and a new password", func(t *testing.T) {
		out, err := shellHere(t, dir, "gokeytool list -keystore newline.p12 -storepass "+secret)
		remedies := regexp.MustCompile(`(?m)(export PASSWORD=.*)$(?s:.*)(gokeytool storepasswd .*p12)$`).FindStringSubmatch(out)
		if err == nil || remedies == nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mustShell(t, dir, "cp newline.p12 copy.p12; { "+remedies[1]+"; } <<< "+secret+"\n"+
			strings.Replace(remedies[2], "newline.p12", "copy.p12", 1)+" <<< $'"+secret+`\n`+secret+"'\ngokeytool list -keystore copy.p12 -storepass "+secret)
	})
}
