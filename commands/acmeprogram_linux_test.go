package commands_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/x509util"
)

// acmePlace is a directory in which the program speaks to a pebble.
type acmePlace struct {
	t           *testing.T
	dir         string
	directory   string // URL
	caFile      string
	httpAddress string
}

// newACMEPlace is one with nothing in it but the file pass.
func newACMEPlace(t *testing.T, p *testtool.Pebble) *acmePlace {
	t.Helper()
	place := &acmePlace{t, t.TempDir(), p.Directory, p.CAFile, fmt.Sprintf("127.0.0.1:%d", p.HTTPPort)}
	write(t, place.dir, "pass", []byte("changeit\n"))
	return place
}

// command is "gokeytool acme" with words, and for the first time those that say who
// the CA is.
func (a *acmePlace) command(words ...string) *exec.Cmd {
	cmd := exec.CommandContext(a.t.Context(), plainProgram(a.t, "gokeytool"), append([]string{"acme"}, words...)...)
	cmd.Dir = a.dir
	cmd.Env = append(os.Environ(), "GOKEYTOOL_ACME_DIR="+filepath.Join(a.dir, "state"), "HOME="+a.dir, "TZ=UTC", "WORD=changeit")
	return cmd
}

// first are the words of the first run.
func (a *acmePlace) first(words ...string) []string {
	return append([]string{"-directory", a.directory, "-caFile", a.caFile, "-address", a.httpAddress, "-agree"}, words...)
}

// run plays a line, and returns both streams and the exit code.
func (a *acmePlace) run(words ...string) (out, errs string, code int) {
	a.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := a.command(words...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// must is run for a line that goes well.
func (a *acmePlace) must(words ...string) string {
	a.t.Helper()
	out, errs, code := a.run(words...)
	if code != 0 {
		a.t.Fatalf("acme %s: exit code %d\n%s%s", strings.Join(words, " "), code, out, errs)
	}
	return out + errs
}

// leaf is the certificate of the first key of a keystore; nil for none.
func (a *acmePlace) leaf(name string) []byte {
	a.t.Helper()
	ks, err := store.Open(filepath.Join(a.dir, name), store.Options{Password: []byte("changeit")})
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		a.t.Fatal(err)
	}
	entries := ks.Entries()
	if len(entries) == 0 {
		return nil
	}
	key, err := ks.KeyOf(entries[0], []byte("changeit"))
	if err != nil {
		a.t.Fatal(err)
	}
	key.Wipe()
	return x509util.Encoded(entries[0].Chain[0].DER)
}

// issuedBy counts the serials that a pebble has certified, by its log.
func issuedBy(p *testtool.Pebble) int {
	return len(regexp.MustCompile(`Issued certificate serial`).FindAllString(p.Log(), -1))
}

// TestACMEAtOnce has two processes want the same certificate: one orders it, and the
// other finds it there.
func TestACMEAtOnce(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true})
	place := newACMEPlace(t, p)
	words := place.first("-host", "www.example.com", "-keystore", "k.p12", "-storepass:file", "pass", "-exec", "echo ran >>ran")
	var screens [3]screen
	var runs []*exec.Cmd
	for i := range screens {
		cmd := place.command(words...)
		cmd.Stdout, cmd.Stderr = &screens[i], &screens[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, cmd)
	}
	nothing := 0
	for i, cmd := range runs {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, screens[i].text())
		}
		nothing += strings.Count(screens[i].text(), "nothing to do")
	}
	if n := issuedBy(p); n != 1 || nothing != 2 {
		t.Errorf("%d certificates were issued, %d had nothing to do", n, nothing)
	}
	if got := string(testtool.ReadFile(t, filepath.Join(place.dir, "ran"))); got != "ran\n" {
		t.Errorf("the command: %q", got)
	}
}

// counting is a proxy before a pebble that counts requests, and calls at before the
// one of that number is passed on, and after it was answered.
type counting struct {
	n      atomic.Int64
	before func(n int64)
	after  func(n int64)
}

// start has the proxy listen, and the place speak to it.
func (c *counting) start(place *acmePlace, p *testtool.Pebble) {
	place.t.Helper()
	target, err := url.Parse(p.Directory)
	if err != nil {
		place.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Trusted}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := c.n.Add(1)
		if c.before != nil {
			c.before(n)
		}
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		if c.after != nil {
			c.after(n)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = io.Copy(w, answer.Body)
	}))
	place.t.Cleanup(server.Close)
	place.directory = server.URL + target.Path
	place.caFile = write(place.t, place.dir, "proxy.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// TestACMEKilled kills the program at each of its requests, before the CA has it and
// after the CA has answered it. The keystore is as it was, the next run brings the
// certificate, and what the CA has certified is what it brings.
func TestACMEKilled(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, NonceReject: -1})
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			for at := int64(1); ; at++ {
				place := newACMEPlace(t, p)
				if out, err := exec.Command(plainProgram(t, "gokeytool"), "genkeypair", "-alias", "www", "-keyalg", "EC", "-dname", "CN=old", "-keystore", filepath.Join(place.dir, "k.p12"), "-storepass", "changeit").CombinedOutput(); err != nil {
					t.Fatalf("%v %s", err, out)
				}
				before := testtool.ReadFile(t, filepath.Join(place.dir, "k.p12"))
				proxy := new(counting)
				words := func() []string {
					return place.first("-host", "www.example.com", "-keystore", "k.p12", "-storepass:file", "pass")
				}
				started, dead := make(chan *os.Process, 1), make(chan struct{})
				var killed atomic.Bool
				kill := func(n int64) {
					if n == at && !killed.Swap(true) {
						_ = (<-started).Kill()
						<-dead
					}
				}
				if when == "before" {
					proxy.before = kill
				} else {
					proxy.after = kill
				}
				proxy.start(place, p)
				already := issuedBy(p)
				cmd := place.command(words()...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				started <- cmd.Process
				_ = cmd.Wait()
				close(dead)
				if !killed.Load() { // it came to its end
					if at < 8 {
						t.Errorf("only %d requests", at)
					}
					return
				}
				if now := testtool.ReadFile(t, filepath.Join(place.dir, "k.p12")); !bytes.Equal(now, before) && place.leaf("k.p12") == nil {
					t.Errorf("%d: the keystore has neither what it had nor what is new", at)
				}
				said := place.must(words()...)
				if n := issuedBy(p) - already; n != 1 {
					t.Errorf("killed %s request %d: %d certificates were issued\n%s", when, at, n, said)
				}
				if c := x509util.Describe(place.leaf("k.p12")); len(c.Names) != 1 || c.Names[0] != "dns:www.example.com" {
					t.Errorf("killed %s request %d: it is certified %s\n%s", when, at, c.Names, said)
				}
				if old, err := os.ReadFile(filepath.Join(place.dir, "k.p12.old")); err != nil || !bytes.Equal(old, before) {
					t.Errorf("killed %s request %d: the old key is not kept: %v", when, at, err)
				}
				if again := place.must("-keystore", "k.p12", "-storepass:file", "pass"); !strings.Contains(again, "nothing to do") {
					t.Errorf("again: %s", again)
				}
				if left, _ := filepath.Glob(filepath.Join(place.dir, "state", "orders", "*")); len(left) > 0 {
					t.Errorf("killed %s request %d: left are %q", when, at, left)
				}
			}
		})
	}
}

// TestACMEExec has the command of -exec see what it is to see, fail, and be killed
// with the program: it is run again until it has gone well, and nothing else is done.
func TestACMEExec(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true})
	place := newACMEPlace(t, p)
	words := place.first("-host", "www.example.com", "-host", "example.com", "-keystore", "k.p12", "-storepass:env", "WORD", "-alias", "www",
		"-exec", `echo "$GOKEYTOOL_ALIAS $GOKEYTOOL_KEYSTORE $GOKEYTOOL_NAMES $RENEWED_DOMAINS word=$WORD"; test -e ready`)
	out, errs, code := place.run(words...)
	saw := fmt.Sprintf("www %s/k.p12 www.example.com example.com www.example.com example.com word=\n", place.dir)
	if code != 1 || !strings.Contains(errs, saw) || !strings.Contains(errs, "is stored, but the command of -exec failed") || out != "" {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	stored := place.leaf("k.p12")
	again := []string{"-keystore", "k.p12", "-storepass:env", "WORD"}
	if _, errs, code = place.run(again...); code != 1 || !strings.Contains(errs, saw) {
		t.Errorf("again: %d %s", code, errs)
	}
	write(t, place.dir, "ready", nil)
	if said := place.must(again...); !strings.Contains(said, saw) || !strings.Contains(said, "nothing to do") {
		t.Errorf("at last: %s", said)
	}
	if said := place.must(again...); strings.Contains(said, "word=") {
		t.Errorf("once more: %s", said)
	}
	if !bytes.Equal(stored, place.leaf("k.p12")) || issuedBy(p) != 1 {
		t.Error("there is another certificate")
	}
	// Another command is kept, and killed with the program at the next renewal.
	_, _, code = place.run(append(again, "-force", "-exec", `echo ran >>ran; test -e killed || { touch killed; kill -9 $PPID; }`)...)
	if code != -1 || issuedBy(p) != 2 {
		t.Fatalf("killed: %d", code)
	}
	place.must(again...)
	place.must(again...)
	if ran := string(testtool.ReadFile(t, filepath.Join(place.dir, "ran"))); ran != "ran\nran\n" {
		t.Errorf("ran: %q", ran)
	}
	if said := place.must(append(again, "-exec", "")...); !strings.Contains(said, "nothing to do") {
		t.Error(said)
	}
	place.must(append(again, "-force")...)
	if ran := string(testtool.ReadFile(t, filepath.Join(place.dir, "ran"))); ran != "ran\nran\n" {
		t.Errorf("ran: %q", ran)
	}
}

// TestACMEJSON reads what -json prints of a certificate that came, of nothing to do,
// and of errors.
func TestACMEJSON(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true, Blocked: []string{"blocked.example"}})
	place := newACMEPlace(t, p)
	type report struct {
		Version      int
		Certificates []struct {
			Keystore, Alias, Directory, Why, RenewAt, RenewWhy, Line string
			Names                                                    []string
			Changed, DryRun, Executed                                bool
			Certificate, Previous                                    *struct{ Serial string }
			Error                                                    *struct {
				Text, Type string
				Hints      []string
			}
		}
		Error *struct{ Text string }
	}
	read := func(code int, words ...string) report {
		t.Helper()
		out, errs, got := place.run(append(words, "-json")...)
		var r report
		if err := json.Unmarshal([]byte(out), &r); err != nil || got != code || r.Version != 1 {
			t.Fatalf("%d %v\n%s%s", got, err, out, errs)
		}
		return r
	}
	keystore := []string{"-keystore", "k.p12", "-storepass:file", "pass"}
	r := read(0, place.first(append(keystore, "-host", "www.example.com", "-exec", "true")...)...)
	if c := r.Certificates[0]; !c.Changed || !c.Executed || c.Certificate == nil || c.Previous != nil || c.Alias != "mykey" || c.RenewAt == "" || c.Names[0] != "www.example.com" || c.Directory != p.Directory || c.Error != nil {
		t.Errorf("%+v", c)
	}
	first := r.Certificates[0].Certificate.Serial
	if c := read(0, keystore...).Certificates[0]; c.Changed || c.Executed || c.Certificate.Serial != first || c.Line != "gokeytool acme -alias mykey -keystore k.p12 -storepass:file pass" {
		t.Errorf("%+v", c)
	}
	if c := read(0, append(keystore, "-force")...).Certificates[0]; !c.Changed || c.Previous.Serial != first || c.Why != "-force was given" {
		t.Errorf("%+v", c)
	}
	if c := read(0, append(keystore, "-dryRun")...).Certificates[0]; c.Changed || !c.DryRun {
		t.Errorf("%+v", c)
	}
	c := read(1, append(keystore, "-host", "www.example.com", "-host", "blocked.example")...).Certificates[0]
	if c.Changed || c.Error == nil || !strings.HasSuffix(c.Error.Type, ":rejectedIdentifier") || len(c.Error.Hints) == 0 || len(c.Names) != 2 {
		t.Errorf("%+v", c)
	}
	if r := read(1, "-keystore", "none/k.p12", "-storepass", "changeit", "-host", "a.example"); r.Error == nil && (len(r.Certificates) == 0 || r.Certificates[0].Error == nil) {
		t.Errorf("%+v", r)
	}
}

// TestACMESignals ends the program while the CA is to look at the proof: what it
// listened on is free, no lock stays, and -watch ends well.
func TestACMESignals(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{})
	place := newACMEPlace(t, p)
	waits := place.first("-host", "www.example.com", "-webroot", "web", "-keystore", "k.p12", "-storepass:file", "pass")
	waits = append(waits[:4:4], waits[6:]...) // -webroot in place of -address
	if err := os.Mkdir(filepath.Join(place.dir, "web"), 0o755); err != nil {
		t.Fatal(err)
	}
	proxy := &counting{}
	held, release := make(chan bool, 100), make(chan bool)
	proxy.before = func(n int64) {
		if files, _ := filepath.Glob(filepath.Join(place.dir, "web/.well-known/acme-challenge/*")); len(files) > 0 {
			held <- true
			<-release
		}
	}
	proxy.start(place, p)
	waits[1], waits[3] = place.directory, place.caFile
	cmd := place.command(waits...)
	var said screen
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-held
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	close(release)
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("%v\n%s", cmd.ProcessState, said.text())
	}
	if files, _ := filepath.Glob(filepath.Join(place.dir, "web/.well-known/acme-challenge/*")); len(files) > 0 {
		t.Errorf("left: %q", files)
	}
	if files, _ := filepath.Glob(filepath.Join(place.dir, ".k.p12*")); len(files) > 0 {
		t.Errorf("left: %q", files)
	}

	watching := place.command(place.first("-host", "www.example.com", "-keystore", "w.p12", "-storepass:file", "pass", "-watch")...)
	watching.Args[3], watching.Args[5] = p.Directory, p.CAFile
	said = screen{}
	watching.Stderr = &said
	if err := watching.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the certificate", func() bool { return strings.Contains(said.text(), "It is renewed from") })
	_ = watching.Process.Signal(syscall.SIGTERM)
	if err := watching.Wait(); err != nil || !strings.Contains(said.text(), "Stopped\n") {
		t.Errorf("%v\n%s", err, said.text())
	}
	if place.leaf("w.p12") == nil {
		t.Error("there is no certificate")
	}
}
