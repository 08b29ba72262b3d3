package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestFilesForJava has the JDK's keytool open what is exported, converted and
// fixed, and OpenSSL's files after that.
func TestFilesForJava(t *testing.T) {
	keytool := testtool.Keytool(t)
	openssl := testtool.Look(t, "openssl")
	gokeytool := plainProgram(t, "gokeytool")
	dir := t.TempDir()
	run := func(t *testing.T, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir)
		return testtool.Output(t, cmd)
	}
	run(t, openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30", "-subj", "/CN=localhost")
	run(t, openssl, "pkcs12", "-export", "-nokeys", "-in", "cert.pem", "-out", "marked", "-passout", "pass:changeit")
	pass := []string{"-storepass", "changeit"}
	ours := func(args ...string) { t.Helper(); run(t, gokeytool, append(args, pass...)...) }
	ours("import", "-keyfile", "key.pem", "-file", "cert.pem", "-alias", "web", "-keystore", "k.jks", "-storetype", "jks", "-keypass", "sesame")
	ours("keypasswd", "-same", "-keypass", "sesame", "-keystore", "k.jks")
	for _, profile := range []string{"default", "java8", "legacy", "openssl3"} {
		ours("convert", "-profile", profile, "k.jks", profile)
	}
	ours("convert", "-to", "jceks", "k.jks", "jceks")
	for _, preset := range []string{"modern2023", "legacy-des", "legacy-rc2"} {
		ours("export", "-alias", "web", "-profile", preset, "-keyfilepass", "changeit", "-file", preset, "-keystore", "k.jks")
	}
	ours("export", "-alias", "web", "-format", "jks", "-keyfilepass", "changeit", "-file", "jks", "-keystore", "k.jks")
	ours("import", "-bundle", "cert.pem", "-keystore", "bundle")
	ours("convert", "-profile", "passwordless", "bundle", "passwordless")
	ours("trustmark", "marked")
	ours("migrate", "k.jks")
	ours("renew", "-keystore", "k.jks")

	for file, want := range map[string]string{
		"default": "web", "java8": "web", "legacy": "web", "openssl3": "web", "jceks": "web", "jks": "web", "k.jks": "web",
		"modern2023": "1", "legacy-des": "1", "legacy-rc2": "1",
		"bundle": "localhost", "passwordless": "localhost", "marked": "localhost",
	} {
		t.Run(file, func(t *testing.T) {
			args := []string{"-list", "-alias", want, "-keystore", file, "-storepass", "changeit"}
			proof := "trustedCertEntry"
			if want != "localhost" {
				args[0], proof = "-certreq", "BEGIN NEW CERTIFICATE REQUEST" // for which the key has to open
			}
			if file == "jceks" {
				args = append(args, "-storetype", "jceks")
			}
			if out := run(t, keytool, args...); !strings.Contains(out, proof) {
				t.Error(out)
			}
		})
	}
}

// TestExportSecret has pyjks read the secret key that export has written.
func TestExportSecret(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"genseckey", "-alias", "aes", "-keyalg", "AES", "-keysize", "256", "-keystore", "k.jceks", "-storetype", "jceks", "-storepass", "changeit", "-keypass", "changeit"},
		{"export", "-key", "-alias", "aes", "-file", "aes.hex", "-keystore", "k.jceks", "-storepass", "changeit"},
	} {
		if out, err := gokeytool(t, dir, args...); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	ours, err := os.ReadFile(filepath.Join(dir, "aes.hex"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := testtool.Pyjks(t, "import jks, sys; print(jks.KeyStore.load(sys.argv[1], 'changeit').secret_keys['aes'].key.hex())", filepath.Join(dir, "k.jceks"))
	if string(ours) != theirs {
		t.Errorf("%s is not pyjks's %s", ours, theirs)
	}
}
