package machine

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put makes files below a directory; a name that ends in "/" is a directory.
func put(t *testing.T, names ...string) (base string) {
	t.Helper()
	base = t.TempDir()
	for _, name := range names {
		path := filepath.Join(base, name)
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir == path {
			continue
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

func TestFile(t *testing.T) {
	base := put(t, "conf/tomcat.p12", "conf/dir/", "conf/keys/a.p12", "beside.jks")
	if err := os.WriteFile(filepath.Join(base, "conf", "empty.p12"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link.p12": "nowhere.p12", "loop.p12": "loop.p12"} {
		if err := os.Symlink(target, filepath.Join(base, "conf", link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][2]string{
		"conf/tomcat.p12":    {},
		"conf/tomcatt.p12":   {"FileNotFoundException", "conf/tomcat.p12 meant?"},
		"conf/Tomcat.p12":    {"FileNotFoundException", "small letters and capitals differ"},
		"conf/dir":           {"is a directory", "name the file in it"},
		"conf/keys":          {"EOFException", "conf/keys/a.p12"},
		"conf/empty.p12":     {"is empty", "backup"},
		"conf/link.p12":      {"symbolic link to nowhere.p12", "put the file there"},
		"conf/loop.p12":      {"Too many levels of symbolic links", "point the link"},
		"~/.keystore":        {"no directory", "write ${user.home}/.keystore"},
		`C:\conf\tomcat.p12`: {"FileNotFoundException", "name of Windows"},
		`conf\tomcat.p12`:    {"FileNotFoundException", "write conf/tomcat.p12, with slashes"},
		" conf/tomcat.p12 ":  {"FileNotFoundException", "write conf/tomcat.p12, without blanks"},
		"tomcat.p12":         {"FileNotFoundException", "write conf/tomcat.p12, where such a file is"},
		"tomcatt.p12":        {"FileNotFoundException", "is conf/tomcat.p12 meant?"},
		"conf/beside.jks":    {"FileNotFoundException", "write beside.jks, where such a file is"},
		"keys/a.p12":         {"no directory", "write conf/keys/a.p12"},
		"conf/tomcat.p12/x":  {"tomcat.p12 is no directory", "names start at catalina.base"},
		"no/such/thing":      {"there is no directory " + filepath.Join(base, "no"), "put the file there"},
	} {
		cause, found := File(filepath.Join(base, name), base, true, true)
		if found != (want[0] != "") || !strings.Contains(cause.Text, want[0]) || !strings.Contains(cause.Remedy, want[1]) {
			t.Errorf("%s: %v %q, %q", name, found, cause.Text, cause.Remedy)
		}
	}
	if cause, _ := File(filepath.Join(base, "conf", "empty.p12"), base, false, true); strings.Contains(cause.Text, "EOF") {
		t.Errorf("of a file in PEM: %s", cause.Text)
	}
}

func TestFileWithoutGuess(t *testing.T) {
	base := put(t, "conf/tomcat.p12")
	if cause, found := File(filepath.Join(base, "conf", "tomcatt.p12"), base, true, false); !found || cause.Remedy != "" {
		t.Errorf("%v %+v", found, cause)
	}
}

// A name that is right where we are started is wrong for Tomcat.
func TestFileWhereWeAre(t *testing.T) {
	base, here := put(t, "conf/"), put(t, "keys/mine.p12")
	t.Chdir(here)
	cause, found := File(filepath.Join(base, "keys", "mine.p12"), base, true, true)
	if !found || !strings.Contains(cause.Remedy, filepath.Join(here, "keys", "mine.p12")) {
		t.Errorf("%v %+v", found, cause)
	}
}

func TestPrivileged(t *testing.T) {
	for _, test := range []struct {
		reserved, port int
		found          bool
		here           string
	}{
		{1024, 443, true, ""},
		{1024, 1023, true, ""},
		{1024, 1024, false, ""},
		{1024, 0, false, ""},
		{80, 443, true, "Here the kernel gives it to anybody"},
		{80, 79, true, ""},
		{2000, 1500, true, ""},
		{2000, 2000, false, ""},
	} {
		cause, found := Net{Reserved: test.reserved}.Privileged(test.port)
		if found != test.found || strings.Contains(cause.Text, "Here") != (test.here != "") || !strings.Contains(cause.Text, test.here) {
			t.Errorf("%+v: %v %q", test, found, cause.Text)
		}
		if found && !strings.Contains(cause.Text, "Permission denied") {
			t.Errorf("%q", cause.Text)
		}
	}
}

func TestElsewhere(t *testing.T) {
	n := Net{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1")}}
	for address, want := range map[string]bool{
		"": false, "localhost": false, "www.example.com": false, "0.0.0.0": false, "::": false, "[::1]": false, "127.0.0.2": false,
		"192.0.2.1": false, "::ffff:192.0.2.1": false, "192.0.2.2": true, "2001:db8::1": true,
	} {
		cause, found := n.Elsewhere(address)
		if found != want || found && !strings.Contains(cause.Remedy, "192.0.2.1") {
			t.Errorf("%q: %v %+v", address, found, cause)
		}
	}
	if _, found := (Net{}).Elsewhere("192.0.2.2"); found {
		t.Error("found, though the machine's addresses are not known")
	}
}

func TestOwner(t *testing.T) {
	proc := put(t, "net/", "42/fd/", "42/comm", "43/fd/", "43/comm")
	for name, text := range map[string]string{
		"net/tcp": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
			"   0: 0100007F:20FB 00000000:0000 01 00000000:00000000 00:00000000 00000000  1000        0 500 1\n" +
			"   1: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 501 1\nshort\n",
		"42/comm": "bash\n", "43/comm": "java\n",
	} {
		if err := os.WriteFile(filepath.Join(proc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"42/fd/3": "socket:[500]", "43/fd/7": "socket:[501]"} {
		if err := os.Symlink(target, filepath.Join(proc, link)); err != nil {
			t.Fatal(err)
		}
	}
	if got := ownerIn(proc, 8443); got != "java (process 43)" {
		t.Errorf("%q", got)
	}
	if got := ownerIn(proc, 8080); got != "" {
		t.Errorf("%q", got)
	}
	if got := ownerIn(filepath.Join(proc, "none"), 8443); got != "" {
		t.Errorf("%q", got)
	}
}
