package check_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/check"
	"gokeytool/internal/testtool"
)

var update = flag.Bool("update", false, "write the golden files again")

const corpus = "../testdata/corpus"

// corpusDay is when the corpus is looked at.
var corpusDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// begins is how a remedy does: with a program, the pipe that takes something out
// of a file, or as a comment.
var begins = regexp.MustCompile(`^(gokeytool|openssl|java|chmod|ls|cp|git|base64|sed|tr|head|printf|\(umask 077 &&|#) `)

// TestCorpus pins the verdicts on real files of many programs and years.
func TestCorpus(t *testing.T) {
	var b, remedies strings.Builder
	for _, m := range testtool.Corpus(t, corpus) {
		v := check.File(t.Context(), m.Path, check.Options{Password: []byte(m.Password), Now: corpusDay})
		fmt.Fprintf(&b, "%s: %s %s, password %s, serves %q\n", m.Name, v.Status, v.Type, v.Password, v.Serves)
		for _, r := range v.Readers {
			fmt.Fprintf(&b, "  %s %v %q %q\n", r.Name, r.Reads, r.Since, r.Note)
		}
		for _, f := range v.Findings {
			if f.ID != "file-mode" { // depends on the checkout
				fmt.Fprintf(&b, "  %s %s <%s>\n", f.Severity, f.ID, f.Alias)
			}
			if f.Remedy != "" && !begins.MatchString(f.Remedy) {
				t.Errorf("%s: %s: no line for bash: %s", m.Name, f.ID, f.Remedy)
			}
			remedies.WriteString(f.Remedy + "\n")
		}
	}
	golden(t, "testdata/corpus.golden", b.String())
	// bash takes every remedy for what it is.
	cmd := testtool.Command(t, "", testtool.Look(t, "bash"), "-n")
	cmd.Stdin = strings.NewReader(remedies.String())
	testtool.Output(t, cmd)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
