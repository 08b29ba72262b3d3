package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestDebianCacerts has what Debian's package ca-certificates-java runs when it
// is installed drive our program in keytool's place: it turns a cacerts of
// PKCS12 into JKS, and looks for certificates that the system trusts no more.
func TestDebianCacerts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	keytool := testtool.Keytool(t)
	const cacerts = "/etc/ssl/certs/java/cacerts"
	text, err := os.ReadFile("/var/lib/dpkg/info/ca-certificates-java.postinst")
	if err == nil {
		_, err = os.Stat(cacerts)
	}
	if err != nil {
		testtool.Missing(t, "ca-certificates-java")
	}
	functions := regexp.MustCompile(`(?ms)^(check_proc|convert_pkcs12_keystore_to_jks)\(\)\n\{\n.*?^\}\n`).FindAllString(string(text), -1)
	aliases := regexp.MustCompile(`(?m)^\s*cacerts_aliases=\$\(keytool .*$`).FindString(string(text))
	if len(functions) != 2 || aliases == "" {
		t.Skip("this version of ca-certificates-java calls keytool otherwise")
	}
	dir := t.TempDir()
	script := strings.ReplaceAll(strings.Join(functions, "\n")+`
storepass=changeit cacerts_updates=yes
convert_pkcs12_keystore_to_jks >&2
castore="-keystore `+cacerts+`"
`+aliases+`
echo "$cacerts_aliases"
`, filepath.Dir(cacerts), dir)

	run := func(path, program string, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"), "GOKEYTOOL_JDK=17")
		return testtool.Stdout(t, cmd)
	}
	var got []string
	for _, path := range []string{filepath.Dir(keytool), filepath.Dir(plainProgram(t, "keytool"))} {
		for _, file := range []string{"cacerts", "cacerts.dpkg-old"} {
			_ = os.Remove(filepath.Join(dir, file))
		}
		run("", plainProgram(t, "keytool"), "-importkeystore", "-noprompt", "-srckeystore", cacerts, "-srcstorepass", "changeit",
			"-destkeystore", filepath.Join(dir, "cacerts"), "-deststoretype", "PKCS12", "-deststorepass", "changeit")
		got = append(got, run(path, "sh", "-ec", script))
	}
	if got[0] != got[1] || len(strings.Fields(got[0])) < 10 {
		t.Errorf("with ours:\n%s\nwith keytool:\n%s", got[1], got[0])
	}
	list := run("", keytool, "-list", "-keystore", filepath.Join(dir, "cacerts"), "-storepass", "changeit")
	if !strings.Contains(list, "Keystore type: JKS") || strings.Count(list, "trustedCertEntry") < 10 {
		t.Errorf("keytool reads in the file that was made:\n%.500s", list)
	}
}
