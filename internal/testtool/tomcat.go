package testtool

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TomcatHome returns the directory of an installed Tomcat 10.
func TomcatHome(t testing.TB) string {
	t.Helper()
	home := FindTomcat()
	if home == "" {
		Missing(t, "Tomcat 10")
	}
	return home
}

// FindTomcat returns the directory of an installed Tomcat 10, that of
// CATALINA_HOME or of Debian's package; "" where there is none.
func FindTomcat() string {
	for _, home := range []string{os.Getenv("CATALINA_HOME"), "/usr/share/tomcat10"} {
		if home == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(home, "bin", "bootstrap.jar")); err == nil {
			return home
		}
	}
	return ""
}

// Tomcat is a running Tomcat, or one that would not start.
type Tomcat struct {
	// Base is its catalina.base.
	Base string
	// Started is false where it gave up for its server.xml.
	Started bool

	mu  sync.Mutex
	log bytes.Buffer
}

// StartTomcat starts Tomcat with conf/server.xml and whatever else is in base,
// and waits until it has started or given up. It ends with the test.
func StartTomcat(t testing.TB, base string, serverXML []byte) *Tomcat {
	t.Helper()
	home := TomcatHome(t)
	java := Look(t, "java")
	for _, dir := range []string{"conf", "logs", "temp", "webapps", "work"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(base, "conf", "server.xml"), serverXML, 0o644); err != nil {
		t.Fatal(err)
	}
	// Without these, Tomcat does not find its own classes.
	for _, dir := range []string{"conf", "etc"} {
		if properties, err := os.ReadFile(filepath.Join(home, dir, "catalina.properties")); err == nil {
			if err := os.WriteFile(filepath.Join(base, "conf", "catalina.properties"), properties, 0o644); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	tc := &Tomcat{Base: base}
	classPath := filepath.Join(home, "bin", "bootstrap.jar") + string(os.PathListSeparator) + filepath.Join(home, "bin", "tomcat-juli.jar")
	cmd := exec.Command(java, "-Xmx192m", "-XX:TieredStopAtLevel=1", "-Duser.language=en", "-cp", classPath,
		"-Dcatalina.home="+home, "-Dcatalina.base="+base, "-Duser.home="+base, "-Djava.io.tmpdir="+filepath.Join(base, "temp"),
		"org.apache.catalina.startup.Bootstrap", "start")
	cmd.Dir = base
	cmd.Stdout, cmd.Stderr = writer{tc}, writer{tc}
	stdin, err := cmd.StdinPipe() // as no terminal would be
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-ended
	})
	deadline := time.After(2 * time.Minute)
	for {
		switch log := tc.Log(); {
		case strings.Contains(log, "Server startup in"):
			tc.Started = true
			return tc
		case strings.Contains(log, "Cannot start server"):
			return tc
		}
		select {
		case <-ended:
			return tc
		case <-deadline:
			t.Fatalf("Tomcat has not started for two minutes:\n%s", tc.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Connector is a Connector of a server.xml, with TLS.
type Connector struct {
	Attributes string // besides port, address and SSLEnabled
	Content    string // elements in it
}

// StartConnectors starts Tomcat with connectors, each on a free port of its own.
// It must start, though not each of them need do so.
func StartConnectors(t testing.TB, base string, connectors []Connector) (tc *Tomcat, ports []int) {
	t.Helper()
	var text strings.Builder
	text.WriteString("<Server port=\"-1\">\n<Service name=\"Catalina\">\n")
	var held []net.Listener // until each has its own
	for _, c := range connectors {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, ln)
		port := ln.Addr().(*net.TCPAddr).Port
		ports = append(ports, port)
		fmt.Fprintf(&text, "<Connector port=\"%d\" address=\"127.0.0.1\" SSLEnabled=\"true\" %s>%s</Connector>\n", port, c.Attributes, c.Content)
	}
	text.WriteString("<Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\"/></Engine>\n</Service>\n</Server>\n")
	for _, ln := range held {
		ln.Close()
	}
	tc = StartTomcat(t, base, []byte(text.String()))
	if !tc.Started {
		t.Fatalf("Tomcat has not started:\n%s", tc.Log())
	}
	return tc, ports
}

// Log returns what Tomcat has said so far.
func (tc *Tomcat) Log() string {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	return tc.log.String()
}

// writer collects the log.
type writer struct{ *Tomcat }

func (w writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}
