package tomcat

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The table in docs/tomcat.md has each attribute by which TLS and session ids are
// configured.
func TestDocumented(t *testing.T) {
	data, err := os.ReadFile("../docs/tomcat.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "\n## Every element and attribute\n")
	table, _, _ = strings.Cut(table, "\n## ")
	attributes := slices.Concat(sslHostAttributes[:], certificateAttributes[:])
	for _, f := range flatAttributes {
		attributes = append(attributes, f.name)
	}
	for _, entry := range sessionIDGeneratorAttributes {
		name, _, _ := span(entry)
		attributes = append(attributes, name)
	}
	for _, name := range attributes {
		if !strings.Contains(table, "`"+name+"`") {
			t.Errorf("%s has no row", name)
		}
	}
	for row := range strings.Lines(table) {
		if cells := strings.Split(row, " | "); strings.HasPrefix(row, "| ") && len(cells) > 2 &&
			!slices.Contains([]string{"done", "said", "not applicable", "", "---"}, cells[1]) && !strings.HasPrefix(row, "| ---") {
			t.Errorf("a row is neither done, nor said, nor not applicable: %s", row)
		}
	}
}
