package testtool

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed BouncyCastle.java
var bouncyCastle []byte

// BouncyCastle runs BouncyCastle.java, which says what its arguments mean, and
// returns what it prints. A run takes a second or two: one does for many files.
func BouncyCastle(t testing.TB, args ...string) string {
	t.Helper()
	const jar = "/usr/share/java/bcprov.jar" // where Debian has it
	if _, err := os.Stat(jar); err != nil {
		Missing(t, "BouncyCastle")
	}
	source := filepath.Join(t.TempDir(), "BouncyCastle.java")
	if err := os.WriteFile(source, bouncyCastle, 0o600); err != nil {
		t.Fatal(err)
	}
	return Run(t, Look(t, "java"), append([]string{"-XX:TieredStopAtLevel=1", "-Dorg.bouncycastle.bks.enable_v1=true", "-cp", jar, source}, args...)...)
}

// Pyjks runs a Python script that may import jks, and returns what it prints.
func Pyjks(t testing.TB, script string, args ...string) string {
	t.Helper()
	return Run(t, Python(t, "jks"), append([]string{"-c", script}, args...)...)
}
