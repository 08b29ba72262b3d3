package testtool

import (
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// CorpusFile is a file of testdata/corpus and what its MANIFEST.tsv says of it.
type CorpusFile struct {
	Name     string
	Path     string // from the directory of the test
	Format   string // "JKS", "PKCS12", ...
	Password string
	Want     string   // of us: "list", "any" or "reject"
	Keytool  string   // what keytool of JDK 17 makes of it: "ok" or "error"
	Aliases  []string // as that lists them, "alias:kind"
	OpenSSL  string   // what OpenSSL 3.0 makes of it
}

// Corpus returns the files of the corpus, which is in the directory of that name,
// in the order of their names.
func Corpus(t testing.TB, dir string) []CorpusFile {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
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
	var all []CorpusFile
	for _, l := range lines[1:] {
		c := CorpusFile{Name: l[0], Path: filepath.Join(dir, l[0]), Format: l[5], Password: l[6], Want: l[8], Keytool: l[9], OpenSSL: l[13]}
		if l[9] == "ok" && l[11] != "" {
			c.Aliases = strings.Split(l[11], "|")
		}
		all = append(all, c)
	}
	if len(all) < 100 {
		t.Fatalf("the manifest has %d lines only", len(all))
	}
	slices.SortFunc(all, func(a, b CorpusFile) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Read returns what is in the file.
func (c CorpusFile) Read(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
