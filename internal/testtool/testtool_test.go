package testtool

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestKeytools(t *testing.T) {
	for release, tool := range Keytools(t) {
		if info, err := os.Stat(tool); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("keytool of JDK %d: %s: not a program: %v", release, tool, err)
		}
		out, _ := exec.Command(tool, "-list", "-keystore", "does-not-exist").CombinedOutput()
		if !strings.Contains(string(out), "keytool error") {
			t.Errorf("keytool of JDK %d: %s does not answer as keytool: %s", release, tool, out)
		}
	}
}

func TestLook(t *testing.T) {
	path := Look(t, "go")
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		t.Errorf("Look(go) = %q: %v", path, err)
	}
}

func TestMissing(t *testing.T) {
	for _, ci := range []string{"true", ""} {
		t.Setenv("CI", ci)
		var skipped, failed bool
		t.Run("CI="+ci, func(t *testing.T) {
			probe := &recorder{TB: t}
			Missing(probe, "nothing")
			skipped, failed = probe.skipped, probe.failed
		})
		if failed != (ci == "true") || skipped == failed {
			t.Errorf("CI=%q: skipped %v, failed %v", ci, skipped, failed)
		}
	}
}

// recorder notes how a test ends first, instead of ending it.
type recorder struct {
	testing.TB
	skipped, failed bool
}

func (r *recorder) Fatalf(string, ...any) { r.failed = true }
func (r *recorder) Skipf(string, ...any)  { r.skipped = !r.failed }
