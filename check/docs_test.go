package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumented demands that docs/check.md explains every finding, those of
// identity.Examine too, and none that there is not.
func TestDocumented(t *testing.T) {
	docs, err := os.ReadFile("../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	sources, _ := filepath.Glob("*.go")
	sources = append(sources, "../identity/examine.go")
	ids := make(map[string]bool)
	literal := regexp.MustCompile(`"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"`)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllSubmatch(source, -1) {
			ids[string(m[1])] = true
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| (?:error|warning|info)").FindAllSubmatch(docs, -1)
	if len(rows) < 40 {
		t.Fatalf("%d rows only", len(rows))
	}
	documented := make(map[string]bool)
	for _, row := range rows {
		documented[string(row[1])] = true
		if !ids[string(row[1])] {
			t.Errorf("%s is explained, but never found", row[1])
		}
	}
	found := regexp.MustCompile(`x\.find\([^,"\n]*, "([a-z0-9-]+)"|\bID(?:: |, c\.Text = | = |, c.Remedy = )(?:finding\.\w+, )?"([a-z-]+)"|id(?:, text)? :?= "([a-z-]+)"`)
	n := 0
	for _, name := range sources {
		source, _ := os.ReadFile(name)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range found.FindAllSubmatch(source, -1) {
			id := string(m[1]) + string(m[2]) + string(m[3])
			n++
			if !documented[id] {
				t.Errorf("%s is not explained", id)
			}
		}
	}
	if n < 45 {
		t.Errorf("%d ids only in the source", n)
	}
}
