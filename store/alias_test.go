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

// What is expected here was printed by Java 17 and 25.
func TestLower(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"My-Key_1", "my-key_1"},
		{"ÄÖÜẞ", "äöüß"},
		{"İX", "i\u0307x"},
		{"I", "i"},
		{"ΟΔΟΣ", "οδος"},
		{"ΟΔΟΣ-ΑΣ", "οδοσ-ας"},
		{"Σ", "σ"},
		{"ΑΣ.", "ας."},
		{"ΑΣ.Α", "ασ.α"},
		{"AΣ_", "aς_"},
		{"AΣ_B", "aσ_b"},
		{"A:ΣB", "a:σb"},
		{"AΣ'B", "aσ'b"},
		{"AΣ2B", "aσ2b"},
		{"A1Σ", "a1ς"},
		{"ΑΣ Α", "ας α"},
		{"😀Σ", "😀σ"},
		{"ς€𐐀", "ς€𐐨"},
		{"日本語", "日本語"},
		{"A\xED\xA0\x80B", "a\xED\xA0\x80b"}, // an unpaired surrogate stays
		{"A\xFFΣ", "a\xFFσ"},
	} {
		if got := lower(test.in); got != test.want {
			t.Errorf("lower(%q) = %q, want %q", test.in, got, test.want)
		}
		if got := lower(test.want); got != test.want {
			t.Errorf("lower(%q) = %q: not stable", test.want, got)
		}
	}
}

func TestHashCode(t *testing.T) {
	for _, test := range []struct {
		in   string
		want int32
	}{
		{"", 0},
		{"tomcat", -868129468},
		{"ΟΔΟΣ", 28526201},
		{"ΟΔΟΣ-ΑΣ", -579398138},
		{"😀Σ", 54960800},
		{"ς€𐐀", 38467273},
		{"a\xED\xA0\x80b", 1807491},
		{"\xED\xB0\x80", 56320},
		{"x😀", 1888219},
	} {
		if got := int32(hashCode(test.in)); got != test.want {
			t.Errorf("hashCode(%q) = %d, want %d", test.in, got, test.want)
		}
	}
}

func TestCompareUTF16(t *testing.T) {
	// In the order of Java's String.compareTo.
	sorted := []string{"", "A", "a", "aa", "a\u00E4", "b", "\u00E4", "\u20AC", "\uD7FF", "😀", "\U0010FFFF", "\uE000", "\uFEFF", "\uFFFF"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareUTF16(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compareUTF16(%q, %q) = %d", a, b, got)
			}
		}
	}
}

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
