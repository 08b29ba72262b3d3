package commands

import (
	"errors"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestParseServer: what a line calls a server is read in one way by every command.
func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"localhost": "localhost:443", "www.example.com:8443": "www.example.com:8443", "10.0.0.1": "10.0.0.1:443", "::1": "[::1]:443",
		"[::1]": "[::1]:443", "[::1]:8443": "[::1]:8443", "[fe80::1%lo]:1": "[fe80::1%lo]:1", "my_host.local.:1": "my_host.local.:1",
		"https://www.example.com/": "www.example.com:443", "https://localhost:8443/api/tls?x=1": "localhost:8443", "xn--bcher-kva.example": "xn--bcher-kva.example:443",
	} {
		if got, err := parseServer(text); err != nil || got.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":", ":443", "x:", "x:80:90", "x:99999", "x:65536", "x:0", "x:-1", "x:+1", "x:01", "x:abc", "x:8443 ", " x", "a b", "x/path", "x:1/path",
		"x?y", "x#y", "user@x", "http://x", "ftp://x:1", "https://", "https:///x", "https://x:80:90/", "[::1", "::1]", "[::1]x", "[::1]:", "[::1]:x", "[x]:1", "[10.0.0.1]:1", "[]:1",
		"[[::1]]:1", "a..b", ".a", "-a", "a-", "*.example.com", "bücher.example", "x\n:1", "x\x00", strings.Repeat("a", 64), strings.Repeat("a.", 130) + "a"} {
		if got, err := parseServer(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// TestJavaServer: keytool's style says of a malformed -sslserver what keytool says.
func TestJavaServer(t *testing.T) {
	for release := range testtool.Keytools(t) {
		java := testtool.StartJava(t, release)
		for _, text := range []string{"", "x.invalid:80:90", "[::1", "[::1]x:1", "[[::1]]:1", "localhost:99999", "localhost:65536", ":443", "localhost:abc", "localhost:-1"} {
			said, ok := java.Keytool("", "-printcert", "-sslserver", text)
			want := strings.TrimPrefix(strings.SplitN(said, "\n", 2)[0], "keytool error: ")
			_, err := javaServer(text)
			ours, _ := errors.AsType[*javaError](err)
			if ok || ours == nil || ours.Class+": "+ours.Text != want {
				t.Errorf("Java %d on %q: %q, ours: %v", release, text, want, err)
			}
		}
	}
}
