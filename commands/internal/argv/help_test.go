package argv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/jdk"
)

// The golden files were made by real keytools: see testdata/README.md.
func TestHelpText(t *testing.T) {
	for _, rel := range []jdk.Release{jdk.Release17, jdk.Release25} {
		dir := filepath.Join("testdata", "help", fmtRelease(rel))
		files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		if err != nil || len(files) < 22 {
			t.Fatalf("%d golden files in %s: %v", len(files), dir, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".txt")
			t.Run(fmtRelease(rel)+"/"+name, func(t *testing.T) {
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				command := name
				if name == "general" {
					command = ""
				}
				if diff := cmp.Diff(string(want), TableDefault().HelpText(command, rel)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// Every keytool command of the table has a golden file.
func TestHelpTextComplete(t *testing.T) {
	for _, c := range TableDefault().Commands {
		if c.Own {
			continue
		}
		if _, err := os.Stat(filepath.Join("testdata", "help", "25", c.Name+".txt")); err != nil {
			t.Error(err)
		}
	}
}

func fmtRelease(rel jdk.Release) string {
	if rel == jdk.Release17 {
		return "17"
	}
	return "25"
}
