package testtool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// SoftHSM is a token of its own in software, in a directory of the test.
type SoftHSM struct {
	// Module is the library, and Environment the line that has it find the token.
	Module, Environment string
	// Label is the token's, PIN and SOPIN its user's and its security officer's.
	Label, PIN, SOPIN string
	// JavaConfig is a file with the configuration of Java's provider for it, which is
	// then called SunPKCS11-SoftHSM.
	JavaConfig string
	// Dir is where the token's files are.
	Dir string
}

// softHSMModules are where Debian, Fedora and Homebrew have it.
var softHSMModules = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	"/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so",
}

// spyModules are where OpenSC's pkcs11-spy is: a module that hands calls on to another,
// and writes them down.
var spyModules = []string{
	"/usr/lib/x86_64-linux-gnu/pkcs11-spy.so", "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so", "/usr/lib64/pkcs11-spy.so",
	"/opt/homebrew/lib/pkcs11-spy.so", "/usr/local/lib/pkcs11-spy.so",
}

// Spy is the token through a module that writes down each call, into the log: with
// that environment.
func (h SoftHSM) Spy(t testing.TB) (spied SoftHSM, environment []string, log string) {
	t.Helper()
	for _, module := range spyModules {
		if _, err := os.Stat(module); err == nil {
			spied, log = h, filepath.Join(t.TempDir(), "calls")
			spied.Module = module
			return spied, []string{h.Environment, "PKCS11SPY=" + h.Module, "PKCS11SPY_OUTPUT=" + log}, log
		}
	}
	Missing(t, "OpenSC's pkcs11-spy")
	return h, nil, ""
}

// NewSoftHSM makes an empty token.
func NewSoftHSM(t testing.TB) SoftHSM {
	t.Helper()
	util := Look(t, "softhsm2-util")
	Look(t, "p11-kit")
	h := SoftHSM{Label: "tok", PIN: "1234", SOPIN: "5678", Dir: t.TempDir()}
	for _, module := range softHSMModules {
		if _, err := os.Stat(module); err == nil {
			h.Module = module
		}
	}
	if h.Module == "" {
		Missing(t, "SoftHSM's library")
	}
	tokens, conf := filepath.Join(h.Dir, "tokens"), filepath.Join(h.Dir, "softhsm2.conf")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	h.JavaConfig, h.Environment = filepath.Join(h.Dir, "p11.cfg"), "SOFTHSM2_CONF="+conf
	WriteFiles(t, h.Dir, map[string]string{
		"softhsm2.conf": fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens),
		"p11.cfg":       fmt.Sprintf("name = SoftHSM\nlibrary = %s\nslotListIndex = 0\n", h.Module),
	})
	Output(t, h.Command(t, util, "--init-token", "--free", "--label", h.Label, "--pin", h.PIN, "--so-pin", h.SOPIN))
	return h
}

// Command is a program that finds the token.
func (h SoftHSM) Command(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := Command(t, "", program, args...)
	cmd.Env = append(cmd.Environ(), h.Environment)
	return cmd
}

// Tool runs pkcs11-tool as the token's user.
func (h SoftHSM) Tool(t testing.TB, args ...string) string {
	t.Helper()
	args = append([]string{"--module", h.Module, "--token-label", h.Label, "--login", "--pin", h.PIN}, args...)
	return Output(t, h.Command(t, Look(t, "pkcs11-tool"), args...))
}

// Flags is what pkcs11-tool says of the tokens of the module, without a login.
func (h SoftHSM) Flags(t testing.TB) string {
	t.Helper()
	return Output(t, h.Command(t, Look(t, "pkcs11-tool"), "--module", h.Module, "--list-slots"))
}

// URI names the token, and what the query of it asks for.
func (h SoftHSM) URI() string { return "pkcs11:token=" + h.Label + "?module-path=" + h.Module }
