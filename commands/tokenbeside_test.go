package commands_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestTokenBesideFiles moves entries between a token and files, has them sign for each
// other, and runs what is advised where a key stays on its token.
func TestTokenBesideFiles(t *testing.T) {
	t.Parallel()
	hsm, dir := testtool.NewSoftHSM(t), t.TempDir()
	uri, program := hsm.URI(), plainProgram(t, "gokeytool")
	command := func(name string, words ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), name, words...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "TZ=UTC", "PIN="+hsm.PIN, "PW=changeit", hsm.Environment)
		return cmd
	}
	// play plays a line in which TOKEN is the token's URI, and says what it printed.
	play := func(code int, line string, wants ...string) string {
		t.Helper()
		words := strings.Fields(line)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "TOKEN", uri)
		}
		cmd := command(program, words...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run()
		text := out.String()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", line, want, text)
			}
		}
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%s: exit code %d\n%s", line, got, text)
		}
		return text
	}
	play(0, "genkeypair -alias ca -keyalg EC -dname CN=ca -ext bc=ca:true -keystore f.p12 -storepass:env PW")
	play(0, "genkeypair -alias srv -keyalg RSA -dname CN=srv -signer ca -keystore f.p12 -storepass:env PW")
	play(0, "genseckey -alias aes -keyalg AES -keysize 256 -keystore f.p12 -storepass:env PW")
	play(0, "exportcert -alias ca -rfc -file ca.pem -keystore f.p12 -storepass:env PW")
	play(0, "importcert -alias trusted -noprompt -force -file ca.pem -keystore f.p12 -storepass:env PW")

	// What a token can't have is said of the entry, and the others go.
	play(1, "importkeystore -srckeystore f.p12 -srcstorepass:env PW -destkeystore TOKEN -deststorepass:env PIN -noprompt",
		"3 entries successfully imported, 1 entries failed", "Entry for alias trusted not imported", "security officer")
	play(1, "diff f.p12 TOKEN -storepass:env PW -storepass2:env PIN", "- <trusted>")
	play(0, "diff TOKEN TOKEN -storepass:env PIN", "Both hold the same: 2 private keys, 1 secret key")

	// Keys stay; what is advised takes the certificates.
	play(1, "importkeystore -srckeystore TOKEN -srcstorepass:env PIN -destkeystore o.p12 -deststorepass:env PW -noprompt",
		"Entry for alias srv not imported: the key never leaves its token")
	for _, line := range []string{"exportcert -key", "exportcert -format p12", "exportcert -key -encrypt"} {
		text := play(1, line+" -alias srv -keystore TOKEN -storepass:env PIN", "the key never leaves its token")
		_, advised, _ := strings.Cut(text, "its certificates can go alone: gokeytool")
		advised, _, _ = strings.Cut(advised, "\n")
		os.Remove(dir + "/CHAIN.pem")
		if out, err := command("bash", "-c", program+advised).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", advised, err, out)
		}
		if chain, err := os.ReadFile(dir + "/CHAIN.pem"); err != nil || bytes.Count(chain, []byte("BEGIN CERTIFICATE")) != 2 {
			t.Errorf("%s: %v\n%s", advised, err, chain)
		}
	}
	play(1, "convert TOKEN x.p12 -storepass:env PIN -new:env PW", "the key never leaves its token")
	play(1, "convert TOKEN x.pem -storepass:env PIN", "the key never leaves its token")
	for _, made := range []string{"x.p12", "x.pem", "o.p12"} {
		if _, err := os.Stat(dir + "/" + made); err == nil {
			t.Errorf("%s was made", made)
		}
	}

	// A CA's key signs for the other side.
	play(0, "renew -alias srv -keystore TOKEN -storepass:env PIN -signerkeystore f.p12 -signerstorepass:env PW", "Renewed <srv>, signed by <ca>")
	play(0, "renew -alias srv -keystore f.p12 -storepass:env PW -signerkeystore TOKEN -signerstorepass:env PIN", "Renewed <srv>, signed by <ca>")
	play(0, "renew -alias srv -keystore TOKEN -storepass:env PIN", "Renewed <srv>, signed by <ca>")

	// What means nothing on a token is refused.
	play(1, "renew -alias srv -newkey -keystore TOKEN -storepass:env PIN", "would be destroyed on the token")
	play(1, "delete -alias aes -backup -keystore TOKEN -storepass:env PIN", "-backup: a token is no file")
	play(1, "migrate TOKEN -storepass:env PIN", "has no other format")
	play(1, "trust localhost:1 -keystore TOKEN -storepass:env PIN", "trusted certificates")
	play(1, "importcert -bundle ca.pem -keystore TOKEN -storepass:env PIN", "trusted certificates")
	play(1, "importcert -keyfile TOKEN -keystore f.p12 -storepass:env PW", "the key never leaves its token")
	play(1, "list -keystore TOKEN -storepass:generate new.pin", "no token's PIN")
	if _, err := os.Stat(dir + "/new.pin"); err == nil {
		t.Error("a PIN was made")
	}
	play(1, "importkeystore -srckeystore TOKEN -srcstorepass:env PIN -destkeystore TOKEN -deststorepass:env PIN -srcalias srv -noprompt", "the same token")

	// None of these has tried a PIN that is none, and a PIN is never shown.
	play(0, "printcert -file ca.pem -keystore TOKEN")
	if flags := testtool.Output(t, hsm.Command(t, testtool.Look(t, "pkcs11-tool"), "--module", hsm.Module, "--list-token-slots")); strings.Contains(flags, "count low") {
		t.Errorf("a wrong PIN was tried:\n%s", flags)
	}
}

// TestSecretsInTokenURIs gives a PIN in a URI, and hostile text, to what takes the name of
// a keystore: the PIN is not told, and nothing steers the terminal. Where no such module is,
// no token is asked.
func TestSecretsInTokenURIs(t *testing.T) {
	t.Chdir(t.TempDir())
	long := strings.Repeat("%41", 100_000)
	for _, uri := range []string{
		"pkcs11:token=t?module-path=/none.so&pin-value=" + secret, "PKCS11:token=t?pin-value=" + secret + "&module-path=/none.so",
		"pkcs11:token=t?module-path=/none.so&pin-value=" + secret + "&pin-value=" + secret, "pkcs11:token=t?module-path=/none.so&pin-value=" + secret + "%zz",
		"pkcs11:token=%0a" + forged + ";object=%1b[2J?module-path=/none%0d" + forged + ".so&pin-value=" + secret,
		"pkcs11:token=" + evilFile + "?module-path=/none.so&pin-value=" + secret, "pkcs11:token=" + long + "?module-path=/none.so&pin-value=" + secret,
	} {
		for _, line := range []string{
			"list -keystore UU", "check UU", "check -keystore UU", "smoke -keystore UU", "serve -once -port 0 -keystore UU", "chain -keystore UU", "delete -alias a -keystore UU", "diff UU UU", "convert UU n.p12", "migrate UU", "renew -alias a -keystore UU", "exportcert -key -alias a -keystore UU",
			"importkeystore -srckeystore UU -destkeystore n.p12 -deststorepass changeit", "importkeystore -srckeystore n.p12 -destkeystore UU",
			"importcert -keyfile UU -keystore n.p12", "importcert -bundle UU -keystore n.p12", "trust h:1 -keystore UU", "explain list -keystore UU", "acme -keystore UU -host a.example.com -acmeDir d",
		} {
			for _, style := range []string{"gokeytool", "keytool"} {
				words := strings.Fields(line)
				for i := range words {
					words[i] = strings.ReplaceAll(words[i], "UU", uri)
				}
				if style == "keytool" {
					words[0] = "-" + words[0]
				}
				out, code := inProcess(style, "", map[string]string{"GOKEYTOOL_HINTS": "on"}, words...)
				if strings.Contains(out, secret) {
					t.Errorf("%s %s: the PIN is told:\n%.2000s", style, line, out)
				}
				if err := arrives(out); err != nil {
					t.Errorf("%s %s: %.500v", style, line, err)
				}
				if code == 0 && !strings.HasPrefix(line, "explain") {
					t.Errorf("%s %s: went well:\n%.500s", style, line, out)
				}
			}
		}
	}
}
