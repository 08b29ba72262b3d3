//go:build unix

package challenge_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/acme"
	"gokeytool/acme/challenge"
	"gokeytool/internal/testtool"
)

// TestCertbot has certbot and us run the same hooks, for the same names of the same
// CA: both get a certificate, and the hooks see the same.
func TestCertbot(t *testing.T) {
	t.Parallel()
	python := testtool.Python(t, "certbot")
	testtool.Look(t, "curl")
	// Certbot gives up when a second nonce is refused.
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{NonceReject: -1})
	c, dir := client(t, pebble.Directory, pebble.Trusted)
	webroot := t.TempDir()
	ln, err := net.Listen("tcp", fmt.Sprintf(":%d", pebble.HTTPPort))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(webroot))}
	go server.Serve(ln)
	defer server.Close()
	for _, test := range []struct {
		method        acme.Method
		auth, cleanup string
		hosts         []string
	}{
		{
			acme.DNS01,
			`curl -sSf -d "{\"host\":\"_acme-challenge.$CERTBOT_DOMAIN.\",\"value\":\"$CERTBOT_VALIDATION\"}" ` + pebble.SetTXTURL(),
			`curl -sSf -d "{\"host\":\"_acme-challenge.$CERTBOT_DOMAIN.\"}" ` + pebble.ClearTXTURL(),
			[]string{"example.com", "*.example.com", "www.example.org"},
		},
		{
			acme.HTTP01,
			"mkdir -p " + webroot + challenge.Path + " && printf %s $CERTBOT_VALIDATION >" + webroot + challenge.Path + "$CERTBOT_TOKEN",
			"rm " + webroot + challenge.Path + "$CERTBOT_TOKEN",
			[]string{"www.example.com", "example.com"},
		},
	} {
		t.Run(string(test.method), func(t *testing.T) {
			// Both write down what they see, and say something.
			hooks := func(dir string) (auth, cleanup string) {
				return "env | grep ^CERTBOT_ >>" + dir + "/auth; echo; echo ' two words '; echo aside >&2; " + test.auth,
					"env | grep ^CERTBOT_ >>" + dir + "/cleanup; " + test.cleanup
			}
			theirs, ours := t.TempDir(), t.TempDir()
			auth, cleanup := hooks(theirs)
			args := []string{
				"-c", "import sys; from certbot.main import main; sys.exit(main())", "certonly", "-n", "--agree-tos", "--register-unsafely-without-email",
				"--server", pebble.Directory, "--config-dir", theirs + "/config", "--work-dir", theirs + "/work", "--logs-dir", theirs + "/logs",
				"--manual", "--preferred-challenges", strings.TrimSuffix(string(test.method), "-01"), "--manual-auth-hook", auth, "--manual-cleanup-hook", cleanup,
			}
			for _, host := range test.hosts {
				args = append(args, "-d", host)
			}
			cmd := testtool.Command(t, theirs, python, args...)
			cmd.Env = append(cmd.Env, "REQUESTS_CA_BUNDLE="+pebble.CAFile)
			testtool.Output(t, cmd)

			auth, cleanup = hooks(ours)
			obtain(t, c, dir, pebble.Roots, test.method, challenge.Hook(auth, cleanup, os.Environ(), nil), test.hosts...)
			for _, hook := range []string{"auth", "cleanup"} {
				want, got := seen(t, filepath.Join(theirs, hook)), seen(t, filepath.Join(ours, hook))
				if !slices.Equal(got, want) || len(got) < 3*len(test.hosts) {
					t.Errorf("the %s hook sees\n%s\nof certbot\n%s", hook, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

// seen is what all runs of a hook have seen, but for what is another each time: the
// order of names, tokens, and what newer releases of certbot have besides.
func seen(t *testing.T, file string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(string(testtool.ReadFile(t, file))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "CERTBOT_IDENTIFIER", "CERTBOT_ALL_IDENTIFIERS":
			continue
		case "CERTBOT_ALL_DOMAINS":
			all := strings.Split(value, ",")
			slices.Sort(all)
			value = strings.Join(all, ",")
		case "CERTBOT_TOKEN", "CERTBOT_VALIDATION":
			value = fmt.Sprint(len(value), " characters")
		}
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
