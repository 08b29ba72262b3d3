package store_test

import (
	"bufio"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestDocumentedPrograms builds what docs/store.md shows in a module of its own,
// as it is printed, and runs it: one program writes keystores, which Java lists,
// one serves with a key of them, and one trusts its certificate.
func TestDocumentedPrograms(t *testing.T) {
	doc, err := os.ReadFile("../docs/store.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	programs := documentedPrograms(string(doc))
	if names := slices.Sorted(maps.Keys(programs)); !slices.Equal(names, []string{"get", "serve", "write"}) {
		t.Fatalf("the programs %q are shown", names)
	}
	for name, source := range programs {
		writeFile(t, filepath.Join(dir, name, "main.go"), source)
	}
	writeFile(t, filepath.Join(dir, "go.mod"), documentedModule(t, string(doc)))
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "go.sum"), string(sums))
	in := func(name string, args ...string) *exec.Cmd {
		cmd := testtool.Command(t, dir, name, args...)
		cmd.Env = append(cmd.Env, "STOREPASS=changeit", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		return cmd
	}
	run := func(name string, args ...string) string {
		t.Helper()
		return testtool.Output(t, in(name, args...))
	}
	run(testtool.Look(t, "go"), "build", "-o", filepath.Join(dir, "bin")+string(filepath.Separator), "./...")
	program := func(name string) string { return filepath.Join(dir, "bin", name) }

	run(program("write"))
	server := in(program("serve"), "keystore.p12", "localhost:0")
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if got := run(program("get"), "truststore.p12", strings.TrimSpace(url)); got != "hello from CN=localhost\n" {
		t.Errorf("the server says %q", got)
	}
	for release, keytool := range testtool.Keytools(t) {
		for file, kind := range map[string]string{"keystore.p12": "PrivateKeyEntry", "truststore.p12": "trustedCertEntry"} {
			got := run(keytool, "-J-Duser.language=en", "-list", "-keystore", file, "-storepass", "changeit")
			if !strings.Contains(got, "contains 1 entry") || !strings.Contains(got, kind) {
				t.Errorf("JDK %d lists %s as\n%s", release, file, got)
			}
		}
	}
}

// documentedPrograms are the programs that a document shows, by the name with
// which their comments begin.
func documentedPrograms(doc string) map[string]string {
	programs := make(map[string]string)
	for _, block := range regexp.MustCompile("(?s)```go\n(// (\\w+) .*?)```").FindAllStringSubmatch(doc, -1) {
		programs[block[2]] = block[1]
	}
	return programs
}

// documentedModule is the go.mod that a document shows, with this repository in
// the place of its copy.
func documentedModule(t *testing.T, doc string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)```\n(module .*?)```").FindStringSubmatch(doc)
	root, err := filepath.Abs("..")
	if err != nil || block == nil {
		t.Fatal("no go.mod is shown", err)
	}
	return strings.Replace(block[1], "=> ../gokeytool", "=> "+root, 1)
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
