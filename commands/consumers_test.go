package commands_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"gokeytool/internal/testtool"
)

// consumers is a virtual machine with the programs of
// testdata/consumers/Consumers.java, which all scripts share: it starts with
// the first that asks for it.
var consumers struct {
	sync.Mutex
	err  error
	dir  string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	told screen // what the machine itself says
}

// consumersDir holds them, and other programs of the scripts.
var consumersDir, _ = filepath.Abs("testdata/consumers")

// consume has a consumer do its work, and returns what it prints and its exit
// code.
func consume(words ...string) (stdout, stderr string, code string, err error) {
	c := &consumers
	c.Lock()
	defer c.Unlock()
	if c.cmd == nil && c.err == nil {
		c.err = startConsumers()
	}
	if c.err != nil {
		return "", "", "", c.err
	}
	if _, err := fmt.Fprintln(c.in, strings.Join(words, "\t")); err != nil {
		return "", "", "", fmt.Errorf("%w\n%s", err, c.told.text())
	}
	for c.out.Scan() {
		switch line := c.out.Text(); line[0] {
		case '1':
			stdout += line[1:] + "\n"
		case '2':
			stderr += line[1:] + "\n"
		default:
			return stdout, stderr, line[1:], nil
		}
	}
	c.err = fmt.Errorf("the virtual machine has ended: %s", c.told.text())
	return "", "", "", c.err
}

func startConsumers() (err error) {
	c := &consumers
	home := testtool.FindTomcat()
	if c.dir, err = os.MkdirTemp("", "gokeytool-consumers-"); err != nil {
		return err
	}
	c.cmd = exec.Command("java", "-Xmx192m", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Duser.language=en", "-Duser.country=US",
		"--add-opens", "java.base/java.security=ALL-UNNAMED", "--add-opens", "java.base/sun.security.tools.keytool=ALL-UNNAMED",
		"-cp", filepath.Join(home, "lib", "*")+string(os.PathListSeparator)+filepath.Join(home, "bin", "*"),
		"-Dcatalina.home="+home, "-Dcatalina.base="+c.dir, "-Duser.home="+c.dir, "-Djava.io.tmpdir="+c.dir,
		filepath.Join(consumersDir, "Consumers.java"))
	c.cmd.Stderr = &c.told
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.out = bufio.NewScanner(out)
	return c.cmd.Start()
}

// endConsumers ends the virtual machine.
func endConsumers() {
	if c := &consumers; c.cmd != nil {
		c.in.Close()
		c.cmd.Process.Kill()
		c.cmd.Wait()
		os.RemoveAll(c.dir)
	}
}

// hasConsumers is the condition [consumers]: Java and Tomcat are there. Where
// CI=true they have to be.
func hasConsumers(condition string) (bool, error) {
	if condition != "consumers" {
		return false, fmt.Errorf("unknown condition %s", condition)
	}
	_, err := exec.LookPath("java")
	if err == nil && testtool.FindTomcat() == "" {
		err = errors.New("Tomcat 10 is not installed")
	}
	if err != nil && os.Getenv("CI") == "true" {
		return false, err
	}
	return err == nil, nil
}

// java has a consumer do its work: java NAME [ARG]... Arguments that name a
// file are made absolute.
func java(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: [!] java NAME [ARG]...")
	}
	words := []string{args[0]}
	for _, arg := range args[1:] {
		if _, err := os.Stat(ts.MkAbs(arg)); err == nil && arg != "" {
			arg = ts.MkAbs(arg)
		}
		words = append(words, arg)
	}
	stdout, stderr, code, err := consume(words...)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	if failed := code != "0"; failed != neg {
		ts.Fatalf("exit code %s", code)
	}
}

var (
	connectorPort = regexp.MustCompile(`(<Connector\b[^>]*?\s)port="\d+"`)
	serverPort    = regexp.MustCompile(`(<Server\b[^>]*?\s)port="-?\d+"`)
	startedPort   = regexp.MustCompile(`(?m)^port (-?\d+)$`)
)

// tomcat starts Tomcat with a server.xml, or with the connectors alone that a
// file holds, on ports that are free, prints its log and sets PORT1, PORT2 and
// so on: -1 for a connector that did not start.
func tomcat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tomcat FILE")
	}
	xml := ts.ReadFile(args[0])
	if !strings.Contains(xml, "<Server") {
		xml = `<Server port="-1"><Service name="Catalina">` + xml +
			`<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>`
	}
	xml = serverPort.ReplaceAllString(xml, `${1}port="-1"`)
	xml = connectorPort.ReplaceAllString(xml, `${1}address="127.0.0.1" port="0"`)
	file := ts.MkAbs(args[0]) + ".started"
	ts.Check(os.WriteFile(file, []byte(xml), 0o600))
	stdout, stderr, code, err := consume("tomcat", file)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	if code != "0" {
		ts.Fatalf("Tomcat has not started: %s", stderr)
	}
	for i, match := range startedPort.FindAllStringSubmatch(stdout, -1) {
		ts.Setenv(fmt.Sprintf("PORT%d", i+1), match[1])
	}
}

// remedy runs the command that the output before advises: the last that begins
// with gokeytool and the first argument, to the end of its line. NAME=VALUE puts in what only the user knows, < FILE is what
// it is answered.
func remedy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: remedy COMMAND [NAME=VALUE]... [< ANSWERS]")
	}
	said := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	found := regexp.MustCompile(`gokeytool `+regexp.QuoteMeta(args[0])+`\b.*`).FindAllString(said, -1)
	if len(found) == 0 {
		ts.Fatalf("nobody advises gokeytool %s", args[0])
	}
	line := found[len(found)-1]
	answers := ""
	for i := 1; i < len(args); i++ {
		if args[i] == "<" && i+1 < len(args) {
			answers = " < " + ts.MkAbs(args[i+1])
			break
		}
		name, value, ok := strings.Cut(args[i], "=")
		if !ok || !strings.Contains(line, name) {
			ts.Fatalf("%s is not in %s", args[i], line)
		}
		line = strings.ReplaceAll(line, name, value)
	}
	ts.Logf("$ %s", line)
	ts.Check(ts.Exec("bash", "-c", "{ "+line+"\n}"+answers))
}
