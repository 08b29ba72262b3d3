//go:build ignore

// Load makes handshakes and requests with our endpoint and, where they are
// installed, with Go's plain net/http, openssl s_server, nginx and Tomcat, all
// on the loopback, in turn, and prints what an operation costs the server in CPU
// time and how many there are in a second. Session ids are compared with
// Tomcat's generator. Linux only: it reads the clocks of other processes.
//
//	go run scripts/load.go -gokeytool FILE [-rounds ROUNDS] [-n OPERATIONS]
package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"gokeytool/sessionid"
)

// clients work at a time.
const clients = 4

// A server is a program to measure.
type server struct {
	name string
	path string // of a small answer
	// ports are those of the connectors with each kind of key.
	ports     map[string]int
	processes []*exec.Cmd
	keepAlive bool
	warmUp    int // operations before the measured ones: a JVM compiles
}

var kinds = []string{"p256", "rsa2048"}

func main() {
	log.SetFlags(0)
	program := flag.String("gokeytool", "gokeytool", "our program")
	rounds := flag.Int("rounds", 7, "rounds in which the servers take turns")
	n := flag.Int("n", 1000, "operations of each kind in a round")
	plain := flag.String("plain", "", "serve with net/http: PORT,CERTIFICATE,KEY")
	flag.Parse()
	if *plain != "" {
		servePlain(strings.Split(*plain, ","))
		return
	}
	dir, err := os.MkdirTemp("", "load-")
	check(err)
	servers, err := start(dir, *program)
	stop := func() {
		for _, s := range servers {
			for _, p := range s.processes {
				p.Process.Kill()
				p.Wait()
			}
		}
		os.RemoveAll(dir)
	}
	if err == nil {
		err = measureAll(servers, *rounds, *n)
	}
	stop()
	check(err)
	check(measureIDs())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// servePlain is the server of Go's library, with nothing of ours.
func servePlain(args []string) {
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:"+args[0], args[1], args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	})))
}

// start makes keys and starts the servers that are installed.
func start(dir, program string) ([]*server, error) {
	var all []*server
	for _, kind := range kinds {
		algorithm := []string{"-keyalg", "EC", "-groupname", "secp256r1"}
		if kind == "rsa2048" {
			algorithm = []string{"-keyalg", "RSA", "-keysize", "2048"}
		}
		file := filepath.Join(dir, kind)
		for _, line := range [][]string{
			append([]string{program, "genkeypair", "-alias", "tomcat", "-dname", "CN=localhost", "-ext", "san=dns:localhost", "-ext", "eku=serverAuth",
				"-keystore", file + ".p12", "-storepass", "changeit"}, algorithm...),
			{"openssl", "pkcs12", "-in", file + ".p12", "-passin", "pass:changeit", "-nokeys", "-out", file + ".crt"},
			{"openssl", "pkcs12", "-in", file + ".p12", "-passin", "pass:changeit", "-nocerts", "-nodes", "-out", file + ".key"},
		} {
			if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%q: %w\n%s", line, err, out)
			}
		}
	}
	add := func(s *server) (*server, error) {
		s.ports = make(map[string]int)
		for _, kind := range kinds {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, err
			}
			s.ports[kind] = ln.Addr().(*net.TCPAddr).Port
			ln.Close()
		}
		all = append(all, s)
		return s, nil
	}
	run := func(s *server, program string, args ...string) error {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		s.processes = append(s.processes, cmd)
		return cmd.Start()
	}
	ours, err := add(&server{name: "gokeytool serve", path: "/healthz", keepAlive: true, warmUp: 200})
	if err != nil {
		return all, err
	}
	for _, kind := range kinds {
		if err := run(ours, program, "serve", "-keystore", kind+".p12", "-port", strconv.Itoa(ours.ports[kind]), "-accesslog", "common"); err != nil {
			return all, err
		}
	}
	library, err := add(&server{name: "Go net/http", path: "/", keepAlive: true, warmUp: 200})
	if err != nil {
		return all, err
	}
	self, err := os.Executable()
	if err != nil {
		return all, err
	}
	for _, kind := range kinds {
		if err := run(library, self, "-plain", fmt.Sprintf("%d,%s.crt,%s.key", library.ports[kind], kind, kind)); err != nil {
			return all, err
		}
	}
	if _, err := exec.LookPath("openssl"); err == nil {
		s, err := add(&server{name: "openssl s_server", path: "/", warmUp: 200})
		if err != nil {
			return all, err
		}
		for _, kind := range kinds {
			if err := run(s, "openssl", "s_server", "-quiet", "-www", "-accept", strconv.Itoa(s.ports[kind]), "-cert", kind+".crt", "-key", kind+".key"); err != nil {
				return all, err
			}
		}
	}
	if nginx, err := exec.LookPath("nginx"); err == nil {
		s, err := add(&server{name: "nginx", path: "/", keepAlive: true, warmUp: 200})
		if err != nil {
			return all, err
		}
		for _, kind := range kinds {
			conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/%[2]s.pid; error_log %[1]s/nginx.log;
events {}
http {
  access_log %[1]s/access.log; keepalive_requests 1000000;
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  server {
    listen 127.0.0.1:%[3]d ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:%[2]s:10m;
    ssl_certificate %[1]s/%[2]s.crt; ssl_certificate_key %[1]s/%[2]s.key;
    location / { default_type text/plain; return 200 "ok\n"; }
  }
}`, dir, kind, s.ports[kind])
			file := filepath.Join(dir, kind+".conf")
			if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
				return all, err
			}
			if err := run(s, nginx, "-e", filepath.Join(dir, "nginx.log"), "-c", file); err != nil {
				return all, err
			}
		}
	}
	if home := tomcatHome(); home != "" {
		s, err := add(&server{name: "Tomcat 10", path: "/healthz.txt", keepAlive: true, warmUp: 4000})
		if err != nil {
			return all, err
		}
		if err := startTomcat(dir, home, s, run); err != nil {
			return all, err
		}
	}
	for _, s := range all {
		for _, port := range s.ports {
			if err := await(port); err != nil {
				return all, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return all, nil
}

func tomcatHome() string {
	for _, home := range []string{os.Getenv("CATALINA_HOME"), "/usr/share/tomcat10"} {
		if _, err := os.Stat(filepath.Join(home, "bin", "bootstrap.jar")); home != "" && err == nil {
			return home
		}
	}
	return ""
}

// startTomcat starts one Tomcat with a connector for each kind of key.
func startTomcat(dir, home string, s *server, run func(*server, string, ...string) error) error {
	base := filepath.Join(dir, "tomcat")
	for _, sub := range []string{"conf", "logs", "temp", "work", "webapps/ROOT"} {
		if err := os.MkdirAll(filepath.Join(base, sub), 0o755); err != nil {
			return err
		}
	}
	var connectors strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&connectors, `<Connector port="%d" address="127.0.0.1" SSLEnabled="true" maxKeepAliveRequests="-1"><SSLHostConfig><Certificate certificateKeystoreFile="%s"/></SSLHostConfig></Connector>`,
			s.ports[kind], filepath.Join(dir, kind+".p12"))
	}
	server := `<Server port="-1"><Service name="Catalina">` + connectors.String() +
		`<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps">` +
		`<Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs"/></Host></Engine></Service></Server>`
	web := `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0"><servlet><servlet-name>default</servlet-name>` +
		`<servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>` +
		`<servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping></web-app>`
	for name, text := range map[string]string{"conf/server.xml": server, "conf/web.xml": web, "webapps/ROOT/healthz.txt": "ok\n"} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, conf := range []string{"conf", "etc"} {
		if text, err := os.ReadFile(filepath.Join(home, conf, "catalina.properties")); err == nil {
			if err := os.WriteFile(filepath.Join(base, "conf", "catalina.properties"), text, 0o644); err != nil {
				return err
			}
		}
	}
	return run(s, "java", "-Xmx256m", "-cp", home+"/bin/bootstrap.jar:"+home+"/bin/tomcat-juli.jar",
		"-Dcatalina.home="+home, "-Dcatalina.base="+base, "-Djava.io.tmpdir="+base+"/temp", "org.apache.catalina.startup.Bootstrap", "start")
}

// await waits until a port answers.
func await(port int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return conn.Close()
		}
	}
	return errors.New("it does not listen")
}

// operations are what is measured. Requests are short, so that there are more
// of them.
var operations = []struct {
	name string
	many int
}{{"full handshake", 1}, {"resumed handshake", 1}, {"keep-alive request", 20}}

// A sample is one round of one operation at one server.
type sample struct{ cpu, rate float64 } // µs an operation, operations a second

// measureAll prints the table. The servers take turns, and medians are shown,
// so that what else the machine does falls on all of them.
func measureAll(servers []*server, rounds, n int) error {
	fmt.Printf("| operation, TLS 1.3 | server | CPU of the server, µs | least | as ours | in a second |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
	for _, kind := range kinds {
		for _, operation := range operations {
			var able []*server
			for _, s := range servers {
				if operation.name == "keep-alive request" && !s.keepAlive {
					continue
				}
				able = append(able, s)
				if _, err := measure(s, kind, operation.name, s.warmUp); err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, operation.name, err)
				}
			}
			samples := make([][]sample, len(able))
			for round := range rounds {
				for i := range able {
					at := (i + round) % len(able) // nobody is always the first
					taken, err := measure(able[at], kind, operation.name, n*operation.many)
					if err != nil {
						return fmt.Errorf("%s, %s: %w", able[at].name, operation.name, err)
					}
					samples[at] = append(samples[at], taken)
				}
			}
			for i, s := range able {
				cpu := column(samples[i], func(_ int, x sample) float64 { return x.cpu })
				rate := column(samples[i], func(_ int, x sample) float64 { return x.rate })
				// Each round has its own ratio: what slows one server
				// for a while slows its neighbours.
				ratio := column(samples[i], func(round int, x sample) float64 { return x.cpu / samples[0][round].cpu })
				fmt.Printf("| %s, %s | %s | %.1f | %.1f | %.2f | %.0f |\n", operation.name, kind, s.name, median(cpu), cpu[0], median(ratio), median(rate))
			}
		}
	}
	return nil
}

// column takes a number of each sample, the smallest first.
func column(samples []sample, number func(round int, x sample) float64) []float64 {
	list := make([]float64, len(samples))
	for i, x := range samples {
		list[i] = number(i, x)
	}
	slices.Sort(list)
	return list
}

func median(sorted []float64) float64 {
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// measure does an operation n times.
func measure(s *server, kind, operation string, n int) (sample, error) {
	addr := fmt.Sprintf("127.0.0.1:%d", s.ports[kind])
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}}
	before, begin := s.cpu(), time.Now()
	var group sync.WaitGroup
	failures := make(chan error, clients)
	for range clients {
		group.Go(func() {
			config := config.Clone()
			if operation == "resumed handshake" {
				config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			}
			failures <- work(addr, s.path, operation, config, n/clients)
		})
	}
	group.Wait()
	var err error
	for range clients {
		err = errors.Join(err, <-failures)
	}
	each := float64(n / clients * clients)
	return sample{(s.cpu() - before).Seconds() * 1e6 / each, each / time.Since(begin).Seconds()}, err
}

// work is one client: a handshake goes with a request, after which the server
// closes.
func work(addr, path, operation string, config *tls.Config, n int) error {
	request := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	if operation == "keep-alive request" {
		conn, err := tls.Dial("tcp", addr, config)
		if err != nil {
			return err
		}
		defer conn.Close()
		request = strings.Replace(request, "Connection: close\r\n", "", 1)
		buffer := make([]byte, 4096)
		for range n {
			if _, err := io.WriteString(conn, request); err != nil {
				return err
			}
			// Each answer ends with this.
			for have := 0; !bytes.HasSuffix(buffer[:have], []byte("\r\n\r\nok\n")); {
				m, err := conn.Read(buffer[have:])
				if err != nil {
					return err
				}
				have += m
			}
		}
		return nil
	}
	for i := range n {
		conn, err := tls.Dial("tcp", addr, config)
		if err != nil {
			return err
		}
		if want := operation == "resumed handshake" && i > 0; conn.ConnectionState().DidResume != want {
			conn.Close()
			return fmt.Errorf("resumed: %v", !want)
		}
		_, err = io.WriteString(conn, request)
		if err == nil {
			_, err = io.Copy(io.Discard, conn)
		}
		conn.Close()
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
	}
	return nil
}

// cpu is the time that the server's processes have computed, by their clocks
// (clock_getcpuclockid(3)), which count nanoseconds.
func (s *server) cpu() time.Duration {
	var total time.Duration
	for _, p := range s.processes {
		var now unix.Timespec
		check(unix.ClockGettime(int32(^p.Process.Pid<<3|2), &now))
		total += time.Duration(now.Nano())
	}
	return total
}

// idsJava times Tomcat's generator, which it warms up first.
const idsJava = `import org.apache.catalina.util.StandardSessionIdGenerator;
public class Ids {
  public static void main(String[] args) throws Exception {
    var generator = new StandardSessionIdGenerator();
    generator.setThrowOnFailure(true);
    generator.start();
    int n = 400000;
    for (int i = 0; i < n; i++) generator.generateSessionId();
    long begin = System.nanoTime();
    for (int i = 0; i < n; i++) generator.generateSessionId();
    System.out.println((System.nanoTime() - begin) / n);
  }
}
`

// measureIDs compares the session id generators.
func measureIDs() error {
	const n = 400_000
	var generator sessionid.Generator = new(sessionid.Standard)
	time1 := func() (float64, error) {
		begin := time.Now()
		for range n {
			if _, err := generator.Generate(); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(begin).Nanoseconds()) / n, nil
	}
	ours, err := time1()
	if err != nil {
		return err
	}
	fmt.Printf("\n| session ids | ns each | as ours |\n| --- | ---: | ---: |\n| gokeytool | %.0f | 1.00 |\n", ours)
	home := tomcatHome()
	if home == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "ids-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "Ids.java")
	if err := os.WriteFile(source, []byte(idsJava), 0o600); err != nil {
		return err
	}
	javas, _ := filepath.Glob("/usr/lib/jvm/*/bin/javac")
	for _, javac := range javas { // a runtime without compiler can't
		out, err := exec.Command(filepath.Join(filepath.Dir(javac), "java"), "-cp", home+"/lib/*:"+home+"/bin/tomcat-juli.jar", source).CombinedOutput()
		lines := strings.Fields(string(out))
		if err != nil || len(lines) == 0 {
			return fmt.Errorf("Tomcat's generator: %w\n%s", err, out)
		}
		theirs, err := strconv.ParseFloat(lines[len(lines)-1], 64)
		if err != nil {
			return err
		}
		fmt.Printf("| Tomcat 10 | %.0f | %.2f |\n", theirs, theirs/ours)
		return nil
	}
	return nil
}
