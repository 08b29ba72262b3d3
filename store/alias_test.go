package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
)

// The example is of a store that keytool made and Tomcat 10.1 served: with no
// alias named it took the key "zeta" of five.
func TestJavaOrderExample(t *testing.T) {
	made := []string{"zeta", "tomcat", "alpha", "server", "m1"}
	for _, test := range []struct {
		typ  Type
		want []string
	}{
		{JKS, []string{"zeta", "m1", "tomcat", "server", "alpha"}},
		{JCEKS, []string{"zeta", "m1", "tomcat", "server", "alpha"}},
		{PKCS12, made},
	} {
		s := New(test.typ)
		for _, alias := range made {
			if err := s.SetCertificate(alias, certificate(alias), created); err != nil {
				t.Fatal(err)
			}
		}
		if got := aliases(s.JavaOrder()); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.typ, got, test.want)
		}
	}
}

// keytool -importkeystore walks the source in Java's order and says so. A
// JCEKS source it loads twice into one table, which after the first time has
// its full size already; there only a table that never grows shows the order
// that a program sees which loads the file once.
func TestJavaOrderAgainstKeytool(t *testing.T) {
	der := realCertificate(t)
	for release, keytool := range testtool.Keytools(t) {
		for typ, sizes := range map[Type][]int{JKS: {9, 150}, JCEKS: {8}, PKCS12: {9}} {
			for _, n := range sizes {
				t.Run(fmt.Sprintf("JDK%d/%s/%d", release, typ, n), func(t *testing.T) {
					t.Parallel()
					s := New(typ)
					for i := range n {
						alias := fmt.Sprintf("cert-%d", i*i*7919%1000)
						if i%5 == 0 {
							// Two aliases of one hash code stand in one bucket.
							alias = fmt.Sprintf("%s%d", []string{"a~", "b_"}[i/5%2], i/10)
						}
						if err := s.SetCertificate(alias, entry.X509(der), created); err != nil {
							t.Fatal(err)
						}
					}
					dir := t.TempDir()
					src := filepath.Join(dir, "src")
					if err := s.Save(src, []byte("changeit")); err != nil {
						t.Fatal(err)
					}
					out := testtool.Run(t, keytool, "-importkeystore", "-noprompt",
						"-srckeystore", src, "-srcstorepass", "changeit",
						"-destkeystore", filepath.Join(dir, "dest"), "-deststorepass", "changeit")
					var got []string
					for line := range strings.Lines(out) {
						if alias, ok := strings.CutSuffix(strings.TrimSpace(line), " successfully imported."); ok {
							got = append(got, strings.TrimPrefix(alias, "Entry for alias "))
						}
					}
					if want := aliases(s.JavaOrder()); !slices.Equal(got, want) {
						t.Errorf("keytool's order\n%q, ours\n%q", got, want)
					}
				})
			}
		}
	}
}

func TestJavaOrderOfDuplicates(t *testing.T) {
	first, second := &entry.Entry{Alias: "a"}, &entry.Entry{Alias: "a"}
	other := &entry.Entry{Alias: "b"}
	for _, typ := range []Type{JKS, PKCS12} {
		s := newStore(typ, &entry.File{Entries: []*entry.Entry{first, other, second}}, entry.DefaultLimits)
		got := s.JavaOrder()
		if len(got) != 2 || !slices.Contains(got, second) || !slices.Contains(got, other) {
			t.Errorf("%s: Java keeps the last of two entries of one alias, got %q", typ, aliases(got))
		}
		if e, _ := s.Get("a"); e != second {
			t.Errorf("%s: Get finds the earlier of two entries", typ)
		}
	}
}
