package systemd

import (
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	for want, words := range map[string][]string{
		`/usr/bin/gokeytool acme -host www.example.com`: {"/usr/bin/gokeytool", "acme", "-host", "www.example.com"},
		`"/opt/my tools/gokeytool" ""`:                  {"/opt/my tools/gokeytool", ""},
		`/opt/a$b%%c/gokeytool a$$b 100%% "$${HOME}"`:   {"/opt/a$b%c/gokeytool", "a$b", "100%", "${HOME}"},
		`/g "it's" "\"" "a\\b" ";" "#"`:                 {"/g", "it's", `"`, `a\b`, ";", "#"},
		`/g "a\x0ab" "\xff" "\xe2\x80\xae" "ä"`:         {"/g", "a\nb", "\xff", "\u202e", "ä"},
	} {
		if got := Command(words[0], words[1:]...); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	got, err := Paths("/var/lib/acme", "/a b/c's", "/100%")
	if want := `/var/lib/acme "/a b/c's" /100%%`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := Path("/a b/100%"); err != nil || got != "/a b/100%%" {
		t.Errorf("got %s, %v", got, err)
	}
	for _, path := range []string{"/a\nb", "/a\xff", "/a\u202e", "/a ", `/a\b\`} {
		if got, err := Paths(path); err == nil {
			t.Errorf("Paths takes %q: %s", path, got)
		}
		if got, err := Path(path); err == nil {
			t.Errorf("Path takes %q: %s", path, got)
		}
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{
		"/etc/tomcat/keystore.p12 tomcat": "etc-tomcat-keystore.p12-tomcat",
		"/a/../b@c\\%":                    "a-..-b-c",
	} {
		if got := Name(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	long, other := Name("/a/"+strings.Repeat("x", 300)), Name("/b/"+strings.Repeat("x", 300))
	if long == other || len(long) > maxName+9 {
		t.Errorf("%s, %s", long, other)
	}
}
