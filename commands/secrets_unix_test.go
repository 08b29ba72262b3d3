//go:build unix

package commands_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

// malloryID is a user who puts files where others are going to write or read.
const malloryID = 1234

// TestSecretsOfOthers has commands write secrets to, and read them from, what
// another user has put there: it is refused with the reason, gets nothing, and stays
// what it was. Root is refused in a directory of everybody's, as /tmp.
func TestSecretsOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another owner")
	}
	root := t.TempDir()
	n := newNobody(t, root)
	common := filepath.Join(root, "k.p12")
	if out, err := (nobody{program: n.program}).run(t, root, "genkeypair", "-alias", "a", "-keyalg", "EC", "-dname", "CN=a", "-keystore", common, "-storepass", "changeit"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(common, 0o644); err != nil {
		t.Fatal(err)
	}
	const sticky, open = 0o777 | fs.ModeSticky, fs.FileMode(0o777)
	text := func(mode fs.FileMode) func(string, string) error {
		return func(path, _ string) error {
			return errors.Join(os.WriteFile(path, []byte("SESAME1\n"), 0o600), os.Chmod(path, mode))
		}
	}
	link := func(path, aim string) error { return os.Symlink(aim, path) }
	keystore := func(path, _ string) error {
		data, err := os.ReadFile(common)
		return errors.Join(err, os.WriteFile(path, data, 0o600), os.Chmod(path, 0o666))
	}
	pipe := func(path, _ string) error {
		return errors.Join(syscall.Mkfifo(path, 0o600), os.Chmod(path, 0o622))
	}
	const export = "export -alias a -key -noprompt -keystore ../k.p12 -storepass changeit -file f"
	const convert = "convert -to pem -noprompt ../k.p12 f -storepass changeit"
	const generate = "genkeypair -alias b -keyalg EC -dname CN=b -keystore new.p12 -storepass:generate f"
	const file = "genkeypair -alias b -keyalg EC -dname CN=b -keystore new.p12 -storepass:file f"
	const serve = "serve -selfsigned -port 0 -for 1ms -"
	for i, tt := range []struct {
		dir     fs.FileMode
		put     func(path, aim string) error
		owner   int
		command string
		user    string // who is refused: "n" nobody, "r" root
		want    string
	}{
		// A key.
		{open, text(0o666), malloryID, export, "n", "belongs to another user"},
		{open, text(0o666), malloryID, export, "r", "belongs to user 1234, who would have what is secret"},
		{0o755, text(0o666), malloryID, export, "n", "belongs to another user"},
		{sticky, text(0o666), malloryID, export, "nr", "belongs to"},
		{sticky, link, malloryID, export, "nr", "symbolic link that user 1234"},
		{sticky, pipe, malloryID, export, "nr", "belongs to user 1234"},
		{open, pipe, malloryID, export, "n", "belongs to user 1234"},
		{sticky, text(0o666), malloryID, convert, "nr", "belongs to"},
		{sticky, link, malloryID, convert, "nr", "symbolic link that user 1234"},
		// A keystore, new and old, in keytool's style too, and public output.
		{sticky, link, malloryID, "genkeypair -alias b -keyalg EC -dname CN=b -keystore f -storepass changeit", "nr", "symbolic link that user 1234"},
		{sticky, keystore, malloryID, "genkeypair -alias b -keyalg EC -dname CN=b -keystore f -storepass changeit", "nr", "belongs to user 1234"},
		{sticky, keystore, malloryID, "-genkeypair -alias b -keyalg EC -dname CN=b -keystore f -storepass changeit", "nr", "f (Permission denied)"},
		{sticky, keystore, malloryID, "-importkeystore -noprompt -srckeystore ../k.p12 -srcstorepass changeit -destkeystore f -deststorepass changeit", "nr", "f (Permission denied)"},
		{sticky, link, malloryID, "export -alias a -keystore ../k.p12 -storepass changeit -file f", "nr", "symbolic link that user 1234"},
		{sticky, text(0o666), malloryID, "-exportcert -alias a -keystore ../k.p12 -storepass changeit -file f", "nr", "f (Permission denied)"},
		{sticky, link, malloryID, "list -keystore f -storepass changeit", "nr", "symbolic link that user 1234"},
		// A generated password, and one that is read.
		{open, text(0o644), malloryID, generate, "n", "belongs to user 1234, who knows what is in it"},
		{sticky, text(0o644), malloryID, generate, "nr", "belongs to user 1234"},
		{sticky, link, malloryID, generate, "nr", "symbolic link that user 1234"},
		{open, text(0o666), 0, generate, "nr", "everybody can write it (mode 0666)"},
		{sticky, text(0o644), malloryID, file, "n", "the file of the password of -storepass, is not used: it belongs to user 1234"},
		{sticky, pipe, malloryID, generate, "nr", "belongs to user 1234"},
		{sticky, pipe, malloryID, serve + "ticketkey f", "nr", "belongs to user 1234"},
		{sticky, link, malloryID, file, "nr", "symbolic link that user 1234"},
		// A directory of all files, which its owner could fill with others.
		{sticky, func(path, _ string) error { return os.Mkdir(path, 0o777) }, malloryID, "dev -dir f", "nr", "f is not used: it belongs to user 1234"},
		{sticky, func(path, _ string) error { return os.Symlink(root, path) }, malloryID, "dev -dir f", "nr", "symbolic link that user 1234"},
		// What serve writes and reads.
		{open, text(0o666), malloryID, serve + "keylog f", "n", "belongs to user 1234"},
		{sticky, text(0o666), malloryID, serve + "keylog f", "nr", "belongs to user 1234"},
		{sticky, link, malloryID, serve + "keylog f", "nr", "symbolic link that user 1234"},
		{open, text(0o644), 0, serve + "keylog f", "r", "everybody can use it (mode 0644)"},
		{open, text(0o600), 0, serve + "keylog f", "n", "Permission denied"},
		{open, text(0o644), malloryID, serve + "ticketkey f", "n", "belongs to user 1234"},
		{sticky, text(0o644), malloryID, serve + "ticketkey f", "nr", "belongs to user 1234"},
		{sticky, link, malloryID, serve + "ticketkey f", "nr", "symbolic link that user 1234"},
		{sticky, link, malloryID, serve + "portfile f", "nr", "symbolic link that user 1234"},
		{sticky, text(0o666), malloryID, serve + "portfile f", "nr", ""},
	} {
		for _, user := range tt.user {
			dir := filepath.Join(root, fmt.Sprintf("%d%c", i, user))
			aim, path := filepath.Join(dir, "aim"), filepath.Join(dir, "f")
			who, uid := n, nobodyID
			if user == 'r' {
				who, uid = nobody{program: n.program}, 0
			}
			err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(aim, []byte("sesame2\n"), 0o600), os.Chown(aim, uid, uid),
				tt.put(path, aim), os.Lchown(path, tt.owner, tt.owner), os.Chmod(dir, tt.dir))
			if err != nil {
				t.Fatal(err)
			}
			before := look(t, dir)
			out, err := who.run(t, dir, strings.Fields(tt.command)...)
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("user %d: %s: %v: %s\nwant %q", uid, tt.command, err, out, tt.want)
			}
			after := look(t, dir)
			if strings.Join(before, "\n") != strings.Join(after, "\n") {
				t.Errorf("user %d: %s: the directory holds\n%s\nand held\n%s", uid, tt.command, strings.Join(after, "\n"), strings.Join(before, "\n"))
			}
		}
	}
}

// TestSecretsThatGoOn has commands do what real set-ups need: the secrets of a
// container belong to root and can be read by all, a keystore is shared by a group,
// and root works on a user's files.
func TestSecretsThatGoOn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another owner")
	}
	root := t.TempDir()
	n := newNobody(t, root)
	admin := nobody{program: n.program}
	at := func(name string) string { return filepath.Join(root, name) }
	do := func(who nobody, line string) string {
		t.Helper()
		out, err := who.run(t, root, strings.Fields(line)...)
		if err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
		return out
	}
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	// As Kubernetes mounts a secret: links of root's in a directory of root's.
	must(os.Mkdir(at("..2026"), 0o755), os.WriteFile(at("..2026/pass"), []byte("sesame1"), 0o644), os.WriteFile(at("..2026/ticket"), []byte(strings.Repeat("t", 48)), 0o644),
		os.Symlink("..2026", at("..data")), os.Symlink("..data/pass", at("pass")), os.Symlink("..data/ticket", at("ticket")))
	do(admin, "genkeypair -alias a -keyalg EC -dname CN=localhost -keystore k.p12 -storepass:file pass")
	must(os.Chmod(at("k.p12"), 0o644))
	if out := do(n, "list -keystore k.p12 -storepass:file pass"); strings.Contains(out, "everybody") {
		t.Errorf("a remark where nobody wants one: %s", out)
	}
	do(n, "list -keystore k.p12 -storepass:generate pass")
	if out := do(n, "serve -keystore k.p12 -storepass:file pass -port 0 -for 1ms -ticketkey ticket"); !strings.Contains(out, "everybody could read ticket (mode 0644)") {
		t.Errorf("the ticket key that all can read is not spoken of: %s", out)
	}
	// A keystore of another user's that the group may write.
	must(os.Chown(at("k.p12"), malloryID, nobodyID), os.Chmod(at("k.p12"), 0o664))
	do(n, "genkeypair -alias b -keyalg EC -dname CN=b -keystore k.p12 -storepass:file pass")
	if info, err := os.Stat(at("k.p12")); err != nil || info.Mode() != 0o664 || info.Sys().(*syscall.Stat_t).Uid != malloryID {
		t.Errorf("the keystore has another owner or mode: %v (%v)", info.Mode(), err)
	}
	// Root replaces a service's key, whose group may read it.
	must(os.WriteFile(at("key.pem"), nil, 0o600), os.Chown(at("key.pem"), malloryID, nobodyID), os.Chmod(at("key.pem"), 0o640))
	do(admin, "export -alias a -key -file key.pem -keystore k.p12 -storepass:file pass")
	if info, err := os.Stat(at("key.pem")); err != nil || info.Mode() != 0o640 || info.Sys().(*syscall.Stat_t).Uid != malloryID {
		t.Errorf("the key has another owner or mode: %v (%v)", info.Mode(), err)
	}
	// Pipes and devices, whoever has made them.
	for _, line := range []string{
		"gokeytool export -alias a -key -file /dev/stdout -keystore k.p12 -storepass:file <(cat pass) | grep -q PRIVATE",
		"gokeytool export -alias a -key -file >(cat >copy) -keystore k.p12 -storepass:generate <(cat pass)",
		"gokeytool list -keystore k.p12 -storepass:file /dev/stdin <pass",
		"gokeytool serve -selfsigned -port 0 -for 1ms -keylog /dev/null -portfile /dev/null -ticketkey <(cat ticket)",
	} {
		cmd := exec.CommandContext(t.Context(), testtool.Look(t, "bash"), "-c", line)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "PATH="+root+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Error(err)
	}
}

// TestGenerateKilled kills a command that generates a password at any moment: a
// keystore that is there opens with the password that is kept.
func TestGenerateKilled(t *testing.T) {
	keystores := 0
	for i := range 12 {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), strings.Fields("genkeypair -alias a -keyalg EC -dname CN=a -keystore k.p12 -storepass:generate pass")...)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(time.Millisecond) {
			seen := "pass"
			if i%2 == 1 {
				seen = "k.p12"
			}
			if _, err := os.Stat(filepath.Join(dir, seen)); err == nil {
				break
			}
		}
		time.Sleep(time.Duration(i/2) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		password := firstLine(t, dir, "pass")
		if _, err := os.Stat(filepath.Join(dir, "k.p12")); err == nil {
			keystores++
			opened(t, filepath.Join(dir, "k.p12"), password, password)
		}
	}
	if keystores == 0 {
		t.Error("no keystore was made")
	}
}
