// Package testtool finds the foreign programs that tests compare ours with.
//
// A program that is missing skips the test, but fails it where the environment
// has CI=true, so that a green run there means that the comparison was made.
package testtool

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
)

// Look returns the path of a program, such as "openssl".
func Look(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name)
	}
	return path
}

// Python returns the path of a Python 3 that can import a module: the first on
// PATH, or that for which Debian's packages are.
func Python(t testing.TB, module string) string {
	t.Helper()
	for _, python := range []string{Look(t, "python3"), "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	Missing(t, "Python's module "+module)
	return ""
}

// Missing skips the test for lack of a program, or fails it under CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

// Keytool returns the path of the JDK's keytool that stands on PATH.
func Keytool(t testing.TB) string {
	t.Helper()
	return Look(t, "keytool")
}

// Keytools returns the JDK's keytool for every release that is installed: the
// one on PATH, and those of the JDKs beside it and in /usr/lib/jvm. At least
// one is there; a test asks for a certain release only if it can do without.
func Keytools(t testing.TB) map[jdk.Release]string {
	t.Helper()
	tools := make(map[jdk.Release]string)
	onPath, err := exec.LookPath("keytool")
	if err == nil {
		if real, err := filepath.EvalSymlinks(onPath); err == nil {
			add(tools, real)
		}
	}
	homes, _ := filepath.Glob("/usr/lib/jvm/*/bin/keytool")
	for _, tool := range homes {
		if real, err := filepath.EvalSymlinks(tool); err == nil {
			add(tools, real)
		}
	}
	if len(tools) == 0 {
		Missing(t, "keytool")
	}
	return tools
}

// add files a keytool under its release, as the file "release" in the JDK's
// home names it. The first of a release stays.
func add(tools map[jdk.Release]string, tool string) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(tool)), "release"))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		version, ok := strings.CutPrefix(strings.TrimSpace(line), "JAVA_VERSION=")
		if !ok {
			continue
		}
		feature, _, _ := strings.Cut(strings.Trim(version, `"`), ".")
		release, err := jdk.Parse(feature)
		if err != nil || feature == "" {
			return
		}
		if _, taken := tools[release]; !taken {
			tools[release] = tool
		}
		return
	}
}

// WaitFor waits until a condition holds, and fails the test after a minute.
func WaitFor(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("waited in vain\n%s", buf[:runtime.Stack(buf, true)])
		}
	}
}

// ReadFile returns what a file holds.
func ReadFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Files returns what the files hold that a pattern of filepath.Glob names, by
// their base names without extension. At least one is there.
func Files(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no files %s", pattern)
	}
	files := make(map[string][]byte, len(names))
	for _, name := range names {
		base := filepath.Base(name)
		files[strings.TrimSuffix(base, filepath.Ext(base))] = ReadFile(t, name)
	}
	return files
}
