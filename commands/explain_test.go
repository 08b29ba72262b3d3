package commands

import (
	"strings"
	"testing"

	"gokeytool/commands/internal/argv"
)

// TestExplanations holds that every command in the lists is explained.
func TestExplanations(t *testing.T) {
	table := argv.TableDefault()
	for name := range explanations {
		if table.Command(name) == nil {
			t.Errorf("%s is no command", name)
		}
	}
	for _, c := range table.Commands {
		if _, ok := explanations[c.Name]; !ok && !c.Own && !c.Hidden {
			t.Errorf("nothing is said about %s", c.Name)
		}
	}
}

func TestExplainSubject(t *testing.T) {
	for dname, want := range map[string]string{
		"CN=localhost":                    "/CN=localhost",
		"CN=a, OU=b, O=c, C=PL":           "/C=PL/O=c/OU=b/CN=a",
		`CN=A\, B`:                        "'/CN=A, B'",
		"CN=it's":                         `'/CN=it'\''s'`,
		"DC=x":                            "/DC=x",
		"EMAILADDRESS=a@b.example, CN=it": "/CN=it/emailAddress=a@b.example",
		"nonsense":                        "/CN=NAME",
		"":                                "/CN=NAME",
	} {
		req := &argv.Request{Values: []argv.Value{{Name: "dname", Texts: []string{dname}}}}
		if got := (&explanation{req: req}).subject(); !strings.EqualFold(got, want) {
			t.Errorf("%q: %s, want %s", dname, got, want)
		}
	}
}
