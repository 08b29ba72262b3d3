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

// Our own help fits a terminal, but for what keytool's texts and pasteable lines
// need.
func TestCommandHelp(t *testing.T) {
	table := TableDefault()
	for _, c := range table.Commands {
		text := table.CommandHelp(c.Name)
		for _, want := range []string{"NAME\n  gokeytool " + c.Name + " - ", "\nUSAGE\n  gokeytool " + c.Name, "\nEXIT CODES\n  0  "} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", c.Name, want, text)
			}
		}
		for _, d := range c.Docs() {
			if !strings.Contains(text, "\n  "+d.usage()+"  ") && !strings.Contains(text, "\n  "+d.usage()+"\n   ") {
				t.Errorf("%s: -%s is missing in\n%s", c.Name, d.Name, text)
			}
		}
		for _, a := range c.Aliases {
			if !strings.Contains(text, " or -"+a+"\n") {
				t.Errorf("%s: -%s is missing in\n%s", c.Name, a, text)
			}
		}
		if !strings.Contains(text, "\nEXAMPLES\n") {
			t.Errorf("%s has no examples", c.Name)
		}
		text, _, _ = strings.Cut(text, "\nEXAMPLES")
		for line := range strings.Lines(text) {
			if c.Own && len(line) > 81 {
				t.Errorf("%s: %d columns: %s", c.Name, len(line)-1, line)
			}
		}
	}
	for i := range table.Topics {
		topic := &table.Topics[i]
		text := table.TopicHelp([]*Topic{topic})
		for _, e := range topic.Examples {
			if !strings.Contains(text, "\n  "+e.Line+"\n") {
				t.Errorf("%q is missing in\n%s", e.Line, text)
			}
		}
	}
	general := table.CommandHelp("")
	for line := range strings.Lines(general) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	for _, c := range table.Commands {
		if strings.Contains(general, "\n  "+c.Name+" ") == c.Hidden {
			t.Errorf("%s: hidden is %v in\n%s", c.Name, c.Hidden, general)
		}
	}
}
