package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/commands/internal/argv"
)

// secret is a password that no output may have, in any case.
const secret = "hunTer2-zq"

// TestSecretsOnTheLine gives a password in every form that an option for one has,
// and that it may be mistyped in, to many commands in both styles: whatever
// becomes of the line, the password is not told.
func TestSecretsOnTheLine(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if out, code := inProcess("gokeytool", "", nil, "genkeypair", "-alias", "a", "-keyalg", "EC", "-dname", "CN=a", "-keystore", "k.p12", "-storepass", "changeit"); code != 0 {
		t.Fatal(out)
	}
	keystore, err := os.ReadFile("k.p12")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range argv.TableDefault().Options {
		if o.Kind == argv.Password {
			names = append(append(names, o.Name), o.Synonyms...)
		}
	}
	if len(names) < 15 {
		t.Fatal(names)
	}
	names = append(names, "storpass", "storepas", "stroepass", "Store-Pass", "KEYPASS", "pw", "password", "neww", "Djavax.net.ssl.keyStorePassword", "J-Djavax.net.ssl.keyStorePassword")
	forms := []string{ // NN is the name of the option, PP the password
		"-NN PP", "-NN=PP", "--NN=PP", "--NN PP", "-NN:PP", "-NN:PP x", "-NN:env PP", "-NN:env=PP", "-NN:fd PP", "-NN:evn PP", "-NN: PP", "NN=PP", "NN:PP", "–NN=PP", "‐NN=PP",
		"-alias -NN PP", "-NN PP -NN PP", "-NN PP -NN other", "-NN -PP -NN -PP", "-NN=PP -NN=PP", "-keysize -NN=PP", "-alias -NN=PP", "-for -NN=PP",
		"-NN PP -v -debug", "-NN PP stray", "-NN",
	}
	commandLines := []string{"list -keystore k.p12", "genkeypair -alias b -keyalg EC -dname CN=b -keystore k.p12", "storepasswd -keystore k.p12", "check k.p12", "export -alias a -key -keystore k.p12",
		"importkeystore -srckeystore k.p12 -destkeystore n.p12", "explain list -keystore k.p12", "explain -importkeystore -srckeystore k.p12 -destkeystore n.p12", "help list", "smoke -keystore k.p12", "renew k.p12", "importpass -alias p -keystore k.p12", "",
		"serve -port EVIL -keystore k.p12", "tomcat-config k.p12", "convert k.p12 n.pem", "diff k.p12 k.p12"}
	n := 0
	for i, name := range names {
		for j, form := range forms {
			line := commandLines[(i*len(forms)+j*7)%len(commandLines)]
			for _, style := range []string{"gokeytool", "keytool"} {
				write(t, dir, "k.p12", keystore)
				os.Remove("n.p12")
				words := strings.Fields(line)
				for _, word := range strings.Fields(form) {
					words = append(words, strings.NewReplacer("NN", name, "PP", secret).Replace(word))
				}
				if style == "keytool" && line != "" {
					words[0] = "-" + words[0]
				}
				out, _ := inProcess(style, "\n\n\n", map[string]string{"GOKEYTOOL_HINTS": "on"}, words...)
				// keytool tells the value of -alias, whatever it is, and explain the
				// name of a variable.
				word := strings.HasPrefix(form, "NN") && argv.TableDefault().Option(name) == nil // like any other
				told := word || form == "-alias -NN=PP" && (style == "keytool" || line == "") && words[0] != "explain" || form == "-NN:env PP" && words[0] == "explain"
				if strings.Contains(strings.ToLower(out), strings.ToLower(secret)) && !told {
					t.Errorf("%s %s:\n%s", style, strings.Join(words, " "), out)
				}
				n++
			}
		}
	}
	t.Logf("%d lines", n)
	// A password with a blank, without its quotes.
	if out, _ := inProcess("gokeytool", "", nil, "list", "-keystore", "k.p12", "-storepass", "two", secret); strings.Contains(out, secret) {
		t.Error(out)
	}
}

// TestSecretsInAddresses gives the same to whatever takes a URL or the name of a
// server.
func TestSecretsInAddresses(t *testing.T) {
	dir := t.TempDir()
	keystore := filepath.Join(dir, "k.p12")
	for _, address := range []string{"http://user:PP@127.0.0.1:1/x", "https://user:PP@127.0.0.1:1/x", "https://user:PP@no.invalid/x?a#b", "https://:PP@127.0.0.1:1",
		"https://user:a/PP@127.0.0.1:1", "https://user:a@PP@127.0.0.1:1", "http://user:PP@", "ftp://user:PP@127.0.0.1/x", "file://user:PP@127.0.0.1/x", "xy://user:PP@h",
		"user:PP@127.0.0.1:1", "user:PP@127.0.0.1", "user:a@PP@127.0.0.1"} {
		address = strings.ReplaceAll(address, "PP", secret)
		lines := []string{"probe AA", "trust AA -noprompt -keystore KK -storepass changeit", "printcert -sslserver AA", "diff AA KK", "diff KK AA",
			"explain probe AA", "explain -printcert -sslserver AA", "explain trust AA -keystore KK"}
		if strings.Contains(address, "://") {
			lines = append(lines, "printcrl -file AA", "printcrl -debug -file AA", "explain printcrl -file AA", "import -alias a -file AA -keystore KK -storepass changeit", "list AA", "list -keystore AA", "AA", "help AA",
				"genkeypair -alias a -keyalg EC -dname CN=a -ext crl=uri:AA -ext aia=AA -keystore KK -storepass changeit", "list -conf AA", "dev -dir dev -host AA", "serve -address AA -selfsigned", "serve -also AA -selfsigned")
		}
		for _, line := range lines {
			for _, style := range []string{"gokeytool", "keytool"} {
				words := strings.Fields(line)
				for i := range words {
					words[i] = strings.NewReplacer("KK", keystore, "AA", address).Replace(words[i])
				}
				if style == "keytool" {
					words[0] = "-" + words[0]
				}
				out, _ := inProcess(style, "", map[string]string{"GOKEYTOOL_HINTS": "on"}, words...)
				if strings.Contains(out, secret) {
					t.Errorf("%s %s:\n%s", style, strings.Join(words, " "), out)
				}
			}
		}
	}
}
