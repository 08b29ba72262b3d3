package argv

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
)

var manDate = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// mandoc finds nothing to say about any page, and shows all that it is made of.
func TestManPages(t *testing.T) {
	mandoc := testtool.Look(t, "mandoc")
	table := TableDefault()
	dir := t.TempDir()
	page := func(command string) string {
		file := filepath.Join(dir, "page"+command+".1")
		if err := os.WriteFile(file, table.ManPage(command, manDate), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(mandoc, "-Tlint", "-W", "warning", file).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
		text, err := exec.Command(mandoc, "-Tascii", "-O", "width=1000", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer // without the backspaces of bold and underlined
		for _, c := range text {
			if c == '\b' {
				plain.Truncate(plain.Len() - 1)
			} else {
				plain.WriteByte(c)
			}
		}
		return oneSpace(plain.String())
	}
	for i := range table.Commands {
		c := &table.Commands[i]
		shown := page(c.Name)
		want := []string{"gokeytool-" + c.Name + " - " + lowerFirst(c.Summary), "gokeytool " + c.Name}
		for _, d := range c.Docs() {
			want = append(want, d.usage()+" "+d.Help)
		}
		for _, e := range c.Examples {
			want = append(want, "# "+e.Comment+" "+e.Line)
		}
		for _, w := range want {
			if !strings.Contains(shown, oneSpace(w)) {
				t.Errorf("%s: %q is missing in\n%s", c.Name, w, shown)
			}
		}
	}
	shown := page("")
	for _, topic := range table.Topics {
		if !strings.Contains(shown, oneSpace(topic.Title+" "+topic.Text)) {
			t.Errorf("%q is missing in\n%s", topic.Title, shown)
		}
	}
}

// oneSpace is text without its layout.
func oneSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		".dot":    `\&.dot`,
		"'quote'": `\(aqquote\(aq`,
		`a\b -c`:  `a\eb \-c`,
	} {
		if got := roff(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
