package commands_test

import (
	"os"
	"strings"
	"testing"
)

// TestCompatibilityDoc sees to it that every difference from keytool which the
// tables know is told to users.
func TestCompatibilityDoc(t *testing.T) {
	doc, err := os.ReadFile("../docs/keytool-compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	tell := func(name, reason string) {
		if strings.Contains(reason, "see below") || strings.HasPrefix(reason, "the same ") || reason == "" {
			return // another note says it
		}
		if !strings.Contains(string(doc), reason) {
			t.Errorf("%s: docs/keytool-compatibility.md has nothing of %q", name, reason)
		}
	}
	for _, group := range readTable(t, "testdata/differential/*.txt").groups {
		for _, c := range group.cases {
			tell(group.name, c.files)
			for _, step := range c.steps {
				for _, reason := range step.known {
					tell(group.name, reason)
				}
			}
		}
	}
}
