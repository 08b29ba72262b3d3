package commands_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/acme/state"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/x509util"
)

// acmeUser is somebody at a shell, with a pebble that looks at nothing.
type acmeUser struct {
	t      *testing.T
	pebble *testtool.Pebble
	dir    string
}

func newACMEUser(t *testing.T, p *testtool.Pebble) *acmeUser {
	u := &acmeUser{t: t, pebble: p, dir: t.TempDir()}
	testtool.WriteFiles(t, u.dir, map[string][]byte{"pw": []byte("trustno1\n")})
	return u
}

// run runs a line as it is typed or was printed. "get" in it stands for a line that
// gets a certificate.
func (u *acmeUser) run(line, answers string) (out string, code int) {
	u.t.Helper()
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), plainPath(u.t), "TZ=UTC", "GOKEYTOOL_ACME_DIR="+u.dir+"/state", "HOME="+u.dir, "XDG_DATA_HOME=", "GOKEYTOOL_STOREPASS=",
		"GET=-directory "+u.pebble.Directory+" -caFile "+u.pebble.CAFile+fmt.Sprintf(" -address 127.0.0.1:%d -agree", u.pebble.HTTPPort))
	cmd.Stdin = strings.NewReader(answers)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		code = exit.ExitCode()
	} else if err != nil {
		u.t.Fatal(err)
	}
	return both.String(), code
}

// does runs a line that must go well, and say all of these.
func (u *acmeUser) does(line string, want ...string) string {
	u.t.Helper()
	out, code := u.run(line, "")
	if code != 0 {
		u.t.Fatalf("%s: exit code %d\n%s", line, code, out)
	}
	u.says(line, out, want...)
	return out
}

// fails runs a line that must end with 1, and say all of these.
func (u *acmeUser) fails(line, answers string, want ...string) string {
	u.t.Helper()
	out, code := u.run(line, answers)
	if code != 1 {
		u.t.Fatalf("%s: exit code %d\n%s", line, code, out)
	}
	u.says(line, out, want...)
	return out
}

func (u *acmeUser) says(line, out string, want ...string) {
	u.t.Helper()
	for _, text := range want {
		if !strings.Contains(out, text) {
			u.t.Errorf("%s: %q is not in\n%s", line, text, out)
		}
	}
}

// printed is the line that an output gives to be pasted, behind that text.
func (u *acmeUser) printed(out, behind string) string {
	u.t.Helper()
	m := regexp.MustCompile(`(?m)` + regexp.QuoteMeta(behind) + `(gokeytool .*)$`).FindStringSubmatch(out)
	if m == nil {
		u.t.Fatalf("no line behind %q in\n%s", behind, out)
	}
	return m[1]
}

// leaf is the certificate of an entry.
func (u *acmeUser) leaf(file, alias string) *x509util.Certificate {
	u.t.Helper()
	ks, err := store.Open(filepath.Join(u.dir, file), store.Options{Password: []byte("trustno1")})
	if err != nil {
		u.t.Fatal(err)
	}
	e, ok := ks.Get(alias)
	if !ok {
		u.t.Fatalf("%s has no entry %s", file, alias)
	}
	c, err := x509util.ParseCertificate(e.Chain[0].DER)
	if err != nil {
		u.t.Fatal(err)
	}
	return c
}

// origin changes what is known of a certificate.
func (u *acmeUser) origin(c *x509util.Certificate, change func(*state.Origin)) {
	u.t.Helper()
	dir := state.Open(filepath.Join(u.dir, "state"))
	o, err := dir.Origin(c.Raw)
	if err != nil || o == nil {
		u.t.Fatalf("%v, %v", o, err)
	}
	change(o)
	if err := dir.SetOrigin(c.Raw, o); err != nil {
		u.t.Fatal(err)
	}
}

const acmeStore = `-keystore "my store.p12" -alias "my key" -storepass:file pw`

// TestACMEAround: what the other commands know of a certificate that came by ACME,
// and what is done with accounts and revoked. Each line that is printed to be pasted
// is run as it is.
func TestACMEAround(t *testing.T) {
	testtool.Look(t, "bash")
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})

	t.Run("list and renew", func(t *testing.T) {
		u := newACMEUser(t, p)
		keytool := "gokeytool -list -v " + acmeStore
		u.does("gokeytool acme -host www.example.com $GET " + acmeStore)
		first := u.leaf("my store.p12", "my key")
		out := u.does("gokeytool list -v "+acmeStore, "Obtained by ACME: 127.0.0.1:", "Renewed: from ", "Renewed by: gokeytool renew ")
		if known, unknown := u.does(keytool), u.does("GOKEYTOOL_ACME_DIR=none "+keytool); known != unknown || strings.Contains(known, "ACME") {
			t.Errorf("keytool's style differs:\n%s\n%s", known, unknown)
		}
		if out := u.does("gokeytool list -v -acmeDir none " + acmeStore); strings.Contains(out, "ACME") {
			t.Errorf("it is known without a state:\n%s", out)
		}
		var listed struct {
			Entries []struct{ ACME map[string]any }
		}
		if err := json.Unmarshal([]byte(u.does("gokeytool list -json "+acmeStore)), &listed); err != nil {
			t.Fatal(err)
		}
		line := u.printed(out, "Renewed by: ")
		if got := listed.Entries[0].ACME; got["directory"] != p.Directory || got["line"] != line || got["renewAt"] == nil || got["obtained"] == nil {
			t.Errorf("%v", got)
		}
		u.does(line, "<my key>: nothing to do: ", "It is renewed from ")
		if !bytes.Equal(u.leaf("my store.p12", "my key").Raw, first.Raw) {
			t.Error("it was renewed before its time")
		}
		u.does(line+" -force", "replaced: ")
		second := u.leaf("my store.p12", "my key")
		if bytes.Equal(second.SPKI, first.SPKI) {
			t.Error("the key is the old one")
		}
		u.does("gokeytool renew -newkey -keyalg RSA -keysize 2048 -backup -quiet " + acmeStore)
		if c := u.leaf("my store.p12", "my key"); c.KeyName() != "2048-bit RSA" {
			t.Error(c.KeyName())
		}
		if _, err := os.Stat(filepath.Join(u.dir, "my store.p12.old")); err != nil {
			t.Error(err)
		}
		for _, option := range []string{"-validity 90", "-ext san=dns:a.example", "-startdate -1H", "-sigalg SHA256withECDSA"} {
			u.fails("gokeytool renew "+option+" "+acmeStore, "", "by ACME", "is the CA's to decide")
		}
		u.does("gokeytool renew -selfsigned -notforjava "+acmeStore, "signed by itself")
		u.fails("gokeytool renew -force "+acmeStore, "", "did not come by ACME")
	})

	t.Run("lines that renew", func(t *testing.T) {
		server := `<Server><Service name="Catalina"><Connector port="8443" SSLEnabled="true"><SSLHostConfig hostName="_default_">
			<Certificate certificateFile="c.pem" certificateKeyFile="k.pem" certificateChainFile="i.pem"/></SSLHostConfig></Connector>
			<Connector port="9443" SSLEnabled="true"><SSLHostConfig><Certificate certificateKeystoreFile="ks.jks" certificateKeystoreType="JKS"
			certificateKeystorePassword="trustno1"/></SSLHostConfig></Connector></Service></Server>`
		for _, words := range []string{
			`-keystore k.p12 -storepass:file pw`,
			`-keystore "it's one.jks" -storetype JKS -alias "the key" -storepass:file pw -keypass:file pw`,
			`-keystore k.jceks -storetype JCEKS -storepass:file pw -acmeDir "other dir"`,
			`-certfile "my cert.pem" -keyfile 'a $key.pem'`,
			`-certfile all.pem`,
			`-certfile c.pem -keyfile ./c.pem`,
			`-serverxml "my server.xml"`,
			`-serverxml "my server.xml" -connector 9443`,
		} {
			t.Run(words, func(t *testing.T) {
				u := newACMEUser(t, p)
				write(t, u.dir, "my server.xml", []byte(server))
				out := u.does("gokeytool acme -host www.example.com $GET " + words)
				line := u.printed(out, "on by: ")
				u.does(line, "nothing to do: ", line)
				if out := u.does(line+" -force", "replaced: "); u.printed(out, "on by: ") != line {
					t.Errorf("the next line is another:\n%s", out)
				}
				out = u.fails(line+" -force -exec 'test -e ready'", "", "the command of -exec failed")
				again := u.printed(out, "or now: ")
				u.fails(again, "", "the command of -exec failed")
				u.does("touch ready && "+again, "nothing to do: ")
			})
		}
	})

	t.Run("files", func(t *testing.T) {
		u := newACMEUser(t, p)
		u.does("gokeytool acme -host www.example.com $GET -certfile c.pem -keyfile k.pem")
		u.does("gokeytool acme -host www.example.com $GET -certfile all.pem")
		for _, file := range []string{"c.pem", "all.pem"} {
			line := u.printed(u.does("gokeytool list -v -keystore "+file, "Obtained by ACME: "), "Renewed by: ")
			u.does(line, "nothing to do: ")
			if hint := u.printed(u.fails("gokeytool renew -keystore "+file, "", "can be read, not changed"), "to renew it, "); hint != line {
				t.Errorf("%s: renew says %s, list says %s", file, hint, line)
			}
		}
		// Two names of one file are one file.
		u.does("ln -s all.pem link.pem")
		u.does("gokeytool acme -force -host www.example.com $GET -certfile all.pem -keyfile link.pem")
		all := testtool.ReadFile(t, filepath.Join(u.dir, "all.pem"))
		if bytes.Count(all, []byte("BEGIN PRIVATE KEY")) != 1 || bytes.Count(all, []byte("BEGIN CERTIFICATE")) != 2 {
			t.Errorf("all.pem holds\n%s", all)
		}
	})

	t.Run("check", func(t *testing.T) {
		u := newACMEUser(t, p)
		check := `gokeytool check -storepass:file pw "my store.p12"`
		remedies := func(id string) (lines []string) {
			t.Helper()
			out, _ := u.run(strings.Replace(check, "check", "check -json", 1), "")
			var report struct {
				Keystores []struct {
					Entries  []struct{ ACME map[string]any }
					Findings []struct{ ID, Alias, Remedy string }
				}
			}
			if err := json.Unmarshal([]byte(out), &report); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if acme := report.Keystores[0].Entries[0].ACME; acme["renew"] == nil {
				t.Errorf("%v", acme)
			}
			for _, f := range report.Keystores[0].Findings {
				if f.ID == id {
					lines = append(lines, f.Remedy)
				}
			}
			return lines
		}
		fixes := func(id string) {
			t.Helper()
			lines := remedies(id)
			if len(lines) != 1 {
				t.Fatalf("%s: remedies %q", id, lines)
			}
			u.does(lines[0])
			if left := remedies(id); len(left) != 0 {
				t.Errorf("%s is still there after %s: %q", id, lines[0], left)
			}
		}
		u.does("gokeytool acme -host www.example.com -exec 'test -e ready || { touch ready; exit 1; }' $GET "+acmeStore+" || true", "the command of -exec failed")
		fixes("exec-pending")
		u.origin(u.leaf("my store.p12", "my key"), func(o *state.Origin) {
			o.RenewAt, o.AskAgain = time.Now().Add(-72*time.Hour), time.Now().Add(time.Hour)
		})
		before := u.leaf("my store.p12", "my key")
		fixes("renewal-overdue")
		if bytes.Equal(u.leaf("my store.p12", "my key").Raw, before.Raw) {
			t.Error("it was not renewed")
		}
		metrics := u.does(check + " -prometheus -")
		u.says(check, metrics, "gokeytool_certificate_renewal_timestamp_seconds{")
		// A chain that was forgotten comes again.
		u.does(`gokeytool export -rfc -alias "my key" -file leaf.pem -keystore "my store.p12" -storepass:file pw && gokeytool export -key -alias "my key" -file key.pem -keystore "my store.p12" -storepass:file pw &&
			rm "my store.p12" && gokeytool import -noprompt -alias "my key" -keyfile key.pem -file leaf.pem -keystore "my store.p12" -storepass:file pw`)
		smoke := `gokeytool smoke -alias "my key" -keystore "my store.p12" -storepass:file pw`
		out, _ := u.run(smoke, "")
		if line := u.printed(out, "-> "); !slices.Equal([]string{line}, remedies("chain-incomplete")) {
			t.Errorf("%s advises %s", smoke, line)
		}
		fixes("chain-incomplete")
	})

	t.Run("revoke", func(t *testing.T) {
		u := newACMEUser(t, p)
		revoke := "gokeytool acme -revoke " + acmeStore
		u.does("gokeytool acme -host www.example.com $GET " + acmeStore)
		first := u.leaf("my store.p12", "my key")
		status := func(c *x509util.Certificate, want string) {
			t.Helper()
			if got := p.Status(c.Serial).Status; got != want {
				t.Errorf("the CA says %s", got)
			}
		}
		for _, answer := range []string{"", "no\n"} {
			u.fails(revoke, answer, "Revoke it for good, for unspecified? [no]:", "the certificate was not revoked")
		}
		status(first, "Valid")
		out := u.does("echo yes | "+revoke+" -reason superseded", "signed by the account: superseded")
		status(first, "Revoked")
		if !bytes.Equal(u.leaf("my store.p12", "my key").Raw, first.Raw) {
			t.Error("the entry has changed")
		}
		u.fails(revoke+" -noprompt", "", "was revoked already, on ")
		u.fails(`gokeytool check -storepass:file pw "my store.p12"`, "", "revoked: <my key> the certificate was revoked on ", "(superseded)")
		u.does("gokeytool list -v "+acmeStore, "Revoked: ", "superseded")
		u.does(u.printed(out, "To replace it now, with a new key: "), "replaced: ")
		second := u.leaf("my store.p12", "my key")
		if bytes.Equal(second.SPKI, first.SPKI) {
			t.Error("the key is the old one")
		}

		u.does("gokeytool acme -reusekey "+acmeStore, "nothing to do")
		u.does("GOKEYTOOL_ACME_DIR=elsewhere "+revoke+" -noprompt -reason keyCompromise -directory "+p.Directory+" -caFile "+p.CAFile, "signed by the certificate's key: keyCompromise")
		status(second, "Revoked")
		u.does(revoke+" -noprompt -reason keyCompromise", "was revoked already, says ")
		u.fails("gokeytool acme -reusekey "+acmeStore, "", "it is not used again")
		u.does("gokeytool acme "+acmeStore, "A new key is made, since that of <my key> was revoked", "replaced: ")
		third := u.leaf("my store.p12", "my key")
		if bytes.Equal(third.SPKI, second.SPKI) {
			t.Error("the key is the one that was compromised")
		}
		u.does(revoke+" -noprompt -reason cessationOfOperation", "signed by the account")
		u.does("gokeytool acme "+acmeStore, "nothing to do")

		u.does("gokeytool acme -host pem.example.com $GET -certfile cert.pem -keyfile key.pem")
		out = u.does("gokeytool acme -revoke -noprompt -certfile cert.pem -keyfile key.pem", "cert.pem, signed by the account: unspecified")
		u.does(u.printed(out, "To replace it now, with a new key: "), "replaced: ")
		u.fails("gokeytool acme -revoke -noprompt -certfile nothing.pem", "", "there is no certificate")
		u.does("gokeytool genkeypair -alias own -keyalg EC -dname CN=own -keystore own.p12 -storepass:file pw")
		u.fails("gokeytool acme -revoke -noprompt -keystore own.p12 -storepass:file pw", "", "does not know how the certificate came", "-directory")
	})

	t.Run("account", func(t *testing.T) {
		u := newACMEUser(t, p)
		u.fails("gokeytool acme -account", "", "there is no account in ")
		u.fails("gokeytool acme -deactivate -noprompt", "", "there is no account in ")
		u.does("gokeytool acme -host www.example.com -contact a@example.com $GET " + acmeStore)
		u.does("gokeytool acme -account", "Account: "+strings.TrimSuffix(p.Directory, "dir"), "Status: valid", "Contacts: mailto:a@example.com", "Kept in: "+u.dir+"/state/accounts/",
			"Certificates: 1", "/my store.p12 <my key>: www.example.com")
		u.does("gokeytool acme -account -contact b@example.com -contact c@example.com", "(before: mailto:a@example.com)", "Contacts: mailto:b@example.com, mailto:c@example.com")
		u.does("gokeytool acme -contact d@example.com "+acmeStore, "nothing to do")
		u.does("gokeytool acme -account "+acmeStore, "Contacts: mailto:d@example.com")
		u.fails("gokeytool acme -account -contact none -contact e@example.com", "", "-contact none")
		u.does("gokeytool acme -account -contact none", "Contacts: none")
		var shown struct {
			Accounts []struct {
				Directory, Status string
				Contacts          []string
				Certificates      []struct{ Alias string }
			}
		}
		if err := json.Unmarshal([]byte(u.does("gokeytool acme -account -json")), &shown); err != nil {
			t.Fatal(err)
		}
		if a := shown.Accounts[0]; a.Directory != p.Directory || a.Status != "valid" || a.Contacts == nil || len(a.Contacts) != 0 || a.Certificates[0].Alias != "my key" {
			t.Errorf("%+v", a)
		}
		u.does("gokeytool acme -rollover", "has a new key, kept in ")
		u.does("gokeytool renew -force "+acmeStore, "replaced: ")

		u.fails("gokeytool acme -deactivate", "no\n", "/my store.p12 <my key>: www.example.com", "the account is left as it was")
		out := u.does("echo yes | gokeytool acme -deactivate -storepass:file pw", "is deactivated")
		u.fails("gokeytool acme -account", "", "there is no account in ")
		u.fails("gokeytool renew -force "+acmeStore, "", "terms of service have not been agreed to")
		u.does(u.printed(out, "With a new account: "))
		u.does("gokeytool acme -force -agree "+acmeStore, "An account was made at ", "replaced: ")
	})
}
