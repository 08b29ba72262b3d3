package endpoint

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
	"gokeytool/internal/testtool"
)

// chrome is a headless Chromium, driven over its debugging pipe.
type chrome struct {
	t       testing.TB
	in      *os.File
	replies chan chromeReply
	next    int
	session string
}

type chromeReply struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
	Method string
}

// startChrome opens a browser with one empty tab. It trusts the root of the
// identity as a user would have it: from its certificate store where certutil
// can put it there, else by the key of the leaf.
func startChrome(t testing.TB, id identity.Identity) *chrome {
	t.Helper()
	program := testtool.Look(t, "chromium")
	home := t.TempDir()
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir=" + filepath.Join(home, "profile"),
	}
	if certutil, err := exec.LookPath("certutil"); err == nil {
		db := filepath.Join(home, ".pki/nssdb")
		if err := os.MkdirAll(db, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, step := range [][]string{
			{"-N", "-d", "sql:" + db, "--empty-password"},
			{"-A", "-d", "sql:" + db, "-n", "root", "-t", "C,,", "-a", "-i", writeRoot(t, id)},
		} {
			testtool.Run(t, certutil, step...)
		}
	} else {
		leaf, err := x509.ParseCertificate(id.Chain[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
		args = append(args, "--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(sum[:]))
	}

	toChrome, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromChrome, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(args, "about:blank")...)
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.ExtraFiles = []*os.File{toChrome, fromChrome}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toChrome.Close()
	fromChrome.Close()
	c := &chrome{t: t, in: in, replies: make(chan chromeReply, 64)}
	go func() {
		defer close(c.replies)
		for r := bufio.NewReader(out); ; {
			message, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var reply chromeReply
			if json.Unmarshal(message[:len(message)-1], &reply) == nil && reply.ID != 0 {
				c.replies <- reply
			}
		}
	}()
	t.Cleanup(func() {
		in.Close() // Chromium ends with its pipe
		done := make(chan struct{})
		go func() { cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-done
		}
		out.Close()
		// Its last processes may still be writing to the profile.
		for range 20 {
			if os.RemoveAll(home) == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	})

	var target struct{ TargetID string }
	c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	c.call("Page.enable", nil, nil)
	return c
}

// call sends a command and waits for its answer.
func (c *chrome) call(method string, params map[string]any, into any) {
	c.t.Helper()
	c.next++
	message := map[string]any{"id": c.next, "method": method}
	if params != nil {
		message["params"] = params
	}
	if c.session != "" {
		message["sessionId"] = c.session
	}
	data, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(data, 0)); err != nil {
		c.t.Fatal(err)
	}
	timeout := time.After(time.Minute)
	for {
		select {
		case reply, ok := <-c.replies:
			switch {
			case !ok:
				c.t.Fatalf("%s: Chromium is gone", method)
			case reply.ID != c.next:
				continue
			case reply.Error != nil:
				c.t.Fatalf("%s: %s", method, reply.Error.Message)
			case into != nil:
				if err := json.Unmarshal(reply.Result, into); err != nil {
					c.t.Fatalf("%s: %v", method, err)
				}
			}
			return
		case <-timeout:
			c.t.Fatalf("%s: no answer", method)
		}
	}
}

// eval evaluates a JavaScript expression whose value is text.
func (c *chrome) eval(expression string) string {
	c.t.Helper()
	var reply struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	c.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &reply)
	if reply.ExceptionDetails != nil {
		c.t.Fatalf("%s: %v", expression, reply.ExceptionDetails)
	}
	return fmt.Sprint(reply.Result.Value)
}

// open goes to a page and waits until it is there.
func (c *chrome) open(url string) {
	c.t.Helper()
	var reply struct{ ErrorText string }
	c.call("Page.navigate", map[string]any{"url": url}, &reply)
	if reply.ErrorText != "" {
		c.t.Fatalf("%s: %s", url, reply.ErrorText)
	}
	c.await(`document.readyState == "complete" && location.href == ` + string(must(json.Marshal(url))))
}

// await waits until an expression is true.
func (c *chrome) await(expression string) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); c.eval(expression) != "true"; time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("in vain: %s\n%s", expression, c.eval("document.documentElement.outerHTML"))
		}
	}
}

// screenshot writes a picture of the whole page.
func (c *chrome) screenshot(file string, width int, dark bool) {
	c.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	metrics := map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
	c.call("Emulation.setDeviceMetricsOverride", metrics, nil)
	var layout struct {
		CSSContentSize struct{ Height float64 }
	}
	c.call("Page.getLayoutMetrics", nil, &layout)
	metrics["height"] = int(layout.CSSContentSize.Height)
	c.call("Emulation.setDeviceMetricsOverride", metrics, nil)
	var shot struct{ Data []byte }
	c.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

// TestChromium looks at the page with a real browser and presses its buttons.
// With ENDPOINT_SCREENSHOTS=DIR it leaves pictures there.
func TestChromium(t *testing.T) {
	id := identitytest.New(t, "p256", "localhost", "127.0.0.1")
	id.Alias, id.Keystore = "tomcat", "/opt/tomcat/conf/server.p12"
	server := start(t, Config{Identities: []identity.Identity{id}})
	browser := startChrome(t, id)
	browser.open(server.URL())
	text := func() string { return browser.eval("document.body.innerText") }
	dump := func(name string) {
		if dir := os.Getenv("ENDPOINT_SCREENSHOTS"); dir != "" {
			browser.screenshot(filepath.Join(dir, name+"-light.png"), 1000, false)
			browser.screenshot(filepath.Join(dir, name+"-dark.png"), 1000, true)
			browser.screenshot(filepath.Join(dir, name+"-phone.png"), 390, true)
		}
	}
	dump("page")

	if dir := os.Getenv("ENDPOINT_SCREENSHOTS"); dir != "" {
		faulty := identitytest.ServerTemplate()
		faulty.Subject.CommonName, faulty.ExtKeyUsage = "host.example", nil
		faulty.NotAfter = time.Now().Add(5 * 24 * time.Hour)
		odd := id
		odd.Chain = [][]byte{identitytest.Sign(t, faulty, odd.Key, nil).Raw}
		if _, err := server.Update(Config{Identities: []identity.Identity{odd}}); err != nil {
			t.Fatal(err)
		}
		body := newClient(t, server, odd, func(c *tls.Config) { c.InsecureSkipVerify = true })
		response, err := body.Get(body.base + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, err := json.Marshal(string(readAll(t, response)))
		if err != nil {
			t.Fatal(err)
		}
		browser.open("about:blank")
		browser.eval("document.write(" + string(page) + "), ''")
		dump("findings")
		if _, err := server.Update(Config{Identities: []identity.Identity{id}}); err != nil {
			t.Fatal(err)
		}
		browser.open(server.URL())
	}

	first := text()
	for _, part := range []string{"tomcat", "/opt/tomcat/conf/server.p12 · PKCS12", "TLSv1.3", "HTTP/2.0", "localhost", "CN=Root, O=Example", "full handshake"} {
		if !strings.Contains(first, part) {
			t.Errorf("%q is missing on the page\n%s", part, first)
		}
	}
	// The style sheet is let in by its hash, or else the page is bare.
	if got := browser.eval(`getComputedStyle(document.querySelector("section")).borderRadius`); got == "0px" {
		t.Error("the style sheet is not applied")
	}
	for _, width := range []int{320, 390, 1000} {
		browser.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
		if got := browser.eval("document.documentElement.scrollWidth <= innerWidth"); got != "true" {
			t.Errorf("at a width of %d the page is %s wide", width, browser.eval("document.documentElement.scrollWidth"))
		}
	}

	ids := func() (tlsID, httpID string) {
		list := strings.Split(browser.eval(`[...document.querySelectorAll("dd .mono:not(details *)")].map(e => e.textContent).join(" ")`), " ")
		if len(list) < 2 {
			t.Fatalf("no session ids on the page\n%s", text())
		}
		return list[0], list[1]
	}
	tls1, http1 := ids()
	browser.open(server.URL())
	browser.await(`/request [2-9]/.test(document.body.innerText)`)
	if tls, http := ids(); tls != tls1 || http != http1 {
		t.Errorf("sessions %s, %s, then %s, %s", tls1, http1, tls, http)
	}
	press := func(action string) {
		browser.eval(`document.body.dataset.old = "1"`)
		browser.eval(`document.querySelector("form[action='` + action + `'] button").click()`)
		browser.await(`document.readyState == "complete" && !document.body.dataset.old && location.pathname == "/"`)
	}
	press("/session/new")
	tls2, http2 := ids()
	if tls2 != tls1 || http2 == http1 {
		t.Errorf("after a new session: %s, %s; before %s, %s", tls2, http2, tls1, http1)
	}
	press("/session/invalidate")
	tls3, http3 := ids()
	if tls3 == tls1 || http3 == http2 {
		t.Errorf("after invalidation: %s, %s; before %s, %s", tls3, http3, tls2, http2)
	}
	// No script of the page's own, and none that others could bring in.
	if got := browser.eval(`fetch("https://other.invalid/").then(() => "let out", () => "kept in")`); got != "kept in" {
		t.Error(got)
	}
}
