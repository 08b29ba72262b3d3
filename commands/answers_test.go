package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// questions are lines of our own style that ask something, in the files of
// makeOptionFiles, with what stands before the question that goes unanswered.
var questions = []struct{ line, before string }{
	{"importcert -alias new -file other.pem -keystore k.p12 -storepass changeit", ""},
	{"importcert -alias new -file cert.pem -keystore k.p12 -storepass changeit", ""}, // it is there already
	{"importcert -alias new -file other.pem -keystore out", ""},
	{"importcert -alias new -file other.pem -keystore k.p12", ""},
	{"importcert -alias new -file other.pem -keystore k.p12", "changeit\n"},
	{"importcert -alias srv -file chain.pem -keystore srv.p12 -storepass changeit", ""}, // a reply whose top nobody vouches for
	{"importkeystore -srckeystore other.p12 -srcstorepass changeit -destkeystore k.p12 -deststorepass changeit", ""},
	{"importkeystore -srckeystore other.p12 -srcstorepass changeit -destkeystore k.p12 -deststorepass changeit", "no\n"},
	{"importkeystore -srckeystore other.p12 -srcstorepass changeit -destkeystore k.p12 -deststorepass changeit -srcalias one", ""},
	{"importkeystore -srckeystore other.p12 -destkeystore out -deststorepass changeit", ""},
	{"importkeystore -srckeystore other.p12 -srcstorepass changeit -destkeystore out", ""},
	{"importkeystore -srckeystore other.p12 -srcstorepass changeit -destkeystore out", "changeit\n"},
	{"importkeystore -srckeystore k.jks -srcstorepass changeit -destkeystore out -deststorepass changeit", ""}, // the password of a key
	{"importkeystore -srckeystore k.jceks -srcstorepass changeit -destkeystore k.jks -deststorepass changeit -srcalias one -destalias two", ""},
	{"import -keyfile key.enc -file cert.pem -alias new -keystore k.p12 -storepass changeit", ""},
	{"import -bundle other.p12 -keystore k.p12 -storepass changeit", ""},
	{"genkeypair -alias new -keyalg EC -keystore k.p12 -storepass changeit", ""},
	{"genkeypair -alias new -keyalg EC -keystore k.p12 -storepass changeit", "a\nb\nc\nd\ne\nCH\n"},
	{"genkeypair -alias new -keyalg EC -dname CN=x -keystore out", ""},
	{"genkeypair -alias new -keyalg EC -dname CN=x -keystore out", "changeit\n"},
	{"genkeypair -alias new -keyalg EC -dname CN=x -keystore k.p12", ""},
	{"genseckey -alias new -keyalg AES -keysize 128 -keystore k.p12", ""},
	{"importpass -alias new -keystore k.p12 -storepass changeit", ""},
	{"delete -keystore k.p12 -storepass changeit", ""},
	{"delete -alias one -keystore k.p12", ""},
	{"changealias -alias one -keystore k.p12 -storepass changeit", ""},
	{"changealias -alias one -destalias two -keystore k.jks -storepass changeit", ""},
	{"keyclone -alias one -keystore k.p12 -storepass changeit", ""},
	{"keyclone -alias one -dest two -keystore k.jks -storepass changeit", ""},
	{"storepasswd -keystore k.p12 -storepass changeit", ""},
	{"storepasswd -keystore k.p12 -storepass changeit", "another1\n"},
	{"storepasswd -keystore k.p12", ""},
	{"keypasswd -alias one -keystore k.jks -storepass changeit", ""},
	{"keypasswd -alias one -keystore k.jks -storepass changeit", "secretkey\n"},
	{"keypasswd -alias one -keystore k.jks -storepass changeit", "secretkey\nanother1\n"},
	{"keypasswd -same -keystore k.jks -storepass changeit", ""},
	{"selfcert -alias one -keystore k.p12", ""},
	{"selfcert -alias one -keystore k.jks -storepass changeit", ""},
	{"renew -alias one -keystore k.p12", ""},
	{"renew -alias one -keystore k.jks -storepass changeit", ""},
	{"rename one two -keystore k.p12", ""},
	{"migrate k.p12 -profile legacy", ""},
	{"migrate k.jks -storepass changeit", ""},
	{"trustmark nomark.p12", ""},
	{"chain -complete -keystore k.p12", ""},
	{"convert k.p12 out", ""},
	{"convert k.p12 cert.pem -storepass changeit", ""},
	{"export -key -alias one -file key.pem -keystore k.p12 -storepass changeit", ""},
	{"export -key -encrypt -alias one -file out -keystore k.p12 -storepass changeit", ""},
	{"export -alias one -format p12 -file out -keystore k.p12 -storepass changeit", ""},
	{"certreq -alias one -file out -keystore k.p12", ""},
	{"certreq -alias one -file out -keystore k.jks -storepass changeit", ""},
	{"gencert -alias one -infile req.csr -outfile out -keystore k.p12", ""},
	{"gencrl -alias ca -id 7 -file out -keystore k.p12", ""},
}

// TestUnanswered answers every question with nothing, an empty line and no:
// nothing is done then, the exit code is 1, it is said why, and every file stays
// as it was.
func TestUnanswered(t *testing.T) {
	if testing.Short() {
		t.Skip("plays some hundred lines")
	}
	fixture := filepath.Join(t.TempDir(), "fixture")
	if err := os.Mkdir(fixture, 0o700); err != nil {
		t.Fatal(err)
	}
	makeOptionFiles(t, fixture)
	chain, err := os.ReadFile(filepath.Join(fixture, "reply2.pem"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(fixture, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(fixture, "chain.pem"), append(chain, root...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		for _, answer := range []string{"", "\n", "no\n"} {
			if answer == "no\n" && (q.before == "no\n" || strings.Contains(q.line, "destalias two -keystore k.p12") || strings.HasPrefix(q.line, "importpass") ||
				strings.HasPrefix(q.line, "changealias -alias one -keystore") || strings.HasPrefix(q.line, "keyclone -alias one -keystore")) {
				continue // it is a good answer there
			}
			outcome := playOption(t, fixture, q.line, q.before+answer)
			if !strings.Contains(outcome, "\nexit 1\n") {
				t.Errorf("%s, answers %q: the exit code is not 1\n%s", q.line, q.before+answer, outcome)
			}
			if strings.Contains(outcome, "\n-- ") {
				t.Errorf("%s, answers %q: a file has changed\n%s", q.line, q.before+answer, outcome)
			}
			if !strings.Contains(outcome, "gokeytool: ") && !strings.Contains(outcome, "keytool error: ") {
				t.Errorf("%s, answers %q: it does not say what was not done\n%s", q.line, q.before+answer, outcome)
			}
		}
	}
}
