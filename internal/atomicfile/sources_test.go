package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSources demands that the program makes, replaces and opens files through
// this package, which knows what another user may have put there.
func TestSources(t *testing.T) {
	calls := regexp.MustCompile(`\b(os\.(Create|CreateTemp|WriteFile|OpenFile|Rename|Link|Symlink|ReadFile|Open)|ioutil\.\w+)\(`)
	reads := map[string]bool{
		"x509util/keytool/zone.go":           true, // the machine's time zone
		"internal/filelock/filelock_unix.go": true, // O_NOFOLLOW, and nothing is read
		"tomcat/machine/owner.go":            true, // /proc, as the kernel makes it
		"tomcat/machine/port.go":             true,
	}
	root, found := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if entry.IsDir() && (entry.Name() == "testdata" || name == "scripts" || name == "internal/testtool" || name == "internal/atomicfile" || name != "." && strings.HasPrefix(entry.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_gen.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found++
		for i, line := range strings.Split(string(text), "\n") {
			if call := calls.FindString(line); call != "" && !reads[name] {
				t.Errorf("%s:%d: %s...): a file is made, replaced or opened past atomicfile", name, i+1, call)
			}
		}
		return nil
	})
	if err != nil || found < 100 {
		t.Errorf("%d sources: %v", found, err)
	}
}
