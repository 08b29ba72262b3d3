package check_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/check"
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

// TestCorpus pins the verdicts on real files of many programs and years.
func TestCorpus(t *testing.T) {
	var b strings.Builder
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
		}
	}
	golden(t, "testdata/corpus.golden", b.String())
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
