package check_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/check"
	"gokeytool/internal/testtool"
)

var update = flag.Bool("update", false, "write the golden files anew")

const corpus = "../testdata/corpus"

// corpusDay is when the corpus is looked at.
var corpusDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// stored is a file of the corpus's MANIFEST.tsv.
type stored struct{ file, format, password, keytool17 string }

func readManifest(t testing.TB) []stored {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []stored
	for _, l := range lines[1:] {
		all = append(all, stored{file: l[0], format: l[5], password: l[6], keytool17: l[9]})
	}
	if len(all) < 100 {
		t.Fatalf("the manifest has %d lines only", len(all))
	}
	slices.SortFunc(all, func(a, b stored) int { return strings.Compare(a.file, b.file) })
	return all
}

// begins is how a remedy does: with a program, the pipe that takes something out
// of a file, or as a comment.
var begins = regexp.MustCompile(`^(gokeytool|openssl|java|chmod|ls|cp|git|base64|sed|tr|head|printf|\(umask 077 &&|#) `)

// TestCorpus pins the verdicts on real files of many programs and years.
func TestCorpus(t *testing.T) {
	var b, remedies strings.Builder
	for _, m := range readManifest(t) {
		v := check.File(t.Context(), filepath.Join(corpus, m.file), check.Options{Password: []byte(m.password), Now: corpusDay})
		fmt.Fprintf(&b, "%s: %s %s, password %s, serves %q\n", m.file, v.Status, v.Type, v.Password, v.Serves)
		for _, r := range v.Readers {
			fmt.Fprintf(&b, "  %s %v %q %q\n", r.Name, r.Reads, r.Since, r.Note)
		}
		for _, f := range v.Findings {
			if f.ID != "file-mode" { // depends on the checkout
				fmt.Fprintf(&b, "  %s %s <%s>\n", f.Severity, f.ID, f.Alias)
			}
			if f.Remedy != "" && !begins.MatchString(f.Remedy) {
				t.Errorf("%s: %s: no line for bash: %s", m.file, f.ID, f.Remedy)
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
