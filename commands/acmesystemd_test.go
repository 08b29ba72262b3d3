package commands_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestACMESystemd: systemd reads the units as they are printed, whatever the files
// are called, the line that installs them does so, and a line that a service could
// not run is refused.
func TestACMESystemd(t *testing.T) {
	testtool.Look(t, "bash")
	analyze := testtool.Look(t, "systemd-analyze")
	u := newACMEUser(t, &testtool.Pebble{Directory: "https://ca.example/dir"})
	line := `gokeytool acme -host www.example.com -keystore "it's 100% \$HOME.p12" -alias 'a;b' -storepass:file pw -directory https://ca.example/dir -agree`
	// The units go into a directory of the test, and nothing is started.
	units := filepath.Join(u.dir, "units")
	testtool.WriteFiles(t, u.dir, map[string][]byte{"bin/systemctl": []byte("#!/bin/sh\necho \"$@\" >> " + u.dir + "/asked\n"),
		"bin/gokeytool": []byte("#!/bin/sh\n" + plainProgram(t, "gokeytool") + " \"$@\" | sed 's:^# /etc/systemd/system/:# " + units + "/:'\n")})
	for _, name := range []string{"systemctl", "gokeytool"} {
		if err := os.Chmod(filepath.Join(u.dir, "bin", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(units, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		more        string
		has, hasNot []string
	}{
		"a listener": {"", []string{"CAP_NET_BIND_SERVICE", "NoNewPrivileges=yes", "it's 100%% $$HOME.p12", `"a;b"`, "RandomizedDelaySec=12h", "Persistent=true"}, []string{"-systemd\n"}},
		"high port":  {" -address 127.0.0.1:8080", []string{"NoNewPrivileges=yes"}, []string{"CAP_NET_BIND_SERVICE"}},
		"webroot":    {" -webroot units", []string{"/units", "ReadWritePaths="}, []string{"CAP_NET_BIND_SERVICE"}},
		"commands":   {" -exec 'systemctl reload \"tomcat\"'", []string{`"systemctl reload \"tomcat\""`}, []string{"NoNewPrivileges", "ProtectSystem"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := u.does(line+test.more+" -systemd", append(test.has, "OnCalendar=*-*-* 00,12:00:00", "-storepass:file "+u.dir+"/pw", "-acmeDir "+u.dir+"/state")...)
			service := out[strings.Index(out, "\n[Service]"):]
			for _, text := range test.hasNot {
				if strings.Contains(service, text) {
					t.Errorf("%q is in\n%s", text, service)
				}
			}
			var install string
			for text := range strings.Lines(out) {
				if strings.Contains(text, "systemctl enable --now") {
					install = strings.TrimPrefix(strings.TrimSpace(text), "#   ")
				}
			}
			u.does("PATH=" + u.dir + "/bin:$PATH; " + strings.ReplaceAll(install, "sudo ", ""))
			files, _ := filepath.Glob(units + "/gokeytool-acme-*")
			if len(files) != 2 {
				t.Fatalf("%q by %s", files, install)
			}
			asked := string(testtool.ReadFile(t, u.dir+"/asked"))
			if want := "daemon-reload\nenable --now " + filepath.Base(strings.TrimSuffix(files[0], filepath.Ext(files[0]))) + ".timer\n"; !strings.HasSuffix(asked, want) {
				t.Errorf("systemctl was asked for %q, want %q", asked, want)
			}
			if said, err := exec.Command(analyze, append([]string{"verify"}, files...)...).CombinedOutput(); err != nil || len(said) > 0 {
				t.Errorf("%v: %s\n%s", err, said, out)
			}
		})
	}
	u.fails(strings.Replace(line, ":file pw", " trustno1", 1)+" -systemd", "", "a service has its password from a file", "LoadCredential=")
	u.fails("P=trustno1 "+strings.Replace(line, ":file pw", ":env P", 1)+" -systemd", "", "a service has its password from a file")
	u.fails(line+" -force -systemd", "", "do not go together")
}
