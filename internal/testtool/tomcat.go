package testtool

import (
	"bytes"
	"cmp"
	_ "embed"
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

// TomcatRelease is a major release of Tomcat that tests may run.
type TomcatRelease int

// The releases. Where only "Tomcat" is said, it is Tomcat 10.
const (
	Tomcat9  TomcatRelease = 9
	Tomcat10 TomcatRelease = 10
)

// TomcatReleases are all of them.
var TomcatReleases = []TomcatRelease{Tomcat9, Tomcat10}

// tomcatFiles are the files of an installed Tomcat.
type tomcatFiles struct {
	home      string   // catalina.home; empty where its jars lie loose
	classPath []string // what it is started with
	jars      []string // what applications are compiled with
}

// find returns the files of an installed Tomcat, of which Debian has release 9 as
// a library alone; false where there is none.
func (r TomcatRelease) find() (tomcatFiles, bool) {
	if r == Tomcat10 {
		home := FindTomcat()
		jars, _ := filepath.Glob(filepath.Join(home, "lib", "*.jar"))
		bin := filepath.Join(home, "bin")
		return tomcatFiles{home, []string{filepath.Join(bin, "bootstrap.jar"), filepath.Join(bin, "tomcat-juli.jar")}, jars}, home != ""
	}
	found, _ := filepath.Glob(fmt.Sprintf("/usr/share/java/tomcat%d-*.jar", r))
	var jars []string
	for _, jar := range found {
		// Each is there by a name with its version too. Translations would turn
		// the log into the language of the machine.
		if info, err := os.Lstat(jar); err == nil && info.Mode()&os.ModeSymlink != 0 && !strings.Contains(jar, "i18n") {
			jars = append(jars, jar)
		}
	}
	return tomcatFiles{"", jars, jars}, len(jars) > 0
}

// files is find for a test that needs the release.
func (r TomcatRelease) files(t testing.TB) tomcatFiles {
	t.Helper()
	files, ok := r.find()
	if !ok {
		Missing(t, fmt.Sprintf("Tomcat %d", r))
	}
	return files
}

// Look skips the test, or fails it under CI, where the release is not installed.
func (r TomcatRelease) Look(t testing.TB) {
	t.Helper()
	r.files(t)
}

// Tomcat is a running Tomcat, or one that would not start.
type Tomcat struct {
	// Base is its catalina.base.
	Base string
	// Started is false where it gave up for its server.xml.
	Started bool
	// Process is its process id.
	Process int

	mu  sync.Mutex
	log bytes.Buffer
}

// StartTomcat starts Tomcat with conf/server.xml and whatever else is in base,
// and waits until it has started or given up. It ends with the test.
func StartTomcat(t testing.TB, base string, serverXML []byte) *Tomcat {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(base, "conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "conf", "server.xml"), serverXML, 0o644); err != nil {
		t.Fatal(err)
	}
	return Tomcat10.Start(t, base)
}

// Start starts Tomcat with all that is in base, conf/server.xml and webapps among
// it, and with further options of java. It waits until Tomcat has started or given
// up. It ends with the test.
func (r TomcatRelease) Start(t testing.TB, base string, options ...string) *Tomcat {
	t.Helper()
	files := r.files(t)
	java := Look(t, "java")
	for _, dir := range []string{"conf", "logs", "temp", "webapps", "work"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	home := cmp.Or(files.home, base)
	properties := filepath.Join(base, "conf", "catalina.properties")
	if _, err := os.Stat(properties); err != nil {
		// Without them, Tomcat does not find its own classes. It would look into
		// each of its jars for what an application may bring.
		text := []byte("common.loader=")
		for _, dir := range []string{"conf", "etc"} {
			if its, err := os.ReadFile(filepath.Join(files.home, dir, "catalina.properties")); err == nil && files.home != "" {
				text = its
				break
			}
		}
		text = append(text, "\ntomcat.util.scan.StandardJarScanFilter.jarsToSkip=*.jar\n"...)
		if err := os.WriteFile(properties, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tc := &Tomcat{Base: base}
	args := []string{"-Xmx192m", "-XX:TieredStopAtLevel=1", "-Duser.language=en", "-cp", strings.Join(files.classPath, string(os.PathListSeparator)),
		"-Dcatalina.home=" + home, "-Dcatalina.base=" + base, "-Duser.home=" + base, "-Djava.io.tmpdir=" + filepath.Join(base, "temp")}
	args = append(append(args, options...), "org.apache.catalina.startup.Bootstrap", "start")
	cmd := exec.Command(java, args...)
	cmd.Dir = base
	cmd.Stdout, cmd.Stderr = writer{tc}, writer{tc}
	stdin, err := cmd.StdinPipe() // as no terminal would be
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tc.Process = cmd.Process.Pid
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

//go:embed Probe.java
var probeSource string

// Probe compiles Probe.java, which says what it answers, for a release, and
// returns the class: WEB-INF/classes/Probe.class of an application, which needs
// no web.xml for it.
func (r TomcatRelease) Probe(t testing.TB) []byte {
	t.Helper()
	files := r.files(t)
	source := probeSource
	if r < Tomcat10 {
		source = strings.ReplaceAll(source, "jakarta.servlet", "javax.servlet")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "Probe.java")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t, Look(t, "javac"), "-proc:none", "-nowarn", "-cp", strings.Join(files.jars, string(os.PathListSeparator)), "-d", dir, file)
	return ReadFile(t, filepath.Join(dir, "Probe.class"))
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
