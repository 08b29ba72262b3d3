package commands_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestTruststoreCauses makes each cause of "the trustAnchors parameter must be
// non-empty" and its like, has Java fall into it, and pastes what check
// -truststore and the commands after it print, until Java trusts the server.
func TestTruststoreCauses(t *testing.T) {
	testtool.Look(t, "openssl")
	testtool.Look(t, "bash")
	files := t.TempDir()
	bash := func(dir, line, stdin string) string {
		t.Helper()
		out, err := paste(t, dir, line, stdin, nil)
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return out
	}
	bash(files, `echo trustno1 > pw
gokeytool genkeypair -alias ca -keyalg EC -dname CN=CA -ext bc:c -keystore keys.p12 -storepass:file pw
gokeytool genkeypair -alias www -keyalg EC -dname CN=www -ext san=dns:localhost -signer ca -keystore keys.p12 -storepass:file pw
gokeytool export -rfc -alias ca -file ca.pem -keystore keys.p12 -storepass:file pw
gokeytool export -rfc -alias www -file www.pem -keystore keys.p12 -storepass:file pw
gokeytool delete -alias www -keystore keys.p12 -storepass:file pw`, "")

	const noAnchors = "the trustAnchors parameter must be non-empty"
	tests := map[string]struct {
		make    string // the truststore ts
		java    string // the options that Java is started with
		says    string // what it says then
		given   string // the options that check -truststore is given
		finding string // what it finds
		told    string // and has to say of it
		fills   string // NAME=VALUE for what has to be filled in
		stdin   string // what the remedies ask for
	}{
		"no password for PKCS12": {make: "gokeytool import -bundle ca.pem -keystore ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts", says: noAnchors, finding: "error    java-truststore", fills: "PASSWORD=trustno1"},
		"no password for PKCS12, which is changeit": {make: "gokeytool import -bundle ca.pem -keystore ts -storepass changeit",
			java: "-Djavax.net.ssl.trustStore=ts", says: noAnchors, finding: "error    java-truststore"},
		"no trust mark": {make: "openssl pkcs12 -export -nokeys -in ca.pem -out ts -passout file:pw",
			java: "-Djavax.net.ssl.trustStore=ts -Djavax.net.ssl.trustStorePassword=trustno1", says: noAnchors,
			given: "-storepass:file pw", finding: "error    trust-mark"},
		"nothing in it": {make: "gokeytool import -alias a -noprompt -file ca.pem -keystore ts -storepass:file pw && gokeytool delete -alias a -keystore ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts -Djavax.net.ssl.trustStorePassword=trustno1", says: noAnchors,
			given: "-storepass:file pw", finding: "error    no-trust-anchors", fills: "CA=ca.pem"},
		"only keys": {make: "cp keys.p12 ts", java: "-Djavax.net.ssl.trustStore=ts -Djavax.net.ssl.trustStorePassword=trustno1", says: noAnchors,
			given: "-storepass:file pw", finding: "warning  no-trust-anchors", stdin: "another1\nanother1\n", fills: "PASSWORD=another1"},
		"only keys, and no password": {make: "cp keys.p12 ts", java: "-Djavax.net.ssl.trustStore=ts", says: noAnchors, finding: "error    java-truststore"},
		"a wrong path": {make: "gokeytool import -bundle ca.pem -keystore right -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts", says: "unable to find valid certification path", finding: "error    unreadable", told: "takes its own cacerts in its place"},
		"a directory": {make: "mkdir ts", java: "-Djavax.net.ssl.trustStore=ts", says: "unable to find valid certification path",
			finding: "there is no keystore in"},
		"a wrong password": {make: "gokeytool import -bundle ca.pem -keystore ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts -Djavax.net.ssl.trustStorePassword=another1", says: "keystore password was incorrect",
			given: "-storepass another1", finding: "error    password", told: "keystore password was incorrect"},
		"PEM": {make: "cp ca.pem ts", java: "-Djavax.net.ssl.trustStore=ts", says: "problem accessing trust store", finding: "error    store-type",
			stdin: "another1\nanother1\n", fills: "PASSWORD=another1"},
		"JCEKS": {make: "gokeytool import -bundle ca.pem -storetype jceks -keystore ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts", says: "problem accessing trust store", given: "-storepass:file pw", finding: "error    store-type"},
		"an empty file": {make: ": > ts", java: "-Djavax.net.ssl.trustStore=ts", says: "problem accessing trust store", finding: "error    not-a-keystore", told: "empty file"},
		"none": {make: "gokeytool import -bundle ca.pem -storetype jks -keystore ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts", says: "trusted", finding: "info     java-truststore", fills: "PASSWORD=trustno1"},
		"none, without any password": {make: "gokeytool import -bundle ca.pem -keystore p -storepass:file pw && gokeytool convert -profile passwordless p ts -storepass:file pw",
			java: "-Djavax.net.ssl.trustStore=ts", says: "trusted", finding: "info     java-truststore"},
	}
	advice := regexp.MustCompile(`-> (.*)`)
	javaLine := regexp.MustCompile(`java -Djavax\.net\.ssl\.trustStore.* PROGRAM`)
	for release, keytool := range testtool.Keytools(t) {
		if release != 17 && release != 25 {
			continue
		}
		java := startTruststoreJava(t, keytool)
		for name, test := range tests {
			t.Run(fmt.Sprintf("%s, JDK %d", name, release), func(t *testing.T) {
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(files)); err != nil {
					t.Fatal(err)
				}
				bash(dir, test.make, "")
				if got := java(dir, strings.ReplaceAll("java "+test.java+" PROGRAM", "trustStore=ts", "trustStore="+dir+"/ts")); !strings.Contains(got, test.says) {
					t.Fatalf("Java says %q, not %q", got, test.says)
				}
				out, _ := paste(t, dir, "gokeytool check -truststore ts "+test.given, "", nil)
				t.Logf("check -truststore ts %s\n%s", test.given, out)
				if !strings.Contains(out, test.finding) || !strings.Contains(out, test.told) {
					t.Fatalf("%q and %q are not found", test.finding, test.told)
				}
				told := advice.FindStringSubmatch(out)
				if told == nil || strings.HasPrefix(told[1], "# ") || strings.Contains(told[1], "PASSWORDFILE") {
					return // nothing to paste
				}
				line := told[1]
				fill := func(line string) string {
					if what, with, ok := strings.Cut(test.fills, "="); ok {
						return regexp.MustCompile(`\b`+what+`\b`).ReplaceAllLiteralString(line, with)
					}
					return line
				}
				// Another directory, since Java reads no truststore twice that
				// has not changed.
				if !strings.HasPrefix(line, "java ") {
					said, err := paste(t, dir, fill(line), test.stdin, nil)
					if err != nil {
						t.Fatalf("%s: %v\n%s", line, err, said)
					}
					t.Logf("$ %s\n%s", line, said)
					if line = javaLine.FindString(said); line == "" {
						t.Fatal("it does not say how Java takes it")
					}
				}
				for _, secret := range []string{"trustno1", "another1"} {
					if strings.Contains(line, secret) {
						t.Errorf("a password stands in %s", line)
					}
				}
				again := t.TempDir()
				if err := os.CopyFS(again, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				line = strings.ReplaceAll(fill(line), dir, again)
				if got := java(again, line); got != "trusted" && !strings.HasPrefix(name, "only keys, and") {
					t.Errorf("%s: Java says %q", line, got)
				}
			})
		}
	}
}

// startTruststoreJava starts the Java of a keytool. The function returned pastes
// a line that starts java into bash, and has the server www.pem of the directory
// verified with the properties that java would have got.
func startTruststoreJava(t *testing.T, keytool string) func(dir, line string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(filepath.Dir(keytool), "java"), "-XX:TieredStopAtLevel=1", "testdata/consumers/Truststore.java")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	answers := bufio.NewReader(out)
	return func(dir, line string) string {
		t.Helper()
		words, err := paste(t, dir, "java() { printf '%s\\0' \"$@\"; }\n"+line, "", nil)
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, words)
		}
		question := []string{filepath.Join(dir, "www.pem")}
		for word := range strings.SplitSeq(strings.TrimSuffix(words, "\x00"), "\x00") {
			if word != "PROGRAM" {
				question = append(question, word)
			}
		}
		for i, word := range question {
			question[i] = base64.StdEncoding.EncodeToString([]byte(word))
		}
		if _, err := io.WriteString(in, strings.Join(question, " ")+"\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(answer, "\n")
	}
}
