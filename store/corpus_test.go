package store

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/store/entry"
)

const corpus = "../testdata/corpus"

// manifest is a line of the corpus's MANIFEST.tsv.
type manifest struct {
	file, format, password string
	want                   string   // list, any or reject
	aliases                []string // "alias:kind" as keytool lists them
}

func readManifest(t testing.TB) []manifest {
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
	var all []manifest
	for _, l := range lines[1:] {
		m := manifest{file: l[0], format: l[5], password: l[6], want: l[8]}
		if l[9] == "ok" && l[11] != "" {
			m.aliases = strings.Split(l[11], "|")
		}
		all = append(all, m)
	}
	if len(all) < 100 {
		t.Fatalf("the manifest has %d lines only", len(all))
	}
	return all
}

// better is what we read of files where keytool fails or sees less: entries as
// "alias:kind", or "-" and what the error is.
var better = map[string][]string{}

// summary writes entries as the manifest does.
func summary(s *Store) []string {
	names := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "cert", entry.SecretKey: "secret"}
	var all []string
	for _, e := range s.Sorted() {
		all = append(all, s.AliasOf(e.Alias)+":"+names[e.Kind])
	}
	return all
}

func TestCorpus(t *testing.T) {
	for _, m := range readManifest(t) {
		t.Run(m.file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(corpus, m.file)
			start := time.Now()
			s, err := Open(path, Options{Password: []byte(m.password)})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			want := m.aliases
			if special, ok := better[m.file]; ok {
				want = special
			}
			if len(want) == 2 && want[0] == "-" {
				if err == nil || !strings.Contains(err.Error(), want[1]) {
					t.Errorf("got %v, want %q", err, want[1])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Type()) != m.format {
				t.Errorf("type %s, want %s", s.Type(), m.format)
			}
			if got := summary(s); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			roundTrip(t, s, m.password)
		})
	}
}

// roundTrip demands that saving keeps every entry.
func roundTrip(t *testing.T, s *Store, password string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := s.Save(path, []byte(password)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path, Options{Password: []byte(password)})
	if err != nil {
		t.Fatal(err)
	}
	if again.Type() != s.Type() || !slices.Equal(aliases(again.JavaOrder()), aliases(s.JavaOrder())) {
		t.Errorf("saved and opened again: %s %q, before %s %q",
			again.Type(), aliases(again.JavaOrder()), s.Type(), aliases(s.JavaOrder()))
	}
	if !sameEntries(s.Entries(), again.Entries()) {
		t.Error("saved and opened again the entries differ")
	}
	for i, e := range again.Entries() {
		if before := s.Entries()[i]; !e.Created.Equal(before.Created) {
			t.Errorf("%s: created %v, before %v", e.Alias, e.Created, before.Created)
		}
	}
	one, err := s.Bytes([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	if s.Type() != PKCS12 {
		// JKS and JCEKS have nothing random in them but the keys.
		if two, err := again.Bytes([]byte(password)); err != nil || !bytes.Equal(one, two) {
			t.Errorf("the bytes change from one saving to the next (%v)", err)
		}
	}
}

func TestCorpusWrongPassword(t *testing.T) {
	for _, m := range readManifest(t) {
		if m.want != "list" || m.password == "" {
			continue
		}
		t.Run(m.file, func(t *testing.T) {
			t.Parallel()
			_, err := Open(filepath.Join(corpus, m.file), Options{Password: []byte(m.password + "x")})
			if !errors.Is(err, entry.ErrPassword) {
				t.Errorf("got %v", err)
			}
		})
	}
}
