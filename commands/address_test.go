package commands_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
)

// TestAddresses has keytool and ours read revocation lists over HTTP, and look
// at a TLS server, directly and through a proxy.
func TestAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	dir := t.TempDir()
	play := func(program string, args ...string) output {
		t.Helper()
		cmd := exec.Command(filepath.Join(programs, program), args...)
		cmd.Dir = dir
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		code := exitCode(t, cmd, cmd.Run())
		return output{stdout.String(), stderr.String(), code}
	}
	run := func(args ...string) output { return play("keytool", args...) }
	run("-genkeypair", "-alias", "ca", "-keyalg", "EC", "-dname", "CN=CA", "-keystore", "k.p12", "-storepass", "changeit")
	run("-gencrl", "-alias", "ca", "-id", "5", "-file", "a.crl", "-keystore", "k.p12", "-storepass", "changeit")

	files := http.NewServeMux()
	files.HandleFunc("/a.crl", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(dir, "a.crl")) })
	files.Handle("/moved", http.RedirectHandler("/a.crl", http.StatusMovedPermanently))
	files.Handle("/elsewhere", http.RedirectHandler("https://crl.example/a.crl", http.StatusFound))
	files.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	files.HandleFunc("/choices", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMultipleChoices) })
	files.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	files.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	files.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "no list\n") })
	plain := httptest.NewServer(files)
	defer plain.Close()
	secure := httptest.NewTLSServer(files)
	defer secure.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodConnect && r.Host == "server.example:443":
			pass(t, w, secure.Listener.Addr().String())
		case r.URL.Host == "crl.example":
			files.ServeHTTP(w, r)
		default:
			t.Errorf("the proxy is asked for %s %s", r.Method, r.URL)
		}
	}))
	defer proxy.Close()
	host, port, err := net.SplitHostPort(proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"-J-Dhttp.proxyHost=" + host, "-J-Dhttp.proxyPort=" + port, "-J-Dhttps.proxyHost=" + host, "-J-Dhttps.proxyPort=" + port}

	// keytool prints nothing where it does not follow, and is content; our own
	// style says so.
	for path, said := range map[string]string{
		"/elsewhere": "gokeytool: not followed: " + plain.URL + "/elsewhere leads to https://crl.example/a.crl (HTTP status 302)\n" +
			"gokeytool: to follow it: gokeytool printcrl -file https://crl.example/a.crl\n",
		"/choices": "gokeytool: " + plain.URL + "/choices answers with HTTP status 300, and not with a file\n",
		"/empty":   "gokeytool: there is no CRL in " + plain.URL + "/empty\n",
	} {
		for _, args := range [][]string{{"printcrl"}, {"printcrl", "-json"}} {
			if got := play("gokeytool", append(args, "-file", plain.URL+path)...); got != (output{"", said, 1}) {
				t.Errorf("%q of %s: %+v", args, path, got)
			}
		}
	}

	classes := testtool.CompileLines(t)
	for release, theirs := range testtool.Keytools(t) {
		t.Setenv("GOKEYTOOL_JDK", strconv.Itoa(int(release)))
		var java []string
		for _, flag := range flags {
			java = append(java, strings.TrimPrefix(flag, "-J"))
		}
		m := testtool.StartLines(t, theirs, classes, java, dir, os.Environ())
		for _, line := range [][]string{
			{"-printcrl", "-file", plain.URL + "/a.crl", "-keystore", "k.p12", "-storepass", "changeit"},
			{"-printcrl", "-file", plain.URL + "/moved"},
			{"-printcrl", "-file", plain.URL + "/elsewhere"},
			{"-printcrl", "-file", plain.URL + "/loop"},
			{"-printcrl", "-file", plain.URL + "/choices"},
			{"-printcrl", "-file", plain.URL + "/empty"},
			{"-printcrl", "-file", plain.URL + "/text"},
			{"-printcrl", "-file", plain.URL + "/nope"},
			{"-printcrl", "-file", plain.URL + "/broken"},
			{"-printcrl", "-file", secure.URL + "/a.crl"},
			{"-printcrl", "-file", "http://crl.example/a.crl"},
			{"-printcert", "-sslserver", "server.example"},
			{"-printcert", "-rfc", "-sslserver", secure.Listener.Addr().String()},
		} {
			want, err := m.Play(line, "")
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if diff := cmp.Diff(output(want), run(append(flags, line...)...)); diff != "" {
				t.Errorf("%q (-keytool of JDK %v +ours):\n%s", line, release, diff)
			}
		}
	}
}

// pass answers a CONNECT and carries what follows to and fro.
func pass(t *testing.T, w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer server.Close()
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go io.Copy(server, client)
	io.Copy(client, server)
}
